/*
 * Batches of the keeper: events are gathered while the batch before is committed in the pool.
 *
 * Rule of this file: an event is answered with OK after ledger_commit() gave OK for its batch, and
 * never otherwise.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/reader.h"
#include "daemon/keep.h"

#include <stdlib.h>
#include <unistd.h>

#define TILES_AFTER    300    /* ms from a commit to its tiles */
#define SIGNED_AFTER   1200   /* ms until the checkpoint covers it, and a little */
#define ASKED_AFTER    20     /* ms when somebody waits for it */
#define FULL_AFTER     1000   /* ms until a full disk is tried again */
#define BEHIND_MUCH    100000 /* entries without a checkpoint: no more waiting for timers */
#define BEHIND_MOST    400000 /* and no more are taken */
#define FINISH_TRIES   4
#define RESERVED_BYTES ((size_t)64 * 1024 * 1024)

enum err
keeper_round_prepare(struct keeper *keeper, struct note *note)
{
    (void)note;
    keeper->commit.data = keeper->publish.data = keeper->publish_timer.data = keeper;
    buf_init(&keeper->stamped, EVENT_LIMIT);
    for (size_t i = 0; i < COUNT(keeper->rounds); i++) {
        buf_init(&keeper->rounds[i].reserved, RESERVED_BYTES);
    }
    buf_init(&keeper->again.reserved, RESERVED_BYTES);
    return uv_timer_init(&keeper->loop, &keeper->publish_timer) == 0 ? OK : ERR_SYSTEM;
}

void
keeper_round_release(struct keeper *keeper)
{
    buf_release(&keeper->stamped);
    for (size_t i = 0; i < COUNT(keeper->rounds); i++) {
        buf_release(&keeper->rounds[i].reserved);
        free(keeper->rounds[i].askers);
    }
    buf_release(&keeper->again.reserved);
    free(keeper->again.askers);
}

static bool
has_room(struct keep_round *round)
{
    if (round->count < round->size) {
        return true;
    }
    size_t size = round->size == 0 ? 4096 : 2 * round->size;
    struct keep_asker *askers = realloc(round->askers, size * sizeof(*askers));
    if (askers == NULL) {
        return false;
    }
    round->askers = askers;
    round->size = size;
    return true;
}

/* Keeps a reserved event's bytes in case its batch finds the disk full. */
static bool
keep_bytes(struct keep_round *round, const void *entry, size_t len)
{
    size_t before = round->reserved.len;
    buf_u16be(&round->reserved, (uint16_t)len);
    buf_add(&round->reserved, entry, len);
    if (!round->reserved.failed) {
        return true;
    }
    round->reserved.failed = false;
    round->reserved.len = before;
    return false;
}

/* Puts a stamped event into the batch. */
static enum err
gather(struct keeper *keeper, const struct keep_asker *asker, const void *entry, size_t len)
{
    struct keep_round *round = &keeper->rounds[keeper->gathering];
    uint64_t index = 0;
    size_t before = round->reserved.len;
    if (!has_room(round) || (asker->is_reserved && !keep_bytes(round, entry, len))) {
        return ERR_LIMIT;
    }
    enum err err = ledger_add(keeper->ledger, entry, len, asker->is_reserved, &index);
    if (err != OK) {
        round->reserved.len = before;
        return err;
    }
    round->askers[round->count++] = *asker;
    return OK;
}

