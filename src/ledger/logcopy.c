/* Copies of a log: tiles first, checkpoint last, so that there is a whole copy at every moment. */
#include "ledger/logcopy.h"

#include "base/text.h"
#include "ledger/disk.h"
#include "ledger/retention.h"
#include "ledger/smallfile.h"
#include "ledger/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECKPOINT "checkpoint"
#define WITNESSED  "checkpoint.witnessed"
#define VKEY       "log.vkey"
#define HANDOVER   "handover"
#define TRIES      5

struct work {
    struct tree *tree;
    int to;
    bool whole;
    unsigned handovers;
    struct retention retention;
    struct buf vkey, checkpoint, bundle;
    struct logcopy *copy;
    struct note *note;
};

static void
work_release(struct work *work)
{
    tree_close(work->tree);
    if (work->to >= 0) {
        (void)close(work->to);
    }
    buf_release(&work->vkey);
    buf_release(&work->checkpoint);
    buf_release(&work->bundle);
}

static unsigned
count_handovers(const struct work *work)
{
    char name[32];
    unsigned count = 0;
    do {
        (void)snprintf(name, sizeof(name), HANDOVER "/%u", ++count);
    } while (faccessat(tree_folder(work->tree), name, F_OK, 0) == 0);
    return count - 1;
}

static enum err
parse_vkey(struct buf *text, struct vkey *ret_key)
{
    char line[VKEY_TEXT];
    (void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(text->data, "\n"), text->data);
    return vkey_parse(line, ret_key);
}

/* A key that is replaced meanwhile makes them differ; then they are read again. */
static enum err
read_heads(struct work *work)
{
    struct checkpoint checkpoint;
    enum err err = ERR_VALUE;
    for (int i = 0; i < TRIES && err != OK; i++) {
        buf_clear(&work->vkey);
        buf_clear(&work->checkpoint);
        work->handovers = count_handovers(work);
        err = tree_file(work->tree, VKEY, &work->vkey, work->note);
        err = err == OK ? tree_file(work->tree, CHECKPOINT, &work->checkpoint, work->note) : err;
        err = err == OK ? parse_vkey(&work->vkey, &work->copy->key) : err;
        if (err == OK) {
            err = checkpoint_open(work->checkpoint.data, work->checkpoint.len, &work->copy->key,
                &checkpoint, work->note);
        }
        err = err == OK && work->handovers != count_handovers(work) ? ERR_VALUE : err;
    }
    if (err == OK) {
        work->copy->head = checkpoint.head;
    }
    return err;
}

/* Before the checkpoint, which then covers what it refers to. */
static enum err
read_log(struct work *work)
{
    enum err err = retention_read(work->tree, &work->retention, work->note);
    err = err == OK ? read_heads(work) : err;
    return err == OK ? retention_check(work->tree, &work->retention, &work->copy->head, work->note)
                     : err;
}

static bool
has(int folder, const char *name)
{
    return faccessat(folder, name, F_OK, 0) == 0;
}

static bool
is_same_folder(int a, int b)
{
    struct stat x;
    struct stat y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static enum err
open_target(struct work *work, const char *to)
{
    /* Every event is in it; who may read a new copy is for its owner to say. */
    (void)mkdir(to, 0700);
    enum err err = disk_folder(AT_FDCWD, to, &work->to);
    if (err != OK) {
        note_set(work->note, "%s: %s", to, disk_trouble());
        return err;
    }
    if (is_same_folder(work->to, tree_folder(work->tree)) || has(work->to, "journal")) {
        note_set(work->note, "%s is a ledger's own folder; a copy goes elsewhere", to);
        return ERR_VALUE;
    }
    if (flock(work->to, LOCK_EX | LOCK_NB) != 0) {
        note_set(work->note, "%s: another copy is being made there", to);
        return ERR_REFUSED;
    }
    return OK;
}

static enum err
check_continues(struct work *work, const struct merkle_head *old)
{
    struct merkle *merkle = merkle_new();
    struct merkle_path path;
    struct merkle_source source = tree_source(work->tree, work->copy->head.size);
    if (merkle == NULL) {
        return ERR_MEMORY;
    }
    enum err err = merkle_consistency(merkle, &source, old->size, work->copy->head.size, &path);
    err = err == OK ? merkle_check_consistency(merkle, &path, old, &work->copy->head) : err;
    merkle_free(merkle);
    return err;
}

/* What the folder was a copy of before must be a beginning of what it becomes. */
static enum err
look_at_old(struct work *work, const char *to)
{
    struct tree *old = NULL;
    struct signednote parts;
    struct checkpoint checkpoint;
    struct vkey key;
    CLEANUP(buf_release) struct buf vkey;
    buf_init(&vkey, SMALLFILE_LIMIT);
    if (!has(work->to, CHECKPOINT)) {
        return OK;
    }
    struct buf *since = &work->copy->since;
    enum err err = tree_open(to, &old, work->note);
    err = err == OK ? tree_file(old, CHECKPOINT, since, work->note) : err;
    err = err == OK ? signednote_parse(since->data, since->len, &parts, work->note) : err;
    if (err == OK) {
        err = checkpoint_parse(parts.text, parts.text_len, &checkpoint, work->note);
    }
    if (err == OK && (!text_equal(checkpoint.origin, work->copy->key.name) ||
                         check_continues(work, &checkpoint.head) != OK)) {
        note_set(work->note,
            "%s holds %" PRIu64 " entries of %s, which this log of %" PRIu64
            " entries does not continue; nothing was changed there: keep it, and copy elsewhere",
            to, checkpoint.head.size, checkpoint.origin, work->copy->head.size);
        err = ERR_VALUE;
    }
    if (err == OK) {
        work->copy->before = checkpoint.head.size;
        bool is_same = tree_file(old, VKEY, &vkey, NULL) == OK && parse_vkey(&vkey, &key) == OK &&
                       text_equal(vkey.data, work->vkey.data);
        if (work->whole || !is_same) {
            buf_clear(since);
        }
    }
    tree_close(old);
    return err;
}

/* "a/b" of "a/b/c" with each folder made on the way. */
static enum err
make_folders(int to, const char *path)
{
    char part[TILE_PATH];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        int fd = -1;
        enum err err = disk_folder(to, part, &fd);
        if (err != OK) {
            return err;
        }
        (void)close(fd);
    }
    return OK;
}

