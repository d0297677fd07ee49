#include "identity/factor.h"

#include "base/text.h"
#include "identity_scratch.h"

#include <liboath/oath.h>
#include <sys/wait.h>

#define STEP INT64_C(30000)

/* The code that an authenticator which scanned the URI shows at that time. */
static void
code_at(const char *uri, int64_t at, char code[8])
{
    const char *secret = strstr(uri, "?secret=") + strlen("?secret=");
    char base32[64];
    char *key = NULL;
    size_t len = 0;
    (void)snprintf(base32, sizeof(base32), "%.*s", (int)strcspn(secret, "&"), secret);
    assert_int_equal(oath_base32_decode(base32, strlen(base32), &key, &len), OATH_OK);
    assert_int_equal(len, 20);
    assert_int_equal(oath_totp_generate(key, len, at / 1000, 30, 0, 6, code), OATH_OK);
    free(key);
}

static void
begin(struct scratch *scratch, const char *user, char uri[FACTOR_TOTP_URI])
{
    struct note note = {""};
    if (factor_totp_begin(scratch->identity, user, "Gatehouse", uri, &note) != OK) {
        fail_msg("%s", note.text);
    }
}

static enum err
take_at(struct scratch *scratch, const char *user, const char *uri, int64_t shown, int64_t now)
{
    char code[8];
    code_at(uri, shown, code);
    return factor_totp_take(scratch->identity, user, code, now);
}

/* An account whose secret was confirmed two steps ago, so that now is untouched. */
static void
enrol(struct scratch *scratch, const char *user, char uri[FACTOR_TOTP_URI])
{
    char code[8];
    scratch_user(scratch, user, false);
    begin(scratch, user, uri);
    code_at(uri, SCRATCH_NOON - 3 * STEP, code);
    assert_int_equal(
        factor_totp_confirm(scratch->identity, user, code, SCRATCH_NOON - 3 * STEP), OK);
}

static void
test_uri_names_issuer_and_account_safely(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    char uri[FACTOR_TOTP_URI];
    scratch_user(scratch, "anna@example", false);
    assert_int_equal(
        factor_totp_begin(scratch->identity, "anna@example", "A&B: \"x\"?", uri, &note), OK);
    assert_true(text_starts(uri, "otpauth://totp/A%26B%3A%20%22x%22%3F:anna%40example?secret="));
    assert_true(text_ends(uri, "&issuer=A%26B%3A%20%22x%22%3F&algorithm=SHA1&digits=6&period=30"));
    assert_int_equal(factor_totp_begin(scratch->identity, "nobody", "G", uri, &note), ERR_MISSING);
}

static void
test_a_secret_counts_only_when_confirmed(void **state)
{
    struct scratch *scratch = *state;
    char uri[FACTOR_TOTP_URI];
    char code[8];
    struct user user;
    scratch_user(scratch, "anna", false);
    begin(scratch, "anna", uri);
    assert_int_equal(take_at(scratch, "anna", uri, SCRATCH_NOON, SCRATCH_NOON), ERR_VALUE);
    assert_int_equal(
        factor_totp_confirm(scratch->identity, "anna", "000000", SCRATCH_NOON), ERR_VALUE);
    assert_int_equal(user_find(scratch->identity, "anna", &user), OK);
    assert_false(user.has_totp);
    code_at(uri, SCRATCH_NOON, code);
    assert_int_equal(factor_totp_confirm(scratch->identity, "anna", code, SCRATCH_NOON), OK);
    assert_int_equal(user_find(scratch->identity, "anna", &user), OK);
    assert_true(user.has_totp);
    assert_int_equal(factor_totp_confirm(scratch->identity, "anna", code, SCRATCH_NOON), ERR_VALUE);
}

static void
test_the_code_that_confirmed_does_not_log_in(void **state)
{
    struct scratch *scratch = *state;
    char uri[FACTOR_TOTP_URI];
    char code[8];
    scratch_user(scratch, "anna", false);
    begin(scratch, "anna", uri);
    code_at(uri, SCRATCH_NOON, code);
    assert_int_equal(factor_totp_confirm(scratch->identity, "anna", code, SCRATCH_NOON), OK);
    assert_int_equal(factor_totp_take(scratch->identity, "anna", code, SCRATCH_NOON), ERR_VALUE);
    assert_int_equal(take_at(scratch, "anna", uri, SCRATCH_NOON + STEP, SCRATCH_NOON + STEP), OK);
}

static void
test_a_step_is_taken_once_also_after_a_restart(void **state)
{
    struct scratch *scratch = *state;
    char uri[FACTOR_TOTP_URI];
    enrol(scratch, "anna", uri);
    assert_int_equal(take_at(scratch, "anna", uri, SCRATCH_NOON, SCRATCH_NOON), OK);
    assert_int_equal(take_at(scratch, "anna", uri, SCRATCH_NOON, SCRATCH_NOON), ERR_VALUE);
    scratch_again(scratch);
    assert_int_equal(take_at(scratch, "anna", uri, SCRATCH_NOON, SCRATCH_NOON), ERR_VALUE);
    /* Nor an earlier one, though it is inside the window. */
    assert_int_equal(take_at(scratch, "anna", uri, SCRATCH_NOON - STEP, SCRATCH_NOON), ERR_VALUE);
}

