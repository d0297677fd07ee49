#include "siem/forward.h"

#include "base/clock.h"
#include "base/text.h"
#include "log_scratch.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define ENTRIES 300

/* The step of writing a cursor that fails, and why; in place of the C library's own. */
enum step { NOTHING, THE_FILE, ITS_NAME, THE_FOLDER };
static enum step failing;
static atomic_int reason; /* 0: none fails */

static bool
fails(enum step step, const char *path, const char *what)
{
    int why = atomic_load(&reason);
    if (why == 0 || failing != step || strstr(path, what) == NULL) {
        return false;
    }
    errno = why;
    return true;
}

int
fsync(int fd)
{
    char name[64], path[512] = "";
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, path, sizeof(path) - 1);
    path[len > 0 ? len : 0] = '\0';
    bool is_cursor = strstr(path, ".cursor") != NULL;
    if (fails(is_cursor ? THE_FILE : THE_FOLDER, path, "gatehouse-test-forward")) {
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int
rename(const char *old, const char *new)
{
    return fails(ITS_NAME, new, ".cursor") ? -1 : (int)syscall(SYS_rename, old, new);
}

static struct arena arena;
static struct siem_config config;
static struct siem_forward *forward;
static struct siem_stop halt;
static struct note note;
static struct merkle *merkle;
static char cursor[256], refused[256], out[256];

static void
put_checkpoint(const char *origin, uint64_t size)
{
    struct checkpoint checkpoint = {.head = scratch_put_log(merkle, size)};
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 4096);
    (void)text_copy(checkpoint.origin, sizeof(checkpoint.origin), origin);
    checkpoint_put(&text, &checkpoint);
    buf_format(&text, "\n\xe2\x80\x94 %s %s\n", origin,
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAA=");
    scratch_put("checkpoint", text.data, text.len);
}

/* A log of entries that are no events, and a file as destination; more keys of it. */
static void
configure(const char *more)
{
    char text[1024], yaml[256];
    scratch_path(yaml, "siem.yaml");
    (void)snprintf(text, sizeof(text),
        "ledger: .\nstate: .\ndestinations:\n"
        "  - {name: f, type: file, format: rfc5424, batch: 100%s%s}\n",
        strstr(more, "path:") == NULL ? ", path: out.log" : "", more);
    assert_int_equal(siem_config_parse(text, strlen(text), yaml, &arena, &config, &note), OK);
}

static enum err
open_forward(void)
{
    const struct siem_forward_settings settings = {
        .config = &config,
        .to = &config.destinations[0],
        .stop = &halt,
        .cursor = cursor,
        .refused = refused,
    };
    siem_forward_free(forward);
    forward = NULL;
    return siem_forward_new(&settings, &forward, &note);
}

static int
begin(void **state)
{
    (void)state;
    scratch_make("forward");
    scratch_path(cursor, "f.cursor");
    scratch_path(refused, "f.refused");
    scratch_path(out, "out.log");
    arena_init(&arena, (size_t)4 * 1024 * 1024);
    merkle = merkle_new();
    put_checkpoint("example.org/log", ENTRIES);
    configure("");
    note.text[0] = '\0';
    atomic_store(&halt.at, 0);
    return open_forward() == OK ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    siem_forward_free(forward);
    forward = NULL;
    merkle_free(merkle);
    arena_release(&arena);
    return scratch_remove();
}

/* Lines of the file that have index="N", in the order that they must have; and all lines. */
static void
expect_lines(const char *path, uint64_t first, uint64_t count)
{
    CLEANUP(buf_release) struct buf text;
    uint64_t found = 0;
    char want[64];
    buf_init(&text, (size_t)4 * 1024 * 1024);
    assert_int_equal(file_read(path, &text, &note), OK);
    char *at = text.data;
    for (char *stop = NULL; (stop = strchr(at, '\n')) != NULL; at = stop + 1) {
        *stop = '\0';
        (void)snprintf(want, sizeof(want), "index=\"%" PRIu64 "\"", first + found);
        if (strstr(at, want) == NULL) {
            fail_msg("line %" PRIu64 " has no %s: %s", found, want, at);
        }
        found++;
    }
    assert_int_equal(found, count);
    assert_true(*at == '\0');
}

static struct siem_cursor
read_cursor(void)
{
    struct siem_cursor got = {.next = 0};
    assert_int_equal(siem_cursor_read(cursor, &got, &note), OK);
    return got;
}

/* As a version without the line of the leaf, or a person, wrote it. */
static void
write_cursor(uint64_t next, const char *more)
{
    char text[512];
    int len = snprintf(text, sizeof(text),
        "gatehouse-siem-cursor 1\norigin example.org/log\nnext %" PRIu64
        "\ndelivered 1\nmoved 1\n%s",
        next, more);
    scratch_put("f.cursor", text, (size_t)len);
}

static void
run_all(void)
{
    enum err err = OK;
    while ((err = siem_forward_once(forward, &note)) == OK) {
    }
    if (err != ERR_MISSING) {
        fail_msg("%s: %s", err_words(err), note.text);
    }
}

static void
test_every_entry_arrives_once_in_order_and_batches_move_the_cursor(void **state)
{
    (void)state;
    assert_int_equal(siem_forward_once(forward, &note), OK);
    assert_int_equal(read_cursor().next, 100);
    expect_lines(out, 0, 100);
    run_all();
    expect_lines(out, 0, ENTRIES);
    assert_int_equal(read_cursor().next, ENTRIES);
    assert_int_equal(read_cursor().delivered, ENTRIES);
    assert_string_equal(read_cursor().origin, "example.org/log");
}

static void
test_new_start_goes_on_where_the_cursor_is(void **state)
{
    (void)state;
    run_all();
    put_checkpoint("example.org/log", ENTRIES + 7);
    assert_int_equal(open_forward(), OK);
    run_all();
    expect_lines(out, 0, ENTRIES + 7);
}

static void
test_receiver_that_fails_moves_no_cursor_and_gets_all_later(void **state)
{
    (void)state;
    assert_int_equal(mkdir(out, 0700), 0); /* opening it for writing fails */
    assert_int_equal(siem_forward_once(forward, &note), ERR_IO);
    assert_int_equal(read_cursor().next, 0);
    assert_non_null(strstr(note.text, "out.log"));
    assert_int_equal(rmdir(out), 0);
    run_all();
    expect_lines(out, 0, ENTRIES);
}

static void
test_rotated_file_is_noticed_and_nothing_is_written_twice(void **state)
{
    char old[256];
    (void)state;
    scratch_path(old, "out.log.1");
    assert_int_equal(siem_forward_once(forward, &note), OK);
    assert_int_equal(rename(out, old), 0);
    run_all();
    expect_lines(old, 0, 100);
    expect_lines(out, 100, ENTRIES - 100);
}

static void
test_batch_that_was_open_when_its_file_was_rotated_does_not_count(void **state)
{
    const struct siem_record record = {.bytes = "x", .len = 1};
    struct siem_outlet outlet = {.to = &config.destinations[0]};
    char old[256];
    (void)state;
    scratch_path(old, "out.log.1");
    assert_int_equal(siem_outlet_open(&outlet, &note), OK);
    assert_int_equal(outlet.kind->begin(&outlet, &note), OK);
    assert_int_equal(outlet.kind->put(&outlet, &record, &note), OK);
    assert_int_equal(rename(out, old), 0);
    assert_int_equal(outlet.kind->end(&outlet, &note), ERR_IO);
    assert_non_null(strstr(note.text, "rotated"));
    outlet.kind->drop(&outlet);
    assert_int_equal(outlet.kind->begin(&outlet, &note), OK);
    assert_int_equal(outlet.kind->put(&outlet, &record, &note), OK);
    assert_int_equal(outlet.kind->end(&outlet, &note), OK);
    siem_outlet_close(&outlet);
}

static void
test_torn_last_line_stands_alone(void **state)
{
    CLEANUP(buf_release) struct buf text;
    (void)state;
    scratch_put("out.log", "torn", 4);
    run_all();
    buf_init(&text, (size_t)4 * 1024 * 1024);
    assert_int_equal(file_read(out, &text, &note), OK);
    assert_true(text_starts(text.data, "torn\n<"));
}

static void
test_another_log_is_refused_not_begun_anew(void **state)
{
    (void)state;
    run_all();
    put_checkpoint("example.org/other", ENTRIES + 1);
    assert_int_equal(siem_forward_once(forward, &note), ERR_SCOPE);
    assert_non_null(strstr(note.text, "example.org/other"));
    assert_int_equal(read_cursor().next, ENTRIES);
}

static void
test_log_made_anew_with_other_entries_is_told(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(siem_forward_once(forward, &note), OK);
    }
    assert_int_equal(read_cursor().next, 200);
    scratch_change = 199; /* as if it had been restored before that entry, and grown again */
    put_checkpoint("example.org/log", ENTRIES + 7);
    assert_int_equal(siem_forward_once(forward, &note), ERR_SCOPE);
    assert_non_null(
        strstr(note.text, "entry 199 is another than the one that the cursor is behind"));
    assert_int_equal(open_forward(), OK);
    assert_int_equal(siem_forward_once(forward, &note), ERR_SCOPE);
    scratch_change = UINT64_MAX;
    put_checkpoint("example.org/log", ENTRIES); /* the right one is back */
    run_all();
    expect_lines(out, 0, ENTRIES);
}

