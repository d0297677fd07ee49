/* Axis cameras and encoders: VAPIX, key=value and JSON over HTTP with digest login. */
#include "device/account.h"
#include "device/parts.h"
#include "device/switches.h"

#include "base/text.h"
#include "codec/version.h"

#include <string.h>

#define LIST     "/axis-cgi/param.cgi?action=list&group="
#define PWDROOT  "/axis-cgi/pwdroot/" /* nndefaccts: only while no root password is set */
#define NO_ROOT  "11.6"               /* AXIS OS: no account exists until the owner makes one */
#define METHOD   "{\"apiVersion\":\"1.0\",\"method\":\"getAllUnrestrictedProperties\"}"
#define PROPERTY "data.propertyList."
#define JSON     .type = "application/json"
#define READY    "{\"apiVersion\":\"1.0\",\"method\":\"systemready\",\"params\":{\"timeout\":1}}"
#define CLOCK    "{\"apiVersion\":\"1.0\",\"method\":\"getDateTimeInfo\"}"
#define NTP      "{\"apiVersion\":\"1.0\",\"method\":\"getNTPInfo\"}"
#define DOS      "root.System.PreventDoSAttack."
#define CLIENT   "data.client."

static const struct ask first = {.path = "/"};
static const struct ask basic = {
    .path = "/axis-cgi/basicdeviceinfo.cgi", .body = METHOD, .type = "application/json"};
static const struct ask info = {
    .path = LIST "Brand,Properties.Firmware,Properties.System", .login = true};
static const struct ask ready = {.path = "/axis-cgi/systemready.cgi", .body = READY, JSON};
static const struct ask remote = {.path = LIST "RemoteService", .login = true};
static const struct ask network = {.path = LIST "Network", .login = true};
static const struct ask guard = {.path = LIST "System", .login = true};
static const struct ask https = {.path = LIST "HTTPS", .login = true};
static const struct ask snmp = {.path = LIST "SNMP", .login = true};
static const struct ask time_ask = {.path = LIST "Time", .login = true};
static const struct ask groups = {.path = "/axis-cgi/pwdgrp.cgi?action=get", .login = true};
static const struct ask now = {.path = "/axis-cgi/time.cgi", .body = CLOCK, JSON, .login = true};
static const struct ask ntp = {.path = "/axis-cgi/ntp.cgi", .body = NTP, JSON, .login = true};

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

/*
 * Names: github Kane610/axis basic_device_info.py and param_cgi.py; parameter lists of an AXIS
 * P5534 5.40.9.5 (github b01xy/astroflux) and of AXIS OS 9.10.1 (public test data); VAPIX Library:
 * System ready API (needsetup), Time API, NTP API; AXIS OS Hardening Guide for what they mean.
 */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,    &info,    "root.Brand.ProdNbr",                     AS_CONSTANT, "Axis"    },
    {FACT_DEVICE_MODEL,     &info,    "root.Brand.ProdNbr",                     AS_TEXT,     NULL      },
    {FACT_DEVICE_FIRMWARE,  &info,    "root.Properties.Firmware.Version",       AS_TEXT,     NULL      },
    {FACT_DEVICE_BUILD,     &info,    "root.Properties.Firmware.BuildDate",     AS_DATE,     NULL      },
    {FACT_DEVICE_SERIAL,    &info,    "root.Properties.System.SerialNumber",    AS_TEXT,     NULL      },
    {FACT_DEVICE_HARDWARE,  &info,    "root.Properties.System.HardwareID",      AS_TEXT,     NULL      },
    {FACT_DEVICE_VENDOR,    &basic,   PROPERTY "ProdNbr",                       AS_CONSTANT, "Axis"    },
    {FACT_DEVICE_MODEL,     &basic,   PROPERTY "ProdNbr",                       AS_TEXT,     NULL      },
    {FACT_DEVICE_FIRMWARE,  &basic,   PROPERTY "Version",                       AS_TEXT,     NULL      },
    {FACT_DEVICE_BUILD,     &basic,   PROPERTY "BuildDate",                     AS_DATE,     NULL      },
    {FACT_DEVICE_SERIAL,    &basic,   PROPERTY "SerialNumber",                  AS_TEXT,     NULL      },
    {FACT_DEVICE_HARDWARE,  &basic,   PROPERTY "HardwareID",                    AS_TEXT,     NULL      },
    {FACT_CLOUD_ENABLED,    &remote,  "root.RemoteService.Enabled",             AS_YES_NO,   NULL      },
    {FACT_CLOUD_NAME,       &remote,  "root.RemoteService.Enabled",             AS_CONSTANT, "Axis O3C"},
    {FACT_UPNP_ENABLED,     &network, "root.Network.UPnP.NATTraversal.Enabled", AS_YES_NO,   NULL      },
    {FACT_SERVICE_SSH,      &network, "root.Network.SSH.Enabled",               AS_YES_NO,   NULL      },
    {FACT_SERVICE_FTP,      &network, "root.Network.FTP.Enabled",               AS_YES_NO,   NULL      },
    {FACT_SERVICE_BONJOUR,  &network, "root.Network.Bonjour.Enabled",           AS_YES_NO,   NULL      },
    {FACT_AUTH_MODES,       &network, "root.Network.HTTP.AuthenticationPolicy", AS_TEXT,     NULL      },
    {FACT_LOCKOUT_ENABLED,  &guard,   DOS "ActivatePasswordThrottling",         AS_YES_NO,   NULL      },
    {FACT_DEVICE_ACTIVATED, &guard,   "root.System.RootPwdSet",                 AS_YES_NO,   NULL      },
    {FACT_TLS_ENABLED,      &https,   "root.HTTPS.Enabled",                     AS_YES_NO,   NULL      },
};

