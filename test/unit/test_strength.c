#include "base/strength.h"

#include "test.h"

#include <stdio.h>
#include <string.h>

static const char *
trouble(const char *text, const struct strength_words *words)
{
    struct secret *secret = secret_new_text(text);
    const char *why = strength_trouble(secret, words);
    secret_free(secret);
    return why;
}

static void
test_says_why_a_password_is_weak_without_saying_it(void **state)
{
    static const struct {
        const char *password, *why;
    } rows[] = {
        {"",             "it is short"                                    },
        {"k7#Qz2!",      "it is short"                                    },
        {"password1",    "it is made of common words or passwords"        },
        {"~~~~~~~~~~~~", "it repeats itself"                              },
        {"abcdefghijkl", "it is a row of letters or digits in their order"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(trouble(rows[i].password, NULL), rows[i].why);
    }
}

static void
test_takes_long_ones_without_words_for_strong(void **state)
{
    static const char *const rows[] = {
        "Zebra-Kettle-93-Ohm", "q8$Lm!2vXz0p", "Walnut_Glacier_5", "copper violin under ferry"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_null(trouble(rows[i], NULL));
    }
}

static void
test_knows_the_words_of_the_place(void **state)
{
    (void)state;
    struct strength_words words = {.count = 0};
    assert_null(trouble("Zwiesel-Xquorbit", &words));
    strength_add(&words, "Zwiesel");
    strength_add(&words, "DS-2CD2032 Xquorbit");
    assert_non_null(strstr(trouble("Zwiesel-Xquorbit", &words), "names of its site"));
}

static void
test_takes_apart_texts_and_leaves_out_what_does_not_fit(void **state)
{
    (void)state;
    struct strength_words words = {.count = 0};
    strength_add(&words, NULL);
    strength_add(&words, "Corner Shop, no 2");
    assert_int_equal(words.count, 3);
    assert_string_equal(words.text[0], "corner shop, no 2");
    assert_string_equal(words.text[1], "corner");
    assert_string_equal(words.text[2], "shop");
    strength_add(&words, "SHOP");
    assert_int_equal(words.count, 3);
    strength_add(&words, "aVeryLongWordThatIsLongerThanAnyNameOfADevice");
    assert_int_equal(words.count, 3);
    for (int i = 0; i < 200; i++) {
        char word[16];
        (void)snprintf(word, sizeof(word), "word%d", i);
        strength_add(&words, word);
    }
    assert_int_equal(words.count, STRENGTH_WORDS);
}

static void
test_bears_the_longest_password(void **state)
{
    (void)state;
    char text[257];
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        text[i] = "aA1!"[i % 4];
    }
    text[256] = '\0';
    (void)trouble(text, NULL);
    memset(text, 'a', 256);
    assert_non_null(trouble(text, NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_why_a_password_is_weak_without_saying_it),
        cmocka_unit_test(test_takes_long_ones_without_words_for_strong),
        cmocka_unit_test(test_knows_the_words_of_the_place),
        cmocka_unit_test(test_takes_apart_texts_and_leaves_out_what_does_not_fit),
        cmocka_unit_test(test_bears_the_longest_password),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
