/* Hikvision cameras and recorders and their OEM brands: ISAPI, XML over HTTP with digest login. */
#include "device/account.h"
#include "device/parts.h"
#include "device/switches.h"
#include "device/take.h"

#include "base/text.h"
#include "codec/pick.h"
#include "codec/version.h"

#include <string.h>

#define ACTIVATION_FIRMWARE "5.3.0" /* HiWatch and Hikvision manuals: activation since V5.3.0 */
#define USERS_MOST          40
#define ROWS_MOST           16
#define LOOKED_AT           ((size_t)16 * 1024)
#define ACTIVATION_BUILD    "2015-06-01" /* recorders number their firmware differently */

/* Paths and fields: hikvision_next fixtures, the maker's own web page, public notes of devices. */
#define NETWORK  "/ISAPI/System/Network/"
#define SECURITY "/ISAPI/Security/"

static const struct ask info = {.path = "/ISAPI/System/deviceInfo", .login = true};
static const struct ask cloud = {.path = NETWORK "EZVIZ", .login = true};
static const struct ask upnp = {.path = NETWORK "UPnP", .login = true};
static const struct ask ddns = {.path = NETWORK "ddns", .login = true};
static const struct ask clock_ask = {.path = "/ISAPI/System/time", .login = true};
static const struct ask ntp = {.path = "/ISAPI/System/time/ntpServers", .login = true};
static const struct ask users = {.path = SECURITY "users", .login = true};
static const struct ask lock = {.path = SECURITY "illegalLoginLock", .login = true};
static const struct ask ports = {.path = SECURITY "adminAccesses", .login = true};
static const struct ask web_auth = {.path = SECURITY "webCertificate", .login = true};
static const struct ask rtsp_auth = {.path = SECURITY "RTSPCertificate", .login = true};
static const struct ask stream = {.path = "/ISAPI/Streaming/channels/101", .login = true};
static const struct ask telnet = {.path = NETWORK "telnetd", .login = true};
static const struct ask ssh = {.path = NETWORK "ssh", .login = true};
static const struct ask snmp = {.path = NETWORK "SNMP", .login = true};
static const struct ask bonjour = {.path = NETWORK "Bonjour", .login = true};
static const struct ask ehome = {.path = NETWORK "Ehome", .login = true};
static const struct ask sip = {.path = NETWORK "SIP", .login = true};
static const struct ask activate = {.path = "/ISAPI/System/activateStatus"};
static const struct ask activate_sdk = {.path = "/SDK/activateStatus"};
/* Without a log-in it tells the mood of the lock, and spends no try. */
static const struct ask check = {.path = SECURITY "userCheck"};

