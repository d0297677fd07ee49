/*
 * Rules of this file: a password leaves only after the budget has granted and stored the try and
 * the ledger has taken its event; a lock or a refusal ends it; nothing is tried twice by itself,
 * but a digest whose nonce was old.
 */
#include "remedy/session_parts.h"

#include "assess/knock.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "codec/httpauth.h"

#include <stdlib.h>
#include <string.h>

/* The door of the account or of the driver, else the stream's. */
static enum err
find_door(struct session *session, const struct device_account *account)
{
    struct job *job = session->job;
    const struct device_driver *driver = session->driver;
    session->door = account != NULL ? account->door : driver->door;
    session->door_ask = account != NULL ? account->door_ask : driver->door_ask;
    bool found =
        session->door != NULL && session_where(session, &session->door_ask, &session->place);
    if (!found && account == NULL) {
        session->door = &device_door_rtsp;
        session->door_ask = (struct ask){.method = "DESCRIBE"};
        found = session_where(session, &session->door_ask, &session->place);
    }
    if (!found) {
        note_set(&job->why, "no log-in page of it is known");
        return ERR_UNSUPPORTED;
    }
    if (session->door->rtsp && session->door_ask.path == NULL) {
        session->door_ask.path = driver->stream_count == 0 ? "/" : driver->streams[0];
    }
    if (session->door->needs_tls && !session->place.target.tls) {
        note_set(&job->why, "its log-in takes the password readably, and it offers no TLS there");
        return ERR_UNSUPPORTED;
    }
    return OK;
}

static struct run_login
describe(const struct session *session)
{
    static const enum run_login_kind kinds[] = {
        [SESSION_OWNER] = RUN_LOGIN_OWNER,
        [SESSION_PROOF] = RUN_LOGIN_NEW,
        [SESSION_COUNTER] = RUN_LOGIN_FORMER,
        [SESSION_RECOVER] = RUN_LOGIN_RECOVER,
    };
    return (struct run_login){
        .subject = session->job->subject,
        .ip = &session->place.target.ip,
        .port = session->place.target.port,
        .account = session->user,
        .door = session->door->title,
        .kind = kinds[session->purpose],
    };
}

static struct budget_request
ask_budget(const struct session *session)
{
    const struct site *site = desk_settings(session->job->desk)->site;
    bool is_owner = session->purpose == SESSION_OWNER;
    struct budget_request request = {
        .account = session->user,
        .credential = is_owner ? BUDGET_OWNER : BUDGET_ROTATION,
        .protocol = session->door->title,
        .now = clock_wall(),
        .per_day = site != NULL ? site->logins_per_day : BUDGET_PER_DAY,
        .owner = is_owner,
        .rotation = !is_owner,
        .counter = session->purpose == SESSION_COUNTER,
        .limit_tries = session->driver->limit.tries,
        .limit_seconds = session->driver->limit.seconds,
    };
    budget_request_keys(&request, session->job->subject);
    knock_limits(&request, &session->job->subject->facts);
    return request;
}

/* Asks for one log-in; why not is in job->why. */
static enum err
take_try(struct job *job, const struct budget_request *request, int64_t *ret_ticket)
{
    struct store *store = desk_settings(job->desk)->store;
    struct budget_answer granted;
    if (store == NULL) {
        note_set(&job->why, "there is no store to count log-ins in, so no password is sent");
        return ERR_LIMIT;
    }
    desk_store_lock(job->desk);
    enum err err = budget_take(store, request, &granted);
    desk_store_unlock(job->desk);
    if (err != OK || !granted.granted) {
        job->is_spent = true;
        note_set(
            &job->why, "%s", err != OK ? "the lock-out budget could not be stored" : granted.why);
        return ERR_LIMIT;
    }
    *ret_ticket = granted.ticket;
    return OK;
}

static enum err
would_grant(struct job *job, enum session_purpose purpose, unsigned after)
{
    int64_t none = 0;
    const struct session session = {
        .job = job,
        .driver = job->driver,
        .door = job->driver->door != NULL ? job->driver->door : &device_door_http,
        .user = "",
        .purpose = purpose,
    };
    struct budget_request request = ask_budget(&session);
    request.looks = true;
    request.after = after;
    return take_try(job, &request, &none);
}

enum err
session_may_prove(struct job *job, unsigned wrong)
{
    enum err err = would_grant(job, SESSION_PROOF, wrong == 0 ? 0 : wrong - 1);
    return err == OK && wrong != 0 ? would_grant(job, SESSION_OWNER, wrong) : err;
}

/* The budget first, then the ledger, then the device. */
static enum err
spend(struct session *session)
{
    struct job *job = session->job;
    struct assessment run;
    int64_t ticket = 0;
    const struct budget_request request = ask_budget(session);
    enum err err = take_try(job, &request, &ticket);
    if (err != OK) {
        return err;
    }
    struct note note = {""};
    const struct run_events events = desk_events(job, &run);
    const struct run_login login = describe(session);
    err = run_events_login(&events, &login, &note);
    if (err != OK) { /* the ticket stays pending, which counts as a try: better one too many */
        note_set(&job->why, "the ledger could not take the log-in: %s",
            note.text[0] == '\0' ? err_words(err) : note.text);
        return ERR_LIMIT;
    }
    session->ticket = ticket;
    session->is_sent = true;
    job->logins++;
    return OK;
}

