/* The life of a ledger that the crash tests end in the middle, and the look at what is left. */
#include "workload.h"

#include "base/clock.h"
#include "faults.h"
#include "ledger/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEGMENT 131072
#define ORIGIN  "crash.example/log"
#define LONGEST 61000

static char wrong[512];

#define WRONG(...) (void)snprintf(wrong, sizeof(wrong), __VA_ARGS__)

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    return place->level == 0 ? 0 : remove(path);
}

void
world_empty(const char *folder)
{
    int removed = nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert(removed == 0);
}

void
world_make(struct world *world)
{
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(world->folder, sizeof(world->folder), "%s/gatehouse-crash-XXXXXX", base);
    const char *made = mkdtemp(world->folder);
    assert(made != NULL);
    (void)snprintf(world->ledger, sizeof(world->ledger), "%s/l", world->folder);
    for (size_t i = 0; i < COUNT(world->keys); i++) {
        enum err err = key_new(ORIGIN, VKEY_ED25519, &world->keys[i]);
        assert(err == OK);
    }
    world->promise = mmap(
        NULL, sizeof(*world->promise), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(world->promise != MAP_FAILED);
    world_reset(world);
}

void
world_remove(struct world *world)
{
    world_empty(world->folder);
    (void)rmdir(world->folder);
    for (size_t i = 0; i < COUNT(world->keys); i++) {
        key_free(world->keys[i]);
    }
    (void)munmap(world->promise, sizeof(*world->promise));
}

/* A second passes with each look at the clock, so that every life is like the other. */
static int64_t
ticking(void)
{
    static int64_t now;
    return now += 1000;
}

void
world_reset(struct world *world)
{
    static const struct clock_source source = {.wall = ticking, .mono = ticking};
    clock_replace(&source);
    world_empty(world->folder);
    memset(world->promise, 0, sizeof(*world->promise));
    world->promise->life = 1;
    faults_clear();
}

/* What an entry is: its length and bytes follow from its index and the life it was written in. */
static size_t
make_entry(uint64_t index, unsigned life, uint8_t out[TILE_ENTRY])
{
    size_t len = index % 97 == 96 ? LONGEST - index % 1000 : 8 + (size_t)(index * 7919 % 400);
    memset(out, (int)('a' + (index + life) % 26), len);
    (void)snprintf((char *)out, 8, "%06u", (unsigned)index);
    out[7] = (uint8_t)life;
    return len;
}

static struct ledger_settings
settings_of(const struct world *world, const struct key *key)
{
    return (struct ledger_settings){
        .folder = world->ledger,
        .key = key,
        .segment_bytes = SEGMENT,
        .reserve_bytes = SEGMENT,
        .backlog_bytes = UINT64_C(6) * SEGMENT,
    };
}

/* Adds up to so many, commits, and promises what was committed. */
static enum err
batch(struct world *world, struct ledger *ledger, unsigned count, bool reserved)
{
    struct promise *promise = world->promise;
    static uint8_t entry[TILE_ENTRY];
    uint64_t before = ledger_size(ledger);
    uint64_t index = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t len = make_entry(ledger_size(ledger) + i, promise->life, entry);
        enum err err = ledger_add(ledger, entry, len, reserved, &index);
        assert(err == OK || err == ERR_LIMIT || err == ERR_FULL);
        promise->refused += err == ERR_FULL ? 1 : 0;
        if (err != OK) {
            break;
        }
        assert(index == ledger_size(ledger) + i && index < WORKLOAD_ENTRIES);
    }
    struct ledger_batch *sealed = ledger_seal(ledger);
    if (sealed == NULL) {
        return OK;
    }
    enum err err = ledger_commit(ledger, sealed);
    ledger_committed(ledger, sealed, err);
    if (err != OK) {
        promise->refused += err == ERR_FULL ? 1 : 0;
        return err == ERR_FULL ? OK : err;
    }
    /* What stood there before, unacknowledged by an earlier life, may be of any. */
    for (uint64_t i = promise->acknowledged; i < ledger_size(ledger); i++) {
        promise->lives[i] = i < before ? 0 : promise->life;
    }
    promise->reserved += reserved ? ledger_size(ledger) - before : 0;
    promise->acknowledged = ledger_size(ledger);
    return OK;
}

