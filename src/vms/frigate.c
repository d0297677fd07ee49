/* Frigate: HTTP API; port 5000 has no login at all, 8971 has one since 0.14, 1984 is go2rtc. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"
#include "codec/version.h"

#include <string.h>

#define GO2RTC_PORT  1984
#define KNOWN_BEFORE "0.18.0-alpha" /* what its logs hold was read in the source up to 0.17.2 */
#define ALIVE        "/api/"
#define RELEASE      "~^v?(\\d+\\.\\d+\\.\\d+(?:-(?:alpha|beta|rc)\\d*)?)"
#define TITLE        "<title>Frigate</title>"
#define USERS_MOST   32

/* Asked at every port where it was found: 5000 gives to all what 8971 keeps behind its login. */
static const struct ask version = {.path = "/api/version"};
static const struct ask profile = {.path = "/api/profile"};
static const struct ask config = {.path = "/api/config"};
static const struct ask users = {.path = "/api/users"};
static const struct ask streams = {.path = "/api/go2rtc/streams"};
static const struct ask first_login = {.path = "/api/auth/first_time_login"};
static const struct ask own_version = {.path = "/api/version", .login = true};
static const struct ask own_config = {.path = "/api/config", .login = true};
static const struct ask own_users = {.path = "/api/users", .login = true};
static const struct ask go2rtc = {.path = "/api", .port = GO2RTC_PORT};
static const struct ask go2rtc_streams = {.path = "/api/streams", .port = GO2RTC_PORT};

static const struct device_sign signs[] = {
    {FACT_TLS_SUBJECT, SIGN_CONTAINS, "FRIGATE DEFAULT CERT",                  80}, /* Frigate's own */
    {FACT_HTTP_TITLE,  SIGN_EQUALS,   "Frigate",                               85},
    {FACT_HTTP_BODY,   SIGN_CONTAINS, "Frigate is running. Alive and healthy", 95},
};

/* github blakeblackshear/frigate v0.17.2 web/index.html, frigate/api/app.py, auth.py. */
static const struct device_probe probes[] = {
    {{.path = "/"},   200, TITLE,                                   90},
    {{.path = ALIVE}, 200, "Frigate is running. Alive and healthy", 95},
};

/* Behind a proxy (its documentation: reverse proxy; FRIGATE_BASE_PATH since 0.16). */
static const char *const roots[] = {"/frigate"};

static const struct device_reading readings[] = {
    {FACT_VMS_VERSION, &version, RELEASE, AS_TEXT, NULL},
};

static const struct ask *const asks[] = {&version, &profile, &first_login, &config, &users,
    &streams, &go2rtc, &go2rtc_streams, &own_version, &own_config, &own_users};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/vms-open",
     "Take port 5000 out of the container's published ports and use 8971; with auth.enabled "
         "true in config.yml (the default since 0.14; older releases have no login at all).",
     "Integrations that used port 5000 (Home Assistant among them) must use 8971 with a user.",
     "GET :5000/api/version gets no answer from another machine."},
    {"default-credentials/vms-open-beside",
     "Take port 5000 out of the container's published ports (docker run samples publish it); "
         "only 8971 asks for a login.",
     "Integrations that used port 5000 (Home Assistant among them) must use 8971 with a user.",
     "GET :5000/api/version gets no answer from another machine."},
    {"default-credentials/restream-open",
     "Take ports 1984 and 8554 out of the container's published ports, or in config.yml set "
         "go2rtc: api: listen: \"127.0.0.1:1984\" and rtsp: username and password.",
     "Players that read the restream need the new user and password.",
     "GET :1984/api/streams gets no answer from another machine."},
    {"default-credentials/rtsp-open",
     "In config.yml: go2rtc: rtsp: username and password; or do not publish port 8554.",
     "Players that read the restream need the new user and password.",
     "RTSP DESCRIBE of a stream without a login answers 401."},
    {"vms-exposure/no-guess-limit",
     "In config.yml: auth: failed_login_rate_limit: \"1/second;5/minute;20/hour\"; behind a "
         "proxy set trusted_proxies too.",
     NULL,
     "The sixth wrong log-in of a minute answers 429."},
    {"vms-updates/advisory",
     "Pull the newest stable image (docker compose pull && docker compose up -d).",
     "Recording pauses for the restart; read the release notes for breaking changes.",
     "GET /api/version shows the new release."},
};
/* clang-format on */

static void
found(struct facts *facts, const struct source *source)
{
    facts_set_text(facts, FACT_VMS_PRODUCT, "Frigate", source);
    vms_set_transport(facts, source);
}

/*
 * The answer is Frigate's own: {"username", "role"}. With the login off, who names himself in a
 * proxy's header is believed, everyone else is viewer or anonymous (its documentation:
 * authentication); 0.13 knows no profile and no login.
 */
static void
parse_profile(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *user = NULL;
    const char *role = NULL;
    if (answer->status == 401 &&
        text_find_nocase(answer->body, answer->body_len, "401 Authorization Required") != NULL) {
        vms_set_asked(facts, source);
    }
    if (answer->status != 200 || pick_text(answer, "username", facts->arena, &user) != OK) {
        return;
    }
    vms_set_open(facts, ask, source);
    bool has_role = pick_text(answer, "role", facts->arena, &role) == OK;
    facts_set_text(facts, FACT_VMS_GUEST,
        arena_format(facts->arena, "%s%s%s at %s", user, has_role ? " with role " : "",
            has_role ? role : "", facts_text(facts, FACT_VMS_OPEN)),
        source);
}

/* Without a login only an open port tells its version. */
static void
parse_version(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *text = NULL;
    if (pick_text(answer, RELEASE, facts->arena, &text) == OK && answer->body_len < 64) {
        found(facts, source);
        if (!ask->login) {
            vms_set_open(facts, ask, source);
        }
    }
}

