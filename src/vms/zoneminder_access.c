/*
 * ZoneMinder at the gateway: what each of its requests means, 1.36 and 1.38. One script answers
 * nearly all of them: "request" names an ajax script and is looked at first, then "action" changes
 * something for "view", then "view" is shown (1.36.33 index.php). The rows stand in that order.
 */
#include "vms/zoneminder_parts.h"

#include "base/text.h"

#include <string.h>

#define INDEX ZONEMINDER_ROOT "/[|index.php]"
#define ZMS   ZONEMINDER_ROOT "/cgi-bin/[zms|nph-zms]"

/* Sources; where nothing else is said, of release 1.36.33. */
#define INDEX_PHP "ZoneMinder 1.36.33 index.php"
#define AJAX      "ZoneMinder 1.36.33 ajax/"
#define AJAX_138  "ZoneMinder 1.38 ajax/"
#define ACTIONS   "ZoneMinder 1.36.33 includes/actions/"
#define ACTIONS_8 "ZoneMinder 1.38 includes/actions/"
#define VIEWS     "ZoneMinder 1.36.33 views/"
#define VIEWS_138 "ZoneMinder 1.38 views/"
#define SKIN      "ZoneMinder 1.36.33 skins/classic/views/"
#define ZMS_CPP   "ZoneMinder 1.36.33 src/zms.cpp"
#define CONF      "Debian's zoneminder 1.36.33 conf-available/zoneminder.conf"

static enum err
refuse(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)params;
    (void)access;
    (void)arena;
    note_set(note, "%.128s asked in a way that ZoneMinder's pages never do", request->path);
    return ERR_VALUE;
}

/* Files of the program; a script below them is never asked for by its own name. */
static enum err
check_static(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    return text_contains_nocase(request->path, ".php")
               ? refuse(request, params, access, arena, note)
               : OK;
}

/* What no row explains: scripts and CGI programs are refused, the net looks at the rest. */
static enum err
check_rest(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    bool is_script = text_contains_nocase(request->path, ".php") ||
                     text_contains_nocase(request->path, "zms") ||
                     text_contains_nocase(request->path, "cgi-bin");
    return is_script ? refuse(request, params, access, arena, note) : ERR_MISSING;
}

/* Each stream is a view of its own, called by its connkey in later commands. */
static enum err
set_stream(const struct access_params *params, struct access *access, struct arena *arena)
{
    const char *event = access_param(params, "event");
    const char *monitor = access_param(params, "monitor");
    access->view = arena_format(arena, "%s %s%s %s%s %s", access_kind(access->kind)->text,
        event == NULL ? "" : "event ", event == NULL ? "" : event,
        monitor == NULL ? "" : "monitor ", monitor == NULL ? "" : monitor,
        access->link == NULL ? "" : access->link);
    return access->view == NULL ? ERR_MEMORY : OK;
}

/* "event" makes zms play that event whatever "source" said before it; said after, it wins. */
static enum err
check_zms(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    const char *source = access_param(params, "source");
    const char *replay = access_param(params, "replay");
    bool is_recorded = access->kind == ACCESS_PLAYBACK;
    if (source != NULL && is_recorded != text_equal(source, "event")) {
        return refuse(request, params, access, arena, note);
    }
    access->walks_on = is_recorded && (text_equal(replay, "all") || text_equal(replay, "gapless"));
    return access->kind == ACCESS_SNAPSHOT ? OK : set_stream(params, access, arena);
}

/* A frame by its number is the recording in pieces; the picture made for lists is not. */
static enum err
check_image(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    static const char *const pictures[] = {"snapshot", "alarm", "objdetect", "objdetect_jpg"};
    const char *frame = access_param(params, "fid");
    (void)request;
    (void)arena;
    (void)note;
    for (size_t i = 0; frame != NULL && i < COUNT(pictures); i++) {
        if (text_equal(frame, pictures[i])) {
            access->kind = ACCESS_THUMBNAIL;
        }
    }
    return OK;
}

static enum err
check_path(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    enum access_kind kind = access->kind;
    (void)request;
    enum err err = zoneminder_files_path(access_param(params, "path"), access, arena, note);
    access->kind = kind;
    return err;
}

/* 1.38 plays the file of that name in the event's folder. */
static enum err
check_file(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    const char *file = access_param(params, "file");
    bool is_outside = file != NULL && (strpbrk(file, "/\\") != NULL || text_contains(file, ".."));
    return is_outside ? refuse(request, params, access, arena, note) : OK;
}

