/* Bosch cameras and encoders: recognition; identity and settings come by ONVIF. */
#include "device/device.h"

static const struct device_sign signs[] = {
    {FACT_HTTP_REALM,    SIGN_STARTS,   "Use 'live' as User Name",  90}, /* Recog http_wwwauth.xml */
    {FACT_TLS_ISSUER,    SIGN_CONTAINS, "Bosch Sicherheitssysteme", 85}, /* Recog x509_issuers.xml */
    {FACT_TLS_SUBJECT,   SIGN_CONTAINS, "myboschcam.net",           85}, /* Recog x509_subjects.xml */
    {FACT_RTSP_SERVER,   SIGN_CONTAINS, "VCS-VIDOS-NVR",            80}, /* Recog rtsp_servers.xml */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "not found on the Divar",   80}, /* nmap-service-probes */
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Bosch",                    80},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "bosch",                    60}, /* the owner may change it */
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Bosch Security",           55}, /* IEEE */
};

static const char *const streams[] = {
    "/rtsp_tunnel",
    "/video?inst=1",
};

static const char *const pictures[] = {
    "/snap.jpg",
};

const struct device_driver device_bosch = {
    .name = "bosch",
    .title = "Bosch",
    .maturity = MATURITY_EXPERIMENTAL,
    .vendor = "bosch",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .limit = {0, 0, "no published number"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
};
