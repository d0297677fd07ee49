/*
 * Rules of this file: a password leaves only after the budget has granted and stored the try and
 * the ledger has taken its event; a lock or a refusal ends it; nothing is tried twice by itself,
 * but a digest whose nonce was old.
 */
#include "remedy/session.h"

#include "assess/knock.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "codec/dvrip.h"
#include "codec/httpauth.h"
#include "remedy/desk_post.h"

#include <stdlib.h>
#include <string.h>

#define ONVIF_PATH "/onvif/device_service"
#define USER_MOST  128

enum way {
    BY_HTTP,
    BY_RTSP,
    BY_DVRIP,
};

/* Where something is asked. */
struct place {
    enum way way;
    struct wire_target target;
    const char *path; /* NULL: the ask's own */
};

struct session {
    struct job *job;
    const struct device_driver *driver;
    const struct device_door *door;
    struct ask door_ask;
    struct place place; /* of the door */
    struct login login;
    struct secret *password;
    char user[USER_MOST];
    enum session_purpose purpose;
    struct arena arena; /* paths; no password */
    struct wire_stream *stream;
    uint32_t frames; /* sent on it */
    int64_t ticket;  /* of the budget; 0: none */
    bool is_sent;    /* the password has left */
};

/* The connection that is a DVRIP session. */
struct frame_post {
    struct desk_post post;
    struct session *session;
    struct wire_question question;
    struct wire_call *call;
    struct arena *arena;
    struct answer answer;
};

static void
got_frames(void *context, const struct answer *frames)
{
    struct frame_post *asked = context;
    asked->answer = dvrip_answer(frames, asked->arena);
    desk_post_end(&asked->post, frames->err);
}

static void
start_frames(struct desk_post *post, struct wire *wire)
{
    struct frame_post *asked = (struct frame_post *)post;
    asked->call = wire_stream_ask(
        wire, &asked->session->stream, &asked->question, asked->arena, got_frames, asked);
    if (asked->call == NULL) {
        desk_post_end(post, ERR_MEMORY);
    }
}

static void
cancel_frames(struct desk_post *post)
{
    wire_cancel(((struct frame_post *)post)->call);
}

static enum err
ask_frames(struct session *session, const struct place *place, const struct request *request,
    struct arena *arena, struct answer *ret_answer)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, ANSWER_BODY);
    enum err err = dvrip_write(request, session->frames++, &out);
    if (err != OK) {
        return err;
    }
    struct frame_post asked = {
        .post = {.start = start_frames, .cancel = cancel_frames},
        .session = session,
        .question = {place->target,         out.data,                out.len, dvrip_whole},
        .arena = arena,
        .answer = {.headers = "",          .body = ""                                },
    };
    err = desk_post(session->job->desk, &asked.post);
    *ret_answer = asked.answer;
    ret_answer->err = err;
    explicit_bzero(out.data, out.len);
    return err;
}

static void
close_stream(struct desk_post *post, struct wire *wire)
{
    (void)wire;
    wire_stream_close(((struct frame_post *)post)->session->stream);
    desk_post_end(post, OK);
}

/* A closed port is silence here: "refused" is what a device says to a password. */
static enum err
exchange(struct session *session, const struct place *place, const struct request *request,
    struct arena *arena, struct answer *ret_answer)
{
    struct desk *desk = session->job->desk;
    struct request sent = *request;
    sent.ask.path = place->path == NULL ? request->ask.path : place->path;
    enum err err = place->way == BY_HTTP ? desk_http(desk, &place->target, &sent, arena, ret_answer)
                   : place->way == BY_RTSP
                       ? desk_rtsp(desk, &place->target, &sent, arena, ret_answer)
                       : ask_frames(session, place, &sent, arena, ret_answer);
    err = err == ERR_REFUSED ? ERR_NETWORK : err;
    ret_answer->err = err;
    return err;
}

/* Over TLS where the device has that: what listens in learns nothing. */
static bool
find_web(const struct session *session, struct wire_target *ret_target)
{
    const struct subject *subject = session->job->subject;
    struct wire_target target;
    if (knock_http(subject, 443, &target) && target.tls) {
        *ret_target = target;
        return true;
    }
    return knock_web(subject, ret_target);
}

static bool
find_onvif(struct session *session, const struct ask *ask, struct place *place)
{
    const struct subject *subject = session->job->subject;
    uint16_t port = 0;
    const char *path = NULL;
    bool is_stated = text_starts(ask->path, ONVIF_PATH) &&
                     knock_onvif(subject, &session->arena, &port, &path) &&
                     knock_http(subject, port, &place->target);
    if (is_stated) {
        place->path = path;
    }
    return is_stated || knock_web(subject, &place->target);
}

