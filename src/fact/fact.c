/* The store of facts of one subject, and the words of the vocabulary. */
#include "fact/fact.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define EVIDENCE_TEXT ((size_t)512)
#define FACT_TEXT     ((size_t)1024)

static const struct {
    const char *name;
    enum fact_type type;
    const char *meaning;
} vocabulary[] = {
#define FACT(id, name, type, meaning) [FACT_##id] = {name, FACT_TYPE_##type, meaning},
#include "fact/facts.def"
#undef FACT
};

const char *
fact_name(enum fact_id id)
{
    assert(id < FACT_COUNT);
    return vocabulary[id].name;
}

const char *
fact_meaning(enum fact_id id)
{
    assert(id < FACT_COUNT);
    return vocabulary[id].meaning;
}

enum fact_type
fact_type(enum fact_id id)
{
    assert(id < FACT_COUNT);
    return vocabulary[id].type;
}

const char *
fact_witness(enum witness witness)
{
    static const char *const names[] = {"wire", "config", "declared"};
    assert((size_t)witness < COUNT(names));
    return names[witness];
}

enum fact_id
fact_by_name(const char *name)
{
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (text_equal(vocabulary[i].name, name)) {
            return (enum fact_id)i;
        }
    }
    return FACT_COUNT;
}

void
facts_init(struct facts *facts, struct arena *arena)
{
    *facts = (struct facts){.arena = arena};
}

const struct fact *
facts_get(const struct facts *facts, enum fact_id id)
{
    assert(id < FACT_COUNT);
    return facts->best[id];
}

const char *
facts_text(const struct facts *facts, enum fact_id id)
{
    const struct fact *fact = facts_get(facts, id);
    return fact == NULL ? NULL : fact->text;
}

bool
facts_is_yes(const struct facts *facts, enum fact_id id)
{
    const struct fact *fact = facts_get(facts, id);
    return fact != NULL && fact->yes;
}

bool
facts_is_no(const struct facts *facts, enum fact_id id)
{
    const struct fact *fact = facts_get(facts, id);
    return fact != NULL && fact_type(id) == FACT_TYPE_BOOL && !fact->yes;
}

bool
facts_contradict(const struct facts *facts, enum fact_id id)
{
    const struct fact *best = facts_get(facts, id);
    for (const struct fact *other = best; other != NULL; other = other->next) {
        if (other->witness != best->witness && !text_equal(other->text, best->text)) {
            return true;
        }
    }
    return false;
}

/* The best stays first: higher confidence, then the newer value. */
static void
insert(struct facts *facts, const struct fact *value)
{
    const struct fact *best = facts->best[value->id];
    struct fact *fact = arena_alloc(facts->arena, sizeof(*fact));
    if (fact == NULL) {
        return;
    }
    *fact = *value;
    if (best == NULL || fact->confidence >= best->confidence) {
        fact->next = best;
        facts->best[fact->id] = fact;
        return;
    }
    struct fact *again = arena_alloc(facts->arena, sizeof(*again));
    if (again == NULL) {
        return;
    }
    *again = *best;
    fact->next = best->next;
    again->next = fact;
    facts->best[fact->id] = again;
}

static void
set(struct facts *facts, struct fact *fact, const char *text, const struct source *source)
{
    assert(source->confidence >= 1 && source->confidence <= 100);
    if (text_is_empty(text)) {
        return;
    }
    for (const struct fact *old = facts->best[fact->id]; old != NULL; old = old->next) {
        if (old->witness == source->witness && old->confidence >= source->confidence &&
            text_equal(old->text, text)) {
            return;
        }
    }
    fact->text = arena_copy(facts->arena, text);
    if (fact->text == NULL) {
        return;
    }
    fact->witness = source->witness;
    fact->confidence = source->confidence;
    fact->evidence = source->evidence;
    insert(facts, fact);
}

void
facts_set_text(struct facts *facts, enum fact_id id, const char *text, const struct source *source)
{
    assert(fact_type(id) == FACT_TYPE_TEXT);
    char clean[FACT_TEXT];
    text_clean(clean, sizeof(clean), text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
    struct fact fact = {.id = id};
    set(facts, &fact, text_trim(clean), source);
}

void
facts_set_bool(struct facts *facts, enum fact_id id, bool yes, const struct source *source)
{
    assert(fact_type(id) == FACT_TYPE_BOOL);
    struct fact fact = {.id = id, .yes = yes};
    set(facts, &fact, yes ? "yes" : "no", source);
}

void
facts_set_int(struct facts *facts, enum fact_id id, int64_t number, const struct source *source)
{
    assert(fact_type(id) == FACT_TYPE_INT);
    char text[24];
    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    struct fact fact = {.id = id, .number = number};
    set(facts, &fact, text, source);
}

void
facts_forget(struct facts *facts, enum fact_id id)
{
    assert(id < FACT_COUNT);
    facts->best[id] = NULL;
}

const struct evidence *
evidence_new(struct arena *arena, const char *asked, const char *answer, int64_t at)
{
    char clean[EVIDENCE_TEXT];
    struct evidence *evidence = arena_alloc(arena, sizeof(*evidence));
    if (evidence == NULL) {
        return NULL;
    }
    text_clean(clean, sizeof(clean), asked == NULL ? "" : asked, asked == NULL ? 0 : strlen(asked));
    evidence->asked = arena_copy(arena, clean);
    text_clean(
        clean, sizeof(clean), answer == NULL ? "" : answer, answer == NULL ? 0 : strlen(answer));
    evidence->answer = arena_copy(arena, clean);
    evidence->at = at;
    return evidence->asked == NULL || evidence->answer == NULL ? NULL : evidence;
}
