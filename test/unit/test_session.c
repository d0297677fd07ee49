#include "identity/session.h"

#include "base/text.h"
#include "identity_scratch.h"

#include <signal.h>
#include <sodium.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MINUTE INT64_C(60000)
#define HOUR   INT64_C(3600000)

static struct session
begin(struct scratch *scratch, const char *user, char cookie[SESSION_COOKIE])
{
    struct session wanted = {.factor = "totp",
        .ip = "192.0.2.7",
        .agent = "Browser",
        .expires = scratch_now + 12 * HOUR};
    struct session session;
    struct note note = {""};
    (void)text_copy(wanted.user, sizeof(wanted.user), user);
    if (session_begin(scratch->identity, &wanted, &session, cookie, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return session;
}

static size_t
count_of(struct scratch *scratch, const char *user)
{
    struct arena arena;
    struct session *rows = NULL;
    size_t count = 0;
    arena_init(&arena, 1 << 20);
    assert_int_equal(session_list(scratch->identity, user, &arena, &rows, &count), OK);
    arena_release(&arena);
    return count;
}

static void
test_the_database_has_the_hash_of_the_cookie_as_the_board_makes_it(void **state)
{
    struct scratch *scratch = *state;
    char cookie[SESSION_COOKIE];
    uint8_t hash[SESSION_HASH];
    struct session found;
    scratch_user(scratch, "anna", false);
    struct session session = begin(scratch, "anna", cookie);
    assert_int_equal(strlen(cookie), 43);
    /* SHA-256 of the text, as board_hash(). */
    crypto_hash_sha256(hash, (const uint8_t *)cookie, strlen(cookie));
    assert_memory_equal(hash, session.hash, sizeof(hash));
    assert_int_equal(session_find(scratch->identity, hash, &found), OK);
    assert_string_equal(found.id, session.id);
    assert_string_equal(found.user, "anna");
    assert_string_equal(found.factor, "totp");
    assert_string_equal(found.ip, "192.0.2.7");
    assert_string_equal(found.agent, "Browser");
    assert_int_equal(found.created, SCRATCH_NOON);
    assert_int_equal(found.seen, SCRATCH_NOON);
    assert_false(text_contains(cookie, found.id));
}

static void
test_a_log_in_is_remembered_and_needs_an_enabled_account(void **state)
{
    struct scratch *scratch = *state;
    struct session wanted = {.user = "anna", .expires = SCRATCH_NOON + HOUR};
    struct session session;
    char cookie[SESSION_COOKIE];
    struct note note = {""};
    struct user user;
    scratch_user(scratch, "anna", false);
    (void)begin(scratch, "ANNA", cookie);
    assert_int_equal(user_find(scratch->identity, "anna", &user), OK);
    assert_int_equal(user.last_login, SCRATCH_NOON);
    assert_int_equal(user_set_disabled(scratch->identity, "anna", true, &note), OK);
    assert_int_equal(count_of(scratch, "anna"), 0);
    assert_int_equal(
        session_begin(scratch->identity, &wanted, &session, cookie, &note), ERR_MISSING);
    assert_string_equal(note.text, "there is no user anna who may log in");
}

static void
test_elevation_makes_a_new_cookie_and_the_old_one_is_worth_nothing(void **state)
{
    struct scratch *scratch = *state;
    char before[SESSION_COOKIE];
    char after[SESSION_COOKIE];
    struct session found;
    struct session elevated;
    scratch_user(scratch, "anna", false);
    struct session session = begin(scratch, "anna", before);
    assert_int_equal(session_elevate(scratch->identity, session.hash, SCRATCH_NOON + 5 * MINUTE,
                         "theft at the gate", &elevated, after),
        OK);
    assert_string_not_equal(before, after);
    assert_memory_not_equal(session.hash, elevated.hash, SESSION_HASH);
    assert_string_equal(session.id, elevated.id);
    assert_string_equal(elevated.reason, "theft at the gate");
    assert_int_equal(elevated.elevated, SCRATCH_NOON + 5 * MINUTE);
    assert_int_equal(session_find(scratch->identity, session.hash, &found), ERR_MISSING);
    assert_int_equal(session_find(scratch->identity, elevated.hash, &found), OK);
    assert_int_equal(session_elevate(scratch->identity, session.hash, SCRATCH_NOON + HOUR, "again",
                         &elevated, after),
        ERR_MISSING);
}

static void
test_breaks_glass_only_for_an_elevated_administrator(void **state)
{
    struct scratch *scratch = *state;
    char cookie[SESSION_COOKIE];
    struct session found;
    scratch_user(scratch, "root", true);
    scratch_user(scratch, "anna", false);
    struct session anna = begin(scratch, "anna", cookie);
    struct session root = begin(scratch, "root", cookie);
    assert_int_equal(session_break_glass(scratch->identity, root.hash, true), ERR_REFUSED);
    assert_int_equal(session_elevate(scratch->identity, anna.hash, SCRATCH_NOON + 5 * MINUTE,
                         "fire in the hall", &anna, cookie),
        OK);
    assert_int_equal(session_break_glass(scratch->identity, anna.hash, true), ERR_REFUSED);
    assert_int_equal(session_elevate(scratch->identity, root.hash, SCRATCH_NOON + 5 * MINUTE,
                         "fire in the hall", &root, cookie),
        OK);
    assert_int_equal(session_break_glass(scratch->identity, root.hash, true), OK);
    assert_int_equal(session_find(scratch->identity, root.hash, &found), OK);
    assert_true(found.is_break_glass);
    scratch_now += 5 * MINUTE;
    assert_int_equal(session_find(scratch->identity, root.hash, &found), OK);
    assert_false(found.is_break_glass);
}

static void
test_the_oldest_session_of_an_account_ends_when_there_are_too_many(void **state)
{
    struct scratch *scratch = *state;
    char cookie[SESSION_COOKIE];
    struct session found;
    scratch_user(scratch, "anna", false);
    scratch_user(scratch, "berta", false);
    struct session other = begin(scratch, "berta", cookie);
    struct session first = begin(scratch, "anna", cookie);
    struct session second = begin(scratch, "anna", cookie);
    for (unsigned i = 2; i < SESSION_MOST + 1; i++) {
        scratch_now += MINUTE;
        (void)begin(scratch, "anna", cookie);
    }
    assert_int_equal(count_of(scratch, "anna"), SESSION_MOST);
    assert_int_equal(count_of(scratch, NULL), SESSION_MOST + 1);
    assert_int_equal(session_find(scratch->identity, first.hash, &found), ERR_MISSING);
    assert_int_equal(session_find(scratch->identity, second.hash, &found), OK);
    assert_int_equal(session_find(scratch->identity, other.hash, &found), OK);
}

static void
test_ends_one_of_the_owner_only_and_all_but_one(void **state)
{
    struct scratch *scratch = *state;
    char cookie[SESSION_COOKIE];
    size_t count = 0;
    struct session found;
    scratch_user(scratch, "anna", false);
    scratch_user(scratch, "berta", false);
    struct session one = begin(scratch, "anna", cookie);
    struct session two = begin(scratch, "anna", cookie);
    struct session three = begin(scratch, "anna", cookie);
    assert_int_equal(session_end(scratch->identity, "berta", one.id), ERR_MISSING);
    assert_int_equal(session_end(scratch->identity, "anna", one.id), OK);
    assert_int_equal(session_end(scratch->identity, NULL, one.id), ERR_MISSING);
    assert_int_equal(session_end_all(scratch->identity, "anna", two.id, &count), OK);
    assert_int_equal(count, 1);
    assert_int_equal(session_find(scratch->identity, two.hash, &found), OK);
    assert_int_equal(session_find(scratch->identity, three.hash, &found), ERR_MISSING);
}

struct told {
    size_t count;
    char ids[200][IDENTITY_ID];
    char why[64];
};

static void
note_end(void *context, const struct session *session, const char *why)
{
    struct told *told = context;
    (void)text_copy(told->ids[told->count++], IDENTITY_ID, session->id);
    (void)text_copy(told->why, sizeof(told->why), why);
}

static void
test_tells_which_session_expired_and_why(void **state)
{
    struct scratch *scratch = *state;
    char cookie[SESSION_COOKIE];
    struct told told = {.count = 0};
    scratch_user(scratch, "anna", false);
    struct session busy = begin(scratch, "anna", cookie);
    struct session idle = begin(scratch, "anna", cookie);
    scratch_now += 30 * MINUTE;
    assert_int_equal(session_seen(scratch->identity, busy.hash, scratch_now), OK);
    assert_int_equal(
        session_expire(scratch->identity, scratch_now, 30 * MINUTE, note_end, &told), OK);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.ids[0], idle.id);
    assert_string_equal(told.why, "idle for 30 minutes");
    scratch_now = SCRATCH_NOON + 12 * HOUR;
    assert_int_equal(session_find(scratch->identity, busy.hash, &busy), ERR_MISSING);
    assert_int_equal(
        session_expire(scratch->identity, scratch_now, 24 * HOUR, note_end, &told), OK);
    assert_int_equal(told.count, 2);
    assert_string_equal(told.why, "over its absolute limit");
    assert_int_equal(count_of(scratch, NULL), 0);
}

static void
test_many_expire_at_once_and_each_is_told_once(void **state)
{
    struct scratch *scratch = *state;
    static struct told told;
    char cookie[SESSION_COOKIE];
    told = (struct told){.count = 0};
    for (unsigned i = 0; i < 16; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "user%u", i);
        scratch_user(scratch, name, false);
        for (unsigned j = 0; j < SESSION_MOST; j++) {
            (void)begin(scratch, name, cookie);
        }
    }
    scratch_now += 13 * HOUR;
    assert_int_equal(session_expire(scratch->identity, scratch_now, HOUR, note_end, &told), OK);
    assert_int_equal(told.count, 16 * SESSION_MOST);
    assert_int_equal(count_of(scratch, NULL), 0);
}