static const struct ask *const asks[] = {&first, &ready, &snmp, &time_ask, &groups, &now, &ntp};

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
    {"vendor-cloud/cloud-armed",
     "System > Network > One-click cloud connection (O3C): choose No; or "
         "param.cgi?action=update&RemoteService.Enabled=no.",
     "AXIS remote services can no longer be joined with its button.",
     "param.cgi?action=list&group=RemoteService shows Enabled=no."},
    {"default-credentials/anonymous-viewing",
     "System > Users: clear \"Allow anonymous viewing\"; Plain config > Network > RTSP: clear "
         "\"Allow anonymous\".",
     "Viewers that were set up without a password stop until they get one.",
     "Network.RTSP.ProtViewer and System.BoaProtViewer show password."},
    {"vms-exposure/lockout-off",
     "System > Plain config > System > PreventDoSAttack: switch ActivatePasswordThrottling on.",
     NULL,
     "param.cgi?action=list&group=System.PreventDoSAttack shows on."},
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
    if (parts_text(answer, "~" PWDROOT, facts->arena) != NULL) {
        facts_set_bool(facts, FACT_DEVICE_ACTIVATED, false, source);
    }
}

/* The property says what it is in words: "Network Video Door Station", "Dome Camera". */
static void
parse_kind(
    const struct answer *answer, const char *pick, struct facts *facts, const struct source *source)
{
    static const struct {
        const char *word;
        const char *kind;
    } rows[] = {
        {"Door Station", "door station"},
        {"Intercom",     "door station"},
        {"Encoder",      "encoder"     },
        {"Recorder",     "recorder"    },
        {"Camera",       "camera"      },
    };
    const char *text = parts_text(answer, pick, facts->arena);
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_contains_nocase(text, rows[i].word)) {
            facts_set_text(facts, FACT_DEVICE_KIND, rows[i].kind, source);
            return;
        }
    }
}

static void
parse_info(const struct answer *answer, struct facts *facts, const struct source *source)
{
    parse_kind(answer, "root.Brand.ProdType", facts, source);
}

static void
parse_basic(const struct answer *answer, struct facts *facts, const struct source *source)
{
    parse_kind(answer, PROPERTY "ProdType", facts, source);
}

static void
parse_ready(const struct answer *answer, struct facts *facts, const struct source *source)
{
    bool needed = false;
    if (parts_bool(answer, "data.needsetup", facts->arena, &needed)) {
        facts_set_bool(facts, FACT_DEVICE_ACTIVATED, !needed, source);
    }
}

/* "oneclick", the factory value: it connects only after its button was pressed (AXIS OS help). */
static void
parse_remote(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    const char *text = parts_text(answer, "root.RemoteService.Enabled", facts->arena);
    if (text_equal_nocase(text, "oneclick")) {
        facts_set_text(facts, FACT_CLOUD_ARMED,
            "RemoteService.Enabled is oneclick: whoever presses its button connects it; no would "
            "switch it off",
            &config);
    }
}

/* "password" or "anonymous"; firmware between them hides the value behind asterisks. */
static void
parse_viewing(
    const struct answer *answer, const char *pick, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    const char *text = parts_text(answer, pick, facts->arena);
    if (text_equal_nocase(text, "anonymous")) {
        parts_either(facts, FACT_USERS_ANONYMOUS, true, &config);
    } else if (text_equal_nocase(text, "password")) {
        parts_either(facts, FACT_USERS_ANONYMOUS, false, &config);
    }
}

/* Since AXIS OS 10 "recommended" is basic over HTTPS and digest over HTTP only. */
static void
parse_network(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const names[] = {
        "root.Network.DNSUpdate.Enabled", "root.Network.AxisNS.Enabled"};
    struct source config = parts_config(source, source->confidence);
    const char *policy = parts_text(answer, "root.Network.HTTP.AuthenticationPolicy", facts->arena);
    bool on = false;
    parse_viewing(answer, "root.Network.RTSP.ProtViewer", facts, source);
    for (size_t i = 0; i < COUNT(names); i++) {
        if (parts_bool(answer, names[i], facts->arena, &on)) {
            parts_either(facts, FACT_DDNS_ENABLED, on, &config);
        }
    }
    if (policy != NULL) {
        facts_set_bool(facts, FACT_AUTH_BASIC, text_contains_nocase(policy, "basic"), &config);
    }
}

