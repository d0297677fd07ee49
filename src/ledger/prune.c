/* Removing entry bundles below a minimum. */
#include "ledger/prune.h"

#include "ledger/checkpoint.h"
#include "ledger/disk.h"
#include "ledger/handover.h"
#include "ledger/logged.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct bundles {
    struct tree *tree;
    uint64_t end;
    uint64_t kept[HANDOVER_LIMIT]; /* bundles with the entry of a hand-over */
    size_t kept_count;
};

/* The first entry from an index on, below the limit, that was recorded then or later. */
static enum err
find_kept_since(
    struct entries *entries, int64_t before, uint64_t limit, uint64_t *index, struct note *note)
{
    uint64_t size = entries_head(entries)->size;
    struct logged *logged = logged_new();
    enum err err = logged == NULL ? ERR_MEMORY : OK;
    limit = limit < size ? limit : size;
    while (err == OK && *index < limit) {
        const uint8_t *entry = NULL;
        size_t len = 0;
        err = entries_get(entries, *index, &entry, &len, note);
        if (err == OK && logged_read(logged, entry, len) &&
            logged->numbers[LOGGED_TIME] >= before) {
            break;
        }
        *index += err == OK ? 1 : 0;
    }
    logged_free(logged);
    return err;
}

enum err
prune_find(struct entries *entries, int64_t before, uint64_t limit, uint64_t *ret_minimum,
    struct note *note)
{
    uint64_t index = entries_retention(entries)->minimum;
    enum err err = find_kept_since(entries, before, limit, &index, note);
    if (err == OK) {
        *ret_minimum = index - index % TILE_WIDTH;
    }
    return err;
}

enum err
prune_left(struct entries *entries, int64_t before, uint64_t minimum, uint64_t *ret_count,
    struct note *note)
{
    uint64_t pruned = entries_retention(entries)->minimum;
    uint64_t start = minimum > pruned ? minimum : pruned;
    uint64_t index = start;
    enum err err = find_kept_since(entries, before, UINT64_MAX, &index, note);
    if (err == OK) {
        *ret_count = index - start;
    }
    return err;
}

/* Which bundles hold what followers of the chain of keys read. */
static enum err
find_kept(struct bundles *bundles, struct note *note)
{
    for (unsigned i = 1; i <= HANDOVER_LIMIT; i++) {
        CLEANUP(buf_release) struct buf text;
        struct signednote parts;
        struct checkpoint checkpoint;
        char name[32];
        buf_init(&text, TREE_CHECKPOINT);
        (void)snprintf(name, sizeof(name), "handover/%u", i);
        enum err err = tree_file(bundles->tree, name, &text, note);
        if (err == ERR_MISSING) {
            return OK;
        }
        err = err == OK ? signednote_parse(text.data, text.len, &parts, note) : err;
        err = err == OK ? checkpoint_parse(parts.text, parts.text_len, &checkpoint, note) : err;
        if (err != OK) {
            return err;
        }
        if (checkpoint.head.size != 0) {
            bundles->kept[bundles->kept_count++] = (checkpoint.head.size - 1) / TILE_WIDTH;
        }
    }
    return OK;
}

static bool
is_kept(const struct bundles *bundles, uint64_t index)
{
    for (size_t i = 0; i < bundles->kept_count; i++) {
        if (bundles->kept[i] == index) {
            return true;
        }
    }
    return false;
}

static enum err
begin(struct bundles *bundles, struct tree *tree, uint64_t minimum, struct note *note)
{
    *bundles = (struct bundles){.tree = tree, .end = minimum / TILE_WIDTH};
    return find_kept(bundles, note);
}

/* Whether a bundle is there that goes. */
static bool
goes(const struct bundles *bundles, uint64_t index, char path[TILE_PATH], struct stat *ret_status)
{
    const struct tile tile = {.level = TILE_ENTRIES, .index = index, .width = TILE_WIDTH};
    return fstatat(tree_folder(bundles->tree), tile_path(&tile, path), ret_status,
               AT_SYMLINK_NOFOLLOW) == 0 &&
           !is_kept(bundles, index);
}

enum err
prune_look(struct tree *tree, uint64_t minimum, struct prune_plan *ret_plan, struct note *note)
{
    struct bundles bundles;
    struct prune_plan plan = {.minimum = minimum};
    enum err err = begin(&bundles, tree, minimum, note);
    for (uint64_t i = 0; err == OK && i < bundles.end; i++) {
        char path[TILE_PATH];
        struct stat status;
        if (goes(&bundles, i, path, &status)) {
            plan.bundles++;
            plan.bytes += (uint64_t)status.st_size;
        }
        plan.kept += is_kept(&bundles, i) ? 1 : 0;
    }
    if (err == OK) {
        *ret_plan = plan;
    }
    return err;
}

enum err
prune_remove(struct tree *tree, uint64_t minimum, struct note *note)
{
    struct bundles bundles;
    int log = tree_folder(tree);
    enum err err = begin(&bundles, tree, minimum, note);
    for (uint64_t i = 0; err == OK && i < bundles.end; i++) {
        char path[TILE_PATH];
        struct stat status;
        err = goes(&bundles, i, path, &status) ? disk_remove(log, path) : OK;
        if (err != OK) {
            note_set(note, "log/%s: %s", path, disk_trouble());
        }
    }
    if (err == OK && syncfs(log) != 0) {
        note_set(note, "sync: %s", strerrordesc_np(errno));
        err = ERR_IO;
    }
    return err;
}
