/* A small multicast DNS responder (RFC 6762, RFC 6763): PTR, SRV, TXT and A of one device. */
#include "lab/mdns.h"

#include "base/reader.h"
#include "base/text.h"
#include "lab/hostile.h"
#include "lab/template.h"

#include <stdio.h>
#include <string.h>

#define NAME_SIZE      256
#define MAX_QUESTIONS  16
#define MAX_RECORDS    64
#define MAX_JUMPS      8
#define CLASS_IN       1
#define TTL            120
#define SERVICE_LIST   "_services._dns-sd._udp.local"
#define RESPONSE_FLAGS 0x8400

enum {
    TYPE_A = 1,
    TYPE_PTR = 12,
    TYPE_TXT = 16,
    TYPE_SRV = 33,
    TYPE_ANY = 255,
};

struct question {
    char name[NAME_SIZE];
    uint16_t type;
};

/* Reads a name from the cursor, following pointers backwards a bounded number of times. */
static bool
read_name(struct reader *reader, char out[NAME_SIZE])
{
    struct reader at = *reader;
    size_t used = 0;
    unsigned jumps = 0;
    bool moved = false;
    for (;;) {
        uint8_t len = reader_u8(&at);
        if (at.failed)
            return false;
        if ((len & 0xc0) == 0xc0) {
            size_t to = (size_t)(len & 0x3f) << 8 | reader_u8(&at);
            if (!moved)
                *reader = at;
            moved = true;
            if (++jumps > MAX_JUMPS || to >= at.len)
                return false;
            at.pos = to;
            continue;
        }
        if (len == 0)
            break;
        const uint8_t *label = reader_bytes(&at, len);
        if (label == NULL || (len & 0xc0) != 0 || used + len + 2 > NAME_SIZE)
            return false;
        if (used > 0)
            out[used++] = '.';
        memcpy(out + used, label, len);
        used += len;
    }
    out[used] = '\0';
    if (!moved)
        *reader = at;
    return true;
}

static size_t
read_questions(const char *bytes, size_t len, uint16_t *ret_id, struct question *ret_questions)
{
    struct reader reader;
    reader_init(&reader, bytes, len);
    *ret_id = reader_u16be(&reader);
    uint16_t flags = reader_u16be(&reader);
    uint16_t count = reader_u16be(&reader);
    reader_skip(&reader, 6);
    size_t got = 0;
    if (reader_error(&reader) != OK || (flags & 0x8000) != 0)
        return 0;
    for (; got < count && got < MAX_QUESTIONS; got++) {
        if (!read_name(&reader, ret_questions[got].name))
            break;
        ret_questions[got].type = reader_u16be(&reader);
        reader_skip(&reader, 2);
        if (reader_error(&reader) != OK)
            break;
    }
    return got;
}

/* Labels are separated by dots; the first `whole` bytes are one label, dots included. */
static void
add_name(struct buf *out, const char *name, size_t whole)
{
    while (*name != '\0') {
        size_t len = whole > 0 ? whole : strcspn(name, ".");
        whole = 0;
        if (len > 63)
            len = 63;
        buf_byte(out, (uint8_t)len);
        buf_add(out, name, len);
        name += len;
        name += *name == '.';
    }
    buf_byte(out, 0);
}

struct writer {
    struct buf *out;
    const struct device *device;
    unsigned records;
};

static void
add_record(struct writer *writer, const struct buf *name, uint16_t type, const struct buf *data)
{
    if (writer->records == MAX_RECORDS)
        return;
    buf_add(writer->out, name->data, name->len);
    buf_u16be(writer->out, type);
    buf_u16be(writer->out, CLASS_IN);
    buf_u16be(writer->out, 0);
    buf_u16be(writer->out, TTL);
    buf_u16be(writer->out, (uint16_t)data->len);
    buf_add(writer->out, data->data, data->len);
    writer->records++;
}

static void
expand(const struct device *device, const char *text, char *out, size_t size)
{
    const struct template_scope scope = {.device = device};
    struct buf buf;
    buf_init(&buf, size - 1);
    template_add(&buf, &scope, text, strlen(text));
    text_copy(out, size, buf.data);
    buf_release(&buf);
}

static void
add_address(struct writer *writer, const char *host)
{
    struct buf name;
    struct buf data;
    struct ip ip = writer->device->ip;
    const char *claim = hostile_claimed_ip(writer->device->behave);
    if (claim != NULL && ip_parse(claim, &ip) != OK)
        return;
    buf_init(&name, NAME_SIZE);
    buf_init(&data, NAME_SIZE);
    add_name(&name, host, 0);
    buf_add(&data, ip.bytes, 4);
    add_record(writer, &name, TYPE_A, &data);
    buf_release(&name);
    buf_release(&data);
}

