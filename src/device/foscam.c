/*
 * Foscam cameras: HD models (CGIProxy.fcgi, XML, user and password in the address) and the older
 * MJPEG models (get_status.cgi, JavaScript lines, HTTP log-in). Rule: an address with a password is
 * made in authorize() and step() only; what is shown and kept is the ask without it.
 */
#include "device/account.h"
#include "device/door.h"
#include "device/parts.h"
#include "device/switches.h"

#include "base/text.h"
#include "codec/httpauth.h"

#include <stdio.h>
#include <string.h>

#define CGI "/cgi-bin/CGIProxy.fcgi?cmd="
/* var id='00626E4A1B2C'; some makes quote twice, or a number not at all */
#define VAR(n)         "~\\bvar\\s+" n "\\s*=\\s*(?|'([^'\\r\\n]*)|\"([^\"\\r\\n]*)|([^'\";\\r\\n]*))"
#define ACCOUNTS       8
#define FOSCAM_VERSION "~\\bvar\\s+sys_ver\\s*=\\s*['\"]?(11\\.)"

static const struct ask info = {.path = CGI "getDevInfo", .login = true};
static const struct ask p2p = {.path = CGI "getP2PEnable", .login = true};
static const struct ask upnp = {.path = CGI "getUPnPConfig", .login = true};
static const struct ask ddns = {.path = CGI "getDDNSConfig", .login = true};
static const struct ask now = {.path = CGI "getSystemTime", .login = true};
static const struct ask users = {.path = CGI "getUserList", .login = true};
static const struct ask status = {.path = "/get_status.cgi"};
static const struct ask params = {.path = "/get_params.cgi", .login = true};

static const struct device_sign signs[] = {
    {FACT_HTTP_TITLE,    SIGN_EQUALS,   "IPCam Client",      85}, /* nndefaccts */
    {FACT_HTTP_SERVER,   SIGN_CONTAINS, "Netwave IP Camera", 80}, /* Recog http_servers.xml */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "CGIProxy.fcgi",     80}, /* Foscam CGI user guide */
    {FACT_HTTP_REALM,    SIGN_STARTS,   "foscam",            75},
    {FACT_RTSP_SERVER,   SIGN_STARTS,   "HiIpcam/",          50}, /* Recog; the chip kit has others */
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Foscam",            80},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "foscam",            60}, /* the owner may change it */
};

static const struct device_probe probes[] = {
    {{.path = CGI "getDevInfo"}, 200, "<CGI_Result>", 90},
};

/*
 * HD: Foscam IPCamera CGI User Guide (getDevInfo, getSystemTime, getUPnPConfig, getDDNSConfig).
 * MJPEG: IP Camera CGI V1.27 (get_status.cgi, get_params.cgi); answers in public code.
 */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,   &info,   "productName",         AS_CONSTANT, "Foscam"    },
    {FACT_DEVICE_MODEL,    &info,   "productName",         AS_TEXT,     NULL        },
    {FACT_DEVICE_NAME,     &info,   "devName",             AS_TEXT,     NULL        },
    {FACT_DEVICE_FIRMWARE, &info,   "firmwareVer",         AS_TEXT,     NULL        },
    {FACT_DEVICE_HARDWARE, &info,   "hardwareVer",         AS_TEXT,     NULL        },
    {FACT_DEVICE_SERIAL,   &info,   "serialNo",            AS_TEXT,     NULL        },
    {FACT_DEVICE_MAC,      &info,   "mac",                 AS_TEXT,     NULL        },
    {FACT_CLOUD_ENABLED,   &p2p,    "CGI_Result/enable",   AS_YES_NO,   NULL        },
    {FACT_CLOUD_NAME,      &p2p,    "CGI_Result/enable",   AS_CONSTANT, "Foscam P2P"},
    {FACT_UPNP_ENABLED,    &upnp,   "CGI_Result/isEnable", AS_YES_NO,   NULL        },
    {FACT_DDNS_ENABLED,    &ddns,   "CGI_Result/isEnable", AS_YES_NO,   NULL        },
 /* Clones count from other numbers (VStarcam 48, Wanscam 21). */
    {FACT_DEVICE_VENDOR,   &status, FOSCAM_VERSION,        AS_CONSTANT, "Foscam"    },
    {FACT_DEVICE_FIRMWARE, &status, VAR("sys_ver"),        AS_TEXT,     NULL        },
    {FACT_DEVICE_NAME,     &status, VAR("alias"),          AS_TEXT,     NULL        },
    {FACT_DEVICE_SERIAL,   &status, VAR("id"),             AS_TEXT,     NULL        },
    {FACT_UPNP_ENABLED,    &params, VAR("upnp_enable"),    AS_YES_NO,   NULL        },
};

