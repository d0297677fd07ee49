/* Any device that speaks ONVIF: SOAP, WS-UsernameToken or HTTP digest. */
#include "device/account.h"
#include "device/door.h"
#include "device/parts.h"
#include "device/switches.h"
#include "device/take.h"

#include "base/text.h"
#include "codec/pick.h"
#include "codec/soap.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROWS_MOST 40
#define ZONES     ((int64_t)15 * 3600) /* no zone is farther from UTC */

#define SOAP_ASK(envelope, needs_login)                                                            \
    {                                                                                              \
        .path = SOAP_DEVICE_SERVICE, .body = (envelope), .type = SOAP_TYPE, .login = (needs_login) \
    }

/* Access classes PRE_AUTH and READ_SYSTEM (ONVIF Core, device management). */
static const struct ask date = SOAP_ASK(SOAP_GET_SYSTEM_DATE, false);
static const struct ask services = SOAP_ASK(SOAP_GET_SERVICES, false);
static const struct ask anonymous = SOAP_ASK(SOAP_GET_DEVICE_INFORMATION, false);
static const struct ask info = SOAP_ASK(SOAP_GET_DEVICE_INFORMATION, true);
static const struct ask interfaces = SOAP_ASK(SOAP_GET_NETWORK_INTERFACES, true);
static const struct ask hostname = SOAP_ASK(SOAP_GET_HOSTNAME, false);
static const struct ask abilities = SOAP_ASK(SOAP_GET_SERVICE_CAPABILITIES, false);
static const struct ask scopes = SOAP_ASK(SOAP_GET_SCOPES, false);
/* Class READ_SYSTEM_SECRET: asked of a stranger to see that he gets nothing. */
static const struct ask strangers_users = SOAP_ASK(SOAP_GET_USERS, false);
static const struct ask users = SOAP_ASK(SOAP_GET_USERS, true);
static const struct ask ntp = SOAP_ASK(SOAP_GET_NTP, true);
static const struct ask protocols = SOAP_ASK(SOAP_GET_NETWORK_PROTOCOLS, true);
static const struct ask discovery = SOAP_ASK(SOAP_GET_DISCOVERY_MODE, true);
static const struct ask policy = SOAP_ASK(SOAP_GET_ACCESS_POLICY, true);

static const struct device_sign signs[] = {
    {FACT_ONVIF_SERVICE,  SIGN_CONTAINS, "://",              40},
    {FACT_ONVIF_SCOPES,   SIGN_CONTAINS, "onvif://",         40},
    {FACT_ONVIF_ENDPOINT, SIGN_STARTS,   "urn:uuid:",        35},
    {FACT_RTSP_SERVER,    SIGN_CONTAINS, "AvigilonOnvifNvt", 45}, /* Recog rtsp_servers.xml */
};

static const struct device_probe probes[] = {
    {SOAP_ASK(SOAP_GET_SYSTEM_DATE, false), 200, "GetSystemDateAndTimeResponse", 40},
};

static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,   &info,     "GetDeviceInformationResponse/Manufacturer", AS_TEXT, NULL},
    {FACT_DEVICE_MODEL,    &info,     "GetDeviceInformationResponse/Model",        AS_TEXT, NULL},
    {FACT_DEVICE_FIRMWARE, &info,     "FirmwareVersion",                           AS_TEXT, NULL},
    {FACT_DEVICE_BUILD,    &info,     "FirmwareVersion",                           AS_DATE, NULL},
    {FACT_DEVICE_SERIAL,   &info,     "SerialNumber",                              AS_TEXT, NULL},
    {FACT_DEVICE_HARDWARE, &info,     "HardwareId",                                AS_TEXT, NULL},
    {FACT_ONVIF_SERVICE,   &services, "Service/XAddr",                             AS_TEXT, NULL},
    {FACT_DEVICE_NAME,     &hostname, "HostnameInformation/Name",                  AS_TEXT, NULL},
};

static const struct ask *const asks[] = {&date, &anonymous, &strangers_users, &abilities, &scopes,
    &users, &protocols, &interfaces, &ntp, &discovery, &policy};

/* Paths seen on many brands; a 401 on one of them says nothing about the vendor. */
static const char *const streams[] = {
    "/",
    "/live",
    "/stream1",
    "/Streaming/Channels/101",
    "/cam/realmonitor?channel=1&subtype=0",
    "/onvif1",
    "/live/ch0",
    "/ch0_0.h264",
    "/media/video1",
    "/h264Preview_01_main",
    "/live.sdp",
    "/profile1",
};

