/* The rows of actions.def and the words for outcomes. */
#include "ledger/event.h"

#include <string.h>

static const struct event_action_row rows[] = {
#define ACTION(name, text, needs, voice, words) {text, needs, EVENT_##voice, words},
#include "ledger/actions.def"
#undef ACTION
};

static const char *const outcomes[] = {
    [EVENT_OK] = "ok",
    [EVENT_REFUSED] = "refused",
    [EVENT_FAILED] = "failed",
    [EVENT_UNKNOWN] = "unknown",
};

const struct event_action_row *
event_action(enum event_action action)
{
    assert((size_t)action < COUNT(rows));
    return &rows[action];
}

enum err
event_action_parse(const char *text, size_t len, enum event_action *ret_action)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (strlen(rows[i].text) == len && memcmp(rows[i].text, text, len) == 0) {
            *ret_action = (enum event_action)i;
            return OK;
        }
    }
    return ERR_VALUE;
}

const char *
event_outcome_text(enum event_outcome outcome)
{
    assert((size_t)outcome < COUNT(outcomes));
    return outcomes[outcome];
}