static const struct ask *const asks[] = {&info, &now, &users, &params};

static const char *const streams[] = {
    "/videoMain",
    "/videoSub",
};

static const char *const pictures[] = {
    "/cgi-bin/CGIProxy.fcgi?cmd=snapPicture2",
    "/snapshot.cgi",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "Settings > Basic settings > User accounts: set a long password of its own for admin.",
     "The recorder or VMS that shows it needs the new password too.",
     "CGIProxy.fcgi?cmd=getDevInfo with the old password answers result -2."},
    {"vendor-cloud/cloud-on",
     "Settings > Network > P2P: choose No.",
     "The Foscam app no longer reaches it from outside.",
     "cmd=getP2PEnable shows enable 0."},
    {"vendor-cloud/ddns-on",
     "Settings > Network > DDNS: choose No (the maker's myfoscam.org name too).",
     "A host name kept up to date by the device goes stale.",
     "cmd=getDDNSConfig shows isEnable 0."},
    {"upnp/device-upnp-on",
     "Settings > Network > UPnP: choose No.",
     "Ports that it had opened at the router close.",
     "cmd=getUPnPConfig shows isEnable 0."},
};
/* clang-format on */

/* Which camera it is; kept in login.text with what its log-in needs. */
enum generation {
    GENERATION_UNKNOWN,
    GENERATION_HD,
    GENERATION_MJPEG,
};

struct state {
    struct httpauth_challenge challenge;
    enum generation generation;
    unsigned count;
};

_Static_assert(sizeof(struct state) <= sizeof(((struct login *)NULL)->text),
    "the state is kept in login.text");

static bool
is_hd(const struct ask *ask)
{
    return text_starts(ask->path, CGI);
}

/* Percent-encoded, so that no sign of a password changes the address (RFC 3986 section 2.1). */
static const char *
encode(const char *text, struct arena *arena)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t len = strlen(text);
    char *out = arena_alloc(arena, len * 3 + 1);
    size_t used = 0;
    for (size_t i = 0; out != NULL && i < len; i++) {
        if (strchr(plain, text[i]) != NULL) {
            out[used++] = text[i];
        } else {
            used += (size_t)snprintf(out + used, 4, "%%%02X", (unsigned)(unsigned char)text[i]);
        }
    }
    if (out != NULL) {
        out[used] = '\0';
    }
    return out;
}

static enum err
dress_hd(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    const char *user = encode(login->user, arena);
    const char *password = encode(secret_text(login->password), arena);
    struct ask dressed = *ask;
    dressed.path = user == NULL || password == NULL
                       ? NULL
                       : arena_format(arena, "%s&usr=%s&pwd=%s", ask->path, user, password);
    if (dressed.path == NULL) {
        return ERR_LIMIT;
    }
    *ret_request = (struct request){.ask = dressed};
    return OK;
}

static enum err
dress_mjpeg(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    struct state state;
    char cnonce[HTTPAUTH_CNONCE];
    const char *value = NULL;
    memcpy(&state, login->text, sizeof(state));
    state.count++;
    memcpy(login->text, &state, sizeof(state));
    httpauth_cnonce(cnonce);
    const struct httpauth_user user = {
        .user = login->user,
        .password = secret_text(login->password),
        .cnonce = cnonce,
        .count = state.count,
    };
    enum err err = httpauth_answer(&state.challenge, &user, ask, arena, &value);
    if (err == OK) {
        *ret_request = (struct request){.ask = *ask, .authorization = value};
    }
    return err;
}

/* An ask of the other generation is not sent at all. */
static enum err
authorize(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    struct state state;
    memcpy(&state, login->text, sizeof(state));
    if (state.generation != (is_hd(ask) ? GENERATION_HD : GENERATION_MJPEG)) {
        return ERR_VALUE;
    }
    return state.generation == GENERATION_HD ? dress_hd(login, ask, arena, ret_request)
                                             : dress_mjpeg(login, ask, arena, ret_request);
}

static enum login_state
spend(struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    if (authorize(login, ask, arena, ret_request) != OK) {
        return LOGIN_UNCLEAR;
    }
    ret_request->spends = true;
    return LOGIN_SEND;
}

static const char *
result_of(const struct answer *last, struct arena *arena)
{
    const char *text = parts_text(last, "CGI_Result/result", arena);
    return text == NULL ? "" : text;
}

