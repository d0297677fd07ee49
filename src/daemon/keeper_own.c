/* The keeper's own events, and what it says about itself. */
#include "base/clock.h"
#include "base/log.h"
#include "daemon/keep.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct event_text
text(const char *words)
{
    return (struct event_text){words, SIZE_MAX};
}

static void
say(struct keeper *keeper, struct event *event)
{
    static const struct keep_asker self = {.link = KEEP_NOBODY, .is_reserved = true};
    CLEANUP(buf_release) struct buf json;
    struct note note = {{0}};
    buf_init(&json, EVENT_LIMIT);
    event->site = text(key_public(keeper->key)->name);
    enum err err = event_write(event, &json, &note);
    if (err == OK) {
        err = keeper_round_add(keeper, &self, json.data, json.len);
    }
    if (err != OK) {
        log_error("%s could not be recorded: %s %s", event_action(event->action)->text,
            err_words(err), note.text);
    }
}

void
keeper_own_say(struct keeper *keeper, enum event_action action, json_t *detail)
{
    struct event event = event_begin(action, EVENT_OK);
    event.detail = detail;
    say(keeper, &event);
    json_decref(detail);
}

/* Whoever may use the socket may leave out the event of who and why, but not this one. */
void
keeper_own_erased(struct keeper *keeper, json_t *detail)
{
    struct event event = event_begin(EVENT_ERASE, EVENT_OK);
    event.user = text("keeper");
    event.reason = text("keys were destroyed, as was asked on the socket");
    event.detail = detail;
    say(keeper, &event);
    json_decref(detail);
}

/* Each command without a keeper starts one: only what is worth knowing of those is an event. */
bool
keeper_own_must_start(const struct keeper *keeper)
{
    return keeper->settings->descriptor < 0 || keeper->recovery.size == 0 ||
           keeper->recovery.torn != 0;
}

void
keeper_own_start(struct keeper *keeper)
{
    char vkey[VKEY_TEXT];
    keeper_own_say(keeper, EVENT_START,
        json_pack("{s:I, s:I, s:I, s:I, s:i, s:s, s:s, s:s}", "entries",
            (json_int_t)keeper->recovery.size, "replayed", (json_int_t)keeper->recovery.replayed,
            "torn_bytes", (json_int_t)keeper->recovery.torn, "recovery_ms",
            (json_int_t)keeper->recovery.milliseconds, "landlock", (int)keeper->landlock, "clock",
            clockwatch_words(clockwatch_quality(&keeper->clock)), "key",
            vkey_text(key_public(keeper->key), vkey), "version", GATEHOUSE_VERSION));
}

static json_t *
blamed(const struct keep_full *full)
{
    json_t *by = json_array();
    for (size_t i = 0; i < full->by_count; i++) {
        (void)json_array_append_new(
            by, json_pack("{s:I, s:I, s:I}", "uid", (json_int_t)full->by[i].uid, "pid",
                    (json_int_t)full->by[i].pid, "refused", (json_int_t)full->by[i].count));
    }
    return by;
}

void
keeper_own_full(struct keeper *keeper, bool is_full)
{
    if (keeper->full.is_said == is_full) {
        return;
    }
    keeper->full.is_said = is_full; /* first: saying it may find the disk full again */
    if (is_full) {
        log_error("the disk of the ledger is full: footage is refused, the reserve is in use");
        keeper_own_say(keeper, EVENT_FULL, json_pack("{s:s}", "phase", "begin"));
        return;
    }
    log_warn("the disk of the ledger has space again; %llu events were refused",
        (unsigned long long)keeper->full.refused);
    keeper_own_say(keeper, EVENT_FULL,
        json_pack("{s:s, s:I, s:o}", "phase", "end", "refused", (json_int_t)keeper->full.refused,
            "by", blamed(&keeper->full)));
    keeper->full = (struct keep_full){0};
}

/* RFC 3339 with milliseconds, as events have it. */
static const char *
time_text(int64_t wall, char out[CLOCK_TEXT])
{
    (void)clock_text(wall, out);
    size_t len = strlen(out);
    if (len != 0) {
        (void)snprintf(out + len - 1, CLOCK_TEXT - len, ".%03dZ", (int)(wall % 1000));
    }
    return out;
}

void
keeper_own_clock(struct keeper *keeper)
{
    struct clockwatch_reading reading;
    struct clockwatch_change change;
    char expected[CLOCK_TEXT];
    char found[CLOCK_TEXT];
    clockwatch_read(&reading);
    if (!clockwatch_look(&keeper->clock, &reading, &change) || keeper->is_ending) {
        return;
    }
    log_warn("the clock of this machine %s: %s, expected %s",
        change.jumped ? "jumped" : "is of another quality", time_text(change.found, found),
        time_text(change.expected, expected));
    keeper_own_say(keeper, EVENT_CLOCK,
        json_pack("{s:s, s:s, s:I, s:b, s:s, s:s, s:I}", "expected", expected, "found", found,
            "difference_ms", (json_int_t)(change.found - change.expected), "jumped",
            (int)change.jumped, "quality_before", clockwatch_words(change.from), "quality",
            clockwatch_words(change.to), "max_error_us", (json_int_t)reading.max_error));
}

static json_t *
recovery_json(const struct ledger_recovery *recovery)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "entries", (json_int_t)recovery->size, "replayed",
        (json_int_t)recovery->replayed, "torn_bytes", (json_int_t)recovery->torn, "ms",
        (json_int_t)recovery->milliseconds);
}

void
keeper_own_state(struct keeper *keeper, struct buf *out)
{
    char vkey[VKEY_TEXT];
    json_t *state = json_pack("{s:s, s:s, s:I, s:I, s:o, s:b, s:I, s:i, s:I, s:I, s:s, s:I}",
        "origin", key_public(keeper->key)->name, "key", vkey_text(key_public(keeper->key), vkey),
        "size", (json_int_t)ledger_size(keeper->ledger), "published",
        (json_int_t)ledger_published(keeper->ledger), "recovery", recovery_json(&keeper->recovery),
        "full", (int)(ledger_is_full(keeper->ledger) || keeper->publish_err == ERR_FULL),
        "refused_while_full", (json_int_t)keeper->full.refused, "connections",
        (int)keeper->link_count, "acknowledged", (json_int_t)keeper->acknowledged, "bad",
        (json_int_t)keeper->bad, "clock", clockwatch_words(clockwatch_quality(&keeper->clock)),
        "clock_max_error_us", (json_int_t)keeper->clock.last.max_error);
    json_t *more = json_pack("{s:I, s:i, s:b, s:i, s:s}", "uptime_ms",
        (json_int_t)(clock_boot() - keeper->started), "pid", (int)getpid(), "shut_in",
        (int)keeper->is_shut_in, "landlock", (int)keeper->landlock, "version", GATEHOUSE_VERSION);
    (void)json_object_update(state, more);
    json_decref(more);
    char *text_of = json_dumps(state, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(state);
    if (text_of == NULL) {
        out->failed = true;
        return;
    }
    buf_text(out, text_of);
    free(text_of);
}
