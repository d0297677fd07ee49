/* The engine of the checks: one table, one subject's facts, one verdict; and the words for it. */
#include "check/check.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONTROL(file, id, priority, title, demand) extern const struct check check_##file;
#include "check/checklist.def"
#undef CONTROL

const struct control controls[] = {
#define CONTROL(file, id, priority, title, demand)                                                 \
    {id, PRIORITY_##priority, title, demand, &check_##file},
#include "check/checklist.def"
#undef CONTROL
};
const size_t control_count = COUNT(controls);

const char *
verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
#define VERDICT(id, name, meaning) name,
#include "check/verdicts.def"
#undef VERDICT
    };
    assert((size_t)verdict < COUNT(names));
    return names[verdict];
}

const char *
priority_name(enum priority priority)
{
    static const char *const names[] = {"critical", "high", "medium"};
    assert((size_t)priority < COUNT(names));
    return names[priority];
}

const struct control *
control_by_id(const char *id)
{
    for (size_t i = 0; i < control_count; i++) {
        if (text_equal(controls[i].id, id)) {
            return &controls[i];
        }
    }
    return NULL;
}

const struct advice *
control_advice(const struct control *control, const char *rule_id)
{
    for (size_t i = 0; i < control->check->advice_count; i++) {
        if (text_equal(control->check->advices[i].id, rule_id)) {
            return &control->check->advices[i];
        }
    }
    return NULL;
}

/* Tables are constant and tested, so a number that can't be read is a programming mistake. */
static int64_t
rule_number(const struct rule *rule)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(rule->value, &end, 10);
    assert(errno == 0 && end != rule->value && *end == '\0');
    return number;
}

static bool
rule_matches(const struct rule *rule, const struct fact *fact)
{
    switch (rule->test) {
    case OTHERWISE:
        return true;
    case IS_UNKNOWN:
        return fact == NULL;
    case IS_SET:
        return fact != NULL;
    case IS_YES:
        return fact != NULL && fact->yes;
    case IS_NO:
        return fact != NULL && fact_type(rule->fact) == FACT_TYPE_BOOL && !fact->yes;
    case EQUALS:
        return fact != NULL && text_equal_nocase(fact->text, rule->value);
    case CONTAINS:
        return fact != NULL && text_contains_nocase(fact->text, rule->value);
    case LACKS:
        return fact != NULL && !text_contains_nocase(fact->text, rule->value);
    case ABOVE:
        return fact != NULL && fact->number > rule_number(rule);
    case BELOW:
        return fact != NULL && fact->number < rule_number(rule);
    }
    return false;
}

struct judgement
check_judge(const struct control *control, const struct aspect *aspect, const struct facts *facts)
{
    struct judgement judgement = {.verdict = UNKNOWN, .control = control, .aspect = aspect};
    for (size_t i = 0; i < aspect->rule_count; i++) {
        const struct rule *rule = &aspect->rules[i];
        const struct fact *fact = facts_get(facts, rule->fact);
        bool baseless = fact == NULL || rule->test == OTHERWISE;
        if ((rule->verdict == PASS && baseless) || !rule_matches(rule, fact)) {
            continue;
        }
        judgement.verdict = rule->verdict;
        judgement.rule = rule;
        judgement.fact = fact;
        judgement.contradicted = fact != NULL && facts_contradict(facts, rule->fact);
        if (judgement.contradicted && rule->verdict == PASS &&
            fact_type(rule->fact) == FACT_TYPE_BOOL) {
            judgement.verdict = UNKNOWN;
        }
        break;
    }
    return judgement;
}

struct line {
    char *out;
    size_t size, len;
    bool cut; /* what follows is left out too */
};

static void
line_add(struct line *line, const char *text, size_t len)
{
    size_t room = line->size - 1 - line->len;
    size_t take = len < room ? len : room;
    /* Never half a character: step back to its first byte. */
    while (take < len && take > 0 && ((unsigned char)text[take] & 0xC0) == 0x80) {
        take--;
    }
    take = line->cut ? 0 : take;
    line->cut = line->cut || take < len;
    memcpy(line->out + line->len, text, take);
    line->len += take;
    line->out[line->len] = '\0';
}

/* One {…} of a sentence, given without its braces. */
static void
line_fill(struct line *line, const struct rule *rule, const struct facts *facts, const char *hole)
{
    char name[160];
    (void)text_copy(name, sizeof(name), hole);
    char *otherwise = strchr(name, '|');
    if (otherwise != NULL) {
        *otherwise++ = '\0';
    }
    enum fact_id id = name[0] == '\0' ? rule->fact : fact_by_name(name);
    assert(id < FACT_COUNT);
    const char *text = facts_text(facts, id);
    if (text == NULL) {
        text = otherwise != NULL ? otherwise : "unknown";
    }
    line_add(line, text, strlen(text));
}

static void
line_disagreement(struct line *line, const struct fact *fact)
{
    line_add(line, "Witnesses disagree (", strlen("Witnesses disagree ("));
    for (const struct fact *each = fact; each != NULL; each = each->next) {
        const char *witness = fact_witness(each->witness);
        line_add(line, each == fact ? "" : ", ", each == fact ? 0 : 2);
        line_add(line, witness, strlen(witness));
        line_add(line, ": ", 2);
        line_add(line, each->text, strlen(each->text));
    }
    line_add(line, "). ", 3);
}

const char *
check_sentence(const struct judgement *judgement, const struct facts *facts, char *out, size_t size)
{
    assert(size > 0);
    struct line line = {.out = out, .size = size};
    out[0] = '\0';
    if (judgement->rule == NULL) {
        (void)text_copy(out, size, "Nothing is known yet that would decide this.");
        return out;
    }
    if (judgement->contradicted) {
        line_disagreement(&line, judgement->fact);
    }
    const char *at = judgement->rule->sentence;
    for (const char *open = strchr(at, '{'); open != NULL; open = strchr(at, '{')) {
        char hole[160];
        const char *close = strchr(open, '}');
        assert(close != NULL && (size_t)(close - open) < sizeof(hole));
        line_add(&line, at, (size_t)(open - at));
        (void)text_copy(hole, (size_t)(close - open), open + 1);
        line_fill(&line, judgement->rule, facts, hole);
        at = close + 1;
    }
    line_add(&line, at, strlen(at));
    return out;
}
