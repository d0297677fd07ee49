/* The part of the site file that declares when firmware and VMSes are updated. */
#include "assess/site_take.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

#define NAME_LIMIT 80

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