static void
test_being_seen_is_no_change_for_the_board_but_an_end_is(void **state)
{
    struct scratch *scratch = *state;
    char cookie[SESSION_COOKIE];
    scratch_user(scratch, "anna", false);
    struct session session = begin(scratch, "anna", cookie);
    (void)identity_has_changed(scratch->identity);
    assert_int_equal(session_seen(scratch->identity, session.hash, SCRATCH_NOON + 1), OK);
    assert_false(identity_has_changed(scratch->identity));
    assert_int_equal(session_end(scratch->identity, NULL, session.id), OK);
    assert_true(identity_has_changed(scratch->identity));
}

/* No file may grow any more: what a full disk is to a program. */
static void
fill_disk(const struct scratch *scratch)
{
    static const char *const files[] = {"identity.db", "identity.db-wal"};
    rlim_t largest = 0;
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[128];
        struct stat status;
        (void)snprintf(path, sizeof(path), "%s/%s", scratch->folder, files[i]);
        if (stat(path, &status) == 0 && (rlim_t)status.st_size > largest) {
            largest = (rlim_t)status.st_size;
        }
    }
    const struct rlimit limit = {largest, largest};
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)setrlimit(RLIMIT_FSIZE, &limit);
}

static bool
logs_in(struct scratch *scratch, unsigned times)
{
    struct session session = {.user = "anna", .expires = scratch_now + HOUR};
    char cookie[SESSION_COOKIE];
    enum err err = OK;
    for (unsigned i = 0; i < times && err == OK; i++) {
        err = session_begin(scratch->identity, &session, &session, cookie, NULL);
        if (err == OK) {
            err = session_elevate(
                scratch->identity, session.hash, scratch_now + 1, "fire", &session, cookie);
        }
    }
    return err == OK;
}

