/* A log's static files, read with bounds. */
#include "ledger/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEIGHT 8 /* levels of the tree inside a tile */
#define NODES  (2 * TILE_WIDTH - 2)

/* A tile with the roots of its complete subtrees below 256 hashes: 256 of height 0, 128 of 1, … */
struct slot {
    struct tile tile;
    struct merkle_hash nodes[NODES];
};

/* How many tiles of each level stay near: all of the upper levels at ten million entries. */
static const unsigned slots_of_level[TILE_LEVELS] = {64, 256, 16, 4, 4, 4, 4, 4};
#define SLOTS (64 + 256 + 16 + 4 * 5)

struct tree {
    int fd;
    struct merkle *merkle;
    struct slot *slots[SLOTS]; /* NULL until used */
    uint64_t size;             /* of the source that was asked for last */
    struct note trouble;
    struct buf bundle; /* of the last entry */
    uint64_t bundle_index;
    unsigned bundle_width; /* 0: there is none */
};

static void
close_descriptor(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* The descriptor, which is then not closed at the end of the function. */
static int
keep(int *fd)
{
    int kept = *fd;
    *fd = -1;
    return kept;
}

static enum err
open_error(const char *name, struct note *note)
{
    char text[128];
    int reason = errno;
    note_set(note, "%s: %s", name, strerror_r(reason, text, sizeof(text)));
    return reason == ENOENT || reason == ENOTDIR ? ERR_MISSING
           : reason == ELOOP                     ? ERR_SYNTAX
                                                 : ERR_IO;
}

static int
open_folder(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool
has(int folder, const char *name)
{
    return faccessat(folder, name, F_OK, 0) == 0;
}

enum err
tree_open(const char *folder, struct tree **ret_tree, struct note *note)
{
    CLEANUP(close_descriptor) int fd = open_folder(AT_FDCWD, folder);
    if (fd < 0) {
        return open_error(folder, note);
    }
    if (!has(fd, "checkpoint") && !has(fd, "tile")) {
        int log = open_folder(fd, "log");
        if (log < 0) {
            note_set(note, "%s: there is no log (checkpoint, tile/)", folder);
            return ERR_MISSING;
        }
        (void)close(fd);
        fd = log;
    }
    struct tree *tree = calloc(1, sizeof(*tree));
    struct merkle *merkle = merkle_new();
    if (tree == NULL || merkle == NULL) {
        merkle_free(merkle);
        free(tree);
        return ERR_MEMORY;
    }
    tree->merkle = merkle;
    tree->fd = keep(&fd);
    buf_init(&tree->bundle, TREE_BUNDLE);
    *ret_tree = tree;
    return OK;
}

void
tree_close(struct tree *tree)
{
    if (tree == NULL) {
        return;
    }
    for (size_t i = 0; i < COUNT(tree->slots); i++) {
        free(tree->slots[i]);
    }
    buf_release(&tree->bundle);
    merkle_free(tree->merkle);
    close_descriptor(&tree->fd);
    free(tree);
}

int
tree_folder(const struct tree *tree)
{
    return tree->fd;
}

/* A regular file and its size; whatever else has the name is not waited for. */
static enum err
open_file(const struct tree *tree, const char *name, struct note *note, int *ret_fd)
{
    struct stat status;
    CLEANUP(close_descriptor)
    int fd = openat(tree->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0) {
        return open_error(name, note);
    }
    if (!S_ISREG(status.st_mode)) {
        note_set(note, "%s: is no file", name);
        return ERR_SYNTAX;
    }
    *ret_fd = keep(&fd);
    return OK;
}

static enum err
size_of(int fd, const char *name, size_t max, struct note *note, size_t *ret_size)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return open_error(name, note);
    }
    if (status.st_size < 0 || (uintmax_t)status.st_size > max) {
        note_set(note, "%s: larger than %zu bytes", name, max);
        return ERR_LIMIT;
    }
    *ret_size = (size_t)status.st_size;
    return OK;
}

