/* The place of a cursor in its log. */
#include "siem/place.h"

#include "base/text.h"
#include "ledger/tree.h"

#include <inttypes.h>

enum err
siem_place_leaf(const char *ledger, uint64_t index, uint64_t size, struct merkle_hash *ret_leaf,
    struct note *note)
{
    struct tree *tree = NULL;
    enum err err = tree_open(ledger, &tree, note);
    if (err != OK) {
        return err;
    }
    struct merkle_source source = tree_source(tree, size);
    err = source.hash(source.context, 0, index, ret_leaf);
    if (err != OK) {
        note_set(note, "%s", tree_trouble(tree)->text);
    }
    tree_close(tree);
    return err;
}

static enum err
check_leaf(const struct siem_cursor *cursor, uint64_t size, const char *ledger, struct note *note)
{
    struct merkle_hash leaf;
    enum err err = siem_place_leaf(ledger, cursor->next - 1, size, &leaf, note);
    if (err == OK && !merkle_equal(&leaf, &cursor->leaf)) {
        note_set(note,
            "entry %" PRIu64 " is another than the one that was delivered: the log was restored or "
            "made anew; give the destination a new name, or take the cursor away and everything is "
            "sent again",
            cursor->next - 1);
        err = ERR_SCOPE;
    }
    return err;
}

enum err
siem_place_check(const struct siem_cursor *cursor, struct entries *entries, const char *ledger,
    struct note *note)
{
    const char *origin = entries_origin(entries);
    uint64_t size = entries_head(entries)->size;
    if (!text_equal(cursor->origin, origin)) {
        note_set(note,
            "the cursor counts in the log %.80s, and this is %.80s; give the destination a new "
            "name, or take the cursor away and everything is sent again",
            cursor->origin, origin);
        return ERR_SCOPE;
    }
    if (cursor->next > size) {
        note_set(note,
            "the log has %" PRIu64 " entries, and %" PRIu64 " were delivered: it lost some, or is "
            "an old copy; `gatehouse ledger verify` says more",
            size, cursor->next);
        return ERR_SCOPE;
    }
    return cursor->has_leaf && cursor->next > 0 ? check_leaf(cursor, size, ledger, note) : OK;
}
