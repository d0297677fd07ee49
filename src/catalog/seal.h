/*
 * Ed25519 seals of catalogue files (libsodium): a detached signature in one line of text beside
 * the file, made by a key that only its owner can read. Pure but for the key file.
 */
#pragma once

#include "base/buf.h"

#define SEAL_NAME   64 /* longest name of a signer, with its end */
#define SEAL_PUBLIC 48 /* room for a public key in base64 */
#define SEAL_LIMIT  512

/* A signer that is believed. */
struct seal_key {
    const char *name;
    const char *public_key; /* base64 */
};

/* The keys of catalog/keys.def. */
extern const struct seal_key seal_keys[];
extern const size_t seal_key_count;

/* Makes a key file (0600, its folder too); ERR_VALUE when the file is there or the name is bad. */
enum err seal_generate(const char *path, const char *name, struct note *note) MUST_CHECK;

/* The name and public half of a key file; refuses a file that others can read. */
struct seal_identity {
    char name[SEAL_NAME];
    char public_key[SEAL_PUBLIC];
};
enum err seal_identify(
    const char *path, struct seal_identity *ret_identity, struct note *note) MUST_CHECK;

/* Appends the signature's line over the bytes. */
enum err seal_sign(const char *path, const void *bytes, size_t len, struct buf *ret_seal,
    struct note *note) MUST_CHECK;

/* OK when the line is a signature over the bytes by one of the keys; its name is ret_signer. */
struct seal_ring {
    const struct seal_key *keys;
    size_t count;
};
enum err seal_verify(const struct buf *bytes, const char *seal, const struct seal_ring *ring,
    const char **ret_signer, struct note *note) MUST_CHECK;
