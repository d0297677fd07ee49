/* Whether an entry goes to a destination. */
#include "siem/filter.h"

#include "ledger/query.h"

#include <string.h>

static const enum query_part parts[] = {
    [SIEM_FILTER_ACTION] = QUERY_ACTION,
    [SIEM_FILTER_OUTCOME] = QUERY_OUTCOME,
    [SIEM_FILTER_CAMERA] = QUERY_CAMERA,
    [SIEM_FILTER_USER] = QUERY_USER,
};

struct siem_filter
siem_filter_begin(void)
{
    return (struct siem_filter){.least = SIEM_INFO};
}

enum err
siem_filter_add(struct siem_filter *filter, enum siem_filter_part part, const char *value)
{
    struct query query = query_begin();
    enum err err = query_set(&query, parts[part], value); /* a filter takes what a search takes */
    if (err == OK && filter->counts[part] == SIEM_FILTER_VALUES) {
        err = ERR_LIMIT;
    }
    if (err == OK) {
        filter->values[part][filter->counts[part]++] = value;
    }
    return err;
}

static bool
has_camera(const struct logged *logged, const char *camera)
{
    size_t len = strlen(camera);
    for (size_t i = 0; i < logged->camera_count; i++) {
        const struct event_text *text = &logged->cameras[i];
        if (text->len == len && memcmp(text->bytes, camera, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool
fits(const struct logged *logged, enum siem_filter_part part, const char *value)
{
    const struct event_text *action = &logged->texts[LOGGED_ACTION];
    switch (part) {
    case SIEM_FILTER_ACTION:
        return query_covers(value, action->bytes, action->len);
    case SIEM_FILTER_OUTCOME:
        return logged_says(logged, LOGGED_OUTCOME, value);
    case SIEM_FILTER_CAMERA:
        return has_camera(logged, value);
    case SIEM_FILTER_USER:
        /* Who it is can't be read: rather one too many than that all are lost without a word. */
        return (logged->sealed & 1U << LOGGED_USER) != 0 || logged_says(logged, LOGGED_USER, value);
    case SIEM_FILTER_PARTS:
        break;
    }
    return false;
}

static bool
fits_one(const struct siem_filter *filter, enum siem_filter_part part, const struct logged *logged)
{
    bool is_one = filter->counts[part] == 0;
    for (size_t i = 0; i < filter->counts[part] && !is_one; i++) {
        is_one = fits(logged, part, filter->values[part][i]);
    }
    return is_one;
}

bool
siem_filter_passes(const struct siem_filter *filter, const struct logged *logged)
{
    if (!logged->is_event) {
        return true;
    }
    for (int part = 0; part < SIEM_FILTER_PARTS; part++) {
        if (!fits_one(filter, (enum siem_filter_part)part, logged)) {
            return false;
        }
    }
    return filter->least == SIEM_INFO || siem_sense(logged).level >= filter->least;
}
