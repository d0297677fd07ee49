/*
 * Setting up an account with a one-time link: password, second factor, recovery codes. The link's
 * secret is in the fragment of its address, which no browser sends and no log has.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"
#include "ledger/base64.h"

#include <string.h>

#define QR ((size_t)64 * 1024)

void
doorman_enrol_show(struct visit *visit)
{
    if (visit->pre_cookie[0] == '\0') {
        doorman_guard_renew(visit);
    }
    doorman_answer_page(visit, 200, "enrol", NULL);
}

void
doorman_enrol_token(struct visit *visit)
{
    struct user account;
    const char *link = doorman_form_value(&visit->form, "link");
    bool is_counted = doorman_flow_count(visit, ATTEMPT_INVITE, NULL);
    if (!is_counted || !doorman_form_is_token(link) ||
        user_by_token(visit->doorman->identity, link, &account) != OK || account.is_disabled) {
        if (visit->trouble.text[0] == '\0') {
            note_set(&visit->trouble, "a one-time link that is unknown, used or too old");
        }
        doorman_flow_failed(visit, "", "invite");
        doorman_answer_trouble(visit, 403, "enrol",
            "This link does not work: it was used, it is too old, or part of it is missing. Ask "
            "your administrator for a new one.",
            NULL);
        return;
    }
    doorman_half_drop(visit->half);
    doorman_guard_renew(visit);
    struct doorman_half *half =
        doorman_half_begin(visit->doorman, visit->pre_cookie, HALF_ENROL, account.name);
    (void)text_copy(half->token, sizeof(half->token), link);
    doorman_answer_to(visit, "/gatehouse/enrol/steps");
}

/* Whose set-up it is; false: it was answered, the link is worth nothing any more. */
static bool
know(struct visit *visit, struct user *ret_account)
{
    if (visit->half != NULL && visit->half->stage == HALF_ENROL &&
        user_by_token(visit->doorman->identity, visit->half->token, ret_account) == OK &&
        text_equal(ret_account->name, visit->half->user)) {
        return true;
    }
    doorman_half_drop(visit->half);
    visit->half = NULL;
    doorman_flow_go(visit, "/gatehouse/enrol");
    return false;
}

static json_t *
codes_json(const struct doorman_half *half)
{
    json_t *codes = json_array();
    for (size_t i = 0; i < FACTOR_CODES; i++) {
        (void)json_array_append_new(codes, json_pack("{s:s}", "code", half->codes[i]));
    }
    return codes;
}

/* The codes that this set-up shows; made when there are none yet. */
static json_t *
show_codes(struct visit *visit)
{
    struct doorman_half *half = visit->half;
    if (!half->has_codes &&
        factor_recovery_new(visit->doorman->identity, half->user, half->codes) != OK) {
        log_error("no recovery codes could be made for %s", half->user);
        return NULL;
    }
    half->has_codes = true;
    return codes_json(half);
}

/* The page of the step that comes next. */
static void
answer_step(struct visit *visit, int status, const char *trouble, json_t *more)
{
    struct user account;
    if (!know(visit, &account)) {
        json_decref(more);
        return;
    }
    bool has_second = account.has_totp || account.passkeys != 0;
    bool has_both = account.has_password && has_second;
    json_t *values = more == NULL ? json_object() : more;
    (void)json_object_set_new(values, "name", json_string(account.name));
    (void)json_object_set_new(values, "step_password", json_boolean(!account.has_password));
    (void)json_object_set_new(
        values, "step_second", json_boolean(account.has_password && !has_second));
    (void)json_object_set_new(values, "step_codes", json_boolean(has_both));
    json_t *codes = has_both ? show_codes(visit) : NULL;
    if (has_both && codes == NULL) {
        json_decref(values);
        doorman_flow_unavailable(visit);
        return;
    }
    (void)json_object_set_new(values, "codes", codes == NULL ? json_array() : codes);
    doorman_answer_trouble(visit, status, "enrol_steps", trouble, values);
}

void
doorman_enrol_steps(struct visit *visit)
{
    answer_step(visit, 200, "", NULL);
}

void
doorman_enrol_password(struct visit *visit)
{
    struct user account;
    struct note note = {""};
    const char *password = doorman_form_value(&visit->form, "password");
    if (!know(visit, &account)) {
        return;
    }
    if (!text_equal(password, doorman_form_value(&visit->form, "again"))) {
        answer_step(visit, 422, "The two passwords differ. Type the same one twice.", NULL);
        return;
    }
    visit->secret = secret_new_text(password);
    enum err err = visit->secret == NULL ? ERR_MEMORY
                                         : user_set_password(visit->doorman->identity, account.name,
                                               visit->secret, &note);
    if (err == ERR_VALUE || err == ERR_LIMIT) {
        answer_step(visit, 422, note.text[0] == '\0' ? err_words(err) : note.text, NULL);
    } else if (err != OK) {
        log_error("a password could not be set: %s", note.text);
        doorman_flow_unavailable(visit);
    } else {
        doorman_answer_to(visit, "/gatehouse/enrol/steps");
    }
}

