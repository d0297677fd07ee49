/* Public keys of logs and witnesses as text: "name+1a2b3c4d+base64" (C2SP signed-note). Pure. */
#pragma once

#include "base/err.h"

#define VKEY_NAME   256 /* longest name, with its end */
#define VKEY_TEXT   (VKEY_NAME + 64)
#define VKEY_ID     4
#define VKEY_PUBLIC 32 /* Ed25519 */
#define VKEY_BLOB   64 /* Ed25519 signature */

enum vkey_type {
    VKEY_ED25519 = 0x01,  /* a log */
    VKEY_COSIGNER = 0x04, /* a witness: Ed25519 over cosignature/v1 */
};

struct vkey {
    char name[VKEY_NAME];
    enum vkey_type type;
    uint8_t id[VKEY_ID]; /* SHA-256(name || 0x0A || type || public)[0:4] */
    uint8_t public_key[VKEY_PUBLIC];
};

/* Not empty, UTF-8, no blank of Unicode, no '+', no control character; fits VKEY_NAME. */
bool vkey_is_name(const char *name);
/* Computes the id. ERR_VALUE for a bad name. */
enum err vkey_make(const char *name, enum vkey_type type, const uint8_t public_key[VKEY_PUBLIC],
    struct vkey *ret_key) MUST_CHECK;
/* ERR_SYNTAX, or ERR_VALUE when the id is not that of the key, ERR_UNSUPPORTED for another type. */
enum err vkey_parse(const char *text, struct vkey *ret_key) MUST_CHECK;
/* Returns out. */
const char *vkey_text(const struct vkey *key, char out[VKEY_TEXT]);
/* Name, type, id and key. */
bool vkey_equal(const struct vkey *a, const struct vkey *b);
