/* Reads and hashes all bundles; the part of verification that takes the time. */
#include "ledger/verify_scan.h"
#include "base/clock.h"
#include "ledger/event.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define JOBS     64
#define TICK_MS  100
#define TIME_LEN (EVENT_TIME - 1)

/* One thread's tools. */
struct worker {
    struct verify_scan *scan;
    struct tree *tree;
    struct merkle *merkle;
    struct buf bundle;
    pthread_t thread;
};

size_t
verify_scan_hashes(struct merkle *merkle, const struct buf *bundle, size_t max,
    struct merkle_hash *ret_hashes, bool *ret_is_cut)
{
    struct reader reader;
    size_t count = 0, len = 0;
    const uint8_t *entry = NULL;
    reader_init(&reader, bundle->data, bundle->len);
    while (count < max && (entry = tile_next_entry(&reader, &len)) != NULL) {
        merkle_leaf(merkle, entry, len, &ret_hashes[count++]);
    }
    *ret_is_cut = count < max && (reader.failed || reader_left(&reader) != 0);
    return count;
}

void
verify_scan_root(struct merkle *merkle, const struct merkle_hash hashes[TILE_WIDTH],
    struct merkle_hash *ret_root)
{
    struct merkle_hash level[TILE_WIDTH / 2];
    for (size_t i = 0; i < TILE_WIDTH / 2; i++) {
        merkle_node(merkle, &hashes[2 * i], &hashes[2 * i + 1], &level[i]);
    }
    for (size_t count = TILE_WIDTH / 4; count != 0; count /= 2) {
        for (size_t i = 0; i < count; i++) {
            merkle_node(merkle, &level[2 * i], &level[2 * i + 1], &level[i]);
        }
    }
    *ret_root = level[0];
}

void
verify_edge_read(struct verify_edge *edge, struct tree *tree, uint64_t size)
{
    edge->bundle_err = OK;
    buf_clear(&edge->bundle);
    for (int level = 0; level < TILE_LEVELS; level++) {
        uint64_t count = size >> (8 * level);
        struct tile tile = {.level = level, .index = count / TILE_WIDTH};
        tile.width = (unsigned)(count % TILE_WIDTH);
        edge->widths[level] = tile.width;
        edge->errs[level] = OK;
        if (tile.width != 0) {
            edge->errs[level] = tree_hashes(tree, &tile, edge->hashes[level], NULL);
        }
    }
    if (edge->widths[0] != 0) {
        struct tile tile = {.level = TILE_ENTRIES, .index = size / TILE_WIDTH};
        tile.width = edge->widths[0];
        edge->bundle_err = tree_bundle(tree, &tile, &edge->bundle, NULL);
    }
}

static void
look_at_time(struct verify_block *block, const struct event_facts *facts, uint64_t index)
{
    if (block->first_time[0] == '\0') {
        memcpy(block->first_time, facts->time, TIME_LEN);
        block->first_owns_up = facts->is_stepped;
    } else if (memcmp(facts->time, block->last_time, TIME_LEN) < 0) {
        block->steps_back++;
        if (!facts->is_stepped) {
            block->first_unsaid = block->steps_unsaid++ == 0 ? index : block->first_unsaid;
        }
    }
    memcpy(block->last_time, facts->time, TIME_LEN);
}

static void
look_at_event(struct verify_block *block, const uint8_t *entry, size_t len, uint64_t index)
{
    struct event_facts facts;
    struct note note = {""};
    if (event_check(entry, len, true, &facts, &note) == OK) {
        look_at_time(block, &facts, index);
        return;
    }
    if (block->not_events++ == 0) {
        block->first_no_event = index;
        (void)snprintf(block->no_event, sizeof(block->no_event), "%.150s", note.text);
    }
}

/* How many entries a bundle has, up to one more than `width`; their hashes. */
static size_t
hash_entries(struct worker *worker, const struct buf *bundle, struct verify_block *block,
    const struct tile *tile, struct merkle_hash hashes[TILE_WIDTH])
{
    struct reader reader;
    size_t count = 0, len = 0;
    const uint8_t *entry = NULL;
    bool events = !worker->scan->settings->hashes_only;
    reader_init(&reader, bundle->data, bundle->len);
    while (count < tile->width && (entry = tile_next_entry(&reader, &len)) != NULL) {
        merkle_leaf(worker->merkle, entry, len, &hashes[count]);
        if (events) {
            look_at_event(block, entry, len, tile->index * TILE_WIDTH + count);
        }
        block->bytes += len;
        count++;
    }
    block->entries += count;
    /* A full bundle may stand for a partial one: the writer is ahead of its checkpoint. */
    while (reader_left(&reader) != 0 && count <= TILE_WIDTH) {
        if (tile_next_entry(&reader, &len) == NULL) {
            return 0;
        }
        count++;
    }
    return reader.failed || (count != tile->width && count != TILE_WIDTH) ? 0 : count;
}

