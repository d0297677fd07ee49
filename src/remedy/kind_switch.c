/* Switches a setting of a device, proves it by reading it again twice, and can put it back. */
#include "remedy/session.h"
#include "remedy/switching.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "codec/pick.h"

#include <string.h>

#define LATER_MS   2000 /* some devices take a change back by themselves */
#define RETRY_MS   3000
#define SILENT_S   60  /* a device that did not say that it restarts */
#define RESTART_S  180 /* one that does */
#define FIND_S     30
#define READS_MOST 8

static void
release_arena(struct arena *arena)
{
    arena_wipe(arena);
}

static void
close_session(struct session **session)
{
    session_close(*session);
}

static const char *
rule_of(const struct job *job)
{
    return json_string_value(json_object_get(job->step->detail, "rule"));
}

static const char *
ntp_of(const struct job *job)
{
    return json_string_value(json_object_get(job->step->detail, "ntp"));
}

/* The n-th row of the step's rule; NULL at the end. */
static const struct device_switch *
row_at(const struct job *job, size_t n)
{
    return job->driver == NULL ? NULL : switching_row(job->driver, rule_of(job), n);
}

/* What a row makes of the setting, or of its fact. */
static const char *
meant(const struct job *job, const char *text)
{
    return text_equal(text, SWITCHING_NTP) ? ntp_of(job) : text;
}

/* "false" and "0" are one setting. */
static bool
is_same(const char *a, const char *b)
{
    bool x = false;
    bool y = false;
    return text_equal_nocase(a, b) ||
           (text_to_bool(a, &x) == OK && text_to_bool(b, &y) == OK && x == y);
}

/* What an error means where nothing was changed. */
static enum remedy_result
untouched(struct job *job, enum err err)
{
    if (err == ERR_CANCELLED) {
        return REMEDY_STOPPED;
    }
    if (job->why.text[0] == '\0') {
        note_set(&job->why, "the device could not be asked: %s", err_words(err));
    }
    return err == ERR_REFUSED || err == ERR_LIMIT || err == ERR_UNSUPPORTED ? REMEDY_REFUSED
                                                                            : REMEDY_CHANGED;
}

/* The same where something may have been. */
static enum remedy_result
unsure(struct job *job, enum err err)
{
    return untouched(job, err) == REMEDY_STOPPED ? REMEDY_STOPPED : REMEDY_FAILED;
}

static bool
is_silent(enum err err)
{
    return err == ERR_TIMEOUT || err == ERR_NETWORK || err == ERR_TLS || err == ERR_VALUE;
}

/* The step's log-in, or a new one; it is the caller's. */
static enum err
open_shared(struct job *job, struct session **ret_session)
{
    if (job->session == NULL) {
        return session_open_known(job, ret_session);
    }
    *ret_session = job->session;
    job->session = NULL;
    return OK;
}

static void
share(struct job *job, struct session **session)
{
    job->session = *session;
    *session = NULL;
}

/* Opens it, also while it restarts, and at another address if it came back there. */
static enum err
open_again(struct job *job, struct session **ret_session)
{
    const struct device_switch *row = row_at(job, 0);
    bool restarts = row != NULL && (row->effects & CHANGE_RESTARTS) != 0;
    unsigned left = (restarts ? RESTART_S : SILENT_S) * 1000U / RETRY_MS;
    enum err err = session_open_known(job, ret_session);
    while (is_silent(err) && left-- != 0) {
        desk_tell(job, "waits until the device answers again");
        if (desk_wait(job->desk, RETRY_MS) != OK) {
            return ERR_CANCELLED;
        }
        err = session_open_known(job, ret_session);
    }
    if (is_silent(err)) {
        desk_tell(job, "looks for the device at another address");
        err = desk_find(job, FIND_S) == OK ? session_open_known(job, ret_session) : err;
    }
    if (err == OK) {
        job->why.text[0] = '\0';
    }
    return err;
}

/* Asks what a row reads and picks its value; the answer lives in the arena. */
static enum err
look(struct session *session, const struct device_switch *row, struct arena *arena,
    struct answer *ret_answer, const char **ret_stands)
{
    enum err err = session_ask(session, row->read, arena, ret_answer);
    if (err != OK) {
        return err;
    }
    if (ret_answer->status != 200) {
        return ERR_MISSING;
    }
    err = pick_text(ret_answer, row->pick, arena, ret_stands);
    return err == OK ? OK : ERR_MISSING;
}

