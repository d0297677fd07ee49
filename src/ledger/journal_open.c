/* The journal when it is made and when it is found again: what of it holds. */
#include "ledger/disk.h"
#include "ledger/journal.h"

#include "base/text.h"
#include "ledger/smallfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct journal *
new_journal(const struct journal_settings *settings)
{
    struct journal *journal = calloc(1, sizeof(*journal));
    char *origin = strdup(settings->origin);
    if (journal == NULL || origin == NULL) {
        free(journal);
        free(origin);
        return NULL;
    }
    journal->settings = *settings;
    journal->settings.origin = journal->origin = origin;
    journal->folder = -1;
    journal->next_number = 1;
    pthread_mutex_init(&journal->lock, NULL);
    return journal;
}

enum err
journal_create(int ledger, const struct journal_settings *settings, struct note *note)
{
    struct journal *journal = new_journal(settings);
    if (journal == NULL) {
        return ERR_MEMORY;
    }
    enum err err = disk_folder(ledger, JOURNAL_FOLDER, &journal->folder);
    err = err == OK ? journal_prepare(journal) : err;
    if (err != OK) {
        note_set(note, "journal: %s", disk_trouble());
    }
    journal_close(journal);
    return err;
}

static int
by_number(const void *a, const void *b)
{
    const struct segment *x = *(struct segment *const *)a;
    const struct segment *y = *(struct segment *const *)b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static enum err
add_held(struct journal *journal, struct segment *segment)
{
    size_t needed = journal->held_count + JOURNAL_READY + 3;
    if (needed > journal->held_size) {
        struct segment **list = realloc(journal->held, 2 * needed * sizeof(struct segment *));
        if (list == NULL) {
            segment_close(segment);
            return ERR_MEMORY;
        }
        journal->held = list;
        journal->held_size = 2 * needed;
    }
    journal->held[journal->held_count++] = segment;
    return OK;
}

/* Opens what the folder holds: numbered files, the reserve. */
static enum err
open_file(struct journal *journal, const char *name, struct note *note)
{
    uint64_t number = 0;
    bool is_reserve = text_equal(name, JOURNAL_RESERVE);
    bool is_segment = strlen(name) == 12 && text_to_u64(name, UINT64_MAX / 2, &number) == OK;
    if (!is_reserve && !is_segment) {
        return OK;
    }
    struct segment *segment = NULL;
    enum err err = segment_open(journal->folder, name, journal->settings.origin, &segment, note);
    if (err != OK) {
        return err;
    }
    segment->number = number;
    if (is_reserve) {
        journal->reserve = segment;
        return OK;
    }
    if (number >= journal->next_number) {
        journal->next_number = number + 1;
    }
    return add_held(journal, segment);
}

static enum err
open_files(struct journal *journal, struct note *note)
{
    int again = openat(journal->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = again < 0 ? NULL : fdopendir(again);
    if (list == NULL) {
        note_set(note, "journal: %s", strerrordesc_np(errno));
        if (again >= 0) {
            (void)close(again);
        }
        return ERR_IO;
    }
    enum err err = OK;
    for (const struct dirent *entry = readdir(list); entry != NULL && err == OK;
         entry = readdir(list)) {
        err = open_file(journal, entry->d_name, note);
    }
    (void)closedir(list);
    if (err == OK && journal->held_count != 0) {
        qsort(journal->held, journal->held_count, sizeof(struct segment *), by_number);
    }
    return err;
}

/* The mark says how far tiles are durable; one that is absent or not whole only costs time. */
static uint64_t
read_mark(int folder)
{
    char text[SMALLFILE_LIMIT];
    char again[SMALLFILE_LIMIT];
    size_t len = 0;
    uint64_t durable = 0;
    if (smallfile_read(folder, JOURNAL_MARK, text, &len) != OK ||
        !text_starts(text, JOURNAL_MARK_HEAD)) {
        return 0;
    }
    const char *number = text + strlen(JOURNAL_MARK_HEAD);
    char digits[24];
    size_t digit_count = strspn(number, "0123456789");
    (void)snprintf(digits, sizeof(digits), "%.*s", (int)digit_count, number);
    if (text_to_u64(digits, UINT64_MAX / 2, &durable) != OK) {
        return 0;
    }
    (void)snprintf(
        again, sizeof(again), JOURNAL_MARK_HEAD "%" PRIu64 "\n%" PRIu64 "\n", durable, durable);
    return text_equal(text, again) ? durable : 0;
}

enum err
journal_durable(int ledger, uint64_t *ret_durable)
{
    int folder = openat(ledger, JOURNAL_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return errno == ENOENT ? ERR_MISSING : ERR_IO;
    }
    *ret_durable = read_mark(folder);
    (void)close(folder);
    return OK;
}

/* What reading all batches learns on its way. */
struct scan {
    uint8_t *bytes;
    uint64_t first, end;
    uint64_t durable; /* entries below are durable in tiles */
    bool has_any;
    struct segment *last; /* with entries */
    uint64_t last_at;     /* of the last batch in it */
    uint64_t last_first;  /* and its first index */
    struct note *note;
};

/*
 * A batch whose write failed may be whole all the same; it was refused, and the next one, which
 * went elsewhere, has its indices.
 */
static bool
replaces_last(const struct segment *segment, struct scan *scan, uint64_t first)
{
    struct segment *before = scan->last;
    if (before == segment || first != scan->last_first) {
        return false;
    }
    before->end = first;
    before->durable = scan->last_at;
    scan->end = first;
    return true;
}

/* The journal begins anew here: what came before was given back, but is still lying there. */
static bool
begins_anew(
    struct journal *journal, const struct segment *segment, const struct scan *scan, uint64_t first)
{
    if (segment->first != segment->end || first > scan->durable || first < scan->end) {
        return false;
    }
    for (size_t i = 0; journal->held[i] != segment; i++) {
        journal->held[i]->end = journal->held[i]->first;
    }
    return true;
}

/* One batch was in flight at most, so nothing whole can stand behind one that is not. */
static enum err
check_rest(const struct segment *segment, const struct scan *scan)
{
    for (uint64_t at = segment->used; at < segment->bytes; at += SEGMENT_PAGE) {
        struct segment_batch batch;
        enum err err = segment_read(segment, at, scan->bytes, &batch);
        if (err == OK) {
            note_set(scan->note,
                "journal/%012" PRIu64 " is damaged at byte %" PRIu64 ": entry %" PRIu64
                " is there, entry %" PRIu64 " before it is not",
                segment->number, segment->used, batch.first, scan->end);
            return ERR_VALUE;
        }
        if (err != ERR_MISSING) {
            note_set(scan->note, "journal/%012" PRIu64 " can't be read", segment->number);
            return err;
        }
    }
    return OK;
}

static enum err
scan_segment(struct journal *journal, struct segment *segment, struct scan *scan)
{
    struct segment_batch batch;
    enum err err = segment_read(segment, segment->used, scan->bytes, &batch);
    while (err == OK) {
        bool is_next =
            !scan->has_any || batch.first == scan->end || replaces_last(segment, scan, batch.first);
        if (!is_next && begins_anew(journal, segment, scan, batch.first)) {
            scan->has_any = false;
        } else if (!is_next) {
            note_set(scan->note,
                "journal/%012" PRIu64 " goes on with entry %" PRIu64 ", not %" PRIu64
                ": a segment is missing or damaged",
                segment->number, batch.first, scan->end);
            return ERR_VALUE;
        }
        scan->first = scan->has_any ? scan->first : batch.first;
        scan->has_any = true;
        segment->first = scan->last == segment ? segment->first : batch.first;
        segment->end = batch.first + batch.count;
        scan->end = segment->end;
        scan->last = segment;
        scan->last_at = segment->used;
        scan->last_first = batch.first;
        segment->used += segment_span(SEGMENT_HEAD + (size_t)batch.bytes);
        segment->durable = segment->used;
        err = segment_read(segment, segment->used, scan->bytes, &batch);
    }
    if (err != ERR_MISSING) {
        note_set(scan->note, "journal/%012" PRIu64 " can't be read", segment->number);
        return err;
    }
    return check_rest(segment, scan);
}

/* An empty one of the reserve goes back to its name; others wait for use behind the last. */
static enum err
place_empty(struct journal *journal, struct segment *segment, const struct segment *last)
{
    bool is_behind = last == NULL || segment->number > last->number;
    char name[SEGMENT_NAME];
    (void)segment_name(segment->number, name);
    if (segment->is_reserve && journal->reserve == NULL) {
        enum err err = disk_rename(journal->folder, name, JOURNAL_RESERVE);
        err = err == OK ? disk_sync(journal->folder) : err;
        segment->number = 0;
        journal->reserve = segment;
        return err;
    }
    if (is_behind && !segment->is_reserve && journal->ready_count < JOURNAL_READY) {
        journal->ready[journal->ready_count++] = segment;
        return OK;
    }
    segment_close(segment);
    return disk_remove(journal->folder, name);
}

/* Sorts the files into those that hold entries and those that wait. */
static enum err
sort_files(struct journal *journal, const struct segment *last)
{
    enum err err = OK;
    size_t kept = 0;
    for (size_t i = 0; i < journal->held_count; i++) {
        struct segment *segment = journal->held[i];
        if (segment->end != segment->first || err != OK) {
            journal->held[kept++] = segment;
        } else {
            err = place_empty(journal, segment, last);
        }
    }
    journal->held_count = kept;
    if (err == OK && kept == 0 && journal->ready_count != 0) {
        err = add_held(journal, journal->ready[0]);
        journal->ready[0] = journal->ready[1];
        journal->ready_count--;
    }
    return err;
}

/*
 * The last batch may be in the page cache only: after a sync that failed its pages pass for clean.
 * Those before it were synced, or it would not have been written.
 */
static enum err
write_last_again(const struct scan *scan)
{
    struct segment *segment = scan->last;
    struct segment_batch batch;
    enum err err = segment_read(segment, scan->last_at, scan->bytes, &batch);
    if (err != OK) {
        return ERR_IO;
    }
    size_t len = SEGMENT_HEAD + (size_t)batch.bytes;
    memset(scan->bytes + len, 0, segment_span(len) - len);
    err = disk_write(segment->fd, scan->bytes, segment_span(len), (off_t)scan->last_at);
    return err == OK ? disk_sync(segment->fd) : err;
}

static enum err
scan_all(struct journal *journal, struct scan *scan, struct journal_found *ret_found)
{
    enum err err = OK;
    scan->durable = read_mark(journal->folder);
    for (size_t i = 0; i < journal->held_count && err == OK; i++) {
        err = scan_segment(journal, journal->held[i], scan);
    }
    uint64_t torn = 0;
    for (size_t i = 0; i < journal->held_count && err == OK; i++) {
        const struct segment *segment = journal->held[i];
        torn += segment_claim(segment, segment->used, scan->end);
    }
    err = err == OK ? sort_files(journal, scan->last) : err;
    if (err == OK && journal->held_count == 0) {
        note_set(scan->note, "the journal holds no segment");
        return ERR_MISSING;
    }
    if (err == OK && scan->last != NULL) {
        err = write_last_again(scan);
    }
    *ret_found = (struct journal_found){
        .first = scan->first,
        .end = scan->end,
        .durable = scan->durable,
        .torn = torn,
    };
    return err;
}

enum err
journal_open(int ledger, const struct journal_settings *settings, struct journal **ret_journal,
    struct journal_found *ret_found, struct note *note)
{
    struct journal *journal = new_journal(settings);
    struct scan scan = {.bytes = malloc(SEGMENT_BATCH), .note = note};
    enum err err = journal == NULL || scan.bytes == NULL ? ERR_MEMORY : OK;
    if (err == OK) {
        journal->folder = openat(ledger, JOURNAL_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        err = journal->folder >= 0 ? OK : ERR_MISSING;
        if (err != OK) {
            note_set(note, "the ledger has no journal");
        }
    }
    err = err == OK ? open_files(journal, note) : err;
    if (err == OK) {
        note_set(note, "%s", "");
        err = scan_all(journal, &scan, ret_found);
        if (err != OK && note != NULL && text_is_empty(note->text)) {
            note_set(note, "journal: %s", disk_trouble());
        }
    }
    free(scan.bytes);
    if (err != OK) {
        journal_close(journal);
        return err;
    }
    *ret_journal = journal;
    return OK;
}