static const struct device_sign signs[] = {
    {FACT_SADP_SEEN,     SIGN_YES,      NULL,                               90}, /* answers 37020/udp */
    {FACT_HTTP_SERVER,   SIGN_CONTAINS, "Hikvision-Webs",                   95}, /* Recog http_servers.xml */
    {FACT_HTTP_SERVER,   SIGN_CONTAINS, "DNVRS-Webs",                       90}, /* Recog http_servers.xml */
    {FACT_HTTP_SERVER,   SIGN_CONTAINS, "DVRDVS-Webs",                      90}, /* Recog http_servers.xml */
    {FACT_HTTP_SERVER,   SIGN_STARTS,   "App-webs",                         85}, /* Ingram rules */
    {FACT_HTTP_SERVER,   SIGN_EQUALS,   "Webs",                             40},
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "doc/page/login.asp",               85}, /* nndefaccts */
    {FACT_HTTP_LOCATION, SIGN_CONTAINS, "doc/page/login.asp",               85}, /* nndefaccts */
    {FACT_HTTP_COOKIE,   SIGN_CONTAINS, "_goaheadwebSessionId",             60}, /* Ingram rules */
    {FACT_HTTP_REALM,    SIGN_CONTAINS, "hikvision",                        90}, /* Recog http_wwwauth.xml */
    {FACT_HTTP_REALM,    SIGN_EQUALS,   "DVRNVRDVS",                        85},
    {FACT_RTSP_REALM,    SIGN_CONTAINS, "hikvision",                        85},
    {FACT_RTSP_REALM,    SIGN_STARTS,   "IP Camera(",                       70}, /* github google/ExoPlayer 9800 */
    {FACT_TLS_SUBJECT,   SIGN_CONTAINS, "www.hikvision.com",                90}, /* Recog x509_subjects.xml */
    {FACT_BANNER_TELNET, SIGN_CONTAINS, "192.0.0.64 login",                 80}, /* Recog telnet_banners.xml */
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "89b932fcc47cf4ca3faadb0cfdef89cf", 85}, /* Recog */
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "efca7d9aeaad122133c65cdf628ac574", 85}, /* Recog */
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Hikvision",                        80},
    {FACT_DEVICE_MODEL,  SIGN_STARTS,   "DS-2",                             75},
    {FACT_DEVICE_MODEL,  SIGN_STARTS,   "DS-7",                             70},
    {FACT_DEVICE_MODEL,  SIGN_STARTS,   "DS-K",                             70},
    {FACT_HTTP_SERVER,   SIGN_STARTS,   "Interlogix-Webs",                  90}, /* nndefaccts */
    {FACT_HTTP_SERVER,   SIGN_EQUALS,   "MWS 0.01",                         60}, /* Recog: Annke */
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "hikvision",                        60}, /* the owner may change it */
    {FACT_MAC_VENDOR,    SIGN_CONTAINS, "Hikvision",                        55}, /* IEEE */
    {FACT_MAC_VENDOR,    SIGN_CONTAINS, "Ezviz",                            55}, /* IEEE */
};

static const struct device_probe probes[] = {
    {{.path = "/ISAPI/System/activateStatus"}, 200, "<Activated>", 90},
    {{.path = "/ISAPI/System/deviceInfo"},     401, "<userCheck",  75},
};

/* Fields: 15 devices of the hikvision_next fixtures. */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,    &info,         "model",                    AS_CONSTANT, "Hikvision"  },
    {FACT_DEVICE_MODEL,     &info,         "DeviceInfo/model",         AS_TEXT,     NULL         },
    {FACT_DEVICE_NAME,      &info,         "DeviceInfo/deviceName",    AS_TEXT,     NULL         },
    {FACT_DEVICE_SERIAL,    &info,         "serialNumber",             AS_TEXT,     NULL         },
    {FACT_DEVICE_HARDWARE,  &info,         "hardwareVersion",          AS_TEXT,     NULL         },
    {FACT_DEVICE_FIRMWARE,  &info,         "firmwareVersion",          AS_TEXT,     NULL         },
    {FACT_DEVICE_BUILD,     &info,         "firmwareReleasedDate",     AS_DATE,     NULL         },
    {FACT_DEVICE_BUILD,     &info,         "firmwareVersion",          AS_DATE,     NULL         },
    {FACT_DEVICE_MAC,       &info,         "macAddress",               AS_TEXT,     NULL         },
    {FACT_DEVICE_ACTIVATED, &activate,     "Activated",                AS_YES_NO,   NULL         },
    {FACT_DEVICE_ACTIVATED, &activate_sdk, "Activated",                AS_YES_NO,   NULL         },
    {FACT_CLOUD_ENABLED,    &cloud,        "EZVIZ/enabled",            AS_YES_NO,   NULL         },
    {FACT_CLOUD_NAME,       &cloud,        "EZVIZ/enabled",            AS_CONSTANT, "Hik-Connect"},
    {FACT_UPNP_ENABLED,     &upnp,         "UPnP/enabled",             AS_YES_NO,   NULL         },
    {FACT_LOCKOUT_ENABLED,  &lock,         "IllegalLoginLock/enabled", AS_YES_NO,   NULL         },
    {FACT_LOCKOUT_TRIES,    &lock,         "maxIllegalLoginTimes",     AS_NUMBER,   NULL         },
    {FACT_LOCKOUT_SECONDS,  &lock,         "maxIllegalLoginLockTime",  AS_NUMBER,   NULL         },
    {FACT_SERVICE_TELNET,   &telnet,       "enabled",                  AS_YES_NO,   NULL         },
    {FACT_SERVICE_SSH,      &ssh,          "enabled",                  AS_YES_NO,   NULL         },
    {FACT_SERVICE_BONJOUR,  &bonjour,      "enabled",                  AS_YES_NO,   NULL         },
    {FACT_CLOCK_NTP,        &ntp,          "NTPServer/hostName",       AS_TEXT,     NULL         },
    {FACT_CLOCK_NTP,        &ntp,          "NTPServer/ipAddress",      AS_TEXT,     NULL         },
};

