#include "store/budget.h"

#include "base/clock.h"
#include "base/text.h"
#include "store_scratch.h"

#include <signal.h>
#include <sys/wait.h>

#define HOUR INT64_C(3600000)
#define NOON INT64_C(1763812800000)

static struct budget_request
request_at(int64_t now, const char *key)
{
    struct budget_request request = {.account = "admin",
        .credential = "vendor-1",
        .protocol = "http",
        .now = now,
        .per_day = BUDGET_PER_DAY,
        .key_count = 1};
    (void)text_copy(request.keys[0], SUBJECT_KEY, key);
    return request;
}

static void
add_key(struct budget_request *request, const char *key)
{
    (void)text_copy(request->keys[request->key_count++], SUBJECT_KEY, key);
}

static struct budget_answer
take(struct store *store, const struct budget_request *request)
{
    struct budget_answer answer = {0};
    assert_int_equal(budget_take(store, request, &answer), OK);
    return answer;
}

static struct budget_answer
take_and_end(struct store *store, const struct budget_request *request, enum budget_outcome outcome)
{
    struct budget_answer answer = take(store, request);
    assert_true(answer.granted);
    assert_int_equal(budget_result(store, answer.ticket, outcome), OK);
    return answer;
}

static void
test_grants_one_login_per_device_and_day(void **state)
{
    struct store *store = *state;
    struct budget_request request = request_at(NOON, "mac:a");
    (void)take_and_end(store, &request, BUDGET_REFUSED);
    request.now = NOON + 23 * HOUR;
    request.account = "root";
    request.protocol = "onvif";
    struct budget_answer answer = take(store, &request);
    assert_false(answer.granted);
    assert_int_equal(answer.next, NOON + CLOCK_DAY);
    assert_string_equal(answer.why, "1 of at most 1 log-ins in 24 hours are spent");
    request.now = NOON + CLOCK_DAY;
    assert_true(take(store, &request).granted);
    struct budget_request other = request_at(NOON, "mac:b");
    assert_true(take(store, &other).granted);
}

static void
test_grants_two_at_most_whatever_the_owner_says(void **state)
{
    struct store *store = *state;
    struct budget_request request = request_at(NOON, "mac:a");
    request.per_day = 99;
    (void)take_and_end(store, &request, BUDGET_REFUSED);
    (void)take_and_end(store, &request, BUDGET_REFUSED);
    assert_false(take(store, &request).granted);
}

static void
test_grants_none_when_the_owner_says_none(void **state)
{
    struct budget_request request = request_at(NOON, "mac:a");
    request.per_day = 0;
    request.control = true;
    struct budget_answer answer = take(*state, &request);
    assert_false(answer.granted);
    assert_int_equal(answer.next, 0);
}

static void
test_grants_the_control_login_after_a_positive_only(void **state)
{
    struct store *store = *state;
    struct budget_request request = request_at(NOON, "mac:a");
    struct budget_answer first = take(store, &request);
    request.control = true;
    assert_false(take(store, &request).granted);
    assert_int_equal(budget_result(store, first.ticket, BUDGET_REFUSED), OK);
    assert_false(take(store, &request).granted);
    assert_int_equal(budget_result(store, first.ticket, BUDGET_OPEN), OK);
    assert_true(take(store, &request).granted);
    assert_false(take(store, &request).granted);
}

static void
test_keeps_two_tries_from_the_documented_lockout(void **state)
{
    static const struct {
        unsigned limit;
        unsigned granted; /* wrong ones, two a day, within a lock of a week */
    } rows[] = {
        {1, 0},
        {2, 0},
        {3, 1},
        {5, 3},
        {7, 5},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "mac:%zu", i);
        struct budget_request request = request_at(NOON, key);
        request.per_day = 2;
        request.limit_tries = rows[i].limit;
        request.limit_seconds = 7 * 86400;
        unsigned granted = 0;
        for (int hour = 0; hour < 6 * 24; hour += 6) {
            request.now = NOON + hour * HOUR;
            struct budget_answer answer = take(*state, &request);
            if (answer.granted) {
                granted++;
                assert_int_equal(budget_result(*state, answer.ticket, BUDGET_UNCLEAR), OK);
            }
        }
        assert_int_equal(granted, rows[i].granted);
    }
}

