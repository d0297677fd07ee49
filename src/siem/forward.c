/* The life of one destination: read, format, put, confirm, move the cursor. */
#include "siem/forward.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "ledger/base64.h"
#include "ledger/entries.h"
#include "siem/aside.h"
#include "siem/place.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define POLL_MS     200
#define PAUSE_FIRST 500
#define PAUSE_MOST  60000
#define RECORD_MOST ((size_t)1024 * 1024)
#define ROOT_TEXT   64
#define FEW         1000  /* entries … */
#define SELDOM      10000 /* … and ms for which a cursor may stay behind what a filter drops */
#define ASIDE_MOST  20 /* records set aside one after the other: more is not the records' fault */
#define GROW_AFTER  16 /* good batches until a batch that was cut is as large as before */

struct siem_forward {
    struct siem_forward_settings settings;
    struct siem_outlet outlet;
    struct entries *entries;
    struct merkle *merkle;
    struct logged *logged;
    struct buf record;
    struct merkle_hash leaf; /* of the entry that was read last */
    struct stat folder;      /* of the log that is open */
    char root[ROOT_TEXT];
    struct merkle_head seen; /* the tree that root is of */
    bool has_seen;           /* … and in which the cursor's place was looked at */
    struct siem_chain chain; /* of the last record that was delivered */
    struct siem_chain draft; /* of the last one of the batch */
    unsigned batch; /* records in one now: less than allowed while a bad one is looked for */
    unsigned good;
    unsigned aside;  /* records set aside since one was taken */
    bool has_cursor; /* on the disk */
    pthread_mutex_t mutex;
    struct siem_state state; /* under the mutex */
};

/* What became of one batch before its end. */
struct run {
    uint64_t next;   /* first entry that is not in it */
    unsigned count;  /* records in it */
    int64_t begun;   /* clock_mono() of the first */
    uint64_t only;   /* index of the last record put */
    uint64_t pruned; /* entries that were passed because they are not there any more */
    bool has_leaf;
    struct merkle_hash leaf; /* of entry next - 1 */
};

const char *
siem_standing_words(enum siem_standing standing)
{
    static const char *const words[] = {
        [SIEM_STARTING] = "starting",
        [SIEM_CAUGHT_UP] = "caught up",
        [SIEM_SENDING] = "sending",
        [SIEM_WAITING] = "waiting",
        [SIEM_UNCONFIRMED] = "unconfirmed",
        [SIEM_STOPPED] = "stopped",
    };
    return words[standing];
}

int64_t
siem_forward_pause(uint64_t failures, uint32_t chance)
{
    int64_t pause = PAUSE_FIRST;
    for (uint64_t i = 1; i < failures && pause < PAUSE_MOST; i++) {
        pause *= 2;
    }
    pause = pause < PAUSE_MOST ? pause : PAUSE_MOST;
    return pause / 2 + (int64_t)(chance % (uint32_t)(pause / 2 + 1));
}

static struct siem_state *
hold(struct siem_forward *forward)
{
    (void)pthread_mutex_lock(&forward->mutex);
    return &forward->state;
}

static void
let_go(struct siem_forward *forward)
{
    (void)pthread_mutex_unlock(&forward->mutex);
}

static void
stand(struct siem_forward *forward, enum siem_standing standing)
{
    hold(forward)->standing = standing;
    let_go(forward);
}

void
siem_forward_state(struct siem_forward *forward, struct siem_state *ret_state)
{
    *ret_state = *hold(forward);
    let_go(forward);
}

static bool
is_stopping(const struct siem_forward *forward)
{
    return forward->settings.stop != NULL && atomic_load(&forward->settings.stop->at) != 0;
}

/* In slices, so that an end is noticed. */
static void
rest(const struct siem_forward *forward, int64_t ms)
{
    int64_t until = clock_mono() + ms;
    for (int64_t left = ms; left > 0 && !is_stopping(forward); left = until - clock_mono()) {
        (void)poll(NULL, 0, (int)(left < POLL_MS ? left : POLL_MS));
    }
}

