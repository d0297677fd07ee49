#include "identity/attempt.h"

#include "base/text.h"
#include "identity_scratch.h"

#include <sys/wait.h>

#define MINUTE INT64_C(60000)

static enum err
count(struct scratch *scratch, enum attempt_factor factor, const char *user, const char *address)
{
    struct ip ip;
    struct note note = {""};
    assert_int_equal(ip_parse(address, &ip), OK);
    enum err err = attempt_count(scratch->identity, factor, user, &ip, scratch_now, &note);
    if (err != OK && err != ERR_REFUSED) {
        fail_msg("%s", note.text);
    }
    assert_true(err == OK || note.text[0] != '\0');
    return err;
}

static void
succeed(struct scratch *scratch, const char *user, const char *address)
{
    struct ip ip;
    assert_int_equal(ip_parse(address, &ip), OK);
    assert_int_equal(attempt_succeeded(scratch->identity, user, &ip), OK);
}

static size_t
ban_count(struct scratch *scratch, struct ban *ret_first)
{
    struct arena arena;
    struct ban *bans = NULL;
    size_t found = 0;
    arena_init(&arena, 1 << 20);
    assert_int_equal(attempt_bans(scratch->identity, scratch_now, &arena, &bans, &found), OK);
    if (found != 0 && ret_first != NULL) {
        *ret_first = bans[0];
    }
    arena_release(&arena);
    return found;
}

/* Uses up an address's limit of passwords at as many accounts, and one more. */
static void
provoke_ban(struct scratch *scratch, const char *address)
{
    for (unsigned i = 0; i <= 10; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "user%u", i);
        assert_int_equal(
            count(scratch, ATTEMPT_PASSWORD, name, address), i < 10 ? OK : ERR_REFUSED);
    }
}

static void
test_an_account_has_its_limit_from_all_addresses_together(void **state)
{
    struct scratch *scratch = *state;
    char address[32];
    for (unsigned i = 0; i < 8; i++) {
        (void)snprintf(address, sizeof(address), "192.0.2.%u", i + 1);
        assert_int_equal(
            count(scratch, ATTEMPT_PASSWORD, "anna", address), i < 5 ? OK : ERR_REFUSED);
    }
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "ANNA", "192.0.2.50"), ERR_REFUSED);
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "berta", "192.0.2.50"), OK);
    assert_int_equal(count(scratch, ATTEMPT_TOTP, "anna", "192.0.2.50"), OK);
    assert_int_equal(ban_count(scratch, NULL), 0);
}

static void
test_the_window_slides(void **state)
{
    struct scratch *scratch = *state;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.1"), OK);
        scratch_now += MINUTE;
    }
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.2"), ERR_REFUSED);
    scratch_now = SCRATCH_NOON + 15 * MINUTE - 1;
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.2"), ERR_REFUSED);
    scratch_now = SCRATCH_NOON + 15 * MINUTE;
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.2"), OK);
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.2"), ERR_REFUSED);
    scratch_now = SCRATCH_NOON + 16 * MINUTE;
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.2"), OK);
}

static void
test_a_log_in_forgets_the_accounts_counts_and_only_its_own_of_the_prefix(void **state)
{
    struct scratch *scratch = *state;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.1"), OK);
    }
    succeed(scratch, "anna", "192.0.2.1");
    /* Four wrong ones still count for the address: six more are admitted. */
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.1"), OK);
    }
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "berta", "192.0.2.1"), OK);
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "carl", "192.0.2.1"), ERR_REFUSED);
    assert_int_equal(ban_count(scratch, NULL), 1);
}

static void
test_an_office_behind_one_address_does_not_ban_itself_by_logging_in(void **state)
{
    struct scratch *scratch = *state;
    for (unsigned i = 0; i < 40; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "user%u", i);
        assert_int_equal(count(scratch, ATTEMPT_PASSWORD, name, "192.0.2.1"), OK);
        assert_int_equal(count(scratch, ATTEMPT_TOTP, name, "192.0.2.1"), OK);
        succeed(scratch, name, "192.0.2.1");
    }
    assert_int_equal(ban_count(scratch, NULL), 0);
}

static void
test_the_password_alone_does_not_empty_the_count_of_codes(void **state)
{
    struct scratch *scratch = *state;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(count(scratch, ATTEMPT_TOTP, "anna", "192.0.2.1"), OK);
    }
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.1"), OK);
    assert_int_equal(count(scratch, ATTEMPT_TOTP, "anna", "192.0.2.1"), ERR_REFUSED);
}

