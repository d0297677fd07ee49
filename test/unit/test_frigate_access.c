/* Frigate's table against what its web client asks for, and what its API publishes. */
#include "test.h"

#include "base/buf.h"
#include "base/text.h"
#include "vms/access.h"

#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct note note;
static struct access access;

static enum err
ask(const char *method, const char *path, const char *query, const char *body)
{
    bool is_upgrade = text_equal(method, "WS");
    struct access_request request = {
        .method = is_upgrade ? "GET" : method,
        .path = path,
        .query = query,
        .type = *body == '\0'  ? NULL
                : *body == '{' ? "application/json"
                               : "text/plain",
        .body = *body == '\0' ? NULL : body,
        .body_len = strlen(body),
        .is_upgrade = is_upgrade,
    };
    arena_release(&arena);
    arena_init(&arena, 1024 * 1024);
    memset(&access, 0, sizeof(access));
    note.text[0] = '\0';
    return access_classify(vms_gate_find("frigate"), &request, &arena, &access, &note);
}

static enum err
say(const char *text)
{
    arena_release(&arena);
    arena_init(&arena, 1024 * 1024);
    memset(&access, 0, sizeof(access));
    note.text[0] = '\0';
    return vms_gate_find("frigate")->frame(text, strlen(text), &arena, &access, &note);
}

static const char *
cameras(void)
{
    static const char *const names[] = {
        "camera", "stream", "event", "frame", "export", "review", "group", "link", "all"};
    static struct buf out;
    buf_release(&out);
    buf_init(&out, 65536);
    for (size_t i = 0; i < access.camera_count; i++) {
        const struct access_camera *camera = &access.cameras[i];
        buf_text(&out, i == 0 ? "" : "; ");
        buf_text(&out, names[camera->name]);
        buf_text(&out, camera->name == ACCESS_ALL ? "" : " ");
        buf_text(&out, camera->text);
    }
    buf_text(&out, "");
    return out.data == NULL ? "" : out.data;
}

static void
check(const char *what, enum err err, enum access_kind kind, const char *expected)
{
    if (err != OK) {
        fail_msg("%s: %s, %s", what, err_words(err), note.text);
    }
    if (access.kind != kind) {
        fail_msg(
            "%s: %s, expected %s", what, access_kind(access.kind)->text, access_kind(kind)->text);
    }
    if (strcmp(cameras(), expected) != 0) {
        fail_msg("%s: cameras \"%s\", expected \"%s\"", what, cameras(), expected);
    }
}

static const struct request {
    const char *method, *path, *query, *body;
    enum access_kind kind;
    const char *cameras;
    double from, to;
} requests[] = {
#define REQUEST(method, path, query, body, kind, cameras, from, to, source)                        \
    {method, path, query, body, ACCESS_##kind, cameras, from, to},
#define FRAME(text, kind, cameras, source)
#include "frigate_requests.def"
#undef REQUEST
#undef FRAME
};

static const struct frame {
    const char *text;
    enum access_kind kind;
    const char *cameras;
} frames[] = {
#define REQUEST(method, path, query, body, kind, cameras, from, to, source)
#define FRAME(text, kind, cameras, source) {text, ACCESS_##kind, cameras},
#include "frigate_requests.def"
#undef REQUEST
#undef FRAME
};

static void
test_explains_every_request_of_the_web_client(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(requests); i++) {
        const struct request *row = &requests[i];
        enum err err = ask(row->method, row->path, row->query, row->body);
        check(row->path, err, row->kind, row->cameras);
        assert_non_null(access.row->source);
        assert_true((access.view != NULL) == access_kind(row->kind)->opens_view);
        if (access.from != (int64_t)(row->from * 1000 + 0.5) ||
            access.to != (int64_t)(row->to * 1000 + 0.5)) {
            fail_msg(
                "%s: from %lld to %lld", row->path, (long long)access.from, (long long)access.to);
        }
    }
}

