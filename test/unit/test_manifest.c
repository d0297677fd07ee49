#include "evidence/manifest.h"

#include "evidence/package.h"
#include "test.h"

#include <stdlib.h>

static struct manifest_event events[] = {
    {.index = 3, .id = "view-00000001"},
    {.index = 9, .id = "view-00000002"},
};
static struct manifest_file files[] = {
    {.name = "README.txt",    .bytes = 10      },
    {.name = "clip/a.mp4",    .bytes = 1u << 31},
    {.name = "events/3.json", .bytes = 0       },
};
static const char *remarks[] = {"The clip is not the one that the event's digest names."};

static struct manifest
whole(void)
{
    return (struct manifest){
        .made = "2026-11-23T14:00:00.000Z",
        .maker = "anna",
        .reason = "case 4711: \"break-in\"\r\n<b>",
        .site = "depot",
        .origin = "log.example",
        .tool = "gatehouse 0.1.0",
        .camera = "yard",
        .from = "2026-11-23T02:00:00.000Z",
        .to = "2026-11-23T03:00:00.000Z",
        .camera_clock = {true, -1200, "2026-11-22T00:00:00.000Z"},
        .clip = "Einfahrt S\xc3\xbc"
                "d.mp4",
        .clip_file = "clip/a.mp4",
        .clip_bytes = 1u << 31,
        .clip_sha256 = {1,    2,     3                         },
        .signed_video = "absent",
        .remarks = remarks,
        .remark_count = 1,
        .events = events,
        .event_count = 2,
        .files = files,
        .file_count = 3,
    };
}

static void
write_whole(struct buf *out)
{
    struct note note = {""};
    struct manifest manifest = whole();
    buf_init(out, PACKAGE_SMALL);
    assert_int_equal(manifest_write(&manifest, out, &note), OK);
}

static void
test_a_manifest_is_read_as_it_was_written(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text;
    struct manifest got;
    json_t *tree = NULL;
    struct note note = {""};
    write_whole(&text);
    assert_int_equal(manifest_read(text.data, text.len, &got, &tree, &note), OK);
    struct manifest wanted = whole();
    assert_string_equal(got.reason, wanted.reason);
    assert_string_equal(got.clip, wanted.clip);
    assert_string_equal(got.clip_file, wanted.clip_file);
    assert_string_equal(got.remarks[0], remarks[0]);
    assert_int_equal(got.camera_clock.offset_ms, -1200);
    assert_true(got.camera_clock.is_known && !got.vms_clock.is_known);
    assert_null(got.vms);
    assert_int_equal(got.event_count, 2);
    assert_int_equal(got.events[1].index, 9);
    assert_int_equal(got.file_count, 3);
    assert_memory_equal(got.clip_sha256, wanted.clip_sha256, 32);
    assert_int_equal(manifest_find(&got, "clip/a.mp4")->bytes, 1u << 31);
    assert_null(manifest_find(&got, "clip/b.mp4"));
    assert_int_equal(got.unknown_count, 0);
    manifest_release(&got);
    json_decref(tree);
}

static void
test_what_is_not_said_or_can_t_be_read_again_is_not_written(void **state)
{
    (void)state;
    struct note note = {""};
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, PACKAGE_SMALL);
    struct manifest manifest = whole();
    manifest.reason = " \n";
    assert_int_equal(manifest_write(&manifest, &text, &note), ERR_VALUE);
    manifest = whole();
    manifest.maker = "\xff";
    assert_int_equal(manifest_write(&manifest, &text, &note), ERR_VALUE);
    manifest = whole();
    manifest.clip_file = "clip/b.mp4";
    assert_int_equal(manifest_write(&manifest, &text, &note), ERR_VALUE);
    manifest = whole();
    manifest.from = "yesterday";
    assert_int_equal(manifest_write(&manifest, &text, &note), ERR_VALUE);
    assert_int_equal(text.len, 0);
}

/* Reads the manifest with one text in place of another. */
static enum err
read_with(const char *old, const char *new, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    CLEANUP(buf_release) struct buf changed;
    struct manifest got;
    json_t *tree = NULL;
    write_whole(&text);
    buf_init(&changed, PACKAGE_SMALL);
    const char *found = strstr(text.data, old);
    assert_non_null(found);
    buf_add(&changed, text.data, (size_t)(found - text.data));
    buf_text(&changed, new);
    buf_text(&changed, found + strlen(old));
    enum err err = manifest_read(changed.data, changed.len, &got, &tree, note);
    if (err == OK) {
        manifest_release(&got);
        json_decref(tree);
    }
    return err;
}

