/*
 * Dahua DHDiscover: one packet, to the byte. A malformed one crashes the DHIP service of some
 * devices (CVE-2024-52546), and JSON without the header gets no answer (rroller/dahua).
 */
#include "base/reader.h"
#include "base/text.h"
#include "discover/calling.h"
#include "discover/methods.h"
#include "discover/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD      256
#define HEADER     32
#define ANSWER_MAX ((size_t)16 * 1024)

/* Groups and port: UniversalScanner Dahua2.cs. */
static const char asked[] = "DHDiscover.search to 239.255.255.251:37810 and broadcast";

#define BODY "{\"method\":\"DHDiscover.search\",\"params\":{\"mac\":\"\",\"uni\":1}}\n"

/* u32 0x20, "DHIP", 8 zero bytes, u32 body length, u32 0, u32 body length, u32 0 (little-endian).
 */
static const struct {
    uint8_t header[HEADER];
    char body[sizeof(BODY) - 1];
} packet = {
    {0x20, 0, 0, 0, 'D', 'H', 'I', 'P', 0, 0, 0, 0, 0, 0, 0, 0, sizeof(BODY) - 1, 0, 0, 0, 0, 0, 0,
     0, sizeof(BODY) - 1},
    BODY,
};

/* Fields that are facts as they stand (UniversalScanner Dahua2.selftest; rroller/dahua). */
static const struct {
    const char *field;
    enum fact_id id;
    uint8_t confidence;
} texts[] = {
    {"DeviceType", FACT_DEVICE_MODEL,    85},
    {"SerialNo",   FACT_DEVICE_SERIAL,   85},
    {"Version",    FACT_DEVICE_FIRMWARE, 85},
    {"mac",        FACT_DEVICE_MAC,      85},
};

/* DeviceClass → kind (UniversalScanner Dahua2.selftest; rroller/dahua: IPC, NVR, VTO, SD, …). */
static const struct {
    const char *class;
    const char *kind;
} kinds[] = {
    {"IPC",  "camera"      },
    {"SD",   "camera"      },
    {"TPC",  "camera"      },
    {"NVR",  "recorder"    },
    {"DVR",  "recorder"    },
    {"HCVR", "recorder"    },
    {"XVR",  "recorder"    },
    {"VTO",  "door station"},
    {"VTH",  "other"       },
};

/* Behind the colon of "field", or NULL. */
static const char *
value_of(const char *text, const char *field)
{
    char key[40];
    size_t len = (size_t)snprintf(key, sizeof(key), "\"%s\"", field);
    assert(len < sizeof(key));
    for (const char *at = strstr(text, key); at != NULL; at = strstr(at + 1, key)) {
        const char *after = at + len;
        after += strspn(after, " \t\r\n");
        if (*after == ':') {
            after++;
            return after + strspn(after, " \t\r\n");
        }
    }
    return NULL;
}

/*
 * The text or number of a field, wherever it stands. No strict JSON reader: a published answer
 * lacks the quote that closes Version, and would be lost as a whole (UniversalScanner
 * Dahua2.selftest). A text ends at its quote or at the end of its line.
 */
static bool
field(const char *text, const char *name, char *out, size_t size)
{
    const char *value = value_of(text, name);
    out[0] = '\0';
    if (value == NULL) {
        return false;
    }
    size_t len = *value == '"' ? strcspn(++value, "\"\r\n") : strcspn(value, ",}] \t\r\n");
    if (value[-1] == '"' && value[len] == '"' && value[len + 1] != '\0' &&
        strchr(",:}] \t\r\n", value[len + 1]) == NULL) {
        /* The quote opens the next key: this value's own is missing. */
        len = strcspn(value, ",\"\r\n");
    }
    while (len != 0 && strchr(", \t", value[len - 1]) != NULL) {
        len--;
    }
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(out, value, len);
    out[len] = '\0';
    return true;
}

static void
read_kind(const char *text, struct heard *heard)
{
    char class[FIELD];
    if (!field(text, "DeviceClass", class, sizeof(class))) {
        return;
    }
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (text_equal_nocase(class, kinds[i].class)) {
            heard_text(heard, FACT_DEVICE_KIND, 85, "DeviceClass", kinds[i].kind);
            heard_quote(heard, class);
        }
    }
}

/* "General", "Private" and the maker's own name are no brand. */
static void
read_brand(const char *text, struct heard *heard)
{
    static const char *const plain[] = {"General", "Private", "Dahua"};
    char vendor[FIELD];
    if (!field(text, "Vendor", vendor, sizeof(vendor))) {
        return;
    }
    for (size_t i = 0; i < COUNT(plain); i++) {
        if (text_equal_nocase(vendor, plain[i])) {
            return;
        }
    }
    heard_text(heard, FACT_DEVICE_BRAND, 85, "Vendor", vendor);
}

