/* A witness whose disk fails or whose process dies at every step of storing; built with
 * DISK_FAULTS. */
#include "base/file.h"
#include "ledger/disk.h"
#include "ledger/witness_state.h"

#include "witness_log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS 6 /* create, empty, write, sync, rename, sync of the folder */

enum fault { NONE, FAIL, TORN, DIE };

static struct witness_log shop;
static struct key *site;
static struct vkey log_key;
static char folder[64];
static struct witness_settings settings;

static enum fault fault;
static int reason;
static unsigned fault_at, calls;
static enum disk_call seen[16];

int
disk_fault(const struct disk_action *action)
{
    unsigned number = calls++;
    if (number < COUNT(seen)) {
        seen[number] = action->call;
    }
    if (fault == NONE || number != fault_at) {
        return 0;
    }
    if (fault == DIE) {
        _exit(9);
    }
    if (fault == TORN && action->call == DISK_WRITE) {
        *action->len /= 2;
        return reason;
    }
    return fault == FAIL ? reason : 0;
}

static const char *
path_of(const char *ending)
{
    static char path[256];
    char hex[WITNESS_NAME];
    (void)snprintf(path, sizeof(path), "%s/%s%s", folder, witness_name(LOG_ORIGIN, hex), ending);
    return path;
}

/* What came of one request; nothing may be answered that is not stored. */
static enum err
submit(uint64_t old, uint64_t size, int *ret_status)
{
    struct witness_state *state = NULL;
    struct buf body;
    struct buf answer;
    enum witness_verdict verdict = WITNESS_MALFORMED;
    buf_init(&body, WITNESS_BODY);
    buf_init(&answer, WITNESS_ANSWER);
    log_request(&shop, old, size, &body);
    assert_int_equal(witness_state_open(&settings, &state, NULL), OK);
    enum err err = witness_state_add(state, &body, &verdict, &answer, NULL);
    assert_true(err == OK || answer.len == 0);
    *ret_status = witness_verdict(verdict)->status;
    witness_state_close(state);
    buf_release(&body);
    buf_release(&answer);
    return err;
}

/* The size that a request is told, from the disk. */
static uint64_t
stored(void)
{
    struct buf bytes;
    struct checkpoint checkpoint;
    buf_init(&bytes, WITNESS_BODY);
    assert_int_equal(file_read(path_of(""), &bytes, NULL), OK);
    assert_int_equal(
        checkpoint_open(bytes.data, bytes.len, key_public(shop.key), &checkpoint, NULL), OK);
    buf_release(&bytes);
    return checkpoint.head.size;
}

static int
set_up(void **state)
{
    (void)state;
    int status = 0;
    fault = NONE;
    shop = log_new('a');
    log_key = *key_public(shop.key);
    assert_int_equal(key_new("example.org/witness", VKEY_COSIGNER, &site), OK);
    (void)snprintf(folder, sizeof(folder), "/tmp/witness.XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(witness_state_create(folder, NULL), OK);
    settings = (struct witness_settings){
        .folder = folder, .trust = {&log_key, 1},
             .key = site
    };
    assert_int_equal(submit(0, 10, &status), OK);
    assert_int_equal(status, 200);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    char lock[80];
    fault = NONE;
    (void)unlink(path_of(""));
    (void)unlink(path_of(".new"));
    (void)snprintf(lock, sizeof(lock), "%s/lock", folder);
    (void)unlink(lock);
    assert_int_equal(rmdir(folder), 0);
    log_free(&shop);
    key_free(site);
    return 0;
}

static void
arm(enum fault what, int with, unsigned at)
{
    fault = what;
    reason = with;
    fault_at = at;
    calls = 0;
}

/* After the trouble: whole, not smaller, and it goes on from there. */
static void
goes_on(uint64_t least)
{
    int status = 0;
    arm(NONE, 0, 0);
    uint64_t size = stored();
    assert_true(size >= least);
    assert_int_equal(submit(size, size + 1, &status), OK);
    assert_int_equal(status, 200);
    assert_int_equal(stored(), size + 1);
}

static void
test_stores_in_the_order_that_survives_a_power_cut(void **state)
{
    (void)state;
    static const enum disk_call order[STEPS] = {
        DISK_CREATE, DISK_TRUNCATE, DISK_WRITE, DISK_SYNC, DISK_RENAME, DISK_SYNC};
    int status = 0;
    arm(NONE, 0, 0);
    assert_int_equal(submit(10, 20, &status), OK);
    assert_int_equal(calls, STEPS);
    assert_memory_equal(seen, order, sizeof(order));
}

static void
test_answers_nothing_when_any_step_fails(void **state)
{
    (void)state;
    static const struct {
        enum fault fault;
        int reason;
    } rows[] = {
        {FAIL, EIO   },
        {FAIL, ENOSPC},
        {FAIL, EDQUOT},
        {FAIL, EROFS },
    };
    int status = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (unsigned at = 0; at < STEPS; at++) {
            uint64_t before = stored();
            arm(rows[i].fault, rows[i].reason, at);
            enum err err = submit(before, before + 2, &status);
            bool is_sync = seen[at] == DISK_SYNC; /* then nobody knows what is on the disk */
            assert_int_equal(err, rows[i].reason == EIO || is_sync ? ERR_IO : ERR_FULL);
            goes_on(before);
        }
    }
}

static void
test_a_torn_write_is_never_what_is_remembered(void **state)
{
    (void)state;
    int status = 0;
    arm(TORN, EIO, 2);
    assert_int_equal(submit(10, 20, &status), ERR_IO);
    assert_int_equal(stored(), 10);
    goes_on(10);
}

static void
test_what_a_crash_left_behind_is_not_taken_over(void **state)
{
    (void)state;
    char junk[5000];
    memset(junk, 'x', sizeof(junk));
    assert_int_equal(file_write(path_of(".new"), junk, sizeof(junk), 0644, NULL), OK);
    goes_on(10);
}

static void
test_dying_at_any_step_keeps_the_old_or_the_new(void **state)
{
    (void)state;
    for (unsigned at = 0; at < STEPS; at++) {
        uint64_t before = stored();
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            int answered = 0;
            arm(DIE, 0, at);
            (void)!submit(before, before + 2, &answered);
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 9);
        assert_int_equal(stored(), at < STEPS - 1 ? before : before + 2);
        goes_on(before);
    }
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_stores_in_the_order_that_survives_a_power_cut),
        TEST(test_answers_nothing_when_any_step_fails),
        TEST(test_a_torn_write_is_never_what_is_remembered),
        TEST(test_what_a_crash_left_behind_is_not_taken_over),
        TEST(test_dying_at_any_step_keeps_the_old_or_the_new),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
