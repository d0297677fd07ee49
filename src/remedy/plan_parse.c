/* Reads a plan that may come from anybody: strict, with a bound on everything. */
#include "remedy/plan.h"

#include "base/clock.h"
#include "base/text.h"
#include "ledger/canonical.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MOST     16384
#define NAME_MOST     256
#define RULES_MOST    256
#define DEAD_MAN_MOST 604800

/* Where the reading is; the first mistake stays. */
struct taking {
    struct plan *plan;
    struct note *note;
    enum err err;
    char place[64];
};

static void
refuse(struct taking *taking, const char *words)
{
    if (taking->err == OK) {
        note_set(taking->note, "%s: %.150s", taking->place, words);
        taking->err = ERR_SYNTAX;
    }
}

/* json_unpack_ex() with '!' and its words. */
#define UNPACK(taking, json, ...)                                                                  \
    do {                                                                                           \
        json_error_t error = {.text = ""};                                                         \
        if ((taking)->err == OK && json_unpack_ex(json, &error, 0, __VA_ARGS__) != 0) {            \
            refuse(taking, error.text);                                                            \
        }                                                                                          \
    } while (false)

static bool
is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text < ' ' && *text != '\n') || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

/* A text that can be shown as it is. NULL stays NULL. */
static const char *
take_text(struct taking *taking, const char *text, size_t most, struct arena *arena)
{
    if (text == NULL || taking->err != OK) {
        return NULL;
    }
    size_t len = strlen(text);
    if (len > most) {
        refuse(taking, "a text is too long");
        return NULL;
    }
    if (!is_plain(text)) {
        refuse(taking, "a text has a control character");
        return NULL;
    }
    const char *copy = arena_copy(arena, text);
    if (copy == NULL) {
        refuse(taking, "it is too large");
    }
    return copy;
}

static unsigned
take_number(struct taking *taking, json_int_t number, json_int_t most)
{
    if (number < 0 || number > most) {
        refuse(taking, "a number is out of range");
        return 0;
    }
    return (unsigned)number;
}

static size_t
take_list(struct taking *taking, const json_t *list, size_t most)
{
    if (taking->err != OK) {
        return 0;
    }
    if (!json_is_array(list) || json_array_size(list) > most) {
        refuse(taking, json_is_array(list) ? "a list is too long" : "a list is expected");
        return 0;
    }
    return json_array_size(list);
}

static void
take_addresses(struct taking *taking, const json_t *list, struct subject *subject)
{
    size_t count = take_list(taking, list, SUBJECT_ADDRESSES);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        struct ip ip;
        if (text == NULL || ip_parse(text, &ip) != OK || !subject_add_address(subject, &ip)) {
            refuse(taking, "an address is not one, or there twice");
        }
    }
}

static void
take_ports(struct taking *taking, const json_t *list, struct subject *subject)
{
    size_t count = take_list(taking, list, SUBJECT_PORTS);
    for (size_t i = 0; i < count && taking->err == OK; i++) {
        json_int_t number = 0;
        int tls = 0;
        const char *protocol = NULL;
        UNPACK(taking, json_array_get(list, i), "{s:I, s:b, s?s !}", "number", &number, "tls", &tls,
            "protocol", &protocol);
        uint16_t wanted = (uint16_t)take_number(taking, number, UINT16_MAX);
        struct port *port = taking->err == OK ? subject_port(subject, wanted) : NULL;
        if (port != NULL) {
            port->tls = tls != 0;
            port->protocol = take_text(taking, protocol, NAME_MOST, &subject->arena);
        }
    }
}

static bool
take_witness(const char *name, enum witness *ret_witness)
{
    static const enum witness all[] = {WITNESS_WIRE, WITNESS_CONFIG, WITNESS_DECLARED};
    for (size_t i = 0; i < COUNT(all); i++) {
        if (text_equal(fact_witness(all[i]), name)) {
            *ret_witness = all[i];
            return true;
        }
    }
    return false;
}

