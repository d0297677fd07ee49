/* Finds the first entry that is not as it was signed, and the files that do not fit. */
#include "ledger/verify_blame.h"
#include "base/text.h"
#include "ledger/verify_align.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FOUND ((size_t)2 * TILE_WIDTH) /* entries of one file that are looked at */

/* One bad bundle and its neighbourhood. */
struct scene {
    struct verify_trust *trust;
    struct verify_result *result;
    struct tile tile;
    uint64_t start; /* its first entry */
    bool is_proven;
    struct merkle_hash truth[2 * TILE_WIDTH], found[2 * FOUND];
    struct verify_align align;
};

void
verify_blame_add(struct verify_result *result, const struct verify_finding *finding)
{
    if (result->finding_count < VERIFY_FINDINGS) {
        result->findings[result->finding_count++] = *finding;
    }
}

static struct verify_finding
begin_finding(enum verify_kind kind, uint64_t index, const struct tile *tile)
{
    char path[TILE_PATH];
    struct verify_finding finding = {.kind = kind, .has_index = true, .index = index};
    (void)text_copy(finding.file, sizeof(finding.file), tile_path(tile, path));
    return finding;
}

static struct tile
tile_at(const struct verify_trust *trust, int level, uint64_t index)
{
    struct tile tile = {.level = level, .index = index};
    tile.width = tile_width(level, index, trust->head.size);
    return tile;
}

/* Whether any bundle behind this one is there. */
static bool
is_last_there(const struct verify_scan *scan, uint64_t bundle)
{
    uint64_t end = (uint64_t)atomic_load(&scan->stop) * TILE_WIDTH;
    end = end < scan->bundles ? end : scan->bundles;
    for (uint64_t i = bundle + 1; i < end; i++) {
        if (verify_scan_state(scan, i) != VERIFY_ABSENT) {
            return false;
        }
    }
    return scan->edge->widths[0] == 0 || bundle + 1 >= scan->bundles ||
           scan->edge->bundle_err == ERR_MISSING;
}

/* The hashes of a bundle's entries; nothing when it can't be read. */
static enum err
hash_file(struct verify_trust *trust, const struct tile *tile, struct merkle_hash hashes[FOUND],
    size_t *ret_count, bool *ret_is_cut)
{
    CLEANUP(buf_release) struct buf bundle;
    struct verify_edge *edge = trust->scan->edge;
    buf_init(&bundle, TREE_BUNDLE);
    *ret_count = 0;
    *ret_is_cut = false;
    bool is_partial = tile->width != TILE_WIDTH;
    enum err err = is_partial ? edge->bundle_err : tree_bundle(trust->tree, tile, &bundle, NULL);
    if (err == OK) {
        *ret_count = verify_scan_hashes(
            trust->merkle, is_partial ? &edge->bundle : &bundle, FOUND, hashes, ret_is_cut);
    }
    return err;
}

/* The two windows that verify_align() compares: this bundle and the next. */
static enum err
look_around(struct scene *scene)
{
    struct verify_trust *trust = scene->trust;
    struct verify_align *align = &scene->align;
    uint64_t index = scene->tile.index;
    const struct verify_truth *truth = verify_trust_tile(trust, 0, index);
    *align = (struct verify_align){.truth = scene->truth, .found = scene->found};
    align->width = scene->tile.width;
    align->is_last = is_last_there(trust->scan, index);
    scene->is_proven = truth->is_proven;
    enum err err = hash_file(trust, &scene->tile, scene->found, &align->own, &align->is_cut);
    if (err != OK || !truth->has_any) {
        return err != OK ? err : ERR_MISSING;
    }
    memcpy(scene->truth, truth->hashes, align->width * sizeof(scene->truth[0]));
    align->truth_count = align->width;
    align->found_count = align->own;
    if (index + 1 < trust->scan->bundles) {
        struct tile next = tile_at(trust, TILE_ENTRIES, index + 1);
        size_t count = 0;
        bool ignored = false;
        truth = verify_trust_tile(trust, 0, index + 1);
        if (truth->has_any) {
            memcpy(
                scene->truth + align->width, truth->hashes, next.width * sizeof(scene->truth[0]));
            align->truth_count += next.width;
        }
        if (hash_file(trust, &next, scene->found + align->own, &count, &ignored) == OK) {
            align->found_count += count;
        }
    }
    return OK;
}

