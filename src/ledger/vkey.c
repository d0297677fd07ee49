/* Public keys as text (C2SP signed-note). */
#include "ledger/vkey.h"

#include "base/text.h"
#include "ledger/base64.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define MATERIAL 2048 /* room for keys of types that are only told apart (ML-DSA-44: 1,313) */

/* Unicode's White_Space beyond ASCII, which Go's unicode.IsSpace() and so the C2SP tools refuse. */
static bool
is_blank(uint32_t point)
{
    return point == 0x20 || point == 0x85 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
           point == 0x202f || point == 0x205f || point == 0x3000;
}

bool
vkey_is_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= VKEY_NAME) {
        return false;
    }
    for (size_t i = 0; i < len;) {
        uint32_t point = 0;
        size_t step = text_utf8(name + i, len - i, &point);
        if (step == 0 || point < 0x20 || point == 0x7f || point == '+' || is_blank(point)) {
            return false;
        }
        i += step;
    }
    return true;
}

enum err
vkey_make(const char *name, enum vkey_type type, const uint8_t public_key[VKEY_PUBLIC],
    struct vkey *ret_key)
{
    struct vkey key = {.type = type};
    if (!vkey_is_name(name) || (type != VKEY_ED25519 && type != VKEY_COSIGNER)) {
        return ERR_VALUE;
    }
    (void)text_copy(key.name, sizeof(key.name), name);
    memcpy(key.public_key, public_key, VKEY_PUBLIC);
    CLEANUP(buf_release) struct buf whole;
    buf_init(&whole, VKEY_NAME + 2 + VKEY_PUBLIC);
    buf_format(&whole, "%s\n%c", name, (int)type);
    buf_add(&whole, public_key, VKEY_PUBLIC);
    uint8_t hash[EVP_MAX_MD_SIZE];
    if (buf_error(&whole) != OK ||
        EVP_Digest(whole.data, whole.len, hash, NULL, EVP_sha256(), NULL) != 1) {
        return ERR_MEMORY;
    }
    memcpy(key.id, hash, VKEY_ID);
    *ret_key = key;
    return OK;
}

/* The type and the key of the last part. */
static enum err
parse_material(const char *text, uint8_t ret_material[1 + VKEY_PUBLIC])
{
    uint8_t material[MATERIAL];
    size_t len = 0;
    enum err err = base64_decode(text, strlen(text), material, sizeof(material), &len);
    if (err != OK) {
        return err;
    }
    if (len == 0) {
        return ERR_SYNTAX;
    }
    if (material[0] != VKEY_ED25519 && material[0] != VKEY_COSIGNER) {
        return ERR_UNSUPPORTED;
    }
    if (len != 1 + VKEY_PUBLIC) {
        return ERR_SYNTAX;
    }
    memcpy(ret_material, material, 1 + VKEY_PUBLIC);
    return OK;
}

enum err
vkey_parse(const char *text, struct vkey *ret_key)
{
    const char *plus = strchr(text, '+');
    char name[VKEY_NAME];
    uint8_t material[1 + VKEY_PUBLIC];
    struct vkey key;
    if (plus == NULL || plus - text >= VKEY_NAME || strspn(plus + 1, "0123456789abcdef") != 8 ||
        plus[9] != '+') {
        return ERR_SYNTAX;
    }
    memcpy(name, text, (size_t)(plus - text));
    name[plus - text] = '\0';
    if (!vkey_is_name(name)) {
        return ERR_SYNTAX;
    }
    enum err err = parse_material(plus + 10, material);
    if (err == OK) {
        err = vkey_make(name, (enum vkey_type)material[0], material + 1, &key);
    }
    if (err != OK) {
        return err;
    }
    char id[2 * VKEY_ID + 1];
    text_hex(id, key.id, VKEY_ID);
    if (memcmp(id, plus + 1, sizeof(id) - 1) != 0) {
        return ERR_VALUE;
    }
    *ret_key = key;
    return OK;
}

const char *
vkey_text(const struct vkey *key, char out[VKEY_TEXT])
{
    uint8_t material[1 + VKEY_PUBLIC];
    char base64[BASE64_SIZE(sizeof(material))];
    char id[2 * VKEY_ID + 1];
    material[0] = (uint8_t)key->type;
    memcpy(material + 1, key->public_key, VKEY_PUBLIC);
    text_hex(id, key->id, VKEY_ID);
    (void)snprintf(out, VKEY_TEXT, "%s+%s+%s", key->name, id,
        base64_encode(material, sizeof(material), base64, sizeof(base64)));
    return out;
}

bool
vkey_equal(const struct vkey *a, const struct vkey *b)
{
    return a->type == b->type && text_equal(a->name, b->name) &&
           memcmp(a->id, b->id, VKEY_ID) == 0 &&
           memcmp(a->public_key, b->public_key, VKEY_PUBLIC) == 0;
}
