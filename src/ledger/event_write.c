/* Events as their producers write them. */
#include "base/clock.h"
#include "base/text.h"
#include "ledger/canonical.h"
#include "ledger/event.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define ENCODED   "base64:"
#define SEALED    "sealed:"
#define RANDOM_ID 16
#define UNFIT     "a number that is no integer within ±9007199254740991, or nested too deeply"

struct event
event_begin(enum event_action action, enum event_outcome outcome)
{
    return (struct event){.action = action, .outcome = outcome, .bytes = -1};
}

struct event_text
event_text(const char *text)
{
    return (struct event_text){text, SIZE_MAX};
}

static size_t
text_len(struct event_text text)
{
    return text.len == SIZE_MAX ? strlen(text.bytes) : text.len;
}

/* Whether the bytes may stand as they are. */
static bool
is_as_is(const char *bytes, size_t len)
{
    size_t skip = sizeof(ENCODED) - 1;
    static_assert(sizeof(ENCODED) == sizeof(SEALED), "one length for both");
    if (memchr(bytes, '\0', len) != NULL ||
        (len >= skip && (memcmp(bytes, ENCODED, skip) == 0 || memcmp(bytes, SEALED, skip) == 0))) {
        return false;
    }
    uint32_t point = 0;
    size_t step = 1;
    for (size_t i = 0; i < len && step != 0; i += step) {
        step = text_utf8(bytes + i, len - i, &point);
    }
    return step != 0;
}

/* "base64:…" in memory of its own; NULL when that is out. */
static char *
encode(const char *bytes, size_t len)
{
    const int variant = sodium_base64_VARIANT_ORIGINAL;
    size_t skip = sizeof(ENCODED) - 1;
    size_t size = sodium_base64_encoded_len(len, variant);
    char *text = malloc(skip + size);
    if (text != NULL) {
        memcpy(text, ENCODED, skip);
        (void)sodium_bin2base64(text + skip, size, (const uint8_t *)bytes, len, variant);
    }
    return text;
}

json_t *
event_text_json(struct event_text text)
{
    if (text.bytes == NULL) {
        return NULL;
    }
    size_t len = text_len(text);
    if (is_as_is(text.bytes, len)) {
        return json_stringn(text.bytes, len);
    }
    char *encoded = encode(text.bytes, len);
    json_t *json = encoded == NULL ? NULL : json_string(encoded);
    free(encoded);
    return json;
}

static void
put_text(struct buf *out, struct event_text text)
{
    size_t len = text_len(text);
    if (len > EVENT_LIMIT) { /* it can't fit: no need to go through it */
        out->failed = true;
        return;
    }
    char *encoded = is_as_is(text.bytes, len) ? NULL : encode(text.bytes, len);
    if (canonical_put_text(out, encoded == NULL ? text.bytes : encoded,
            encoded == NULL ? len : strlen(encoded)) != OK) {
        out->failed = true;
    }
    free(encoded);
}

static void
put_name(struct buf *out, const char *name)
{
    char last = out->len == 0 ? '{' : out->data[out->len - 1];
    buf_text(out, last == '{' ? "\"" : ",\"");
    buf_text(out, name);
    buf_text(out, "\":");
}

static void
put_member(struct buf *out, const char *name, struct event_text text)
{
    if (text.bytes != NULL) {
        put_name(out, name);
        put_text(out, text);
    }
}

/* In any zone and without a fraction: as events have it. What is no time is left to the check. */
static void
put_time(struct buf *out, const char *name, struct event_text text)
{
    char time[EVENT_TIME];
    char copy[64];
    int64_t wall = 0;
    if (text.bytes != NULL && text_len(text) < sizeof(copy)) {
        memcpy(copy, text.bytes, text_len(text));
        copy[text_len(text)] = '\0';
        if (clock_parse(copy, &wall) == OK) {
            text = event_text(event_time_text(wall, time));
        }
    }
    put_member(out, name, text);
}

/* Jansson only lacks the const: what it merges from is left alone. */
static json_t *
iterable(const json_t *json)
{
    json_t *object = NULL;
    memcpy(&object, &json, sizeof(json_t *));
    return object;
}

/* Opens an object; closing one that stayed empty takes it back. */
static size_t
open_object(struct buf *out, const char *name)
{
    size_t before = out->len;
    put_name(out, name);
    buf_byte(out, '{');
    return before;
}

static void
cut(struct buf *out, size_t len)
{
    if (out->size != 0) {
        out->len = len;
        out->data[len] = '\0';
    }
}

