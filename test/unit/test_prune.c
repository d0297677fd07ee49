/* Pruning over made-up logs: what may go, what the log must say, and every half-done state. */
#include "ledger/prune.h"

#include "base/secret.h"
#include "ledger/search.h"
#include "ledger/verify.h"
#include "log_maker.h"

#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES 3000
#define EVENT   2900
#define FAILED  2902
#define START   INT64_C(1795400000000)
#define POLICY  "keep 3y"

static char scratch[64];
static char path[128];
static struct key *key;

static int
remove_one(const char *name, const struct stat *status, int flag, struct FTW *at)
{
    (void)status;
    (void)flag;
    (void)at;
    return remove(name);
}

/* Entry i is of second i; EVENT states a minimum of 512, FAILED that nothing came of it. */
static size_t
entry_of(uint64_t i, char out[512])
{
    char time[CLOCK_TEXT];
    bool is_prune = i == EVENT || i == FAILED;
    (void)clock_text(START + (int64_t)i * 1000, time);
    time[19] = '\0';
    return (size_t)snprintf(out, 512,
        "{\"action\":\"%s\",\"actor\":{\"user\":\"u%llu\"},%s\"id\":\"entry-%08llu\","
        "\"outcome\":\"%s\",\"time\":\"%s.000Z\",\"v\":1}",
        is_prune ? "ledger.prune" : "footage.live", (unsigned long long)(i % 7),
        is_prune ? "\"detail\":{\"minimum\":512,\"policy\":\"" POLICY "\"}," : "",
        (unsigned long long)i, i == FAILED ? "failed" : "ok", time);
}

