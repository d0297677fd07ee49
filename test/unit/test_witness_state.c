#include "ledger/witness_state.h"

#include "base/clock.h"
#include "base/file.h"

#include "witness_log.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define RACERS 8

static struct witness_log shop;
static struct key *site;
static char folder[64];
static struct witness_settings settings;

static int64_t wall;

static int64_t
test_wall(void)
{
    return wall;
}

static int64_t
test_mono(void)
{
    return 0;
}

static int
set_up(void **state)
{
    (void)state;
    static const struct clock_source source = {test_wall, test_mono};
    static struct vkey log;
    wall = INT64_C(1000000000);
    clock_replace(&source);
    shop = log_new('a');
    log = *key_public(shop.key);
    assert_int_equal(key_new("example.org/witness", VKEY_COSIGNER, &site), OK);
    (void)snprintf(folder, sizeof(folder), "/tmp/witness.XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(witness_state_create(folder, NULL), OK);
    settings = (struct witness_settings){
        .folder = folder, .trust = {&log, 1},
             .key = site
    };
    return 0;
}

/* A file of the folder: the log's own, or another. */
static const char *
path_of(const char *name, const char *ending)
{
    static char path[256];
    char hex[WITNESS_NAME];
    (void)snprintf(path, sizeof(path), "%s/%s%s", folder,
        name == NULL ? witness_name(LOG_ORIGIN, hex) : name, ending);
    return path;
}

static int
tear_down(void **state)
{
    (void)state;
    clock_replace(NULL);
    (void)unlink(path_of(NULL, ""));
    (void)unlink(path_of(NULL, ".new"));
    (void)unlink(path_of(NULL, ".fork"));
    (void)unlink(path_of("lock", ""));
    assert_int_equal(rmdir(folder), 0);
    log_free(&shop);
    key_free(site);
    return 0;
}

/* HTTP status of one request; the answer in *ret_answer (NULL allowed). 500: it failed. */
static int
submit(const struct witness_log *log, uint64_t old, uint64_t size, struct buf *ret_answer)
{
    struct witness_state *state = NULL;
    struct buf body;
    struct buf answer;
    enum witness_verdict verdict = WITNESS_MALFORMED;
    buf_init(&body, WITNESS_BODY);
    buf_init(&answer, WITNESS_ANSWER);
    log_request(log, old, size, &body);
    assert_int_equal(witness_state_open(&settings, &state, NULL), OK);
    enum err err = witness_state_add(state, &body, &verdict, &answer, NULL);
    witness_state_close(state);
    if (ret_answer != NULL) {
        buf_clear(ret_answer);
        buf_add(ret_answer, answer.data, answer.len);
    }
    buf_release(&body);
    buf_release(&answer);
    return err == OK ? witness_verdict(verdict)->status : 500;
}

/* What is stored: size and time. */
static uint64_t
stored(uint64_t *ret_time)
{
    struct buf bytes;
    struct signednote note;
    struct checkpoint checkpoint;
    buf_init(&bytes, WITNESS_BODY);
    assert_int_equal(file_read(path_of(NULL, ""), &bytes, NULL), OK);
    assert_int_equal(
        checkpoint_open(bytes.data, bytes.len, key_public(shop.key), &checkpoint, NULL), OK);
    assert_int_equal(signednote_parse(bytes.data, bytes.len, &note, NULL), OK);
    assert_int_equal(signednote_verify(&note, key_public(site), ret_time), OK);
    buf_release(&bytes);
    return checkpoint.head.size;
}

static void
test_remembers_across_processes_what_it_cosigned(void **state)
{
    (void)state;
    struct buf answer;
    uint64_t time = 0;
    buf_init(&answer, WITNESS_ANSWER);
    assert_int_equal(submit(&shop, 0, 10, NULL), 200);
    assert_int_equal(stored(&time), 10);
    assert_int_equal(time, wall / 1000);
    assert_int_equal(submit(&shop, 0, 20, &answer), 409);
    assert_string_equal(answer.data, "10\n");
    assert_int_equal(submit(&shop, 10, 20, NULL), 200);
    assert_int_equal(submit(&shop, 10, 10, &answer), 409);
    assert_string_equal(answer.data, "20\n");
    assert_int_equal(stored(&time), 20);
    buf_release(&answer);
}

static void
test_keeps_proof_of_two_trees_of_one_size(void **state)
{
    (void)state;
    struct witness_log fork = {.merkle = shop.merkle, .key = shop.key, .salt = 'b'};
    struct buf bytes;
    struct checkpoint checkpoint;
    buf_init(&bytes, WITNESS_BODY);
    assert_int_equal(submit(&shop, 0, 10, NULL), 200);
    assert_int_equal(submit(&fork, 10, 20, NULL), 422);
    assert_int_equal(access(path_of(NULL, ".fork"), F_OK), -1);
    assert_int_equal(submit(&fork, 10, 10, NULL), 409);
    assert_int_equal(file_read(path_of(NULL, ".fork"), &bytes, NULL), OK);
    assert_int_equal(
        checkpoint_open(bytes.data, bytes.len, key_public(shop.key), &checkpoint, NULL), OK);
    assert_int_equal(submit(&shop, 10, 10, NULL), 200);
    buf_release(&bytes);
}

static void
test_time_of_a_cosignature_does_not_go_back_with_the_clock(void **state)
{
    (void)state;
    uint64_t first = 0;
    uint64_t time = 0;
    assert_int_equal(submit(&shop, 0, 10, NULL), 200);
    (void)stored(&first);
    wall -= 100 * 1000;
    assert_int_equal(submit(&shop, 10, 20, NULL), 200);
    (void)stored(&time);
    assert_int_equal(time, first);
    wall += INT64_C(1000) * 1000;
    assert_int_equal(submit(&shop, 20, 20, NULL), 200); /* the same tree, stored anew by and by */
    (void)stored(&time);
    assert_int_equal(time, first + 900);
}

static void
test_says_nothing_about_a_log_whose_state_is_damaged(void **state)
{
    (void)state;
    struct buf bytes;
    buf_init(&bytes, WITNESS_BODY);
    assert_int_equal(submit(&shop, 0, 10, NULL), 200);
    assert_int_equal(file_read(path_of(NULL, ""), &bytes, NULL), OK);
    char *size = strstr(bytes.data, "\n10\n") + 1;
    *size = '2'; /* 20 entries */
    assert_int_equal(file_write(path_of(NULL, ""), bytes.data, bytes.len, 0644, NULL), OK);
    assert_int_equal(submit(&shop, 10, 20, NULL), 500);
    assert_int_equal(submit(&shop, 20, 20, NULL), 500);
    assert_int_equal(file_write(path_of(NULL, ""), "", 0, 0644, NULL), OK);
    assert_int_equal(submit(&shop, 0, 10, NULL), 500);
    buf_release(&bytes);
}

static void
test_a_folder_without_state_is_not_an_empty_state(void **state)
{
    (void)state;
    struct witness_state *opened = NULL;
    assert_int_equal(witness_state_create(folder, NULL), ERR_VALUE);
    assert_int_equal(unlink(path_of("lock", "")), 0);
    assert_int_equal(witness_state_open(&settings, &opened, NULL), ERR_MISSING);
    assert_null(opened);
}

static void
test_shows_only_logs_that_it_knows(void **state)
{
    (void)state;
    char name[WITNESS_NAME];
    struct witness_state *opened = NULL;
    struct buf bytes;
    buf_init(&bytes, WITNESS_BODY);
    assert_int_equal(submit(&shop, 0, 10, NULL), 200);
    assert_int_equal(witness_state_open(&settings, &opened, NULL), OK);
    assert_int_equal(witness_state_show(opened, "lock", &bytes, NULL), ERR_MISSING);
    assert_int_equal(witness_state_show(opened, "../x", &bytes, NULL), ERR_MISSING);
    assert_int_equal(
        witness_state_show(opened, witness_name("else", name), &bytes, NULL), ERR_MISSING);
    assert_int_equal(witness_state_show(opened, witness_name(LOG_ORIGIN, name), &bytes, NULL), OK);
    assert_non_null(strstr(bytes.data, "\n10\n"));
    witness_state_close(opened);
    buf_release(&bytes);
}

/* Starts racers that wait for the pipe to close, each with its own tree from `old` on. */
static unsigned
race(uint64_t old, uint64_t size, bool forks)
{
    int start[2];
    pid_t racers[RACERS];
    unsigned won = 0;
    assert_int_equal(pipe(start), 0);
    for (unsigned i = 0; i < RACERS; i++) {
        racers[i] = fork();
        assert_true(racers[i] >= 0);
        if (racers[i] == 0) {
            char byte;
            struct witness_log log = shop;
            log.salt = (char)(forks ? 'b' + (int)i : 'a');
            (void)close(start[1]);
            (void)!read(start[0], &byte, 1);
            int status = submit(&log, old, forks ? size : size + i, NULL);
            _exit(status == 200 ? 0 : status == 409 || status == 422 ? 1 : 2);
        }
    }
    (void)close(start[0]);
    (void)close(start[1]);
    for (unsigned i = 0; i < RACERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(racers[i], &status, 0), racers[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 2);
        won += WEXITSTATUS(status) == 0 ? 1 : 0;
    }
    return won;
}

static void
test_of_processes_that_race_only_one_gets_its_tree_cosigned(void **state)
{
    (void)state;
    uint64_t time = 0;
    /* Eight first trees of one log. */
    assert_int_equal(race(0, 7, true), 1);
    assert_int_equal(unlink(path_of(NULL, "")), 0);
    (void)unlink(path_of(NULL, ".fork"));
    /* The race of the specification: N and N + K at once from the same old size. */
    assert_int_equal(submit(&shop, 0, 10, NULL), 200);
    for (uint64_t round = 0; round < 10; round++) {
        uint64_t old = stored(&time);
        assert_int_equal(race(old, old + 1, false), 1);
        assert_true(stored(&time) > old);
    }
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_remembers_across_processes_what_it_cosigned),
        TEST(test_keeps_proof_of_two_trees_of_one_size),
        TEST(test_time_of_a_cosignature_does_not_go_back_with_the_clock),
        TEST(test_says_nothing_about_a_log_whose_state_is_damaged),
        TEST(test_a_folder_without_state_is_not_an_empty_state),
        TEST(test_shows_only_logs_that_it_knows),
        TEST(test_of_processes_that_race_only_one_gets_its_tree_cosigned),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
