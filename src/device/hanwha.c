/* Hanwha Vision, formerly Samsung Techwin: SUNAPI (stw-cgi), key=value lines, digest login. */
#include "device/account.h"
#include "device/parts.h"
#include "device/switches.h"

#include "base/reader.h"
#include "base/text.h"

#include <string.h>

#define INFO           "/stw-cgi/system.cgi?msubmenu=deviceinfo&action=view"
#define STATUS         "/init-cgi/pw_init.cgi?msubmenu=statuscheck&action=view"
#define SECURITY(name) "/stw-cgi/security.cgi?msubmenu=" name "&action=view"
#define NETWORK(name)  "/stw-cgi/network.cgi?msubmenu=" name "&action=view"
#define COLUMNS        32
#define LINE_MAX_LEN   1024

/* Key=value lines, or JSON with the key at any depth. */
#define VALUE(key) "~(?im)(?:^|[.\"\\s])" key "\"?\\s*[=:]\\s*\"?([^\"\\r\\n,}]+)"

static const struct ask info = {.path = INFO, .login = true};
static const struct ask stranger = {.path = INFO};
static const struct ask status = {.path = STATUS};
static const struct ask users = {.path = SECURITY("users"), .login = true};
static const struct ask guest = {.path = SECURITY("guest"), .login = true};
static const struct ask rtsp = {.path = SECURITY("rtsp"), .login = true};
static const struct ask ssl = {.path = SECURITY("ssl"), .login = true};
static const struct ask bonjour = {.path = NETWORK("bonjour"), .login = true};
static const struct ask ddns = {.path = NETWORK("dynamicdns"), .login = true};
static const struct ask snmp = {.path = NETWORK("snmp"), .login = true};
static const struct ask p2p = {.path = NETWORK("p2p"), .login = true};
static const struct ask date = {
    .path = "/stw-cgi/system.cgi?msubmenu=date&action=view", .login = true};

static const struct device_sign signs[] = {
    {FACT_HTTP_REALM,    SIGN_STARTS,   "iPolis",                     85}, /* nndefaccts */
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "Hanwha Techwin",             85}, /* Recog html_title.xml */
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "Web Viewer for Samsung DVR", 85}, /* Recog html_title.xml */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "/stw-cgi/",                  80},
    {FACT_RTSP_REALM,    SIGN_STARTS,   "iPOLiS",                     85}, /* github cameradar 199 */
    {FACT_RTSP_REALM,    SIGN_EQUALS,   "NET-i",                      60},
    {FACT_DEVICE_VENDOR, SIGN_STARTS,   "Hanwha",                     80},
    {FACT_DEVICE_VENDOR, SIGN_STARTS,   "Samsung Techwin",            80}, /* its name until 2015 */
    {FACT_TLS_SUBJECT,   SIGN_CONTAINS, "O=Hanwha",                   85}, /* SUNAPI security: ssl */
    {FACT_TLS_SUBJECT,   SIGN_CONTAINS, ".hanwhavision.com",          85}, /* SUNAPI security: ssl */
    {FACT_TLS_ISSUER,    SIGN_CONTAINS, "Hanwha",                     85}, /* SUNAPI security: ssl */
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "hanwha",                     60}, /* the owner may change it */
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "samsung%20techwin",          60}, /* the owner may change it */
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/SND-",
     60                                                                 }, /* model names of the maker */
  /* Families of its models (Wisenet catalogue); no password is tried on a name alone. */
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/SND-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/SNV-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/SNB-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/SNO-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/SNP-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/XND-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/XNV-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/XNB-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/XNO-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/XNP-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/XNF-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/QND-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/QNV-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/QNO-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/QNP-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/PND-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/PNV-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/PNB-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/PNO-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/PNM-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/PNP-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/LND-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/LNV-",    55},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "onvif.org/hardware/LNO-",    55},
    {FACT_MAC_VENDOR,    SIGN_CONTAINS, "Hanwha",                     60}, /* IEEE */
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Samsung Techwin",            60}, /* IEEE */
};

