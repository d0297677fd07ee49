/*
 * Xiongmai (XMeye) LAN search: an empty IPSearch_REQ by broadcast. Only when the owner asks for it:
 * the answer comes as a broadcast too, and whoever makes the boards, hundreds of brands use it.
 */
#include "base/reader.h"
#include "base/text.h"
#include "discover/calling.h"
#include "discover/methods.h"
#include "discover/parse.h"

#include <jansson.h>
#include <stdio.h>

#define PORT       34569
#define HEADER     20
#define ANSWER_MAX ((size_t)8 * 1024)
#define FIELD      256

/* Header of 20 bytes: 0xff, version, 2 reserved, session, sequence, 2 reserved, message, length;
 * little-endian (python-dvr DeviceManager). */
#define MSG_SEARCH 1530
#define MSG_FOUND  1531

static const char asked[] = "Xiongmai IPSearch to the broadcast address, port 34569";

/* Fields of NetWork.NetCommon (python-dvr DeviceManager). */
static const struct {
    const char *field;
    enum fact_id id;
    uint8_t confidence;
} texts[] = {
    {"SN",       FACT_DEVICE_SERIAL,   80},
    {"HostName", FACT_DEVICE_NAME,     40},
    {"Version",  FACT_DEVICE_FIRMWARE, 70},
    {"MAC",      FACT_DEVICE_MAC,      80},
};

/* "0x0A01A8C0" is 192.168.1.10: the bytes of the address, the last one first. */
static struct ip
read_address(const char *text)
{
    struct ip ip = {0};
    char *end = NULL;
    char dotted[20];
    if (text == NULL || !text_starts_nocase(text, "0x")) {
        return ip;
    }
    unsigned long number = strtoul(text, &end, 16);
    if (*end != '\0' || number > UINT32_MAX) {
        return ip;
    }
    (void)snprintf(dotted, sizeof(dotted), "%lu.%lu.%lu.%lu", number & 255, number >> 8 & 255,
        number >> 16 & 255, number >> 24);
    return ip_parse(dotted, &ip) == OK ? ip : (struct ip){0};
}

static void
read_common(const json_t *common, struct heard *heard)
{
    heard_init(heard);
    heard_text(heard, FACT_DEVICE_VENDOR, 75, "NetWork.NetCommon", "Xiongmai");
    heard_quote(heard, "answers IPSearch");
    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *value = json_string_value(json_object_get(common, texts[i].field));
        if (!text_is_empty(value)) {
            heard_text(heard, texts[i].id, texts[i].confidence, texts[i].field, value);
        }
    }
    const char *mac = json_string_value(json_object_get(common, "MAC"));
    if (mac != NULL && mac_parse(mac, &heard->mac) != OK) {
        heard->mac = (struct mac){{0}};
    }
    heard->states = read_address(json_string_value(json_object_get(common, "HostIP")));
}

enum err
xiongmai_parse(const void *bytes, size_t len, struct heard *ret_heard)
{
    struct reader reader;
    if (len > ANSWER_MAX) {
        return ERR_LIMIT;
    }
    reader_init(&reader, bytes, len);
    uint8_t magic = reader_u8(&reader);
    reader_skip(&reader, 13);
    uint16_t message = reader_u16le(&reader);
    uint32_t claimed = reader_u32le(&reader);
    if (reader_error(&reader) != OK || magic != 0xff || claimed > reader_left(&reader)) {
        return ERR_SYNTAX;
    }
    if (message != MSG_FOUND) {
        return ERR_MISSING; /* our own question comes back too */
    }
    const char *body = (const char *)reader_bytes(&reader, claimed);
    /* Behind the object stand a line end and a NUL byte. */
    json_t *root = json_loadb(body, claimed, JSON_DISABLE_EOF_CHECK, NULL);
    const json_t *common = json_object_get(root, "NetWork.NetCommon");
    if (json_is_object(common)) {
        read_common(common, ret_heard);
    }
    enum err err = root == NULL ? ERR_SYNTAX : json_is_object(common) ? OK : ERR_MISSING;
    json_decref(root);
    return err;
}

static void
write_question(size_t question, struct buf *out)
{
    (void)question;
    buf_add(out, "\xff\0\0\0\0\0\0\0\0\0\0\0\0\0", 14);
    buf_byte(out, MSG_SEARCH & 255);
    buf_byte(out, MSG_SEARCH >> 8);
    buf_u32le(out, 0);
}

static const struct calling calling = {
    .method = &discover_xiongmai,
    .cast = {.port = PORT, .bind = PORT, .broadcast = true},
    .asked = asked,
    .questions = 1,
    .write = write_question,
    .parse = xiongmai_parse,
};

static enum err
start(struct discovery *discovery, void **ret_state)
{
    return calling_start(discovery, &calling, ret_state);
}

const struct discover_method discover_xiongmai = {
    .name = "xiongmai",
    .title = "Xiongmai (XMeye) LAN search",
    .packets = 2,
    .by_request = true,
    .start = start,
    .stop = calling_stop,
};