/* What matters most comes first: some devices shut after a few refusals. */
static const struct ask *const asks[] = {&activate, &check, &info, &cloud, &upnp, &ddns, &clock_ask,
    &users, &lock, &ports, &web_auth, &rtsp_auth, &stream, &snmp, &ehome, &sip};

static const char *const streams[] = {
    "/Streaming/Channels/101",
    "/ISAPI/Streaming/channels/101",
    "/h264/ch1/main/av_stream",
};

static const char *const pictures[] = {
    "/ISAPI/Streaming/channels/101/picture",
    "/Streaming/channels/1/picture",
    "/onvif/snapshot",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "Configuration > System > User Management: edit admin and set a long password of its "
         "own; or PUT /ISAPI/Security/users/1.",
     "The recorder or VMS that shows this camera needs the new password too.",
     "GET /ISAPI/System/deviceInfo with the old password answers 401."},
    {"default-credentials/not-activated",
     "Activate it with the SADP tool or in its web page and set a long password of its own.",
     "Until then anyone in the network can set the first password.",
     "GET /ISAPI/System/activateStatus answers Activated true."},
    {"default-credentials/rtsp-open",
     "Configuration > System > Security > Authentication: set RTSP authentication to digest.",
     "Viewers that were set up without a password stop until they get one.",
     "RTSP DESCRIBE of /Streaming/Channels/101 without a login answers 401."},
    {"default-credentials/snapshot-open",
     "Configuration > System > Security > Authentication: set WEB authentication to digest "
         "and switch off anonymous visits.",
     NULL,
     "GET /ISAPI/Streaming/channels/101/picture without a login answers 401."},
    {"vendor-cloud/cloud-on",
     "Configuration > Network > Advanced Settings > Platform Access: clear Enable; or PUT "
         "/ISAPI/System/Network/EZVIZ with enabled false.",
     "The Hik-Connect app no longer reaches it from outside; some models restart.",
     "GET /ISAPI/System/Network/EZVIZ shows enabled false."},
    {"vendor-cloud/ddns-on",
     "Configuration > Network > Basic Settings > DDNS: clear Enable DDNS.",
     "A host name kept up to date by the device goes stale.",
     "GET /ISAPI/System/Network/ddns shows enabled false."},
    {"upnp/device-upnp-on",
     "Configuration > Network > Basic Settings > NAT: clear Enable UPnP; or PUT "
         "/ISAPI/System/Network/UPnP with enabled false.",
     "Ports that it had opened at the router close.",
     "GET /ISAPI/System/Network/UPnP shows enabled false."},
    {"camera-firmware/advisory",
     "Download the firmware for exactly this model from hikvision.com, then Configuration > "
         "System > Maintenance > Upgrade.",
     "The device restarts; check afterwards that cloud and UPnP stayed off.",
     "GET /ISAPI/System/deviceInfo shows the new firmwareVersion."},
};
/* clang-format on */

/* "DS-7616NI-K2": what stands behind the dash tells the family (Hikvision naming). */
static const char *
kind_of(const char *model)
{
    static const struct {
        const char *start;
        const char *kind;
    } rows[] = {
        {"DS-2",  "camera"      },
        {"iDS-2", "camera"      },
        {"DS-7",  "recorder"    },
        {"iDS-7", "recorder"    },
        {"DS-8",  "recorder"    },
        {"iDS-8", "recorder"    },
        {"DS-9",  "recorder"    },
        {"iDS-9", "recorder"    },
        {"DS-6",  "encoder"     },
        {"DS-K",  "door station"},
        {"IPC-",  "camera"      },
        {"NVR-",  "recorder"    },
        {"DVR-",  "recorder"    },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_starts_nocase(model, rows[i].start)) {
            return rows[i].kind;
        }
    }
    return NULL;
}

