/* Axis cameras and encoders: VAPIX, key=value and JSON over HTTP with digest login. */
#include "device/device.h"

#include "base/text.h"
#include "codec/pick.h"
#include "codec/version.h"

#include <string.h>

#define LIST     "/axis-cgi/param.cgi?action=list&group="
#define PWDROOT  "/axis-cgi/pwdroot/" /* nndefaccts: only while no root password is set */
#define NO_ROOT  "11.6"               /* AXIS OS: no account exists until the owner makes one */
#define METHOD   "{\"apiVersion\":\"1.0\",\"method\":\"getAllUnrestrictedProperties\"}"
#define PROPERTY "data.propertyList."

static const struct ask first = {.path = "/"};
static const struct ask basic = {
    .path = "/axis-cgi/basicdeviceinfo.cgi", .body = METHOD, .type = "application/json"};
static const struct ask info = {
    .path = LIST "Brand,Properties.Firmware,Properties.System", .login = true};
static const struct ask remote = {.path = LIST "RemoteService", .login = true};
static const struct ask upnp = {.path = LIST "Network.UPnP", .login = true};

static const struct device_sign signs[] = {
    {FACT_TLS_SUBJECT,   SIGN_CONTAINS, "Axis Communications AB",           90}, /* Recog x509_subjects.xml */
    {FACT_TLS_SUBJECT,   SIGN_CONTAINS, "CN=axis-",                         80}, /* Recog x509_subjects.xml */
    {FACT_BANNER_FTP,    SIGN_STARTS,   "220 AXIS ",                        90}, /* Recog ftp_banners.xml */
    {FACT_HTTP_REALM,    SIGN_STARTS,   "AXIS_",                            85},
    {FACT_RTSP_REALM,    SIGN_STARTS,   "AXIS_",                            85},
    {FACT_HTTP_BODY,     SIGN_CONTAINS, PWDROOT,                            90}, /* nndefaccts */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "/axis-cgi/",                       80},
    {FACT_HTTP_TITLE,    SIGN_STARTS,   "Live view  - AXIS",                85}, /* nndefaccts */
    {FACT_HTTP_TITLE,    SIGN_EQUALS,   "AXIS",                             80}, /* Recog html_title.xml */
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "a3fd8705f010b90e37d42128000f620b", 85}, /* Recog */
    {FACT_SSDP_SERVER,   SIGN_CONTAINS, "-axis",                            85}, /* Recog http_servers.xml */
    {FACT_SSDP_TYPE,     SIGN_CONTAINS, "axis-com:device",                  85},
    {FACT_MDNS_NAME,     SIGN_STARTS,   "AXIS ",                            80}, /* UniversalScanner selftest */
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Axis",                             80},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/name/AXIS",              65}, /* the owner may change it */
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Axis Communications",              60}, /* IEEE */
    {FACT_MDNS_SERVICE,  SIGN_CONTAINS, "_axis-video",                      50}, /* DoorBird announces it too */
};

static const struct device_probe probes[] = {
    {{.path = LIST "Brand,Properties.Firmware,Properties.System"}, 401, "realm=\"AXIS_", 90},
};

/* Names: github Kane610/axis basic_device_info.py and param_cgi.py. */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,   &info,   "root.Brand.ProdNbr",                     AS_CONSTANT, "Axis"    },
    {FACT_DEVICE_MODEL,    &info,   "root.Brand.ProdNbr",                     AS_TEXT,     NULL      },
    {FACT_DEVICE_FIRMWARE, &info,   "root.Properties.Firmware.Version",       AS_TEXT,     NULL      },
    {FACT_DEVICE_BUILD,    &info,   "root.Properties.Firmware.BuildDate",     AS_DATE,     NULL      },
    {FACT_DEVICE_SERIAL,   &info,   "root.Properties.System.SerialNumber",    AS_TEXT,     NULL      },
    {FACT_DEVICE_HARDWARE, &info,   "root.Properties.System.HardwareID",      AS_TEXT,     NULL      },
    {FACT_DEVICE_VENDOR,   &basic,  PROPERTY "ProdNbr",                       AS_CONSTANT, "Axis"    },
    {FACT_DEVICE_MODEL,    &basic,  PROPERTY "ProdNbr",                       AS_TEXT,     NULL      },
    {FACT_DEVICE_FIRMWARE, &basic,  PROPERTY "Version",                       AS_TEXT,     NULL      },
    {FACT_DEVICE_BUILD,    &basic,  PROPERTY "BuildDate",                     AS_DATE,     NULL      },
    {FACT_DEVICE_SERIAL,   &basic,  PROPERTY "SerialNumber",                  AS_TEXT,     NULL      },
    {FACT_DEVICE_HARDWARE, &basic,  PROPERTY "HardwareID",                    AS_TEXT,     NULL      },
    {FACT_CLOUD_ENABLED,   &remote, "root.RemoteService.Enabled",             AS_YES_NO,   NULL      },
    {FACT_CLOUD_NAME,      &remote, "root.RemoteService.Enabled",             AS_CONSTANT, "Axis O3C"},
    {FACT_UPNP_ENABLED,    &upnp,   "root.Network.UPnP.NATTraversal.Enabled", AS_YES_NO,   NULL      },
};

