/* Pages that a request gets which the gateway does not let through. */
#include "base/text.h"
#include "daemon/doorman_parts.h"

#include <string.h>

#define TEXT 1024

/* What was refused, in the words of nginx: "kind|why|camera|camera"; "gone": the VMS. */
struct refusal {
    char kind[TEXT], why[TEXT];
    struct buf cameras;
};

/* For people; what is not here is a page. */
static const struct {
    const char *kind, *words;
} kinds[] = {
    {"live",      "Live video"                    },
    {"audio",     "Live sound"                    },
    {"snapshot",  "A picture"                     },
    {"thumbnail", "A picture"                     },
    {"playback",  "A recording"                   },
    {"follow",    "A recording"                   },
    {"export",    "An export"                     },
    {"prepare",   "An export"                     },
    {"send",      "Sending footage"               },
    {"ptz",       "Moving a camera"               },
    {"recording", "Switching what is recorded"    },
    {"delete",    "Deleting footage"              },
    {"mark",      "Changing a recording’s notes"},
    {"configure", "Changing a setting"            },
    {"settings",  "The settings"                  },
    {"secrets",   "The settings"                  },
    {"users",     "The accounts"                  },
    {"beside",    "Video by WebRTC"               },
};

/* The next part of the header, without control characters; returns where it ends. */
static const char *
take(const char *text, char ret_part[TEXT])
{
    size_t len = strcspn(text, "|");
    text_clean(ret_part, TEXT, text, len);
    return text + len + (text[len] == '|' ? 1 : 0);
}

static void
read_refusal(const struct visit *visit, struct refusal *ret)
{
    const char *text =
        MHD_lookup_connection_value(visit->connection, MHD_HEADER_KIND, "X-Gatehouse-Refused");
    text = take(text == NULL ? "" : text, ret->kind);
    text = take(text, ret->why);
    buf_init(&ret->cameras, (size_t)2 * TEXT);
    while (*text != '\0') {
        char camera[TEXT];
        text = take(text, camera);
        buf_format(&ret->cameras, "%s%s", ret->cameras.len == 0 ? "" : ", ", camera);
    }
}

static const char *
words_of(const char *kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (text_equal(kinds[i].kind, kind)) {
            return kinds[i].words;
        }
    }
    return "This page";
}

void
doorman_notice_denied(struct visit *visit)
{
    struct refusal refusal;
    read_refusal(visit, &refusal);
    doorman_answer_page(visit, 403, "denied",
        json_pack("{s:s, s:s, s:s}", "what", refusal.why[0] == '\0' ? "" : words_of(refusal.kind),
            "cameras", refusal.cameras.data, "why", refusal.why));
    buf_release(&refusal.cameras);
}

void
doorman_notice_unavailable(struct visit *visit)
{
    struct refusal refusal;
    read_refusal(visit, &refusal);
    doorman_answer_page(visit, 503, "unavailable",
        json_pack("{s:s, s:b}", "why", refusal.why, "gone", text_equal(refusal.kind, "gone")));
    buf_release(&refusal.cameras);
}
