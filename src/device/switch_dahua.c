/* Dahua: setConfig of one key by CGI; where only RPC2 opens, the table that getConfig gave. */
#include "device/switches.h"

#define MANAGER "/cgi-bin/configManager.cgi?action="
#define GET(n)                                                                                     \
    .read = &(const struct ask)                                                                    \
    {                                                                                              \
        .path = MANAGER "getConfig&name=" n, .login = true                                         \
    }

/* One key per request: combined ones can fail as a whole (public notes of devices). */
#define CGI(n, key)                                                                                \
    GET(n), .pick = "table." key, .write = {.path = MANAGER "setConfig&" key "={value}"},          \
            .success = "OK"
/* The RPC2 door makes configManager.setConfig of it, with this table (public RPC2 clients). */
#define RPC2(n, key)                                                                               \
    GET(n), .pick = "params.table" key,                                                            \
            .write = {.path = MANAGER "setConfig&name=" n,                                         \
                .body = "{document.params.table}",                                                 \
                .type = "application/json"},                                                       \
            .success = "true"

#define CLOUD                                                                                      \
    .rule = "vendor-cloud/cloud-on", .fact = FACT_CLOUD_ENABLED, .wanted = "no", .value = "false", \
    .title = "Switch off P2P",                                                                     \
    .effect = "The DMSS, Imou or Easy4ip app no longer reaches it from outside."
#define UPNP                                                                                       \
    .rule = "upnp/device-upnp-on", .fact = FACT_UPNP_ENABLED, .wanted = "no", .value = "false",    \
    .title = "Switch off UPnP", .effect = "Ports that it had opened at the router close."
#define DDNS                                                                                       \
    .rule = "vendor-cloud/ddns-on", .fact = FACT_DDNS_ENABLED, .wanted = "no", .value = "false",   \
    .title = "Switch off dynamic DNS",                                                             \
    .effect = "A host name kept up to date by the device goes stale."
#define TELNET                                                                                     \
    .rule = "default-credentials/telnet-on", .fact = FACT_SERVICE_TELNET, .wanted = "no",          \
    .value = "false", .title = "Switch off telnet"
#define SSH                                                                                        \
    .rule = "default-credentials/ssh-on", .fact = FACT_SERVICE_SSH, .wanted = "no",                \
    .value = "false", .title = "Switch off SSH"
#define SNMP                                                                                       \
    .rule = "default-credentials/snmp-on", .fact = FACT_SERVICE_SNMP, .wanted = "no",              \
    .value = "false", .title = "Switch off SNMP version 1 and 2c",                                 \
    .effect = "A monitor that reads it by community no longer gets an answer."
#define BONJOUR                                                                                    \
    .rule = "default-credentials/bonjour-on", .fact = FACT_SERVICE_BONJOUR, .wanted = "no",        \
    .value = "false", .title = "Switch off Bonjour",                                               \
    .effect = "Programs that search by Bonjour no longer find it.", .effects = CHANGE_ON_REQUEST
#define PLATFORM                                                                                   \
    .rule = "vendor-cloud/platform-on", .fact = FACT_SERVICE_PLATFORM, .wanted = NULL,             \
    .value = "false", .title = "Switch off its registration with a server (auto register)",        \
    .effect = "The server no longer gets its video.", .effects = CHANGE_ON_REQUEST
#define LOCKOUT                                                                                    \
    .rule = "vms-exposure/lockout-off", .fact = FACT_LOCKOUT_ENABLED, .wanted = "yes",             \
    .value = "true", .title = "Switch on its lock-out",                                            \
    .effect = "A recorder or VMS with an old password locks the account."
#define ONVIF                                                                                      \
    .rule = "default-credentials/onvif-open", .fact = FACT_LOGIN_ONVIF_OPEN, .wanted = "no",       \
    .value = "true", .title = "Make ONVIF ask for a password",                                     \
    .effect = "ONVIF clients that were set up without a password stop until they get one."
#define SERVER                                                                                     \
    .rule = "access-log/no-time-server", .fact = FACT_CLOCK_NTP, .wanted = "{ntp}",                \
    .value = "{ntp}", .title = "Set its time server", .effect = "Its clock may jump once."
#define SYNC                                                                                       \
    .rule = "access-log/no-time-server", .fact = FACT_CLOCK_SYNCED, .wanted = "yes",               \
    .value = "true", .title = "Set its time server", .effect = "Its clock may jump once."
#define HTTPS                                                                                      \
    .rule = "default-credentials/tls-off", .fact = FACT_TLS_ENABLED, .wanted = "yes",              \
    .value = "true", .title = "Switch on HTTPS", .effects = CHANGE_ON_REQUEST

/*
 * Names of configurations and keys: Dahua HTTP API (getConfig, setConfig: T2UServer, UPnP, DDNS,
 * NTP, General, Telnet, SNMP); rroller/dahua client.py; Amcrest HTTP API (UserGlobal, DVRIP).
 */
/* clang-format off */
const struct device_switch switch_dahua[] = {
    {CLOUD, CGI("T2UServer", "T2UServer.Enable")},
    {CLOUD, CGI("T2UServer", "T2UServer[0].Enable")},
    {CLOUD, RPC2("T2UServer", ".Enable")},
    {CLOUD, CGI("VSP_PaaS", "VSP_PaaS.Enable")},
    {CLOUD, RPC2("VSP_PaaS", ".Enable")},
    {UPNP, CGI("UPnP", "UPnP.Enable")},
    {UPNP, RPC2("UPnP", ".Enable")},
    {DDNS, CGI("DDNS", "DDNS[0].Enable")},
    {DDNS, CGI("DDNS", "DDNS[1].Enable")},
    {DDNS, CGI("DDNS", "DDNS[2].Enable")},
    {DDNS, CGI("DDNS", "DDNS[3].Enable")},
    {DDNS, RPC2("DDNS", "[0].Enable")},
    {DDNS, RPC2("DDNS", "[1].Enable")},
    {TELNET, CGI("Telnet", "Telnet.Enable")},
    {SSH, CGI("SSHD", "SSHD.Enable")},
    /* The whole service only where the versions can't be switched one by one. */
    {SNMP, CGI("SNMP", "SNMP.V1Enable")},
    {SNMP, CGI("SNMP", "SNMP.V2Enable")},
    {SNMP, CGI("SNMP", "SNMP.Enable")},
    {BONJOUR, CGI("Bonjour", "Bonjour.Enable")},
    {PLATFORM, CGI("DVRIP", "DVRIP.RegisterServer.Enable")},
    {PLATFORM, RPC2("DVRIP", ".RegisterServer.Enable")},
    {LOCKOUT, CGI("General", "General.LockLoginEnable")},
    {LOCKOUT, RPC2("General", ".LockLoginEnable")},
    {ONVIF, CGI("UserGlobal", "UserGlobal.OnvifLoginCheck")},
    {ONVIF, RPC2("UserGlobal", ".OnvifLoginCheck")},
    {SERVER, CGI("NTP", "NTP.Address")},
    {SERVER, RPC2("NTP", ".Address")},
    {SYNC, CGI("NTP", "NTP.Enable")},
    {SYNC, RPC2("NTP", ".Enable")},
    {HTTPS, CGI("Https", "Https.Enable")},
    {HTTPS, CGI("Https", "HTTPS.Enable")},
};
