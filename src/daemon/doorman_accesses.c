/* My accesses: what the ledger has of this account's footage, and that it was read. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"
#include "ledger/search.h"

#include <string.h>

#define DAYS     30
#define ROWS     200
#define PATIENCE 20000 /* ms that the index may take to catch up */

struct hunt {
    json_t *rows;
    struct visit *visit;
    int64_t until;
    bool is_more;
    enum err err;
    struct note note;
};

static bool
turn(void *context, uint64_t done, uint64_t all)
{
    const struct hunt *hunt = context;
    (void)done;
    (void)all;
    return clock_mono() < hunt->until && !hunt->visit->doorman->is_ending;
}

static json_t *
clean_text(const struct event_text *text)
{
    char clean[512];
    text_clean(clean, sizeof(clean), text->bytes == NULL ? "" : text->bytes, text->len);
    return json_string(clean);
}

static json_t *
cameras_of(const struct logged *logged)
{
    char clean[256];
    CLEANUP(buf_release) struct buf all;
    buf_init(&all, 4096);
    for (size_t i = 0; i < logged->camera_count; i++) {
        text_clean(clean, sizeof(clean), logged->cameras[i].bytes, logged->cameras[i].len);
        buf_format(&all, "%s%s", i == 0 ? "" : ", ", clean);
    }
    return json_string(all.data);
}

/* Recorded time that was seen: "2026-11-22 20:15 UTC to …". */
static json_t *
span_of(struct visit *visit, const struct logged *logged)
{
    int64_t from = logged->numbers[LOGGED_FROM], to = logged->numbers[LOGGED_TO];
    if (from == LOGGED_NONE && to == LOGGED_NONE) {
        return json_string("");
    }
    const char *text = arena_format(&visit->arena, "%s to %s",
        from == LOGGED_NONE ? "?" : doorman_sessions_time(visit, from),
        to == LOGGED_NONE ? "?" : doorman_sessions_time(visit, to));
    return json_string(text == NULL ? "" : text);
}

static const char *
words_of(const struct logged *logged)
{
    static const struct {
        const char *action, *words;
    } rows[] = {
        {"footage.live",         "Live video"   },
        {"footage.playback",     "Recording"    },
        {"footage.snapshot",     "Picture"      },
        {"footage.export",       "Export"       },
        {"footage.unclassified", "Other footage"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (logged_says(logged, LOGGED_ACTION, rows[i].action)) {
            return rows[i].words;
        }
    }
    return "Footage";
}

/* Of a view: a single event has none. */
static const char *
phase_of(const struct logged *logged)
{
    return logged_says(logged, LOGGED_PHASE, "begin")     ? "began"
           : logged_says(logged, LOGGED_PHASE, "goes-on") ? "went on"
           : logged_says(logged, LOGGED_PHASE, "end")     ? "ended"
                                                          : "";
}

static bool
found(void *context, const struct logged *logged)
{
    struct hunt *hunt = context;
    if (json_array_size(hunt->rows) == ROWS) {
        hunt->is_more = true;
        return false;
    }
    json_t *row = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "time",
        doorman_sessions_time(hunt->visit, logged->numbers[LOGGED_TIME]), "what", words_of(logged),
        "cameras", cameras_of(logged), "span", span_of(hunt->visit, logged), "object",
        clean_text(&logged->texts[LOGGED_OBJECT]), "phase", json_string(phase_of(logged)),
        "refused", json_boolean(!logged_says(logged, LOGGED_OUTCOME, "ok")), "ip",
        clean_text(&logged->texts[LOGGED_IP]), "session",
        clean_text(&logged->texts[LOGGED_SESSION]));
    return row != NULL && json_array_append_new(hunt->rows, row) == 0;
}

static struct query
query_of(const struct visit *visit)
{
    struct query query = query_begin();
    query.from = clock_wall() - DAYS * CLOCK_DAY;
    query.parts[QUERY_USER] = visit->session.user;
    query.parts[QUERY_ACTION] = "footage.*";
    return query;
}

static void
search(struct visit *visit)
{
    struct hunt *hunt = visit->more;
    struct search *search = NULL;
    const struct query query = query_of(visit);
    const struct search_settings settings = {
        .folder = visit->doorman->ledger_folder,
        .index = visit->doorman->index_path,
        .index_is_ours = true,
        .subjects = visit->doorman->subjects,
        .turn = turn,
        .context = hunt,
    };
    const struct search_reader reader = {found, hunt};
    hunt->until = clock_mono() + PATIENCE;
    hunt->err = search_open(&settings, &search, &hunt->note);
    if (hunt->err == OK) {
        hunt->err = search_run(search, &query, true, &reader, &hunt->note);
        search_close(search);
    }
}

static void
searched(struct visit *visit)
{
    struct hunt *hunt = visit->more;
    visit->doorman->is_searching = false;
    bool is_slow = hunt->err == ERR_CANCELLED;
    if (hunt->err != OK && !is_slow) {
        log_error(
            "my accesses: %s", hunt->note.text[0] == '\0' ? err_words(hunt->err) : hunt->note.text);
    }
    const char *trouble = is_slow ? "The ledger is long and is being indexed: try again shortly."
                                  : "The ledger could not be read.";
    json_t *values = json_pack("{s:o, s:b, s:i, s:b}", "rows", hunt->rows, "more", hunt->is_more,
        "days", DAYS, "none", hunt->err == OK && json_array_size(hunt->rows) == 0);
    doorman_answer_trouble(
        visit, hunt->err == OK ? 200 : 503, "accesses", hunt->err == OK ? "" : trouble, values);
}

static void
told(struct visit *visit, enum err err)
{
    struct doorman *doorman = visit->doorman;
    struct hunt *hunt = arena_alloc(&visit->arena, sizeof(*hunt));
    if (err != OK || hunt == NULL || doorman->is_searching) {
        doorman_flow_unavailable(visit);
        return;
    }
    hunt->visit = visit;
    hunt->rows = json_array();
    visit->more = hunt;
    doorman->is_searching = true;
    doorman_http_work(visit, search, searched);
}

void
doorman_accesses_show(struct visit *visit)
{
    const struct query query = query_of(visit);
    if (visit->doorman->is_searching) {
        doorman_flow_unavailable(visit);
        return;
    }
    const struct doorman_saying saying = {
        .action = EVENT_LEDGER_READ,
        .outcome = EVENT_OK,
        .user = visit->session.user,
        .session = visit->session.id,
        .ip = &visit->ip,
        .detail = json_pack("{s:s, s:o}", "page", "my accesses", "query", query_json(&query)),
    };
    doorman_say_wait(visit, &saying, told);
}
