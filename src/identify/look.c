/* First answers to facts: headers, titles, realms, certificates, banners. */
#include "identify/look.h"

#include "base/clock.h"
#include "base/text.h"
#include "catalog/vendor.h"
#include "codec/digest.h"
#include "device/device.h"

#include <stdio.h>
#include <string.h>

#define LOOK_TEXT        512
#define LOOK_WORD        64
#define SCOPE_NAME       "onvif://www.onvif.org/name/"
#define SCOPE_CONFIDENCE 45 /* the owner may change it */
#define MATCH_LIMIT      ((size_t)256 * 1024)

/* Words of Recog's hw.device (and ours) to kinds; the first that is contained wins. */
static const struct {
    const char *word;
    enum kind kind;
} kind_words[] = {
    {"ip camera",      KIND_CAMERA  },
    {"webcam",         KIND_CAMERA  },
    {"web cam",        KIND_CAMERA  },
    {"camera",         KIND_CAMERA  },
    {"door",           KIND_DOOR    },
    {"intercom",       KIND_DOOR    },
    {"video encoder",  KIND_ENCODER },
    {"video server",   KIND_ENCODER },
    {"nvr",            KIND_RECORDER},
    {"dvr",            KIND_RECORDER},
    {"video recorder", KIND_RECORDER},
    {"vms",            KIND_VMS     },
    {"video manage",   KIND_VMS     },
    {"printer",        KIND_PRINTER },
    {"print server",   KIND_PRINTER },
    {"multifunction",  KIND_PRINTER },
    {"router",         KIND_ROUTER  },
    {"gateway",        KIND_ROUTER  },
    {"firewall",       KIND_ROUTER  },
    {"modem",          KIND_ROUTER  },
    {"wap",            KIND_ROUTER  },
    {"switch",         KIND_SWITCH  },
    {"nas",            KIND_NAS     },
    {"storage",        KIND_NAS     },
    {"computer",       KIND_COMPUTER},
    {"general",        KIND_COMPUTER},
    {"desktop",        KIND_COMPUTER},
    {"server",         KIND_COMPUTER},
    {"workstation",    KIND_COMPUTER},
};

static const char *
kind_of_words(const char *words)
{
    for (size_t i = 0; i < COUNT(kind_words); i++) {
        if (text_contains_nocase(words, kind_words[i].word)) {
            return kind_name(kind_words[i].kind);
        }
    }
    return NULL;
}

/* A fingerprint's sureness as a confidence: a certain one stays below what a device says itself. */
static uint8_t
confidence_of(double certainty)
{
    int value = (int)(certainty * 75.0);
    return (uint8_t)(value < 1 ? 1 : value > 75 ? 75 : value);
}

static void
take_match(
    struct subject *subject, const struct fingerprint_match *match, const struct evidence *evidence)
{
    static const struct {
        const char *name;
        enum fact_id fact;
    } rows[] = {
        {"hw.vendor",        FACT_DEVICE_VENDOR  },
        {"hw.brand",         FACT_DEVICE_BRAND   },
        {"hw.product",       FACT_DEVICE_MODEL   },
        {"hw.model",         FACT_DEVICE_MODEL   },
        {"hw.serial_number", FACT_DEVICE_SERIAL  },
        {"hw.version",       FACT_DEVICE_FIRMWARE},
        {"host.mac",         FACT_DEVICE_MAC     },
    };
    const struct source source = {
        .witness = WITNESS_WIRE,
        .confidence = confidence_of(match->certainty),
        .evidence = evidence,
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *value = fingerprint_match_value(match, rows[i].name);
        if (value != NULL) {
            facts_set_text(&subject->facts, rows[i].fact, value, &source);
        }
    }
    const char *device = fingerprint_match_value(match, "hw.device");
    if (device == NULL) {
        device = fingerprint_match_value(match, "os.device");
    }
    const char *kind = device == NULL ? NULL : kind_of_words(device);
    const char *product = fingerprint_match_value(match, "service.product");
    if (kind != NULL) {
        facts_set_text(&subject->facts, FACT_DEVICE_KIND, kind, &source);
    }
    if (kind != NULL && kind_by_name(kind) == KIND_VMS && product != NULL) {
        facts_set_text(&subject->facts, FACT_VMS_PRODUCT, product, &source);
    }
}