static const struct device_probe probes[] = {
    {{.path = INFO},   401, "realm=\"iPolis", 90},
    {{.path = STATUS}, 200, "SpecialType",    85},
};

/*
 * Names: SUNAPI 2.6 Application Programmer's Guide (statuscheck, deviceinfo, date) and Security
 * (users, guest, rtsp, ssl); the Wisenet web viewer (bonjour, dynamicdns, snmp).
 */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,    &info,    "Model",                            AS_CONSTANT, "Hanwha"     },
    {FACT_DEVICE_MODEL,     &info,    "Model",                            AS_TEXT,     NULL         },
    {FACT_DEVICE_NAME,      &info,    "DeviceName",                       AS_TEXT,     NULL         },
    {FACT_DEVICE_SERIAL,    &info,    "SerialNumber",                     AS_TEXT,     NULL         },
    {FACT_DEVICE_FIRMWARE,  &info,    "FirmwareVersion",                  AS_TEXT,     NULL         },
    {FACT_DEVICE_BUILD,     &info,    "BuildDate",                        AS_DATE,     NULL         },
    {FACT_DEVICE_BUILD,     &info,    "FirmwareVersion",                  AS_DATE,     NULL         },
    {FACT_DEVICE_MAC,       &info,    "ConnectedMACAddress",              AS_TEXT,     NULL         },
    {FACT_DEVICE_KIND,      &info,    VALUE("DeviceType") "(?<=NWC)",     AS_CONSTANT, "camera"     },
    {FACT_DEVICE_KIND,      &info,    VALUE("DeviceType") "(?<=VR)",      AS_CONSTANT, "recorder"   },
    {FACT_DEVICE_KIND,      &info,    VALUE("DeviceType") "(?<=Encoder)", AS_CONSTANT, "encoder"    },
    {FACT_DEVICE_ACTIVATED, &status,  VALUE("Initialized"),               AS_YES_NO,   NULL         },
    {FACT_SERVICE_BONJOUR,  &bonjour, VALUE("Enable"),                    AS_YES_NO,   NULL         },
    {FACT_CLOUD_ENABLED,    &p2p,     VALUE("Enable"),                    AS_YES_NO,   NULL         },
    {FACT_CLOUD_NAME,       &p2p,     VALUE("Enable"),                    AS_CONSTANT, "Wisenet P2P"},
};

static const struct ask *const asks[] = {
    &stranger, &status, &users, &guest, &rtsp, &ssl, &ddns, &snmp, &date};

static const char *const streams[] = {
    "/profile1/media.smp",
    "/profile2/media.smp",
    "/LiveChannel/0/media.smp",
};

static const char *const pictures[] = {
    "/stw-cgi/video.cgi?msubmenu=snapshot&action=view",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "Setup > Basic > User: set a long password of its own for admin.",
     "The recorder or VMS that shows it needs the new password too.",
     "The deviceinfo request with the old password answers 401."},
    {"default-credentials/not-activated",
     "Open its web page and set the first password of admin.",
     "Until then anyone in the network can set it.",
     "The deviceinfo request without a login answers 401."},
    {"default-credentials/anonymous-viewing",
     "Setup > Basic > User: clear guest access and \"Allow RTSP connection without "
         "authentication\".",
     "Viewers that were set up without a password stop until they get one.",
     "security.cgi?msubmenu=rtsp shows Protected, msubmenu=guest shows Enable False."},
    {"vendor-cloud/ddns-on",
     "Setup > Network > DDNS: choose Off.",
     "The Wisenet app finds it by its address only.",
     "network.cgi?msubmenu=dynamicdns shows Type Off."},
    {"upnp/device-upnp-on",
     "Setup > Network > DDNS: clear Quick connect.",
     "Ports that it had opened at the router close.",
     "network.cgi?msubmenu=dynamicdns shows QuickConnect False."},
};
/* clang-format on */

