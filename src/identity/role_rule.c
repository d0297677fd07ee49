/* Reads and writes rules: bounded, every word is known or the rule is refused with that word. */
#include "identity/role_rule.h"

#include "base/buf.h"
#include "base/suggest.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define MINUTES_OF_DAY 1440
#define DAYS_ALL       0x7f

static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* Greatest first, so that 7d is written and not 168h. */
static const struct {
    char sign;
    uint32_t seconds;
} units[] = {
    {'d', 86400},
    {'h', 3600 },
    {'m', 60   },
    {'s', 1    },
};

struct scan {
    const char *at;
    struct role_words *words;
    struct note *note;
};

static bool
is_space(char c)
{
    return c == ' ' || c == '\t';
}

bool
role_is_name(const char *name)
{
    size_t left = strlen(name);
    bool is_good = left != 0 && left < POLICY_NAME && !text_equal(name, "*");
    while (is_good && *name != '\0') {
        uint32_t point = 0;
        size_t len = text_utf8(name, left, &point);
        is_good = len != 0 && point >= 0x20 && point != 0x7f && point != '"' &&
                  (point < 0x80 || point > 0x9f);
        name += len;
        left -= len;
    }
    return is_good;
}

/* One name of a list, in quotes where it has a blank or a comma. */
static enum err
scan_name(struct scan *scan, char out[POLICY_NAME])
{
    bool is_quoted = *scan->at == '"';
    const char *start = is_quoted ? ++scan->at : scan->at;
    const char *end = start;
    while (*end != '\0' && (is_quoted ? *end != '"' : !is_space(*end) && *end != ',')) {
        end++;
    }
    size_t len = (size_t)(end - start);
    if (len == 0 || len >= POLICY_NAME || (is_quoted && *end != '"')) {
        note_set(scan->note, "\"%.40s\": a name of 1 to %d bytes was expected%s", start,
            POLICY_NAME - 1, is_quoted ? ", with a quote at its end" : "");
        return ERR_VALUE;
    }
    memcpy(out, start, len);
    out[len] = '\0';
    scan->at = is_quoted ? end + 1 : end;
    if (!role_is_name(out)) {
        note_set(scan->note, "\"%.40s\" is no name; leave camera= out for every camera", out);
        return ERR_VALUE;
    }
    return OK;
}

static enum err
take_permit(struct scan *scan, const char *word)
{
    const char *known[PERMITS];
    enum permit permit = PERMITS;
    if (permit_parse(word, &permit) == OK) {
        scan->words->permits |= UINT32_C(1) << permit;
        return OK;
    }
    for (unsigned i = 0; i < PERMITS; i++) {
        known[i] = permit_text((enum permit)i);
    }
    const char *nearest = suggest_nearest(word, known, COUNT(known));
    char all[128];
    role_permits((UINT32_C(1) << PERMITS) - 1, all, sizeof(all));
    note_set(scan->note,
        nearest != NULL ? "\"%.40s\" can't be allowed; did you mean %s?"
                        : "\"%.40s\" can't be allowed; known are %s",
        word, nearest != NULL ? nearest : all);
    return ERR_VALUE;
}

static enum err
take_vms(struct scan *scan, const char *word)
{
    if (scan->words->vms[0] != '\0') {
        note_set(scan->note, "vms=%.40s: a rule names one VMS or none", word);
        return ERR_VALUE;
    }
    (void)text_copy(scan->words->vms, POLICY_NAME, word);
    return OK;
}

static enum err
add_name(char (*names)[POLICY_NAME], size_t *count, size_t most, const char *name)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(names[i], name) == 0) {
            return OK;
        }
    }
    if (*count == most) {
        return ERR_LIMIT;
    }
    (void)text_copy(names[(*count)++], POLICY_NAME, name);
    return OK;
}

static enum err
take_camera(struct scan *scan, const char *word)
{
    struct role_words *words = scan->words;
    if (add_name(words->cameras, &words->camera_count, RULE_CAMERAS, word) != OK) {
        note_set(scan->note, "more than %d cameras; make a group of them", RULE_CAMERAS);
        return ERR_VALUE;
    }
    return OK;
}

static enum err
take_group(struct scan *scan, const char *word)
{
    struct role_words *words = scan->words;
    if (add_name(words->groups, &words->group_count, RULE_GROUPS, word) != OK) {
        note_set(scan->note, "more than %d groups; add another rule", RULE_GROUPS);
        return ERR_VALUE;
    }
    return OK;
}