static void
test_explains_every_message_of_the_web_client(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(frames); i++) {
        check(frames[i].text, say(frames[i].text), frames[i].kind, frames[i].cameras);
    }
}

static const struct operation {
    const char *method, *path, *role;
} operations[] = {
#define OPERATION(method, path, role) {method, path, role},
#include "frigate_operations.def"
#undef OPERATION
};

/* What stands for a name in braces of a published path. */
static const struct {
    const char *name, *value;
} examples[] = {
    {"label",        "car"                            },
    {"end_ts",       "1763900600"                     },
    {"hour",         "12"                             },
    {"end_time",     "1763900600"                     },
    {"username",     "anna"                           },
    {"service",      "frigate"                        },
    {"start_time",   "1763900000"                     },
    {"file_name",    "preview_front-door-1763900000.5"},
    {"extension",    "webp"                           },
    {"camera_name",  "front-door"                     },
    {"start",        "1763900000"                     },
    {"category",     "cat"                            },
    {"job_id",       "a1b2c3"                         },
    {"sub_command",  "motion"                         },
    {"day",          "23"                             },
    {"old_category", "cat"                            },
    {"feature",      "detect"                         },
    {"year_month",   "2025-11"                        },
    {"tz_name",      "Europe,Vienna"                  },
    {"review_id",    "1763900000.5-abcdef"            },
    {"export_id",    "front_ab12cd"                   },
    {"frame_time",   "1763900000.5"                   },
    {"stream_name",  "front_sub"                      },
    {"start_ts",     "1763900000"                     },
    {"event_id",     "1763900000.5-abcdef"            },
    {"format",       "jpg"                            },
    {"name",         "model"                          },
    {"end",          "1763900600"                     },
    {"old_name",     "anna"                           },
    {"case_id",      "a1b2c3"                         },
};

static const char *
example(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT(examples); i++) {
        if (strncmp(examples[i].name, name, len) == 0 && examples[i].name[len] == '\0') {
            return examples[i].value;
        }
    }
    fail_msg("no example for %.*s", (int)len, name);
    return "";
}

/* "/vod/{camera_name}" → "/api/vod/front-door": nginx puts the API under /api. */
static void
fill(const char *path, char *out, size_t size)
{
    size_t at = (size_t)snprintf(out, size, "/api");
    while (*path != '\0') {
        size_t len = strcspn(path, "{");
        at += (size_t)snprintf(out + at, size - at, "%.*s", (int)len, path);
        path += len;
        if (*path == '{') {
            len = strcspn(path, "}");
            at += (size_t)snprintf(out + at, size - at, "%s", example(path + 1, len - 1));
            path += len + 1;
        }
    }
}

static const char *
query_of(const char *path)
{
    return text_ends(path, "_ids") ? "ids=1763900000.5-abcdef" : "";
}

static void
test_every_published_operation_has_a_row_with_its_role(void **state)
{
    (void)state;
    assert_int_equal(COUNT(operations), 179);
    for (size_t i = 0; i < COUNT(operations); i++) {
        char path[256];
        fill(operations[i].path, path, sizeof(path));
        assert_int_equal(ask(operations[i].method, path, query_of(path), ""), OK);
        if (access.row == NULL) {
            fail_msg("%s %s: no row", operations[i].method, path);
        }
        if (!text_equal(access.row->role, operations[i].role)) {
            fail_msg("%s %s: role %s, expected %s (%s)", operations[i].method, path,
                access.row->role, operations[i].role, access.row->path);
        }
    }
}

static void
test_what_is_for_administrators_needs_more_than_browsing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(operations); i++) {
        char path[256];
        fill(operations[i].path, path, sizeof(path));
        assert_int_equal(ask(operations[i].method, path, query_of(path), ""), OK);
        enum permit permit = access_kind(access.kind)->permit;
        bool is_admin = text_equal(operations[i].role, "admin");
        if (is_admin && permit != PERMIT_CONFIGURE && access.kind != ACCESS_SEND) {
            fail_msg("%s %s needs only %s", operations[i].method, path, permit_text(permit));
        }
    }
}

