/* ZoneMinder: web application under /zm; its answers' bodies tell, not their status. */
#include "device/door.h"
#include "vms/vms.h"

#include "base/buf.h"
#include "base/text.h"
#include "codec/pick.h"

#include <string.h>

#define PRINTED_KEY "...Change me to something unique..." /* ConfigData.pm.in: default */
#define USERS_MOST  32
#define ROOT        "/zm"
#define HOME        ROOT "/"
#define FORM        "application/x-www-form-urlencoded"

static const struct ask home = {.path = HOME};
static const struct ask console = {.path = HOME "?view=console"};
static const struct ask version = {.path = HOME "api/host/getVersion.json"};
static const struct ask users = {.path = HOME "api/users.json"};
static const struct ask own_console = {.path = HOME "?view=console", .login = true};
static const struct ask own_version = {.path = HOME "api/host/getVersion.json", .login = true};
static const struct ask own_users = {.path = HOME "api/users.json", .login = true};

/* Debian's package keeps the events under an alias for cached pictures (its apache.conf). */
static const struct ask folders[] = {
    {.path = HOME "cache/events"},
    {.path = HOME "events"},
    {.path = HOME "cache/events/"},
    {.path = HOME "events/"},
};

static const struct device_sign signs[] = {
    {FACT_HTTP_COOKIE,   SIGN_CONTAINS, "ZMSESSID",                         90}, /* seen on Debian's 1.36.33 */
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "ZM - Console",                     90},
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "ZM - Login",                       90},
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "ZoneMinder Login",                 85},
    {FACT_HTTP_LOCATION, SIGN_CONTAINS, "/zm/",                             60},
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "e07c0775523271d629035dc8921dffc7", 80}, /* Recog */
};

static const struct device_probe probes[] = {
    {{.path = HOME}, 0, "ZMSESSID", 95}, /* login page, console or the way to one */
};

static const char *const roots[] = {"/zoneminder"};

/* The pages of those who are let in hold the configuration as a script (1.36.33). */
#define CONST(name) "~const ZM_" name " = '([^']*)'"
#define SHOWN       "~>\\s*v(\\d+\\.\\d+\\.\\d+)\\s*<" /* at the top of every page, 1.32 and later */

static const struct device_reading readings[] = {
    {FACT_VMS_VERSION, &version, "version",                 AS_TEXT, NULL},
    {FACT_VMS_VERSION, &console, CONST("DYN_CURR_VERSION"), AS_TEXT, NULL},
    {FACT_VMS_VERSION, &console, SHOWN,                     AS_TEXT, NULL},
    {FACT_VMS_VERSION, &home,    CONST("DYN_CURR_VERSION"), AS_TEXT, NULL},
    {FACT_VMS_VERSION, &home,    SHOWN,                     AS_TEXT, NULL},
};

static const struct ask *const asks[] = {&home, &version, &console, &users, &folders[0],
    &folders[1], &folders[2], &folders[3], &own_console, &own_version, &own_users};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/vms-open",
     "Options > System: switch on OPT_USE_AUTH, then change the password of admin at once; "
         "keep the web server from serving /zm/cache/events without a login.",
     "Every user and every program needs an account.",
     "GET /zm/api/host/getVersion.json answers 401."},
    {"default-credentials/vms-factory-password",
     "Options > Users > admin: set a long password of its own.",
     NULL,
     "A log-in as admin with the old password shows the login page again."},
    {"default-credentials/footage-open",
     "Web server: deny /zm/cache/events (Apache: <Location /zm/cache/events> Require all denied; "
         "nginx: location /zm/cache/events { deny all; }), or set ZM_DIR_EVENTS to a folder that "
         "is not below an alias.",
     "None: pages and players get recordings from index.php and zms.",
     "GET /zm/cache/events answers 403."},
    {"default-credentials/key-known",
     "Options > System: set AUTH_HASH_SECRET to a long random text, then restart ZoneMinder.",
     "Everyone is logged out once; addresses with auth= in them stop working.",
     "The page ?view=options&tab=system shows another AUTH_HASH_SECRET."},
    {"default-credentials/passwords-in-addresses",
     "Options > System: set AUTH_RELAY to hashed.",
     "Addresses with user= and pass= in them should be made anew.",
     "The page ?view=options&tab=system shows AUTH_RELAY hashed."},
    {"vms-exposure/no-guess-limit",
     "ZoneMinder has no limit of its own: put fail2ban on web_php.log (\"Login denied for "
         "user\") or a gateway in front.",
     NULL,
     "The sixth wrong log-in of a minute is refused."},
    {"vms-updates/advisory",
     "apt update && apt install zoneminder, then zmupdate.pl.",
     "Recording pauses for the restart.",
     "GET /zm/api/host/getVersion.json shows the new release."},
};
/* clang-format on */