/* The index at which a hash is signed, anywhere; false: nowhere. */
static bool
find_signed(struct verify_trust *trust, const struct merkle_hash *hash, uint64_t *ret_index)
{
    for (uint64_t i = 0; i < trust->scan->bundles; i++) {
        struct tile tile = tile_at(trust, 0, i);
        struct merkle_hash hashes[TILE_WIDTH];
        bool is_there = verify_trust_way(trust, VERIFY_BY_FILE, &tile, hashes);
        for (unsigned j = 0; is_there && j < tile.width; j++) {
            if (merkle_equal(&hashes[j], hash)) {
                *ret_index = i * TILE_WIDTH + j;
                return true;
            }
        }
    }
    return false;
}

/* The same among the entries that are there. */
static bool
find_entry(struct verify_trust *trust, const struct merkle_hash *hash, uint64_t *ret_index)
{
    for (uint64_t i = 0; i < trust->scan->bundles; i++) {
        struct merkle_hash hashes[FOUND];
        struct tile tile = tile_at(trust, TILE_ENTRIES, i);
        size_t count = 0;
        bool ignored = false;
        if (hash_file(trust, &tile, hashes, &count, &ignored) != OK) {
            continue;
        }
        for (size_t j = 0; j < count; j++) {
            if (merkle_equal(&hashes[j], hash)) {
                *ret_index = i * TILE_WIDTH + j;
                return true;
            }
        }
    }
    return false;
}

/* An entry may have been changed for, or moved to, one far away; then the whole log is asked. */
static void
look_far(struct scene *scene, struct verify_alignment *alignment)
{
    uint64_t place = 0, wanted = 0;
    const struct verify_align *align = &scene->align;
    bool is_signed = alignment->kind == VERIFY_DROPPED ||
                     find_signed(scene->trust, &align->found[alignment->at], &place);
    bool is_there = find_entry(scene->trust, &align->truth[alignment->at], &wanted);
    if (alignment->kind == VERIFY_DROPPED) {
        alignment->kind = is_there ? VERIFY_REORDERED : VERIFY_DROPPED;
        alignment->count += is_there ? alignment->at : 0;
        return;
    }
    uint64_t index = scene->start + alignment->at;
    if (is_signed && is_there) {
        alignment->kind = VERIFY_REORDERED;
        alignment->count = (size_t)(place - scene->start);
    } else if (is_signed && place > index) {
        /* A copy of a later entry stands in for this one when its neighbour is where it belongs. */
        size_t next = alignment->at + 1;
        bool goes_on = next < align->truth_count && next < align->found_count &&
                       merkle_equal(&align->truth[next], &align->found[next]);
        alignment->kind = goes_on ? VERIFY_REWRITTEN : VERIFY_DROPPED;
        alignment->count = (size_t)(place - index);
    } else if (is_there && wanted > index) {
        alignment->kind = VERIFY_INSERTED;
        alignment->count = (size_t)(wanted - index);
    }
}

static void
word_change(const struct scene *scene, const struct verify_alignment *alignment,
    struct verify_finding *finding)
{
    uint64_t index = finding->index, count = alignment->count;
    char *words = finding->words;
    switch ((int)alignment->kind) {
    case VERIFY_DROPPED:
        (void)snprintf(words, VERIFY_WORDS,
            "%" PRIu64 " %s missing from entry %" PRIu64
            " on; what stands there is signed as later.",
            count, count == 1 ? "entry is" : "entries are", index);
        break;
    case VERIFY_INSERTED:
        (void)snprintf(words, VERIFY_WORDS,
            "%" PRIu64 " %s stand where entry %" PRIu64 " belongs and were not signed there.",
            count, count == 1 ? "entry more" : "entries more", index);
        break;
    case VERIFY_REORDERED:
        (void)snprintf(words, VERIFY_WORDS,
            "Where entry %" PRIu64 " belongs stands what is signed as entry %" PRIu64 ".", index,
            scene->start + count);
        break;
    case VERIFY_TRUNCATED:
        (void)snprintf(words, VERIFY_WORDS,
            scene->align.is_cut ? "The file is cut inside entry %" PRIu64 " of %" PRIu64 "."
                                : "The log ends before entry %" PRIu64 " of %" PRIu64 ".",
            index, scene->trust->head.size);
        break;
    case VERIFY_UNREADABLE:
        (void)snprintf(words, VERIFY_WORDS, "Behind the last entry of the file there is more.");
        break;
    default:
        (void)snprintf(
            words, VERIFY_WORDS, "Entry %" PRIu64 " is not the one that was signed.", index);
        break;
    }
}