static void
test_leaves_a_locked_device_alone_for_a_day(void **state)
{
    struct store *store = *state;
    struct budget_request request = request_at(NOON, "mac:a");
    request.per_day = 2;
    (void)take_and_end(store, &request, BUDGET_LOCKED);
    request.now = NOON + 23 * HOUR;
    struct budget_answer answer = take(store, &request);
    assert_false(answer.granted);
    assert_int_equal(answer.next, NOON + CLOCK_DAY);
    assert_non_null(strstr(answer.why, "locked"));
}

static void
test_counts_a_device_that_changes_its_names_as_one(void **state)
{
    struct store *store = *state;
    struct budget_request request = request_at(NOON, "mac:a");
    add_key(&request, "serial:1");
    add_key(&request, "ip:10.0.0.7");
    request.per_day = 2;
    (void)take_and_end(store, &request, BUDGET_REFUSED);

    struct budget_request again = request_at(NOON + HOUR, "serial:2");
    add_key(&again, "ip:10.0.0.7");
    again.per_day = 2;
    (void)take_and_end(store, &again, BUDGET_REFUSED);

    struct budget_request third = request_at(NOON + 2 * HOUR, "serial:2");
    add_key(&third, "ip:10.0.0.8");
    third.per_day = 2;
    assert_false(take(store, &third).granted);
}

static void
test_refuses_a_device_without_a_name(void **state)
{
    struct budget_request request = request_at(NOON, "mac:a");
    request.key_count = 0;
    assert_false(take(*state, &request).granted);
}

static void
test_grants_nothing_more_when_the_clock_goes_back(void **state)
{
    struct store *store = *state;
    struct budget_request request = request_at(NOON, "mac:a");
    (void)take_and_end(store, &request, BUDGET_REFUSED);
    request.now = NOON - 300 * CLOCK_DAY;
    assert_false(take(store, &request).granted);

    /* What is spent while the clock is behind counts when it is right again. */
    struct budget_request other = request_at(NOON - 300 * CLOCK_DAY, "mac:b");
    (void)take_and_end(store, &other, BUDGET_REFUSED);
    other.now = NOON + HOUR;
    assert_false(take(store, &other).granted);
}

static void
test_survives_kill_right_after_the_grant(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    struct budget_request request = request_at(NOON, "mac:a");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store = scratch_open(&scratch);
        if (take(store, &request).granted) {
            (void)kill(getpid(), SIGKILL);
        }
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    struct store *store = scratch_open(&scratch);
    request.now = NOON + HOUR;
    assert_false(take(store, &request).granted);
    store_close(store);
    scratch_remove(&scratch);
}

static void
test_grants_one_to_processes_that_race(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    int start[2];
    assert_int_equal(pipe(start), 0);
    pid_t children[4];
    for (size_t i = 0; i < COUNT(children); i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            char byte = 0;
            (void)close(start[1]);
            (void)!read(start[0], &byte, 1);
            struct store *store = scratch_open(&scratch);
            struct budget_request request = request_at(NOON, "mac:a");
            _exit(take(store, &request).granted ? 10 : 20);
        }
    }
    (void)close(start[0]);
    (void)close(start[1]);
    unsigned granted = 0;
    for (size_t i = 0; i < COUNT(children); i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_true(WEXITSTATUS(status) == 10 || WEXITSTATUS(status) == 20);
        granted += WEXITSTATUS(status) == 10 ? 1 : 0;
    }
    assert_int_equal(granted, 1);
    scratch_remove(&scratch);
}

static struct budget_request
rotation_at(int64_t now, const char *key)
{
    struct budget_request request = request_at(now, key);
    request.rotation = true;
    return request;
}

static void
test_lets_a_rotations_right_password_cost_nothing(void **state)
{
    struct store *store = *state;
    struct budget_request request = rotation_at(NOON, "mac:a");
    request.limit_tries = 5;
    for (int step = 0; step < 300; step++) {
        request.now = NOON + step * HOUR / 20;
        (void)take_and_end(store, &request, BUDGET_OPEN);
    }
    struct budget_request factory = request_at(request.now, "mac:a");
    (void)take_and_end(store, &factory, BUDGET_REFUSED);
}

