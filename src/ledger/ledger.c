/* The writer while it runs: batches in, commits, publishing. */
#include "base/clock.h"
#include "ledger/disk.h"
#include "ledger/ledger_inside.h"

#include <string.h>

#define SLICE     ((uint64_t)32768) /* entries */
#define KEEP_TIME 300               /* milliseconds, so that the next checkpoint is not late */

static struct ledger_batch *
other_batch(struct ledger *ledger)
{
    return ledger->gathering == &ledger->batches[0] ? &ledger->batches[1] : &ledger->batches[0];
}

static void
begin_batch(struct ledger_batch *batch, uint64_t first)
{
    batch->len = SEGMENT_HEAD;
    batch->granted = 0;
    batch->first = first;
    batch->count = 0;
    batch->has_ordinary = false;
}

/* Why there is no room for another event now. */
static enum err
no_room(struct ledger *ledger, bool reserved)
{
    if (reserved && ledger->gathering->count != 0) {
        return ERR_LIMIT;
    }
    return journal_is_full(ledger->journal) ? ERR_FULL : ERR_LIMIT;
}

enum err
ledger_add(struct ledger *ledger, const void *entry, size_t len, bool reserved, uint64_t *ret_index)
{
    struct ledger_batch *batch = ledger->gathering;
    if (len == 0 || len > TILE_ENTRY) {
        return ERR_VALUE;
    }
    size_t needed = batch->len + 2 + len;
    if (needed > SEGMENT_BATCH) {
        return ERR_LIMIT;
    }
    bool is_ordinary = batch->has_ordinary || !reserved;
    if (needed > batch->granted || is_ordinary != batch->has_ordinary) {
        size_t room = journal_room(ledger->journal, !is_ordinary);
        if (needed > room) {
            return no_room(ledger, reserved);
        }
        batch->granted = room;
        batch->has_ordinary = is_ordinary;
    }
    uint8_t *at = batch->bytes + batch->len;
    at[0] = (uint8_t)(len >> 8);
    at[1] = (uint8_t)len;
    memcpy(at + 2, entry, len);
    batch->len = needed;
    *ret_index = batch->first + batch->count++;
    return OK;
}

struct ledger_batch *
ledger_seal(struct ledger *ledger)
{
    struct ledger_batch *batch = ledger->gathering;
    if (batch->count == 0 || ledger->committing != NULL) {
        return NULL;
    }
    batch->place = journal_place(ledger->journal, batch->len, !batch->has_ordinary);
    ledger->committing = batch;
    ledger->gathering = other_batch(ledger);
    begin_batch(ledger->gathering, batch->first + batch->count);
    return batch;
}

static struct segment_batch
head_of(const struct ledger_batch *batch)
{
    return (struct segment_batch){
        .first = batch->first,
        .count = batch->count,
        .bytes = (uint32_t)(batch->len - SEGMENT_HEAD),
    };
}

enum err
ledger_commit(struct ledger *ledger, struct ledger_batch *batch)
{
    const struct segment_batch head = head_of(batch);
    segment_seal(batch->place.segment, &head, batch->bytes);
    memset(batch->bytes + batch->len, 0, segment_span(batch->len) - batch->len);
    return journal_write(ledger->journal, &batch->place, batch->bytes, batch->len);
}

void
ledger_committed(struct ledger *ledger, struct ledger_batch *batch, enum err err)
{
    assert(batch == ledger->committing);
    const struct segment_batch head = head_of(batch);
    journal_done(ledger->journal, &batch->place, &head, err);
    ledger->committing = NULL;
    if (err == OK) {
        ledger->size = head.first + head.count;
        return;
    }
    /* What was added since takes the indices of what is not there; its room is asked for again. */
    ledger->gathering->first = ledger->size;
    ledger->gathering->granted = 0;
}

uint64_t
ledger_size(const struct ledger *ledger)
{
    return ledger->size;
}

uint64_t
ledger_published(const struct ledger *ledger)
{
    return ledger->publish.published;
}

bool
ledger_is_full(const struct ledger *ledger)
{
    size_t most = SEGMENT_HEAD + 2 + (size_t)TILE_ENTRY;
    return journal_is_full(ledger->journal) && journal_room(ledger->journal, false) < most;
}