static void
add_doubt(const struct scene *scene, struct verify_finding *finding)
{
    size_t len = strlen(finding->words);
    if (!scene->is_proven && len < VERIFY_WORDS) {
        char path[TILE_PATH];
        struct tile tile = tile_at(scene->trust, 0, scene->tile.index);
        (void)snprintf(finding->words + len, VERIFY_WORDS - len,
            " The files above are damaged too: this is judged by %s alone, which nothing proves.",
            tile_path(&tile, path));
    }
}

/* A bundle that can't be read at all, or whose hashes nobody knows. */
static void
word_file(const struct scene *scene, enum err err, struct verify_finding *finding)
{
    uint64_t end = scene->start + scene->tile.width - 1;
    if (err != ERR_MISSING) {
        finding->kind = VERIFY_UNREADABLE;
        (void)snprintf(finding->words, VERIFY_WORDS,
            "The file with entries %" PRIu64 " to %" PRIu64 " is no file of entries.", scene->start,
            end);
        return;
    }
    if (verify_scan_state(scene->trust->scan, scene->tile.index) != VERIFY_ABSENT) {
        finding->kind = VERIFY_REWRITTEN;
        (void)snprintf(finding->words, VERIFY_WORDS,
            "Of entries %" PRIu64 " to %" PRIu64 " at least one is not as it was signed; which, "
            "can't be told, because their tile does not hold what was signed either.",
            scene->start, end);
        return;
    }
    finding->kind = scene->align.is_last ? VERIFY_TRUNCATED : VERIFY_MISSING;
    (void)snprintf(finding->words, VERIFY_WORDS,
        scene->align.is_last ? "The log ends before entry %" PRIu64 " of %" PRIu64 "."
                             : "The file with entries %" PRIu64 " to %" PRIu64 " is not there.",
        scene->start, scene->align.is_last ? scene->trust->head.size : end);
}

static void
blame_bundle(struct verify_trust *trust, struct verify_result *result, uint64_t bundle)
{
    static const struct scene empty;
    struct scene scene = empty;
    struct verify_alignment alignment;
    scene.trust = trust;
    scene.result = result;
    scene.tile = tile_at(trust, TILE_ENTRIES, bundle);
    scene.start = bundle * TILE_WIDTH;
    struct verify_finding finding = begin_finding(VERIFY_REWRITTEN, scene.start, &scene.tile);
    enum err err = look_around(&scene);
    if (err != OK) {
        word_file(&scene, err, &finding);
        verify_blame_add(result, &finding);
        return;
    }
    verify_align(&scene.align, &alignment);
    if (!scene.is_proven && alignment.at == scene.align.width && alignment.count == 0) {
        word_file(&scene, ERR_MISSING, &finding);
        verify_blame_add(result, &finding);
        return;
    }
    if (alignment.is_open) {
        look_far(&scene, &alignment);
    }
    finding.kind = alignment.kind;
    finding.index = scene.start + alignment.at;
    word_change(&scene, &alignment, &finding);
    add_doubt(&scene, &finding);
    verify_blame_add(result, &finding);
}

