/* WS-Discovery as ONVIF uses it: a probe for each of the two device types (ONVIF Core, 7.3). */
#include "base/text.h"
#include "discover/calling.h"
#include "discover/markup.h"
#include "discover/methods.h"
#include "discover/parse.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD 4096

static const char asked[] = "WS-Discovery Probe to 239.255.255.250:3702 and ff02::c";

/* Older devices answer the first only, newer recorders and door devices the second. */
static const struct {
    const char *prefix;
    const char *space;
    const char *type;
} types[] = {
    {"dn",  "http://www.onvif.org/ver10/network/wsdl", "dn:NetworkVideoTransmitter"},
    {"tds", "http://www.onvif.org/ver10/device/wsdl",  "tds:Device"                },
};

/* Some devices compare the text, not the names: spaces and order are those that are known to work
 * (UniversalScanner Wsdiscovery.cs). */
static const char probe[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
    "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\">"
    "<s:Header><a:Action s:mustUnderstand=\"1\">"
    "http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>"
    "<a:MessageID>uuid:%s</a:MessageID><a:ReplyTo><a:Address>"
    "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>"
    "<a:To s:mustUnderstand=\"1\">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>"
    "<s:Body><Probe xmlns=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\">"
    "<d:Types xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" xmlns:%s=\"%s\">%s"
    "</d:Types></Probe></s:Body></s:Envelope>";

/* onvif://www.onvif.org/NAME/VALUE. Owners change the name: a hint only (ONVIF Core, 7.3.2.2). */
static const struct {
    const char *scope;
    enum fact_id id;
    uint8_t confidence;
} scopes[] = {
    {"onvif://www.onvif.org/name/",         FACT_DEVICE_NAME,   40},
    {"onvif://www.onvif.org/hardware/",     FACT_DEVICE_MODEL,  60},
    {"onvif://www.onvif.org/model/",        FACT_DEVICE_MODEL,  50},
    {"onvif://www.onvif.org/manufacturer/", FACT_DEVICE_VENDOR, 40},
    {"onvif://www.onvif.org/MAC/",          FACT_DEVICE_MAC,    60},
};

/* What other machines answer (Windows, WSD printers: Devices Profile for Web Services). */
static const struct {
    const char *type;
    const char *kind;
} others[] = {
    {"PrintDeviceType",   "printer" },
    {"ScannerDeviceType", "printer" },
    {"Computer",          "computer"},
};

/* The next word of a list that blanks part, terminated in place; NULL at the end. */
static char *
next_word(char **cursor)
{
    char *word = *cursor + strspn(*cursor, " \t\r\n");
    size_t len = strcspn(word, " \t\r\n");
    if (len == 0) {
        return NULL;
    }
    *cursor = word[len] == '\0' ? word + len : word + len + 1;
    word[len] = '\0';
    return word;
}

static void
read_scope(const char *scope, struct heard *heard)
{
    for (size_t i = 0; i < COUNT(scopes); i++) {
        if (!text_starts_nocase(scope, scopes[i].scope)) {
            continue;
        }
        const char *raw = scope + strlen(scopes[i].scope);
        int len = 0;
        char *value = *raw == '\0' ? NULL : curl_easy_unescape(NULL, raw, 0, &len);
        if (value == NULL) {
            continue;
        }
        /* %00 ends it: what is behind is no text. */
        heard_text(heard, scopes[i].id, scopes[i].confidence, "Scopes", value);
        heard_quote(heard, scope);
        if (scopes[i].id == FACT_DEVICE_MAC && mac_parse(value, &heard->mac) != OK) {
            heard->mac = (struct mac){{0}};
        }
        curl_free(value);
    }
}

static void
read_scopes(const xmlNode *match, struct heard *heard)
{
    char text[FIELD];
    if (!markup_text(match, "Scopes", text, sizeof(text))) {
        return;
    }
    heard_text(heard, FACT_ONVIF_SCOPES, 85, "Scopes", text);
    char *cursor = text;
    for (char *word = next_word(&cursor); word != NULL; word = next_word(&cursor)) {
        read_scope(word, heard);
    }
}

/* Only an address of the sender itself is its service; others are heard, not followed. */
static void
read_addresses(const xmlNode *match, const struct ip *from, struct heard *heard)
{
    char text[FIELD];
    if (!markup_text(match, "XAddrs", text, sizeof(text))) {
        return;
    }
    char *cursor = text;
    for (char *word = next_word(&cursor); word != NULL; word = next_word(&cursor)) {
        struct place place;
        if (place_parse(word, &place) != OK) {
            continue;
        }
        if (heard->states.family == 0) {
            heard->states = place.target.ip;
        }
        if (ip_compare(&place.target.ip, from) == 0) {
            heard->states = place.target.ip;
            heard_text(heard, FACT_ONVIF_SERVICE, 85, "XAddrs", word);
            return;
        }
    }
}

static bool
is_onvif(const xmlNode *match, const char *device_types)
{
    char text[FIELD];
    return text_contains(device_types, "NetworkVideo") ||
           (markup_text(match, "Scopes", text, sizeof(text)) &&
               text_contains_nocase(text, "onvif://www.onvif.org"));
}

static void
read_other(const char *device_types, struct heard *heard)
{
    for (size_t i = 0; i < COUNT(others); i++) {
        if (text_contains(device_types, others[i].type)) {
            heard_text(heard, FACT_DEVICE_KIND, 60, "Types", others[i].kind);
            heard_quote(heard, device_types);
            return;
        }
    }
}

enum err
wsdiscovery_parse(const void *bytes, size_t len, const struct ip *from, struct heard *ret_heard)
{
    CLEANUP(markup_free) xmlDoc *doc = NULL;
    enum err err = markup_parse(bytes, len, MARKUP_DATAGRAM, &doc);
    if (err != OK) {
        return err;
    }
    /* Nobody else's Probes or Hellos, and a proxy's further matches are not the sender. */
    const xmlNode *match = markup_find(xmlDocGetRootElement(doc), "ProbeMatch");
    if (match == NULL) {
        return ERR_MISSING;
    }
    char text[FIELD];
    heard_init(ret_heard);
    (void)markup_text(match, "Types", text, sizeof(text));
    if (!is_onvif(match, text)) {
        read_other(text, ret_heard);
        return OK;
    }
    const xmlNode *reference = markup_find(match, "EndpointReference");
    if (reference != NULL && markup_text(reference, "Address", text, sizeof(text))) {
        heard_text(ret_heard, FACT_ONVIF_ENDPOINT, 85, "EndpointReference", text);
    }
    read_scopes(match, ret_heard);
    read_addresses(match, from, ret_heard);
    return OK;
}

static void
write_question(size_t question, struct buf *out)
{
    char uuid[CASTER_UUID];
    buf_format(out, probe, caster_uuid(uuid), types[question].prefix, types[question].space,
        types[question].type);
}

static const struct calling calling = {
    .method = &discover_wsdiscovery,
    .cast = {.group = "239.255.255.250", .group6 = "ff02::c", .port = 3702},
    .asked = asked,
    .questions = COUNT(types),
    .write = write_question,
    .parse_from = wsdiscovery_parse,
};

static enum err
start(struct discovery *discovery, void **ret_state)
{
    return calling_start(discovery, &calling, ret_state);
}

const struct discover_method discover_wsdiscovery = {
    .name = "wsdiscovery",
    .title = "ONVIF WS-Discovery (both device types)",
    .packets = 4,
    .start = start,
    .stop = calling_stop,
};
