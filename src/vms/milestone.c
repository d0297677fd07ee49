/* Milestone XProtect: management server, recorder, event and mobile server, each at its own port.
 */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"
#include "codec/version.h"

#include <string.h>

#define TLS_PORT   443
#define RECORDER   7563
#define EVENTS     22331
#define MOBILE     8081
#define MOBILE_TLS 8082

#define URIS     "/api/.well-known/uris"
#define IDENTITY "/IDP/.well-known/openid-configuration"
#define SERVICE  "/ManagementServer/ServerCommandService.svc?wsdl"
#define COMMANDS "/RecorderCommandService/RecorderCommandService.asmx?wsdl"
#define ALARMS   "/Central/AlarmServiceToken?wsdl"
#define TOKEN    "/IDP/connect/token"
#define REST     "/api/rest/v1/"

/* Milestone's "MIP VMS RESTful Config API": the two documents need no login; github
 * milestonesys/mipsdk-samples-protocol: the services' descriptions. */
static const struct ask uris = {.path = URIS};
static const struct ask identity = {.path = IDENTITY};
static const struct ask service = {.path = SERVICE};
static const struct ask recorder = {.path = COMMANDS, .port = RECORDER};
static const struct ask alarms = {.path = ALARMS, .port = EVENTS};
static const struct ask mobile = {.path = "/", .port = MOBILE};
static const struct ask mobile_tls = {.path = "/", .port = MOBILE_TLS};
static const struct ask sites = {.path = REST "sites"};

/* Any of them may be found first; the gateway is asked at its usual port too. */
static const struct ask uris_tls = {.path = URIS, .port = TLS_PORT};
static const struct ask sites_tls = {.path = REST "sites", .port = TLS_PORT};

/* Behind the log-in, which goes over TLS only. */
static const struct ask own_sites = {.path = REST "sites", .port = TLS_PORT, .login = true};
static const struct ask users = {.path = REST "basicUsers", .port = TLS_PORT, .login = true};

static const struct device_sign signs[] = {
    {FACT_TLS_SUBJECT, SIGN_CONTAINS, "XProtect", 60},
};

static const struct device_probe probes[] = {
    {{.path = URIS},                       200, "\"ProductVersion\"",        90},
    {{.path = IDENTITY, .port = TLS_PORT}, 200, "external_providers_uri",    88},
    {{.path = IDENTITY, .port = 80},       200, "external_providers_uri",    88},
    {{.path = SERVICE, .port = TLS_PORT},  200, "XProtectCSServerCommand",   88},
    {{.path = SERVICE, .port = 80},        200, "XProtectCSServerCommand",   88},
    {{.path = COMMANDS, .port = RECORDER}, 200, "XProtectCSRecorderCommand", 88},
    {{.path = ALARMS, .port = EVENTS},     200, "videoos.net/",              85},
};

#define XPROTECT "Milestone XProtect"

/* Fields of sites: a public list of tried requests (2025 R1); the rest as above. */
static const struct device_reading readings[] = {
    {FACT_VMS_PRODUCT, &uris,      "ProductVersion",             AS_CONSTANT, XPROTECT},
    {FACT_VMS_VERSION, &uris,      "ProductVersion",             AS_TEXT,     NULL    },
    {FACT_VMS_PRODUCT, &identity,  "external_providers_uri",     AS_CONSTANT, XPROTECT},
    {FACT_VMS_PRODUCT, &service,   "~XProtectCSServerCommand",   AS_CONSTANT, XPROTECT},
    {FACT_VMS_PRODUCT, &recorder,  "~XProtectCSRecorderCommand", AS_CONSTANT, XPROTECT},
    {FACT_VMS_PRODUCT, &alarms,    "~videoos\\.net/",            AS_CONSTANT, XPROTECT},
    {FACT_VMS_VERSION, &uris_tls,  "ProductVersion",             AS_TEXT,     NULL    },
    {FACT_VMS_VERSION, &own_sites, "array[0].version",           AS_TEXT,     NULL    },
    {FACT_DEVICE_NAME, &own_sites, "array[0].displayName",       AS_TEXT,     NULL    },
};

static const struct ask *const asks[] = {&uris, &identity, &service, &recorder, &alarms, &mobile,
    &mobile_tls, &sites, &uris_tls, &sites_tls, &own_sites, &users};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"access-log/no-access-log",
     "Management Client > Tools > Options > Server logs > Audit: tick \"Enable user access "
         "logging\".",
     "The log database grows.",
     "The audit log shows a line for a live view."},
    {"vms-exposure/vms-plain",
     "Server Configurator on every server: choose a certificate for the management server, the "
         "recording servers, the event server and the mobile server, as the certificates guide says.",
     "Clients and integrations must trust the certificate's issuer and use https://.",
     "GET /api/.well-known/uris shows an IdentityProvider that begins with https://."},
    {"vms-updates/advisory",
     "Install the newest release or its cumulative patch from milestonesys.com on every server.",
     "Recording pauses while a server restarts.",
     "GET /api/.well-known/uris shows the new ProductVersion."},
};
/* clang-format on */

/* Without a certificate the addresses that it gives out begin with http: (hardening guide). */
static void
parse_addresses(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    if (pick_text(answer, "~\"(?:IdentityProvider|token_endpoint)\"\\s*:\\s*\"http:", facts->arena,
            &text) == OK) {
        facts_set_bool(facts, FACT_VMS_TLS, false, source);
    }
}

