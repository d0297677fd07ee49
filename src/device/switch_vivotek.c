/* Vivotek: setparam.cgi with the one parameter that changes. */
#include "device/switches.h"

#define GET "/cgi-bin/admin/getparam.cgi?"
#define SET "/cgi-bin/admin/setparam.cgi?"
#define PARAMETER(group, key)                                                                      \
    .read = &(const struct ask){.path = GET group, .login = true}, .pick = key,                    \
    .write = {.path = SET key "={value}"}
#define NETWORK  "upnpportforwarding_enable&ddns_enable"
#define SERVICES "https_enable&network_ftp_enable&snmp_v2&bonjour_enable&bonjour_enabled"
#define MODES                                                                                      \
    "network_http_authmode&network_http_anonymousviewing&network_rtsp_authmode&"                   \
    "network_rtsp_anonymousviewing"
#define TIME "system_ntp&system_updateinterval"

#define VIEWING                                                                                    \
    .rule = "default-credentials/anonymous-viewing", .fact = FACT_USERS_ANONYMOUS, .wanted = "no", \
    .title = "Switch off viewing without a log-in",                                                \
    .effect = "Viewers that were set up without a password stop until they get one."
#define BONJOUR                                                                                    \
    .rule = "default-credentials/bonjour-on", .fact = FACT_SERVICE_BONJOUR, .wanted = "no",        \
    .value = "0", .title = "Switch off Bonjour",                                                   \
    .effect = "Programs that search by Bonjour no longer find it.", .effects = CHANGE_ON_REQUEST
#define DIGEST                                                                                     \
    .rule = "default-credentials/basic-auth", .fact = FACT_AUTH_BASIC, .wanted = "no",             \
    .value = "digest", .title = "Take passwords by digest only",                                   \
    .effect = "Programs that know only basic authentication no longer get in.",                    \
    .effects = CHANGE_ON_REQUEST

/* Names: VIVOTEK URL Command Document for All Series (getparam.cgi, setparam.cgi; user manuals). */
/* clang-format off */
const struct device_switch switch_vivotek[] = {
    {.rule = "upnp/device-upnp-on", .fact = FACT_UPNP_ENABLED, .wanted = "no",
     PARAMETER(NETWORK, "upnpportforwarding_enable"), .value = "0", .title = "Switch off UPnP",
     .effect = "Ports that it had opened at the router close."},
    {.rule = "vendor-cloud/ddns-on", .fact = FACT_DDNS_ENABLED, .wanted = "no",
     PARAMETER(NETWORK, "ddns_enable"), .value = "0", .title = "Switch off dynamic DNS",
     .effect = "A host name kept up to date by the device goes stale."},
    {.rule = "default-credentials/ftp-on", .fact = FACT_SERVICE_FTP, .wanted = "no",
     PARAMETER(SERVICES, "network_ftp_enable"), .value = "0",
     .title = "Switch off its FTP server"},
    {.rule = "default-credentials/snmp-on", .fact = FACT_SERVICE_SNMP, .wanted = "no",
     PARAMETER(SERVICES, "snmp_v2"), .value = "0", .title = "Switch off SNMP version 2c",
     .effect = "A monitor that reads it by community no longer gets an answer."},
    {BONJOUR, PARAMETER(SERVICES, "bonjour_enable")},
    {BONJOUR, PARAMETER(SERVICES, "bonjour_enabled")},
    {VIEWING, PARAMETER(MODES, "network_http_anonymousviewing"), .value = "0"},
    {VIEWING, PARAMETER(MODES, "network_rtsp_anonymousviewing"), .value = "0"},
    {VIEWING, PARAMETER(MODES, "network_rtsp_authmode"), .value = "digest"},
    {DIGEST, PARAMETER(MODES, "network_http_authmode")},
    {DIGEST, PARAMETER(MODES, "network_rtsp_authmode")},
    {.rule = "default-credentials/tls-off", .fact = FACT_TLS_ENABLED, .wanted = "yes",
     PARAMETER(SERVICES, "https_enable"), .value = "1", .title = "Switch on HTTPS",
     .effects = CHANGE_ON_REQUEST},
    {.rule = "access-log/no-time-server", .fact = FACT_CLOCK_NTP, .wanted = "{ntp}",
     PARAMETER(TIME, "system_ntp"), .value = "{ntp}", .title = "Set its time server",
     .effect = "Its clock may jump once."},
    {.rule = "access-log/no-time-server", .fact = FACT_CLOCK_SYNCED, .wanted = "yes",
     PARAMETER(TIME, "system_updateinterval"), .value = "86400", .title = "Set its time server",
     .effect = "Its clock may jump once."},
};
