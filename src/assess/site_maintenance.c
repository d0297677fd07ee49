/* The part of the site file that says when and how firmware and VMSes are updated. */
#include "assess/site_take.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

#define NAME_LIMIT 80
#define LINE_LIMIT 200

static const struct {
    const char *every;
    unsigned days;
} periods[] = {
    {"month",     31 },
    {"quarter",   92 },
    {"half-year", 184},
    {"year",      366},
};

enum err
site_take_window(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)node;
    (void)note;
    struct site_maintenance *window = &site->maintenance[site->maintenance_count++];
    window->devices = &site->maintenance_names[site->maintenance_name_count];
    return OK;
}

static enum err
take_every(struct site_maintenance *window, const char *text)
{
    for (size_t i = 0; i < COUNT(periods); i++) {
        if (text_equal_nocase(periods[i].every, text)) {
            window->every = periods[i].every;
            window->days = periods[i].days;
            return OK;
        }
    }
    return ERR_VALUE;
}

static enum err
take_what(struct site_maintenance *window, const char *text)
{
    static const char *const words[] = {"firmware", "vms"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (text_equal_nocase(words[i], text)) {
            window->what = words[i];
            return OK;
        }
    }
    return ERR_VALUE;
}

/* "02:30" at text, as minutes of the day; 24:00 is the day's end. */
static bool
take_minutes(const char *text, uint16_t *ret_minutes)
{
    char copy[6];
    uint64_t hour = 0;
    uint64_t minute = 0;
    memcpy(copy, text, 5);
    copy[2] = '\0';
    copy[5] = '\0';
    if (text[2] != ':' || text_to_u64(copy, 24, &hour) != OK ||
        text_to_u64(copy + 3, 59, &minute) != OK || (hour == 24 && minute != 0)) {
        return false;
    }
    *ret_minutes = (uint16_t)(hour * 60 + minute);
    return true;
}

static enum err
take_hours(struct site_maintenance *window, const char *text)
{
    bool is_good = strlen(text) == strlen("02:00-04:00") && text[5] == '-' &&
                   take_minutes(text, &window->from) && take_minutes(text + 6, &window->to);
    return is_good && window->from != window->to ? OK : ERR_VALUE;
}

enum err
site_take_update(struct site *site, const struct outline_node *node, struct note *note)
{
    uint64_t seconds = 0;
    struct site_update *update = &site->vms_update;
    if (text_equal(node->pattern, "vms_update.timeout")) {
        if (text_to_u64(node->text, 3600, &seconds) != OK || seconds < 10) {
            return ERR_VALUE;
        }
        update->timeout_s = (unsigned)seconds;
        return OK;
    }
    size_t len = strlen(node->text);
    if (update->count == SITE_UPDATE_WORDS) {
        note_set(note, "more than %d words; put them into a script", SITE_UPDATE_WORDS);
        return ERR_LIMIT;
    }
    if (len == 0 || len > LINE_LIMIT || (update->count == 0 && node->text[0] != '/')) {
        return ERR_VALUE;
    }
    update->argv[update->count] = arena_copy(&site->arena, node->text);
    return update->argv[update->count++] == NULL ? ERR_MEMORY : OK;
}

enum err
site_take_window_key(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    struct site_maintenance *window = &site->maintenance[site->maintenance_count - 1];
    if (text_ends(node->pattern, ".date")) {
        return clock_parse(node->text, &window->date);
    }
    if (text_ends(node->pattern, ".every")) {
        return take_every(window, node->text);
    }
    if (text_ends(node->pattern, ".hours")) {
        return take_hours(window, node->text);
    }
    if (text_ends(node->pattern, ".what")) {
        return take_what(window, node->text);
    }
    char clean[NAME_LIMIT + 1];
    size_t len = strlen(node->text);
    if (len == 0 || len > NAME_LIMIT) {
        return ERR_VALUE;
    }
    text_clean(clean, sizeof(clean), node->text, len);
    const char *copy = arena_copy(&site->arena, text_trim(clean));
    site->maintenance_names[site->maintenance_name_count++] = copy;
    window->device_count++;
    return copy == NULL ? ERR_MEMORY : OK;
}