static void
test_refuses_a_stream_made_on_the_fly(void **state)
{
    (void)state;
    static const char *const bad[] = {"src=rtsp://10.0.0.9/live", "src=exec:id",
        "src=ffmpeg%3Afront", "src=front%20door", "src=%2Fetc%2Fpasswd", "src=front%23video"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(ask("WS", "/live/mse/api/ws", bad[i], ""), ERR_VALUE);
        assert_int_equal(ask("GET", "/api/go2rtc/api/stream.mp4", bad[i], ""), ERR_VALUE);
        assert_int_equal(ask("POST", "/api/go2rtc/webrtc", bad[i], ""), ERR_VALUE);
    }
    assert_int_equal(ask("WS", "/live/mse/api/ws", "src=front&src=back", ""), ERR_VALUE);
    assert_int_equal(ask("WS", "/live/mse/api/ws", "src=front&dst=back", ""), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
    assert_int_equal(ask("WS", "/live/mse/api/ws", "", ""), OK);
    assert_int_equal(access.kind, ACCESS_UNKNOWN);
}

static void
test_refuses_a_picture_of_an_export_out_of_another_folder(void **state)
{
    (void)state;
    static const char one[] = "/api/export/front/start/1763900000/end/1763900600";
    assert_int_equal(ask("POST", one, "", "{\"image_path\":\"/etc/passwd\"}"), ERR_VALUE);
    assert_int_equal(
        ask("POST", one, "", "{\"image_path\":\"/media/frigate/clips/../../../etc/x\"}"),
        ERR_VALUE);
    assert_int_equal(ask("POST", "/api/exports/batch", "",
                         "{\"items\":[{\"camera\":\"front\",\"image_path\":\"/config/x\"}]}"),
        ERR_VALUE);
    check("clip",
        ask("POST", one, "", "{\"image_path\":\"/media/frigate/clips/review/thumb-x.webp\"}"),
        ACCESS_PREPARE, "camera front");
}

static void
test_refuses_messages_that_are_not_known(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"topic\":\"front/detect/xset\",\"payload\":\"OFF\"}",
        "{\"topic\":\"front/unheard/set\",\"payload\":\"OFF\"}",
        "{\"topic\":\"anything/else\",\"payload\":\"x\"}",
        "{\"topic\":\"insert_many_recordings\",\"payload\":{}}",
        "{\"topic\":\"upsert_review_segment\",\"payload\":{}}",
        "{\"topic\":\"front/detect/set/more\",\"payload\":\"OFF\"}",
        "{\"topic\":\"/detect/set\",\"payload\":\"OFF\"}",
        "{\"topic\":7}",
        "{\"topic\":\"onConnect\",\"topic\":\"restart\"}",
        "{\"topic\":\"onConnect\",\"Topic\":\"restart\"}",
        "{\"topic\":\"onConnect\",\"Type\":\"webrtc/offer\"}",
        "{\"type\":\"mse\",\"TYPE\":\"webrtc/offer\"}",
        "{\"type\":\"publish\"}",
        "{}",
        "[]",
        "onConnect",
        "",
        "{\"topic\":\"onConnect\"",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (say(bad[i]) != ERR_VALUE) {
            fail_msg("%s was taken", bad[i]);
        }
        assert_string_not_equal(note.text, "");
    }
    assert_int_equal(say("{\"Type\":\"WebRTC/offer\"}"), ERR_VALUE);
    assert_int_equal(say("{\"TYPE\":\"webrtc/offer\"}"), OK);
    assert_int_equal(access.kind, ACCESS_BESIDE);
}

