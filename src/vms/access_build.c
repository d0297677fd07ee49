/* What a row captured, made into cameras, times, an object and a view's name. */
#include "base/text.h"
#include "vms/access_parts.h"

#include <string.h>

#define SECOND_MS  ((int64_t)1000)
#define MINUTE_MS  (60 * SECOND_MS)
#define HOUR_MS    (60 * MINUTE_MS)
#define DAY_MS     (24 * HOUR_MS)
#define DIGITS_MAX 12          /* of seconds: far past any recording */
#define STAMP      19          /* "2026-01-31 12:00:00" */
#define MILLIS     ((size_t)3) /* digits of a fraction that count */

/* A calendar time gathered from pieces; -1: not said. */
struct calendar {
    int year, month, day, hour, minute, second;
};

struct building {
    struct access *access;
    struct arena *arena;
    struct calendar calendar;
};

/* What a capture does; ERR_MISSING: it can't be read. */
typedef enum err capture_fn(struct building *building, int what, const char *text, size_t len);

enum err
access_add(
    struct access *access, enum access_name name, const char *text, size_t len, struct arena *arena)
{
    size_t count = access->camera_count;
    if (name != ACCESS_ALL && (len == 0 || memchr(text, '\0', len) != NULL)) {
        return ERR_VALUE;
    }
    for (size_t i = 0; i < count; i++) {
        const struct access_camera *camera = &access->cameras[i];
        if (camera->name == name && strncmp(camera->text, text, len) == 0 &&
            camera->text[len] == '\0') {
            return OK;
        }
    }
    if (count == ACCESS_CAMERAS || len >= ACCESS_TEXT) {
        return ERR_LIMIT;
    }
    /* Room doubles at each power of two, so the count alone says how much there is. */
    struct access_camera *cameras = access->cameras;
    if (count == 0 || (count & (count - 1)) == 0) {
        cameras = arena_alloc(arena, sizeof(*cameras) * (count == 0 ? 1 : 2 * count));
        if (cameras == NULL) {
            return ERR_MEMORY;
        }
        if (count != 0) {
            memcpy(cameras, access->cameras, sizeof(*cameras) * count);
        }
        access->cameras = cameras;
    }
    const char *copy = len == 0 ? "" : arena_copy_n(arena, text, len);
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    cameras[count] = (struct access_camera){.name = name, .text = copy};
    access->camera_count++;
    return OK;
}