static void
close_object(struct buf *out, size_t before)
{
    if (out->len != 0 && out->data[out->len - 1] == '{') {
        cut(out, before);
    } else {
        buf_byte(out, '}');
    }
}

static void
put_actor(struct buf *out, const struct event *event)
{
    size_t before = open_object(out, "actor");
    put_member(out, "factor", event->factor);
    put_member(out, "ip", event->ip);
    put_member(out, "role", event->role);
    put_member(out, "session", event->session);
    put_member(out, "user", event->user);
    close_object(out, before);
}

static void
put_target(struct buf *out, const struct event *event)
{
    size_t before = open_object(out, "target");
    if (event->camera_count != 0) {
        put_name(out, "cameras");
        for (size_t i = 0; i < event->camera_count; i++) {
            buf_text(out, i == 0 ? "[" : ",");
            put_text(out, event->cameras[i]);
        }
        buf_byte(out, ']');
    }
    put_time(out, "from", event->from);
    put_member(out, "object", event->object);
    put_time(out, "to", event->to);
    put_member(out, "vms", event->vms);
    close_object(out, before);
}

/* 128 random bits: a second event with the same id is the same one delivered twice. */
static const char *
random_id(char out[EVENT_ID])
{
    uint8_t bytes[RANDOM_ID];
    randombytes_buf(bytes, sizeof(bytes));
    return sodium_bin2base64(
        out, EVENT_ID, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static enum err
put_event(struct buf *out, const struct event *event, struct note *note)
{
    char id[EVENT_ID];
    enum err err = OK;
    buf_byte(out, '{');
    put_member(out, "action", event_text(event_action(event->action)->text));
    put_actor(out, event);
    if (event->bytes >= 0) {
        put_name(out, "bytes");
        buf_format(out, "%lld", (long long)event->bytes);
    }
    if (event->detail != NULL) {
        put_name(out, "detail");
        err = event_canonical(event->detail, out);
        if (err != OK) {
            note_set(note, "detail: %s", UNFIT);
        }
    }
    put_member(out, "digest", event_text(event->digest));
    put_member(out, "id", event_text(event->id == NULL ? random_id(id) : event->id));
    put_member(out, "outcome", event_text(event_outcome_text(event->outcome)));
    put_member(out, "reason", event->reason);
    put_member(out, "site", event->site);
    put_target(out, event);
    buf_byte(out, '}');
    return err;
}

/* What was written passes to its reader whole, or not at all. */
static enum err
hand_over(const struct buf *own, enum err err, struct buf *ret_json, struct note *note)
{
    if (err == OK && own->failed) {
        note_set(note, "it does not fit into %d bytes", EVENT_LIMIT - EVENT_STAMP);
        err = ERR_LIMIT;
    }
    if (err == OK) {
        err = event_check(own->data, own->len, false, NULL, note);
    }
    if (err == OK) {
        buf_add(ret_json, own->data, own->len);
        err = buf_error(ret_json);
    }
    return err;
}

enum err
event_write(const struct event *event, struct buf *ret_json, struct note *note)
{
    struct buf own CLEANUP(buf_release);
    buf_init(&own, EVENT_LIMIT);
    return hand_over(&own, put_event(&own, event, note), ret_json, note);
}

static enum err
put_json(struct buf *out, const json_t *json, struct note *note)
{
    enum err err = canonical_put(out, json);
    if (err != OK) {
        note_set(note, "%s", UNFIT);
    }
    return err;
}

enum err
event_from_json(const json_t *json, struct buf *ret_json, struct note *note)
{
    struct buf own CLEANUP(buf_release);
    buf_init(&own, EVENT_LIMIT);
    if (!json_is_object(json)) {
        note_set(note, "an event is a JSON object");
        return ERR_VALUE;
    }
    if (json_object_get(json, "id") != NULL) {
        return hand_over(&own, put_json(&own, json, note), ret_json, note);
    }
    char id[EVENT_ID];
    json_t *whole = json_object();
    bool has_all = whole != NULL && json_object_update(whole, iterable(json)) == 0 &&
                   json_object_set_new(whole, "id", json_string(random_id(id))) == 0;
    enum err err = has_all ? put_json(&own, whole, note) : ERR_MEMORY;
    json_decref(whole);
    return hand_over(&own, err, ret_json, note);
}

enum err
event_canonical(const json_t *json, struct buf *ret_json)
{
    size_t before = ret_json->len;
    enum err err = canonical_put(ret_json, json);
    if (err == OK) {
        return buf_error(ret_json);
    }
    cut(ret_json, before);
    return err;
}
