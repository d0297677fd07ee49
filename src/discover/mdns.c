/* mDNS: one question per service type; answers are taken apart by libc's DNS message reader. */
#include "base/reader.h"
#include "base/text.h"
#include "discover/calling.h"
#include "discover/methods.h"
#include "discover/parse.h"

#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX  ((size_t)9000) /* RFC 6762 section 17 */
#define RECORDS_MAX 256
#define NAME        256

static const char asked[] = "mDNS PTR questions to 224.0.0.251:5353 and ff02::fb";

/* Axis (and DoorBird): UniversalScanner Axis.selftest; the others tell cameras from the rest. */
static const char *const services[] = {"_axis-video._tcp", "_axis-nvr._tcp", "_rtsp._tcp",
    "_http._tcp", "_ipp._tcp", "_printer._tcp", "_hap._tcp", "_services._dns-sd._udp"};

/* TXT keys: Axis.selftest; Bonjour Printing Specification 1.2.1, table 2. The service type of Axis
 * is no proof of Axis (DoorBird uses it): the vendor comes from the MAC alone. */
static const struct {
    const char *key;
    enum fact_id id;
    uint8_t confidence;
} keys[] = {
    {"macaddress", FACT_DEVICE_MAC,    50},
    {"ty",         FACT_DEVICE_MODEL,  50},
    {"usb_MFG",    FACT_DEVICE_VENDOR, 50},
};

static bool
read_name(const ns_msg *message, const uint8_t *at, char out[NS_MAXDNAME])
{
    return ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), at, out, NS_MAXDNAME) >
           0;
}

/* The first label of a compressed name, as it is: instance names hold blanks and UTF-8. */
static bool
read_label(const ns_msg *message, const uint8_t *at, char *out, size_t size)
{
    uint8_t name[NS_MAXCDNAME];
    if (ns_name_unpack(ns_msg_base(*message), ns_msg_end(*message), at, name, sizeof(name)) <= 0 ||
        name[0] == 0 || name[0] > NS_MAXLABEL) {
        return false;
    }
    text_clean(out, size, (const char *)name + 1, name[0]);
    return out[0] != '\0';
}

static void
read_pointer(const ns_msg *message, const ns_rr *record, struct heard *heard)
{
    char service[NAME];
    char instance[NS_MAXLABEL + 1];
    char target[NS_MAXDNAME];
    if (!text_copy(service, sizeof(service), ns_rr_name(*record))) {
        return;
    }
    if (text_starts_nocase(service, "_services._dns-sd")) {
        if (read_name(message, ns_rr_rdata(*record), target) && text_ends(target, ".local")) {
            target[strlen(target) - strlen(".local")] = '\0';
            heard_text(heard, FACT_MDNS_SERVICE, 40, "PTR", target);
        }
        return;
    }
    if (text_ends(service, ".local")) {
        service[strlen(service) - strlen(".local")] = '\0';
    }
    if (service[0] == '_') {
        heard_text(heard, FACT_MDNS_SERVICE, 50, "PTR", service);
        if (read_label(message, ns_rr_rdata(*record), instance, sizeof(instance))) {
            heard_text(heard, FACT_MDNS_NAME, 50, "PTR", instance);
        }
    }
}

static void
read_key(char *pair, struct heard *heard)
{
    char *value = strchr(pair, '=');
    if (value == NULL) {
        return;
    }
    *value++ = '\0';
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (text_equal_nocase(pair, keys[i].key)) {
            heard_text(heard, keys[i].id, keys[i].confidence, keys[i].key, value);
            if (keys[i].id == FACT_DEVICE_MAC && mac_parse(value, &heard->mac) != OK) {
                heard->mac = (struct mac){{0}};
            }
        }
    }
}

static void
read_texts(const ns_rr *record, struct heard *heard)
{
    struct reader reader;
    reader_init(&reader, ns_rr_rdata(*record), ns_rr_rdlen(*record));
    while (reader_left(&reader) != 0) {
        char pair[256];
        size_t len = reader_u8(&reader);
        const uint8_t *bytes = reader_bytes(&reader, len);
        if (bytes == NULL) {
            return;
        }
        text_clean(pair, sizeof(pair), (const char *)bytes, len);
        read_key(pair, heard);
    }
}

static void
read_record(const ns_msg *message, const ns_rr *record, struct heard *heard)
{
    struct ip ip = {.family = 4};
    switch ((int)ns_rr_type(*record)) {
    case ns_t_ptr:
        read_pointer(message, record, heard);
        break;
    case ns_t_txt:
        read_texts(record, heard);
        break;
    case ns_t_a:
        if (ns_rr_rdlen(*record) == 4 && heard->states.family == 0) {
            memcpy(ip.bytes, ns_rr_rdata(*record), 4);
            heard->states = ip;
        }
        break;
    default:
        break;
    }
}

/* ns_initparse() walks every record, so a message that was cut or points in circles is refused. */
enum err
mdns_parse(const void *bytes, size_t len, struct heard *ret_heard)
{
    static const ns_sect sections[] = {ns_s_an, ns_s_ar};
    ns_msg message;
    if (len > ANSWER_MAX) {
        return ERR_LIMIT;
    }
    if (ns_initparse(bytes, (int)len, &message) != 0 || ns_msg_getflag(message, ns_f_qr) == 0 ||
        ns_msg_getflag(message, ns_f_tc) != 0) {
        return ERR_SYNTAX;
    }
    heard_init(ret_heard);
    for (size_t i = 0; i < COUNT(sections); i++) {
        for (int n = 0; n < ns_msg_count(message, sections[i]) && n < RECORDS_MAX; n++) {
            ns_rr record;
            if (ns_parserr(&message, sections[i], n, &record) != 0) {
                return ERR_SYNTAX;
            }
            read_record(&message, &record, ret_heard);
        }
    }
    return ret_heard->count == 0 ? ERR_MISSING : OK;
}

/* One PTR question in SERVICE.local, answered to us alone (RFC 6762 section 5.4). */
static void
write_question(size_t question, struct buf *out)
{
    buf_add(out, "\0\0\0\0\0\1\0\0\0\0\0\0", 12);
    for (const char *label = services[question]; *label != '\0';) {
        size_t len = strcspn(label, ".");
        buf_byte(out, (uint8_t)len);
        buf_add(out, label, len);
        label += len + (label[len] == '.');
    }
    buf_add(out, "\5local\0", 7);
    buf_u16be(out, ns_t_ptr);
    buf_u16be(out, 0x8000 | ns_c_in);
}

static const struct calling calling = {
    .method = &discover_mdns,
    .cast = {.group = "224.0.0.251", .group6 = "ff02::fb", .port = 5353},
    .asked = asked,
    .questions = COUNT(services),
    .write = write_question,
    .parse = mdns_parse,
};

static enum err
start(struct discovery *discovery, void **ret_state)
{
    return calling_start(discovery, &calling, ret_state);
}

const struct discover_method discover_mdns = {
    .name = "mdns",
    .title = "mDNS service types",
    .packets = 2 * COUNT(services),
    .start = start,
    .stop = calling_stop,
};