json_t *
doorman_enrol_qr(struct visit *visit, const char *user)
{
    char uri[FACTOR_TOTP_URI] = "";
    struct note note = {""};
    CLEANUP(buf_release) struct buf svg;
    CLEANUP(buf_release) struct buf image;
    buf_init(&svg, QR);
    buf_init(&image, 2 * QR);
    const char *site = visit->doorman->settings->site;
    enum err err = factor_totp_begin(visit->doorman->identity, user,
        text_is_empty(site) ? visit->doorman->settings->host : site, uri, &note);
    err = err == OK ? factor_qr_svg(uri, &svg) : err;
    if (err != OK) {
        log_error("no one-time codes for %s: %s", user, note.text);
        return NULL;
    }
    buf_text(&image, "data:image/svg+xml;base64,");
    for (size_t at = 0; at < svg.len; at += 3072) { /* a multiple of three */
        size_t part = svg.len - at < 3072 ? svg.len - at : 3072;
        base64_put(&image, svg.data + at, part);
    }
    const char *begin = strstr(uri, "secret=");
    begin = begin == NULL ? "" : begin + strlen("secret=");
    const char *secret = arena_copy_n(&visit->arena, begin, strcspn(begin, "&"));
    return buf_error(&image) != OK || secret == NULL
               ? NULL
               : json_pack("{s:s, s:s, s:s}", "qr", image.data, "secret", secret, "uri", uri);
}

void
doorman_enrol_totp(struct visit *visit)
{
    struct user account;
    if (!know(visit, &account)) {
        return;
    }
    json_t *values = account.has_password ? doorman_enrol_qr(visit, account.name) : NULL;
    if (values == NULL) {
        doorman_answer_to(visit, "/gatehouse/enrol/steps");
    } else {
        answer_step(visit, 200, "", values);
    }
}

void
doorman_enrol_totp_code(struct visit *visit)
{
    struct user account;
    if (!know(visit, &account)) {
        return;
    }
    char name[IDENTITY_NAME];
    (void)text_copy(name, sizeof(name), account.name);
    const char *code = doorman_form_value(&visit->form, "code");
    if (!doorman_flow_count(visit, ATTEMPT_TOTP, name)) {
        doorman_flow_failed(visit, name, "totp");
        doorman_answer_to(visit, "/gatehouse/enrol");
        return;
    }
    if (factor_totp_confirm(visit->doorman->identity, name, code, clock_wall()) != OK) {
        note_set(&visit->trouble, "wrong one-time code while setting up");
        doorman_flow_failed(visit, name, "totp");
        json_t *values = doorman_enrol_qr(visit, name);
        answer_step(visit, 422,
            "That code did not fit. Scan the picture again (it is a new one) and check that the "
            "clock of your phone is right.",
            values);
        return;
    }
    doorman_answer_to(visit, "/gatehouse/enrol/steps");
}

void
doorman_enrol_passkey_options(struct visit *visit)
{
    struct user account;
    visit->wants_json = true;
    if (know(visit, &account)) {
        doorman_flow_passkey_options(visit, account.name, true);
    }
}

void
doorman_enrol_passkey(struct visit *visit)
{
    struct user account;
    visit->wants_json = true;
    if (!know(visit, &account)) {
        return;
    }
    if (account.has_password && doorman_flow_register(visit, account.name)) {
        doorman_flow_go(visit, "/gatehouse/enrol/steps");
        return;
    }
    doorman_flow_failed(visit, account.name, "passkey");
    doorman_answer_json(
        visit, 422, json_pack("{s:s}", "trouble", "This passkey could not be added. Try again."));
}

void
doorman_enrol_finish(struct visit *visit)
{
    struct user account;
    struct note note = {""};
    if (!know(visit, &account)) {
        return;
    }
    if (!text_equal(doorman_form_value(&visit->form, "kept"), "yes") || !visit->half->has_codes) {
        answer_step(visit, 422, "Keep the codes in a safe place and tick the box.", NULL);
        return;
    }
    if (user_enrolled(visit->doorman->identity, visit->half->token, &note) != OK) {
        answer_step(visit, 422, "Something is missing yet.", NULL);
        return;
    }
    doorman_flow_changed(visit, account.name, "set up by its owner");
    doorman_half_drop(visit->half);
    visit->half = NULL;
    doorman_guard_renew(visit);
    doorman_answer_to(visit, "/gatehouse/login");
}
