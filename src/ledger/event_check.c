/*
 * Whether bytes are a canonical event: one walk over them, no memory. Members of an object stand in
 * the order of members.def, so following its rows tells unknown ones, doubles and disorder at once.
 */
#include "base/text.h"
#include "ledger/canonical.h"
#include "ledger/event.h"

#include <string.h>

struct check {
    struct canonical json;
    const uint8_t *begin;
    bool is_stored;
    uint32_t seen; /* rows of members.def that are there and not empty */
    struct event_facts facts;
    struct note *note;
};

typedef enum err take_fn(struct check *check, bool *ret_is_empty);

static enum err
syntax(const struct check *check)
{
    note_set(check->note, "byte %td: %s", check->json.at - check->begin, check->json.trouble);
    return ERR_SYNTAX;
}

/* A text that is taken for what it is, or the place where it is none. */
static enum err
take_text(struct check *check, struct canonical_text *ret_text)
{
    if (canonical_peek(&check->json) != '"') {
        return ERR_VALUE;
    }
    enum err err = canonical_string(&check->json, ret_text);
    return err == OK ? OK : syntax(check);
}

static bool
is_base64_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

/* RFC 4648 section 4, padded; bits behind the last byte are zero. */
static bool
is_base64(const char *bytes, size_t len)
{
    static const char *const last[] = {NULL, "AEIMQUYcgkosw048", "AQgw"};
    if (len == 0 || len % 4 != 0) {
        return false;
    }
    size_t padding = bytes[len - 1] != '=' ? 0 : bytes[len - 2] != '=' ? 1 : 2;
    for (size_t i = 0; i < len - padding; i++) {
        if (!is_base64_digit(bytes[i])) {
            return false;
        }
    }
    return padding == 0 || strchr(last[padding], bytes[len - padding - 1]) != NULL;
}

static const char encoded[] = "base64:";
static const char sealed[] = "sealed:";

bool
event_text_is_encoded(const char *bytes, size_t len)
{
    size_t skip = sizeof(encoded) - 1;
    return len >= skip && memcmp(bytes, encoded, skip) == 0 && is_base64(bytes + skip, len - skip);
}

/* "base64:" stands only before base64; "sealed:" only the keeper may write. */
static bool
is_text(const struct check *check, const struct canonical_text *text)
{
    static_assert(sizeof(encoded) == sizeof(sealed), "one length for both");
    size_t skip = sizeof(encoded) - 1;
    if (text->len < skip) {
        return true;
    }
    if (memcmp(text->bytes, encoded, skip) == 0) {
        return event_text_is_encoded(text->bytes, text->len);
    }
    return check->is_stored || memcmp(text->bytes, sealed, skip) != 0;
}

/* "sealed:YEAR-MARK", by which an event about an erasing tells of whom: it opens nothing. */
static bool
is_mark(const uint8_t *text, size_t len)
{
    static const char form[] = "sealed:yyyy-xxxxxxxxxxxxxxxx\"";
    if (len < sizeof(form) - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        bool is_good = form[i] == 'y'   ? is_digit
                       : form[i] == 'x' ? is_digit || (text[i] >= 'a' && text[i] <= 'f')
                                        : text[i] == (uint8_t)form[i];
        if (!is_good) {
            return false;
        }
    }
    return true;
}

/* Whether a text in `detail` begins as only the keeper may let it begin. */
static bool
has_sealed(const uint8_t *detail, size_t len)
{
    static const char opens[] = "\"sealed:";
    const uint8_t *end = detail + len;
    const uint8_t *at = detail;
    while ((at = memmem(at, (size_t)(end - at), opens, sizeof(opens) - 1)) != NULL) {
        at++; /* a quote that begins a text has no '\' before it */
        if (at[-2] != '\\' && !is_mark(at, (size_t)(end - at))) {
            return true;
        }
    }
    return false;
}

static enum err
take_any_text(struct check *check, bool *ret_is_empty)
{
    struct canonical_text text;
    enum err err = take_text(check, &text);
    if (err == OK && !is_text(check, &text)) {
        return ERR_VALUE;
    }
    *ret_is_empty = err == OK && text.len == 0;
    return err;
}

