#include "gate/board.h"

#include "base/clock.h"
#include "base/text.h"
#include "shared_scratch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

static struct shared_scratch scratch;
static struct board *board;
static struct board_reader *reader;
static struct policy policy;

static void
hash_of(unsigned number, uint8_t out[BOARD_HASH])
{
    board_hash(&number, sizeof number, out);
}

static struct board_session
session_of(unsigned number)
{
    struct board_session session = {.name = "anna", .factor = "totp", .expires = INT64_MAX};
    hash_of(number, session.hash);
    (void)snprintf(session.id, sizeof session.id, "s%u", number);
    return session;
}

static struct net
net_of(const char *text)
{
    struct net net;
    assert_int_equal(net_parse(text, &net), OK);
    return net;
}

static struct ip
address(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(text, &ip), OK);
    return ip;
}

static int
begin(void **state)
{
    (void)state;
    shared_scratch_make(&scratch);
    policy = (struct policy){.user_count = 2, .role_count = 1, .rule_count = 1, .vms_count = 1};
    (void)text_copy(policy.vms[0], POLICY_NAME, "zm");
    (void)text_copy(policy.roles[0], POLICY_NAME, "viewer");
    policy.users[0] = (struct policy_user){.name = "anna", .roles = 1, .is_enabled = true};
    policy.users[1] = (struct policy_user){.name = "bert", .roles = 1, .is_enabled = true};
    policy.rules[0] =
        (struct policy_rule){.vms = POLICY_ANY, .permits = 1U << PERMIT_LIVE, .all_cameras = true};
    policy.camera_count = 1;
    policy.cameras[0] = (struct policy_camera){0, "1", "Front door"};
    assert_int_equal(board_create(scratch.path, &board, NULL), OK);
    board_set_policy(board, &policy);
    assert_int_equal(board_beat(board), OK);
    assert_int_equal(board_open(scratch.path, &reader, NULL), OK);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    board_reader_close(reader);
    board_close(board);
    shared_scratch_remove(&scratch);
    return 0;
}

static void
put(unsigned number)
{
    struct board_session session = session_of(number);
    assert_int_equal(board_put_session(board, &session), OK);
}

static enum err
look(unsigned number, struct board_session *ret_session)
{
    uint8_t hash[BOARD_HASH];
    hash_of(number, hash);
    return board_find_session(reader, hash, 1000, ret_session);
}

static void
drop(unsigned number)
{
    uint8_t hash[BOARD_HASH];
    hash_of(number, hash);
    board_remove_session(board, hash);
}

static void
test_finds_a_session_by_the_hash_of_its_cookie(void **state)
{
    (void)state;
    put(7);
    struct board_session found;
    assert_int_equal(look(7, &found), OK);
    assert_string_equal(found.id, "s7");
    uint32_t place = 0;
    assert_int_equal(board_place(board, found.hash, &place), OK);
    assert_int_equal(found.place, place);
    assert_int_equal(look(8, &found), ERR_MISSING);
    drop(7);
    assert_int_equal(look(7, &found), ERR_MISSING);
}

static void
test_a_session_over_its_limit_is_not_there(void **state)
{
    (void)state;
    struct board_session session = session_of(1);
    session.expires = 1000;
    struct board_session found;
    assert_int_equal(board_put_session(board, &session), OK);
    assert_int_equal(board_find_session(reader, session.hash, 999, &found), OK);
    assert_int_equal(board_find_session(reader, session.hash, 1000, &found), ERR_MISSING);
}

static void
test_a_session_whose_user_is_disabled_or_gone_is_not_there(void **state)
{
    (void)state;
    put(1);
    struct board_session found;
    assert_int_equal(look(1, &found), OK);
    policy.users[0].is_enabled = false;
    board_set_policy(board, &policy);
    assert_int_equal(look(1, &found), ERR_MISSING);
    (void)text_copy(policy.users[0].name, POLICY_NAME, "carl");
    policy.users[0].is_enabled = true;
    board_set_policy(board, &policy);
    assert_int_equal(look(1, &found), ERR_MISSING);
}

static void
test_a_session_follows_its_user_to_another_place(void **state)
{
    (void)state;
    put(1);
    struct policy_user anna = policy.users[0];
    policy.users[0] = policy.users[1];
    policy.users[1] = anna;
    board_set_policy(board, &policy);
    struct board_session found;
    assert_int_equal(look(1, &found), OK);
    assert_int_equal(found.user, 1);
}