/* The archive itself names no event: what its making named, found by its name, is what leaves. */
static enum err
check_archive(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    const char *archive = zoneminder_answer_archive(params, arena);
    if (archive == NULL || strlen(archive) >= ACCESS_TEXT) {
        return refuse(request, params, access, arena, note);
    }
    access->object = arena_format(arena, "archive %s", archive);
    return access->object == NULL
               ? ERR_MEMORY
               : access_add(access, ACCESS_LINK, archive, strlen(archive), arena);
}

/* Events named by "eids[]", or by "eid" or "id" when there are none; else all that a filter finds.
 */
static enum err
set_events(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    static const char *const names[] = {
        "eids[]", "eidss[]", "markEids[]", "id[]", "eids", "eidss", "eid", "id"};
    (void)request;
    for (size_t i = 0; i < COUNT(names); i++) {
        for (size_t j = 0; j < params->count; j++) {
            const struct access_param *row = &params->rows[j];
            if (!text_equal(row->name, names[i])) {
                continue;
            }
            size_t len = strlen(row->value);
            bool is_id = len != 0 && len <= 18 && strspn(row->value, "0123456789") == len;
            if (!is_id) {
                note_set(note, "parameter %s is no event's number", names[i]);
                return ERR_VALUE;
            }
            enum err err = access_add(access, ACCESS_EVENT, row->value, len, arena);
            if (err != OK) {
                return err;
            }
        }
    }
    bool has_filter = access->camera_count == 0;
    return has_filter ? access_add(access, ACCESS_ALL, "", 0, arena) : OK;
}

/* "settings of tab system": never their values. */
static enum err
set_tab(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    const char *tab = access_param(params, "tab");
    (void)request;
    (void)note;
    access->object = arena_format(arena, "settings %.32s", tab == NULL ? "" : tab);
    return access->object == NULL ? ERR_MEMORY : OK;
}

/* What a change is about when nothing else says it: its own two words. */
static enum err
set_action(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    static const char *const names[] = {
        "request", "view", "action", "task", "modal", "control", "command"};
    const char *words[COUNT(names)];
    (void)request;
    (void)note;
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = access_param(params, names[i]);
        words[i] = value == NULL ? "" : value;
    }
    const char *first = *words[0] != '\0' ? words[0] : words[1];
    const char *second = "";
    for (size_t i = 2; i < COUNT(names) && *second == '\0'; i++) {
        second = words[i];
    }
    access->object = arena_format(arena, "%.64s%s%.64s", first, *second == '\0' ? "" : " ", second);
    return access->object == NULL ? ERR_MEMORY : OK;
}

static enum err
check_api(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    enum err err = zoneminder_api_more(request, params, access, arena, note);
    access->reads_answer = access->kind == ACCESS_LOGIN;
    return err;
}

#define WRITE ACCESS_ROW_WRITE
#define ALL   ACCESS_ROW_ALL
#define FOLD  ACCESS_ROW_FOLD

