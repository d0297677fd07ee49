/* Nx Witness and its brands (Nx Meta, Hanwha Wave, DW Spectrum): everything on port 7001. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"
#include "vms/nx_door.h"

#define PORT 7001 /* HTTP, RTSP and all else at one port */

/*
 * Asked by everyone: github networkoptix/nx_open_integrations v4_api_spec.json ("Authorization is
 * not required"), networkoptix/nx_system_tests _mediaserver_v0.py and _v1.py.
 */
static const struct ask module = {.path = "/api/moduleInformation"};
static const struct ask server = {.path = "/rest/v4/servers/this/info"};
static const struct ask server_v1 = {.path = NX_INFO};
static const struct ask devices = {.path = "/rest/v1/devices"};
static const struct ask cameras = {.path = "/ec2/getCamerasEx"}; /* before 5.0 */

/* Behind the log-in; the second of each pair is that of versions before 5.0. */
static const struct ask settings = {.path = "/rest/v1/system/settings", .login = true};
static const struct ask settings_old = {.path = NX_OLD_SETTINGS, .login = true};
static const struct ask users = {.path = "/rest/v1/users", .login = true};
static const struct ask users_old = {.path = "/ec2/getUsers", .login = true};

static const struct device_sign signs[] = {
    {FACT_HTTP_SERVER, SIGN_CONTAINS, "(Digital Watchdog)",      90}, /* nndefaccts */
    {FACT_HTTP_SERVER, SIGN_CONTAINS, "(Network Optix)",         90},
    {FACT_HTTP_SERVER, SIGN_STARTS,   "Nx Witness/",             90}, /* setting serverHeader: $vmsName */
    {FACT_HTTP_SERVER, SIGN_STARTS,   "Nx MetaVMS/",             90},
    {FACT_HTTP_SERVER, SIGN_STARTS,   "Wisenet WAVE/",           90},
    {FACT_HTTP_SERVER, SIGN_STARTS,   "DW Spectrum/",            90},
    {FACT_HTTP_TITLE,  SIGN_EQUALS,   "Nx Witness",              85},
    {FACT_HTTP_TITLE,  SIGN_EQUALS,   "Nx Meta",                 85},
    {FACT_HTTP_TITLE,  SIGN_EQUALS,   "DW Spectrum",             85},
    {FACT_HTTP_TITLE,  SIGN_EQUALS,   "Wisenet WAVE",            85},
    {FACT_HTTP_BODY,   SIGN_CONTAINS, "nx-login-webadmin-modal", 85}, /* nx_system_tests web_admin */
    {FACT_RTSP_SERVER, SIGN_CONTAINS, "Network Optix",           85},
};

static const struct device_probe probes[] = {
    {{.path = "/api/moduleInformation", .port = PORT},     200, "\"customization\"", 91},
    {{.path = NX_INFO, .port = PORT},                      200, "\"customization\"", 91},
    {{.path = "/rest/v4/servers/this/info", .port = PORT}, 200, "\"customization\"", 91},
};

static const struct device_reading readings[] = {
    {FACT_VMS_VERSION,  &module,    "reply.version",       AS_TEXT, NULL},
    {FACT_VMS_VERSION,  &server,    "version",             AS_TEXT, NULL},
    {FACT_VMS_VERSION,  &server_v1, "version",             AS_TEXT, NULL},
    {FACT_DEVICE_NAME,  &module,    "reply.systemName",    AS_TEXT, NULL},
    {FACT_DEVICE_NAME,  &server,    "siteName",            AS_TEXT, NULL},
    {FACT_DEVICE_NAME,  &server_v1, "systemName",          AS_TEXT, NULL},
    {FACT_DEVICE_BRAND, &module,    "reply.customization", AS_TEXT, NULL},
    {FACT_DEVICE_BRAND, &server,    "customization",       AS_TEXT, NULL},
    {FACT_DEVICE_BRAND, &server_v1, "customization",       AS_TEXT, NULL},
};