static void
test_log_that_grew_again_after_the_place_goes_on(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(siem_forward_once(forward, &note), OK);
    }
    scratch_change = 200;
    put_checkpoint("example.org/log", ENTRIES + 7);
    run_all();
    expect_lines(out, 0, ENTRIES + 7);
    scratch_change = UINT64_MAX;
}

static void
test_cursor_of_an_old_version_gets_its_leaf_when_it_moves(void **state)
{
    (void)state;
    write_cursor(200, "");
    assert_int_equal(open_forward(), OK);
    run_all();
    expect_lines(out, 200, ENTRIES - 200);
    assert_true(read_cursor().has_leaf);
    write_cursor(200, "leaf 0000000000000000000000000000000000000000000000000000000000000000\n");
    assert_int_equal(open_forward(), OK);
    assert_int_equal(siem_forward_once(forward, &note), ERR_SCOPE);
    write_cursor(200, "leaf 00\n");
    assert_int_equal(open_forward(), ERR_SYNTAX);
}

static void
test_log_that_takes_the_place_of_the_open_one_is_noticed(void **state)
{
    char old[256];
    (void)state;
    run_all();
    (void)snprintf(old, sizeof(old), "%s.old", scratch);
    assert_int_equal(rename(scratch, old), 0);
    put_checkpoint("example.org/other", ENTRIES + 9);
    assert_int_equal(siem_forward_once(forward, &note), ERR_SCOPE);
    assert_non_null(strstr(note.text, "example.org/other"));
    assert_int_equal(scratch_remove(), 0);
    assert_int_equal(rename(old, scratch), 0);
}

