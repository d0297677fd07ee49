/* From the signed root down: which of the hashes at hand are true. */
#include "ledger/verify_trust.h"
#include "ledger/verify_settle.h"

#include <stdlib.h>
#include <string.h>

#define HARD 64 /* puzzles at most, so that a thousand broken tiles take no hours */

/* Level by level what the entries say; a tile of which anything is unknown is unknown itself. */
static enum err
sum_up(struct verify_trust *trust, int level)
{
    uint64_t count = trust->head.size >> (8 * level);
    uint64_t limit = (uint64_t)atomic_load(&trust->scan->stop) * TILE_WIDTH >> (8 * (level - 1));
    count = count < limit ? count : limit;
    trust->counts[level] = count;
    if (count == 0) {
        return OK;
    }
    trust->hashes[level] = calloc(count, sizeof(struct merkle_hash));
    trust->is_known[level] = calloc(count, sizeof(bool));
    if (trust->hashes[level] == NULL || trust->is_known[level] == NULL) {
        return ERR_MEMORY;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (level == 1) {
            enum verify_state state = verify_scan_state(trust->scan, i);
            trust->is_known[1][i] =
                state == VERIFY_SAME || state == VERIFY_DIFFERS || state == VERIFY_PRUNED;
            if (trust->is_known[1][i]) {
                trust->hashes[1][i] = *verify_scan_top(trust->scan, i);
            }
            continue;
        }
        struct merkle_hash below[TILE_WIDTH];
        struct tile tile = {.level = level - 1, .index = i, .width = TILE_WIDTH};
        trust->is_known[level][i] = verify_trust_way(trust, VERIFY_BY_ENTRIES, &tile, below);
        if (trust->is_known[level][i]) {
            verify_scan_root(trust->merkle, below, &trust->hashes[level][i]);
        }
    }
    return OK;
}

enum err
verify_trust_init(struct verify_trust *trust, const struct verify_scan *scan,
    const struct merkle_head *head, struct tree *tree, struct merkle *merkle)
{
    memset(trust, 0, sizeof(*trust));
    trust->scan = scan;
    trust->head = *head;
    trust->tree = tree;
    trust->merkle = merkle;
    enum err err = OK;
    for (int level = 1; level < TILE_LEVELS && err == OK; level++) {
        err = sum_up(trust, level);
    }
    return err;
}

void
verify_trust_release(struct verify_trust *trust)
{
    for (size_t level = 0; level < TILE_LEVELS; level++) {
        free(trust->hashes[level]);
        free(trust->is_known[level]);
        trust->hashes[level] = NULL;
        trust->is_known[level] = NULL;
    }
}

static bool
is_partial(const struct tile *tile)
{
    return tile->width != TILE_WIDTH;
}

static bool
by_file(const struct verify_trust *trust, const struct tile *tile,
    struct merkle_hash hashes[TILE_WIDTH])
{
    const struct verify_edge *edge = trust->scan->edge;
    if (!is_partial(tile)) {
        return tree_hashes(trust->tree, tile, hashes, NULL) == OK;
    }
    memcpy(hashes, edge->hashes[tile->level], sizeof(edge->hashes[tile->level]));
    return edge->errs[tile->level] == OK;
}

static bool
leaves_by_entries(
    struct verify_trust *trust, const struct tile *tile, struct merkle_hash hashes[TILE_WIDTH])
{
    enum verify_state state = verify_scan_state(trust->scan, tile->index);
    if (state != VERIFY_SAME && state != VERIFY_DIFFERS) {
        return false;
    }
    if (is_partial(tile)) {
        memcpy(hashes, trust->scan->leaves, sizeof(trust->scan->leaves));
        return true;
    }
    CLEANUP(buf_release) struct buf bundle;
    struct tile file = {.level = TILE_ENTRIES, .index = tile->index, .width = TILE_WIDTH};
    bool is_cut = false;
    buf_init(&bundle, TREE_BUNDLE);
    return tree_bundle(trust->tree, &file, &bundle, NULL) == OK &&
           verify_scan_hashes(trust->merkle, &bundle, TILE_WIDTH, hashes, &is_cut) == TILE_WIDTH;
}

static bool
by_entries(
    struct verify_trust *trust, const struct tile *tile, struct merkle_hash hashes[TILE_WIDTH])
{
    uint64_t first = tile->index * TILE_WIDTH;
    if (tile->level == 0) {
        return leaves_by_entries(trust, tile, hashes);
    }
    for (uint64_t i = 0; i < tile->width; i++) {
        if (first + i >= trust->counts[tile->level] || !trust->is_known[tile->level][first + i]) {
            return false;
        }
        hashes[i] = trust->hashes[tile->level][first + i];
    }
    return true;
}