static void
test_bounds_the_wrong_proofs_of_a_rotation(void **state)
{
    static const struct {
        unsigned limit, granted;
    } rows[] = {
        {0, 2},
        {3, 1},
        {4, 2},
        {5, 3},
        {7, 3},
        {1, 0},
        {2, 0}
    };
    static const enum budget_outcome outcomes[] = {BUDGET_REFUSED, BUDGET_UNCLEAR, BUDGET_PENDING};
    for (size_t i = 0; i < COUNT(rows) * COUNT(outcomes); i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "mac:%zu", i);
        struct budget_request request = rotation_at(NOON, key);
        request.limit_tries = rows[i / COUNT(outcomes)].limit;
        unsigned granted = 0;
        for (int minute = 0; minute < 10; minute++) {
            request.now = NOON + minute * HOUR / 60;
            struct budget_answer answer = take(*state, &request);
            granted += answer.granted ? 1 : 0;
            if (answer.granted) {
                assert_int_equal(
                    budget_result(*state, answer.ticket, outcomes[i % COUNT(outcomes)]), OK);
            } else {
                assert_string_not_equal(answer.why, "");
            }
        }
        assert_int_equal(granted, rows[i / COUNT(outcomes)].granted);
    }
}

static void
test_counts_what_others_got_wrong_before_a_rotation(void **state)
{
    struct store *store = *state;
    struct budget_request factory = request_at(NOON, "mac:a");
    (void)take_and_end(store, &factory, BUDGET_REFUSED);
    struct budget_request request = rotation_at(NOON + HOUR, "mac:a");
    (void)take_and_end(store, &request, BUDGET_REFUSED);
    struct budget_answer answer = take(store, &request);
    assert_false(answer.granted);
    assert_int_equal(answer.next, NOON + CLOCK_DAY);
    assert_string_equal(answer.why, "2 wrong log-ins in 24 hours, of 2 at most");
    request.now = NOON + CLOCK_DAY;
    assert_true(take(store, &request).granted);
}

static void
test_ends_a_rotation_at_a_lock_and_two_before_it(void **state)
{
    struct store *store = *state;
    struct budget_request request = rotation_at(NOON, "mac:a");
    request.limit_tries = 5;
    (void)take_and_end(store, &request, BUDGET_LOCKED);
    assert_non_null(strstr(take(store, &request).why, "locked"));
    struct budget_request other = rotation_at(NOON, "mac:b");
    other.says_left = true;
    other.left = 2;
    assert_false(take(store, &other).granted);
    other.left = 3;
    assert_true(take(store, &other).granted);
}

static void
test_leaves_the_owners_password_its_try_after_a_rotation(void **state)
{
    struct store *store = *state;
    struct budget_request request = rotation_at(NOON, "mac:a");
    (void)take_and_end(store, &request, BUDGET_REFUSED);
    (void)take_and_end(store, &request, BUDGET_REFUSED);
    struct budget_request factory = request_at(NOON + HOUR, "mac:a");
    assert_false(take(store, &factory).granted);
    struct budget_request owner = request_at(NOON + HOUR, "mac:a");
    owner.owner = true;
    assert_true(take(store, &owner).granted);
}

static void
test_grants_a_rotation_nothing_where_log_ins_are_off(void **state)
{
    struct budget_request request = rotation_at(NOON, "mac:a");
    request.per_day = 0;
    assert_false(take(*state, &request).granted);
}

static struct budget_request
owner_at(int64_t now, const char *key)
{
    struct budget_request request = request_at(now, key);
    request.owner = true;
    return request;
}

static void
test_grants_an_owners_password_that_opens_in_every_run(void **state)
{
    struct store *store = *state;
    struct budget_request request = owner_at(NOON, "mac:a");
    request.limit_tries = 5;
    for (int run = 0; run < 300; run++) {
        request.now = NOON + run * HOUR / 20;
        (void)take_and_end(store, &request, BUDGET_OPEN);
    }
    /* Nor does it spend what a factory password may have. */
    struct budget_request factory = request_at(request.now, "mac:a");
    (void)take_and_end(store, &factory, BUDGET_REFUSED);
    assert_false(take(store, &factory).granted);
    assert_true(take(store, &request).granted);
}