static void
test_log_shorter_than_what_was_delivered_is_told(void **state)
{
    (void)state;
    run_all();
    put_checkpoint("example.org/log", ENTRIES - 50);
    assert_int_equal(siem_forward_once(forward, &note), ERR_SCOPE);
    assert_non_null(strstr(note.text, "gatehouse ledger verify"));
}

static void
test_from_now_leaves_out_what_was_there(void **state)
{
    (void)state;
    configure(", from: now");
    assert_int_equal(open_forward(), OK);
    assert_int_equal(siem_forward_once(forward, &note), ERR_MISSING);
    put_checkpoint("example.org/log", ENTRIES + 3);
    run_all();
    expect_lines(out, ENTRIES, 3);
}

static void
test_damaged_cursor_is_told_and_nothing_is_sent(void **state)
{
    static const char *const bad[] = {"", "gatehouse-siem-cursor 2\n",
        "gatehouse-siem-cursor 1\norigin x\nnext -1\ndelivered 0\nmoved 0\n",
        "gatehouse-siem-cursor 1\norigin x\nnext 1\ndelivered 0\nmoved 0\nmore 1\n",
        "gatehouse-siem-cursor 1\norigin x\nnext 1\ndelivered 0\nmoved 0\npruned -1\n",
        "gatehouse-siem-cursor 1\norigin x\nnext 1\ndelivered 0\nmoved 0\npruned 1\npruned 2\n"};
    struct stat status;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        scratch_put("f.cursor", bad[i], strlen(bad[i]));
        assert_int_equal(open_forward(), ERR_SYNTAX);
        assert_non_null(strstr(note.text, "f.cursor"));
    }
    assert_int_not_equal(stat(out, &status), 0);
}

