/* Axis: one parameter per request to param.cgi. */
#include "device/switches.h"

#define LIST "/axis-cgi/param.cgi?action=list&group="

/* VAPIX parameter management: action=update answers "OK", or a line that begins with "# Error". */
#define PARAMETER(group, name)                                                                     \
    .read = &(const struct ask){.path = LIST group, .login = true}, .pick = "root." name,          \
    .write = {.path = "/axis-cgi/param.cgi?action=update&" name "={value}"}, .success = "OK"

#define VIEWING                                                                                    \
    .rule = "default-credentials/anonymous-viewing", .fact = FACT_USERS_ANONYMOUS, .wanted = "no", \
    .value = "password", .title = "Switch off viewing without a log-in",                           \
    .effect = "Viewers that were set up without a password stop until they get one."
#define DDNS                                                                                       \
    .rule = "vendor-cloud/ddns-on", .fact = FACT_DDNS_ENABLED, .wanted = "no", .value = "no",      \
    .title = "Switch off dynamic DNS",                                                             \
    .effect = "A host name kept up to date by the device goes stale."
#define SNMP                                                                                       \
    .rule = "default-credentials/snmp-on", .fact = FACT_SERVICE_SNMP, .wanted = "no",              \
    .value = "no", .title = "Switch off SNMP version 1 and 2c",                                    \
    .effect = "A monitor that reads it by community no longer gets an answer."
#define TIME                                                                                       \
    .rule = "access-log/no-time-server", .title = "Set its time server",                           \
    .effect = "Its clock may jump once."

/*
 * VAPIX NTP API (AXIS OS 9.10 and later): setNTPClientConfiguration, one parameter a request, so
 * that each can be put back by itself; the other static servers stay in their list.
 */
#define NTP_API(key, params)                                                                       \
    .fact = FACT_CLOCK_NTP, .wanted = "{ntp}",                                                     \
    .read = &(const struct ask){.path = "/axis-cgi/ntp.cgi",                                       \
        .body = "{\"apiVersion\":\"1.0\",\"method\":\"getNTPInfo\"}",                              \
        .type = "application/json",                                                                \
        .login = true},                                                                            \
    .pick = "data.client." key,                                                                    \
    .write = {.path = "/axis-cgi/ntp.cgi",                                                         \
        .body =                                                                                    \
            "{\"apiVersion\":\"1.0\",\"method\":\"setNTPClientConfiguration\",\"params\":{" params \
            "}}",                                                                                  \
        .type = "application/json"},                                                               \
    .success = "setNTPClientConfiguration"

/* Names: VAPIX parameter lists of devices (AXIS OS 5 to 12), public test data of VAPIX clients. */
/* clang-format off */
const struct device_switch switch_axis[] = {
    {.rule = "vendor-cloud/cloud-on", .fact = FACT_CLOUD_ENABLED, .wanted = "no",
     PARAMETER("RemoteService", "RemoteService.Enabled"), .value = "no",
     .title = "Switch off one-click cloud connection (O3C)",
     .effect = "AXIS remote services no longer reach it."},
    {.rule = "vendor-cloud/cloud-armed", .fact = FACT_CLOUD_ARMED, .wanted = NULL,
     PARAMETER("RemoteService", "RemoteService.Enabled"), .value = "no",
     .title = "Switch off one-click cloud connection (O3C)",
     .effect = "AXIS remote services can no longer be joined with its button."},
    {.rule = "upnp/device-upnp-on", .fact = FACT_UPNP_ENABLED, .wanted = "no",
     PARAMETER("Network", "Network.UPnP.NATTraversal.Enabled"), .value = "no",
     .title = "Switch off NAT traversal (UPnP)",
     .effect = "Ports that it had opened at the router close."},
    {DDNS, PARAMETER("Network", "Network.DNSUpdate.Enabled")},
    {DDNS, PARAMETER("Network", "Network.AxisNS.Enabled")},
    {.rule = "default-credentials/ssh-on", .fact = FACT_SERVICE_SSH, .wanted = "no",
     PARAMETER("Network", "Network.SSH.Enabled"), .value = "no", .title = "Switch off SSH"},
    {.rule = "default-credentials/ftp-on", .fact = FACT_SERVICE_FTP, .wanted = "no",
     PARAMETER("Network", "Network.FTP.Enabled"), .value = "no",
     .title = "Switch off its FTP server"},
    {SNMP, PARAMETER("SNMP", "SNMP.V1")},
    {SNMP, PARAMETER("SNMP", "SNMP.V2c")},
    {.rule = "default-credentials/bonjour-on", .fact = FACT_SERVICE_BONJOUR, .wanted = "no",
     PARAMETER("Network", "Network.Bonjour.Enabled"), .value = "no", .title = "Switch off Bonjour",
     .effect = "Programs that search by Bonjour no longer find it.",
     .effects = CHANGE_ON_REQUEST},
    {.rule = "vms-exposure/lockout-off", .fact = FACT_LOCKOUT_ENABLED, .wanted = "yes",
     PARAMETER("System", "System.PreventDoSAttack.ActivatePasswordThrottling"), .value = "on",
     .title = "Switch on its brake against guessing"},
    {VIEWING, PARAMETER("Network", "Network.RTSP.ProtViewer")},
    {VIEWING, PARAMETER("System", "System.BoaProtViewer")},
    {.rule = "default-credentials/basic-auth", .fact = FACT_AUTH_BASIC, .wanted = "no",
     PARAMETER("Network", "Network.HTTP.AuthenticationPolicy"), .value = "digest",
     .title = "Take passwords by digest only",
     .effect = "Programs that know only basic authentication no longer get in.",
     .effects = CHANGE_ON_REQUEST},
    {.rule = "default-credentials/tls-off", .fact = FACT_TLS_ENABLED, .wanted = "yes",
     PARAMETER("HTTPS", "HTTPS.Enabled"), .value = "yes", .title = "Switch on HTTPS",
     .effects = CHANGE_ON_REQUEST},
    {TIME, .fact = FACT_CLOCK_NTP, .wanted = "{ntp}", PARAMETER("Time", "Time.NTP.Server"),
     .value = "{ntp}"},
    {TIME, .fact = FACT_CLOCK_SYNCED, .wanted = "yes", PARAMETER("Time", "Time.SyncSource"),
     .value = "NTP"},
    {TIME, NTP_API("enabled", "\"enabled\":{value}"), .value = "true"},
    {TIME, NTP_API("serversSource", "\"serversSource\":\"{value}\""), .value = "static"},
    {TIME, NTP_API("staticServers[0]", "\"staticServers\":{document.data.client.staticServers}"),
     .value = "{ntp}"},
};
