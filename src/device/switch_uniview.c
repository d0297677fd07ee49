/* Uniview: LAPI takes the Data of its own answer back by PUT. */
#include "device/switches.h"

#define LAPI "/LAPI/V1.0/"
#define SETTING(place, key)                                                                        \
    .read = &(const struct ask){.path = LAPI place, .login = true}, .pick = "Response.Data." key,  \
    .write = {.method = "PUT",                                                                     \
        .path = LAPI place,                                                                        \
        .body = "{document.Response.Data}",                                                        \
        .type = "application/json"},                                                               \
    .success = "Succeed"

#define CLOUD                                                                                      \
    .rule = "vendor-cloud/cloud-on", .fact = FACT_CLOUD_ENABLED, .wanted = "no", .value = "0",     \
    .title = "Switch off EZCloud", .effect = "The EZView app no longer reaches it from outside."
#define DDNS                                                                                       \
    .rule = "vendor-cloud/ddns-on", .fact = FACT_DDNS_ENABLED, .wanted = "no", .value = "0",       \
    .title = "Switch off dynamic DNS",                                                             \
    .effect = "A host name kept up to date by the device goes stale."
#define UPNP                                                                                       \
    .rule = "upnp/device-upnp-on", .fact = FACT_UPNP_ENABLED, .wanted = "no", .value = "0",        \
    .title = "Switch off its port mapping (UPnP)",                                                 \
    .effect = "Ports that it had opened at the router close."
#define TELNET                                                                                     \
    .rule = "default-credentials/telnet-on", .fact = FACT_SERVICE_TELNET, .wanted = "no",          \
    .value = "0", .title = "Switch off telnet"
#define SNMP                                                                                       \
    .rule = "default-credentials/snmp-on", .fact = FACT_SERVICE_SNMP, .wanted = "no",              \
    .value = "0", .title = "Switch off SNMP",                                                      \
    .effect = "A monitor that reads it by community no longer gets an answer."
#define HTTPS                                                                                      \
    .rule = "default-credentials/tls-off", .fact = FACT_TLS_ENABLED, .wanted = "yes",              \
    .value = "1", .title = "Switch on HTTPS", .effects = CHANGE_ON_REQUEST
#define DIGEST                                                                                     \
    .rule = "default-credentials/basic-auth", .fact = FACT_AUTH_BASIC, .wanted = "no",             \
    .value = "2", .title = "Take passwords by digest only",                                        \
    .effect = "Programs that know only basic authentication no longer get in.",                    \
    .effects = CHANGE_ON_REQUEST
#define SERVER                                                                                     \
    .rule = "access-log/no-time-server", .fact = FACT_CLOCK_NTP, .wanted = "{ntp}",                \
    .value = "{ntp}", .title = "Set its time server", .effect = "Its clock may jump once."
#define SYNC                                                                                       \
    .rule = "access-log/no-time-server", .fact = FACT_CLOCK_SYNCED, .wanted = "yes", .value = "1", \
    .title = "Set its time server", .effect = "Its clock may jump once."

/*
 * Paths as the driver reads them; that a PUT takes the Data object: the web page of Uniview devices
 * (LAPI_SetCfgData in public copies of it), public LAPI clients (PUT Network/SSH {"Enabled":0}).
 * "Enable" on older, "Enabled" on newer firmware.
 */
/* clang-format off */
const struct device_switch switch_uniview[] = {
    {CLOUD, SETTING("Network/Cloud", "Enabled")},
    {CLOUD, SETTING("Network/Cloud", "Enable")},
    {DDNS, SETTING("NetWork/DDNS", "Enabled")},
    {DDNS, SETTING("NetWork/DDNS", "Enable")},
    {UPNP, SETTING("Channel/0/NetWork/PortMap", "Enabled")},
    {UPNP, SETTING("Channel/0/NetWork/PortMap", "Enable")},
    {TELNET, SETTING("Channel/0/NetWork/Telnet", "Enabled")},
    {TELNET, SETTING("Channel/0/NetWork/Telnet", "Enable")},
    {SNMP, SETTING("NetWork/SNMP", "Enabled")},
    {SNMP, SETTING("NetWork/SNMP", "Enable")},
    {HTTPS, SETTING("NetWork/HTTPS", "Enabled")},
    {HTTPS, SETTING("NetWork/HTTPS", "Enable")},
    {DIGEST, SETTING("NetWork/HttpAuth", "Mode")},
    {DIGEST, SETTING("NetWork/RtspAuth", "Mode")},
    {SERVER, SETTING("System/Time/NTP", "IPAddress")},
    {SERVER, SETTING("System/Time/NTP", "DomainName")},
    {SYNC, SETTING("System/Time/NTP", "Enabled")},
    {SYNC, SETTING("System/Time/NTP", "Enable")},
};