enum err
keeper_round_add(
    struct keeper *keeper, const struct keep_asker *asker, const void *event, size_t len)
{
    const struct keep_link *link = keeper_door_find(keeper, asker);
    const struct event_stamp stamp = {
        .time = keeper->clock.now,
        .clock = clockwatch_quality(&keeper->clock),
        .pid = link != NULL ? link->pid : getpid(),
        .uid = link != NULL ? link->uid : (int64_t)geteuid(),
    };
    buf_clear(&keeper->stamped);
    event_stamp(&keeper->stamped, event, len, &stamp);
    if (buf_error(&keeper->stamped) != OK) {
        return ERR_VALUE;
    }
    enum err err = gather(keeper, asker, keeper->stamped.data, keeper->stamped.len);
    if (asker->link != KEEP_NOBODY) {
        if (err == ERR_FULL) {
            keeper_own_full(keeper, true);
        }
        return err;
    }
    /* The keeper's own word waits for a batch that it may go with. */
    struct keep_round *again = &keeper->again;
    if ((err == ERR_FULL || err == ERR_LIMIT) && has_room(again) &&
        keep_bytes(again, keeper->stamped.data, keeper->stamped.len)) {
        again->askers[again->count++] = *asker;
        return OK;
    }
    return err;
}

void
keeper_round_refused(struct keeper *keeper, const struct keep_asker *asker)
{
    const struct keep_link *link = keeper_door_find(keeper, asker);
    struct keep_full *full = &keeper->full;
    if (asker->link == KEEP_NOBODY) {
        log_error("not even the reserve has room for what the ledger itself has to say");
        return;
    }
    full->refused++;
    for (size_t i = 0; link != NULL && i < KEEP_BLAMED; i++) {
        if (i == full->by_count) {
            full->by[full->by_count++] = (struct keep_blame){link->uid, link->pid, 1};
            return;
        }
        if (full->by[i].uid == link->uid && full->by[i].pid == link->pid) {
            full->by[i].count++;
            return;
        }
    }
}

static void
answer_full(struct keeper *keeper, const struct keep_asker *asker)
{
    static const struct message_done done = {
        MESSAGE_FULL, 0, "no space left on the disk of the ledger: footage must stop"};
    keeper_round_refused(keeper, asker);
    keeper_talk_answer(keeper, asker, &done);
}

static const uint8_t *
next_reserved(struct reader *reader, size_t *ret_len)
{
    *ret_len = reader_u16be(reader);
    return reader_bytes(reader, *ret_len);
}

/* Nothing of the batch went in. What may use the reserve waits to be gathered once more. */
static void
refuse_round(struct keeper *keeper, const struct keep_round *round)
{
    struct keep_round *again = &keeper->again;
    struct reader reserved;
    reader_init(&reserved, round->reserved.data, round->reserved.len);
    for (size_t i = 0; i < round->count; i++) {
        const struct keep_asker *asker = &round->askers[i];
        size_t len = 0;
        const uint8_t *entry = asker->is_reserved ? next_reserved(&reserved, &len) : NULL;
        if (entry != NULL && has_room(again) && keep_bytes(again, entry, len)) {
            again->askers[again->count++] = *asker;
        } else {
            answer_full(keeper, asker);
        }
    }
    keeper_own_full(keeper, true);
}

/*
 * Gathers those again; not into a batch with ordinary events, which could not go to the reserve.
 */
static void
gather_again(struct keeper *keeper)
{
    struct keep_round *again = &keeper->again;
    struct reader reserved;
    if (again->count == 0 || keeper->rounds[keeper->gathering].count != 0) {
        return;
    }
    reader_init(&reserved, again->reserved.data, again->reserved.len);
    for (size_t i = 0; i < again->count; i++) {
        size_t len = 0;
        const uint8_t *entry = next_reserved(&reserved, &len);
        if (entry == NULL || gather(keeper, &again->askers[i], entry, len) != OK) {
            answer_full(keeper, &again->askers[i]);
        }
    }
    again->count = 0;
    buf_clear(&again->reserved);
}

static void
accept_round(struct keeper *keeper, const struct keep_round *round, uint64_t first)
{
    struct message_done done = {.status = MESSAGE_OK};
    for (size_t i = 0; i < round->count; i++) {
        done.index = first + i;
        keeper_talk_answer(keeper, &round->askers[i], &done);
    }
    keeper->acknowledged += round->count;
}

void
keeper_round_look_for_space(struct keeper *keeper)
{
    if (keeper->full.is_said && !ledger_is_full(keeper->ledger)) {
        keeper_own_full(keeper, false);
    }
}

