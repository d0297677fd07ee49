/*
 * What each file of the doorman gives to the others; their structs and the story are in
 * doorman_inside.h.
 */
#pragma once

#include "daemon/doorman_inside.h"

/* doorman_http.c */
enum err doorman_http_open(struct doorman *doorman, const char *path, struct note *note) MUST_CHECK;
enum err doorman_http_start(struct doorman *doorman) MUST_CHECK;
void doorman_http_stop(struct doorman *doorman);
/* The visit's status, page and headers are ready. */
void doorman_http_answer(struct visit *visit);
/* Runs slow in the pool and `then` on the loop. */
void doorman_http_work(struct visit *visit, doorman_work_fn *slow, doorman_work_fn *then);

/* doorman_answer.c: each of these ends the visit. The JSON is taken over. */
void doorman_answer_page(struct visit *visit, int status, const char *name, json_t *values);
/* One of the pages with a reason above its form. */
void doorman_answer_trouble(
    struct visit *visit, int status, const char *name, const char *trouble, json_t *values);
void doorman_answer_to(struct visit *visit, const char *path);
void doorman_answer_json(struct visit *visit, int status, json_t *values);
void doorman_answer_cookie(struct visit *visit, const char *name, const char *value);
/* A file of web/ by its path; false: none. */
bool doorman_answer_file(struct visit *visit, const char *path);

/* doorman_guard.c */
#define DOORMAN_SESSION_COOKIE "gatehouse"
#define DOORMAN_PRE_COOKIE     "gatehouse-pre"
/* Cookie's name as this gateway sets it: with __Host- when there is TLS. */
const char *doorman_guard_cookie(const struct doorman *doorman, const char *name);
/* Reads the visit's cookies, session and half. */
void doorman_guard_know(struct visit *visit, const char *cookies);
/* Looks for the visit's half again. */
void doorman_guard_half(struct visit *visit);
/* The token that forms of this visit carry, 43 letters. */
void doorman_guard_token(const struct visit *visit, char ret_token[SESSION_COOKIE]);
/*
 * Whether what asks is what the route is for, as far as the browser says (Fetch Metadata). A page
 * of ours is only read by a person, in a window of its own: the VMS has the same origin, and its
 * scripts could fetch or frame it, with the token of its forms and the codes on it.
 */
bool doorman_guard_is_meant(const struct visit *visit);
/* Whether a POST comes from a page of ours. */
bool doorman_guard_is_ours(struct visit *visit);
/* The origin that the request names, if it is one of this gateway's; else the first of those. */
const char *doorman_guard_origin(struct visit *visit);
/* An event of a form or a visit that no page of ours made; the like of it at most once in a while.
 */
void doorman_guard_tell(struct visit *visit, const char *why);
/* 32 random bytes in base64url. */
void doorman_guard_random(char ret_cookie[SESSION_COOKIE]);
/* A new pre-session, whatever the browser has: nobody else can know its cookie. */
void doorman_guard_renew(struct visit *visit);

/* doorman_half.c */
struct doorman_half *doorman_half_find(
    struct doorman *doorman, const uint8_t hash[SESSION_HASH], enum doorman_stage least);
/* Of that cookie; one that is there is emptied. Never NULL. */
struct doorman_half *doorman_half_begin(
    struct doorman *doorman, const char *cookie, enum doorman_stage stage, const char *user);
void doorman_half_drop(struct doorman_half *half);
/* An account is locked: whoever is half in begins anew. */
void doorman_half_drop_user(struct doorman *doorman, const char *user);
/* A new challenge for a passkey; for the half of the visit's cookie. */
struct doorman_half *doorman_half_challenge(struct visit *visit);
/* Takes the challenge; false: there is none, or it is too old. */
bool doorman_half_take(struct visit *visit, uint8_t ret_challenge[FACTOR_CHALLENGE]);

/* doorman_say.c */
struct doorman_saying {
    enum event_action action;
    enum event_outcome outcome;
    const char *user, *session, *factor, *reason, *object; /* NULL: not said */
    const struct ip *ip;
    json_t *detail; /* taken over; NULL: none */
};
/* To the ledger, now or when it is back; nobody waits. */
void doorman_say(struct doorman *doorman, const struct doorman_saying *saying);
/* The function is called once, with OK when it is durable. */
void doorman_say_wait(
    struct visit *visit, const struct doorman_saying *saying, doorman_said_fn *said);
