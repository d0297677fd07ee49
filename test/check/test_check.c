/* Facts in, verdict out: the cases of cases.def over the tables of src/check. */
#include "check/check.h"

#include "base/text.h"
#include "tables.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

struct example {
    const char *control, *aspect, *facts, *rule;
};

static const struct example examples[] = {
#define CASE(control, aspect, facts, rule) {control, aspect, facts, rule},
#include "cases.def"
#undef CASE
};

static const struct source seen = {.witness = WITNESS_WIRE, .confidence = 90};

static const struct aspect *
find_aspect(const struct control *control, const char *id)
{
    for (size_t i = 0; i < control->check->aspect_count; i++) {
        if (text_equal(control->check->aspects[i].id, id)) {
            return &control->check->aspects[i];
        }
    }
    fail_msg("%s has no aspect %s", control->id, id);
    return NULL;
}

static void
set_fact(struct facts *facts, char *pair)
{
    char *value = strchr(pair, '=');
    assert_non_null(value);
    *value++ = '\0';
    enum fact_id id = fact_by_name(text_trim(pair));
    if (id == FACT_COUNT) {
        fail_msg("no fact is called %s", pair);
    }
    if (fact_type(id) == FACT_TYPE_BOOL) {
        facts_set_bool(facts, id, text_equal(value, "yes"), &seen);
    } else if (fact_type(id) == FACT_TYPE_INT) {
        facts_set_int(facts, id, strtoll(value, NULL, 10), &seen);
    } else {
        facts_set_text(facts, id, value, &seen);
    }
}

static void
set_facts(struct facts *facts, const char *text)
{
    char copy[256];
    assert_true(text_copy(copy, sizeof(copy), text));
    for (char *pair = copy; *pair != '\0';) {
        char *end = strchr(pair, ';');
        char *next = end == NULL ? pair + strlen(pair) : end + 1;
        if (end != NULL) {
            *end = '\0';
        }
        set_fact(facts, text_trim(pair));
        pair = next;
    }
}

/* Judges one example on a subject of its own; the caller frees it. */
static struct judgement
judge(const struct example *example, struct subject **ret_subject)
{
    const struct control *control = control_by_id(example->control);
    assert_non_null(control);
    *ret_subject = subject_new(1);
    assert_non_null(*ret_subject);
    set_facts(&(*ret_subject)->facts, example->facts);
    return check_judge(control, find_aspect(control, example->aspect), &(*ret_subject)->facts);
}

static void
test_each_case_is_decided_by_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        struct subject *subject;
        struct judgement judgement = judge(&examples[i], &subject);
        const char *rule = judgement.rule == NULL ? "no rule" : judgement.rule->id;
        if (!text_equal(rule, examples[i].rule)) {
            fail_msg("%s/%s with \"%s\": %s, expected %s", examples[i].control, examples[i].aspect,
                examples[i].facts, rule, examples[i].rule);
        }
        assert_int_equal(judgement.verdict, judgement.rule->verdict);
        subject_free(subject);
    }
}

static bool
some_case_reaches(const struct rule *rule)
{
    bool reached = false;
    for (size_t i = 0; i < COUNT(examples) && !reached; i++) {
        struct subject *subject;
        reached = judge(&examples[i], &subject).rule == rule;
        subject_free(subject);
    }
    return reached;
}

static void
test_each_rule_has_a_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < control_count; i++) {
        for (size_t j = 0; j < controls[i].check->aspect_count; j++) {
            const struct aspect *aspect = &controls[i].check->aspects[j];
            for (size_t k = 0; k < aspect->rule_count; k++) {
                if (!some_case_reaches(&aspect->rules[k])) {
                    fail_msg("%s/%s: rule %zu (%s) has no case in cases.def", controls[i].id,
                        aspect->id, k + 1, aspect->rules[k].id);
                }
            }
        }
    }
}

static void
test_no_pass_survives_the_loss_of_the_fact_it_rested_on(void **state)
{
    (void)state;
    size_t flips = 0;
    for (size_t i = 0; i < COUNT(examples); i++) {
        struct subject *subject;
        struct judgement judgement = judge(&examples[i], &subject);
        for (size_t id = 0; judgement.verdict == PASS && id < FACT_COUNT; id++) {
            struct facts less = subject->facts;
            if (facts_get(&less, (enum fact_id)id) == NULL) {
                continue;
            }
            facts_forget(&less, (enum fact_id)id);
            struct judgement again = check_judge(judgement.control, judgement.aspect, &less);
            if (again.verdict == PASS && (again.rule->fact == id || again.fact == NULL)) {
                fail_msg("%s/%s passes without %s", judgement.control->id, judgement.aspect->id,
                    fact_name((enum fact_id)id));
            }
            flips++;
        }
        subject_free(subject);
    }
    assert_true(flips >= 30);
}