// clang-format off
static const struct access_row rows[] = {
    /* No part of ZoneMinder speaks WebSocket; what 1.38 puts beside it does. */
    {NULL, "/{**}", NULL, ACCESS_BESIDE, ACCESS_ROW_UPGRADE | ALL, NULL, "ZoneMinder 1.38 web/js/MonitorStream.js", NULL, NULL},

    /* zms: the streamer. */
    {NULL, ZMS, "frame !event", ACCESS_PLAYBACK, 0, "Events View", ZMS_CPP, refuse, NULL},
    {NULL, ZMS, "event={event} ?monitor={camera} ?time={from} ?connkey={link}", ACCESS_PLAYBACK, FOLD, "Events View", ZMS_CPP, check_zms, NULL},
    {NULL, ZMS, "source=event monitor={camera} time={from} ?connkey={link}", ACCESS_PLAYBACK, FOLD, "Events View", "ZoneMinder 1.38 src/zms.cpp", check_zms, NULL},
    {NULL, ZMS, "monitor time", ACCESS_PLAYBACK, 0, "Events View", ZMS_CPP, refuse, NULL},
    {NULL, ZMS, "mode=single monitor={camera} ?connkey={link}", ACCESS_SNAPSHOT, 0, "Stream View", ZMS_CPP, check_zms, NULL},
    {NULL, ZMS, "monitor={camera} ?connkey={link}", ACCESS_LIVE, 0, "Stream View", ZMS_CPP, check_zms, NULL},
    {NULL, ZMS, NULL, ACCESS_LIVE, 0, NULL, ZMS_CPP, refuse, NULL},

    /* Files of recordings that the web server hands out beside ZoneMinder. */
    {NULL, ZONEMINDER_ROOT "/cache/events{**}", NULL, ACCESS_PLAYBACK, ACCESS_ROW_LOCAL_TIME, "public", CONF, zoneminder_files_more, NULL},
    {NULL, ZONEMINDER_ROOT "/events{**}", NULL, ACCESS_PLAYBACK, ACCESS_ROW_LOCAL_TIME, "public", CONF, zoneminder_files_more, NULL},

    /* The API. */
    {NULL, ZONEMINDER_ROOT "/api/{**}", NULL, ACCESS_CONFIGURE, 0, NULL, "ZoneMinder 1.36.33 api/app/Config/routes.php", check_api, zoneminder_answer_token},

    /* request=: commands to a running stream, and archives. */
    {NULL, INDEX, "request=stream connkey={follow} command={command}", ACCESS_FOLLOW, 0, "any", AJAX "stream.php", NULL, zoneminder_answer_stream},
    {NULL, INDEX, "request=stream", ACCESS_FOLLOW, 0, "any", AJAX "stream.php", refuse, NULL},
    {NULL, INDEX, "request=event action=download|export", ACCESS_PREPARE, 0, "Events View", AJAX "event.php", set_events, zoneminder_answer_export},
    {NULL, INDEX, "request=event action=video", ACCESS_PREPARE, 0, "Events View", AJAX "event.php", set_events, NULL},
    {NULL, INDEX, "request=event action=rename|eventdetail|archive|unarchive|addtag|removetag", ACCESS_MARK, 0, "Events Edit", AJAX "event.php", set_events, NULL},
    {NULL, INDEX, "request=event action=getselectedtags", ACCESS_DATA, 0, "Events View", AJAX_138 "event.php", NULL, NULL},
    {NULL, INDEX, "request=event action=delete|deleteVideo", ACCESS_DELETE, 0, "Events Edit", AJAX "event.php", set_events, NULL},
    {NULL, INDEX, "request=events task=query", ACCESS_SEARCH, 0, "Events View", AJAX "events.php", NULL, NULL},
    {NULL, INDEX, "request=events task=archive|unarchive", ACCESS_MARK, 0, "Events Edit", AJAX "events.php", set_events, NULL},
    {NULL, INDEX, "request=events task=delete", ACCESS_DELETE, 0, "Events Edit", AJAX "events.php", set_events, NULL},
    {NULL, INDEX, "request=snapshots task=query", ACCESS_SEARCH, 0, "Snapshots View", AJAX "snapshots.php", NULL, NULL},
    {NULL, INDEX, "request=snapshots task=delete", ACCESS_DELETE, ALL, "Snapshots Edit", AJAX "snapshots.php", set_action, NULL},
    {NULL, INDEX, "request=frames task=query", ACCESS_SEARCH, 0, "Events View", AJAX "frames.php", NULL, NULL},
    {NULL, INDEX, "request=watch", ACCESS_SEARCH, 0, "Events View", AJAX "watch.php", NULL, NULL},
    {NULL, INDEX, "request=stats|status|zone", ACCESS_DATA, 0, "any", AJAX "status.php", NULL, NULL},
    {NULL, INDEX, "request=modal", ACCESS_DATA, 0, "any", AJAX "modal.php", NULL, NULL},
    {NULL, INDEX, "request=log task=create", ACCESS_DATA, 0, "any", AJAX "log.php", NULL, NULL},
    {NULL, INDEX, "request=log task=query", ACCESS_SECRETS, 0, "System View", AJAX "log.php", set_action, NULL},
    {NULL, INDEX, "request=alarm id={camera}", ACCESS_RECORDING, 0, "Monitors Edit", AJAX "alarm.php", set_action, NULL},
    {NULL, INDEX, "request=control id={camera}", ACCESS_PTZ, 0, "Control View", AJAX "control.php", set_action, NULL},
    {NULL, INDEX, "request=shutdown", ACCESS_RECORDING, ALL, "System Edit", AJAX "shutdown.php", set_action, NULL},
    {NULL, INDEX, "request=models", ACCESS_DATA, 0, "Monitors View", AJAX_138 "models.php", NULL, NULL},
    {NULL, INDEX, "request=reports task=query", ACCESS_SEARCH, 0, "Events View", AJAX_138 "reports.php", NULL, NULL},
    {NULL, INDEX, "request=tags action=getavailabletags", ACCESS_DATA, 0, "any", AJAX_138 "tags.php", NULL, NULL},
    {NULL, INDEX, "request=tags", ACCESS_MARK, ALL, "any", AJAX_138 "tags.php", set_action, NULL},
    {NULL, INDEX, "request=trigger mid={camera}", ACCESS_RECORDING, 0, "Monitors Edit", AJAX_138 "trigger.php", set_action, NULL},
    {NULL, INDEX, "request=console task=query", ACCESS_DATA, 0, "Monitors View", AJAX_138 "console.php", NULL, NULL},
    /* console sort, add_monitors, controlcaps, device, devices, v4l2_settings, and what is yet to come */
    {NULL, INDEX, "request", ACCESS_CONFIGURE, 0, "System Edit", INDEX_PHP, set_action, NULL},

    /* Views that are footage; an action beside them does nothing. */
    {NULL, INDEX, "view=view_video eid event_id", ACCESS_PLAYBACK, 0, "Events View", VIEWS "view_video.php", refuse, NULL},
    {NULL, INDEX, "view=view_video eid={event}", ACCESS_PLAYBACK, 0, "Events View", VIEWS "view_video.php", check_file, NULL},
    {NULL, INDEX, "view=view_video event_id={event}", ACCESS_PLAYBACK, 0, "Events View", VIEWS "view_video.php", check_file, NULL},
    {NULL, INDEX, "view=view_hls|view_event_hls eid={event}", ACCESS_PLAYBACK, 0, "Events View", "ZoneMinder 1.39 views/view_hls.php", NULL, NULL},
    {NULL, INDEX, "view=image proxy", ACCESS_CONFIGURE, 0, NULL, VIEWS_138 "image.php", refuse, NULL},
    {NULL, INDEX, "view=image path eid", ACCESS_PLAYBACK, 0, "Events View", VIEWS "image.php", refuse, NULL},
    {NULL, INDEX, "view=image path fid", ACCESS_PLAYBACK, 0, "Events View", VIEWS "image.php", refuse, NULL},
    {NULL, INDEX, "view=image path", ACCESS_PLAYBACK, 0, "Events View", VIEWS "image.php", check_path, NULL},
    {NULL, INDEX, "view=image eid={event} fid", ACCESS_PLAYBACK, 0, "Events View", VIEWS "image.php", check_image, NULL},
    {NULL, INDEX, "view=image fid={frame} !eid", ACCESS_PLAYBACK, 0, "Events View", VIEWS "image.php", NULL, NULL},
    {NULL, INDEX, "view=archive|download", ACCESS_EXPORT, 0, "Events View", VIEWS "archive.php", check_archive, NULL},
    {NULL, INDEX, "view=video downloadIndex deleteIndex", ACCESS_EXPORT, 0, "Events View", SKIN "video.php", refuse, NULL},
    {NULL, INDEX, "view=video eid={event} downloadIndex", ACCESS_EXPORT, 0, "Events View", SKIN "video.php", NULL, NULL},
    {NULL, INDEX, "view=video eid={event} deleteIndex", ACCESS_DELETE, 0, "Events View", SKIN "video.php", NULL, NULL},
    {NULL, INDEX, "view=video eid={event} showIndex", ACCESS_PLAYBACK, 0, "Events View", SKIN "video.php", NULL, NULL},
    {NULL, INDEX, "view=video downloadIndex", ACCESS_EXPORT, 0, "Events View", SKIN "video.php", refuse, NULL},
    {NULL, INDEX, "view=video deleteIndex", ACCESS_DELETE, 0, "Events View", SKIN "video.php", refuse, NULL},
    {NULL, INDEX, "view=file path", ACCESS_EXPORT, ALL, "Events View", VIEWS_138 "file.php", NULL, NULL},
    {NULL, INDEX, "view=files action", ACCESS_DELETE, ALL, "System Edit", ACTIONS_8 "files.php", set_action, NULL},
    {NULL, INDEX, "view=files path", ACCESS_EXPORT, ALL, "Events View", "ZoneMinder 1.38 skins/classic/views/files.php", NULL, NULL},

    /* Log in and out. */
    {"POST", INDEX, "action=login view=login username={user}", ACCESS_LOGIN, 0, "public", "ZoneMinder 1.36.33 includes/auth.php", NULL, zoneminder_answer_login},
    {"POST", INDEX, "action=login !view username={user}", ACCESS_LOGIN, 0, "public", "ZoneMinder 1.36.33 includes/auth.php", NULL, zoneminder_answer_login},
    {NULL, INDEX, "view=logout action=logout", ACCESS_LOGOUT, 0, "public", ACTIONS "logout.php", set_action, NULL},

    /* action=: changes. */
    {NULL, INDEX, "view=options action=delete markUids[]", ACCESS_USERS, WRITE, "System Edit", ACTIONS "options.php", set_action, NULL},
    {NULL, INDEX, "view=options action=options", ACCESS_CONFIGURE, 0, "System Edit", ACTIONS "options.php", set_tab, NULL},
    {NULL, INDEX, "view=options revokeAllTokens", ACCESS_USERS, WRITE, "System Edit", SKIN "options.php", set_action, NULL},
    {NULL, INDEX, "view=options updateSelected", ACCESS_USERS, WRITE, "System Edit", SKIN "options.php", set_action, NULL},
    {NULL, INDEX, "view=user action newUser[Username]={user}", ACCESS_USERS, WRITE, "System Edit", ACTIONS "user.php", NULL, NULL},
    {NULL, INDEX, "view=user action user[Username]={user}", ACCESS_USERS, WRITE, "System Edit", ACTIONS_8 "user.php", NULL, NULL},
    {NULL, INDEX, "view=user|role|changepassword action", ACCESS_USERS, WRITE, "System Edit", ACTIONS "user.php", set_action, NULL},
    {NULL, INDEX, "view=monitor action ?mid={camera}", ACCESS_CONFIGURE, 0, "Monitors Edit", ACTIONS "monitor.php", set_action, NULL},
    {NULL, INDEX, "view=monitors action mids[]={camera}", ACCESS_CONFIGURE, 0, "Monitors Edit", ACTIONS "monitors.php", set_action, NULL},
    {NULL, INDEX, "view=function action mid={camera}", ACCESS_RECORDING, 0, "Monitors Edit", ACTIONS "function.php", set_action, NULL},
    {NULL, INDEX, "view=console action=delete markMids[]={camera}", ACCESS_DELETE, 0, "Monitors Edit", ACTIONS "console.php", set_action, NULL},
    {NULL, INDEX, "view=zone|watch action mid={camera}", ACCESS_CONFIGURE, 0, "Monitors Edit", ACTIONS "zone.php", set_action, NULL},
    {NULL, INDEX, "view=control action mid={camera}", ACCESS_PTZ, 0, "Control View", ACTIONS "control.php", set_action, NULL},
    {NULL, INDEX, "view=groups action=setgroup", ACCESS_DATA, 0, "Groups View", ACTIONS "groups.php", NULL, NULL},
    {NULL, INDEX, "view=filter action=addterm|delterm", ACCESS_SEARCH, 0, "Events View", ACTIONS "filter.php", NULL, NULL},
    {NULL, INDEX, "view=filter action", ACCESS_DELETE, ALL, "Events Edit", ACTIONS "filter.php", set_action, NULL},
    {NULL, INDEX, "view=events action=archive|unarchive", ACCESS_MARK, 0, "Events Edit", ACTIONS "events.php", set_events, NULL},
    {NULL, INDEX, "view=events action", ACCESS_DELETE, 0, "Events Edit", ACTIONS "events.php", set_events, NULL},
    {NULL, INDEX, "view=event action=delete", ACCESS_DELETE, 0, "Events Edit", ACTIONS "event.php", set_events, NULL},
    {NULL, INDEX, "view=event|eventdetail action", ACCESS_MARK, 0, "Events Edit", ACTIONS "eventdetail.php", set_events, NULL},
    {NULL, INDEX, "view=snapshot action=create monitor_ids[]={camera}", ACCESS_RECORDING, 0, "Snapshots Edit", ACTIONS "snapshot.php", set_action, NULL},
    {NULL, INDEX, "view=snapshot action=save", ACCESS_MARK, ALL, "Events Edit", ACTIONS "snapshot.php", set_action, NULL},
    {NULL, INDEX, "view=snapshot action=delete", ACCESS_DELETE, ALL, "Events Edit", ACTIONS "snapshot.php", set_action, NULL},
    {NULL, INDEX, "view=state action", ACCESS_RECORDING, ALL, "System Edit", ACTIONS "state.php", set_action, NULL},
    {NULL, INDEX, "view=bandwidth action", ACCESS_DATA, 0, "any", ACTIONS "bandwidth.php", NULL, NULL},
    {NULL, INDEX, "view=logout action", ACCESS_PAGE, 0, "any", ACTIONS "logout.php", NULL, NULL},
    /* server, storage, device(s), controlcap(s), zones, group(s), montage, version, privacy, donate, … */
    {NULL, INDEX, "action", ACCESS_CONFIGURE, 0, "System Edit", INDEX_PHP, set_action, NULL},

    /* Pages that show what only an administrator should see, or reach out into the network. */
    {NULL, INDEX, "view=options tab=users|roles", ACCESS_USERS, 0, "System View", SKIN "options.php", set_tab, NULL},
    {NULL, INDEX, "view=options", ACCESS_SECRETS, 0, "System View", SKIN "options.php", set_tab, NULL},
    {NULL, INDEX, "view=user|role", ACCESS_USERS, 0, "System View", SKIN "user.php", set_action, NULL},
    {NULL, INDEX, "view=log|monitor|status", ACCESS_SECRETS, 0, "System View", SKIN "monitor.php", set_action, NULL},
    {NULL, INDEX, "view=add_monitors|monitorprobe|onvifprobe|monitorpreset|plugin", ACCESS_CONFIGURE, 0, "Monitors Edit", SKIN "monitorprobe.php", set_action, NULL},

    /* Pages. */
    {NULL, INDEX, "view=events|filter|timeline|montagereview|frames|report_event_audit|reports|report|snapshots", ACCESS_SEARCH, 0, "Events View", SKIN "events.php", NULL, NULL},
    {NULL, INDEX, "view=console|watch|montage|cycle|event|frame|stats|snapshot|export|video|view_video|image|zone|zones|control|controlcap|controlcaps|devices|groups|monitors", ACCESS_PAGE, 0, "any", SKIN "console.php", NULL, NULL},
    {NULL, INDEX, "view=login|logout|postlogin|privacy|version|donate|bandwidth|state|none|blank|error|request|map|files|changepassword", ACCESS_PAGE, 0, "public", SKIN "login.php", NULL, NULL},
    /* A view of a release to come. */
    {NULL, INDEX, "view", ACCESS_CONFIGURE, 0, NULL, INDEX_PHP, set_action, NULL},
    {NULL, INDEX, "!view", ACCESS_PAGE, 0, "public", INDEX_PHP, NULL, NULL},
    {"GET", ZONEMINDER_ROOT, "!view !request", ACCESS_PAGE, 0, "public", CONF, NULL, NULL},
    {"GET", "/[|favicon.ico|robots.txt]", "!view !request", ACCESS_PAGE, 0, "public", CONF, NULL, NULL},

    /* Files of the program. */
    {"GET", ZONEMINDER_ROOT "/[skins|js|css|fonts|graphics|lang|vendor|includes]/{**}", NULL, ACCESS_PAGE, 0, "public", CONF, check_static, NULL},
    {"GET", ZONEMINDER_ROOT "/cache/{*}", NULL, ACCESS_PAGE, 0, "public", "ZoneMinder 1.36.33 includes/functions.php", check_static, NULL},
    {"GET", ZONEMINDER_ROOT "/[robots.txt|favicon.ico]", NULL, ACCESS_PAGE, 0, "public", CONF, NULL, NULL},

    /* Media servers that 1.38 can put beside itself. */
    {NULL, "/[janus|go2rtc|rtsp2web|rtsptoweb]{**}", NULL, ACCESS_BESIDE, ALL, NULL, "ZoneMinder 1.38 web/js/MonitorStream.js", NULL, NULL},
    {NULL, "/stream/{camera}/channel/{**}", NULL, ACCESS_BESIDE, 0, NULL, "ZoneMinder 1.38 web/js/MonitorStream.js", NULL, NULL},

    /* ZoneMinder itself at another place than the gateway knows. */
    {NULL, "/{**}", "view", ACCESS_CONFIGURE, 0, NULL, INDEX_PHP, refuse, NULL},
    {NULL, "/{**}", "request", ACCESS_CONFIGURE, 0, NULL, INDEX_PHP, refuse, NULL},
    {NULL, "/{**}", NULL, ACCESS_UNKNOWN, 0, NULL, INDEX_PHP, check_rest, NULL},
};
// clang-format on

const struct vms_gate vms_gate_zoneminder = {
    .name = "zoneminder",
    .title = "ZoneMinder",
    .rows = rows,
    .row_count = COUNT(rows),
    .read = zoneminder_params_read,
    .maturity = "tested on the real thing",
};