/* The checkpoint that lies there, by whichever key; ERR_MISSING when neither opens it. */
static enum err
read_head(const struct world *world, struct merkle_head *ret_head)
{
    struct tree *tree = NULL;
    struct note note;
    struct buf text;
    struct checkpoint checkpoint = {0};
    enum err err = tree_open(world->ledger, &tree, &note);
    buf_init(&text, TREE_CHECKPOINT);
    err = err == OK ? tree_file(tree, "checkpoint", &text, &note) : err;
    for (size_t i = 0; i < COUNT(world->keys) && err == OK; i++) {
        if (checkpoint_open(text.data, text.len, key_public(world->keys[i]), &checkpoint, &note) ==
            OK) {
            *ret_head = checkpoint.head;
            buf_release(&text);
            tree_close(tree);
            return OK;
        }
    }
    buf_release(&text);
    tree_close(tree);
    return ERR_MISSING;
}

static void
remember_head(const struct world *world)
{
    struct promise *promise = world->promise;
    struct merkle_head head;
    if (read_head(world, &head) == OK) {
        assert(promise->head_count < WORKLOAD_HEADS);
        promise->heads[promise->head_count] = head;
        promise->head_count++;
    }
}

static enum err
publish(struct world *world, struct ledger *ledger, bool sign)
{
    if (!ledger_publish_begin(ledger, sign)) {
        return OK;
    }
    enum err err = ledger_publish_run(ledger);
    ledger_publish_end(ledger, err);
    if (err == OK && sign) {
        remember_head(world);
    }
    return err == ERR_FULL ? OK : err;
}

/* Batches of several sizes with publishing between them. */
static enum err
some_batches(struct world *world, struct ledger *ledger, unsigned rounds)
{
    static const unsigned counts[] = {1, 30, 7, 90, 150, 2};
    enum err err = OK;
    for (unsigned i = 0; i < rounds && err == OK; i++) {
        err = batch(world, ledger, counts[i % COUNT(counts)], i % 5 == 4);
        if (err == OK && i % 2 == 1) {
            err = publish(world, ledger, i % 8 != 1);
        }
    }
    return err;
}

static void
set_full(const struct world *world, bool is_full)
{
    if (world->set_full != NULL) {
        world->set_full(is_full);
    } else {
        faults.is_full = is_full;
    }
}

/* Ordinary events are refused at some time, reserved ones after that still taken. */
static enum err
full_disk(struct world *world, struct ledger *ledger)
{
    enum err err = publish(world, ledger, true);
    set_full(world, true);
    for (unsigned i = 0; i < 12 && err == OK; i++) {
        err = batch(world, ledger, 100, false);
        err = err == OK ? publish(world, ledger, false) : err;
    }
    for (unsigned i = 0; i < 3 && err == OK; i++) {
        err = batch(world, ledger, 2, true);
    }
    set_full(world, false);
    for (unsigned i = 0; i < 2 && err == OK; i++) {
        struct note note = {""};
        err = ledger_flush(ledger, &note);
        err = err == ERR_FULL ? OK : err;
    }
    return err == OK ? batch(world, ledger, 20, false) : err;
}

/* With the first key that fits. */
static enum err
open_with(struct world *world, struct ledger **ret_ledger, size_t *ret_key, struct note *note)
{
    struct note first = {""};
    for (size_t i = 0; i < COUNT(world->keys); i++) {
        const struct ledger_settings settings = settings_of(world, world->keys[i]);
        enum err err = ledger_open(&settings, ret_ledger, &world->promise->recovery, note);
        *ret_key = i;
        if (err != ERR_VALUE) {
            return err;
        }
        first = i == 0 ? *note : first;
    }
    *note = first;
    return ERR_VALUE;
}

static enum err
open_or_create(struct world *world, struct ledger **ret_ledger, size_t *ret_key)
{
    struct note note = {""};
    enum err err = open_with(world, ret_ledger, ret_key, &note);
    if (err == ERR_MISSING && !world->promise->is_created) {
        const struct ledger_settings settings = settings_of(world, world->keys[0]);
        err = ledger_create(&settings, &note);
        if (err == OK) {
            world->promise->is_created = true;
            err = open_with(world, ret_ledger, ret_key, &note);
        }
    }
    if (err != OK) {
        WRONG("can't be opened: %s: %s", err_words(err), note.text);
    }
    return err;
}

