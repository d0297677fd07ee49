/* Hikvision cameras and recorders and their OEM brands: ISAPI, XML over HTTP with digest login. */
#include "device/device.h"

#include "base/clock.h"
#include "base/text.h"
#include "codec/pick.h"
#include "codec/version.h"

#include <string.h>

#define ACTIVATION_FIRMWARE "5.3.0" /* HiWatch and Hikvision manuals: activation since V5.3.0 */
#define ACTIVATION_BUILD    "2015-06-01" /* recorders number their firmware differently */

static const struct ask info = {.path = "/ISAPI/System/deviceInfo", .login = true};
static const struct ask cloud = {.path = "/ISAPI/System/Network/EZVIZ", .login = true};
static const struct ask upnp = {.path = "/ISAPI/System/Network/UPnP", .login = true};
static const struct ask ddns = {.path = "/ISAPI/System/Network/ddns", .login = true};
static const struct ask clock_ask = {.path = "/ISAPI/System/time", .login = true};
static const struct ask activate = {.path = "/ISAPI/System/activateStatus"};
static const struct ask activate_sdk = {.path = "/SDK/activateStatus"};

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
    {FACT_TLS_SUBJECT,   SIGN_CONTAINS, "www.hikvision.com",                90}, /* Recog x509_subjects.xml */
    {FACT_BANNER_TELNET, SIGN_CONTAINS, "192.0.0.64 login",                 80}, /* Recog telnet_banners.xml */
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "89b932fcc47cf4ca3faadb0cfdef89cf", 85}, /* Recog */
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "efca7d9aeaad122133c65cdf628ac574", 85}, /* Recog */
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Hikvision",                        80},
    {FACT_DEVICE_MODEL,  SIGN_STARTS,   "DS-2",                             75},
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
    {FACT_DEVICE_VENDOR,    &info,         "model",                 AS_CONSTANT, "Hikvision"  },
    {FACT_DEVICE_MODEL,     &info,         "DeviceInfo/model",      AS_TEXT,     NULL         },
    {FACT_DEVICE_NAME,      &info,         "DeviceInfo/deviceName", AS_TEXT,     NULL         },
    {FACT_DEVICE_SERIAL,    &info,         "serialNumber",          AS_TEXT,     NULL         },
    {FACT_DEVICE_HARDWARE,  &info,         "hardwareVersion",       AS_TEXT,     NULL         },
    {FACT_DEVICE_FIRMWARE,  &info,         "firmwareVersion",       AS_TEXT,     NULL         },
    {FACT_DEVICE_BUILD,     &info,         "firmwareReleasedDate",  AS_DATE,     NULL         },
    {FACT_DEVICE_BUILD,     &info,         "firmwareVersion",       AS_DATE,     NULL         },
    {FACT_DEVICE_MAC,       &info,         "macAddress",            AS_TEXT,     NULL         },
    {FACT_DEVICE_ACTIVATED, &activate,     "Activated",             AS_YES_NO,   NULL         },
    {FACT_DEVICE_ACTIVATED, &activate_sdk, "Activated",             AS_YES_NO,   NULL         },
    {FACT_CLOUD_ENABLED,    &cloud,        "EZVIZ/enabled",         AS_YES_NO,   NULL         },
    {FACT_CLOUD_NAME,       &cloud,        "EZVIZ/enabled",         AS_CONSTANT, "Hik-Connect"},
    {FACT_UPNP_ENABLED,     &upnp,         "UPnP/enabled",          AS_YES_NO,   NULL         },
    {FACT_DDNS_ENABLED,     &ddns,         "DDNS/enabled",          AS_YES_NO,   NULL         },
};

static const struct ask *const asks[] = {&activate, &clock_ask};

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

/* "DS-7616NI-K2": the first digit behind the dash tells the family (Hikvision naming). */
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
        {"DS-9",  "recorder"    },
        {"iDS-9", "recorder"    },
        {"DS-6",  "encoder"     },
        {"DS-K",  "door station"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_starts_nocase(model, rows[i].start)) {
            return rows[i].kind;
        }
    }
    return NULL;
}

static void
parse_info(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    if (pick_text(answer, "DeviceInfo/model", facts->arena, &text) == OK && kind_of(text) != NULL) {
        facts_set_text(facts, FACT_DEVICE_KIND, kind_of(text), source);
    }
    /* An OEM device names its brand as the manufacturer; Hikvision's own says "hikvision". */
    if (pick_text(answer, "manufacturer", facts->arena, &text) == OK &&
        !text_contains_nocase(text, "hikvision")) {
        facts_set_text(facts, FACT_DEVICE_BRAND, text, source);
    }
}

static void
parse_clock(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    int64_t wall = 0;
    if (pick_text(answer, "Time/localTime", facts->arena, &text) == OK &&
        clock_parse(text, &wall) == OK && answer->at != 0) {
        facts_set_int(facts, FACT_CLOCK_OFFSET, (wall - answer->at) / 1000, source);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (answer->status == 200 && text_equal(ask->path, info.path)) {
        parse_info(answer, facts, source);
    } else if (answer->status == 200 && text_equal(ask->path, clock_ask.path)) {
        parse_clock(answer, facts, source);
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

/* clang-format off */
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
    .door = &device_door_http,
    .door_ask = {.path = "/ISAPI/System/deviceInfo", .login = true},
    .limit = {7, 1800, "HiWatch manual: 7 wrong tries of admin (5 of others), 30 minutes"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .no_factory = no_factory,
};
/* clang-format on */
