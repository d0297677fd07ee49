#include "identity/factor.h"

#include "base/text.h"
#include "identity_scratch.h"

#include <ctype.h>

static void
make(struct scratch *scratch, const char *user, char codes[FACTOR_CODES][FACTOR_CODE])
{
    assert_int_equal(factor_recovery_new(scratch->identity, user, codes), OK);
}

static unsigned
left(struct scratch *scratch, const char *name)
{
    struct user user;
    assert_int_equal(user_find(scratch->identity, name, &user), OK);
    return user.recovery_left;
}

static void
test_ten_codes_of_sixteen_signs_that_can_be_told_apart(void **state)
{
    struct scratch *scratch = *state;
    char codes[FACTOR_CODES][FACTOR_CODE];
    scratch_user(scratch, "anna", false);
    make(scratch, "anna", codes);
    for (size_t i = 0; i < FACTOR_CODES; i++) {
        assert_int_equal(strlen(codes[i]), 19);
        assert_int_equal(strspn(codes[i], "ABCDEFGHJKLMNPQRSTUVWXYZ23456789-"), 19);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(codes[i], codes[k]);
        }
    }
    assert_int_equal(left(scratch, "anna"), FACTOR_CODES);
}

static void
test_a_code_is_taken_once_also_after_a_restart(void **state)
{
    struct scratch *scratch = *state;
    char codes[FACTOR_CODES][FACTOR_CODE];
    scratch_user(scratch, "anna", false);
    make(scratch, "anna", codes);
    assert_int_equal(factor_recovery_take(scratch->identity, "anna", codes[3]), OK);
    assert_int_equal(factor_recovery_take(scratch->identity, "anna", codes[3]), ERR_VALUE);
    scratch_again(scratch);
    assert_int_equal(factor_recovery_take(scratch->identity, "anna", codes[3]), ERR_VALUE);
    assert_int_equal(left(scratch, "anna"), FACTOR_CODES - 1);
}

static void
test_new_codes_stop_the_old_ones(void **state)
{
    struct scratch *scratch = *state;
    char old[FACTOR_CODES][FACTOR_CODE];
    char new[FACTOR_CODES][FACTOR_CODE];
    scratch_user(scratch, "anna", false);
    make(scratch, "anna", old);
    assert_int_equal(factor_recovery_take(scratch->identity, "anna", old[0]), OK);
    make(scratch, "anna", new);
    for (size_t i = 0; i < FACTOR_CODES; i++) {
        assert_int_equal(factor_recovery_take(scratch->identity, "anna", old[i]), ERR_VALUE);
    }
    assert_int_equal(left(scratch, "anna"), FACTOR_CODES);
    assert_int_equal(factor_recovery_take(scratch->identity, "anna", new[9]), OK);
}

static void
test_letter_case_and_dashes_do_not_matter(void **state)
{
    struct scratch *scratch = *state;
    char codes[FACTOR_CODES][FACTOR_CODE];
    char typed[64];
    size_t len = 0;
    scratch_user(scratch, "anna", false);
    make(scratch, "anna", codes);
    for (size_t i = 0; codes[0][i] != '\0'; i++) {
        if (codes[0][i] != '-') {
            typed[len++] = (char)tolower(codes[0][i]);
        }
    }
    memcpy(typed + len, " ", 2);
    assert_int_equal(factor_recovery_take(scratch->identity, "anna", typed), OK);
}

static void
test_what_is_no_code_is_refused(void **state)
{
    static const char *const codes[] = {"", "-", "ABCD-EFGH-JKLM-NPQ", "ABCD-EFGH-JKLM-NPQRS",
        "ABCD-EFGH-JKLM-NPQ1", "ABCD-EFGH-JKLM-NPQ\xc3\xa4", "ABCD-EFGH-JKLM-NPQR",
        "---------------------------------------------------------------ABCDEFGHJKLMNPQR"};
    struct scratch *scratch = *state;
    char made[FACTOR_CODES][FACTOR_CODE];
    scratch_user(scratch, "anna", false);
    make(scratch, "anna", made);
    for (size_t i = 0; i < COUNT(codes); i++) {
        assert_int_equal(factor_recovery_take(scratch->identity, "anna", codes[i]), ERR_VALUE);
    }
    assert_int_equal(left(scratch, "anna"), FACTOR_CODES);
}

static void
test_a_code_of_another_account_or_a_disabled_one_is_refused(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    char codes[FACTOR_CODES][FACTOR_CODE];
    scratch_user(scratch, "anna", false);
    scratch_user(scratch, "berta", false);
    make(scratch, "anna", codes);
    assert_int_equal(factor_recovery_take(scratch->identity, "berta", codes[0]), ERR_VALUE);
    assert_int_equal(factor_recovery_take(scratch->identity, "nobody", codes[0]), ERR_VALUE);
    assert_int_equal(factor_recovery_new(scratch->identity, "nobody", codes), ERR_MISSING);
    assert_int_equal(user_set_disabled(scratch->identity, "anna", true, &note), OK);
    assert_int_equal(factor_recovery_take(scratch->identity, "anna", codes[0]), ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_ten_codes_of_sixteen_signs_that_can_be_told_apart),
        SCRATCH_TEST(test_a_code_is_taken_once_also_after_a_restart),
        SCRATCH_TEST(test_new_codes_stop_the_old_ones),
        SCRATCH_TEST(test_letter_case_and_dashes_do_not_matter),
        SCRATCH_TEST(test_what_is_no_code_is_refused),
        SCRATCH_TEST(test_a_code_of_another_account_or_a_disabled_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