static const struct ask *const asks[] = {
    &server, &server_v1, &module, &devices, &cameras, &settings, &settings_old, &users, &users_old};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/vms-factory-password",
     "Finish the set-up in the desktop client or the web page: it forces a password.",
     "Until then admin / admin is everyone's.",
     "GET /rest/v4/servers/this/info shows a localSiteId."},
    {"default-credentials/vms-not-set-up",
     "Open the server in the desktop client or at https://…:7001/ and choose \"Set up a new system\" "
         "(or merge it into the one that exists), with a password of at least 12 characters.",
     NULL,
     "GET /rest/v4/servers/this/info shows a localSiteId."},
    {"vms-exposure/vms-plain",
     "System Administration > Security: tick \"Force servers to accept only encrypted connections\" "
         "and \"Encrypt video traffic\".",
     "Old clients and integrations that use http:// or rtsp:// stop until they use TLS.",
     "system/settings shows trafficEncryptionForced and videoTrafficEncryptionForced true."},
    {"access-log/no-access-log",
     "System Administration > Security: tick \"Enable audit trail\".",
     "The server's database grows.",
     "system/settings shows auditTrailEnabled true; GET /rest/v4/servers/this/audit lists a view."},
    {"vendor-cloud/vms-cloud-on",
     "System Administration > Cloud: disconnect the system from the cloud.",
     "Cloud accounts lose their access; local users stay.",
     "GET /rest/v4/servers/this/info shows an empty cloudSiteId."},
    {"upnp/vms-upnp-on",
     "Set upnpPortMappingEnabled to false (PATCH /rest/v1/system/settings, or the web page's "
         "advanced settings).",
     NULL,
     "system/settings shows upnpPortMappingEnabled false."},
    {"vms-updates/advisory",
     "System Administration > Updates: install the newest release on every server.",
     "Servers restart one after the other.",
     "GET /rest/v4/servers/this/info shows the new version."},
};
/* clang-format on */

/* Brands: github networkoptix/nx_open customization/, ptr727/NxWitness README. */
static const struct brand {
    const char *name;
    const char *product;
    const char *cloud;
} brands[] = {
    {"default",         "Nx Witness",  "Nx Cloud"     },
    {"default_cn",      "Nx Witness",  "Nx Cloud"     },
    {"default_zh_CN",   "Nx Witness",  "Nx Cloud"     },
    {"metavms",         "Nx Meta",     "Nx Meta Cloud"},
    {"hanwha",          "Hanwha Wave", "WAVE Sync"    },
    {"digitalwatchdog", "DW Spectrum", "DW Cloud"     },
};

static const struct brand *
brand_of(const char *customization)
{
    for (size_t i = 0; i < COUNT(brands); i++) {
        if (text_equal_nocase(customization, brands[i].name)) {
            return &brands[i];
        }
    }
    return &brands[0];
}

/* A server that belongs to no site yet still has admin / admin (nx_system_tests; SF_NewSystem). */
static void
parse_setup(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    if (pick_text(answer,
            "~SF_NewSystem|\"local(?:System|Site)Id\"\\s*:\\s*(?:null|\"\"|\"\\{?0{8}-)",
            facts->arena, &text) == OK) {
        facts_set_bool(facts, FACT_VMS_SETUP, false, source);
    } else if (pick_text(answer, "~\"local(?:System|Site)Id\"\\s*:\\s*\"(\\{?[0-9a-fA-F]{8}-)",
                   facts->arena, &text) == OK) {
        facts_set_bool(facts, FACT_VMS_SETUP, true, source);
    }
}

/* Everyone is told whether the system is bound to the maker's cloud. */
static void
parse_cloud(const struct brand *brand, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *text = NULL;
    struct source config = *source;
    config.witness = WITNESS_CONFIG;
    if (pick_text(answer, "~\"cloud(?:System|Site)Id\"\\s*:\\s*\"[^\"]", facts->arena, &text) ==
        OK) {
        facts_set_bool(facts, FACT_CLOUD_ENABLED, true, &config);
    } else if (pick_text(answer, "~\"cloud(?:System|Site)Id\"\\s*:\\s*(?:\"\"|null)", facts->arena,
                   &text) == OK) {
        facts_set_bool(facts, FACT_CLOUD_ENABLED, false, &config);
    } else {
        return;
    }
    facts_set_text(facts, FACT_CLOUD_NAME, brand->cloud, &config);
}

static void
parse_info(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *text = NULL;
    const char *pick = text_equal(ask->path, module.path) ? "reply.customization" : "customization";
    if (pick_text(answer, pick, facts->arena, &text) != OK) {
        return;
    }
    const struct brand *brand = brand_of(text);
    facts_set_text(facts, FACT_VMS_PRODUCT, brand->product, source);
    vms_set_known(facts, FACT_VMS_LIMIT, true,
        "Nx Witness refuses further log-ins of an address after five to ten wrong ones, by version "
        "(Auth_LockedOut; its source, github networkoptix/nx_open)",
        source);
    /* That it speaks TLS too says nothing: the settings tell whether it speaks nothing else. */
    if (text_starts(vms_address(facts->arena, source), "http://")) {
        vms_set_transport(facts, source);
    }
    parse_setup(answer, facts, source);
    parse_cloud(brand, answer, facts, source);
}

/* One setting, in the flat form since 5.0 and in that of /api/systemSettings before. */
static bool
setting(const struct answer *answer, const char *name, struct facts *facts, bool *ret_yes)
{
    const char *text = NULL;
    const char *pick = arena_format(facts->arena, "~\"%s\"\\s*:\\s*\"?(true|false)\\b", name);
    return pick != NULL && pick_text(answer, pick, facts->arena, &text) == OK &&
           text_to_bool(text, ret_yes) == OK;
}

