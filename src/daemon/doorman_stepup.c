/* Stepping up: a second factor once more and a reason, before something that needs both. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"

#include <string.h>

#define BLANK "Give a reason in a few words; it is kept with what you do."

struct step {
    char reason[SESSION_REASON];
};

static bool
is_administrator(const struct visit *visit, struct user *ret_account)
{
    return user_find(visit->doorman->identity, visit->session.user, ret_account) == OK &&
           ret_account->is_administrator;
}

static void
show(struct visit *visit, int status, const char *trouble)
{
    struct user account = {0};
    bool may_break = is_administrator(visit, &account);
    const char *reason = doorman_form_value(&visit->form, "reason");
    char clean[SESSION_REASON];
    text_clean(clean, sizeof(clean), reason, strlen(reason));
    if (visit->wants_json) {
        doorman_answer_json(visit, status, json_pack("{s:s}", "trouble", trouble));
        return;
    }
    json_t *values = json_pack("{s:b, s:b, s:b, s:b, s:s}", "has_totp", account.has_totp,
        "has_passkey", account.passkeys != 0, "has_recovery", account.recovery_left != 0,
        "may_break", may_break, "reason", clean);
    doorman_answer_trouble(visit, status, "stepup", trouble, values);
}

void
doorman_stepup_show(struct visit *visit)
{
    show(visit, 200, "");
}

static void
elevated(struct visit *visit, enum err err)
{
    struct session session;
    char cookie[SESSION_COOKIE];
    struct doorman *doorman = visit->doorman;
    const struct step *step = visit->more;
    int64_t until = clock_wall() + INT64_C(60000) * doorman->settings->stepup_minutes;
    if (err == OK) {
        err = session_elevate(
            doorman->identity, visit->session.hash, until, step->reason, &session, cookie);
    }
    if (err != OK) {
        log_warn("a step-up could not be completed: %s", err_words(err));
        doorman_flow_unavailable(visit);
        return;
    }
    doorman_answer_cookie(visit, DOORMAN_SESSION_COOKIE, cookie);
    doorman_board_publish(doorman);
    doorman_flow_go(visit, visit->to);
}

/* The factor was right. */
static void
step_up(struct visit *visit, struct step *step)
{
    struct doorman *doorman = visit->doorman;
    const char *user = visit->session.user;
    if (attempt_succeeded(doorman->identity, user, &visit->ip) != OK) {
        log_error("the attempts of %s could not be forgotten", user);
    }
    if (text_equal(doorman_form_value(&visit->form, "emergency"), "yes")) {
        doorman_flow_break_glass(visit, user, visit->factor, step->reason);
        return;
    }
    const struct doorman_saying saying = {
        .action = EVENT_AUTH_LOGIN,
        .outcome = EVENT_OK,
        .user = user,
        .session = visit->session.id,
        .factor = visit->factor,
        .ip = &visit->ip,
        .reason = step->reason,
        .detail = json_pack("{s:b}", "step_up", 1),
    };
    visit->more = step;
    doorman_say_wait(visit, &saying, elevated);
}

/* NULL: there is none worth the name, and that was answered. */
static struct step *
read_reason(struct visit *visit)
{
    struct note note = {""};
    struct step *step = arena_alloc(&visit->arena, sizeof(*step));
    const char *given = doorman_form_value(&visit->form, "reason");
    if (step == NULL || session_reason(given, strlen(given), step->reason, &note) != OK) {
        show(visit, 422, BLANK);
        return NULL;
    }
    return step;
}

static void
fail(struct visit *visit)
{
    doorman_flow_failed(visit, visit->session.user, visit->factor);
    show(visit, 403,
        visit->is_refused ? "Too many attempts. Wait fifteen minutes."
                          : "That was not right, or the code was used already. Take the next one.");
}

void
doorman_stepup_code(struct visit *visit)
{
    struct step *step = read_reason(visit);
    if (step == NULL) {
        return;
    }
    if (doorman_flow_code(visit, ATTEMPT_STEPUP, visit->session.user)) {
        step_up(visit, step);
    } else {
        fail(visit);
    }
}

void
doorman_stepup_passkey_options(struct visit *visit)
{
    doorman_flow_passkey_options(visit, visit->session.user, false);
}

void
doorman_stepup_passkey(struct visit *visit)
{
    char user[IDENTITY_NAME] = "";
    visit->wants_json = true;
    struct step *step = read_reason(visit);
    if (step == NULL) {
        return;
    }
    if (doorman_flow_passkey(visit, ATTEMPT_STEPUP, visit->session.user, user)) {
        step_up(visit, step);
    } else {
        fail(visit);
    }
}
