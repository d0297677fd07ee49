/*
 * Reads an entry's JSON: RFC 8785 has no blanks, no real number that an event may hold, and one way
 * to write each character, so that what is read here and what a JSON parser reads can't differ.
 * Members stand in their order; one that stands twice, or is of another type, makes it no event.
 */
#include "ledger/logged.h"

#include "ledger/seal.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH 32

enum group {
    GROUP_NONE,
    GROUP_TOP,
    GROUP_ACTOR,
    GROUP_DETAIL,
    GROUP_TARGET,
    GROUP_CAMERAS,
    GROUP_WRITER,
    GROUPS,
};

enum kind {
    TEXT,
    TIME,
    NUMBER,
};

struct member {
    enum group group;
    const char *key;
    size_t len;
    enum kind kind;
    unsigned at; /* enum logged_text or logged_number */
};

#define MEMBER(group, key, kind, at)                                                               \
    {                                                                                              \
        GROUP_##group, key, sizeof(key) - 1, kind, LOGGED_##at                                     \
    }

/* In the order of RFC 8785 within each group. */
static const struct member members[] = {
    MEMBER(TOP, "action", TEXT, ACTION),
    MEMBER(TOP, "bytes", NUMBER, BYTES),
    MEMBER(TOP, "digest", TEXT, DIGEST),
    MEMBER(TOP, "id", TEXT, ID),
    MEMBER(TOP, "outcome", TEXT, OUTCOME),
    MEMBER(TOP, "reason", TEXT, REASON),
    MEMBER(TOP, "site", TEXT, SITE),
    MEMBER(TOP, "time", TIME, TIME),
    MEMBER(TOP, "time_quality", TEXT, QUALITY),
    MEMBER(TOP, "v", NUMBER, VERSION),
    MEMBER(ACTOR, "factor", TEXT, FACTOR),
    MEMBER(ACTOR, "ip", TEXT, IP),
    MEMBER(ACTOR, "role", TEXT, ROLE),
    MEMBER(ACTOR, "session", TEXT, SESSION),
    MEMBER(ACTOR, "user", TEXT, USER),
    MEMBER(DETAIL, "duration_ms", NUMBER, DURATION),
    MEMBER(DETAIL, "phase", TEXT, PHASE),
    MEMBER(DETAIL, "view", TEXT, VIEW),
    MEMBER(TARGET, "from", TIME, FROM),
    MEMBER(TARGET, "object", TEXT, OBJECT),
    MEMBER(TARGET, "to", TIME, TO),
    MEMBER(TARGET, "vms", TEXT, VMS),
    MEMBER(WRITER, "pid", NUMBER, PID),
    MEMBER(WRITER, "uid", NUMBER, UID),
};

static const struct {
    enum group inside;
    const char *key;
    size_t len;
    enum group opens;
    char bracket;
} groups[] = {
    {GROUP_TOP,    "actor",   5, GROUP_ACTOR,   '{'},
    {GROUP_TOP,    "detail",  6, GROUP_DETAIL,  '{'},
    {GROUP_TOP,    "target",  6, GROUP_TARGET,  '{'},
    {GROUP_TOP,    "writer",  6, GROUP_WRITER,  '{'},
    {GROUP_TARGET, "cameras", 7, GROUP_CAMERAS, '['},
};

struct level {
    bool is_object;
    enum group group;
};

struct scan {
    struct logged *logged;
    const uint8_t *at;
    const uint8_t *end;
    size_t next[GROUPS]; /* first row of members that may still come */
    bool opened[GROUPS];
    struct level levels[DEPTH];
    size_t depth;
    struct event_text key; /* of the value that comes, as written */
};

struct logged *
logged_new(void)
{
    struct logged *logged = calloc(1, sizeof(*logged));
    if (logged != NULL) {
        buf_init(&logged->inside, EVENT_LIMIT);
        logged->scratch = malloc(EVENT_LIMIT + 1);
        if (logged->scratch == NULL) {
            free(logged);
            return NULL;
        }
    }
    return logged;
}

void
logged_free(struct logged *logged)
{
    if (logged != NULL) {
        free(logged->cameras);
        json_decref(logged->details);
        buf_release(&logged->inside);
        free(logged->scratch);
        free(logged);
    }
}

static bool
eat(struct scan *scan, uint8_t byte)
{
    if (scan->at == scan->end || *scan->at != byte) {
        return false;
    }
    scan->at++;
    return true;
}

