#include "siem/forward.h"

#include "base/clock.h"
#include "base/text.h"
#include "log_scratch.h"

#include <sys/stat.h>

#define ENTRIES 300

static struct arena arena;
static struct siem_config config;
static struct siem_forward *forward;
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
        "  - {name: f, type: file, path: out.log, format: rfc5424, batch: 100%s}\n",
        more);
    assert_int_equal(siem_config_parse(text, strlen(text), yaml, &arena, &config, &note), OK);
}

static enum err
open_forward(void)
{
    const struct siem_forward_settings settings = {
        .config = &config,
        .to = &config.destinations[0],
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
    assert_non_null(strstr(note.text, "entry 199 is another than the one that the cursor is behind"));
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
        "gatehouse-siem-cursor 1\norigin x\nnext 1\ndelivered 0\nmoved 0\nmore 1\n"};
    struct stat status;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        scratch_put("f.cursor", bad[i], strlen(bad[i]));
        assert_int_equal(open_forward(), ERR_SYNTAX);
        assert_non_null(strstr(note.text, "f.cursor"));
    }
    assert_int_not_equal(stat(out, &status), 0);
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
        cmocka_unit_test(test_pauses_grow_to_a_minute_and_are_never_all_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
