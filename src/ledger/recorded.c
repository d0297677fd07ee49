/* Views joined while the log is read, and asked for the recording time that they were of. */
#include "ledger/recorded.h"

#include <search.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define KEY     16
#define GOES_ON CLOCK_DAY /* a view without an end may have gone on for so long */

struct key_of {
    uint8_t bytes[KEY];
};

/* A view of which there may be more to come. */
struct viewing {
    struct key_of key; /* first: the tree compares by it */
    int64_t last;      /* when it was recorded last */
    bool is_counted;   /* of recordings, and some of it was shown */
    bool is_open;
    bool is_told, is_in;  /* some event says both ends; the last of these touches the time */
    bool was_in;          /* any of these does */
    bool is_half, may_be; /* some event says one end; the last of these may touch the time */
};

struct recorded {
    int64_t from, to;
    uint8_t secret[crypto_generichash_KEYBYTES];
    void *open; /* tree of struct viewing */
    size_t open_count;
    struct key_of *keys; /* of what was of that time; sorted at the end */
    size_t key_count, key_room;
    uint64_t unplaced;
    enum err err; /* of what a walk through the tree can't return */
};

static int
compare_keys(const void *left, const void *right)
{
    return memcmp(left, right, KEY);
}

/* Nobody can choose views whose keys are the same: the secret is new each time. */
static struct key_of
key_of(const struct recorded *recorded, const struct logged *logged)
{
    static const enum logged_text texts[] = {LOGGED_VIEW, LOGGED_USER, LOGGED_ACTION};
    struct key_of key;
    crypto_generichash_state state;
    bool is_view = logged->texts[LOGGED_VIEW].bytes != NULL;
    (void)crypto_generichash_init(&state, recorded->secret, sizeof(recorded->secret), KEY);
    for (size_t i = 0; is_view && i < COUNT(texts); i++) {
        const struct event_text *text = &logged->texts[texts[i]];
        uint64_t len = text->bytes == NULL ? UINT64_MAX : text->len;
        (void)crypto_generichash_update(&state, (const uint8_t *)&len, sizeof(len));
        (void)crypto_generichash_update(
            &state, (const uint8_t *)text->bytes, text->bytes == NULL ? 0 : text->len);
    }
    if (!is_view) {
        const uint8_t *index = (const uint8_t *)&logged->index;
        (void)crypto_generichash_update(&state, index, sizeof(logged->index));
    }
    (void)crypto_generichash_final(&state, key.bytes, KEY);
    return key;
}

/* LOGGED_NONE: that end is not known. */
static bool
touches(const struct recorded *recorded, int64_t first, int64_t last)
{
    return first < recorded->to &&
           (last == LOGGED_NONE || last > recorded->from || first == recorded->from);
}

static void
join(const struct recorded *recorded, struct viewing *view, const struct logged *logged)
{
    bool is_still = logged_says(logged, LOGGED_ACTION, event_action(EVENT_SNAPSHOT)->text);
    bool is_recording = logged_says(logged, LOGGED_ACTION, event_action(EVENT_PLAYBACK)->text) ||
                        logged_says(logged, LOGGED_ACTION, event_action(EVENT_EXPORT)->text);
    bool is_ok = logged_says(logged, LOGGED_OUTCOME, event_outcome_text(EVENT_OK));
    int64_t time = logged->numbers[LOGGED_TIME];
    int64_t first = logged->numbers[LOGGED_FROM];
    int64_t last = logged->numbers[LOGGED_TO];
    last = is_still && last == LOGGED_NONE ? first : last; /* a still is of one moment */
    first = is_still && first == LOGGED_NONE ? last : first;
    bool is_in = touches(recorded, first, last);
    view->last = time > view->last ? time : view->last;
    view->is_counted = view->is_counted || (is_recording && is_ok);
    view->is_open =
        logged->texts[LOGGED_PHASE].bytes != NULL && !logged_says(logged, LOGGED_PHASE, "end");
    if (first != LOGGED_NONE && last != LOGGED_NONE) {
        view->is_told = true;
        view->is_in = is_in;
        view->was_in = view->was_in || is_in;
    } else if (first != LOGGED_NONE || last != LOGGED_NONE) {
        view->is_half = true;
        view->may_be = is_in;
    }
}

static enum err
add_key(struct recorded *recorded, const struct key_of *key)
{
    if (recorded->key_count == recorded->key_room) {
        size_t room = recorded->key_room == 0 ? 64 : 2 * recorded->key_room;
        struct key_of *keys = reallocarray(recorded->keys, room, sizeof(*keys));
        if (keys == NULL) {
            return ERR_MEMORY;
        }
        recorded->keys = keys;
        recorded->key_room = room;
    }
    recorded->keys[recorded->key_count++] = *key;
    return OK;
}

