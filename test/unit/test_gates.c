/* The gates of VMSes whose tables hold media and log-ins only: nothing of theirs slips by. */
#include "test.h"

#include "base/arena.h"
#include "base/text.h"
#include "vms/access.h"

#include <stdio.h>

static struct arena arena;
static struct access access;

static enum err
ask(const char *gate, const char *method, const char *target, const char *body)
{
    static char copy[512];
    struct note note = {""};
    bool is_upgrade = text_equal(method, "UPGRADE");
    arena_release(&arena);
    arena_init(&arena, 1024 * 1024);
    memset(&access, 0, sizeof(access));
    (void)text_copy(copy, sizeof(copy), target);
    char *query = strchr(copy, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    struct access_request request = {.method = is_upgrade ? "GET" : method,
        .path = copy,
        .query = query == NULL ? "" : query,
        .type = body == NULL   ? NULL
                : *body == '<' ? "text/xml"
                               : "application/json",
        .body = body,
        .body_len = body == NULL ? 0 : strlen(body),
        .is_upgrade = is_upgrade};
    return access_classify(vms_gate_find(gate), &request, &arena, &access, &note);
}

#define REFUSED ACCESS_KINDS

/* camera: of the first of them; NULL: none; "": all. */
// clang-format off
static const struct {
    const char *gate, *method, *target, *body;
    enum access_kind kind;
    const char *camera;
} rows[] = {
    {"cameraui", "POST", "/api/auth/login", "{\"username\":\"anna\",\"password\":\"hunter2\"}", ACCESS_LOGIN, NULL},
    {"cameraui", "POST", "/api/auth/logout", NULL, ACCESS_LOGOUT, NULL},
    {"cameraui", "GET", "/files/front_door-0123456789-1763900000_m_CUI.mp4", NULL, ACCESS_PLAYBACK, "front_door"},
    {"cameraui", "GET", "/files/back-yard-0123456789-1763900000_m_CUI@2.jpeg", NULL, ACCESS_PLAYBACK, "back-yard"},
    {"cameraui", "GET", "/files/x.mp4", NULL, ACCESS_PLAYBACK, ""},
    {"cameraui", "GET", "/Files/front-0123456789-1763900000_m_CUI.mp4", NULL, REFUSED, NULL},
    {"cameraui", "DELETE", "/API/recordings", NULL, REFUSED, NULL},
    {"cameraui", "GET", "/api/cameras/front/snapshot?buffer=true", NULL, ACCESS_SNAPSHOT, "front"},
    {"cameraui", "GET", "/api/cameras", NULL, ACCESS_SECRETS, NULL},
    {"cameraui", "DELETE", "/api/recordings", NULL, ACCESS_DELETE, ""},
    {"cameraui", "PATCH", "/api/settings/recordings", "{}", ACCESS_CONFIGURE, NULL},
    {"cameraui", "GET", "/api/system/db/download", NULL, ACCESS_SECRETS, NULL},
    {"cameraui", "UPGRADE", "/socket.io/?EIO=4&transport=websocket", NULL, ACCESS_LIVE, ""},
    {"cameraui", "GET", "/socket.io/?EIO=4&transport=polling", NULL, ACCESS_LIVE, ""},
    {"cameraui", "GET", "/nothing", NULL, ACCESS_UNKNOWN, NULL},

    {"shinobi", "POST", "/?json=true", "{\"mail\":\"anna\",\"pass\":\"hunter2\"}", ACCESS_LOGIN, NULL},
    {"shinobi", "POST", "/super?json=true", "{\"mail\":\"anna\",\"pass\":\"hunter2\"}", ACCESS_LOGIN, NULL},
    {"shinobi", "GET", "/hunter2/logout/group/uid", NULL, ACCESS_LOGOUT, NULL},
    {"shinobi", "GET", "/hunter2/hls/group/front/s.m3u8", NULL, ACCESS_LIVE, "front"},
    {"shinobi", "GET", "/hunter2/mjpeg/group/front", NULL, ACCESS_LIVE, "front"},
    {"shinobi", "GET", "/hunter2/HLS/group/front/s.m3u8", NULL, REFUSED, NULL},
    {"shinobi", "GET", "/hunter2/jpeg/group/front/s.jpg", NULL, ACCESS_SNAPSHOT, "front"},
    {"shinobi", "GET", "/hunter2/videos/group/front/2026-11-22T10-00-00.mp4", NULL, ACCESS_PLAYBACK, "front"},
    {"shinobi", "GET", "/hunter2/videos/group/front/2026-11-22T10-00-00.mp4?downloadName=a", NULL, ACCESS_EXPORT, "front"},
    {"shinobi", "GET", "/hunter2/videos/group/front/2026-11-22T10-00-00.mp4/delete", NULL, ACCESS_DELETE, "front"},
    {"shinobi", "GET", "/hunter2/videos/group/front", NULL, ACCESS_SEARCH, NULL},
    {"shinobi", "GET", "/hunter2/fileBin/group/front/a.mp4", NULL, ACCESS_EXPORT, "front"},
    {"shinobi", "GET", "/get.php?username=a&password=hunter2&type=m3u", NULL, REFUSED, NULL},
    {"shinobi", "GET", "/hunter2/nothing/group", NULL, ACCESS_UNKNOWN, NULL},
    {"shinobi", "POST", "/hunter2/nothing/group", "{}", ACCESS_CONFIGURE, NULL},
    {"shinobi", "UPGRADE", "/socket.io/?EIO=4", NULL, ACCESS_LIVE, ""},

    {"blueiris", "POST", "/json", "{\"cmd\":\"login\",\"session\":\"s\",\"response\":\"hunter2\"}", ACCESS_LOGIN, NULL},
    {"blueiris", "POST", "/json", "{\"cmd\":\"login\",\"session\":\"s\"}", ACCESS_DATA, NULL},
    {"blueiris", "POST", "/json", "{\"cmd\":\"logout\"}", ACCESS_LOGOUT, NULL},
    {"blueiris", "POST", "/json", "{\"cmd\":\"alertlist\",\"camera\":\"x\"}", ACCESS_SEARCH, NULL},
    {"blueiris", "POST", "/json", "{\"cmd\":\"alertlist\",\"reset\":true}", ACCESS_DELETE, ""},
    {"blueiris", "POST", "/json", "{\"cmd\":\"status\"}", ACCESS_DATA, NULL},
    {"blueiris", "POST", "/json", "{\"cmd\":\"status\",\"reboot\":true}", ACCESS_CONFIGURE, NULL},
    {"blueiris", "POST", "/json", "{\"cmd\":\"ptz\",\"camera\":\"front\",\"button\":1}", ACCESS_PTZ, "front"},
    {"blueiris", "POST", "/json", "{\"cmd\":\"export\",\"path\":\"@1.bvr\"}", ACCESS_PREPARE, ""},
    {"blueiris", "POST", "/json", "{\"cmd\":\"whatever\"}", ACCESS_CONFIGURE, NULL},
    {"blueiris", "POST", "/json", "{\"cmd\":\"login\",\"cmd\":\"delclip\"}", REFUSED, NULL},
    {"blueiris", "GET", "/mjpg/front/video.mjpg", NULL, ACCESS_LIVE, "front"},
    {"blueiris", "GET", "/MJPG/front/video.mjpg", NULL, REFUSED, NULL},
    {"blueiris", "GET", "/video/front/2.0?audio=1", NULL, ACCESS_LIVE, "front"},
    {"blueiris", "GET", "/image/front?q=50", NULL, ACCESS_SNAPSHOT, "front"},
    {"blueiris", "GET", "/image/front?time=1763900000000", NULL, ACCESS_PLAYBACK, "front"},
    {"blueiris", "GET", "/image/index", NULL, ACCESS_PLAYBACK, ""},
    {"blueiris", "GET", "/time/front?opaque=7&pos=1763900000000", NULL, ACCESS_PLAYBACK, "front"},
    {"blueiris", "GET", "/time/set?opaque=7&pos=1", NULL, ACCESS_FOLLOW, "7"},
    {"blueiris", "GET", "/file/clips/@1.bvr?time=0", NULL, ACCESS_PLAYBACK, ""},
    {"blueiris", "GET", "/file/clips/@1.bvr?record=1", NULL, ACCESS_EXPORT, ""},
    {"blueiris", "GET", "/clips/@1.mp4?dl=1", NULL, ACCESS_EXPORT, ""},
    {"blueiris", "GET", "/admin?camera=front&trigger", NULL, ACCESS_CONFIGURE, NULL},

    {"nxwitness", "POST", "/rest/v3/login/sessions", "{\"username\":\"anna\",\"password\":\"hunter2\"}", ACCESS_LOGIN, NULL},
    {"nxwitness", "DELETE", "/rest/v3/login/sessions/vms-hunter2", NULL, ACCESS_LOGOUT, NULL},
    {"nxwitness", "GET", "/rest/v3/login/sessions/vms-hunter2", NULL, ACCESS_DATA, NULL},
    {"nxwitness", "GET", "/rest/v3/devices/abc/media.mp4", NULL, ACCESS_LIVE, "abc"},
    {"nxwitness", "GET", "/rest/v3/devices/abc/media.mp4?positionMs=1", NULL, ACCESS_PLAYBACK, "abc"},
    {"nxwitness", "GET", "/rest/v3/devices/abc/media?positionMs=1&download=true", NULL, ACCESS_EXPORT, "abc"},
    {"nxwitness", "GET", "/rest/v3/devices/abc/image?timestampMs=1", NULL, ACCESS_THUMBNAIL, "abc"},
    {"nxwitness", "GET", "/hls/abc.m3u8?pos=1", NULL, ACCESS_PLAYBACK, "abc"},
    {"nxwitness", "GET", "/hls/abc.mkv?pos=1&duration=2", NULL, ACCESS_EXPORT, "abc"},
    {"nxwitness", "GET", "/media/abc.webm", NULL, ACCESS_LIVE, "abc"},
    {"nxwitness", "GET", "/proxy/http/server/media/abc.webm", NULL, REFUSED, NULL},
    {"nxwitness", "GET", "/web/media/abc.webm", NULL, REFUSED, NULL},
    {"nxwitness", "GET", "/Media/abc.webm", NULL, REFUSED, NULL},
    {"nxwitness", "POST", "/jsonrpc", "{}", ACCESS_CONFIGURE, NULL},
    {"nxwitness", "UPGRADE", "/rest/v3/devices/abc/webrtc", NULL, ACCESS_BESIDE, ""},
    {"nxwitness", "PATCH", "/rest/v3/users/1", "{}", ACCESS_USERS, NULL},

    {"milestone", "POST", "/API/IDP/connect/token", NULL, ACCESS_LOGIN, NULL},
    {"milestone", "POST", "/api/rest/v1/webRTC/session", "{}", ACCESS_BESIDE, ""},
    {"milestone", "POST", "/API/REST/v1/WebRTC/session", "{}", ACCESS_BESIDE, ""},
    {"milestone", "POST", "/api/rest/v1/cameras/abc?task=JpegGetLive", NULL, ACCESS_SNAPSHOT, "abc"},
    {"milestone", "GET", "/api/rest/v1/cameras", NULL, ACCESS_DATA, NULL},
    {"milestone", "PUT", "/api/rest/v1/cameras/abc", "{}", ACCESS_CONFIGURE, NULL},
    {"milestone", "GET", "/Api/rest/v1/cameras", NULL, REFUSED, NULL},
    {"milestone", "POST", "/XProtectMobile/Communication", "<Command><Name>LogIn</Name></Command>", ACCESS_LOGIN, NULL},
    {"milestone", "POST", "/XProtectMobile/Communication", "<Command><Name>RequestStream</Name></Command>", ACCESS_LIVE, ""},
    {"milestone", "POST", "/XProtectMobile/Communication", "<Command><Name>RequestStream</Name><Param Value=\"Playback\"/></Command>", ACCESS_PLAYBACK, ""},
    {"milestone", "POST", "/XProtectMobile/Communication", "<Command><Name>DeleteInvestigation</Name></Command>", ACCESS_CONFIGURE, ""},
    {"milestone", "POST", "/XProtectMobile/Communication", "<Name>GetItems</Name><Name>RequestStream</Name>", REFUSED, NULL},
    {"milestone", "POST", "/XProtectMobile/Communication", "<Name", REFUSED, NULL},
    {"milestone", "GET", "/XProtectMobile/Video/1/", NULL, ACCESS_LIVE, ""},
    {"milestone", "UPGRADE", "/api/ws/webrtc/v1", NULL, ACCESS_BESIDE, ""},
};
// clang-format on

static void
test_media_and_log_ins_are_known_and_other_spellings_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum err err = ask(rows[i].gate, rows[i].method, rows[i].target, rows[i].body);
        enum access_kind kind = err == OK ? access.kind : REFUSED;
        if (kind != rows[i].kind) {
            print_error("%s %s %s: %s\n", rows[i].gate, rows[i].method, rows[i].target,
                err == OK ? access_kind(access.kind)->text : "refused");
        }
        assert_int_equal(kind, rows[i].kind);
        if (rows[i].camera != NULL) {
            assert_true(access.camera_count > 0);
            assert_string_equal(access.cameras[0].text, rows[i].camera);
        }
        assert_null(access.object == NULL ? NULL : strstr(access.object, "hunter2"));
        assert_null(access.view == NULL ? NULL : strstr(access.view, "hunter2"));
    }
}

