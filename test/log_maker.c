/* A log's static files for tests and measurements. */
#include "log_maker.h"

#include "ledger/checkpoint.h"
#include "ledger/signednote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
need(bool is_true, const char *what)
{
    if (!is_true) {
        (void)fprintf(stderr, "log_maker: %s: %s\n", what, strerror(errno));
        abort();
    }
}

static void
make_parents(int folder, const char *path)
{
    char part[256];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - path);
        need(len < sizeof(part), path);
        memcpy(part, path, len);
        part[len] = '\0';
        need(mkdirat(folder, part, 0755) == 0 || errno == EEXIST, part);
    }
}

/* The folders are nearly always there, so they are made only when the file says they are not. */
static void
write_file(int folder, const char *path, const void *bytes, size_t len)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    int fd = openat(folder, path, flags, 0644);
    if (fd < 0 && errno == ENOENT) {
        make_parents(folder, path);
        fd = openat(folder, path, flags, 0644);
    }
    need(fd >= 0, path);
    for (size_t done = 0; done < len;) {
        ssize_t put = write(fd, (const char *)bytes + done, len - done);
        need(put > 0, path);
        done += (size_t)put;
    }
    need(close(fd) == 0, path);
}

void
log_maker_open(struct log_maker *maker, const char *path)
{
    memset(maker, 0, sizeof(*maker));
    need(mkdir(path, 0755) == 0 || errno == EEXIST, path);
    int parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    need(parent >= 0 && mkdirat(parent, "log", 0755) == 0, path);
    maker->folder = openat(parent, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    need(maker->folder >= 0, path);
    (void)close(parent);
    maker->merkle = merkle_new();
    need(maker->merkle != NULL, "memory");
    buf_init(&maker->bundle, (size_t)TILE_WIDTH * (TILE_ENTRY + 2));
}

void
log_maker_close(struct log_maker *maker)
{
    (void)close(maker->folder);
    merkle_free(maker->merkle);
    buf_release(&maker->bundle);
}

static void
write_tile(const struct log_maker *maker, int level, const void *bytes, size_t len)
{
    char path[TILE_PATH];
    size_t at = level == TILE_ENTRIES ? 0 : (size_t)level;
    uint64_t below = maker->frontier.size >> (8 * at);
    struct tile tile = {.level = level, .index = (below - 1) / TILE_WIDTH};
    tile.width = maker->widths[at];
    write_file(maker->folder, tile_path(&tile, path), bytes, len);
}

static void
tile_root(struct log_maker *maker, const struct merkle_hash *hashes, struct merkle_hash *ret_root)
{
    struct merkle_frontier frontier = {.size = 0};
    for (size_t i = 0; i < TILE_WIDTH; i++) {
        merkle_grow(maker->merkle, &frontier, &hashes[i]);
    }
    merkle_root(maker->merkle, &frontier, ret_root);
}

void
log_maker_add(struct log_maker *maker, const void *entry, size_t len)
{
    struct merkle_hash hash;
    merkle_leaf(maker->merkle, entry, len, &hash);
    merkle_grow(maker->merkle, &maker->frontier, &hash);
    tile_put_entry(&maker->bundle, entry, len);
    need(buf_error(&maker->bundle) == OK, "bundle");
    for (int level = 0; level < TILE_LEVELS; level++) {
        struct merkle_hash *tile = maker->tiles[level];
        tile[maker->widths[level]++] = hash;
        if (maker->widths[level] < TILE_WIDTH) {
            return;
        }
        if (level == 0) {
            write_tile(maker, TILE_ENTRIES, maker->bundle.data, maker->bundle.len);
            buf_clear(&maker->bundle);
        }
        write_tile(maker, level, tile, sizeof(maker->tiles[level]));
        tile_root(maker, tile, &hash);
        maker->widths[level] = 0;
    }
}

static void
sign_with(struct buf *note, size_t text_len, const struct key *key)
{
    uint8_t blob[VKEY_BLOB];
    key_sign(key, note->data, text_len, blob);
    struct signednote_signature signature = {.key = key_public(key), .signature = blob};
    signednote_put(note, &signature);
}

void
log_maker_sign(
    struct log_maker *maker, const struct key *key, const struct key *other, const char *name)
{
    char text[VKEY_TEXT + 1];
    CLEANUP(buf_release) struct buf note;
    struct checkpoint checkpoint = {.head = {.size = maker->frontier.size}};
    if (maker->widths[0] != 0) {
        write_tile(maker, TILE_ENTRIES, maker->bundle.data, maker->bundle.len);
    }
    for (int level = 0; level < TILE_LEVELS; level++) {
        if (maker->widths[level] != 0) {
            write_tile(maker, level, maker->tiles[level],
                maker->widths[level] * sizeof(struct merkle_hash));
        }
    }
    merkle_root(maker->merkle, &maker->frontier, &checkpoint.head.root);
    memcpy(checkpoint.origin, key_public(key)->name, sizeof(checkpoint.origin));
    buf_init(&note, SIGNEDNOTE_LIMIT);
    checkpoint_put(&note, &checkpoint);
    size_t text_len = note.len;
    buf_byte(&note, '\n');
    sign_with(&note, text_len, key);
    if (other != NULL) {
        sign_with(&note, text_len, other);
    }
    write_file(maker->folder, name, note.data, note.len);
    size_t len = strlen(vkey_text(key_public(other == NULL ? key : other), text));
    text[len++] = '\n';
    write_file(maker->folder, "log.vkey", text, len);
}
