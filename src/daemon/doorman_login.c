/* Logging in: password and then a second factor, or a passkey alone. */
#include "base/text.h"
#include "daemon/doorman_parts.h"

#include <string.h>

/* One text for an unknown name, a wrong password, a locked or disabled account. */
#define REFUSED                                                                                    \
    "That did not work. Check what you typed. After several attempts that fail, nothing works "    \
    "for a while: then wait fifteen minutes."

/* A browser sends no cookie of ours with the first step from another site. */
static bool
comes_across(const struct visit *visit)
{
    const char *site =
        MHD_lookup_connection_value(visit->connection, MHD_HEADER_KIND, "Sec-Fetch-Site");
    return text_equal(site, "cross-site") && !visit->has_session;
}

static void
need_cookie(struct visit *visit)
{
    if (visit->pre_cookie[0] == '\0') {
        doorman_guard_renew(visit);
    }
}

static void
refuse(struct visit *visit)
{
    if (visit->wants_json) {
        doorman_answer_json(visit, 403, json_pack("{s:s}", "trouble", REFUSED));
        return;
    }
    doorman_answer_trouble(visit, 403, "login", REFUSED, NULL);
}

void
doorman_login_show(struct visit *visit)
{
    if (comes_across(visit)) {
        const char *way = doorman_flow_way(visit, "/gatehouse/login");
        doorman_answer_page(
            visit, 200, "cross", json_pack("{s:s, s:s}", "way", way, "refresh", way));
        return;
    }
    if (visit->has_session) {
        doorman_answer_to(visit, visit->to);
        return;
    }
    need_cookie(visit);
    doorman_answer_page(visit, 200, "login", NULL);
}

static void
compare(struct visit *visit)
{
    visit->fits = user_password_fits(visit->hash, visit->secret);
}

static void
compared(struct visit *visit)
{
    struct user account;
    struct doorman *doorman = visit->doorman;
    doorman->hashing--;
    bool is_right = visit->fits && !visit->is_refused && visit->user[0] != '\0' &&
                    user_find(doorman->identity, visit->user, &account) == OK &&
                    !account.is_disabled;
    if (!is_right) {
        if (visit->trouble.text[0] == '\0') {
            note_set(&visit->trouble, "wrong user name or password");
        }
        doorman_flow_failed(visit, doorman_form_value(&visit->form, "user"), "password");
        refuse(visit);
        return;
    }
    doorman_half_drop(visit->half);
    doorman_guard_renew(visit);
    (void)doorman_half_begin(doorman, visit->pre_cookie, HALF_PASSWORD, account.name);
    doorman_answer_to(visit, doorman_flow_way(visit, "/gatehouse/login/second"));
}

void
doorman_login_password(struct visit *visit)
{
    struct doorman *doorman = visit->doorman;
    const char *user = doorman_form_value(&visit->form, "user");
    const char *password = doorman_form_value(&visit->form, "password");
    bool is_name = identity_check_name(user, NULL) == OK;
    bool is_counted = doorman_flow_count(visit, ATTEMPT_PASSWORD, is_name ? user : NULL);
    if (doorman->hashing >= DOORMAN_HASHING) {
        doorman_flow_unavailable(visit);
        return;
    }
    if (is_name && is_counted) {
        (void)text_copy(visit->user, sizeof(visit->user), user);
    }
    /* Whoever it is, a hash is computed: that of nobody takes as long. */
    user_password_hash(doorman->identity, visit->user, visit->hash);
    visit->secret = secret_new_text(password);
    if (visit->secret == NULL) {
        doorman_flow_unavailable(visit);
        return;
    }
    doorman->hashing++;
    doorman_http_work(visit, compare, compared);
}

/* The page that asks for what this account has. */
static void
ask_second(struct visit *visit, int status, const char *trouble)
{
    struct user account;
    if (visit->half == NULL ||
        user_find(visit->doorman->identity, visit->half->user, &account) != OK) {
        refuse(visit);
        return;
    }
    json_t *values = json_pack("{s:b, s:b, s:b, s:b}", "has_totp", account.has_totp, "has_passkey",
        account.passkeys != 0, "has_recovery", account.recovery_left != 0, "has_none",
        !account.has_totp && account.passkeys == 0 && account.recovery_left == 0);
    doorman_answer_trouble(visit, status, "second", trouble, values);
}

void
doorman_login_second(struct visit *visit)
{
    if (visit->half->stage == HALF_BREAK) {
        doorman_answer_page(visit, 503, "emergency", NULL);
    } else if (visit->half->stage == HALF_PASSWORD) {
        ask_second(visit, 200, "");
    } else {
        doorman_answer_to(visit, "/gatehouse/login");
    }
}

void
doorman_login_code(struct visit *visit)
{
    char user[IDENTITY_NAME];
    if (visit->half->stage != HALF_PASSWORD) {
        doorman_answer_to(visit, "/gatehouse/login");
        return;
    }
    (void)text_copy(user, sizeof(user), visit->half->user);
    if (doorman_flow_code(visit, ATTEMPT_TOTP, user)) {
        doorman_flow_let_in(visit, user, visit->factor);
        return;
    }
    doorman_flow_failed(visit, user, visit->factor);
    if (visit->is_refused) {
        refuse(visit); /* from the beginning */
    } else {
        ask_second(
            visit, 403, "That code is not right, or it was used already. Take the next one.");
    }
}

void
doorman_login_passkey_options(struct visit *visit)
{
    bool has_password = visit->half != NULL && visit->half->stage == HALF_PASSWORD;
    char user[IDENTITY_NAME] = "";
    if (visit->has_session) {
        doorman_answer_json(visit, 403, json_pack("{s:s}", "trouble", "You are logged in."));
        return;
    }
    if (has_password) {
        (void)text_copy(user, sizeof(user), visit->half->user);
    }
    doorman_flow_passkey_options(visit, has_password ? user : NULL, false);
}

void
doorman_login_passkey(struct visit *visit)
{
    char user[IDENTITY_NAME] = "", found[IDENTITY_NAME] = "";
    bool has_password = visit->half != NULL && visit->half->stage == HALF_PASSWORD;
    visit->wants_json = true;
    if (visit->has_session) {
        doorman_flow_go(visit, visit->to);
        return;
    }
    if (has_password) {
        (void)text_copy(user, sizeof(user), visit->half->user);
    }
    if (doorman_flow_passkey(visit, ATTEMPT_PASSKEY, has_password ? user : NULL, found)) {
        doorman_flow_let_in(visit, has_password ? user : found, "passkey");
        return;
    }
    doorman_flow_failed(visit, user, "passkey");
    refuse(visit);
}

void
doorman_login_emergency(struct visit *visit)
{
    char reason[SESSION_REASON], user[IDENTITY_NAME], factor[24];
    struct note note = {""};
    const char *given = doorman_form_value(&visit->form, "reason");
    if (visit->half->stage != HALF_BREAK) {
        doorman_answer_to(visit, "/gatehouse/login");
        return;
    }
    if (session_reason(given, strlen(given), reason, &note) != OK) {
        doorman_answer_trouble(
            visit, 422, "emergency", "Say in a few words why you must get in now.", NULL);
        return;
    }
    (void)text_copy(user, sizeof(user), visit->half->user);
    (void)text_copy(factor, sizeof(factor), visit->half->factor);
    doorman_half_drop(visit->half);
    visit->half = NULL;
    doorman_flow_break_glass(visit, user, factor, reason);
}