static enum err
write_file(struct work *work, const char *path, const void *bytes, size_t len)
{
    int fd = -1;
    enum err err = disk_create(work->to, path, 0644, &fd);
    if (err == ERR_MISSING) {
        err = make_folders(work->to, path);
        err = err == OK ? disk_create(work->to, path, 0644, &fd) : err;
    }
    err = err == OK ? disk_truncate(fd, (off_t)len) : err;
    err = err == OK ? disk_write(fd, bytes, len, 0) : err;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (err != OK) {
        note_set(work->note, "%s: %s", path, disk_trouble());
    }
    work->copy->written++;
    return err;
}

/* A bundle that has grown since is cut to what the checkpoint covers. */
static size_t
bundle_len(const struct buf *bundle, unsigned width)
{
    struct reader reader;
    reader_init(&reader, bundle->data, bundle->len);
    for (unsigned i = 0; i < width; i++) {
        size_t len = 0;
        if (tile_next_entry(&reader, &len) == NULL) {
            return 0;
        }
    }
    return reader.pos;
}

static enum err
copy_tile(struct work *work, const struct tile *tile)
{
    char path[TILE_PATH];
    (void)tile_path(tile, path);
    if (tile->level != TILE_ENTRIES) {
        struct merkle_hash hashes[TILE_WIDTH];
        enum err err = tree_hashes(work->tree, tile, hashes, work->note);
        return err == OK ? write_file(work, path, hashes, tile->width * sizeof(hashes[0])) : err;
    }
    enum err err = tree_bundle(work->tree, tile, &work->bundle, work->note);
    size_t len = err == OK ? bundle_len(&work->bundle, tile->width) : 0;
    if (err == OK && len == 0) {
        note_set(work->note, "log/%s is damaged; `gatehouse ledger verify` says how", path);
        err = ERR_SYNTAX;
    }
    return err == OK ? write_file(work, path, work->bundle.data, len) : err;
}

/* Of a copy that was finished, and still as long as its original. */
static bool
is_there(const struct work *work, const struct tile *tile)
{
    char path[TILE_PATH];
    struct stat ours;
    struct stat theirs;
    return !work->whole && tile_width(tile->level, tile->index, work->copy->before) == TILE_WIDTH &&
           fstatat(work->to, tile_path(tile, path), &ours, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstatat(tree_folder(work->tree), path, &theirs, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_size == theirs.st_size;
}

static bool
is_pruned(const struct work *work, const struct tile *tile)
{
    char path[TILE_PATH];
    return tile->level == TILE_ENTRIES && tile->index < retention_bundles(&work->retention) &&
           !has(tree_folder(work->tree), tile_path(tile, path));
}

static enum err
copy_tiles(struct work *work)
{
    enum err err = OK;
    for (int level = TILE_ENTRIES; level < TILE_LEVELS && err == OK; level++) {
        struct tile tile = {.level = level};
        while (err == OK) {
            tile.width = tile_width(level, tile.index, work->copy->head.size);
            if (tile.width == 0) {
                break;
            }
            bool is_done = is_there(work, &tile) || is_pruned(work, &tile);
            err = is_done ? OK : copy_tile(work, &tile);
            tile.index++;
        }
    }
    return err;
}

static enum err
copy_small(struct work *work, const char *name)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, TREE_CHECKPOINT);
    enum err err = tree_file(work->tree, name, &text, work->note);
    return err == OK ? write_file(work, name, text.data, text.len) : err;
}