static void
set_fact(struct taking *taking, struct facts *facts, enum fact_id id, const char *text,
    const struct source *source)
{
    bool yes = false;
    bool is_negative = text[0] == '-';
    uint64_t number = 0;
    switch (fact_type(id)) {
    case FACT_TYPE_TEXT:
        facts_set_text(facts, id, text, source);
        return;
    case FACT_TYPE_BOOL:
        if (text_to_bool(text, &yes) == OK) {
            facts_set_bool(facts, id, yes, source);
            return;
        }
        break;
    case FACT_TYPE_INT:
        if (text_to_u64(text + is_negative, INT64_MAX, &number) == OK) {
            facts_set_int(facts, id, is_negative ? -(int64_t)number : (int64_t)number, source);
            return;
        }
        break;
    }
    refuse(taking, "a fact has a value of another type");
}

static void
take_facts(struct taking *taking, const json_t *list, struct subject *subject)
{
    size_t count = take_list(taking, list, FACT_COUNT);
    for (size_t i = 0; i < count && taking->err == OK; i++) {
        const char *name = "", *text = "", *witness = "";
        json_int_t confidence = 0;
        struct source source = {.witness = WITNESS_WIRE};
        UNPACK(taking, json_array_get(list, i), "{s:s, s:s, s:s, s:I !}", "name", &name, "text",
            &text, "witness", &witness, "confidence", &confidence);
        enum fact_id id = fact_by_name(name);
        if (id == FACT_COUNT || !take_witness(witness, &source.witness) || confidence < 1) {
            refuse(taking, "a fact is not known");
        }
        source.confidence = (uint8_t)take_number(taking, confidence, 100);
        if (take_text(taking, text, TEXT_MOST, &subject->arena) != NULL) {
            set_fact(taking, &subject->facts, id, text, &source);
        }
    }
}

struct target_lists {
    const json_t *addresses, *ports, *facts;
    const char *mac;
};

static void
fill_subject(struct taking *taking, const struct target_lists *lists, struct subject *subject)
{
    if (lists->mac != NULL && mac_parse(lists->mac, &subject->mac) != OK) {
        refuse(taking, "a MAC address is not one");
    }
    take_addresses(taking, lists->addresses, subject);
    take_ports(taking, lists->ports, subject);
    take_facts(taking, lists->facts, subject);
}

static void
take_target(struct taking *taking, json_t *json)
{
    struct plan *plan = taking->plan;
    const char *key = "", *title = "", *kind = "", *name = NULL, *driver = NULL, *config = NULL;
    json_int_t number = 0, confidence = 0;
    int in_scope = 0;
    struct target_lists lists = {NULL, NULL, NULL, NULL};
    UNPACK(taking, json, "{s:s, s:s, s:I, s:s, s:I, s:b, s?s, s?s, s?s, s?s, s:o, s:o, s:o !}",
        "key", &key, "title", &title, "number", &number, "kind", &kind, "confidence", &confidence,
        "in_scope", &in_scope, "name", &name, "driver", &driver, "config", &config, "mac",
        &lists.mac, "addresses", &lists.addresses, "ports", &lists.ports, "facts", &lists.facts);
    struct subject *subject =
        taking->err == OK ? subject_new(take_number(taking, number, INT32_MAX)) : NULL;
    if (subject == NULL) {
        refuse(taking, "it is too large");
        return;
    }
    struct plan_target *target = &plan->targets[plan->target_count++];
    target->subject = subject;
    target->key = take_text(taking, key, SUBJECT_KEY, &plan->arena);
    target->title = take_text(taking, title, SUBJECT_TITLE, &plan->arena);
    subject->kind = kind_by_name(kind);
    subject->confidence = (uint8_t)take_number(taking, confidence, 100);
    subject->in_scope = in_scope != 0;
    subject->name = take_text(taking, name, NAME_MOST, &subject->arena);
    subject->driver = take_text(taking, driver, NAME_MOST, &subject->arena);
    subject->config = take_text(taking, config, TEXT_MOST, &subject->arena);
    fill_subject(taking, &lists, subject);
}

static void
take_rules(struct taking *taking, const json_t *list, struct plan_step *step)
{
    size_t count = take_list(taking, list, RULES_MOST);
    for (size_t i = 0; i < count && taking->err == OK; i++) {
        const char *rule = json_string_value(json_array_get(list, i));
        if (rule == NULL || take_text(taking, rule, NAME_MOST, &taking->plan->arena) == NULL ||
            plan_closes(taking->plan, step, rule) != OK) {
            refuse(taking, "the id of a finding is expected");
        }
    }
}

