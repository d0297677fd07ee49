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
check_leaf(const struct siem_cursor *cursor, const struct siem_place *place, struct note *note)
{
    struct merkle_hash leaf;
    enum err err = siem_place_leaf(place->ledger, cursor->next - 1, place->size, &leaf, note);
    if (err == OK && !merkle_equal(&leaf, &cursor->leaf)) {
        note_set(note,
            "entry %" PRIu64 " is another than the one that the cursor is behind: the log was "
            "restored or made anew; %s",
            cursor->next - 1, place->way_out);
        err = ERR_SCOPE;
    }
    return err;
}

enum err
siem_place_check(
    const struct siem_cursor *cursor, const struct siem_place *place, struct note *note)
{
    if (!text_equal(cursor->origin, place->origin)) {
        note_set(note, "the cursor counts in the log %.80s, and this is %.80s; %s", cursor->origin,
            place->origin, place->way_out);
        return ERR_SCOPE;
    }
    if (cursor->next > place->size) {
        note_set(note,
            "the log has %" PRIu64 " entries, and the cursor is behind %" PRIu64 ": it lost some, "
            "or is an old copy; `gatehouse ledger verify` says more",
            place->size, cursor->next);
        return ERR_SCOPE;
    }
    return cursor->has_leaf && cursor->next > 0 ? check_leaf(cursor, place, note) : OK;
}