/* The answer to the first question, which carried no password: which generation is it? */
static enum login_state
choose(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    struct state state = {.generation = GENERATION_UNKNOWN};
    if (last->status == 200 && text_starts(result_of(last, arena), "-")) {
        state.generation = GENERATION_HD;
        memcpy(login->text, &state, sizeof(state));
        return spend(login, ask, arena, ret_request);
    }
    if (last->status == 404 || last->status == 401) {
        memcpy(login->text, &state, sizeof(state));
        *ret_request = (struct request){
            .ask = {.path = params.path, .port = ask->port}
        };
        return LOGIN_SEND;
    }
    return LOGIN_UNCLEAR;
}

static enum login_state
challenged(struct login *login, const struct ask *ask, const struct answer *last,
    struct arena *arena, struct request *ret_request)
{
    struct state state = {.generation = GENERATION_MJPEG};
    const struct ask page = {.path = params.path, .port = ask->port};
    if (last->status != 401 || httpauth_challenge(last, &state.challenge) != OK) {
        return LOGIN_UNCLEAR;
    }
    memcpy(login->text, &state, sizeof(state));
    return spend(login, &page, arena, ret_request);
}

/* Foscam CGI user guide: 0 success, -2 user or password wrong, -3 access denied. */
static enum login_state
judge(enum generation generation, const struct answer *last, struct arena *arena)
{
    if (generation == GENERATION_MJPEG) {
        bool told = parts_text(last, VAR("\\w+_ver"), arena) != NULL ||
                    parts_text(last, VAR("user1_name"), arena) != NULL;
        return last->status == 401           ? LOGIN_REFUSED
               : last->status == 200 && told ? LOGIN_OPEN
                                             : LOGIN_UNCLEAR;
    }
    const char *result = result_of(last, arena);
    if (last->status == 200 && text_equal(result, "0")) {
        return parts_text(last, "productName", arena) != NULL ? LOGIN_OPEN : LOGIN_UNCLEAR;
    }
    return last->status == 200 && text_equal(result, "-2") ? LOGIN_REFUSED : LOGIN_UNCLEAR;
}

static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    struct state state;
    if (last == NULL) {
        *ret_request = (struct request){.ask = *ask};
        return LOGIN_SEND;
    }
    if (last->err != OK) {
        return LOGIN_UNCLEAR;
    }
    if (door_is_locked(last)) {
        return LOGIN_LOCKED;
    }
    if (login->step == 1) {
        return choose(login, ask, last, arena, ret_request);
    }
    memcpy(&state, login->text, sizeof(state));
    return state.generation == GENERATION_UNKNOWN ? challenged(login, ask, last, arena, ret_request)
                                                  : judge(state.generation, last, arena);
}

static const struct device_door door = {
    .title = "Foscam CGI",
    .certain = true,
    .step = step,
    .authorize = authorize,
};

/* Local time, seconds west of UTC beside it; in summer time the clock can't be told. */
static void
parse_now(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const names[] = {"year", "mon", "day", "hour", "minute", "sec"};
    const char *zone = parts_text(answer, "timeZone", facts->arena);
    const char *by = parts_text(answer, "timeSource", facts->arena);
    bool is_east = text_starts(zone, "-");
    bool summer = false;
    uint64_t value[COUNT(names)];
    uint64_t west = 0;
    if (text_equal(by, "0") || text_equal(by, "1")) {
        parts_ntp(
            text_equal(by, "0"), parts_text(answer, "ntpServer", facts->arena), facts, source);
    }
    (void)parts_bool(answer, "isDst", facts->arena, &summer);
    if (zone == NULL || summer || text_to_u64(zone + (is_east ? 1 : 0), 86400, &west) != OK) {
        return;
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        if (text_to_u64(parts_text(answer, names[i], facts->arena), 9999, &value[i]) != OK) {
            return;
        }
    }
    parts_clock(arena_format(facts->arena, "%04u-%02u-%02u %02u:%02u:%02u", (unsigned)value[0],
                    (unsigned)value[1], (unsigned)value[2], (unsigned)value[3], (unsigned)value[4],
                    (unsigned)value[5]),
        is_east ? -(int64_t)west : (int64_t)west, answer, facts, source);
}

static const char *
privilege(const char *number)
{
    static const char *const words[] = {"visitor", "operator", "administrator"};
    uint64_t value = 0;
    return text_to_u64(number, COUNT(words) - 1, &value) == OK ? words[value] : NULL;
}

/* Newer firmwares write %2B for '+' and %20 for a blank; what is no code stays. */
static void
decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        int high = *in == '%' ? text_hex_digit(in[1]) : -1;
        int low = high >= 0 ? text_hex_digit(in[2]) : -1;
        bool coded = low >= 0 && high * 16 + low >= ' ';
        *out++ = coded ? (char)(high * 16 + low) : *in;
        in += coded ? 2 : 0;
    }
    *out = '\0';
}

