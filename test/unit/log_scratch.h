/* A log's folder that a test makes for itself: entry i is "entry i", one more byte each 100. */
#pragma once

#include "base/file.h"
#include "ledger/checkpoint.h"
#include "ledger/tile.h"

#include "test.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SCRATCH_SIZE 70000 /* the specification's example: three levels, all of them partial */

static char scratch[64];
static uint64_t scratch_change = UINT64_MAX;   /* entries from this one on say something else */
static uint64_t scratch_event_at = UINT64_MAX; /* this entry says scratch_event */
static const char *scratch_event = "";

static inline size_t
scratch_entry(uint64_t index, char out[1024])
{
    if (index == scratch_event_at) {
        return (size_t)snprintf(out, 1024, "%s", scratch_event);
    }
    return (size_t)snprintf(out, 1024, "%s %" PRIu64 "%*s",
        index < scratch_change ? "entry" : "other", index, (int)(index / 100), "");
}

static inline void
scratch_path(char out[256], const char *name)
{
    (void)snprintf(out, 256, "%s/%s", scratch, name);
}

static inline void
scratch_put(const char *name, const void *bytes, size_t len)
{
    char path[256];
    char folder[256];
    scratch_path(path, name);
    (void)snprintf(folder, sizeof(folder), "%s", path);
    *strrchr(folder, '/') = '\0';
    struct note note = {""};
    assert_int_equal(file_make_folder(folder, &note), OK);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline void
scratch_put_tile(int level, uint64_t index, uint64_t size, const void *bytes, size_t len)
{
    char path[TILE_PATH];
    const struct tile tile = {level, index, tile_width(level, index, size)};
    scratch_put(tile_path(&tile, path), bytes, len);
}

/* Writes one level and returns the roots of its full tiles, to be freed. */
static inline struct merkle_hash *
scratch_put_level(struct merkle *merkle, int level, const struct merkle_hash *hashes, uint64_t size)
{
    uint64_t count = size >> (8 * level);
    struct merkle_hash *above = calloc(count / TILE_WIDTH + 1, sizeof(*above));
    assert_non_null(above);
    for (uint64_t i = 0; i * TILE_WIDTH < count; i++) {
        unsigned width = tile_width(level, i, size);
        struct merkle_frontier frontier = {0};
        scratch_put_tile(level, i, size, hashes + i * TILE_WIDTH, (size_t)width * sizeof(*hashes));
        for (unsigned j = 0; j < width && width == TILE_WIDTH; j++) {
            merkle_grow(merkle, &frontier, &hashes[i * TILE_WIDTH + j]);
        }
        if (width == TILE_WIDTH) {
            above[i] = frontier.nodes[0];
        }
    }
    return above;
}

static inline struct merkle_head
scratch_put_log(struct merkle *merkle, uint64_t size)
{
    struct merkle_hash *hashes = calloc(size + 1, sizeof(*hashes));
    struct merkle_frontier frontier = {0};
    struct merkle_head head = {.size = size};
    CLEANUP(buf_release) struct buf bundle;
    buf_init(&bundle, (size_t)TILE_WIDTH * 1024);
    assert_non_null(hashes);
    for (uint64_t i = 0; i < size; i++) {
        char entry[1024];
        size_t len = scratch_entry(i, entry);
        merkle_leaf(merkle, entry, len, &hashes[i]);
        merkle_grow(merkle, &frontier, &hashes[i]);
        tile_put_entry(&bundle, entry, len);
        if (i % TILE_WIDTH == TILE_WIDTH - 1 || i == size - 1) {
            scratch_put_tile(TILE_ENTRIES, i / TILE_WIDTH, size, bundle.data, bundle.len);
            buf_clear(&bundle);
        }
    }
    for (int level = 0; level < TILE_LEVELS && size >> (8 * level) != 0; level++) {
        struct merkle_hash *above = scratch_put_level(merkle, level, hashes, size);
        free(hashes);
        hashes = above;
    }
    free(hashes);
    merkle_root(merkle, &frontier, &head.root);
    return head;
}

static inline int
scratch_remove_one(const char *path, const struct stat *status, int flag, struct FTW *at)
{
    (void)status;
    (void)flag;
    (void)at;
    return remove(path);
}

static inline void
scratch_make(const char *name)
{
    (void)snprintf(scratch, sizeof(scratch), "/tmp/gatehouse-test-%s.XXXXXX", name);
    assert_non_null(mkdtemp(scratch));
}

static inline int
scratch_remove(void)
{
    return nftw(scratch, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