void
look_text(const struct look *look, struct subject *subject, const char *key, const char *text,
    const struct evidence *evidence)
{
    struct arena arena;
    struct fingerprint_match match;
    if (look->fingerprints == NULL || text_is_empty(text)) {
        return;
    }
    const struct fingerprint_text bytes = {text, strlen(text)};
    arena_init(&arena, MATCH_LIMIT);
    if (fingerprint_db_match(look->fingerprints, key, bytes, &arena, &match) == OK) {
        take_match(subject, &match, evidence);
    }
    arena_release(&arena);
}

struct found {
    enum fact_id fact;
    const char *key; /* of the fingerprints that may read it; NULL: none */
    const char *text, *asked;
    uint8_t confidence;
};

/* Sets a text fact, and lets the fingerprints of a key read it. */
static void
take(const struct look *look, struct subject *subject, const struct found *found)
{
    char quoted[LOOK_TEXT + 64];
    if (text_is_empty(found->text)) {
        return;
    }
    (void)snprintf(
        quoted, sizeof(quoted), "%s: %.*s", fact_name(found->fact), LOOK_TEXT, found->text);
    const struct evidence *evidence =
        evidence_new(&subject->arena, found->asked, quoted, clock_wall());
    const struct source source = {WITNESS_WIRE, found->confidence, evidence};
    facts_set_text(&subject->facts, found->fact, found->text, &source);
    if (found->key != NULL) {
        look_text(look, subject, found->key, found->text, evidence);
    }
}

/* The entities that titles of devices use become what they stand for, in place. */
static void
resolve_entities(char *text)
{
    static const struct {
        const char *entity;
        char byte;
    } rows[] = {
        {"&nbsp;", ' ' },
        {"&amp;",  '&' },
        {"&lt;",   '<' },
        {"&gt;",   '>' },
        {"&quot;", '"' },
        {"&#39;",  '\''},
    };
    char *out = text;
    while (*text != '\0') {
        size_t row = 0;
        while (row < COUNT(rows) && !text_starts_nocase(text, rows[row].entity)) {
            row++;
        }
        *out++ = row < COUNT(rows) ? rows[row].byte : *text;
        text += row < COUNT(rows) ? strlen(rows[row].entity) : 1;
    }
    *out = '\0';
}

/* The text between <title> and </title>, blanks folded. */
static bool
page_title(const struct answer *answer, char *out, size_t size)
{
    const char *start = text_find_nocase(answer->body, answer->body_len, "<title");
    if (start == NULL) {
        return false;
    }
    size_t left = answer->body_len - (size_t)(start - answer->body);
    const char *open = memchr(start, '>', left);
    if (open == NULL) {
        return false;
    }
    open++;
    left = answer->body_len - (size_t)(open - answer->body);
    const char *end = text_find_nocase(open, left, "</title");
    if (end == NULL || (size_t)(end - open) >= size) {
        return false;
    }
    memcpy(out, open, (size_t)(end - open));
    out[end - open] = '\0';
    resolve_entities(out);
    char *trimmed = text_trim(out);
    memmove(out, trimmed, strlen(trimmed) + 1);
    return out[0] != '\0';
}

/* The realm of the first challenge that has one. */
static bool
answer_realm(const struct answer *answer, char *out, size_t size)
{
    char header[LOOK_TEXT * 2];
    for (size_t n = 0; answer_header(answer, "WWW-Authenticate", n, header, sizeof(header)); n++) {
        const char *start = text_find_nocase(header, strlen(header), "realm=\"");
        const char *end = start == NULL ? NULL : strchr(start + 7, '"');
        if (end != NULL && (size_t)(end - start - 7) < size) {
            memcpy(out, start + 7, (size_t)(end - start - 7));
            out[end - start - 7] = '\0';
            return true;
        }
    }
    return false;
}

/* A challenge that takes the password readably, over a connection that anyone can read. */
static void
note_basic(struct subject *subject, const char *asked, const struct answer *answer)
{
    char header[LOOK_TEXT * 2];
    for (size_t n = 0; answer_header(answer, "WWW-Authenticate", n, header, sizeof(header)); n++) {
        if (answer->tls_subject == NULL && !text_contains(asked, "https://") &&
            text_starts_nocase(header, "Basic")) {
            const struct source source = {
                WITNESS_WIRE, 80, evidence_new(&subject->arena, asked, header, answer->at)};
            facts_set_bool(&subject->facts, FACT_AUTH_BASIC, true, &source);
        }
    }
}