static void
test_nobody_gets_in_without_a_policy(void **state)
{
    (void)state;
    board_close(board);
    assert_int_equal(board_create(scratch.path, &board, NULL), OK);
    put(1);
    assert_int_equal(board_beat(board), OK);
    assert_int_equal(board_refresh(reader), OK);
    struct board_session found;
    assert_int_equal(look(1, &found), ERR_MISSING);
    struct policy_question question = {.permit = PERMIT_BROWSE};
    struct policy_answer answer;
    board_ask(reader, &question, &answer);
    assert_false(answer.is_allowed);
    assert_non_null(answer.why);
}

static void
test_holds_8192_sessions_and_says_when_it_is_full(void **state)
{
    (void)state;
    struct board_session found;
    for (unsigned i = 0; i < BOARD_SESSIONS / 2; i++) {
        put(i);
    }
    struct board_session more = session_of(99999);
    assert_int_equal(board_put_session(board, &more), ERR_LIMIT);
    put(17); /* replacing is no addition */
    for (unsigned i = 0; i < BOARD_SESSIONS / 2; i++) {
        assert_int_equal(look(i, &found), OK);
    }
}

static void
test_removing_breaks_no_chain(void **state)
{
    (void)state;
    struct board_session found;
    for (unsigned i = 0; i < BOARD_SESSIONS / 2; i++) {
        put(i);
    }
    for (unsigned i = 0; i < BOARD_SESSIONS / 2; i += 2) {
        drop(i);
    }
    for (unsigned i = 0; i < BOARD_SESSIONS / 2; i++) {
        assert_int_equal(look(i, &found), i % 2 == 0 ? ERR_MISSING : OK);
    }
    /* Years of log-ins: the marks of those that went never fill the table. */
    for (unsigned i = 0; i < 10 * BOARD_SESSIONS; i++) {
        put(100000 + i);
        drop(100000 + i);
    }
    for (unsigned i = 1; i < BOARD_SESSIONS / 2; i += 2) {
        assert_int_equal(look(i, &found), OK);
    }
}

static void
test_sweeping_leaves_what_was_put_since_the_mark(void **state)
{
    (void)state;
    put(1);
    put(2);
    board_mark_sessions(board);
    put(2);
    put(3);
    board_sweep_sessions(board);
    struct board_session found;
    assert_int_equal(look(1, &found), ERR_MISSING);
    assert_int_equal(look(2, &found), OK);
    assert_int_equal(look(3, &found), OK);
    board_clear_sessions(board);
    assert_int_equal(look(2, &found), ERR_MISSING);
}

static void
test_every_change_has_another_generation(void **state)
{
    (void)state;
    uint64_t last = board_generation(reader);
    put(1);
    assert_true(board_generation(reader) != last);
    last = board_generation(reader);
    drop(1);
    assert_true(board_generation(reader) != last);
    last = board_generation(reader);
    board_set_policy(board, &policy);
    assert_true(board_generation(reader) != last);
    last = board_generation(reader);
    struct net net = net_of("10.0.0.1");
    assert_int_equal(board_set_ban(board, &net, 5000), OK);
    assert_true(board_generation(reader) != last);
    last = board_generation(reader);
    assert_int_equal(board_beat(board), OK);
    assert_true(board_generation(reader) == last);
}

static int64_t fake_time;

static int64_t
fake_now(void)
{
    return fake_time;
}

static void
test_a_silent_writer_makes_the_board_stale(void **state)
{
    (void)state;
    static const struct clock_source fake = {fake_now, fake_now};
    clock_replace(&fake);
    fake_time = 100000;
    assert_int_equal(board_beat(board), OK);
    assert_false(board_is_stale(reader, 100000));
    assert_false(board_is_stale(reader, 100000 + BOARD_STALE));
    assert_true(board_is_stale(reader, 100001 + BOARD_STALE));
    assert_false(board_is_stale(reader, 99990)); /* a cached clock */
    assert_true(board_is_stale(reader, 5));      /* another boot's */
    clock_replace(NULL);
}

static void
test_a_reader_moves_to_the_next_doormans_board_when_it_is_filled(void **state)
{
    (void)state;
    put(1);
    uint64_t generation = board_generation(reader);
    struct board *next = NULL;
    struct board_session found;
    assert_int_equal(board_create(scratch.path, &next, NULL), OK);
    assert_int_equal(board_refresh(reader), OK);
    assert_int_equal(look(1, &found), OK);
    board_set_policy(next, &policy);
    struct board_session session = session_of(2);
    assert_int_equal(board_put_session(next, &session), OK);
    assert_int_equal(board_beat(next), OK);
    assert_int_equal(look(2, &found), ERR_MISSING);
    assert_int_equal(board_refresh(reader), OK);
    assert_true(board_generation(reader) != generation);
    assert_int_equal(look(1, &found), ERR_MISSING);
    assert_int_equal(look(2, &found), OK);
    board_close(next);
}

