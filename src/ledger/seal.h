/*
 * Sealed personal fields: "sealed:YEAR-MARK:BASE64", the base64 of nonce (24 bytes), ciphertext and
 * tag (XChaCha20-Poly1305) under BLAKE2b-256(subject's key; nonce || member's path); what is sealed
 * is padded to 64 bytes, so that its length does not tell the name. One such text can be opened for
 * somebody by its own key alone, without the subject's. What is sealed: actor.ip, actor.session and
 * actor.user under the user (under nobody where there is none), target.object of user.change under
 * the account that it names, what a ledger.read asked for, the address of a ban. Pure but for the
 * key of a new subject.
 */
#pragma once

#include "base/buf.h"
#include "ledger/subjects.h"

#include <jansson.h>

#define SEAL_PREFIX "sealed:"
#define SEAL_OPENED 65536 /* longest opened text */
#define SEAL_SHOWN  28    /* "sealed:YEAR-MARK": all that is left of one that is not opened */

/* Appends the produced event with its personal fields sealed. ERR_LIMIT: it grew too long. */
enum err seal_event(struct subjects *subjects, unsigned year, const void *event, size_t len,
    struct buf *ret_event, struct note *note) MUST_CHECK;

/* "sealed:YEAR-MARK"; returns out. */
const char *seal_mark_text(const struct subjects_id *subject, char out[SEAL_SHOWN + 1]);

/* Appends the marks of an account to an array, one for each year that there is a key of. */
enum err seal_marks(
    const struct subjects *subjects, const void *name, size_t len, json_t *marks) MUST_CHECK;

/* A sealed text, taken apart. */
struct sealed {
    struct subjects_id subject;
    const char *base64;
    size_t base64_len;
};
/* ERR_MISSING: not sealed at all; ERR_SYNTAX. */
enum err seal_parse(const char *text, size_t len, struct sealed *ret_sealed) MUST_CHECK;
/* The key that opens this text and no other. ERR_MISSING: the subject's is erased. */
enum err seal_key(const struct subjects *subjects, const struct sealed *sealed, const char *path,
    uint8_t ret_key[SUBJECTS_KEY]) MUST_CHECK;
/* Appends what is inside. ERR_VALUE: another key's, or changed. */
enum err seal_open(
    const struct sealed *sealed, const uint8_t key[SUBJECTS_KEY], struct buf *ret_text) MUST_CHECK;
/*
 * What people see: the text as it is, opened where the key is there (subjects may be NULL), else
 * "sealed:YEAR-MARK", which is the same for every event of that subject and year.
 */
enum err seal_show(const struct subjects *subjects, const char *path, const char *text, size_t len,
    struct buf *ret_text) MUST_CHECK;
