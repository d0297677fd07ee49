/* A witness's decisions: reads a request, weighs it against what was cosigned last. */
#include "ledger/witness.h"

#include "base/reader.h"
#include "base/text.h"
#include "ledger/base64.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

const struct witness_verdict_row *
witness_verdict(enum witness_verdict verdict)
{
    static const struct witness_verdict_row rows[] = {
        [WITNESS_GOOD] = {200, "cosigned"                                                 },
        [WITNESS_MALFORMED] = {400, "the request is not well-formed"                           },
        [WITNESS_UNKNOWN] = {404, "this log is not witnessed here"                           },
        [WITNESS_UNSIGNED] = {403,
                          "the checkpoint has no good signature by a known key of its log"},
        [WITNESS_BACKWARDS] = {400, "the old size is above the size of the checkpoint"         },
        [WITNESS_STALE] = {409, "the old size is not what was cosigned last"               },
        [WITNESS_OTHER] = {409, "another tree of the same size was cosigned before"        },
        [WITNESS_UNPROVEN] = {422, "the proof does not lead from the old tree to the new one" },
    };
    return &rows[verdict];
}

/* "old N": decimal, no leading zero. */
static bool
read_old(const char *line, size_t len, uint64_t *ret_old)
{
    char digits[24];
    if (len < 5 || len - 4 >= sizeof(digits) || memcmp(line, "old ", 4) != 0 ||
        (line[4] == '0' && len != 5) || memchr(line, '\0', len) != NULL) {
        return false;
    }
    memcpy(digits, line + 4, len - 4);
    digits[len - 4] = '\0';
    return text_to_u64(digits, UINT64_MAX, ret_old) == OK;
}

static bool
read_hash(const char *line, size_t len, struct merkle_hash *ret_hash)
{
    size_t got = 0;
    return base64_decode(line, len, ret_hash->bytes, MERKLE_HASH, &got) == OK && got == MERKLE_HASH;
}

/* A line as the specification has it: ended by LF alone. */
static bool
next_line(struct reader *reader, const char **ret_line, size_t *ret_len)
{
    if (!reader_line(reader, ret_line, ret_len)) {
        return false;
    }
    const char *end = *ret_line + *ret_len;
    return end < (const char *)reader->data + reader->len && *end == '\n';
}

static bool
read_form(const char *body, size_t len, struct witness_request *request)
{
    struct reader reader;
    const char *line = NULL;
    size_t line_len = 0;
    reader_init(&reader, body, len);
    if (len > WITNESS_BODY || !next_line(&reader, &line, &line_len) ||
        !read_old(line, line_len, &request->old)) {
        return false;
    }
    for (;;) {
        if (!next_line(&reader, &line, &line_len)) {
            return false;
        }
        if (line_len == 0) {
            break;
        }
        if (request->path.count == WITNESS_PROOF ||
            !read_hash(line, line_len, &request->path.hashes[request->path.count])) {
            return false;
        }
        request->path.count++;
    }
    request->note = body + reader.pos;
    request->note_len = reader_left(&reader);
    return request->note_len <= SIGNEDNOTE_LIMIT;
}

/* Whether a key of the log signed; one that signed wrongly condemns the note. */
static enum witness_verdict
check_signature(
    const struct signednote *note, const char *origin, const struct witness_trust *trust)
{
    bool is_known = false;
    bool is_signed = false;
    for (size_t i = 0; i < trust->count; i++) {
        if (!text_equal(trust->logs[i].name, origin)) {
            continue;
        }
        enum err err = signednote_verify(note, &trust->logs[i], NULL);
        if (err != OK && err != ERR_MISSING) {
            return WITNESS_UNSIGNED;
        }
        is_known = true;
        is_signed = is_signed || err == OK;
    }
    return !is_known ? WITNESS_UNKNOWN : !is_signed ? WITNESS_UNSIGNED : WITNESS_GOOD;
}