/* A tile whose entries are right: which of its hashes is wrong, or why it can't be read. */
static void
blame_tile(struct verify_trust *trust, struct verify_result *result, const struct tile *tile,
    const struct verify_truth *truth)
{
    struct merkle_hash hashes[TILE_WIDTH];
    uint64_t first = tile->index * TILE_WIDTH << (8 * tile->level);
    struct verify_finding finding = begin_finding(VERIFY_DAMAGED, first, tile);
    result->bad_tiles++;
    if (!verify_trust_way(trust, VERIFY_BY_FILE, tile, hashes)) {
        enum err err = tile->width == TILE_WIDTH ? tree_hashes(trust->tree, tile, hashes, NULL)
                                                 : trust->scan->edge->errs[tile->level];
        finding.kind = err == ERR_MISSING ? VERIFY_MISSING : VERIFY_UNREADABLE;
        (void)snprintf(finding.words, VERIFY_WORDS,
            err == ERR_MISSING
                ? "This tile is not there; the entries under it are judged by others."
                : "This is no tile; the entries under it are judged by others.");
        verify_blame_add(result, &finding);
        return;
    }
    for (unsigned i = 0; i < tile->width; i++) {
        if (!merkle_equal(&hashes[i], &truth->hashes[i])) {
            finding.index = first + ((uint64_t)i << (8 * tile->level));
            break;
        }
    }
    (void)snprintf(finding.words, VERIFY_WORDS,
        "The tile has a wrong hash over entry %" PRIu64 "; what was signed is known without it.",
        finding.index);
    verify_blame_add(result, &finding);
}

/* A full tile that does not lead to the hash that is signed for it, and neither does what is below.
 */
static void
blame_subtree(struct verify_trust *trust, struct verify_result *result, const struct tile *tile)
{
    uint64_t entries = (uint64_t)TILE_WIDTH << (8 * tile->level);
    uint64_t first = tile->index * entries;
    struct verify_finding finding = begin_finding(VERIFY_REWRITTEN, first, tile);
    if (!verify_trust_tile(trust, tile->level + 1, tile->index / TILE_WIDTH)->is_proven) {
        return; /* said of the one above */
    }
    result->bad_tiles++;
    (void)snprintf(finding.words, VERIFY_WORDS,
        "Of entries %" PRIu64 " to %" PRIu64 " at least one is not as it was signed; which, can't "
        "be told, because their tiles were changed with them.",
        first, first + entries - 1);
    verify_blame_add(result, &finding);
}

/* The upper levels; level 0 is looked at with its bundles. */
static void
blame_upper(struct verify_trust *trust, struct verify_result *result)
{
    for (int level = 1; level < TILE_LEVELS; level++) {
        uint64_t limit =
            ((uint64_t)atomic_load(&trust->scan->stop) * TILE_WIDTH >> (8 * level)) + 1;
        for (uint64_t i = trust->scan->first >> (8 * level); i < limit; i++) {
            struct merkle_hash hashes[TILE_WIDTH];
            struct tile tile = tile_at(trust, level, i);
            if (tile.width == 0) {
                break;
            }
            const struct verify_truth *truth = verify_trust_tile(trust, level, i);
            if (!verify_trust_way(trust, VERIFY_BY_FILE, &tile, hashes) ||
                (truth->is_proven &&
                    memcmp(hashes, truth->hashes, tile.width * sizeof(hashes[0])) != 0)) {
                blame_tile(trust, result, &tile, truth);
            } else if (!truth->is_proven && tile.width == TILE_WIDTH) {
                blame_subtree(trust, result, &tile);
            }
        }
    }
}

/* Whether the entries of a bundle are those that were signed, as far as anything says so. */
static bool
is_right(struct verify_trust *trust, uint64_t bundle, enum verify_state state)
{
    unsigned width = tile_width(0, bundle, trust->head.size);
    if (state != VERIFY_SAME && state != VERIFY_DIFFERS && state != VERIFY_PRUNED) {
        return false;
    }
    if (width != TILE_WIDTH) {
        const struct verify_truth *truth = &trust->edge[0];
        return memcmp(trust->scan->leaves, truth->hashes, width * sizeof(truth->hashes[0])) == 0;
    }
    const struct verify_truth *parent = verify_trust_tile(trust, 1, bundle / TILE_WIDTH);
    return merkle_equal(
               verify_scan_top(trust->scan, bundle), &parent->hashes[bundle % TILE_WIDTH]) ||
           (!parent->is_proven && (state == VERIFY_SAME || state == VERIFY_PRUNED));
}

