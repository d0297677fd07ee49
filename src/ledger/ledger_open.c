/* The writer's beginning and end: making a ledger, taking it up again, letting it go. */
#include "base/clock.h"
#include "base/text.h"
#include "ledger/disk.h"
#include "ledger/ledger_inside.h"
#include "ledger/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static struct journal_settings
journal_settings(const struct ledger_settings *settings)
{
    struct journal_settings journal = {
        .origin = key_public(settings->key)->name,
        .segment_bytes = settings->segment_bytes == 0 ? LEDGER_SEGMENT : settings->segment_bytes,
        .reserve_bytes = settings->reserve_bytes == 0 ? LEDGER_RESERVE : settings->reserve_bytes,
        .limit_bytes = settings->backlog_bytes == 0 ? LEDGER_BACKLOG : settings->backlog_bytes,
    };
    /* Every one holds the longest entry, and the limit never keeps the next one from being made. */
    uint64_t least = SEGMENT_PAGE + segment_span(SEGMENT_HEAD + 2 + (size_t)TILE_ENTRY);
    journal.segment_bytes = segment_span((size_t)journal.segment_bytes);
    journal.reserve_bytes = segment_span((size_t)journal.reserve_bytes);
    journal.segment_bytes = journal.segment_bytes < least ? least : journal.segment_bytes;
    journal.reserve_bytes = journal.reserve_bytes < least ? least : journal.reserve_bytes;
    uint64_t lowest = journal.segment_bytes * (JOURNAL_READY + 2);
    journal.limit_bytes = journal.limit_bytes < lowest ? lowest : journal.limit_bytes;
    return journal;
}

/* ERR_REFUSED: somebody has it. The lock goes with the descriptor. */
static enum err
take_lock(int folder, const char *name, int *ret_lock, struct note *note)
{
    int fd = -1;
    enum err err = disk_create(folder, "lock", 0600, &fd);
    if (err != OK) {
        note_set(note, "%s/lock: %s", name, disk_trouble());
        return err;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool is_taken = errno == EWOULDBLOCK;
        note_set(note, "%s: %s", name,
            is_taken ? "another process writes this ledger" : strerrordesc_np(errno));
        (void)close(fd);
        return is_taken ? ERR_REFUSED : ERR_IO;
    }
    *ret_lock = fd;
    return OK;
}

