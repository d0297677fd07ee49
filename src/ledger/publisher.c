/* Tiles, checkpoints, and what may leave the journal. */
#include "ledger/publisher.h"

#include "base/text.h"
#include "ledger/disk.h"
#include "ledger/smallfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECKPOINT "checkpoint"
#define VKEY       "log.vkey"
#define HANDOVER   "handover"
#define KEEP_LEAST ((uint64_t)64 * TILE_WIDTH)  /* entries that are worth a round of syncs */
#define KEEP_MOST  ((uint64_t)128 * TILE_WIDTH) /* in one round, so that nobody waits for long */

static void
put_signature(struct buf *note, const struct key *key, size_t text_len)
{
    uint8_t blob[VKEY_BLOB];
    key_sign(key, note->data, text_len, blob);
    const struct signednote_signature signature = {.key = key_public(key), .signature = blob};
    signednote_put(note, &signature);
}

static enum err
put_checkpoint(
    struct buf *note, const struct merkle_head *head, const struct key *key, const struct key *next)
{
    struct checkpoint checkpoint = {.head = *head};
    (void)text_copy(checkpoint.origin, sizeof(checkpoint.origin), key_public(key)->name);
    checkpoint_put(note, &checkpoint);
    size_t text_len = note->len;
    buf_text(note, "\n");
    put_signature(note, key, text_len);
    if (next != NULL) {
        put_signature(note, next, text_len);
    }
    return buf_error(note);
}

static enum err
write_checkpoint(int log, const struct merkle_head *head, const struct key *key)
{
    CLEANUP(buf_release) struct buf note;
    buf_init(&note, SMALLFILE_LIMIT);
    enum err err = put_checkpoint(&note, head, key, NULL);
    return err == OK ? smallfile_write(log, CHECKPOINT, note.data, note.len) : err;
}

static enum err
write_vkey(int log, const struct key *key)
{
    char text[VKEY_TEXT + 1];
    (void)vkey_text(key_public(key), text);
    size_t len = strlen(text);
    text[len++] = '\n';
    return smallfile_write(log, VKEY, text, len);
}

enum err
publisher_create(int ledger, const struct key *key, struct note *note)
{
    int log = -1;
    struct tiler tiler;
    enum err err = disk_folder(ledger, PUBLISHER_LOG, &log);
    /* The checkpoint comes last: where it is, all else is. */
    err = err == OK ? disk_sync(ledger) : err;
    err = err == OK ? write_vkey(log, key) : err;
    if (err == OK) {
        struct merkle_head head = {.size = 0};
        err = tiler_init(&tiler, log);
        if (err == OK) {
            tiler_root(&tiler, &head.root);
            err = write_checkpoint(log, &head, key);
        }
        tiler_release(&tiler);
    }
    if (err != OK) {
        note_set(note, "log: %s", disk_trouble());
    }
    if (log >= 0) {
        (void)close(log);
    }
    return err;
}

static enum err
read_checkpoint(int log, const struct key *key, struct merkle_head *ret_head, struct note *note)
{
    char text[SMALLFILE_LIMIT];
    size_t len = 0;
    enum err err = smallfile_read(log, CHECKPOINT, text, &len);
    if (err != OK) {
        note_set(note, "log/" CHECKPOINT ": %s", err_words(err));
        return err;
    }
    struct checkpoint checkpoint;
    struct note why = {""};
    if (checkpoint_open(text, len, key_public(key), &checkpoint, &why) != OK) {
        note_set(note, "log/" CHECKPOINT " is not signed by this key (%s): %s",
            key_public(key)->name, why.text);
        return ERR_VALUE;
    }
    *ret_head = checkpoint.head;
    return OK;
}

