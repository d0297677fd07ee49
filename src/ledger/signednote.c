/* Signed notes and cosignatures (C2SP signed-note, tlog-cosignature), by libsodium. */
#include "ledger/signednote.h"

#include "base/text.h"
#include "ledger/base64.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#define DASH "\xe2\x80\x94 " /* U+2014 and a blank */
#define TIME 8               /* bytes of a cosignature's time */

/* UTF-8 without control characters other than line ends. */
static bool
is_clean(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t point = 0;
        size_t step = text_utf8(bytes + i, len - i, &point);
        if (step == 0 || (point < 0x20 && point != '\n')) {
            return false;
        }
        i += step;
    }
    return true;
}

/* Where the signatures start: behind the last empty line. 0: there is none. */
static size_t
find_signatures(const char *bytes, size_t len)
{
    for (size_t i = len; i >= 2; i--) {
        if (bytes[i - 1] == '\n' && bytes[i - 2] == '\n') {
            return i;
        }
    }
    return 0;
}

/* "— name base64", without its end. */
static enum err
parse_line(const char *line, size_t len, struct signednote_line *ret_line)
{
    const size_t dash = sizeof(DASH) - 1;
    if (len < dash || memcmp(line, DASH, dash) != 0) {
        return ERR_SYNTAX;
    }
    const char *name = line + dash;
    const char *blank = memchr(name, ' ', len - dash);
    size_t name_len = blank == NULL ? 0 : (size_t)(blank - name);
    if (name_len == 0 || name_len >= VKEY_NAME) {
        return ERR_SYNTAX;
    }
    memcpy(ret_line->name, name, name_len);
    ret_line->name[name_len] = '\0';
    ret_line->base64 = blank + 1;
    ret_line->base64_len = len - dash - name_len - 1;
    uint8_t blob[VKEY_ID + TIME + SIGNEDNOTE_BLOB];
    size_t blob_len = 0;
    enum err err =
        base64_decode(ret_line->base64, ret_line->base64_len, blob, sizeof(blob), &blob_len);
    if (err != OK || blob_len <= VKEY_ID || !vkey_is_name(ret_line->name)) {
        return ERR_SYNTAX;
    }
    memcpy(ret_line->id, blob, VKEY_ID);
    return OK;
}

static enum err
parse_lines(const char *bytes, size_t len, struct signednote *note, struct note *why)
{
    for (size_t at = 0; at < len;) {
        const char *end = memchr(bytes + at, '\n', len - at);
        if (note->count == SIGNEDNOTE_SIGNATURES) {
            note_set(why, "more than %d signatures", SIGNEDNOTE_SIGNATURES);
            return ERR_LIMIT;
        }
        size_t line_len = end == NULL ? 0 : (size_t)(end - bytes) - at;
        if (end == NULL || parse_line(bytes + at, line_len, &note->lines[note->count]) != OK) {
            note_set(why, "signature %zu is not \"\xe2\x80\x94 name base64\"", note->count + 1);
            return ERR_SYNTAX;
        }
        note->count++;
        at += line_len + 1;
    }
    return OK;
}

enum err
signednote_parse(const char *bytes, size_t len, struct signednote *ret_note, struct note *note)
{
    if (len > SIGNEDNOTE_LIMIT) {
        note_set(note, "a note of more than %zu bytes", SIGNEDNOTE_LIMIT);
        return ERR_LIMIT;
    }
    if (!is_clean(bytes, len)) {
        note_set(note, "not UTF-8, or with control characters");
        return ERR_SYNTAX;
    }
    size_t start = find_signatures(bytes, len);
    if (start < 3 || start == len) {
        note_set(note, "no text, an empty line and signatures");
        return ERR_SYNTAX;
    }
    ret_note->text = bytes;
    ret_note->text_len = start - 1;
    ret_note->count = 0;
    return parse_lines(bytes + start, len - start, ret_note, note);
}

static uint64_t
read_time(const uint8_t bytes[TIME])
{
    uint64_t time = 0;
    for (size_t i = 0; i < TIME; i++) {
        time = time << 8 | bytes[i];
    }
    return time;
}

void
signednote_cosigned(struct buf *out, const char *text, size_t len, uint64_t time)
{
    buf_format(out, "cosignature/v1\ntime %" PRIu64 "\n", time);
    buf_add(out, text, len);
}

static bool
verify(const struct vkey *key, const uint8_t *signature, const void *text, size_t len)
{
    return crypto_sign_verify_detached(signature, text, len, key->public_key) == 0;
}

static bool
verify_cosigned(const struct signednote *note, const struct vkey *key, const uint8_t *blob)
{
    CLEANUP(buf_release) struct buf signed_text;
    uint64_t time = read_time(blob);
    buf_init(&signed_text, SIGNEDNOTE_LIMIT + 64);
    signednote_cosigned(&signed_text, note->text, note->text_len, time);
    return time <= INT64_MAX && buf_error(&signed_text) == OK &&
           verify(key, blob + TIME, signed_text.data, signed_text.len);
}

/* One line of the key. */
static bool
verify_line(const struct signednote *note, const struct signednote_line *line,
    const struct vkey *key, uint64_t *ret_time)
{
    uint8_t blob[VKEY_ID + TIME + VKEY_BLOB];
    size_t len = 0;
    bool is_cosigned = key->type == VKEY_COSIGNER;
    const uint8_t *rest = blob + VKEY_ID;
    if (base64_decode(line->base64, line->base64_len, blob, sizeof(blob), &len) != OK ||
        len != VKEY_ID + (is_cosigned ? TIME : 0U) + VKEY_BLOB) {
        return false;
    }
    *ret_time = is_cosigned ? read_time(rest) : 0;
    return is_cosigned ? verify_cosigned(note, key, rest)
                       : verify(key, rest, note->text, note->text_len);
}

enum err
signednote_verify(const struct signednote *signed_note, const struct vkey *key, uint64_t *ret_time)
{
    enum err err = ERR_MISSING;
    uint64_t latest = 0;
    for (size_t i = 0; i < signed_note->count; i++) {
        const struct signednote_line *line = &signed_note->lines[i];
        if (!text_equal(line->name, key->name) || memcmp(line->id, key->id, VKEY_ID) != 0) {
            continue;
        }
        uint64_t time = 0;
        if (!verify_line(signed_note, line, key, &time)) {
            return ERR_VALUE;
        }
        latest = time > latest ? time : latest;
        err = OK;
    }
    if (err == OK && ret_time != NULL) {
        *ret_time = latest;
    }
    return err;
}

void
signednote_put(struct buf *out, const struct signednote_signature *signature)
{
    uint8_t blob[VKEY_ID + TIME + VKEY_BLOB];
    size_t len = VKEY_ID;
    memcpy(blob, signature->key->id, VKEY_ID);
    if (signature->key->type == VKEY_COSIGNER) {
        for (size_t i = 0; i < TIME; i++) {
            blob[len++] = (uint8_t)(signature->time >> (8 * (TIME - 1 - i)));
        }
    }
    memcpy(blob + len, signature->signature, VKEY_BLOB);
    len += VKEY_BLOB;
    buf_format(out, DASH "%s ", signature->key->name);
    base64_put(out, blob, len);
    buf_byte(out, '\n');
}
