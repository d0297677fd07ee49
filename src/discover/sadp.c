/*
 * Hikvision SADP, inquiry only. SADP also carries activation, address change and password reset in
 * other Types, and parsers of some devices crash on odd packets (CVE-2025-66176, CVE-2025-66177);
 * so the packet is a constant in which only the Uuid varies.
 */
#include "base/text.h"
#include "discover/calling.h"
#include "discover/markup.h"
#include "discover/methods.h"
#include "discover/parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD 256

/* Group, port and wording: rikitikitavi SADP scanner. */
static const char asked[] = "SADP inquiry to 239.255.255.250:37020";

static const char before_uuid[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Probe><Uuid>";
static const char after_uuid[] = "</Uuid><Types>inquiry</Types></Probe>";

/* Fields that are facts as they stand (UniversalScanner Hikvision.selftest). */
static const struct {
    const char *field;
    enum fact_id id;
    uint8_t confidence;
} texts[] = {
    {"DeviceSN", FACT_DEVICE_SERIAL, 85},
    {"MAC",      FACT_DEVICE_MAC,    85},
};

static bool
is_model(const char *text)
{
    static const char *const starts[] = {"DS-", "iDS-", "HWI-", "HWN-"};
    for (size_t i = 0; i < COUNT(starts); i++) {
        if (text_starts_nocase(text, starts[i]) && strchr(text, ' ') == NULL) {
            return true;
        }
    }
    return false;
}

/* Length of the model in MODEL + YYYYMMDD + letters + digits; 0 when there is no date. */
static size_t
model_length(const char *serial)
{
    size_t found = 0;
    size_t len = strlen(serial);
    for (size_t i = 1; i + 10 <= len; i++) {
        const char *date = serial + i;
        size_t digits = strspn(date, "0123456789");
        int month = (date[4] - '0') * 10 + date[5] - '0';
        int day = (date[6] - '0') * 10 + date[7] - '0';
        if (digits == 8 && date[0] == '2' && date[1] == '0' && month >= 1 && month <= 12 &&
            day >= 1 && day <= 31 && isupper((unsigned char)date[8]) != 0) {
            found = i;
        }
    }
    return found;
}

/* Sources disagree where the model stands; the serial number begins with it. */
static void
read_model(const xmlNode *match, struct heard *heard)
{
    static const char *const fields[] = {"DeviceDescription", "DeviceType"};
    char text[FIELD];
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (markup_text(match, fields[i], text, sizeof(text)) && is_model(text)) {
            heard_text(heard, FACT_DEVICE_MODEL, 85, fields[i], text);
            return;
        }
    }
    if (markup_text(match, "DeviceSN", text, sizeof(text)) && is_model(text)) {
        char model[FIELD];
        size_t len = model_length(text);
        if (len != 0) {
            (void)text_copy(model, sizeof(model), text);
            model[len] = '\0';
            heard_text(heard, FACT_DEVICE_MODEL, 70, "DeviceSN", model);
            heard_quote(heard, text);
            return;
        }
    }
    /* Rebranded devices have names of their own; a bare number is a type code. */
    if (markup_text(match, "DeviceDescription", text, sizeof(text)) &&
        strspn(text, "0123456789") != strlen(text)) {
        heard_text(heard, FACT_DEVICE_MODEL, 50, "DeviceDescription", text);
    }
}