/* Bytes of the UTF-8 character at the reader (RFC 3629), 0 when it is none. */
static size_t
character(const uint8_t *at, size_t left)
{
    static const struct {
        uint8_t first, last, second_low, second_high, len;
    } rows[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (at[0] < rows[i].first || at[0] > rows[i].last) {
            continue;
        }
        bool fits =
            rows[i].len <= left && at[1] >= rows[i].second_low && at[1] <= rows[i].second_high;
        for (size_t j = 2; fits && j < rows[i].len; j++) {
            fits = (at[j] & 0xc0) == 0x80;
        }
        return fits ? rows[i].len : 0;
    }
    return 0;
}

/* A string as written, without its quotes; ret_escaped: whether it has to be unescaped. */
static bool
scan_string(struct scan *scan, struct event_text *ret_text, bool *ret_escaped)
{
    if (!eat(scan, '"')) {
        return false;
    }
    const uint8_t *start = scan->at;
    *ret_escaped = false;
    while (scan->at < scan->end && *scan->at != '"') {
        size_t step = 1;
        if (*scan->at < 0x20) {
            return false;
        }
        if (*scan->at >= 0x80) {
            step = character(scan->at, (size_t)(scan->end - scan->at));
        } else if (*scan->at == '\\') {
            *ret_escaped = true;
            step = scan->end - scan->at < 2 ? 0 : 2;
        }
        if (step == 0) {
            return false;
        }
        scan->at += step;
    }
    *ret_text = (struct event_text){(const char *)start, (size_t)(scan->at - start)};
    return eat(scan, '"');
}

static int
hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escape of RFC 8785 at bytes[0] == '\\'; gives its length or 0. */
static size_t
unescape(const char *bytes, size_t len, char *ret_byte)
{
    static const char names[] = "\"\\bfnrt";
    static const char values[] = "\"\\\b\f\n\r\t";
    const char *name = len >= 2 && bytes[1] != '\0' ? strchr(names, bytes[1]) : NULL;
    if (name != NULL) {
        *ret_byte = values[name - names];
        return 2;
    }
    if (len < 6 || memcmp(bytes, "\\u00", 4) != 0) {
        return 0;
    }
    int high = hex_digit(bytes[4]);
    int low = hex_digit(bytes[5]);
    int value = high * 16 + low;
    if (high < 0 || high > 1 || low < 0 ||
        (value != 0 && memchr(values, value, sizeof(values) - 1) != NULL)) {
        return 0;
    }
    *ret_byte = (char)value;
    return 6;
}

/* A string's text: where it lies, or unescaped in the scratch. */
static bool
scan_text(struct scan *scan, struct event_text *ret_text)
{
    struct event_text raw;
    bool escaped = false;
    if (!scan_string(scan, &raw, &escaped)) {
        return false;
    }
    if (!escaped) {
        *ret_text = raw;
        return true;
    }
    char *start = scan->logged->scratch + scan->logged->scratch_used;
    char *out = start;
    for (size_t i = 0; i < raw.len;) {
        size_t step = 1;
        *out = raw.bytes[i];
        if (raw.bytes[i] == '\\') {
            step = unescape(raw.bytes + i, raw.len - i, out);
        }
        if (step == 0) {
            return false;
        }
        i += step;
        out++;
    }
    *ret_text = (struct event_text){start, (size_t)(out - start)};
    scan->logged->scratch_used += ret_text->len;
    return true;
}

/* Integers within ±(2^53 - 1). */
static bool
scan_number(struct scan *scan, int64_t *ret_number)
{
    bool negative = eat(scan, '-');
    const uint8_t *start = scan->at;
    int64_t number = 0;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' && scan->at - start < 17) {
        number = number * 10 + (*scan->at++ - '0');
    }
    bool leading = scan->at - start > 1 && *start == '0';
    if (scan->at == start || leading || number > INT64_C(9007199254740991) ||
        (negative && number == 0)) {
        return false;
    }
    *ret_number = negative ? -number : number;
    return true;
}

static bool
scan_word(struct scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < COUNT(words); i++) {
        size_t len = strlen(words[i]);
        if (len <= (size_t)(scan->end - scan->at) && memcmp(scan->at, words[i], len) == 0) {
            scan->at += len;
            return true;
        }
    }
    return false;
}