enum err
publisher_open(int ledger, const struct key *key, struct publisher **ret_publisher,
    struct merkle_head *ret_head, struct note *note)
{
    struct publisher *publisher = calloc(1, sizeof(*publisher));
    if (publisher == NULL) {
        return ERR_MEMORY;
    }
    publisher->key = key;
    publisher->bytes = malloc(SEGMENT_BATCH);
    publisher->log = openat(ledger, PUBLISHER_LOG, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err = tiler_init(&publisher->tiler, publisher->log);
    if (err == OK && publisher->bytes == NULL) {
        err = ERR_MEMORY;
    }
    if (err == OK && publisher->log < 0) {
        note_set(note, "log: %s", strerrordesc_np(errno));
        err = ERR_MISSING;
    }
    err = err == OK ? read_checkpoint(publisher->log, key, ret_head, note) : err;
    if (err != OK) {
        publisher_close(publisher);
        return err;
    }
    *ret_publisher = publisher;
    return OK;
}

void
publisher_close(struct publisher *publisher)
{
    if (publisher != NULL) {
        tiler_release(&publisher->tiler);
        if (publisher->log >= 0) {
            (void)close(publisher->log);
        }
        free(publisher->bytes);
        free(publisher);
    }
}

/* The next batch; entries that are in tiles already are skipped. */
static enum err
take_batch(struct publisher *publisher)
{
    struct segment_batch batch;
    enum err err = journal_next(publisher->journal, publisher->bytes, &batch);
    if (err != OK) {
        return ERR_IO; /* what is durable can't be read */
    }
    reader_init(&publisher->payload, publisher->bytes + SEGMENT_HEAD, batch.bytes);
    uint64_t size = publisher->tiler.size;
    if (batch.first > size || batch.first + batch.count <= size) {
        return ERR_IO;
    }
    for (uint64_t i = batch.first; i < size; i++) {
        size_t len = 0;
        if (tile_next_entry(&publisher->payload, &len) == NULL) {
            return ERR_IO;
        }
    }
    publisher->left = batch.first + batch.count - size;
    return OK;
}

enum err
publisher_tiles(struct publisher *publisher, uint64_t target)
{
    enum err err = OK;
    while (publisher->tiler.size < target && err == OK) {
        if (publisher->left == 0) {
            err = take_batch(publisher);
            continue;
        }
        uint64_t wanted = target - publisher->tiler.size;
        uint64_t count = wanted < publisher->left ? wanted : publisher->left;
        uint64_t not_taken = count;
        err = tiler_add(&publisher->tiler, &publisher->payload, &not_taken);
        publisher->left -= count - not_taken;
    }
    err = err == OK ? tiler_settle(&publisher->tiler) : err;
    return err == ERR_FULL || err == OK ? err : ERR_IO;
}

enum err
publisher_sign(struct publisher *publisher)
{
    struct merkle_head head = {.size = publisher->tiler.size};
    enum err err = tiler_partials(&publisher->tiler);
    if (err == OK) {
        tiler_root(&publisher->tiler, &head.root);
        err = write_checkpoint(publisher->log, &head, publisher->key);
    }
    if (err == OK) {
        publisher->published = head.size;
    }
    return err == ERR_FULL || err == OK ? err : ERR_IO;
}

/* "handover/1", "handover/2", …: the next that is not there. */
static enum err
write_hand_over(int log, const struct buf *note)
{
    int folder = -1;
    enum err err = disk_folder(log, HANDOVER, &folder);
    if (err != OK) {
        return err;
    }
    char name[24];
    unsigned number = 0;
    do {
        (void)snprintf(name, sizeof(name), "%u", ++number);
    } while (faccessat(folder, name, F_OK, 0) == 0);
    err = smallfile_write(folder, name, note->data, note->len);
    (void)close(folder);
    return err == OK ? disk_sync(log) : err;
}

enum err
publisher_hand_over(struct publisher *publisher, const struct key *next)
{
    CLEANUP(buf_release) struct buf note;
    buf_init(&note, SMALLFILE_LIMIT);
    struct merkle_head head = {.size = publisher->tiler.size};
    tiler_root(&publisher->tiler, &head.root);
    enum err err = put_checkpoint(&note, &head, publisher->key, next);
    err = err == OK ? write_hand_over(publisher->log, &note) : err;
    /* Both keys open this one, so whichever the next start has finds its checkpoint. */
    err = err == OK ? smallfile_write(publisher->log, CHECKPOINT, note.data, note.len) : err;
    err = err == OK ? write_vkey(publisher->log, next) : err;
    if (err == OK) {
        publisher->key = next;
        err = write_checkpoint(publisher->log, &head, next);
    }
    return err == ERR_FULL || err == OK ? err : ERR_IO;
}

static uint64_t
boundary(uint64_t size)
{
    return size / TILE_WIDTH * TILE_WIDTH;
}

bool
publisher_may_keep(const struct publisher *publisher)
{
    uint64_t ahead = boundary(publisher->published) - publisher->durable;
    return ahead >= KEEP_LEAST || (ahead != 0 && journal_is_long(publisher->journal));
}

enum err
publisher_keep(struct publisher *publisher)
{
    uint64_t until = boundary(publisher->published);
    if (until - publisher->durable > KEEP_MOST) {
        until = publisher->durable + KEEP_MOST;
    }
    enum err err = tiler_sync(publisher->log, publisher->durable, until);
    if (err == OK) {
        publisher->durable = until;
        err = journal_retire(publisher->journal, until);
    }
    return err == ERR_FULL || err == OK ? err : ERR_IO;
}

/* The log's key file follows the key that signs: a hand-over may have been cut short. */
static enum err
check_vkey(const struct publisher *publisher)
{
    char text[SMALLFILE_LIMIT];
    char expected[VKEY_TEXT + 1];
    size_t len = 0;
    (void)vkey_text(key_public(publisher->key), expected);
    enum err err = smallfile_read(publisher->log, VKEY, text, &len);
    bool is_same =
        err == OK && text_starts(text, expected) && text_equal(text + strlen(expected), "\n");
    return is_same ? OK : write_vkey(publisher->log, publisher->key);
}

static enum err
rebuild(struct publisher *publisher, const struct merkle_head *head, struct note *note)
{
    struct merkle_hash root;
    enum err err = publisher_tiles(publisher, head->size);
    err = err == OK ? tiler_partials(&publisher->tiler) : err;
    if (err != OK) {
        note_set(note, "log: the tiles can't be made again: %s", disk_trouble());
        return err == ERR_FULL ? err : ERR_IO;
    }
    tiler_root(&publisher->tiler, &root);
    if (!merkle_equal(&root, &head->root)) {
        note_set(note,
            "log/" CHECKPOINT " of size %" PRIu64
            " contradicts the entries: its root is not that of tiles and journal",
            head->size);
        return ERR_VALUE;
    }
    return OK;
}

enum err
publisher_recover(struct publisher *publisher, struct journal *journal,
    const struct journal_found *found, const struct merkle_head *head, struct note *note)
{
    publisher->journal = journal;
    publisher->tiler.repair = found->end;
    uint64_t start = boundary(found->first + TILE_WIDTH - 1);
    start = found->durable > start ? boundary(found->durable) : start;
    if (head->size > found->end || start > head->size) {
        note_set(note,
            "log/" CHECKPOINT " covers %" PRIu64 " entries, the journal holds %" PRIu64
            " to %" PRIu64 ": one of them is not of this time",
            head->size, found->first, found->end);
        return ERR_VALUE;
    }
    enum err err = tiler_load(&publisher->tiler, start, note);
    if (err != OK) {
        return err;
    }
    if (start < found->end && journal_seek(journal, start, publisher->bytes) != OK) {
        note_set(note, "journal: entry %" PRIu64 " can't be read", start);
        return ERR_IO;
    }
    if (start == found->end) {
        (void)!journal_seek(journal, start, publisher->bytes);
    }
    err = rebuild(publisher, head, note);
    if (err == OK) {
        publisher->published = head->size;
        publisher->durable = start;
        err = check_vkey(publisher);
    }
    return err;
}
