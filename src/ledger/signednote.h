/*
 * Text with signatures below it (C2SP signed-note), and the two kinds that logs use: Ed25519 over
 * the text, and the witness's cosignature/v1 (C2SP tlog-cosignature). Pure.
 */
#pragma once

#include "base/buf.h"
#include "ledger/vkey.h"

#define SIGNEDNOTE_LIMIT      ((size_t)64 * 1024)
#define SIGNEDNOTE_SIGNATURES 64
#define SIGNEDNOTE_BLOB       8192 /* longest signature that is carried along (ML-DSA: 2,432) */

struct signednote_line {
    char name[VKEY_NAME];
    uint8_t id[VKEY_ID];
    const char *base64; /* inside the note: id and signature, not terminated */
    size_t base64_len;
};

/* A note that was read; its texts are those of the bytes that were given. */
struct signednote {
    const char *text; /* with its final line end: what is signed; not terminated */
    size_t text_len;
    size_t count;
    struct signednote_line lines[SIGNEDNOTE_SIGNATURES];
};

/* ERR_SYNTAX, ERR_LIMIT; no signature is checked. */
enum err signednote_parse(
    const char *bytes, size_t len, struct signednote *ret_note, struct note *note) MUST_CHECK;

/*
 * OK when the key's line is there and good; ERR_MISSING when no line has its name and id; ERR_VALUE
 * when there is one that does not verify, which condemns the whole note. ret_time (NULL allowed):
 * the time of a cosignature in seconds since 1970, 0 for a log's signature.
 */
enum err signednote_verify(
    const struct signednote *signed_note, const struct vkey *key, uint64_t *ret_time) MUST_CHECK;

/* What a cosigner signs: "cosignature/v1\ntime N\n" and the text. */
void signednote_cosigned(struct buf *out, const char *text, size_t len, uint64_t time);

/* Appends "— name base64\n"; time is only for a VKEY_COSIGNER. */
struct signednote_signature {
    const struct vkey *key;
    const uint8_t *signature; /* VKEY_BLOB bytes */
    uint64_t time;
};
void signednote_put(struct buf *out, const struct signednote_signature *signature);