static bool
by_tiles(struct verify_trust *trust, const struct tile *tile, struct merkle_hash hashes[TILE_WIDTH])
{
    struct merkle_hash below[TILE_WIDTH];
    struct tile child = {.level = tile->level - 1, .width = TILE_WIDTH};
    for (unsigned i = 0; i < tile->width && tile->level != 0; i++) {
        child.index = tile->index * TILE_WIDTH + i;
        if (tree_hashes(trust->tree, &child, below, NULL) != OK) {
            return false;
        }
        verify_scan_root(trust->merkle, below, &hashes[i]);
    }
    return tile->level != 0;
}

bool
verify_trust_way(struct verify_trust *trust, int way, const struct tile *tile,
    struct merkle_hash ret_hashes[TILE_WIDTH])
{
    return way == VERIFY_BY_FILE      ? by_file(trust, tile, ret_hashes)
           : way == VERIFY_BY_ENTRIES ? by_entries(trust, tile, ret_hashes)
                                      : by_tiles(trust, tile, ret_hashes);
}

/* All partial tiles as one sequence, the lowest level first. */
static bool
edge_fits(void *context, const struct merkle_hash *hashes)
{
    struct verify_trust *trust = context;
    struct merkle_frontier parts[TILE_LEVELS], whole = {.size = trust->head.size};
    struct merkle_hash root;
    unsigned count = 0;
    for (int level = 0; level < TILE_LEVELS; level++) {
        parts[level].size = 0;
        for (unsigned i = 0; i < trust->scan->edge->widths[level]; i++) {
            merkle_grow(trust->merkle, &parts[level], hashes++);
        }
    }
    for (int level = TILE_LEVELS - 1; level >= 0; level--) {
        unsigned nodes = (unsigned)__builtin_popcountll(parts[level].size);
        memcpy(&whole.nodes[count], parts[level].nodes, nodes * sizeof(whole.nodes[0]));
        count += nodes;
    }
    merkle_root(trust->merkle, &whole, &root);
    return merkle_equal(&root, &trust->head.root);
}

static bool
is_hard(struct verify_trust *trust)
{
    return trust->hard++ >= HARD;
}

static struct tile
edge_tile(const struct verify_trust *trust, int level)
{
    struct tile tile = {.level = level};
    tile.index = (trust->head.size >> (8 * level)) / TILE_WIDTH;
    tile.width = trust->scan->edge->widths[level];
    return tile;
}

#define EDGE ((size_t)TILE_LEVELS * TILE_WIDTH)

/* One way's hashes of one tile of the edge; where it says nothing, what is known already stands. */
static bool
gather_way(struct verify_trust *trust, int way, const struct tile *tile, struct merkle_hash *place)
{
    struct merkle_hash hashes[TILE_WIDTH];
    struct verify_truth *truth = &trust->edge[tile->level];
    size_t size = tile->width * sizeof(hashes[0]);
    bool has = verify_trust_way(trust, way, tile, hashes);
    if (has && !truth->has_any) {
        memcpy(truth->hashes, hashes, size);
    }
    truth->has_any = truth->has_any || has;
    memcpy(place, has ? hashes : truth->hashes, size);
    return has;
}

/* The edge's tiles as each way has them, one below the other, so that ways can be mixed. */
static void
gather_edge(struct verify_trust *trust, struct merkle_hash *sequences, bool has[VERIFY_WAYS])
{
    size_t at = 0;
    for (int level = 0; level < TILE_LEVELS; level++) {
        struct tile tile = edge_tile(trust, level);
        trust->edge[level] = (struct verify_truth){.index = tile.index, .is_filled = true};
        for (int way = 0; way < VERIFY_WAYS && tile.width != 0; way++) {
            bool has_way = gather_way(trust, way, &tile, sequences + (size_t)way * EDGE + at);
            has[way] = has[way] || has_way;
        }
        at += tile.width;
    }
}