/* What was over before the time was filmed can't have been of it. */
static bool
is_unplaced(const struct recorded *recorded, const struct viewing *view)
{
    int64_t more = view->is_open ? GOES_ON : 0;
    bool is_late = view->last + more >= recorded->from;
    bool may_be = view->is_told   ? view->is_open && view->was_in
                  : view->is_half ? view->may_be
                                  : true;
    return view->is_counted && is_late && may_be;
}

static enum err
decide(struct recorded *recorded, const struct viewing *view)
{
    if (view->is_told && view->is_in) {
        return add_key(recorded, &view->key);
    }
    recorded->unplaced += is_unplaced(recorded, view) ? 1 : 0;
    return OK;
}

static enum err
open_view(struct recorded *recorded, const struct viewing *like)
{
    if (recorded->open_count == RECORDED_OPEN) {
        return ERR_LIMIT;
    }
    struct viewing *view = malloc(sizeof(*view));
    if (view == NULL) {
        return ERR_MEMORY;
    }
    *view = *like;
    if (tsearch(view, &recorded->open, compare_keys) == NULL) {
        free(view);
        return ERR_MEMORY;
    }
    recorded->open_count++;
    return OK;
}

struct recorded *
recorded_new(int64_t from, int64_t to)
{
    struct recorded *recorded = calloc(1, sizeof(*recorded));
    if (recorded != NULL) {
        recorded->from = from;
        recorded->to = to;
        randombytes_buf(recorded->secret, sizeof(recorded->secret));
    }
    return recorded;
}

void
recorded_free(struct recorded *recorded)
{
    if (recorded != NULL) {
        tdestroy(recorded->open, free);
        free(recorded->keys);
        free(recorded);
    }
}

enum err
recorded_take(struct recorded *recorded, const struct logged *logged)
{
    if (logged_says(logged, LOGGED_ACTION, event_action(EVENT_LIVE)->text)) {
        return OK;
    }
    struct viewing alone = {.key = key_of(recorded, logged), .last = INT64_MIN};
    struct viewing *const *found = tfind(&alone, &recorded->open, compare_keys);
    struct viewing *view = found == NULL ? &alone : *found;
    join(recorded, view, logged);
    if (view->is_open && logged->texts[LOGGED_VIEW].bytes != NULL) {
        return found == NULL ? open_view(recorded, view) : OK;
    }
    enum err err = decide(recorded, view);
    if (found != NULL) {
        (void)tdelete(view, &recorded->open, compare_keys);
        recorded->open_count--;
        free(view);
    }
    return err;
}

static void
end_one(const void *node, VISIT visit, void *closure)
{
    struct recorded *recorded = closure;
    if ((visit == postorder || visit == leaf) && recorded->err == OK) {
        recorded->err = decide(recorded, *(struct viewing *const *)node);
    }
}

enum err
recorded_end(struct recorded *recorded)
{
    twalk_r(recorded->open, end_one, recorded);
    tdestroy(recorded->open, free);
    recorded->open = NULL;
    recorded->open_count = 0;
    if (recorded->key_count != 0) {
        qsort(recorded->keys, recorded->key_count, KEY, compare_keys);
    }
    return recorded->err;
}

bool
recorded_has(const struct recorded *recorded, const struct logged *logged)
{
    struct key_of key = key_of(recorded, logged);
    return recorded->key_count != 0 &&
           bsearch(&key, recorded->keys, recorded->key_count, KEY, compare_keys) != NULL;
}

uint64_t
recorded_unplaced(const struct recorded *recorded)
{
    return recorded->unplaced;
}

static bool
take(void *context, const struct logged *logged)
{
    struct recorded *recorded = context;
    recorded->err = recorded_take(recorded, logged);
    return recorded->err == OK;
}

enum err
recorded_gather(struct search *search, const struct query *query, struct recorded **ret_recorded,
    struct note *note)
{
    struct recorded *recorded = recorded_new(query->from, query->to);
    const struct search_reader reader = {take, recorded};
    struct query always = *query;
    always.from = INT64_MIN;
    always.to = INT64_MAX;
    enum err err =
        recorded == NULL ? ERR_MEMORY : search_run(search, &always, false, &reader, note);
    err = err == OK ? recorded->err : err;
    if (err == ERR_LIMIT) {
        note_set(note, "more than %d views without a recorded end", RECORDED_OPEN);
    }
    err = err == OK ? recorded_end(recorded) : err;
    if (err != OK) {
        recorded_free(recorded);
        return err;
    }
    *ret_recorded = recorded;
    return OK;
}