static void
look_certificate(const struct look *look, struct subject *subject, const char *asked,
    const struct answer *answer)
{
    char date[CLOCK_TEXT];
    if (answer->tls_subject == NULL) {
        return;
    }
    take(look, subject,
        &(struct found){FACT_TLS_SUBJECT, "x509.subject", answer->tls_subject, asked, 70});
    take(look, subject,
        &(struct found){FACT_TLS_ISSUER, "x509.issuer", answer->tls_issuer, asked, 70});
    const struct evidence *evidence =
        evidence_new(&subject->arena, asked, answer->tls_subject, answer->at);
    const struct source source = {WITNESS_WIRE, 70, evidence};
    facts_set_bool(&subject->facts, FACT_TLS_SELF_SIGNED,
        text_equal(answer->tls_subject, answer->tls_issuer), &source);
    if (answer->tls_expires != 0) {
        facts_set_text(
            &subject->facts, FACT_TLS_EXPIRES, clock_date(answer->tls_expires, date), &source);
        facts_set_bool(
            &subject->facts, FACT_TLS_EXPIRED, answer->tls_expires < answer->at, &source);
    }
}

void
look_http(const struct look *look, struct subject *subject, const char *asked,
    const struct answer *answer)
{
    static const struct {
        const char *header;
        enum fact_id fact;
        const char *key;
    } rows[] = {
        {"Server",     FACT_HTTP_SERVER,   "http_header.server"},
        {"Set-Cookie", FACT_HTTP_COOKIE,   "http_header.cookie"},
        {"Location",   FACT_HTTP_LOCATION, NULL                },
    };
    char text[LOOK_TEXT * 2];
    /* The first port that was looked at keeps its facts; later ones only add. */
    uint8_t confidence = facts_get(&subject->facts, FACT_HTTP_BODY) == NULL ? 70 : 60;
    look_certificate(look, subject, asked, answer);
    if (answer->err != OK) {
        return;
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (answer_header(answer, rows[i].header, 0, text, sizeof(text))) {
            take(
                look, subject, &(struct found){rows[i].fact, rows[i].key, text, asked, confidence});
        }
    }
    if (answer_header(answer, "WWW-Authenticate", 0, text, sizeof(text))) {
        look_text(look, subject, "http_header.wwwauth", text,
            evidence_new(&subject->arena, asked, text, answer->at));
    }
    if (answer_realm(answer, text, sizeof(text))) {
        take(look, subject, &(struct found){FACT_HTTP_REALM, NULL, text, asked, confidence});
    }
    note_basic(subject, asked, answer);
    if (page_title(answer, text, sizeof(text))) {
        take(
            look, subject, &(struct found){FACT_HTTP_TITLE, "html_title", text, asked, confidence});
    }
    (void)text_copy(text, sizeof(text), answer->body);
    take(look, subject,
        &(struct found){
            FACT_HTTP_BODY, NULL, text[0] == '\0' ? "(empty)" : text, asked, confidence});
}

void
look_favicon(const struct look *look, struct subject *subject, const char *asked,
    const struct answer *answer)
{
    char md5[DIGEST_HEX];
    if (digest_hex(DIGEST_MD5, answer->body, answer->body_len, md5) == OK) {
        take(look, subject, &(struct found){FACT_HTTP_FAVICON, "favicon.md5", md5, asked, 70});
    }
}

void
look_rtsp(const struct look *look, struct subject *subject, const char *asked,
    const struct answer *answer)
{
    char text[LOOK_TEXT];
    if (answer->err != OK) {
        return;
    }
    if (answer_header(answer, "Server", 0, text, sizeof(text))) {
        take(look, subject,
            &(struct found){FACT_RTSP_SERVER, "rtsp_header.server", text, asked, 70});
    }
    if (answer_realm(answer, text, sizeof(text))) {
        take(look, subject, &(struct found){FACT_RTSP_REALM, NULL, text, asked, 70});
    }
    note_basic(subject, asked, answer);
    if (answer_header(answer, "WWW-Authenticate", 0, text, sizeof(text))) {
        look_text(look, subject, "rtsp_header.wwwauth", text,
            evidence_new(&subject->arena, asked, text, answer->at));
    }
}