static void
settle_edge(struct verify_trust *trust, struct merkle_hash *sequences)
{
    bool has[VERIFY_WAYS] = {false};
    struct verify_settle settle = {.fits = edge_fits, .context = trust};
    gather_edge(trust, sequences, has);
    for (int level = 0; level < TILE_LEVELS; level++) {
        if (trust->scan->edge->widths[level] != 0) {
            settle.groups[settle.group_count++] = settle.count;
            settle.count += trust->scan->edge->widths[level];
        }
    }
    for (int way = 0; way < VERIFY_WAYS; way++) {
        settle.ways[way] = has[way] ? sequences + (size_t)way * EDGE : NULL;
    }
    struct merkle_hash *found = sequences + VERIFY_WAYS * EDGE;
    trust->edge_is_proven = verify_settle(&settle, found);
    for (int level = 0; level < TILE_LEVELS && trust->edge_is_proven; level++) {
        struct verify_truth *truth = &trust->edge[level];
        unsigned width = trust->scan->edge->widths[level];
        memcpy(truth->hashes, found, width * sizeof(*found));
        truth->has_any = truth->is_proven = true;
        found += width;
    }
}

void
verify_trust_edge(struct verify_trust *trust)
{
    struct merkle_hash *sequences = calloc((VERIFY_WAYS + 1) * EDGE, sizeof(*sequences));
    if (sequences != NULL) {
        settle_edge(trust, sequences);
    }
    free(sequences);
}

bool
verify_trust_entries(struct verify_trust *trust)
{
    struct merkle_hash *sequence = calloc(EDGE, sizeof(*sequence));
    size_t at = 0;
    bool fits = sequence != NULL;
    for (int level = 0; level < TILE_LEVELS && fits; level++) {
        struct merkle_hash hashes[TILE_WIDTH];
        struct tile tile = edge_tile(trust, level);
        if (tile.width != 0) {
            fits = by_entries(trust, &tile, hashes);
            memcpy(sequence + at, hashes, fits ? tile.width * sizeof(hashes[0]) : 0);
            at += tile.width;
        }
    }
    fits = fits && edge_fits(trust, sequence);
    free(sequence);
    return fits;
}

struct tile_puzzle {
    struct verify_trust *trust;
    struct merkle_hash root;
};

static bool
tile_fits(void *context, const struct merkle_hash *hashes)
{
    struct tile_puzzle *puzzle = context;
    struct merkle_hash root;
    verify_scan_root(puzzle->trust->merkle, hashes, &root);
    return merkle_equal(&root, &puzzle->root);
}

/* The file alone nearly always does; the other ways cost reading. */
static void
settle_tile(struct verify_trust *trust, const struct tile *tile, const struct merkle_hash *root,
    struct verify_truth *truth)
{
    struct merkle_hash ways[VERIFY_WAYS][TILE_WIDTH];
    struct tile_puzzle puzzle = {.trust = trust};
    struct verify_settle settle = {
        .count = TILE_WIDTH, .group_count = 1, .fits = tile_fits, .context = &puzzle};
    if (root != NULL) {
        puzzle.root = *root;
    }
    for (int way = 0; way < VERIFY_WAYS && !truth->is_proven; way++) {
        if (!verify_trust_way(trust, way, tile, ways[way])) {
            continue;
        }
        settle.ways[way] = ways[way];
        if (!truth->has_any) {
            memcpy(truth->hashes, ways[way], sizeof(ways[way]));
        }
        truth->has_any = true;
        if (root != NULL && tile_fits(&puzzle, ways[way])) {
            memcpy(truth->hashes, ways[way], sizeof(ways[way]));
            truth->is_proven = true;
        }
    }
    if (root != NULL && !truth->is_proven && truth->has_any && !is_hard(trust)) {
        struct merkle_hash mended[TILE_WIDTH];
        truth->is_proven = verify_settle(&settle, mended);
        if (truth->is_proven) {
            memcpy(truth->hashes, mended, sizeof(mended));
        }
    }
}

const struct verify_truth *
verify_trust_tile(struct verify_trust *trust, int level, uint64_t index)
{
    struct tile tile = {.level = level, .index = index};
    tile.width = tile_width(level, index, trust->head.size);
    if (is_partial(&tile)) {
        return &trust->edge[level];
    }
    struct verify_truth *truth = &trust->full[level];
    if (truth->is_filled && truth->index == index) {
        return truth;
    }
    const struct verify_truth *parent = verify_trust_tile(trust, level + 1, index / TILE_WIDTH);
    *truth = (struct verify_truth){.index = index, .is_filled = true};
    settle_tile(
        trust, &tile, parent->is_proven ? &parent->hashes[index % TILE_WIDTH] : NULL, truth);
    return truth;
}
