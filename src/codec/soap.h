/* The few ONVIF requests that Gatehouse sends, as constant envelopes (ONVIF Core, ver10/device). */
#pragma once

#define SOAP_DEVICE_SERVICE "/onvif/device_service"
#define SOAP_TYPE           "application/soap+xml; charset=utf-8"

/*
 * The shape that the usual clients send, namespace by namespace: some devices look for these very
 * bytes instead of reading XML (seen in the mock device of npm's onvif package).
 */
#define SOAP_ENVELOPE(body)                                                                        \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\">"                             \
    "<s:Body xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "                             \
    "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">" body "</s:Body></s:Envelope>"
#define SOAP_DEVICE "xmlns=\"http://www.onvif.org/ver10/device/wsdl\""

#define SOAP_GET_SYSTEM_DATE          SOAP_ENVELOPE("<GetSystemDateAndTime " SOAP_DEVICE "/>")
#define SOAP_GET_DEVICE_INFORMATION   SOAP_ENVELOPE("<GetDeviceInformation " SOAP_DEVICE "/>")
#define SOAP_GET_NETWORK_INTERFACES   SOAP_ENVELOPE("<GetNetworkInterfaces " SOAP_DEVICE "/>")
#define SOAP_GET_SCOPES               SOAP_ENVELOPE("<GetScopes " SOAP_DEVICE "/>")
#define SOAP_GET_USERS                SOAP_ENVELOPE("<GetUsers " SOAP_DEVICE "/>")
#define SOAP_GET_NTP                  SOAP_ENVELOPE("<GetNTP " SOAP_DEVICE "/>")
#define SOAP_GET_HOSTNAME             SOAP_ENVELOPE("<GetHostname " SOAP_DEVICE "/>")
#define SOAP_GET_NETWORK_PROTOCOLS    SOAP_ENVELOPE("<GetNetworkProtocols " SOAP_DEVICE "/>")
#define SOAP_GET_DISCOVERY_MODE       SOAP_ENVELOPE("<GetDiscoveryMode " SOAP_DEVICE "/>")
#define SOAP_GET_ACCESS_POLICY        SOAP_ENVELOPE("<GetAccessPolicy " SOAP_DEVICE "/>")
#define SOAP_GET_SERVICE_CAPABILITIES SOAP_ENVELOPE("<GetServiceCapabilities " SOAP_DEVICE "/>")
#define SOAP_START_FIRMWARE_UPGRADE   SOAP_ENVELOPE("<StartFirmwareUpgrade " SOAP_DEVICE "/>")
#define SOAP_GET_SERVICES                                                                          \
    SOAP_ENVELOPE(                                                                                 \
        "<GetServices " SOAP_DEVICE "><IncludeCapability>false</IncludeCapability></GetServices>")