static unsigned
poll_ms(const struct siem_forward *forward)
{
    return forward->settings.poll_ms != 0 ? forward->settings.poll_ms : POLL_MS;
}

static enum err
read_cursor(struct siem_forward *forward, struct note *note)
{
    struct siem_cursor cursor = {.next = 0};
    enum err err = siem_cursor_read(forward->settings.cursor, &cursor, note);
    forward->has_cursor = err == OK;
    forward->state.cursor = cursor;
    return err == ERR_MISSING ? OK : err;
}

enum err
siem_forward_new(const struct siem_forward_settings *settings, struct siem_forward **ret_forward,
    struct note *note)
{
    struct siem_forward *forward = calloc(1, sizeof(*forward));
    if (forward == NULL) {
        return ERR_MEMORY;
    }
    forward->settings = *settings;
    forward->outlet = (struct siem_outlet){
        .to = settings->to,
        .resolver = settings->resolver,
        .stop = settings->stop,
        .token = settings->token,
        .host = settings->config->host,
    };
    forward->batch = settings->to->batch;
    (void)pthread_mutex_init(&forward->mutex, NULL);
    buf_init(&forward->record, RECORD_MOST);
    forward->merkle = merkle_new();
    forward->logged = logged_new();
    enum err err = forward->merkle == NULL || forward->logged == NULL ? ERR_MEMORY : OK;
    err = err == OK ? read_cursor(forward, note) : err;
    err = err == OK ? siem_outlet_open(&forward->outlet, note) : err;
    if (err != OK) {
        siem_forward_free(forward);
        return err;
    }
    *ret_forward = forward;
    return OK;
}

void
siem_forward_free(struct siem_forward *forward)
{
    if (forward != NULL) {
        siem_outlet_close(&forward->outlet);
        entries_close(forward->entries);
        merkle_free(forward->merkle);
        logged_free(forward->logged);
        buf_release(&forward->record);
        (void)pthread_mutex_destroy(&forward->mutex);
        free(forward);
    }
}

static enum err
move_cursor(struct siem_forward *forward, const struct run *run, uint64_t more, struct note *note)
{
    struct siem_cursor cursor = forward->state.cursor;
    (void)text_copy(cursor.origin, sizeof(cursor.origin), entries_origin(forward->entries));
    cursor.next = run->next;
    cursor.has_leaf = run->has_leaf;
    cursor.leaf = run->leaf;
    cursor.delivered += more;
    cursor.pruned += run->pruned;
    cursor.moved = clock_wall();
    enum err err = siem_cursor_write(forward->settings.cursor, &cursor, note);
    if (err != OK) {
        return err == ERR_MISSING ? ERR_IO : err; /* to a caller "missing" is "nothing to send" */
    }
    forward->has_cursor = true;
    struct siem_state *state = hold(forward);
    state->cursor = cursor;
    state->pruned += run->pruned;
    let_go(forward);
    if (run->pruned != 0) {
        log_warn("siem %s: %" PRIu64 " entries before entry %" PRIu64
                 " were pruned before they were delivered",
            forward->settings.to->name, run->pruned, run->next);
    }
    return OK;
}

/* Begins at that entry; what is before it counts as delivered. */
static enum err
go_to(const struct siem_forward *forward, uint64_t next, struct run *run, struct note *note)
{
    run->next = next;
    run->has_leaf = next > 0;
    return next == 0 ? OK
                     : siem_place_leaf(forward->settings.config->ledger, next - 1,
                           entries_head(forward->entries)->size, &run->leaf, note);
}

