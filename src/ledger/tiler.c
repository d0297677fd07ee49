/* Tiles from entries, and how they become durable. */
#include "ledger/tiler.h"

#include "ledger/disk.h"
#include "ledger/syncpool.h"
#include "ledger/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TILE_BYTES ((size_t)TILE_WIDTH * MERKLE_HASH)
#define SYNC_FILES 128 /* on their way at once */

enum err
tiler_init(struct tiler *tiler, int log)
{
    memset(tiler, 0, sizeof(*tiler));
    tiler->log = log;
    buf_init(&tiler->bundle, TREE_BUNDLE);
    tiler->merkle = merkle_new();
    return tiler->merkle == NULL ? ERR_MEMORY : OK;
}

void
tiler_release(struct tiler *tiler)
{
    buf_release(&tiler->bundle);
    merkle_free(tiler->merkle);
    tiler->merkle = NULL;
}

/* The root of a power of two of hashes. */
static void
subtree(struct merkle *merkle, const struct merkle_hash *hashes, size_t count,
    struct merkle_hash *ret_root)
{
    struct merkle_hash level[TILE_WIDTH];
    memcpy(level, hashes, count * sizeof(*hashes));
    for (; count > 1; count /= 2) {
        for (size_t i = 0; i < count / 2; i++) {
            merkle_node(merkle, &level[2 * i], &level[2 * i + 1], &level[i]);
        }
    }
    *ret_root = level[0];
}

/* "a/b" of "a/b/c" with each folder made on the way. */
static enum err
make_folders(int log, const char *path)
{
    char part[TILE_PATH];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        int fd = -1;
        enum err err = disk_folder(log, part, &fd);
        if (err != OK) {
            return err;
        }
        (void)close(fd);
    }
    return OK;
}

static enum err
write_file(int log, const char *path, const void *bytes, size_t len)
{
    int fd = -1;
    enum err err = disk_create(log, path, 0644, &fd);
    if (err == ERR_MISSING) {
        err = make_folders(log, path);
        err = err == OK ? disk_create(log, path, 0644, &fd) : err;
    }
    if (err != OK) {
        return err == ERR_MISSING ? ERR_IO : err;
    }
    err = disk_write(fd, bytes, len, 0);
    struct stat status;
    if (err == OK && (fstat(fd, &status) != 0 || (uint64_t)status.st_size != len)) {
        err = disk_truncate(fd, (off_t)len);
    }
    (void)close(fd);
    return err;
}

static enum err
write_tile(const struct tiler *tiler, int level, uint64_t index, unsigned width)
{
    char path[TILE_PATH];
    const struct tile tile = {.level = level, .index = index, .width = width};
    (void)tile_path(&tile, path);
    if (level == TILE_ENTRIES) {
        return write_file(tiler->log, path, tiler->bundle.data, tiler->bundle.len);
    }
    return write_file(tiler->log, path, tiler->edges[level].hashes, (size_t)width * MERKLE_HASH);
}