static void
test_a_reader_outlives_the_file(void **state)
{
    (void)state;
    put(1);
    assert_int_equal(unlink(scratch.path), 0);
    assert_int_equal(board_refresh(reader), ERR_MISSING);
    struct board_session found;
    assert_int_equal(look(1, &found), OK);
}

static bool
is_banned(const char *text, int64_t now)
{
    struct ip ip = address(text);
    return board_is_banned(reader, &ip, now);
}

static void
ban(const char *text, int64_t until)
{
    struct net net = net_of(text);
    assert_int_equal(board_set_ban(board, &net, until), OK);
}

static void
test_bans_a_prefix_until_its_time(void **state)
{
    (void)state;
    ban("10.1.2.3", 5000);
    ban("192.0.2.0/24", 5000);
    ban("198.18.0.0/15", 5000);
    ban("2001:db8:1:2::/64", 5000);
    ban("2001:db8:aaaa::/48", 5000);
    assert_true(is_banned("10.1.2.3", 4999));
    assert_false(is_banned("10.1.2.3", 5000));
    assert_false(is_banned("10.1.2.4", 4999));
    assert_true(is_banned("192.0.2.200", 4999));
    assert_false(is_banned("192.0.3.1", 4999));
    assert_true(is_banned("198.19.255.255", 4999));
    assert_false(is_banned("198.20.0.0", 4999));
    assert_true(is_banned("2001:db8:1:2:ffff::1", 4999));
    assert_false(is_banned("2001:db8:1:3::1", 4999));
    assert_true(is_banned("2001:db8:aaaa:9::1", 4999));
    assert_true(is_banned("::ffff:10.1.2.3", 4999));
    ban("10.1.2.3", 0);
    assert_false(is_banned("10.1.2.3", 4999));
    ban("192.0.2.0/24", 9000);
    assert_true(is_banned("192.0.2.200", 6000));
}

static void
test_bans_an_address_that_is_written_as_ipv6(void **state)
{
    (void)state;
    ban("::ffff:10.1.2.3/128", 5000);
    assert_true(is_banned("10.1.2.3", 1));
    assert_true(is_banned("::ffff:10.1.2.3", 1));
}

static void
test_refuses_a_ban_of_too_much_or_of_an_odd_length(void **state)
{
    (void)state;
    static const char *const nets[] = {
        "0.0.0.0/0", "10.0.0.0/7", "2001:db8::/32", "2001:db8::1/128", "::ffff:0.0.0.0/96"};
    for (size_t i = 0; i < COUNT(nets); i++) {
        struct net net = net_of(nets[i]);
        assert_int_equal(board_set_ban(board, &net, 5000), ERR_VALUE);
    }
}

static struct net
nth_net(uint32_t i)
{
    return (struct net){.ip = ip_from_v4(0x0a000000U + i), .bits = 32};
}

static void
test_holds_100000_bans_and_forgets_those_that_expired(void **state)
{
    (void)state;
    int64_t now = clock_boot();
    for (uint32_t round = 0; round < 4; round++) {
        int64_t until = round < 3 ? now - 1 : now + 60000;
        for (uint32_t i = 0; i < 100000; i++) {
            struct net net = nth_net(round * 100000 + i);
            assert_int_equal(board_set_ban(board, &net, until), OK);
        }
    }
    for (uint32_t i = 0; i < 100000; i++) {
        struct ip ip = nth_net(300000 + i).ip;
        assert_true(board_is_banned(reader, &ip, now));
    }
    assert_false(is_banned("11.0.0.1", now));
    for (uint32_t i = 0; i < 100000; i += 2) {
        struct net net = nth_net(300000 + i);
        assert_int_equal(board_set_ban(board, &net, 0), OK);
    }
    for (uint32_t i = 0; i < 100000; i++) {
        struct ip ip = nth_net(300000 + i).ip;
        assert_int_equal(board_is_banned(reader, &ip, now), i % 2 != 0);
    }
}

static void
test_names_are_copies_and_unknown_cameras_keep_their_key(void **state)
{
    (void)state;
    char name[POLICY_NAME];
    board_role_name(reader, 0, name);
    assert_string_equal(name, "viewer");
    board_role_name(reader, POLICY_ANY, name);
    assert_string_equal(name, "");
    board_camera_name(reader, 0, "1", name);
    assert_string_equal(name, "Front door");
    board_camera_name(reader, 0, "99", name);
    assert_string_equal(name, "99");
    uint16_t vms = 9;
    assert_int_equal(board_vms(reader, "zm", &vms), OK);
    assert_int_equal(vms, 0);
    assert_int_equal(board_vms(reader, "other", &vms), ERR_MISSING);
    struct policy_user user;
    assert_int_equal(board_user(reader, 1, &user), OK);
    assert_string_equal(user.name, "bert");
    assert_int_equal(board_user(reader, 2, &user), ERR_MISSING);
}