/* Reads a fact out of all that the rows for it read, as the assessment does. */
static enum err
read_rows(struct job *job, struct session *session, enum fact_id fact, struct facts *facts)
{
    const struct ask *asked[READS_MOST];
    size_t count = 0;
    const struct device_switch *row = NULL;
    for (size_t n = 0; (row = row_at(job, n)) != NULL; n++) {
        struct answer answer;
        bool is_new = row->fact == fact && count < READS_MOST;
        for (size_t i = 0; is_new && i < count; i++) {
            is_new = !text_equal(asked[i]->path, row->read->path) ||
                     !text_equal(asked[i]->body, row->read->body);
        }
        if (!is_new) {
            continue;
        }
        asked[count++] = row->read;
        enum err err = session_ask(session, row->read, facts->arena, &answer);
        if (err != OK) {
            return err;
        }
        (void)device_read(job->driver, row->read, &answer, row->read->path, facts);
    }
    return OK;
}

/* Whether a fact is as the rows want it; ret_text is what it is now, "" when it is not told. */
static enum err
judge(struct job *job, struct session *session, const struct device_switch *row, bool *ret_is_so,
    char *out, size_t size)
{
    CLEANUP(release_arena) struct arena arena;
    struct facts facts;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    enum err err = read_rows(job, session, row->fact, &facts);
    if (err == OK && facts_text(&facts, row->fact) == NULL && row->wanted != NULL) {
        err = session_read(session, row->fact, &facts);
    }
    if (err != OK && err != ERR_MISSING) {
        return err;
    }
    const char *text = facts_text(&facts, row->fact);
    (void)text_copy(out, size, text == NULL ? "" : text);
    *ret_is_so = row->wanted == NULL ? text == NULL || !text_equal(text, job->step->from)
                                     : text != NULL && is_same(text, meant(job, row->wanted));
    return OK;
}

static bool
is_first_for_fact(const struct job *job, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (row_at(job, i)->fact == row_at(job, n)->fact) {
            return false;
        }
    }
    return true;
}

/* All facts of the step; ret_is_so: every one is as wanted. after: what was read, may be NULL. */
static enum err
judge_all(struct job *job, struct session *session, bool *ret_is_so, json_t *after)
{
    char text[256];
    const struct device_switch *row = NULL;
    *ret_is_so = true;
    for (size_t n = 0; (row = row_at(job, n)) != NULL; n++) {
        bool is_so = false;
        if (!is_first_for_fact(job, n)) {
            continue;
        }
        enum err err = judge(job, session, row, &is_so, text, sizeof(text));
        if (err != OK) {
            return err;
        }
        if (after != NULL &&
            json_object_set_new(after, fact_name(row->fact), json_string(text)) != 0) {
            return ERR_MEMORY;
        }
        if (!is_so && *ret_is_so) {
            *ret_is_so = false;
            note_set(
                &job->why, "%s is %s", fact_name(row->fact), text[0] == '\0' ? "not told" : text);
        }
    }
    return OK;
}

/* Notes one row's value and the answer that it stands in. */
static enum err
note_row(struct session *session, const struct device_switch *row, json_t *rows)
{
    CLEANUP(release_arena) struct arena arena;
    struct answer answer;
    const char *stands = NULL;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    enum err err = look(session, row, &arena, &answer, &stands);
    if (err != OK) {
        return err == ERR_MISSING ? OK : err;
    }
    json_t *noted =
        json_pack("{s:s, s:s, s:s}", "read", row->read->path, "pick", row->pick, "stands", stands);
    if (noted == NULL) {
        return ERR_SYNTAX; /* no UTF-8: it could not be put back as it was */
    }
    json_t *document = json_stringn(answer.body, answer.body_len);
    if (document != NULL && json_object_set_new(noted, "document", document) != 0) {
        json_decref(noted);
        return ERR_MEMORY;
    }
    return json_array_append_new(rows, noted) == 0 ? OK : ERR_MEMORY;
}

/* By the log-in of the step before, or a new one where that says nothing any more. */
static enum err
look_first(struct job *job, struct session **session, bool *ret_is_so)
{
    bool is_handed = job->session != NULL;
    enum err err = open_shared(job, session);
    err = err == OK ? judge_all(job, *session, ret_is_so, NULL) : err;
    if (err == OK || err == ERR_CANCELLED || !is_handed) {
        return err;
    }
    session_close(*session);
    *session = NULL;
    job->why.text[0] = '\0';
    err = session_open_known(job, session);
    return err == OK ? judge_all(job, *session, ret_is_so, NULL) : err;
}

