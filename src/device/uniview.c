/* Uniview cameras and recorders: LAPI, JSON over HTTP with digest login. */
#include "device/account.h"
#include "device/parts.h"
#include "device/switches.h"

#include "base/text.h"

#define LAPI    "/LAPI/V1.0/"
#define INFO    LAPI "System/DeviceInfo"
#define DATA    "Response.Data."
#define ENABLED "~(?i)\"Enabled?\"\\s*:\\s*\"?(\\w+)" /* spelt in both ways, at several depths */

static const struct ask info = {.path = INFO, .login = true};
static const struct ask basic = {.path = LAPI "System/DeviceBasicInfo", .login = true};
static const struct ask stranger = {.path = LAPI "System/DeviceBasicInfo"};
static const struct ask cloud = {.path = LAPI "Network/Cloud", .login = true};
static const struct ask ddns = {.path = LAPI "NetWork/DDNS", .login = true};
static const struct ask mapping = {.path = LAPI "Channel/0/NetWork/PortMap", .login = true};
static const struct ask telnet = {.path = LAPI "Channel/0/NetWork/Telnet", .login = true};
static const struct ask snmp = {.path = LAPI "NetWork/SNMP", .login = true};
static const struct ask https = {.path = LAPI "NetWork/HTTPS", .login = true};
static const struct ask http_auth = {.path = LAPI "NetWork/HttpAuth", .login = true};
static const struct ask rtsp_auth = {.path = LAPI "NetWork/RtspAuth", .login = true};
static const struct ask ntp = {.path = LAPI "System/Time/NTP", .login = true};
static const struct ask now = {.path = LAPI "System/Time", .login = true};
static const struct ask users = {.path = LAPI "System/Users", .login = true};
static const struct ask channel_users = {.path = LAPI "Channel/0/System/Users", .login = true};

static const struct device_sign signs[] = {
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Uniview",                          80},
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "UNV",                              80},
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "/LAPI/V1.0/",                      80},
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "1536f25632f78fb03babedcb156d3f69", 85}, /* Ingram rules */
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "uniview",                          60}, /* the owner may change it */
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/name/UNV",               60}, /* the owner may change it */
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Zhejiang Uniview",                 60}, /* IEEE */
};

static const struct device_probe probes[] = {
    {{.path = INFO}, 0, "\"ResponseCode\"", 80},
};

/*
 * Paths: LAPI notes checked by others on an NVR302-16S2; the paths in the web page of Uniview
 * devices (public research on an OET-213H, github notes); ZoneMinder Uniview.pm; Apache HertzBeat
 * app-uniview (DeviceInfo, Time/NTP: NTPServerInfos with IPAddress and Enabled).
 */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,   &info,    DATA "DeviceModel",                           AS_CONSTANT, "Uniview" },
    {FACT_DEVICE_MODEL,    &info,    DATA "DeviceModel",                           AS_TEXT,     NULL      },
    {FACT_DEVICE_NAME,     &info,    DATA "DeviceName",                            AS_TEXT,     NULL      },
    {FACT_DEVICE_FIRMWARE, &info,    DATA "FirmwareVersion",                       AS_TEXT,     NULL      },
    {FACT_DEVICE_BUILD,    &info,    DATA "FirmwareVersion",                       AS_DATE,     NULL      },
    {FACT_DEVICE_SERIAL,   &info,    DATA "SerialNumber",                          AS_TEXT,     NULL      },
    {FACT_DEVICE_HARDWARE, &info,    DATA "HardwareID",                            AS_TEXT,     NULL      },
    {FACT_DEVICE_KIND,     &info,    "~(?i)\"FirmwareVersion\"\\s*:\\s*\"\\w*NVR", AS_CONSTANT,
     "recorder"                                                                                           },
    {FACT_DEVICE_KIND,     &info,    "~(?i)\"DeviceModel\"\\s*:\\s*\"[NX]VR",      AS_CONSTANT, "recorder"},
    {FACT_DEVICE_KIND,     &info,    "~(?i)\"DeviceModel\"\\s*:\\s*\"IPC",         AS_CONSTANT, "camera"  },
    {FACT_DEVICE_VENDOR,   &basic,   DATA "DeviceModel",                           AS_CONSTANT, "Uniview" },
    {FACT_DEVICE_MODEL,    &basic,   DATA "DeviceModel",                           AS_TEXT,     NULL      },
    {FACT_DEVICE_FIRMWARE, &basic,   DATA "FirmwareVersion",                       AS_TEXT,     NULL      },
    {FACT_DEVICE_BUILD,    &basic,   DATA "FirmwareVersion",                       AS_DATE,     NULL      },
    {FACT_DEVICE_SERIAL,   &basic,   DATA "SerialNumber",                          AS_TEXT,     NULL      },
    {FACT_DEVICE_MAC,      &basic,   DATA "MAC",                                   AS_TEXT,     NULL      },
    {FACT_CLOUD_ENABLED,   &cloud,   ENABLED,                                      AS_YES_NO,   NULL      },
    {FACT_CLOUD_NAME,      &cloud,   ENABLED,                                      AS_CONSTANT, "EZCloud" },
    {FACT_DDNS_ENABLED,    &ddns,    ENABLED,                                      AS_YES_NO,   NULL      },
    {FACT_UPNP_ENABLED,    &mapping, ENABLED,                                      AS_YES_NO,   NULL      },
    {FACT_SERVICE_TELNET,  &telnet,  ENABLED,                                      AS_YES_NO,   NULL      },
    {FACT_TLS_ENABLED,     &https,   ENABLED,                                      AS_YES_NO,   NULL      },
};