/* Until the first password is set it answers 403 without a challenge; after that 401. */
static void
parse_stranger(const struct answer *answer, struct facts *facts, const struct source *source)
{
    char challenge[64];
    bool challenged =
        answer_header(answer, "WWW-Authenticate", 0, challenge, sizeof(challenge)) ||
        text_find_nocase(answer->headers, answer->headers_len, "WWW-Authenticate") != NULL;
    if (answer->status == 403 && !challenged) {
        facts_set_bool(facts, FACT_DEVICE_ACTIVATED, false, source);
    } else if (answer->status == 401 && challenged) {
        facts_set_bool(facts, FACT_DEVICE_ACTIVATED, true, source);
    }
}

/* Columns of a line of accounts, by the line that names them; counted from the end when below 0. */
struct columns {
    int enable;
    int admin;
    int level;
};

static size_t
split(char *line, char *ret_cells[COLUMNS])
{
    size_t count = 0;
    for (char *cell = line; cell != NULL && count < COLUMNS; count++) {
        ret_cells[count] = cell;
        cell = strchr(cell, '/');
        if (cell != NULL) {
            *cell++ = '\0';
        }
    }
    return count;
}

/* A password with a '/' shifts what follows it, so columns are counted from the end. */
static void
name_columns(char *const cells[], size_t count, struct columns *ret_columns)
{
    for (size_t i = 0; i < count; i++) {
        int from_end = (int)i - (int)count;
        if (text_equal_nocase(cells[i], "Enable")) {
            ret_columns->enable = from_end;
        } else if (text_equal_nocase(cells[i], "AdminAccess")) {
            ret_columns->admin = from_end;
        } else if (text_equal_nocase(cells[i], "UserLevel")) {
            ret_columns->level = from_end;
        }
    }
}

static const char *
cell_at(char *const cells[], size_t count, int column)
{
    int at = column < 0 ? (int)count + column : 0;
    return column < 0 && at > 0 ? cells[at] : NULL;
}

static void
add_user(
    char *const cells[], size_t count, const struct columns *columns, struct parts_users *found)
{
    bool enabled = true;
    bool admin = false;
    const char *level = cell_at(cells, count, columns->level);
    (void)(text_to_bool(cell_at(cells, count, columns->enable), &enabled) == OK);
    if (level == NULL && text_to_bool(cell_at(cells, count, columns->admin), &admin) == OK) {
        level = admin ? "administrator" : "user";
    }
    if (enabled) {
        parts_users_add(found, cells[0], level);
    }
}

/* Users.Index=UserID/Password/Enable/…, then Users.0=admin//True/…: recorders put the password in.
 */
static void
parse_user_line(char *line, struct columns *columns, struct parts_users *found)
{
    char *cells[COLUMNS];
    line += line[0] == '"' ? 1 : 0;
    line[strcspn(line, "\"\r")] = '\0';
    char *equals = strchr(line, '=');
    if (equals == NULL || !text_starts_nocase(line, "Users.")) {
        return;
    }
    size_t count = split(equals + 1, cells);
    if (text_starts_nocase(line, "Users.Index=")) {
        name_columns(cells, count, columns);
    } else {
        add_user(cells, count, columns, found);
    }
}

static void
parse_user_lines(const struct answer *answer, struct parts_users *found)
{
    struct columns columns = {.enable = 0};
    struct reader reader;
    const char *line = NULL;
    size_t len = 0;
    char copy[LINE_MAX_LEN];
    reader_init(&reader, answer->body, answer->body_len);
    while (reader_line(&reader, &line, &len)) {
        if (len < sizeof(copy)) {
            memcpy(copy, line, len);
            copy[len] = '\0';
            parse_user_line(copy + strspn(copy, " \t"), &columns, found);
        }
    }
    explicit_bzero(copy, sizeof(copy));
}

static void
parse_users(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct parts_users found = {.count = 0};
    parts_users_json(answer, &found);
    if (found.count == 0) {
        parse_user_lines(answer, &found);
    }
    parts_users_write(&found, facts, source);
}

/* The account guest has a published password. */
static void
parse_guest(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    bool enabled = false;
    if (parts_bool(answer, VALUE("Enable"), facts->arena, &enabled)) {
        parts_either(facts, FACT_USERS_ANONYMOUS, enabled, &config);
    }
}