static enum remedy_result
take(struct job *job)
{
    CLEANUP(close_session) struct session *session = NULL;
    bool is_so = false;
    if (row_at(job, 0) == NULL) {
        note_set(&job->why, "its driver knows no such switch");
        return REMEDY_CHANGED;
    }
    enum err err = look_first(job, &session, &is_so);
    if (err != OK) {
        return untouched(job, err);
    }
    if (is_so) {
        share(job, &session);
        note_set(&job->why, "it is so already");
        return REMEDY_CHANGED;
    }
    job->why.text[0] = '\0';
    json_t *rows = json_array();
    for (size_t n = 0; rows != NULL && err == OK && row_at(job, n) != NULL; n++) {
        err = note_row(session, row_at(job, n), rows);
    }
    if (rows == NULL || err != OK) {
        json_decref(rows);
        return untouched(job, err == OK ? ERR_MEMORY : err);
    }
    if (json_array_size(rows) == 0) {
        json_decref(rows);
        note_set(&job->why, "the device does not tell the setting where it is expected");
        return REMEDY_CHANGED;
    }
    json_decref(job->before);
    job->before = json_pack("{s:o}", "rows", rows);
    share(job, &session);
    return job->before == NULL ? untouched(job, ERR_MEMORY) : REMEDY_DONE;
}

/* The noted row, as take() found it; NULL: it was not there. */
static const json_t *
noted(const struct job *job, const struct device_switch *row)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(job->before, "rows"), i, item)
    {
        if (text_equal(json_string_value(json_object_get(item, "read")), row->read->path) &&
            text_equal(json_string_value(json_object_get(item, "pick")), row->pick)) {
            return item;
        }
    }
    return NULL;
}

/* Sends a row's request. A device that falls silent may have taken it: the proof will tell. */
static enum remedy_result
change(struct job *job, struct session *session, const struct device_switch *row,
    const struct answer *read, const char *value)
{
    CLEANUP(release_arena) struct arena arena;
    struct request request;
    struct answer answer;
    const char *why = NULL;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    enum err err = device_switch_request(row, read, value, &arena, &request);
    if (err != OK) {
        note_set(&job->why, "its answer can't be given back with the change: %s", err_words(err));
        return REMEDY_REFUSED;
    }
    err = session_send(session, &request, &arena, &answer);
    job->changed = clock_mono();
    if (is_silent(err)) {
        desk_tell(job, "gave no answer to the change; waits and reads");
        return REMEDY_DONE;
    }
    if (err != OK) {
        return unsure(job, err);
    }
    if (!device_switch_took(row, &answer, &why)) {
        note_set(&job->why, "%s", why);
        return REMEDY_REFUSED;
    }
    return REMEDY_DONE;
}

/* Makes one row where its setting is not so yet. */
static enum remedy_result
apply_row(struct job *job, struct session *session, const struct device_switch *row)
{
    CLEANUP(release_arena) struct arena arena;
    struct answer answer;
    const char *stands = NULL;
    bool is_ntp = text_equal(row->value, SWITCHING_NTP);
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    enum err err = look(session, row, &arena, &answer, &stands);
    if (err != OK) {
        return err == ERR_MISSING ? REMEDY_DONE : unsure(job, err);
    }
    if (is_same(stands, meant(job, row->value))) {
        return REMEDY_DONE;
    }
    return change(job, session, row, &answer, is_ntp ? ntp_of(job) : NULL);
}

static enum remedy_result
apply(struct job *job)
{
    CLEANUP(close_session) struct session *session = NULL;
    enum remedy_result result = REMEDY_DONE;
    bool changed = false;
    enum err err = open_shared(job, &session);
    if (err != OK) {
        return untouched(job, err);
    }
    const struct device_switch *row = NULL;
    for (size_t n = 0; result == REMEDY_DONE && (row = row_at(job, n)) != NULL; n++) {
        char text[256];
        bool is_so = false;
        if (noted(job, row) == NULL) {
            continue;
        }
        /* Where several settings stand for one fact, no more are changed than it needs. */
        err = judge(job, session, row, &is_so, text, sizeof(text));
        if (is_silent(err) && changed) {
            return REMEDY_DONE;
        }
        if (err != OK) {
            return changed ? unsure(job, err) : untouched(job, err);
        }
        if (!is_so) {
            result = apply_row(job, session, row);
            changed = changed || result == REMEDY_DONE;
        }
    }
    if (result == REMEDY_DONE) {
        share(job, &session);
    }
    return result == REMEDY_REFUSED && changed ? REMEDY_FAILED : result;
}

static enum remedy_result
unproven(struct job *job, const char *when)
{
    struct note is = job->why;
    note_set(&job->why, "the device said that it is done, but %s%s", is.text, when);
    return REMEDY_UNPROVEN;
}