enum err
workload_live(struct world *world)
{
    struct ledger *ledger = NULL;
    size_t key = 0;
    enum err err = open_or_create(world, &ledger, &key);
    err = err == OK ? some_batches(world, ledger, 14) : err;
    if (err == OK) {
        ledger_close(ledger);
        ledger = NULL;
        err = open_or_create(world, &ledger, &key);
    }
    err = err == OK ? full_disk(world, ledger) : err;
    if (err == OK) {
        struct note note;
        err = ledger_hand_over(ledger, world->keys[1 - key], &note);
        err = err == ERR_FULL ? OK : err;
    }
    err = err == OK ? some_batches(world, ledger, 8) : err;
    ledger_close(ledger);
    return err;
}

enum err
workload_go_on(struct world *world)
{
    struct ledger *ledger = NULL;
    size_t key = 0;
    world->promise->life++;
    enum err err = open_or_create(world, &ledger, &key);
    err = err == OK ? some_batches(world, ledger, 5) : err;
    ledger_close(ledger);
    return err;
}

/* One entry is what was promised, or, where nothing was, what some life wrote there. */
static bool
is_entry(const struct promise *promise, uint64_t index, const uint8_t *entry, size_t len)
{
    static uint8_t expected[TILE_ENTRY];
    unsigned life = len < 8 ? 0 : entry[7];
    bool is_promised = index < promise->acknowledged;
    bool is_known = is_promised && promise->lives[index] != 0;
    if (life == 0 || life > promise->life || (is_known && life != promise->lives[index])) {
        return false;
    }
    return make_entry(index, life, expected) == len && memcmp(expected, entry, len) == 0;
}

/* Whether every head that was published for this size so far has its root. */
static bool
is_consistent(
    const struct promise *promise, struct merkle *merkle, const struct merkle_frontier *frontier)
{
    for (size_t i = 0; i < promise->head_count; i++) {
        struct merkle_hash root;
        if (promise->heads[i].size != frontier->size) {
            continue;
        }
        merkle_root(merkle, frontier, &root);
        if (!merkle_equal(&promise->heads[i].root, &root)) {
            return false;
        }
    }
    return true;
}

/* What the look at the entries goes on with. */
struct look {
    const struct world *world;
    struct merkle *merkle;
    struct merkle_frontier frontier;
};

static bool
check_entry(struct look *look, const uint8_t *entry, size_t len)
{
    const struct promise *promise = look->world->promise;
    unsigned index = (unsigned)look->frontier.size;
    struct merkle_hash leaf;
    if (entry == NULL || !is_entry(promise, index, entry, len)) {
        WRONG("entry %u is not what was written", index);
        return false;
    }
    merkle_leaf(look->merkle, entry, len, &leaf);
    merkle_grow(look->merkle, &look->frontier, &leaf);
    if (!is_consistent(promise, look->merkle, &look->frontier)) {
        WRONG("an earlier checkpoint of %u entries has another root", index + 1);
        return false;
    }
    return true;
}

/* All bundles of the published tree. */
static bool
check_bundles(struct look *look, struct tree *tree, uint64_t size)
{
    struct buf bundle;
    struct note note = {""};
    bool is_good = true;
    buf_init(&bundle, TREE_BUNDLE);
    for (uint64_t i = 0; i * TILE_WIDTH < size && is_good; i++) {
        const struct tile tile = {
            .level = TILE_ENTRIES, .index = i, .width = tile_width(TILE_ENTRIES, i, size)};
        struct reader reader;
        is_good = tree_bundle(tree, &tile, &bundle, &note) == OK;
        if (!is_good) {
            WRONG("bundle %u of %u entries: %s", (unsigned)i, (unsigned)size, note.text);
        }
        reader_init(&reader, bundle.data, bundle.len);
        for (unsigned j = 0; j < tile.width && is_good; j++) {
            size_t len = 0;
            const uint8_t *entry = tile_next_entry(&reader, &len);
            is_good = check_entry(look, entry, len);
        }
    }
    buf_release(&bundle);
    return is_good;
}