static void
test_counts_hold_over_a_restart(void **state)
{
    struct scratch *scratch = *state;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(count(scratch, ATTEMPT_TOTP, "anna", "192.0.2.1"), OK);
    }
    scratch_again(scratch);
    assert_int_equal(count(scratch, ATTEMPT_TOTP, "anna", "192.0.2.1"), ERR_REFUSED);
}

static void
test_an_ipv6_household_is_one_and_mapped_addresses_are_ipv4(void **state)
{
    struct scratch *scratch = *state;
    for (unsigned i = 0; i <= 10; i++) {
        char address[48];
        (void)snprintf(address, sizeof(address), "2001:db8:0:1:%x::1", i);
        assert_int_equal(count(scratch, ATTEMPT_OTHER, NULL, address), OK);
        (void)snprintf(address, sizeof(address), "%s192.0.2.9", i % 2 == 0 ? "::ffff:" : "");
        assert_int_equal(count(scratch, ATTEMPT_INVITE, NULL, address), i < 10 ? OK : ERR_REFUSED);
    }
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(
            count(scratch, ATTEMPT_OTHER, NULL, "2001:db8:0:1::2"), i < 9 ? OK : ERR_REFUSED);
    }
    assert_int_equal(count(scratch, ATTEMPT_OTHER, NULL, "2001:db8:0:2::1"), OK);
    assert_int_equal(ban_count(scratch, NULL), 2);
}

static void
test_bans_grow_from_ten_minutes_to_an_hour_to_a_day(void **state)
{
    static const int64_t lengths[] = {10 * MINUTE, 60 * MINUTE, CLOCK_DAY, CLOCK_DAY};
    struct scratch *scratch = *state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct ban ban;
        char net[IP_TEXT];
        provoke_ban(scratch, "192.0.2.1");
        assert_int_equal(ban_count(scratch, &ban), 1);
        assert_string_equal(net_text(&ban.net, net), "192.0.2.1/32");
        assert_int_equal(ban.until - ban.since, lengths[i]);
        assert_string_equal(ban.reason, "more than 10 attempts of password in 15 minutes");
        scratch_now += lengths[i] - 1;
        assert_int_equal(count(scratch, ATTEMPT_INVITE, NULL, "192.0.2.1"), ERR_REFUSED);
        scratch_now += 1 + 60 * MINUTE; /* the accounts' own windows are over too */
        assert_int_equal(ban_count(scratch, NULL), 0);
    }
    scratch_now += 8 * CLOCK_DAY;
    struct ban ban;
    provoke_ban(scratch, "192.0.2.1");
    assert_int_equal(ban_count(scratch, &ban), 1);
    assert_int_equal(ban.until - ban.since, 10 * MINUTE);
}

static void
test_a_new_ban_is_a_change_and_an_attempt_is_none(void **state)
{
    struct scratch *scratch = *state;
    (void)identity_has_changed(scratch->identity);
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.1"), OK);
    assert_false(identity_has_changed(scratch->identity));
    provoke_ban(scratch, "192.0.2.2");
    assert_true(identity_has_changed(scratch->identity));
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.2"), ERR_REFUSED);
    assert_false(identity_has_changed(scratch->identity));
}

static void
test_a_banned_address_does_not_use_up_the_limit_of_an_account(void **state)
{
    struct scratch *scratch = *state;
    provoke_ban(scratch, "192.0.2.1");
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.1"), ERR_REFUSED);
    }
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "192.0.2.2"), OK);
}

static void
test_an_unknown_kind_of_factor_counts_too(void **state)
{
    struct scratch *scratch = *state;
    unsigned admitted = 0;
    for (unsigned i = 0; i < 30; i++) {
        admitted += count(scratch, (enum attempt_factor)(100 + i), NULL, "192.0.2.1") == OK;
    }
    assert_int_equal(admitted, 20);
    assert_int_equal(ban_count(scratch, NULL), 1);
}

