/* Times of a search. */
#include "ledger/when.h"

#include "base/clock.h"
#include "base/text.h"
#include "ledger/logged.h"

#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

static const struct {
    const char *letter;
    const char *word;
    int64_t length;
} units[] = {
    {"s", "second", SECOND       },
    {"m", "minute", MINUTE       },
    {"h", "hour",   HOUR         },
    {"d", "day",    CLOCK_DAY    },
    {"w", "week",   7 * CLOCK_DAY},
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number at *text, at most six digits; moves behind it. */
static bool
take_number(const char **text, int64_t *ret_number)
{
    const char *start = *text;
    int64_t number = 0;
    while (is_digit(**text) && *text - start < 7) {
        number = number * 10 + (*(*text)++ - '0');
    }
    *ret_number = number;
    return *text != start && *text - start < 7;
}

/* "-2d" or "2 days ago". */
static bool
parse_ago(const char *text, int64_t now, int64_t *ret_time)
{
    bool dashed = *text == '-';
    int64_t number = 0;
    text += dashed ? 1 : 0;
    if (!take_number(&text, &number)) {
        return false;
    }
    text += !dashed && *text == ' ' ? 1 : 0;
    for (size_t i = 0; i < COUNT(units); i++) {
        size_t len = strlen(units[i].word);
        bool fits = dashed && text_equal(text, units[i].letter);
        if (!dashed && strncmp(text, units[i].word, len) == 0) {
            const char *rest = text + len + (text[len] == 's' ? 1 : 0);
            fits = text_equal(rest, " ago");
        }
        if (fits) {
            *ret_time = now - number * units[i].length;
            return true;
        }
    }
    return false;
}

/* "14:00" or "14:00:30" as milliseconds of a day. */
static bool
parse_clock(const char *text, int64_t *ret_part)
{
    int64_t parts[3] = {0};
    size_t count = 0;
    for (;;) {
        const char *start = text;
        if (!take_number(&text, &parts[count]) || text - start != 2 || ++count == COUNT(parts) ||
            *text != ':') {
            break;
        }
        text++;
    }
    if (count < 2 || *text != '\0' || parts[0] > 23 || parts[1] > 59 || parts[2] > 59) {
        return false;
    }
    *ret_part = parts[0] * HOUR + parts[1] * MINUTE + parts[2] * SECOND;
    return true;
}

static bool
parse_day_word(const char *text, int64_t now, bool end, int64_t *ret_time)
{
    static const struct {
        const char *word;
        int64_t back;
    } words[] = {
        {"today",     0        },
        {"yesterday", CLOCK_DAY}
    };
    int64_t midnight = now - ((now % CLOCK_DAY) + CLOCK_DAY) % CLOCK_DAY;
    for (size_t i = 0; i < COUNT(words); i++) {
        size_t len = strlen(words[i].word);
        int64_t part = 0;
        if (strncmp(text, words[i].word, len) != 0) {
            continue;
        }
        if (text[len] == '\0') {
            *ret_time = midnight - words[i].back + (end ? CLOCK_DAY : 0);
            return true;
        }
        if (text[len] == ' ' && parse_clock(text + len + 1, &part)) {
            *ret_time = midnight - words[i].back + part;
            return true;
        }
    }
    return false;
}

/* "2026-11-23 02:14" gets the seconds and the T that RFC 3339 wants. */
static bool
parse_full(const char *text, bool end, int64_t *ret_time)
{
    char whole[48];
    size_t len = strlen(text);
    if (len < 10 || len > 40 || !is_digit(text[0]) || text[4] != '-' || text[7] != '-') {
        return false;
    }
    if (len == 10) {
        if (clock_parse(text, ret_time) != OK) {
            return false;
        }
        *ret_time += end ? CLOCK_DAY : 0;
        return true;
    }
    int64_t exact = logged_time(text, len);
    if (exact != LOGGED_NONE) {
        *ret_time = exact;
        return true;
    }
    bool seconds = len > 16 && text[16] == ':';
    (void)snprintf(whole, sizeof(whole), "%.10sT%.*s%s%s", text, seconds ? (int)len : 5, text + 11,
        seconds ? "" : ":00", seconds || len <= 16 ? "" : text + 16);
    return (text[10] == 'T' || text[10] == ' ') && clock_parse(whole, ret_time) == OK;
}

enum err
when_parse(const char *text, int64_t now, bool end, int64_t *ret_time)
{
    int64_t time = 0;
    bool known = true;
    if (text_equal(text, "now")) {
        time = now;
    } else {
        known = parse_full(text, end, &time) || parse_day_word(text, now, end, &time) ||
                parse_ago(text, now, &time);
    }
    if (!known) {
        return ERR_VALUE;
    }
    *ret_time = time;
    return OK;
}

const char *
when_length(int64_t milliseconds, char out[WHEN_LENGTH])
{
    int64_t seconds = milliseconds / SECOND;
    if (milliseconds < 0) {
        (void)snprintf(out, WHEN_LENGTH, "?");
    } else if (milliseconds < MINUTE) {
        (void)snprintf(out, WHEN_LENGTH, "%lld.%lld s", (long long)seconds,
            (long long)(milliseconds % SECOND / 100));
    } else if (milliseconds < HOUR) {
        (void)snprintf(out, WHEN_LENGTH, "%lld min %02lld s", (long long)(seconds / 60),
            (long long)(seconds % 60));
    } else {
        (void)snprintf(out, WHEN_LENGTH, "%lld h %02lld min", (long long)(seconds / 3600),
            (long long)(seconds / 60 % 60));
    }
    return out;
}
