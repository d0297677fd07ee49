/* Xiongmai (XMeye) cameras and recorders of many brands: recognition, and the maker by ONVIF. */
#include "device/device.h"

#include "codec/soap.h"

/* Its ONVIF answers strangers (CVE-2025-65856), with "H264" for a maker. */
static const struct ask info = {
    .path = SOAP_DEVICE_SERVICE, .body = SOAP_GET_DEVICE_INFORMATION, .type = SOAP_TYPE};

static const struct device_sign signs[] = {
    {FACT_HTTP_TITLE,      SIGN_CONTAINS, "NETSurveillance WEB",     85}, /* Recog html_title.xml */
    {FACT_HTTP_COOKIE,     SIGN_CONTAINS, "NetSuveillanceWebCookie", 85}, /* misspelt by the maker */
    {FACT_HTTP_SERVER,     SIGN_STARTS,   "uc-httpd",                55}, /* a chip kit's server */
    {FACT_RTSP_SERVER,     SIGN_STARTS,   "H264DVR",                 65},
    {FACT_DEVICE_MODEL,    SIGN_STARTS,   "XM530",                   80}, /* CVE-2025-65856 */
    {FACT_DEVICE_VENDOR,   SIGN_EQUALS,   "Xiongmai",                80},
    {FACT_DEVICE_FIRMWARE, SIGN_STARTS,   "V4.02.R1",                70},
    {FACT_DEVICE_FIRMWARE, SIGN_STARTS,   "V5.00.R02",               70},
};

#define MODEL "~<(?:\\w+:)?Model>\\s*(XM5\\w+)" /* a camera's chip, not a recorder's */

static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR, &info, MODEL, AS_CONSTANT, "Xiongmai"},
    {FACT_DEVICE_KIND,   &info, MODEL, AS_CONSTANT, "camera"  },
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "In its web page or CMS, Account: set a password for admin (it takes 8 characters that "
         "count); remove the account \"default\" where that is possible.",
     "The recorder or VMS that shows it needs the new password too.",
     NULL},
    {"vendor-cloud/cloud-on",
     "Network services > Cloud: clear Enable.",
     "The XMeye app no longer reaches it from outside.",
     NULL},
    {"camera-firmware/advisory",
     "There are hardly any updates for this maker's brands: put it into a segment of its own "
         "without internet, or replace it.",
     NULL, NULL},
};
/* clang-format on */

const struct device_driver device_xiongmai = {
    .name = "xiongmai",
    .title = "Xiongmai XMeye",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "xiongmai",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .readings = readings,
    .reading_count = COUNT(readings),
    .limit = {0, 0, "configurable; the factory value is not published"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
};
