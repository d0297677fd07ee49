/* Dahua cameras and recorders and their OEM brands: CGI with key=value answers, digest login. */
#include "device/account.h"
#include "device/parts.h"
#include "device/switches.h"
#include "device/take.h"

#include "base/clock.h"
#include "base/text.h"
#include "codec/httpauth.h"
#include "codec/pick.h"

#include <stdio.h>
#include <string.h>

#define WIZARD_BUILD                                                                               \
    "2018-06-01" /* initialisation wizard instead of a default, about 2017/18 on                   \
                  */
#define REALM "Login to "

#define USERS_MOST  32U
#define ZONES       ((int64_t)15 * 3600) /* no zone is farther from UTC */
#define LOCKED_CODE "268632081"          /* public RPC2 clients: user has been locked */

/* Types that are none: a class number, or the kind of device (github rroller/dahua, issue 9). */
#define NO_MODEL "\\d+\\s*$|IP ?Camera\\s*$|[NDX]VR\\s*$|\\s*$"

#define MAGIC  "/cgi-bin/magicBox.cgi?action="
#define CONFIG "/cgi-bin/configManager.cgi?action=getConfig&name="

static const struct ask software = {.path = MAGIC "getSoftwareVersion", .login = true};
static const struct ask type = {.path = MAGIC "getDeviceType", .login = true};
static const struct ask class = {.path = MAGIC "getDeviceClass", .login = true};
static const struct ask info = {.path = MAGIC "getSystemInfo", .login = true};
static const struct ask name = {.path = MAGIC "getMachineName", .login = true};
static const struct ask vendor = {.path = MAGIC "getVendor", .login = true};
static const struct ask p2p = {.path = CONFIG "T2UServer", .login = true};
static const struct ask upnp = {.path = CONFIG "UPnP", .login = true};
static const struct ask ddns = {.path = CONFIG "DDNS", .login = true};
static const struct ask general = {.path = CONFIG "General", .login = true};
static const struct ask ntp = {.path = CONFIG "NTP", .login = true};
static const struct ask global = {.path = CONFIG "UserGlobal", .login = true};
static const struct ask paas = {.path = CONFIG "VSP_PaaS", .login = true};
static const struct ask dvrip = {.path = CONFIG "DVRIP", .login = true};
static const struct ask users = {
    .path = "/cgi-bin/userManager.cgi?action=getUserInfoAll", .login = true};
static const struct ask now = {.path = "/cgi-bin/global.cgi?action=getCurrentTime", .login = true};
/* Many models answer these with "Authority:check failure", so they come last. */
static const struct ask https = {.path = CONFIG "Https", .login = true};
static const struct ask telnet = {.path = CONFIG "Telnet", .login = true};
static const struct ask sshd = {.path = CONFIG "SSHD", .login = true};
static const struct ask snmp = {.path = CONFIG "SNMP", .login = true};
static const struct ask bonjour = {.path = CONFIG "Bonjour", .login = true};

static const struct device_sign signs[] = {
    {FACT_DHIP_SEEN,     SIGN_YES,      NULL,                               90}, /* answers 37810/udp */
    {FACT_HTTP_REALM,    SIGN_STARTS,   REALM,                              80}, /* Recog http_wwwauth.xml */
    {FACT_RTSP_REALM,    SIGN_STARTS,   REALM,                              80},
    {FACT_RTSP_SERVER,   SIGN_CONTAINS, "Dahua Rtsp Server",                95}, /* Recog rtsp_servers.xml */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "jsCore/rpcCore.js",                85}, /* nndefaccts */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "js/loginEx.js",                    75}, /* nndefaccts */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "jsBase/widget/js/dui.tab.js",      85}, /* nndefaccts */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "LOREX_webplugin",                  85}, /* nuclei */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "LDAPUser",                         50}, /* nuclei: Amcrest */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "download_plugins",                 50}, /* nndefaccts */
    {FACT_HTTP_TITLE,    SIGN_EQUALS,   "WEB SERVICE",                      60}, /* nndefaccts */
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "bd9e17c46bbbc18af2a2bd718dddad0e", 85}, /* Ingram rules */
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "605f51b413980667766a9aff2e53b9ed", 85}, /* Ingram rules */
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "b39f249362a2e4ab62be4ddbc9125f53", 85}, /* Ingram rules */
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Dahua",                            80},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "dahua",                            60}, /* the owner may change it */
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "amcrest",                          60},
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Zhejiang Dahua",                   55}, /* IEEE */
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Hangzhou Huacheng",                50}, /* IEEE: Imou */
    {FACT_MAC_VENDOR,    SIGN_CONTAINS, "Amcrest",                          50}, /* IEEE */
    {FACT_MAC_VENDOR,    SIGN_CONTAINS, "Lorex",                            50}, /* IEEE */
};

