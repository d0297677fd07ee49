/* Proofs of inclusion as files: read, written, made, checked. */
#include "ledger/proof.h"
#include "base/reader.h"
#include "base/text.h"
#include "ledger/base64.h"

#include <string.h>

#define FIRST "c2sp.org/tlog-proof@v1"
#define EXTRA "extra "
#define INDEX "index "

/* The next line of a text whose lines all end in "\n", and nothing but that. */
static bool
next_line(struct reader *reader, const char **ret_line, size_t *ret_len)
{
    size_t left = reader_left(reader);
    const char *start = (const char *)reader->data + reader->pos;
    const char *end = left == 0 ? NULL : memchr(start, '\n', left);
    if (end == NULL) {
        return false;
    }
    *ret_line = start;
    *ret_len = (size_t)(end - start);
    reader_skip(reader, *ret_len + 1);
    return true;
}

static bool
line_starts(const char *line, size_t len, const char *prefix)
{
    return len >= strlen(prefix) && memcmp(line, prefix, strlen(prefix)) == 0;
}

static bool
read_index(const char *digits, size_t len, uint64_t *ret_index)
{
    char text[24];
    if (len == 0 || len >= sizeof(text) || (len > 1 && digits[0] == '0') ||
        memchr(digits, '\0', len) != NULL) {
        return false;
    }
    memcpy(text, digits, len);
    text[len] = '\0';
    return text_to_u64(text, INT64_MAX, ret_index) == OK;
}

/* Hashes up to the empty line. */
static enum err
read_path(struct reader *reader, struct merkle_path *path, struct note *note)
{
    const char *line = NULL;
    size_t len = 0, got = 0;
    path->count = 0;
    while (next_line(reader, &line, &len)) {
        if (len == 0) {
            return OK;
        }
        if (path->count == MERKLE_DEPTH) {
            note_set(note, "the proof has more than %d hashes", MERKLE_DEPTH);
            return ERR_LIMIT;
        }
        struct merkle_hash *hash = &path->hashes[path->count];
        if (base64_decode(line, len, hash->bytes, MERKLE_HASH, &got) != OK || got != MERKLE_HASH) {
            note_set(note, "line %zu of the proof's hashes is no hash in base64", path->count + 1);
            return ERR_SYNTAX;
        }
        path->count++;
    }
    note_set(note, "the proof ends before its checkpoint");
    return ERR_SYNTAX;
}

enum err
proof_parse(const char *bytes, size_t len, struct proof *ret_proof, struct note *note)
{
    struct proof proof = {.extra = NULL};
    struct reader reader;
    const char *line = NULL;
    size_t line_len = 0;
    if (len > PROOF_LIMIT) {
        note_set(note, "a proof is no longer than %zu bytes", PROOF_LIMIT);
        return ERR_LIMIT;
    }
    reader_init(&reader, bytes, len);
    if (!next_line(&reader, &line, &line_len) || line_len != strlen(FIRST) ||
        !line_starts(line, line_len, FIRST)) {
        note_set(note, "the first line of a proof is \"" FIRST "\"");
        return ERR_SYNTAX;
    }
    bool has_line = next_line(&reader, &line, &line_len);
    if (has_line && line_starts(line, line_len, EXTRA)) {
        proof.extra = line + strlen(EXTRA);
        proof.extra_len = line_len - strlen(EXTRA);
        has_line = next_line(&reader, &line, &line_len);
    }
    if (!has_line || !line_starts(line, line_len, INDEX) ||
        !read_index(line + strlen(INDEX), line_len - strlen(INDEX), &proof.index)) {
        note_set(note, "\"index \" and a number must stand on the proof's second line");
        return ERR_SYNTAX;
    }
    enum err err = read_path(&reader, &proof.path, note);
    if (err != OK) {
        return err;
    }
    proof.checkpoint = bytes + reader.pos;
    proof.checkpoint_len = reader_left(&reader);
    *ret_proof = proof;
    return OK;
}

void
proof_put(struct buf *out, const struct proof *proof)
{
    buf_text(out, FIRST "\n");
    if (proof->extra != NULL) {
        buf_text(out, EXTRA);
        buf_add(out, proof->extra, proof->extra_len);
        buf_byte(out, '\n');
    }
    buf_format(out, INDEX "%llu\n", (unsigned long long)proof->index);
    for (size_t i = 0; i < proof->path.count; i++) {
        base64_put(out, proof->path.hashes[i].bytes, MERKLE_HASH);
        buf_byte(out, '\n');
    }
    buf_byte(out, '\n');
    buf_add(out, proof->checkpoint, proof->checkpoint_len);
}

/* A checkpoint by its text alone. */
static enum err
read_head(const struct buf *text, struct checkpoint *ret_checkpoint, struct note *note)
{
    struct signednote signed_note;
    enum err err = signednote_parse(text->data, text->len, &signed_note, note);
    if (err != OK) {
        return err;
    }
    return checkpoint_parse(signed_note.text, signed_note.text_len, ret_checkpoint, note);
}