static void
test_tries_an_owners_wrong_password_once_a_day(void **state)
{
    static const enum budget_outcome outcomes[] = {BUDGET_REFUSED, BUDGET_UNCLEAR, BUDGET_PENDING};
    struct store *store = *state;
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "mac:%zu", i);
        int64_t noon = NOON + (int64_t)i * 7 * CLOCK_DAY;
        struct budget_request request = owner_at(noon, key);
        (void)take_and_end(store, &request, BUDGET_OPEN);
        request.now += HOUR;
        (void)take_and_end(store, &request, outcomes[i]);
        request.now += 23 * HOUR;
        struct budget_answer answer = take(store, &request);
        assert_false(answer.granted);
        assert_int_equal(answer.next, noon + HOUR + CLOCK_DAY);
        assert_string_equal(
            answer.why, "a password of the site file did not open it within these 24 hours");
        request.now += HOUR;
        assert_true(take(store, &request).granted);
    }
}

static void
test_counts_an_owners_wrong_password_like_every_other(void **state)
{
    struct store *store = *state;
    struct budget_request request = owner_at(NOON, "mac:a");
    (void)take_and_end(store, &request, BUDGET_REFUSED);
    struct budget_request factory = request_at(NOON + HOUR, "mac:a");
    assert_false(take(store, &factory).granted);

    /* Within two tries of the documented lock-out it is not tried either. */
    struct budget_request other = request_at(NOON, "mac:b");
    other.per_day = 2;
    (void)take_and_end(store, &other, BUDGET_REFUSED);
    struct budget_request near = owner_at(NOON + HOUR, "mac:b");
    near.limit_tries = 3;
    assert_false(take(store, &near).granted);
    near.limit_tries = 4;
    assert_true(take(store, &near).granted);
}

static void
test_grants_an_owners_password_on_the_day_of_a_factory_one(void **state)
{
    struct store *store = *state;
    struct budget_request factory = request_at(NOON, "mac:a");
    (void)take_and_end(store, &factory, BUDGET_REFUSED);
    struct budget_request request = owner_at(NOON + HOUR, "mac:a");
    (void)take_and_end(store, &request, BUDGET_REFUSED);
    assert_false(take(store, &request).granted);
}

static void
test_grants_a_factory_password_that_opened_again_and_no_other(void **state)
{
    struct store *store = *state;
    struct budget_request factory = request_at(NOON, "mac:a");
    assert_false(take_and_end(store, &factory, BUDGET_OPEN).confirmed);
    struct budget_request control = request_at(NOON, "mac:a");
    control.control = true;
    control.credential = BUDGET_CONTROL;
    (void)take_and_end(store, &control, BUDGET_REFUSED);
    struct budget_request other = factory;
    other.credential = "other";
    assert_false(take(store, &other).granted);
    factory.now = NOON + HOUR;
    assert_true(take_and_end(store, &factory, BUDGET_OPEN).confirmed);
    struct budget_request owner = owner_at(NOON + HOUR, "mac:a");
    (void)take_and_end(store, &owner, BUDGET_OPEN);
    (void)take_and_end(store, &factory, BUDGET_REFUSED);
    assert_false(take(store, &factory).granted);
}

static void
test_leaves_one_more_for_the_way_back_of_a_proof_that_fails(void **state)
{
    struct store *store = *state;
    struct budget_request counter = rotation_at(NOON, "mac:a");
    counter.limit_tries = 5;
    counter.counter = true;
    (void)take_and_end(store, &counter, BUDGET_REFUSED);
    (void)take_and_end(store, &counter, BUDGET_REFUSED);
    assert_false(take(store, &counter).granted);
    counter.counter = false;
    assert_true(take(store, &counter).granted);
}

static void
test_tells_whether_it_would_be_granted_and_takes_nothing(void **state)
{
    struct store *store = *state;
    struct budget_request request = rotation_at(NOON, "mac:a");
    request.limit_tries = 6;
    request.looks = true;
    for (int i = 0; i < 10; i++) {
        struct budget_answer answer = take(store, &request);
        assert_true(answer.granted);
        assert_int_equal(answer.ticket, 0);
    }
    request.looks = false;
    for (int i = 0; i < 3; i++) {
        (void)take_and_end(store, &request, BUDGET_REFUSED);
    }
    request.looks = true;
    assert_false(take(store, &request).granted);
}