static void
test_an_answers_camera_outlives_the_question(void **state)
{
    (void)state;
    policy.rules[0].all_cameras = false;
    board_set_policy(board, &policy);
    char key[] = "1";
    const char *camera = key;
    struct policy_question question = {
        .permit = PERMIT_LIVE, .cameras = &camera, .camera_count = 1};
    struct policy_answer answer;
    board_ask(reader, &question, &answer);
    key[0] = 'x';
    assert_false(answer.is_allowed);
    assert_string_equal(answer.camera, "1");
}

/* What two readers see while a writer replaces rows and policy as fast as it can. */
struct watch {
    atomic_bool stop;
    atomic_uint torn, seen;
};

static bool
is_whole(const struct board_session *session)
{
    for (size_t i = 0; i < sizeof session->reason - 1; i++) {
        if (session->reason[i] != session->id[0]) {
            return false;
        }
    }
    return session->begun == session->id[0];
}

static void *
watch_rows(void *context)
{
    struct watch *watch = context;
    struct board_reader *own = NULL;
    if (board_open(scratch.path, &own, NULL) != OK) {
        (void)atomic_fetch_add(&watch->torn, 1);
        return NULL;
    }
    uint8_t hash[BOARD_HASH];
    hash_of(1, hash);
    while (!atomic_load(&watch->stop)) {
        struct board_session session;
        if (board_find_session(own, hash, 1, &session) == OK) {
            (void)atomic_fetch_add(is_whole(&session) ? &watch->seen : &watch->torn, 1);
        }
        char role[POLICY_NAME], camera[POLICY_NAME];
        board_role_name(own, 0, role);
        board_camera_name(own, 0, "1", camera);
        struct policy_user user;
        if (board_user(own, 1, &user) != OK || user.name[0] != user.name[60]) {
            (void)atomic_fetch_add(&watch->torn, 1);
        }
    }
    board_reader_close(own);
    return NULL;
}

static void
write_rows(const struct watch *watch)
{
    struct board_session session = session_of(1);
    (void)text_copy(session.name, sizeof session.name, "anna");
    int64_t end_time = clock_mono() + 5000;
    unsigned i = 0;
    while ((i < 20000 || atomic_load(&watch->seen) < 2000) && clock_mono() < end_time) {
        char letter = (char)('a' + i % 26);
        memset(session.reason, letter, sizeof session.reason - 1);
        session.id[0] = letter;
        session.begun = letter;
        assert_int_equal(board_put_session(board, &session), OK);
        if (i++ % 64 == 0) {
            memset(policy.users[1].name, letter, POLICY_NAME - 1);
            board_set_policy(board, &policy);
        }
    }
}

static void
test_no_reader_ever_sees_a_torn_row(void **state)
{
    (void)state;
    static struct watch watch;
    pthread_t threads[2];
    memset(policy.users[1].name, 'a', POLICY_NAME - 1);
    board_set_policy(board, &policy);
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, watch_rows, &watch), 0);
    }
    write_rows(&watch);
    atomic_store(&watch.stop, true);
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&watch.torn), 0);
    assert_true(atomic_load(&watch.seen) > 100);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(test_finds_a_session_by_the_hash_of_its_cookie),
        TEST(test_a_session_over_its_limit_is_not_there),
        TEST(test_a_session_whose_user_is_disabled_or_gone_is_not_there),
        TEST(test_a_session_follows_its_user_to_another_place),
        TEST(test_nobody_gets_in_without_a_policy),
        TEST(test_holds_8192_sessions_and_says_when_it_is_full),
        TEST(test_removing_breaks_no_chain),
        TEST(test_sweeping_leaves_what_was_put_since_the_mark),
        TEST(test_every_change_has_another_generation),
        TEST(test_a_silent_writer_makes_the_board_stale),
        TEST(test_a_reader_moves_to_the_next_doormans_board_when_it_is_filled),
        TEST(test_a_reader_outlives_the_file),
        TEST(test_bans_a_prefix_until_its_time),
        TEST(test_bans_an_address_that_is_written_as_ipv6),
        TEST(test_refuses_a_ban_of_too_much_or_of_an_odd_length),
        TEST(test_holds_100000_bans_and_forgets_those_that_expired),
        TEST(test_names_are_copies_and_unknown_cameras_keep_their_key),
        TEST(test_an_answers_camera_outlives_the_question),
        TEST(test_no_reader_ever_sees_a_torn_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
