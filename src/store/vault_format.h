/*
 * The bytes of the file of sealed passwords, version 1. Whole numbers are big-endian:
 *
 *   "GHSEAL1\n", key id (16 bytes), number of entries (4);
 *   each entry: length of its name (1), name, nonce (24), length of the sealed bytes (2), these;
 *   mark of all that stands before it (32).
 *
 * Pure: what is sealed stays sealed here; vault.h opens it.
 */
#pragma once

#include "base/buf.h"

#define VAULT_SECRETS  8192 /* the keyring has up to seven for a device */
#define VAULT_NAME     64   /* of a name that the owner gives */
#define VAULT_ENTRY    224  /* of a name of the keyring */
#define VAULT_NONCE    24
#define VAULT_SEALED   336 /* a password of 256 bytes, padded, and its tag */
#define VAULT_KEY_ID   16
#define VAULT_MARK     32
#define VAULT_FILE_MAX ((size_t)5 * 1024 * 1024)

struct vault_entry {
    char name[VAULT_ENTRY + 1];
    uint8_t nonce[VAULT_NONCE];
    uint16_t sealed_len;
    uint8_t sealed[VAULT_SEALED];
};

struct vault_image {
    uint8_t key_id[VAULT_KEY_ID];
    struct vault_entry *entries; /* malloc'ed: vault_image_release() */
    size_t count;
    uint8_t mark[VAULT_MARK];
};

/* 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit. */
bool vault_name_is_valid(const char *name);
/*
 * Names of store/keyring.h: VAULT_DEVICES, then printable ASCII without a blank, VAULT_ENTRY at
 * most in all. No name of the owner's can be one.
 */
#define VAULT_DEVICES "device/"
bool vault_name_is_device(const char *name);

/* ERR_SYNTAX when it is not such a file, ERR_UNSUPPORTED for another version of it. */
enum err vault_image_read(
    const void *bytes, size_t len, struct vault_image *ret_image, struct note *note) MUST_CHECK;
/* All of the file but its mark. */
void vault_image_write(const struct vault_image *image, struct buf *buf);
void vault_image_release(struct vault_image *image);