/* A brake rather than a lock: its numbers count only while it is on. */
static void
parse_guard(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const struct {
        enum fact_id fact;
        const char *pick;
    } rows[] = {
        {FACT_LOCKOUT_TRIES,   DOS "DoSPageCount"     },
        {FACT_LOCKOUT_SECONDS, DOS "DoSBlockingPeriod"},
    };
    struct source config = parts_config(source, source->confidence);
    parse_viewing(answer, "root.System.BoaProtViewer", facts, source);
    for (size_t i = 0; i < COUNT(rows) && facts_is_yes(facts, FACT_LOCKOUT_ENABLED); i++) {
        uint64_t number = 0;
        if (text_to_u64(parts_text(answer, rows[i].pick, facts->arena), INT32_MAX, &number) == OK) {
            facts_set_int(facts, rows[i].fact, (int64_t)number, &config);
        }
    }
}

/* Version 3 alone is encrypted. */
static void
parse_snmp(const struct answer *answer, struct facts *facts, const struct source *source)
{
    bool enabled = true;
    bool first_on = false;
    bool second_on = false;
    struct source config = parts_config(source, source->confidence);
    bool told = parts_bool(answer, "root.SNMP.Enabled", facts->arena, &enabled);
    told = parts_bool(answer, "root.SNMP.V1", facts->arena, &first_on) || told;
    told = parts_bool(answer, "root.SNMP.V2c", facts->arena, &second_on) || told;
    if (told) {
        facts_set_bool(facts, FACT_SERVICE_SNMP, enabled && (first_on || second_on), &config);
    }
}

static void
parse_time(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const names[] = {"root.Time.NTP.Server", "root.Time.NTP.VolatileServer"};
    const char *sync = parts_text(answer, "root.Time.SyncSource", facts->arena);
    for (size_t i = 0; sync != NULL && i < COUNT(names); i++) {
        const char *server = parts_text(answer, names[i], facts->arena);
        parts_ntp(text_equal_nocase(sync, "NTP"), server, facts, source);
    }
}

static void
parse_ntp(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    bool enabled = false;
    bool synced = false;
    if (!parts_bool(answer, CLIENT "enabled", facts->arena, &enabled)) {
        return;
    }
    const char *server = parts_text(answer, CLIENT "staticServers[0]", facts->arena);
    if (server == NULL) {
        server = parts_text(answer, CLIENT "advertisedServers[0]", facts->arena);
    }
    parts_ntp(enabled, server, facts, source);
    if (enabled && parts_bool(answer, CLIENT "synced", facts->arena, &synced)) {
        facts_set_bool(facts, FACT_CLOCK_SYNCED, synced, &config);
    }
}

static void
parse_now(const struct answer *answer, struct facts *facts, const struct source *source)
{
    parts_clock(parts_text(answer, "data.dateTime", facts->arena), 0, answer, facts, source);
}

/* admin="root,anna": the highest group of an account counts. */
static void
parse_groups(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const struct {
        const char *group;
        const char *level;
    } rows[] = {
        {"admin",    "administrator"},
        {"operator", "operator"     },
        {"viewer",   "viewer"       },
        {"digusers", ""             },
        {"users",    ""             },
    };
    struct parts_users users = {.count = 0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *names = parts_text(answer, rows[i].group, facts->arena);
        while (names != NULL && *(names += strspn(names, ", ")) != '\0') {
            size_t len = strcspn(names, ", ");
            const char *name = arena_copy_n(facts->arena, names, len);
            parts_users_add(&users, name, rows[i].level);
            names += len;
        }
    }
    parts_users_write(&users, facts, source);
}

static const struct device_parser parsers[] = {
    {&first,    parse_first  },
    {&info,     parse_info   },
    {&basic,    parse_basic  },
    {&ready,    parse_ready  },
    {&remote,   parse_remote },
    {&network,  parse_network},
    {&guard,    parse_guard  },
    {&snmp,     parse_snmp   },
    {&time_ask, parse_time   },
    {&ntp,      parse_ntp    },
    {&now,      parse_now    },
    {&groups,   parse_groups },
};

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

static const struct device_account *const accounts[] = {&account_axis, &account_onvif_own};

/* clang-format off */
/* VAPIX Firmware management API, method upgrade: a form of a JSON part and the file. */
static const struct device_firmware firmware = {
    .title = "VAPIX firmware management",
    .upload = {.method = "POST",
        .path = "/axis-cgi/firmwaremanagement.cgi",
        .body = "{\"apiVersion\":\"1.0\",\"context\":\"gatehouse\",\"method\":\"upgrade\"}",
        .login = true},
    .field = "fileData",
    .lead = "data",
    .success = "firmwareVersion",
    .minutes = 15,
    .source = "developer.axis.com, VAPIX, Firmware management API (AXIS OS 7.40 and later)",
};

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
    .accounts = accounts,
    .account_count = COUNT(accounts),
    .switches = switch_axis,
    .switch_count = COUNT(switch_axis),
    .firmware = &firmware,
    .parsers = parsers,
    .parser_count = COUNT(parsers),
    .warn = parts_warn,
    .no_factory = no_factory,
};
/* clang-format on */
