/* Hanwha: SUNAPI's action=set with the one parameter that changes. */
#include "device/switches.h"

/* Key=value lines, or JSON with the key at any depth: newer firmware answers in JSON. */
#define KEY(key)                "~(?im)(?:^|[.\"\\s])" key "\"?\\s*[=:]\\s*\"?([^\"\\r\\n,}]+)"
#define MENU(cgi, menu, action) "/stw-cgi/" cgi ".cgi?msubmenu=" menu "&action=" action
#define SETTING(cgi, menu, key)                                                                    \
    .read = &(const struct ask){.path = MENU(cgi, menu, "view"), .login = true}, .pick = KEY(key), \
    .write = {.path = MENU(cgi, menu, "set") "&" key "={value}"}

/*
 * Parameters: SUNAPI 2.6 (security: guest, rtsp, ssl; network: bonjour, snmp; system: date), the
 * Wisenet web viewer (dynamicdns: Type, and SamsungQuickConnect with it). action=set answers OK or
 * NG.
 */
/* clang-format off */
const struct device_switch switch_hanwha[] = {
    {.rule = "vendor-cloud/cloud-on", .fact = FACT_CLOUD_ENABLED, .wanted = "no",
     SETTING("network", "p2p", "Enable"), .value = "False", .title = "Switch off Wisenet P2P",
     .effect = "The Wisenet app no longer reaches it from outside."},
    {.rule = "upnp/device-upnp-on", .fact = FACT_UPNP_ENABLED, .wanted = "no",
     .read = &(const struct ask){.path = MENU("network", "dynamicdns", "view"), .login = true},
     .pick = KEY("SamsungQuickConnect"), .value = "False",
     .write = {.path = MENU("network", "dynamicdns", "set")
                   "&Type=SamsungDDNS&SamsungQuickConnect={value}"},
     .title = "Switch off Quick connect (UPnP)",
     .effect = "Ports that it had opened at the router close."},
    {.rule = "vendor-cloud/ddns-on", .fact = FACT_DDNS_ENABLED, .wanted = "no",
     SETTING("network", "dynamicdns", "Type"), .value = "Off", .title = "Switch off dynamic DNS",
     .effect = "A host name kept up to date by the device goes stale."},
    {.rule = "default-credentials/anonymous-viewing", .fact = FACT_USERS_ANONYMOUS, .wanted = "no",
     SETTING("security", "guest", "Enable"), .value = "False",
     .title = "Switch off viewing without a log-in",
     .effect = "Viewers that were set up without a password stop until they get one."},
    {.rule = "default-credentials/anonymous-viewing", .fact = FACT_USERS_ANONYMOUS, .wanted = "no",
     SETTING("security", "rtsp", "RTSPAuthentication"), .value = "Protected",
     .title = "Switch off viewing without a log-in",
     .effect = "Viewers that were set up without a password stop until they get one."},
    {.rule = "default-credentials/snmp-on", .fact = FACT_SERVICE_SNMP, .wanted = "no",
     SETTING("network", "snmp", "Version1"), .value = "False",
     .title = "Switch off SNMP version 1 and 2c",
     .effect = "A monitor that reads it by community no longer gets an answer."},
    {.rule = "default-credentials/snmp-on", .fact = FACT_SERVICE_SNMP, .wanted = "no",
     SETTING("network", "snmp", "Version2"), .value = "False",
     .title = "Switch off SNMP version 1 and 2c",
     .effect = "A monitor that reads it by community no longer gets an answer."},
    {.rule = "default-credentials/bonjour-on", .fact = FACT_SERVICE_BONJOUR, .wanted = "no",
     SETTING("network", "bonjour", "Enable"), .value = "False", .title = "Switch off Bonjour",
     .effect = "Programs that search by Bonjour no longer find it.",
     .effects = CHANGE_ON_REQUEST},
    {.rule = "default-credentials/tls-off", .fact = FACT_TLS_ENABLED, .wanted = "yes",
     SETTING("security", "ssl", "Policy"), .value = "HTTPandHTTPSProprietary",
     .title = "Switch on HTTPS", .effects = CHANGE_ON_REQUEST},
    {.rule = "access-log/no-time-server", .fact = FACT_CLOCK_NTP, .wanted = "{ntp}",
     .read = &(const struct ask){.path = MENU("system", "date", "view"), .login = true},
     .pick = "NTPURLList", .value = "{ntp}",
     .write = {.path = MENU("system", "date", "set") "&NTPURLList={value}"},
     .title = "Set its time server", .effect = "Its clock may jump once."},
    {.rule = "access-log/no-time-server", .fact = FACT_CLOCK_NTP, .wanted = "{ntp}",
     .read = &(const struct ask){.path = MENU("system", "date", "view"), .login = true},
     .pick = "NTPURLList[0]", .value = "{ntp}",
     .write = {.path = MENU("system", "date", "set") "&NTPURLList={value}"},
     .title = "Set its time server", .effect = "Its clock may jump once."},
    {.rule = "access-log/no-time-server", .fact = FACT_CLOCK_SYNCED, .wanted = "yes",
     SETTING("system", "date", "SyncType"), .value = "NTP", .title = "Set its time server",
     .effect = "Its clock may jump once."},
};
