/* Views that are open: rows in a shared file under one robust lock; bytes and beats without it. */
#include "gate/views.h"

#include "base/clock.h"
#include "base/text.h"
#include "gate/views_inside.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#define LOAD(place)         __atomic_load_n((place), __ATOMIC_RELAXED)
#define STORE(place, value) __atomic_store_n((place), (value), __ATOMIC_RELAXED)

void
views_lock(struct views_shared *shared)
{
    int error = pthread_mutex_lock(&shared->lock);
    if (error == EOWNERDEAD) {
        views_index(shared);
        error = pthread_mutex_consistent(&shared->lock);
    }
    assert(error == 0);
}

void
views_unlock(struct views_shared *shared)
{
    int error = pthread_mutex_unlock(&shared->lock);
    assert(error == 0);
    (void)error;
}

static enum view_state
state_of(const struct views_row *row)
{
    return __atomic_load_n(&row->view.state, __ATOMIC_ACQUIRE);
}

static void
set_state(struct views_row *row, enum view_state state)
{
    __atomic_store_n(&row->view.state, state, __ATOMIC_RELEASE);
}

static uint16_t *
bucket_of(struct views_shared *shared, const uint8_t key[16])
{
    uint16_t hash = (uint16_t)(key[0] << 8 | key[1]);
    return &shared->buckets[hash % VIEWS_ROWS];
}

void
views_index(struct views_shared *shared)
{
    memset(shared->buckets, 0xff, sizeof(shared->buckets));
    shared->free = VIEWS_NONE;
    for (uint16_t i = VIEWS_ROWS; i-- > 0;) {
        struct views_row *row = &shared->rows[i];
        bool is_free = state_of(row) == VIEW_FREE;
        uint16_t *head = is_free ? &shared->free : bucket_of(shared, row->view.key);
        if (is_free || !row->is_ending) {
            row->next = *head;
            *head = i;
        }
    }
}

static void
unlink_row(struct views_shared *shared, const struct views_row *row)
{
    uint16_t *link = bucket_of(shared, row->view.key);
    uint16_t number = (uint16_t)(row - shared->rows);
    while (*link != VIEWS_NONE && *link != number) {
        link = &shared->rows[*link].next;
    }
    if (*link == number) {
        *link = row->next;
    }
}

static void
free_row(struct views_shared *shared, struct views_row *row)
{
    if (!row->is_ending) {
        unlink_row(shared, row);
    }
    STORE(&row->view.generation, row->view.generation + 1);
    set_state(row, VIEW_FREE);
    row->next = shared->free;
    shared->free = (uint16_t)(row - shared->rows);
}

void
views_end(struct views_shared *shared, struct views_row *row, const char *cause)
{
    if (!row->is_ending) {
        unlink_row(shared, row);
        row->is_ending = true;
    }
    if (cause != NULL && row->view.cause[0] == '\0') {
        (void)text_copy(row->view.cause, sizeof(row->view.cause), cause);
    }
}

static bool
is_left(const struct views_row *row)
{
    static const uint16_t nobody[VIEWS_WORKERS];
    return memcmp(row->view.open, nobody, sizeof(nobody)) == 0;
}

/* With the lock held, whenever somebody left or the ledger's word came. */
static void
settle(struct views_shared *shared, struct views_row *row)
{
    if (!is_left(row) || row->is_ending) {
        return;
    }
    if (row->view.state == VIEW_REFUSED) {
        free_row(shared, row);
    } else if (row->view.state == VIEW_OPEN && row->view.ends_at_close) {
        views_end(shared, row, NULL);
    }
}

void
views_bury(struct views_shared *shared, uint16_t worker, const char *cause)
{
    for (size_t i = 0; i < VIEWS_ROWS; i++) {
        struct views_row *row = &shared->rows[i];
        enum view_state state = state_of(row);
        if (state == VIEW_FREE || row->is_ending) {
            continue;
        }
        if (row->view.open[worker] != 0 && row->view.cause[0] == '\0') {
            (void)text_copy(row->view.cause, sizeof(row->view.cause), cause);
        }
        row->view.open[worker] = 0;
        if (state == VIEW_ASKED && row->asker == worker) {
            views_end(shared, row, cause); /* its begin may be durable: nobody else can know */
        } else {
            settle(shared, row);
        }
    }
    shared->workers[worker].beat = 0;
}

