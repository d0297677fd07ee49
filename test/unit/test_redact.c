#include "codec/redact.h"

#include "test.h"

static void
test_takes_secrets_out_of_every_spelling(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "GET http://10.0.0.7:88/cgi-bin/CGIProxy.fcgi?cmd=getDevInfo&usr=admin&pwd=hunter2",
        "POST /cgi-bin/api.cgi?cmd=GetDevInfo&token=hunter2",
        "{\"User\":{\"userName\":\"admin\",\"password\":\"hunter2\"}}",
        "{\"password\" : \"hunter2\"}",
        "Authorization: Basic hunter2 hunter2\r\nX: y",
        "<verificationCode>hunter2</verificationCode>",
        "userManager.cgi?action=modifyPassword&name=a&pwd=hunter2&pwdOld=hunter2",
        "pass=hunter2",
        "session='hunter2'",
        "var user1_pwd='hunter2';",
        "security_user_i0_pass='hunter2'",
        "root.SNMP.InitialUserPasswd=hunter2",
        "{\"url\":\"rtsp://viewer:hunter2@10.0.0.7:554/11\"}",
        "{\"url\":\"rtsp:\\/\\/viewer:hunter2@10.0.0.7:554\\/11\"}",
        "http://hunter2@10.0.0.7/",
        "rtsps://viewer:a/b@hunter2@10.0.0.7/11",
        "{\"password\":\"one, two; hunter2&more\"}",
        "{\"password\":\"a\\\"hunter2\"}",
        "<password>one, two; hunter2&amp;more</password>",
        "root.SNMP.V1ReadCommunity=hunter2",
        "<readCommunity>hunter2</readCommunity>",
        "{\"access_token\":\"hunter2\",\"id\":1}",
        "ZM_AUTH_HASH_SECRET='hunter2'",
        "{\"api_key\": \"hunter2\"}",
        "PrivateKey = hunter2",
        "SessionID=hunter2",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[256];
        redact_text(out, sizeof(out), rows[i]);
        assert_null(strstr(out, "hunter2"));
        assert_non_null(strstr(out, "***"));
    }
}

static void
test_leaves_everything_else(void **state)
{
    (void)state;
    static const char text[] =
        "GET http://10.0.0.7/cgi-bin/a?cmd=b&passive=1&compass=n password to=a@b.example";
    char out[256];
    redact_text(out, sizeof(out), text);
    assert_string_equal(out, text);
}

static void
test_cuts_at_the_size(void **state)
{
    (void)state;
    char out[8];
    redact_text(out, sizeof(out), "abcdefghijk");
    assert_string_equal(out, "abcdefg");
    redact_text(out, sizeof(out), "pwd=abcdef");
    assert_string_equal(out, "pwd=***");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_secrets_out_of_every_spelling),
        cmocka_unit_test(test_leaves_everything_else),
        cmocka_unit_test(test_cuts_at_the_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