/* Into the emergency file, on the disk when it returns OK. */
enum err doorman_say_emergency(
    struct doorman *doorman, const struct doorman_saying *saying) MUST_CHECK;
/* auth.fail of this visit. */
void doorman_say_fail(struct visit *visit, const char *user, const char *factor, const char *why);
/* A produced event of the emergency file. */
void doorman_say_line(struct doorman *doorman, const struct buf *json);
/* After events were queued beside it. */
void doorman_say_watch(struct doorman *doorman);
void doorman_say_tick(struct doorman *doorman, int64_t now);
void doorman_say_stop(struct doorman *doorman);
/* doorman_emergency.c: hands over what was written while there was no ledger. */
void doorman_emergency_tick(struct doorman *doorman);
/* The ledger has, or will never have, one of its events. */
void doorman_emergency_had_one(struct doorman *doorman);

/* doorman_board.c */
enum err doorman_board_open(struct doorman *doorman, struct note *note) MUST_CHECK;
void doorman_board_close(struct doorman *doorman);
/* Everything that workers must know, at once. */
void doorman_board_publish(struct doorman *doorman);
/* As it was published last. */
bool doorman_board_is_banned(const struct doorman *doorman, const struct ip *ip);
void doorman_board_tick(struct doorman *doorman, int64_t now);
/* When the session was last used (wall), also at a page of nginx that the database knows not of. */
int64_t doorman_board_seen(struct doorman *doorman, const struct session *session);
/* It is used now. */
void doorman_board_touch(struct doorman *doorman, const struct session *session);

/* doorman_views.c */
enum err doorman_views_open(struct doorman *doorman, struct note *note) MUST_CHECK;
void doorman_views_tick(struct doorman *doorman, int64_t now);

/* doorman_flow.c: what log-in, enrolment and step-up share. */
/* Counts an attempt; false: over the limit, and the account's halves are gone. */
bool doorman_flow_count(struct visit *visit, enum attempt_factor factor, const char *user);
/*
 * Counts and then takes the code of the form: its kind "recovery", or else "totp". What it proved
 * is in visit->factor, why it did not in visit->trouble.
 */
bool doorman_flow_code(struct visit *visit, enum attempt_factor counted, const char *user);
/* Answers with the options of a ceremony. */
void doorman_flow_passkey_options(struct visit *visit, const char *user, bool creates);
/* Counts and then verifies the form's passkey; user NULL: anyone's, told in ret_user. */
bool doorman_flow_passkey(struct visit *visit, enum attempt_factor counted, const char *user,
    char ret_user[IDENTITY_NAME]);
/* A new passkey out of the form; why not is in visit->trouble. */
bool doorman_flow_register(struct visit *visit, const char *user);
/* Every factor was given: the ledger, the session, the cookie, the way on. */
void doorman_flow_let_in(struct visit *visit, const char *user, const char *factor);
/* The same in an emergency, or with a step-up's reason: the ledger's word is not waited for. */
void doorman_flow_break_glass(
    struct visit *visit, const char *user, const char *factor, const char *reason);
/* Goes on to a path of ours, as a form or as the script wants it. */
void doorman_flow_go(struct visit *visit, const char *path);
/* "PATH?return=…" with where the visit wants to go in the end. */
const char *doorman_flow_way(struct visit *visit, const char *path);
/* The page that says that the ledger does not answer. */
void doorman_flow_unavailable(struct visit *visit);
/* An account changed itself: user.change. */
void doorman_flow_changed(struct visit *visit, const char *user, const char *change);
/* Why an attempt failed, into the ledger; user as it was typed. */
void doorman_flow_failed(struct visit *visit, const char *user, const char *factor);

/* doorman_enrol.c: new one-time codes as picture and text, for a page; NULL: it did not work. */
json_t *doorman_enrol_qr(struct visit *visit, const char *user);
/* doorman_sessions.c: a time for people. */
const char *doorman_sessions_time(struct visit *visit, int64_t wall);
