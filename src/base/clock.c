/* The one place that asks the system for the time. */
#include "base/clock.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct clock_source *replaced;

static int64_t
read_clock(clockid_t id)
{
    struct timespec now;
    int failed = clock_gettime(id, &now);
    assert(failed == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_wall(void)
{
    return replaced != NULL ? replaced->wall() : read_clock(CLOCK_REALTIME);
}

int64_t
clock_mono(void)
{
    return replaced != NULL ? replaced->mono() : read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_boot(void)
{
    return replaced != NULL ? replaced->mono() : read_clock(CLOCK_BOOTTIME);
}

unsigned
clock_left(int64_t since, unsigned ms)
{
    int64_t passed = since == 0 ? 0 : clock_mono() - since;
    return passed <= 0 ? ms : passed >= ms ? 0 : ms - (unsigned)passed;
}

void
clock_replace(const struct clock_source *source)
{
    replaced = source;
}

const char *
clock_text(int64_t wall, char out[CLOCK_TEXT])
{
    time_t seconds = (time_t)(wall / 1000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(out, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        out[0] = '\0';
    }
    return out;
}

const char *
clock_date(int64_t wall, char out[CLOCK_TEXT])
{
    (void)clock_text(wall, out);
    out[strcspn(out, "T")] = '\0';
    return out;
}

/* Seconds east of UTC from "Z", "+02:00", "-0530" or nothing. */
static enum err
parse_offset(const char *text, int64_t *ret_seconds)
{
    *ret_seconds = 0;
    if (text[0] == '\0' || text_equal(text, "Z") || text_equal(text, "z")) {
        return OK;
    }
    char digits[5] = "";
    size_t used = 0;
    for (const char *c = text + 1; *c != '\0'; c++) {
        if (*c == ':') {
            continue;
        }
        if (*c < '0' || *c > '9' || used == 4) {
            return ERR_VALUE;
        }
        digits[used++] = *c;
    }
    if (used != 4 || (text[0] != '+' && text[0] != '-')) {
        return ERR_VALUE;
    }
    int64_t hours = (digits[0] - '0') * 10 + digits[1] - '0';
    int64_t minutes = (digits[2] - '0') * 10 + digits[3] - '0';
    *ret_seconds = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
    return OK;
}

enum err
clock_parse(const char *text, int64_t *ret_wall)
{
    struct tm parts = {0};
    int64_t offset = 0;
    const char *rest = text_is_empty(text) ? NULL : strptime(text, "%Y-%m-%d", &parts);
    if (rest == NULL) {
        return ERR_VALUE;
    }
    if (*rest == 'T' || *rest == ' ') {
        rest = strptime(rest + 1, "%H:%M:%S", &parts);
        if (rest == NULL) {
            return ERR_VALUE;
        }
        if (*rest == '.') {
            rest += 1 + strspn(rest + 1, "0123456789");
        }
    }
    if (parse_offset(rest, &offset) != OK) {
        return ERR_VALUE;
    }
    int day = parts.tm_mday;
    int64_t seconds = (int64_t)timegm(&parts);
    if (parts.tm_mday != day) { /* 30 February: timegm made it a day of March */
        return ERR_VALUE;
    }
    *ret_wall = (seconds - offset) * 1000;
    return OK;
}