/* A head that was not seen before: the cursor's place must still be in its log. */
static enum err
take_head(struct siem_forward *forward, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    const struct merkle_head *head = entries_head(forward->entries);
    buf_init(&text, ROOT_TEXT);
    if (forward->has_seen && forward->seen.size == head->size &&
        merkle_equal(&forward->seen.root, &head->root)) {
        return OK;
    }
    const struct siem_place place = {
        .ledger = forward->settings.config->ledger,
        .origin = entries_origin(forward->entries),
        .size = head->size,
        .way_out = "give the destination a new name, or take the cursor away and everything is "
                   "sent again",
    };
    enum err err =
        forward->has_cursor ? siem_place_check(&forward->state.cursor, &place, note) : OK;
    if (err != OK) {
        forward->has_seen = false;
        return err;
    }
    base64_put(&text, head->root.bytes, sizeof(head->root.bytes));
    (void)text_copy(forward->root, sizeof(forward->root), text.data);
    forward->seen = *head;
    forward->has_seen = true;
    return OK;
}

/* A log that took the place of the one that is open is opened by its name. */
static void
leave_moved(struct siem_forward *forward)
{
    struct stat now;
    bool is_there = stat(forward->settings.config->ledger, &now) == 0;
    if (!is_there || now.st_dev != forward->folder.st_dev || now.st_ino != forward->folder.st_ino) {
        entries_close(forward->entries);
        forward->entries = NULL;
        forward->has_seen = false;
    }
    forward->folder = is_there ? now : (struct stat){.st_ino = 0};
}

/* The checkpoint of now. */
static enum err
look(struct siem_forward *forward, struct note *note)
{
    leave_moved(forward);
    enum err err = forward->entries == NULL
                       ? entries_open(forward->settings.config->ledger, &forward->entries, note)
                       : entries_refresh(forward->entries, note);
    err = err == OK ? take_head(forward, note) : err;
    if (err != OK) {
        return err;
    }
    const struct merkle_head *head = entries_head(forward->entries);
    if (!forward->has_cursor) {
        bool is_now = forward->settings.to->begins_now;
        uint64_t first = entries_retention(forward->entries)->minimum;
        struct run run = {.count = 0};
        err = go_to(forward, is_now ? head->size : first, &run, note);
        return err == OK ? move_cursor(forward, &run, 0, note) : err;
    }
    return OK;
}

/* The entry as the receiver gets it; *ret_wanted: the filter lets it pass. */
static enum err
make_record(struct siem_forward *forward, uint64_t index, bool *ret_wanted, struct note *note)
{
    const uint8_t *entry = NULL;
    size_t len = 0;
    const struct siem_destination *to = forward->settings.to;
    enum err err = entries_get(forward->entries, index, &entry, &len, note);
    if (err != OK) {
        return err;
    }
    merkle_leaf(forward->merkle, entry, len, &forward->leaf);
    (void)logged_read(forward->logged, entry, len);
    forward->logged->index = index;
    *ret_wanted = siem_filter_passes(&to->filter, forward->logged);
    if (!*ret_wanted) {
        return OK;
    }
    const struct siem_about about = {
        .origin = entries_origin(forward->entries),
        .host = forward->settings.config->host,
        .root = forward->root,
        .tree_size = forward->seen.size,
        .leaf = forward->leaf.bytes,
        .now = clock_wall(),
        .chain = &forward->draft,
    };
    buf_clear(&forward->record);
    err = to->format->put(forward->logged, &about, &forward->record);
    if (err != OK) {
        note_set(note, "entry %" PRIu64 " does not fit into a record of format %s", index,
            to->format->name);
    }
    return err;
}

static enum err
put(struct siem_forward *forward, struct run *run, uint64_t index, struct note *note)
{
    if (run->count == 0) {
        enum err err = forward->outlet.kind->begin(&forward->outlet, note);
        if (err != OK) {
            return err;
        }
        run->begun = clock_mono();
        stand(forward, SIEM_SENDING);
    }
    const struct siem_record record = {
        .index = index,
        .time = forward->logged->is_event ? forward->logged->numbers[LOGGED_TIME] : LOGGED_NONE,
        .origin = entries_origin(forward->entries),
        .bytes = forward->record.data,
        .len = forward->record.len,
        .leaf = forward->leaf.bytes,
    };
    enum err err = forward->outlet.kind->put(&forward->outlet, &record, note);
    if (err == OK) {
        run->count++;
        run->only = index;
    }
    return err;
}

