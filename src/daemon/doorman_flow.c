/*
 * Factors and sessions, as log-in, enrolment and step-up share them.
 *
 * Rule of this file: counted first, compared then; the ledger has a log-in before the browser has
 * its cookie; what failed is answered alike, whatever the cause.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"
#include "ledger/event.h"

#include <string.h>

/* A session that waits for its event. */
struct entry {
    struct session session;
    char cookie[SESSION_COOKIE];
    bool is_administrator;
};

bool
doorman_flow_count(struct visit *visit, enum attempt_factor factor, const char *user)
{
    enum err err = attempt_count(
        visit->doorman->identity, factor, user, &visit->ip, clock_wall(), &visit->trouble);
    if (err == OK) {
        return true;
    }
    if (err != ERR_REFUSED) {
        log_error("an attempt can't be counted: %s",
            visit->trouble.text[0] == '\0' ? err_words(err) : visit->trouble.text);
    }
    visit->is_refused = true;
    doorman_half_drop_user(visit->doorman, user);
    doorman_guard_half(visit);
    return false;
}

bool
doorman_flow_code(struct visit *visit, enum attempt_factor counted, const char *user)
{
    struct identity *identity = visit->doorman->identity;
    const char *code = doorman_form_value(&visit->form, "code");
    bool is_recovery = text_equal(doorman_form_value(&visit->form, "kind"), "recovery");
    (void)text_copy(visit->factor, sizeof(visit->factor), is_recovery ? "recovery" : "totp");
    if (counted == ATTEMPT_TOTP && is_recovery) {
        counted = ATTEMPT_RECOVERY;
    }
    if (!doorman_flow_count(visit, counted, user)) {
        return false;
    }
    enum err err = is_recovery ? factor_recovery_take(identity, user, code)
                               : factor_totp_take(identity, user, code, clock_wall());
    if (err != OK) {
        note_set(&visit->trouble, is_recovery ? "wrong recovery code" : "wrong one-time code");
    }
    return err == OK;
}

static struct factor_party
party(struct visit *visit)
{
    return (struct factor_party){
        .id = visit->doorman->settings->host,
        .origin = doorman_guard_origin(visit),
    };
}

void
doorman_flow_passkey_options(struct visit *visit, const char *user, bool creates)
{
    const struct factor_party here = party(visit);
    struct identity *identity = visit->doorman->identity;
    const struct doorman_half *half = doorman_half_challenge(visit);
    json_t *options = half == NULL ? NULL
                      : creates
                          ? factor_passkey_create_options(identity, &here, user, half->challenge)
                          : factor_passkey_get_options(identity, &here, user, half->challenge);
    if (options == NULL) {
        doorman_answer_json(
            visit, 403, json_pack("{s:s}", "trouble", "No passkey can be used here."));
    } else {
        doorman_answer_json(visit, 200, options);
    }
}

/* The browser's answer in the form; NULL: none. */
static json_t *
ceremony(const struct visit *visit)
{
    json_error_t error;
    const char *text = doorman_form_value(&visit->form, "answer");
    return json_loads(text, JSON_REJECT_DUPLICATES, &error);
}

bool
doorman_flow_passkey(struct visit *visit, enum attempt_factor counted, const char *user,
    char ret_user[IDENTITY_NAME])
{
    uint8_t challenge[FACTOR_CHALLENGE];
    const struct factor_party here = party(visit);
    enum factor_fault fault = FAULT_MALFORMED;
    (void)text_copy(visit->factor, sizeof(visit->factor), "passkey");
    bool is_counted = doorman_flow_count(visit, counted, user);
    if (!doorman_half_take(visit, challenge)) { /* used up in any case */
        fault = FAULT_CHALLENGE;
        is_counted =
            is_counted && (note_set(&visit->trouble, "%s", factor_fault_words(fault)), false);
    }
    if (!is_counted) {
        return false;
    }
    json_t *answer = ceremony(visit);
    enum err err = answer == NULL ? ERR_SYNTAX
                                  : factor_passkey_verify(visit->doorman->identity, &here, user,
                                        challenge, answer, ret_user, &fault);
    json_decref(answer);
    if (err != OK || fault != FAULT_FINE) {
        note_set(&visit->trouble, "passkey: %s", factor_fault_words(fault));
    }
    return err == OK && fault == FAULT_FINE;
}