/* The receiver has the batch, and that can't be written down. */
static void
test_cursor_that_can_not_be_written_is_an_error_and_skips_nothing(void **state)
{
    static const struct {
        enum step step;
        int reason;
    } rows[] = {
        {THE_FILE,   ENOSPC},
        {ITS_NAME,   EACCES},
        {ITS_NAME,   ENOENT},
        {THE_FOLDER, EIO   },
    };
    (void)state;
    assert_int_equal(siem_forward_once(forward, &note), OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct siem_state now;
        failing = rows[i].step;
        atomic_store(&reason, rows[i].reason);
        assert_int_equal(siem_forward_once(forward, &note), ERR_IO);
        atomic_store(&reason, 0);
        siem_forward_state(forward, &now);
        assert_int_equal(now.cursor.next, 100);
        assert_int_equal(now.cursor.delivered, 100);
        assert_non_null(strstr(note.text, "f.cursor"));
        if (rows[i].step != THE_FOLDER) {
            assert_int_equal(read_cursor().next, 100);
        }
    }
    assert_int_equal(truncate(out, 0), 0); /* what came again and again */
    run_all();
    expect_lines(out, 100, ENTRIES - 100);
    assert_int_equal(read_cursor().next, ENTRIES);
    assert_int_equal(read_cursor().delivered, ENTRIES);
}

static void *
run_forward(void *context)
{
    siem_forward_run(context);
    return NULL;
}

static void
test_cursor_is_tried_again_and_told_until_it_is_written(void **state)
{
    struct siem_state now;
    pthread_t thread;
    (void)state;
    failing = ITS_NAME;
    atomic_store(&reason, ENOSPC);
    assert_int_equal(pthread_create(&thread, NULL, run_forward, forward), 0);
    int64_t until = clock_mono() + 10000;
    do {
        (void)usleep(10000);
        siem_forward_state(forward, &now);
    } while (now.failures < 2 && clock_mono() < until);
    assert_int_equal(now.failures, 2);
    assert_int_equal(now.standing, SIEM_WAITING);
    assert_non_null(strstr(now.trouble.text, "No space left on device"));
    assert_int_equal(now.cursor.next, 0);
    atomic_store(&reason, 0);
    do {
        (void)usleep(10000);
        siem_forward_state(forward, &now);
    } while (now.standing != SIEM_CAUGHT_UP && clock_mono() < until);
    atomic_store(&halt.at, clock_mono());
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(now.standing, SIEM_CAUGHT_UP);
    assert_string_equal(now.trouble.text, "");
    assert_int_equal(read_cursor().next, ENTRIES);
}

/* Words of a fault may be cut anywhere; as JSON they must be whole characters. */
static void
test_trouble_is_whole_characters_whatever_the_words_of_a_fault_are(void **state)
{
    struct siem_state now;
    char folder[512], more[512], name[3 * 80 + 2], clean[sizeof(now.trouble.text)];
    pthread_t thread;
    (void)state;
    for (size_t i = 0; i < 80; i++) {
        (void)snprintf(name + 3 * i, sizeof(name) - 3 * i, "\xe2\x82\xac");
    }
    (void)text_copy(
        name + (size_t)3 * 80, 2, "a"); /* so that the last 120 bytes begin inside of one */
    (void)snprintf(more, sizeof(more), ", path: %s", name);
    (void)snprintf(folder, sizeof(folder), "%s/%s", scratch, name);
    assert_int_equal(mkdir(folder, 0700), 0); /* opening it for writing fails */
    configure(more);
    assert_int_equal(open_forward(), OK);
    assert_int_equal(siem_forward_once(forward, &note), ERR_IO);
    text_clean(clean, sizeof(clean), note.text, strlen(note.text));
    assert_string_not_equal(note.text, clean); /* or this test shows nothing */
    assert_int_equal(pthread_create(&thread, NULL, run_forward, forward), 0);
    int64_t until = clock_mono() + 10000;
    do {
        (void)usleep(10000);
        siem_forward_state(forward, &now);
    } while (now.failures == 0 && clock_mono() < until);
    atomic_store(&halt.at, clock_mono());
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(now.trouble.text, clean);
}

/* Entries below 256 are pruned, and the log says so in its last entry. */
static void
prune(uint64_t size)
{
    char path[256], statement[128];
    int len = snprintf(statement, sizeof(statement),
        "gatehouse retention\nminimum 256\nevent %" PRIu64 "\npolicy keep 3y\n", size - 1);
    scratch_event_at = size - 1;
    scratch_event = "{\"action\":\"ledger.prune\",\"detail\":{\"minimum\":256,\"policy\":"
                    "\"keep 3y\"},\"id\":\"e-1\",\"outcome\":\"ok\",\"time\":"
                    "\"2026-11-23T02:14:05.123Z\",\"v\":1}";
    put_checkpoint("example.org/log", size);
    scratch_event_at = UINT64_MAX;
    scratch_put("retention", statement, (size_t)len);
    scratch_path(path, "tile/entries/000");
    assert_int_equal(unlink(path), 0);
}

