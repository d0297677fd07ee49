/* Which change turns the signed sequence of hashes into the one that was found. */
#include "ledger/verify_align.h"

#define NOWHERE SIZE_MAX

static size_t
find(const struct merkle_hash *hashes, size_t from, size_t count, const struct merkle_hash *hash)
{
    for (size_t i = from; i < count; i++) {
        if (merkle_equal(&hashes[i], hash)) {
            return i;
        }
    }
    return NOWHERE;
}

static size_t
first_difference(const struct verify_align *align)
{
    size_t both = align->width < align->own ? align->width : align->own;
    for (size_t i = 0; i < both; i++) {
        if (!merkle_equal(&align->truth[i], &align->found[i])) {
            return i;
        }
    }
    return both;
}

/* All that is there is right, but it ends too early. */
static void
align_short(const struct verify_align *align, struct verify_alignment *alignment)
{
    size_t at = alignment->at;
    alignment->count = align->width - at;
    alignment->kind = VERIFY_TRUNCATED;
    if (align->is_cut || align->is_last) {
        return;
    }
    alignment->kind = VERIFY_DROPPED;
    if (at < align->found_count) {
        size_t place = find(align->truth, at, align->truth_count, &align->found[at]);
        alignment->count = place == NOWHERE ? alignment->count : place - at;
    }
}

static bool
goes_on(const struct verify_align *align, size_t truth, size_t found)
{
    return truth < align->truth_count && found < align->found_count &&
           merkle_equal(&align->truth[truth], &align->found[found]);
}

/* Both the entry that stands here and the one that belongs here are looked for on the other side.
 */
static void
align_change(const struct verify_align *align, struct verify_alignment *alignment)
{
    size_t at = alignment->at;
    const struct merkle_hash *here = &align->found[at];
    size_t place = find(align->truth, 0, align->truth_count, here);
    size_t wanted = find(align->found, at + 1, align->found_count, &align->truth[at]);
    alignment->kind = VERIFY_REWRITTEN;
    alignment->count = 1;
    if (wanted != NOWHERE) {
        bool is_copy = place != NOWHERE && (place < at || find(align->found, at + 1,
                                                              align->found_count, here) != NOWHERE);
        bool is_moved = place != NOWHERE && !is_copy;
        alignment->kind = is_moved ? VERIFY_REORDERED : VERIFY_INSERTED;
        alignment->count = is_moved ? place : wanted - at;
    } else if (place == NOWHERE) {
        alignment->is_open = true;
    } else if (place > at && !goes_on(align, at + 1, at + 1)) {
        alignment->kind = VERIFY_DROPPED;
        alignment->count = place - at;
        alignment->is_open = true;
    }
}

void
verify_align(const struct verify_align *align, struct verify_alignment *ret_alignment)
{
    struct verify_alignment alignment = {.at = first_difference(align)};
    if (alignment.at == align->width) {
        alignment.kind = align->own > align->width ? VERIFY_INSERTED : VERIFY_UNREADABLE;
        alignment.count = align->own - align->width;
    } else if (alignment.at == align->own) {
        align_short(align, &alignment);
    } else {
        align_change(align, &alignment);
    }
    *ret_alignment = alignment;
}