static size_t
day_of(const char *word, size_t len)
{
    size_t day = 0;
    while (day < COUNT(days) && !(len == 3 && text_find_nocase(word, len, days[day]) == word)) {
        day++;
    }
    return day;
}

/* "mon", or "fri-mon" with the days between, over the week's end too. */
static enum err
take_days(struct scan *scan, const char *word)
{
    const char *dash = strchr(word, '-');
    size_t first = day_of(word, dash == NULL ? strlen(word) : (size_t)(dash - word));
    size_t last = dash == NULL ? first : day_of(dash + 1, strlen(dash + 1));
    if (first == COUNT(days) || last == COUNT(days)) {
        note_set(scan->note, "days=%.40s: mon tue wed thu fri sat sun, or two with a dash", word);
        return ERR_VALUE;
    }
    for (size_t day = first;; day = (day + 1) % COUNT(days)) {
        scan->words->days |= (uint8_t)(1U << day);
        if (day == last) {
            return OK;
        }
    }
}

/* "8:00" to "24:00"; false when it is no time of the day. */
static bool
read_minute(const char *text, size_t len, uint16_t *ret_minute)
{
    unsigned parts[2] = {0, 0};
    size_t part = 0;
    size_t digits = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ':' && part == 0 && digits != 0) {
            part = 1;
            digits = 0;
        } else if (text[i] >= '0' && text[i] <= '9' && digits < 2) {
            parts[part] = parts[part] * 10 + (unsigned)(text[i] - '0');
            digits++;
        } else {
            return false;
        }
    }
    *ret_minute = (uint16_t)(parts[0] * 60 + parts[1]);
    return part == 1 && digits == 2 && parts[1] < 60 && *ret_minute <= MINUTES_OF_DAY;
}

static enum err
take_hours(struct scan *scan, const char *word)
{
    const char *dash = strchr(word, '-');
    uint16_t begin = 0;
    uint16_t end = 0;
    if (dash == NULL || !read_minute(word, (size_t)(dash - word), &begin) ||
        !read_minute(dash + 1, strlen(dash + 1), &end) || begin == MINUTES_OF_DAY || begin == end) {
        note_set(scan->note, "hours=%.40s: two times of the day as in 08:00-18:00", word);
        return ERR_VALUE;
    }
    if (scan->words->begin != scan->words->end) {
        note_set(scan->note, "hours=%.40s: a rule has one span of hours; add another rule", word);
        return ERR_VALUE;
    }
    scan->words->begin = begin;
    scan->words->end = end % MINUTES_OF_DAY;
    return OK;
}

static enum err
take_back(struct scan *scan, const char *word)
{
    char digits[16];
    uint64_t number = 0;
    size_t len = strlen(word);
    uint32_t seconds = 0;
    for (size_t i = 0; i < COUNT(units) && len != 0; i++) {
        seconds = word[len - 1] == units[i].sign ? units[i].seconds : seconds;
    }
    bool fits = len > 1 && len <= sizeof(digits) && seconds != 0;
    if (fits) {
        memcpy(digits, word, len - 1);
        digits[len - 1] = '\0';
        fits = text_to_u64(digits, UINT32_MAX / seconds, &number) == OK && number != 0;
    }
    if (!fits || scan->words->back != 0) {
        note_set(scan->note, "back=%.40s: one span as in 7d, 12h, 30m or 90s", word);
        return ERR_VALUE;
    }
    scan->words->back = (uint32_t)number * seconds;
    return OK;
}

typedef enum err take_fn(struct scan *scan, const char *word);

static const struct {
    const char *key;
    take_fn *take;
} keys[] = {
    {"vms",    take_vms   },
    {"camera", take_camera},
    {"group",  take_group },
    {"days",   take_days  },
    {"hours",  take_hours },
    {"back",   take_back  },
};

static enum err
scan_list(struct scan *scan, take_fn *take)
{
    enum err err = OK;
    bool goes_on = true;
    while (err == OK && goes_on) {
        char word[POLICY_NAME];
        err = scan_name(scan, word);
        if (err == OK) {
            err = take(scan, word);
        }
        goes_on = *scan->at == ',';
        scan->at += goes_on ? 1 : 0;
    }
    if (err == OK && *scan->at != '\0' && !is_space(*scan->at)) {
        note_set(scan->note, "\"%.40s\": a blank or a comma was expected", scan->at);
        return ERR_VALUE;
    }
    return err;
}