/* Digits only, at most a few; -1: not a number. */
static int64_t
number(const char *text, size_t len)
{
    int64_t value = 0;
    if (len == 0 || len > DIGITS_MAX) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* Days since 1970 of a date of the Gregorian calendar; a closed form, no time zone. */
static int64_t
days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool
is_calendar(const struct calendar *calendar)
{
    return calendar->year >= 1970 && calendar->year <= 9999 && calendar->month >= 1 &&
           calendar->month <= 12 && calendar->day >= 1 && calendar->day <= 31 &&
           calendar->hour >= 0 && calendar->hour <= 23 && calendar->minute >= 0 &&
           calendar->minute <= 59 && calendar->second >= 0 && calendar->second <= 60;
}

static int64_t
calendar_ms(const struct calendar *calendar)
{
    return days_of(calendar->year, calendar->month, calendar->day) * DAY_MS +
           calendar->hour * HOUR_MS + calendar->minute * MINUTE_MS + calendar->second * SECOND_MS;
}

/* "2026-01-31 12:00:00", 'T' for the blank and 'Z' at the end allowed. */
static enum err
stamp_ms(const char *text, size_t len, int64_t *ret_ms)
{
    bool is_shaped = (len == STAMP || (len == STAMP + 1 && text[STAMP] == 'Z')) && text[4] == '-' &&
                     text[7] == '-' && (text[10] == ' ' || text[10] == 'T') && text[13] == ':' &&
                     text[16] == ':';
    if (!is_shaped) {
        return ERR_MISSING;
    }
    struct calendar calendar = {
        .year = (int)number(text, 4),
        .month = (int)number(text + 5, 2),
        .day = (int)number(text + 8, 2),
        .hour = (int)number(text + 11, 2),
        .minute = (int)number(text + 14, 2),
        .second = (int)number(text + 17, 2),
    };
    if (!is_calendar(&calendar)) {
        return ERR_MISSING;
    }
    *ret_ms = calendar_ms(&calendar);
    return OK;
}

enum err
access_time(const char *text, size_t len, int64_t *ret_ms)
{
    const char *point = memchr(text, '.', len);
    size_t whole = point == NULL ? len : (size_t)(point - text);
    int64_t seconds = number(text, whole);
    if (seconds < 0) {
        return stamp_ms(text, len, ret_ms);
    }
    int64_t millis = 0;
    for (size_t i = 0; point != NULL && i < len - whole - 1; i++) {
        if (point[1 + i] < '0' || point[1 + i] > '9') {
            return ERR_MISSING;
        }
        if (i < MILLIS) {
            millis += (int64_t)(point[1 + i] - '0') * (i == 0 ? 100 : i == 1 ? 10 : 1);
        }
    }
    *ret_ms = seconds * SECOND_MS + millis;
    return OK;
}

static enum err
capture_name(struct building *building, int what, const char *text, size_t len)
{
    enum err err = access_add(building->access, (enum access_name)what, text, len, building->arena);
    return err == ERR_VALUE ? ERR_MISSING : err;
}

static enum err
capture_time(struct building *building, int what, const char *text, size_t len)
{
    return access_time(text, len, what == 0 ? &building->access->from : &building->access->to);
}

/* "2026-01" or "2026-1"; "2026-01-31", or "31" alone: from the left as many as there are. */
static enum err
capture_date(struct building *building, int what, const char *text, size_t len)
{
    struct calendar *calendar = &building->calendar;
    int parts[3] = {-1, -1, -1};
    size_t count = 0;
    for (size_t at = 0; at <= len; count++) {
        const char *dash = memchr(text + at, '-', len - at);
        size_t part = dash == NULL ? len - at : (size_t)(dash - text) - at;
        if (count == COUNT(parts) || part > 4 || number(text + at, part) < 0) {
            return ERR_MISSING;
        }
        parts[count] = (int)number(text + at, part);
        at += part + 1;
    }
    if (count >= 2) {
        calendar->year = parts[0];
        calendar->month = parts[1];
    }
    if (what == 0) {
        return count == 2 ? OK : ERR_MISSING;
    }
    calendar->day = count == 1 ? parts[0] : parts[2];
    return calendar->day < 1 ? ERR_MISSING : OK;
}

static enum err
capture_clock(struct building *building, int what, const char *text, size_t len)
{
    int64_t value = len > 2 ? -1 : number(text, len);
    int *places[] = {
        &building->calendar.hour, &building->calendar.minute, &building->calendar.second};
    *places[what] = (int)value;
    return value < 0 ? ERR_MISSING : OK;
}

static enum err
capture_text(struct building *building, int what, const char *text, size_t len)
{
    struct access *access = building->access;
    const char **places[] = {&access->object, &access->object, &access->command, &access->link};
    if (len >= ACCESS_TEXT) {
        return ERR_LIMIT;
    }
    *places[what] = what == 0 ? arena_format(building->arena, "user %.*s", (int)len, text)
                              : arena_copy_n(building->arena, text, len);
    return *places[what] == NULL ? ERR_MEMORY : OK;
}

static enum err
capture_nothing(struct building *building, int what, const char *text, size_t len)
{
    (void)building;
    (void)what;
    (void)text;
    (void)len;
    return OK;
}

/* Every name that a pattern may have in braces. */
static const struct capture {
    const char *name;
    capture_fn *act;
    int what;
} known[] = {
    {"camera",   capture_name,    ACCESS_CAMERA  },
    {"stream",   capture_name,    ACCESS_STREAM  },
    {"event",    capture_name,    ACCESS_EVENT   },
    {"frame",    capture_name,    ACCESS_FRAME   },
    {"exported", capture_name,    ACCESS_EXPORTED},
    {"review",   capture_name,    ACCESS_REVIEW  },
    {"group",    capture_name,    ACCESS_GROUP   },
    {"follow",   capture_name,    ACCESS_LINK    },
    {"from",     capture_time,    0              },
    {"to",       capture_time,    1              },
    {"month",    capture_date,    0              },
    {"day",      capture_date,    1              },
    {"hour",     capture_clock,   0              },
    {"minute",   capture_clock,   1              },
    {"second",   capture_clock,   2              },
    {"user",     capture_text,    0              },
    {"object",   capture_text,    1              },
    {"command",  capture_text,    2              },
    {"link",     capture_text,    3              },
    {"*",        capture_nothing, 0              },
};

static const struct capture *
capture_of(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT(known); i++) {
        const char *one = known[i].name;
        if (one[0] == name[0] && strncmp(one, name, len) == 0 && one[len] == '\0') {
            return &known[i];
        }
    }
    return NULL;
}