/* NULL and *ret_twice false: no member that a search asks for. */
static const struct member *
find_member(struct scan *scan, enum group group, bool *ret_twice)
{
    const struct event_text *key = &scan->key;
    for (size_t i = 0; i < COUNT(members); i++) {
        if (members[i].group == group && members[i].len == key->len &&
            memcmp(members[i].key, key->bytes, key->len) == 0) {
            *ret_twice = i < scan->next[group];
            scan->next[group] = i + 1;
            return &members[i];
        }
    }
    return NULL;
}

static bool
add_camera(struct logged *logged, const struct event_text *text)
{
    if (logged->camera_count == logged->camera_room) {
        size_t room = logged->camera_room == 0 ? 16 : logged->camera_room * 2;
        struct event_text *cameras = reallocarray(logged->cameras, room, sizeof(*cameras));
        if (cameras == NULL) {
            return false;
        }
        logged->cameras = cameras;
        logged->camera_room = room;
    }
    logged->cameras[logged->camera_count++] = *text;
    return true;
}

static bool
take_text(struct scan *scan, enum group group, const struct member *member)
{
    struct logged *logged = scan->logged;
    struct event_text text;
    if (!scan_text(scan, &text)) {
        return false;
    }
    if (group == GROUP_CAMERAS && !add_camera(logged, &text)) {
        return false;
    }
    if (member != NULL && member->kind == TIME) {
        logged->numbers[member->at] = logged_time(text.bytes, text.len);
        logged->has_more |= logged->numbers[member->at] == LOGGED_NONE;
        return true;
    }
    if (member != NULL && member->kind == TEXT) {
        logged->texts[member->at] = text;
    }
    struct sealed sealed;
    if (logged->sink != NULL && seal_parse(text.bytes, text.len, &sealed) != OK) {
        logged->sink(logged->sink_context, text.bytes, text.len);
    }
    /* A producer's detail is free; everything else has its type. */
    return member == NULL || member->kind == TEXT || group == GROUP_DETAIL;
}

/* Whether every member of the group has a row. */
static bool
is_closed(enum group group)
{
    return group != GROUP_NONE && group != GROUP_DETAIL && group != GROUP_CAMERAS;
}

static bool
take_scalar(struct scan *scan, enum group group)
{
    bool twice = false;
    const struct member *member =
        group == GROUP_NONE || group == GROUP_CAMERAS ? NULL : find_member(scan, group, &twice);
    uint8_t first = scan->at < scan->end ? *scan->at : 0;
    bool strict = group == GROUP_CAMERAS || (member != NULL && group != GROUP_DETAIL);
    scan->logged->has_more |= member == NULL && is_closed(group);
    if (twice) {
        return false;
    }
    if (first == '"') {
        return take_text(scan, group, member);
    }
    if (first == '-' || (first >= '0' && first <= '9')) {
        int64_t number = 0;
        if (!scan_number(scan, &number)) {
            return false;
        }
        if (member != NULL && member->kind == NUMBER) {
            scan->logged->numbers[member->at] = number;
            return true;
        }
        return !strict;
    }
    return !strict && scan_word(scan);
}

/* Which members the bracket that comes holds; false: a group that stands twice or is no group. */
static bool
group_of(struct scan *scan, enum group group, char bracket, enum group *ret_group)
{
    *ret_group = GROUP_NONE;
    for (size_t i = 0; i < COUNT(groups); i++) {
        if (groups[i].inside == group && groups[i].len == scan->key.len &&
            memcmp(groups[i].key, scan->key.bytes, groups[i].len) == 0) {
            bool fits = groups[i].bracket == bracket && !scan->opened[groups[i].opens];
            scan->opened[groups[i].opens] = true;
            *ret_group = groups[i].opens;
            return fits;
        }
    }
    bool twice = false;
    const struct member *member = group == GROUP_NONE ? NULL : find_member(scan, group, &twice);
    scan->logged->has_more |= is_closed(group);
    return group != GROUP_CAMERAS && (member == NULL || group == GROUP_DETAIL);
}

static bool
take_value(struct scan *scan)
{
    enum group group = scan->levels[scan->depth - 1].group;
    uint8_t first = scan->at < scan->end ? *scan->at : 0;
    if (first != '{' && first != '[') {
        return take_scalar(scan, group);
    }
    enum group inner = GROUP_NONE;
    if (scan->depth == DEPTH || !group_of(scan, group, (char)first, &inner)) {
        return false;
    }
    if (inner == GROUP_DETAIL) {
        scan->logged->detail = (struct event_text){(const char *)scan->at, 0};
    }
    scan->at++;
    scan->levels[scan->depth++] = (struct level){first == '{', inner};
    return true;
}