static const struct device_probe probes[] = {
    {{.path = MAGIC "getSoftwareVersion"}, 401, "realm=\"" REALM, 85},
};

/* Keys: github rroller/dahua client.py. */
/* clang-format off */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR, &software, "version", AS_CONSTANT, "Dahua"},
    {FACT_DEVICE_FIRMWARE, &software, "version", AS_TEXT, NULL},
    {FACT_DEVICE_BUILD, &software, "version", AS_DATE, NULL},
    {FACT_DEVICE_BUILD, &software, "BuildDate", AS_DATE, NULL}, /* github python-amcrest 168 */
    {FACT_DEVICE_MODEL, &type, "~(?i)^type=(?!" NO_MODEL ")(.+?)\\s*$", AS_TEXT, NULL},
    {FACT_DEVICE_SERIAL, &info, "serialNumber", AS_TEXT, NULL},
    {FACT_DEVICE_HARDWARE, &info, "hardwareVersion", AS_TEXT, NULL},
    {FACT_DEVICE_MODEL, &info, "~(?i)^deviceType=(?!" NO_MODEL ")(.+?)\\s*$", AS_TEXT, NULL},
    {FACT_DEVICE_MODEL, &info, "updateSerial", AS_TEXT, NULL},
    {FACT_DEVICE_NAME, &name, "name", AS_TEXT, NULL},
    {FACT_DEVICE_BRAND, &vendor,
     "~(?i)^vendor=(?!General|Dahua|Private|OEM)(.+?)\\s*$",
     AS_TEXT, NULL},
    {FACT_DEVICE_KIND, &class, "~(?i)^class=IP", AS_CONSTANT, "camera"},
    {FACT_DEVICE_KIND, &class, "~(?i)^class=(?:SD|TPC)", AS_CONSTANT, "camera"},
    {FACT_DEVICE_KIND, &class, "~(?i)^class=\\w*(?:NVR|DVR|XVR|HCVR|NVS)", AS_CONSTANT, "recorder"},
    {FACT_DEVICE_KIND, &class, "~(?i)^class=V[TD]", AS_CONSTANT, "door station"},
    {FACT_CLOUD_ENABLED, &p2p, "table.T2UServer.Enable", AS_YES_NO, NULL},
    {FACT_CLOUD_ENABLED, &p2p, "table.T2UServer[0].Enable", AS_YES_NO, NULL},
    {FACT_CLOUD_NAME, &p2p, "~T2UServer", AS_CONSTANT, "Dahua P2P"},
    {FACT_UPNP_ENABLED, &upnp, "table.UPnP.Enable", AS_YES_NO, NULL},
    {FACT_LOCKOUT_ENABLED, &general, "table.General.LockLoginEnable", AS_YES_NO, NULL},
    {FACT_LOCKOUT_TRIES, &general, "table.General.LockLoginTimes", AS_NUMBER, NULL},
    {FACT_LOCKOUT_SECONDS, &general, "table.General.LoginFailLockTime", AS_NUMBER, NULL},
    {FACT_CLOCK_SYNCED, &ntp, "table.NTP.Enable", AS_YES_NO, NULL},
    {FACT_CLOCK_NTP, &ntp, "table.NTP.Address", AS_TEXT, NULL},
    {FACT_TLS_ENABLED, &https, "table.Https.Enable", AS_YES_NO, NULL},
    {FACT_TLS_ENABLED, &https, "table.HTTPS.Enable", AS_YES_NO, NULL},
    {FACT_SERVICE_TELNET, &telnet, "table.Telnet.Enable", AS_YES_NO, NULL},
    {FACT_SERVICE_SSH, &sshd, "table.SSHD.Enable", AS_YES_NO, NULL},
    {FACT_SERVICE_BONJOUR, &bonjour, "table.Bonjour.Enable", AS_YES_NO, NULL},
    /* The same over RPC2, in JSON (public Go, Rust and TypeScript clients of it). */
    {FACT_DEVICE_VENDOR, &software, "params.version.Version", AS_CONSTANT, "Dahua"},
    {FACT_DEVICE_FIRMWARE, &software, "params.version.Version", AS_TEXT, NULL},
    {FACT_DEVICE_BUILD, &software, "params.version.BuildDate", AS_DATE, NULL},
    {FACT_DEVICE_MODEL, &type, "params.type", AS_TEXT, NULL},
    {FACT_DEVICE_SERIAL, &info, "params.serialNumber", AS_TEXT, NULL},
    {FACT_DEVICE_NAME, &name, "params.name", AS_TEXT, NULL},
    {FACT_DEVICE_BRAND, &vendor, "~\"Vendor\"\\s*:\\s*\"(?!General|Dahua|Private|OEM)([^\"]+)\"", AS_TEXT, NULL},
    {FACT_CLOUD_ENABLED, &p2p, "params.table.Enable", AS_YES_NO, NULL},
    {FACT_CLOUD_ENABLED, &p2p, "params.table[0].Enable", AS_YES_NO, NULL},
    {FACT_CLOUD_NAME, &p2p, "params.table.Enable", AS_CONSTANT, "Dahua P2P"},
    {FACT_CLOUD_NAME, &p2p, "params.table[0].Enable", AS_CONSTANT, "Dahua P2P"},
    {FACT_UPNP_ENABLED, &upnp, "params.table.Enable", AS_YES_NO, NULL},
    {FACT_LOCKOUT_ENABLED, &general, "params.table.LockLoginEnable", AS_YES_NO, NULL},
    {FACT_LOCKOUT_TRIES, &general, "params.table.LockLoginTimes", AS_NUMBER, NULL},
    {FACT_LOCKOUT_SECONDS, &general, "params.table.LoginFailLockTime", AS_NUMBER, NULL},
    {FACT_CLOCK_SYNCED, &ntp, "params.table.Enable", AS_YES_NO, NULL},
    {FACT_CLOCK_NTP, &ntp, "params.table.Address", AS_TEXT, NULL},
    {FACT_TLS_ENABLED, &https, "params.table.Enable", AS_YES_NO, NULL},
    {FACT_SERVICE_TELNET, &telnet, "params.table.Enable", AS_YES_NO, NULL},
    {FACT_SERVICE_SSH, &sshd, "params.table.Enable", AS_YES_NO, NULL},
    {FACT_SERVICE_BONJOUR, &bonjour, "params.table.Enable", AS_YES_NO, NULL},
};
/* clang-format on */

