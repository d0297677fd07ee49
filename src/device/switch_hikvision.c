/* Hikvision: ISAPI takes back the document that it gave, with one element changed. */
#include "device/switches.h"

#define NETWORK  "/ISAPI/System/Network/"
#define SECURITY "/ISAPI/Security/"
#define TIME     "/ISAPI/System/time"
/* The row of HTTPS in the list of ports: id, enabled, protocol, portNo (public ISAPI answers). */
#define HTTPS "~(?si)<enabled>\\s*(\\w+)\\s*</enabled>\\s*<protocol>\\s*HTTPS\\s*<"
#define DIGEST                                                                                     \
    .rule = "default-credentials/basic-auth", .fact = FACT_AUTH_BASIC, .wanted = "no",             \
    .value = "digest", .title = "Take passwords by digest only",                                   \
    .effect = "Programs that know only basic authentication no longer get in.",                    \
    .effects = CHANGE_ON_REQUEST
#define GET(p)                                                                                     \
    .read = &(const struct ask)                                                                    \
    {                                                                                              \
        .path = (p), .login = true                                                                 \
    }
#define PUT(p)                                                                                     \
    .write = {.method = "PUT", .path = (p), .body = "{document}", .type = "application/xml"}

/*
 * Paths and elements: hikvision_next fixtures; ISAPI developer guide, "get the document, change an
 * element, put it back"; EZVIZ: public notes of devices that have Hik-Connect switched off by it.
 */
/* clang-format off */
const struct device_switch switch_hikvision[] = {
    {.rule = "vendor-cloud/cloud-on", .fact = FACT_CLOUD_ENABLED, .wanted = "no",
     GET(NETWORK "EZVIZ"), .pick = "EZVIZ/enabled", .value = "false", PUT(NETWORK "EZVIZ"),
     .title = "Switch off Hik-Connect",
     .effect = "The Hik-Connect app no longer reaches it from outside; some models restart."},
    {.rule = "upnp/device-upnp-on", .fact = FACT_UPNP_ENABLED, .wanted = "no",
     GET(NETWORK "UPnP"), .pick = "UPnP/enabled", .value = "false", PUT(NETWORK "UPnP"),
     .title = "Switch off UPnP", .effect = "Ports that it had opened at the router close."},
    {.rule = "vendor-cloud/ddns-on", .fact = FACT_DDNS_ENABLED, .wanted = "no",
     GET(NETWORK "ddns"), .pick = "DDNS/enabled", .value = "false", PUT(NETWORK "ddns"),
     .title = "Switch off dynamic DNS",
     .effect = "A host name kept up to date by the device goes stale."},
    {.rule = "default-credentials/telnet-on", .fact = FACT_SERVICE_TELNET, .wanted = "no",
     GET(NETWORK "telnetd"), .pick = "Telnetd/enabled", .value = "false", PUT(NETWORK "telnetd"),
     .title = "Switch off telnet"},
    {.rule = "default-credentials/ssh-on", .fact = FACT_SERVICE_SSH, .wanted = "no",
     GET(NETWORK "ssh"), .pick = "SSH/enabled", .value = "false", PUT(NETWORK "ssh"),
     .title = "Switch off SSH"},
    /* SNMPAdvanced is version 3 and stays. */
    {.rule = "default-credentials/snmp-on", .fact = FACT_SERVICE_SNMP, .wanted = "no",
     GET(NETWORK "SNMP"), .pick = "SNMPv1c/enabled", .value = "false", PUT(NETWORK "SNMP"),
     .title = "Switch off SNMP version 1 and 2c",
     .effect = "A monitor that reads it by community no longer gets an answer."},
    {.rule = "default-credentials/snmp-on", .fact = FACT_SERVICE_SNMP, .wanted = "no",
     GET(NETWORK "SNMP"), .pick = "SNMPv2c/enabled", .value = "false", PUT(NETWORK "SNMP"),
     .title = "Switch off SNMP version 1 and 2c",
     .effect = "A monitor that reads it by community no longer gets an answer."},
    {.rule = "default-credentials/bonjour-on", .fact = FACT_SERVICE_BONJOUR, .wanted = "no",
     GET(NETWORK "Bonjour"), .pick = "Bonjour/enabled", .value = "false", PUT(NETWORK "Bonjour"),
     .title = "Switch off Bonjour", .effect = "Programs that search by Bonjour no longer find it.",
     .effects = CHANGE_ON_REQUEST},
    {.rule = "vendor-cloud/platform-on", .fact = FACT_SERVICE_PLATFORM, .wanted = NULL,
     GET(NETWORK "Ehome"), .pick = "Ehome/enabled", .value = "false", PUT(NETWORK "Ehome"),
     .title = "Switch off its registration with a platform (ISUP)",
     .effect = "The platform no longer gets its video.", .effects = CHANGE_ON_REQUEST},
    {.rule = "vms-exposure/lockout-off", .fact = FACT_LOCKOUT_ENABLED, .wanted = "yes",
     GET(SECURITY "illegalLoginLock"), .pick = "IllegalLoginLock/enabled", .value = "true",
     PUT(SECURITY "illegalLoginLock"), .title = "Switch on its lock-out",
     .effect = "A recorder or VMS with an old password locks the account."},
    {.rule = "access-log/no-time-server", .fact = FACT_CLOCK_NTP, .wanted = "{ntp}",
     GET(TIME "/ntpServers"), .pick = "NTPServer/hostName", .value = "{ntp}",
     PUT(TIME "/ntpServers"), .title = "Set its time server",
     .effect = "Its clock may jump once."},
    {.rule = "access-log/no-time-server", .fact = FACT_CLOCK_SYNCED, .wanted = "yes",
     GET(TIME), .pick = "Time/timeMode", .value = "NTP", PUT(TIME),
     .title = "Set its time server", .effect = "Its clock may jump once."},
    {.rule = "default-credentials/tls-off", .fact = FACT_TLS_ENABLED, .wanted = "yes",
     GET(SECURITY "adminAccesses"), .pick = HTTPS, .value = "true", PUT(SECURITY "adminAccesses"),
     .title = "Switch on HTTPS", .effects = CHANGE_ON_REQUEST},
    /* Public ISAPI scripts: webCertificate CertificateType; RTSP: channels/101 certificateType. */
    {DIGEST, GET(SECURITY "webCertificate"), .pick = "WebCertificate/CertificateType",
     PUT(SECURITY "webCertificate")},
    {DIGEST, GET("/ISAPI/Streaming/channels/101"), .pick = "Security/certificateType",
     PUT("/ISAPI/Streaming/channels/101")},
};