bool
views_bury_dead(struct views_shared *shared, const char *cause)
{
    bool one_lives = false;
    for (uint16_t i = 0; i < VIEWS_WORKERS; i++) {
        struct views_worker *worker = &shared->workers[i];
        int error = LOAD(&worker->beat) == 0 ? 0 : pthread_mutex_trylock(&worker->life);
        one_lives = one_lives || error == EBUSY;
        if (error == EOWNERDEAD) {
            (void)pthread_mutex_consistent(&worker->life);
        }
        if ((error == 0 && LOAD(&worker->beat) != 0) || error == EOWNERDEAD) {
            views_lock(shared);
            views_bury(shared, i, cause);
            views_unlock(shared);
            (void)pthread_mutex_unlock(&worker->life);
        }
    }
    return one_lives;
}

void
views_beat(struct views *views, int64_t now)
{
    if (views->worker != VIEWS_NONE) {
        STORE(&views->shared->workers[views->worker].beat, now != 0 ? now : 1);
    }
}

void
views_touch(struct views *views, uint32_t place, int64_t now)
{
    if (place < BOARD_SESSIONS) {
        STORE(&views->shared->touched[place], now);
    }
}

int64_t
views_touched(const struct views *views, uint32_t place)
{
    return place < BOARD_SESSIONS ? LOAD(&views->shared->touched[place]) : 0;
}

void
views_key(const struct views *views, const char *session, const char *vms, const char *view,
    uint8_t out[16])
{
    const char *const texts[] = {session, vms, view};
    uint8_t key[crypto_shorthash_siphashx24_KEYBYTES];
    memcpy(key, views->shared->secret, sizeof(key));
    /* Each text under the key that the ones before it make: where one ends can't be moved. */
    for (size_t i = 0; i < COUNT(texts); i++) {
        uint8_t next[crypto_shorthash_siphashx24_BYTES];
        (void)crypto_shorthash_siphashx24(next, (const uint8_t *)texts[i], strlen(texts[i]), key);
        memcpy(key, next, sizeof(key));
    }
    memcpy(out, key, 16);
}

