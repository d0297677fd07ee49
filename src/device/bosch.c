/* Bosch cameras and encoders: RCP+ reads over rcp.xml, digest or basic login. */
#include "device/door.h"
#include "device/parts.h"

#include "base/text.h"
#include "codec/version.h"

#include <stdio.h>
#include <string.h>

#define READ(command, type) "/rcp.xml?command=" command "&type=" type "&direction=READ"
#define LONGEST             256
#define NO_DEFAULT          "6.50" /* Bosch: an initial password must be set since firmware 6.50 */

static const struct ask product = {.path = READ("0x0aea", "P_OCTET")};
static const struct ask serial = {.path = READ("0x0ae7", "P_OCTET")};
static const struct ask software = {.path = READ("0x002f", "P_STRING")};
static const struct ask mac = {.path = READ("0x00bc", "P_OCTET")};
static const struct ask product_in = {.path = READ("0x0aea", "P_OCTET"), .login = true};
static const struct ask serial_in = {.path = READ("0x0ae7", "P_OCTET"), .login = true};
static const struct ask software_in = {.path = READ("0x002f", "P_STRING"), .login = true};
static const struct ask mac_in = {.path = READ("0x00bc", "P_OCTET"), .login = true};
static const struct ask name = {.path = READ("0x0019", "P_UNICODE") "&num=1", .login = true};

static const struct device_sign signs[] = {
    {FACT_HTTP_REALM,    SIGN_STARTS,   "Use 'live' as User Name",  90}, /* Recog http_wwwauth.xml */
    {FACT_TLS_ISSUER,    SIGN_CONTAINS, "Bosch Sicherheitssysteme", 85}, /* Recog x509_issuers.xml */
    {FACT_TLS_ISSUER,    SIGN_CONTAINS, "Bosch ST Root CA",         85}, /* Bosch certificate chain */
    {FACT_TLS_SUBJECT,   SIGN_CONTAINS, "myboschcam.net",           85}, /* Recog x509_subjects.xml */
    {FACT_TLS_SUBJECT,   SIGN_CONTAINS, "Bosch Security Systems",   80},
    {FACT_RTSP_SERVER,   SIGN_CONTAINS, "VCS-VIDOS-NVR",            80}, /* Recog rtsp_servers.xml */
    {FACT_HTTP_SERVER,   SIGN_CONTAINS, "VCS-VideoJet-Webserver",
     90                                                               }, /* public camera search lists */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "not found on the Divar",   80}, /* nmap-service-probes */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "rcp.xml",                  55},
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Bosch",                    80},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "bosch",                    60}, /* the owner may change it */
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Bosch Security",           55}, /* IEEE */
};

static const struct device_probe probes[] = {
    {{.path = READ("0x0aea", "P_OCTET")}, 0, "<rcp>", 90},
};

/*
 * Commands: RCP+ over CGI (Bosch integration tools): serial number 0x0ae7, software version
 * 0x002f; public notes of reads on a real camera: product name 0x0aea, MAC 0x00bc.
 */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR, &product,    "rcp/result/str", AS_CONSTANT, "Bosch"},
    {FACT_DEVICE_VENDOR, &product_in, "rcp/result/str", AS_CONSTANT, "Bosch"},
};

static const struct ask *const asks[] = {
    &product, &serial, &software, &mac, &product_in, &serial_in, &software_in, &mac_in, &name};

static const char *const streams[] = {
    "/rtsp_tunnel",
    "/video?inst=1",
};

static const char *const pictures[] = {
    "/snap.jpg",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "Configuration > General > User Management: set a long password for service, user and live.",
     "The recorder or VMS that shows it needs the new password too.",
     "rcp.xml with the old password answers 401."},
    {"vendor-cloud/cloud-on",
     "Configuration > Connectivity > Cloud Services: choose Off.",
     "Bosch Remote Portal no longer reaches it.",
     NULL},
    {"vendor-cloud/ddns-on",
     "Configuration > Network > DynDNS: choose Off.",
     "A host name kept up to date by the device goes stale.",
     NULL},
    {"upnp/device-upnp-on",
     "Configuration > Network > Advanced > UPnP: choose Off.",
     NULL,
     NULL},
};
/* clang-format on */

/* The bytes that "44 49 4e" stands for; false when it is no such text. */
static bool
octets(const char *text, uint8_t ret_bytes[LONGEST], size_t *ret_len)
{
    size_t len = 0;
    while (*text != '\0') {
        int high = text_hex_digit(text[0]);
        int low = high < 0 ? -1 : text_hex_digit(text[1]);
        if (low < 0 || (text[2] != '\0' && text[2] != ' ') || len == LONGEST) {
            return false;
        }
        ret_bytes[len++] = (uint8_t)(high << 4 | low);
        text += 2;
        text += strspn(text, " ");
    }
    *ret_len = len;
    return len != 0;
}