static void
test_looks_ahead_past_wrong_ones_that_may_come(void **state)
{
    struct store *store = *state;
    struct budget_request wrong = rotation_at(NOON, "mac:a");
    struct budget_request owner = owner_at(NOON, "mac:a");
    wrong.limit_tries = owner.limit_tries = 5;
    (void)take_and_end(store, &wrong, BUDGET_REFUSED);
    owner.looks = true;
    for (owner.after = 0; owner.after < 4; owner.after++) {
        assert_int_equal(take(store, &owner).granted, owner.after < 2); /* 1 + 2 + 2 is five */
    }
    owner.looks = false; /* for a log-in it says nothing */
    assert_true(take(store, &owner).granted);
    struct budget_request blind = rotation_at(NOON, "mac:b");
    blind.looks = true;
    for (blind.after = 0; blind.after < 4; blind.after++) {
        assert_int_equal(take(store, &blind).granted, blind.after < 2);
    }
    struct budget_request says = rotation_at(NOON, "mac:c");
    says.looks = says.says_left = true;
    says.left = 4;
    for (says.after = 0; says.after < 4; says.after++) {
        assert_int_equal(take(store, &says).granted, says.after < 2);
    }
}

static void
test_grants_an_owners_password_nothing_where_log_ins_are_off_or_it_is_locked(void **state)
{
    struct store *store = *state;
    struct budget_request request = owner_at(NOON, "mac:a");
    request.per_day = 0;
    assert_false(take(store, &request).granted);
    request.per_day = 1;
    (void)take_and_end(store, &request, BUDGET_OPEN);
    struct budget_request factory = request_at(NOON, "mac:a");
    (void)take_and_end(store, &factory, BUDGET_LOCKED);
    request.now = NOON + 23 * HOUR;
    assert_false(take(store, &request).granted);
}

static void
test_lets_no_owners_password_stand_for_a_positive(void **state)
{
    struct store *store = *state;
    struct budget_request factory = request_at(NOON, "mac:a");
    (void)take_and_end(store, &factory, BUDGET_REFUSED);
    struct budget_request request = owner_at(NOON, "mac:a");
    (void)take_and_end(store, &request, BUDGET_OPEN);
    struct budget_request control = request_at(NOON, "mac:a");
    control.control = true;
    assert_false(take(store, &control).granted);
}

static void
test_names_an_unknown_ticket(void **state)
{
    assert_int_equal(budget_result(*state, 4711, BUDGET_OPEN), ERR_MISSING);
    assert_string_equal(store_trouble(*state), "log-in 4711 is not on record");
}

static void
test_knows_a_device_by_mac_serial_and_every_address(void **state)
{
    (void)state;
    struct subject *subject = subject_new(1);
    struct source source = {WITNESS_WIRE, 90, NULL};
    struct ip ip = ip_from_v4(0x0a000007);
    struct budget_request request = {0};
    assert_int_equal(mac_parse("44:19:b6:01:02:03", &subject->mac), OK);
    facts_set_text(&subject->facts, FACT_DEVICE_SERIAL, "S1", &source);
    assert_true(subject_add_address(subject, &ip));
    budget_request_keys(&request, subject);
    assert_int_equal(request.key_count, 3);
    assert_string_equal(request.keys[0], "mac:44:19:b6:01:02:03");
    assert_string_equal(request.keys[1], "serial:S1");
    assert_string_equal(request.keys[2], "ip:10.0.0.7");
    subject_free(subject);
}

/* A device that counts wrong log-ins and locks, as its maker says or as it was set up. */
struct lock {
    unsigned tries, seconds; /* BUDGET_FOREVER: until somebody unlocks it */
    bool tells_left, tells_policy;
};

struct played {
    unsigned failures, logins, lockouts;
    int64_t locked_until;
};

