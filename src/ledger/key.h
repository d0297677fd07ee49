/*
 * Signing keys of the ledger and of witnesses: Ed25519 (RFC 8032, libsodium), the seed in guarded
 * memory only. The file, 0600: one line "PRIVATE+KEY+name+id+base64(type || seed)\n".
 */
#pragma once

#include "ledger/vkey.h"

struct key;

/* Makes a new key. ERR_VALUE for a bad name. The program has run secret_start(). */
enum err key_new(const char *name, enum vkey_type type, struct key **ret_key) MUST_CHECK;
/*
 * Refuses a file that others can read (systemd's credentials are not taken for that), and one that
 * is no such key; "-" is standard input.
 */
enum err key_read(const char *path, struct key **ret_key, struct note *note) MUST_CHECK;
/* Never over an existing file; durable on return. */
enum err key_write(const struct key *key, const char *path, struct note *note) MUST_CHECK;
void key_free(struct key *key);

const struct vkey *key_public(const struct key *key);
void key_sign(const struct key *key, const void *bytes, size_t len, uint8_t ret_blob[VKEY_BLOB]);
