/*
 * ZoneMinder's API, a CakePHP application: /zm/api/CONTROLLER/ACTION/… or, by the method,
 * /zm/api/CONTROLLER/ID. What no line explains is judged as a change of settings: an action that a
 * release added may do anything.
 */
#include "vms/zoneminder_parts.h"

#include "base/text.h"

#include <string.h>

#define ROOT       ZONEMINDER_ROOT "/api/"
#define PARTS_MOST 16
#define PART       512

#define CONTROLLERS "ZoneMinder 1.36.33 web/api/app/Controller"

struct parts {
    char text[PARTS_MOST][PART];
    size_t count;
};

/* What the id behind an action is. */
enum subject { NOTHING, MONITOR, EVENT, USER };

/* action NULL: any that the controller has beside those of its own lines above. */
struct operation {
    const char *controller, *action;
    enum access_kind kind;
    enum subject subject;
    bool is_write;
};

/* clang-format off */
static const struct operation operations[] = {
    {"host",         "login",                   ACCESS_LOGIN,     NOTHING, false},
    {"host",         "logout",                  ACCESS_LOGOUT,    NOTHING, false},
    {"host",         "daemonCheck",             ACCESS_DATA,      NOTHING, false},
    {"host",         "getLoad",                 ACCESS_DATA,      NOTHING, false},
    {"host",         "getDiskPercent",          ACCESS_DATA,      NOTHING, false},
    {"host",         "getTimeZone",             ACCESS_DATA,      NOTHING, false},
    {"host",         "getVersion",              ACCESS_DATA,      NOTHING, false},
    {"host",         "daemonControl",           ACCESS_RECORDING, NOTHING, true },
    {"events",       "index",                   ACCESS_SEARCH,    NOTHING, false},
    {"events",       "search",                  ACCESS_SEARCH,    NOTHING, false},
    {"events",       "consoleEvents",           ACCESS_SEARCH,    NOTHING, false},
    {"events",       "view",                    ACCESS_DATA,      NOTHING, false},
    {"events",       "getMaxScoreAlarmFrameId", ACCESS_DATA,      NOTHING, false},
    {"events",       "archive",                 ACCESS_MARK,      EVENT,   true },
    {"events",       "createThumbnail",         ACCESS_MARK,      EVENT,   true },
    {"events",       "edit",                    ACCESS_MARK,      EVENT,   true },
    {"events",       "delete",                  ACCESS_DELETE,    EVENT,   true },
    {"frames",       "index",                   ACCESS_SEARCH,    NOTHING, false},
    {"frames",       "view",                    ACCESS_DATA,      NOTHING, false},
    {"frames",       "delete",                  ACCESS_DELETE,    NOTHING, true },
    {"monitors",     "index",                   ACCESS_SECRETS,   NOTHING, false}, /* addresses with passwords */
    {"monitors",     "view",                    ACCESS_SECRETS,   MONITOR, false},
    {"monitors",     "sourceTypes",             ACCESS_DATA,      NOTHING, false},
    {"monitors",     "daemonStatus",            ACCESS_DATA,      NOTHING, false},
    {"monitors",     "daemonControl",           ACCESS_RECORDING, MONITOR, true },
    {"monitors",     "edit",                    ACCESS_CONFIGURE, MONITOR, true },
    {"monitors",     "delete",                  ACCESS_DELETE,    MONITOR, true },
    {"states",       "index",                   ACCESS_DATA,      NOTHING, false},
    {"states",       "view",                    ACCESS_DATA,      NOTHING, false},
    {"states",       "change",                  ACCESS_RECORDING, NOTHING, true },
    {"users",        "index",                   ACCESS_USERS,     NOTHING, false},
    {"users",        "view",                    ACCESS_USERS,     USER,    false},
    {"users",        NULL,                      ACCESS_USERS,     USER,    true },
    {"roles",        "index",                   ACCESS_USERS,     NOTHING, false}, /* 1.38 */
    {"roles",        "view",                    ACCESS_USERS,     NOTHING, false},
    {"roles",        NULL,                      ACCESS_USERS,     NOTHING, true },
    {"configs",      "index",                   ACCESS_SECRETS,   NOTHING, false},
    {"configs",      "view",                    ACCESS_SECRETS,   NOTHING, false},
    {"configs",      "viewByName",              ACCESS_SECRETS,   NOTHING, false},
    {"configs",      "keyvalue",                ACCESS_SECRETS,   NOTHING, false},
    {"configs",      "category",                ACCESS_SECRETS,   NOTHING, false},
    {"configs",      "categories",              ACCESS_SECRETS,   NOTHING, false},
    {"logs",         "index",                   ACCESS_SECRETS,   NOTHING, false},
    {"logs",         "view",                    ACCESS_SECRETS,   NOTHING, false},
    {"servers",      "index",                   ACCESS_DATA,      NOTHING, false},
    {"servers",      "view",                    ACCESS_DATA,      NOTHING, false},
    {"storage",      "index",                   ACCESS_SECRETS,   NOTHING, false}, /* addresses with keys */
    {"storage",      "view",                    ACCESS_SECRETS,   NOTHING, false},
    {"groups",       "index",                   ACCESS_DATA,      NOTHING, false},
    {"groups",       "view",                    ACCESS_DATA,      NOTHING, false},
    {"groups",       "associations",            ACCESS_DATA,      NOTHING, false},
    {"zones",        "index",                   ACCESS_DATA,      NOTHING, false},
    {"zones",        "view",                    ACCESS_DATA,      NOTHING, false},
    {"zones",        "forMonitor",              ACCESS_DATA,      NOTHING, false},
    {"zone_presets", "index",                   ACCESS_DATA,      NOTHING, false},
    {"zone_presets", "view",                    ACCESS_DATA,      NOTHING, false},
    {"controls",     "index",                   ACCESS_DATA,      NOTHING, false},
    {"controls",     "view",                    ACCESS_DATA,      NOTHING, false},
    {"tags",         "index",                   ACCESS_DATA,      NOTHING, false}, /* from here 1.38 */
    {"tags",         "view",                    ACCESS_DATA,      NOTHING, false},
    {"snapshots",    "index",                   ACCESS_SEARCH,    NOTHING, false},
    {"snapshots",    "view",                    ACCESS_DATA,      NOTHING, false},
    {"snapshots",    "delete",                  ACCESS_DELETE,    NOTHING, true },
    {"event_data",   "index",                   ACCESS_SEARCH,    NOTHING, false},
    {"event_data",   "view",                    ACCESS_DATA,      NOTHING, false},
    {"server_stats", "index",                   ACCESS_DATA,      NOTHING, false},
    {"manufacturers", "index",                  ACCESS_DATA,      NOTHING, false},
    {"camera_models", "index",                  ACCESS_DATA,      NOTHING, false},
};
/* clang-format on */