void
look_banner(const struct look *look, struct subject *subject, const struct port *port,
    const char *asked, const struct answer *answer)
{
    static const struct {
        const char *protocol;
        const char *begin; /* of every such banner (RFC 4253, RFC 959) */
        enum fact_id fact;
        const char *key;
    } rows[] = {
        {"ssh",    "SSH-", FACT_BANNER_SSH,    "ssh.banner"    },
        {"telnet", "",     FACT_BANNER_TELNET, "telnet_banners"},
        {"ftp",    "220",  FACT_BANNER_FTP,    "ftp.banner"    },
    };
    char text[LOOK_TEXT];
    if (answer->err != OK || answer->body_len == 0) {
        return;
    }
    text_clean(text, sizeof(text), answer->body, answer->body_len);
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_equal(port->protocol, rows[i].protocol) && text_starts(text, rows[i].begin)) {
            take(look, subject,
                &(struct found){rows[i].fact, rows[i].key, text_trim(text), asked, 70});
            return;
        }
    }
    take(look, subject, &(struct found){FACT_BANNER_OTHER, NULL, text, asked, 50});
}

void
look_discovered(const struct look *look, struct subject *subject)
{
    const struct fact *server = facts_get(&subject->facts, FACT_SSDP_SERVER);
    const struct fact *name = facts_get(&subject->facts, FACT_MDNS_NAME);
    const struct fact *service = facts_get(&subject->facts, FACT_MDNS_SERVICE);
    if (server != NULL) {
        look_text(look, subject, "ssdp_header.server", server->text, server->evidence);
    }
    const struct fact *descr = facts_get(&subject->facts, FACT_SNMP_DESCR);
    if (descr != NULL) {
        look_text(look, subject, "snmp.sys_description", descr->text, descr->evidence);
    }
    if (service != NULL) {
        const char *text = arena_format(&subject->arena, "%s%s%s", name == NULL ? "" : name->text,
            name == NULL ? "" : ".", service->text);
        look_text(look, subject, "mdns.service", text, service->evidence);
    }
}

void
look_mac(const struct look *look, struct subject *subject)
{
    char text[MAC_TEXT];
    if (mac_is_zero(&subject->mac) || look->macs == NULL) {
        return;
    }
    const char *vendor = mac_vendor(look->macs, &subject->mac);
    if (vendor == NULL) {
        return;
    }
    const struct evidence *evidence = evidence_new(&subject->arena,
        "neighbour table and discovery answers", mac_text(&subject->mac, text), clock_wall());
    const struct source source = {WITNESS_WIRE, 80, evidence};
    facts_set_text(&subject->facts, FACT_MAC_VENDOR, vendor, &source);
    /* Only a maker of cameras is worth a guess: "TP-Link" may be a switch. */
    const char *maker = vendor_maker(vendor);
    if (maker != NULL) {
        const struct source guess = {WITNESS_WIRE, 35, evidence};
        facts_set_text(&subject->facts, FACT_DEVICE_VENDOR, maker, &guess);
    }
}

/* A maker with a driver of its own is known by the driver's signs, which weigh a scope themselves.
 */
static bool
has_driver(const char *maker)
{
    for (size_t i = 0; i < device_driver_count; i++) {
        if (text_equal_nocase(device_drivers[i]->vendor, maker)) {
            return true;
        }
    }
    return false;
}

void
look_scopes(struct subject *subject)
{
    const struct fact *scopes = facts_get(&subject->facts, FACT_ONVIF_SCOPES);
    const char *at = scopes == NULL ? NULL : scopes->text;
    while (at != NULL && (at = strstr(at, SCOPE_NAME)) != NULL) {
        char word[LOOK_WORD];
        at += strlen(SCOPE_NAME);
        (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(at, "%/ _"), at);
        const char *maker = vendor_maker(word);
        if (maker != NULL && !has_driver(maker)) {
            const struct source guess = {WITNESS_WIRE, SCOPE_CONFIDENCE, scopes->evidence};
            facts_set_text(&subject->facts, FACT_DEVICE_VENDOR, maker, &guess);
            return;
        }
    }
}