static void
test_log_ins_work_on_a_full_disk_when_room_was_reserved(void **state)
{
    struct scratch *scratch = *state;
    scratch_user(scratch, "anna", false);
    for (unsigned has_room = 0; has_room < 2; has_room++) {
        int status = 0;
        identity_close(scratch->identity);
        scratch->identity = NULL;
        pid_t child = fork();
        if (child == 0) {
            scratch->identity = scratch_open(scratch->folder);
            bool is_ready = has_room == 0 || identity_reserve(scratch->identity, NULL) == OK;
            fill_disk(scratch);
            _exit(!is_ready ? 2 : logs_in(scratch, 200) ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), has_room == 0 ? 1 : 0);
        scratch->identity = scratch_open(scratch->folder);
    }
}

static void
test_reason_is_cleaned(void **state)
{
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"  theft\r\n at\tthe  gate ",           "theft at the gate"       },
        {"case\xe2\x80\xae 4711",                "case 4711"               },
        {"ca\xe2\x80\x8bse\xef\xbb\xbf\xc2\xad", "case"                    },
        {"\xd9\x87\xd8\xb0\xd8\xa7",             "\xd9\x87\xd8\xb0\xd8\xa7"},
        {"\xf0\x9f\x94\xa5 fire",                "\xf0\x9f\x94\xa5 fire"   },
        {"a|=\"\\]b,=1+1",                       "a|=\"\\]b,=1+1"          },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char reason[SESSION_REASON];
        struct note note = {""};
        if (session_reason(rows[i].text, strlen(rows[i].text), reason, &note) != OK) {
            fail_msg("%s: %s", rows[i].text, note.text);
        }
        assert_string_equal(reason, rows[i].reason);
    }
}

