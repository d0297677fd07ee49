/* Nx Witness at the gateway: its media and log-in, so that the net holds. */
#include "vms/gate_parts.h"

#include "base/text.h"

#define API    "Nx Witness server API (api-docs of release 6)"
#define LEGACY "Nx Witness legacy API; github networkoptix/nx_open vms/server"
#define WEB    "github networkoptix/nx_open webrtc-stream-manager"
#define DEVICE "/rest/[v1|v2|v3|v4]/devices/{camera}"
#define FORMAT "[|.webm|.mpegts|.mpjpeg|.mp4|.mkv|._3gp|.rtp|.flv|.f4v]"

static enum err
refuse(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    (void)params;
    (void)access;
    (void)arena;
    note_set(note, "an address by which requests for other servers are wrapped");
    return ERR_VALUE;
}

/* A session's token stands in the path. */
static enum err
hide_token(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    (void)params;
    (void)arena;
    (void)note;
    access->object = "session";
    return OK;
}

static enum err
check_rest(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    static const char *const words[] = {"rest", "media", "hls", "ec2", "api", "proxy", "gateway",
        "web", "jsonrpc", "webrtc", "webrtc-tracker"};
    return gate_parts_has(request->path, words, COUNT(words))
               ? refuse(request, params, access, arena, note)
               : ERR_MISSING;
}

static void
answer_login(const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    (void)arena;
    told->has_failed = answer->status >= 300;
}