/* Entries that are pruned are known by their tile alone. */
static void
blame_pruned(struct verify_trust *trust, struct verify_result *result, uint64_t bundle)
{
    struct tile tile = tile_at(trust, 0, bundle);
    bool is_there = verify_scan_state(trust->scan, bundle) == VERIFY_PRUNED;
    struct verify_finding finding =
        begin_finding(is_there ? VERIFY_DAMAGED : VERIFY_MISSING, bundle * TILE_WIDTH, &tile);
    (void)snprintf(finding.words, VERIFY_WORDS,
        is_there ? "Entries %" PRIu64 " to %" PRIu64 " are pruned, and the tile that is kept of "
                   "them is not what was signed."
                 : "Entries %" PRIu64 " to %" PRIu64 " are pruned, and the tile that must be kept "
                   "of them is not there.",
        finding.index, finding.index + TILE_WIDTH - 1);
    verify_blame_add(result, &finding);
}

static bool
is_pruned(const struct verify_scan *scan, uint64_t bundle, enum verify_state state)
{
    return state == VERIFY_PRUNED || (state == VERIFY_ABSENT && bundle < scan->pruned);
}

static void
blame_entries(struct verify_trust *trust, struct verify_result *result)
{
    const struct verify_scan *scan = trust->scan;
    uint64_t end = (uint64_t)atomic_load(&scan->stop) * TILE_WIDTH;
    end = end < scan->bundles ? end : scan->bundles;
    for (uint64_t i = scan->first; i < end; i++) {
        enum verify_state state = verify_scan_state(scan, i);
        if (!is_right(trust, i, state) && result->bad_bundles++ == 0) {
            if (is_pruned(scan, i, state)) {
                blame_pruned(trust, result, i);
            } else {
                blame_bundle(trust, result, i);
            }
        }
    }
    result->bad_bundles += scan->bundles - (end > scan->first ? end : scan->first);
}

static void
blame_leaf_tiles(struct verify_trust *trust, struct verify_result *result)
{
    const struct verify_scan *scan = trust->scan;
    uint64_t end = (uint64_t)atomic_load(&scan->stop) * TILE_WIDTH;
    end = end < scan->bundles ? end : scan->bundles;
    for (uint64_t i = scan->first; i < end; i++) {
        enum verify_state state = verify_scan_state(scan, i);
        if (state == VERIFY_DIFFERS && is_right(trust, i, state)) {
            struct tile tile = tile_at(trust, 0, i);
            struct verify_truth truth = *verify_trust_tile(trust, 0, i);
            blame_tile(trust, result, &tile, &truth);
        }
    }
}

void
verify_blame(struct verify_trust *trust, struct verify_result *result)
{
    verify_trust_edge(trust);
    blame_entries(trust, result);
    blame_leaf_tiles(trust, result);
    blame_upper(trust, result);
    /* The entries are asked once more, without the tiles: a hole above must not let them pass. */
    bool is_history =
        trust->edge_is_proven && (trust->scan->first != 0 || verify_trust_entries(trust));
    if (!is_history && result->finding_count == 0) {
        struct verify_finding finding = {.kind = VERIFY_FORKED};
        (void)snprintf(finding.words, VERIFY_WORDS,
            "The files are one whole history, but not the one whose root is signed. Where it "
            "departs"
            " can only be told with an older checkpoint or a copy.");
        verify_blame_add(result, &finding);
    }
}

/* A node of the tree from proven tiles. */
static enum err
proven_hash(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    struct verify_trust *trust = context;
    struct merkle_frontier frontier = {.size = 0};
    uint64_t first = index << (level % 8), count = (uint64_t)1 << (level % 8);
    const struct verify_truth *truth =
        verify_trust_tile(trust, (int)(level / 8), first / TILE_WIDTH);
    if (!truth->is_proven) {
        return ERR_SYNTAX;
    }
    for (uint64_t i = 0; i < count; i++) {
        merkle_grow(trust->merkle, &frontier, &truth->hashes[first % TILE_WIDTH + i]);
    }
    merkle_root(trust->merkle, &frontier, ret_hash);
    return OK;
}

enum err
verify_blame_root(struct verify_trust *trust, uint64_t size, struct merkle_hash *ret_root)
{
    struct merkle_source source = {.hash = proven_hash, .context = trust};
    struct merkle_frontier frontier;
    if (size > trust->head.size) {
        return ERR_VALUE;
    }
    enum err err = merkle_frontier_at(&source, size, &frontier);
    if (err == OK) {
        merkle_root(trust->merkle, &frontier, ret_root);
    }
    return err;
}
