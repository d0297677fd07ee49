#include "base/secret.h"

#include "test.h"

static void
test_keeps_texts_of_any_length(void **state)
{
    (void)state;
    static const char text[] = "0123456789abcdefghijklmnop";
    for (size_t len = 0; len < sizeof(text); len++) {
        struct secret *secret = secret_new(text, len);
        struct secret *same = secret_new(text, len);
        assert_non_null(secret);
        assert_non_null(same);
        assert_int_equal((uintptr_t)secret % _Alignof(size_t), 0);
        assert_int_equal(secret_len(secret), len);
        assert_memory_equal(secret_text(secret), text, len);
        assert_int_equal(secret_text(secret)[len], '\0');
        assert_true(secret_equal(secret, same));
        secret_free(secret);
        secret_free(same);
    }
}

static void
test_random_secrets_differ(void **state)
{
    (void)state;
    struct secret *a = secret_new_random(12);
    struct secret *b = secret_new_random(12);
    assert_int_equal(secret_len(a), 12);
    assert_false(secret_equal(a, b));
    secret_free(a);
    secret_free(b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_texts_of_any_length),
        cmocka_unit_test(test_random_secrets_differ),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
