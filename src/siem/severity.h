/* What an entry is to a watch room: its name for people and how much it matters. Pure. */
#pragma once

#include "ledger/logged.h"

enum siem_level {
#define LEVEL(name, word, syslog, cef, ocsf, ocsf_word, ecs) SIEM_##name,
#include "siem/severity.def"
#undef LEVEL
    SIEM_LEVELS /* how many */
};

struct siem_scale {
    const char *word; /* as in a setting: "high" */
    const char *ocsf_word;
    unsigned syslog;
    unsigned cef;
    unsigned ocsf;
    unsigned ecs;
};
const struct siem_scale *siem_scale(enum siem_level level);
/* ERR_VALUE for a word of none. */
enum err siem_level_parse(const char *word, enum siem_level *ret_level) MUST_CHECK;

/* An entry as it was understood. */
struct siem_sense {
    bool is_known; /* an action of this version; else `action` is not set */
    enum event_action action;
    enum event_outcome outcome; /* EVENT_UNKNOWN for one that is not said or not known */
    const char *title;
    enum siem_level level;
};
struct siem_sense siem_sense(const struct logged *logged);
