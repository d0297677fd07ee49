/* Reolink cameras and recorders: JSON commands over HTTP with a session token. */
#include "device/account.h"
#include "device/door.h"
#include "device/parts.h"
#include "device/switches.h"

#include "base/text.h"
#include "codec/pick.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define API           "/cgi-bin/api.cgi?cmd="
#define COMMAND(name) "[{\"cmd\":\"" name "\",\"action\":0,\"param\":{}}]"
#define ASK(name)                                                                                  \
    {                                                                                              \
        .path = API name, .body = COMMAND(name), .type = "application/json", .login = true         \
    }

static const struct ask info = ASK("GetDevInfo");
static const struct ask p2p = ASK("GetP2p");
static const struct ask upnp = ASK("GetUpnp");
static const struct ask ddns = ASK("GetDdns");
static const struct ask link = ASK("GetLocalLink");
static const struct ask ports = ASK("GetNetPort");
static const struct ask users = ASK("GetUser");
static const struct ask ntp = ASK("GetNtp");
static const struct ask now = ASK("GetTime");
static const struct ask guard = ASK("GetSysCfg");

static const struct device_sign signs[] = {
    {FACT_HTTP_TITLE,    SIGN_EQUALS,   "Reolink",            85}, /* nuclei favicon-detect */
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Reolink",            80},
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Reolink",            60}, /* IEEE */
    {FACT_RTSP_REALM,    SIGN_EQUALS,   "BC Streaming Media", 70},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "reolink",            60}, /* the owner may change it */
};

static const struct device_probe probes[] = {
    {ASK("GetDevInfo"), 200, "\"rspCode\"", 75}, /* reolink_aio: -6, please login first */
};

#define INFO "[0].value.DevInfo."
#define TIME "[0].value.Time."
#define NTP  "[0].value.Ntp."
#define LOCK "[0].value.SysCfg."

/*
 * Names: github starkillerOG/reolink_aio api.py; Reolink Camera HTTP API User Guide: GetUser,
 * GetNetPort, GetNtp, GetTime, GetSysCfg (loginLock, allowedTimes 5, LockTime 300).
 */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,   &info,  INFO "model",                               AS_CONSTANT, "Reolink"    },
    {FACT_DEVICE_MODEL,    &info,  INFO "model",                               AS_TEXT,     NULL         },
    {FACT_DEVICE_NAME,     &info,  INFO "name",                                AS_TEXT,     NULL         },
    {FACT_DEVICE_FIRMWARE, &info,  INFO "firmVer",                             AS_TEXT,     NULL         },
    {FACT_DEVICE_BUILD,    &info,  INFO "firmVer",                             AS_DATE,     NULL         },
    {FACT_DEVICE_HARDWARE, &info,  INFO "hardVer",                             AS_TEXT,     NULL         },
    {FACT_DEVICE_SERIAL,   &info,  INFO "serial",                              AS_TEXT,     NULL         },
    {FACT_DEVICE_KIND,     &info,  "~\"type\"\\s*:\\s*\"NVR\"",                AS_CONSTANT, "recorder"   },
    {FACT_DEVICE_KIND,     &info,  "~\"type\"\\s*:\\s*\"IPC\"",                AS_CONSTANT, "camera"     },
    {FACT_DEVICE_MAC,      &link,  "[0].value.LocalLink.mac",                  AS_TEXT,     NULL         },
    {FACT_CLOUD_ENABLED,   &p2p,   "[0].value.P2p.enable",                     AS_YES_NO,   NULL         },
    {FACT_CLOUD_NAME,      &p2p,   "[0].value.P2p.enable",                     AS_CONSTANT, "Reolink P2P"},
    {FACT_UPNP_ENABLED,    &upnp,  "[0].value.Upnp.enable",                    AS_YES_NO,   NULL         },
    {FACT_DDNS_ENABLED,    &ddns,  "[0].value.Ddns.enable",                    AS_YES_NO,   NULL         },
    {FACT_DEVICE_KIND,     &info,  "~\"exactType\"\\s*:\\s*\"\\w*(?:NVR|HUB)", AS_CONSTANT, "recorder"   },
    {FACT_TLS_ENABLED,     &ports, "[0].value.NetPort.httpsEnable",            AS_YES_NO,   NULL         },
    {FACT_LOCKOUT_ENABLED, &guard, LOCK "loginLock",                           AS_YES_NO,   NULL         },
};