static bool
holds(const struct answer *answer, const char *mark)
{
    return text_find_nocase(answer->body, answer->body_len, mark) != NULL;
}

static bool
is_login_page(const struct answer *answer)
{
    return holds(answer, "ZM - Login") || holds(answer, "ZoneMinder Login") ||
           holds(answer, "id=\"loginForm\"");
}

static bool
is_zoneminder_page(const struct answer *answer)
{
    return is_login_page(answer) || holds(answer, "ZM - Console") ||
           holds(answer, "const ZM_DYN_CURR_VERSION = '") ||
           (holds(answer, "csrfMagicToken") && holds(answer, "skins/classic"));
}

static void
set_product(struct facts *facts, const struct source *source)
{
    facts_set_text(facts, FACT_VMS_PRODUCT, "ZoneMinder", source);
    vms_set_transport(facts, source);
    vms_set_known(facts, FACT_VMS_LIMIT, false,
        "ZoneMinder has no limit on wrong log-ins, only an optional reCAPTCHA (its source, "
        "web/includes/auth.php)",
        source);
    vms_set_known(facts, FACT_VMS_ACCESS_LOG, false,
        "ZoneMinder logs log-ins, but not who watched, played or exported what (its source)",
        source);
}

static bool
is_on(const char *value)
{
    return text_equal(value, "1");
}

/* What the page's script says of the log-in; the key itself is compared and forgotten. */
static void
parse_settings(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *type = NULL;
    const char *relay = NULL;
    const char *legacy = NULL;
    struct source said = *source;
    said.witness = WITNESS_CONFIG;
    if (pick_text(answer, CONST("AUTH_TYPE"), facts->arena, &type) != OK ||
        pick_text(answer, CONST("AUTH_RELAY"), facts->arena, &relay) != OK) {
        return;
    }
    said.evidence = evidence_new(facts->arena, source->evidence->asked,
        arena_format(facts->arena, "ZM_AUTH_TYPE %s, ZM_AUTH_RELAY %s", type, relay), answer->at);
    facts_set_bool(facts, FACT_VMS_URL_PASSWORDS, text_equal(relay, "plain"), &said);
    bool has_legacy =
        pick_text(answer, CONST("OPT_USE_LEGACY_API_AUTH"), facts->arena, &legacy) == OK &&
        is_on(legacy);
    facts_set_text(facts, FACT_AUTH_MODES,
        arena_format(facts->arena, "%s, handed on %s%s", type, relay,
            has_legacy ? ", API takes the page's session too" : ""),
        &said);
    if (holds(answer, "const ZM_AUTH_HASH_SECRET = '")) {
        bool is_known = holds(answer, "const ZM_AUTH_HASH_SECRET = '" PRINTED_KEY "'") ||
                        holds(answer, "const ZM_AUTH_HASH_SECRET = ''");
        said.evidence = evidence_new(facts->arena, source->evidence->asked,
            is_known ? "ZM_AUTH_HASH_SECRET is the printed one" : "ZM_AUTH_HASH_SECRET is changed",
            answer->at);
        facts_set_bool(facts, FACT_VMS_KEY_KNOWN, is_known, &said);
    }
}

static void
parse_page(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    char location[256];
    bool is_moved =
        answer->status == 302 && answer_header(answer, "Location", 0, location, sizeof(location));
    bool sent_away = is_moved && text_contains(location, "view=login");
    if (answer->status == 200 && is_zoneminder_page(answer)) {
        set_product(facts, source);
        parse_settings(answer, facts, source);
    }
    if (ask->login) {
        return;
    }
    if (is_moved && text_contains(location, "view=privacy")) {
        facts_set_bool(
            facts, FACT_VMS_SETUP, false, source); /* the first page after installation */
    }
    if (sent_away || (answer->status == 200 && is_login_page(answer))) {
        vms_set_asked(facts, source);
    } else if (answer->status == 200 &&
               (holds(answer, "ZM - Console") || holds(answer, "const ZM_OPT_USE_AUTH = '0'") ||
                   holds(answer, "User Authentication is not turned on"))) {
        vms_set_open(facts, ask, source);
    }
}

