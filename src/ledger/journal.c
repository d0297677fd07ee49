/* The journal while it runs: places, writes, what is ready, what is given back. */
#include "ledger/journal.h"

#include "ledger/disk.h"
#include "ledger/smallfile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct segment *
current(const struct journal *journal)
{
    return journal->held[journal->held_count - 1];
}

static size_t
room_of(const struct segment *segment)
{
    uint64_t left = segment->bytes - segment->used;
    return left < SEGMENT_BATCH ? (size_t)left : SEGMENT_BATCH;
}

/* The current segment, when it may still take such a batch: the reserve's is left at once. */
static size_t
current_room(const struct journal *journal, bool is_reserved)
{
    const struct segment *segment = current(journal);
    bool is_closed = segment->is_reserve && (!is_reserved || journal->ready_count != 0);
    return is_closed ? 0 : room_of(segment);
}

size_t
journal_room(struct journal *journal, bool is_reserved)
{
    pthread_mutex_lock(&journal->lock);
    size_t room = current_room(journal, is_reserved);
    if (journal->ready_count != 0 && room_of(journal->ready[0]) > room) {
        room = room_of(journal->ready[0]);
    }
    bool may_reserve = is_reserved && journal->is_full && journal->ready_count == 0;
    if (may_reserve && journal->reserve != NULL && room_of(journal->reserve) > room) {
        room = room_of(journal->reserve);
    }
    pthread_mutex_unlock(&journal->lock);
    return room;
}

/* Under the lock; there is room for one more in the list, see journal_prepare(). */
static struct segment *
advance(struct journal *journal)
{
    struct segment *segment = journal->reserve;
    if (journal->ready_count != 0) {
        segment = journal->ready[0];
        journal->ready_count--;
        journal->ready[0] = journal->ready[1];
    } else if (segment != NULL) {
        journal->reserve = NULL;
        segment->number = journal->next_number++;
        segment->is_unnamed = true;
    }
    assert(segment != NULL && journal->held_count < journal->held_size);
    journal->held[journal->held_count++] = segment;
    return segment;
}

struct journal_place
journal_place(struct journal *journal, size_t len, bool is_reserved)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t span = segment_span(len);
    struct segment *segment = current(journal);
    if (current_room(journal, is_reserved) < span) {
        segment = advance(journal);
    }
    struct journal_place place = {.segment = segment, .at = segment->used};
    assert(span <= segment->bytes - segment->used);
    segment->used += span;
    pthread_mutex_unlock(&journal->lock);
    return place;
}

/* The reserve gets its name with its first batch. */
static enum err
name_reserve(struct journal *journal, struct segment *segment)
{
    char name[SEGMENT_NAME];
    (void)segment_name(segment->number, name);
    enum err err = disk_rename(journal->folder, JOURNAL_RESERVE, name);
    err = err == OK ? disk_sync(journal->folder) : err;
    if (err == OK) {
        pthread_mutex_lock(&journal->lock);
        segment->is_unnamed = false;
        pthread_mutex_unlock(&journal->lock);
    }
    return err;
}

/* A batch that failed may be whole all the same: nobody is to find it who was told that it is not.
 */
static void
wipe(const struct journal_place *place)
{
    static const uint8_t zeros[SEGMENT_PAGE];
    (void)!disk_write(place->segment->fd, zeros, sizeof(zeros), (off_t)place->at);
}

enum err
journal_write(
    struct journal *journal, const struct journal_place *place, const void *bytes, size_t len)
{
    struct segment *segment = place->segment;
    enum err err = segment->is_unnamed ? name_reserve(journal, segment) : OK;
    if (err != OK) {
        return err == ERR_MISSING ? ERR_IO : err;
    }
    err = disk_write(segment->fd, bytes, segment_span(len), (off_t)place->at);
    if (err != OK) {
        wipe(place);
        return err;
    }
    return disk_sync(segment->fd);
}

void
journal_done(struct journal *journal, const struct journal_place *place,
    const struct segment_batch *batch, enum err err)
{
    struct segment *segment = place->segment;
    pthread_mutex_lock(&journal->lock);
    if (err != OK) {
        segment->used = place->at;
        journal->is_full = journal->is_full || err == ERR_FULL;
    } else {
        segment->first = segment->first == segment->end ? batch->first : segment->first;
        segment->end = batch->first + batch->count;
        segment->durable = segment->used;
    }
    pthread_mutex_unlock(&journal->lock);
}

static uint64_t
bytes_of(const struct journal *journal)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < journal->held_count; i++) {
        bytes += journal->held[i]->bytes;
    }
    for (size_t i = 0; i < journal->ready_count; i++) {
        bytes += journal->ready[i]->bytes;
    }
    return bytes;
}

