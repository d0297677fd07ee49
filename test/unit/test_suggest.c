#include "base/suggest.h"

#include "test.h"

static const char *const words[] = {"scope", "store", "waivers", "name"};

static void
test_suggests_the_word_that_was_meant(void **state)
{
    (void)state;
    assert_string_equal(suggest_nearest("scoep", words, COUNT(words)), "scope");
    assert_string_equal(suggest_nearest("Stoer", words, COUNT(words)), "store");
    assert_string_equal(suggest_nearest("waiver", words, COUNT(words)), "waivers");
}

static void
test_suggests_nothing_for_another_word(void **state)
{
    (void)state;
    assert_null(suggest_nearest("firewall", words, COUNT(words)));
    assert_null(suggest_nearest("x", words, COUNT(words)));
    assert_null(suggest_nearest("", words, COUNT(words)));
    assert_null(suggest_nearest(
        "a word that is much longer than any of the known words are", words, COUNT(words)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suggests_the_word_that_was_meant),
        cmocka_unit_test(test_suggests_nothing_for_another_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
