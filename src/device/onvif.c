/* Any device that speaks ONVIF: SOAP, WS-UsernameToken or HTTP digest. */
#include "device/device.h"

#include "base/text.h"
#include "codec/pick.h"
#include "codec/soap.h"

#include <time.h>

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
    {FACT_DEVICE_VENDOR,   &info,       "GetDeviceInformationResponse/Manufacturer", AS_TEXT, NULL},
    {FACT_DEVICE_MODEL,    &info,       "GetDeviceInformationResponse/Model",        AS_TEXT, NULL},
    {FACT_DEVICE_FIRMWARE, &info,       "FirmwareVersion",                           AS_TEXT, NULL},
    {FACT_DEVICE_BUILD,    &info,       "FirmwareVersion",                           AS_DATE, NULL},
    {FACT_DEVICE_SERIAL,   &info,       "SerialNumber",                              AS_TEXT, NULL},
    {FACT_DEVICE_HARDWARE, &info,       "HardwareId",                                AS_TEXT, NULL},
    {FACT_DEVICE_MAC,      &interfaces, "HwAddress",                                 AS_TEXT, NULL},
    {FACT_ONVIF_SERVICE,   &services,   "Service/XAddr",                             AS_TEXT, NULL},
};

static const struct ask *const asks[] = {&date, &anonymous};

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

/* UTCDateTime holds Time {Hour, Minute, Second} and Date {Year, Month, Day}. */
static void
parse_date(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct tm tm = {.tm_isdst = 0};
    struct arena *arena = facts->arena;
    bool whole = pick_number(answer, "UTCDateTime/Date/Year", arena, 9999, &tm.tm_year) &&
                 pick_number(answer, "UTCDateTime/Date/Month", arena, 12, &tm.tm_mon) &&
                 pick_number(answer, "UTCDateTime/Date/Day", arena, 31, &tm.tm_mday) &&
                 pick_number(answer, "UTCDateTime/Time/Hour", arena, 23, &tm.tm_hour) &&
                 pick_number(answer, "UTCDateTime/Time/Minute", arena, 59, &tm.tm_min) &&
                 pick_number(answer, "UTCDateTime/Time/Second", arena, 60, &tm.tm_sec);
    if (!whole || tm.tm_mon == 0 || tm.tm_mday == 0 || answer->at == 0) {
        return;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    facts_set_int(facts, FACT_CLOCK_OFFSET, (int64_t)timegm(&tm) - answer->at / 1000, source);
}

/* GetDeviceInformation is class READ_SYSTEM: who answers it to a stranger is open. */
static void
parse_anonymous(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    bool open = answer->status == 200 &&
                pick_text(answer, "GetDeviceInformationResponse/Model", facts->arena, &text) == OK;
    bool asked = answer->status == 401 || answer->status == 403 ||
                 text_find_nocase(answer->body, answer->body_len, "NotAuthorized") != NULL;
    if (open || asked) {
        facts_set_bool(facts, FACT_LOGIN_ONVIF_OPEN, open, source);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (text_equal(ask->body, date.body) && answer->status == 200) {
        parse_date(answer, facts, source);
    } else if (text_equal(ask->body, anonymous.body) && !ask->login) {
        parse_anonymous(answer, facts, source);
    }
}

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
    .parse = parse,
};
