/* The engine over made-up logs: with and without an index, after everything that can befall one. */
#include "ledger/search.h"

#include "base/file.h"
#include "base/secret.h"
#include "ledger/index.h"
#include "log_maker.h"

#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT_MANY (2 * PLACES_CHUNK + 300)
#define START      INT64_C(1795400045123)

static char scratch[64];
static char index_path[128];
static struct key *key;
static struct buf said;

static int
remove_one(const char *path, const struct stat *status, int flag, struct FTW *at)
{
    (void)status;
    (void)flag;
    (void)at;
    return remove(path);
}

static int
setup(void **state)
{
    (void)state;
    (void)snprintf(scratch, sizeof(scratch), "/tmp/gatehouse-search.XXXXXX");
    buf_init(&said, 65536);
    bool made = secret_start() == OK && mkdtemp(scratch) != NULL &&
                key_new("search.example", VKEY_ED25519, &key) == OK;
    (void)snprintf(index_path, sizeof(index_path), "%s/index.db", scratch);
    return made ? 0 : 1;
}

static int
teardown(void **state)
{
    (void)state;
    key_free(key);
    buf_release(&said);
    return nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Entry i: user i % 7, camera i % 11, every 1000th is garbage; `salt` makes another log. */
static size_t
entry_of(uint64_t i, const char *salt, char out[512])
{
    char time[CLOCK_TEXT];
    if (i % 1000 == 999) {
        return (size_t)snprintf(out, 512, "garbage %s %llu", salt, (unsigned long long)i);
    }
    (void)clock_text(START + (int64_t)i * 1000, time);
    time[19] = '\0';
    return (size_t)snprintf(out, 512,
        "{\"action\":\"footage.%s\",\"actor\":{\"ip\":\"10.0.%llu.7\",\"user\":\"u%llu\"},"
        "\"id\":\"%s%08llu\",\"outcome\":\"ok\",\"target\":{\"cameras\":[\"c%llu\"]},"
        "\"time\":\"%s.000Z\",\"v\":1}",
        i % 3 == 0 ? "export" : "live", (unsigned long long)(i % 5), (unsigned long long)(i % 7),
        salt, (unsigned long long)i, (unsigned long long)(i % 11), time);
}

static void
make_log(const char *name, uint64_t count, const char *salt)
{
    char path[256];
    char entry[512];
    struct log_maker maker;
    (void)snprintf(path, sizeof(path), "%s/%s", scratch, name);
    struct note note = {""};
    assert_int_equal(file_make_folder(path, &note), OK);
    log_maker_open(&maker, path);
    for (uint64_t i = 0; i < count; i++) {
        log_maker_add(&maker, entry, entry_of(i, salt, entry));
    }
    log_maker_sign(&maker, key, NULL, "checkpoint");
    log_maker_close(&maker);
}

static void
say(void *context, const char *words)
{
    (void)context;
    buf_format(&said, "%s\n", words);
}

struct sum {
    uint64_t count, last, digest;
};

static bool
add(void *context, const struct logged *logged)
{
    struct sum *sum = context;
    sum->count++;
    sum->last = logged->index;
    sum->digest = sum->digest * 31 + logged->index;
    return true;
}

static enum err
find(const char *name, const char *index, const struct query *query, struct sum *ret_sum)
{
    char path[256];
    struct search *search = NULL;
    struct note note = {""};
    *ret_sum = (struct sum){0};
    (void)snprintf(path, sizeof(path), "%s/%s", scratch, name);
    const struct search_settings settings = {
        .folder = path, .index = index, .index_is_ours = true, .say = say};
    buf_clear(&said);
    enum err err = search_open(&settings, &search, &note);
    if (err == OK) {
        const struct search_reader reader = {add, ret_sum};
        err = search_run(search, query, false, &reader, &note);
    }
    if (err != OK) {
        buf_format(&said, "%s\n", note.text);
    }
    search_close(search);
    return err;
}

/* A few queries of every kind; what the index makes of them is what reading everything does. */
static void
check_same(const char *name)
{
    struct query queries[8];
    for (size_t i = 0; i < COUNT(queries); i++) {
        queries[i] = query_begin();
    }
    queries[1].parts[QUERY_USER] = "u3";
    queries[2].parts[QUERY_CAMERA] = "c10";
    queries[2].parts[QUERY_ACTION] = "footage.*";
    queries[3].from = START + INT64_C(16000) * 1000;
    queries[3].to = START + INT64_C(33000) * 1000;
    queries[3].parts[QUERY_ACTION] = "footage.export";
    assert_int_equal(query_set_net(&queries[4], "10.0.2.0/23"), OK);
    assert_int_equal(query_set_words(&queries[5], "u5 10.0.1.7"), OK);
    assert_int_equal(query_set_words(&queries[6], "E-00016500"), OK);
    queries[7].parts[QUERY_USER] = "nobody";
    for (size_t i = 0; i < COUNT(queries); i++) {
        struct sum with;
        struct sum without;
        assert_int_equal(find(name, index_path, &queries[i], &with), OK);
        assert_int_equal(find(name, NULL, &queries[i], &without), OK);
        assert_int_equal(with.count, without.count);
        assert_int_equal(with.digest, without.digest);
        assert_true(i >= 6 || with.count != 0);
    }
}

static void
test_finds_with_an_index_what_is_in_the_log(void **state)
{
    (void)state;
    make_log("many", COUNT_MANY, "e-");
    check_same("many");
    struct query all = query_begin();
    struct sum sum;
    assert_int_equal(find("many", index_path, &all, &sum), OK);
    assert_int_equal(sum.count, COUNT_MANY);
    struct query timed = query_begin();
    timed.from = 0;
    assert_int_equal(find("many", index_path, &timed, &sum), OK);
    assert_int_equal(sum.count, COUNT_MANY - COUNT_MANY / 1000);
}

static void
test_makes_the_index_anew_for_another_log(void **state)
{
    (void)state;
    struct query all = query_begin();
    struct sum sum;
    make_log("other", COUNT_MANY, "x-");
    assert_int_equal(find("other", index_path, &all, &sum), OK);
    assert_non_null(strstr(said.data, "made anew"));
    check_same("other");
    make_log("small", 100, "x-");
    assert_int_equal(find("small", index_path, &all, &sum), OK);
    assert_int_equal(sum.count, 100);
    assert_non_null(strstr(said.data, "made anew"));
    check_same("many");
}

static void
overwrite(const char *path, off_t at, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static void
test_survives_an_index_of_garbage(void **state)
{
    (void)state;
    struct query all = query_begin();
    struct sum sum;
    char garbage[20000];
    for (size_t i = 0; i < sizeof(garbage); i++) {
        garbage[i] = (char)(i * 7919 >> 3);
    }
    check_same("many");
    for (off_t at = 0; at < 1000000; at += 50000) {
        overwrite(index_path, at, garbage, sizeof(garbage));
        assert_int_equal(find("many", index_path, &all, &sum), OK);
        assert_int_equal(sum.count, COUNT_MANY);
    }
    assert_int_equal(
        file_write(index_path, "not a database, but long enough to be looked at", 47, 0600, NULL),
        OK);
    check_same("many");
    assert_int_equal(truncate(index_path, 16384), 0);
    check_same("many");
    assert_int_equal(truncate(index_path, 0), 0);
    check_same("many");
}

static void
test_leaves_a_file_alone_that_is_no_index(void **state)
{
    (void)state;
    char path[256];
    char folder[256];
    struct search *search = NULL;
    struct note note = {""};
    (void)snprintf(path, sizeof(path), "%s/diary.txt", scratch);
    (void)snprintf(folder, sizeof(folder), "%s/many", scratch);
    assert_int_equal(file_write(path, "Dear diary", 10, 0600, NULL), OK);
    const struct search_settings settings = {.folder = folder, .index = path, .rebuild = true};
    assert_int_equal(search_open(&settings, &search, &note), ERR_VALUE);
    assert_non_null(strstr(note.text, "is not an index"));
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 100);
    assert_int_equal(file_read(path, &text, NULL), OK);
    assert_string_equal(text.data, "Dear diary");
}

static void
test_refuses_entries_that_are_not_the_checkpoints(void **state)
{
    (void)state;
    char path[256];
    struct query all = query_begin();
    struct sum sum;
    make_log("forged", COUNT_MANY, "f-");
    (void)snprintf(path, sizeof(path), "%s/forged/log/tile/entries/000", scratch);
    overwrite(path, 100, "X", 1);
    assert_int_equal(find("forged", index_path, &all, &sum), ERR_VALUE);
    assert_non_null(strstr(said.data, "ledger verify"));
    assert_int_equal(find("forged", NULL, &all, &sum), ERR_VALUE);
    assert_int_equal(sum.count, 0);
}

static void
test_reads_the_log_when_the_index_of_another_can_not_be_written(void **state)
{
    (void)state;
    struct query all = query_begin();
    struct sum sum;
    check_same("many");
    assert_int_equal(chmod(index_path, 0400), 0);
    assert_int_equal(find("other", index_path, &all, &sum), OK);
    assert_int_equal(sum.count, COUNT_MANY);
    bool is_root = geteuid() == 0; /* to whom every file may be written */
    assert_non_null(strstr(said.data, is_root ? "made anew" : "the whole log is read"));
    assert_int_equal(chmod(index_path, 0600), 0);
    check_same("many");
}

static bool
stop_at_once(void *context, uint64_t done, uint64_t all)
{
    (void)all;
    return done == 0 || context == NULL;
}

static void
test_keeps_what_was_indexed_when_stopped(void **state)
{
    (void)state;
    char folder[256];
    struct search *search = NULL;
    struct note note = {""};
    struct search_about about;
    assert_int_equal(index_remove(index_path, &note), OK);
    (void)snprintf(folder, sizeof(folder), "%s/many", scratch);
    struct search_settings settings = {.folder = folder,
        .index = index_path,
        .index_is_ours = true,
        .turn = stop_at_once,
        .context = folder};
    assert_int_equal(search_open(&settings, &search, &note), ERR_CANCELLED);
    settings.context = NULL;
    assert_int_equal(search_open(&settings, &search, &note), OK);
    search_about(search, &about);
    search_close(search);
    assert_int_equal(about.indexed, 2 * PLACES_CHUNK);
    assert_int_equal(about.built, PLACES_CHUNK);
}

static void
test_goes_on_with_what_is_published_later(void **state)
{
    (void)state;
    char folder[256];
    char entry[512];
    struct log_maker maker;
    struct search *search = NULL;
    struct note note = {""};
    struct sum sum = {0};
    struct query query = query_begin();
    const struct search_reader reader = {add, &sum};
    query.parts[QUERY_USER] = "u3";
    (void)snprintf(folder, sizeof(folder), "%s/growing", scratch);
    assert_int_equal(file_make_folder(folder, &note), OK);
    log_maker_open(&maker, folder);
    log_maker_sign(&maker, key, NULL, "checkpoint");
    const struct search_settings settings = {.folder = folder};
    assert_int_equal(search_open(&settings, &search, &note), OK);
    for (uint64_t i = 0; i < 1000; i++) {
        log_maker_add(&maker, entry, entry_of(i, "e-", entry));
        if (i % 100 == 50) {
            log_maker_sign(&maker, key, NULL, "checkpoint");
            assert_int_equal(search_more(search, &query, &reader, &note), OK);
        }
    }
    assert_int_equal(sum.count, 136); /* of 0 to 950 */
    assert_int_equal(sum.last, 948);
    log_maker_close(&maker);
    search_close(search);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_with_an_index_what_is_in_the_log),
        cmocka_unit_test(test_makes_the_index_anew_for_another_log),
        cmocka_unit_test(test_survives_an_index_of_garbage),
        cmocka_unit_test(test_leaves_a_file_alone_that_is_no_index),
        cmocka_unit_test(test_refuses_entries_that_are_not_the_checkpoints),
        cmocka_unit_test(test_reads_the_log_when_the_index_of_another_can_not_be_written),
        cmocka_unit_test(test_keeps_what_was_indexed_when_stopped),
        cmocka_unit_test(test_goes_on_with_what_is_published_later),
    };
    return cmocka_run_group_tests_name("search", tests, setup, teardown);
}
