#include "evidence/events.h"

#include "test.h"

/* What is said of an event that is written as JSON with single quotes. */
static const char *
say(const char *quoted)
{
    static struct buf out;
    char json[4096];
    size_t len = strlen(quoted);
    assert_true(len < sizeof(json));
    for (size_t i = 0; i <= len; i++) {
        json[i] = quoted[i] == '\'' ? '"' : quoted[i];
    }
    json_t *event = json_loads(json, 0, NULL);
    assert_non_null(event);
    buf_release(&out);
    buf_init(&out, 16384);
    events_words(&out, event);
    json_decref(event);
    assert_int_equal(buf_error(&out), OK);
    return out.data;
}

static void
test_an_export_is_told_whole(void **state)
{
    (void)state;
    assert_string_equal(
        say("{'action':'footage.export','actor':{'ip':'10.0.0.7','user':'anna'},'bytes':5100000,"
            "'detail':{'phase':'end','is_whole':false},'outcome':'ok','reason':'case 4711',"
            "'target':{'cameras':['yard'],'from':'2026-11-22T02:00:00.000Z',"
            "'to':'2026-11-22T02:10:00.000Z','vms':'zm'},'time':'2026-11-23T14:00:01.500Z'}"),
        "2026-11-23 14:00:01 UTC: user \"anna\" (from \"10.0.0.7\") exported a recording of camera "
        "\"yard\" at \"zm\", recording time 2026-11-22 02:00:00 UTC to 2026-11-22 02:10:00 UTC; "
        "5.1 MB (5,100,000 bytes) left, which is a part and not the whole file. Reason given: "
        "\"case 4711\".");
}

static void
test_what_did_not_happen_is_not_told_as_if_it_had(void **state)
{
    (void)state;
    assert_non_null(
        strstr(say("{'action':'footage.export','outcome':'refused'}"), "Outcome: \"refused\"."));
    assert_non_null(strstr(say("{'action':'footage.export','detail':{'phase':'begin'},"
                               "'outcome':'ok'}"),
        "somebody unknown asked for an export"));
}

static void
test_text_from_outside_can_t_end_its_quotes_or_turn_the_line(void **state)
{
    (void)state;
    const char *words = say("{'action':'x\\u202e','actor':{'user':'a\\u0022, who is innocent\\n'},"
                            "'outcome':'ok','time':'\\u001b[31m'}");
    assert_null(strstr(words, "\xe2\x80\xae"));
    assert_null(strchr(words, '\n'));
    assert_null(strchr(words, '\x1b'));
    assert_non_null(strstr(words, "\"a', who is innocent"));
}

static void
test_of_a_sealed_name_its_mark_is_told(void **state)
{
    (void)state;
    const char *words = say("{'action':'footage.live','actor':{'user':"
                            "'sealed:2026-0123456789abcdef:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'},'outcome':'ok'}");
    assert_non_null(strstr(words, "user \"sealed:2026-0123456789abcdef\""));
}

static void
test_members_of_another_kind_are_not_said(void **state)
{
    (void)state;
    assert_non_null(strstr(
        say("{'action':7,'actor':'anna','bytes':'many','target':{'cameras':'yard'},'outcome':1}"),
        "somebody unknown did \"\""));
}

static void
test_only_a_good_export_has_a_digest_to_compare(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *digest;
    } rows[] = {
        {"{\"action\":\"footage.export\",\"outcome\":\"ok\",\"digest\":\"sha256:ab\"}",     "ab"},
        {"{\"action\":\"footage.export\",\"outcome\":\"failed\",\"digest\":\"sha256:ab\"}", NULL},
        {"{\"action\":\"footage.live\",\"outcome\":\"ok\",\"digest\":\"sha256:ab\"}",       NULL},
        {"{\"action\":\"footage.export\",\"outcome\":\"ok\",\"digest\":\"md5:ab\"}",        NULL},
        {"{\"action\":\"footage.export\",\"outcome\":\"ok\"}",                              NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *event = json_loads(rows[i].json, 0, NULL);
        const char *digest = events_export_digest(event);
        if (rows[i].digest == NULL) {
            assert_null(digest);
        } else {
            assert_string_equal(digest, rows[i].digest);
        }
        json_decref(event);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_export_is_told_whole),
        cmocka_unit_test(test_what_did_not_happen_is_not_told_as_if_it_had),
        cmocka_unit_test(test_text_from_outside_can_t_end_its_quotes_or_turn_the_line),
        cmocka_unit_test(test_of_a_sealed_name_its_mark_is_told),
        cmocka_unit_test(test_members_of_another_kind_are_not_said),
        cmocka_unit_test(test_only_a_good_export_has_a_digest_to_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
