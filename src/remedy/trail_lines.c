/*
 * A line is {"chain":"HEX",REST: HEX is SHA-256 over the chain before it and "{REST". So a line can
 * be neither changed nor left out nor moved, and what a power cut tore is known as such.
 */
#include "remedy/trail_lines.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/value.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX  "{\"chain\":\""
#define HEX     ((size_t)2 * TRAIL_CHAIN)
#define HEAD    (sizeof(PREFIX) - 1 + HEX + 2) /* with the quote and the comma */
#define BASE64  sodium_base64_VARIANT_ORIGINAL
#define NONCE   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG     crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BEFORES ((size_t)4 * 1024 * 1024)

static_assert(crypto_hash_sha256_BYTES == TRAIL_CHAIN, "chain");

enum err
trail_lines_init(struct trail_lines *lines, const struct plan *plan)
{
    char digest[PLAN_DIGEST];
    *lines = (struct trail_lines){.row_count = plan->step_count + 1};
    enum err err = plan_digest(plan, digest);
    if (err != OK) {
        return err;
    }
    (void)crypto_hash_sha256(lines->chain, (const uint8_t *)digest, strlen(digest));
    lines->rows = calloc(lines->row_count, sizeof(*lines->rows));
    return lines->rows == NULL ? ERR_MEMORY : OK;
}

static void
free_sealed(char *sealed)
{
    free(sealed);
}

void
trail_lines_release(struct trail_lines *lines)
{
    for (size_t i = 0; lines->rows != NULL && i < lines->row_count; i++) {
        free_sealed(lines->rows[i].sealed);
        json_decref(lines->rows[i].before);
        json_decref(lines->rows[i].after);
        free(lines->rows[i].why);
    }
    free(lines->rows);
    *lines = (struct trail_lines){.rows = NULL};
}

static void
next_chain(const uint8_t chain[TRAIL_CHAIN], const char *rest, size_t len, uint8_t out[TRAIL_CHAIN])
{
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, chain, TRAIL_CHAIN);
    (void)crypto_hash_sha256_update(&state, (const uint8_t *)"{", 1);
    (void)crypto_hash_sha256_update(&state, (const uint8_t *)rest, len);
    (void)crypto_hash_sha256_final(&state, out);
}

enum err
trail_lines_write(const struct trail_lines *lines, json_t *entry, struct buf *line)
{
    uint8_t chain[TRAIL_CHAIN];
    char hex[HEX + 1], at[CLOCK_TEXT];
    value_put(entry, "at", json_string(clock_text(clock_wall(), at)));
    char *text = json_dumps(entry, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(entry);
    if (text == NULL) {
        return ERR_MEMORY;
    }
    next_chain(lines->chain, text + 1, strlen(text + 1), chain);
    text_hex(hex, chain, sizeof(chain));
    buf_format(line, PREFIX "%s\",", hex);
    buf_text(line, text + 1);
    buf_byte(line, '\n');
    free(text);
    return line->len > TRAIL_LINE ? ERR_LIMIT : buf_error(line);
}

/* Takes the place of what was there; NULL leaves it. */
static enum err
take_copy(char **place, const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text);
    if (text != NULL && copy == NULL) {
        return ERR_MEMORY;
    }
    if (copy != NULL) {
        free(*place);
        *place = copy;
    }
    return OK;
}

static enum err
phase_by_name(const char *name, enum trail_phase *ret_phase)
{
    for (size_t i = 0; i < TRAIL_PHASE_COUNT; i++) {
        if (text_equal(trail_phase_name((enum trail_phase)i), name)) {
            *ret_phase = (enum trail_phase)i;
            return OK;
        }
    }
    return ERR_SYNTAX;
}

static enum err
take_step(struct trail_lines *lines, const json_t *entry)
{
    json_int_t number = json_integer_value(json_object_get(entry, "step"));
    json_int_t logins = json_integer_value(json_object_get(entry, "logins"));
    const json_t *seen = json_object_get(entry, "gap_ms");
    json_int_t gap = json_is_null(seen) ? TRAIL_GAP_UNKNOWN : json_integer_value(seen);
    json_t *after = json_object_get(entry, "after");
    enum trail_phase phase = TRAIL_WAITING;
    if (number < 1 || number >= (json_int_t)lines->row_count || logins < 0 || logins > INT32_MAX ||
        gap < 0 || gap > UINT32_MAX ||
        phase_by_name(json_string_value(json_object_get(entry, "phase")), &phase) != OK) {
        return ERR_SYNTAX;
    }
    struct trail_row *row = &lines->rows[number];
    enum err err = take_copy(&row->sealed, json_string_value(json_object_get(entry, "before")));
    if (phase == TRAIL_TAKEN || phase == TRAIL_KEPT) {
        free(row->why); /* why it was not so before */
        row->why = NULL;
    }
    err = err == OK ? take_copy(&row->why, json_string_value(json_object_get(entry, "why"))) : err;
    if (after != NULL) {
        json_decref(row->after);
        row->after = json_incref(after);
    }
    row->phase = phase;
    row->logins = (unsigned)logins;
    row->gap_ms = (unsigned)gap;
    return err;
}

