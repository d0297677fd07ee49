/* The ledger and its key for making packages, and the bar while a clip is read. */
#include "cli/evidence_given.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/evidence_key.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_user.h"
#include "evidence/package.h"
#include "report/evidence_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 60000
#define PATIENCE  500 /* ms without a bar */
#define REDRAW    200
#define BAR       30

enum err
evidence_given_open(struct evidence_given *given, const char *folder, const char *keys,
    const char *index, struct note *note)
{
    *given = (struct evidence_given){.client = NULL};
    buf_init(&given->roots, PACKAGE_SMALL);
    given->is_terminal = isatty(STDERR_FILENO) == 1 && !text_equal(getenv("TERM"), "dumb");
    ledger_open_catch();
    enum err err = ledger_open_init(&given->open, folder, keys, index, note);
    given->open.settings.index_is_ours = true;
    if (err == OK && !ledger_open_is_live(&given->open)) {
        note_set(note, "%.120s is a copy of a log: it can't record that a package was made",
            given->open.folder.data);
        err = ERR_UNSUPPORTED;
    }
    if (err == OK) {
        err = evidence_key(given->open.folder.data, keys, &given->key, note);
    }
    return err;
}

enum err
evidence_given_connect(struct evidence_given *given, const char *keys, struct note *note)
{
    return ledger_connect(given->open.folder.data, keys, &given->client, note);
}

void
evidence_given_close(struct evidence_given *given)
{
    search_close(given->search);
    evidence_clocks_free(given->clocks);
    stamp_apart_free(given->apart);
    if (given->client != NULL) {
        ledger_disconnect(given->client);
    }
    key_free(given->key);
    buf_release(&given->roots);
    ledger_open_release(&given->open);
}

static json_t *
ids_json(const char *const *events, size_t count)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(ids, event_text_json(event_text(events[i])));
    }
    return ids;
}

enum err
evidence_given_read(
    struct evidence_given *given, const char *const *events, size_t count, struct note *note)
{
    CLEANUP(buf_release) struct buf json;
    uint64_t index = 0;
    buf_init(&json, EVENT_LIMIT);
    enum err err = ledger_user_event(EVENT_LEDGER_READ, NULL,
        json_pack("{s:s, s:o}", "kind", "evidence", "events", ids_json(events, count)), &json,
        note);
    if (err == OK) {
        err = client_append_wait(given->client, &json, ANSWER_MS, &index, note);
    }
    if (err == OK) {
        err = client_publish_wait(given->client, index, ANSWER_MS, note);
    }
    return err == OK ? ledger_open_search(&given->open, &given->search, note) : err;
}

enum err
evidence_given_roots(const char *path, struct buf *ret_pem, struct note *note)
{
    enum err err = file_read(path, ret_pem, note);
    if (err == OK && !text_contains(ret_pem->data, "-----BEGIN CERTIFICATE-----")) {
        note_set(note, "%.120s has no certificate in PEM", path);
        err = ERR_VALUE;
    }
    return err;
}

static void
wipe(struct evidence_given *given)
{
    if (given->drawn != 0 && given->is_terminal) {
        (void)fputs("\r\033[K", stderr);
    }
    given->drawn = 0;
}

static void
say(void *context, const char *words)
{
    char clean[1024];
    wipe(context);
    text_clean(clean, sizeof(clean), words, strlen(words));
    (void)fprintf(stderr, "gatehouse: %s\n", clean);
}

/* The clip's bar, on a terminal only. */
static bool
turn(void *context, uint64_t done, uint64_t all)
{
    struct evidence_given *given = context;
    int64_t now = clock_mono();
    given->began = given->began == 0 ? now : given->began;
    if (done == all) {
        wipe(given);
    } else if (given->is_terminal && now - given->began > PATIENCE && now - given->drawn > REDRAW) {
        char bar[BAR + 1];
        uint64_t filled = all < BAR ? 0 : done / (all / BAR);
        memset(bar, '-', BAR);
        memset(bar, '#', filled > BAR ? BAR : (size_t)filled);
        bar[BAR] = '\0';
        (void)fprintf(stderr, "\r\033[K[%s] %.1f of %.1f MB  %.0f MB/s", bar, (double)done / 1e6,
            (double)all / 1e6, (double)done / 1e3 / (double)(now - given->began));
        (void)fflush(stderr);
        given->drawn = now;
    }
    return ledger_open_stopped == 0;
}

static void
find_clock(void *context, const char *name, struct manifest_clock *clock)
{
    struct evidence_given *given = context;
    if (given->clock_count < COUNT(given->texts) &&
        evidence_clock(given->clocks, name, &given->texts[given->clock_count], clock)) {
        given->clock_count++;
    }
}

static enum err
send_apart(void *context, const char *url, const struct buf *request, struct buf *ret_answer,
    struct note *note)
{
    struct evidence_given *given = context;
    return stamp_apart_send(given->apart, url, request, ret_answer, note);
}

void
evidence_given_settings(struct evidence_given *given, struct make_settings *settings)
{
    settings->folder = given->open.folder.data;
    settings->client = given->client;
    settings->search = given->search;
    settings->key = given->key;
    settings->subjects = given->open.subjects;
    settings->roots = given->roots.len == 0 ? NULL : given->roots.data;
    settings->clock = find_clock;
    settings->send = given->apart == NULL ? NULL : send_apart;
    settings->page = evidence_page;
    settings->say = say;
    settings->turn = turn;
    settings->context = given;
    given->began = 0;
    given->clock_count = 0;
}