static void
close_descriptor(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static bool
has(int folder, const char *name)
{
    return faccessat(folder, name, F_OK, 0) == 0;
}

/* The ledger's own name is durable when its creation is said to have succeeded. */
static enum err
sync_parent(const char *path)
{
    CLEANUP(buf_release) struct buf parent;
    buf_init(&parent, 4096);
    buf_format(&parent, "%s/..", path);
    CLEANUP(close_descriptor)
    int fd = open(parent.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? ERR_IO : disk_sync(fd);
}

/* One without entries may be left of a creation that was cut short. */
static enum err
create_journal(int folder, const struct ledger_settings *settings, struct note *note)
{
    const struct journal_settings form = journal_settings(settings);
    struct journal *journal = NULL;
    struct journal_found found = {0};
    enum err err = journal_open(folder, &form, &journal, &found, note);
    journal_close(journal);
    if (err == ERR_MISSING) {
        return journal_create(folder, &form, note);
    }
    if (err == OK && found.end != 0) {
        note_set(note, "%s: the journal holds entries, but there is no log", settings->folder);
        return ERR_VALUE;
    }
    return err;
}

enum err
ledger_create(const struct ledger_settings *settings, struct note *note)
{
    CLEANUP(close_descriptor) int folder = -1;
    CLEANUP(close_descriptor) int lock = -1;
    enum err err = disk_folder(AT_FDCWD, settings->folder, &folder);
    if (err != OK) {
        note_set(note, "%s: %s", settings->folder, disk_trouble());
        return err;
    }
    err = take_lock(folder, settings->folder, &lock, note);
    if (err != OK) {
        return err;
    }
    if (has(folder, PUBLISHER_LOG "/checkpoint") || has(folder, PUBLISHER_LOG "/tile")) {
        note_set(note, "%s: there is a ledger already", settings->folder);
        return ERR_VALUE;
    }
    err = create_journal(folder, settings, note);
    err = err == OK ? publisher_create(folder, settings->key, note) : err;
    return err == OK ? sync_parent(settings->folder) : err;
}

static enum err
open_folder(struct ledger *ledger, const char *name, struct note *note)
{
    ledger->folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ledger->folder < 0) {
        note_set(note, "%s: %s", name, strerrordesc_np(errno));
        return errno == ENOENT ? ERR_MISSING : ERR_IO;
    }
    if (!has(ledger->folder, PUBLISHER_LOG "/checkpoint")) {
        bool is_broken = has(ledger->folder, PUBLISHER_LOG "/tile");
        note_set(
            note, is_broken ? "%s: the log has no checkpoint" : "%s: there is no ledger", name);
        return is_broken ? ERR_VALUE : ERR_MISSING;
    }
    return take_lock(ledger->folder, name, &ledger->lock, note);
}

static enum err
recover(struct ledger *ledger, const struct ledger_settings *settings,
    struct ledger_recovery *ret_recovery, struct note *note)
{
    const struct journal_settings form = journal_settings(settings);
    struct journal_found found = {0};
    struct merkle_head head = {0};
    enum err err = publisher_open(ledger->folder, settings->key, &ledger->publisher, &head, note);
    if (err != OK) {
        return err == ERR_MISSING ? ERR_VALUE : err;
    }
    err = journal_open(ledger->folder, &form, &ledger->journal, &found, note);
    if (err != OK) {
        return err == ERR_MISSING ? ERR_VALUE : err;
    }
    err = publisher_recover(ledger->publisher, ledger->journal, &found, &head, note);
    if (err != OK) {
        return err;
    }
    ledger->size = found.end;
    ledger->publish.size = head.size;
    ledger->publish.published = head.size;
    *ret_recovery = (struct ledger_recovery){
        .size = found.end,
        .replayed = head.size - ledger->publisher->durable,
        .torn = found.torn,
    };
    return OK;
}

static enum err
start(struct ledger *ledger, struct note *note)
{
    for (size_t i = 0; i < COUNT(ledger->batches); i++) {
        ledger->batches[i].bytes = malloc(SEGMENT_BATCH);
        if (ledger->batches[i].bytes == NULL) {
            return ERR_MEMORY;
        }
        ledger->batches[i].len = SEGMENT_HEAD;
    }
    ledger->gathering = &ledger->batches[0];
    ledger->gathering->first = ledger->size;
    /* Space is not needed to open: who opens a ledger on a full disk gets its reserve. */
    enum err err = journal_prepare(ledger->journal);
    if (err != OK && err != ERR_FULL) {
        note_set(note, "journal: %s", disk_trouble());
        return err;
    }
    return OK;
}

/* Entries in bundle form, each committed. */
static enum err
put_entries(struct ledger *ledger, struct reader *bundle, uint64_t until)
{
    enum err err = OK;
    while (ledger->size < until && err == OK) {
        size_t len = 0;
        uint64_t index = 0;
        const size_t at = bundle->pos;
        const uint8_t *entry = tile_next_entry(bundle, &len);
        err = entry == NULL ? ERR_VALUE : ledger_add(ledger, entry, len, false, &index);
        bool is_last = err == OK && index + 1 == until;
        struct ledger_batch *batch = err == ERR_LIMIT || is_last ? ledger_seal(ledger) : NULL;
        if (err == ERR_LIMIT && batch != NULL) {
            bundle->pos = at;
            err = OK;
        }
        if (batch != NULL) {
            err = ledger_commit(ledger, batch);
            ledger_committed(ledger, batch, err);
            err = err == OK ? journal_prepare(ledger->journal) : err;
        }
    }
    return err;
}

/* Recovery makes the last bundle's tiles from the journal, as if it had been written there. */
static enum err
put_last_bundle(struct ledger *ledger, const char *folder, uint64_t size, struct note *note)
{
    CLEANUP(buf_release) struct buf bundle;
    struct tree *tree = NULL;
    struct reader reader;
    uint64_t index = (size - 1) / TILE_WIDTH;
    const struct tile tile = {
        .level = TILE_ENTRIES, .index = index, .width = tile_width(TILE_ENTRIES, index, size)};
    buf_init(&bundle, TREE_BUNDLE);
    enum err err = tree_open(folder, &tree, note);
    err = err == OK ? tree_bundle(tree, &tile, &bundle, note) : err;
    tree_close(tree);
    if (err != OK) {
        return err;
    }
    reader_init(&reader, bundle.data, bundle.len);
    ledger->size = index * TILE_WIDTH;
    ledger->gathering->first = ledger->size;
    err = put_entries(ledger, &reader, size);
    err = err == OK ? journal_retire(ledger->journal, index * TILE_WIDTH) : err;
    if (err != OK) {
        note_set(note, "journal: %s", err == ERR_VALUE ? err_words(err) : disk_trouble());
    }
    return err;
}

static enum err
make_journal(struct ledger *ledger, const struct ledger_settings *settings, struct note *note)
{
    const struct journal_settings form = journal_settings(settings);
    struct journal_found found = {0};
    struct merkle_head head = {0};
    if (has(ledger->folder, JOURNAL_FOLDER)) {
        note_set(note, "%s: there is a journal already", settings->folder);
        return ERR_VALUE;
    }
    enum err err = publisher_open(ledger->folder, settings->key, &ledger->publisher, &head, note);
    err = err == OK ? journal_create(ledger->folder, &form, note) : err;
    err = err == OK ? journal_open(ledger->folder, &form, &ledger->journal, &found, note) : err;
    err = err == OK ? start(ledger, note) : err;
    if (err != OK || head.size == 0) {
        return err;
    }
    return put_last_bundle(ledger, settings->folder, head.size, note);
}

enum err
ledger_restore_log(const struct ledger_settings *settings, struct note *note)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));
    if (ledger == NULL) {
        return ERR_MEMORY;
    }
    ledger->folder = -1;
    ledger->lock = -1;
    enum err err = open_folder(ledger, settings->folder, note);
    err = err == OK ? make_journal(ledger, settings, note) : err;
    ledger_close(ledger);
    err = err == OK ? sync_parent(settings->folder) : err;
    return err;
}

enum err
ledger_open(const struct ledger_settings *settings, struct ledger **ret_ledger,
    struct ledger_recovery *ret_recovery, struct note *note)
{
    int64_t begun = clock_mono();
    struct ledger_recovery recovery = {0};
    struct ledger *ledger = calloc(1, sizeof(*ledger));
    if (ledger == NULL) {
        return ERR_MEMORY;
    }
    ledger->folder = -1;
    ledger->lock = -1;
    enum err err = open_folder(ledger, settings->folder, note);
    err = err == OK ? recover(ledger, settings, &recovery, note) : err;
    err = err == OK ? start(ledger, note) : err;
    if (err != OK) {
        ledger_close(ledger);
        return err;
    }
    recovery.milliseconds = clock_mono() - begun;
    *ret_recovery = recovery;
    *ret_ledger = ledger;
    return OK;
}

void
ledger_close(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    publisher_close(ledger->publisher);
    journal_close(ledger->journal);
    for (size_t i = 0; i < COUNT(ledger->batches); i++) {
        free(ledger->batches[i].bytes);
    }
    close_descriptor(&ledger->folder);
    close_descriptor(&ledger->lock);
    free(ledger);
}