/* A wrong log-in: counted, and locked at the limit. */
static struct budget_report
wrong_login(const struct lock *lock, struct played *played, int64_t now)
{
    struct budget_report report = {.outcome = BUDGET_REFUSED, .left = -1};
    played->logins++;
    played->failures++;
    if (played->failures >= lock->tries) {
        played->lockouts++;
        played->locked_until = INT64_MAX;
        report.outcome = BUDGET_LOCKED;
        report.seconds = lock->seconds;
    } else if (lock->tells_left) {
        report.left = (int)(lock->tries - played->failures);
    }
    (void)now;
    return report;
}

/* Runs every three hours for three weeks, all passwords wrong; the device never forgets a try. */
static struct played
play_weeks(struct store *store, const struct lock *lock, const char *key)
{
    struct played played = {0};
    for (int hour = 0; hour < 21 * 24; hour += 3) {
        struct budget_request request = request_at(NOON + hour * HOUR, key);
        request.per_day = 2;
        if (lock->tells_policy) {
            request.limit_tries = lock->tries;
            request.limit_seconds = lock->seconds;
        }
        struct budget_answer answer = take(store, &request);
        if (answer.granted) {
            struct budget_report report = wrong_login(lock, &played, request.now);
            assert_int_equal(budget_settle(store, answer.ticket, &report), OK);
        }
        /* A device with a lock that ends counts for no longer than a day. */
        if (lock->seconds != BUDGET_FOREVER && hour % 24 == 0) {
            played.failures = 0;
        }
    }
    return played;
}

static void
test_locks_no_device_of_any_policy_over_weeks(void **state)
{
    static const struct {
        struct lock lock;
        unsigned most; /* log-ins in 21 days */
    } rows[] = {
        {{3, 300, true, true},              21},
        {{3, 1800, false, true},            21},
        {{3, BUDGET_FOREVER, false, true},  1 },
        {{5, 300, true, true},              42},
        {{5, 1800, true, false},            42},
        {{5, BUDGET_FOREVER, false, true},  3 },
        {{7, 1800, true, false},            42},
        {{7, BUDGET_FOREVER, false, true},  5 },
        {{10, 300, true, true},             42},
        {{10, BUDGET_FOREVER, false, true}, 8 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "mac:%zu", i);
        struct played played = play_weeks(*state, &rows[i].lock, key);
        assert_int_equal(played.lockouts, 0);
        assert_in_range(played.logins, 1, rows[i].most);
    }
}

static void
settle_with(
    struct store *store, int64_t ticket, enum budget_outcome outcome, int left, unsigned seconds)
{
    const struct budget_report report = {.outcome = outcome, .left = left, .seconds = seconds};
    assert_int_equal(budget_settle(store, ticket, &report), OK);
}

static void
test_stops_when_the_device_says_that_two_are_left(void **state)
{
    static const struct {
        int left;
        bool granted;
    } rows[] = {
        {0, false},
        {1, false},
        {2, false},
        {3, true },
    };
    struct store *store = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "mac:%zu", i);
        struct budget_request request = request_at(NOON, key);
        request.per_day = 2;
        settle_with(store, take(store, &request).ticket, BUDGET_REFUSED, rows[i].left, 0);
        request.now += HOUR;
        assert_int_equal(take(store, &request).granted, rows[i].granted);
        /* The owner's own password is held back too. */
        struct budget_request own = owner_at(NOON + 2 * HOUR, key);
        own.per_day = 2;
        if (!rows[i].granted) {
            struct budget_answer answer = take(store, &own);
            assert_false(answer.granted);
            assert_non_null(strstr(answer.why, "left before it locks"));
        }
    }
    struct budget_request fresh = request_at(NOON, "mac:fresh");
    fresh.says_left = true;
    fresh.left = 2;
    assert_false(take(store, &fresh).granted);
    fresh.left = 3;
    assert_true(take(store, &fresh).granted);
}

static void
test_waits_out_a_lock_that_is_longer_than_a_day(void **state)
{
    struct store *store = *state;
    struct budget_request request = request_at(NOON, "mac:a");
    settle_with(store, take(store, &request).ticket, BUDGET_LOCKED, 0, 3 * 86400);
    request.now = NOON + 3 * CLOCK_DAY - HOUR;
    struct budget_answer answer = take(store, &request);
    assert_false(answer.granted);
    assert_int_equal(answer.next, NOON + 3 * CLOCK_DAY);
    request.now = NOON + 3 * CLOCK_DAY;
    assert_true(take(store, &request).granted);

    /* No device can have itself left alone for ever. */
    struct budget_request other = request_at(NOON, "mac:b");
    settle_with(store, take(store, &other).ticket, BUDGET_LOCKED, 0, UINT32_MAX);
    other.now = NOON + 370 * CLOCK_DAY;
    assert_true(take(store, &other).granted);
}