/* What is pruned before it was delivered is lost to the receiver. */
static enum err
skip_pruned(struct siem_forward *forward, struct run *run, struct note *note)
{
    uint64_t minimum = entries_retention(forward->entries)->minimum;
    if (run->next >= minimum) {
        return OK;
    }
    uint64_t lost = minimum - run->next;
    enum err err = go_to(forward, minimum, run, note);
    run->pruned += err == OK ? lost : 0; /* it counts when the cursor has passed it */
    return err;
}

/* Fills the batch with what is there. ERR_LIMIT: it is full before its number. */
static enum err
fill(struct siem_forward *forward, struct run *run, struct note *note)
{
    uint64_t size = entries_head(forward->entries)->size;
    enum err err = skip_pruned(forward, run, note);
    while (err == OK && run->next < size && run->count < forward->batch &&
           (run->next % TILE_WIDTH != 0 || !is_stopping(forward))) {
        bool is_wanted = false;
        struct siem_chain before = forward->draft;
        err = make_record(forward, run->next, &is_wanted, note);
        if (err == OK && is_wanted) {
            err = put(forward, run, run->next, note);
        }
        if (err != OK) {
            forward->draft = before; /* it is not in the batch */
        }
        if (err == OK) {
            run->next++;
            run->has_leaf = true;
            run->leaf = forward->leaf;
        }
    }
    return err;
}

/* A batch that is not full waits for more, but not for long. */
static enum err
gather(struct siem_forward *forward, struct run *run, struct note *note)
{
    enum err err = fill(forward, run, note);
    while (err == OK && run->count != 0 && run->count < forward->batch && !is_stopping(forward)) {
        int64_t left = (int64_t)forward->settings.to->flush_ms - (clock_mono() - run->begun);
        if (left <= 0) {
            break;
        }
        rest(forward, left < (int64_t)poll_ms(forward) ? left : (int64_t)poll_ms(forward));
        err = look(forward, note);
        err = err == OK ? fill(forward, run, note) : err;
    }
    return err == ERR_LIMIT && run->count != 0 ? OK : err;
}

/* Durable before the cursor passes it. */
static enum err
set_aside(struct siem_forward *forward, uint64_t index, const struct note *why, struct note *note)
{
    bool is_wanted = false;
    forward->draft = forward->chain;
    enum err err = make_record(forward, index, &is_wanted, note);
    err = err == OK ? siem_aside_add(forward->settings.refused, &forward->record, note) : err;
    if (err == OK) {
        log_warn("siem %s: entry %" PRIu64 " is set aside: %s", forward->settings.to->name, index,
            why->text);
    }
    return err;
}

/* Halves are tried until the record that the receiver refuses is alone. */
static enum err
narrow(struct siem_forward *forward, const struct run *run, struct note *note)
{
    if (run->count > 1) {
        forward->batch = run->count / 2;
        forward->good = 0;
        return OK; /* try again at once, with fewer */
    }
    struct note why = *note;
    char shown[120];
    text_clean(shown, sizeof(shown), why.text, strlen(why.text));
    if (!forward->settings.to->sets_aside) {
        note_set(note, "entry %" PRIu64 " is refused for what it is: %s", run->only, shown);
        return ERR_SCOPE;
    }
    if (forward->aside >= ASIDE_MOST) {
        note_set(note,
            "entry %" PRIu64 " is refused too, after %d that were set aside: this is not about "
            "records, look at the receiver: %s",
            run->only, ASIDE_MOST, shown);
        return ERR_SCOPE;
    }
    enum err err = set_aside(forward, run->only, &why, note);
    err = err == OK ? move_cursor(forward, run, 0, note) : err;
    if (err == OK) {
        forward->aside++;
        hold(forward)->set_aside++;
        let_go(forward);
    }
    return err;
}

static void
widen(struct siem_forward *forward)
{
    unsigned most = forward->settings.to->batch;
    if (forward->batch < most && ++forward->good >= GROW_AFTER) {
        forward->batch = forward->batch > most / 2 ? most : forward->batch * 2;
        forward->good = 0;
    }
}