static const struct ask *const asks[] = {&first};

static const char *const streams[] = {
    "/axis-media/media.amp",
    "/onvif-media/media.amp",
    "/mpeg4/media.amp",
};

static const char *const pictures[] = {
    "/axis-cgi/jpg/image.cgi",
    "/onvif-cgi/jpg/image.cgi",
    "/jpg/image.jpg",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "System > Users (older: Setup > System Options > Security > Users): set a long password "
         "of its own for root; ONVIF users are a separate list on the same page.",
     "The recorder or VMS that shows it needs the new password too.",
     "param.cgi?action=list with the old password answers 401."},
    {"default-credentials/not-activated",
     "Open its web page and set the first password of the administrator.",
     "Until then anyone in the network can set it.",
     "The first page asks for a login."},
    {"default-credentials/rtsp-open",
     "System > Plain config > Network > RTSP: clear \"Allow anonymous\"; Users: clear \"Allow "
         "anonymous viewing\".",
     "Viewers that were set up without a password stop until they get one.",
     "RTSP DESCRIBE of /axis-media/media.amp without a login answers 401."},
    {"default-credentials/snapshot-open",
     "System > Users: clear \"Allow anonymous viewing\".",
     "Pages that show its picture without a login stop until they get one.",
     "GET /axis-cgi/jpg/image.cgi without a login answers 401."},
    {"vendor-cloud/cloud-on",
     "System > Network > One-click cloud connection (O3C): choose No; or "
         "param.cgi?action=update&RemoteService.Enabled=no.",
     "AXIS remote services no longer reach it.",
     "param.cgi?action=list&group=RemoteService shows Enabled=no."},
    {"upnp/device-upnp-on",
     "System > Plain config > Network > UPnP: clear NAT traversal; or "
         "param.cgi?action=update&Network.UPnP.NATTraversal.Enabled=no.",
     "Ports that it had opened at the router close.",
     "param.cgi?action=list&group=Network.UPnP shows NATTraversal.Enabled=no."},
    {"camera-firmware/advisory",
     "Install the newest AXIS OS of its track (active or LTS) from axis.com: System > "
         "Maintenance > AXIS OS upgrade.",
     "The device restarts; settings stay.",
     "basicdeviceinfo.cgi shows the new Version."},
};
/* clang-format on */

/* The page that sets the first root password is there only in the factory state. */
static void
parse_first(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    if (pick_text(answer, "~" PWDROOT, facts->arena, &text) == OK) {
        facts_set_bool(facts, FACT_DEVICE_ACTIVATED, false, source);
    }
}

/* "oneclick", the factory value: it connects when its button is pressed, so neither on nor off. */
static void
parse_remote(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    struct source config = *source;
    config.witness = WITNESS_CONFIG;
    if (pick_text(answer, "root.RemoteService.Enabled", facts->arena, &text) == OK &&
        text_equal_nocase(text, "oneclick")) {
        facts_set_text(facts, FACT_CLOUD_UNREAD,
            "RemoteService.Enabled is oneclick: it connects to the cloud when its button is "
            "pressed; no would switch it off",
            &config);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (answer->status == 200 && text_equal(ask->path, first.path)) {
        parse_first(answer, facts, source);
    } else if (answer->status == 200 && text_equal(ask->path, remote.path)) {
        parse_remote(answer, facts, source);
    }
}

static const char *
no_factory(const struct facts *facts)
{
    const char *firmware = facts_text(facts, FACT_DEVICE_FIRMWARE);
    if (facts_is_no(facts, FACT_DEVICE_ACTIVATED)) {
        return "no first password is set yet: it has no password at all";
    }
    return firmware != NULL && version_compare(firmware, NO_ROOT) >= 0
               ? "its AXIS OS has no factory password: the owner must make the first account"
               : NULL;
}

/* clang-format off */
const struct device_driver device_axis = {
    .name = "axis",
    .title = "Axis VAPIX",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "axis",
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
    .door_ask = {.path = LIST "Brand,Properties.Firmware,Properties.System", .login = true},
    .limit = {20, 10, "parameter group System.PreventDoSAttack: a brake of 10 s, no lock-out"},
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