static void
test_reason_that_says_nothing_is_refused(void **state)
{
    static const char *const rows[] = {"", " ", "ab", "a b", "...", "-------", "\xc2\xa0\xc2\xa0",
        "\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5", "\xe2\x80\x8b\xe2\x80\x8b\xe2\x80\x8b",
        "abc\xff", "\xed\xa0\x80zzz", "\xe3\x85\xa4\xe3\x85\xa4\xe3\x85\xa4"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char reason[SESSION_REASON];
        struct note note = {""};
        if (session_reason(rows[i], strlen(rows[i]), reason, &note) != ERR_VALUE) {
            fail_msg("taken: %s", rows[i]);
        }
        assert_true(note.text[0] != '\0');
    }
}

static void
test_reason_longer_than_the_limit_is_refused(void **state)
{
    static char text[1 << 20];
    char reason[SESSION_REASON];
    struct note note = {""};
    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(session_reason(text, SESSION_REASON - 1, reason, &note), OK);
    assert_int_equal(strlen(reason), SESSION_REASON - 1);
    assert_int_equal(session_reason(text, SESSION_REASON, reason, &note), ERR_VALUE);
    assert_int_equal(session_reason(text, sizeof(text), reason, &note), ERR_VALUE);
    assert_string_equal(note.text, "the reason is longer than 511 bytes");
    memset(text, ' ', 8000);
    memcpy(text + 8000, "abc", 3);
    assert_int_equal(session_reason(text, 8003, reason, &note), OK);
    assert_string_equal(reason, "abc");
    text[1] = '\0';
    assert_int_equal(session_reason("a\0b\0c", 5, reason, &note), OK);
    assert_string_equal(reason, "a b c");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_the_database_has_the_hash_of_the_cookie_as_the_board_makes_it),
        SCRATCH_TEST(test_a_log_in_is_remembered_and_needs_an_enabled_account),
        SCRATCH_TEST(test_elevation_makes_a_new_cookie_and_the_old_one_is_worth_nothing),
        SCRATCH_TEST(test_breaks_glass_only_for_an_elevated_administrator),
        SCRATCH_TEST(test_the_oldest_session_of_an_account_ends_when_there_are_too_many),
        SCRATCH_TEST(test_ends_one_of_the_owner_only_and_all_but_one),
        SCRATCH_TEST(test_tells_which_session_expired_and_why),
        SCRATCH_TEST(test_many_expire_at_once_and_each_is_told_once),
        SCRATCH_TEST(test_being_seen_is_no_change_for_the_board_but_an_end_is),
        SCRATCH_TEST(test_log_ins_work_on_a_full_disk_when_room_was_reserved),
        cmocka_unit_test(test_reason_is_cleaned),
        cmocka_unit_test(test_reason_that_says_nothing_is_refused),
        cmocka_unit_test(test_reason_longer_than_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