static void
test_remembers_the_policy_that_the_configuration_told(void **state)
{
    struct store *store = *state;
    struct budget_request told = request_at(NOON, "mac:a");
    budget_limit(&told, 3, 600);
    assert_int_equal(budget_policy(store, &told), OK);
    struct budget_request request = request_at(NOON + HOUR, "mac:a");
    request.per_day = 2;
    request.limit_tries = 7;
    (void)take_and_end(store, &request, BUDGET_REFUSED);
    request.now += HOUR;
    struct budget_answer answer = take(store, &request);
    assert_false(answer.granted);
    assert_string_equal(answer.why, "1 wrong log-ins are on record and the device locks at 3");
}

static void
set_state(struct budget_request *request, const char *words)
{
    (void)text_copy(request->state, sizeof(request->state), words);
}

static size_t
refused_count(struct store *store, const struct budget_request *request)
{
    struct budget_refusals refusals;
    assert_int_equal(budget_refused(store, request, &refusals), OK);
    return refusals.count;
}

static void
test_tells_which_passwords_were_refused_until_the_device_changes(void **state)
{
    struct store *store = *state;
    struct budget_request request = request_at(NOON, "mac:a");
    set_state(&request, "S1|V5.2|active|");
    for (int day = 0; day < 3; day++) {
        char id[24];
        (void)snprintf(id, sizeof(id), "vendor:%d", day);
        request.credential = id;
        request.now = NOON + day * CLOCK_DAY;
        assert_int_equal(refused_count(store, &request), (size_t)day);
        (void)take_and_end(store, &request, day == 2 ? BUDGET_UNCLEAR : BUDGET_REFUSED);
    }
    assert_int_equal(refused_count(store, &request), 2);
    set_state(&request, "|V5.2||");
    assert_int_equal(refused_count(store, &request), 2);
    set_state(&request, "S1|V5.3|active|");
    assert_int_equal(refused_count(store, &request), 0);
    set_state(&request, "S1|V5.2|new|");
    assert_int_equal(refused_count(store, &request), 0);
    set_state(&request, "S1|V5.2|active|");
    request.now = NOON + BUDGET_MEMORY;
    assert_int_equal(refused_count(store, &request), 1);
}

static void
test_takes_no_refusal_of_another_device_at_the_same_address(void **state)
{
    struct store *store = *state;
    struct budget_request one = request_at(NOON, "mac:a");
    add_key(&one, "ip:10.0.0.7");
    (void)take_and_end(store, &one, BUDGET_REFUSED);
    struct budget_request other = request_at(NOON + 9 * CLOCK_DAY, "mac:b");
    add_key(&other, "ip:10.0.0.7");
    assert_int_equal(refused_count(store, &other), 0);
    struct budget_request nameless = request_at(NOON + 9 * CLOCK_DAY, "ip:10.0.0.7");
    assert_int_equal(refused_count(store, &nameless), 1);
}

/* A whole series with one serial number, or a device that claims another's. */
static void
test_takes_no_refusal_of_another_device_with_the_same_serial(void **state)
{
    struct store *store = *state;
    struct budget_request one = request_at(NOON, "mac:a");
    add_key(&one, "serial:12345");
    add_key(&one, "ip:10.0.0.7");
    (void)take_and_end(store, &one, BUDGET_REFUSED);
    struct budget_request other = request_at(NOON + 9 * CLOCK_DAY, "mac:b");
    add_key(&other, "serial:12345");
    add_key(&other, "ip:10.0.0.7");
    assert_int_equal(refused_count(store, &other), 0);
    struct budget_request routed = request_at(NOON + 9 * CLOCK_DAY, "serial:12345");
    add_key(&routed, "ip:10.0.0.8");
    assert_int_equal(refused_count(store, &routed), 0);
    struct budget_request same = request_at(NOON + 9 * CLOCK_DAY, "serial:12345");
    add_key(&same, "ip:10.0.0.7");
    assert_int_equal(refused_count(store, &same), 1);
    struct budget_request moved = request_at(NOON + 9 * CLOCK_DAY, "mac:a");
    add_key(&moved, "ip:10.0.0.9");
    assert_int_equal(refused_count(store, &moved), 1);
}