/* By the step's log-in; a restart ended it where that says nothing or something else. */
static enum err
look_again(struct job *job, struct session **session, bool *ret_is_so, json_t *after)
{
    *ret_is_so = false;
    enum err err = open_shared(job, session);
    err = err == OK ? judge_all(job, *session, ret_is_so, after) : err;
    if (err == ERR_CANCELLED || (err == OK && *ret_is_so)) {
        return err;
    }
    session_close(*session);
    *session = NULL;
    job->why.text[0] = '\0';
    err = open_again(job, session);
    return err == OK ? judge_all(job, *session, ret_is_so, after) : err;
}

static enum remedy_result
prove(struct job *job)
{
    CLEANUP(close_session) struct session *session = NULL;
    bool is_so = false;
    json_t *after = json_object();
    enum err err = after == NULL ? ERR_MEMORY : look_again(job, &session, &is_so, after);
    json_decref(job->after);
    job->after = after;
    if (err != OK) {
        return unsure(job, err);
    }
    if (!is_so) {
        return unproven(job, "");
    }
    err = desk_wait(job->desk, clock_left(job->changed, LATER_MS));
    if (err == OK) {
        err = judge_all(job, session, &is_so, after);
    }
    if (is_silent(err)) { /* a restart that began after the answer */
        session_close(session);
        session = NULL;
        err = open_again(job, &session);
        err = err == OK ? judge_all(job, session, &is_so, after) : err;
    }
    if (err == OK && is_so) {
        share(job, &session);
    }
    return err != OK ? unsure(job, err)
           : is_so   ? REMEDY_DONE
                     : unproven(job, " again after 2 seconds");
}

/* One row back to what stood there, from what the device says now or, failing that, said then. */
static enum remedy_result
undo_row(
    struct job *job, struct session *session, const struct device_switch *row, const json_t *was)
{
    CLEANUP(release_arena) struct arena arena;
    struct answer answer;
    const char *now = NULL;
    const char *stands = json_string_value(json_object_get(was, "stands"));
    const char *document = json_string_value(json_object_get(was, "document"));
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    enum err err = look(session, row, &arena, &answer, &now);
    if (err == OK && text_equal(now, stands)) {
        return REMEDY_DONE;
    }
    if (err == ERR_MISSING && document != NULL) {
        answer = (struct answer){
            .status = 200, .headers = "", .body = document, .body_len = strlen(document)};
        err = OK;
    }
    return err != OK ? unsure(job, err) : change(job, session, row, &answer, stands);
}

/* Every noted setting stands there again. */
static enum remedy_result
prove_back(struct job *job)
{
    CLEANUP(close_session) struct session *session = NULL;
    const struct device_switch *row = NULL;
    enum err err = open_again(job, &session);
    for (size_t n = 0; err == OK && (row = row_at(job, n)) != NULL; n++) {
        CLEANUP(release_arena) struct arena arena;
        struct answer answer;
        const char *now = NULL;
        const json_t *was = noted(job, row);
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        err = was == NULL ? OK : look(session, row, &arena, &answer, &now);
        if (err == OK && was != NULL &&
            !is_same(now, json_string_value(json_object_get(was, "stands")))) {
            note_set(&job->why, "%s could not be put back", fact_name(row->fact));
            return REMEDY_UNPROVEN;
        }
    }
    return err == OK ? REMEDY_DONE : unsure(job, err);
}

static enum remedy_result
undo(struct job *job)
{
    CLEANUP(close_session) struct session *session = NULL;
    enum remedy_result result = REMEDY_DONE;
    size_t n = 0;
    session_close(job->session);
    job->session = NULL;
    if (json_array_size(json_object_get(job->before, "rows")) == 0) {
        return REMEDY_DONE; /* nothing was noted, so nothing was changed */
    }
    enum err err = open_again(job, &session);
    if (err != OK) {
        return unsure(job, err);
    }
    while (row_at(job, n) != NULL) {
        n++;
    }
    while (result == REMEDY_DONE && n-- != 0) {
        const struct device_switch *row = row_at(job, n);
        const json_t *was = noted(job, row);
        result = was == NULL ? REMEDY_DONE : undo_row(job, session, row, was);
    }
    session_close(session);
    session = NULL;
    return result == REMEDY_DONE ? prove_back(job) : result;
}

const struct remedy_kind remedy_switch = {
    .name = "switch",
    .title = "Switch off",
    .propose = switching_propose,
    .take = take,
    .apply = apply,
    .prove = prove,
    .undo = undo,
    .has_video = true,
    .shares_login = true,
};