static enum err
take_texts(struct check *check, bool *ret_is_empty)
{
    if (!canonical_take(&check->json, '[')) {
        return ERR_VALUE;
    }
    *ret_is_empty = canonical_take(&check->json, ']');
    if (*ret_is_empty) {
        return OK;
    }
    do {
        bool is_empty = false;
        enum err err = take_any_text(check, &is_empty);
        if (err != OK || is_empty) {
            return err != OK ? err : ERR_VALUE;
        }
    } while (canonical_take(&check->json, ','));
    check->json.trouble = "',' or ']' was expected";
    return canonical_take(&check->json, ']') ? OK : syntax(check);
}

/* Blank, of no width, or in control of what stands beside it (Unicode: Z*, C*). */
static bool
is_blank(uint32_t point)
{
    return point <= 0x20 || (point >= 0x7f && point <= 0xa0) || point == 0xad || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200f) || (point >= 0x2028 && point <= 0x202f) ||
           (point >= 0x205f && point <= 0x206f) || point == 0x3000 || point == 0xfeff ||
           (point >= 0xfff9 && point <= 0xfffb);
}

static enum err
take_reason(struct check *check, bool *ret_is_empty)
{
    struct canonical_text text;
    uint32_t point = ' ';
    enum err err = take_text(check, &text);
    if (err != OK || !is_text(check, &text)) {
        return err != OK ? err : ERR_VALUE;
    }
    while (is_blank(point) && canonical_next(&text, &point)) {
    }
    *ret_is_empty = false;
    return is_blank(point) ? ERR_VALUE : OK;
}

static enum err
take_id(struct check *check, bool *ret_is_empty)
{
    struct canonical_text text;
    enum err err = take_text(check, &text);
    if (err != OK || text.len < 8 || text.len >= EVENT_ID) {
        return err != OK ? err : ERR_VALUE;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.bytes[i];
        bool is_url = c == '-' || c == '_' || (is_base64_digit(c) && c != '+' && c != '/');
        if (!is_url) {
            return ERR_VALUE;
        }
    }
    check->facts.id = text.bytes;
    check->facts.id_len = text.len;
    *ret_is_empty = false;
    return OK;
}

static enum err
take_action(struct check *check, bool *ret_is_empty)
{
    struct canonical_text text;
    enum err err = take_text(check, &text);
    *ret_is_empty = false;
    return err == OK ? event_action_parse(text.bytes, text.len, &check->facts.action) : err;
}

static enum err
take_outcome(struct check *check, bool *ret_is_empty)
{
    struct canonical_text text;
    enum event_outcome outcome = EVENT_UNKNOWN;
    enum err err = take_text(check, &text);
    *ret_is_empty = false;
    return err == OK ? event_outcome_parse(text.bytes, text.len, &outcome) : err;
}

static enum err
take_count(struct check *check, bool *ret_is_empty)
{
    int64_t value = 0;
    uint8_t first = canonical_peek(&check->json);
    *ret_is_empty = false;
    if (first < '0' || first > '9') {
        return ERR_VALUE;
    }
    return canonical_integer(&check->json, &value) == OK ? OK : syntax(check);
}

static enum err
take_version(struct check *check, bool *ret_is_empty)
{
    *ret_is_empty = false;
    return canonical_take(&check->json, '0' + EVENT_VERSION) ? OK : ERR_VALUE;
}

/* The two digits there, or 100. */
static unsigned
two_digits(const char *text)
{
    bool is_good = text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9';
    return is_good ? (unsigned)((text[0] - '0') * 10 + text[1] - '0') : 100;
}

static unsigned
days_of(unsigned year, unsigned month)
{
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month == 2) {
        return is_leap ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static bool
is_time(const char *text, size_t len)
{
    static const char marks[] = "    -  -  T  :  :  .   Z";
    if (len != EVENT_TIME - 1) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (marks[i] == ' ' ? !is_digit : text[i] != marks[i]) {
            return false;
        }
    }
    unsigned year = two_digits(text) * 100 + two_digits(text + 2);
    unsigned month = two_digits(text + 5);
    unsigned day = two_digits(text + 8);
    return month >= 1 && month <= 12 && day >= 1 && day <= days_of(year, month) &&
           two_digits(text + 11) < 24 && two_digits(text + 14) < 60 && two_digits(text + 17) < 60;
}

