#include "store/store.h"

#include "base/file.h"
#include "store_scratch.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct store_fact facts[] = {
    {"device.firmware", "5.5.82", WITNESS_CONFIG, 90},
    {"cloud.enabled",   "no",     WITNESS_CONFIG, 95},
};

/* clang-format off */
static const struct store_device devices[] = {
    {.key = "mac:44:19:b6:01:02:03", .title = "Gate", .addresses = "10.0.3.7, fe80::1",
     .kind = "camera", .vendor = "Hikvision", .model = "DS-2CD2032", .version = "5.5.82",
     .confidence = 95, .facts = facts, .fact_count = COUNT(facts)},
    {.key = "ip:10.0.3.9", .title = "it's a \"test\"", .addresses = "10.0.3.9", .kind = "unknown"},
};
/* clang-format on */

static const struct store_finding findings[] = {
    {"vendor-cloud/cloud-on", "FAIL", "mac:44:19:b6:01:02:03", "one", "P2P is on", true},
};

static struct store_run
run_named(const char *id, const char *site, int64_t started)
{
    return (struct store_run){.id = id,
        .site = site,
        .scope = "10.0.3.0/24",
        .started = started,
        .ended = started + 5000,
        .partial = true,
        .grade = "D",
        .score = 44,
        .program = "0.1.0",
        .rules = "1",
        .catalog = "2026-11-01",
        .hosts = 254,
        .packets = 9000,
        .logins = 2,
        .device_count = COUNT(devices),
        .fail_count = 1,
        .devices = devices,
        .findings = findings,
        .finding_count = COUNT(findings)};
}

static void
save(struct store *store, const char *id, const char *site, int64_t started)
{
    struct store_run run = run_named(id, site, started);
    assert_int_equal(store_save_run(store, &run), OK);
}

static void
test_gives_back_the_whole_run(void **state)
{
    struct store *store = *state;
    struct arena arena;
    struct store_run run;
    arena_init(&arena, 1 << 20);
    save(store, "20261122T201500Z-1a2b3c", "shop", 1000);
    save(store, "20261122T201500Z-1a2b3c", "shop", 1000); /* again: replaced */
    assert_int_equal(store_load_run(store, NULL, "last", &arena, &run), OK);
    assert_string_equal(run.id, "20261122T201500Z-1a2b3c");
    assert_string_equal(run.site, "shop");
    assert_true(run.partial);
    assert_int_equal(run.score, 44);
    assert_int_equal(run.ended, 6000);
    assert_int_equal(run.device_count, 2);
    assert_string_equal(run.devices[0].title, "Gate");
    assert_string_equal(run.devices[0].addresses, "10.0.3.7, fe80::1");
    assert_int_equal(run.devices[0].confidence, 95);
    assert_int_equal(run.devices[0].fact_count, 2);
    assert_string_equal(run.devices[0].facts[1].name, "cloud.enabled");
    assert_int_equal(run.devices[0].facts[1].witness, WITNESS_CONFIG);
    assert_string_equal(run.devices[1].title, "it's a \"test\"");
    assert_null(run.devices[1].vendor);
    assert_int_equal(run.devices[1].fact_count, 0);
    assert_int_equal(run.finding_count, 1);
    assert_string_equal(run.findings[0].sentence, "P2P is on");
    assert_true(run.findings[0].waived);
    arena_release(&arena);
}

static void
test_finds_runs_by_prefix_and_counted_back(void **state)
{
    struct store *store = *state;
    struct arena arena;
    struct store_run run;
    arena_init(&arena, 1 << 20);
    save(store, "20261120T1", "shop", 1000);
    save(store, "20261121T1", "barn", 2000);
    save(store, "20261122T1", "shop", 3000);
    assert_int_equal(store_load_run(store, NULL, "20261121", &arena, &run), OK);
    assert_string_equal(run.id, "20261121T1");
    assert_int_equal(store_load_run(store, NULL, "last~1", &arena, &run), OK);
    assert_string_equal(run.id, "20261121T1");
    assert_int_equal(store_load_run(store, "shop", "last~1", &arena, &run), OK);
    assert_string_equal(run.id, "20261120T1");

    assert_int_equal(store_load_run(store, NULL, "2026", &arena, &run), ERR_VALUE);
    assert_non_null(strstr(store_trouble(store), "several runs begin with \"2026\""));
    assert_int_equal(store_load_run(store, NULL, "2025", &arena, &run), ERR_MISSING);
    assert_non_null(strstr(store_trouble(store), "no runs begin with \"2025\""));
    assert_int_equal(store_load_run(store, NULL, "", &arena, &run), ERR_MISSING);
    assert_int_equal(store_load_run(store, NULL, "last~3", &arena, &run), ERR_MISSING);
    assert_non_null(strstr(store_trouble(store), "the store holds 3"));
    arena_release(&arena);
}