/* Only steps before it, so that no two wait for each other. */
static void
take_after(struct taking *taking, const json_t *list, struct plan_step *step)
{
    size_t count = take_list(taking, list, PLAN_AFTER);
    for (size_t i = 0; i < count; i++) {
        json_int_t number = json_integer_value(json_array_get(list, i));
        if (number < 1 || number >= (json_int_t)step->number) {
            refuse(taking, "it can wait only for a step before it");
            return;
        }
        step->after[i] = (size_t)number;
    }
}

/* Texts are made of what can be shown, names are short, and nothing is nested without end. */
static bool
has_depth(json_t *json, unsigned left)
{
    const char *key = NULL;
    json_t *value = NULL;
    size_t i = 0;
    if (json_is_string(json)) {
        return is_plain(json_string_value(json));
    }
    if (!json_is_object(json) && !json_is_array(json)) {
        json_int_t number = json_integer_value(json);
        return !json_is_real(json) && number <= CANONICAL_INTEGER && number >= -CANONICAL_INTEGER;
    }
    if (left == 0) {
        return false;
    }
    json_array_foreach(json, i, value)
    {
        if (!has_depth(value, left - 1)) {
            return false;
        }
    }
    json_object_foreach(json, key, value)
    {
        if (strlen(key) > NAME_MOST || !is_plain(key) || !has_depth(value, left - 1)) {
            return false;
        }
    }
    return true;
}

struct step_texts {
    const char *words, *changes, *notices, *untouched, *fact, *from, *wanted;
};

static void
fill_step(struct taking *taking, const struct step_texts *texts, struct plan_step *step)
{
    struct arena *arena = &taking->plan->arena;
    step->words = take_text(taking, texts->words, TEXT_MOST, arena);
    step->changes = take_text(taking, texts->changes, TEXT_MOST, arena);
    step->notices = take_text(taking, texts->notices, TEXT_MOST, arena);
    step->untouched = take_text(taking, texts->untouched, TEXT_MOST, arena);
    step->fact = take_text(taking, texts->fact, NAME_MOST, arena);
    step->from = take_text(taking, texts->from, TEXT_MOST, arena);
    step->wanted = take_text(taking, texts->wanted, TEXT_MOST, arena);
}

static void
take_step(struct taking *taking, json_t *json)
{
    struct plan *plan = taking->plan;
    json_int_t number = 0, target = 0, gap = 0;
    int is_reversible = 0, by_hand = 0;
    const char *kind = "";
    const json_t *rules = NULL, *after = NULL;
    json_t *detail = NULL;
    struct step_texts texts = {.words = "", .changes = ""};
    UNPACK(taking, json,
        "{s:I, s:s, s:I, s:o, s:s, s:s, s?s, s?s, s:I, s:b, s:b, s?s, s?s, s?s, s:o, s:o !}",
        "number", &number, "kind", &kind, "target", &target, "rules", &rules, "words", &texts.words,
        "changes", &texts.changes, "notices", &texts.notices, "untouched", &texts.untouched,
        "gap_s", &gap, "is_reversible", &is_reversible, "by_hand", &by_hand, "fact", &texts.fact,
        "from", &texts.from, "wanted", &texts.wanted, "after", &after, "detail", &detail);
    if (taking->err != OK || number != (json_int_t)plan->step_count + 1 || target < 0 ||
        target >= (json_int_t)plan->target_count || !json_is_object(detail) ||
        !has_depth(detail, 16)) {
        refuse(taking, "its number, target or detail is not right");
        return;
    }
    if (take_text(taking, kind, NAME_MOST, &plan->arena) == NULL) {
        return;
    }
    struct plan_step *step = plan_add(plan, kind, (size_t)target);
    if (step == NULL || plan_detail(step, json_incref(detail)) != OK) {
        refuse(taking, "it is too large");
        return;
    }
    step->gap_s = take_number(taking, gap, INT32_MAX);
    step->is_reversible = is_reversible != 0;
    step->by_hand = by_hand != 0;
    fill_step(taking, &texts, step);
    take_rules(taking, rules, step);
    take_after(taking, after, step);
}

