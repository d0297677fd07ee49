/* The few ONVIF requests that Gatehouse sends, as constant envelopes (ONVIF Core, ver10/device). */
#pragma once

#define SOAP_DEVICE_SERVICE "/onvif/device_service"
#define SOAP_TYPE           "application/soap+xml; charset=utf-8"

#define SOAP_ENVELOPE(body)                                                                        \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\">"                             \
    "<s:Body xmlns:tds=\"http://www.onvif.org/ver10/device/wsdl\">" body "</s:Body></s:Envelope>"

#define SOAP_GET_SYSTEM_DATE        SOAP_ENVELOPE("<tds:GetSystemDateAndTime/>")
#define SOAP_GET_DEVICE_INFORMATION SOAP_ENVELOPE("<tds:GetDeviceInformation/>")
#define SOAP_GET_NETWORK_INTERFACES SOAP_ENVELOPE("<tds:GetNetworkInterfaces/>")
#define SOAP_GET_SCOPES             SOAP_ENVELOPE("<tds:GetScopes/>")
#define SOAP_GET_SERVICES                                                                          \
    SOAP_ENVELOPE(                                                                                 \
        "<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability></tds:GetServices>")
