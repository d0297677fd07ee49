/* The engine of the access tables, with a table of its own. */
#include "test.h"

#include "base/text.h"
#include "vms/access_driver.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static enum err
more_refuses(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    (void)arena;
    (void)params;
    if (strcmp(access->cameras[0].text, "bad") == 0) {
        note_set(note, "camera bad");
        return ERR_VALUE;
    }
    return strcmp(access->cameras[0].text, "other") == 0 ? ERR_MISSING : OK;
}

static void
read_answer(const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    (void)arena;
    told->has_failed = answer->status != 200;
}

/* clang-format off */
static const struct access_row rows[] = {
    {"GET",      "/{camera}/start/{from}/end/{to}/[a|b|].m3u8", NULL, ACCESS_PLAYBACK, 0, NULL, "test", NULL, NULL},
    {"GET",      "/rec/{day}/{hour}/{camera}/{minute}.{second}.mp4", NULL, ACCESS_PLAYBACK, ACCESS_ROW_LOCAL_TIME, NULL, "test", NULL, NULL},
    {"GET",      "/month/{month}/{day}/{hour}/{camera}", NULL, ACCESS_PLAYBACK, 0, NULL, "test", NULL, NULL},
    {"GET",      "/pic/{camera}-{event}.jpg", NULL, ACCESS_THUMBNAIL, ACCESS_ROW_FOLD, NULL, "test", NULL, NULL},
    {"GET",      "/live", "src={stream}", ACCESS_LIVE, ACCESS_ROW_UPGRADE | ACCESS_ROW_FRAMES, "camera", "test", NULL, NULL},
    {NULL,       "/index.php", "view=video eid={event} !mode=x|y", ACCESS_PLAYBACK, 0, NULL, "test", NULL, NULL},
    {NULL,       "/index.php", "view=events ids[]={event} ?cams={camera,}", ACCESS_EXPORT, 0, NULL, "test", NULL, NULL},
    {NULL,       "/index.php", "view=plain|other !action", ACCESS_PAGE, 0, NULL, "test", NULL, NULL},
    {NULL,       "/index.php", "view=control command={command} follow={follow} connkey={link}", ACCESS_FOLLOW, 0, NULL, "test", NULL, NULL},
    {"POST|PUT", "/users/{user}", NULL, ACCESS_USERS, 0, "admin", "test", NULL, NULL},
    {"GET",      "/all", NULL, ACCESS_SEARCH, ACCESS_ROW_ALL, NULL, "test", NULL, NULL},
    {"POST",     "/login", NULL, ACCESS_LOGIN, 0, "public", "test", NULL, read_answer},
    {"GET",      "/more/{camera}", NULL, ACCESS_LIVE, 0, NULL, "test", more_refuses, NULL},
    {"GET",      "/static/{**}", NULL, ACCESS_PAGE, 0, NULL, "test", NULL, NULL},
    {"GET",      "/l{camera}", NULL, ACCESS_LIVE, 0, NULL, "test", NULL, NULL},
};
/* clang-format on */

static enum err
read_all(const struct access_request *request, struct arena *arena, struct access_params *params,
    struct note *note)
{
    return access_read(request, ACCESS_READ_FORM | ACCESS_READ_JSON, arena, params, note);
}

static const struct vms_gate gate = {
    .name = "test", .title = "Test", .rows = rows, .row_count = COUNT(rows), .read = read_all};

static struct arena arena;
static struct note note;
static struct access access;

static enum err
ask_full(struct access_request request)
{
    arena_release(&arena);
    arena_init(&arena, 1024 * 1024);
    note.text[0] = '\0';
    memset(&access, 0, sizeof(access));
    return access_classify(&gate, &request, &arena, &access, &note);
}

static enum err
ask(const char *method, const char *path, const char *query)
{
    return ask_full((struct access_request){.method = method, .path = path, .query = query});
}

static enum err
ask_body(const char *path, const char *query, const char *type, const char *body)
{
    return ask_full((struct access_request){.method = "POST",
        .path = path,
        .query = query,
        .type = type,
        .body = body,
        .body_len = strlen(body)});
}

static void
assert_camera(size_t at, enum access_name name, const char *text)
{
    assert_true(at < access.camera_count);
    assert_int_equal(access.cameras[at].name, name);
    assert_string_equal(access.cameras[at].text, text);
}

