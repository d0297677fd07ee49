/* Searching a log: opening it with an index that fits, and running through what matches. */
#include "ledger/search_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMIT_MS 1000

static void
say(const struct search *search, const char *words)
{
    if (search->settings->say != NULL) {
        search->settings->say(search->settings->context, words);
    }
}

static enum err
turn(const struct search *search, uint64_t done, uint64_t all)
{
    return search->settings->turn == NULL ||
                   search->settings->turn(search->settings->context, done, all)
               ? OK
               : ERR_CANCELLED;
}

void
search_close(struct search *search)
{
    if (search != NULL) {
        index_close(search->index);
        entries_close(search->entries);
        logged_free(search->logged);
        free(search);
    }
}

void
search_about(const struct search *search, struct search_about *ret_about)
{
    *ret_about = (struct search_about){
        .size = entries_head(search->entries)->size,
        .indexed = search->index == NULL ? 0 : search->state.frontier.size,
        .built = search->built,
        .pruned = entries_retention(search->entries)->minimum,
    };
}

static enum err
index_failed(struct search *search, enum err err)
{
    search->note = *index_trouble(search->index);
    search->suspect = err == ERR_SYNTAX;
    search->damaged = search->damaged || err == ERR_SYNTAX;
    return err;
}

static bool
is_pruned(const struct search *search, uint64_t index)
{
    return index < entries_retention(search->entries)->minimum;
}

static enum err
grow_by_hash(struct search *search, struct merkle_frontier *frontier, struct index_build *build)
{
    enum err err = entries_grow_pruned(search->entries, frontier, &search->note);
    if (err == OK && build != NULL) {
        index_build_skip(build);
    }
    return err;
}

/* Hashes the entries up to `end`; the build, if any, takes them too. */
static enum err
grow(struct search *search, struct merkle_frontier *frontier, uint64_t end,
    struct index_build *build)
{
    enum err err = OK;
    while (err == OK && frontier->size < end) {
        const uint8_t *entry = NULL;
        size_t len = 0;
        if (build == NULL && frontier->size % TILE_WIDTH == 0) {
            err = turn(search, 0, 0);
        }
        if (err == OK && is_pruned(search, frontier->size)) {
            err = grow_by_hash(search, frontier, build);
            continue;
        }
        if (err == OK) {
            err = entries_get(search->entries, frontier->size, &entry, &len, &search->note);
        }
        if (err == OK && build != NULL) {
            err = index_build_add(build, search->logged, entry, len);
        }
        if (err == OK) {
            entries_grow(search->entries, frontier, entry, len);
        }
    }
    return err;
}

static bool
has_chunk(const struct search *search)
{
    uint64_t size = entries_head(search->entries)->size;
    uint64_t indexed = search->state.frontier.size;
    return indexed <= size && size - indexed >= PLACES_CHUNK;
}

/* Chunks for about a second, which one transaction makes durable. */
static enum err
add_chunks(struct search *search, struct index_build **build)
{
    struct merkle_frontier *frontier = &search->state.frontier;
    int64_t began = clock_mono();
    enum err err = OK;
    if (*build == NULL) {
        *build = index_build_new(search->state.secret);
        err = *build == NULL ? ERR_MEMORY : OK;
    }
    while (err == OK && has_chunk(search) && clock_mono() - began < COMMIT_MS) {
        uint64_t chunk = frontier->size / PLACES_CHUNK;
        struct merkle_frontier next = *frontier;
        err = turn(search, frontier->size, entries_head(search->entries)->size);
        if (err == OK) {
            err = grow(search, &next, frontier->size + PLACES_CHUNK, *build);
        }
        if (err == OK) {
            err = index_build_store(*build, search->index, chunk);
            err = err == OK || err == ERR_MEMORY ? err : index_failed(search, err);
        }
        if (err == OK) {
            *frontier = next;
        }
    }
    return err;
}

/* Another process may do the same: each transaction goes on from where the last one ended. */
static enum err
catch_up(struct search *search)
{
    struct index_build *build = NULL;
    enum err err = index_state(search->index, &search->state);
    if (err != OK) {
        return index_failed(search, err);
    }
    while (err == OK && has_chunk(search)) {
        err = index_begin(search->index, &search->state);
        if (err != OK) {
            err = index_failed(search, err);
            break;
        }
        uint64_t before = search->state.frontier.size;
        err = add_chunks(search, &build);
        uint64_t added = search->state.frontier.size - before;
        enum err ended = index_end(search->index, &search->state, err == ERR_CANCELLED ? OK : err);
        if (ended == OK) {
            search->built += added;
        } else if (err == OK || err == ERR_CANCELLED) {
            err = index_failed(search, ended);
        }
    }
    index_build_free(build);
    return err;
}