static enum err
take_time(struct check *check, bool *ret_is_empty)
{
    struct canonical_text text;
    enum err err = take_text(check, &text);
    *ret_is_empty = false;
    if (err != OK) {
        return err;
    }
    check->facts.time = text.bytes; /* target stands before time: the last one is the event's */
    return is_time(text.bytes, text.len) ? OK : ERR_VALUE;
}

static bool
is_word(const struct canonical_text *text, const char *word)
{
    return text->len == strlen(word) && memcmp(text->bytes, word, text->len) == 0;
}

static enum err
take_quality(struct check *check, bool *ret_is_empty)
{
    struct canonical_text text;
    enum err err = take_text(check, &text);
    *ret_is_empty = false;
    if (err != OK) {
        return err;
    }
    check->facts.is_stepped = is_word(&text, "stepped");
    return check->facts.is_stepped || is_word(&text, "unsynced") ? OK : ERR_VALUE;
}

static enum err
take_digest(struct check *check, bool *ret_is_empty)
{
    static const char prefix[] = "sha256:";
    struct canonical_text text;
    enum err err = take_text(check, &text);
    *ret_is_empty = false;
    if (err != OK) {
        return err;
    }
    if (text.len != 64 + sizeof(prefix) - 1 ||
        memcmp(text.bytes, prefix, sizeof(prefix) - 1) != 0) {
        return ERR_VALUE;
    }
    for (size_t i = sizeof(prefix) - 1; i < text.len; i++) {
        char c = text.bytes[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return ERR_VALUE;
        }
    }
    return OK;
}

static enum err
take_detail(struct check *check, bool *ret_is_empty)
{
    *ret_is_empty = false;
    if (canonical_peek(&check->json) != '{') {
        return ERR_VALUE;
    }
    return canonical_value(&check->json, EVENT_DEPTH - 1) == OK ? OK : syntax(check);
}

static enum err take_members(struct check *check, enum event_object object);

static enum err
take_actor(struct check *check, bool *ret_is_empty)
{
    *ret_is_empty = false;
    return take_members(check, EVENT_OBJECT_ACTOR);
}

static enum err
take_target(struct check *check, bool *ret_is_empty)
{
    *ret_is_empty = false;
    return take_members(check, EVENT_OBJECT_TARGET);
}

static enum err
take_writer(struct check *check, bool *ret_is_empty)
{
    *ret_is_empty = false;
    return take_members(check, EVENT_OBJECT_WRITER);
}

static take_fn *const takes[] = {
    [EVENT_TYPE_TEXT] = take_any_text,
    [EVENT_TYPE_TEXTS] = take_texts,
    [EVENT_TYPE_REASON] = take_reason,
    [EVENT_TYPE_ID] = take_id,
    [EVENT_TYPE_ACTION] = take_action,
    [EVENT_TYPE_OUTCOME] = take_outcome,
    [EVENT_TYPE_COUNT] = take_count,
    [EVENT_TYPE_VERSION] = take_version,
    [EVENT_TYPE_TIME] = take_time,
    [EVENT_TYPE_QUALITY] = take_quality,
    [EVENT_TYPE_DIGEST] = take_digest,
    [EVENT_TYPE_DETAIL] = take_detail,
    [EVENT_TYPE_ACTOR] = take_actor,
    [EVENT_TYPE_TARGET] = take_target,
    [EVENT_TYPE_WRITER] = take_writer,
};

static enum err
refuse_name(const struct check *check, enum event_object object, const struct canonical_text *name)
{
    char word[48];
    text_clean(word, sizeof(word), name->bytes, name->len);
    for (size_t i = 0; i < event_member_count; i++) {
        const struct event_member *row = &event_members[i];
        if (row->object == object && is_word(name, row->name)) {
            note_set(check->note, "%s is there twice or not in order", row->path);
            return ERR_SYNTAX;
        }
    }
    static const char *const inside[] = {"an event", "actor", "target", "writer"};
    note_set(check->note, "%s is no member of %s", word, inside[object]);
    return ERR_VALUE;
}

/* A text is shown, so that the wrong one among many is found; what is long or built isn't. */
static void
refuse_value(const struct check *check, const struct event_member *row, const uint8_t *value)
{
    char word[48] = "";
    size_t len = (size_t)(check->json.at - value);
    if (len > 2 && len < sizeof(word) && value[0] == '"') { /* it may be absent */
        text_clean(word, sizeof(word), (const char *)value, len);
    }
    note_set(check->note, "%s must be %s%s%s", row->path, event_type_words(row->type),
        word[0] == '\0' ? "" : ", not ", word);
}