static enum err
scan_option(struct scan *scan, unsigned *seen)
{
    size_t len = strcspn(scan->at, "= \t");
    const char *known[COUNT(keys)];
    char key[24];
    (void)snprintf(key, sizeof(key), "%.*s", (int)(len > 20 ? 20 : len), scan->at);
    for (size_t i = 0; i < COUNT(keys); i++) {
        known[i] = keys[i].key;
        if (!text_equal(keys[i].key, key) || scan->at[len] != '=') {
            continue;
        }
        if ((*seen & (1U << i)) != 0) {
            note_set(scan->note, "%s= is there twice; join them with a comma", key);
            return ERR_VALUE;
        }
        *seen |= 1U << i;
        scan->at += len + 1;
        return scan_list(scan, keys[i].take);
    }
    const char *nearest = suggest_nearest(key, known, COUNT(known));
    note_set(scan->note,
        nearest != NULL ? "\"%s\" is unknown; did you mean %s=?"
                        : "\"%s\" is unknown; known are vms= camera= group= days= hours= back=%s",
        key, nearest != NULL ? nearest : "");
    return ERR_VALUE;
}

enum err
role_read_rule(const char *text, struct role_words *ret_words, struct note *note)
{
    struct role_words words = {.permits = 0};
    struct scan scan = {.at = text, .words = &words, .note = note};
    unsigned seen = 0;
    if (strnlen(text, ROLE_TEXT) == ROLE_TEXT) {
        note_set(note, "a rule has at most %d bytes", ROLE_TEXT - 1);
        return ERR_VALUE;
    }
    scan.at += strspn(scan.at, " \t");
    if (scan.at[strcspn(scan.at, "= \t\"")] == '=' || *scan.at == '\0') {
        note_set(note, "what is allowed comes first, as in \"live,playback camera=front\"");
        return ERR_VALUE;
    }
    enum err err = scan_list(&scan, take_permit);
    scan.at += strspn(scan.at, " \t");
    while (err == OK && *scan.at != '\0') {
        err = scan_option(&scan, &seen);
        scan.at += strspn(scan.at, " \t");
    }
    if (err == OK) {
        words.days = words.days == DAYS_ALL ? 0 : words.days;
        *ret_words = words;
    }
    return err;
}

void
role_permits(uint32_t permits, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < PERMITS; i++) {
        if ((permits & (UINT32_C(1) << i)) != 0 && len < size) {
            int put = snprintf(
                out + len, size - len, "%s%s", len == 0 ? "" : ",", permit_text((enum permit)i));
            len += put > 0 ? (size_t)put : 0;
        }
    }
}

static void
put_names(struct buf *out, const char *key, const char (*names)[POLICY_NAME], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *quote = strpbrk(names[i], " ,=") != NULL ? "\"" : "";
        buf_text(out, i == 0 ? " " : ",");
        buf_format(out, "%s%s%s%s%s", i == 0 ? key : "", i == 0 ? "=" : "", quote, names[i], quote);
    }
}

/* Runs of three and more with a dash. */
static void
put_days(struct buf *out, uint8_t set)
{
    const char *mark = " days=";
    for (size_t day = 0; day < COUNT(days); day++) {
        size_t last = day;
        if ((set & (1U << day)) == 0) {
            continue;
        }
        while (last + 1 < COUNT(days) && (set & (1U << (last + 1))) != 0) {
            last++;
        }
        buf_format(out, "%s%s", mark, days[day]);
        mark = ",";
        if (last >= day + 2) {
            buf_format(out, "-%s", days[last]);
            day = last;
        }
    }
}

enum err
role_write_rule(const struct role_words *words, char ret_text[ROLE_TEXT])
{
    CLEANUP(buf_release) struct buf out;
    char permits[128];
    buf_init(&out, ROLE_TEXT - 1);
    role_permits(words->permits, permits, sizeof(permits));
    buf_text(&out, permits);
    put_names(&out, "vms", &words->vms, words->vms[0] != '\0' ? 1 : 0);
    put_names(&out, "camera", words->cameras, words->camera_count);
    put_names(&out, "group", words->groups, words->group_count);
    put_days(&out, words->days);
    if (words->begin != words->end) {
        unsigned end = words->end == 0 ? MINUTES_OF_DAY : words->end;
        buf_format(&out, " hours=%02u:%02u-%02u:%02u", words->begin / 60U, words->begin % 60U,
            end / 60, end % 60);
    }
    for (size_t i = 0; i < COUNT(units) && words->back != 0; i++) {
        if (words->back % units[i].seconds == 0) {
            buf_format(&out, " back=%u%c", words->back / units[i].seconds, units[i].sign);
            break;
        }
    }
    if (buf_error(&out) != OK) {
        return ERR_LIMIT;
    }
    memcpy(ret_text, out.data, out.len + 1);
    return OK;
}