/* Index and tail together against the checkpoint. */
static enum err
check_whole(struct search *search)
{
    bool indexed = search->index != NULL;
    search->whole = indexed ? search->state.frontier : (struct merkle_frontier){0};
    enum err err = OK;
    if (search->whole.size <= entries_head(search->entries)->size) {
        err = grow(search, &search->whole, entries_head(search->entries)->size, NULL);
    }
    if (err == OK && !entries_are(search->entries, &search->whole)) {
        search->suspect =
            indexed && !search->rebuilt && search->state.frontier.size != search->built;
        note_set(&search->note, "%s",
            search->suspect ? "the index is not of what this log is now"
                            : "the entries are not those that the checkpoint is about; "
                              "`gatehouse ledger verify` names the first that is wrong");
        err = ERR_VALUE;
    }
    return err;
}

/* A path that somebody typed may be of a file that they want to keep. */
static bool
may_replace(const struct search *search)
{
    return search->settings->index_is_ours || index_is_one(search->settings->index);
}

/* A file that others may have open is emptied; only what SQLite can't use is removed. */
static enum err
throw_away(struct search *search)
{
    char words[sizeof(search->note.text) + 32];
    if (!may_replace(search)) {
        note_set(&search->note, "%s is not an index; choose another with --index PATH",
            search->settings->index);
        return ERR_VALUE;
    }
    (void)snprintf(words, sizeof(words), "%s; it is made anew", search->note.text);
    say(search, words);
    search->suspect = false;
    search->rebuilt = true;
    search->built = 0;
    search->note = (struct note){""};
    if (search->index != NULL && !search->damaged) {
        enum err err = index_reset(search->index, &search->state);
        return err == OK ? OK : index_failed(search, err);
    }
    index_close(search->index);
    search->index = NULL;
    enum err err = index_remove(search->settings->index, &search->note);
    if (err == OK) {
        err = index_open(search->settings->index, true, &search->index, &search->note);
    }
    return err;
}

static void
leave_index(struct search *search)
{
    index_close(search->index);
    search->index = NULL;
    search->suspect = false;
    say(search, "without an index the whole log is read; --index PATH puts one elsewhere");
}

/* What can't be written may still be read; without an index everything is read. */
static enum err
open_read_only(struct search *search)
{
    struct note ignored;
    say(search, search->note.text);
    search->note = (struct note){""};
    if (index_open(search->settings->index, false, &search->index, &ignored) == OK &&
        index_state(search->index, &search->state) == OK) {
        search->read_only = true;
        return OK;
    }
    leave_index(search);
    return OK;
}

static enum err
open_index(struct search *search)
{
    const struct search_settings *settings = search->settings;
    enum err err = index_open(settings->index, true, &search->index, &search->note);
    if (err == ERR_SYNTAX || err == ERR_VALUE) {
        err = throw_away(search);
    } else if (err == OK && settings->rebuild) {
        search->damaged = index_state(search->index, &search->state) != OK;
        note_set(&search->note, "the index is thrown away");
        err = throw_away(search);
    }
    if (err == ERR_IO || err == ERR_FULL) {
        return settings->rebuild ? err : open_read_only(search);
    }
    return err == OK ? catch_up(search) : err;
}

static enum err
open_all(struct search *search)
{
    enum err err = entries_open(search->settings->folder, &search->entries, &search->note);
    if (err == OK && search->settings->index != NULL) {
        err = open_index(search);
    }
    if (err == OK) {
        err = check_whole(search);
    }
    if (err == OK || !search->suspect) {
        return err;
    }
    if (search->read_only) {
        leave_index(search);
        err = OK;
    } else {
        err = throw_away(search);
        err = err == OK ? catch_up(search) : err;
    }
    return err == OK ? check_whole(search) : err;
}

static void
say_pruned(struct search *search)
{
    const struct retention *retention = entries_retention(search->entries);
    char words[RETENTION_POLICY + 160];
    char time[CLOCK_TEXT] = "";
    const uint8_t *entry = NULL;
    size_t len = 0;
    if (retention->minimum == 0) {
        return;
    }
    if (retention->minimum < search->whole.size &&
        entries_get(search->entries, retention->minimum, &entry, &len, NULL) == OK &&
        logged_read(search->logged, entry, len) &&
        search->logged->numbers[LOGGED_TIME] != LOGGED_NONE) {
        (void)clock_text(search->logged->numbers[LOGGED_TIME], time);
    }
    (void)snprintf(words, sizeof(words),
        "%" PRIu64 " events%s%s are pruned by policy (%s; event #%" PRIu64 "): not found here",
        retention->minimum, time[0] == '\0' ? "" : " before ", time, retention->policy,
        retention->event);
    say(search, words);
}

