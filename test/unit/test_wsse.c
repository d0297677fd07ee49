#include "codec/wsse.h"

#include "codec/soap.h"

#include "test.h"

static struct arena arena;

/* ONVIF Application Programmer's Guide, section 6.1.1.3. */
static const struct wsse_user example = {
    .user = "user",
    .password = "userpassword",
    .nonce = {0x2c, 0xaa, 0x88, 0xe8, 0x6f, 0xc0, 0x8a, 0x42, 0x82, 0x42, 0xb3, 0x74, 0xce, 0xa6,
              0x45, 0x96},
    .created = INT64_C(1284623445000),
};

static void
test_gives_the_digest_of_the_onvif_guide(void **state)
{
    (void)state;
    char digest[64];
    assert_int_equal(wsse_digest(&example, "2010-09-16T07:50:45Z", digest, sizeof(digest)), OK);
    assert_string_equal(digest, "tuOSpGlFlIXsozq4HFNeeGeFLEI=");
}

static void
test_puts_the_header_before_the_body(void **state)
{
    (void)state;
    const char *envelope = NULL;
    assert_int_equal(wsse_dress(SOAP_GET_DEVICE_INFORMATION, &example, &arena, &envelope), OK);
    const char *header = strstr(envelope, "<s:Header>");
    assert_non_null(header);
    assert_true(header < strstr(envelope, "<s:Body"));
    assert_non_null(strstr(envelope, "tuOSpGlFlIXsozq4HFNeeGeFLEI="));
    assert_non_null(strstr(envelope, "LKqI6G/AikKCQrN0zqZFlg=="));
    assert_non_null(strstr(envelope, ">2010-09-16T07:50:45Z<"));
    assert_null(strstr(envelope, "userpassword"));
}

static void
test_escapes_the_user_name(void **state)
{
    (void)state;
    struct wsse_user user = example;
    user.user = "a<b&c>";
    const char *envelope = NULL;
    assert_int_equal(wsse_dress(SOAP_GET_SCOPES, &user, &arena, &envelope), OK);
    assert_non_null(strstr(envelope, "<Username>a&lt;b&amp;c&gt;</Username>"));
}

static void
test_refuses_an_envelope_without_a_body(void **state)
{
    (void)state;
    const char *envelope = NULL;
    assert_int_equal(wsse_dress("<x/>", &example, &arena, &envelope), ERR_SYNTAX);
    assert_int_equal(wsse_dress(NULL, &example, &arena, &envelope), ERR_SYNTAX);
    assert_int_equal(wsse_dress("<s:Header/><s:Body/>", &example, &arena, &envelope), ERR_SYNTAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_the_digest_of_the_onvif_guide),
        cmocka_unit_test(test_puts_the_header_before_the_body),
        cmocka_unit_test(test_escapes_the_user_name),
        cmocka_unit_test(test_refuses_an_envelope_without_a_body),
    };
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
