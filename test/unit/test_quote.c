#include "audit/quote.h"

#include "test.h"

static void
shows(const char *line, const char *expected)
{
    char out[300];
    quote_line(out, sizeof(out), line, strlen(line));
    assert_string_equal(out, expected);
}

static void
test_hides_the_account_of_an_address(void **state)
{
    (void)state;
    shows("  - path: rtsp://viewer:s3cret@192.0.2.5:554/live",
        "- path: rtsp://***@192.0.2.5:554/live");
    shows("rtsp://a:b@c@192.0.2.5/x?user=a&password=b", "rtsp://***@192.0.2.5/x?***");
    shows("proxy_pass http://192.0.2.9:5000;", "proxy_pass http://192.0.2.9:5000;");
}

static void
test_hides_what_a_name_says_is_secret(void **state)
{
    (void)state;
    shows("password: hunter2 # old", "password: ***");
    shows("ZM_DB_PASS=zmpass", "ZM_DB_PASS=***");
    shows("\"mailPass\": \"x y\", \"port\": 8080", "\"mailPass\": ***");
    shows("PrivateKey = aB+c/d=", "PrivateKey = ***");
    shows("secret \"abc\"", "secret ***");
    shows("'db_password'=>'x'", "'db_password'=***");
    shows(
        "proxy_set_header Authorization \"Basic dXNlcjpw\";", "proxy_set_header Authorization ***");
}

static void
test_keeps_plain_words_and_settings(void **state)
{
    (void)state;
    shows("  enabled: false", "enabled: false");
    shows("cookie_secure: false", "cookie_secure: false");
    shows("  reset_admin_password: true", "reset_admin_password: true");
    shows("- \"127.0.0.1:5000:5000\"", "- \"127.0.0.1:5000:5000\"");
    shows("auth-user-pass-verify /etc/x.sh via-file", "auth-user-pass-verify /etc/x.sh via-file");
}

static void
test_hides_log_in_headers_and_random_text(void **state)
{
    (void)state;
    shows("header Basic dXNlcjpwYXNz", "header Basic ***");
    shows("Bob $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT5ft1x", "Bob ***");
    shows("alias /srv/0123456789abcdef0123456789abcdef", "alias /srv/***");
}

static void
test_cuts_at_size_and_cleans(void **state)
{
    (void)state;
    char out[8];
    quote_line(out, sizeof(out), "a\x01\x02long line", 12);
    assert_string_equal(out, "a??long");
    quote_line(out, 1, "abc", 3);
    assert_string_equal(out, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hides_the_account_of_an_address),
        cmocka_unit_test(test_hides_what_a_name_says_is_secret),
        cmocka_unit_test(test_keeps_plain_words_and_settings),
        cmocka_unit_test(test_hides_log_in_headers_and_random_text),
        cmocka_unit_test(test_cuts_at_size_and_cleans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