/* Exactly len bytes. */
static enum err
read_bytes(int fd, const char *name, void *bytes, size_t len, struct note *note)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(fd, (char *)bytes + done, len - done, (off_t)done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            (void)open_error(name, note);
            return ERR_IO;
        }
        if (got == 0) {
            note_set(note, "%s: became shorter while it was read", name);
            return ERR_SYNTAX;
        }
        done += (size_t)got;
    }
    return OK;
}

/* Appends the rest of an open file. */
static enum err
append_file(int fd, const char *name, struct buf *out, struct note *note)
{
    size_t size = 0;
    enum err err = size_of(fd, name, out->max - out->len, note, &size);
    if (err != OK) {
        return err;
    }
    size_t before = out->len;
    void *bytes = buf_extend(out, size);
    if (bytes == NULL) {
        return ERR_MEMORY;
    }
    err = read_bytes(fd, name, bytes, size, note);
    if (err != OK) {
        out->len = before;
        out->data[before] = '\0';
    }
    return err;
}

enum err
tree_file(struct tree *tree, const char *name, struct buf *ret_text, struct note *note)
{
    CLEANUP(close_descriptor) int fd = -1;
    enum err err = open_file(tree, name, note, &fd);
    return err != OK ? err : append_file(fd, name, ret_text, note);
}

/* The partial tile, or the full one that replaced it; the width that the file claims by its name.
 */
static enum err
open_tile(const struct tree *tree, struct tile *tile, char path[TILE_PATH], struct note *note,
    int *ret_fd)
{
    enum err err = open_file(tree, tile_path(tile, path), note, ret_fd);
    if (err == ERR_MISSING && tile->width != TILE_WIDTH) {
        char full[TILE_PATH];
        struct tile wider = *tile;
        wider.width = TILE_WIDTH;
        if (open_file(tree, tile_path(&wider, full), NULL, ret_fd) == OK) {
            memcpy(path, full, TILE_PATH);
            *tile = wider;
            return OK;
        }
    }
    return err;
}

/* All hashes of the file; the tile's width becomes the file's. */
static enum err
read_hashes(const struct tree *tree, struct tile *tile, struct merkle_hash hashes[TILE_WIDTH],
    struct note *note)
{
    CLEANUP(close_descriptor) int fd = -1;
    char path[TILE_PATH];
    size_t size = 0;
    enum err err = open_tile(tree, tile, path, note, &fd);
    if (err != OK) {
        return err;
    }
    size_t expected = (size_t)tile->width * MERKLE_HASH;
    err = size_of(fd, path, SIZE_MAX, note, &size);
    if (err == OK && size != expected) {
        note_set(note, "%s: has %zu bytes, not %zu", path, size, expected);
        err = ERR_SYNTAX;
    }
    return err != OK ? err : read_bytes(fd, path, hashes, expected, note);
}

enum err
tree_hashes(struct tree *tree, const struct tile *tile, struct merkle_hash ret_hashes[TILE_WIDTH],
    struct note *note)
{
    struct tile found = *tile;
    assert(tile->level >= 0);
    return read_hashes(tree, &found, ret_hashes, note);
}

enum err
tree_bundle(struct tree *tree, const struct tile *tile, struct buf *ret_bundle, struct note *note)
{
    CLEANUP(close_descriptor) int fd = -1;
    char path[TILE_PATH];
    struct tile found = *tile;
    assert(tile->level == TILE_ENTRIES);
    buf_clear(ret_bundle);
    enum err err = open_tile(tree, &found, path, note, &fd);
    if (err != OK) {
        return err;
    }
    err = append_file(fd, path, ret_bundle, note);
    return err == ERR_LIMIT ? ERR_SYNTAX : err;
}

/* The bundle of an entry, from the last call where it is the same. */
static enum err
load_bundle(struct tree *tree, const struct tile *tile, struct note *note)
{
    if (tree->bundle_index == tile->index && tree->bundle_width >= tile->width) {
        return OK;
    }
    tree->bundle_width = 0;
    enum err err = tree_bundle(tree, tile, &tree->bundle, note);
    if (err == OK) {
        tree->bundle_index = tile->index;
        tree->bundle_width = tile->width;
    }
    return err;
}