enum witness_verdict
witness_read(const char *body, size_t len, const struct witness_trust *trust,
    struct witness_request *ret_request)
{
    struct witness_request request = {.old = 0};
    struct signednote note;
    if (!read_form(body, len, &request) ||
        signednote_parse(request.note, request.note_len, &note, NULL) != OK ||
        checkpoint_parse(note.text, note.text_len, &request.checkpoint, NULL) != OK) {
        return WITNESS_MALFORMED;
    }
    request.text = note.text;
    request.text_len = note.text_len;
    enum witness_verdict verdict = check_signature(&note, request.checkpoint.origin, trust);
    if (verdict == WITNESS_GOOD && request.old > request.checkpoint.head.size) {
        verdict = WITNESS_BACKWARDS;
    }
    *ret_request = request;
    return verdict;
}

void
witness_put_request(
    struct buf *out, uint64_t old, const struct merkle_path *path, const struct buf *checkpoint)
{
    buf_format(out, "old %" PRIu64 "\n", old);
    for (size_t i = 0; i < path->count; i++) {
        base64_put(out, path->hashes[i].bytes, MERKLE_HASH);
        buf_byte(out, '\n');
    }
    buf_byte(out, '\n');
    buf_add(out, checkpoint->data, checkpoint->len);
}

/* The first tree of a log is taken as it comes; only the empty one has a root that is known. */
static enum witness_verdict
judge_first(struct merkle *merkle, const struct witness_request *request)
{
    struct merkle_frontier nothing = {.size = 0};
    struct merkle_hash root;
    merkle_root(merkle, &nothing, &root);
    bool is_wrong =
        request->checkpoint.head.size == 0 && !merkle_equal(&request->checkpoint.head.root, &root);
    return is_wrong || request->path.count != 0 ? WITNESS_UNPROVEN : WITNESS_GOOD;
}

enum witness_verdict
witness_judge(
    struct merkle *merkle, const struct witness_request *request, const struct merkle_head *past)
{
    const struct merkle_head *head = &request->checkpoint.head;
    if (request->old > head->size) {
        return WITNESS_BACKWARDS;
    }
    if (request->old != (past == NULL ? 0 : past->size)) {
        return WITNESS_STALE;
    }
    if (request->old == 0) {
        return judge_first(merkle, request);
    }
    if (request->old == head->size) {
        bool is_same = merkle_equal(&past->root, &head->root);
        return !is_same                   ? WITNESS_OTHER
               : request->path.count != 0 ? WITNESS_UNPROVEN
                                          : WITNESS_GOOD;
    }
    return merkle_check_consistency(merkle, &request->path, past, head) == OK ? WITNESS_GOOD
                                                                              : WITNESS_UNPROVEN;
}

void
witness_cosign(
    const struct key *key, const struct witness_request *request, uint64_t time, struct buf *out)
{
    uint8_t blob[VKEY_BLOB];
    CLEANUP(buf_release) struct buf cosigned;
    buf_init(&cosigned, SIGNEDNOTE_LIMIT + 64);
    signednote_cosigned(&cosigned, request->text, request->text_len, time);
    if (buf_error(&cosigned) != OK) {
        out->failed = true;
        return;
    }
    key_sign(key, cosigned.data, cosigned.len, blob);
    const struct signednote_signature line = {
        .key = key_public(key),
        .signature = blob,
        .time = time,
    };
    signednote_put(out, &line);
}

static bool
is_of_log(const struct signednote_line *line, const struct witness_trust *trust)
{
    for (size_t i = 0; i < trust->count; i++) {
        if (text_equal(line->name, trust->logs[i].name) &&
            memcmp(line->id, trust->logs[i].id, VKEY_ID) == 0) {
            return true;
        }
    }
    return false;
}

void
witness_put_note(
    struct buf *out, const struct witness_request *request, const struct witness_trust *trust)
{
    struct signednote note;
    buf_add(out, request->text, request->text_len);
    buf_byte(out, '\n');
    if (signednote_parse(request->note, request->note_len, &note, NULL) != OK) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < note.count; i++) {
        if (is_of_log(&note.lines[i], trust)) {
            buf_format(out, "\u2014 %s %.*s\n", note.lines[i].name, (int)note.lines[i].base64_len,
                note.lines[i].base64);
        }
    }
}

const char *
witness_name(const char *origin, char out[WITNESS_NAME])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(hash, (const uint8_t *)origin, strlen(origin));
    text_hex(out, hash, sizeof(hash));
    return out;
}
