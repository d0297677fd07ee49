/* What happened in one sentence. The fields of a record have the truth; this is for the eye. */
#include "base/text.h"
#include "siem/put.h"

#include <string.h>

#define SHOWN 96 /* bytes of a text that are shown */

static void
put_shown(struct buf *out, const struct event_text *text)
{
    char shown[SHOWN];
    text_clean(shown, sizeof(shown), text->bytes, text->len);
    for (char *c = shown; *c != '\0'; c++) {
        /* Receivers that look for name=value in any text must find none that a user made up. */
        *c = *c == '=' || *c == '"' || *c == '\\' || *c == '|' ? '?' : *c;
    }
    buf_text(out, shown);
    if (text->len >= sizeof(shown)) {
        SIEM_PUT(out, "...");
    }
}

static void
put_part(struct buf *out, const char *words, const struct event_text *text)
{
    if (text->bytes != NULL && text->len != 0) {
        buf_text(out, words);
        put_shown(out, text);
    }
}

static void
put_shown_cameras(struct buf *out, const struct logged *logged)
{
    size_t count = logged->camera_count;
    if (count == 0) {
        return;
    }
    put_part(out, count == 1 ? ", camera " : ", cameras ", &logged->cameras[0]);
    if (count > 1) {
        put_part(out, ", ", &logged->cameras[1]);
    }
    if (count > 2) {
        SIEM_PUT(out, " and ");
        siem_put_count(out, count - 2);
        SIEM_PUT(out, " more");
    }
}

void
siem_put_sentence(struct buf *out, const struct logged *logged, const struct siem_sense *sense)
{
    const struct event_text *texts = logged->texts;
    buf_text(out, sense->title);
    if (!logged->is_event) {
        SIEM_PUT(out, ", ");
        siem_put_count(out, logged->entry_len);
        SIEM_PUT(out, " bytes.");
        return;
    }
    if (!sense->is_known) {
        put_part(out, " (", &texts[LOGGED_ACTION]);
        SIEM_PUT(out, ")");
    }
    SIEM_PUT(out, ": ");
    buf_text(out, event_outcome_text(sense->outcome));
    put_part(out, ", user ", &texts[LOGGED_USER]);
    put_part(out, " from ", &texts[LOGGED_IP]);
    put_shown_cameras(out, logged);
    put_part(out, ", ", &texts[LOGGED_OBJECT]);
    put_part(out, ", phase ", &texts[LOGGED_PHASE]);
    put_part(out, ": ", &texts[LOGGED_REASON]);
    SIEM_PUT(out, ".");
}
