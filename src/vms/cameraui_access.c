/* camera.ui at the gateway; its recordings are open to everyone who reaches it. */
#include "vms/gate_parts.h"

#include "base/text.h"

#include <string.h>

#define ROUTES "camera.ui 1.1.17 src/api/components/"
#define SOCKET "camera.ui 1.1.17 src/api/socket.js"
#define WRITE  "POST|PUT|PATCH|DELETE"

/* "front_door-0123456789-1763900000_m_CUI.mp4": what stands before the last two dashes. */
static enum err
name_file(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    const char *name = strrchr(request->path, '/') + 1;
    const char *dash = strrchr(name, '-');
    const char *camera_end = dash == NULL ? NULL : memrchr(name, '-', (size_t)(dash - name));
    int64_t from = 0;
    (void)params;
    (void)note;
    if (camera_end == NULL || camera_end == name) {
        return access_add(access, ACCESS_ALL, "", 0, arena);
    }
    if (access_time(dash + 1, strspn(dash + 1, "0123456789"), &from) == OK) {
        access->from = from;
    }
    /* Blanks of a camera's name are underscores here: the file's name is an alias of it. */
    return access_add(access, ACCESS_STREAM, name, (size_t)(camera_end - name), arena);
}

/* Express knows no case: a route that only differs in it is the same route. */
static enum err
check_rest(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    static const char *const words[] = {"api", "files", "socket.io", "swagger"};
    (void)params;
    (void)access;
    (void)arena;
    if (gate_parts_has(request->path, words, COUNT(words))) {
        note_set(note, "%.64s is no address of camera.ui's pages", request->path);
        return ERR_VALUE;
    }
    return ERR_MISSING;
}

static void
answer_login(const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    (void)arena;
    told->has_failed = answer->status >= 300;
}

// clang-format off
static const struct access_row rows[] = {
    {NULL, "/socket.io/{**}", NULL, ACCESS_LIVE, ACCESS_ROW_UPGRADE | ACCESS_ROW_ALL, "any", SOCKET, NULL, NULL},
    {NULL, "/{**}", NULL, ACCESS_BESIDE, ACCESS_ROW_UPGRADE | ACCESS_ROW_ALL, NULL, SOCKET, NULL, NULL},
    {NULL, "/socket.io/{**}", NULL, ACCESS_LIVE, ACCESS_ROW_ALL, "any", SOCKET, NULL, NULL},
    {"GET", "/files/{*}", NULL, ACCESS_PLAYBACK, 0, "public", ROUTES "files", name_file, NULL},
    {"POST", "/api/auth/login", "username={user}", ACCESS_LOGIN, 0, "public", ROUTES "auth", NULL, answer_login},
    {"POST", "/api/auth/login", NULL, ACCESS_LOGIN, 0, "public", ROUTES "auth", NULL, answer_login},
    {"POST", "/api/auth/logout", NULL, ACCESS_LOGOUT, 0, "any", ROUTES "auth", NULL, NULL},
    {"GET", "/api/auth/check", NULL, ACCESS_DATA, 0, "any", ROUTES "auth", NULL, NULL},
    {"GET", "/api/cameras/{camera}/snapshot", NULL, ACCESS_SNAPSHOT, 0, "camera", ROUTES "cameras", NULL, NULL},
    {"GET", "/api/cameras/{camera}/feed", NULL, ACCESS_LIVE, 0, "camera", ROUTES "cameras", NULL, NULL},
    {"GET", "/api/cameras/{camera}/status", NULL, ACCESS_DATA, 0, "camera", ROUTES "cameras", NULL, NULL},
    {"PUT", "/api/cameras/{camera}/{**}", NULL, ACCESS_RECORDING, 0, "camera", ROUTES "cameras", NULL, NULL},
    {"GET", "/api/cameras{**}", NULL, ACCESS_SECRETS, 0, "camera", ROUTES "cameras", NULL, NULL},
    {"GET", "/api/recordings{**}", NULL, ACCESS_SEARCH, 0, "any", ROUTES "recordings", NULL, NULL},
    {"DELETE", "/api/recordings{**}", NULL, ACCESS_DELETE, ACCESS_ROW_ALL, "any", ROUTES "recordings", NULL, NULL},
    {"GET", "/api/notifications{**}", NULL, ACCESS_DATA, 0, "any", ROUTES "notifications", NULL, NULL},
    {"GET", "/api/users{**}", NULL, ACCESS_USERS, 0, "admin", ROUTES "users", NULL, NULL},
    {WRITE, "/api/users{**}", NULL, ACCESS_USERS, ACCESS_ROW_WRITE, "admin", ROUTES "users", NULL, NULL},
    {"GET", "/api/backup/{**}", NULL, ACCESS_SECRETS, 0, "admin", ROUTES "backup", NULL, NULL},
    {"GET", "/api/[config|settings]/{**}", NULL, ACCESS_SECRETS, 0, "admin", ROUTES "settings", NULL, NULL},
    {"GET", "/api/system/[db|log]{**}", NULL, ACCESS_SECRETS, 0, "admin", ROUTES "system", NULL, NULL},
    {"GET", "/api/{**}", NULL, ACCESS_DATA, 0, "any", ROUTES "config", NULL, NULL},
    {NULL, "/api/{**}", NULL, ACCESS_CONFIGURE, 0, "admin", ROUTES "settings", NULL, NULL},
    {"GET", "/[|index.html|favicon.ico|manifest.json|robots.txt|service-worker.js]", NULL, ACCESS_PAGE, 0, "public", "camera.ui 1.1.17 src/api/app.js", NULL, NULL},
    {"GET", "/[assets|css|js|img|fonts]/{**}", NULL, ACCESS_PAGE, 0, "public", "camera.ui 1.1.17 src/api/app.js", NULL, NULL},
    {NULL, "/{**}", NULL, ACCESS_UNKNOWN, 0, NULL, "camera.ui 1.1.17 src/api/app.js", check_rest, NULL},
};
// clang-format on

static enum err
read_params(const struct access_request *request, struct arena *arena,
    struct access_params *ret_params, struct note *note)
{
    return access_read(
        request, ACCESS_READ_JSON | ACCESS_READ_FORM | ACCESS_READ_LAST, arena, ret_params, note);
}

const struct vms_gate vms_gate_cameraui = {
    .name = "cameraui",
    .title = "camera.ui",
    .rows = rows,
    .row_count = COUNT(rows),
    .read = read_params,
    .maturity = "experimental",
};
