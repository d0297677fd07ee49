/* What an event says, for people. */
#include "base/text.h"
#include "evidence/events.h"
#include "ledger/event.h"
#include "ledger/seal.h"
#include "ledger/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 400 /* bytes of one text */

static const struct {
    enum event_action action;
    const char *did, *begins;
} verbs[] = {
    {EVENT_LIVE,          "watched live video",                  "began to watch live video" },
    {EVENT_PLAYBACK,      "watched a recording",                 "began to watch a recording"},
    {EVENT_SNAPSHOT,      "fetched a picture",                   "asked for a picture"       },
    {EVENT_EXPORT,        "exported a recording",                "asked for an export"       },
    {EVENT_UNCLASSIFIED,  "fetched media that no rule explains",
     "asked for media that no rule explains"                                                 },
    {EVENT_EVIDENCE,      "made an evidence package",            "began an evidence package" },
    {EVENT_LEDGER_READ,   "read the ledger",                     "read the ledger"           },
    {EVENT_AUTH_LOGIN,    "logged in",                           "logged in"                 },
    {EVENT_CONFIG_CHANGE, "changed a setting",                   "changed a setting"         },
};

static const json_t *
at(const json_t *event, const char *path)
{
    const char *dot = strchr(path, '.');
    char object[32];
    if (dot == NULL) {
        return json_object_get(event, path);
    }
    (void)snprintf(object, sizeof(object), "%.*s", (int)(dot - path), path);
    return json_object_get(json_object_get(event, object), dot + 1);
}

const char *
events_text(const json_t *event, const char *path)
{
    return json_string_value(at(event, path));
}

int64_t
events_number(const json_t *event, const char *path)
{
    const json_t *value = at(event, path);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

bool
events_is(const json_t *event, const char *action)
{
    return text_equal(events_text(event, "action"), action);
}

const char *
events_export_digest(const json_t *event)
{
    const char *digest = events_text(event, "digest");
    bool is_export = events_is(event, event_action(EVENT_EXPORT)->text) &&
                     text_equal(events_text(event, "outcome"), "ok");
    return is_export && text_starts(digest, "sha256:") ? digest + strlen("sha256:") : NULL;
}

bool
events_is_whole(const json_t *event)
{
    return json_is_true(at(event, "detail.is_whole"));
}

bool
events_target_says(const json_t *event, const char *name, const char *text)
{
    const json_t *value = json_object_get(json_object_get(event, "target"), name);
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (text_equal(json_string_value(json_array_get(value, i)), text)) {
            return true;
        }
    }
    return text_equal(json_string_value(value), text);
}

static void
put_quoted(struct buf *out, const char *text)
{
    char clean[SHOWN];
    CLEANUP(buf_release) struct buf shown;
    buf_init(&shown, SEAL_OPENED);
    if (seal_show(NULL, "", text, strlen(text), &shown) == OK) {
        text = shown.data; /* of a sealed name its mark */
    }
    text_clean(clean, sizeof(clean), text, strlen(text));
    buf_byte(out, '"');
    for (const char *c = clean; *c != '\0'; c++) {
        buf_byte(out, (uint8_t)(*c == '"' ? '\'' : *c));
    }
    buf_text(out, strlen(clean) == SHOWN - 1 ? "...\"" : "\"");
}

static void
put_member(struct buf *out, const char *before, const json_t *event, const char *path)
{
    const char *text = events_text(event, path);
    if (text != NULL) {
        buf_text(out, before);
        put_quoted(out, text);
    }
}

void
events_time_words(struct buf *out, const char *time)
{
    int64_t at_time = time == NULL ? LOGGED_NONE : logged_time(time, strlen(time));
    if (at_time == LOGGED_NONE) {
        put_quoted(out, time == NULL ? "not said" : time);
    } else {
        buf_format(out, "%.10s %.8s UTC", time, time + strlen("2026-11-23T"));
    }
}

static void
put_grouped(struct buf *out, uint64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    for (int i = 0; i < len; i++) {
        if (i != 0 && (len - i) % 3 == 0) {
            buf_byte(out, ',');
        }
        buf_byte(out, (uint8_t)digits[i]);
    }
}

void
events_bytes_words(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB"};
    double amount = (double)bytes / 1000;
    size_t unit = 0;
    while (amount >= 999.5 && unit + 1 < COUNT(units)) {
        amount /= 1000;
        unit++;
    }
    if (bytes >= 1000) {
        buf_format(out, "%.1f %s (", amount, units[unit]);
    }
    put_grouped(out, bytes);
    buf_text(out, bytes >= 1000 ? " bytes)" : bytes == 1 ? " byte" : " bytes");
}

