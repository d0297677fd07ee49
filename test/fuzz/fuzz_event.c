/*
 * Events against jansson, which reads JSON in its own way: what passes the check is what the
 * library writes canonically; what can be made an event of passes, stamped too. The first byte
 * chooses between a produced event and a stored one.
 */
#include "ledger/canonical.h"
#include "ledger/event.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_same(const struct buf *buf, const char *bytes, size_t len)
{
    return buf->len == len && memcmp(buf->data, bytes, len) == 0;
}

/* An event that was made of any JSON passes, stamped also, and making it again changes nothing. */
static void
try_json(const json_t *json)
{
    struct buf event CLEANUP(buf_release);
    struct buf stored CLEANUP(buf_release);
    struct buf again CLEANUP(buf_release);
    struct note note = {""};
    struct event_facts facts;
    buf_init(&event, EVENT_LIMIT);
    buf_init(&stored, EVENT_LIMIT);
    buf_init(&again, EVENT_LIMIT);
    if (event_from_json(json, &event, &note) != OK) {
        assert(event.len == 0 && note.text[0] != '\0');
        return;
    }
    assert(event_check(event.data, event.len, false, &facts, &note) == OK);
    assert(facts.id_len >= 8 && facts.id_len < EVENT_ID);
    json_t *read = json_loadb(event.data, event.len, JSON_REJECT_DUPLICATES, NULL);
    assert(read != NULL && event_from_json(read, &again, &note) == OK);
    assert(is_same(&again, event.data, event.len));
    json_decref(read);
    const struct event_stamp stamp = {1795378500007, EVENT_CLOCK_STEPPED, 1, 2};
    event_stamp(&stored, event.data, event.len, &stamp);
    assert(!stored.failed && event_check(stored.data, stored.len, true, NULL, &note) == OK);
}

static void
try_walk(const char *bytes, size_t len, const struct buf *canonical)
{
    struct canonical walk;
    canonical_init(&walk, bytes, len);
    bool passes = canonical_value(&walk, CANONICAL_DEPTH) == OK && walk.at == walk.end;
    assert(walk.has_nul || passes == (canonical != NULL && is_same(canonical, bytes, len)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > EVENT_LIMIT + 2) {
        return 0;
    }
    bool is_stored = data[0] == 's';
    const char *bytes = (const char *)data + 1;
    size_t len = size - 1;
    struct buf canonical CLEANUP(buf_release);
    struct note note = {""};
    buf_init(&canonical, 8 * size + 64);
    json_t *json =
        json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    bool is_canonical = json != NULL && canonical_put(&canonical, json) == OK;
    try_walk(bytes, len, is_canonical ? &canonical : NULL);
    enum err err = event_check(bytes, len, is_stored, NULL, &note);
    assert(err != OK || (is_canonical && is_same(&canonical, bytes, len)));
    assert(err == OK || note.text[0] != '\0');
    if (json != NULL) {
        try_json(json);
    }
    json_decref(json);
    return 0;
}
