#include "codec/httpauth.h"

#include "test.h"

#include "answer.h"

static struct arena arena;

static const char *
answer_to(const char *challenge_text, const struct httpauth_user *user)
{
    struct httpauth_challenge challenge;
    struct ask ask = {.path = "/dir/index.html"};
    const char *value = NULL;
    assert_int_equal(httpauth_parse(challenge_text, &challenge), OK);
    assert_int_equal(httpauth_answer(&challenge, user, &ask, &arena, &value), OK);
    return value;
}

static void
test_gives_the_response_of_rfc_2617(void **state)
{
    (void)state;
    struct httpauth_user user = {"Mufasa", "Circle Of Life", "0a4f113b", 1};
    const char *value = answer_to(
        "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
        "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
        &user);
    assert_non_null(strstr(value, "response=\"6629fae49393a05397450978507c4ef1\""));
    assert_non_null(strstr(value, "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""));
    assert_non_null(strstr(value, "qop=auth, nc=00000001"));
    assert_null(strstr(value, "algorithm"));
}

#define RFC_7616                                                                                   \
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=%s, "               \
    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "                                     \
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""

static void
test_gives_both_responses_of_rfc_7616(void **state)
{
    (void)state;
    static const struct {
        const char *algorithm;
        const char *response;
    } rows[] = {
        {"MD5",     "8ca523f5e9506fed4657c9700eebdbec"                                },
        {"SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
    };
    struct httpauth_user user = {
        "Mufasa", "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 1};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = arena_format(&arena, RFC_7616, rows[i].algorithm);
        const char *value = answer_to(text, &user);
        assert_non_null(strstr(value, rows[i].response));
        assert_non_null(strstr(value, rows[i].algorithm));
    }
}

static void
test_gives_the_response_of_rfc_2069_without_qop(void **state)
{
    (void)state;
    struct httpauth_user user = {"Mufasa", "CircleOfLife", "unused", 1};
    const char *value = answer_to("Digest realm=\"testrealm@host.com\", "
                                  "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"",
        &user);
    /* RFC errata 749 */
    assert_non_null(strstr(value, "1949323746fe6a43ef61f9606e7febea"));
    assert_null(strstr(value, "qop"));
    assert_null(strstr(value, "cnonce"));
}

static void
test_hashes_the_session_too(void **state)
{
    (void)state;
    struct httpauth_user user = {"admin", "12345", "0a4f113b", 1};
    const char *value =
        answer_to("Digest realm=\"r\", qop=\"auth\", nonce=\"n\", algorithm=MD5-sess", &user);
    /* computed with Python's hashlib by RFC 7616 section 3.4.2 */
    assert_non_null(strstr(value, "4813453155883713bd87fb2274be2201"));
    assert_non_null(strstr(value, "algorithm=MD5-sess"));
}

static void
test_answers_basic(void **state)
{
    (void)state;
    struct httpauth_user user = {"Aladdin", "open sesame", "", 1};
    assert_string_equal(
        answer_to("Basic realm=\"WallyWorld\"", &user), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

static void
test_takes_the_strongest_of_several_challenges(void **state)
{
    (void)state;
    struct httpauth_challenge challenge;
    assert_int_equal(httpauth_parse("Basic realm=\"a, b\", Digest realm=\"d\\\"q\", nonce=\"n1\", "
                                    "stale=TRUE, Digest realm=\"d2\", nonce=\"n2\", "
                                    "algorithm=SHA-256, qop=\"auth\", Negotiate",
                         &challenge),
        OK);
    assert_int_equal(challenge.scheme, HTTPAUTH_DIGEST);
    assert_int_equal(challenge.hash, DIGEST_SHA256);
    assert_string_equal(challenge.realm, "d2");
    assert_false(challenge.stale);
    struct answer answer = answer_of(401,
        "WWW-Authenticate: Basic realm=\"x\"\r\n"
        "www-authenticate: Digest realm=\"d\\\"q\", nonce=\"n\", stale=true\r\n",
        "");
    assert_int_equal(httpauth_challenge(&answer, &challenge), OK);
    assert_string_equal(challenge.realm, "d\"q");
    assert_true(challenge.stale);
}

static void
test_quotes_the_realm_again(void **state)
{
    (void)state;
    struct httpauth_user user = {"u", "p", "c", 1};
    const char *value = answer_to("Digest realm=\"d\\\"q\", nonce=\"n\"", &user);
    assert_non_null(strstr(value, "realm=\"d\\\"q\""));
}

static void
test_refuses_what_it_cannot_answer(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Digest",
        "Digest realm=\"r\"",
        "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256",
        "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",
        "Negotiate YII=, Bearer realm=\"x\"",
        ",,,===\"\"\"",
        "realm=\"no scheme\"",
    };
    struct httpauth_challenge challenge;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(httpauth_parse(bad[i], &challenge), ERR_MISSING);
    }
}

static void
test_refuses_a_realm_of_10000_characters(void **state)
{
    (void)state;
    char text[10100] = "Digest nonce=\"n\", realm=\"";
    size_t start = strlen(text);
    memset(text + start, 'r', 10000);
    memcpy(text + start + 10000, "\"", 2);
    struct httpauth_challenge challenge;
    assert_int_equal(httpauth_parse(text, &challenge), ERR_LIMIT);
}

static void
test_refuses_a_user_name_that_breaks_out(void **state)
{
    (void)state;
    struct httpauth_challenge challenge;
    struct httpauth_user user = {"a\"\r\nX: y", "p", "c", 1};
    struct ask ask = {.path = "/"};
    const char *value = NULL;
    assert_int_equal(httpauth_parse("Basic realm=\"r\"", &challenge), OK);
    assert_int_equal(httpauth_answer(&challenge, &user, &ask, &arena, &value), ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_the_response_of_rfc_2617),
        cmocka_unit_test(test_gives_both_responses_of_rfc_7616),
        cmocka_unit_test(test_gives_the_response_of_rfc_2069_without_qop),
        cmocka_unit_test(test_hashes_the_session_too),
        cmocka_unit_test(test_answers_basic),
        cmocka_unit_test(test_takes_the_strongest_of_several_challenges),
        cmocka_unit_test(test_quotes_the_realm_again),
        cmocka_unit_test(test_refuses_what_it_cannot_answer),
        cmocka_unit_test(test_refuses_a_realm_of_10000_characters),
        cmocka_unit_test(test_refuses_a_user_name_that_breaks_out),
    };
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