static void
parse_version(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *text = NULL;
    if (answer->status == 200 && pick_text(answer, "apiversion", facts->arena, &text) == OK) {
        set_product(facts, source);
        if (!ask->login) {
            vms_set_open(facts, ask, source);
        }
    } else if (answer->status == 401 && !ask->login && holds(answer, "Not Authenticated")) {
        set_product(facts, source);
        vms_set_asked(facts, source);
    }
}

/* {"users": [{"User": {"Username", "System", …}}]}: System is the right to change everything. */
static void
parse_users(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct buf list;
    size_t i = 0;
    json_t *row = NULL;
    json_t *json = json_loadb(answer->body, answer->body_len, JSON_REJECT_DUPLICATES, NULL);
    buf_init(&list, 1024);
    json_array_foreach(json_object_get(json, "users"), i, row)
    {
        const json_t *user = json_object_get(row, "User");
        const char *name = json_string_value(json_object_get(user, "Username"));
        const char *system = json_string_value(json_object_get(user, "System"));
        if (name != NULL && i < USERS_MOST) {
            vms_add_user(&list, name, text_equal(system, "Edit") ? "administrator" : "user");
        }
    }
    if (buf_error(&list) == OK && list.len != 0) {
        facts_set_text(facts, FACT_USERS_LIST, list.data, source);
    }
    buf_release(&list);
    json_decref(json);
}

/*
 * A list, or the slash that web servers add to the name of a folder only when they would go on
 * serving it: a forbidden one is refused before.
 */
static void
parse_folder(const struct answer *answer, struct facts *facts, const struct source *source)
{
    char location[256];
    const char *asked = source->evidence == NULL ? NULL : strstr(source->evidence->asked, "http");
    bool is_listed = answer->status == 200 && holds(answer, "Index of ") && holds(answer, "events");
    bool is_served = answer->status == 301 &&
                     answer_header(answer, "Location", 0, location, sizeof(location)) &&
                     text_ends(location, "events/");
    struct source surer = *source;
    if (asked == NULL || (!is_listed && !is_served)) {
        return;
    }
    if (is_listed) {
        surer.confidence = 95;
        asked = arena_format(facts->arena, "%s, with a list of them", asked);
    }
    facts_set_text(facts, FACT_VMS_FOOTAGE, asked, &surer);
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (text_equal(ask->path, version.path)) {
        parse_version(ask, answer, facts, source);
    } else if (text_equal(ask->path, users.path)) {
        if (answer->status == 200) {
            parse_users(answer, facts, source);
        }
    } else if (text_contains(ask->path, "events")) {
        parse_folder(answer, facts, source);
    } else {
        parse_page(ask, answer, facts, source);
    }
}

/* Right or wrong, the status is 200; only the page's title tells. */
static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    if (last == NULL) {
        *ret_request = (struct request){.ask = *ask};
        return LOGIN_SEND;
    }
    if (last->err != OK || last->status != 200) {
        return LOGIN_UNCLEAR;
    }
    if (login->step != 1) {
        (void)vms_cookie(last, "ZMSESSID", "", login->text, sizeof(login->text));
        return holds(last, "- Logging In")       ? LOGIN_OPEN
               : holds(last, "Invalid username") ? LOGIN_REFUSED
                                                 : LOGIN_UNCLEAR;
    }
    struct buf body;
    buf_init(&body, 1024);
    buf_text(&body, "action=login&view=login&username=");
    vms_add_encoded(&body, login->user);
    buf_text(&body, "&password=");
    vms_add_encoded(&body, secret_text(login->password));
    const char *text = buf_error(&body) == OK ? arena_copy(arena, body.data) : NULL;
    buf_release(&body);
    const char *path = vms_sibling(ask->path, "index.php", arena);
    if (text == NULL || path == NULL || !is_login_page(last)) {
        return LOGIN_UNCLEAR;
    }
    *ret_request = (struct request){
        .ask = {.path = path, .body = text, .type = FORM, .port = ask->port},
        .spends = true,
    };
    return LOGIN_SEND;
}

static const struct device_door door = {
    .title = "ZoneMinder login page",
    .certain = true,
    .step = step,
    .authorize = vms_with_cookie,
};

/* clang-format off */
const struct device_driver vms_zoneminder = {
    .name = "zoneminder",
    .title = "ZoneMinder",
    .maker = "ZoneMinder",
    .maturity = MATURITY_REAL,
    .vendor = "zoneminder",
    .kind = KIND_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .root = ROOT,
    .roots = roots,
    .root_count = COUNT(roots),
    .door = &door,
    .door_ask = {.path = HOME "index.php?view=login"},
    .limit = {0, 0, "no limit of its own (ZoneMinder source, web/includes/auth.php)"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
};
/* clang-format on */