static void
put_did(struct buf *out, const json_t *event)
{
    const char *action = events_text(event, "action");
    bool begins = text_equal(events_text(event, "detail.phase"), "begin");
    for (size_t i = 0; i < COUNT(verbs); i++) {
        if (text_equal(action, event_action(verbs[i].action)->text)) {
            buf_text(out, begins ? verbs[i].begins : verbs[i].did);
            return;
        }
    }
    buf_text(out, "did ");
    put_quoted(out, action == NULL ? "" : action);
}

static void
put_cameras(struct buf *out, const json_t *event)
{
    const json_t *cameras = at(event, "target.cameras");
    size_t count = json_array_size(cameras);
    for (size_t i = 0; i < count && i < 8; i++) {
        const char *name = json_string_value(json_array_get(cameras, i));
        buf_text(out, i == 0 ? (count == 1 ? " of camera " : " of cameras ") : ", ");
        put_quoted(out, name == NULL ? "" : name);
    }
    if (count > 8) {
        buf_format(out, " and %zu more", count - 8);
    }
}

static void
put_range(struct buf *out, const json_t *event)
{
    const char *from = events_text(event, "target.from");
    const char *to = events_text(event, "target.to");
    if (from != NULL) {
        buf_text(out, ", recording time ");
        events_time_words(out, from);
        if (to != NULL) {
            buf_text(out, " to ");
            events_time_words(out, to);
        }
    }
}

static void
put_what_left(struct buf *out, const json_t *event)
{
    int64_t bytes = events_number(event, "bytes");
    int64_t lasted = events_number(event, "detail.duration_ms");
    const char *digest = events_text(event, "digest");
    char length[WHEN_LENGTH];
    if (lasted >= 0) {
        buf_format(out, ", for %s", when_length(lasted, length));
    }
    bool is_package = events_is(event, event_action(EVENT_EVIDENCE)->text);
    if (bytes >= 0) {
        buf_text(out, is_package ? ", of a clip of " : "; ");
        events_bytes_words(out, (uint64_t)bytes);
        buf_text(out, is_package ? "" : " left");
    }
    if (digest != NULL && strlen(digest) == strlen("sha256:") + 64) {
        buf_format(out, ", %s %.64s", is_package ? "manifest's SHA-256" : "SHA-256",
            digest + strlen("sha256:"));
    }
    if (json_is_false(at(event, "detail.is_whole"))) {
        buf_text(out, ", which is a part and not the whole file");
    }
}

/* What is known of whoever did it, in brackets. */
static void
put_who(struct buf *out, const json_t *event)
{
    static const struct {
        const char *path, *before;
    } rows[] = {
        {"actor.role",   "as "           },
        {"actor.ip",     "from "         },
        {"actor.factor", "identified by "},
    };
    const char *user = events_text(event, "actor.user");
    size_t told = 0;
    if (user != NULL) {
        buf_text(out, "user ");
        put_quoted(out, user);
    } else {
        buf_text(out, "somebody unknown");
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (events_text(event, rows[i].path) != NULL) {
            buf_text(out, told++ == 0 ? " (" : ", ");
            put_member(out, rows[i].before, event, rows[i].path);
        }
    }
    buf_text(out, told == 0 ? " " : ") ");
}

void
events_words(struct buf *out, const json_t *event)
{
    events_time_words(out, events_text(event, "time"));
    buf_text(out, ": ");
    events_did_words(out, event);
}

void
events_did_words(struct buf *out, const json_t *event)
{
    const char *outcome = events_text(event, "outcome");
    put_who(out, event);
    put_did(out, event);
    put_cameras(out, event);
    put_member(out, " at ", event, "target.vms");
    put_range(out, event);
    put_what_left(out, event);
    buf_text(out, ".");
    if (!text_equal(outcome, "ok")) {
        buf_text(out, " Outcome: ");
        put_quoted(out, outcome == NULL ? "not said" : outcome);
        buf_text(out, ".");
    }
    if (events_text(event, "reason") != NULL) {
        put_member(out, " Reason given: ", event, "reason");
        buf_text(out, ".");
    }
    const char *quality = events_text(event, "time_quality");
    if (quality != NULL) {
        buf_text(out, text_equal(quality, "stepped")
                          ? " The log's clock had been set back."
                          : " Nothing disciplined the log's clock then.");
    }
}
