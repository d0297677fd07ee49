/* Dahua cameras and recorders and their OEM brands: CGI with key=value answers, digest login. */
#include "device/device.h"

#include "base/text.h"
#include "codec/httpauth.h"
#include "codec/pick.h"

#include <string.h>

#define WIZARD_BUILD                                                                               \
    "2018-06-01" /* initialisation wizard instead of a default, about 2017/18 on                   \
                  */
#define REALM "Login to "

#define MAGIC  "/cgi-bin/magicBox.cgi?action="
#define CONFIG "/cgi-bin/configManager.cgi?action=getConfig&name="

static const struct ask software = {.path = MAGIC "getSoftwareVersion", .login = true};
static const struct ask type = {.path = MAGIC "getDeviceType", .login = true};
static const struct ask class = {.path = MAGIC "getDeviceClass", .login = true};
static const struct ask info = {.path = MAGIC "getSystemInfo", .login = true};
static const struct ask name = {.path = MAGIC "getMachineName", .login = true};
static const struct ask vendor = {.path = MAGIC "getVendor", .login = true};
static const struct ask p2p = {.path = CONFIG "T2UServer", .login = true};
static const struct ask upnp = {.path = CONFIG "UPnP", .login = true};
static const struct ask ddns = {.path = CONFIG "DDNS", .login = true};

static const struct device_sign signs[] = {
    {FACT_DHIP_SEEN,     SIGN_YES,      NULL,                               90}, /* answers 37810/udp */
    {FACT_HTTP_REALM,    SIGN_STARTS,   REALM,                              80}, /* Recog http_wwwauth.xml */
    {FACT_RTSP_REALM,    SIGN_STARTS,   REALM,                              80},
    {FACT_RTSP_SERVER,   SIGN_CONTAINS, "Dahua Rtsp Server",                95}, /* Recog rtsp_servers.xml */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "jsCore/rpcCore.js",                85}, /* nndefaccts */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "js/loginEx.js",                    75}, /* nndefaccts */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "jsBase/widget/js/dui.tab.js",      85}, /* nndefaccts */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "LOREX_webplugin",                  85}, /* nuclei */
    {FACT_HTTP_TITLE,    SIGN_EQUALS,   "WEB SERVICE",                      60}, /* nndefaccts */
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "bd9e17c46bbbc18af2a2bd718dddad0e", 85}, /* Ingram rules */
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "605f51b413980667766a9aff2e53b9ed", 85}, /* Ingram rules */
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "b39f249362a2e4ab62be4ddbc9125f53", 85}, /* Ingram rules */
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Dahua",                            80},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "dahua",                            60}, /* the owner may change it */
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "amcrest",                          60},
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Zhejiang Dahua",                   55}, /* IEEE */
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Hangzhou Huacheng",                50}, /* IEEE: Imou */
    {FACT_MAC_VENDOR,    SIGN_CONTAINS, "Amcrest",                          50}, /* IEEE */
    {FACT_MAC_VENDOR,    SIGN_CONTAINS, "Lorex",                            50}, /* IEEE */
};

static const struct device_probe probes[] = {
    {{.path = MAGIC "getSoftwareVersion"}, 401, "realm=\"" REALM, 85},
};

/* Keys: github rroller/dahua client.py. */
/* clang-format off */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR, &software, "version", AS_CONSTANT, "Dahua"},
    {FACT_DEVICE_FIRMWARE, &software, "version", AS_TEXT, NULL},
    {FACT_DEVICE_BUILD, &software, "version", AS_DATE, NULL},
    {FACT_DEVICE_MODEL, &type, "type", AS_TEXT, NULL},
    {FACT_DEVICE_SERIAL, &info, "serialNumber", AS_TEXT, NULL},
    {FACT_DEVICE_HARDWARE, &info, "hardwareVersion", AS_TEXT, NULL},
    {FACT_DEVICE_MODEL, &info, "updateSerial", AS_TEXT, NULL},
    {FACT_DEVICE_NAME, &name, "name", AS_TEXT, NULL},
    {FACT_DEVICE_BRAND, &vendor,
     "~(?i)^vendor=(?!General|Dahua|Private|OEM)(.+?)\\s*$",
     AS_TEXT, NULL},
    {FACT_DEVICE_KIND, &class, "~(?i)^class=IP", AS_CONSTANT, "camera"},
    {FACT_DEVICE_KIND, &class, "~(?i)^class=(?:SD|TPC)", AS_CONSTANT, "camera"},
    {FACT_DEVICE_KIND, &class, "~(?i)^class=\\w*(?:NVR|DVR|XVR|HCVR|NVS)", AS_CONSTANT, "recorder"},
    {FACT_DEVICE_KIND, &class, "~(?i)^class=V[TD]", AS_CONSTANT, "door station"},
    {FACT_CLOUD_ENABLED, &p2p, "table.T2UServer.Enable", AS_YES_NO, NULL},
    {FACT_CLOUD_ENABLED, &p2p, "table.T2UServer[0].Enable", AS_YES_NO, NULL},
    {FACT_CLOUD_NAME, &p2p, "~T2UServer", AS_CONSTANT, "Dahua P2P"},
    {FACT_UPNP_ENABLED, &upnp, "table.UPnP.Enable", AS_YES_NO, NULL},
};
/* clang-format on */