static void
parse_settings(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const struct {
        const char *name;
        enum fact_id fact;
    } rows[] = {
        {"auditTrailEnabled",             FACT_VMS_ACCESS_LOG},
        {"upnpPortMappingEnabled",        FACT_UPNP_ENABLED  },
        {"insecureDeprecatedAuthEnabled", FACT_AUTH_BASIC    },
    };
    bool pages = false;
    bool video = false;
    bool yes = false;
    struct source config = *source;
    config.witness = WITNESS_CONFIG;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (setting(answer, rows[i].name, facts, &yes)) {
            facts_set_bool(facts, rows[i].fact, yes, &config);
        }
    }
    /* Seconds since 5.1, minutes before; none or 0 is no limit (nx_open system_settings.h). */
    const char *limit = NULL;
    if (pick_text(answer, "~\"sessionLimit(?:S|Minutes)\"\\s*:\\s*\"?(\\d+|null)", facts->arena,
            &limit) == OK) {
        facts_set_bool(facts, FACT_VMS_SESSIONS,
            !text_equal(limit, "0") && !text_equal(limit, "null"), &config);
    }
    if (setting(answer, "trafficEncryptionForced", facts, &pages) &&
        setting(answer, "videoTrafficEncryptionForced", facts, &video)) {
        facts_set_bool(facts, FACT_VMS_TLS, pages && video, &config);
    }
}

/* isOwner until 5.1, isAdmin before 5.0; since 6.0 groups tell, whose ids are fixed. */
static const char *
level_of(const struct answer *answer, const char *element, struct arena *arena)
{
    static const struct {
        const char *key, *part, *level;
    } rows[] = {
        {"isOwner",     "true",                                 "owner"        },
        {"isAdmin",     "true",                                 "owner"        },
        {"permissions", "GlobalAdminPermission",                "administrator"},
        {"groupIds[0]", "00000000-0000-0000-0000-100000000000",
         "administrator"                                                       }, /* nx_open predefined groups */
        {"groupIds[0]", "00000000-0000-0000-0000-100000000001", "power user"   },
        {"type",        "cloud",                                "cloud account"},
        {"type",        "ldap",                                 "LDAP account" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = NULL;
        const char *path = arena_format(arena, "%s.%s", element, rows[i].key);
        if (path != NULL && pick_text(answer, path, arena, &text) == OK &&
            text_contains_nocase(text, rows[i].part)) {
            return rows[i].level;
        }
    }
    return NULL;
}

/* Its own refusal: a challenge of realm VMS or the word of its authenticator, never 401 alone. */
static bool
is_refusal(const struct answer *answer)
{
    char header[128];
    return answer->status == 401 &&
           (answer_header(answer, "x-auth-result", 0, header, sizeof(header)) ||
               text_find_nocase(answer->headers, answer->headers_len, "realm=\"VMS\"") != NULL ||
               text_find_nocase(answer->body, answer->body_len, "\"errorString\"") != NULL);
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    bool is_guarded = text_equal(ask->path, devices.path) || text_equal(ask->path, cameras.path);
    const char *text = NULL;
    if (is_guarded && is_refusal(answer)) {
        vms_set_asked(facts, source);
    } else if (answer->status != 200) {
        return;
    } else if (is_guarded) {
        if (pick_text(answer, "[0].id", facts->arena, &text) == OK &&
            pick_text(answer, "[0].typeId", facts->arena, &text) == OK) {
            vms_set_open(facts, ask, source);
        }
    } else if (text_equal(ask->path, settings.path) || text_equal(ask->path, settings_old.path)) {
        parse_settings(answer, facts, source);
    } else if (text_equal(ask->path, users.path) || text_equal(ask->path, users_old.path)) {
        vms_set_users(facts, answer, "", "name", level_of, source);
    } else {
        parse_info(ask, answer, facts, source);
    }
}

static void
warn(const struct answer *answer, struct device_warning *ret_warning)
{
    ret_warning->locked = nx_door_is_locked(answer);
}

static const char *
no_factory(const struct facts *facts)
{
    return facts_is_yes(facts, FACT_VMS_SETUP)
               ? "its set-up is finished, and that forces a password"
               : NULL;
}

const struct device_driver vms_nxwitness = {
    .name = "nxwitness",
    .title = "Nx Witness",
    .maker = "Network Optix",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "nxwitness",
    .kind = KIND_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &nx_door,
    .door_ask = {.path = NX_OLD_SETTINGS,                    .login = true                                                               },
    .leave_ask = { .method = "DELETE", .path = "/rest/v1/login/sessions/current",                                                                .login = true},
    .limit = { 5,                                        30, "nx_open authenticator LockoutOptions: 5 wrong tries, 30 seconds; 10 before"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .warn = warn,
    .no_factory = no_factory,
};