/* All entries of the published tree from its files, and the roots over each beginning of it. */
static bool
check_entries(const struct world *world, struct tree *tree, const struct merkle_head *head)
{
    struct look look = {.world = world, .merkle = merkle_new()};
    bool is_good = check_bundles(&look, tree, head->size);
    struct merkle_hash root;
    merkle_root(look.merkle, &look.frontier, &root);
    if (is_good && !merkle_equal(&root, &head->root)) {
        WRONG("the root of %u entries is not theirs", (unsigned)head->size);
        is_good = false;
    }
    merkle_free(look.merkle);
    return is_good;
}

/* The tiles of hashes are complete too: the root comes out of them alone. */
static bool
check_tiles(struct tree *tree, const struct merkle_head *head)
{
    struct merkle *merkle = merkle_new();
    struct merkle_frontier frontier;
    struct merkle_hash root;
    const struct merkle_source source = tree_source(tree, head->size);
    bool is_good = merkle_frontier_at(&source, head->size, &frontier) == OK;
    if (is_good) {
        merkle_root(merkle, &frontier, &root);
        is_good = merkle_equal(&root, &head->root);
    }
    if (!is_good) {
        WRONG("tiles of size %u: %s", (unsigned)head->size, tree_trouble(tree)->text);
    }
    merkle_free(merkle);
    return is_good;
}

static bool
check_published(const struct world *world, uint64_t size)
{
    struct merkle_head head;
    struct tree *tree = NULL;
    struct note note;
    if (read_head(world, &head) != OK || tree_open(world->ledger, &tree, &note) != OK) {
        WRONG("no checkpoint that a key opens");
        return false;
    }
    bool is_good = head.size == size;
    if (!is_good) {
        WRONG("the checkpoint has size %u, not %u", (unsigned)head.size, (unsigned)size);
    }
    is_good = is_good && check_entries(world, tree, &head) && check_tiles(tree, &head);
    tree_close(tree);
    return is_good;
}

static bool
check_ledger(struct world *world, struct ledger *ledger)
{
    struct promise *promise = world->promise;
    struct note note = {""};
    uint64_t size = ledger_size(ledger);
    if (size < promise->acknowledged) {
        WRONG("%u entries were acknowledged, %u are there", (unsigned)promise->acknowledged,
            (unsigned)size);
        return false;
    }
    uint64_t published = ledger_published(ledger);
    for (size_t i = 0; i < promise->head_count; i++) {
        if (promise->heads[i].size > size) {
            WRONG("a checkpoint of %u entries was published, %u are there",
                (unsigned)promise->heads[i].size, (unsigned)size);
            return false;
        }
    }
    if (!check_published(world, published)) {
        return false;
    }
    if (ledger_flush(ledger, &note) != OK) {
        WRONG("can't be published: %s", note.text);
        return false;
    }
    return check_published(world, size);
}

/* From now on whatever is there counts as acknowledged: it has been published. */
static void
settle_promise(struct world *world, uint64_t size)
{
    struct promise *promise = world->promise;
    struct tree *tree = NULL;
    struct note note;
    remember_head(world);
    if (tree_open(world->ledger, &tree, &note) != OK) {
        return;
    }
    for (uint64_t i = promise->acknowledged; i < size; i++) {
        const uint8_t *entry = NULL;
        size_t len = 0;
        if (tree_entry(tree, i, size, &entry, &len, &note) == OK) {
            promise->lives[i] = entry[7];
        }
    }
    promise->acknowledged = size;
    tree_close(tree);
}

static bool
look(struct world *world)
{
    struct ledger *ledger = NULL;
    size_t key = 0;
    if (open_or_create(world, &ledger, &key) != OK) {
        return false;
    }
    bool is_good = check_ledger(world, ledger);
    if (is_good) {
        settle_promise(world, ledger_size(ledger));
    }
    ledger_close(ledger);
    return is_good;
}

const char *
workload_check(struct world *world)
{
    faults_clear();
    wrong[0] = '\0';
    if (!look(world)) {
        return wrong;
    }
    enum err err = workload_go_on(world);
    if (err != OK) {
        WRONG("it does not go on: %s", err_words(err));
        return wrong;
    }
    return look(world) ? NULL : wrong;
}
