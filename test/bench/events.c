/* Events of a busy site for the benchmarks. */
#include "events.h"

#include "base/clock.h"

#include <assert.h>
#include <string.h>

struct text {
    char *end;
};

static void
add(struct text *text, const char *part)
{
    size_t len = strlen(part);
    memcpy(text->end, part, len);
    text->end += len;
}

static void
add_number(struct text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    memcpy(text->end, digits + at, sizeof(digits) - at);
    text->end += sizeof(digits) - at;
}

static void
add_hex(struct text *text, uint64_t number)
{
    for (int shift = 60; shift >= 0; shift -= 4) {
        *text->end++ = "0123456789abcdef"[number >> shift & 15];
    }
}

static void
add_digits(struct text *text, unsigned number, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        text->end[i] = (char)('0' + number % 10);
        number /= 10;
    }
    text->end += width;
}

/* RFC 3339 with milliseconds; the calendar is asked once a second of the events' time. */
static void
add_time(struct text *text, int64_t time)
{
    static _Thread_local int64_t second = INT64_MIN;
    static _Thread_local char date[CLOCK_TEXT]; // "2026-11-22T20:15:00Z"
    if (time / 1000 != second) {
        second = time / 1000;
        clock_text(second * 1000, date);
    }
    memcpy(text->end, date, 19);
    text->end += 19;
    *text->end++ = '.';
    add_digits(text, (unsigned)(time % 1000), 3);
    *text->end++ = 'Z';
}

/* Steele, Lea and Flood's SplitMix64. */
static uint64_t
next(struct events *events)
{
    uint64_t z = events->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void
events_init(struct events *events, uint64_t seed)
{
    *events = (struct events){.random = seed * UINT64_C(0xd1342543de82ef95), .seed = seed};
}

static const char *const roles[] = {"guard", "operator", "manager", "police"};
static const char *const factors[] = {"passkey", "password+totp"};

static void
add_actor(struct text *text, unsigned user)
{
    add(text, "\"actor\":{\"factor\":\"");
    add(text, factors[user % 2]);
    add(text, "\",\"ip\":\"10.20.");
    add_number(text, user / 10);
    *text->end++ = '.';
    add_number(text, 10 + user % 10 * 7);
    add(text, "\",\"role\":\"");
    add(text, roles[user % 4]);
    add(text, "\",\"session\":\"s-");
    add_hex(text, (user + 1) * UINT64_C(0x9e3779b97f4a7c15));
    add(text, "\",\"user\":\"user");
    add_digits(text, user, 2);
    add(text, "\"},");
}

static void
add_target(struct text *text, const struct events_view *view)
{
    add(text, "\"target\":{\"cameras\":[\"camera-");
    add_digits(text, view->camera, 3);
    add(text, "\"]");
    if (view->playback) {
        add(text, ",\"from\":\"");
        add_time(text, view->since - CLOCK_DAY);
        add(text, "\",\"to\":\"");
        add_time(text, view->since - CLOCK_DAY + 600000);
        *text->end++ = '"';
    }
    add(text, ",\"vms\":\"main\"}");
}

static void
add_event(
    struct text *text, const struct events *events, const struct events_view *view, int64_t ended)
{
    add(text, "{\"action\":\"footage.");
    add(text, view->playback ? "playback\"," : "live\",");
    add_actor(text, view->user);
    if (ended >= 0) {
        add(text, "\"bytes\":");
        add_number(text, (uint64_t)ended * 512);
        add(text, ",\"detail\":{\"duration_ms\":");
        add_number(text, (uint64_t)ended);
        add(text, ",\"phase\":\"end\",\"view\":\"");
    } else {
        add(text, "\"detail\":{\"phase\":\"begin\",\"view\":\"");
    }
    add_hex(text, view->id);
    add(text, "\"},\"id\":\"e-");
    add_hex(text, events->seed << 40 ^ events->count);
    add(text, "\",\"outcome\":\"ok\",\"site\":\"north\",");
    add_target(text, view);
}

size_t
events_next(struct events *events, int64_t time, bool stored, char out[EVENTS_ROOM])
{
    struct text text = {out};
    uint64_t chance = next(events);
    bool begins = events->open == 0 || (events->open < EVENTS_VIEWS && chance % 2 == 0);
    events->count++;
    if (begins) {
        struct events_view *view = &events->views[events->open++];
        *view = (struct events_view){
            .id = next(events),
            .since = time,
            .user = (uint16_t)(chance >> 8 & 0xffff) % EVENTS_USERS,
            .camera = (uint16_t)(chance >> 24 & 0xffff) % EVENTS_CAMERAS,
            .playback = (chance >> 40 & 3) == 0,
        };
        add_event(&text, events, view, -1);
    } else {
        struct events_view *view = &events->views[(chance >> 8) % events->open];
        add_event(&text, events, view, time - view->since + 1);
        *view = events->views[--events->open];
    }
    if (stored) {
        add(&text, ",\"time\":\"");
        add_time(&text, time);
        add(&text, "\",\"v\":1,\"writer\":{\"pid\":4711,\"uid\":33}");
    }
    *text.end++ = '}';
    assert(text.end <= out + EVENTS_ROOM);
    return (size_t)(text.end - out);
}
