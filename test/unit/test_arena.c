#include "base/arena.h"

#include "test.h"

static void
test_hands_out_zeroed_aligned_memory(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, 1 << 20);
    for (size_t size = 1; size < 5000; size += 37) {
        unsigned char *memory = arena_alloc(&arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(memory[i], 0);
        }
        memset(memory, 0xff, size);
    }
}

static void
test_refuses_more_than_its_limit(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, 4096);
    assert_null(arena_alloc(&arena, 5000));
    assert_true(arena.full);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    size_t got = 0;
    while (arena_alloc(&arena, 100) != NULL) {
        got += 100;
        assert_true(got <= 4096);
    }
    assert_true(got > 2000);
}

static void
test_copies_and_formats_text(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, 4096);
    assert_string_equal(arena_copy(&arena, "gate"), "gate");
    assert_string_equal(arena_copy_n(&arena, "gatehouse", 4), "gate");
    assert_string_equal(arena_format(&arena, "%d/%s", 24, "x"), "24/x");
    assert_null(arena_copy(&arena, NULL));
}

static void
test_hands_out_lent_memory_first(void **state)
{
    (void)state;
    _Alignas(max_align_t) unsigned char lent[512];
    CLEANUP(arena_release) struct arena arena;
    memset(lent, 0xff, sizeof(lent));
    arena_init(&arena, 1 << 20);
    arena_lend(&arena, lent, sizeof(lent));
    unsigned char *first = arena_alloc(&arena, 100);
    unsigned char *second = arena_alloc(&arena, 4000);
    assert_true(first > lent && first + 100 <= lent + sizeof(lent));
    assert_true(second < lent || second >= lent + sizeof(lent));
    assert_int_equal(first[99], 0);
    assert_int_equal(second[3999], 0);
    arena_release(&arena);
    assert_non_null(arena_alloc(&arena, 100));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hands_out_zeroed_aligned_memory),
        cmocka_unit_test(test_refuses_more_than_its_limit),
        cmocka_unit_test(test_copies_and_formats_text),
        cmocka_unit_test(test_hands_out_lent_memory_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