/* What matters most comes first: some devices shut after a few refusals. */
static const struct ask *const asks[] = {&software, &type, &class, &info, &vendor, &p2p, &upnp,
    &ddns, &general, &users, &now, &ntp, &global, &paas, &dvrip, &snmp};

static const char *const streams[] = {
    "/cam/realmonitor?channel=1&subtype=0",
    "/live",
};

static const char *const pictures[] = {
    "/cgi-bin/snapshot.cgi",
    "/cgi-bin/snapshot.cgi?channel=1",
    "/onvifsnapshot/media_service/snapshot?channel=1&subtype=0",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "Setting > System > Account: modify admin and set a long password of its own; remove "
         "888888 and 666666 where they exist.",
     "The recorder or VMS that shows it needs the new password too; the ONVIF user list is "
         "separate.",
     "GET /cgi-bin/magicBox.cgi?action=getDeviceType with the old password answers 401."},
    {"default-credentials/not-activated",
     "Open its web page or ConfigTool and finish the initialisation with a long password.",
     "Until then anyone in the network can set the first password.",
     "The discovery answer shows it as initialised."},
    {"default-credentials/rtsp-open",
     "Setting > System > Safety > System Service: switch on RTSP authentication (digest).",
     "Viewers that were set up without a password stop until they get one.",
     "RTSP DESCRIBE of /cam/realmonitor?channel=1&subtype=0 without a login answers 401."},
    {"default-credentials/snapshot-open",
     "Setting > System > Account: switch off anonymous login.",
     NULL,
     "GET /cgi-bin/snapshot.cgi without a login answers 401."},
    {"vendor-cloud/cloud-on",
     "Setting > Network > P2P (or TCP/IP > Easy4ip): clear Enable; or GET "
         "/cgi-bin/configManager.cgi?action=setConfig&T2UServer.Enable=false.",
     "The DMSS or Easy4ip app no longer reaches it from outside.",
     "getConfig&name=T2UServer shows Enable=false."},
    {"vendor-cloud/ddns-on",
     "Setting > Network > DDNS: clear Enable; or setConfig&DDNS[0].Enable=false.",
     "A host name kept up to date by the device goes stale.",
     "getConfig&name=DDNS shows Enable=false in every row."},
    {"upnp/device-upnp-on",
     "Setting > Network > UPnP: clear Enable; or setConfig&UPnP.Enable=false.",
     "Ports that it had opened at the router close.",
     "getConfig&name=UPnP shows Enable=false."},
    {"camera-firmware/advisory",
     "Download the firmware for exactly this model from dahuasecurity.com (or the brand on "
         "the label), then Setting > System > Upgrade.",
     "The device restarts; check afterwards that P2P and UPnP stayed off.",
     "getSoftwareVersion shows the new build date."},
};
/* clang-format on */