static void
parse_rtsp(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    const char *text = parts_text(answer, VALUE("RTSPAuthentication"), facts->arena);
    bool open = text_equal_nocase(text, "Anonymous");
    if (open || text_equal_nocase(text, "Protected")) {
        parts_either(facts, FACT_USERS_ANONYMOUS, open, &config);
    }
}

/* HTTP, HTTPSProprietary, HTTPSPublic, HTTPandHTTPS… */
static void
parse_ssl(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    const char *text = parts_text(answer, VALUE("Policy"), facts->arena);
    if (text_starts_nocase(text, "HTTP")) {
        facts_set_bool(facts, FACT_TLS_ENABLED, text_contains_nocase(text, "HTTPS"), &config);
    }
}

/*
 * Off, SamsungDDNS or WisenetDDNS (whose QuickConnect opens ports by UPnP), PublicDDNS. The setting
 * upnpdiscovery says nothing of this: it is for being found.
 */
static void
parse_ddns(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    const char *type = parts_text(answer, VALUE("Type"), facts->arena);
    bool quick = false;
    bool told = parts_bool(answer, VALUE("\\w*QuickConnect"), facts->arena, &quick);
    if (!text_equal_nocase(type, "Off") && !text_contains_nocase(type, "DDNS")) {
        return;
    }
    bool enabled = !text_equal_nocase(type, "Off");
    facts_set_bool(facts, FACT_DDNS_ENABLED, enabled, &config);
    if (told || !enabled) {
        parts_either(facts, FACT_UPNP_ENABLED, enabled && quick, &config);
    }
}

static void
parse_snmp(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    bool one = false;
    bool two = false;
    bool told = parts_bool(answer, VALUE("Version1"), facts->arena, &one);
    told = parts_bool(answer, VALUE("Version2"), facts->arena, &two) || told;
    if (told) {
        facts_set_bool(facts, FACT_SERVICE_SNMP, one || two, &config);
    }
}

static void
parse_date(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *sync = parts_text(answer, VALUE("SyncType"), facts->arena);
    const char *server =
        parts_text(answer, "~(?i)NTPURLList\"?\\s*[=:]\\s*\\[?\\s*\"?([\\w.:-]+)", facts->arena);
    parts_clock(parts_text(answer, VALUE("UTCTime"), facts->arena), 0, answer, facts, source);
    if (text_equal_nocase(sync, "NTP") || text_equal_nocase(sync, "Manual")) {
        parts_ntp(text_equal_nocase(sync, "NTP"), server, facts, source);
    }
}

static const struct device_parser parsers[] = {
    {&users, parse_users},
    {&guest, parse_guest},
    {&rtsp,  parse_rtsp },
    {&ssl,   parse_ssl  },
    {&ddns,  parse_ddns },
    {&snmp,  parse_snmp },
    {&date,  parse_date },
};

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (text_equal(ask->path, stranger.path) && !ask->login) {
        parse_stranger(answer, facts, source);
    }
}

static const char *
no_factory(const struct facts *facts)
{
    return facts_is_no(facts, FACT_DEVICE_ACTIVATED)
               ? "no first password is set yet: it has no password at all"
               : NULL;
}

static const struct device_account *const accounts[] = {&account_hanwha, &account_onvif};

/* clang-format off */
const struct device_driver device_hanwha = {
    .name = "hanwha",
    .title = "Hanwha SUNAPI",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "hanwha",
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
    .door_ask = {.path = INFO, .login = true},
    .limit = {5, 30, "SND-6011R manual: 5 wrong tries, 30 seconds"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .accounts = accounts,
    .account_count = COUNT(accounts),
    .switches = switch_hanwha,
    .switch_count = COUNT(switch_hanwha),
    .parse = parse,
    .parsers = parsers,
    .parser_count = COUNT(parsers),
    .warn = parts_warn,
    .no_factory = no_factory,
};
/* clang-format on */
