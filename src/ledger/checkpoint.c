/* Checkpoints as text (C2SP tlog-checkpoint). */
#include "ledger/checkpoint.h"

#include "base/reader.h"
#include "base/text.h"
#include "ledger/base64.h"

#include <inttypes.h>
#include <string.h>

void
checkpoint_put(struct buf *out, const struct checkpoint *checkpoint)
{
    buf_format(out, "%s\n%" PRIu64 "\n", checkpoint->origin, checkpoint->head.size);
    base64_put(out, checkpoint->head.root.bytes, MERKLE_HASH);
    buf_byte(out, '\n');
}

/* The next line into out; false when there is none with an end, or it is empty or too long. */
static bool
next_line(struct reader *reader, char *out, size_t size)
{
    size_t left = reader_left(reader);
    const char *start = (const char *)reader->data + reader->pos;
    const char *end = left == 0 ? NULL : memchr(start, '\n', left);
    size_t len = end == NULL ? 0 : (size_t)(end - start);
    if (len == 0 || len >= size || memchr(start, '\0', len) != NULL) {
        return false;
    }
    memcpy(out, start, len);
    out[len] = '\0';
    reader_skip(reader, len + 1);
    return true;
}

static bool
parse_size(const char *text, uint64_t *ret_size)
{
    return text_to_u64(text, UINT64_MAX, ret_size) == OK && (text[0] != '0' || text[1] == '\0');
}

static bool
parse_root(const char *text, struct merkle_hash *ret_root)
{
    size_t len = 0;
    return base64_decode(text, strlen(text), ret_root->bytes, MERKLE_HASH, &len) == OK &&
           len == MERKLE_HASH;
}

/* Extensions say nothing to us, but must be lines. */
static bool
are_lines(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] == '\n')) {
            return false;
        }
    }
    return len == 0 || text[len - 1] == '\n';
}

enum err
checkpoint_parse(const char *text, size_t len, struct checkpoint *ret_checkpoint, struct note *note)
{
    struct checkpoint checkpoint = {0};
    struct reader reader;
    char size[32];
    char root[64];
    reader_init(&reader, text, len);
    if (!next_line(&reader, checkpoint.origin, sizeof(checkpoint.origin))) {
        note_set(note, "the checkpoint has no origin, or a too long one");
        return ERR_SYNTAX;
    }
    if (!next_line(&reader, size, sizeof(size)) || !parse_size(size, &checkpoint.head.size)) {
        note_set(note, "the checkpoint's second line is not a tree size");
        return ERR_SYNTAX;
    }
    if (!next_line(&reader, root, sizeof(root)) || !parse_root(root, &checkpoint.head.root)) {
        note_set(note, "the checkpoint's third line is not a hash");
        return ERR_SYNTAX;
    }
    if (!are_lines(text + reader.pos, reader_left(&reader))) {
        note_set(note, "the checkpoint has an empty line");
        return ERR_SYNTAX;
    }
    *ret_checkpoint = checkpoint;
    return OK;
}

enum err
checkpoint_open(const char *bytes, size_t len, const struct vkey *key,
    struct checkpoint *ret_checkpoint, struct note *note)
{
    struct signednote signed_note;
    struct checkpoint checkpoint;
    if (signednote_parse(bytes, len, &signed_note, note) != OK) {
        return ERR_SYNTAX;
    }
    enum err err = signednote_verify(&signed_note, key, NULL);
    if (err != OK) {
        note_set(note,
            err == ERR_MISSING ? "the checkpoint is not signed by the key of %s"
                               : "the signature by the key of %s is wrong",
            key->name);
        return err;
    }
    err = checkpoint_parse(signed_note.text, signed_note.text_len, &checkpoint, note);
    if (err != OK) {
        return err;
    }
    if (!text_equal(checkpoint.origin, key->name)) {
        note_set(note, "the checkpoint is of another log");
        return ERR_VALUE;
    }
    *ret_checkpoint = checkpoint;
    return OK;
}