// clang-format off
static const struct access_row rows[] = {
    {NULL, "/{**}", NULL, ACCESS_BESIDE, ACCESS_ROW_UPGRADE | ACCESS_ROW_ALL, NULL, WEB, NULL, NULL},
    {"POST", "/rest/[v1|v2|v3|v4]/login/sessions", "?username={user}", ACCESS_LOGIN, 0, "public", API, NULL, answer_login},
    {"DELETE", "/rest/[v1|v2|v3|v4]/login/sessions/{**}", NULL, ACCESS_LOGOUT, 0, "public", API, hide_token, NULL},
    {"GET", "/rest/[v1|v2|v3|v4]/login/sessions/{**}", NULL, ACCESS_DATA, 0, "public", API, hide_token, NULL},
    {NULL, "/rest/[v1|v2|v3|v4]/login/{**}", NULL, ACCESS_CONFIGURE, 0, "any", API, hide_token, NULL},
    {"POST", "/api/cookieLogin", NULL, ACCESS_LOGIN, 0, "public", LEGACY, hide_token, answer_login},
    {NULL, "/api/cookieLogout", NULL, ACCESS_LOGOUT, 0, "public", LEGACY, hide_token, NULL},
    {"GET", DEVICE "/media" FORMAT, "download=true", ACCESS_EXPORT, 0, "camera", API, NULL, NULL},
    {"GET", DEVICE "/media" FORMAT, "signature=true", ACCESS_EXPORT, 0, "camera", API, NULL, NULL},
    {"GET", DEVICE "/media" FORMAT, "positionMs", ACCESS_PLAYBACK, 0, "camera", API, NULL, NULL},
    {"GET", DEVICE "/media" FORMAT, NULL, ACCESS_LIVE, 0, "camera", API, NULL, NULL},
    {"GET", DEVICE "/image", "timestampMs", ACCESS_THUMBNAIL, 0, "camera", API, NULL, NULL},
    {"GET", DEVICE "/image", NULL, ACCESS_SNAPSHOT, 0, "camera", API, NULL, NULL},
    {NULL, DEVICE "/webrtc{**}", NULL, ACCESS_BESIDE, 0, "camera", WEB, NULL, NULL},
    {"GET", "/rest/[v1|v2|v3|v4]/devices/{*}/bookmarks/{*}/media{**}", NULL, ACCESS_EXPORT, ACCESS_ROW_ALL, "public", API, NULL, NULL},
    {"GET", "/rest/[v1|v2|v3|v4]/devices/{*}/[footage|bookmarks]{**}", NULL, ACCESS_SEARCH, 0, "camera", API, NULL, NULL},
    {"GET", "/rest/[v1|v2|v3|v4]/analytics/objectTracks/{**}", NULL, ACCESS_THUMBNAIL, ACCESS_ROW_ALL, "camera", API, NULL, NULL},
    {NULL, DEVICE "/ptz{**}", NULL, ACCESS_PTZ, 0, "camera", API, NULL, NULL},
    {"GET", "/hls/{camera}.mkv", NULL, ACCESS_EXPORT, 0, "camera", LEGACY, NULL, NULL},
    {"GET", "/[hls|media]/{camera}.{*}", "pos", ACCESS_PLAYBACK, 0, "camera", LEGACY, NULL, NULL},
    {"GET", "/[hls|media]/{camera}.{*}", NULL, ACCESS_LIVE, 0, "camera", LEGACY, NULL, NULL},
    {"GET", "/[hls|media]/{**}", NULL, ACCESS_PLAYBACK, ACCESS_ROW_ALL, "camera", LEGACY, NULL, NULL},
    {"GET", "/ec2/cameraThumbnail", "cameraId={camera}", ACCESS_THUMBNAIL, 0, "camera", LEGACY, NULL, NULL},
    {"GET", "/ec2/analyticsTrackBestShot", NULL, ACCESS_THUMBNAIL, ACCESS_ROW_ALL, "camera", LEGACY, NULL, NULL},
    {"GET", "/ec2/[recordedTimePeriods|analyticsLookupObjectTracks]", NULL, ACCESS_SEARCH, 0, "camera", LEGACY, NULL, NULL},
    {NULL, "/api/ptz", "?cameraId={camera}", ACCESS_PTZ, 0, "camera", LEGACY, NULL, NULL},
    {NULL, "/[proxy|gateway|web]/{**}", NULL, ACCESS_CONFIGURE, 0, NULL, LEGACY, refuse, NULL},
    {NULL, "/[webrtc|webrtc-tracker]{**}", NULL, ACCESS_BESIDE, ACCESS_ROW_ALL, "camera", WEB, NULL, NULL},
    {NULL, "/jsonrpc{**}", NULL, ACCESS_CONFIGURE, 0, "any", API, NULL, NULL},
    {NULL, "/ec2/transactionBus/{**}", NULL, ACCESS_CONFIGURE, 0, "any", LEGACY, NULL, NULL},
    {"GET", "/rest/[v1|v2|v3|v4]/users{**}", NULL, ACCESS_USERS, 0, "admin", API, NULL, NULL},
    {NULL, "/rest/[v1|v2|v3|v4]/users{**}", NULL, ACCESS_USERS, ACCESS_ROW_WRITE, "admin", API, NULL, NULL},
    {"GET", "/[rest|api|ec2]/{**}", NULL, ACCESS_DATA, 0, "any", API, NULL, NULL},
    {NULL, "/[rest|api|ec2]/{**}", NULL, ACCESS_CONFIGURE, 0, "any", API, NULL, NULL},
    {"GET", "/static/{**}", NULL, ACCESS_PAGE, 0, "public", API, NULL, NULL},
    {"POST|PUT|PATCH|DELETE", "/{**}", NULL, ACCESS_CONFIGURE, 0, NULL, API, NULL, NULL},
    {NULL, "/{**}", NULL, ACCESS_UNKNOWN, 0, NULL, API, check_rest, NULL},
};
// clang-format on

static enum err
read_params(const struct access_request *request, struct arena *arena,
    struct access_params *ret_params, struct note *note)
{
    return access_read(request, ACCESS_READ_JSON | ACCESS_READ_FORM, arena, ret_params, note);
}

const struct vms_gate vms_gate_nxwitness = {
    .name = "nxwitness",
    .title = "Nx Witness",
    .rows = rows,
    .row_count = COUNT(rows),
    .read = read_params,
    .maturity = "experimental",
};