/* The action that CakePHP's mapResources makes of a method (api/app/Config/routes.php). */
static const struct {
    const char *method;
    const char *with_id, *without;
} methods[] = {
    {"GET",    "view",   "index" },
    {"HEAD",   "view",   "index" },
    {"POST",   "edit",   "add"   },
    {"PUT",    "edit",   "edit"  },
    {"PATCH",  "edit",   "edit"  },
    {"DELETE", "delete", "delete"},
};

/* Parts between slashes; the extension of the last is the format of the answer. */
static enum err
take_apart(const char *path, struct parts *parts, struct note *note)
{
    *parts = (struct parts){0};
    while (*path != '\0') {
        size_t len = strcspn(path, "/");
        if (len >= PART || (len != 0 && parts->count == PARTS_MOST)) {
            note_set(note, "an address of the API that is too long");
            return ERR_VALUE;
        }
        if (len != 0) {
            memcpy(parts->text[parts->count++], path, len);
        }
        path += len + (path[len] == '/' ? 1 : 0);
    }
    char *last = parts->count == 0 ? NULL : parts->text[parts->count - 1];
    static const char *const formats[] = {".json", ".xml", ".html"};
    for (size_t i = 0; last != NULL && i < COUNT(formats); i++) {
        if (text_ends(last, formats[i])) {
            last[strlen(last) - strlen(formats[i])] = '\0';
            break;
        }
    }
    return OK;
}

