/* SNMP messages: a handful of BER objects. */
#include "codec/snmp.h"

#include <openssl/asn1.h>
#include <string.h>

#define MESSAGE_MAX ((size_t)2048)
#define VERSION_2C  1
#define PDU_GET     0 /* context tags, RFC 3416 section 3 */
#define PDU_ANSWER  2
#define BINDINGS    8

/* 1.3.6.1.2.1.1.1.0 and 1.3.6.1.2.1.1.5.0 (RFC 3418). */
static const uint8_t oid_descr[] = {0x2b, 6, 1, 2, 1, 1, 1, 0};
static const uint8_t oid_name[] = {0x2b, 6, 1, 2, 1, 1, 5, 0};

/* Tag and length, written in front of what is there already. */
static void
wrap(struct buf *buf, int tag, int class)
{
    uint8_t head[8];
    uint8_t *at = head;
    bool constructed = tag == V_ASN1_SEQUENCE || class == V_ASN1_CONTEXT_SPECIFIC;
    ASN1_put_object(&at, constructed ? 1 : 0, (int)buf->len, tag, class);
    CLEANUP(buf_release) struct buf inside;
    buf_init(&inside, MESSAGE_MAX);
    buf_add(&inside, buf->data, buf->len);
    buf_clear(buf);
    buf_add(buf, head, (size_t)(at - head));
    buf_add(buf, inside.data, inside.len);
}

static void
add_object(struct buf *out, int tag, const void *bytes, size_t len)
{
    CLEANUP(buf_release) struct buf object;
    buf_init(&object, MESSAGE_MAX);
    buf_add(&object, bytes, len);
    wrap(&object, tag, V_ASN1_UNIVERSAL);
    buf_add(out, object.data, object.len);
}

static void
add_number(struct buf *out, uint32_t number)
{
    const uint8_t bytes[] = {0, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
        (uint8_t)(number >> 8), (uint8_t)number};
    size_t skip = 0;
    while (skip < 4 && bytes[skip] == 0 && bytes[skip + 1] < 0x80) {
        skip++;
    }
    add_object(out, V_ASN1_INTEGER, bytes + skip, sizeof(bytes) - skip);
}

static void
add_binding(struct buf *out, const uint8_t *oid, size_t len)
{
    CLEANUP(buf_release) struct buf binding;
    buf_init(&binding, MESSAGE_MAX);
    add_object(&binding, V_ASN1_OBJECT, oid, len);
    add_object(&binding, V_ASN1_NULL, "", 0);
    wrap(&binding, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    buf_add(out, binding.data, binding.len);
}

enum err
snmp_write_get(struct buf *out, const char *community, uint32_t id)
{
    CLEANUP(buf_release) struct buf list;
    CLEANUP(buf_release) struct buf pdu;
    buf_init(&list, MESSAGE_MAX);
    buf_init(&pdu, MESSAGE_MAX);
    if (strlen(community) > SNMP_COMMUNITY) {
        return ERR_LIMIT;
    }
    add_binding(&list, oid_descr, sizeof(oid_descr));
    add_binding(&list, oid_name, sizeof(oid_name));
    wrap(&list, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    add_number(&pdu, id);
    add_number(&pdu, 0); /* error-status */
    add_number(&pdu, 0); /* error-index */
    buf_add(&pdu, list.data, list.len);
    wrap(&pdu, PDU_GET, V_ASN1_CONTEXT_SPECIFIC);
    add_number(out, VERSION_2C);
    add_object(out, V_ASN1_OCTET_STRING, community, strlen(community));
    buf_add(out, pdu.data, pdu.len);
    wrap(out, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    return buf_error(out);
}

/* The bytes that are left to read. */
struct ber {
    const uint8_t *at;
    size_t left;
};

/* Takes one object of that tag and class off; its contents. */
static bool
take(struct ber *from, int wanted_tag, int wanted_class, struct ber *ret_inside)
{
    const uint8_t *at = from->at;
    long length = 0;
    int tag = 0, class = 0;
    int what = ASN1_get_object(&at, &length, &tag, &class, (long)from->left);
    /* 0x80: an error; bit 0: no definite length. */
    if ((what & 0x81) != 0 || tag != wanted_tag || class != wanted_class || length < 0) {
        return false;
    }
    size_t head = (size_t)(at - from->at);
    *ret_inside = (struct ber){at, (size_t)length};
    from->at += head + (size_t)length;
    from->left -= head + (size_t)length;
    return true;
}

static bool
take_number(struct ber *from, uint32_t *ret_number)
{
    struct ber inside;
    uint64_t number = 0;
    if (!take(from, V_ASN1_INTEGER, V_ASN1_UNIVERSAL, &inside) || inside.left == 0 ||
        inside.left > 5 || (inside.at[0] & 0x80) != 0) {
        return false;
    }
    for (size_t i = 0; i < inside.left; i++) {
        number = number << 8 | inside.at[i];
    }
    *ret_number = (uint32_t)number;
    return number <= UINT32_MAX;
}

static void
take_binding(struct ber *binding, struct snmp_answer *answer)
{
    struct ber oid, text;
    if (!take(binding, V_ASN1_OBJECT, V_ASN1_UNIVERSAL, &oid) ||
        !take(binding, V_ASN1_OCTET_STRING, V_ASN1_UNIVERSAL, &text) ||
        oid.left != sizeof(oid_descr)) {
        return; /* noSuchObject, or nothing that was asked for */
    }
    char *out = memcmp(oid.at, oid_descr, oid.left) == 0  ? answer->descr
                : memcmp(oid.at, oid_name, oid.left) == 0 ? answer->name
                                                          : NULL;
    if (out != NULL) {
        size_t len = text.left < SNMP_TEXT ? text.left : SNMP_TEXT - 1;
        const uint8_t *nul = memchr(text.at, '\0', len);
        len = nul == NULL ? len : (size_t)(nul - text.at);
        memcpy(out, text.at, len);
        out[len] = '\0';
    }
}

enum err
snmp_parse(const void *bytes, size_t len, struct snmp_answer *ret_answer)
{
    struct ber all = {bytes, len};
    struct ber message, community, pdu, list, binding;
    uint32_t version = 0, error = 0, index = 0;
    struct snmp_answer answer = {.id = 0};
    if (len > MESSAGE_MAX) {
        return ERR_LIMIT;
    }
    if (!take(&all, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, &message) ||
        !take_number(&message, &version) ||
        !take(&message, V_ASN1_OCTET_STRING, V_ASN1_UNIVERSAL, &community) ||
        !take(&message, PDU_ANSWER, V_ASN1_CONTEXT_SPECIFIC, &pdu) ||
        !take_number(&pdu, &answer.id) || !take_number(&pdu, &error) ||
        !take_number(&pdu, &index) || !take(&pdu, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, &list)) {
        return ERR_SYNTAX;
    }
    if (error != 0) {
        return ERR_REFUSED;
    }
    for (size_t i = 0; i < BINDINGS && take(&list, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, &binding);
         i++) {
        take_binding(&binding, &answer);
    }
    if (answer.descr[0] == '\0' && answer.name[0] == '\0') {
        return ERR_MISSING;
    }
    *ret_answer = answer;
    return OK;
}