bool
ledger_publish_begin(struct ledger *ledger, bool sign)
{
    bool has_tiles = ledger->publish.size < ledger->size;
    bool has_checkpoint = sign && ledger->publish.published < ledger->size;
    bool has_space = journal_wants(ledger->journal);
    bool is_early = (ledger->publish.is_late || journal_is_full(ledger->journal)) &&
                    clock_mono() - ledger->publish.ended < LEDGER_RETRY;
    if (ledger->publish.is_running || is_early) {
        return false;
    }
    if (!has_tiles && !has_checkpoint && !has_space && !publisher_may_keep(ledger->publisher)) {
        return false;
    }
    ledger->publish.is_running = true;
    ledger->publish.sign = sign;
    ledger->publish.target = ledger->size;
    return true;
}

/* A slice at a time, with new segments made between, so that commits never wait for one. */
static enum err
publish_tiles(struct ledger *ledger)
{
    struct publisher *publisher = ledger->publisher;
    enum err err = OK;
    while (publisher->tiler.size < ledger->publish.target && err == OK) {
        uint64_t left = ledger->publish.target - publisher->tiler.size;
        uint64_t slice = left < SLICE ? left : SLICE;
        err = publisher_tiles(publisher, publisher->tiler.size + slice);
        enum err space = err == OK ? journal_prepare(ledger->journal) : OK;
        err = space == OK || space == ERR_FULL ? err : space;
    }
    return err;
}

enum err
ledger_publish_run(struct ledger *ledger)
{
    struct publisher *publisher = ledger->publisher;
    enum err space = journal_prepare(ledger->journal);
    if (space != OK && space != ERR_FULL) {
        return space;
    }
    enum err err = publish_tiles(ledger);
    if (err == OK && ledger->publish.sign && publisher->published < publisher->tiler.size) {
        err = publisher_sign(publisher);
    }
    int64_t until = clock_mono() + KEEP_TIME;
    while (err == OK && publisher_may_keep(publisher)) {
        err = publisher_keep(publisher);
        if (clock_mono() >= until) {
            break;
        }
    }
    if (err == ERR_FULL) {
        journal_set_full(ledger->journal, true);
    }
    return err;
}

void
ledger_publish_end(struct ledger *ledger, enum err err)
{
    assert(ledger->publish.is_running);
    ledger->publish.is_running = false;
    ledger->publish.is_late = err != OK;
    ledger->publish.ended = clock_mono();
    ledger->publish.size = ledger->publisher->tiler.size;
    ledger->publish.published = ledger->publisher->published;
}

static enum err
commit_now(struct ledger *ledger)
{
    struct ledger_batch *batch = ledger_seal(ledger);
    if (batch == NULL) {
        return OK;
    }
    enum err err = ledger_commit(ledger, batch);
    ledger_committed(ledger, batch, err);
    return err;
}

enum err
ledger_flush(struct ledger *ledger, struct note *note)
{
    assert(ledger->committing == NULL && !ledger->publish.is_running);
    enum err err = commit_now(ledger);
    ledger->publish.ended = 0; /* who waits wants it tried now */
    while (err == OK && ledger->publish.published < ledger->size) {
        if (!ledger_publish_begin(ledger, true)) {
            err = ERR_FULL;
            break;
        }
        err = ledger_publish_run(ledger);
        ledger_publish_end(ledger, err);
    }
    if (err != OK) {
        note_set(note, "ledger: %s", disk_trouble());
    }
    return err;
}

enum err
ledger_hand_over(struct ledger *ledger, const struct key *next, struct note *note)
{
    enum err err = ledger_flush(ledger, note);
    if (err != OK) {
        return err;
    }
    if (strcmp(key_public(next)->name, key_public(ledger->publisher->key)->name) != 0) {
        note_set(note, "the next key's name is %s, not the log's own", key_public(next)->name);
        return ERR_VALUE;
    }
    err = publisher_hand_over(ledger->publisher, next);
    if (err != OK) {
        note_set(note, "log: %s", disk_trouble());
    }
    return err;
}