static void
parse_info(const struct answer *answer, struct facts *facts, const struct source *source)
{
    char name[64];
    const char *text = parts_text(answer, "devName", facts->arena);
    if (text != NULL && text_copy(name, sizeof(name), text)) {
        decode(name);
        facts_set_text(facts, FACT_DEVICE_NAME, name, source);
    }
}

/* <user0>admin+2</user0>, <usr0>admin%2B2</usr0> or
 * <usrName0>admin</usrName0><privilege0>2</privilege0>. */
static void
parse_users(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const names[] = {"user", "usr", "usrName"};
    struct parts_users found = {.count = 0};
    for (unsigned i = 0; i < COUNT(names) * ACCOUNTS; i++) {
        char key[32];
        char name[64];
        unsigned n = i / (unsigned)COUNT(names);
        (void)snprintf(key, sizeof(key), "%s%u", names[i % COUNT(names)], n);
        const char *text = parts_text(answer, key, facts->arena);
        (void)snprintf(key, sizeof(key), "privilege%u", n);
        const char *level = parts_text(answer, key, facts->arena);
        if (text != NULL && text_copy(name, sizeof(name), text)) {
            decode(name);
            const char *plus = strrchr(name, '+');
            level = plus != NULL ? plus + 1 : level;
            parts_users_add(&found,
                arena_copy_n(
                    facts->arena, name, plus == NULL ? strlen(name) : (size_t)(plus - name)),
                privilege(level));
        }
    }
    parts_users_write(&found, facts, source);
}

/* now is seconds since 1970 in UTC; a service that is 0 never ran. */
static void
parse_status(const struct answer *answer, struct facts *facts, const struct source *source)
{
    uint64_t seconds = 0;
    uint64_t state = 0;
    if (answer->at != 0 &&
        text_to_u64(parts_text(answer, VAR("now"), facts->arena), INT32_MAX, &seconds) == OK) {
        facts_set_int(facts, FACT_CLOCK_OFFSET, (int64_t)seconds - answer->at / 1000, source);
    }
    if (text_to_u64(parts_text(answer, VAR("ddns_status"), facts->arena), INT32_MAX, &state) ==
            OK &&
        state != 0) {
        facts_set_bool(facts, FACT_DDNS_ENABLED, true, source);
    }
    if (text_equal(parts_text(answer, VAR("upnp_status"), facts->arena), "1")) {
        facts_set_bool(facts, FACT_UPNP_ENABLED, true, source);
    }
}

/* The answer holds every password of the camera: only what is named here is taken. */
static void
parse_params(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    struct parts_users found = {.count = 0};
    bool enabled = false;
    const char *service = parts_text(answer, VAR("ddns_service"), facts->arena);
    config.evidence = NULL;
    for (unsigned i = 1; i <= ACCOUNTS; i++) {
        const char *name = arena_format(facts->arena, VAR("user%u_name"), i);
        const char *level = arena_format(facts->arena, VAR("user%u_pri"), i);
        if (name != NULL && level != NULL) {
            parts_users_add(&found, parts_text(answer, name, facts->arena),
                privilege(parts_text(answer, level, facts->arena)));
        }
    }
    parts_users_write(&found, facts, source);
    if (service != NULL) {
        config.evidence = source->evidence == NULL
                              ? NULL
                              : evidence_new(facts->arena, source->evidence->asked,
                                    arena_format(facts->arena, "ddns_service = %.20s", service),
                                    source->evidence->at);
        facts_set_bool(facts, FACT_DDNS_ENABLED, !text_equal(service, "0"), &config);
    }
    if (parts_bool(answer, VAR("ntp_enable"), facts->arena, &enabled)) {
        parts_ntp(enabled, parts_text(answer, VAR("ntp_svr"), facts->arena), facts, &config);
    }
}

static const struct device_parser parsers[] = {
    {&info,   parse_info  },
    {&now,    parse_now   },
    {&users,  parse_users },
    {&status, parse_status},
    {&params, parse_params},
};

static const struct device_account *const accounts[] = {&account_foscam, &account_onvif};

/* clang-format off */
const struct device_driver device_foscam = {
    .name = "foscam",
    .title = "Foscam CGI",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "foscam",
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
    .door_ask = {.path = CGI "getDevInfo", .login = true},
    .limit = {0, 0, "locks after several tries, number not published"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .accounts = accounts,
    .account_count = COUNT(accounts),
    .switches = switch_foscam,
    .switch_count = COUNT(switch_foscam),
    .parsers = parsers,
    .parser_count = COUNT(parsers),
    .warn = parts_warn,
};
/* clang-format on */