enum err
tree_entry(struct tree *tree, uint64_t index, uint64_t size, const uint8_t **ret_entry,
    size_t *ret_len, struct note *note)
{
    struct tile tile = {.level = TILE_ENTRIES, .index = index / TILE_WIDTH};
    if (index >= size) {
        note_set(note, "there is no entry %" PRIu64 " in a log of %" PRIu64, index, size);
        return ERR_VALUE;
    }
    tile.width = tile_width(TILE_ENTRIES, tile.index, size);
    enum err err = load_bundle(tree, &tile, note);
    if (err != OK) {
        return err;
    }
    struct reader reader;
    const uint8_t *entry = NULL;
    size_t len = 0;
    reader_init(&reader, tree->bundle.data, tree->bundle.len);
    for (uint64_t i = 0; i <= index % TILE_WIDTH; i++) {
        entry = tile_next_entry(&reader, &len);
        if (entry == NULL) {
            char path[TILE_PATH];
            note_set(note, "%s: ends before entry %" PRIu64, tile_path(&tile, path), index);
            return ERR_SYNTAX;
        }
    }
    *ret_entry = entry;
    *ret_len = len;
    return OK;
}

/* Where the nodes of a height begin. */
static size_t
first_node(unsigned height)
{
    return 2 * (size_t)TILE_WIDTH - (2 * (size_t)TILE_WIDTH >> height);
}

static void
fill_nodes(struct tree *tree, struct slot *slot)
{
    for (unsigned height = 1; height < HEIGHT; height++) {
        const struct merkle_hash *below = slot->nodes + first_node(height - 1);
        struct merkle_hash *nodes = slot->nodes + first_node(height);
        for (size_t i = 0; i < slot->tile.width >> height; i++) {
            merkle_node(tree->merkle, &below[2 * i], &below[2 * i + 1], &nodes[i]);
        }
    }
}

static struct slot **
place_of(struct tree *tree, const struct tile *tile)
{
    size_t first = 0;
    for (int level = 0; level < tile->level; level++) {
        first += slots_of_level[level];
    }
    return &tree->slots[first + tile->index % slots_of_level[tile->level]];
}

/* The tile with its nodes, at least as wide as asked for. */
static enum err
load_slot(struct tree *tree, const struct tile *tile, const struct slot **ret_slot)
{
    struct slot **place = place_of(tree, tile);
    if (*place == NULL) {
        *place = calloc(1, sizeof(**place));
        if (*place == NULL) {
            return ERR_MEMORY;
        }
    }
    struct slot *slot = *place;
    if (slot->tile.index != tile->index || slot->tile.width < tile->width) {
        struct tile found = *tile;
        slot->tile.width = 0;
        enum err err = read_hashes(tree, &found, slot->nodes, &tree->trouble);
        if (err != OK) {
            return err;
        }
        slot->tile = found;
        fill_nodes(tree, slot);
    }
    *ret_slot = slot;
    return OK;
}

static enum err
source_hash(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    struct tree *tree = context;
    if (level >= MERKLE_DEPTH || index >= tree->size >> level) {
        note_set(&tree->trouble, "no complete subtree %" PRIu64 " at height %u", index, level);
        return ERR_VALUE;
    }
    unsigned height = level % HEIGHT;
    uint64_t hash = index << height; /* its first, in the level of tiles */
    struct tile tile = {.level = (int)(level / HEIGHT), .index = hash / TILE_WIDTH};
    tile.width = tile_width(tile.level, tile.index, tree->size);
    const struct slot *slot = NULL;
    enum err err = load_slot(tree, &tile, &slot);
    if (err == OK) {
        *ret_hash = slot->nodes[first_node(height) + hash % TILE_WIDTH / ((size_t)1 << height)];
    }
    return err;
}

struct merkle_source
tree_source(struct tree *tree, uint64_t size)
{
    tree->size = size;
    return (struct merkle_source){.hash = source_hash, .context = tree};
}

const struct note *
tree_trouble(const struct tree *tree)
{
    return &tree->trouble;
}