/* deviceType, where an OEM gave the model a name of its own (hikvision_next fixtures). */
static const char *
kind_of_type(const char *type)
{
    static const struct {
        const char *type;
        const char *kind;
    } rows[] = {
        {"IPCamera",    "camera"      },
        {"IPDome",      "camera"      },
        {"IPZoom",      "camera"      },
        {"IPC",         "camera"      },
        {"NVR",         "recorder"    },
        {"DVR",         "recorder"    },
        {"hybirdNVR",   "recorder"    }, /* so spelt by the maker */
        {"DVS",         "encoder"     },
        {"VIS",         "door station"},
        {"DoorStation", "door station"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_equal_nocase(type, rows[i].type)) {
            return rows[i].kind;
        }
    }
    return NULL;
}

static void
parse_info(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    const char *kind = NULL;
    if (take_text(answer, "DeviceInfo/model", facts, &text)) {
        kind = kind_of(text);
    }
    if (kind == NULL && take_text(answer, "DeviceInfo/deviceType", facts, &text)) {
        kind = kind_of_type(text);
    }
    facts_set_text(facts, FACT_DEVICE_KIND, kind, source);
    /* An OEM device names its brand as the manufacturer; Hikvision's own says "hikvision". */
    if (take_text(answer, "manufacturer", facts, &text) &&
        !text_contains_nocase(text, "hikvision")) {
        facts_set_text(facts, FACT_DEVICE_BRAND, text, source);
    }
}

static void
parse_clock(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    const struct source config = take_config(source);
    if (take_text(answer, "Time/localTime", facts, &text)) {
        take_clock(text, answer->at, facts, source);
    }
    if (take_text(answer, "Time/timeMode", facts, &text)) {
        facts_set_bool(facts, FACT_CLOCK_SYNCED, !text_equal_nocase(text, "manual"), &config);
    }
}

static void
parse_users(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const children[] = {"userName", "userLevel"};
    const char *texts[COUNT(children)];
    struct parts_users list = {.len = 0};
    for (size_t n = 0;
         n < USERS_MOST && pick_row(answer, &(struct pick_row){"User", children, COUNT(children)},
                               n, facts->arena, texts) == OK;
         n++) {
        parts_users_add(&list, texts[0], texts[1]);
    }
    parts_users_write(&list, facts, source);
}

/* DEV_MANAGE rows have no "enabled" at all: only a row that says so counts. */
static void
parse_ports(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const children[] = {"protocol", "enabled"};
    const char *texts[COUNT(children)];
    const struct source config = take_config(source);
    bool yes = false;
    for (size_t n = 0;
         n < ROWS_MOST &&
         pick_row(answer, &(struct pick_row){"AdminAccessProtocol", children, COUNT(children)}, n,
             facts->arena, texts) == OK;
         n++) {
        if (text_equal_nocase(texts[0], "HTTPS") && text_to_bool(texts[1], &yes) == OK) {
            facts_set_bool(facts, FACT_TLS_ENABLED, yes, &config);
        }
    }
}

/* One row switched on is enough; of a document without a clear word nothing is known. */
static void
parse_any(const struct answer *answer, const char *element, enum fact_id fact, struct facts *facts,
    const struct source *source)
{
    static const char *const children[] = {"enabled"};
    const char *text = NULL;
    const struct source config = take_config(source);
    bool any = false;
    bool known = false;
    for (size_t n = 0; n < ROWS_MOST && pick_row(answer, &(struct pick_row){element, children, 1},
                                            n, facts->arena, &text) == OK;
         n++) {
        bool yes = false;
        if (text_to_bool(text, &yes) == OK) {
            known = true;
            any = any || yes;
        }
    }
    if (known) {
        facts_set_bool(facts, fact, any, &config);
    }
}

