/*
 * Sealed personal fields: "sealed:YEAR-MARK:SHA256:BASE64", the base64 of nonce (24 bytes),
 * ciphertext and tag (XChaCha20-Poly1305) under BLAKE2b-256(subject's key; nonce || member's path);
 * what is sealed is padded to 64 bytes, so that its length does not tell the name. SHA256, in
 * hexadecimal digits, is that of the text's opening (opening.h): by that, one such text can be
 * shown to somebody who need not believe us, without any key. Texts of before have no SHA256; they
 * can be read by their own key and shown to nobody, since such a cipher does not bind who sealed to
 * one text. What is sealed: actor.ip, actor.session and actor.user under the user (under nobody
 * where there is none), target.object of user.change under the account that it names, what a
 * ledger.read asked for, the address of a ban. Pure but for the key of a new subject.
 */
#pragma once

#include "base/buf.h"
#include "ledger/opening.h"
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
    const char *digest; /* OPENING_HEX digits; NULL: one of before, which has no opening */
    const char *base64;
    size_t base64_len;
};
/* ERR_MISSING: not sealed at all; ERR_SYNTAX. */
enum err seal_parse(const char *text, size_t len, struct sealed *ret_sealed) MUST_CHECK;
/* The key that opens this text and no other. ERR_MISSING: the subject's is erased. */
enum err seal_key(const struct subjects *subjects, const struct sealed *sealed, const char *path,
    uint8_t ret_key[SUBJECTS_KEY]) MUST_CHECK;
/*
 * Appends what is inside. ERR_VALUE: another key's, or changed, or not what its opening would show.
 */
enum err seal_open(const struct sealed *sealed, const char *path, const uint8_t key[SUBJECTS_KEY],
    struct buf *ret_text) MUST_CHECK;
/* seal_key() and seal_open() in one, for who has the keys; subjects may be NULL: ERR_MISSING. */
enum err seal_read(const struct subjects *subjects, const struct sealed *sealed, const char *path,
    struct buf *ret_text) MUST_CHECK;
/*
 * Appends the opening of a sealed text. ERR_MISSING: the key is erased or not here;
 * ERR_UNSUPPORTED: one of before; ERR_VALUE.
 */
enum err seal_opening(const struct subjects *subjects, const struct sealed *sealed,
    const char *path, struct buf *ret_opening) MUST_CHECK;
/* Whether these bytes are the opening of that text at that path; what it says lies in them. */
bool seal_is_opening(const struct sealed *sealed, const char *path, const struct buf *opening,
    struct opening *ret_opening);
/*
 * What people see: the text as it is, opened where the key is there (subjects may be NULL), else
 * "sealed:YEAR-MARK", which is the same for every event of that subject and year.
 */
enum err seal_show(const struct subjects *subjects, const char *path, const char *text, size_t len,
    struct buf *ret_text) MUST_CHECK;

/* A sealed text of an event, and where it stands. */
struct seal_place {
    const char *path;
    json_t *value; /* the text, in the event */
    const char *text;
    size_t len;
    struct sealed sealed;
    bool is_listed;   /* one of a list of texts */
    size_t row, item; /* where to go on */
};
/* The next sealed text of those that may be in an event of its action; begin with {0}. */
bool seal_next(const json_t *event, struct seal_place *place);
