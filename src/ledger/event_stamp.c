/* What the keeper adds to an event, and times as events have them. No printf: it is done for each.
 */
#include "base/clock.h"
#include "ledger/event.h"

#include <string.h>

#define LAST_TIME INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* The text of the second that was asked for last: events come many to a second. */
static _Thread_local struct {
    int64_t second;
    char text[CLOCK_TEXT];
} cache = {.second = -1};

static char *
put(char *out, const char *bytes, size_t len)
{
    memcpy(out, bytes, len);
    return out + len;
}

static char *
put_time(char *out, int64_t time)
{
    time = time < 0 ? 0 : time > LAST_TIME ? LAST_TIME : time;
    int64_t second = time / 1000;
    unsigned rest = (unsigned)(time % 1000);
    if (second != cache.second) {
        (void)clock_text(second * 1000, cache.text);
        cache.second = second;
    }
    out = put(out, cache.text, sizeof("2026-11-22T20:15:00") - 1);
    *out++ = '.';
    *out++ = (char)('0' + rest / 100);
    *out++ = (char)('0' + rest / 10 % 10);
    *out++ = (char)('0' + rest % 10);
    *out++ = 'Z';
    return out;
}

static char *
put_count(char *out, int64_t value)
{
    char digits[20];
    size_t used = 0;
    value = value < 0 ? 0 : value;
    do {
        digits[used++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (used != 0) {
        *out++ = digits[--used];
    }
    return out;
}

const char *
event_time_text(int64_t time, char out[EVENT_TIME])
{
    *put_time(out, time) = '\0';
    return out;
}

#define PUT(at, text) put(at, text, sizeof(text) - 1)

void
event_stamp(struct buf *out, const void *bytes, size_t len, const struct event_stamp *stamp)
{
    char text[EVENT_STAMP];
    char *at = PUT(text, ",\"time\":\"");
    at = put_time(at, stamp->time);
    at = PUT(at, "\"");
    if (stamp->clock == EVENT_CLOCK_UNSYNCED) {
        at = PUT(at, ",\"time_quality\":\"unsynced\"");
    } else if (stamp->clock == EVENT_CLOCK_STEPPED) {
        at = PUT(at, ",\"time_quality\":\"stepped\"");
    }
    at = PUT(at, ",\"v\":");
    at = put_count(at, EVENT_VERSION);
    at = PUT(at, ",\"writer\":{\"pid\":");
    at = put_count(at, stamp->pid);
    at = PUT(at, ",\"uid\":");
    at = put_count(at, stamp->uid);
    at = PUT(at, "}}");
    assert(len != 0 && ((const char *)bytes)[len - 1] == '}');
    assert((size_t)(at - text) <= sizeof(text));
    buf_add(out, bytes, len - 1);
    buf_add(out, text, (size_t)(at - text));
}
