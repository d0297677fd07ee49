/* The rows of actions.def and members.def, and the words for outcomes. */
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
    static const size_t lens[] = {
#define ACTION(name, text, needs, voice, words) sizeof(text) - 1,
#include "ledger/actions.def"
#undef ACTION
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (lens[i] == len && memcmp(rows[i].text, text, len) == 0) {
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

enum err
event_outcome_parse(const char *text, size_t len, enum event_outcome *ret_outcome)
{
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        if (strlen(outcomes[i]) == len && memcmp(outcomes[i], text, len) == 0) {
            *ret_outcome = (enum event_outcome)i;
            return OK;
        }
    }
    return ERR_VALUE;
}

#define PATH_EVENT
#define PATH_ACTOR  "actor."
#define PATH_TARGET "target."
#define PATH_WRITER "writer."

const struct event_member event_members[] = {
#define MEMBER(object, name, type, when, words)                                                    \
    {EVENT_OBJECT_##object, name, PATH_##object name, sizeof(name) - 1, EVENT_TYPE_##type,         \
        EVENT_##when, words},
#include "ledger/members.def"
#undef MEMBER
};
const size_t event_member_count = COUNT(event_members);

const char *
event_type_words(enum event_type type)
{
    static const char *const words[] = {
        [EVENT_TYPE_TEXT] = "text",
        [EVENT_TYPE_TEXTS] = "a list of texts, none of them empty",
        [EVENT_TYPE_REASON] = "text in which something can be seen",
        [EVENT_TYPE_ID] = "8 to 63 of A-Z, a-z, 0-9, - and _",
        [EVENT_TYPE_ACTION] = "a known action",
        [EVENT_TYPE_OUTCOME] = "ok, refused, failed or unknown",
        [EVENT_TYPE_COUNT] = "an integer from 0 to 9007199254740991",
        [EVENT_TYPE_VERSION] = "1",
        [EVENT_TYPE_TIME] = "a time such as 2026-11-22T20:15:00.000Z",
        [EVENT_TYPE_QUALITY] = "unsynced or stepped",
        [EVENT_TYPE_DIGEST] = "sha256: and 64 of 0-9 and a-f",
        [EVENT_TYPE_DETAIL] = "an object",
        [EVENT_TYPE_ACTOR] = "an object",
        [EVENT_TYPE_TARGET] = "an object",
        [EVENT_TYPE_WRITER] = "an object",
    };
    assert((size_t)type < COUNT(words));
    return words[type];
}