/* The recorder's and the event server's ports carry video and alarms as they came. */
static void
parse_service(const struct ask *ask, struct facts *facts, const struct source *source)
{
    if (facts_get(facts, FACT_VMS_PRODUCT) != NULL && ask->port != 0) {
        vms_set_transport(facts, source);
    }
}

/* The mobile server's page: its own mark, on its own ports only. */
static void
parse_mobile(const struct answer *answer, struct facts *facts, const struct source *source)
{
    if (text_find_nocase(answer->body, answer->body_len, "XProtect") != NULL) {
        facts_set_text(facts, FACT_VMS_PRODUCT, XPROTECT, source);
        vms_set_transport(facts, source);
    }
}

/* Its own refusal: the bearer's challenge (RFC 6750), or in a site's own words a list. */
static void
parse_sites(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    char header[128];
    const char *text = NULL;
    if (answer->status == 401 &&
        answer_header(answer, "WWW-Authenticate", 0, header, sizeof(header)) &&
        text_starts_nocase(header, "Bearer")) {
        vms_set_asked(facts, source);
    } else if (answer->status == 200 && !ask->login &&
               pick_text(answer, "array[0].id", facts->arena, &text) == OK) {
        vms_set_open(facts, ask, source);
    }
}

static const char *
level_of(const struct answer *answer, const char *element, struct arena *arena)
{
    const char *text = NULL;
    const char *path = arena_format(arena, "%s.status", element);
    return path != NULL && pick_text(answer, path, arena, &text) == OK &&
                   text_contains_nocase(text, "lock")
               ? "basic user, locked out"
               : "basic user";
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (text_equal(ask->path, sites.path)) {
        parse_sites(ask, answer, facts, source);
    } else if (answer->status != 200) {
        return;
    } else if (text_equal(ask->path, users.path)) {
        vms_set_users(facts, answer, "array", "name", level_of, source);
    } else if (ask->port == MOBILE || ask->port == MOBILE_TLS) {
        parse_mobile(answer, facts, source);
    } else if (text_equal(ask->path, URIS) || text_equal(ask->path, IDENTITY)) {
        parse_addresses(answer, facts, source);
    } else {
        parse_service(ask, facts, source);
    }
}

/* The token of a basic user: grant_type password of Milestone's own client (their samples). */
static const char *
token_form(const struct login *login, struct arena *arena)
{
    struct buf body;
    buf_init(&body, 2048);
    buf_text(&body, "grant_type=password&client_id=GrantValidatorClient&username=");
    vms_add_encoded(&body, login->user);
    buf_text(&body, "&password=");
    vms_add_encoded(&body, secret_text(login->password));
    const char *text = buf_error(&body) == OK ? arena_copy(arena, body.data) : NULL;
    buf_release(&body);
    return text;
}

static enum login_state
judge(struct login *login, const struct answer *last, struct arena *arena)
{
    const char *text = NULL;
    const char *why = NULL;
    if (last->status == 200 && pick_text(last, "access_token", arena, &text) == OK) {
        bool fits =
            strpbrk(text, " \r\n\"") == NULL && text_copy(login->text, sizeof(login->text), text);
        return fits ? LOGIN_OPEN : LOGIN_UNCLEAR;
    }
    if (last->status != 400 || pick_text(last, "error", arena, &text) != OK) {
        return LOGIN_UNCLEAR;
    }
    bool is_lock = pick_text(last, "error_description", arena, &why) == OK &&
                   text_contains_nocase(why, "lock");
    return is_lock                                    ? LOGIN_LOCKED
           : text_equal_nocase(text, "invalid_grant") ? LOGIN_REFUSED
                                                      : LOGIN_UNCLEAR;
}

static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    const char *text = NULL;
    if (last == NULL) {
        *ret_request = (struct request){.ask = *ask};
        return LOGIN_SEND;
    }
    if (last->err != OK) {
        return LOGIN_UNCLEAR;
    }
    if (login->step != 1) {
        return judge(login, last, arena);
    }
    const char *form = token_form(login, arena);
    if (last->status != 200 || pick_text(last, "token_endpoint", arena, &text) != OK ||
        form == NULL) {
        return LOGIN_UNCLEAR;
    }
    *ret_request = (struct request){
        .ask = {.path = TOKEN,
                .body = form,
                .type = "application/x-www-form-urlencoded",
                .port = ask->port},
        .spends = true,
    };
    return LOGIN_SEND;
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
    .title = "XProtect basic user",
    .certain = true,
    .needs_tls = true,
    .step = step,
    .authorize = authorize,
};

static const char *
no_factory(const struct facts *facts)
{
    /* Essential and Express made one until 2017 R1; what tells no version may be as old. */
    const char *version = facts_text(facts, FACT_VMS_VERSION);
    return version != NULL && version_compare(version, "11.2") >= 0
               ? "XProtect has made no account with a known password since 2017 R2"
               : NULL;
}

const struct device_driver vms_milestone = {
    .name = "milestone",
    .title = "Milestone XProtect",
    .maker = "Milestone Systems",
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
    .door = &door,
    .door_ask = {.path = IDENTITY, .port = TLS_PORT                                                    },
    .limit = { 0,               0, "error 61 of the mobile server says locked; the number is a setting"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .no_factory = no_factory,
};