static void
add_texts(struct writer *writer, const struct buf *instance, const struct site_service *service)
{
    struct buf data;
    char text[NAME_SIZE];
    buf_init(&data, 4096);
    for (unsigned i = 0; i < service->txt_count; i++) {
        expand(writer->device, service->txt[i], text, sizeof text);
        buf_byte(&data, (uint8_t)strlen(text));
        buf_text(&data, text);
    }
    if (service->txt_count == 0)
        buf_byte(&data, 0);
    add_record(writer, instance, TYPE_TXT, &data);
    buf_release(&data);
}

/* PTR, SRV and TXT of one service. */
static void
add_service(struct writer *writer, const struct site_service *service, const char *host)
{
    struct buf type;
    struct buf instance;
    struct buf data;
    char label[64];
    char name[NAME_SIZE];
    expand(writer->device, service->name, label, sizeof label);
    buf_init(&type, NAME_SIZE);
    buf_init(&instance, (size_t)2 * NAME_SIZE);
    buf_init(&data, NAME_SIZE);
    snprintf(name, sizeof name, "%s.local", service->type);
    add_name(&type, name, 0);
    snprintf(name, sizeof name, "%s.%.150s.local", label, service->type);
    add_name(&instance, name, strlen(label));
    add_record(writer, &type, TYPE_PTR, &instance);
    buf_u16be(&data, 0);
    buf_u16be(&data, 0);
    buf_u16be(&data, (uint16_t)service->port);
    add_name(&data, host, 0);
    add_record(writer, &instance, TYPE_SRV, &data);
    add_texts(writer, &instance, service);
    buf_release(&type);
    buf_release(&instance);
    buf_release(&data);
}

/* PTR from the list of service types to one type (RFC 6763, 9). */
static void
add_type(struct writer *writer, const struct site_service *service)
{
    struct buf name;
    struct buf data;
    char type[NAME_SIZE];
    buf_init(&name, NAME_SIZE);
    buf_init(&data, NAME_SIZE);
    snprintf(type, sizeof type, "%s.local", service->type);
    add_name(&name, SERVICE_LIST, 0);
    add_name(&data, type, 0);
    add_record(writer, &name, TYPE_PTR, &data);
    buf_release(&name);
    buf_release(&data);
}

static bool
answer_service(struct writer *writer, const struct question *question,
    const struct site_service *service, const char *host)
{
    char type[NAME_SIZE];
    snprintf(type, sizeof type, "%s.local", service->type);
    if (text_equal_nocase(question->name, SERVICE_LIST)) {
        add_type(writer, service);
        return false;
    }
    bool asks_type = text_equal_nocase(question->name, type) &&
                     (question->type == TYPE_PTR || question->type == TYPE_ANY);
    char instance[NAME_SIZE];
    char label[64];
    expand(writer->device, service->name, label, sizeof label);
    snprintf(instance, sizeof instance, "%s.%.150s.local", label, service->type);
    bool asks_instance =
        text_equal_nocase(question->name, instance) &&
        (question->type == TYPE_SRV || question->type == TYPE_TXT || question->type == TYPE_ANY);
    if (asks_type || asks_instance)
        add_service(writer, service, host);
    return asks_type || asks_instance;
}

static void
answer_question(struct writer *writer, const struct question *question)
{
    const struct site_mdns *mdns = writer->device->record->mdns;
    char host[NAME_SIZE];
    char full[NAME_SIZE];
    expand(writer->device, mdns->host, host, sizeof host);
    snprintf(full, sizeof full, "%.200s.local", host);
    bool address = text_equal_nocase(question->name, full) &&
                   (question->type == TYPE_A || question->type == TYPE_ANY);
    for (unsigned i = 0; i < mdns->services_count; i++)
        address = answer_service(writer, question, &mdns->services[i], full) || address;
    if (address)
        add_address(writer, full);
}

void
mdns_answer(struct device *device, const char *bytes, size_t len, bool legacy, struct buf *out)
{
    static struct question questions[MAX_QUESTIONS];
    uint16_t id = 0;
    size_t count = device->record->mdns == NULL ? 0 : read_questions(bytes, len, &id, questions);
    if (count == 0)
        return;
    struct buf records;
    buf_init(&records, 8192);
    struct writer writer = {.out = &records, .device = device};
    for (size_t i = 0; i < count; i++)
        answer_question(&writer, &questions[i]);
    if (writer.records > 0 && buf_error(&records) == OK) {
        /* A legacy asker wants his id and his question back (RFC 6762, 6.7). */
        buf_u16be(out, legacy ? id : 0);
        buf_u16be(out, RESPONSE_FLAGS);
        buf_u16be(out, legacy ? 1 : 0);
        buf_u16be(out, (uint16_t)writer.records);
        buf_u32le(out, 0);
        if (legacy) {
            add_name(out, questions[0].name, 0);
            buf_u16be(out, questions[0].type);
            buf_u16be(out, CLASS_IN);
        }
        buf_add(out, records.data, records.len);
    }
    buf_release(&records);
}
