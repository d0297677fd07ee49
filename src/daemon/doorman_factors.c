/* My password, second factors and recovery codes; each change needs a step-up. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"

#include <string.h>

static json_t *
passkeys_json(struct visit *visit)
{
    struct factor_passkey *rows = NULL;
    size_t count = 0;
    json_t *list = json_array();
    if (factor_passkeys(
            visit->doorman->identity, visit->session.user, &visit->arena, &rows, &count) != OK) {
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s}", "id", rows[i].id, "name", rows[i].name,
                      "created", doorman_sessions_time(visit, rows[i].created), "used",
                      doorman_sessions_time(visit, rows[i].used)));
    }
    return list;
}

static void
show(struct visit *visit, int status, const char *trouble, json_t *more)
{
    struct user account = {0};
    json_t *values = more == NULL ? json_object() : more;
    if (user_find(visit->doorman->identity, visit->session.user, &account) != OK) {
        json_decref(values);
        doorman_flow_unavailable(visit);
        return;
    }
    (void)json_object_set_new(values, "passkeys", passkeys_json(visit));
    (void)json_object_set_new(values, "has_totp", json_boolean(account.has_totp));
    (void)json_object_set_new(
        values, "recovery_left", json_integer((json_int_t)account.recovery_left));
    (void)json_object_set_new(values, "no_recovery", json_boolean(account.recovery_left == 0));
    (void)json_object_set_new(values, "elevated", json_boolean(visit->is_elevated));
    doorman_answer_trouble(visit, status, "factors", trouble, values);
}

void
doorman_factors_show(struct visit *visit)
{
    show(visit, 200, "", NULL);
}

static void
compare(struct visit *visit)
{
    visit->fits = user_password_fits(visit->hash, visit->secret);
}

static void
compared(struct visit *visit)
{
    struct note note = {""};
    size_t ended = 0;
    struct doorman *doorman = visit->doorman;
    const char *user = visit->session.user;
    const char *password = doorman_form_value(&visit->form, "password");
    doorman->hashing--;
    if (!visit->fits || visit->is_refused) {
        note_set(&visit->trouble, "wrong password while changing it");
        doorman_flow_failed(visit, user, "password");
        show(visit, 403, "The present password is not right.", NULL);
        return;
    }
    secret_free(visit->secret);
    visit->secret = secret_new_text(password);
    enum err err = visit->secret == NULL
                       ? ERR_MEMORY
                       : user_set_password(doorman->identity, user, visit->secret, &note);
    if (err != OK) {
        show(visit, 422, note.text[0] == '\0' ? err_words(err) : note.text, NULL);
        return;
    }
    if (session_end_all(doorman->identity, user, visit->session.id, &ended) != OK) {
        log_error("the other sessions of %s could not be ended", user);
    }
    doorman_flow_changed(visit, user, "password");
    doorman_board_publish(doorman);
    doorman_answer_to(visit, "/gatehouse/factors");
}

void
doorman_factors_password(struct visit *visit)
{
    struct doorman *doorman = visit->doorman;
    if (!text_equal(doorman_form_value(&visit->form, "password"),
            doorman_form_value(&visit->form, "again"))) {
        show(visit, 422, "The two new passwords differ. Type the same one twice.", NULL);
        return;
    }
    bool is_counted = doorman_flow_count(visit, ATTEMPT_PASSWORD, visit->session.user);
    visit->secret = secret_new_text(doorman_form_value(&visit->form, "present"));
    if (visit->secret == NULL || doorman->hashing >= DOORMAN_HASHING) {
        doorman_flow_unavailable(visit);
        return;
    }
    user_password_hash(doorman->identity, is_counted ? visit->session.user : "", visit->hash);
    doorman->hashing++;
    doorman_http_work(visit, compare, compared);
}

void
doorman_factors_totp(struct visit *visit)
{
    json_t *values = doorman_enrol_qr(visit, visit->session.user);
    if (values == NULL) {
        doorman_flow_unavailable(visit);
    } else {
        show(visit, 200, "", values);
    }
}

void
doorman_factors_totp_code(struct visit *visit)
{
    const char *user = visit->session.user;
    const char *code = doorman_form_value(&visit->form, "code");
    if (!doorman_flow_count(visit, ATTEMPT_TOTP, user) ||
        factor_totp_confirm(visit->doorman->identity, user, code, clock_wall()) != OK) {
        doorman_flow_failed(visit, user, "totp");
        show(visit, 422, "That code did not fit. Begin again with a new picture.", NULL);
        return;
    }
    doorman_flow_changed(visit, user, "one-time codes");
    doorman_answer_to(visit, "/gatehouse/factors");
}

void
doorman_factors_passkey_options(struct visit *visit)
{
    doorman_flow_passkey_options(visit, visit->session.user, true);
}

void
doorman_factors_passkey(struct visit *visit)
{
    const char *user = visit->session.user;
    visit->wants_json = true;
    if (!doorman_flow_register(visit, user)) {
        doorman_flow_failed(visit, user, "passkey");
        doorman_answer_json(visit, 422,
            json_pack("{s:s}", "trouble", "This passkey could not be added. Try again."));
        return;
    }
    doorman_flow_changed(visit, user, "passkey added");
    doorman_flow_go(visit, "/gatehouse/factors");
}

void
doorman_factors_passkey_remove(struct visit *visit)
{
    struct note note = {""};
    const char *user = visit->session.user;
    const char *id = doorman_form_value(&visit->form, "id");
    enum err err = factor_passkey_remove(visit->doorman->identity, user, id, &note);
    if (err == ERR_REFUSED) {
        show(visit, 422, "This is your last second factor: add another one before.", NULL);
    } else if (err != OK) {
        show(visit, 422, "There is no such passkey.", NULL);
    } else {
        doorman_flow_changed(visit, user, "passkey removed");
        doorman_answer_to(visit, "/gatehouse/factors");
    }
}

void
doorman_factors_recovery(struct visit *visit)
{
    char codes[FACTOR_CODES][FACTOR_CODE];
    if (factor_recovery_new(visit->doorman->identity, visit->session.user, codes) != OK) {
        doorman_flow_unavailable(visit);
        return;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < FACTOR_CODES; i++) {
        (void)json_array_append_new(list, json_pack("{s:s}", "code", codes[i]));
    }
    doorman_flow_changed(visit, visit->session.user, "recovery codes");
    show(visit, 200, "", json_pack("{s:b, s:o}", "new_codes", 1, "codes", list));
}
