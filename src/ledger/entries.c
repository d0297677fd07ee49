/* The entries of a log. */
#include "ledger/entries.h"

#include "ledger/checkpoint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NO_BUNDLE UINT64_MAX

struct entry {
    const uint8_t *bytes;
    size_t len;
};

struct entries {
    struct tree *tree;
    struct merkle *merkle;
    struct merkle_head head;
    char origin[VKEY_NAME];
    struct retention retention;
    struct buf bundle;
    uint64_t bundle_index;
    unsigned bundle_width;
    struct entry of_bundle[TILE_WIDTH];
    uint64_t proven; /* the last tile of leaves whose hashes lead to the root */
};

enum err
entries_open(const char *folder, struct entries **ret_entries, struct note *note)
{
    struct entries *entries = calloc(1, sizeof(*entries));
    if (entries == NULL) {
        return ERR_MEMORY;
    }
    buf_init(&entries->bundle, TREE_BUNDLE);
    entries->bundle_index = NO_BUNDLE;
    entries->proven = NO_BUNDLE;
    entries->merkle = merkle_new();
    enum err err = entries->merkle == NULL ? ERR_MEMORY : OK;
    if (err == OK) {
        err = tree_open(folder, &entries->tree, note);
    }
    if (err == OK) {
        err = entries_refresh(entries, note);
    }
    if (err != OK) {
        entries_close(entries);
        return err;
    }
    *ret_entries = entries;
    return OK;
}

void
entries_close(struct entries *entries)
{
    if (entries != NULL) {
        tree_close(entries->tree);
        merkle_free(entries->merkle);
        buf_release(&entries->bundle);
        free(entries);
    }
}

const struct merkle_head *
entries_head(const struct entries *entries)
{
    return &entries->head;
}

const char *
entries_origin(const struct entries *entries)
{
    return entries->origin;
}

const struct retention *
entries_retention(const struct entries *entries)
{
    return &entries->retention;
}

/* A statement that was seen in this log before stays in it. */
static enum err
take_retention(struct entries *entries, const struct retention *retention, struct note *note)
{
    enum err err = OK;
    if (entries->retention.minimum != retention->minimum ||
        entries->retention.event != retention->event) {
        err = retention_check(entries->tree, retention, &entries->head, note);
    }
    if (err == OK) {
        entries->retention = *retention;
    }
    return err;
}

enum err
entries_refresh(struct entries *entries, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    struct signednote signed_note;
    struct checkpoint checkpoint;
    struct retention retention;
    buf_init(&text, TREE_CHECKPOINT);
    enum err err = retention_read(entries->tree, &retention, note);
    err = err == OK ? tree_file(entries->tree, "checkpoint", &text, note) : err;
    if (err == OK) {
        err = signednote_parse(text.data, text.len, &signed_note, note);
    }
    if (err == OK) {
        err = checkpoint_parse(signed_note.text, signed_note.text_len, &checkpoint, note);
    }
    if (err == OK) {
        if (checkpoint.head.size < entries->head.size ||
            (checkpoint.head.size == entries->head.size &&
                !merkle_equal(&checkpoint.head.root, &entries->head.root))) {
            entries->bundle_index = NO_BUNDLE; /* another log, or an old copy */
        }
        entries->head = checkpoint.head;
        memcpy(entries->origin, checkpoint.origin, sizeof(entries->origin));
        entries->proven = NO_BUNDLE;
        err = take_retention(entries, &retention, note);
    }
    return err;
}