/* The realm ends in the serial number, so the refusal alone names the device. */
static void
parse_realm(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct httpauth_challenge challenge;
    if (httpauth_challenge(answer, &challenge) == OK && text_starts(challenge.realm, REALM) &&
        challenge.realm[strlen(REALM)] != '\0') {
        facts_set_text(facts, FACT_DEVICE_SERIAL, challenge.realm + strlen(REALM), source);
    }
}

/* One provider switched on is enough; all rows say false when it is off. */
static void
parse_ddns(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    const struct source config = take_config(source);
    static const char on[] = "~(?i)(?:DDNS\\[\\d+\\]\\.|\")Enable\"?\\s*[=:]\\s*true";
    static const char off[] = "~(?i)(?:DDNS\\[\\d+\\]\\.|\")Enable\"?\\s*[=:]\\s*false";
    if (take_text(answer, on, facts, &text)) {
        facts_set_bool(facts, FACT_DDNS_ENABLED, true, &config);
    } else if (take_text(answer, off, facts, &text)) {
        facts_set_bool(facts, FACT_DDNS_ENABLED, false, &config);
    }
}

/* users[0].Name=admin, users[0].Group=admin; over RPC2 the same names in params.users. */
static void
parse_users(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const roots[] = {"users", "params.users"};
    struct parts_users list = {.len = 0};
    char pick[64];
    for (unsigned i = 0; i < 2 * USERS_MOST; i++) {
        const char *user = NULL;
        const char *group = NULL;
        const char *root = roots[i / USERS_MOST];
        (void)snprintf(pick, sizeof(pick), "%s[%u].Name", root, i % USERS_MOST);
        if (take_text(answer, pick, facts, &user)) {
            (void)snprintf(pick, sizeof(pick), "%s[%u].Group", root, i % USERS_MOST);
            parts_users_add(&list, user, take_text(answer, pick, facts, &group) ? group : NULL);
        }
    }
    parts_users_write(&list, facts, source);
}

/* Local time without a zone: only what no zone explains is an error of the clock. */
static void
parse_now(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    int64_t wall = 0;
    bool found =
        take_text(answer, "result", facts, &text) || take_text(answer, "params.time", facts, &text);
    if (!found || answer->at == 0 || clock_parse(text, &wall) != OK) {
        return;
    }
    int64_t offset = (wall - answer->at) / 1000;
    if (offset > ZONES || offset < -ZONES) {
        facts_set_int(facts, FACT_CLOCK_OFFSET, offset, source);
    }
}

/* UserGlobal.OnvifLoginCheck=false: ONVIF asks nobody for a password (Amcrest HTTP API). */
static void
parse_global(const struct answer *answer, struct facts *facts, const struct source *source)
{
    bool checked = false;
    const struct source config = take_config(source);
    if (take_bool(answer, "table.UserGlobal.OnvifLoginCheck", facts, &checked) ||
        take_bool(answer, "params.table.OnvifLoginCheck", facts, &checked)) {
        facts_set_bool(facts, FACT_LOGIN_ONVIF_OPEN, !checked, &config);
    }
}

/* The cloud of Imou and its partners beside P2P: either one is a way in from outside. */
static void
parse_paas(const struct answer *answer, struct facts *facts, const struct source *source)
{
    bool on = false;
    const struct source config = take_config(source);
    if ((take_bool(answer, "table.VSP_PaaS.Enable", facts, &on) ||
            take_bool(answer, "params.table.Enable", facts, &on)) &&
        on) {
        facts_set_bool(facts, FACT_CLOUD_ENABLED, true, &config);
        facts_set_text(facts, FACT_CLOUD_NAME, "Dahua PaaS cloud", &config);
    }
}

/* Active registration: the device calls a server and lets it in. */
static void
parse_register(const struct answer *answer, struct facts *facts, const struct source *source)
{
    bool on = false;
    const char *where = NULL;
    const struct source config = take_config(source);
    if ((!take_bool(answer, "table.DVRIP.RegisterServer.Enable", facts, &on) &&
            !take_bool(answer, "params.table.RegisterServer.Enable", facts, &on)) ||
        !on) {
        return;
    }
    if (!take_text(answer, "table.DVRIP.RegisterServer.Servers[0].Address", facts, &where) &&
        !take_text(answer, "params.table.RegisterServer.Servers[0].Address", facts, &where)) {
        where = NULL;
    }
    facts_set_text(facts, FACT_SERVICE_PLATFORM,
        arena_format(facts->arena, "auto register%s%.128s", where == NULL ? "" : " at ",
            where == NULL ? "" : where),
        &config);
}

