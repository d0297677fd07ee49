#include "assess/assess.h"
#include "base/text.h"

#include "test.h"

/* A ledger that keeps what it is given, up to a number of events. */
struct shelf {
    struct buf events[8];
    size_t count;
    size_t takes;
};

static enum err
put(void *context, struct event *event, struct note *note)
{
    struct shelf *shelf = context;
    if (shelf->count == shelf->takes) {
        note_set(note, "the disk is full");
        return ERR_FULL;
    }
    buf_init(&shelf->events[shelf->count], EVENT_LIMIT);
    return event_write(event, &shelf->events[shelf->count++], note);
}

static void
clear(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->count; i++) {
        buf_release(&shelf->events[i]);
    }
}

static json_t *
read_back(const struct shelf *shelf, size_t i)
{
    assert_true(i < shelf->count);
    json_t *json = json_loadb(shelf->events[i].data, shelf->events[i].len, 0, NULL);
    assert_non_null(json);
    return json;
}

static const char *
detail_text(const json_t *event, const char *name)
{
    return json_string_value(json_object_get(json_object_get(event, "detail"), name));
}

static struct assess_settings
no_network(const struct scope *scope, struct shelf *shelf)
{
    struct assess_settings settings = assess_settings_default();
    settings.scope = scope;
    settings.ledger = (struct run_ledger){
        .write = put, .context = shelf, .folder = "/srv/ledger", .is_verified = true};
    return settings;
}

static void
test_a_run_begins_and_ends_in_the_ledger(void **state)
{
    (void)state;
    struct shelf shelf = {.takes = COUNT(shelf.events)};
    struct scope scope;
    struct assessment *result = NULL;
    struct note note = {""};
    scope_init(&scope);
    struct assess_settings settings = no_network(&scope, &shelf);
    assert_int_equal(assess_run(&settings, &result, &note), OK);
    assert_int_equal(shelf.count, 2);
    json_t *begin = read_back(&shelf, 0);
    json_t *end = read_back(&shelf, 1);
    assert_string_equal(json_string_value(json_object_get(begin, "action")), "assess.run");
    assert_string_equal(detail_text(begin, "phase"), "begin");
    assert_string_equal(detail_text(begin, "run"), result->id);
    assert_string_equal(detail_text(begin, "authorised"), "configuration files only");
    assert_string_equal(detail_text(end, "phase"), "end");
    assert_string_equal(detail_text(end, "run"), result->id);
    assert_string_equal(detail_text(end, "grade"), result->grade);
    assert_true(facts_is_yes(&result->whole->facts, FACT_LEDGER_VERIFIED));
    json_decref(begin);
    json_decref(end);
    assessment_free(result);
    clear(&shelf);
}

static void
test_no_run_without_the_begin_in_the_ledger(void **state)
{
    (void)state;
    struct shelf shelf = {.takes = 0};
    struct scope scope;
    struct assessment *result = NULL;
    struct note note = {""};
    scope_init(&scope);
    struct assess_settings settings = no_network(&scope, &shelf);
    assert_int_equal(assess_run(&settings, &result, &note), ERR_FULL);
    assert_string_equal(note.text, "the disk is full");
    assert_null(result);
}

static void
test_a_login_names_device_account_and_door_and_no_password(void **state)
{
    (void)state;
    struct shelf shelf = {.takes = COUNT(shelf.events)};
    struct assessment *run = assessment_new();
    struct subject *subject = subject_new(1);
    struct note note = {""};
    struct ip ip;
    const struct run_events events = {put, &shelf, run};
    run->site = "harbour";
    (void)text_copy(run->id, sizeof(run->id), "20261122T201500Z-1a2b3c");
    assert_int_equal(ip_parse("192.0.2.7", &ip), OK);
    assert_true(subject_add_address(subject, &ip));
    const struct run_login login = {
        subject, &ip, 80, "adm\xffin", "HTTP digest", RUN_LOGIN_CONTROL};
    assert_int_equal(run_events_login(&events, &login, &note), OK);
    assert_int_equal(run_events_answer(&events, &login, "locked", &note), OK);
    json_t *sent = read_back(&shelf, 0);
    json_t *answer = read_back(&shelf, 1);
    assert_string_equal(shelf.events[0].data + strlen(shelf.events[0].data) -
                            strlen("\"target\":{\"object\":\"192.0.2.7\"}}"),
        "\"target\":{\"object\":\"192.0.2.7\"}}");
    assert_string_equal(json_string_value(json_object_get(sent, "outcome")), "unknown");
    assert_string_equal(detail_text(sent, "phase"), "begin");
    assert_string_equal(detail_text(sent, "account"), "base64:YWRt/2lu");
    assert_string_equal(detail_text(sent, "door"), "HTTP digest");
    assert_string_equal(detail_text(sent, "password"), "control");
    assert_string_equal(detail_text(sent, "device"), "ip:192.0.2.7");
    assert_string_equal(json_string_value(json_object_get(answer, "outcome")), "refused");
    assert_string_equal(detail_text(answer, "result"), "locked");
    json_decref(sent);
    json_decref(answer);
    subject_free(subject);
    assessment_free(run);
    clear(&shelf);
}

static void
test_a_ledger_says_of_itself_whether_it_verifies(void **state)
{
    (void)state;
    static const struct {
        struct run_ledger ledger;
        enum fact_id fact;
        bool is_there, is_yes;
    } rows[] = {
        {{.folder = NULL},                           FACT_LEDGER_VERIFIED,   false, false},
        {{.folder = "/l", .is_verified = true},      FACT_LEDGER_VERIFIED,   true,  true },
        {{.folder = "/l", .broken = "entry 7 …"},  FACT_LEDGER_VERIFIED,   true,  false},
        {{.folder = "/l", .unverified = "too slow"}, FACT_LEDGER_VERIFIED,   false, false},
        {{.folder = "/l", .unverified = "too slow"}, FACT_LEDGER_UNVERIFIED, true,  false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct subject *whole = subject_new(0);
        run_events_facts(&rows[i].ledger, whole);
        assert_int_equal(facts_get(&whole->facts, rows[i].fact) != NULL, rows[i].is_there);
        assert_int_equal(facts_is_yes(&whole->facts, rows[i].fact), rows[i].is_yes);
        subject_free(whole);
    }
}

static void
test_without_a_ledger_nothing_is_asked_of_it(void **state)
{
    (void)state;
    struct note note = {""};
    const struct run_events none = {NULL, NULL, NULL};
    assert_int_equal(run_events_begin(&none, 1, &note), OK);
    assert_int_equal(run_events_login(&none, NULL, &note), OK);
    assert_int_equal(run_events_answer(&none, NULL, "open", &note), OK);
    assert_int_equal(run_events_end(&none, NULL, &note), OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_begins_and_ends_in_the_ledger),
        cmocka_unit_test(test_no_run_without_the_begin_in_the_ledger),
        cmocka_unit_test(test_a_login_names_device_account_and_door_and_no_password),
        cmocka_unit_test(test_a_ledger_says_of_itself_whether_it_verifies),
        cmocka_unit_test(test_without_a_ledger_nothing_is_asked_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