static void
test_lists_runs_of_a_site_oldest_first(void **state)
{
    struct store *store = *state;
    struct arena arena;
    const struct store_run *runs = NULL;
    size_t count = 0;
    arena_init(&arena, 1 << 20);
    assert_int_equal(store_runs(store, NULL, &arena, &runs, &count), OK);
    assert_int_equal(count, 0);
    save(store, "b", "shop", 2000);
    save(store, "a", "shop", 1000);
    save(store, "c", "barn", 1500);
    assert_int_equal(store_runs(store, "shop", &arena, &runs, &count), OK);
    assert_int_equal(count, 2);
    assert_string_equal(runs[0].id, "a");
    assert_string_equal(runs[1].id, "b");
    arena_release(&arena);
}

static void
test_tells_the_versions_of_a_device_over_the_runs_of_its_site(void **state)
{
    struct store *store = *state;
    struct arena arena;
    struct store_sightings sightings = {NULL, 0};
    const struct store_device_name gate = {"shop", "mac:44:19:b6:01:02:03"};
    arena_init(&arena, 1 << 20);
    assert_int_equal(store_sightings(store, &gate, &arena, &sightings), OK);
    assert_int_equal(sightings.count, 0);
    save(store, "b", "shop", 2000);
    save(store, "a", "shop", 1000);
    save(store, "c", "barn", 1500);
    assert_int_equal(store_sightings(store, &gate, &arena, &sightings), OK);
    assert_int_equal(sightings.count, 2);
    assert_int_equal(sightings.rows[0].at, 1000);
    assert_int_equal(sightings.rows[1].at, 2000);
    assert_string_equal(sightings.rows[0].version, "5.5.82");
    assert_ptr_equal(sightings.rows[0].version, sightings.rows[1].version);
    const struct store_device_name silent = {"shop", "ip:10.0.3.9"};
    assert_int_equal(store_sightings(store, &silent, &arena, &sightings), OK);
    assert_int_equal(sightings.count, 0);
    arena_release(&arena);
}

static void
refuses(const char *path, enum err wanted, const char *words)
{
    struct store *store = NULL;
    struct note note = {""};
    assert_int_equal(store_open(path, &store, &note), wanted);
    assert_null(store);
    if (strstr(note.text, words) == NULL || strstr(note.text, "--store PATH") == NULL) {
        fail_msg("\"%s\" says neither \"%s\" nor the way out", note.text, words);
    }
}

static void
test_refuses_a_file_that_is_no_database(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    static const char text[] = "This is a letter to my aunt, and it is longer than a header of a "
                               "database is, so that nobody can say that it was only cut off.";
    assert_int_equal(file_write(scratch.path, text, sizeof(text), 0600, NULL), OK);
    refuses(scratch.path, ERR_SYNTAX, "is no database");
    scratch_remove(&scratch);
}

static void
test_refuses_a_damaged_store(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    struct store *store = scratch_open(&scratch);
    save(store, "a", "shop", 1000);
    store_close(store);
    FILE *file = fopen(scratch.path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 4096, SEEK_SET), 0);
    for (int i = 0; i < 40000; i++) {
        assert_int_not_equal(fputc(0xa5, file), EOF);
    }
    assert_int_equal(fclose(file), 0);
    refuses(scratch.path, ERR_SYNTAX, "is damaged");
    scratch_remove(&scratch);
}

static void
run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_refuses_stores_of_others_and_of_newer_versions(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    run_sql(scratch.path, "CREATE TABLE song (title TEXT)");
    refuses(scratch.path, ERR_SYNTAX, "of another program");
    scratch_remove(&scratch);

    scratch_make(&scratch);
    store_close(scratch_open(&scratch));
    run_sql(scratch.path, "PRAGMA user_version = 99");
    refuses(scratch.path, ERR_UNSUPPORTED, "newer gatehouse");
    scratch_remove(&scratch);
}