struct plan_lists {
    const json_t *targets, *steps, *left;
};

static void
take_lists(struct taking *taking, const struct plan_lists *lists)
{
    size_t count = take_list(taking, lists->targets, PLAN_STEPS);
    for (size_t i = 0; i < count && taking->err == OK; i++) {
        (void)snprintf(taking->place, sizeof(taking->place), "target %zu", i + 1);
        take_target(taking, json_array_get(lists->targets, i));
    }
    count = take_list(taking, lists->steps, PLAN_STEPS);
    for (size_t i = 0; i < count && taking->err == OK; i++) {
        (void)snprintf(taking->place, sizeof(taking->place), "step %zu", i + 1);
        take_step(taking, json_array_get(lists->steps, i));
    }
    count = take_list(taking, lists->left, PLAN_STEPS);
    for (size_t i = 0; i < count && taking->err == OK; i++) {
        const char *text = json_string_value(json_array_get(lists->left, i));
        (void)snprintf(taking->place, sizeof(taking->place), "left %zu", i + 1);
        if (text == NULL || take_text(taking, text, TEXT_MOST, &taking->plan->arena) == NULL ||
            plan_leave(taking->plan, text) != OK) {
            refuse(taking, "a text is expected");
        }
    }
}

/* It becomes the name of a folder. */
static bool
is_id(const char *id)
{
    size_t len = strlen(id);
    return len >= 8 && len < 40 &&
           strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == len;
}

static void
take_plan(struct taking *taking, json_t *json)
{
    struct plan *plan = taking->plan;
    const char *schema = "", *id = "", *site = "", *scope = "", *assessment = "", *grade = "";
    const char *made = "", *agreed = NULL;
    json_int_t score = 0, dead_man = 0;
    struct plan_lists lists = {NULL, NULL, NULL};
    UNPACK(taking, json, "{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:I, s:o, s:o, s:o, s?s !}",
        "schema", &schema, "id", &id, "site", &site, "scope", &scope, "assessment", &assessment,
        "grade", &grade, "score", &score, "made", &made, "dead_man_s", &dead_man, "targets",
        &lists.targets, "steps", &lists.steps, "left", &lists.left, "agreed", &agreed);
    if (taking->err == OK && !text_equal(schema, PLAN_SCHEMA)) {
        refuse(taking, "its schema is another one than " PLAN_SCHEMA);
    }
    if (taking->err == OK && (!is_id(id) || clock_parse(made, &plan->made) != OK)) {
        refuse(taking, "its id or its time is not one");
    }
    plan->id = take_text(taking, id, NAME_MOST, &plan->arena);
    plan->site = take_text(taking, site, TEXT_MOST, &plan->arena);
    plan->scope = take_text(taking, scope, TEXT_MOST, &plan->arena);
    plan->assessment = take_text(taking, assessment, NAME_MOST, &plan->arena);
    plan->grade = take_text(taking, grade, 8, &plan->arena);
    plan->agreed = take_text(taking, agreed, PLAN_DIGEST, &plan->arena);
    plan->score = take_number(taking, score, 100);
    plan->dead_man_s = take_number(taking, dead_man, DEAD_MAN_MOST);
    take_lists(taking, &lists);
}

enum err
plan_parse(const char *bytes, size_t len, struct plan **ret_plan, struct note *note)
{
    json_error_t error = {.text = ""};
    if (len > PLAN_BYTES) {
        note_set(note, "the plan is larger than %zu bytes", PLAN_BYTES);
        return ERR_LIMIT;
    }
    json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        note_set(note, "the plan is no JSON: line %d: %s", error.line, error.text);
        return ERR_SYNTAX;
    }
    struct taking taking = {.plan = plan_new(), .note = note, .place = "the plan"};
    if (taking.plan == NULL) {
        json_decref(json);
        return ERR_MEMORY;
    }
    take_plan(&taking, json);
    json_decref(json);
    if (taking.err != OK) {
        plan_free(taking.plan);
        return taking.err;
    }
    *ret_plan = taking.plan;
    return OK;
}