static enum err
build_one(struct building *building, const struct access_capture *row)
{
    bool is_several = row->name_len != 0 && row->name[row->name_len - 1] == ',';
    const struct capture *capture = capture_of(row->name, row->name_len - (is_several ? 1 : 0));
    assert(capture != NULL); /* a row's pattern names something that does not exist */
    if (!is_several) {
        return capture->act(building, capture->what, row->text, row->len);
    }
    enum err err = OK;
    for (size_t at = 0; err == OK && at <= row->len;) {
        const char *comma = memchr(row->text + at, ',', row->len - at);
        size_t len = comma == NULL ? row->len - at : (size_t)(comma - row->text) - at;
        err = capture->act(building, capture->what, row->text + at, len);
        at += len + 1;
    }
    return err;
}

/* From and to of a month, a day, an hour …: as long as the smallest unit that was said. */
static enum err
build_span(struct building *building)
{
    struct calendar first = building->calendar;
    int64_t span = first.second >= 0   ? SECOND_MS
                   : first.minute >= 0 ? MINUTE_MS
                   : first.hour >= 0   ? HOUR_MS
                   : first.day >= 0    ? DAY_MS
                                       : 31 * DAY_MS;
    int *places[] = {&first.day, &first.hour, &first.minute, &first.second};
    for (size_t i = 0; i < COUNT(places); i++) {
        if (*places[i] < 0) {
            *places[i] = i == 0 ? 1 : 0;
        }
    }
    if (!is_calendar(&first)) {
        return ERR_MISSING;
    }
    building->access->from = calendar_ms(&first);
    building->access->to = building->access->from + span;
    return OK;
}

enum err
access_build(const struct access_captures *captures, struct arena *arena, struct access *access)
{
    struct building building = {
        .access = access, .arena = arena, .calendar = {-1, -1, -1, -1, -1, -1}
    };
    enum err err = OK;
    for (size_t i = 0; err == OK && i < captures->count; i++) {
        err = build_one(&building, &captures->rows[i]);
    }
    if (err == OK && building.calendar.year >= 0) {
        err = build_span(&building);
    }
    return err;
}

/* How the kinds of names are called in an object; NULL: the path says it better. */
static const char *
words_of(enum access_name name)
{
    switch (name) {
    case ACCESS_EVENT:
        return "event";
    case ACCESS_FRAME:
        return "frame";
    case ACCESS_EXPORTED:
        return "export";
    case ACCESS_REVIEW:
        return "review";
    case ACCESS_GROUP:
        return "group";
    case ACCESS_CAMERA:
    case ACCESS_STREAM:
    case ACCESS_LINK:
    case ACCESS_ALL:
        break;
    }
    return NULL;
}

/* The number in digits; returns its end. */
static char *
put_number(char *end, int64_t value)
{
    char digits[20];
    size_t count = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) {
        *end++ = '-';
    }
    while (count != 0) {
        *end++ = digits[--count];
    }
    return end;
}

/* "event 17" */
static char *
join(const char *word, const char *text, struct arena *arena)
{
    char *joined = arena_alloc(arena, strlen(word) + strlen(text) + 2);
    if (joined != NULL) {
        char *end = stpcpy(joined, word);
        *end++ = ' ';
        (void)stpcpy(end, text);
    }
    return joined;
}

/* "playback c:front 1763900000000-1763903600000" */
static const char *
view_of(unsigned flags, const struct access *access, struct arena *arena)
{
    const char *kind = access_kind(access->kind)->text;
    bool has_times = (flags & ACCESS_ROW_FOLD) == 0 && (access->from != 0 || access->to != 0);
    size_t size = strlen(kind) + 48;
    for (size_t i = 0; i < access->camera_count; i++) {
        size += strlen(access->cameras[i].text) + 4;
    }
    char *view = arena_alloc(arena, size);
    if (view == NULL) {
        return NULL;
    }
    char *end = stpcpy(view, kind);
    for (size_t i = 0; i < access->camera_count; i++) {
        *end++ = ' ';
        *end++ = (char)('a' + (int)access->cameras[i].name);
        *end++ = ':';
        end = stpcpy(end, access->cameras[i].text);
    }
    if (has_times) {
        *end++ = ' ';
        end = put_number(end, access->from);
        *end++ = '-';
        (void)put_number(end, access->to); /* what follows is zero already */
    }
    return view;
}

enum err
access_build_names(const char *path, unsigned flags, struct arena *arena, struct access *access)
{
    const struct access_camera *first = access->camera_count == 0 ? NULL : access->cameras;
    const char *words = first == NULL ? NULL : words_of(first->name);
    if (access->object == NULL && words != NULL) {
        access->object = join(words, first->text, arena);
    } else if (access->object == NULL) {
        access->object = path;
    }
    if (access->view == NULL && access_kind(access->kind)->opens_view) {
        access->view = view_of(flags, access, arena);
    }
    bool has_view = access->view != NULL || !access_kind(access->kind)->opens_view;
    return access->object == NULL || !has_view ? ERR_MEMORY : OK;
}