/* Version 1 and 2c send a readable community; version 3 ("SNMPAdvanced") does not count. */
static void
parse_snmp(const struct answer *answer, struct facts *facts, const struct source *source)
{
    bool v1 = false;
    bool v2 = false;
    const struct source config = take_config(source);
    bool known = take_bool(answer, "SNMPv1c/enabled", facts, &v1);
    known = take_bool(answer, "SNMPv2c/enabled", facts, &v2) || known;
    known = take_bool(answer, "SNMPv2/enabled", facts, &v2) || known;
    if (known) {
        facts_set_bool(facts, FACT_SERVICE_SNMP, v1 || v2, &config);
    }
}

/* Platforms to which it registers by itself: "ISUP (EHome) at 203.0.113.7". */
static void
parse_platform(const struct answer *answer, const char *element, const char *name,
    struct facts *facts, const struct source *source)
{
    static const char *const children[] = {
        "enabled", "hostName", "ipAddress", "serverDomain", "proxy", "address"};
    const char *texts[COUNT(children)];
    const struct source config = take_config(source);
    bool yes = false;
    if (pick_row(answer, &(struct pick_row){element, children, COUNT(children)}, 0, facts->arena,
            texts) != OK ||
        text_to_bool(texts[0], &yes) != OK || !yes) {
        return;
    }
    const char *where = "";
    for (size_t i = 1; i < COUNT(children) && where[0] == '\0'; i++) {
        where = text_equal(texts[i], "0.0.0.0") ? "" : texts[i];
    }
    const char *old = facts_text(facts, FACT_SERVICE_PLATFORM);
    const char *text = arena_format(facts->arena, "%s%s%s%s%.128s", old == NULL ? "" : old,
        old == NULL ? "" : ", ", name, where[0] == '\0' ? "" : " at ", where);
    facts_set_text(facts, FACT_SERVICE_PLATFORM, text, &config);
}

static void
parse_auth(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *text = NULL;
    const char *where = text_equal(ask->path, web_auth.path) ? "web" : "RTSP";
    const char *pick =
        text_equal(ask->path, stream.path) ? "Security/certificateType" : "CertificateType";
    if (take_text(answer, pick, facts, &text) ||
        take_text(answer, "certificateType", facts, &text)) {
        take_mode(where, text, facts, source);
    }
}

/* The number or word behind a name, in XML and in JSON alike. */
static bool
find_part(const struct answer *answer, const char *name, char *out, size_t size)
{
    size_t len = answer->body_len < LOOKED_AT ? answer->body_len : LOOKED_AT;
    const char *at = text_find_nocase(answer->body, len, name);
    if (at == NULL) {
        return false;
    }
    at += strlen(name);
    at += strspn(at, "\"'>: \t\r\n");
    (void)text_copy(out, size, at);
    out[strcspn(out, "<\"', \t\r\n}")] = '\0';
    return out[0] != '\0';
}

/* lockStatus, retryLoginTime and unlockTime of userCheck, which each 401 may carry. */
static void
warn(const struct answer *answer, struct device_warning *ret_warning)
{
    char text[32];
    uint64_t number = 0;
    if (find_part(answer, "lockStatus", text, sizeof(text))) {
        ret_warning->locked = text_starts_nocase(text, "lock");
    }
    if (find_part(answer, "retryLoginTime", text, sizeof(text)) &&
        text_to_u64(text, 1000, &number) == OK) {
        ret_warning->left = ret_warning->locked ? 0 : (int)number;
    }
    if (find_part(answer, "unlockTime", text, sizeof(text)) &&
        text_to_u64(text, UINT32_MAX, &number) == OK) {
        ret_warning->seconds = (unsigned)number;
    }
}

/* What a 401 to a question without credentials tells, before any try was spent. */
static void
parse_check(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct device_warning warning = {.left = -1};
    warn(answer, &warning);
    if (warning.left >= 0) {
        facts_set_int(facts, FACT_LOCKOUT_LEFT, warning.left, source);
    }
}