/* Removes "N.p" once N is there. */
static enum err
remove_partials(int log, int level, uint64_t index)
{
    char path[TILE_PATH];
    const struct tile tile = {.level = level, .index = index, .width = 1};
    (void)tile_path(&tile, path);
    *strrchr(path, '/') = '\0';
    int folder = openat(log, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = folder < 0 ? NULL : fdopendir(folder);
    if (list == NULL) {
        bool is_absent = folder < 0 && errno == ENOENT;
        if (folder >= 0) {
            (void)close(folder);
        }
        return is_absent ? OK : ERR_IO;
    }
    enum err err = OK;
    for (const struct dirent *entry = readdir(list); entry != NULL && err == OK;
         entry = readdir(list)) {
        if (entry->d_name[0] != '.') {
            err = disk_remove(folder, entry->d_name);
        }
    }
    (void)closedir(list);
    return err == OK ? disk_remove(log, path) : err;
}

static void
grow(struct tiler *tiler, int level, const struct merkle_hash *hash)
{
    struct tiler_edge *edge = &tiler->edges[level];
    assert(edge->count < TILE_WIDTH);
    edge->hashes[edge->count++] = *hash;
}

/* Writes one full tile of each level that has one, the uppermost first, so that there is room. */
static enum err
settle(struct tiler *tiler, int level)
{
    int top = level;
    while (top + 1 < TILE_LEVELS && tiler->edges[top + 1].count == TILE_WIDTH) {
        top++;
    }
    for (int at = top; at >= level; at--) {
        struct tiler_edge *edge = &tiler->edges[at];
        enum err err = write_tile(tiler, at, edge->index, TILE_WIDTH);
        if (err == OK && at == 0) {
            err = write_tile(tiler, TILE_ENTRIES, edge->index, TILE_WIDTH);
        }
        bool has_partials =
            edge->index << (8 * (at + 1)) < tiler->repair || edge->partials == edge->index + 1;
        if (err == OK && has_partials) {
            err = remove_partials(tiler->log, at, edge->index);
        }
        if (err == OK && has_partials && at == 0) {
            err = remove_partials(tiler->log, TILE_ENTRIES, edge->index);
        }
        if (err != OK) {
            return err;
        }
        assert(at + 1 < TILE_LEVELS);
        struct merkle_hash root;
        subtree(tiler->merkle, edge->hashes, TILE_WIDTH, &root);
        grow(tiler, at + 1, &root);
        edge->index++;
        edge->count = 0;
    }
    if (level == 0) {
        buf_clear(&tiler->bundle);
    }
    return OK;
}

enum err
tiler_settle(struct tiler *tiler)
{
    enum err err = OK;
    for (int level = 0; level < TILE_LEVELS && err == OK; level++) {
        if (tiler->edges[level].count == TILE_WIDTH) {
            err = settle(tiler, level);
        }
    }
    return err;
}

enum err
tiler_add(struct tiler *tiler, struct reader *payload, uint64_t *count)
{
    while (*count != 0) {
        if (tiler->edges[0].count == TILE_WIDTH) {
            enum err err = settle(tiler, 0);
            if (err != OK) {
                return err;
            }
        }
        size_t begun = payload->pos;
        while (*count != 0 && tiler->edges[0].count < TILE_WIDTH) {
            size_t len = 0;
            const uint8_t *entry = tile_next_entry(payload, &len);
            if (entry == NULL) {
                return ERR_SYNTAX;
            }
            struct merkle_hash leaf;
            merkle_leaf(tiler->merkle, entry, len, &leaf);
            grow(tiler, 0, &leaf);
            tiler->size++;
            (*count)--;
        }
        buf_add(&tiler->bundle, payload->data + begun, payload->pos - begun);
        if (buf_error(&tiler->bundle) != OK) {
            return ERR_MEMORY;
        }
    }
    return OK;
}

void
tiler_root(const struct tiler *tiler, struct merkle_hash *ret_root)
{
    struct merkle_frontier frontier = {.size = tiler->size};
    size_t nodes = 0;
    for (int level = TILE_LEVELS - 1; level >= 0; level--) {
        const struct tiler_edge *edge = &tiler->edges[level];
        size_t done = 0;
        for (size_t part = TILE_WIDTH / 2; part != 0; part /= 2) {
            if ((edge->count & part) != 0) {
                subtree(tiler->merkle, edge->hashes + done, part, &frontier.nodes[nodes++]);
                done += part;
            }
        }
    }
    merkle_root(tiler->merkle, &frontier, ret_root);
}

enum err
tiler_partials(struct tiler *tiler)
{
    enum err err = OK;
    for (int level = 0; level < TILE_LEVELS && err == OK; level++) {
        struct tiler_edge *edge = &tiler->edges[level];
        if (edge->count == 0) {
            continue;
        }
        edge->partials = edge->index + 1;
        err = write_tile(tiler, level, edge->index, edge->count);
        if (err == OK && level == 0) {
            err = write_tile(tiler, TILE_ENTRIES, edge->index, edge->count);
        }
    }
    return err;
}

/* A full tile's hashes. */
static enum err
read_tile(const struct tiler *tiler, int level, uint64_t index, struct merkle_hash *ret_hashes,
    struct note *note)
{
    char path[TILE_PATH];
    const struct tile tile = {.level = level, .index = index, .width = TILE_WIDTH};
    (void)tile_path(&tile, path);
    int fd = openat(tiler->log, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = fd < 0 ? -1 : pread(fd, ret_hashes, TILE_BYTES, 0);
    int reason = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (got == (ssize_t)TILE_BYTES) {
        return OK;
    }
    note_set(note, "log/%s: %s", path, got < 0 ? strerrordesc_np(reason) : "cut short");
    return got < 0 && reason == EIO ? ERR_IO : ERR_VALUE;
}

/* The hashes of a level are the roots of the full tiles below. */
static enum err
load_level(struct tiler *tiler, int level, uint64_t size, struct note *note)
{
    struct tiler_edge *edge = &tiler->edges[level];
    uint64_t hashes = size >> (8 * level);
    edge->index = hashes / TILE_WIDTH;
    edge->count = 0;
    for (uint64_t i = 0; i < hashes % TILE_WIDTH; i++) {
        struct merkle_hash below[TILE_WIDTH];
        struct merkle_hash root;
        enum err err = read_tile(tiler, level - 1, edge->index * TILE_WIDTH + i, below, note);
        if (err != OK) {
            return err;
        }
        subtree(tiler->merkle, below, TILE_WIDTH, &root);
        grow(tiler, level, &root);
    }
    return OK;
}

enum err
tiler_load(struct tiler *tiler, uint64_t size, struct note *note)
{
    assert(size % TILE_WIDTH == 0);
    buf_clear(&tiler->bundle);
    tiler->size = size;
    tiler->edges[0].index = size / TILE_WIDTH;
    tiler->edges[0].count = 0;
    enum err err = OK;
    for (int level = 1; level < TILE_LEVELS && err == OK; level++) {
        err = load_level(tiler, level, size, note);
    }
    return err;
}

static enum err
sync_folder(int log, const char *path)
{
    int fd = openat(log, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return ERR_IO;
    }
    enum err err = disk_sync(fd);
    (void)close(fd);
    return err;
}

static enum err
begin_sync(int log, const struct tile *tile)
{
    char path[TILE_PATH];
    int fd = openat(log, tile_path(tile, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return ERR_IO;
    }
    enum err err = disk_begin_sync(fd);
    (void)close(fd);
    return err;
}

/* How many tiles of a level a size completes. */
static uint64_t
full_tiles(int level, uint64_t size)
{
    return size >> (8 * (level < 0 ? 1U : (unsigned)level + 1));
}

/* A level's files: first all are on their way, then they are waited for together. */
static enum err
sync_files(int log, int level, uint64_t from, uint64_t size)
{
    struct tile tile = {.level = level, .index = full_tiles(level, from), .width = TILE_WIDTH};
    uint64_t end = full_tiles(level, size);
    enum err err = OK;
    while (tile.index < end && err == OK) {
        const struct tile first = tile;
        size_t count = 0;
        for (; tile.index < end && count < SYNC_FILES && err == OK; count++) {
            err = begin_sync(log, &tile);
            tile.index++;
        }
        err = err == OK ? syncpool_sync(log, &first, count) : err;
    }
    return err;
}

/* The folders above a tile, up to the log's own; those that the one before had too are done. */
static enum err
sync_folders_above(int log, const char *path, char last[TILE_PATH])
{
    char folder[TILE_PATH];
    (void)snprintf(folder, sizeof(folder), "%s", path);
    enum err err = OK;
    for (char *slash = strrchr(folder, '/'); slash != NULL && err == OK;
         slash = strrchr(folder, '/')) {
        *slash = '\0';
        size_t len = strlen(folder);
        if (strncmp(last, folder, len) == 0 && last[len] == '/') {
            break;
        }
        err = sync_folder(log, folder);
    }
    (void)snprintf(last, TILE_PATH, "%s", path);
    return err;
}

static enum err
sync_folders(int log, int level, uint64_t from, uint64_t size)
{
    char last[TILE_PATH] = "";
    enum err err = OK;
    for (uint64_t index = full_tiles(level, from); index < full_tiles(level, size) && err == OK;
         index++) {
        char path[TILE_PATH];
        const struct tile tile = {.level = level, .index = index, .width = TILE_WIDTH};
        err = sync_folders_above(log, tile_path(&tile, path), last);
    }
    return err;
}

enum err
tiler_sync(int log, uint64_t from, uint64_t size)
{
    enum err err = OK;
    for (int level = TILE_ENTRIES; level < TILE_LEVELS - 1 && err == OK; level++) {
        err = sync_files(log, level, from, size);
    }
    for (int level = TILE_ENTRIES; level < TILE_LEVELS - 1 && err == OK; level++) {
        err = sync_folders(log, level, from, size);
    }
    return err == OK ? disk_sync(log) : err;
}
