/* Blue Iris at the gateway: its media and log-in, so that the net holds. */
#include "vms/gate_parts.h"

#include "base/text.h"

#include <jansson.h>

#define UI3  "UI3, ui3.js of github bp2008/ui3"
#define HELP "Blue Iris help, chapter web server"
#define CMD  "Blue Iris JSON interface, help"

static enum err
refuse(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)params;
    (void)access;
    (void)arena;
    note_set(note, "%.64s is no address of Blue Iris's pages", request->path);
    return ERR_VALUE;
}

/* Its server knows no case: media in other letters is refused, not left to the net. */
static enum err
check_rest(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    static const char *const words[] = {"image", "jpg", "mjpg", "h264", "video", "audio", "time",
        "file", "clips", "alerts", "thumbs", "stored", "new", "cam", "admin", "json", "logout.htm"};
    return gate_parts_has(request->path, words, COUNT(words))
               ? refuse(request, params, access, arena, note)
               : ERR_MISSING;
}

static void
answer_login(const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    (void)arena;
    json_t *json = answer->body == NULL || !answer->is_whole
                       ? NULL
                       : json_loadb(answer->body, answer->body_len, 0, NULL);
    const char *result = json_string_value(json_object_get(json, "result"));
    told->has_failed = answer->status != 200 || !text_equal(result, "success");
    json_decref(json);
}

// clang-format off
static const struct access_row rows[] = {
    {NULL, "/{**}", NULL, ACCESS_BESIDE, ACCESS_ROW_UPGRADE | ACCESS_ROW_ALL, NULL, UI3, NULL, NULL},
    {"POST", "/json", "cmd=login response", ACCESS_LOGIN, 0, "public", CMD, NULL, answer_login},
    {"POST", "/json", "cmd=logout", ACCESS_LOGOUT, 0, "any", CMD, NULL, NULL},
    {"POST", "/json", "cmd=alertlist|camlist|log reset", ACCESS_DELETE, ACCESS_ROW_ALL, "admin", CMD, NULL, NULL},
    {"POST", "/json", "cmd=cliplist|alertlist|clipstats|timeline", ACCESS_SEARCH, 0, "any", CMD, NULL, NULL},
    {"POST", "/json", "cmd=login|camlist", ACCESS_DATA, 0, "any", CMD, NULL, NULL},
    {"POST", "/json", "cmd=status !signal !profile !lock !schedule !dio !play !macro !reboot !update", ACCESS_DATA, 0, "any", CMD, NULL, NULL},
    {"POST", "/json", "cmd=export path", ACCESS_PREPARE, ACCESS_ROW_ALL, "camera", CMD, NULL, NULL},
    {"POST", "/json", "cmd=export", ACCESS_DATA, 0, "any", CMD, NULL, NULL},
    {"POST", "/json", "cmd=delclip|delalert|moveclip", ACCESS_DELETE, ACCESS_ROW_ALL, "any", CMD, NULL, NULL},
    {"POST", "/json", "cmd=update", ACCESS_MARK, ACCESS_ROW_ALL, "any", CMD, NULL, NULL},
    {"POST", "/json", "cmd=ptz camera={camera}", ACCESS_PTZ, 0, "camera", CMD, NULL, NULL},
    {"POST", "/json", "cmd=trigger camera={camera}", ACCESS_RECORDING, 0, "camera", CMD, NULL, NULL},
    {"POST", "/json", "cmd=log|users|devices", ACCESS_SECRETS, 0, "admin", CMD, NULL, NULL},
    {"POST", "/json", "cmd", ACCESS_CONFIGURE, 0, "admin", CMD, NULL, NULL},
    {"GET", "/[logout.htm]", NULL, ACCESS_LOGOUT, 0, "any", UI3, NULL, NULL},
    {"GET", "/[image|jpg|mjpg|h264|video|audio|time]/[index|@]{**}", NULL, ACCESS_PLAYBACK, ACCESS_ROW_ALL, "camera", UI3, NULL, NULL},
    {"GET", "/image/{camera}", "time={*}", ACCESS_PLAYBACK, 0, "camera", UI3, NULL, NULL},
    {"GET", "/image/{camera}", NULL, ACCESS_SNAPSHOT, 0, "camera", UI3, NULL, NULL},
    {"GET", "/image/{camera}/{**}", NULL, ACCESS_SNAPSHOT, 0, "camera", UI3, NULL, NULL},
    {"GET", "/jpg/{camera}/{**}", NULL, ACCESS_SNAPSHOT, 0, "camera", HELP, NULL, NULL},
    {"GET", "/[mjpg|h264|video]/{camera}/{**}", NULL, ACCESS_LIVE, 0, "camera", HELP, NULL, NULL},
    {"GET", "/audio/{camera}/{**}", NULL, ACCESS_AUDIO, 0, "camera", HELP, NULL, NULL},
    {"GET", "/time/set", "opaque={follow}", ACCESS_FOLLOW, 0, "camera", UI3, NULL, NULL},
    {"GET", "/time/{camera}", "?opaque={link}", ACCESS_PLAYBACK, 0, "camera", UI3, NULL, NULL},
    {"GET", "/file/{**}", "record", ACCESS_EXPORT, ACCESS_ROW_ALL, "camera", UI3, NULL, NULL},
    {"GET", "/file/{**}", NULL, ACCESS_PLAYBACK, ACCESS_ROW_ALL, "camera", UI3, NULL, NULL},
    {"GET", "/[clips|stored|new]/{**}", NULL, ACCESS_EXPORT, ACCESS_ROW_ALL, "camera", UI3, NULL, NULL},
    {"GET", "/[alerts|thumbs]/{**}", NULL, ACCESS_THUMBNAIL, ACCESS_ROW_ALL, "camera", UI3, NULL, NULL},
    {NULL, "/cam/{camera}/{**}", NULL, ACCESS_RECORDING, 0, "camera", UI3, NULL, NULL},
    {NULL, "/admin{**}", NULL, ACCESS_CONFIGURE, 0, "admin", HELP, NULL, NULL},
    {"GET", "/[|login.htm|ui3.htm|default.htm|favicon.ico]", NULL, ACCESS_PAGE, 0, "public", UI3, NULL, NULL},
    {"GET", "/ui3/{**}", NULL, ACCESS_PAGE, 0, "public", UI3, NULL, NULL},
    {"POST|PUT|PATCH|DELETE", "/{**}", NULL, ACCESS_CONFIGURE, 0, NULL, HELP, NULL, NULL},
    {NULL, "/{**}", NULL, ACCESS_UNKNOWN, 0, NULL, HELP, check_rest, NULL},
};
// clang-format on

/* Its JSON comes as text/plain. */
static enum err
read_params(const struct access_request *request, struct arena *arena,
    struct access_params *ret_params, struct note *note)
{
    struct access_request json = *request;
    json.type = "application/json";
    return access_read(&json, ACCESS_READ_JSON, arena, ret_params, note);
}

const struct vms_gate vms_gate_blueiris = {
    .name = "blueiris",
    .title = "Blue Iris",
    .rows = rows,
    .row_count = COUNT(rows),
    .read = read_params,
    .maturity = "experimental",
};