/* "V5.5.82build 190910": version, then the day of the build. */
static void
read_firmware(const xmlNode *match, struct heard *heard)
{
    char text[FIELD];
    char part[FIELD];
    if (!markup_text(match, "SoftwareVersion", text, sizeof(text))) {
        return;
    }
    (void)text_copy(part, sizeof(part), text);
    const char *build = text_find_nocase(text, strlen(text), "build");
    if (build == NULL) {
        heard_text(heard, FACT_DEVICE_FIRMWARE, 85, "SoftwareVersion", text);
        return;
    }
    part[build - text] = '\0';
    heard_text(heard, FACT_DEVICE_FIRMWARE, 85, "SoftwareVersion", text_trim(part));
    heard_quote(heard, text);
    build += strlen("build");
    build += strspn(build, " ");
    if (strspn(build, "0123456789") >= 6) {
        (void)snprintf(part, sizeof(part), "20%.2s-%.2s-%.2s", build, build + 2, build + 4);
        heard_text(heard, FACT_DEVICE_BUILD, 85, "SoftwareVersion", part);
        heard_quote(heard, text);
    }
}

static void
read_addresses(const xmlNode *match, struct heard *heard)
{
    char text[FIELD];
    if (markup_text(match, "MAC", text, sizeof(text)) && mac_parse(text, &heard->mac) != OK) {
        heard->mac = (struct mac){{0}};
    }
    if (markup_text(match, "IPv4Address", text, sizeof(text)) &&
        ip_parse(text, &heard->states) != OK) {
        heard->states = (struct ip){0};
    }
}

static void
read_match(const xmlNode *match, struct heard *heard)
{
    char text[FIELD];
    bool yes = false;
    heard_bool(heard, FACT_SADP_SEEN, 85, "ProbeMatch", true);
    heard_text(heard, FACT_DEVICE_VENDOR, 75, "ProbeMatch", "Hikvision");
    heard_quote(heard, "answers SADP");
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (markup_text(match, texts[i].field, text, sizeof(text))) {
            heard_text(heard, texts[i].id, texts[i].confidence, texts[i].field, text);
        }
    }
    read_model(match, heard);
    read_firmware(match, heard);
    if (markup_text(match, "Activated", text, sizeof(text)) && text_to_bool(text, &yes) == OK) {
        heard_bool(heard, FACT_DEVICE_ACTIVATED, 85, "Activated", yes);
        heard_quote(heard, text);
    }
    /* "OEMinfo" and "OEMInfo" are both in use; N/A is Hikvision's own label. */
    if ((markup_text(match, "OEMinfo", text, sizeof(text)) ||
            markup_text(match, "OEMInfo", text, sizeof(text))) &&
        !text_equal_nocase(text, "N/A")) {
        heard_text(heard, FACT_DEVICE_BRAND, 85, "OEMinfo", text);
    }
    read_addresses(match, heard);
}

enum err
sadp_parse(const void *bytes, size_t len, struct heard *ret_heard)
{
    CLEANUP(markup_free) xmlDoc *doc = NULL;
    enum err err = markup_parse(bytes, len, MARKUP_DATAGRAM, &doc);
    if (err != OK) {
        return err;
    }
    char types[FIELD];
    const xmlNode *match = markup_find(xmlDocGetRootElement(doc), "ProbeMatch");
    /* Other programs' probes and writes arrive on the same group. */
    if (match == NULL || !markup_text(match, "Types", types, sizeof(types)) ||
        !text_equal_nocase(types, "inquiry")) {
        return ERR_MISSING;
    }
    heard_init(ret_heard);
    read_match(match, ret_heard);
    return OK;
}

static void
write_question(size_t question, struct buf *out)
{
    (void)question;
    char uuid[CASTER_UUID];
    buf_format(out, "%s%s%s", before_uuid, caster_uuid(uuid), after_uuid);
}

static const struct calling calling = {
    .method = &discover_sadp,
    .cast = {.group = "239.255.255.250", .port = 37020, .bind = 37020, .join = true},
    .asked = asked,
    .questions = 1,
    .write = write_question,
    .parse = sadp_parse,
};

static enum err
start(struct discovery *discovery, void **ret_state)
{
    return calling_start(discovery, &calling, ret_state);
}

const struct discover_method discover_sadp = {
    .name = "sadp",
    .title = "Hikvision SADP (inquiry only)",
    .packets = 2,
    .start = start,
    .stop = calling_stop,
};