static enum err
scan_partial(struct worker *worker, struct verify_block *block, const struct tile *tile, size_t at)
{
    struct verify_scan *scan = worker->scan;
    struct verify_edge *edge = scan->edge;
    if (edge->bundle_err != OK) {
        block->states[at] = edge->bundle_err == ERR_MISSING ? VERIFY_ABSENT : VERIFY_SHAPE;
        return edge->bundle_err == ERR_IO ? ERR_IO : OK;
    }
    if (hash_entries(worker, &edge->bundle, block, tile, scan->leaves) == 0) {
        block->states[at] = VERIFY_SHAPE;
        return OK;
    }
    bool same = edge->errs[0] == OK &&
                memcmp(scan->leaves, edge->hashes[0], tile->width * sizeof(scan->leaves[0])) == 0;
    block->states[at] = same ? VERIFY_SAME : VERIFY_DIFFERS;
    return OK;
}

/* What is kept of a bundle that is pruned. */
static enum err
scan_pruned(struct worker *worker, struct verify_block *block, uint64_t index)
{
    struct merkle_hash hashes[TILE_WIDTH];
    size_t at = (size_t)(index % TILE_WIDTH);
    const struct tile tile = {.level = 0, .index = index, .width = TILE_WIDTH};
    enum err err = tree_hashes(worker->tree, &tile, hashes, NULL);
    block->states[at] = VERIFY_ABSENT;
    if (err == OK) {
        verify_scan_root(worker->merkle, hashes, &block->tops[at]);
        block->states[at] = VERIFY_PRUNED;
    }
    return err == ERR_IO ? err : OK;
}

static enum err
scan_bundle(struct worker *worker, struct verify_block *block, uint64_t index)
{
    struct merkle_hash hashes[TILE_WIDTH], file[TILE_WIDTH];
    size_t at = (size_t)(index % TILE_WIDTH);
    struct tile tile = {.level = TILE_ENTRIES, .index = index};
    tile.width = tile_width(TILE_ENTRIES, index, worker->scan->size);
    if (tile.width < TILE_WIDTH) {
        return scan_partial(worker, block, &tile, at);
    }
    enum err err = tree_bundle(worker->tree, &tile, &worker->bundle, NULL);
    if (err == ERR_MISSING && index < worker->scan->pruned) {
        return scan_pruned(worker, block, index);
    }
    if (err != OK) {
        block->states[at] = err == ERR_MISSING ? VERIFY_ABSENT : VERIFY_SHAPE;
        return err == ERR_IO || err == ERR_MEMORY ? err : OK;
    }
    if (hash_entries(worker, &worker->bundle, block, &tile, hashes) == 0) {
        block->states[at] = VERIFY_SHAPE;
        return OK;
    }
    verify_scan_root(worker->merkle, hashes, &block->tops[at]);
    tile.level = 0;
    err = tree_hashes(worker->tree, &tile, file, NULL);
    bool same = err == OK && memcmp(hashes, file, sizeof(file)) == 0;
    block->states[at] = same ? VERIFY_SAME : VERIFY_DIFFERS;
    return err == ERR_IO ? err : OK;
}

/* Where not one file of a block is there, the end is gone, and a size may claim anything. */
static void
note_emptiness(struct verify_scan *scan, const struct verify_block *block, size_t index, size_t all)
{
    for (size_t i = 0; i < all; i++) {
        if (block->states[i] != VERIFY_ABSENT && block->states[i] != VERIFY_UNREAD) {
            return;
        }
    }
    size_t stop = atomic_load(&scan->stop);
    while (index + 1 < stop && !atomic_compare_exchange_weak(&scan->stop, &stop, index + 1)) {
    }
}

static enum err
scan_block(struct worker *worker, size_t index)
{
    struct verify_scan *scan = worker->scan;
    struct verify_block *block = calloc(1, sizeof(*block));
    if (block == NULL) {
        return ERR_MEMORY;
    }
    scan->list[index] = block;
    uint64_t start = (uint64_t)index * TILE_WIDTH;
    uint64_t end = start + TILE_WIDTH < scan->bundles ? start + TILE_WIDTH : scan->bundles;
    for (uint64_t i = start < scan->first ? scan->first : start; i < end; i++) {
        enum err err =
            atomic_load(&scan->err) == OK ? scan_bundle(worker, block, i) : ERR_CANCELLED;
        if (err != OK) {
            return err;
        }
        atomic_fetch_add(&scan->done, tile_width(TILE_ENTRIES, i, scan->size));
    }
    note_emptiness(scan, block, index, (size_t)(end - start));
    return OK;
}

/* The first trouble is the one that is told. */
static void
give_up(struct verify_scan *scan, enum err err)
{
    int none = OK;
    (void)atomic_compare_exchange_strong(&scan->err, &none, (int)err);
}

