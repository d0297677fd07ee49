/*
 * Shinobi at the gateway: its media and log-in, so that the net holds. Its addresses begin with
 * the session's token: that part is never written down.
 */
#include "vms/gate_parts.h"

#include "base/text.h"

#include <jansson.h>
#include <string.h>

#define STREAMS "Shinobi libs/webServerStreamPaths.js"
#define PATHS   "Shinobi libs/webServerPaths.js"
#define SOCKETS "Shinobi libs/socketio.js"

static enum err
hide_token(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)params;
    (void)arena;
    (void)note;
    access->object = gate_parts_behind(request->path);
    return OK;
}

static enum err
refuse(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    (void)params;
    (void)access;
    (void)arena;
    note_set(note, "an address that Shinobi's own pages don't use");
    return ERR_VALUE;
}

/* Express knows no case: media or a change in other letters is refused, not left to the net. */
static enum err
check_rest(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    static const char *const words[] = {"hls", "mp4", "flv", "mjpeg", "jpeg", "icon", "h264",
        "mpegts", "embed", "videos", "cloudVideos", "fileBin", "timelapse", "cloudTimelapse",
        "mergeVideos", "timelapseBuildVideo", "super", "admin", "socket.io", "get.php", "logout",
        "configureMonitor", "monitorStates", "control"};
    bool is_other = gate_parts_has(request->path, words, COUNT(words));
    return is_other ? refuse(request, params, access, arena, note)
                    : hide_token(request, params, access, arena, note);
}

static void
answer_login(const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    (void)arena;
    json_t *json = answer->body == NULL || !answer->is_whole
                       ? NULL
                       : json_loadb(answer->body, answer->body_len, 0, NULL);
    bool is_json = json != NULL;
    bool is_ok = json_is_true(json_object_get(json, "ok"));
    /* A page says it failed by being the log-in page again. */
    bool is_page = answer->body != NULL &&
                   text_find_nocase(answer->body, answer->body_len, "name=\"pass\"") != NULL;
    told->has_failed = answer->status >= 400 || (is_json && !is_ok) || is_page;
    json_decref(json);
}

