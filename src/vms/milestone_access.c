/*
 * Milestone XProtect at the gateway: its media and log-in, so that the net holds. Addresses of the
 * API gateway know no case: what is not spelt as in the documentation is refused.
 */
#include "vms/gate_parts.h"

#include "base/text.h"

#include <string.h>

#define API    "Milestone API gateway documentation"
#define MOBILE "github milestonesys/mipsdk-samples-mobile XPMobileSDK.js"
#define SAMPLE "github milestonesys/mipsdk-samples-protocol"
#define REST   "/[api/rest|API/REST|API/rest]/[v1|V1]"

static enum err
refuse(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)params;
    (void)access;
    (void)arena;
    note_set(note, "%.64s is not asked for in a documented way", request->path);
    return ERR_VALUE;
}

/* Commands of the mobile protocol; what is not here is a change. */
static const struct {
    const char *name;
    enum access_kind kind;
} commands[] = {
    {"LogIn",                    ACCESS_LOGIN    },
    {"Disconnect",               ACCESS_LOGOUT   },
    {"Connect",                  ACCESS_DATA     },
    {"LiveMessage",              ACCESS_DATA     },
    {"RequestChallenges",        ACCESS_DATA     },
    {"GetViews",                 ACCESS_DATA     },
    {"GetAllViewsAndCameras",    ACCESS_DATA     },
    {"GetItems",                 ACCESS_DATA     },
    {"GetCapabilities",          ACCESS_DATA     },
    {"GetServerStatus",          ACCESS_DATA     },
    {"GetSequences",             ACCESS_SEARCH   },
    {"GetRecordingTime",         ACCESS_SEARCH   },
    {"GetBookmarks",             ACCESS_SEARCH   },
    {"GetAlarmList",             ACCESS_SEARCH   },
    {"RequestStream",            ACCESS_LIVE     },
    {"RequestAudioStream",       ACCESS_AUDIO    },
    {"ChangeStream",             ACCESS_PLAYBACK },
    {"ChangeMultipleStreams",    ACCESS_PLAYBACK },
    {"CreatePlaybackController", ACCESS_PLAYBACK },
    {"CloseStream",              ACCESS_DATA     },
    {"GetThumbnail",             ACCESS_SNAPSHOT },
    {"GetThumbnailByTime",       ACCESS_THUMBNAIL},
    {"ControlPTZ",               ACCESS_PTZ      },
    {"StartInvestigationExport", ACCESS_PREPARE  },
    {"CreateExportDownloadLink", ACCESS_PREPARE  },
    {"GetExport",                ACCESS_DATA     },
};

/* The one <Name> of a message that holds one command; a message of several is refused. */
static enum err
read_command(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    static const char open[] = "<Name>";
    const char *body = request->body;
    const char *end = body == NULL ? NULL : body + request->body_len;
    const char *name = body == NULL ? NULL : memmem(body, request->body_len, open, strlen(open));
    if (name == NULL) {
        return refuse(request, params, access, arena, note);
    }
    name += strlen(open);
    size_t left = (size_t)(end - name);
    const char *close = memchr(name, '<', left);
    bool is_plain = close != NULL && memmem(name, left, open, strlen(open)) == NULL &&
                    memmem(body, request->body_len, "<!", 2) == NULL;
    if (!is_plain) {
        return refuse(request, params, access, arena, note);
    }
    size_t len = (size_t)(close - name);
    bool is_recorded = memmem(body, request->body_len, "Playback", 8) != NULL;
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strlen(commands[i].name) == len && memcmp(commands[i].name, name, len) == 0) {
            access->kind =
                commands[i].kind == ACCESS_LIVE && is_recorded ? ACCESS_PLAYBACK : commands[i].kind;
            access->object = commands[i].name;
        }
    }
    access->is_write = access->kind == ACCESS_CONFIGURE || access->kind == ACCESS_PTZ ||
                       access->kind == ACCESS_PREPARE;
    access->reads_answer = access->kind == ACCESS_LOGIN;
    return access_kind(access->kind)->permit == PERMIT_BROWSE
               ? OK
               : access_add(access, ACCESS_ALL, "", 0, arena);
}

static enum err
check_rest(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    static const char *const words[] = {"api", "rest", "idp", "webrtc", "xprotectmobile", "video",
        "audio", "recordercommandservice", "managementserver"};
    return gate_parts_has(request->path, words, COUNT(words))
               ? refuse(request, params, access, arena, note)
               : ERR_MISSING;
}

static void
answer_login(const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    (void)arena;
    bool is_error = answer->body != NULL &&
                    text_find_nocase(answer->body, answer->body_len, "<Result>Error") != NULL;
    told->has_failed = answer->status >= 300 || is_error;
}

// clang-format off
static const struct access_row rows[] = {
    {NULL, "/XProtectMobile/[Video|Audio]/{**}", NULL, ACCESS_LIVE, ACCESS_ROW_UPGRADE | ACCESS_ROW_ALL, "any", MOBILE, NULL, NULL},
    {NULL, "/{**}", NULL, ACCESS_BESIDE, ACCESS_ROW_UPGRADE | ACCESS_ROW_ALL, NULL, API, NULL, NULL},
    {"POST", "/[API/IDP|IDP|api/idp|idp]/connect/token", "?username={user}", ACCESS_LOGIN, 0, "public", API, NULL, answer_login},
    {NULL, "/[API/IDP|IDP|api/idp|idp]/{**}", NULL, ACCESS_DATA, 0, "public", API, NULL, NULL},
    {NULL, REST "/[webRTC|WebRTC|webrtc]/{**}", NULL, ACCESS_BESIDE, ACCESS_ROW_ALL, "any", API, NULL, NULL},
    {"POST", REST "/cameras/{camera}", "task=JpegGetLive", ACCESS_SNAPSHOT, 0, "camera", API, NULL, NULL},
    {"POST", REST "/[cameras|microphones|speakers|metadata]/{*}", "task=GetSequences", ACCESS_SEARCH, 0, "camera", API, NULL, NULL},
    {"GET", REST "/[alarms|events|bookmarks|evidenceLocks]{**}", NULL, ACCESS_SEARCH, 0, "any", API, NULL, NULL},
    {"GET", "/[api|API]/{**}", NULL, ACCESS_DATA, 0, "any", API, NULL, NULL},
    {NULL, "/[api|API]/{**}", NULL, ACCESS_CONFIGURE, 0, "any", API, NULL, NULL},
    {"POST", "/XProtectMobile/Communication{**}", NULL, ACCESS_CONFIGURE, 0, "any", MOBILE, read_command, answer_login},
    {NULL, "/XProtectMobile/[Video|Audio]/{**}", NULL, ACCESS_LIVE, ACCESS_ROW_ALL, "any", MOBILE, NULL, NULL},
    {NULL, "/XProtectMobile/{**}", NULL, ACCESS_EXPORT, ACCESS_ROW_ALL, "any", MOBILE, NULL, NULL},
    {NULL, "/RecorderCommandService/{**}", NULL, ACCESS_PLAYBACK, ACCESS_ROW_ALL, "any", SAMPLE, NULL, NULL},
    {NULL, "/ManagementServer/{**}", NULL, ACCESS_CONFIGURE, 0, "any", SAMPLE, NULL, NULL},
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

const struct vms_gate vms_gate_milestone = {
    .name = "milestone",
    .title = "Milestone XProtect",
    .rows = rows,
    .row_count = COUNT(rows),
    .read = read_params,
    .maturity = "experimental",
};