bool
doorman_flow_register(struct visit *visit, const char *user)
{
    uint8_t challenge[FACTOR_CHALLENGE];
    char name[64];
    const struct factor_party here = party(visit);
    enum factor_fault fault = FAULT_CHALLENGE;
    const char *given = doorman_form_value(&visit->form, "name");
    text_clean(name, sizeof(name), given, strlen(given));
    json_t *answer = doorman_half_take(visit, challenge) ? ceremony(visit) : NULL;
    fault = answer == NULL ? fault : FAULT_MALFORMED;
    enum err err = answer == NULL
                       ? ERR_VALUE
                       : factor_passkey_register(visit->doorman->identity, &here, user,
                             name[0] == '\0' ? "passkey" : name, challenge, answer, &fault);
    json_decref(answer);
    if (err != OK || fault != FAULT_FINE) {
        note_set(&visit->trouble, "passkey: %s", factor_fault_words(fault));
    }
    return err == OK && fault == FAULT_FINE;
}

void
doorman_flow_go(struct visit *visit, const char *path)
{
    if (visit->wants_json) {
        doorman_answer_json(visit, 200, json_pack("{s:s}", "to", path));
    } else {
        doorman_answer_to(visit, path);
    }
}

const char *
doorman_flow_way(struct visit *visit, const char *path)
{
    CLEANUP(buf_release) struct buf way;
    buf_init(&way, (size_t)4 * DOORMAN_FORM_PATH);
    buf_format(&way, "%s?return=", path);
    doorman_form_encode(&way, visit->to);
    const char *copy = buf_error(&way) == OK ? arena_copy(&visit->arena, way.data) : NULL;
    return copy == NULL ? path : copy;
}

void
doorman_flow_unavailable(struct visit *visit)
{
    if (visit->wants_json) {
        doorman_answer_json(visit, 200, json_pack("{s:s}", "to", "/gatehouse/unavailable"));
    } else {
        doorman_answer_page(visit, 503, "unavailable", NULL);
    }
}

void
doorman_flow_failed(struct visit *visit, const char *user, const char *factor)
{
    char clean[IDENTITY_NAME];
    text_clean(clean, sizeof(clean), user, strlen(user));
    doorman_say_fail(visit, clean, factor, visit->trouble.text);
}

void
doorman_flow_changed(struct visit *visit, const char *user, const char *change)
{
    const struct doorman_saying saying = {
        .action = EVENT_USER_CHANGE,
        .outcome = EVENT_OK,
        .user = user,
        .session = visit->has_session ? visit->session.id : NULL,
        .ip = &visit->ip,
        .object = arena_format(&visit->arena, "user %s", user),
        .detail = json_pack("{s:s}", "change", change),
    };
    doorman_say(visit->doorman, &saying);
}

/* Of more than SESSION_MOST the oldest has ended, and the ledger says so. */
static void
tell_pushed_out(struct visit *visit, const struct session *before, size_t count)
{
    struct session now;
    for (size_t i = 0; i < count; i++) {
        if (session_find(visit->doorman->identity, before[i].hash, &now) != ERR_MISSING) {
            continue;
        }
        const struct doorman_saying saying = {
            .action = EVENT_AUTH_LOGOUT,
            .outcome = EVENT_OK,
            .user = before[i].user,
            .session = before[i].id,
            .factor = before[i].factor,
            .ip = &visit->ip,
            .reason = "the account has as many sessions as it may: the oldest ended",
        };
        doorman_say(visit->doorman, &saying);
    }
}

/* A session of that account, not yet told to its browser. */
static struct entry *
begin_session(struct visit *visit, const char *user, const char *factor, const char *reason)
{
    struct entry *entry = arena_alloc(&visit->arena, sizeof(*entry));
    struct session wanted = {0};
    struct note note = {""};
    const struct settings *settings = visit->doorman->settings;
    if (entry == NULL) {
        return NULL;
    }
    int64_t now = clock_wall();
    (void)text_copy(wanted.user, sizeof(wanted.user), user);
    (void)text_copy(wanted.factor, sizeof(wanted.factor), factor);
    (void)text_copy(wanted.ip, sizeof(wanted.ip), visit->ip_text);
    (void)text_copy(wanted.agent, sizeof(wanted.agent), visit->agent);
    wanted.created = wanted.seen = now;
    wanted.expires = now + INT64_C(3600000) * settings->session_hours;
    if (reason != NULL) {
        (void)text_copy(wanted.reason, sizeof(wanted.reason), reason);
        wanted.elevated = now + INT64_C(60000) * settings->stepup_minutes;
        wanted.is_break_glass = true;
    }
    struct session *before = NULL;
    size_t count = 0;
    if (session_list(visit->doorman->identity, user, &visit->arena, &before, &count) != OK) {
        count = 0;
    }
    enum err err =
        session_begin(visit->doorman->identity, &wanted, &entry->session, entry->cookie, &note);
    if (err != OK) {
        log_error("no session: %s", note.text[0] == '\0' ? err_words(err) : note.text);
        return NULL;
    }
    tell_pushed_out(visit, before, count);
    visit->more = entry;
    return entry;
}