static enum err
load_bundle(struct entries *entries, uint64_t number, struct note *note)
{
    struct tile tile = {
        .level = TILE_ENTRIES,
        .index = number,
        .width = tile_width(TILE_ENTRIES, number, entries->head.size),
    };
    if (entries->bundle_index == number && entries->bundle_width >= tile.width) {
        return OK;
    }
    entries->bundle_index = NO_BUNDLE;
    enum err err = tree_bundle(entries->tree, &tile, &entries->bundle, note);
    struct reader reader;
    reader_init(&reader, entries->bundle.data, entries->bundle.len);
    for (unsigned i = 0; err == OK && i < tile.width; i++) {
        struct entry *entry = &entries->of_bundle[i];
        entry->bytes = tile_next_entry(&reader, &entry->len);
        if (entry->bytes == NULL) {
            char path[TILE_PATH];
            note_set(note, "%s ends before its entry %u", tile_path(&tile, path), i);
            err = ERR_SYNTAX;
        }
    }
    if (err == OK) {
        entries->bundle_index = number;
        entries->bundle_width = tile.width;
    }
    return err;
}

enum err
entries_get(struct entries *entries, uint64_t index, const uint8_t **ret_entry, size_t *ret_len,
    struct note *note)
{
    assert(index < entries->head.size);
    if (index < entries->retention.minimum) {
        note_set(note, "entry %" PRIu64 " is pruned by policy (event #%" PRIu64 ")", index,
            entries->retention.event);
        return ERR_MISSING;
    }
    enum err err = load_bundle(entries, index / TILE_WIDTH, note);
    if (err == OK) {
        const struct entry *entry = &entries->of_bundle[index % TILE_WIDTH];
        *ret_entry = entry->bytes;
        *ret_len = entry->len;
    }
    return err;
}

/* The path of one leaf holds the hashes of all others of its tile: with it, all are proven. */
static enum err
prove_tile(struct entries *entries, const struct merkle_source *source, uint64_t index)
{
    struct merkle_path path;
    struct merkle_hash leaf;
    uint64_t size = entries->head.size;
    if (entries->proven == index / TILE_WIDTH) {
        return OK;
    }
    entries->proven = NO_BUNDLE;
    enum err err = merkle_inclusion(entries->merkle, source, index, size, &path);
    err = err == OK ? source->hash(source->context, 0, index, &leaf) : err;
    if (err == OK) {
        err = merkle_check_inclusion(entries->merkle, &path, index, &leaf, &entries->head);
    }
    if (err == OK) {
        entries->proven = index / TILE_WIDTH;
    }
    return err;
}

enum err
entries_prove(
    struct entries *entries, uint64_t index, const uint8_t *entry, size_t len, struct note *note)
{
    struct merkle_hash leaf, signed_leaf;
    struct merkle_source source = tree_source(entries->tree, entries->head.size);
    enum err err = prove_tile(entries, &source, index);
    err = err == OK ? source.hash(source.context, 0, index, &signed_leaf) : err;
    merkle_leaf(entries->merkle, entry, len, &leaf);
    if (err == OK && merkle_equal(&leaf, &signed_leaf)) {
        return OK;
    }
    note_set(note,
        "entry %" PRIu64 " is not the one that the checkpoint is about; `gatehouse ledger verify` "
        "says more",
        index);
    return err == ERR_MEMORY ? err : ERR_VALUE;
}

void
entries_grow(
    struct entries *entries, struct merkle_frontier *frontier, const uint8_t *entry, size_t len)
{
    struct merkle_hash leaf;
    merkle_leaf(entries->merkle, entry, len, &leaf);
    merkle_grow(entries->merkle, frontier, &leaf);
}

enum err
entries_grow_pruned(struct entries *entries, struct merkle_frontier *frontier, struct note *note)
{
    struct merkle_hash leaf;
    struct merkle_source source = tree_source(entries->tree, entries->head.size);
    enum err err = source.hash(source.context, 0, frontier->size, &leaf);
    if (err == OK) {
        merkle_grow(entries->merkle, frontier, &leaf);
    } else {
        note_set(note, "%s", tree_trouble(entries->tree)->text);
    }
    return err;
}

bool
entries_are(struct entries *entries, const struct merkle_frontier *frontier)
{
    struct merkle_hash root;
    merkle_root(entries->merkle, frontier, &root);
    return frontier->size == entries->head.size && merkle_equal(&root, &entries->head.root);
}