static void
parse_setting(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (text_equal(ask->path, info.path)) {
        parse_info(answer, facts, source);
    } else if (text_equal(ask->path, clock_ask.path)) {
        parse_clock(answer, facts, source);
    } else if (text_equal(ask->path, users.path)) {
        parse_users(answer, facts, source);
    } else if (text_equal(ask->path, ports.path)) {
        parse_ports(answer, facts, source);
    } else if (text_equal(ask->path, snmp.path)) {
        parse_snmp(answer, facts, source);
    } else if (text_equal(ask->path, ddns.path)) {
        parse_any(answer, "DDNS", FACT_DDNS_ENABLED, facts, source);
    } else if (text_equal(ask->path, ehome.path)) {
        parse_platform(answer, "Ehome", "ISUP (EHome)", facts, source);
    } else if (text_equal(ask->path, sip.path)) {
        parse_platform(answer, "GB28181", "GB28181", facts, source);
        parse_platform(answer, "Standard", "SIP", facts, source);
    } else if (text_equal(ask->path, web_auth.path) || text_equal(ask->path, rtsp_auth.path) ||
               text_equal(ask->path, stream.path)) {
        parse_auth(ask, answer, facts, source);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (answer->status == 200) {
        parse_setting(ask, answer, facts, source);
    } else if (answer->status == 401 && text_equal(ask->path, check.path)) {
        parse_check(answer, facts, source);
    }
}

static bool
is_recorder(const struct facts *facts)
{
    const char *kind = kind_of(facts_text(facts, FACT_DEVICE_MODEL));
    return text_equal(kind, "recorder") ||
           text_equal(facts_text(facts, FACT_DEVICE_KIND), "recorder");
}

static const char *
no_factory(const struct facts *facts)
{
    static const char since[] =
        "its firmware has no factory password: the owner must set one (activation)";
    const char *firmware = facts_text(facts, FACT_DEVICE_FIRMWARE);
    const char *build = facts_text(facts, FACT_DEVICE_BUILD);
    if (facts_is_no(facts, FACT_DEVICE_ACTIVATED)) {
        return "not activated yet: it has no password at all";
    }
    if (build != NULL) {
        return strcmp(build, ACTIVATION_BUILD) >= 0 ? since : NULL;
    }
    if (firmware != NULL && !is_recorder(facts)) {
        return version_compare(firmware, ACTIVATION_FIRMWARE) >= 0 ? since : NULL;
    }
    return facts_is_yes(facts, FACT_DEVICE_ACTIVATED) ? since : NULL;
}

static const struct device_account *const accounts[] = {&account_isapi, &account_onvif_own};

/* clang-format off */
/* Hikvision ISAPI, System: PUT of the bare file, then a restart by request. */
static const struct ask reboot = {.method = "PUT", .path = "/ISAPI/System/reboot", .login = true};
static const struct device_firmware firmware = {
    .title = "ISAPI updateFirmware",
    .upload = {.method = "PUT",
        .path = "/ISAPI/System/updateFirmware",
        .type = "application/octet-stream",
        .login = true},
    .restart = &reboot,
    .minutes = 15,
    .source = "Hikvision ISAPI, /ISAPI/System/updateFirmware and /ISAPI/System/reboot",
};

const struct device_driver device_hikvision = {
    .name = "hikvision",
    .title = "Hikvision ISAPI",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "hikvision",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &device_door_isapi,
    .door_ask = {.path = "/ISAPI/System/deviceInfo", .login = true},
    .leave_ask = {.method = "PUT", .path = SECURITY "sessionLogout", .login = true},
    .limit = {7, 1800, "HiWatch manual: 7 wrong tries of admin (5 of others), 30 minutes"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .accounts = accounts,
    .account_count = COUNT(accounts),
    .switches = switch_hikvision,
    .switch_count = COUNT(switch_hikvision),
    .firmware = &firmware,
    .parse = parse,
    .warn = warn,
    .no_factory = no_factory,
};
/* clang-format on */