static void
test_brings_a_store_of_the_first_version_up_to_date(void **state)
{
    (void)state;
    struct scratch scratch;
    struct arena arena;
    struct store_sightings sightings = {NULL, 0};
    const struct store_device_name gate = {"shop", "mac:44:19:b6:01:02:03"};
    scratch_make(&scratch);
    struct store *store = scratch_open(&scratch);
    save(store, "a", "shop", 1000);
    store_close(store);
    run_sql(scratch.path, "DROP INDEX device_key; DROP TABLE lock_policy;"
                          "ALTER TABLE login_try DROP COLUMN remaining;"
                          "ALTER TABLE login_try DROP COLUMN locked_until;"
                          "ALTER TABLE login_try DROP COLUMN state; PRAGMA user_version = 1");
    store = scratch_open(&scratch);
    arena_init(&arena, 1 << 20);
    assert_int_equal(store_sightings(store, &gate, &arena, &sightings), OK);
    assert_int_equal(sightings.count, 1);
    store_close(store);
    run_sql(scratch.path, "DROP INDEX device_key");
    arena_release(&arena);
    scratch_remove(&scratch);
}

static void
test_refuses_a_place_that_it_cannot_write(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    refuses(scratch.folder, ERR_IO, "can't be opened");
    refuses("/proc/gatehouse/s.db", ERR_IO, "no folder for the store: /proc/gatehouse: ");
    scratch_remove(&scratch);
}

static void
test_makes_the_file_for_its_owner_only(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(stat(((const struct scratch *)*state)->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void
test_never_keeps_the_store_in_memory_only(void **state)
{
    (void)state;
    struct scratch scratch;
    struct store *store = NULL;
    struct note note = {""};
    scratch_make(&scratch);
    assert_int_equal(chdir(scratch.folder), 0);
    assert_int_equal(store_open(":memory:", &store, &note), OK);
    save(store, "a", "shop", 1000);
    store_close(store);
    struct stat status;
    assert_int_equal(stat("./:memory:", &status), 0);
    assert_true(status.st_size > 4096);
    assert_int_equal(unlink("./:memory:"), 0);
    scratch_remove(&scratch);
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

static int
open_path(void **state)
{
    scratch_make(&shared);
    store_close(scratch_open(&shared));
    *state = &shared;
    return 0;
}

static int
close_path(void **state)
{
    (void)state;
    scratch_remove(&shared);
    return 0;
}

/* Writes to a file that has no journal mode yet, and lets go a little after it said so. */
static void
hold_and_leave(const char *path, int said)
{
    sqlite3 *db = NULL;
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
        write(said, "", 1) != 1) {
        _exit(1);
    }
    (void)usleep(200000);
    _exit(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? 0 : 1);
}

static void
test_waits_for_a_process_that_is_making_the_store(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    int said[2];
    char byte = 0;
    assert_int_equal(pipe(said), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        hold_and_leave(scratch.path, said[1]);
    }
    assert_int_equal(read(said[0], &byte, 1), 1);
    store_close(scratch_open(&scratch));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(said[0]);
    (void)close(said[1]);
    scratch_remove(&scratch);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, open_shared, close_shared)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(test_gives_back_the_whole_run),
        WITH_STORE(test_finds_runs_by_prefix_and_counted_back),
        WITH_STORE(test_lists_runs_of_a_site_oldest_first),
        WITH_STORE(test_tells_the_versions_of_a_device_over_the_runs_of_its_site),
        cmocka_unit_test(test_refuses_a_file_that_is_no_database),
        cmocka_unit_test(test_refuses_a_damaged_store),
        cmocka_unit_test(test_refuses_stores_of_others_and_of_newer_versions),
        cmocka_unit_test(test_brings_a_store_of_the_first_version_up_to_date),
        cmocka_unit_test(test_refuses_a_place_that_it_cannot_write),
        cmocka_unit_test_setup_teardown(
            test_makes_the_file_for_its_owner_only, open_path, close_path),
        cmocka_unit_test(test_never_keeps_the_store_in_memory_only),
        cmocka_unit_test(test_waits_for_a_process_that_is_making_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