static const struct ask *const asks[] = {&info, &users, &ntp, &now};

static const char *const streams[] = {
    "/h264Preview_01_main",
    "/Preview_01_main",
    "/h265Preview_01_main",
};

static const char *const pictures[] = {
    "/cgi-bin/api.cgi?cmd=Snap&channel=0&rs=gatehouse",
    "/cgi-bin/api.cgi?cmd=onvifSnapPic&channel=0",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "Settings > System > User: set a long password for admin (old firmware takes at most 31 "
         "characters).",
     "The recorder or VMS that shows it needs the new password too; sessions end.",
     "Login with an empty password answers rspCode -7."},
    {"default-credentials/rtsp-open",
     "Settings > Network > Advanced > Port Settings: switch RTSP off where it isn't used; "
         "else set a password for every user.",
     NULL,
     "RTSP DESCRIBE of /h264Preview_01_main without a login answers 401."},
    {"default-credentials/snapshot-open",
     "Settings > System > User: set a password for every user.",
     NULL,
     "GET /cgi-bin/api.cgi?cmd=Snap&channel=0 without a login answers \"please login first\"."},
    {"vendor-cloud/cloud-on",
     "Settings > Network > Advanced: clear UID (P2P); or command SetP2p with enable 0.",
     "The Reolink app reaches it in the local network only.",
     "GetP2p shows enable 0."},
    {"vendor-cloud/ddns-on",
     "Settings > Network > Advanced > DDNS: clear it.",
     "A host name kept up to date by the device goes stale.",
     "GetDdns shows enable 0."},
    {"upnp/device-upnp-on",
     "Settings > Network > Advanced > UPnP: clear it; or command SetUpnp with enable 0.",
     "Ports that it had opened at the router close.",
     "GetUpnp shows enable 0."},
    {"vms-exposure/lockout-off",
     "Settings > System > General (older: Advanced > Login lock): switch the login lock on; or "
         "command SetSysCfg with loginLock 1.",
     NULL,
     "GetSysCfg shows loginLock 1."},
    {"camera-firmware/advisory",
     "Download the firmware for exactly this hardware version from reolink.com, then Settings "
         "> System > Maintenance > Upgrade.",
     "The device restarts.",
     "GetDevInfo shows the new firmVer."},
};
/* clang-format on */

static void
parse_users(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct parts_users found = {.count = 0};
    parts_users_json(answer, &found);
    parts_users_write(&found, facts, source);
}

static void
parse_ntp(const struct answer *answer, struct facts *facts, const struct source *source)
{
    bool enabled = false;
    if (parts_bool(answer, NTP "enable", facts->arena, &enabled)) {
        parts_ntp(enabled, parts_text(answer, NTP "server", facts->arena), facts, source);
    }
}

/* Local time with the zone's seconds west of UTC; in summer time the clock can't be told. */
static void
parse_now(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const names[] = {
        TIME "year", TIME "mon", TIME "day", TIME "hour", TIME "min", TIME "sec"};
    const char *zone = parts_text(answer, TIME "timeZone", facts->arena);
    uint64_t value[COUNT(names)];
    uint64_t west = 0;
    bool summer = false;
    bool is_east = text_starts(zone, "-");
    (void)parts_bool(answer, "[0].value.Dst.enable", facts->arena, &summer);
    if (zone == NULL || summer || text_to_u64(zone + (is_east ? 1 : 0), 86400, &west) != OK) {
        return;
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        if (text_to_u64(parts_text(answer, names[i], facts->arena), 9999, &value[i]) != OK) {
            return;
        }
    }
    const char *text = arena_format(facts->arena, "%04u-%02u-%02u %02u:%02u:%02u",
        (unsigned)value[0], (unsigned)value[1], (unsigned)value[2], (unsigned)value[3],
        (unsigned)value[4], (unsigned)value[5]);
    parts_clock(text, is_east ? -(int64_t)west : (int64_t)west, answer, facts, source);
}