/* Until its owner gives it a name, it is called by its serial number. */
static void
read_machine(const char *text, struct heard *heard)
{
    char name[FIELD];
    if (field(text, "MachineName", name, sizeof(name)) &&
        !text_equal(name, heard_get(heard, FACT_DEVICE_SERIAL))) {
        heard_text(heard, FACT_DEVICE_NAME, 50, "MachineName", name);
    }
}

/* Bits 0 and 1 of Init: 1 not initialised, 2 initialised (Dahua NetSDK, byInitStatus). */
static void
read_init(const char *text, struct heard *heard)
{
    char init[FIELD];
    uint64_t number = 0;
    if (!field(text, "Init", init, sizeof(init)) || text_to_u64(init, UINT32_MAX, &number) != OK) {
        return;
    }
    if ((number & 3) == 1 || (number & 3) == 2) {
        heard_bool(heard, FACT_DEVICE_ACTIVATED, 70, "Init", (number & 3) == 2);
        heard_quote(heard, init);
    }
}

static void
read_addresses(const char *text, struct heard *heard)
{
    char value[FIELD];
    const char *part = value_of(text, "IPv4Address");
    if (part != NULL && field(part, "IPAddress", value, sizeof(value)) &&
        ip_parse(value, &heard->states) != OK) {
        heard->states = (struct ip){0};
    }
    if (field(text, "mac", value, sizeof(value)) && mac_parse(value, &heard->mac) != OK) {
        heard->mac = (struct mac){{0}};
    }
}

static void
read_answer(const char *text, const char *method, struct heard *heard)
{
    heard_init(heard);
    heard_bool(heard, FACT_DHIP_SEEN, 85, "method", true);
    heard_quote(heard, method);
    heard_text(heard, FACT_DEVICE_VENDOR, 75, "method", "Dahua");
    heard_quote(heard, "answers DHDiscover");
    for (size_t i = 0; i < COUNT(texts); i++) {
        char value[FIELD];
        if (field(text, texts[i].field, value, sizeof(value))) {
            heard_text(heard, texts[i].id, texts[i].confidence, texts[i].field, value);
        }
    }
    read_kind(text, heard);
    read_brand(text, heard);
    read_machine(text, heard);
    read_init(text, heard);
    read_addresses(text, heard);
}

enum err
dhip_parse(const void *bytes, size_t len, struct heard *ret_heard)
{
    struct reader reader;
    if (len > ANSWER_MAX) {
        return ERR_LIMIT;
    }
    reader_init(&reader, bytes, len);
    reader_skip(&reader, 4);
    const uint8_t *magic = reader_bytes(&reader, 4);
    reader_skip(&reader, 8);
    uint32_t claimed = reader_u32le(&reader);
    reader_skip(&reader, HEADER - 20);
    size_t left = reader_left(&reader);
    const uint8_t *body = reader_bytes(&reader, left);
    /* The claim is used for nothing but this: fewer bytes than it were cut on their way. */
    if (reader_error(&reader) != OK || memcmp(magic, "DHIP", 4) != 0 || claimed > left) {
        return ERR_SYNTAX;
    }
    char *text = calloc(1, left + 1);
    if (text == NULL) {
        return ERR_MEMORY;
    }
    memcpy(text, body, left);
    char method[FIELD];
    /* A body that was cut lacks its last brace. */
    char *last = strrchr(text, '}');
    enum err err = last != NULL && last[1 + strspn(last + 1, " \t\r\n")] == '\0' ? OK : ERR_SYNTAX;
    if (err == OK && (!field(text, "method", method, sizeof(method)) ||
                         !text_equal(method, "client.notifyDevInfo"))) {
        err = ERR_MISSING;
    }
    if (err == OK) {
        read_answer(text, method, ret_heard);
    }
    free(text);
    return err;
}

static void
write_question(size_t question, struct buf *out)
{
    (void)question;
    buf_add(out, &packet, sizeof(packet));
}

static const struct calling calling = {
    .method = &discover_dhip,
    .cast = {.group = "239.255.255.251", .port = 37810, .broadcast = true},
    .asked = asked,
    .questions = 1,
    .write = write_question,
    .parse = dhip_parse,
};

static enum err
start(struct discovery *discovery, void **ret_state)
{
    return calling_start(discovery, &calling, ret_state);
}

const struct discover_method discover_dhip = {
    .name = "dhip",
    .title = "Dahua DHDiscover (the exact packet only)",
    .packets = 4,
    .start = start,
    .stop = calling_stop,
};