static bool
find_place(struct session *session, const struct ask *ask, struct place *ret_place)
{
    const struct subject *subject = session->job->subject;
    *ret_place = (struct place){.way = BY_HTTP};
    if (subject->address_count == 0) {
        return false;
    }
    if (session->door->rtsp) {
        ret_place->way = BY_RTSP;
        return knock_rtsp(subject, &ret_place->target);
    }
    if (text_equal(ask->method, DVRIP_METHOD)) {
        ret_place->way = BY_DVRIP;
        return knock_dvrip(subject, ask->port, &ret_place->target);
    }
    if (text_starts(ask->path, "/onvif/")) {
        return find_onvif(session, ask, ret_place);
    }
    return ask->port != 0 ? knock_http(subject, ask->port, &ret_place->target)
                          : find_web(session, &ret_place->target);
}

/* The door of the account or of the driver, else the stream's. */
static enum err
find_door(struct session *session, const struct device_account *account)
{
    struct job *job = session->job;
    const struct device_driver *driver = session->driver;
    session->door = account != NULL ? account->door : driver->door;
    session->door_ask = account != NULL ? account->door_ask : driver->door_ask;
    bool found = session->door != NULL && find_place(session, &session->door_ask, &session->place);
    if (!found && account == NULL) {
        session->door = &device_door_rtsp;
        session->door_ask = (struct ask){.method = "DESCRIBE"};
        found = find_place(session, &session->door_ask, &session->place);
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
        .limit_tries = session->driver->limit.tries,
        .limit_seconds = session->driver->limit.seconds,
    };
    budget_request_keys(&request, session->job->subject);
    knock_limits(&request, &session->job->subject->facts);
    return request;
}