static void
test_steps_one_away_are_taken_and_two_away_refused(void **state)
{
    static const struct {
        int64_t shown, now;
        enum err err;
    } rows[] = {
        {-2 * STEP,       0,        ERR_VALUE},
        {+2 * STEP,       0,        ERR_VALUE},
        {-STEP - 1,       0,        ERR_VALUE}, /* the last moment of step -2 */
        {+2 * STEP,       STEP - 1, ERR_VALUE}, /* now is the last moment of its step */
        {-STEP,           0,        OK       },
        {0,               STEP,     OK       },
        {3 * STEP - 1000, STEP,     OK       },
    };
    struct scratch *scratch = *state;
    char uri[FACTOR_TOTP_URI];
    enrol(scratch, "anna", uri);
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum err err =
            take_at(scratch, "anna", uri, SCRATCH_NOON + rows[i].shown, SCRATCH_NOON + rows[i].now);
        if (err != rows[i].err) {
            fail_msg("row %zu: %s", i, err_words(err));
        }
    }
}

static void
test_what_is_no_code_is_refused(void **state)
{
    static const char *const codes[] = {"", "12345", "1234567", "12345a", "-12345", "１２３４５６",
        "      ", "000000000000000000000000000000000000"};
    struct scratch *scratch = *state;
    char uri[FACTOR_TOTP_URI];
    enrol(scratch, "anna", uri);
    for (size_t i = 0; i < COUNT(codes); i++) {
        assert_int_equal(
            factor_totp_take(scratch->identity, "anna", codes[i], SCRATCH_NOON), ERR_VALUE);
    }
    char code[8];
    char spaced[16];
    code_at(uri, SCRATCH_NOON, code);
    (void)snprintf(spaced, sizeof(spaced), "%.3s %s", code, code + 3);
    assert_int_equal(factor_totp_take(scratch->identity, "anna", spaced, SCRATCH_NOON), OK);
}

static void
test_a_code_of_another_account_or_a_disabled_one_is_refused(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    char anna[FACTOR_TOTP_URI];
    char berta[FACTOR_TOTP_URI];
    enrol(scratch, "anna", anna);
    enrol(scratch, "berta", berta);
    assert_int_equal(take_at(scratch, "berta", anna, SCRATCH_NOON, SCRATCH_NOON), ERR_VALUE);
    assert_int_equal(take_at(scratch, "nobody", anna, SCRATCH_NOON, SCRATCH_NOON), ERR_VALUE);
    assert_int_equal(user_set_disabled(scratch->identity, "anna", true, &note), OK);
    assert_int_equal(take_at(scratch, "anna", anna, SCRATCH_NOON, SCRATCH_NOON), ERR_VALUE);
}

static void
test_the_old_secret_works_until_the_new_one_is_confirmed(void **state)
{
    struct scratch *scratch = *state;
    char old[FACTOR_TOTP_URI];
    char new[FACTOR_TOTP_URI];
    char code[8];
    enrol(scratch, "anna", old);
    begin(scratch, "anna", new);
    assert_int_equal(take_at(scratch, "anna", new, SCRATCH_NOON, SCRATCH_NOON), ERR_VALUE);
    assert_int_equal(take_at(scratch, "anna", old, SCRATCH_NOON, SCRATCH_NOON), OK);
    code_at(new, SCRATCH_NOON + STEP, code);
    assert_int_equal(factor_totp_confirm(scratch->identity, "anna", code, SCRATCH_NOON + STEP), OK);
    int64_t later = SCRATCH_NOON + 3 * STEP;
    assert_int_equal(take_at(scratch, "anna", old, later, later), ERR_VALUE);
    assert_int_equal(take_at(scratch, "anna", new, later, later), OK);
}

#define PROCESSES 8

/* Eight programs with the same code on one database, in each of five steps. */
static void
test_of_many_at_once_with_one_code_exactly_one_succeeds(void **state)
{
    struct scratch *scratch = *state;
    char uri[FACTOR_TOTP_URI];
    enrol(scratch, "anna", uri);
    for (int64_t step = 0; step < 5; step++) {
        pid_t children[PROCESSES];
        unsigned taken = 0;
        int64_t now = SCRATCH_NOON + step * STEP;
        for (unsigned i = 0; i < PROCESSES; i++) {
            children[i] = fork();
            if (children[i] == 0) {
                struct scratch own = *scratch;
                unsigned mine = 0;
                if (identity_open(scratch->folder, &own.identity, NULL) != OK) {
                    _exit(100);
                }
                for (unsigned k = 0; k < 6; k++) {
                    mine += take_at(&own, "anna", uri, now, now) == OK;
                }
                _exit((int)mine);
            }
        }
        for (unsigned i = 0; i < PROCESSES; i++) {
            int status = 0;
            assert_int_equal(waitpid(children[i], &status, 0), children[i]);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 100);
            taken += (unsigned)WEXITSTATUS(status);
        }
        assert_int_equal(taken, 1);
    }
}