static enum err
take_value(struct check *check, const struct event_member *row)
{
    bool is_empty = false;
    uint8_t first = canonical_peek(&check->json);
    const uint8_t *value = check->json.at;
    enum err err = OK;
    if (!check->is_stored && (row->when & (EVENT_STAMPED | EVENT_STAMPED_MAYBE)) != 0) {
        note_set(check->note, "%s is for the ledger to say, not for who writes to it", row->path);
        return ERR_VALUE;
    }
    err = takes[row->type](check, &is_empty);
    if (err == OK && check->json.has_nul) {
        err = ERR_VALUE;
        note_set(check->note, "%s has a NUL in it", row->path);
    } else if (err == OK && row->type == EVENT_TYPE_DETAIL && !check->is_stored &&
               has_sealed(value, (size_t)(check->json.at - value))) {
        err = ERR_VALUE;
        note_set(check->note, "%s has a text that begins with \"sealed:\", as only the ledger's do",
            row->path);
    } else if (err == ERR_VALUE && (row->type < EVENT_TYPE_ACTOR || first != '{')) {
        refuse_value(check, row, value);
    }
    if (!is_empty) {
        check->seen |= UINT32_C(1) << (row - event_members);
    }
    return err;
}

static enum err
take_members(struct check *check, enum event_object object)
{
    const struct event_member *row = event_members;
    const struct event_member *end = event_members + event_member_count;
    struct canonical *json = &check->json;
    if (!canonical_take(json, '{')) {
        note_set(check->note, "byte %td: an object was expected", json->at - check->begin);
        return ERR_VALUE;
    }
    if (canonical_take(json, '}')) {
        return OK;
    }
    do {
        struct canonical_text name;
        enum err err = canonical_string(json, &name);
        if (err != OK) {
            return syntax(check);
        }
        while (row < end &&
               (row->object != object || row->len != name.len || row->name[0] != name.bytes[0] ||
                   memcmp(row->name, name.bytes, name.len) != 0)) {
            row++;
        }
        if (row == end) {
            return refuse_name(check, object, &name);
        }
        json->trouble = "':' was expected";
        err = canonical_take(json, ':') ? take_value(check, row++) : syntax(check);
        if (err != OK) {
            return err;
        }
    } while (canonical_take(json, ','));
    json->trouble = "',' or '}' was expected";
    return canonical_take(json, '}') ? OK : syntax(check);
}

/* What every event has, what its action demands and, in a stored one, the stamp. */
static enum err
check_needs(const struct check *check)
{
    unsigned needs = event_action(check->facts.action)->needs | EVENT_ALWAYS;
    needs |= check->is_stored ? (unsigned)EVENT_STAMPED : 0;
    for (size_t i = 0; i < event_member_count; i++) {
        const struct event_member *row = &event_members[i];
        if ((row->when & needs) != 0 && (check->seen & UINT32_C(1) << i) == 0) {
            note_set(check->note, "%s is missing or empty%s%s", row->path,
                (row->when & EVENT_ALWAYS) != 0 ? "" : "; needed by ",
                (row->when & EVENT_ALWAYS) != 0 ? "" : event_action(check->facts.action)->text);
            return ERR_MISSING;
        }
    }
    return OK;
}

enum err
event_check(
    const void *bytes, size_t len, bool stored, struct event_facts *ret_facts, struct note *note)
{
    struct check check = {.begin = bytes, .is_stored = stored, .note = note};
    size_t limit = stored ? EVENT_LIMIT : EVENT_LIMIT - EVENT_STAMP;
    assert(event_member_count <= 32 && COUNT(takes) == EVENT_TYPE_WRITER + 1);
    if (len > limit) {
        note_set(note, "%zu bytes, where %zu are allowed", len, limit);
        return ERR_LIMIT;
    }
    canonical_init(&check.json, bytes, len);
    enum err err = take_members(&check, EVENT_OBJECT_EVENT);
    if (err == OK && check.json.at != check.json.end) {
        check.json.trouble = "something follows the event";
        err = syntax(&check);
    }
    if (err == OK) {
        err = check_needs(&check);
    }
    if (err == OK && ret_facts != NULL) {
        *ret_facts = check.facts;
    }
    return err;
}