static void
test_captures_camera_and_times_in_path(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/front/start/1763900000.5/end/1763900600/a.m3u8", ""), OK);
    assert_int_equal(access.kind, ACCESS_PLAYBACK);
    assert_int_equal(access.camera_count, 1);
    assert_camera(0, ACCESS_CAMERA, "front");
    assert_true(access.from == 1763900000500);
    assert_true(access.to == 1763900600000);
    assert_string_equal(access.object, "/front/start/1763900000.5/end/1763900600/a.m3u8");
    assert_string_equal(access.view, "playback a:front 1763900000500-1763900600000");
    assert_false(access.is_write);
}

static void
test_same_view_whatever_segment(void **state)
{
    (void)state;
    char first[128];
    assert_int_equal(ask("GET", "/front/start/1/end/2/a.m3u8", ""), OK);
    assert_true(text_copy(first, sizeof(first), access.view));
    assert_int_equal(ask("HEAD", "/front/start/1/end/2/b.m3u8", ""), OK);
    assert_string_equal(access.view, first);
    assert_int_equal(ask("GET", "/front/start/1/end/3/b.m3u8", ""), OK);
    assert_string_not_equal(access.view, first);
}

static void
test_alternative_may_be_empty(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/front/start/1/end/2/.m3u8", ""), OK);
    assert_int_equal(access.kind, ACCESS_PLAYBACK);
    assert_int_equal(ask("GET", "/front/start/1/end/2/c.m3u8", ""), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
}

static void
test_time_that_is_none_is_unknown_and_no_later_row_explains_it(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/front/start/abc/end/2/a.m3u8", ""), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
    assert_null(access.row);
    assert_int_equal(ask("GET", "/month/2026-13/01/05/front", ""), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
    assert_int_equal(ask("GET", "/month/2026-02/01/24/front", ""), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
}

static void
test_reads_calendar_pieces(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/rec/2025-11-23/12/front/13.20.mp4", ""), OK);
    assert_int_equal(access.kind, ACCESS_PLAYBACK);
    assert_true(access.from == 1763900000000);
    assert_true(access.to == 1763900001000);
    assert_int_equal(ask("GET", "/month/2025-11/23/12/front", ""), OK);
    assert_true(access.from == 1763899200000);
    assert_true(access.to == access.from + 3600000);
}

static void
test_piece_of_a_part_is_the_shortest(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/pic/front-5.0-abc.jpg", ""), OK);
    assert_camera(0, ACCESS_CAMERA, "front");
    assert_camera(1, ACCESS_EVENT, "5.0-abc");
    assert_int_equal(ask("GET", "/pic/-5.0.jpg", ""), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
}

static void
test_upgrade_row_only_for_upgrades_and_others_never(void **state)
{
    (void)state;
    struct access_request request = {
        .method = "GET", .path = "/live", .query = "src=front", .is_upgrade = true};
    assert_int_equal(ask_full(request), OK);
    assert_int_equal(access.kind, ACCESS_LIVE);
    assert_camera(0, ACCESS_STREAM, "front");
    assert_true(access.is_upgrade && access.reads_frames);
    request.path = "/static/x";
    assert_int_equal(ask_full(request), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
    assert_true(access.is_upgrade);
    assert_int_equal(ask("GET", "/live", "src=front"), OK);
    assert_camera(0, ACCESS_CAMERA, "ive"); /* the last row */
}

static void
test_parameters_select_and_capture(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/index.php", "view=video&eid=1%37"), OK);
    assert_int_equal(access.kind, ACCESS_PLAYBACK);
    assert_camera(0, ACCESS_EVENT, "17");
    assert_string_equal(access.object, "event 17");
    assert_int_equal(ask("GET", "/index.php", "view=video&eid=17&mode=x"), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
    assert_int_equal(ask("GET", "/index.php", "view=video&eid="), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
    assert_int_equal(ask("GET", "/index.php", "view=other"), OK);
    assert_int_equal(access.kind, ACCESS_PAGE);
    assert_int_equal(ask("GET", "/index.php", "view=other&action=x"), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
    assert_int_equal(ask("GET", "/index.php", "view=control&command=14&follow=9&connkey=8"), OK);
    assert_int_equal(access.kind, ACCESS_FOLLOW);
    assert_string_equal(access.command, "14");
    assert_string_equal(access.link, "8");
    assert_camera(0, ACCESS_LINK, "9");
}

static void
test_every_camera_of_a_list_is_found_once(void **state)
{
    (void)state;
    assert_int_equal(
        ask("GET", "/index.php", "view=events&ids[]=1&ids[]=2&ids[]=1&cams=front,back"), OK);
    assert_int_equal(access.camera_count, 4);
    assert_camera(1, ACCESS_EVENT, "2");
    assert_camera(2, ACCESS_CAMERA, "front");
    assert_camera(3, ACCESS_CAMERA, "back");
}

static void
test_parameter_twice_with_different_values_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/index.php", "view=video&eid=1&eid=2"), ERR_VALUE);
    assert_non_null(strstr(note.text, "eid"));
    assert_int_equal(ask("GET", "/index.php", "view=video&eid=1&eid=1"), OK);
    assert_int_equal(access.camera_count, 1);
    assert_int_equal(ask("GET", "/index.php", "view=video&eid=1&other=1&other=2"), OK);
    assert_int_equal(
        ask_body("/index.php", "view=video&eid=1", "application/json", "{\"eid\":2}"), ERR_VALUE);
}

static void
test_reads_bodies(void **state)
{
    (void)state;
    assert_int_equal(ask_body("/index.php", "", "application/x-www-form-urlencoded; charset=x",
                         "view=video&eid=4+2"),
        OK);
    assert_camera(0, ACCESS_EVENT, "4 2");
    assert_int_equal(ask_body("/index.php", "view=events", "application/json",
                         "{\"ids\":[\"a\",7],\"cams\":\"x\"}"),
        OK);
    assert_camera(0, ACCESS_EVENT, "a");
    assert_camera(1, ACCESS_EVENT, "7");
    assert_camera(2, ACCESS_CAMERA, "x");
    assert_true(access.is_write);
    assert_int_equal(
        ask_body("/index.php", "", "application/json", "{\"a\":1,\"a\":2}"), ERR_VALUE);
    assert_int_equal(ask_body("/index.php", "", "application/json", "{"), ERR_VALUE);
    assert_int_equal(
        ask_body("/index.php", "", "application/json", "[[[[[[[[[[[1]]]]]]]]]]]"), ERR_LIMIT);
}

static void
test_refuses_bad_percent_and_too_many(void **state)
{
    (void)state;
    static char long_query[16 * 1024];
    assert_int_equal(ask("GET", "/index.php", "view=%zz"), ERR_VALUE);
    assert_int_equal(ask("GET", "/index.php", "view=a%00b"), ERR_VALUE);
    size_t len = 0;
    for (size_t i = 0; i <= ACCESS_PARAMS; i++) {
        memcpy(long_query + len, "a=1&", 4);
        len += 4;
    }
    long_query[len] = '\0';
    assert_int_equal(ask("GET", "/index.php", long_query), ERR_LIMIT);
    len = (size_t)(stpcpy(long_query, "view=events") - long_query);
    for (size_t i = 0; i <= ACCESS_CAMERAS; i++) {
        len += (size_t)snprintf(long_query + len, 32, "&ids[]=%zu", i);
    }
    assert_int_equal(ask("GET", "/index.php", long_query), ERR_LIMIT);
    memcpy(strrchr(long_query, '&'), "\0", 1);
    assert_int_equal(ask("GET", "/index.php", long_query), OK);
    assert_int_equal(access.camera_count, ACCESS_CAMERAS);
}

static void
test_method_and_kind_say_whether_it_writes(void **state)
{
    (void)state;
    assert_int_equal(ask("PUT", "/users/anna", ""), OK);
    assert_int_equal(access.kind, ACCESS_USERS);
    assert_true(access.is_write);
    assert_string_equal(access.object, "user anna");
    assert_int_equal(ask("DELETE", "/users/anna", ""), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
    assert_true(access.is_write);
    assert_int_equal(ask("POST", "/login", ""), OK);
    assert_true(access.reads_answer);
}

static void
test_own_code_refuses_or_gives_up(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/more/bad", ""), ERR_VALUE);
    assert_string_equal(note.text, "camera bad");
    assert_int_equal(ask("GET", "/more/other", ""), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
    assert_int_equal(ask("GET", "/more/good", ""), OK);
    assert_int_equal(access.kind, ACCESS_LIVE);
}

static void
test_rest_and_all(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/static/a/b/c.js", ""), OK);
    assert_int_equal(access.kind, ACCESS_PAGE);
    assert_null(access.view);
    assert_int_equal(ask("GET", "/static/", ""), OK);
    assert_int_equal(access.kind, ACCESS_PAGE);
    assert_int_equal(ask("GET", "/all", ""), OK);
    assert_camera(0, ACCESS_ALL, "");
}

/* Tried end by end, 8,000 dashes would cost tens of milliseconds each time. */
static void
test_path_made_to_be_slow_costs_little_and_fits_nothing(void **state)
{
    (void)state;
    static char path[8 * 1024];
    struct timespec begun;
    struct timespec done;
    (void)text_copy(path, sizeof(path), "/pic/");
    memset(path + 5, '-', sizeof(path) - 6);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ask("GET", path, ""), OK);
        assert_int_equal(access.kind, ACCESS_UNKNOWN);
    }
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &done);
    assert_true(done.tv_sec - begun.tv_sec <= 1);
}

static void
test_reads_times(void **state)
{
    (void)state;
    int64_t ms = 0;
    assert_int_equal(access_time("1763900000", 10, &ms), OK);
    assert_true(ms == 1763900000000);
    assert_int_equal(access_time("1763900000.123456", 17, &ms), OK);
    assert_true(ms == 1763900000123);
    assert_int_equal(access_time("2025-11-23 12:13:20", 19, &ms), OK);
    assert_true(ms == 1763900000000);
    assert_int_equal(access_time("2025-11-23T12:13:20Z", 20, &ms), OK);
    static const char *const bad[] = {"", "-1", "1e9", "2025-13-01 00:00:00", "2025-01-01 24:00:00",
        "9999999999999", "1.2.3", "0x10", "2025-1-1 1:1:1"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(access_time(bad[i], strlen(bad[i]), &ms), ERR_MISSING);
    }
}

static void
test_later_counts_as_told(void **state)
{
    (void)state;
    struct access_params params;
    struct access_request request = {.method = "POST",
        .path = "/",
        .query = "a=1&a=2&b[]=1&b[]=2",
        .type = "application/x-www-form-urlencoded",
        .body = "a=3",
        .body_len = 3};
    arena_init(&arena, 65536);
    assert_int_equal(
        access_read(&request, ACCESS_READ_LAST | ACCESS_READ_FORM, &arena, &params, &note), OK);
    assert_int_equal(params.count, 3);
    assert_string_equal(access_param(&params, "a"), "3");
    assert_int_equal(access_read(&request, ACCESS_READ_FIRST, &arena, &params, &note), OK);
    assert_string_equal(access_param(&params, "a"), "1");
    assert_null(access_param(&params, "c"));
    request.query = "a=%41+";
    assert_int_equal(access_read(&request, ACCESS_READ_RAW, &arena, &params, &note), OK);
    assert_string_equal(access_param(&params, "a"), "%41+");
    arena_release(&arena);
}

/* clang-format off */
static const struct {
    const char *bytes;
    size_t len;
    bool is_media;
} samples[] = {
#define SAMPLE(text, is_media) {text, sizeof(text) - 1, is_media}
    SAMPLE("\xff\xd8\xff\xe0\0\x10JFIF", true),
    SAMPLE("\x89PNG\r\n\x1a\n", true),
    SAMPLE("RIFF\x10\0\0\0WEBPVP8 ", true),
    SAMPLE("GIF89a", true),
    SAMPLE("\0\0\0\x18" "ftypmp42", true),
    SAMPLE("\0\0\0\x68moof\0\0\0\x10mfhd", true),
    SAMPLE("\x1a\x45\xdf\xa3", true),
    SAMPLE("FLV\x01\x05", true),
    SAMPLE("#EXTM3U\n#EXT-X-VERSION:3", true),
    SAMPLE("\xef\xbb\xbf \r\n#EXTM3U", true),
    SAMPLE("<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\">", true),
    SAMPLE("--frame\r\nContent-Type: image/jpeg\r\n\r\n", true),
    SAMPLE("\0\0\0\x01\x67\x42\0\x1e", true),
    SAMPLE("\0\0\0\x01\x40\x01\x0c\x01", true),
    SAMPLE("PK\x03\x04\x14", true),
    SAMPLE("\xff\xf1\x50\x80", true),
    SAMPLE("data:image/jpeg;base64,/9j/", true),
    SAMPLE("{\"cameras\":{}}", false),
    SAMPLE("<!DOCTYPE html><html>", false),
    SAMPLE("GET the best", false),
    SAMPLE("The free Universal Encyclopaedia", false),
    SAMPLE("\x01\0\0\0mdat", true),
    SAMPLE("0.17.2-abcdef1", false),
    SAMPLE("", false),
    SAMPLE("\xff\xfe" "U\0T\0F\0", false),
    SAMPLE("/* a script */ var x;", false),
};
/* clang-format on */

static void
test_knows_media_by_its_first_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        if (access_is_media("text/plain", samples[i].bytes, samples[i].len) !=
            samples[i].is_media) {
            fail_msg("sample %zu", i);
        }
    }
    uint8_t packets[400] = {0};
    packets[0] = packets[188] = packets[376] = 0x47;
    assert_true(access_is_media(NULL, packets, sizeof(packets)));
    packets[188] = 0;
    assert_false(access_is_media(NULL, packets, sizeof(packets)));
    uint8_t tar[512] = {'a'};
    memcpy(tar + 257, "ustar", 5);
    assert_true(access_is_media("application/octet-stream", tar, sizeof(tar)));
}

static void
test_knows_media_by_type(void **state)
{
    (void)state;
    static const char *const media[] = {"video/mp4", "VIDEO/MP2T", "audio/aac", "image/jpeg",
        "image/webp; q=1", "multipart/x-mixed-replace;boundary=x", " image/png",
        "application/vnd.apple.mpegurl", "application/x-mpegURL", "application/dash+xml"};
    static const char *const others[] = {"text/html", "application/json", "image/svg+xml",
        "image/x-icon", "multipart/form-data", "application/javascript", ""};
    for (size_t i = 0; i < COUNT(media); i++) {
        assert_true(access_is_media(media[i], NULL, 0));
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_false(access_is_media(others[i], NULL, 0));
    }
    assert_true(access_is_media("image/svg+xml", "\xff\xd8\xff", 3));
}

static void
test_kinds_and_permits_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < ACCESS_KINDS; i++) {
        assert_non_null(access_kind((enum access_kind)i)->text);
    }
    for (int i = 0; i < PERMITS; i++) {
        enum permit permit = PERMITS;
        assert_int_equal(permit_parse(permit_text((enum permit)i), &permit), OK);
        assert_int_equal(permit, i);
    }
    enum permit permit = PERMITS;
    assert_int_equal(permit_parse("everything", &permit), ERR_VALUE);
    assert_non_null(vms_gate_find("frigate"));
    assert_null(vms_gate_find("none"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captures_camera_and_times_in_path),
        cmocka_unit_test(test_same_view_whatever_segment),
        cmocka_unit_test(test_alternative_may_be_empty),
        cmocka_unit_test(test_time_that_is_none_is_unknown_and_no_later_row_explains_it),
        cmocka_unit_test(test_reads_calendar_pieces),
        cmocka_unit_test(test_piece_of_a_part_is_the_shortest),
        cmocka_unit_test(test_upgrade_row_only_for_upgrades_and_others_never),
        cmocka_unit_test(test_parameters_select_and_capture),
        cmocka_unit_test(test_every_camera_of_a_list_is_found_once),
        cmocka_unit_test(test_parameter_twice_with_different_values_is_refused),
        cmocka_unit_test(test_reads_bodies),
        cmocka_unit_test(test_refuses_bad_percent_and_too_many),
        cmocka_unit_test(test_method_and_kind_say_whether_it_writes),
        cmocka_unit_test(test_own_code_refuses_or_gives_up),
        cmocka_unit_test(test_rest_and_all),
        cmocka_unit_test(test_path_made_to_be_slow_costs_little_and_fits_nothing),
        cmocka_unit_test(test_reads_times),
        cmocka_unit_test(test_later_counts_as_told),
        cmocka_unit_test(test_knows_media_by_its_first_bytes),
        cmocka_unit_test(test_knows_media_by_type),
        cmocka_unit_test(test_kinds_and_permits_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