static void
parse_guard(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    bool locks = false;
    uint64_t tries = 0;
    uint64_t seconds = 0;
    if (!parts_bool(answer, LOCK "loginLock", facts->arena, &locks) || !locks) {
        return;
    }
    if (text_to_u64(parts_text(answer, LOCK "allowedTimes", facts->arena), 1000, &tries) == OK) {
        facts_set_int(facts, FACT_LOCKOUT_TRIES, (int64_t)tries, &config);
    }
    if (text_to_u64(parts_text(answer, LOCK "LockTime", facts->arena), INT32_MAX, &seconds) == OK) {
        facts_set_int(facts, FACT_LOCKOUT_SECONDS, (int64_t)seconds, &config);
    }
}

static const struct device_parser parsers[] = {
    {&users, parse_users},
    {&ntp,   parse_ntp  },
    {&now,   parse_now  },
    {&guard, parse_guard},
};

/* The Login command; its text holds the password. */
static const char *
login_body(const struct login *login, struct arena *arena)
{
    json_t *json =
        json_pack("[{s:s,s:i,s:{s:{s:s,s:s,s:s}}}]", "cmd", "Login", "action", 0, "param", "User",
            "Version", "0", "userName", login->user, "password", secret_text(login->password));
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);
    const char *body = text == NULL ? NULL : arena_copy(arena, text);
    if (text != NULL) {
        sodium_memzero(text, strlen(text));
        free(text);
    }
    return body;
}

static bool
has_code(const struct answer *answer, struct arena *arena, const char *code)
{
    const char *text = NULL;
    return pick_text(answer, "[0].error.rspCode", arena, &text) == OK && text_equal(text, code);
}

/* Every answer has status 200: only the body tells. */
static enum login_state
judge(struct login *login, const struct answer *last, struct arena *arena)
{
    const char *token = NULL;
    if (pick_text(last, "[0].value.Token.name", arena, &token) == OK) {
        return text_copy(login->text, sizeof(login->text), token) ? LOGIN_OPEN : LOGIN_UNCLEAR;
    }
    return has_code(last, arena, "-7") || has_code(last, arena, "-27") ? LOGIN_REFUSED
                                                                       : LOGIN_UNCLEAR;
}

static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    if (last == NULL) {
        *ret_request = (struct request){.ask = *ask};
        return LOGIN_SEND;
    }
    if (last->err != OK || last->status != 200) {
        return last->err == OK && door_is_locked(last) ? LOGIN_LOCKED : LOGIN_UNCLEAR;
    }
    if (door_is_locked(last)) {
        return LOGIN_LOCKED;
    }
    if (login->step != 1) {
        return judge(login, last, arena);
    }
    const char *body = login_body(login, arena);
    if (body == NULL || !has_code(last, arena, "-6")) {
        return LOGIN_UNCLEAR;
    }
    *ret_request = (struct request){
        .ask = {.path = API "Login", .body = body, .type = "application/json", .port = ask->port},
        .spends = true,
    };
    return LOGIN_SEND;
}

static enum err
authorize(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    /* A token from the device goes into an address, so only letters and digits may pass. */
    if (login->text[0] == '\0' ||
        strspn(login->text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") !=
            strlen(login->text)) {
        return ERR_VALUE;
    }
    struct ask dressed = *ask;
    dressed.path = arena_format(arena, "%s&token=%s", ask->path, login->text);
    if (dressed.path == NULL) {
        return ERR_LIMIT;
    }
    *ret_request = (struct request){.ask = dressed};
    return OK;
}

static const struct device_door door = {
    .title = "Reolink token",
    .certain = true,
    .step = step,
    .authorize = authorize,
};

static const struct device_account *const accounts[] = {&account_reolink, &account_onvif};

const struct device_driver device_reolink = {
    .name = "reolink",
    .title = "Reolink HTTP API",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "reolink",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &door,
    .door_ask = ASK("GetDevInfo"),
    .leave_ask = ASK("Logout"),
    .limit = {5, 300, "Reolink Camera HTTP API User Guide: GetSysCfg, 5 tries, 300 seconds"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .accounts = accounts,
    .account_count = COUNT(accounts),
    .switches = switch_reolink,
    .switch_count = COUNT(switch_reolink),
    .parsers = parsers,
    .parser_count = COUNT(parsers),
    .warn = parts_warn,
};