static void
test_names_that_nobody_can_have_share_a_count(void **state)
{
    struct scratch *scratch = *state;
    unsigned admitted = 0;
    for (unsigned i = 0; i < 8; i++) {
        char name[32];
        char address[32];
        (void)snprintf(name, sizeof(name), "a b %u", i);
        (void)snprintf(address, sizeof(address), "192.0.2.%u", i + 1);
        admitted += count(scratch, ATTEMPT_PASSWORD, name, address) == OK;
    }
    assert_int_equal(admitted, 5);
}

static void
test_a_person_bans_and_lifts(void **state)
{
    struct scratch *scratch = *state;
    struct net net;
    struct ban ban;
    struct note note = {""};
    assert_int_equal(net_parse("198.51.100.0/24", &net), OK);
    assert_int_equal(
        attempt_ban(scratch->identity, &net, scratch_now + MINUTE, "scanner\n", &note), OK);
    assert_int_equal(ban_count(scratch, &ban), 1);
    assert_string_equal(ban.reason, "scanner ");
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "198.51.100.77"), ERR_REFUSED);
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "198.51.101.77"), OK);
    assert_int_equal(attempt_lift(scratch->identity, &net, &note), OK);
    assert_int_equal(attempt_lift(scratch->identity, &net, &note), ERR_MISSING);
    assert_string_equal(note.text, "198.51.100.0/24 is not banned");
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "198.51.100.77"), OK);
    assert_int_equal(net_parse("2001:db8::1", &net), OK);
    assert_int_equal(
        attempt_ban(scratch->identity, &net, scratch_now + MINUTE, "scanner", &note), OK);
    assert_int_equal(count(scratch, ATTEMPT_PASSWORD, "anna", "2001:db8::2"), ERR_REFUSED);
    assert_int_equal(net_parse("0.0.0.0/0", &net), OK);
    assert_int_equal(
        attempt_ban(scratch->identity, &net, scratch_now + MINUTE, "all", &note), ERR_VALUE);
    assert_true(text_contains(note.text, "8 to 32 bits"));
    assert_int_equal(net_parse("203.0.113.1", &net), OK);
    assert_int_equal(attempt_ban(scratch->identity, &net, scratch_now, "now", &note), ERR_VALUE);
}

#define PROCESSES 8
#define EACH      200

/* Eight programs on one database, 1,600 attempts at one account. */
static void
test_of_1600_attempts_at_once_as_many_as_the_limit_are_admitted(void **state)
{
    struct scratch *scratch = *state;
    pid_t children[PROCESSES];
    unsigned admitted = 0;
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct identity *identity = NULL;
            int mine = 0;
            if (identity_open(scratch->folder, &identity, NULL) != OK) {
                _exit(100);
            }
            for (unsigned k = 0; k < EACH; k++) {
                struct ip ip = ip_from_v4(0x0a000000U + i * 256 + k);
                enum err err =
                    attempt_count(identity, ATTEMPT_PASSWORD, "anna", &ip, SCRATCH_NOON, NULL);
                if (err != OK && err != ERR_REFUSED) {
                    _exit(101);
                }
                mine += err == OK;
            }
            _exit(mine);
        }
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 100);
        admitted += (unsigned)WEXITSTATUS(status);
    }
    assert_int_equal(admitted, 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_an_account_has_its_limit_from_all_addresses_together),
        SCRATCH_TEST(test_the_window_slides),
        SCRATCH_TEST(test_a_log_in_forgets_the_accounts_counts_and_only_its_own_of_the_prefix),
        SCRATCH_TEST(test_an_office_behind_one_address_does_not_ban_itself_by_logging_in),
        SCRATCH_TEST(test_the_password_alone_does_not_empty_the_count_of_codes),
        SCRATCH_TEST(test_counts_hold_over_a_restart),
        SCRATCH_TEST(test_an_ipv6_household_is_one_and_mapped_addresses_are_ipv4),
        SCRATCH_TEST(test_bans_grow_from_ten_minutes_to_an_hour_to_a_day),
        SCRATCH_TEST(test_a_new_ban_is_a_change_and_an_attempt_is_none),
        SCRATCH_TEST(test_a_banned_address_does_not_use_up_the_limit_of_an_account),
        SCRATCH_TEST(test_an_unknown_kind_of_factor_counts_too),
        SCRATCH_TEST(test_names_that_nobody_can_have_share_a_count),
        SCRATCH_TEST(test_a_person_bans_and_lifts),
        SCRATCH_TEST(test_of_1600_attempts_at_once_as_many_as_the_limit_are_admitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