static enum err
take_up_subjects(struct search *search)
{
    struct subjects *subjects = search->settings->subjects;
    enum err err = subjects == NULL ? OK : subjects_refresh(subjects);
    if (err != OK) {
        note_set(&search->note, "the keys of sealed fields can't be read again");
    }
    return err;
}

enum err
search_open(const struct search_settings *settings, struct search **ret_search, struct note *note)
{
    struct search *search = calloc(1, sizeof(*search));
    if (search == NULL) {
        return ERR_MEMORY;
    }
    search->settings = settings;
    search->logged = logged_new();
    enum err err = search->logged == NULL ? ERR_MEMORY : take_up_subjects(search);
    err = err == OK ? open_all(search) : err;
    if (err != OK) {
        note_set(note, "%s", search->note.text);
        search_close(search);
        return err;
    }
    say_pruned(search);
    *ret_search = search;
    return OK;
}

/* A damaged index costs time, not results: the rest is read without it, the next search mends it.
 */
static void
drop_index(struct search *search)
{
    char words[sizeof(search->note.text) + 64];
    (void)snprintf(
        words, sizeof(words), "%s; the log is read without it", index_trouble(search->index)->text);
    say(search, words);
    index_close(search->index);
    search->index = NULL;
    if (may_replace(search) && index_remove(search->settings->index, NULL) != OK) {
        say(search, "remove it, then the next search makes it anew");
    }
}

/* OK, or ERR_CANCELLED when the reader has enough. */
static enum err
look(struct search *search, const struct query *query, uint64_t index,
    const struct search_reader *reader)
{
    const uint8_t *entry = NULL;
    size_t len = 0;
    if (is_pruned(search, index)) {
        return OK;
    }
    enum err err = entries_get(search->entries, index, &entry, &len, &search->note);
    if (err == OK) {
        err = entries_prove(search->entries, index, entry, len, &search->note);
    }
    search->logged->subjects = search->settings->subjects;
    if (err == OK && query_match(query, search->logged, entry, len)) {
        search->logged->index = index;
        err = reader->found(reader->context, search->logged) ? OK : ERR_CANCELLED;
    }
    return err;
}

static enum err
run_chunk(struct search *search, const struct query *query, uint64_t chunk, bool backwards,
    const struct search_reader *reader)
{
    uint64_t start = chunk * PLACES_CHUNK;
    uint64_t left = search->whole.size - start;
    size_t count = left < PLACES_CHUNK ? (size_t)left : PLACES_CHUNK;
    struct places places;
    places_first(&places, count);
    enum err err = search_narrow(search, query, chunk, &places);
    if (err != OK) {
        drop_index(search);
        places_first(&places, count);
        err = OK;
    }
    int at = places_next(&places, backwards ? PLACES_CHUNK - 1 : 0, backwards);
    unsigned looked = 0;
    while (err == OK && at >= 0) {
        err = look(search, query, start + (uint64_t)at, reader);
        if (err == OK && ++looked % TILE_WIDTH == 0) {
            err = turn(search, 0, 0);
        }
        at = places_next(&places, backwards ? at - 1 : at + 1, backwards);
    }
    return err == OK ? turn(search, 0, 0) : err;
}

enum err
search_run(struct search *search, const struct query *query, bool backwards,
    const struct search_reader *reader, struct note *note)
{
    uint64_t chunks = (search->whole.size + PLACES_CHUNK - 1) / PLACES_CHUNK;
    uint64_t first = entries_retention(search->entries)->minimum / PLACES_CHUNK;
    enum err err = OK;
    for (uint64_t i = first; err == OK && i < chunks; i++) {
        err = run_chunk(search, query, backwards ? chunks - 1 - (i - first) : i, backwards, reader);
    }
    note_set(note, "%s", search->note.text);
    return err == ERR_CANCELLED ? OK : err;
}

enum err
search_more(struct search *search, const struct query *query, const struct search_reader *reader,
    struct note *note)
{
    uint64_t before = search->whole.size;
    enum err err = take_up_subjects(search);
    err = err == OK ? entries_refresh(search->entries, &search->note) : err;
    uint64_t size = entries_head(search->entries)->size;
    if (err == OK && size >= before) {
        err = grow(search, &search->whole, size, NULL);
    }
    if (err == OK && !entries_are(search->entries, &search->whole)) {
        note_set(&search->note, "the log does not go on from what it was; `gatehouse ledger "
                                "verify` says more");
        err = ERR_VALUE;
    }
    for (uint64_t i = before; err == OK && i < size; i++) {
        err = look(search, query, i, reader);
    }
    note_set(note, "%s", search->note.text);
    return err == ERR_CANCELLED ? OK : err;
}
