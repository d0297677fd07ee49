/*
 * The ledger ended at every call that it makes to a disk: by kill -9, by loss of power, by every
 * refusal. Afterwards no acknowledged event is missing or changed and every checkpoint holds.
 * The ordinary run takes every kill, every loss of power that loses all, and samples of the rest;
 * GATEHOUSE_CRASH=long takes every call of each kind and more kinds.
 */
#include "unit/test.h"

#include "base/clock.h"
#include "base/secret.h"
#include "faults.h"
#include "power.h"
#include "workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct world world;
static uint64_t calls;    /* of the whole life */
static bool writes[4096]; /* which of them are writes */

static bool
is_long(void)
{
    const char *text = getenv("GATEHOUSE_CRASH");
    return text != NULL && strcmp(text, "long") == 0;
}

/* A life in a process of its own; its exit status. */
static int live_apart(enum err (*live)(struct world *world))
{
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        enum err err = live(&world);
        _exit(err == OK ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status)) {
        fail_msg("the process died by signal %d", WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}

static void
check(const char *how, uint64_t call, unsigned detail)
{
    const char *trouble = workload_check(&world);
    if (trouble != NULL) {
        fail_msg("%s at call %u (%u): %s", how, (unsigned)call, detail, trouble);
    }
}

static int
count_calls(void **state)
{
    (void)state;
    world_make(&world);
    calls = 0;
    if (workload_live(&world) != OK) {
        return 1;
    }
    calls = faults.count;
    memcpy(writes, faults.is_write, sizeof(writes));
    const struct promise *promise = world.promise;
    printf("# %u calls, %u entries acknowledged, %u refused, %u of them reserved, %u checkpoints\n",
        (unsigned)calls, (unsigned)promise->acknowledged, (unsigned)promise->refused,
        (unsigned)promise->reserved, (unsigned)promise->head_count);
    return 0;
}

static int
clean_up(void **state)
{
    (void)state;
    world_remove(&world);
    return 0;
}

static void
test_undisturbed_life_keeps_every_promise_and_meets_a_full_disk(void **state)
{
    (void)state;
    world_reset(&world);
    assert_int_equal(workload_live(&world), OK);
    assert_true(world.promise->refused > 0);
    assert_true(world.promise->reserved > 0);
    assert_true(world.promise->head_count > 5);
    check("nothing", 0, 0);
}

static void
kill_at(uint64_t call, unsigned cut)
{
    world_reset(&world);
    faults.kind = FAULTS_STOP;
    faults.at = call;
    faults.calls = 1;
    faults.cut = cut;
    if (live_apart(workload_live) != FAULTS_STOPPED) {
        fail_msg("call %u was not reached", (unsigned)call);
    }
}

static void
test_kill_at_every_call_loses_nothing(void **state)
{
    (void)state;
    for (uint64_t call = 1; call <= calls; call++) {
        kill_at(call, 0);
        check("kill", call, 0);
    }
}

static void
test_kill_in_the_middle_of_every_write_loses_nothing(void **state)
{
    (void)state;
    static const unsigned cuts[] = {128, 1};
    for (size_t i = 0; i < (is_long() ? COUNT(cuts) : 1); i++) {
        for (uint64_t call = 1; call <= calls; call++) {
            if (writes[call]) {
                kill_at(call, cuts[i]);
                check("kill", call, cuts[i]);
            }
        }
    }
}

static void
test_kill_during_recovery_loses_nothing(void **state)
{
    (void)state;
    uint64_t step = is_long() ? 41 : 61;
    for (uint64_t call = 3; call <= calls; call += step) {
        for (uint64_t second = 1;; second += is_long() ? 2 : 5) {
            kill_at(call, 100);
            faults.at = second;
            if (live_apart(workload_go_on) != FAULTS_STOPPED) {
                break;
            }
            world.promise->life++;
            check("kill, then kill", call, (unsigned)second);
        }
    }
}

static void
test_power_lost_at_every_call_loses_nothing(void **state)
{
    (void)state;
    static struct promise whole;
    world_reset(&world);
    power_begin(world.folder, world.promise);
    faults.is_recording = true;
    assert_int_equal(workload_live(&world), OK);
    faults.is_recording = false;
    whole = *world.promise;
    unsigned seeds = is_long() ? 4 : 2;
    for (unsigned seed = 0; seed <= seeds; seed++) {
        uint64_t step = seed == 0 || is_long() ? 1 : 4;
        for (uint64_t call = 1 + seed % step; call <= power_calls() + 1; call += step) {
            const struct power_cut cut = {
                .call = call, .loss = seed == 0 ? POWER_LOSES_ALL : POWER_RANDOM, .seed = seed};
            world_reset(&world);
            *world.promise = whole;
            power_restore(&cut, world.promise);
            check("power", call, seed);
        }
    }
    power_end();
}

struct refusal {
    int reason;
    uint64_t calls;
    unsigned cut;
    uint64_t step; /* in the ordinary run; 0: not at all */
};

static void
refuse_everywhere(const struct refusal *refusal)
{
    uint64_t step = is_long() ? 1 : refusal->step;
    for (uint64_t call = 1; step != 0 && call <= calls; call += step) {
        world_reset(&world);
        faults.kind = FAULTS_REFUSE;
        faults.at = call;
        faults.calls = refusal->calls;
        faults.reason = refusal->reason;
        faults.cut = refusal->cut;
        int status = live_apart(workload_live);
        assert_true(status == 0 || status == 1);
        check(strerrordesc_np(refusal->reason), call, refusal->cut);
    }
}

static void
test_refusal_with_an_error_once_at_every_call_loses_nothing(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {EIO, 1, 128, 2},
        {EIO, 1, 0,   0},
        {EIO, 1, 255, 0},
    };
    for (size_t i = 0; i < COUNT(refusals); i++) {
        refuse_everywhere(&refusals[i]);
    }
}

static void
test_refusal_for_space_quota_and_read_only_at_every_call_loses_nothing(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {ENOSPC, 1,          128, 2},
        {EDQUOT, 3,          0,   5},
        {EROFS,  UINT64_MAX, 0,   7},
        {ENOSPC, 1,          0,   0},
        {ENOSPC, 7,          200, 0},
        {EROFS,  20,         0,   0},
    };
    for (size_t i = 0; i < COUNT(refusals); i++) {
        refuse_everywhere(&refusals[i]);
    }
}

int
main(void)
{
    if (secret_start() != OK) {
        return 1;
    }
    cmocka_set_test_filter(getenv("GATEHOUSE_CRASH_ONLY"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_undisturbed_life_keeps_every_promise_and_meets_a_full_disk),
        cmocka_unit_test(test_kill_at_every_call_loses_nothing),
        cmocka_unit_test(test_kill_in_the_middle_of_every_write_loses_nothing),
        cmocka_unit_test(test_kill_during_recovery_loses_nothing),
        cmocka_unit_test(test_power_lost_at_every_call_loses_nothing),
        cmocka_unit_test(test_refusal_with_an_error_once_at_every_call_loses_nothing),
        cmocka_unit_test(test_refusal_for_space_quota_and_read_only_at_every_call_loses_nothing),
    };
    return cmocka_run_group_tests(tests, count_calls, clean_up);
}