static struct doorman_saying
saying_of(const struct visit *visit, const struct session *session)
{
    return (struct doorman_saying){
        .action = EVENT_AUTH_LOGIN,
        .outcome = EVENT_OK,
        .user = session->user,
        .session = session->id,
        .factor = session->factor,
        .ip = &visit->ip,
        .reason = session->is_break_glass ? session->reason : NULL,
        .detail = session->is_break_glass ? json_pack("{s:b}", "break_glass", 1) : NULL,
    };
}

static void
undo(struct visit *visit, const struct entry *entry)
{
    if (session_end(visit->doorman->identity, NULL, entry->session.id) != OK) {
        log_error("the session %s could not be ended", entry->session.id);
    }
    visit->doorman->wants_publish = true;
}

static void
enter(struct visit *visit, const struct entry *entry)
{
    struct doorman *doorman = visit->doorman;
    if (attempt_succeeded(doorman->identity, entry->session.user, &visit->ip) != OK) {
        log_error("the attempts of %s could not be forgotten", entry->session.user);
    }
    doorman_half_drop(visit->half);
    doorman_answer_cookie(visit, DOORMAN_SESSION_COOKIE, entry->cookie);
    doorman_answer_cookie(visit, DOORMAN_PRE_COOKIE, "");
    doorman_board_publish(doorman);
    doorman_flow_go(visit, visit->to);
}

/* The ledger did not take the log-in: an administrator may go on in an emergency. */
static void
stay_out(struct visit *visit, const struct entry *entry)
{
    undo(visit, entry);
    if (!entry->is_administrator) {
        doorman_flow_unavailable(visit);
        return;
    }
    doorman_guard_renew(visit);
    struct doorman_half *half =
        doorman_half_begin(visit->doorman, visit->pre_cookie, HALF_BREAK, entry->session.user);
    (void)text_copy(half->factor, sizeof(half->factor), entry->session.factor);
    doorman_flow_go(visit, doorman_flow_way(visit, "/gatehouse/login/second"));
}

static void
let_in_said(struct visit *visit, enum err err)
{
    const struct entry *entry = visit->more;
    if (err == OK) {
        enter(visit, entry);
    } else {
        stay_out(visit, entry);
    }
}

void
doorman_flow_let_in(struct visit *visit, const char *user, const char *factor)
{
    struct user account;
    struct entry *entry = NULL;
    if (user_find(visit->doorman->identity, user, &account) == OK && !account.is_disabled) {
        entry = begin_session(visit, account.name, factor, NULL);
    }
    doorman_half_drop(visit->half);
    visit->half = NULL;
    if (entry == NULL) {
        doorman_flow_unavailable(visit);
        return;
    }
    entry->is_administrator = account.is_administrator;
    const struct doorman_saying saying = saying_of(visit, &entry->session);
    doorman_say_wait(visit, &saying, let_in_said);
}

static void
break_said(struct visit *visit, enum err err)
{
    const struct entry *entry = visit->more;
    if (err != OK) {
        const struct doorman_saying saying = saying_of(visit, &entry->session);
        err = doorman_say_emergency(visit->doorman, &saying);
    }
    if (err != OK) {
        undo(visit, entry);
        doorman_flow_unavailable(visit);
        return;
    }
    if (visit->has_session) { /* an ordinary session becomes this one */
        (void)!session_end(visit->doorman->identity, visit->session.user, visit->session.id);
    }
    enter(visit, entry);
}

void
doorman_flow_break_glass(
    struct visit *visit, const char *user, const char *factor, const char *reason)
{
    struct user account;
    const struct entry *entry = NULL;
    visit->half = NULL;
    if (user_find(visit->doorman->identity, user, &account) == OK && !account.is_disabled &&
        account.is_administrator) {
        entry = begin_session(visit, account.name, factor, reason);
    }
    if (entry == NULL) {
        doorman_flow_unavailable(visit);
        return;
    }
    const struct doorman_saying saying = saying_of(visit, &entry->session);
    doorman_say_wait(visit, &saying, break_said);
}
