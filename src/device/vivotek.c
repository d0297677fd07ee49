/* Vivotek cameras: getparam.cgi, key='value' lines, basic or digest login. */
#include "device/account.h"
#include "device/parts.h"
#include "device/switches.h"

#include "base/text.h"

#define PARAMETERS "/cgi-bin/admin/getparam.cgi?"
#define USER(n)    "security_user_i" n "_name&security_user_i" n "_privilege"
#define HTTP       "network_http_"
#define RTSP       "network_rtsp_"

static const struct ask info = {.path = PARAMETERS "system_info", .login = true};
static const struct ask stranger = {.path = PARAMETERS "system_info"};
static const struct ask anonymous = {.path = "/cgi-bin/anonymous/getparam.cgi?system_info"};
static const struct ask network = {
    .path = PARAMETERS "upnpportforwarding_enable&ddns_enable", .login = true};
static const struct ask modes = {
    .path = PARAMETERS HTTP "authmode&" HTTP "anonymousviewing&" RTSP "authmode&" RTSP
                            "anonymousviewing",
    .login = true,
};
static const struct ask services = {
    .path = PARAMETERS "https_enable&network_ftp_enable&snmp_v2&bonjour_enable&bonjour_enabled",
    .login = true,
};
static const struct ask clock_ask = {
    .path = PARAMETERS "system_ntp&system_updateinterval", .login = true};
/* One by one: the whole group would bring the passwords along. */
static const struct ask users = {
    .path = PARAMETERS USER("0") "&" USER("1") "&" USER("2") "&" USER("3") "&" USER("4") "&" USER(
        "5") "&" USER("6") "&" USER("7") "&" USER("8") "&" USER("9"),
    .login = true,
};

static const struct device_sign signs[] = {
    {FACT_HTTP_SERVER,   SIGN_CONTAINS, "Vivotek Network Camera",               95}, /* nmap-service-probes */
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "VIVOTEK Web Console",                  90}, /* nuclei */
    {FACT_HTTP_TITLE,    SIGN_STARTS,   "VIVOTEK",                              75},
    {FACT_HTTP_SERVER,   SIGN_EQUALS,   "Network Camera",                       45}, /* nmap; others use it too */
    {FACT_RTSP_SERVER,   SIGN_CONTAINS, "Vivotek RtspServer",                   85},
    {FACT_BANNER_FTP,    SIGN_CONTAINS, "Welcome to Network Camera FTP Server", 60}, /* nmap */
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Vivotek",                              80},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "vivotek",                              60}, /* the owner may change it */
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Vivotek",                              60}, /* IEEE */
};

/*
 * Firmware form "CC8160-VVTK-0100d": CVE records. Names: nmap http-vivotek-camera-info, VIVOTEK
 * URL Command Document for All Series (user manuals: system, security, network, snmp, https).
 */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,   &info,      "system_info_modelname",       AS_CONSTANT, "Vivotek"},
    {FACT_DEVICE_MODEL,    &info,      "system_info_modelname",       AS_TEXT,     NULL     },
    {FACT_DEVICE_SERIAL,   &info,      "system_info_serialnumber",    AS_TEXT,     NULL     },
    {FACT_DEVICE_FIRMWARE, &info,      "system_info_firmwareversion", AS_TEXT,     NULL     },
    {FACT_DEVICE_VENDOR,   &anonymous, "~-(VVTK)-",                   AS_CONSTANT, "Vivotek"},
    {FACT_DEVICE_MODEL,    &anonymous, "system_info_modelname",       AS_TEXT,     NULL     },
    {FACT_DEVICE_FIRMWARE, &anonymous, "system_info_firmwareversion", AS_TEXT,     NULL     },
    {FACT_UPNP_ENABLED,    &network,   "upnpportforwarding_enable",   AS_YES_NO,   NULL     },
    {FACT_DDNS_ENABLED,    &network,   "ddns_enable",                 AS_YES_NO,   NULL     },
    {FACT_TLS_ENABLED,     &services,  "https_enable",                AS_YES_NO,   NULL     },
    {FACT_SERVICE_FTP,     &services,  "network_ftp_enable",          AS_YES_NO,   NULL     },
    {FACT_SERVICE_SNMP,    &services,  "snmp_v2",                     AS_YES_NO,   NULL     },
    {FACT_SERVICE_BONJOUR, &services,  "bonjour_enable",              AS_YES_NO,   NULL     },
    {FACT_SERVICE_BONJOUR, &services,  "bonjour_enabled",             AS_YES_NO,   NULL     },
};

static const struct ask *const asks[] = {&stranger, &modes, &clock_ask, &users};

static const char *const streams[] = {
    "/live.sdp",
    "/live1s1.sdp",
};