static const struct ask *const asks[] = {&ddns};

static const char *const streams[] = {
    "/cam/realmonitor?channel=1&subtype=0",
    "/live",
};

static const char *const pictures[] = {
    "/cgi-bin/snapshot.cgi",
    "/cgi-bin/snapshot.cgi?channel=1",
    "/onvifsnapshot/media_service/snapshot?channel=1&subtype=0",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "Setting > System > Account: modify admin and set a long password of its own; remove "
         "888888 and 666666 where they exist.",
     "The recorder or VMS that shows it needs the new password too; the ONVIF user list is "
         "separate.",
     "GET /cgi-bin/magicBox.cgi?action=getDeviceType with the old password answers 401."},
    {"default-credentials/not-activated",
     "Open its web page or ConfigTool and finish the initialisation with a long password.",
     "Until then anyone in the network can set the first password.",
     "The discovery answer shows it as initialised."},
    {"default-credentials/rtsp-open",
     "Setting > System > Safety > System Service: switch on RTSP authentication (digest).",
     "Viewers that were set up without a password stop until they get one.",
     "RTSP DESCRIBE of /cam/realmonitor?channel=1&subtype=0 without a login answers 401."},
    {"default-credentials/snapshot-open",
     "Setting > System > Account: switch off anonymous login.",
     NULL,
     "GET /cgi-bin/snapshot.cgi without a login answers 401."},
    {"vendor-cloud/cloud-on",
     "Setting > Network > P2P (or TCP/IP > Easy4ip): clear Enable; or GET "
         "/cgi-bin/configManager.cgi?action=setConfig&T2UServer.Enable=false.",
     "The DMSS or Easy4ip app no longer reaches it from outside.",
     "getConfig&name=T2UServer shows Enable=false."},
    {"vendor-cloud/ddns-on",
     "Setting > Network > DDNS: clear Enable; or setConfig&DDNS[0].Enable=false.",
     "A host name kept up to date by the device goes stale.",
     "getConfig&name=DDNS shows Enable=false in every row."},
    {"upnp/device-upnp-on",
     "Setting > Network > UPnP: clear Enable; or setConfig&UPnP.Enable=false.",
     "Ports that it had opened at the router close.",
     "getConfig&name=UPnP shows Enable=false."},
    {"camera-firmware/advisory",
     "Download the firmware for exactly this model from dahuasecurity.com (or the brand on "
         "the label), then Setting > System > Upgrade.",
     "The device restarts; check afterwards that P2P and UPnP stayed off.",
     "getSoftwareVersion shows the new build date."},
};
/* clang-format on */

/* The realm ends in the serial number, so the refusal alone names the device. */
static void
parse_realm(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct httpauth_challenge challenge;
    if (httpauth_challenge(answer, &challenge) == OK && text_starts(challenge.realm, REALM) &&
        challenge.realm[strlen(REALM)] != '\0') {
        facts_set_text(facts, FACT_DEVICE_SERIAL, challenge.realm + strlen(REALM), source);
    }
}

/* One provider switched on is enough; all rows say false when it is off. */
static void
parse_ddns(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    struct source config = *source;
    config.witness = WITNESS_CONFIG;
    if (pick_text(answer, "~(?i)DDNS\\[\\d+\\]\\.Enable=true", facts->arena, &text) == OK) {
        facts_set_bool(facts, FACT_DDNS_ENABLED, true, &config);
    } else if (pick_text(answer, "~(?i)DDNS\\[\\d+\\]\\.Enable=false", facts->arena, &text) == OK) {
        facts_set_bool(facts, FACT_DDNS_ENABLED, false, &config);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (answer->status == 401) {
        parse_realm(answer, facts, source);
    } else if (answer->status == 200 && text_equal(ask->path, ddns.path)) {
        parse_ddns(answer, facts, source);
    }
}

static const char *
no_factory(const struct facts *facts)
{
    const char *build = facts_text(facts, FACT_DEVICE_BUILD);
    if (facts_is_no(facts, FACT_DEVICE_ACTIVATED)) {
        return "not initialised yet: it has no password at all";
    }
    return build != NULL && strcmp(build, WIZARD_BUILD) >= 0
               ? "its firmware has no factory password: the owner must set one (initialisation)"
               : NULL;
}

/* clang-format off */
const struct device_driver device_dahua = {
    .name = "dahua",
    .title = "Dahua HTTP API",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "dahua",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &device_door_http,
    .door_ask = {.path = MAGIC "getSoftwareVersion", .login = true},
    .limit = {5, 1800, "configuration General.LockLoginTimes, LoginFailLockTime: usual values"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .no_factory = no_factory,
};
/* clang-format on */