static const char *const pictures[] = {
    "/onvif/snapshot",
    "/snapshot.jpg",
    "/snap.jpg",
    "/image.jpg",
    "/cgi-bin/snapshot.cgi",
    "/onvif-http/snapshot?Profile_1",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "In the device's web page, under users: set a long password of its own for every "
         "account, ONVIF users included (many devices keep them in a list of their own).",
     "The recorder or VMS that shows it needs the new password too.",
     "GetDeviceInformation with the old password answers NotAuthorized."},
};
/* clang-format on */

static bool
pick_number(
    const struct answer *answer, const char *pick, struct arena *arena, int max, int *ret_value)
{
    const char *text = NULL;
    uint64_t value = 0;
    if (pick_text(answer, pick, arena, &text) != OK ||
        text_to_u64(text, (uint64_t)max, &value) != OK) {
        return false;
    }
    *ret_value = (int)value;
    return true;
}

/* "UTCDateTime" or "LocalDateTime" holds Time {Hour, Minute, Second}, Date {Year, Month, Day}. */
static bool
pick_date(const struct answer *answer, const char *element, struct arena *arena, int64_t *ret_time)
{
    static const struct {
        const char *path;
        int most;
    } parts[] = {
        {"Date/Year",   9999},
        {"Date/Month",  12  },
        {"Date/Day",    31  },
        {"Time/Hour",   23  },
        {"Time/Minute", 59  },
        {"Time/Second", 60  },
    };
    int values[COUNT(parts)];
    for (size_t i = 0; i < COUNT(parts); i++) {
        char pick[64];
        (void)snprintf(pick, sizeof(pick), "%s/%s", element, parts[i].path);
        if (!pick_number(answer, pick, arena, parts[i].most, &values[i])) {
            return false;
        }
    }
    struct tm tm = {
        .tm_year = values[0] - 1900,
        .tm_mon = values[1] - 1,
        .tm_mday = values[2],
        .tm_hour = values[3],
        .tm_min = values[4],
        .tm_sec = values[5],
    };
    *ret_time = (int64_t)timegm(&tm);
    return values[1] != 0 && values[2] != 0;
}

/* A local time tells an error of the clock only where no zone explains it (agsh/onvif 165). */
static void
parse_date(const struct answer *answer, struct facts *facts, const struct source *source)
{
    int64_t time = 0;
    if (answer->at == 0) {
        return;
    }
    if (pick_date(answer, "UTCDateTime", facts->arena, &time)) {
        facts_set_int(facts, FACT_CLOCK_OFFSET, time - answer->at / 1000, source);
    } else if (pick_date(answer, "LocalDateTime", facts->arena, &time)) {
        int64_t offset = time - answer->at / 1000;
        if (offset > ZONES || offset < -ZONES) {
            facts_set_int(facts, FACT_CLOCK_OFFSET, offset, source);
        }
    }
}

/* DateTimeType NTP or Manual; another word tells nothing. */
static void
parse_synced(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    const struct source config = take_config(source);
    bool found = take_text(answer, "SystemDateAndTime/DateTimeType", facts, &text);
    if (found && (text_equal_nocase(text, "NTP") || text_equal_nocase(text, "Manual"))) {
        facts_set_bool(facts, FACT_CLOCK_SYNCED, text_equal_nocase(text, "NTP"), &config);
    }
}

static bool
is_answered(const struct answer *answer, const char *pick, struct facts *facts)
{
    const char *text = NULL;
    return answer->status == 200 && take_text(answer, pick, facts, &text);
}

/* GetDeviceInformation is class READ_SYSTEM: who answers it to a stranger is open. */
static void
parse_anonymous(const struct answer *answer, struct facts *facts, const struct source *source)
{
    bool open = is_answered(answer, "GetDeviceInformationResponse/Model", facts) ||
                is_answered(answer, "GetDeviceInformationResponse/SerialNumber", facts) ||
                is_answered(answer, "GetDeviceInformationResponse/FirmwareVersion", facts);
    if (open || door_is_soap_refusal(answer) || answer->status == 403) {
        facts_set_bool(facts, FACT_LOGIN_ONVIF_OPEN, open, source);
    }
}