static int
setup(void **state)
{
    struct log_maker maker;
    char entry[512];
    (void)state;
    (void)snprintf(scratch, sizeof(scratch), "/tmp/gatehouse-prune.XXXXXX");
    if (secret_start() != OK || mkdtemp(scratch) == NULL ||
        key_new("prune.example", VKEY_ED25519, &key) != OK) {
        return 1;
    }
    (void)snprintf(path, sizeof(path), "%s/log", scratch);
    log_maker_open(&maker, scratch);
    for (uint64_t i = 0; i < ENTRIES; i++) {
        log_maker_add(&maker, entry, entry_of(i, entry));
    }
    log_maker_sign(&maker, key, NULL, "checkpoint");
    log_maker_close(&maker);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    key_free(key);
    key = NULL;
    return nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct tree *
open_tree(void)
{
    struct tree *tree = NULL;
    struct note note = {""};
    assert_int_equal(tree_open(path, &tree, &note), OK);
    return tree;
}

static void
state_it(uint64_t minimum, uint64_t event, const char *policy)
{
    struct retention retention = {.minimum = minimum, .event = event};
    struct note note = {""};
    struct tree *tree = open_tree();
    (void)snprintf(retention.policy, sizeof(retention.policy), "%s", policy);
    assert_int_equal(retention_write(tree_folder(tree), &retention, &note), OK);
    tree_close(tree);
}

static void
drop(unsigned bundle)
{
    char name[192];
    (void)snprintf(name, sizeof(name), "%s/tile/entries/%03u", path, bundle);
    assert_int_equal(unlink(name), 0);
}

static bool
has(unsigned bundle)
{
    char name[192];
    (void)snprintf(name, sizeof(name), "%s/tile/entries/%03u", path, bundle);
    return access(name, F_OK) == 0;
}

/* VERIFY_KINDS: it verifies. */
static enum verify_kind
verdict(uint64_t *ret_pruned)
{
    struct verify_result result;
    struct note note = {""};
    const struct verify_settings settings = {
        .folder = path, .key = key_public(key), .hashes_only = true, .jobs = 2};
    assert_int_equal(verify_run(&settings, &result, &note), OK);
    enum verify_kind kind = result.is_verified ? VERIFY_KINDS : result.findings[0].kind;
    *ret_pruned = result.pruned;
    verify_result_release(&result);
    return kind;
}

static bool
count(void *context, const struct logged *logged)
{
    uint64_t *counts = context;
    counts[0]++;
    counts[1] = logged->index < counts[1] ? logged->index : counts[1];
    return true;
}

static uint64_t
find_all(uint64_t *ret_first)
{
    struct search *search = NULL;
    struct note note = {""};
    uint64_t counts[2] = {0, UINT64_MAX};
    const struct search_settings settings = {.folder = path};
    const struct search_reader reader = {count, counts};
    struct query query = query_begin();
    assert_int_equal(search_open(&settings, &search, &note), OK);
    assert_int_equal(search_run(search, &query, true, &reader, &note), OK);
    search_close(search);
    *ret_first = counts[1];
    return counts[0];
}

static void
test_only_whole_bundles_before_the_time_may_go(void **state)
{
    (void)state;
    static const struct {
        int64_t second;
        uint64_t limit, minimum;
    } rows[] = {
        {0,       ENTRIES, 0   },
        {511,     ENTRIES, 256 },
        {512,     ENTRIES, 512 },
        {1000,    ENTRIES, 768 },
        {1000,    600,     512 },
        {1 << 20, ENTRIES, 2816},
        {1 << 20, 255,     0   },
    };
    struct entries *entries = NULL;
    struct note note = {""};
    assert_int_equal(entries_open(path, &entries, &note), OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t minimum = 1;
        assert_int_equal(
            prune_find(entries, START + rows[i].second * 1000, rows[i].limit, &minimum, &note), OK);
        assert_int_equal(minimum, rows[i].minimum);
    }
    entries_close(entries);
}

static void
test_what_is_missing_unstated_does_not_verify(void **state)
{
    (void)state;
    uint64_t pruned = 0;
    drop(1);
    assert_int_equal(verdict(&pruned), VERIFY_MISSING);
    state_it(512, EVENT, "keep 4y");
    assert_int_equal(verdict(&pruned), VERIFY_NOT_STATED);
    state_it(768, EVENT, POLICY);
    assert_int_equal(verdict(&pruned), VERIFY_NOT_STATED);
    state_it(512, EVENT + 1, POLICY);
    assert_int_equal(verdict(&pruned), VERIFY_NOT_STATED);
    state_it(512, FAILED, POLICY);
    assert_int_equal(verdict(&pruned), VERIFY_NOT_STATED);
    state_it(512, ENTRIES + 1, POLICY);
    assert_int_equal(verdict(&pruned), VERIFY_NOT_STATED);
    assert_int_equal(pruned, 0);
    state_it(512, EVENT, POLICY);
    assert_int_equal(verdict(&pruned), VERIFY_KINDS);
    assert_int_equal(pruned, 256);
}

static void
test_every_half_done_state_verifies_and_is_searched(void **state)
{
    (void)state;
    uint64_t pruned = 1;
    uint64_t first = 0;
    struct note note = {""};
    assert_int_equal(find_all(&first), ENTRIES);
    state_it(512, EVENT, POLICY);
    for (unsigned gone = 0; gone <= 2; gone++) {
        assert_int_equal(verdict(&pruned), VERIFY_KINDS);
        assert_int_equal(pruned, 256 * gone);
        assert_int_equal(find_all(&first), ENTRIES - 512);
        assert_int_equal(first, 512);
        if (gone == 0) {
            drop(0);
        } else if (gone == 1) {
            struct prune_plan plan;
            struct tree *tree = open_tree();
            assert_int_equal(prune_look(tree, 512, &plan, &note), OK);
            assert_int_equal(plan.bundles, 1);
            assert_int_equal(prune_remove(tree, 512, &note), OK);
            tree_close(tree);
            assert_false(has(1));
            assert_true(has(2));
        }
    }
}

static void
test_bundles_above_the_minimum_must_be_there(void **state)
{
    (void)state;
    uint64_t pruned = 0;
    state_it(512, EVENT, POLICY);
    drop(0);
    drop(2);
    assert_int_equal(verdict(&pruned), VERIFY_MISSING);
}

static void
test_a_changed_tile_of_pruned_entries_is_found(void **state)
{
    (void)state;
    uint64_t pruned = 0;
    char name[192];
    state_it(512, EVENT, POLICY);
    drop(0);
    (void)snprintf(name, sizeof(name), "%s/tile/0/000", path);
    int fd = open(name, O_WRONLY);
    assert_int_equal(pwrite(fd, "x", 1, 77), 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(verdict(&pruned), VERIFY_DAMAGED);
    struct search *search = NULL;
    struct note note = {""};
    const struct search_settings settings = {.folder = path};
    assert_int_equal(search_open(&settings, &search, &note), ERR_VALUE);
}

static void
test_the_statement_has_one_form(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "gatehouse retention\nminimum 512\nevent 1234\npolicy x",
        "gatehouse retention\nminimum 512\nevent 1234\npolicy x\n\n",
        "gatehouse retention\nminimum 0512\nevent 1234\npolicy x\n",
        "gatehouse retention\nminimum 511\nevent 1234\npolicy x\n",
        "gatehouse retention\nminimum 0\nevent 1234\npolicy x\n",
        "gatehouse retention\nminimum 512\nevent 511\npolicy x\n",
        "gatehouse retention\nminimum 512\nevent 1234\npolicy \n",
        "gatehouse retention\nminimum 512\nevent 1234\npolicy \033[31m\n",
        "gatehouse retention\nevent 1234\nminimum 512\npolicy x\n",
    };
    static const char good[] = "gatehouse retention\nminimum 512\nevent 1234\npolicy keep 3y\n";
    struct retention retention;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(retention_parse(bad[i], strlen(bad[i]), &retention), ERR_SYNTAX);
    }
    assert_int_equal(retention_parse(good, strlen(good), &retention), OK);
    assert_int_equal(retention.minimum, 512);
    assert_int_equal(retention.event, 1234);
    assert_string_equal(retention.policy, POLICY);
    assert_int_equal(retention_parse(good, sizeof(good), &retention), ERR_SYNTAX);
}

int
main(void)
{
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_only_whole_bundles_before_the_time_may_go),
        LOG_TEST(test_what_is_missing_unstated_does_not_verify),
        LOG_TEST(test_every_half_done_state_verifies_and_is_searched),
        LOG_TEST(test_bundles_above_the_minimum_must_be_there),
        LOG_TEST(test_a_changed_tile_of_pruned_entries_is_found),
        cmocka_unit_test(test_the_statement_has_one_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