static void
test_entries_that_were_pruned_before_are_counted_once_and_for_good(void **state)
{
    struct siem_state now;
    (void)state;
    assert_int_equal(siem_forward_once(forward, &note), OK);
    prune(ENTRIES);
    assert_int_equal(unlink(out), 0);
    assert_int_equal(mkdir(out, 0700), 0); /* opening it for writing fails */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(siem_forward_once(forward, &note), ERR_IO);
    }
    siem_forward_state(forward, &now);
    assert_int_equal(now.pruned, 0); /* not passed yet */
    assert_int_equal(rmdir(out), 0);
    run_all();
    expect_lines(out, 256, ENTRIES - 256);
    siem_forward_state(forward, &now);
    assert_int_equal(now.pruned, 156);
    assert_int_equal(read_cursor().pruned, 156);
    assert_int_equal(read_cursor().delivered, 100 + ENTRIES - 256);
    assert_int_equal(open_forward(), OK);
    siem_forward_state(forward, &now);
    assert_int_equal(now.pruned, 0); /* since this start */
    assert_int_equal(now.cursor.pruned, 156);
    assert_int_equal(siem_forward_once(forward, &note), ERR_MISSING);
    assert_int_equal(read_cursor().pruned, 156);
}

static void
test_pruned_entries_are_counted_at_once_where_the_filter_drops_the_rest(void **state)
{
    struct siem_cursor at = {.origin = "example.org/log", .next = 249, .moved = clock_wall()};
    (void)state;
    configure(", actions: [footage.live]");
    assert_int_equal(siem_cursor_write(cursor, &at, &note), OK);
    assert_int_equal(open_forward(), OK);
    prune(257);
    run_all();
    assert_int_equal(read_cursor().pruned, 7);
    assert_int_equal(read_cursor().delivered, 0);
}

static void
test_pauses_grow_to_a_minute_and_are_never_all_alike(void **state)
{
    (void)state;
    assert_true(siem_forward_pause(1, 0) >= 250 && siem_forward_pause(1, UINT32_MAX) <= 500);
    assert_int_equal(siem_forward_pause(100, 0), 30000);
    for (uint64_t i = 0; i < 200; i++) {
        int64_t pause = siem_forward_pause(i, (uint32_t)(i * 2654435761U));
        assert_true(pause >= 250 && pause <= 60000);
    }
    assert_int_not_equal(siem_forward_pause(100, 0), siem_forward_pause(100, 12345));
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_every_entry_arrives_once_in_order_and_batches_move_the_cursor),
        ROW(test_new_start_goes_on_where_the_cursor_is),
        ROW(test_receiver_that_fails_moves_no_cursor_and_gets_all_later),
        ROW(test_rotated_file_is_noticed_and_nothing_is_written_twice),
        ROW(test_batch_that_was_open_when_its_file_was_rotated_does_not_count),
        ROW(test_torn_last_line_stands_alone),
        ROW(test_another_log_is_refused_not_begun_anew),
        ROW(test_log_made_anew_with_other_entries_is_told),
        ROW(test_log_that_grew_again_after_the_place_goes_on),
        ROW(test_cursor_of_an_old_version_gets_its_leaf_when_it_moves),
        ROW(test_log_that_takes_the_place_of_the_open_one_is_noticed),
        ROW(test_log_shorter_than_what_was_delivered_is_told),
        ROW(test_from_now_leaves_out_what_was_there),
        ROW(test_damaged_cursor_is_told_and_nothing_is_sent),
        ROW(test_cursor_that_can_not_be_written_is_an_error_and_skips_nothing),
        ROW(test_cursor_is_tried_again_and_told_until_it_is_written),
        ROW(test_trouble_is_whole_characters_whatever_the_words_of_a_fault_are),
        ROW(test_entries_that_were_pruned_before_are_counted_once_and_for_good),
        ROW(test_pruned_entries_are_counted_at_once_where_the_filter_drops_the_rest),
        cmocka_unit_test(test_pauses_grow_to_a_minute_and_are_never_all_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