static void
test_reads_clip_names_from_the_right(void **state)
{
    (void)state;
    static const struct {
        const char *path, *camera;
        int64_t from;
    } rows[] = {
        {"/clips/front-1763900000.5-abcdef.jpg",                  "camera front",      1763900000500},
        {"/clips/front-door-1763900000.5-abcdef-clean.png",       "camera front-door", 1763900000500},
        {"/clips/a-1-1763900000.5-abcdef.webp",                   "camera a-1",        1763900000500},
        {"/clips/a-b1c2d3-5.0-abcdef.webp",                       "camera a-b1c2d3",   5000         },
        {"/clips/review/thumb-front-door-1763900000-abcdef.webp", "camera front-door",
         1763900000000                                                                              },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check(rows[i].path, ask("GET", rows[i].path, "", ""), ACCESS_THUMBNAIL, rows[i].camera);
        assert_true(access.from == rows[i].from);
    }
    static const char *const unknown[] = {"/clips/front.jpg", "/clips/-5.0-abcdef.jpg",
        "/clips/front-5.0-abcde.jpg", "/clips/5.0-abcdef.jpg", "/clips/front-5.5.5-abcdef.jpg",
        "/clips/fr ont-5.0-abcdef.jpg"};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_int_equal(ask("GET", unknown[i], "", ""), OK);
        if (access.kind != ACCESS_UNKNOWN) {
            fail_msg("%s was read", unknown[i]);
        }
    }
}

static void
test_several_sources_in_one_playlist_are_never_one(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "/vod/,front,back,/start/1763900000/end/1763903600/x.urlset/master.m3u8",
        "/vod/,front,back,/start/1763900000/end/1763903600/master.m3u8",
        "/vod/2025-11/23/12/front/,a,b,.urlset/master.m3u8",
        "/vod/front/start/1763900000/end/,1763903600,2,.urlset/master.m3u8",
        "/vod/front/start/1763900000/end/1763903600/clipFrom/1/master.m3u8",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        enum err err = ask("GET", bad[i], "", "");
        if (err == OK && access.kind != ACCESS_UNKNOWN) {
            fail_msg("%s was taken", bad[i]);
        }
    }
}

static void
test_listings_and_files_of_nginx(void **state)
{
    (void)state;
    check("root", ask("GET", "/recordings/", "", ""), ACCESS_SEARCH, "");
    check("hour", ask("GET", "/recordings/2025-11-23/12/", "", ""), ACCESS_SEARCH, "all");
    check("exports", ask("GET", "/exports/", "", ""), ACCESS_SEARCH, "all");
    check("clips", ask("GET", "/clips/", "", ""), ACCESS_SEARCH, "all");
    check("raw", ask("GET", "/recordings/2025-11-23/12/front/13.20.mp4", "", ""), ACCESS_EXPORT,
        "camera front");
    assert_true(access.from == 1763900000000 && access.to == 1763900010000);
    check("stream", ask("GET", "/stream/front.m3u8", "", ""), ACCESS_LIVE, "all");
}

static void
test_pages_do_not_reach_the_api_by_the_rule_for_pictures(void **state)
{
    (void)state;
    static const char *const paths[] = {"/assets/api/best.jpg", "/images/API/front/best.jpg",
        "/front/api/best.jpg", "/API/front/latest.jpg", "/clips/api/best.jpg"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        assert_int_equal(ask("GET", paths[i], "", ""), OK);
        if (access.kind != ACCESS_UNKNOWN) {
            fail_msg("%s is a %s", paths[i], access_kind(access.kind)->text);
        }
    }
}

static void
test_go2rtc_behind_frigate(void **state)
{
    (void)state;
    check("mp4", ask("GET", "/api/go2rtc/api/stream.mp4", "src=front", ""), ACCESS_LIVE,
        "stream front");
    check("m3u8", ask("GET", "/api/go2rtc/api/stream.m3u8", "src=front", ""), ACCESS_LIVE,
        "stream front");
    struct access_told told = {0};
    static const char list[] = "#EXTM3U\nhls/playlist.m3u8?id=Ab12Cd\n";
    struct access_answer answer = {
        .status = 200, .body = list, .body_len = sizeof(list) - 1, .is_whole = true};
    access.row->answer(&answer, &told, &arena);
    assert_string_equal(told.link, "Ab12Cd");
    check("segment", ask("GET", "/api/go2rtc/api/hls/segment.m4s", "id=Ab12Cd", ""), ACCESS_LIVE,
        "link Ab12Cd");
    check("exit", ask("POST", "/api/go2rtc/api/exit", "", ""), ACCESS_CONFIGURE, "");
    check(
        "streams", ask("PUT", "/api/go2rtc/api/streams", "src=exec:id", ""), ACCESS_CONFIGURE, "");
    check("config", ask("GET", "/api/go2rtc/api/config", "", ""), ACCESS_SECRETS, "");
    check("webrtc", ask("POST", "/api/go2rtc/api/webrtc", "src=front", ""), ACCESS_BESIDE, "");
}

