/*
 * TP-Link Tapo and VIGI cameras: recognition, and ONVIF on port 2020. Their own local API is
 * encrypted in ways that change with the firmware, so nothing is read by it.
 */
#include "device/device.h"

#include "codec/soap.h"

#define SOAP_ASK(envelope, needs_login)                                                            \
    {                                                                                              \
        .path = SOAP_DEVICE_SERVICE, .body = (envelope), .type = SOAP_TYPE, .login = (needs_login) \
    }

extern const struct device_driver device_onvif;

static const struct ask info = SOAP_ASK(SOAP_GET_DEVICE_INFORMATION, true);
static const struct ask users = SOAP_ASK(SOAP_GET_USERS, true);
static const struct ask ntp = SOAP_ASK(SOAP_GET_NTP, true);
static const struct ask protocols = SOAP_ASK(SOAP_GET_NETWORK_PROTOCOLS, true);
static const struct ask interfaces = SOAP_ASK(SOAP_GET_NETWORK_INTERFACES, true);

#define ASK "{\"method\":\"get\"}"

static const struct device_sign signs[] = {
    {FACT_HTTP_REALM,   SIGN_EQUALS,   "TP-LINK IP-Camera",             90}, /* Recog http_wwwauth.xml */
    {FACT_RTSP_REALM,   SIGN_EQUALS,   "TP-Link IP-Camera",             90}, /* github StreamAssist 19 */
    {FACT_HTTP_BODY,    SIGN_CONTAINS, "/web-static/dynaform/class.js", 80}, /* nndefaccts */
    {FACT_DEVICE_MODEL, SIGN_STARTS,   "Tapo ",                         75},
    {FACT_DEVICE_MODEL, SIGN_STARTS,   "VIGI ",                         75},
    {FACT_ONVIF_SCOPES, SIGN_CONTAINS, "onvif.org/name/TP-IPC",         60},
    {FACT_ONVIF_SCOPES, SIGN_CONTAINS, "Tapo",                          60},
    {FACT_ONVIF_SCOPES, SIGN_CONTAINS, "VIGI",                          60},
};

static const struct device_probe probes[] = {
    {{.path = "/", .body = ASK, .type = "application/json"}, 200, "-40401",
     80}, /* pytapo const.py */
};

/* Firmware as "1.1.15 Build 211130 Rel.15378n(4555)": public ONVIF answers, CVE records. */
/* clang-format off */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,   &info,       "GetDeviceInformationResponse/Model", AS_CONSTANT, "TP-Link"},
    {FACT_DEVICE_MODEL,    &info,       "GetDeviceInformationResponse/Model", AS_TEXT,     NULL     },
    {FACT_DEVICE_FIRMWARE, &info,       "FirmwareVersion",                    AS_TEXT,     NULL     },
    {FACT_DEVICE_BUILD,    &info,       "FirmwareVersion",                    AS_DATE,     NULL     },
    {FACT_DEVICE_SERIAL,   &info,       "SerialNumber",                       AS_TEXT,     NULL     },
    {FACT_DEVICE_HARDWARE, &info,       "HardwareId",                         AS_TEXT,     NULL     },
};
/* clang-format on */

static const struct ask *const asks[] = {&info, &users, &protocols, &interfaces, &ntp};

static const char *const streams[] = {
    "/stream1",
    "/stream2",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"vendor-cloud/cloud-on",
     "It has no local switch: block its way to the internet at the router, and use RTSP and "
         "ONVIF with a camera account.",
     "The Tapo or VIGI app reaches it in the local network only.",
     NULL},
};
/* clang-format on */

/* What ONVIF says means the same here. */
static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    device_onvif.parse(ask, answer, facts, source);
}

/* -40404 and its words tell of a lock (pytapo const.py); the tries left are not told. */
static void
warn(const struct answer *answer, struct device_warning *ret_warning)
{
    device_onvif.warn(answer, ret_warning);
}

const struct device_driver device_tplink = {
    .name = "tplink",
    .title = "TP-Link Tapo and VIGI",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "tplink",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &device_door_onvif,
    .door_ask = SOAP_ASK(SOAP_GET_DEVICE_INFORMATION, true),
    .parse = parse,
    .warn = warn,
    .limit = {0, 1800, "Temporary Suspension up to 1800 s; the number of tries is not published"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .no_switch = "Tapo and VIGI cameras have no local switch for their cloud (public client pytapo "
                 "knows none)",
};