#define MODULES 128

/* What a picture shows: 1 dark. */
struct picture {
    char rows[MODULES][MODULES];
    int size;
};

static void
read_text_picture(const char *text, struct picture *out)
{
    int y = 0;
    int x = 0;
    while (*text != '\0') {
        if (*text == '\n') {
            out->size = x;
            y += 2;
            x = 0;
            text++;
            continue;
        }
        bool is_full = text_starts(text, "\u2588");
        bool is_upper = is_full || text_starts(text, "\u2580");
        bool is_lower = is_full || text_starts(text, "\u2584");
        assert_true(is_upper || is_lower || *text == ' ');
        assert_true(x < MODULES && y < MODULES - 1);
        out->rows[y][x] = !is_upper;
        out->rows[y + 1][x] = !is_lower;
        x++;
        text += *text == ' ' ? 1 : 3;
    }
}

static void
read_svg_picture(const char *svg, struct picture *out)
{
    const char *at = strstr(svg, " d=\"");
    assert_non_null(at);
    out->size = (int)strtol(strstr(svg, "viewBox=\"0 0 ") + 13, NULL, 10);
    for (at = strchr(at, 'M'); at != NULL; at = strchr(at, 'M')) {
        char *end = NULL;
        long x = strtol(at + 1, &end, 10);
        long y = strtol(end, &end, 10);
        assert_int_equal(*end, 'h');
        long run = strtol(end + 1, &end, 10);
        assert_true(x >= 0 && y >= 0 && run > 0 && x + run <= MODULES && y < MODULES);
        memset(&out->rows[y][x], 1, (size_t)run);
        at = end;
    }
}

static void
test_the_two_pictures_of_a_code_show_the_same_modules(void **state)
{
    static const char finder[7][8] = {
        "1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"};
    static struct picture text_picture;
    static struct picture svg_picture;
    CLEANUP(buf_release) struct buf text;
    CLEANUP(buf_release) struct buf svg;
    (void)state;
    buf_init(&text, 1 << 20);
    buf_init(&svg, 1 << 20);
    assert_int_equal(factor_qr_text("otpauth://totp/G:anna?secret=ABCDEFGH", &text), OK);
    assert_int_equal(factor_qr_svg("otpauth://totp/G:anna?secret=ABCDEFGH", &svg), OK);
    read_text_picture(text.data, &text_picture);
    read_svg_picture(svg.data, &svg_picture);
    int size = svg_picture.size;
    assert_int_equal(size, text_picture.size);
    assert_int_equal((size - 8 - 17) % 4, 0);
    for (int y = 0; y < size; y++) {
        assert_memory_equal(text_picture.rows[y], svg_picture.rows[y], (size_t)size);
    }
    for (int y = 0; y < 7; y++) {
        for (int x = 0; x < 7; x++) {
            assert_int_equal(svg_picture.rows[y + 4][x + 4], finder[y][x] - '0');
            assert_int_equal(svg_picture.rows[y + 4][size - 11 + x], finder[y][x] - '0');
        }
    }
    for (int i = 0; i < size; i++) {
        assert_int_equal(svg_picture.rows[3][i] + svg_picture.rows[i][3], 0);
    }
    assert_false(text_contains(svg.data, "secret"));
}

static void
test_text_that_fits_no_code_is_an_error(void **state)
{
    static char text[4000];
    CLEANUP(buf_release) struct buf out;
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    buf_init(&out, 1 << 20);
    assert_int_equal(factor_qr_text(text, &out), ERR_LIMIT);
    assert_int_equal(factor_qr_svg("", &out), ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_uri_names_issuer_and_account_safely),
        SCRATCH_TEST(test_a_secret_counts_only_when_confirmed),
        SCRATCH_TEST(test_the_code_that_confirmed_does_not_log_in),
        SCRATCH_TEST(test_a_step_is_taken_once_also_after_a_restart),
        SCRATCH_TEST(test_steps_one_away_are_taken_and_two_away_refused),
        SCRATCH_TEST(test_what_is_no_code_is_refused),
        SCRATCH_TEST(test_a_code_of_another_account_or_a_disabled_one_is_refused),
        SCRATCH_TEST(test_the_old_secret_works_until_the_new_one_is_confirmed),
        SCRATCH_TEST(test_of_many_at_once_with_one_code_exactly_one_succeeds),
        cmocka_unit_test(test_the_two_pictures_of_a_code_show_the_same_modules),
        cmocka_unit_test(test_text_that_fits_no_code_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