static void
test_answers_tell_of_log_ins_and_exports(void **state)
{
    (void)state;
    struct access_told told = {0};
    struct access_answer answer = {.status = 401, .is_whole = true};
    assert_int_equal(ask("POST", "/api/login", "", "{\"user\":\"anna\",\"password\":\"x\"}"), OK);
    assert_string_equal(access.object, "user anna");
    assert_true(access.reads_answer);
    access.row->answer(&answer, &told, &arena);
    assert_true(told.has_failed);
    static const char made[] = "{\"success\":true,\"message\":\"\",\"export_id\":\"front_ab12cd\"}";
    answer = (struct access_answer){
        .status = 200, .body = made, .body_len = sizeof(made) - 1, .is_whole = true};
    assert_int_equal(ask("POST", "/api/export/front/start/1/end/2", "", "{}"), OK);
    told = (struct access_told){0};
    access.row->answer(&answer, &told, &arena);
    assert_false(told.has_failed);
    assert_string_equal(told.link, "front_ab12cd");
    answer.body_len = 4;
    told = (struct access_told){0};
    access.row->answer(&answer, &told, &arena);
    assert_null(told.link);
}

static void
test_segments_of_one_playlist_are_one_view(void **state)
{
    (void)state;
    char first[256];
    assert_int_equal(ask("GET", "/vod/front/start/1/end/2/master.m3u8", "", ""), OK);
    assert_true(text_copy(first, sizeof(first), access.view));
    assert_int_equal(ask("GET", "/vod/front/start/1/end/2/seg-9-v1.m4s", "", ""), OK);
    assert_string_equal(access.view, first);
    assert_int_equal(ask("GET", "/vod/back/start/1/end/2/seg-9-v1.m4s", "", ""), OK);
    assert_string_not_equal(access.view, first);
}

static void
test_more_ids_than_fit_are_all(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, 65536);
    buf_text(&body, "{\"ids\":[\"a\"");
    for (int i = 0; i < 200; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), ",\"%d.5-abcdef\"", i);
        buf_text(&body, id);
    }
    buf_text(&body, "]}");
    check("delete", ask("POST", "/api/reviews/delete", "", body.data), ACCESS_DELETE, "all");
    buf_release(&body);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_explains_every_request_of_the_web_client),
        cmocka_unit_test(test_explains_every_message_of_the_web_client),
        cmocka_unit_test(test_every_published_operation_has_a_row_with_its_role),
        cmocka_unit_test(test_what_is_for_administrators_needs_more_than_browsing),
        cmocka_unit_test(test_refuses_a_stream_made_on_the_fly),
        cmocka_unit_test(test_refuses_a_picture_of_an_export_out_of_another_folder),
        cmocka_unit_test(test_refuses_messages_that_are_not_known),
        cmocka_unit_test(test_reads_clip_names_from_the_right),
        cmocka_unit_test(test_several_sources_in_one_playlist_are_never_one),
        cmocka_unit_test(test_listings_and_files_of_nginx),
        cmocka_unit_test(test_pages_do_not_reach_the_api_by_the_rule_for_pictures),
        cmocka_unit_test(test_go2rtc_behind_frigate),
        cmocka_unit_test(test_answers_tell_of_log_ins_and_exports),
        cmocka_unit_test(test_segments_of_one_playlist_are_one_view),
        cmocka_unit_test(test_more_ids_than_fit_are_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
