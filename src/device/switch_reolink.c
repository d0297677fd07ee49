/* Reolink: one Set command per setting; its answer tells by a code, whatever the status. */
#include "device/switches.h"

#define API "/cgi-bin/api.cgi?cmd="
#define SETTING(name, group, key)                                                                  \
    .read = &(const struct ask){.path = API "Get" name,                                            \
        .body = "[{\"cmd\":\"Get" name "\",\"action\":0,\"param\":{}}]",                           \
        .type = "application/json",                                                                \
        .login = true},                                                                            \
    .pick = "[0].value." group "." key,                                                            \
    .write = {.path = API "Set" name,                                                              \
        .body = "[{\"cmd\":\"Set" name "\",\"action\":0,\"param\":{document.[0].value}}]",         \
        .type = "application/json"},                                                               \
    .success = "\"code\""

/*
 * Commands: Reolink Camera HTTP API User Guide (SetUpnp, SetDdns, SetNtp, SetNetPort, SetSysCfg:
 * the group of the Get command as param); SetP2p: github starkillerOG/reolink_aio api.py.
 */
/* clang-format off */
const struct device_switch switch_reolink[] = {
    {.rule = "vendor-cloud/cloud-on", .fact = FACT_CLOUD_ENABLED, .wanted = "no",
     SETTING("P2p", "P2p", "enable"), .value = "0", .title = "Switch off UID (P2P)",
     .effect = "The Reolink app reaches it in the local network only."},
    {.rule = "upnp/device-upnp-on", .fact = FACT_UPNP_ENABLED, .wanted = "no",
     SETTING("Upnp", "Upnp", "enable"), .value = "0", .title = "Switch off UPnP",
     .effect = "Ports that it had opened at the router close."},
    {.rule = "vendor-cloud/ddns-on", .fact = FACT_DDNS_ENABLED, .wanted = "no",
     SETTING("Ddns", "Ddns", "enable"), .value = "0", .title = "Switch off dynamic DNS",
     .effect = "A host name kept up to date by the device goes stale."},
    {.rule = "vms-exposure/lockout-off", .fact = FACT_LOCKOUT_ENABLED, .wanted = "yes",
     SETTING("SysCfg", "SysCfg", "loginLock"), .value = "1", .title = "Switch on its lock-out",
     .effect = "A recorder or VMS with an old password locks the account."},
    {.rule = "access-log/no-time-server", .fact = FACT_CLOCK_NTP, .wanted = "{ntp}",
     SETTING("Ntp", "Ntp", "server"), .value = "{ntp}", .title = "Set its time server",
     .effect = "Its clock may jump once."},
    {.rule = "access-log/no-time-server", .fact = FACT_CLOCK_SYNCED, .wanted = "yes",
     SETTING("Ntp", "Ntp", "enable"), .value = "1", .title = "Set its time server",
     .effect = "Its clock may jump once."},
    {.rule = "default-credentials/tls-off", .fact = FACT_TLS_ENABLED, .wanted = "yes",
     SETTING("NetPort", "NetPort", "httpsEnable"), .value = "1", .title = "Switch on HTTPS",
     .effects = CHANGE_ON_REQUEST},
};