static enum err
choose_checkpoint(struct tree *tree, uint64_t index, struct buf *text,
    struct checkpoint *ret_checkpoint, struct note *note)
{
    static const char *const names[] = {"checkpoint.witnessed", "checkpoint"};
    enum err err = ERR_MISSING;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct note ignored = {""};
        bool is_last = i + 1 == COUNT(names);
        buf_clear(text);
        err = tree_file(tree, names[i], text, is_last ? note : &ignored);
        if (err == OK) {
            err = read_head(text, ret_checkpoint, is_last ? note : &ignored);
        }
        if (err == OK && index < ret_checkpoint->head.size) {
            return OK;
        }
    }
    if (err == OK) {
        note_set(note, "the checkpoint covers %llu entries, so %llu is not among them",
            (unsigned long long)ret_checkpoint->head.size, (unsigned long long)index);
        return ERR_VALUE;
    }
    return err;
}

enum err
proof_make(struct tree *tree, uint64_t index, struct buf *note_text, struct proof *ret_proof,
    struct note *note)
{
    struct proof proof = {.index = index};
    struct checkpoint checkpoint;
    enum err err = choose_checkpoint(tree, index, note_text, &checkpoint, note);
    if (err != OK) {
        return err;
    }
    struct merkle *merkle = merkle_new();
    if (merkle == NULL) {
        return ERR_MEMORY;
    }
    struct merkle_source source = tree_source(tree, checkpoint.head.size);
    err = merkle_inclusion(merkle, &source, index, checkpoint.head.size, &proof.path);
    merkle_free(merkle);
    if (err != OK) {
        note_set(note, "%s", tree_trouble(tree)->text);
        return err;
    }
    proof.checkpoint = note_text->data;
    proof.checkpoint_len = note_text->len;
    *ret_proof = proof;
    return OK;
}

/* By whom of those that are believed the checkpoint is signed. */
static enum err
check_signatures(const struct signednote *signed_note, const struct proof_trust *trust,
    struct proof_verdict *verdict, struct note *note)
{
    if (trust->policy != NULL) {
        enum err err = policy_judge(trust->policy, signed_note, &verdict->policy, note);
        if (err != OK) {
            return err;
        }
        verdict->has_policy = true;
        if (!verdict->policy.is_met) {
            note_set(note, "the policy's quorum is not met: %d of %zu witnesses cosigned",
                __builtin_popcount(verdict->policy.cosigned), trust->policy->witness_count);
            return ERR_MISSING;
        }
    }
    if (trust->key != NULL) {
        enum err err = signednote_verify(signed_note, trust->key, NULL);
        if (err != OK) {
            char id[2 * VKEY_ID + 1];
            text_hex(id, trust->key->id, VKEY_ID);
            note_set(note,
                err == ERR_MISSING ? "the checkpoint is not signed by the key %s+%s; when the "
                                     "log has changed its key, the one of that time is needed"
                                   : "the checkpoint's signature by %s+%s is false",
                trust->key->name, id);
            return err;
        }
        verdict->log = *trust->key;
        return OK;
    }
    if (!verdict->has_policy || !verdict->policy.has_log) {
        note_set(note, "the checkpoint is not signed by any log of the policy");
        return ERR_MISSING;
    }
    verdict->log = trust->policy->logs[verdict->policy.log].key;
    return OK;
}

static enum err
check_path(
    const struct proof *proof, const struct merkle_hash *leaf, const struct merkle_head *head)
{
    struct merkle *merkle = merkle_new();
    if (merkle == NULL) {
        return ERR_MEMORY;
    }
    enum err err = merkle_check_inclusion(merkle, &proof->path, proof->index, leaf, head);
    merkle_free(merkle);
    return err;
}

enum err
proof_check(const struct proof *proof, const struct merkle_hash *leaf,
    const struct proof_trust *trust, struct proof_verdict *ret_verdict, struct note *note)
{
    struct signednote signed_note;
    struct proof_verdict verdict = {.has_policy = false};
    assert(trust->key != NULL || trust->policy != NULL);
    enum err err = signednote_parse(proof->checkpoint, proof->checkpoint_len, &signed_note, note);
    if (err == OK) {
        err = checkpoint_parse(signed_note.text, signed_note.text_len, &verdict.checkpoint, note);
    }
    if (err == OK) {
        err = check_signatures(&signed_note, trust, &verdict, note);
    }
    if (err != OK) {
        return err;
    }
    if (!text_equal(verdict.checkpoint.origin, verdict.log.name)) {
        note_set(note, "the checkpoint is of log %s, the key of log %s", verdict.checkpoint.origin,
            verdict.log.name);
        return ERR_VALUE;
    }
    err = check_path(proof, leaf, &verdict.checkpoint.head);
    if (err == OK) {
        *ret_verdict = verdict;
    } else if (err == ERR_VALUE) {
        note_set(note,
            "this entry is not at index %llu of that tree: the entry, or the proof, was changed",
            (unsigned long long)proof->index);
    }
    return err;
}
