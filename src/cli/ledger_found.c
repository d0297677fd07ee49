/* Events as lines: for people, for programs, for spreadsheets. */
#include "cli/ledger_found.h"

#include "base/text.h"
#include "codec/csv.h"
#include "ledger/base64.h"
#include "ledger/when.h"
#include "report/width.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LIMIT   ((size_t)1024 * 1024)
#define TEXT_SHOWN   256  /* bytes of one text on a line for people */
#define CAMERAS      6    /* that are named on it */
#define BASE64_PIECE 8190 /* whole groups of three, so that only the last is padded */
#define WHO_COLUMNS  24
#define DID_COLUMNS  18

/* What was done, as people say it; other actions are shown by their names. */
static const struct {
    enum event_action action;
    const char *words;
    const char *begins;
} verbs[] = {
    {EVENT_AUTH_LOGIN,    "logged in",          NULL              },
    {EVENT_AUTH_FAIL,     "was not let in",     NULL              },
    {EVENT_AUTH_LOGOUT,   "logged out",         NULL              },
    {EVENT_AUTH_BAN,      "ban",                NULL              },
    {EVENT_LIVE,          "watched live",       "began live"      },
    {EVENT_PLAYBACK,      "watched recording",  "began recording" },
    {EVENT_SNAPSHOT,      "took a picture",     "began a picture" },
    {EVENT_EXPORT,        "exported",           "began an export" },
    {EVENT_UNCLASSIFIED,  "unexplained media",  NULL              },
    {EVENT_CONFIG_CHANGE, "changed a setting",  NULL              },
    {EVENT_USER_CHANGE,   "changed an account", NULL              },
    {EVENT_ASSESS_RUN,    "assessed",           "began to assess" },
    {EVENT_ASSESS_LOGIN,  "tried a password",   "tries a password"},
    {EVENT_LEDGER_READ,   "read the ledger",    NULL              },
    {EVENT_LEDGER_FORK,   "FORK",               NULL              },
    {EVENT_START,         "ledger opened",      NULL              },
    {EVENT_STOP,          "ledger closed",      NULL              },
    {EVENT_CLOCK,         "clock changed",      NULL              },
    {EVENT_FULL,          "disk has space",     "disk full"       },
    {EVENT_KEY,           "key replaced",       NULL              },
    {EVENT_NOTE,          "wrote a note",       NULL              },
};

/* What of `detail` people want on the line, where it is there. */
static const struct {
    enum event_action action;
    const char *name, *before;
} told[] = {
    {EVENT_ASSESS_RUN,    "scope",         ""            },
    {EVENT_ASSESS_RUN,    "grade",         "grade "      },
    {EVENT_ASSESS_RUN,    "devices",       "devices: "   },
    {EVENT_ASSESS_RUN,    "logins",        "log-ins: "   },
    {EVENT_ASSESS_LOGIN,  "account",       "account "    },
    {EVENT_ASSESS_LOGIN,  "door",          ""            },
    {EVENT_ASSESS_LOGIN,  "result",        ""            },
    {EVENT_CONFIG_CHANGE, "change",        ""            },
    {EVENT_USER_CHANGE,   "change",        ""            },
    {EVENT_LEDGER_READ,   "kind",          ""            },
    {EVENT_LEDGER_FORK,   "witness",       "witness "    },
    {EVENT_START,         "torn_bytes",    "bytes torn: "},
    {EVENT_CLOCK,         "difference_ms", "by ms: "     },
    {EVENT_CLOCK,         "quality",       ""            },
    {EVENT_FULL,          "refused",       "refused: "   },
    {EVENT_KEY,           "next",          ""            },
};

void
found_put_text(struct buf *out, const struct event_text *text)
{
    char clean[TEXT_SHOWN];
    if (text->bytes == NULL) {
        buf_text(out, "-");
        return;
    }
    text_clean(clean, sizeof(clean), text->bytes, text->len);
    bool plain = clean[0] != '\0' && text->len < sizeof(clean);
    for (const char *c = clean; *c != '\0'; c++) {
        bool word = query_is_word_byte(*c) && (*c & 0x80) == 0;
        plain = plain && (word || strchr("._-@/:+", *c) != NULL);
    }
    buf_text(out, plain ? "" : "\"");
    for (const char *c = clean; *c != '\0'; c++) {
        buf_byte(out, (uint8_t)(*c == '"' ? '\'' : *c));
    }
    buf_text(out, plain ? "" : text->len < sizeof(clean) ? "\"" : "\"...");
}