/* Ends a commit: answers, and what follows from it. */
static void
settle(struct keeper *keeper, struct keep_round *round, enum err err)
{
    uint64_t first = ledger_size(keeper->ledger);
    if (err != OK && err != ERR_FULL) {
        keeper_die(err, "journal");
    }
    ledger_committed(keeper->ledger, keeper->batch, err);
    keeper->batch = NULL;
    if (err == OK) {
        accept_round(keeper, round, first);
        keeper->unsigned_since =
            keeper->unsigned_since == 0 ? clock_boot() : keeper->unsigned_since;
    } else {
        refuse_round(keeper, round);
    }
    round->count = 0;
    buf_clear(&round->reserved);
    keeper_round_look_for_space(keeper);
}

/* Entries that no checkpoint covers yet. */
static uint64_t
behind(const struct keeper *keeper)
{
    return ledger_size(keeper->ledger) - ledger_published(keeper->ledger);
}

/* After anything that the pool did. */
static void
go_on(struct keeper *keeper)
{
    if (keeper_round_is_idle(keeper) && keeper->is_ending) {
        uv_stop(&keeper->loop);
        return;
    }
    if (keeper_round_is_idle(keeper) && keeper->wants_rotation) {
        keeper_key_rotate(keeper);
    }
    if (!keeper->is_publishing || behind(keeper) < BEHIND_MOST) {
        keeper_door_resume(keeper);
    }
    keeper_round_go(keeper);
    keeper_door_flush_dirty(keeper);
}

static void
commit_work(uv_work_t *work)
{
    struct keeper *keeper = work->data;
    keeper->commit_err = ledger_commit(keeper->ledger, keeper->batch);
}

static void
commit_done(uv_work_t *work, int status)
{
    struct keeper *keeper = work->data;
    (void)status;
    keeper->is_committing = false;
    settle(keeper, &keeper->rounds[1 - keeper->gathering], keeper->commit_err);
    keeper_door_flush_dirty(keeper); /* first of all */
    keeper_round_publish_soon(keeper);
    if (behind(keeper) >= BEHIND_MOST && keeper->publish_err == OK) {
        keeper_door_pause(keeper); /* until publish_done(): the checkpoint keeps up */
    }
    go_on(keeper);
}

void
keeper_round_go(struct keeper *keeper)
{
    if (keeper->is_committing || keeper->is_ending) {
        return;
    }
    if (keeper->wants_rotation && !keeper->is_publishing) {
        keeper_key_rotate(keeper);
        keeper_door_resume(keeper);
    }
    gather_again(keeper);
    keeper->batch = ledger_seal(keeper->ledger);
    if (keeper->batch == NULL) {
        return;
    }
    keeper->gathering = 1 - keeper->gathering;
    keeper->is_committing = true;
    int queued = uv_queue_work(&keeper->loop, &keeper->commit, commit_work, commit_done);
    assert(queued == 0);
}

void
keeper_round_finish(struct keeper *keeper)
{
    assert(!keeper->is_committing);
    for (unsigned i = 0; i < FINISH_TRIES; i++) { /* a full disk: once more into the reserve */
        gather_again(keeper);
        keeper->batch = ledger_seal(keeper->ledger);
        if (keeper->batch == NULL) {
            return;
        }
        keeper->gathering = 1 - keeper->gathering;
        enum err err = ledger_commit(keeper->ledger, keeper->batch);
        settle(keeper, &keeper->rounds[1 - keeper->gathering], err);
    }
}

bool
keeper_round_is_idle(const struct keeper *keeper)
{
    return !keeper->is_committing && !keeper->is_publishing;
}

static void
publish_work(uv_work_t *work)
{
    struct keeper *keeper = work->data;
    keeper->publish_result = ledger_publish_run(keeper->ledger);
}