static void
test_heeds_what_was_said_before_when_a_huge_number_is_said_now(void **state)
{
    struct store *store = *state;
    struct budget_request request = request_at(NOON, "mac:a");
    request.limit_tries = 3;
    (void)take_and_end(store, &request, BUDGET_REFUSED);
    request.now = NOON + 2 * HOUR;
    request.per_day = 2;
    request.says_left = true;
    request.left = UINT32_MAX;
    struct budget_answer answer;
    assert_int_equal(budget_take(store, &request, &answer), OK);
    assert_false(answer.granted);
}

static struct scratch shared;

static int
open_shared(void **state)
{
    scratch_make(&shared);
    *state = scratch_open(&shared);
    return 0;
}

static int
close_shared(void **state)
{
    store_close(*state);
    scratch_remove(&shared);
    return 0;
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, open_shared, close_shared)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(test_grants_one_login_per_device_and_day),
        WITH_STORE(test_grants_two_at_most_whatever_the_owner_says),
        WITH_STORE(test_grants_none_when_the_owner_says_none),
        WITH_STORE(test_grants_the_control_login_after_a_positive_only),
        WITH_STORE(test_keeps_two_tries_from_the_documented_lockout),
        WITH_STORE(test_leaves_a_locked_device_alone_for_a_day),
        WITH_STORE(test_counts_a_device_that_changes_its_names_as_one),
        WITH_STORE(test_refuses_a_device_without_a_name),
        WITH_STORE(test_grants_nothing_more_when_the_clock_goes_back),
        WITH_STORE(test_grants_an_owners_password_that_opens_in_every_run),
        WITH_STORE(test_tries_an_owners_wrong_password_once_a_day),
        WITH_STORE(test_counts_an_owners_wrong_password_like_every_other),
        WITH_STORE(test_grants_an_owners_password_on_the_day_of_a_factory_one),
        WITH_STORE(test_grants_a_factory_password_that_opened_again_and_no_other),
        WITH_STORE(test_leaves_one_more_for_the_way_back_of_a_proof_that_fails),
        WITH_STORE(test_tells_whether_it_would_be_granted_and_takes_nothing),
        WITH_STORE(test_looks_ahead_past_wrong_ones_that_may_come),
        WITH_STORE(test_grants_an_owners_password_nothing_where_log_ins_are_off_or_it_is_locked),
        WITH_STORE(test_lets_no_owners_password_stand_for_a_positive),
        WITH_STORE(test_lets_a_rotations_right_password_cost_nothing),
        WITH_STORE(test_bounds_the_wrong_proofs_of_a_rotation),
        WITH_STORE(test_counts_what_others_got_wrong_before_a_rotation),
        WITH_STORE(test_ends_a_rotation_at_a_lock_and_two_before_it),
        WITH_STORE(test_leaves_the_owners_password_its_try_after_a_rotation),
        WITH_STORE(test_grants_a_rotation_nothing_where_log_ins_are_off),
        WITH_STORE(test_names_an_unknown_ticket),
        WITH_STORE(test_locks_no_device_of_any_policy_over_weeks),
        WITH_STORE(test_stops_when_the_device_says_that_two_are_left),
        WITH_STORE(test_waits_out_a_lock_that_is_longer_than_a_day),
        WITH_STORE(test_remembers_the_policy_that_the_configuration_told),
        WITH_STORE(test_tells_which_passwords_were_refused_until_the_device_changes),
        WITH_STORE(test_takes_no_refusal_of_another_device_at_the_same_address),
        WITH_STORE(test_takes_no_refusal_of_another_device_with_the_same_serial),
        WITH_STORE(test_heeds_what_was_said_before_when_a_huge_number_is_said_now),
        cmocka_unit_test(test_survives_kill_right_after_the_grant),
        cmocka_unit_test(test_grants_one_to_processes_that_race),
        cmocka_unit_test(test_knows_a_device_by_mac_serial_and_every_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