void
views_new_id(char out[VIEWS_ID])
{
    uint8_t random[16];
    randombytes_buf(random, sizeof(random));
    (void)sodium_bin2base64(
        out, VIEWS_ID, random, sizeof(random), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static struct views_row *
find_key(struct views_shared *shared, const uint8_t key[16])
{
    uint16_t number = *bucket_of(shared, key);
    while (number != VIEWS_NONE) {
        struct views_row *row = &shared->rows[number];
        if (row->view.state != VIEW_REFUSED && !row->view.is_stopped &&
            memcmp(row->view.key, key, 16) == 0) {
            return row;
        }
        number = row->next;
    }
    return NULL;
}

/* Made whole while it is free; the state tells that it is there. */
static struct views_row *
make_row(struct views *views, const struct view *view, int64_t now)
{
    struct views_shared *shared = views->shared;
    if (shared->free == VIEWS_NONE) {
        return NULL;
    }
    uint16_t number = shared->free;
    struct views_row *row = &shared->rows[number];
    uint16_t *bucket = bucket_of(shared, view->key);
    uint32_t generation = row->view.generation;
    shared->free = row->next;
    row->view = *view;
    row->view.state = VIEW_FREE;
    row->view.generation = generation;
    row->view.begun = row->view.active = row->view.heartbeat = now;
    row->view.begun_wall = clock_wall();
    row->view.requests = 1;
    row->view.cause[0] = '\0';
    row->view.is_stopped = false;
    memset(row->view.open, 0, sizeof(row->view.open));
    row->view.open[views->worker] = 1;
    row->is_ending = false;
    row->asker = views->worker;
    row->next = *bucket;
    *bucket = number;
    set_state(row, VIEW_ASKED);
    return row;
}

/* The wider of two times; 0: not known. */
static void
widen(int64_t *from, int64_t *to, int64_t also_from, int64_t also_to)
{
    if (also_from != 0 && (*from == 0 || also_from < *from)) {
        *from = also_from;
    }
    if (also_to > *to) {
        *to = also_to;
    }
}

static enum err
join_row(const struct views *views, struct views_row *row, const struct view *view, int64_t now)
{
    uint16_t *open = &row->view.open[views->worker];
    if (*open == UINT16_MAX) {
        return ERR_LIMIT;
    }
    (*open)++;
    row->view.requests++;
    row->view.cause[0] = '\0'; /* what cut one connection did not end the view */
    STORE(&row->view.active, now);
    widen(&row->view.from, &row->view.to, view->from, view->to);
    return OK;
}

enum err
views_enter(struct views *views, const struct view *view, int64_t now,
    struct view_handle *ret_handle, enum view_state *ret_state)
{
    enum err err = OK;
    assert(views->worker != VIEWS_NONE);
    views_lock(views->shared);
    struct views_row *row = find_key(views->shared, view->key);
    enum view_state state = row == NULL ? VIEW_FREE : row->view.state;
    if (row != NULL) {
        err = join_row(views, row, view, now);
    } else {
        row = make_row(views, view, now);
        err = row == NULL ? ERR_LIMIT : OK;
    }
    if (err == OK) {
        uint32_t number = (uint32_t)(row - views->shared->rows);
        *ret_handle = (struct view_handle){number, row->view.generation};
        *ret_state = state;
    }
    views_unlock(views->shared);
    return err;
}

enum err
views_join(
    struct views *views, const struct view *view, int64_t now, struct view_handle *ret_handle)
{
    enum err err = ERR_MISSING;
    assert(views->worker != VIEWS_NONE);
    views_lock(views->shared);
    struct views_row *row = find_key(views->shared, view->key);
    if (row != NULL && row->view.state == VIEW_OPEN) {
        err = join_row(views, row, view, now);
    }
    if (err == OK) {
        uint32_t number = (uint32_t)(row - views->shared->rows);
        *ret_handle = (struct view_handle){number, row->view.generation};
    }
    views_unlock(views->shared);
    return err;
}

/* The row of a handle that still holds, or NULL. */
static struct views_row *
row_of(const struct views *views, struct view_handle handle)
{
    struct views_row *row = &views->shared->rows[handle.row % VIEWS_ROWS];
    bool is_there = handle.row < VIEWS_ROWS && LOAD(&row->view.generation) == handle.generation &&
                    state_of(row) != VIEW_FREE;
    return is_there ? row : NULL;
}

enum view_state
views_state(struct views *views, struct view_handle handle)
{
    views_lock(views->shared);
    const struct views_row *row = row_of(views, handle);
    enum view_state state = row == NULL || row->is_ending ? VIEW_REFUSED : row->view.state;
    views_unlock(views->shared);
    return state;
}

void
views_opened(struct views *views, struct view_handle handle, bool is_durable)
{
    views_lock(views->shared);
    struct views_row *row = row_of(views, handle);
    if (row != NULL && row->view.state == VIEW_ASKED && !row->is_ending) {
        set_state(row, is_durable ? VIEW_OPEN : VIEW_REFUSED);
        settle(views->shared, row);
    }
    views_unlock(views->shared);
}

void
views_doubted(struct views *views, struct view_handle handle, const char *cause)
{
    views_lock(views->shared);
    struct views_row *row = row_of(views, handle);
    if (row != NULL && row->view.state == VIEW_ASKED && !row->is_ending) {
        views_end(views->shared, row, cause);
    }
    views_unlock(views->shared);
}

void
views_add(struct views *views, struct view_handle handle, uint64_t bytes, int64_t now)
{
    struct views_row *row = row_of(views, handle); /* the caller is counted as open: it stays */
    if (row != NULL) {
        (void)__atomic_fetch_add(&row->view.bytes, bytes, __ATOMIC_RELAXED);
        STORE(&row->view.active, now);
    }
}

void
views_saw(struct views *views, struct view_handle handle, int64_t from, int64_t to)
{
    views_lock(views->shared);
    struct views_row *row = row_of(views, handle);
    if (row != NULL && !row->is_ending) {
        widen(&row->view.seen_from, &row->view.seen_to, from, to);
    }
    views_unlock(views->shared);
}

void
views_digest(
    struct views *views, struct view_handle handle, const uint8_t digest[32], bool is_whole)
{
    views_lock(views->shared);
    struct views_row *row = row_of(views, handle);
    if (row != NULL && !row->is_ending) {
        memcpy(row->view.digest, digest, sizeof(row->view.digest));
        row->view.has_digest = true;
        row->view.is_whole = is_whole;
    }
    views_unlock(views->shared);
}

void
views_leave(struct views *views, struct view_handle handle, const char *cause, int64_t now)
{
    views_lock(views->shared);
    struct views_row *row = row_of(views, handle);
    if (row != NULL && !row->is_ending && row->view.open[views->worker] != 0) {
        row->view.open[views->worker]--;
        STORE(&row->view.active, now);
        if (cause != NULL && row->view.cause[0] == '\0') {
            (void)text_copy(row->view.cause, sizeof(row->view.cause), cause);
        }
        settle(views->shared, row);
    }
    views_unlock(views->shared);
}

enum err
views_by_link(struct views *views, const char *session, const char *link, struct view *ret_view,
    struct view_handle *ret_handle)
{
    enum err err = ERR_MISSING;
    if (text_is_empty(link)) {
        return ERR_MISSING;
    }
    views_lock(views->shared);
    for (uint32_t i = 0; i < VIEWS_ROWS && err != OK; i++) {
        const struct views_row *row = &views->shared->rows[i];
        if (state_of(row) == VIEW_OPEN && !row->is_ending && text_equal(row->view.link, link) &&
            text_equal(row->view.session, session)) {
            *ret_view = row->view;
            *ret_handle = (struct view_handle){i, row->view.generation};
            err = OK;
        }
    }
    views_unlock(views->shared);
    return err;
}

void
views_stop(struct views *views, struct view_handle handle)
{
    views_lock(views->shared);
    struct views_row *row = row_of(views, handle);
    if (row != NULL && !row->is_ending) {
        STORE(&row->view.is_stopped, true);
    }
    views_unlock(views->shared);
}

bool
views_is_stopped(const struct views *views, struct view_handle handle)
{
    const struct views_row *row = row_of(views, handle);
    return row == NULL || LOAD(&row->view.is_stopped);
}

void
views_must_tell(struct views *views, struct view_handle handle, int64_t now)
{
    views_lock(views->shared);
    struct views_row *row = row_of(views, handle);
    if (row != NULL && row->view.told_by == 0) {
        STORE(&row->view.told_by, now + VIEWS_TOLD);
    }
    views_unlock(views->shared);
}

void
views_told(struct views *views, struct view_handle handle, int64_t now)
{
    views_lock(views->shared);
    struct views_row *row = row_of(views, handle);
    if (row != NULL && row->view.told_by != 0) {
        STORE(&row->view.told_by, now + VIEWS_TOLD);
    }
    views_unlock(views->shared);
}

bool
views_is_untold(const struct views *views, struct view_handle handle, int64_t now)
{
    const struct views_row *row = row_of(views, handle);
    int64_t by = row == NULL ? 0 : LOAD(&row->view.told_by);
    return by != 0 && now > by;
}

enum due {
    DUE_NOT,
    DUE_HEARTBEAT,
    DUE_END,
};

/* With the lock held. */
static enum due
look(struct views_shared *shared, struct views_row *row, int64_t now)
{
    enum view_state state = state_of(row);
    int64_t quiet = now - LOAD(&row->view.active);
    settle(shared, row);
    if (state == VIEW_ASKED && quiet >= VIEWS_UNBEGUN && is_left(row)) {
        views_end(shared, row, "left before it began");
    } else if (state == VIEW_OPEN && quiet >= VIEWS_IDLE && is_left(row)) {
        views_end(shared, row, NULL);
    }
    if (state_of(row) == VIEW_FREE) {
        return DUE_NOT;
    }
    bool is_due = state == VIEW_OPEN && now - row->view.heartbeat >= VIEWS_HEARTBEAT;
    return row->is_ending ? DUE_END : is_due ? DUE_HEARTBEAT : DUE_NOT;
}

/* The ledger does not know that it goes on: it may not. With the lock held. */
static void
stop_untold(struct views_row *row, int64_t now)
{
    if (now - row->view.heartbeat < VIEWS_HEARTBEAT + VIEWS_UNTOLD || row->view.reason[0] != '\0' ||
        row->view.is_stopped) {
        return;
    }
    if (row->view.cause[0] == '\0') {
        (void)text_copy(
            row->view.cause, sizeof(row->view.cause), "the ledger did not take its heartbeat");
    }
    STORE(&row->view.is_stopped, true);
}

void
views_sweep(struct views *views, int64_t now, views_tell_fn *tell, void *context)
{
    struct views_shared *shared = views->shared;
    (void)views_bury_dead(shared, "worker ended");
    for (size_t i = 0; i < VIEWS_ROWS; i++) {
        struct views_row *row = &shared->rows[i];
        if (state_of(row) == VIEW_FREE) {
            continue;
        }
        views_lock(shared);
        enum due due = state_of(row) == VIEW_FREE ? DUE_NOT : look(shared, row, now);
        if (due == DUE_HEARTBEAT) {
            stop_untold(row, now);
        }
        struct view view = row->view;
        views_unlock(shared);
        if (due == DUE_NOT || !tell(context, &view, due == DUE_END)) {
            continue;
        }
        views_lock(shared);
        if (due == DUE_END) {
            free_row(shared, row);
        } else if (row->view.generation == view.generation) {
            row->view.heartbeat = now;
        }
        views_unlock(shared);
    }
}