static bool
has_failed(unsigned status, const char *body)
{
    struct access_answer answer = {
        .status = status, .body = body, .body_len = strlen(body), .is_whole = true};
    struct access_told told = {.position = -1};
    assert_true(access.reads_answer);
    access.row->answer(&answer, &told, &arena);
    return told.has_failed;
}

static void
test_log_in_fails_as_each_of_them_says_it(void **state)
{
    (void)state;
    assert_int_equal(ask("blueiris", "POST", "/json",
                         "{\"cmd\":\"login\",\"session\":\"s\",\"response\":\"r\"}"),
        OK);
    assert_true(has_failed(200, "{\"result\":\"fail\",\"data\":{}}"));
    assert_true(has_failed(200, ""));
    assert_false(has_failed(200, "{\"result\":\"success\"}"));
    assert_int_equal(ask("shinobi", "POST", "/?json=true", "{\"mail\":\"a\",\"pass\":\"b\"}"), OK);
    assert_true(has_failed(200, "{\"ok\":false}"));
    assert_false(has_failed(200, "{\"ok\":true}"));
    assert_true(has_failed(200, "<input name=\"pass\">"));
    assert_int_equal(ask("cameraui", "POST", "/api/auth/login", "{}"), OK);
    assert_true(has_failed(401, "{}"));
    assert_false(has_failed(201, "{}"));
}

static int
release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_media_and_log_ins_are_known_and_other_spellings_refused),
        cmocka_unit_test(test_log_in_fails_as_each_of_them_says_it),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