static void
answer_waiters(struct keeper *keeper)
{
    uint64_t published = ledger_published(keeper->ledger);
    size_t left = 0;
    for (size_t i = 0; i < keeper->waiter_count; i++) {
        const struct keep_waiter *waiter = &keeper->waiters[i];
        const struct message_done done = {MESSAGE_OK, waiter->index, ""};
        struct keep_link *link = keeper_door_find(keeper, &waiter->asker);
        if (link != NULL && waiter->index < published) {
            link->waits--;
            keeper_talk_answer(keeper, &waiter->asker, &done);
        } else if (link != NULL) {
            keeper->waiters[left++] = *waiter;
        }
    }
    keeper->waiter_count = left;
}

static void
publish_done(uv_work_t *work, int status)
{
    struct keeper *keeper = work->data;
    (void)status;
    keeper->is_publishing = false;
    keeper->publish_err = keeper->publish_result;
    ledger_publish_end(keeper->ledger, keeper->publish_err);
    if (keeper->publish_err != OK && keeper->publish_err != ERR_FULL) {
        keeper_die(keeper->publish_err, "tiles");
    }
    if (ledger_published(keeper->ledger) == ledger_size(keeper->ledger)) {
        keeper->unsigned_since = 0;
    } else if (keeper->publish_err == OK && keeper->is_signing) {
        keeper->unsigned_since = clock_boot();
    }
    answer_waiters(keeper);
    keeper_round_look_for_space(keeper);
    keeper_round_publish_soon(keeper);
    go_on(keeper);
}

static void
on_publish_timer(uv_timer_t *timer)
{
    struct keeper *keeper = timer->data;
    if (keeper->is_publishing || keeper->is_ending || keeper->wants_rotation) {
        return;
    }
    int64_t age = keeper->unsigned_since == 0 ? 0 : clock_boot() - keeper->unsigned_since;
    keeper->is_signing =
        keeper->waiter_count != 0 || age >= SIGNED_AFTER || behind(keeper) >= BEHIND_MUCH;
    if (!ledger_publish_begin(keeper->ledger, keeper->is_signing)) {
        keeper_round_publish_soon(keeper);
        return;
    }
    keeper->is_publishing = true;
    int queued = uv_queue_work(&keeper->loop, &keeper->publish, publish_work, publish_done);
    assert(queued == 0);
}

void
keeper_round_publish_soon(struct keeper *keeper)
{
    uint64_t after = keeper->waiter_count != 0 ? ASKED_AFTER : TILES_AFTER;
    after = behind(keeper) >= BEHIND_MUCH ? 0 : after;
    after = keeper->publish_err == ERR_FULL ? FULL_AFTER : after;
    /* On a full disk a publish is what looks for space. */
    bool is_due = keeper->unsigned_since != 0 || keeper->waiter_count != 0 || keeper->full.is_said;
    if (!is_due || keeper->is_publishing || keeper->is_ending) {
        return;
    }
    if (uv_is_active((uv_handle_t *)&keeper->publish_timer) == 0 ||
        uv_timer_get_due_in(&keeper->publish_timer) > after) {
        (void)uv_timer_start(&keeper->publish_timer, on_publish_timer, after, 0);
    }
}

void
keeper_round_wait_published(struct keeper *keeper, const struct keep_asker *asker, uint64_t index)
{
    struct message_done done = {MESSAGE_OK, index, ""};
    if (index >= ledger_size(keeper->ledger)) {
        done = (struct message_done){MESSAGE_BAD, 0, "the ledger has no event of that index"};
    } else if (index >= ledger_published(keeper->ledger)) {
        struct keep_link *link = keeper_door_find(keeper, asker);
        if (link != NULL && link->waits < KEEP_WAITS && keeper->waiter_count < KEEP_WAITERS) {
            link->waits++;
            keeper->waiters[keeper->waiter_count++] = (struct keep_waiter){*asker, index};
            keeper_round_publish_soon(keeper);
            return;
        }
        done = (struct message_done){
            MESSAGE_BAD, 0, "too many of this connection wait for a checkpoint already"};
    }
    keeper_talk_answer(keeper, asker, &done);
}
