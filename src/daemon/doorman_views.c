/*
 * Ends and heartbeats of views: each is told to the ledger and waited for; until then the view
 * stays as it is, so that a doorman that dies forgets none.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"
#include "ledger/event.h"

#include <string.h>

static size_t
slot_of(const char *id, bool has_ended)
{
    uint32_t hash = has_ended ? 2166136261U : 2166136263U; /* FNV-1a */
    for (; *id != '\0'; id++) {
        hash = (hash ^ (uint8_t)*id) * 16777619U;
    }
    return hash & (DOORMAN_TOLD - 1);
}

/* The row of that view's event, or the free one for it; NULL: all are taken. */
static struct doorman_told *
find(struct doorman *doorman, const struct view *view, bool has_ended)
{
    size_t at = slot_of(view->id, has_ended);
    struct doorman_told *gone = NULL;
    for (size_t i = 0; i < DOORMAN_TOLD; i++) {
        struct doorman_told *told = &doorman->told[(at + i) & (DOORMAN_TOLD - 1)];
        if (told->state == TOLD_FREE) {
            return gone != NULL ? gone : told;
        }
        if (told->state == TOLD_GONE) {
            gone = gone != NULL ? gone : told;
        } else if (told->has_ended == has_ended && text_equal(told->id, view->id)) {
            return told;
        }
    }
    return gone;
}

static void
forget(struct doorman_told *told)
{
    told->state = TOLD_GONE;
    told->doorman->told_count--;
}

static void
on_told(void *context, enum err err, uint64_t index, const struct note *note)
{
    struct doorman_told *told = context;
    (void)index;
    if (err == ERR_VALUE) {
        log_error("the ledger refuses the event of a view: %s", note->text);
    }
    told->state = err == OK || err == ERR_VALUE ? TOLD_DONE : TOLD_FAILED;
    if (told->is_orphan) {
        forget(told);
    }
}

static void
ask(struct doorman *doorman, struct doorman_told *told, const struct view *view)
{
    struct note note = {""};
    CLEANUP(buf_release) struct buf json;
    buf_init(&json, EVENT_LIMIT);
    if (doorman->client == NULL) {
        return;
    }
    const char *site = doorman->settings->site == NULL ? "" : doorman->settings->site;
    enum err err = views_event(
        view, told->has_ended ? VIEW_END : VIEW_GOES_ON, site, clock_boot(), &json, &note);
    if (err != OK) { /* it would be refused for ever */
        log_error("view %s: %s", view->id, note.text[0] == '\0' ? err_words(err) : note.text);
        told->state = TOLD_DONE;
        return;
    }
    told->state = TOLD_ASKED;
    if (client_append(doorman->client, json.data, json.len, on_told, told) != OK) {
        told->state = TOLD_FAILED;
    }
}

static bool
tell(void *context, const struct view *view, bool has_ended)
{
    struct doorman *doorman = context;
    struct doorman_told *told = find(doorman, view, has_ended);
    if (told == NULL) {
        return false;
    }
    if (told->state == TOLD_FREE || told->state == TOLD_GONE) {
        *told =
            (struct doorman_told){.doorman = doorman, .has_ended = has_ended, .state = TOLD_FAILED};
        (void)text_copy(told->id, sizeof(told->id), view->id);
        doorman->told_count++;
    }
    if (told->state == TOLD_FAILED) {
        ask(doorman, told, view);
    }
    if (told->state != TOLD_DONE) {
        return false;
    }
    forget(told);
    struct doorman_told *heartbeat = has_ended ? find(doorman, view, false) : NULL;
    if (heartbeat != NULL && heartbeat->state == TOLD_ASKED) {
        heartbeat->is_orphan = true;
    } else if (heartbeat != NULL && heartbeat->state >= TOLD_DONE &&
               heartbeat->state != TOLD_GONE) {
        forget(heartbeat);
    }
    return true;
}

enum err
doorman_views_open(struct doorman *doorman, struct note *note)
{
    const char *path = settings_run(doorman->settings, "views", doorman->arena);
    return path == NULL ? ERR_MEMORY : views_create(path, &doorman->views, note);
}

void
doorman_views_tick(struct doorman *doorman, int64_t now)
{
    if (doorman->told_count == 0) { /* what was only a way to others */
        memset(doorman->told, 0, sizeof(doorman->told));
    }
    views_sweep(doorman->views, now, tell, doorman);
    doorman_say_watch(doorman);
}