void
found_put_time(struct buf *out, int64_t time)
{
    char text[CLOCK_TEXT];
    if (time == LOGGED_NONE) {
        buf_text(out, "-");
        return;
    }
    (void)clock_text(time, text);
    char *middle = strchr(text, 'T');
    if (middle != NULL) {
        *middle = ' ';
    }
    buf_text(out, text);
}

void
found_put_bytes(struct buf *out, int64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    double amount = (double)bytes;
    size_t unit = 0;
    while (amount >= 999.5 && unit + 1 < COUNT(units)) {
        amount /= 1000;
        unit++;
    }
    buf_format(out, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
}

void
found_put_json(struct buf *out, const struct event_text *text)
{
    json_t *json = text->bytes == NULL ? NULL : json_stringn(text->bytes, text->len);
    char *dumped = json == NULL ? NULL : json_dumps(json, JSON_ENCODE_ANY);
    buf_text(out, dumped == NULL ? "null" : dumped);
    free(dumped);
    json_decref(json);
}

void
found_put_json_time(struct buf *out, int64_t time)
{
    char text[CLOCK_TEXT];
    if (time == LOGGED_NONE) {
        buf_text(out, "null");
    } else {
        buf_format(out, "\"%s\"", clock_text(time, text));
    }
}

static void
put_verb(struct buf *out, const struct logged *logged)
{
    bool begins = logged_says(logged, LOGGED_PHASE, "begin");
    for (size_t i = 0; i < COUNT(verbs); i++) {
        if (logged_says(logged, LOGGED_ACTION, event_action(verbs[i].action)->text)) {
            const char *words =
                begins && verbs[i].begins != NULL ? verbs[i].begins : verbs[i].words;
            width_pad(out, words, DID_COLUMNS, "");
            return;
        }
    }
    size_t start = out->len;
    found_put_text(out, &logged->texts[LOGGED_ACTION]);
    while (out->len - start < DID_COLUMNS && !out->failed) {
        buf_byte(out, ' ');
    }
}

static void
put_who(struct buf *out, const struct logged *logged)
{
    CLEANUP(buf_release) struct buf who;
    buf_init(&who, LINE_LIMIT);
    const struct event_text *ip = &logged->texts[LOGGED_IP];
    found_put_text(&who, &logged->texts[LOGGED_USER]);
    if (ip->bytes != NULL) {
        buf_text(&who, " (");
        found_put_text(&who, ip);
        buf_text(&who, ")");
    }
    buf_text(out, who.data);
    for (size_t columns = width_of(who.data); columns < WHO_COLUMNS; columns++) {
        buf_byte(out, ' ');
    }
}

static void
put_cameras(struct buf *out, const struct logged *logged)
{
    for (size_t i = 0; i < logged->camera_count && i < CAMERAS; i++) {
        buf_text(out, i == 0 ? "  " : ", ");
        found_put_text(out, &logged->cameras[i]);
    }
    if (logged->camera_count > CAMERAS) {
        buf_format(out, " and %zu more", logged->camera_count - CAMERAS);
    }
}

static void
put_details(struct buf *out, const struct logged *logged)
{
    char length[WHEN_LENGTH];
    const int64_t *numbers = logged->numbers;
    if (logged->texts[LOGGED_OBJECT].bytes != NULL) {
        buf_text(out, "  ");
        found_put_text(out, &logged->texts[LOGGED_OBJECT]);
    }
    if (numbers[LOGGED_FROM] != LOGGED_NONE || numbers[LOGGED_TO] != LOGGED_NONE) {
        buf_text(out, "  of ");
        found_put_time(out, numbers[LOGGED_FROM]);
        buf_text(out, " to ");
        found_put_time(out, numbers[LOGGED_TO]);
    }
    if (numbers[LOGGED_DURATION] != LOGGED_NONE) {
        buf_format(out, "  %s", when_length(numbers[LOGGED_DURATION], length));
    }
    if (numbers[LOGGED_BYTES] >= 0) {
        buf_text(out, "  ");
        found_put_bytes(out, numbers[LOGGED_BYTES]);
    }
    if (logged->texts[LOGGED_REASON].bytes != NULL) {
        buf_text(out, "  reason: ");
        found_put_text(out, &logged->texts[LOGGED_REASON]);
    }
}

static void
put_told(struct buf *out, const struct logged *logged)
{
    json_t *event = json_loadb(logged->entry, logged->entry_len, 0, NULL);
    const json_t *detail = json_object_get(event, "detail");
    for (size_t i = 0; i < COUNT(told); i++) {
        const json_t *value = json_object_get(detail, told[i].name);
        if (value == NULL ||
            !logged_says(logged, LOGGED_ACTION, event_action(told[i].action)->text)) {
            continue;
        }
        if (json_is_string(value)) {
            buf_format(out, "  %s", told[i].before);
            found_put_text(
                out, &(struct event_text){json_string_value(value), json_string_length(value)});
        } else if (json_is_integer(value)) {
            buf_format(out, "  %s%" JSON_INTEGER_FORMAT, told[i].before, json_integer_value(value));
        }
    }
    json_decref(event);
}

static void
put_value(struct buf *out, const json_t *text)
{
    buf_byte(out, ' ');
    found_put_text(out, &(struct event_text){json_string_value(text), json_string_length(text)});
}

/* Of detail, what was sealed: "net: 203.0.113.7/32". */
static void
put_details_opened(struct buf *out, const struct logged *logged)
{
    for (void *i = json_object_iter(logged->details); i != NULL;
         i = json_object_iter_next(logged->details, i)) {
        const json_t *value = json_object_iter_value(i);
        buf_format(out, "  %s:", json_object_iter_key(i) + sizeof("detail.") - 1);
        for (size_t item = 0; item < json_array_size(value); item++) {
            put_value(out, json_array_get(value, item));
        }
        if (json_is_string(value)) {
            put_value(out, value);
        }
    }
}

/* Of what only begins the outcome is not known yet, which needs no words. */
static bool
is_outcome_told(const struct logged *logged)
{
    bool begins = logged_says(logged, LOGGED_PHASE, "begin") &&
                  logged_says(logged, LOGGED_OUTCOME, event_outcome_text(EVENT_UNKNOWN));
    return !begins && !logged_says(logged, LOGGED_OUTCOME, event_outcome_text(EVENT_OK));
}

static void
put_text_line(struct buf *out, const struct logged *logged)
{
    if (!logged->is_event) {
        buf_format(out, "%-22snot an event, %zu bytes: ", "-", logged->entry_len);
        found_put_text(out, &(struct event_text){logged->entry, logged->entry_len});
    } else {
        found_put_time(out, logged->numbers[LOGGED_TIME]);
        /* The ledger's clock could not be believed just then. */
        buf_text(out, logged->texts[LOGGED_QUALITY].bytes != NULL ? "? " : "  ");
        put_who(out, logged);
        buf_text(out, "  ");
        put_verb(out, logged);
        put_cameras(out, logged);
        if (is_outcome_told(logged)) {
            buf_text(out, "  outcome: ");
            found_put_text(out, &logged->texts[LOGGED_OUTCOME]);
        }
        put_details(out, logged);
        put_told(out, logged);
        put_details_opened(out, logged);
    }
    buf_format(out, "  #%" PRIu64 "\n", logged->index);
}

/* What was sealed, beside the event as it lies in the log. */
static void
put_opened(struct buf *out, const struct logged *logged)
{
    const char *before = ",\"opened\":{";
    for (size_t i = 0; i < logged_personal_count; i++) {
        const struct logged_personal *row = &logged_personals[i];
        if ((logged->opened & 1U << row->text) != 0) {
            buf_format(out, "%s\"%s\":", before, row->path);
            found_put_json(out, &logged->texts[row->text]);
            before = ",";
        }
    }
    for (void *i = json_object_iter(logged->details); i != NULL;
         i = json_object_iter_next(logged->details, i)) {
        char *dumped = json_dumps(json_object_iter_value(i), JSON_ENCODE_ANY | JSON_COMPACT);
        buf_format(
            out, "%s\"%s\":%s", before, json_object_iter_key(i), dumped == NULL ? "null" : dumped);
        before = ",";
        free(dumped);
    }
    buf_text(out, before[1] == '\0' ? "}" : "");
}

/* The event as it lies in the log: canonical, so on one line and whole. */
static void
put_json_line(struct buf *out, const struct logged *logged)
{
    buf_format(out, "{\"index\":%" PRIu64 ",\"event\":", logged->index);
    if (logged->is_event) {
        buf_add(out, logged->entry, logged->entry_len);
        put_opened(out, logged);
    } else {
        buf_text(out, "null,\"base64\":\"");
        for (size_t i = 0; i < logged->entry_len; i += BASE64_PIECE) {
            size_t left = logged->entry_len - i;
            base64_put(out, logged->entry + i, left < BASE64_PIECE ? left : BASE64_PIECE);
        }
        buf_text(out, "\"");
    }
    buf_text(out, "}\n");
}

static const struct {
    const char *name;
    enum logged_text text;
} csv_texts[] = {
    {"action",       LOGGED_ACTION },
    {"outcome",      LOGGED_OUTCOME},
    {"user",         LOGGED_USER   },
    {"ip",           LOGGED_IP     },
    {"role",         LOGGED_ROLE   },
    {"session",      LOGGED_SESSION},
    {"factor",       LOGGED_FACTOR },
    {"site",         LOGGED_SITE   },
    {"vms",          LOGGED_VMS    },
    {"object",       LOGGED_OBJECT },
    {"phase",        LOGGED_PHASE  },
    {"view",         LOGGED_VIEW   },
    {"reason",       LOGGED_REASON },
    {"digest",       LOGGED_DIGEST },
    {"id",           LOGGED_ID     },
    {"time_quality", LOGGED_QUALITY},
};

static void
put_csv_time(struct buf *out, int64_t time)
{
    char text[CLOCK_TEXT];
    buf_text(out, ",");
    csv_text(out, time == LOGGED_NONE ? "" : clock_text(time, text));
}

static void
put_csv_number(struct buf *out, int64_t number)
{
    buf_text(out, ",");
    if (number != LOGGED_NONE) {
        buf_format(out, "%" PRId64, number);
    }
}

static void
put_csv_line(struct buf *out, const struct logged *logged)
{
    CLEANUP(buf_release) struct buf cameras;
    buf_init(&cameras, LINE_LIMIT);
    for (size_t i = 0; i < logged->camera_count; i++) {
        buf_text(&cameras, i == 0 ? "" : " ");
        buf_add(&cameras, logged->cameras[i].bytes, logged->cameras[i].len);
    }
    buf_format(out, "%" PRIu64, logged->index);
    put_csv_time(out, logged->numbers[LOGGED_TIME]);
    for (size_t i = 0; i < COUNT(csv_texts); i++) {
        const struct event_text *text = &logged->texts[csv_texts[i].text];
        buf_text(out, ",");
        csv_cell(out, text->bytes == NULL ? "" : text->bytes, text->len);
    }
    buf_text(out, ",");
    csv_cell(out, cameras.data, cameras.len);
    put_csv_time(out, logged->numbers[LOGGED_FROM]);
    put_csv_time(out, logged->numbers[LOGGED_TO]);
    put_csv_number(out, logged->numbers[LOGGED_DURATION]);
    put_csv_number(out, logged->numbers[LOGGED_BYTES]);
    buf_text(out, logged->is_event ? ",yes\r\n" : ",no\r\n");
}

void
found_init(struct found *found)
{
    buf_init(&found->line, LINE_LIMIT);
}

void
found_release(struct found *found)
{
    buf_release(&found->line);
}

bool
found_flush(struct found *found)
{
    struct buf *line = &found->line;
    bool written =
        buf_error(line) == OK && fwrite(line->data, 1, line->len, found->out) == line->len;
    buf_clear(line);
    found->failed = found->failed || !written;
    return written;
}

bool
found_head(struct found *found)
{
    struct buf *out = &found->line;
    if (found->format != FOUND_CSV) {
        return true;
    }
    buf_text(out, "index,time");
    for (size_t i = 0; i < COUNT(csv_texts); i++) {
        buf_format(out, ",%s", csv_texts[i].name);
    }
    buf_text(out, ",cameras,from,to,duration_ms,bytes,is_event\r\n");
    return found_flush(found);
}

bool
found_event(void *context, const struct logged *logged)
{
    struct found *found = context;
    if (found->format == FOUND_TEXT) {
        put_text_line(&found->line, logged);
    } else if (found->format == FOUND_JSON) {
        put_json_line(&found->line, logged);
    } else {
        put_csv_line(&found->line, logged);
    }
    found->count++;
    return found_flush(found) && found->count != found->limit && *found->stop == 0;
}