// clang-format off
static const struct access_row rows[] = {
    {NULL, "/{**}", NULL, ACCESS_LIVE, ACCESS_ROW_UPGRADE | ACCESS_ROW_ALL, "any", SOCKETS, hide_token, NULL},
    {NULL, "/[socket.io|admin/socket.io|super/socket.io]/{**}", NULL, ACCESS_LIVE, ACCESS_ROW_ALL, "any", SOCKETS, NULL, NULL},
    {"POST", "/", "mail={user} pass", ACCESS_LOGIN, 0, "public", PATHS, NULL, answer_login},
    {"POST", "/{*}", "mail={user} pass", ACCESS_LOGIN, 0, "public", PATHS, NULL, answer_login},
    {NULL, "/[get.php|player_api.php|xmltv.php]", NULL, ACCESS_BESIDE, ACCESS_ROW_ALL, "public", PATHS, refuse, NULL},
    {"GET", "/[libs|assets]/{**}", NULL, ACCESS_PAGE, 0, "public", PATHS, NULL, NULL},
    {"GET", "/[|super|admin|favicon.ico|robots.txt]", NULL, ACCESS_PAGE, 0, "public", PATHS, NULL, NULL},
    {"GET", "/{*}/[hls|mp4|flv|mjpeg|h264|mpegts|embed]/{*}/{camera}", NULL, ACCESS_LIVE, 0, "camera", STREAMS, hide_token, NULL},
    {"GET", "/{*}/[hls|mp4|flv|mjpeg|h264|mpegts|embed]/{*}/{camera}/{**}", NULL, ACCESS_LIVE, 0, "camera", STREAMS, hide_token, NULL},
    {"GET", "/{*}/[jpeg|icon]/{*}/{camera}", NULL, ACCESS_SNAPSHOT, 0, "camera", STREAMS, hide_token, NULL},
    {"GET", "/{*}/[jpeg|icon]/{*}/{camera}/{**}", NULL, ACCESS_SNAPSHOT, 0, "camera", STREAMS, hide_token, NULL},
    {"GET", "/{*}/[wallview|tvChannels|wallvideoview]/{**}", NULL, ACCESS_LIVE, ACCESS_ROW_ALL, "any", STREAMS, hide_token, NULL},
    {NULL, "/{*}/[videos|cloudVideos]/{*}/{camera}/{*}/slice", NULL, ACCESS_PREPARE, 0, "camera", PATHS, hide_token, NULL},
    {NULL, "/{*}/[videos|cloudVideos]/{*}/{camera}/{*}/{**}", NULL, ACCESS_DELETE, 0, "camera", PATHS, hide_token, NULL},
    {"GET", "/{*}/[videos|cloudVideos]/{*}/{camera}/{*}", "downloadName", ACCESS_EXPORT, 0, "camera", PATHS, hide_token, NULL},
    {"GET", "/{*}/[videos|cloudVideos]/{*}/{camera}/{*}", NULL, ACCESS_PLAYBACK, 0, "camera", PATHS, hide_token, NULL},
    {"GET", "/{*}/[videos|cloudVideos|videosByEventTag|events|eventRecordings|videoBrowser|eventCounts|alarms]/{**}", NULL, ACCESS_SEARCH, 0, "any", PATHS, hide_token, NULL},
    {NULL, "/{*}/[mergeVideos|timelapseBuildVideo]/{*}/{camera}", NULL, ACCESS_PREPARE, 0, "camera", PATHS, hide_token, NULL},
    {NULL, "/{*}/[mergeVideos|timelapseBuildVideo]/{**}", NULL, ACCESS_PREPARE, ACCESS_ROW_ALL, "any", PATHS, hide_token, NULL},
    {NULL, "/{*}/fileBin/{*}/{camera}/{*}/{**}", NULL, ACCESS_DELETE, 0, "camera", "Shinobi libs/fileBin.js", hide_token, NULL},
    {"GET", "/{*}/fileBin/{*}/{camera}/{*}", NULL, ACCESS_EXPORT, 0, "camera", "Shinobi libs/fileBin.js", hide_token, NULL},
    {"GET", "/{*}/fileBin/{**}", NULL, ACCESS_SEARCH, 0, "any", "Shinobi libs/fileBin.js", hide_token, NULL},
    {NULL, "/{*}/[timelapse|cloudTimelapse]/{*}/{camera}/{*}/{*}/{**}", NULL, ACCESS_DELETE, 0, "camera", "Shinobi libs/timelapse.js", hide_token, NULL},
    {"GET", "/{*}/[timelapse|cloudTimelapse]/{*}/{camera}/{*}/{*}", NULL, ACCESS_PLAYBACK, 0, "camera", "Shinobi libs/timelapse.js", hide_token, NULL},
    {"GET", "/{*}/[timelapse|cloudTimelapse|timelapsePage]/{**}", NULL, ACCESS_SEARCH, 0, "any", "Shinobi libs/timelapse.js", hide_token, NULL},
    {"GET", "/{*}/logout/{**}", NULL, ACCESS_LOGOUT, 0, "any", PATHS, hide_token, NULL},
    {"GET", "/{*}/monitor/{**}", NULL, ACCESS_SECRETS, 0, "any", PATHS, hide_token, NULL},
    {"GET", "/{*}/control/{*}/{camera}/{**}", NULL, ACCESS_PTZ, 0, "camera", PATHS, hide_token, NULL},
    {NULL, "/{*}/[configureMonitor|monitorStates|toggleSubstream]/{**}", NULL, ACCESS_CONFIGURE, 0, "admin", PATHS, hide_token, NULL},
    {"POST|PUT|PATCH|DELETE", "/{**}", NULL, ACCESS_CONFIGURE, 0, NULL, PATHS, hide_token, NULL},
    {NULL, "/{**}", NULL, ACCESS_UNKNOWN, 0, NULL, PATHS, check_rest, NULL},
};
// clang-format on

static enum err
read_params(const struct access_request *request, struct arena *arena,
    struct access_params *ret_params, struct note *note)
{
    return access_read(
        request, ACCESS_READ_JSON | ACCESS_READ_FORM | ACCESS_READ_LAST, arena, ret_params, note);
}

const struct vms_gate vms_gate_shinobi = {
    .name = "shinobi",
    .title = "Shinobi",
    .rows = rows,
    .row_count = COUNT(rows),
    .read = read_params,
    .maturity = "experimental",
};
