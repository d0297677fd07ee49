/* Finds the true sequence of hashes among damaged ones by trying, a bounded number of times. */
#include "ledger/verify_settle.h"

#include <string.h>

#define TRIES 4096
#define ODD   16 /* places that may be mended */

static size_t
group_end(const struct verify_settle *settle, size_t group)
{
    return group + 1 < settle->group_count ? settle->groups[group + 1] : settle->count;
}

static void
take_group(
    const struct verify_settle *settle, size_t group, unsigned way, struct merkle_hash *hashes)
{
    size_t start = settle->groups[group], end = group_end(settle, group);
    memcpy(hashes + start, settle->ways[way] + start, (end - start) * sizeof(*hashes));
}

/* The next way of a place that has one; false after the last, back at the first. */
static bool
next_way(const struct verify_settle *settle, unsigned *way)
{
    for (unsigned i = *way + 1; i < VERIFY_SEQUENCES; i++) {
        if (settle->ways[i] != NULL) {
            *way = i;
            return true;
        }
    }
    for (*way = 0; settle->ways[*way] == NULL;) {
        (*way)++;
    }
    return false;
}

/* Whole groups, in every combination. */
static bool
settle_groups(const struct verify_settle *settle, struct merkle_hash *hashes)
{
    unsigned ways[VERIFY_GROUPS];
    for (size_t i = 0; i < settle->group_count; i++) {
        ways[i] = VERIFY_SEQUENCES;
        (void)next_way(settle, &ways[i]);
        take_group(settle, i, ways[i], hashes);
    }
    for (unsigned tries = 0; tries < TRIES; tries++) {
        if (settle->fits(settle->context, hashes)) {
            return true;
        }
        size_t i = 0;
        for (bool carried = true; carried && i < settle->group_count; i++) {
            carried = !next_way(settle, &ways[i]);
            take_group(settle, i, ways[i], hashes);
            if (carried && i + 1 == settle->group_count) {
                return false;
            }
        }
    }
    return false;
}

static bool
differs(const struct verify_settle *settle, size_t place, unsigned a, unsigned b)
{
    return settle->ways[a] != NULL && settle->ways[b] != NULL &&
           !merkle_equal(&settle->ways[a][place], &settle->ways[b][place]);
}

/* Single places where the ways differ, in every combination. */
static bool
settle_places(const struct verify_settle *settle, struct merkle_hash *hashes)
{
    size_t places[ODD], count = 0, combinations = 1;
    unsigned ways[ODD], first = VERIFY_SEQUENCES;
    (void)next_way(settle, &first);
    memcpy(hashes, settle->ways[first], settle->count * sizeof(*hashes));
    for (size_t i = 0; i < settle->count; i++) {
        if (differs(settle, i, 0, 1) || differs(settle, i, 1, 2) || differs(settle, i, 0, 2)) {
            combinations *= 2;
            if (count == ODD || combinations > TRIES) {
                return false;
            }
            ways[count] = first;
            places[count++] = i;
        }
    }
    for (unsigned tries = 0; tries < TRIES && count != 0; tries++) {
        size_t i = 0;
        for (bool carried = true; carried; i++) {
            if (i == count) {
                return false;
            }
            carried = !next_way(settle, &ways[i]);
            hashes[places[i]] = settle->ways[ways[i]][places[i]];
        }
        if (settle->fits(settle->context, hashes)) {
            return true;
        }
    }
    return false;
}

/* Those of a that are nowhere in b, as places; more than ODD of them give ODD + 1. */
static size_t
odd_ones(const struct merkle_hash *a, const struct merkle_hash *b, size_t count, size_t odd[ODD])
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_there = merkle_equal(&a[i], &b[i]);
        for (size_t j = 0; j < count && !is_there; j++) {
            is_there = merkle_equal(&a[i], &b[j]);
        }
        if (!is_there && found == ODD) {
            return ODD + 1;
        }
        if (!is_there) {
            odd[found++] = i;
        }
    }
    return found;
}

/* One sequence with one strange hash in it, and the right one somewhere else in another. */
static bool
settle_mend(
    const struct verify_settle *settle, unsigned base, unsigned with, struct merkle_hash *hashes)
{
    size_t holes[ODD], patches[ODD];
    const struct merkle_hash *a = settle->ways[base], *b = settle->ways[with];
    size_t hole_count = odd_ones(a, b, settle->count, holes);
    size_t patch_count = odd_ones(b, a, settle->count, patches);
    if (hole_count > ODD || patch_count > ODD) {
        return false;
    }
    memcpy(hashes, a, settle->count * sizeof(*hashes));
    for (size_t i = 0; i < hole_count; i++) {
        for (size_t j = 0; j < patch_count; j++) {
            hashes[holes[i]] = b[patches[j]];
            if (settle->fits(settle->context, hashes)) {
                return true;
            }
        }
        hashes[holes[i]] = a[holes[i]];
    }
    return false;
}

bool
verify_settle(const struct verify_settle *settle, struct merkle_hash *ret_hashes)
{
    unsigned have = 0;
    for (unsigned i = 0; i < VERIFY_SEQUENCES; i++) {
        have += settle->ways[i] != NULL ? 1U : 0U;
    }
    if (have == 0) {
        return false;
    }
    if (settle_groups(settle, ret_hashes)) {
        return true;
    }
    if (have == 1) {
        return false;
    }
    if (settle_places(settle, ret_hashes)) {
        return true;
    }
    for (unsigned i = 0; i < VERIFY_SEQUENCES; i++) {
        for (unsigned j = 0; j < VERIFY_SEQUENCES; j++) {
            if (i != j && settle->ways[i] != NULL && settle->ways[j] != NULL &&
                settle_mend(settle, i, j, ret_hashes)) {
                return true;
            }
        }
    }
    return false;
}
