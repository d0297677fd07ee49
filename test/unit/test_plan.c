/* Plans: what is chosen, what stays open and why, the way through JSON, and hostile files. */
#include "remedy/plan.h"

#include "fake_kinds.h"
#include "fixture_assessment.h"
#include "test.h"

#include <stdlib.h>

#define CLOUD "vendor-cloud"

/* Closes whatever is wanted of one control. */
static enum err
propose_cloud(struct plan *plan, const struct plan_from *from)
{
    for (size_t i = 0; i < from->assessment->finding_count; i++) {
        const struct finding *finding = &from->assessment->findings[i];
        for (size_t k = 0; k < finding->place_count; k++) {
            const struct finding_place *place = &finding->places[k];
            if (!text_equal(finding->control->id, CLOUD) || !plan_wants(from, finding, place)) {
                continue;
            }
            struct plan_step *step = plan_add(plan, "cloud", plan_target(plan, place->subject));
            if (step == NULL || plan_closes(plan, step, finding->id) != OK) {
                return ERR_MEMORY;
            }
            step->words = "Switch off P2P";
            step->changes = "cloud.enabled: yes → no";
            step->fact = "cloud.enabled";
            step->from = "yes";
            step->wanted = "no";
            step->gap_s = 3;
            (void)json_object_set_new(step->detail, "row", json_integer(4));
        }
    }
    return OK;
}

static enum err
propose_nothing(struct plan *plan, const struct plan_from *from)
{
    (void)plan;
    (void)from;
    return OK;
}

static const struct remedy_kind cloud = {.name = "cloud", .propose = propose_cloud};
static const struct remedy_kind other = {.name = "other", .propose = propose_nothing};
FAKE_KINDS(&cloud, &other)

static struct assessment *assessment;

static int
make_assessment(void **state)
{
    (void)state;
    assessment = fixture_assessment(FIXTURE_SITE);
    return assessment == NULL;
}

static int
free_assessment(void **state)
{
    (void)state;
    fixture_free(assessment);
    return 0;
}