/* SNMP.Enable is the whole service; where the versions are told, only 1 and 2c count. */
static void
parse_snmp(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const roots[] = {"table.SNMP.", "params.table."};
    const struct source config = take_config(source);
    char pick[64];
    for (size_t i = 0; i < COUNT(roots); i++) {
        bool on = false;
        bool v1 = false;
        bool v2 = false;
        (void)snprintf(pick, sizeof(pick), "%sEnable", roots[i]);
        if (!take_bool(answer, pick, facts, &on)) {
            continue;
        }
        (void)snprintf(pick, sizeof(pick), "%sV1Enable", roots[i]);
        bool told = take_bool(answer, pick, facts, &v1);
        (void)snprintf(pick, sizeof(pick), "%sV2Enable", roots[i]);
        told = take_bool(answer, pick, facts, &v2) || told;
        facts_set_bool(facts, FACT_SERVICE_SNMP, on && (!told || v1 || v2), &config);
        return;
    }
}

static const struct device_parser parsers[] = {
    {&ddns,   parse_ddns    },
    {&users,  parse_users   },
    {&now,    parse_now     },
    {&global, parse_global  },
    {&paas,   parse_paas    },
    {&dvrip,  parse_register},
    {&snmp,   parse_snmp    },
};

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    (void)ask;
    if (answer->status == 401) {
        parse_realm(answer, facts, source);
    }
}

/* RPC2's remainLoginTimes and remainLockSecond; the words of the CGI otherwise. */
static void
warn(const struct answer *answer, struct device_warning *ret_warning)
{
    struct arena arena;
    const char *text = NULL;
    uint64_t number = 0;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    parts_warn(answer, ret_warning);
    if (pick_text(answer, "params.remainLoginTimes", &arena, &text) == OK &&
        text_to_u64(text, 1000, &number) == OK) {
        ret_warning->left = (int)number;
    }
    if (pick_text(answer, "params.remainLockSecond", &arena, &text) == OK &&
        text_to_u64(text, UINT32_MAX, &number) == OK) {
        ret_warning->seconds = (unsigned)number;
        ret_warning->locked = ret_warning->locked || number != 0;
    }
    if (pick_text(answer, "error.code", &arena, &text) == OK && text_equal(text, LOCKED_CODE)) {
        ret_warning->locked = true;
    }
    if (pick_text(answer, "~(?i)after (\\d{1,4}) minutes", &arena, &text) == OK &&
        text_to_u64(text, 1440, &number) == OK && ret_warning->seconds == 0) {
        ret_warning->seconds = (unsigned)number * 60;
    }
    arena_release(&arena);
}

static const char *
no_factory(const struct facts *facts)
{
    const char *build = facts_text(facts, FACT_DEVICE_BUILD);
    if (facts_is_no(facts, FACT_DEVICE_ACTIVATED)) {
        return "not initialised yet: it has no password at all";
    }
    return build != NULL && strcmp(build, WIZARD_BUILD) >= 0
               ? "its firmware has no factory password: the owner must set one (initialisation)"
               : NULL;
}

static const struct device_account *const accounts[] = {&account_dahua, &account_onvif_own};

/* clang-format off */
/* Dahua HTTP API for IPC/SD, 4.12.1 Upload firmware: a form with the file; it restarts itself. */
static const struct device_firmware firmware = {
    .title = "upgrader.cgi uploadFirmware",
    .upload = {.method = "POST",
        .path = "/cgi-bin/upgrader.cgi?action=uploadFirmware",
        .login = true},
    .field = "firmware",
    .success = "OK",
    .minutes = 15,
    .source = "Dahua HTTP API, upgrader.cgi?action=uploadFirmware",
};

const struct device_driver device_dahua = {
    .name = "dahua",
    .title = "Dahua HTTP API",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "dahua",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &device_door_rpc2,
    .door_ask = {.path = MAGIC "getSoftwareVersion", .login = true},
    .leave_ask = {.path = "/RPC2", .body = "{\"method\":\"global.logout\"}", .login = true},
    .limit = {5, 1800, "configuration General.LockLoginTimes, LoginFailLockTime: usual values"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .accounts = accounts,
    .account_count = COUNT(accounts),
    .switches = switch_dahua,
    .switch_count = COUNT(switch_dahua),
    .firmware = &firmware,
    .parse = parse,
    .parsers = parsers,
    .parser_count = COUNT(parsers),
    .warn = warn,
    .no_factory = no_factory,
};
/* clang-format on */
