/* Browsers and systems by the marks in a User-Agent; the first that fits. */
#include "daemon/doorman_agent.h"
#include "base/text.h"

#include <stdio.h>

struct mark {
    const char *part, *words;
};

/* MDN: Browser detection using the user agent; each pretends to be those below it. */
static const struct mark browsers[] = {
    {"Edg",      "Edge"            },
    {"OPR/",     "Opera"           },
    {"SamsungB", "Samsung Internet"},
    {"Firefox/", "Firefox"         },
    {"FxiOS/",   "Firefox"         },
    {"CriOS/",   "Chrome"          },
    {"Chrome/",  "Chrome"          },
    {"Safari/",  "Safari"          },
};

static const struct mark systems[] = {
    {"iPhone",    "an iPhone"},
    {"iPad",      "an iPad"  },
    {"Android",   "Android"  },
    {"Windows",   "Windows"  },
    {"CrOS",      "ChromeOS" },
    {"Macintosh", "a Mac"    },
    {"Linux",     "Linux"    },
};

static const char *
find(const struct mark *marks, size_t count, const char *agent)
{
    for (size_t i = 0; i < count; i++) {
        if (text_contains(agent, marks[i].part)) {
            return marks[i].words;
        }
    }
    return NULL;
}

void
doorman_agent_words(const char *agent, char *out, size_t size)
{
    const char *browser = find(browsers, COUNT(browsers), agent);
    const char *system = find(systems, COUNT(systems), agent);
    if (browser == NULL || system == NULL) {
        (void)text_copy(out, size, text_is_empty(agent) ? "Unknown program" : agent);
        return;
    }
    (void)snprintf(out, size, "%s on %s", browser, system);
}