/* The budget first, then the ledger, then the device. */
static enum err
spend(struct session *session)
{
    struct job *job = session->job;
    struct store *store = desk_settings(job->desk)->store;
    struct budget_answer granted;
    struct assessment run;
    if (store == NULL) {
        note_set(&job->why, "there is no store to count log-ins in, so no password is sent");
        return ERR_LIMIT;
    }
    const struct budget_request request = ask_budget(session);
    desk_store_lock(job->desk);
    enum err err = budget_take(store, &request, &granted);
    desk_store_unlock(job->desk);
    if (err != OK || !granted.granted) {
        note_set(
            &job->why, "%s", err != OK ? "the lock-out budget could not be stored" : granted.why);
        return ERR_LIMIT;
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
    session->ticket = granted.ticket;
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

static enum err
log_in(struct session *session, struct arena *vault)
{
    struct answer answer;
    struct request request;
    const struct answer *last = NULL;
    struct device_warning warning = {.left = -1};
    for (;;) {
        enum login_state state = device_login_step(
            session->door, &session->login, &session->door_ask, last, vault, &request);
        if (state == LOGIN_OPEN && is_proven(session, last)) {
            settle(session, BUDGET_OPEN, &warning);
            return OK;
        }
        if (state != LOGIN_SEND) {
            return closed(session, state == LOGIN_OPEN ? LOGIN_UNCLEAR : state, last, &warning);
        }
        enum err err = may_send(session, &request, last);
        if (err != OK) {
            return err;
        }
        err = exchange(session, &session->place, &request, vault, &answer);
        if (err == ERR_CANCELLED) {
            settle(session, BUDGET_UNCLEAR, &warning);
            return err;
        }
        last = &answer;
    }
}

static void
release(struct session *session)
{
    struct frame_post post = {.session = session};
    post.post.start = close_stream;
    post.post.is_last = true;
    if (session->stream != NULL && desk_post(session->job->desk, &post.post) != OK) {
        log_debug("a connection could not be closed");
    }
    secret_free(session->password);
    arena_release(&session->arena);
    explicit_bzero(&session->login, sizeof(session->login));
    free(session);
}

static enum err
prepare(struct session *session, const struct session_key *key)
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
    enum err err = find_door(session, key->account);
    if (err == OK && site != NULL && !site_may_login(site, &session->place.target.ip)) {
        note_set(&job->why, "the site file allows no log-in there");
        err = ERR_LIMIT;
    }
    session->password = secret_new(secret_text(key->password), secret_len(key->password));
    const struct fact *offset = facts_get(&job->subject->facts, FACT_CLOCK_OFFSET);
    session->login = (struct login){
        .user = session->user,
        .password = session->password,
        .clock_offset = offset == NULL ? 0 : offset->number,
    };
    if (err == OK && session->door->rtsp) {
        session->login.base = knock_base(&session->place.target, &session->arena);
    }
    return err != OK ? err : session->password == NULL ? ERR_MEMORY : OK;
}

enum err
session_open(struct job *job, const struct session_key *key, struct session **ret_session)
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
    enum err err = prepare(session, key);
    if (err == OK) {
        err = log_in(session, &vault);
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

/* Asks once; `dressed`: with the open log-in. */
static enum err
send_once(struct session *session, const struct request *request, bool dressed, struct arena *arena,
    struct answer *ret_answer)
{
    struct arena vault;
    struct place place;
    if (!find_place(session, &request->ask, &place)) {
        return ERR_UNSUPPORTED;
    }
    arena_init(&vault, ARENA_DEVICE_LIMIT);
    struct request sent = *request;
    enum err err = OK;
    if (dressed) {
        struct ask plain = request->ask;
        plain.path = place.path == NULL ? plain.path : place.path;
        err = session->door->authorize(&session->login, &plain, &vault, &sent);
        sent.headers = request->headers;
        sent.header_count = request->header_count;
        sent.soap_action = request->soap_action;
    }
    if (err == OK) {
        err = exchange(session, &place, &sent, arena, ret_answer);
    }
    arena_wipe(&vault);
    return err;
}

enum err
session_send(struct session *session, const struct request *request, struct arena *arena,
    struct answer *ret_answer)
{
    bool is_dressed = request->authorization == NULL && request->cookie == NULL;
    enum err err = send_once(session, request, is_dressed, arena, ret_answer);
    if (err == OK && is_dressed && device_login_renew(&session->login, ret_answer)) {
        err = send_once(session, request, true, arena, ret_answer);
    }
    return err;
}

enum err
session_ask(
    struct session *session, const struct ask *ask, struct arena *arena, struct answer *ret_answer)
{
    const struct request request = {.ask = *ask};
    return session_send(session, &request, arena, ret_answer);
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
        if (send_once(session, &request, true, &arena, &answer) != OK) {
            log_debug("the end of a session got no answer");
        }
    }
    arena_wipe(&arena);
    release(session);
}

/* What one ask tells, as the assessment reads it. */
static enum err
read_ask(struct session *session, const struct ask *ask, struct facts *facts)
{
    struct arena arena;
    struct answer answer;
    char ip[IP_TEXT];
    const struct request request = {.ask = *ask};
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    enum err err = ask->login ? session_ask(session, ask, &arena, &answer)
                              : send_once(session, &request, false, &arena, &answer);
    if (err == OK) {
        const struct ip *address = &session->job->subject->addresses[0];
        const char *asked = arena_format(
            &arena, "%s http://%s%s", ask_method(ask), ip_text(address, ip), ask->path);
        (void)device_read(session->driver, ask, &answer, asked, facts);
    }
    arena_wipe(&arena);
    return err;
}

static bool
reads(const struct device_driver *driver, const struct ask *ask, enum fact_id fact)
{
    for (size_t i = 0; i < driver->reading_count; i++) {
        const struct device_reading *reading = &driver->readings[i];
        if (reading->fact == fact && text_equal(reading->ask->path, ask->path) &&
            text_equal(reading->ask->body, ask->body)) {
            return true;
        }
    }
    return false;
}

enum err
session_read(struct session *session, enum fact_id fact, struct facts *facts)
{
    const struct device_driver *driver = session->driver;
    enum err err = OK;
    facts_forget(facts, fact);
    /* First what the table reads it from; else what the driver's parsers want, until it is told. */
    for (int round = 0; round < 2; round++) {
        const struct ask *ask = device_ask(driver, 0);
        for (size_t n = 0; ask != NULL; ask = device_ask(driver, ++n)) {
            bool is_wanted = reads(driver, ask, fact) == (round == 0);
            if (!is_wanted || (round == 1 && facts_get(facts, fact) != NULL)) {
                continue;
            }
            enum err failed = read_ask(session, ask, facts);
            if (failed == ERR_CANCELLED) {
                return failed;
            }
            err = err == OK && failed != ERR_UNSUPPORTED ? failed : err;
        }
        if (facts_get(facts, fact) != NULL) {
            return OK;
        }
    }
    return err != OK ? err : ERR_MISSING;
}