static void
settle(struct session *session, enum budget_outcome outcome, const struct device_warning *warning)
{
    static const char *const words[] = {
        [BUDGET_OPEN] = "open",
        [BUDGET_REFUSED] = "refused",
        [BUDGET_LOCKED] = "locked",
        [BUDGET_UNCLEAR] = "unclear",
    };
    struct job *job = session->job;
    struct note note = {""};
    struct assessment run;
    if (session->ticket == 0) {
        return;
    }
    const struct run_events events = desk_events(job, &run);
    const struct run_login login = describe(session);
    if (run_events_answer(&events, &login, words[outcome], &note) != OK) {
        log_debug("the ledger could not take what came of a log-in: %s", note.text);
    }
    const struct budget_report report = {
        .outcome = outcome, .left = warning->left, .seconds = warning->seconds};
    desk_store_lock(job->desk);
    /* A result that can't be stored stays pending, which counts as a wrong try. */
    if (budget_settle(desk_settings(job->desk)->store, session->ticket, &report) != OK) {
        log_debug("the result of a log-in could not be stored");
    }
    desk_store_unlock(job->desk);
    session->ticket = 0;
}

/* The password of many devices goes only where an impostor can do nothing with it. */
static bool
is_shared(const struct session *session)
{
    const struct site *site = desk_settings(session->job->desk)->site;
    return site != NULL && site->others.password != NULL &&
           secret_equal(site->others.password, session->password);
}

static bool
is_stale(const struct answer *last)
{
    struct httpauth_challenge challenge;
    return last != NULL && last->status == 401 && httpauth_challenge(last, &challenge) == OK &&
           challenge.stale;
}

/* Whether the next request of the log-in may go. */
static enum err
may_send(struct session *session, const struct request *request, const struct answer *last)
{
    if (!request->spends || (session->ticket != 0 && is_stale(last))) {
        return OK;
    }
    if (!session->has_password) {
        note_set(&session->job->why, "it asks for a password, and none is known");
        return ERR_UNSUPPORTED;
    }
    if (is_shared(session) && knock_tells(session->door, request, session->password)) {
        note_set(&session->job->why,
            "its log-in shows the password, and the one of many devices is not sent so");
        return ERR_UNSUPPORTED;
    }
    return spend(session);
}

/* What a closed door means to the caller. */
static enum err
closed(struct session *session, enum login_state state, const struct answer *last,
    struct device_warning *warning)
{
    struct note *why = &session->job->why;
    bool was_sent = session->ticket != 0;
    if (state == LOGIN_REFUSED || state == LOGIN_LOCKED) {
        state = knock_heed(session->driver, last, state, warning);
    }
    settle(session,
        state == LOGIN_REFUSED  ? BUDGET_REFUSED
        : state == LOGIN_LOCKED ? BUDGET_LOCKED
                                : BUDGET_UNCLEAR,
        warning);
    if (state == LOGIN_LOCKED) {
        note_set(why, "the device says that the account is locked");
        return ERR_LIMIT;
    }
    if (state == LOGIN_REFUSED && was_sent) {
        note_set(why, "the device refused the password of %s", session->user);
        return ERR_REFUSED;
    }
    if (state == LOGIN_REFUSED) {
        note_set(
            why, "the device says that %d wrong log-ins are left before it locks", warning->left);
        return ERR_LIMIT;
    }
    if (last != NULL && last->err != OK) {
        note_set(why, "the log-in got no answer: %s", err_words(last->err));
        return last->err;
    }
    note_set(why, was_sent ? "the log-in got no clear answer"
                           : "the device did not ask for a password where one is expected");
    return ERR_VALUE;
}

/* 200 alone is no proof. Of another list than the driver's own the refusal before it is one. */
static bool
is_proven(const struct session *session, const struct answer *last)
{
    bool is_own = session->door->rtsp ||
                  (session->door == session->driver->door &&
                      text_equal(session->door_ask.path, session->driver->door_ask.path));
    return last != NULL && (is_own ? knock_proves(session->driver, session->door, last)
                                   : last->status == 200 && session->is_sent);
}

/* That a stream plays for everybody, or is not there, says nothing about a password. */
static bool
is_beside(const struct session *session, const struct answer *last, enum err *ret_err)
{
    static const int nowhere[] = {400, 404, 406, 454, 455, 461};
    if (session->place.way != BY_STREAM || last == NULL || last->err != OK) {
        return false;
    }
    for (size_t i = 0; i < COUNT(nowhere); i++) {
        if (last->status == nowhere[i]) {
            *ret_err = ERR_MISSING;
            return true;
        }
    }
    *ret_err = OK;
    return last->status == 200 && !session->is_sent;
}