static void
read_users(const struct answer *answer, struct parts_users *list, struct facts *facts)
{
    static const char *const children[] = {"Username", "UserLevel"};
    const char *texts[COUNT(children)];
    for (size_t n = 0;
         n < ROWS_MOST && pick_row(answer, &(struct pick_row){"User", children, COUNT(children)}, n,
                              facts->arena, texts) == OK;
         n++) {
        parts_users_add(list, texts[0], texts[1]);
    }
}

/* Without a login the list itself is the finding, and that ONVIF is open too. */
static void
parse_users(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    struct parts_users list = {.len = 0};
    const struct source config = take_config(source);
    if (text_find_nocase(answer->body, answer->body_len, "GetUsersResponse") == NULL) {
        return;
    }
    read_users(answer, &list, facts);
    parts_users_write(&list, facts, source);
    if (list.count != 0 && !ask->login) {
        facts_set_text(facts, FACT_LOGIN_ONVIF_USERS, list.text, source);
        facts_set_bool(facts, FACT_LOGIN_ONVIF_OPEN, true, source);
    }
    if (text_contains(list.text, "(Anonymous)")) {
        facts_set_bool(facts, FACT_USERS_ANONYMOUS, true, &config);
    }
}

static void
parse_protocols(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const children[] = {"Name", "Enabled"};
    const char *texts[COUNT(children)];
    const struct source config = take_config(source);
    bool yes = false;
    for (size_t n = 0;
         n < ROWS_MOST &&
         pick_row(answer, &(struct pick_row){"NetworkProtocols", children, COUNT(children)}, n,
             facts->arena, texts) == OK;
         n++) {
        if (text_equal_nocase(texts[0], "HTTPS") && text_to_bool(texts[1], &yes) == OK) {
            facts_set_bool(facts, FACT_TLS_ENABLED, yes, &config);
        }
    }
}

/* The first interface with an address of its own: the loopback's is all zero. */
static void
parse_interfaces(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const children[] = {"Info/HwAddress"};
    const char *text = NULL;
    for (size_t n = 0;
         n < ROWS_MOST && pick_row(answer, &(struct pick_row){"NetworkInterfaces", children, 1}, n,
                              facts->arena, &text) == OK;
         n++) {
        if (strpbrk(text, "123456789abcdefABCDEF") != NULL) {
            facts_set_text(facts, FACT_DEVICE_MAC, text, source);
            return;
        }
    }
}

/* Both lists may be filled; FromDHCP says which one counts. */
static void
parse_ntp(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const picks[] = {"NTPManual/DNSname", "NTPManual/IPv4Address",
        "NTPManual/IPv6Address", "NTPFromDHCP/DNSname", "NTPFromDHCP/IPv4Address",
        "NTPFromDHCP/IPv6Address"};
    const struct source config = take_config(source);
    const char *text = NULL;
    bool dhcp = false;
    bool told = take_bool(answer, "NTPInformation/FromDHCP", facts, &dhcp);
    for (size_t i = 0; i < COUNT(picks); i++) {
        bool counts = !told || dhcp == text_starts(picks[i], "NTPFromDHCP");
        if (counts && take_text(answer, picks[i], facts, &text)) {
            facts_set_text(facts, FACT_CLOCK_NTP, text, &config);
            return;
        }
    }
}

static void
add_policy(const char *words, struct facts *facts, const struct source *source)
{
    const struct source config = take_config(source);
    const char *old = facts_text(facts, FACT_ONVIF_POLICY);
    if (old == NULL || !text_contains(old, words)) {
        facts_set_text(facts, FACT_ONVIF_POLICY,
            old == NULL ? words : arena_format(facts->arena, "%.400s, %s", old, words), &config);
    }
}