static void
parse_config(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *text = NULL;
    struct source said = *source;
    said.witness = WITNESS_CONFIG;
    if (pick_text(answer, "~\"failed_login_rate_limit\"\\s*:\\s*(null|\"[^\"]*\")", facts->arena,
            &text) == OK) {
        facts_set_bool(facts, FACT_VMS_LIMIT, !text_equal(text, "null"), &said);
    }
    /* Seen in an open answer: nobody has to prove that he is the one he says. */
    if (!ask->login && pick_text(answer, "auth.enabled", facts->arena, &text) == OK &&
        text_equal(text, "false") &&
        pick_text(answer, "proxy.header_map.user", facts->arena, &text) == OK) {
        said.confidence = 95;
        facts_set_text(facts, FACT_VMS_GUEST,
            arena_format(facts->arena, "whoever the header %.64s names at %s", text,
                vms_address(facts->arena, source)),
            &said);
    }
}

/* [{"username", "role"}, …]; 0.14 and 0.15 have no roles: every user may do everything. */
static void
parse_users(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct buf list;
    size_t i = 0;
    json_t *row = NULL;
    json_t *json = json_loadb(answer->body, answer->body_len, JSON_REJECT_DUPLICATES, NULL);
    buf_init(&list, 1024);
    json_array_foreach(json, i, row)
    {
        const char *user = json_string_value(json_object_get(row, "username"));
        const char *role = json_string_value(json_object_get(row, "role"));
        if (user != NULL && i < USERS_MOST) {
            vms_add_user(&list, user, role == NULL ? "admin" : role);
        }
    }
    if (buf_error(&list) == OK && list.len != 0) {
        facts_set_text(facts, FACT_USERS_LIST, list.data, source);
    }
    buf_release(&list);
    json_decref(json);
}

/* The random password of the first start was used (since 0.17). */
static void
parse_first_login(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    if (pick_text(answer, "admin_first_time_login", facts->arena, &text) == OK) {
        found(facts, source);
        if (text_equal(text, "false")) {
            facts_set_bool(facts, FACT_VMS_SETUP, true, source);
        }
    }
}

static void
parse_fine(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (text_equal(ask->path, version.path)) {
        parse_version(ask, answer, facts, source);
    } else if (ask->port == GO2RTC_PORT) {
        vms_read_go2rtc(answer, facts, source);
    } else if (text_equal(ask->path, config.path)) {
        parse_config(ask, answer, facts, source);
    } else if (text_equal(ask->path, users.path)) {
        parse_users(answer, facts, source);
    } else if (text_equal(ask->path, streams.path)) {
        vms_read_streams(answer, facts, source);
    } else if (text_equal(ask->path, first_login.path)) {
        parse_first_login(answer, facts, source);
    } else if (text_find_nocase(answer->body, answer->body_len, "Frigate is running") != NULL ||
               text_find_nocase(answer->body, answer->body_len, TITLE) != NULL) {
        found(facts, source);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (text_equal(ask->path, profile.path)) {
        parse_profile(ask, answer, facts, source);
    } else if (answer->status == 200) {
        parse_fine(ask, answer, facts, source);
    }
    const char *release = facts_text(facts, FACT_VMS_VERSION);
    if (facts_get(facts, FACT_VMS_PRODUCT) != NULL &&
        (release == NULL || version_compare(release, KNOWN_BEFORE) < 0)) {
        vms_set_known(facts, FACT_VMS_ACCESS_LOG, false,
            "Frigate 0.13 to 0.17 writes no line for a login, a view or an export (its source, "
            "frigate/api)",
            source);
    }
}

/*
 * 401 without a login, then POST /api/login: 200 with a JWT cookie, or 401 (0.14: 400) with
 * "Login failed", or 429 (frigate/api/auth.py).
 */
static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    if (last == NULL) {
        *ret_request = (struct request){.ask = *ask};
        return LOGIN_SEND;
    }
    if (last->err != OK) {
        return LOGIN_UNCLEAR;
    }
    if (login->step != 1) {
        bool is_refusal = last->status == 401 || last->status == 400;
        bool is_own = text_find_nocase(last->body, last->body_len, "Login failed") != NULL;
        return last->status == 429    ? LOGIN_LOCKED
               : is_refusal && is_own ? LOGIN_REFUSED
               : last->status == 200 &&
                       vms_cookie(last, NULL, "eyJ", login->text, sizeof(login->text))
                   ? LOGIN_OPEN
                   : LOGIN_UNCLEAR;
    }
    const char *path = vms_sibling(ask->path, "login", arena);
    const char *body = vms_login_body(
        json_pack("{s:s,s:s}", "user", login->user, "password", secret_text(login->password)),
        arena);
    if (last->status != 401 || path == NULL || body == NULL) {
        return LOGIN_UNCLEAR;
    }
    *ret_request = (struct request){
        .ask = {.path = path, .body = body, .type = "application/json", .port = ask->port},
        .spends = true,
    };
    return LOGIN_SEND;
}

static const struct device_door door = {
    .title = "Frigate login",
    .certain = true,
    .step = step,
    .authorize = vms_with_cookie,
};

static const char *
no_factory(const struct facts *facts)
{
    (void)facts;
    return "Frigate makes a random password for admin at its first start";
}

const struct device_driver vms_frigate = {
    .name = "frigate",
    .title = "Frigate",
    .maker = "Frigate",
    .maturity = MATURITY_TRANSCRIPT,
    .kind = KIND_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .roots = roots,
    .root_count = COUNT(roots),
    .door = &door,
    .door_ask = {.path = "/api/profile"                         },
    .limit = { 0, 0, "auth.failed_login_rate_limit, off by default"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .no_factory = no_factory,
};
