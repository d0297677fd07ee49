/* Any ONVIF device: time server and HTTPS. There is no cloud, UPnP or telnet in ONVIF. */
#include "device/switches.h"

#include "codec/soap.h"

#define SOAP(envelope)                                                                             \
    {                                                                                              \
        .path = SOAP_DEVICE_SERVICE, .body = SOAP_ENVELOPE(envelope), .type = SOAP_TYPE            \
    }
#define READ(envelope)                                                                             \
    .read = &(const struct ask)                                                                    \
    {                                                                                              \
        .path = SOAP_DEVICE_SERVICE, .body = (envelope), .type = SOAP_TYPE, .login = true          \
    }
#define SCHEMA "xmlns=\"http://www.onvif.org/ver10/schema\""
#define NTP(type, element)                                                                         \
    SOAP("<SetNTP " SOAP_DEVICE "><FromDHCP>false</FromDHCP><NTPManual><Type " SCHEMA ">" type     \
         "</Type><" element " " SCHEMA ">{value}</" element "></NTPManual></SetNTP>")
#define HTTPS "~(?s)<(?:\\w+:)?Name>\\s*HTTPS\\s*</(?:\\w+:)?Name>\\s*<(?:\\w+:)?Enabled>\\s*(\\w+)"

/* ONVIF device management WSDL (ver10/device/wsdl): SetNTP, SetNetworkProtocols. */
/* clang-format off */
const struct device_switch switch_onvif[] = {
    {.rule = "access-log/no-time-server", .fact = FACT_CLOCK_NTP, .wanted = "{ntp}",
     READ(SOAP_GET_NTP), .pick = "NTPManual/DNSname", .value = "{ntp}",
     .write = NTP("DNS", "DNSname"), .success = "SetNTPResponse",
     .title = "Set its time server", .effect = "Its clock may jump once."},
    {.rule = "access-log/no-time-server", .fact = FACT_CLOCK_NTP, .wanted = "{ntp}",
     READ(SOAP_GET_NTP), .pick = "NTPManual/IPv4Address", .value = "{ntp}",
     .write = NTP("IPv4", "IPv4Address"), .success = "SetNTPResponse",
     .title = "Set its time server", .effect = "Its clock may jump once."},
    {.rule = "default-credentials/tls-off", .fact = FACT_TLS_ENABLED, .wanted = "yes",
     READ(SOAP_GET_NETWORK_PROTOCOLS), .pick = HTTPS, .value = "true",
     .write = SOAP("<SetNetworkProtocols " SOAP_DEVICE "><NetworkProtocols><Name " SCHEMA
                   ">HTTPS</Name><Enabled " SCHEMA ">{value}</Enabled><Port " SCHEMA
                   ">443</Port></NetworkProtocols></SetNetworkProtocols>"),
     .success = "SetNetworkProtocolsResponse", .title = "Switch on HTTPS",
     .effects = CHANGE_ON_REQUEST},
};