/* The attributes of Security in the device service's capabilities (ver10/device/wsdl). */
static void
parse_abilities(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const struct {
        const char *pick;
        const char *mode;
        const char *policy;
    } rows[] = {
        {"~(?i)\\bUsernameToken\\s*=\\s*[\"'](?:true|1)",       "WS-UsernameToken", NULL                      },
        {"~(?i)\\bHttpDigest\\s*=\\s*[\"'](?:true|1)",          "HTTP digest",      NULL                      },
        {"~(?i)\\bJsonWebToken\\s*=\\s*[\"'](?:true|1)",        "JSON web token",   NULL                      },
        {"~(?i)\\bDefaultAccessPolicy\\s*=\\s*[\"'](?:true|1)", NULL,               "default access policy"   },
        {"~(?i)\\bAccessPolicyConfig\\s*=\\s*[\"'](?:true|1)",  NULL,               "access policy can be set"},
    };
    const char *modes = "";
    const char *text = NULL;
    for (size_t i = 0; i < COUNT(rows) && modes != NULL; i++) {
        if (!take_text(answer, rows[i].pick, facts, &text)) {
            continue;
        }
        if (rows[i].policy != NULL) {
            add_policy(rows[i].policy, facts, source);
        } else {
            modes = arena_format(
                facts->arena, "%s%s%s", modes, modes[0] == '\0' ? "" : "/", rows[i].mode);
        }
    }
    if (modes != NULL && modes[0] != '\0') {
        const struct source config = take_config(source);
        const char *old = facts_text(facts, FACT_AUTH_MODES);
        facts_set_text(facts, FACT_AUTH_MODES,
            old == NULL || text_contains(old, "ONVIF")
                ? arena_format(facts->arena, "ONVIF %s", modes)
                : arena_format(facts->arena, "%.256s; ONVIF %s", old, modes),
            &config);
    }
}

static void
parse_scopes(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *list = "";
    const char *item = NULL;
    static const char *const children[] = {"ScopeItem"};
    for (size_t n = 0;
         n < ROWS_MOST && list != NULL &&
         pick_row(answer, &(struct pick_row){"Scopes", children, 1}, n, facts->arena, &item) == OK;
         n++) {
        list = arena_format(facts->arena, "%s%s%.160s", list, n == 0 ? "" : " ", item);
    }
    if (list != NULL && text_contains(list, "onvif://")) {
        facts_set_text(facts, FACT_ONVIF_SCOPES, list, source);
    }
}

static void
parse_discovery(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    if (take_text(answer, "GetDiscoveryModeResponse/DiscoveryMode", facts, &text)) {
        add_policy(text_equal_nocase(text, "NonDiscoverable") ? "hidden from discovery"
                                                              : "answers discovery",
            facts, source);
    }
}

static void
parse_policy(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    if (take_text(answer, "PolicyFile/Data", facts, &text)) {
        add_policy("access policy of its owner", facts, source);
    }
}

typedef void parse_fn(
    const struct answer *answer, struct facts *facts, const struct source *source);

static const struct {
    const struct ask *ask;
    parse_fn *parse;
} parsers[] = {
    {&date,       parse_date      },
    {&date,       parse_synced    },
    {&protocols,  parse_protocols },
    {&interfaces, parse_interfaces},
    {&ntp,        parse_ntp       },
    {&abilities,  parse_abilities },
    {&scopes,     parse_scopes    },
    {&discovery,  parse_discovery },
    {&policy,     parse_policy    },
};

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (text_equal(ask->body, anonymous.body) && !ask->login) {
        parse_anonymous(answer, facts, source);
    }
    if (text_equal(ask->body, users.body) && answer->status == 200) {
        parse_users(ask, answer, facts, source);
    }
    for (size_t i = 0; answer->status == 200 && i < COUNT(parsers); i++) {
        if (text_equal(ask->body, parsers[i].ask->body)) {
            parsers[i].parse(answer, facts, source);
        }
    }
}

static const struct device_account *const accounts[] = {&account_onvif};
/* ONVIF Core, device management: StartFirmwareUpgrade tells where the bare file is posted. */
static const struct ask upgrade = SOAP_ASK(SOAP_START_FIRMWARE_UPGRADE, true);
static const struct device_firmware firmware = {
    .title = "ONVIF StartFirmwareUpgrade",
    .upload = {.method = "POST", .type = "application/octet-stream", .login = true},
    .prepare = &upgrade,
    .pick_address = "StartFirmwareUpgradeResponse/UploadUri",
    .pick_delay = "StartFirmwareUpgradeResponse/UploadDelay",
    .minutes = 15,
    .source = "ONVIF Core specification, device management, firmware upgrade",
};

const struct device_driver device_onvif = {
    .name = "onvif",
    .title = "ONVIF device service",
    .maturity = MATURITY_TRANSCRIPT,
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .trust = 70, /* an OEM brand or its owner may have written it */
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &device_door_onvif,
    .door_ask = SOAP_ASK(SOAP_GET_DEVICE_INFORMATION, true),
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .accounts = accounts,
    .account_count = COUNT(accounts),
    .switches = switch_onvif,
    .switch_count = COUNT(switch_onvif),
    .firmware = &firmware,
    .parse = parse,
    .warn = parts_warn,
};