static bool
take_key(struct scan *scan)
{
    bool escaped = false;
    if (!scan_string(scan, &scan->key, &escaped)) {
        return false;
    }
    for (size_t i = 0; escaped && i < scan->key.len;) {
        char byte = 0;
        size_t step = scan->key.bytes[i] != '\\'
                          ? 1
                          : unescape(scan->key.bytes + i, scan->key.len - i, &byte);
        if (step == 0) {
            return false;
        }
        i += step;
    }
    return eat(scan, ':');
}

static bool
scan_entry(struct scan *scan)
{
    bool fresh = true; /* a bracket was just opened: no comma before what comes */
    if (!eat(scan, '{')) {
        return false;
    }
    scan->levels[scan->depth++] = (struct level){true, GROUP_TOP};
    while (scan->depth != 0) {
        const struct level *level = &scan->levels[scan->depth - 1];
        if (eat(scan, level->is_object ? '}' : ']')) {
            scan->depth--;
            if (level->group == GROUP_DETAIL) {
                struct event_text *detail = &scan->logged->detail;
                detail->len = (size_t)((const char *)scan->at - detail->bytes);
            }
            fresh = false;
            continue;
        }
        size_t depth = scan->depth;
        if ((!fresh && !eat(scan, ',')) || (level->is_object && !take_key(scan)) ||
            !take_value(scan)) {
            return false;
        }
        fresh = scan->depth > depth;
    }
    return scan->at == scan->end;
}

/* Puts what is inside a sealed text in its place, where its subject's key is there. */
static bool
open_text(
    struct logged *logged, const struct sealed *sealed, const char *path, struct event_text *text)
{
    buf_clear(&logged->inside);
    if (seal_read(logged->subjects, sealed, path, &logged->inside) != OK ||
        logged->inside.len > EVENT_LIMIT - logged->scratch_used) {
        return false;
    }
    char *start = logged->scratch + logged->scratch_used;
    memcpy(start, logged->inside.data, logged->inside.len);
    logged->scratch_used += logged->inside.len;
    *text = (struct event_text){start, logged->inside.len};
    return true;
}

const struct logged_personal logged_personals[] = {
    {LOGGED_IP,      "actor.ip"     },
    {LOGGED_SESSION, "actor.session"},
    {LOGGED_USER,    "actor.user"   },
    {LOGGED_OBJECT,  "target.object"},
};
const size_t logged_personal_count = COUNT(logged_personals);

static void
open_sealed(struct logged *logged)
{
    for (size_t i = 0; i < logged_personal_count; i++) {
        struct event_text *text = &logged->texts[logged_personals[i].text];
        struct sealed sealed;
        if (seal_parse(text->bytes, text->len, &sealed) != OK) {
            continue;
        }
        if (!open_text(logged, &sealed, logged_personals[i].path, text)) {
            logged->sealed |= 1U << logged_personals[i].text;
            text->len = SEAL_SHOWN;
            continue;
        }
        logged->opened |= 1U << logged_personals[i].text;
        if (logged->sink != NULL) {
            logged->sink(logged->sink_context, text->bytes, text->len);
        }
    }
}

bool
logged_read(struct logged *logged, const void *entry, size_t len)
{
    struct scan scan = {.logged = logged, .at = entry, .end = (const uint8_t *)entry + len};
    logged->entry = entry;
    logged->entry_len = len;
    memset(logged->texts, 0, sizeof(logged->texts));
    for (size_t i = 0; i < LOGGED_NUMBERS; i++) {
        logged->numbers[i] = LOGGED_NONE;
    }
    logged->camera_count = 0;
    logged->scratch_used = 0;
    logged->detail = (struct event_text){NULL, 0};
    logged->has_more = false;
    logged->opened = 0;
    logged->sealed = 0;
    logged->is_event = len <= EVENT_LIMIT && scan_entry(&scan) &&
                       logged->texts[LOGGED_ACTION].bytes != NULL &&
                       logged->numbers[LOGGED_TIME] != LOGGED_NONE;
    json_decref(logged->details);
    logged->details = NULL;
    if (logged->is_event) {
        open_sealed(logged);
        logged_details(logged);
    }
    return logged->is_event;
}

bool
logged_says(const struct logged *logged, enum logged_text text, const char *value)
{
    const struct event_text *there = &logged->texts[text];
    return there->bytes != NULL && there->len == strlen(value) &&
           memcmp(there->bytes, value, there->len) == 0;
}