static void
arrived(struct siem_forward *forward)
{
    struct siem_state *state = hold(forward);
    if (state->failures != 0) {
        log_info("siem %s: goes on", forward->settings.to->name);
    }
    state->failures = 0;
    state->next_try = 0;
    state->trouble.text[0] = '\0';
    state->standing = forward->outlet.is_unconfirmed ? SIEM_UNCONFIRMED : state->standing;
    let_go(forward);
}

enum err
siem_forward_once(struct siem_forward *forward, struct note *note)
{
    enum err err = look(forward, note);
    const struct siem_cursor *cursor = &forward->state.cursor;
    struct run run = {.next = cursor->next, .has_leaf = cursor->has_leaf, .leaf = cursor->leaf};
    uint64_t begin = run.next;
    if (err == OK && run.next == entries_head(forward->entries)->size) {
        return ERR_MISSING;
    }
    forward->draft = forward->chain;
    forward->outlet.is_unconfirmed = false;
    forward->outlet.wait_ms = 0;
    err = err == OK ? gather(forward, &run, note) : err;
    if (err != OK) {
        forward->outlet.kind->drop(&forward->outlet);
        return err == ERR_MISSING ? ERR_IO : err;
    }
    if (run.count != 0) {
        err = forward->outlet.kind->end(&forward->outlet, note);
    }
    if (err == ERR_VALUE) {
        forward->outlet.kind->drop(&forward->outlet);
        return narrow(forward, &run, note);
    }
    if (err != OK) {
        forward->outlet.kind->drop(&forward->outlet);
        return err == ERR_MISSING ? ERR_NETWORK : err;
    }
    if (run.count == 0 && run.pruned == 0 && run.next - begin < FEW &&
        clock_wall() - forward->state.cursor.moved < SELDOM) {
        return ERR_MISSING; /* nothing for this receiver: not worth a write for each */
    }
    if (run.next != begin) {
        err = move_cursor(forward, &run, run.count, note);
    }
    if (err == OK) {
        forward->chain = forward->draft;
        forward->aside = run.count != 0 ? 0 : forward->aside;
        widen(forward);
        arrived(forward);
    }
    return err;
}

static void
failed(struct siem_forward *forward, enum err err, const struct note *note)
{
    uint32_t chance = 0;
    if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != (ssize_t)sizeof(chance)) {
        chance = (uint32_t)clock_mono();
    }
    struct siem_state *state = hold(forward);
    struct note before = state->trouble;
    bool is_first = state->failures == 0;
    state->failures++;
    int64_t pause = siem_forward_pause(state->failures, chance);
    pause = forward->outlet.wait_ms > pause ? forward->outlet.wait_ms : pause;
    state->standing = err == ERR_SCOPE                 ? SIEM_STOPPED
                      : forward->outlet.is_unconfirmed ? SIEM_UNCONFIRMED
                                                       : SIEM_WAITING;
    const char *words = note->text[0] != '\0' ? note->text : err_words(err);
    text_clean(state->trouble.text, sizeof(state->trouble.text), words, strlen(words));
    state->failed = clock_wall();
    state->next_try = state->failed + pause;
    struct note said = state->trouble;
    let_go(forward);
    if (is_first || !text_equal(before.text, said.text)) {
        log_warn("siem %s: nothing is lost, but: %s", forward->settings.to->name, said.text);
    }
    rest(forward, pause);
}

void
siem_forward_run(struct siem_forward *forward)
{
    while (!is_stopping(forward)) {
        struct note note = {""};
        enum err err = siem_forward_once(forward, &note);
        if (err == ERR_MISSING) {
            if (forward->state.standing != SIEM_UNCONFIRMED) {
                stand(forward, SIEM_CAUGHT_UP);
            }
            if (forward->outlet.kind->idle != NULL) {
                forward->outlet.kind->idle(&forward->outlet);
            }
            rest(forward, poll_ms(forward));
        } else if (err != OK && !is_stopping(forward)) {
            failed(forward, err, &note);
        }
    }
}
