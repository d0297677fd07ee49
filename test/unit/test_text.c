#include "base/text.h"

#include "test.h"

static void
test_compares_without_a_locale(void **state)
{
    (void)state;
    assert_true(text_equal_nocase("Hikvision", "HIKVISION"));
    assert_false(text_equal_nocase("Hik", "Hikv"));
    assert_true(text_equal(NULL, ""));
    assert_true(text_starts_nocase("Login to 4C0", "login TO"));
    assert_true(text_ends("build 210628", "0628"));
    assert_true(text_contains_nocase("xx DNVRS-Webs", "dnvrs"));
    assert_false(text_contains_nocase("short", "a longer part"));
}

static void
test_reads_numbers_within_bounds(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_int_equal(text_to_u64("65535", 65535, &value), OK);
    assert_int_equal(value, 65535);
    assert_int_equal(text_to_u64("18446744073709551615", UINT64_MAX, &value), OK);
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "0x1", "65536", "99999999999999999999"};
    value = 7;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(text_to_u64(bad[i], 65535, &value), ERR_VALUE);
    }
    assert_int_equal(text_to_u64("9", 3, &value), ERR_VALUE);
    assert_int_equal(value, 7);
}

static void
test_reads_booleans_as_devices_write_them(void **state)
{
    (void)state;
    bool value = true;
    assert_int_equal(text_to_bool("flase", &value), OK);
    assert_false(value);
    assert_int_equal(text_to_bool("TRUE", &value), OK);
    assert_true(value);
    assert_int_equal(text_to_bool("oneclick", &value), ERR_VALUE);
}

static void
test_cleans_what_could_deceive_a_reader(void **state)
{
    (void)state;
    char out[32];
    text_clean(out, sizeof(out),
        "a\x1b[31m\xe2\x80\xae"
        "b\xff\xc3\xa9",
        13);
    assert_string_equal(out, "a?[31m?b?\xc3\xa9");
    text_clean(out, sizeof(out), "one\r\ntwo", 8);
    assert_string_equal(out, "one  two");
    char small[4];
    text_clean(small, sizeof(small), "ab\xc3\xa9", 4);
    assert_string_equal(small, "ab");
}

static void
test_trims_and_copies(void **state)
{
    (void)state;
    char text[] = "  a b \r\n";
    assert_string_equal(text_trim(text), "a b");
    char out[4];
    assert_false(text_copy(out, sizeof(out), "long text"));
    assert_string_equal(out, "lon");
    char hex[7];
    text_hex(hex, (const uint8_t *)"\x01\xab\xff", 3);
    assert_string_equal(hex, "01abff");
}

static void
test_takes_only_shortest_forms_of_characters(void **state)
{
    (void)state;
    uint32_t point = 0;
    assert_int_equal(text_utf8("\xe2\x80\x94", 3, &point), 3);
    assert_int_equal(point, 0x2014);
    assert_int_equal(text_utf8("\xf4\x8f\xbf\xbf", 4, &point), 4);
    static const char *const bad[] = {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xe2\x80", "\xff", "\xf8\x88\x80\x80\x80"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(text_utf8(bad[i], strlen(bad[i]), &point), 0);
    }
    assert_int_equal(text_utf8("", 0, &point), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compares_without_a_locale),
        cmocka_unit_test(test_takes_only_shortest_forms_of_characters),
        cmocka_unit_test(test_reads_numbers_within_bounds),
        cmocka_unit_test(test_reads_booleans_as_devices_write_them),
        cmocka_unit_test(test_cleans_what_could_deceive_a_reader),
        cmocka_unit_test(test_trims_and_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