bool
journal_is_long(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    bool is_long = bytes_of(journal) > journal->settings.limit_bytes / 2;
    pthread_mutex_unlock(&journal->lock);
    return is_long;
}

static bool
wants_ready(const struct journal *journal)
{
    return journal->ready_count < JOURNAL_READY &&
           bytes_of(journal) + journal->settings.segment_bytes <= journal->settings.limit_bytes;
}

/* Not while the last one is in use and still goes by that name. */
static bool
wants_reserve(const struct journal *journal)
{
    bool wants = journal->reserve == NULL;
    for (size_t i = 0; i < journal->held_count; i++) {
        wants = wants && !journal->held[i]->is_unnamed;
    }
    return wants;
}

bool
journal_wants(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    bool wants = wants_ready(journal) || wants_reserve(journal);
    pthread_mutex_unlock(&journal->lock);
    return wants;
}

bool
journal_is_full(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    bool is_full = journal->is_full;
    pthread_mutex_unlock(&journal->lock);
    return is_full;
}

void
journal_set_full(struct journal *journal, bool is_full)
{
    pthread_mutex_lock(&journal->lock);
    journal->is_full = is_full;
    pthread_mutex_unlock(&journal->lock);
}

/* Under the lock: room for everything that could become held. */
static bool
grow_list(struct journal *journal)
{
    size_t needed = journal->held_count + JOURNAL_READY + 2;
    if (needed <= journal->held_size) {
        return true;
    }
    struct segment **list = realloc(journal->held, 2 * needed * sizeof(struct segment *));
    if (list == NULL) {
        return false;
    }
    journal->held = list;
    journal->held_size = 2 * needed;
    return true;
}

/* Puts it behind those in use; false when the reserve was put into use before it meanwhile. */
static bool
push_ready(struct journal *journal, struct segment *segment)
{
    pthread_mutex_lock(&journal->lock);
    bool is_behind = journal->held_count == 0 || current(journal)->number < segment->number;
    if (is_behind) {
        journal->ready[journal->ready_count++] = segment;
    }
    pthread_mutex_unlock(&journal->lock);
    return is_behind;
}

/* The spare, made or taken for a new use, becomes the next segment. */
static enum err
make_ready(struct journal *journal)
{
    const struct segment_form form = {
        .name = JOURNAL_SPARE,
        .origin = journal->settings.origin,
        .bytes = journal->settings.segment_bytes,
    };
    struct segment *segment = NULL;
    char old_name[SEGMENT_NAME] = JOURNAL_SPARE;
    enum err err = segment_make(journal->folder, &form, &segment);
    while (err == OK) {
        char name[SEGMENT_NAME];
        pthread_mutex_lock(&journal->lock);
        segment->number = journal->next_number++;
        pthread_mutex_unlock(&journal->lock);
        err = disk_rename(journal->folder, old_name, segment_name(segment->number, name));
        err = err == OK ? disk_sync(journal->folder) : err;
        if (err == OK && push_ready(journal, segment)) {
            return OK;
        }
        memcpy(old_name, name, sizeof(old_name));
    }
    segment_close(segment);
    return err;
}

static enum err
make_reserve(struct journal *journal)
{
    const struct segment_form form = {
        .name = JOURNAL_SPARE,
        .origin = journal->settings.origin,
        .bytes = journal->settings.reserve_bytes,
        .is_reserve = true,
    };
    struct segment *segment = NULL;
    enum err err = segment_make(journal->folder, &form, &segment);
    if (err != OK) {
        return err;
    }
    err = disk_rename(journal->folder, JOURNAL_SPARE, JOURNAL_RESERVE);
    err = err == OK ? disk_sync(journal->folder) : err;
    if (err != OK) {
        segment_close(segment);
        return err;
    }
    pthread_mutex_lock(&journal->lock);
    journal->reserve = segment;
    pthread_mutex_unlock(&journal->lock);
    return OK;
}

enum err
journal_prepare(struct journal *journal)
{
    enum err err = OK;
    for (bool is_wanted = true; is_wanted && err == OK;) {
        pthread_mutex_lock(&journal->lock);
        is_wanted = wants_ready(journal);
        err = grow_list(journal) ? OK : ERR_MEMORY;
        pthread_mutex_unlock(&journal->lock);
        if (is_wanted && err == OK) {
            err = make_ready(journal);
        }
    }
    pthread_mutex_lock(&journal->lock);
    bool is_wanted = wants_reserve(journal);
    pthread_mutex_unlock(&journal->lock);
    if (err == OK && is_wanted) {
        err = make_reserve(journal);
    }
    journal_set_full(journal, err == ERR_FULL);
    return err == ERR_MISSING ? ERR_IO : err;
}