/* Cosignatures over more than is copied would be of a log that is not there. */
static enum err
copy_witnessed(struct work *work)
{
    CLEANUP(buf_release) struct buf text;
    struct signednote parts;
    struct checkpoint checkpoint;
    buf_init(&text, TREE_CHECKPOINT);
    bool is_good = tree_file(work->tree, WITNESSED, &text, NULL) == OK &&
                   signednote_parse(text.data, text.len, &parts, NULL) == OK &&
                   checkpoint_parse(parts.text, parts.text_len, &checkpoint, NULL) == OK &&
                   checkpoint.head.size <= work->copy->head.size;
    return is_good ? smallfile_write(work->to, WITNESSED, text.data, text.len) : OK;
}

static enum err
copy_around(struct work *work)
{
    enum err err = OK;
    for (unsigned i = 1; i <= work->handovers && err == OK; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), HANDOVER "/%u", i);
        err = copy_small(work, name);
    }
    if (err == OK && syncfs(work->to) != 0) {
        note_set(work->note, "sync: %s", strerrordesc_np(errno));
        err = ERR_IO;
    }
    return err;
}

static enum err
copy_retention(struct work *work)
{
    return work->retention.minimum == 0 ? OK
                                        : retention_write(work->to, &work->retention, work->note);
}

/* In a copy that was made before they were pruned. */
static enum err
remove_pruned(struct work *work)
{
    struct tile tile = {.level = TILE_ENTRIES, .width = TILE_WIDTH};
    enum err err = OK;
    for (; err == OK && tile.index < retention_bundles(&work->retention); tile.index++) {
        char path[TILE_PATH];
        if (is_pruned(work, &tile) && has(work->to, tile_path(&tile, path))) {
            err = disk_remove(work->to, path);
        }
    }
    if (err != OK) {
        note_set(work->note, "the copy: %s", disk_trouble());
    }
    return err;
}

/* A copy that has a head already is whole until it has the new one, and pruned only then. */
static enum err
copy_heads(struct work *work)
{
    enum err err = copy_witnessed(work);
    err = err == OK && work->copy->before == 0 ? copy_retention(work) : err;
    err = err == OK ? smallfile_write(work->to, VKEY, work->vkey.data, work->vkey.len) : err;
    if (err == OK) {
        err = smallfile_write(work->to, CHECKPOINT, work->checkpoint.data, work->checkpoint.len);
    }
    if (err != OK) {
        note_set(work->note, CHECKPOINT ": %s", disk_trouble());
    }
    err = err == OK ? copy_retention(work) : err;
    return err == OK ? remove_pruned(work) : err;
}

/* The unfinished tiles of the copy before. */
static void
remove_old_partials(struct work *work)
{
    for (int level = TILE_ENTRIES; level < TILE_LEVELS; level++) {
        int height = level < 0 ? 0 : level;
        struct tile tile = {
            .level = level, .index = (work->copy->before >> (8 * height)) / TILE_WIDTH};
        tile.width = tile_width(level, tile.index, work->copy->before);
        bool is_old = tile.width != 0 && tile.width != TILE_WIDTH &&
                      tile.width != tile_width(level, tile.index, work->copy->head.size);
        char path[TILE_PATH];
        if (is_old) {
            (void)unlinkat(work->to, tile_path(&tile, path), 0);
            *strrchr(path, '/') = '\0';
            (void)unlinkat(work->to, path, AT_REMOVEDIR);
        }
    }
}

enum err
logcopy_run(
    const char *from, const char *to, bool whole, struct logcopy *ret_copy, struct note *note)
{
    CLEANUP(work_release)
    struct work work = {.to = -1, .whole = whole, .copy = ret_copy, .note = note};
    *ret_copy = (struct logcopy){.before = 0};
    buf_init(&ret_copy->since, TREE_CHECKPOINT);
    buf_init(&work.vkey, SMALLFILE_LIMIT);
    buf_init(&work.checkpoint, TREE_CHECKPOINT);
    buf_init(&work.bundle, TREE_BUNDLE);
    enum err err = tree_open(from, &work.tree, note);
    err = err == OK ? read_log(&work) : err;
    err = err == OK ? open_target(&work, to) : err;
    err = err == OK ? look_at_old(&work, to) : err;
    err = err == OK ? copy_tiles(&work) : err;
    err = err == OK ? copy_around(&work) : err;
    err = err == OK ? copy_heads(&work) : err;
    if (err == OK) {
        remove_old_partials(&work);
    }
    return err;
}