static void *
work(void *context)
{
    struct worker *worker = context;
    struct verify_scan *scan = worker->scan;
    while (atomic_load(&scan->err) == OK) {
        size_t index = atomic_fetch_add(&scan->next, 1);
        if (index >= atomic_load(&scan->stop)) {
            break;
        }
        enum err err = scan_block(worker, index);
        if (err != OK) {
            give_up(scan, err);
        }
    }
    return NULL;
}

static enum err
worker_init(struct worker *worker, struct verify_scan *scan, struct note *note)
{
    *worker = (struct worker){.scan = scan};
    buf_init(&worker->bundle, TREE_BUNDLE);
    worker->merkle = merkle_new();
    return worker->merkle == NULL ? ERR_MEMORY
                                  : tree_open(scan->settings->folder, &worker->tree, note);
}

static void
worker_release(struct worker *worker)
{
    buf_release(&worker->bundle);
    merkle_free(worker->merkle);
    tree_close(worker->tree);
}

static void
report_progress(struct verify_scan *scan, int64_t start)
{
    const struct verify_settings *settings = scan->settings;
    struct verify_progress progress = {.done = atomic_load(&scan->done), .all = scan->size};
    progress.done += scan->first * TILE_WIDTH;
    if (settings->progress != NULL && !settings->progress(settings->context, &progress)) {
        give_up(scan, ERR_CANCELLED);
    }
    if (settings->limit_ms != 0 && clock_mono() - start > settings->limit_ms) {
        give_up(scan, ERR_TIMEOUT);
    }
}

/* The caller's own thread only waits and tells; what it calls need not be safe for threads. */
static void
wait_for(struct worker *workers, unsigned count)
{
    struct verify_scan *scan = workers[0].scan;
    int64_t start = clock_mono();
    for (unsigned i = 0; i < count;) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        if (pthread_timedjoin_np(workers[i].thread, NULL, &until) == 0) {
            i++;
        } else {
            report_progress(scan, start);
        }
    }
    report_progress(scan, start);
}

static unsigned
job_count(const struct verify_scan *scan)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned jobs = scan->settings->jobs;
    jobs = jobs != 0 ? jobs : processors < 1 ? 1 : (unsigned)processors;
    jobs = jobs > JOBS ? JOBS : jobs;
    return jobs > scan->blocks ? (unsigned)scan->blocks : jobs;
}

static enum err
scan_with(struct verify_scan *scan, struct worker *workers, unsigned count, struct note *note)
{
    unsigned started = 0;
    enum err err = OK;
    for (unsigned i = 0; i < count && err == OK; i++) {
        err = worker_init(&workers[i], scan, note);
        if (err == OK && pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            err = ERR_SYSTEM;
            note_set(note, "no thread could be started");
        }
        started += err == OK ? 1 : 0;
        if (err != OK) {
            worker_release(&workers[i]);
        }
    }
    if (err != OK) {
        give_up(scan, err);
    }
    if (started != 0) {
        wait_for(workers, started);
    }
    for (unsigned i = 0; i < started; i++) {
        worker_release(&workers[i]);
    }
    return (enum err)atomic_load(&scan->err);
}

enum err
verify_scan_run(struct verify_scan *scan, struct note *note)
{
    scan->bundles = (scan->size + TILE_WIDTH - 1) / TILE_WIDTH;
    scan->blocks = (size_t)((scan->bundles + TILE_WIDTH - 1) / TILE_WIDTH);
    atomic_store(&scan->next, (size_t)(scan->first / TILE_WIDTH));
    atomic_store(&scan->stop, scan->blocks);
    if (scan->bundles == scan->first) {
        return OK;
    }
    scan->list = calloc(scan->blocks, sizeof(*scan->list));
    unsigned count = job_count(scan);
    struct worker *workers = calloc(count, sizeof(*workers));
    enum err err = ERR_MEMORY;
    if (scan->list != NULL && workers != NULL) {
        err = scan_with(scan, workers, count, note);
    }
    free(workers);
    return err;
}

void
verify_scan_release(struct verify_scan *scan)
{
    for (size_t i = 0; scan->list != NULL && i < scan->blocks; i++) {
        free(scan->list[i]);
    }
    free(scan->list);
    scan->list = NULL;
}

enum verify_state
verify_scan_state(const struct verify_scan *scan, uint64_t bundle)
{
    const struct verify_block *block = scan->list == NULL ? NULL : scan->list[bundle / TILE_WIDTH];
    return block == NULL ? VERIFY_UNREAD : (enum verify_state)block->states[bundle % TILE_WIDTH];
}

const struct merkle_hash *
verify_scan_top(const struct verify_scan *scan, uint64_t bundle)
{
    return &scan->list[bundle / TILE_WIDTH]->tops[bundle % TILE_WIDTH];
}