static enum err
take_entry(struct trail_lines *lines, const json_t *entry)
{
    const char *how = json_string_value(json_object_get(entry, "end"));
    const json_t *confirm_by = json_object_get(entry, "confirm_by");
    const char *at = json_string_value(json_object_get(entry, "at"));
    enum err err = at == NULL ? ERR_SYNTAX : clock_parse(at, &lines->last);
    if (err != OK) {
        return ERR_SYNTAX;
    }
    if (how != NULL) {
        return text_copy(lines->how, sizeof(lines->how), how) && how[0] != '\0' ? OK : ERR_SYNTAX;
    }
    if (text_equal(json_string_value(json_object_get(entry, "turned")), "back")) {
        lines->is_back = true;
        lines->confirm_by = 0;
        lines->how[0] = '\0';
        return OK;
    }
    if (confirm_by != NULL) {
        lines->confirm_by = json_integer_value(confirm_by);
        return OK;
    }
    return take_step(lines, entry);
}

enum err
trail_lines_take(struct trail_lines *lines, const char *line, size_t len)
{
    uint8_t chain[TRAIL_CHAIN];
    char hex[HEX + 1];
    if (len <= HEAD || len > TRAIL_LINE || memcmp(line, PREFIX, sizeof(PREFIX) - 1) != 0) {
        return ERR_SYNTAX;
    }
    next_chain(lines->chain, line + HEAD, len - HEAD, chain);
    text_hex(hex, chain, sizeof(chain));
    if (memcmp(line + sizeof(PREFIX) - 1, hex, HEX) != 0) {
        return ERR_SYNTAX;
    }
    json_t *entry = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    enum err err = json_is_object(entry) ? take_entry(lines, entry) : ERR_SYNTAX;
    json_decref(entry);
    if (err == OK) {
        memcpy(lines->chain, chain, sizeof(chain));
        lines->count++;
        lines->whole += len + 1;
    }
    return err;
}

enum err
trail_lines_read(struct trail_lines *lines, const char *bytes, size_t len, struct note *note)
{
    size_t at = 0;
    while (at < len) {
        const char *end = memchr(bytes + at, '\n', len - at);
        size_t line = end == NULL ? len - at : (size_t)(end - bytes) - at;
        enum err err = end == NULL ? ERR_SYNTAX : trail_lines_take(lines, bytes + at, line);
        if (err == ERR_SYNTAX && (end == NULL || at + line + 1 == len)) {
            lines->is_torn = true; /* the power was cut while it was written: nobody went on */
            return OK;
        }
        if (err != OK) {
            note_set(note,
                "line %zu of the journal is damaged: what was done to the site is not known for "
                "sure; look at the devices of the plan, then end it by hand",
                lines->count + 1);
            return err;
        }
        at += line + 1;
    }
    return OK;
}

enum err
trail_lines_seal(
    const struct secret *key, const char *place, const json_t *before, char **ret_sealed)
{
    char *text = json_dumps(before, JSON_COMPACT | JSON_ENCODE_ANY);
    size_t len = text == NULL ? 0 : strlen(text);
    size_t sealed_len = NONCE + len + TAG;
    unsigned long long got = 0;
    uint8_t *sealed = text == NULL || len > BEFORES ? NULL : malloc(sealed_len);
    char *out = sealed == NULL ? NULL : malloc(sodium_base64_encoded_len(sealed_len, BASE64));
    if (out != NULL) {
        randombytes_buf(sealed, NONCE);
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE, &got,
            (const uint8_t *)text, len, (const uint8_t *)place, strlen(place), NULL, sealed,
            (const uint8_t *)secret_text(key));
        (void)sodium_bin2base64(
            out, sodium_base64_encoded_len(sealed_len, BASE64), sealed, sealed_len, BASE64);
    }
    if (text != NULL) {
        sodium_memzero(text, len);
    }
    enum err err = out != NULL ? OK : len > BEFORES ? ERR_LIMIT : ERR_MEMORY;
    free(text);
    free(sealed);
    if (err == OK) {
        *ret_sealed = out;
    }
    return err;
}

enum err
trail_lines_open(
    const struct secret *key, const char *place, const char *sealed, json_t **ret_before)
{
    size_t size = strlen(sealed), len = 0;
    unsigned long long got = 0;
    uint8_t *bytes = malloc(size + 1);
    uint8_t *plain = malloc(size + 1);
    json_t *before = NULL;
    if (bytes != NULL && plain != NULL &&
        sodium_base642bin(bytes, size, sealed, size, NULL, &len, NULL, BASE64) == 0 &&
        len > NONCE + TAG &&
        crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &got, NULL, bytes + NONCE, len - NONCE,
            (const uint8_t *)place, strlen(place), bytes, (const uint8_t *)secret_text(key)) == 0) {
        before = json_loadb((const char *)plain, (size_t)got, JSON_DECODE_ANY, NULL);
        sodium_memzero(plain, (size_t)got);
    }
    free(bytes);
    free(plain);
    if (before == NULL) {
        return ERR_VALUE;
    }
    *ret_before = before;
    return OK;
}