static const char *const pictures[] = {
    "/cgi-bin/viewer/video.jpg",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/not-activated",
     "Configuration > Security > User account: set a long password for root.",
     "Until then anyone in the network is its administrator.",
     "getparam.cgi?system_info without a login answers 401."},
    {"default-credentials/anonymous-viewing",
     "Configuration > Network > Streaming protocols: clear anonymous viewing and set RTSP "
         "authentication to digest.",
     "Viewers that were set up without a password stop until they get one.",
     "getparam.cgi?network_rtsp_authmode shows digest."},
    {"upnp/device-upnp-on",
     "Configuration > Network > UPnP port forwarding: clear it; or "
         "setparam.cgi?upnpportforwarding_enable=0.",
     "Ports that it had opened at the router close.",
     "getparam.cgi?upnpportforwarding_enable shows 0."},
    {"vendor-cloud/ddns-on",
     "Configuration > Network > DDNS: clear it.",
     "A host name kept up to date by the device goes stale.",
     "getparam.cgi?ddns_enable shows 0."},
};
/* clang-format on */

/* An administrator's page that opens to a stranger: root has no password. */
static void
parse_stranger(const struct answer *answer, struct facts *facts, const struct source *source)
{
    if (parts_text(answer, "system_info_firmwareversion", facts->arena) != NULL) {
        facts_set_bool(facts, FACT_DEVICE_ACTIVATED, false, source);
    }
}

static void
parse_modes(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    const char *http = parts_text(answer, HTTP "authmode", facts->arena);
    const char *rtsp = parts_text(answer, RTSP "authmode", facts->arena);
    bool open = false;
    if (http != NULL || rtsp != NULL) {
        facts_set_text(facts, FACT_AUTH_MODES,
            arena_format(facts->arena, "%s%s%s%s%s", http == NULL ? "" : "HTTP ",
                http == NULL ? "" : http, http == NULL || rtsp == NULL ? "" : ", ",
                rtsp == NULL ? "" : "RTSP ", rtsp == NULL ? "" : rtsp),
            &config);
        facts_set_bool(facts, FACT_AUTH_BASIC,
            text_equal_nocase(http, "basic") || text_equal_nocase(rtsp, "basic"), &config);
    }
    if (rtsp != NULL) {
        parts_either(facts, FACT_USERS_ANONYMOUS, text_starts_nocase(rtsp, "disable"), &config);
    }
    if (parts_bool(answer, HTTP "anonymousviewing", facts->arena, &open)) {
        parts_either(facts, FACT_USERS_ANONYMOUS, open, &config);
    }
    if (parts_bool(answer, RTSP "anonymousviewing", facts->arena, &open)) {
        parts_either(facts, FACT_USERS_ANONYMOUS, open, &config);
    }
}

/* An interval of 0 asks no time server. */
static void
parse_clock(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *interval = parts_text(answer, "system_updateinterval", facts->arena);
    if (interval != NULL) {
        parts_ntp(!text_equal(interval, "0"), parts_text(answer, "system_ntp", facts->arena), facts,
            source);
    }
}

static void
parse_users(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct parts_users found = {.count = 0};
    for (unsigned i = 0; i < 10; i++) {
        const char *name = arena_format(facts->arena, "security_user_i%u_name", i);
        const char *level = arena_format(facts->arena, "security_user_i%u_privilege", i);
        if (name != NULL && level != NULL) {
            parts_users_add(&found, parts_text(answer, name, facts->arena),
                parts_text(answer, level, facts->arena));
        }
    }
    parts_users_write(&found, facts, source);
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    static const struct {
        const struct ask *ask;
        void (*parse)(const struct answer *, struct facts *, const struct source *);
    } rows[] = {
        {&stranger,  parse_stranger},
        {&modes,     parse_modes   },
        {&clock_ask, parse_clock   },
        {&users,     parse_users   },
    };
    for (size_t i = 0; answer->status == 200 && i < COUNT(rows); i++) {
        if (text_equal(ask->path, rows[i].ask->path) && ask->login == rows[i].ask->login) {
            rows[i].parse(answer, facts, source);
        }
    }
}

static const char *
no_factory(const struct facts *facts)
{
    return facts_is_no(facts, FACT_DEVICE_ACTIVATED)
               ? "root has no password: its administrator's pages open to everyone"
               : NULL;
}

static const struct device_account *const accounts[] = {&account_vivotek, &account_onvif};

/* clang-format off */
const struct device_driver device_vivotek = {
    .name = "vivotek",
    .title = "Vivotek getparam",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "vivotek",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &device_door_http,
    .door_ask = {.path = PARAMETERS "system_info", .login = true},
    .limit = {0, 0, "no published number"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .accounts = accounts,
    .account_count = COUNT(accounts),
    .switches = switch_vivotek,
    .switch_count = COUNT(switch_vivotek),
    .parse = parse,
    .warn = parts_warn,
    .no_factory = no_factory,
};
/* clang-format on */