/* What <str> says: octets of text (with zero bytes in between for P_UNICODE), or text as it is. */
static const char *
told(const struct answer *answer, struct arena *arena)
{
    uint8_t bytes[LONGEST];
    char out[LONGEST + 1];
    size_t len = 0;
    size_t used = 0;
    const char *text = parts_text(answer, "rcp/result/str", arena);
    if (text == NULL || !octets(text, bytes, &len)) {
        return text;
    }
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] >= 0x20 && bytes[i] < 0x7f) {
            out[used++] = (char)bytes[i];
        } else if (bytes[i] != 0) {
            return NULL;
        }
    }
    return used == 0 ? NULL : arena_copy_n(arena, out, used);
}

static void
parse_text(const struct answer *answer, enum fact_id fact, struct facts *facts,
    const struct source *source)
{
    const char *text = told(answer, facts->arena);
    if (text != NULL) {
        facts_set_text(facts, fact, text, source);
    }
}

static void
parse_product(const struct answer *answer, struct facts *facts, const struct source *source)
{
    parse_text(answer, FACT_DEVICE_MODEL, facts, source);
}

static void
parse_serial(const struct answer *answer, struct facts *facts, const struct source *source)
{
    parse_text(answer, FACT_DEVICE_SERIAL, facts, source);
}

static void
parse_software(const struct answer *answer, struct facts *facts, const struct source *source)
{
    parse_text(answer, FACT_DEVICE_FIRMWARE, facts, source);
}

static void
parse_name(const struct answer *answer, struct facts *facts, const struct source *source)
{
    parse_text(answer, FACT_DEVICE_NAME, facts, source);
}

static void
parse_mac(const struct answer *answer, struct facts *facts, const struct source *source)
{
    uint8_t b[LONGEST];
    size_t len = 0;
    const char *text = parts_text(answer, "rcp/result/str", facts->arena);
    if (text != NULL && octets(text, b, &len) && len == 6) {
        facts_set_text(facts, FACT_DEVICE_MAC,
            arena_format(
                facts->arena, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]),
            source);
    }
}

static const struct device_parser parsers[] = {
    {&product,  parse_product },
    {&serial,   parse_serial  },
    {&software, parse_software},
    {&mac,      parse_mac     },
    {&name,     parse_name    },
};

/* "25500593" is 5.93 of platform 2550; "7.50.0074" says it itself. */
static const char *
version_of(const char *firmware, char out[16])
{
    size_t digits = firmware == NULL ? 0 : strspn(firmware, "0123456789");
    if (digits != 8 || firmware[8] != '\0') {
        return firmware;
    }
    (void)snprintf(out, 16, "%.2s.%.2s", firmware + 4, firmware + 6);
    return out;
}

static const char *
no_factory(const struct facts *facts)
{
    char out[16];
    const char *firmware = version_of(facts_text(facts, FACT_DEVICE_FIRMWARE), out);
    return firmware != NULL && version_compare(firmware, NO_DEFAULT) >= 0
               ? "its firmware has no factory password: the owner must set the first one"
               : NULL;
}

/* Set while the picture is asked for in place of the identity, which may be open to everyone. */
static char *
picture_mark(struct login *login)
{
    return &login->text[sizeof(login->text) - 1];
}

static bool
is_told(const struct answer *last)
{
    bool picture = last->body_len > 2 && memcmp(last->body, "\xff\xd8", 2) == 0;
    return picture || text_find_nocase(last->body, last->body_len, "<rcp>") != NULL;
}

/* The HTTP log-in, at the identity, or at the picture where the identity needs no login. */
static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    const struct ask picture = {.path = pictures[0], .port = ask->port};
    bool open = last != NULL && last->err == OK && last->status == 200;
    if (login->step == 1 && open && is_told(last)) {
        *picture_mark(login) = 1;
        *ret_request = (struct request){.ask = picture};
        return LOGIN_SEND;
    }
    bool marked = *picture_mark(login) != 0;
    login->step -= marked ? 1 : 0;
    enum login_state state =
        device_door_http.step(login, marked ? &picture : ask, last, arena, ret_request);
    login->step += marked ? 1 : 0;
    return state == LOGIN_OPEN && (last == NULL || !is_told(last)) ? LOGIN_UNCLEAR : state;
}

static enum err
authorize(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    return device_door_http.authorize(login, ask, arena, ret_request);
}

static const struct device_door door = {
    .title = "HTTP digest",
    .certain = true,
    .step = step,
    .authorize = authorize,
};

/* clang-format off */
const struct device_driver device_bosch = {
    .name = "bosch",
    .title = "Bosch RCP+",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "bosch",
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
    .door_ask = {.path = READ("0x0aea", "P_OCTET"), .login = true},
    .limit = {0, 0, "no published number"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parsers = parsers,
    .parser_count = COUNT(parsers),
    .warn = parts_warn,
    .no_factory = no_factory,
};
/* clang-format on */