static bool
is_id(const char *text)
{
    size_t len = strlen(text);
    return len != 0 && len <= 18 && strspn(text, "0123456789") == len;
}

static const char *
action_of(const struct access_request *request, const struct parts *parts)
{
    bool has_id = parts->count > 1 && is_id(parts->text[1]);
    if (parts->count > 1 && !has_id) {
        return parts->text[1];
    }
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (text_equal(request->method, methods[i].method)) {
            return has_id ? methods[i].with_id : methods[i].without;
        }
    }
    return "";
}

/* PHP's names of methods know no case, those of the controllers' files do. */
static const struct operation *
operation_of(const char *controller, const char *action)
{
    for (size_t i = 0; i < COUNT(operations); i++) {
        const struct operation *row = &operations[i];
        if (text_equal(row->controller, controller) &&
            (row->action == NULL || text_equal_nocase(row->action, action))) {
            return row;
        }
    }
    return NULL;
}

static enum err
set_subject(enum subject subject, const char *id, struct access *access, struct arena *arena)
{
    switch (subject) {
    case NOTHING:
        return OK;
    case MONITOR:
        return access_add(access, ACCESS_CAMERA, id, strlen(id), arena);
    case EVENT:
        return access_add(access, ACCESS_EVENT, id, strlen(id), arena);
    case USER:
        access->object = arena_format(arena, "user %s", id);
        return access->object == NULL ? ERR_MEMORY : OK;
    }
    return OK;
}

/* monitors/alarm/id:3/command:on: named parameters in any order. */
static enum err
set_alarm(const struct parts *parts, struct access *access, struct arena *arena)
{
    bool is_status = false;
    size_t said = 0;
    enum err err = OK;
    for (size_t i = 2; err == OK && i < parts->count; i++) {
        const char *text = parts->text[i];
        if (text_starts(text, "id:") && is_id(text + 3)) {
            err = access_add(access, ACCESS_CAMERA, text + 3, strlen(text + 3), arena);
        } else if (text_starts(text, "command:")) {
            is_status = text_equal_nocase(text, "command:status");
            said++;
        } else {
            return ERR_VALUE;
        }
    }
    access->kind = is_status && said == 1 ? ACCESS_DATA : ACCESS_RECORDING;
    access->is_write = access->kind == ACCESS_RECORDING;
    return said == 1 ? err : ERR_VALUE;
}

static enum err
set_operation(const struct operation *operation, const struct parts *parts, struct access *access,
    struct arena *arena)
{
    size_t at = parts->count > 1 && is_id(parts->text[1]) ? 1 : 2;
    bool has_id = at < parts->count && is_id(parts->text[at]);
    access->kind = operation->kind;
    access->is_write = operation->is_write;
    if (!has_id && operation->is_write && operation->kind != ACCESS_USERS) {
        return access_add(access, ACCESS_ALL, "", 0, arena);
    }
    return has_id ? set_subject(operation->subject, parts->text[at], access, arena) : OK;
}

/* Pages and pictures of CakePHP itself; scripts that are asked for by their file's name. */
static bool
is_refused(const struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        if (text_contains_nocase(parts->text[i], ".php")) {
            return true;
        }
    }
    return false;
}

enum err
zoneminder_api_more(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)params;
    struct parts parts;
    enum err err = take_apart(request->path + strlen(ROOT), &parts, note);
    if (err != OK) {
        return err;
    }
    if (is_refused(&parts)) {
        note_set(note, "a script of the API by its file's name");
        return ERR_VALUE;
    }
    bool is_shown = parts.count == 0 || text_equal(parts.text[0], "css") ||
                    text_equal(parts.text[0], "img") || text_equal(parts.text[0], "favicon.ico");
    if (is_shown) {
        access->kind = ACCESS_PAGE;
        return OK;
    }
    const char *action = action_of(request, &parts);
    const struct operation *operation = operation_of(parts.text[0], action);
    if (text_equal(parts.text[0], "monitors") && text_equal_nocase(action, "alarm")) {
        return set_alarm(&parts, access, arena);
    }
    access->is_write = true;
    return operation == NULL ? OK : set_operation(operation, &parts, access, arena);
}