static void
test_nothing_known_is_never_a_pass_nor_a_fail(void **state)
{
    (void)state;
    struct subject *empty = subject_new(1);
    assert_non_null(empty);
    for (size_t i = 0; i < control_count; i++) {
        for (size_t j = 0; j < controls[i].check->aspect_count; j++) {
            const struct aspect *aspect = &controls[i].check->aspects[j];
            struct judgement judgement = check_judge(&controls[i], aspect, &empty->facts);
            assert_true(judgement.verdict == UNKNOWN || judgement.verdict == NOT_APPLICABLE);
            assert_false(judgement.contradicted);
        }
    }
    subject_free(empty);
}

static void
test_refuses_a_pass_without_a_fact(void **state)
{
    (void)state;
    static const struct rule rules[] = {
        {PASS, "blind",  FACT_CLOUD_ENABLED, IS_UNKNOWN, NULL, "x"},
        {PASS, "anyway", FACT_CLOUD_ENABLED, OTHERWISE,  NULL, "x"},
    };
    static const struct aspect aspect = {"x", KINDS_VIDEO, rules, COUNT(rules)};
    struct subject *subject = subject_new(1);
    assert_non_null(subject);
    struct judgement judgement = check_judge(&controls[0], &aspect, &subject->facts);
    assert_int_equal(judgement.verdict, UNKNOWN);
    assert_null(judgement.rule);
    facts_set_bool(&subject->facts, FACT_CLOUD_ENABLED, true, &seen);
    assert_int_equal(check_judge(&controls[0], &aspect, &subject->facts).verdict, UNKNOWN);
    subject_free(subject);
}

static void
test_a_contradicted_yes_or_no_is_no_pass(void **state)
{
    (void)state;
    static const struct source told = {.witness = WITNESS_CONFIG, .confidence = 95};
    char sentence[300];
    struct subject *subject = subject_new(1);
    assert_non_null(subject);
    facts_set_bool(&subject->facts, FACT_CLOUD_ENABLED, true, &seen);
    facts_set_bool(&subject->facts, FACT_CLOUD_ENABLED, false, &told);
    const struct control *control = control_by_id("vendor-cloud");
    struct judgement judgement =
        check_judge(control, find_aspect(control, "setting"), &subject->facts);
    assert_int_equal(judgement.verdict, UNKNOWN);
    assert_true(judgement.contradicted);
    check_sentence(&judgement, &subject->facts, sentence, sizeof(sentence));
    assert_string_equal(sentence, "Witnesses disagree (config: no, wire: yes). Vendor cloud or P2P "
                                  "is switched off in its configuration.");
    subject_free(subject);
}

static void
test_fills_sentences_and_cuts_them_at_a_character(void **state)
{
    (void)state;
    char sentence[300];
    const struct example example = {"vms-updates", "release",
        "vms.outdated=0.17.2 is out since 2026-06-27; vms.product=Frigaté", ""};
    struct subject *subject;
    struct judgement judgement = judge(&example, &subject);
    check_sentence(&judgement, &subject->facts, sentence, sizeof(sentence));
    assert_string_equal(sentence, "Frigaté is old, behind for more than 30 days: 0.17.2 is out "
                                  "since 2026-06-27. Earlier runs "
                                  "are not remembered.");
    check_sentence(&judgement, &subject->facts, sentence, 8);
    assert_string_equal(sentence, "Frigat");
    check_sentence(&judgement, &subject->facts, sentence, 1);
    assert_string_equal(sentence, "");
    subject_free(subject);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_case_is_decided_by_its_rule),
        cmocka_unit_test(test_each_rule_has_a_case),
        cmocka_unit_test(test_no_pass_survives_the_loss_of_the_fact_it_rested_on),
        cmocka_unit_test(test_nothing_known_is_never_a_pass_nor_a_fail),
        cmocka_unit_test(test_refuses_a_pass_without_a_fact),
        cmocka_unit_test(test_a_contradicted_yes_or_no_is_no_pass),
        cmocka_unit_test(test_fills_sentences_and_cuts_them_at_a_character),
        cmocka_unit_test(test_rows_fit_the_types_of_their_facts),
        cmocka_unit_test(test_no_pass_rests_on_nothing),
        cmocka_unit_test(test_sentences_name_facts_that_exist),
        cmocka_unit_test(test_each_table_ends_in_a_row_that_catches_the_unknown),
        cmocka_unit_test(test_each_fail_has_advice),
        cmocka_unit_test(test_each_advice_has_a_rule),
        cmocka_unit_test(test_the_published_rules_cap_the_grade),
        cmocka_unit_test(test_rules_that_others_rely_on_exist),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
