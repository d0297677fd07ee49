/* The rows of severity.def. */
#include "siem/severity.h"

#include "base/text.h"

struct row {
    const char *title;
    enum siem_level levels[EVENT_OUTCOMES];
};

static const struct siem_scale scales[] = {
#define LEVEL(name, word, syslog, cef, ocsf, ocsf_word, ecs)                                       \
    {word, ocsf_word, syslog, cef, ocsf, ecs},
#include "siem/severity.def"
#undef LEVEL
};

#define LEVELS(ok, refused, failed, unknown)                                                       \
    {                                                                                              \
        SIEM_##ok, SIEM_##refused, SIEM_##failed, SIEM_##unknown                                   \
    }

static const struct row rows[EVENT_ACTIONS] = {
#define SEVERITY(action, title, ok, refused, failed, unknown)                                      \
    [EVENT_##action] = {title, LEVELS(ok, refused, failed, unknown)},
#include "siem/severity.def"
#undef SEVERITY
};

static const struct row other =
#define UNKNOWN(title, ok, refused, failed, unknown) {title, LEVELS(ok, refused, failed, unknown)};
#include "siem/severity.def"
#undef UNKNOWN

    static const struct siem_sense no_event = {
        .outcome = EVENT_UNKNOWN,
#define NO_EVENT(words, name) .title = (words), .level = SIEM_##name,
#include "siem/severity.def"
#undef NO_EVENT
};

const struct siem_scale *
siem_scale(enum siem_level level)
{
    assert((size_t)level < COUNT(scales));
    return &scales[level];
}

enum err
siem_level_parse(const char *word, enum siem_level *ret_level)
{
    for (size_t i = 0; i < COUNT(scales); i++) {
        if (text_equal(scales[i].word, word)) {
            *ret_level = (enum siem_level)i;
            return OK;
        }
    }
    return ERR_VALUE;
}

struct siem_sense
siem_sense(const struct logged *logged)
{
    if (!logged->is_event) {
        return no_event;
    }
    struct siem_sense sense = {.outcome = EVENT_UNKNOWN};
    const struct event_text *action = &logged->texts[LOGGED_ACTION];
    const struct event_text *outcome = &logged->texts[LOGGED_OUTCOME];
    sense.is_known = event_action_parse(action->bytes, action->len, &sense.action) == OK;
    if (outcome->bytes == NULL ||
        event_outcome_parse(outcome->bytes, outcome->len, &sense.outcome) != OK) {
        sense.outcome = EVENT_UNKNOWN;
    }
    const struct row *row = sense.is_known ? &rows[sense.action] : &other;
    sense.title = row->title;
    sense.level = row->levels[sense.outcome];
    return sense;
}