static const struct ask *const asks[] = {
    &stranger, &snmp, &http_auth, &rtsp_auth, &ntp, &now, &users, &channel_users};

static const char *const streams[] = {
    "/media/video1",
    "/unicast/c1/s0/live",
};

static const char *const pictures[] = {
    "/images/snapshot.jpg",
    "/cgi-bin/snapshot.cgi",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "Setup > Security > User: set a long password of its own for admin.",
     "The recorder or VMS that shows it needs the new password too.",
     "GET /LAPI/V1.0/System/DeviceInfo with the old password answers 401."},
    {"vendor-cloud/cloud-on",
     "Setup > Network > EZCloud: choose Off.",
     "The EZView app no longer reaches it from outside.",
     "GET /LAPI/V1.0/Network/Cloud shows Enabled 0."},
    {"vendor-cloud/ddns-on",
     "Setup > Network > DDNS: choose Off.",
     "A host name kept up to date by the device goes stale.",
     "GET /LAPI/V1.0/NetWork/DDNS shows Enabled 0."},
    {"upnp/device-upnp-on",
     "Setup > Network > Port > Port mapping: choose Off.",
     "Ports that it had opened at the router close.",
     "GET /LAPI/V1.0/Channel/0/NetWork/PortMap shows Enabled 0."},
};
/* clang-format on */

/* The numbers are those of the web page's list (none, basic, digest); nobody published them. */
#define AUTH_CONFIDENCE 60

static void
parse_auth(const struct answer *answer, const char *protocol, struct facts *facts,
    const struct source *source)
{
    static const char *const words[] = {"none", "basic", "digest"};
    struct source config = parts_config(source, AUTH_CONFIDENCE);
    uint64_t mode = 0;
    if (text_to_u64(parts_text(answer, DATA "Mode", facts->arena), UINT32_MAX, &mode) != OK ||
        mode >= COUNT(words)) {
        return;
    }
    const char *before = facts_text(facts, FACT_AUTH_MODES);
    const char *modes = arena_format(facts->arena, "%s%s%s %s", before == NULL ? "" : before,
        before == NULL ? "" : ", ", protocol, words[mode]);
    const struct source sure = parts_config(source, source->confidence);
    facts_set_text(facts, FACT_AUTH_MODES, modes, &sure);
    parts_either(facts, FACT_AUTH_BASIC, mode == 1, &config);
}

static void
parse_http_auth(const struct answer *answer, struct facts *facts, const struct source *source)
{
    parse_auth(answer, "HTTP", facts, source);
}

static void
parse_rtsp_auth(const struct answer *answer, struct facts *facts, const struct source *source)
{
    parse_auth(answer, "RTSP", facts, source);
}

/* A community is the word of versions 1 and 2c. */
static void
parse_snmp(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    bool enabled = false;
    if (!parts_bool(answer, ENABLED, facts->arena, &enabled)) {
        return;
    }
    bool readable = parts_text(answer, "~(?i)Community\"\\s*:\\s*\"[^\"]+", facts->arena) != NULL;
    if (!enabled || readable) {
        facts_set_bool(facts, FACT_SERVICE_SNMP, enabled, &config);
    }
}

static void
parse_ntp(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const servers[] = {
        DATA "NTPServerInfos[0].IPAddress",
        DATA "NTPServerInfos[0].DomainName",
        DATA "IPAddress",
        DATA "DomainName",
    };
    bool enabled = false;
    if (!parts_bool(answer, ENABLED, facts->arena, &enabled)) {
        return;
    }
    for (size_t i = 0; i < COUNT(servers); i++) {
        parts_ntp(enabled, parts_text(answer, servers[i], facts->arena), facts, source);
    }
}

/* Seconds since 1970, in UTC. */
static void
parse_now(const struct answer *answer, struct facts *facts, const struct source *source)
{
    uint64_t seconds = 0;
    const char *text = parts_text(answer, DATA "DeviceTime", facts->arena);
    if (answer->at != 0 && text_to_u64(text, INT32_MAX, &seconds) == OK) {
        facts_set_int(facts, FACT_CLOCK_OFFSET, (int64_t)seconds - answer->at / 1000, source);
    }
}

static void
parse_users(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct parts_users found = {.count = 0};
    parts_users_json(answer, &found);
    parts_users_write(&found, facts, source);
}

static const struct device_parser parsers[] = {
    {&http_auth,     parse_http_auth},
    {&rtsp_auth,     parse_rtsp_auth},
    {&snmp,          parse_snmp     },
    {&ntp,           parse_ntp      },
    {&now,           parse_now      },
    {&users,         parse_users    },
    {&channel_users, parse_users    },
};

static const struct device_account *const accounts[] = {&account_uniview, &account_onvif};

/* clang-format off */
const struct device_driver device_uniview = {
    .name = "uniview",
    .title = "Uniview LAPI",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "uniview",
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
    .door_ask = {.path = INFO, .login = true},
    .limit = {0, 0, "no published number"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .accounts = accounts,
    .account_count = COUNT(accounts),
    .switches = switch_uniview,
    .switch_count = COUNT(switch_uniview),
    .parsers = parsers,
    .parser_count = COUNT(parsers),
    .warn = parts_warn,
};
/* clang-format on */