static struct plan *
make(const struct plan_choice *choice)
{
    struct plan *plan = NULL;
    struct note note = {""};
    const struct plan_from from = {.assessment = assessment, .choice = choice};
    if (plan_make(&from, &plan, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return plan;
}

static void
assert_refuses(const struct plan_choice *choice, const char *words)
{
    struct plan *plan = NULL;
    struct note note = {""};
    const struct plan_from from = {.assessment = assessment, .choice = choice};
    assert_int_equal(plan_make(&from, &plan, &note), ERR_VALUE);
    if (strstr(note.text, words) == NULL) {
        fail_msg("%s", note.text);
    }
}

static bool
leaves(const struct plan *plan, const char *begin)
{
    for (size_t i = 0; i < plan->left_count; i++) {
        if (text_starts(plan->left[i], begin)) {
            return true;
        }
    }
    return false;
}

static void
test_every_failure_has_a_step_or_a_reason(void **state)
{
    (void)state;
    struct plan *plan = make(NULL);
    assert_true(plan->step_count != 0);
    for (size_t i = 0; i < assessment->finding_count; i++) {
        const struct finding *finding = &assessment->findings[i];
        char begin[128];
        bool is_open = false;
        for (size_t k = 0; k < finding->place_count; k++) {
            is_open = is_open || finding->places[k].waiver == NULL;
        }
        (void)snprintf(begin, sizeof(begin), "%s at ", finding->id);
        if (finding->verdict == FAIL && is_open) {
            assert_int_equal(leaves(plan, begin), !text_equal(finding->control->id, CLOUD));
        }
    }
    plan_free(plan);
}

static void
test_device_is_chosen_by_name_and_others_stay_out(void **state)
{
    (void)state;
    struct plan *all = make(NULL);
    const char *title = all->targets[0].title;
    const struct plan_choice choice = {.devices = &title, .device_count = 1};
    struct plan *plan = make(&choice);
    assert_int_equal(plan->target_count, 1);
    assert_string_equal(plan->targets[0].key, all->targets[0].key);
    plan_free(plan);
    plan_free(all);
}

static void
test_control_kind_and_action_choose(void **state)
{
    (void)state;
    const char *control = CLOUD, *foreign = "upnp", *kind = "other";
    struct plan *plan = make(&(struct plan_choice){.controls = &control, .control_count = 1});
    assert_true(plan->step_count != 0);
    assert_int_equal(plan->left_count, 0);
    plan_free(plan);
    plan = make(&(struct plan_choice){.controls = &foreign, .control_count = 1});
    assert_int_equal(plan->step_count, 0);
    plan_free(plan);
    plan = make(&(struct plan_choice){.kinds = &kind, .kind_count = 1});
    assert_int_equal(plan->step_count, 0);
    plan_free(plan);
    for (unsigned action = 1; action <= assessment->action_count; action++) {
        plan = make(&(struct plan_choice){.action = action});
        for (size_t i = 0; i < plan->step_count; i++) {
            assert_string_equal(
                plan->steps[i].rules[0], assessment->actions[action - 1].finding->id);
        }
        plan_free(plan);
    }
}

static void
test_names_that_are_not_there_are_told_with_the_nearest(void **state)
{
    (void)state;
    const char *control = "vendor-clod", *device = "Gat", *kind = "cluod";
    assert_refuses(&(struct plan_choice){.controls = &control, .control_count = 1},
        "did you mean vendor-cloud");
    assert_refuses(&(struct plan_choice){.devices = &device, .device_count = 1}, "Gat");
    assert_refuses(&(struct plan_choice){.kinds = &kind, .kind_count = 1}, "did you mean cloud");
    assert_refuses(&(struct plan_choice){.action = 99}, "first actions");
}

static char *
dump(const struct plan *plan)
{
    json_t *json = plan_json(plan);
    assert_non_null(json);
    char *text = json_dumps(json, JSON_INDENT(1));
    json_decref(json);
    assert_non_null(text);
    return text;
}

static void
test_json_and_back_has_the_same_digest(void **state)
{
    (void)state;
    struct plan *plan = make(NULL), *again = NULL;
    struct note note = {""};
    char before[PLAN_DIGEST], after[PLAN_DIGEST];
    plan->steps[plan->step_count - 1].after[0] = 1;
    char *text = dump(plan);
    if (plan_parse(text, strlen(text), &again, &note) != OK) {
        fail_msg("%s", note.text);
    }
    assert_int_equal(plan_digest(plan, before), OK);
    assert_int_equal(plan_digest(again, after), OK);
    assert_string_equal(before, after);
    again->steps[0].wanted = "yes";
    assert_int_equal(plan_digest(again, after), OK);
    assert_string_not_equal(before, after);
    free(text);
    plan_free(again);
    plan_free(plan);
}

/* The plan with one member of its first step replaced. */
static void
assert_refuses_step(const char *name, json_t *value)
{
    struct plan *plan = make(NULL), *again = NULL;
    struct note note = {""};
    json_t *json = plan_json(plan);
    json_t *step = json_array_get(json_object_get(json, "steps"), 0);
    assert_int_equal(json_object_set_new(step, name, value), 0);
    char *text = json_dumps(json, 0);
    assert_int_equal(plan_parse(text, strlen(text), &again, &note), ERR_SYNTAX);
    assert_true(text_starts(note.text, "step 1"));
    free(text);
    json_decref(json);
    plan_free(plan);
}

static void
test_parse_refuses_what_a_plan_can_not_have(void **state)
{
    (void)state;
    assert_refuses_step("number", json_integer(2));
    assert_refuses_step("target", json_integer(100000));
    assert_refuses_step("unknown", json_true());
    assert_refuses_step("words", json_string("\x1b[2J"));
    assert_refuses_step("after", json_pack("[i]", 1));
    assert_refuses_step("gap_s", json_integer(-1));
    assert_refuses_step("detail", json_pack("{s:s}", "control", "/x\r\nHost: a"));
    assert_refuses_step("detail", json_array());
    assert_refuses_step("detail", json_pack("{s:f}", "x", 0.5));
    assert_refuses_step("by_hand", json_string("no"));
}

static void
test_parse_refuses_every_cut(void **state)
{
    (void)state;
    const char *control = CLOUD;
    struct plan *plan = make(&(struct plan_choice){.controls = &control, .control_count = 1});
    char *text = dump(plan);
    for (size_t len = strlen(text) - 1; len > 0; len = len > 97 ? len - 97 : len - 1) {
        struct plan *again = NULL;
        struct note note = {""};
        assert_int_equal(plan_parse(text, len, &again, &note), ERR_SYNTAX);
        assert_string_not_equal(note.text, "");
    }
    free(text);
    plan_free(plan);
}

/* A plan as a second person gives it: from a file, with one member of its first step replaced. */
static struct plan *
from_file(const char *list, const char *name, json_t *value)
{
    struct plan *plan = make(NULL), *again = NULL;
    struct note note = {""};
    json_t *json = plan_json(plan);
    if (list != NULL) {
        json_t *row = json_array_get(json_object_get(json, list), 0);
        assert_int_equal(json_object_set_new(row, name, value), 0);
    }
    char *text = json_dumps(json, 0);
    if (plan_parse(text, strlen(text), &again, &note) != OK) {
        fail_msg("%s", note.text);
    }
    free(text);
    json_decref(json);
    plan_free(plan);
    return again;
}

static void
assert_first_is_strange(const char *name, json_t *value)
{
    struct plan *plan = from_file("steps", name, value), *fresh = make(NULL);
    assert_int_equal(plan_agree(plan, fresh), OK);
    assert_true(plan->steps[0].is_strange && plan->steps[0].by_hand);
    assert_string_equal(plan->steps[0].changes, "");
    for (size_t i = 1; i < plan->step_count; i++) {
        assert_false(plan->steps[i].is_strange);
    }
    plan_free(plan);
    plan_free(fresh);
}

static void
test_file_brings_in_no_step_of_its_own(void **state)
{
    (void)state;
    assert_first_is_strange("kind", json_string("other"));
    assert_first_is_strange("kind", json_string("nothing-known"));
    assert_first_is_strange("wanted", json_string("yes"));
    assert_first_is_strange("detail", json_pack("{s:i}", "row", 5));
    assert_first_is_strange("detail", json_pack("{s:i, s:s}", "row", 4, "file", "/etc/passwd"));
    assert_first_is_strange("fact", json_string("upnp.enabled"));
}

static void
test_step_that_is_in_the_file_twice_is_done_once(void **state)
{
    (void)state;
    struct plan *whole = make(NULL), *fresh = make(NULL), *plan = NULL;
    struct note note = {""};
    json_t *json = plan_json(whole);
    json_t *steps = json_object_get(json, "steps");
    json_t *again = json_deep_copy(json_array_get(steps, 0));
    (void)json_object_set_new(again, "number", json_integer((json_int_t)whole->step_count + 1));
    (void)json_array_append_new(steps, again);
    char *text = json_dumps(json, 0);
    assert_int_equal(plan_parse(text, strlen(text), &plan, &note), OK);
    assert_int_equal(plan_agree(plan, fresh), OK);
    assert_false(plan->steps[0].is_strange);
    assert_true(plan->steps[plan->step_count - 1].is_strange);
    free(text);
    json_decref(json);
    plan_free(whole);
    plan_free(plan);
    plan_free(fresh);
}

static void
test_file_tells_nothing_in_its_own_words(void **state)
{
    (void)state;
    struct plan *plan = from_file("steps", "words", json_string("Harmless")), *fresh = make(NULL);
    char digest[PLAN_DIGEST];
    assert_int_equal(plan_digest(plan, digest), OK);
    assert_int_equal(plan_agree(plan, fresh), OK);
    assert_string_equal(plan->steps[0].words, "Switch off P2P");
    assert_string_equal(plan->agreed, digest);
    assert_false(plan->steps[0].is_strange);
    plan_free(plan);
    plan_free(fresh);
}

static void
test_file_brings_in_no_address_and_no_fact(void **state)
{
    (void)state;
    struct plan *fresh = make(NULL);
    char before[IP_TEXT], after[IP_TEXT];
    (void)ip_text(&fresh->targets[0].subject->addresses[0], before);
    json_t *list = json_pack("[s, s]", "203.0.113.9", before);
    struct plan *plan = from_file("targets", "addresses", list);
    assert_int_equal(plan_agree(plan, fresh), OK);
    assert_string_equal(ip_text(&plan->targets[0].subject->addresses[0], after), before);
    plan_free(plan);
    plan_free(fresh);
    fresh = make(NULL);
    plan = from_file("targets", "addresses", json_pack("[s]", "203.0.113.9"));
    assert_int_equal(plan_agree(plan, fresh), OK);
    assert_true(plan->steps[0].is_strange);
    plan_free(plan);
    plan_free(fresh);
    fresh = make(NULL);
    plan = from_file("targets", "facts", json_array());
    assert_int_equal(plan_agree(plan, fresh), OK);
    assert_ptr_not_equal(plan->targets[0].subject, fresh->targets[0].subject);
    bool has_facts = false;
    for (size_t i = 0; i < FACT_COUNT; i++) {
        has_facts =
            has_facts || facts_get(&plan->targets[0].subject->facts, (enum fact_id)i) != NULL;
    }
    assert_true(has_facts);
    plan_free(plan);
    plan_free(fresh);
}

static void
test_detail_takes_the_place_of_the_one_before_which_is_freed(void **state)
{
    (void)state;
    struct plan *plan = plan_new();
    assert_non_null(plan);
    size_t target = plan_target(plan, assessment->devices[0]);
    struct plan_step *step = plan_add(plan, "cloud", target);
    assert_non_null(step);
    json_t *before = json_incref(step->detail);
    assert_int_equal(plan_detail(step, NULL), ERR_MEMORY);
    assert_ptr_equal(step->detail, before);
    assert_int_equal(plan_detail(step, json_pack("{s:i}", "row", 5)), OK);
    assert_int_equal(before->refcount, 1); /* this test's own is the last */
    assert_int_equal(json_integer_value(json_object_get(step->detail, "row")), 5);
    json_decref(before);
    plan_free(plan);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failure_has_a_step_or_a_reason),
        cmocka_unit_test(test_device_is_chosen_by_name_and_others_stay_out),
        cmocka_unit_test(test_control_kind_and_action_choose),
        cmocka_unit_test(test_names_that_are_not_there_are_told_with_the_nearest),
        cmocka_unit_test(test_json_and_back_has_the_same_digest),
        cmocka_unit_test(test_parse_refuses_what_a_plan_can_not_have),
        cmocka_unit_test(test_parse_refuses_every_cut),
        cmocka_unit_test(test_file_brings_in_no_step_of_its_own),
        cmocka_unit_test(test_step_that_is_in_the_file_twice_is_done_once),
        cmocka_unit_test(test_file_tells_nothing_in_its_own_words),
        cmocka_unit_test(test_file_brings_in_no_address_and_no_fact),
        cmocka_unit_test(test_detail_takes_the_place_of_the_one_before_which_is_freed),
    };
    return cmocka_run_group_tests_name("plan", tests, make_assessment, free_assessment);
}