static void
test_every_wrong_member_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *old, *new;
        enum err err;
        const char *words;
    } rows[] = {
        {"\"README.txt\"",           "\"../x\"",             ERR_VALUE,   "files"       },
        {"\"README.txt\"",           "\"clip/a.mp4\"",       ERR_VALUE,   "files"       },
        {"\"README.txt\"",           "\"time/1.tsr\"",       ERR_VALUE,   "files"       },
        {"\"bytes\":10,",            "\"bytes\":-1,",        ERR_VALUE,   "files"       },
        {"\"index\":3,",             "\"index\":10,",        ERR_VALUE,   "events"      },
        {"\"depot\"",                "7",                    ERR_VALUE,   "site"        },
        {"\"depot\"",                "\"\"",                 ERR_VALUE,   "site"        },
        {"\"maker\":\"anna\",",      "",                     ERR_MISSING, "maker"       },
        {"-1200",                    "\"soon\"",             ERR_VALUE,   "clock_offset"},
        {"2026-11-23T14:00:00.000Z", "today",                ERR_VALUE,   "made"        },
        {"schema/evidence/1",        "schema/evidence/2",    ERR_VALUE,   "schema"      },
        {"\"clip/a.mp4\",\"name\"",  "\"clip/b\",\"name\"",  ERR_VALUE,   "clip.file"   },
        {"\"010203",                 "\"01020Z",             ERR_VALUE,   "sha256"      },
        {"{\"camera\"",              " {\"camera\"",         ERR_SYNTAX,  "canonical"   },
        {"}\n",                      "}",                    ERR_SYNTAX,  "canonical"   },
        {"\"site\":",                "\"site\":1,\"site\":", ERR_SYNTAX,  "duplicate"   },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct note note = {""};
        assert_int_equal(read_with(rows[i].old, rows[i].new, &note), rows[i].err);
        assert_non_null(strstr(note.text, rows[i].words));
    }
}

static void
test_members_that_nobody_knows_are_counted_and_named(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text;
    CLEANUP(buf_release) struct buf more;
    struct manifest got;
    json_t *tree = NULL;
    struct note note = {""};
    write_whole(&text);
    buf_init(&more, PACKAGE_SMALL);
    buf_text(&more, "{\"a\":{\"site\":\"elsewhere\"},");
    buf_text(&more, text.data + 1);
    assert_int_equal(manifest_read(more.data, more.len, &got, &tree, &note), OK);
    assert_int_equal(got.unknown_count, 1);
    assert_string_equal(got.unknown, "a");
    assert_string_equal(got.site, "depot");
    manifest_release(&got);
    json_decref(tree);
    static const char *const rows[] = {"{\"bytes\":", "{\"id\":"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *row = strstr(text.data, i == 0 ? "\"files\":[" : "\"events\":[");
        row = row == NULL ? NULL : strstr(row, rows[i]);
        assert_non_null(row);
        buf_clear(&more);
        buf_add(&more, text.data, (size_t)(row + 1 - text.data));
        buf_format(&more, "\"aa\":%zu,%s", i, row + 1);
        assert_int_equal(manifest_read(more.data, more.len, &got, &tree, &note), OK);
        assert_int_equal(got.unknown_count, 1);
        assert_string_equal(got.unknown, "aa");
        manifest_release(&got);
        json_decref(tree);
    }
}

static void
test_too_many_events_are_refused(void **state)
{
    (void)state;
    struct note note = {""};
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, PACKAGE_SMALL);
    struct manifest manifest = whole();
    manifest.event_count = MANIFEST_EVENTS + 1;
    manifest.events = calloc(manifest.event_count, sizeof(*manifest.events));
    assert_non_null(manifest.events);
    for (size_t i = 0; i < manifest.event_count; i++) {
        manifest.events[i] = (struct manifest_event){.index = i, .id = "view-00000001"};
    }
    assert_int_equal(manifest_write(&manifest, &text, &note), ERR_LIMIT);
    free(manifest.events);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_manifest_is_read_as_it_was_written),
        cmocka_unit_test(test_what_is_not_said_or_can_t_be_read_again_is_not_written),
        cmocka_unit_test(test_every_wrong_member_is_refused_by_name),
        cmocka_unit_test(test_members_that_nobody_knows_are_counted_and_named),
        cmocka_unit_test(test_too_many_events_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