/* The last answer is left in ret_answer, in the arena. */
static enum err
log_in(struct session *session, struct arena *vault, struct arena *arena, struct answer *ret_answer)
{
    struct request request;
    const struct answer *last = NULL;
    struct device_warning warning = {.left = -1};
    enum err err = OK;
    for (;;) {
        if (is_beside(session, last, &err)) {
            settle(session, BUDGET_OPEN, &warning);
            return err;
        }
        enum login_state state = device_login_step(
            session->door, &session->login, &session->door_ask, last, vault, &request);
        if (state == LOGIN_OPEN && is_proven(session, last)) {
            settle(session, BUDGET_OPEN, &warning);
            return OK;
        }
        if (state != LOGIN_SEND) {
            return closed(session, state == LOGIN_OPEN ? LOGIN_UNCLEAR : state, last, &warning);
        }
        err = may_send(session, &request, last);
        if (err != OK) {
            return err;
        }
        err = session_exchange(session, &session->place, &request, arena, ret_answer);
        if (err == ERR_CANCELLED) {
            settle(session, BUDGET_UNCLEAR, &warning);
            return err;
        }
        last = ret_answer;
    }
}

static void
release(struct session *session)
{
    session_hang_up(session);
    secret_free(session->password);
    arena_release(&session->arena);
    explicit_bzero(&session->login, sizeof(session->login));
    free(session);
}

/* Where it is opened: the stream of this URI, or a page. */
static enum err
choose_door(struct session *session, const struct device_account *account, const char *uri)
{
    if (uri == NULL) {
        return find_door(session, account);
    }
    session->door = &device_door_rtsp;
    session->door_ask = (struct ask){.method = "DESCRIBE", .path = uri};
    session->place.way = BY_STREAM;
    if (!knock_rtsp(session->job->subject, &session->place.target)) {
        note_set(&session->job->why, "no stream of it is known");
        return ERR_UNSUPPORTED;
    }
    return OK;
}

static enum err
prepare(struct session *session, const struct session_key *key, const char *uri)
{
    struct job *job = session->job;
    const struct site *site = desk_settings(job->desk)->site;
    if (job->driver == NULL || job->subject == NULL) {
        note_set(&job->why, "its model is not known");
        return ERR_UNSUPPORTED;
    }
    if (!text_copy(session->user, sizeof(session->user), key->user)) {
        note_set(&job->why, "the account's name is too long");
        return ERR_VALUE;
    }
    enum err err = choose_door(session, key->account, uri);
    if (err == OK && site != NULL && !site_may_login(site, &session->place.target.ip)) {
        note_set(&job->why, "the site file allows no log-in there");
        err = ERR_LIMIT;
    }
    session->has_password = key->password != NULL;
    session->password = session->has_password
                            ? secret_new(secret_text(key->password), secret_len(key->password))
                            : secret_new_text("");
    const struct fact *offset = facts_get(&job->subject->facts, FACT_CLOCK_OFFSET);
    session->login = (struct login){
        .user = session->user,
        .password = session->password,
        .clock_offset = offset == NULL ? 0 : offset->number,
    };
    if (err == OK && session->place.way == BY_RTSP) {
        session->login.base = knock_base(&session->place.target, &session->arena);
    }
    return err != OK ? err : session->password == NULL ? ERR_MEMORY : OK;
}

static enum err
open_at(struct job *job, const struct session_key *key, const struct stream_place *stream,
    struct session **ret_session, struct answer *ret_answer)
{
    struct arena vault;
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        return ERR_MEMORY;
    }
    session->job = job;
    session->driver = job->driver;
    session->purpose = key->purpose;
    arena_init(&session->arena, ARENA_DEVICE_LIMIT);
    arena_init(&vault, ARENA_DEVICE_LIMIT);
    enum err err = prepare(session, key, stream == NULL ? NULL : stream->uri);
    if (err == OK) {
        err = log_in(session, &vault, stream == NULL ? &vault : stream->arena, ret_answer);
    }
    if (err == OK) {
        *ret_session = session;
    } else if (session->is_sent && err == ERR_VALUE) {
        session_close(session); /* its session may be open all the same */
    } else {
        release(session);
    }
    arena_wipe(&vault);
    return err;
}

enum err
session_open(struct job *job, const struct session_key *key, struct session **ret_session)
{
    struct answer answer;
    return open_at(job, key, NULL, ret_session, &answer);
}

enum err
session_open_stream(struct job *job, const struct session_key *key,
    const struct stream_place *place, struct session **ret_session, struct answer *ret_answer)
{
    return open_at(job, key, place, ret_session, ret_answer);
}

void
session_move(struct session *session, struct job *job)
{
    if (session != NULL) {
        session->job = job;
    }
}

void
session_close(struct session *session)
{
    if (session == NULL) {
        return;
    }
    struct arena arena;
    struct answer answer;
    const struct ask *leave = &session->driver->leave_ask;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    if (leave->path != NULL && session->door == session->driver->door &&
        session->login.text[0] != '\0') {
        const struct request request = {.ask = *leave};
        if (session_send_once(session, &request, true, &arena, &answer) != OK) {
            log_debug("the end of a session got no answer");
        }
    }
    arena_wipe(&arena);
    release(session);
}