/* The batch holding the index, or the end of what is there when the index comes next. */
enum err
journal_seek(struct journal *journal, uint64_t index, uint8_t *bytes)
{
    size_t held = 0;
    while (held + 1 < journal->held_count && journal->held[held]->end <= index) {
        held++;
    }
    journal->reading.held = held;
    journal->reading.at = SEGMENT_PAGE;
    const struct segment *segment = journal->held[held];
    while (journal->reading.at < segment->durable) {
        struct segment_batch batch;
        uint64_t at = journal->reading.at;
        enum err err = segment_read(segment, at, bytes, &batch);
        if (err != OK) {
            return ERR_IO;
        }
        if (index < batch.first) {
            return ERR_MISSING;
        }
        if (index < batch.first + batch.count) {
            return OK;
        }
        journal->reading.at = at + segment_span(SEGMENT_HEAD + (size_t)batch.bytes);
    }
    return OK;
}

enum err
journal_next(struct journal *journal, uint8_t *bytes, struct segment_batch *ret_batch)
{
    pthread_mutex_lock(&journal->lock);
    const struct segment *segment = journal->held[journal->reading.held];
    while (journal->reading.at >= segment->durable &&
           journal->reading.held + 1 < journal->held_count) {
        segment = journal->held[++journal->reading.held];
        journal->reading.at = SEGMENT_PAGE;
    }
    bool is_there = journal->reading.at < segment->durable;
    pthread_mutex_unlock(&journal->lock);
    if (!is_there) {
        return ERR_MISSING;
    }
    enum err err = segment_read(segment, journal->reading.at, bytes, ret_batch);
    if (err != OK) {
        return ERR_IO;
    }
    journal->reading.at += segment_span(SEGMENT_HEAD + (size_t)ret_batch->bytes);
    return OK;
}

static enum err
write_mark(int folder, uint64_t durable)
{
    char text[128]; /* twice, so that half of it is not taken for a whole */
    (void)snprintf(
        text, sizeof(text), JOURNAL_MARK_HEAD "%" PRIu64 "\n%" PRIu64 "\n", durable, durable);
    return smallfile_write(folder, JOURNAL_MARK, text, strlen(text));
}

/* Under the lock: the oldest one, when a later one holds entries and its own are durable. */
static struct segment *
take_oldest(struct journal *journal, uint64_t durable)
{
    struct segment *oldest = journal->held[0];
    if (journal->held_count < 2 || journal->reading.held == 0 || oldest->end > durable) {
        return NULL;
    }
    bool has_later = false;
    for (size_t i = 1; i < journal->held_count; i++) {
        has_later = has_later || journal->held[i]->end != journal->held[i]->first;
    }
    if (!has_later) {
        return NULL;
    }
    journal->held_count--;
    memmove(journal->held, journal->held + 1, journal->held_count * sizeof(struct segment *));
    journal->reading.held--;
    return oldest;
}

/* Its blocks are there already: writing over them costs the file system no bookkeeping. */
static enum err
give_back(struct journal *journal, const struct segment *segment)
{
    char name[SEGMENT_NAME];
    (void)segment_name(segment->number, name);
    pthread_mutex_lock(&journal->lock);
    bool is_useful = wants_ready(journal) && segment->bytes == journal->settings.segment_bytes &&
                     !segment->is_reserve;
    pthread_mutex_unlock(&journal->lock);
    if (!is_useful) {
        return disk_remove(journal->folder, name);
    }
    enum err err = disk_rename(journal->folder, name, JOURNAL_SPARE);
    /* The old name is gone for good before its content is. */
    err = err == OK ? disk_sync(journal->folder) : err;
    return err == OK ? make_ready(journal) : err;
}

enum err
journal_retire(struct journal *journal, uint64_t durable)
{
    enum err err = write_mark(journal->folder, durable);
    while (err == OK) {
        pthread_mutex_lock(&journal->lock);
        struct segment *oldest = take_oldest(journal, durable);
        pthread_mutex_unlock(&journal->lock);
        if (oldest == NULL) {
            return OK;
        }
        err = give_back(journal, oldest);
        segment_close(oldest);
    }
    return err == ERR_MISSING ? ERR_IO : err;
}

void
journal_close(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    for (size_t i = 0; i < journal->held_count; i++) {
        segment_close(journal->held[i]);
    }
    for (size_t i = 0; i < journal->ready_count; i++) {
        segment_close(journal->ready[i]);
    }
    segment_close(journal->reserve);
    pthread_mutex_destroy(&journal->lock);
    if (journal->folder >= 0) {
        (void)close(journal->folder);
    }
    free(journal->held);
    free(journal->origin);
    free(journal);
}
