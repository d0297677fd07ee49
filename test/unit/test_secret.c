#include "base/secret.h"

#include "test.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void
test_equal_secrets_share_a_mark_and_others_do_not(void **state)
{
    (void)state;
    uint8_t marks[3][SECRET_MARK];
    static const char *const texts[] = {"Zebra", "Zebra", "zebra"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct secret *secret = secret_new_text(texts[i]);
        secret_mark(secret, marks[i]);
        secret_free(secret);
    }
    assert_memory_equal(marks[0], marks[1], SECRET_MARK);
    assert_memory_not_equal(marks[0], marks[2], SECRET_MARK);
}

static void
test_a_guarded_process_gives_no_dump(void **state)
{
    (void)state;
#ifndef __SANITIZE_ADDRESS__
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool is_closed = secret_guard() == OK && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
        _exit(is_closed ? 10 : 20);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 10);
#endif
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_texts_of_any_length),
        cmocka_unit_test(test_random_secrets_differ),
        cmocka_unit_test(test_equal_secrets_share_a_mark_and_others_do_not),
        cmocka_unit_test(test_a_guarded_process_gives_no_dump),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
