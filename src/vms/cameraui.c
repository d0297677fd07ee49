/* camera.ui: node.js application; its configuration page tells version and set-up to everyone. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"
#include "codec/version.h"

#include <string.h>

#define FILES_SEEN "1.1.17" /* up to which its files were seen to be given to everyone */
#define USERS_MOST 32

static const struct ask config = {.path = "/api/config"};
static const struct ask cameras = {.path = "/api/cameras"};
static const struct ask users = {.path = "/api/users", .login = true};

static const struct device_sign signs[] = {
    {FACT_HTTP_TITLE, SIGN_EQUALS, "camera.ui", 85},
};

/* Seen on camera.ui 1.1.17. */
static const struct device_probe probes[] = {
    {{.path = "/"},           200, "<title>camera.ui</title>",     85},
    {{.path = "/api/config"}, 200, "\"moduleName\":\"camera.ui\"", 95},
};

static const struct device_reading readings[] = {
    {FACT_VMS_VERSION, &config, "version", AS_TEXT, NULL},
};

static const struct ask *const asks[] = {&config, &cameras, &users};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/vms-factory-password",
     "Log in as master: the first log-in asks for a new name and password.",
     NULL,
     "A log-in as master with the old password is refused."},
    {"default-credentials/vms-not-set-up",
     "Log in as master with the password of its README and set a new one.",
     NULL,
     "GET /api/config shows firstStart false."},
    {"default-credentials/footage-open",
     "Put a proxy with a login of its own in front of /files/, and let only it reach the port.",
     "Messages with links to recordings need the proxy's login.",
     "GET /files/NAME.mp4 without a login is refused."},
};
/* clang-format on */

/* Its files.routes.js has the check of the log-in commented out. */
static void
note_files(struct facts *facts, const struct source *source)
{
    const char *release = facts_text(facts, FACT_VMS_VERSION);
    const char *address = vms_address(facts->arena, source);
    if (release == NULL || address == NULL || version_compare(release, FILES_SEEN) > 0) {
        return;
    }
    const struct source known = {WITNESS_CONFIG, 85,
        evidence_new(facts->arena, "documentation of the product",
            "camera.ui gives /files/NAME to everyone (its source, api/components/files; seen on "
            "1.1.17)",
            source->evidence->at)};
    facts_set_text(facts, FACT_VMS_FOOTAGE,
        arena_format(facts->arena, "%sfiles/, each by its name", address), &known);
}

static void
set_product(struct facts *facts, const struct source *source)
{
    facts_set_text(facts, FACT_VMS_PRODUCT, "camera.ui", source);
    vms_set_transport(facts, source);
    vms_set_known(facts, FACT_VMS_LIMIT, false,
        "camera.ui has no limit on wrong log-ins (its source, api/components/auth)", source);
    vms_set_known(facts, FACT_VMS_ACCESS_LOG, false,
        "camera.ui logs no views and no downloads (its source, api)", source);
}

static void
parse_config(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    if (pick_text(answer, "env.moduleName", facts->arena, &text) != OK ||
        !text_equal(text, "camera.ui")) {
        return;
    }
    set_product(facts, source);
    note_files(facts, source);
    if (pick_text(answer, "firstStart", facts->arena, &text) == OK) {
        facts_set_bool(facts, FACT_VMS_SETUP, text_equal(text, "false"), source);
    }
}

static void
parse_users(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct buf list;
    size_t i = 0;
    json_t *row = NULL;
    json_t *json = json_loadb(answer->body, answer->body_len, JSON_REJECT_DUPLICATES, NULL);
    buf_init(&list, 1024);
    json_array_foreach(json_object_get(json, "result"), i, row)
    {
        const char *name = json_string_value(json_object_get(row, "username"));
        const json_t *levels = json_object_get(row, "permissionLevel");
        const char *level = json_string_value(json_array_get(levels, 0));
        if (name != NULL && i < USERS_MOST) {
            vms_add_user(&list, name, text_equal(level, "admin") ? "administrator" : "user");
        }
    }
    if (buf_error(&list) == OK && list.len != 0) {
        facts_set_text(facts, FACT_USERS_LIST, list.data, source);
    }
    buf_release(&list);
    json_decref(json);
}

static void
parse_cameras(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    bool is_refused = answer->status == 401 && text_find_nocase(answer->body, answer->body_len,
                                                   "\"statusCode\":401") != NULL;
    if (is_refused) {
        vms_set_asked(facts, source);
    } else if (answer->status == 200 &&
               text_find_nocase(answer->body, answer->body_len, "\"pagination\"") != NULL) {
        vms_set_open(facts, ask, source);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (source->evidence == NULL) {
        return;
    }
    if (text_equal(ask->path, cameras.path)) {
        parse_cameras(ask, answer, facts, source);
    } else if (answer->status == 200 && text_equal(ask->path, config.path)) {
        parse_config(answer, facts, source);
    } else if (answer->status == 200 && ask->login) {
        parse_users(answer, facts, source);
    }
}

/* POST /api/auth/login: 201 with a token, or 401; the token is proven at /api/auth/check. */
static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    const char *token = NULL;
    *ret_request = (struct request){.ask = *ask};
    if (last == NULL) {
        return LOGIN_SEND;
    }
    if (last->err != OK) {
        return LOGIN_UNCLEAR;
    }
    if (login->step == 1) {
        const char *path = vms_sibling(ask->path, "login", arena);
        const char *body = vms_login_body(json_pack("{s:s,s:s}", "username", login->user,
                                              "password", secret_text(login->password)),
            arena);
        ret_request->ask =
            (struct ask){.path = path, .body = body, .type = "application/json", .port = ask->port};
        ret_request->spends = true;
        return last->status == 401 && body != NULL && path != NULL ? LOGIN_SEND : LOGIN_UNCLEAR;
    }
    if (login->step == 2) {
        if (last->status == 401) {
            return LOGIN_REFUSED;
        }
        if (last->status != 201 || pick_text(last, "access_token", arena, &token) != OK ||
            !text_copy(login->text, sizeof(login->text), token)) {
            return LOGIN_UNCLEAR;
        }
        ret_request->authorization = arena_format(arena, "Bearer %s", token);
        return LOGIN_SEND;
    }
    return last->status == 200 ? LOGIN_OPEN : LOGIN_UNCLEAR;
}

static enum err
authorize(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    const char *value = arena_format(arena, "Bearer %s", login->text);
    if (value == NULL) {
        return ERR_LIMIT;
    }
    *ret_request = (struct request){.ask = *ask, .authorization = value};
    return OK;
}

static const struct device_door door = {
    .title = "camera.ui login",
    .certain = true,
    .step = step,
    .authorize = authorize,
};

const struct device_driver vms_cameraui = {
    .name = "cameraui",
    .title = "camera.ui",
    .maker = "camera.ui",
    .maturity = MATURITY_REAL,
    .vendor = "cameraui",
    .kind = KIND_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &door,
    .door_ask = {.path = "/api/auth/check"                                     },
    .limit = { 0, 0, "no limit of its own (camera.ui source, api/components/auth)"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
};
