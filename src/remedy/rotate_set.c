/* A password's change on the lists of accounts of one device, there and back. */
#include "remedy/rotate_parts.h"

#include "base/text.h"
#include "ledger/event.h"

#include <string.h>

enum remedy_result
rotate_stopped(enum err err, enum remedy_result other)
{
    return err == ERR_CANCELLED ? REMEDY_STOPPED : other;
}

size_t
rotate_lists(const struct job *job)
{
    size_t count = job->driver == NULL ? 0 : job->driver->account_count;
    return count < ROTATE_LISTS ? count : ROTATE_LISTS;
}

const char *
rotate_list_name(size_t i)
{
    return i == 0 ? "web" : "onvif";
}

void
rotate_say(struct job *job, const char *name, json_t *value)
{
    if (job->after == NULL) {
        job->after = json_object();
    }
    (void)json_object_set_new(job->after, name, value);
}

bool
rotate_has_list(const struct job *job, size_t i)
{
    return json_is_true(json_array_get(json_object_get(job->before, "lists"), i));
}

bool
rotate_is_in_force(
    const struct job *job, const struct rotation *rotation, const struct secret *secret)
{
    struct vault *vault = NULL;
    struct secret *current = NULL;
    struct note unused;
    const struct keyring_name name = rotation_name(rotation);
    bool is_same = false;
    if (vault_open(&desk_settings(job->desk)->vault, false, &vault, &unused) == OK) {
        is_same =
            keyring_get(vault, &name, &current, &unused) == OK && secret_equal(current, secret);
        secret_free(current);
        vault_close(vault);
    }
    return is_same;
}

enum err
rotate_seal(struct job *job, struct rotation *rotation, const struct device_password_rule *rule)
{
    const struct keyring_name name = rotation_name(rotation);
    secret_free(rotation->next);
    rotation->next = NULL;
    enum err err = device_password_new(rule, rotation->user, &rotation->next);
    if (err != OK) {
        note_set(&job->why, "no safe password keeps its rule (%s)",
            rule->source == NULL ? "its own" : rule->source);
        return err;
    }
    /* The empty one that some come with is no secret: the mark alone tells it. */
    bool is_empty = secret_len(rotation->old) == 0;
    struct note note = {""}; /* tells of a keyring that was not there yet, too */
    err = keyring_begin(&desk_settings(job->desk)->vault, &name, is_empty ? NULL : rotation->old,
        rotation->next, &note);
    if (err != OK) {
        job->why = note;
    }
    return err;
}

/* Before a password leaves. */
static enum err
tell(const struct job *job, const char *phase, const struct device_account *account,
    const char *user, struct note *note)
{
    json_t *detail = json_pack("{s:s, s:s}", "list", account->title, "account", user);
    return detail == NULL ? ERR_MEMORY : desk_event(job, EVENT_DEVICE_ROTATE, phase, detail, note);
}

/* A shorter one, or one with a sign: by what the device said. */
static struct device_password_rule
plainer(const struct job *job, const struct rotation *rotation)
{
    struct device_password_rule rule = job->driver->accounts[0]->rule;
    bool is_long = text_contains_nocase(job->why.text, "long");
    bool had_sign = strpbrk(secret_text(rotation->next), "-_.~") != NULL;
    rule.max = rule.max != 0 && rule.max < 12 ? rule.max : 12;
    rule.classes = is_long || had_sign ? 3 : 4;
    rule.signs = 0;
    return rule;
}

/* Which of both is in force, after an answer that does not say. */
enum change_state
rotate_find_out(
    struct job *job, const struct rotation *rotation, const struct device_account *account)
{
    enum err err = rotation_try(job, rotation, account, rotation->next, SESSION_RECOVER);
    if (err == OK) {
        return CHANGE_TAKEN;
    }
    if (err != ERR_REFUSED) {
        return CHANGE_UNCLEAR;
    }
    err = rotation_try(job, rotation, account, rotation->old, SESSION_RECOVER);
    return err == OK ? CHANGE_REFUSED : CHANGE_UNCLEAR;
}

/* One that was kept is the owner's by now: wrong ones of the rotation do not stand in its way. */
static enum session_purpose
way_back(const struct job *job, const struct rotation *rotation)
{
    return rotate_is_in_force(job, rotation, rotation->next) ? SESSION_OWNER : SESSION_RECOVER;
}

enum change_state
rotate_set_list(struct job *job, const struct rotation *rotation,
    const struct device_account *account, bool is_back)
{
    struct session *session = NULL;
    const struct rotation_change change = {.account = account,
        .user = rotation->user,
        .from = is_back ? rotation->next : rotation->old,
        .to = is_back ? rotation->old : rotation->next};
    const struct session_key key = {.account = account,
        .user = rotation->user,
        .password = change.from,
        .purpose = is_back ? way_back(job, rotation) : SESSION_PROOF};
    enum err err = OK;
    if (job->session != NULL && (is_back || account == job->driver->accounts[0])) {
        session = job->session; /* of take() or open_next(), with the same password */
        job->session = NULL;
    } else {
        err = rotation_open(job, &key, &session);
    }
    if (err == OK) {
        err = tell(job, is_back ? "undoing" : "begin", account, rotation->user, &job->why);
        if (err != OK) {
            session_close(session);
            return CHANGE_REFUSED;
        }
    }
    enum change_state state = err == OK ? rotation_set(job, session, &change) : CHANGE_REFUSED;
    session_close(session);
    return state;
}

/* The first list: the one that may ask for another password. */
static enum remedy_result
set_first(struct job *job, struct rotation *rotation)
{
    const struct device_account *account = job->driver->accounts[0];
    enum change_state state = rotate_set_list(job, rotation, account, false);
    if (state == CHANGE_TOO_WEAK) {
        desk_tell(job, "it does not take the password (%.80s); a plainer one", job->why.text);
        const struct device_password_rule rule = plainer(job, rotation);
        if (rotate_seal(job, rotation, &rule) != OK) {
            return REMEDY_REFUSED;
        }
        state = rotate_set_list(job, rotation, account, false);
    }
    if (state == CHANGE_UNCLEAR || state == CHANGE_SEND) {
        state = rotate_find_out(job, rotation, account);
    }
    if (state == CHANGE_TAKEN) {
        return REMEDY_DONE;
    }
    if (state != CHANGE_UNCLEAR) {
        rotate_say(job, rotate_list_name(0), json_false());
    }
    return desk_is_stopped(job->desk) ? REMEDY_STOPPED
           : state == CHANGE_UNCLEAR  ? REMEDY_FAILED
                                      : REMEDY_REFUSED;
}

/* Before anything rests on it: a refusal here says that what it took is not what was sent. */
static enum remedy_result
see_first(struct job *job, struct rotation *rotation)
{
    enum err err =
        rotation_try(job, rotation, job->driver->accounts[0], rotation->next, SESSION_PROOF);
    if (err != ERR_REFUSED) {
        return err == OK ? REMEDY_DONE : rotate_stopped(err, REMEDY_FAILED);
    }
    rotate_say(job, rotate_list_name(0), json_false());
    const struct note why = job->why;
    bool has_room = session_may_prove(job, 1) == OK;
    err = has_room ? rotate_take_cut(job, rotation) : ERR_LIMIT;
    if (err == OK) {
        rotate_say(job, rotate_list_name(0), json_true());
        return REMEDY_DONE;
    }
    job->why = why;
    return rotate_stopped(err, REMEDY_UNPROVEN);
}

/* A further one: mostly the same list by another door, and then nothing is left to do. */
static enum remedy_result
set_further(struct job *job, const struct rotation *rotation, const struct device_account *account)
{
    enum err err = rotation_try(job, rotation, account, rotation->next, SESSION_PROOF);
    if (err != ERR_REFUSED && err != ERR_LIMIT) {
        return err == OK ? REMEDY_DONE : rotate_stopped(err, REMEDY_FAILED);
    }
    enum change_state state = rotate_set_list(job, rotation, account, false);
    if (state == CHANGE_UNCLEAR) {
        state = rotate_find_out(job, rotation, account);
    }
    return state == CHANGE_TAKEN ? REMEDY_DONE : REMEDY_FAILED;
}

enum remedy_result
rotate_set(struct job *job, struct rotation *rotation)
{
    enum remedy_result result = set_first(job, rotation);
    result = result == REMEDY_DONE ? rotate_lengthen(job, rotation) : result;
    result = result == REMEDY_DONE && rotate_lists(job) > 1 ? see_first(job, rotation) : result;
    for (size_t i = 1; i < rotate_lists(job) && result == REMEDY_DONE; i++) {
        if (rotate_has_list(job, i)) {
            result = set_further(job, rotation, job->driver->accounts[i]);
        }
    }
    return result;
}

/* The new one, which it leaves open for the way back. */
static enum err
open_next(struct job *job, const struct rotation *rotation, size_t i, enum session_purpose purpose)
{
    const struct session_key key = {.account = job->driver->accounts[i],
        .user = rotation->user,
        .password = rotation->next,
        .purpose = purpose};
    session_close(job->session);
    job->session = NULL;
    return rotation_open(job, &key, &job->session);
}

/*
 * OK: one of both opens the list. The more likely is tried first: each wrong one costs the budget.
 * Once the new one was refused the old one, which this rotation has proven, is the owner's again:
 * wrong ones of a rotation do not stand in its way.
 */
static enum err
open_either(struct job *job, const struct rotation *rotation, size_t i, bool *ret_is_old)
{
    bool was_refused = json_is_false(json_object_get(job->after, rotate_list_name(i)));
    bool old_first = i != 0 && !was_refused;
    /* The first list has just shown that it has the old one. */
    bool is_proven = i != 0 && json_is_false(json_object_get(job->after, rotate_list_name(0)));
    enum session_purpose with_old = is_proven ? SESSION_OWNER : SESSION_RECOVER;
    enum session_purpose with_next = i == 0 ? way_back(job, rotation) : SESSION_RECOVER;
    /* After a wrong one of the owner's there is no other that day, but a try of the rotation's. */
    enum session_purpose old_then =
        !was_refused && with_next == SESSION_OWNER ? SESSION_RECOVER : SESSION_OWNER;
    enum err err =
        was_refused ? ERR_REFUSED
        : old_first ? rotation_try(job, rotation, job->driver->accounts[i], rotation->old, with_old)
                    : open_next(job, rotation, i, with_next);
    *ret_is_old = old_first == (err == OK);
    if (err != ERR_REFUSED) {
        return err;
    }
    return old_first
               ? open_next(job, rotation, i, SESSION_RECOVER)
               : rotation_try(job, rotation, job->driver->accounts[i], rotation->old, old_then);
}

/* Neither opens it: it may have taken the first eight characters only. */
static enum err
open_cut(struct job *job, struct rotation *rotation)
{
    enum err err = rotate_take_cut(job, rotation);
    if (err != OK) {
        note_set(&job->why,
            "neither password opens it; kept are both and the first %d characters: gatehouse fix "
            "recover, tomorrow",
            ROTATE_CUT);
    }
    return err;
}

/* The next one, or its beginning that was in force before it: which is the next one then. */
static enum err
open_staged(struct job *job, struct rotation *rotation, struct secret *beginning)
{
    bool was_refused = json_is_false(json_object_get(job->after, rotate_list_name(0)));
    enum err err = was_refused ? ERR_REFUSED
                               : rotation_try(job, rotation, job->driver->accounts[0],
                                     rotation->next, SESSION_RECOVER);
    if (err != ERR_REFUSED) {
        return err;
    }
    err = rotation_try(job, rotation, job->driver->accounts[0], beginning, SESSION_OWNER);
    if (err == OK) {
        secret_free(rotation->next);
        rotation->next = secret_new(secret_text(beginning), secret_len(beginning));
        err = rotation->next == NULL ? ERR_MEMORY : OK;
    }
    return err;
}

/* Which it has; `ret_is_old`: the old one. */
static enum err
open_any(struct job *job, struct rotation *rotation, size_t i, bool *ret_is_old)
{
    struct secret *beginning = i == 0 ? rotate_beginning(job, rotation) : NULL;
    *ret_is_old = false;
    if (beginning != NULL) {
        enum err err = open_staged(job, rotation, beginning);
        secret_free(beginning);
        return err;
    }
    enum err err = open_either(job, rotation, i, ret_is_old);
    if (err == ERR_REFUSED && i == 0) { /* both were: a try that the budget refused says nothing */
        *ret_is_old = false;
        err = open_cut(job, rotation);
    }
    return err;
}

/* OK: the list has the old one. */
static enum remedy_result
set_one_back(struct job *job, struct rotation *rotation, size_t i)
{
    bool is_old = false;
    enum session_purpose after = i == 0 ? way_back(job, rotation) : SESSION_RECOVER;
    enum err err = open_any(job, rotation, i, &is_old);
    if (err != OK) {
        return rotate_stopped(err, REMEDY_FAILED);
    }
    if (is_old) {
        return REMEDY_DONE;
    }
    enum change_state state = rotate_set_list(job, rotation, job->driver->accounts[i], true);
    if (state == CHANGE_REFUSED || state == CHANGE_TOO_WEAK) {
        return REMEDY_REFUSED;
    }
    err = rotation_try(job, rotation, job->driver->accounts[i], rotation->old, after);
    return err == OK            ? REMEDY_DONE
           : err == ERR_REFUSED ? REMEDY_UNPROVEN
                                : rotate_stopped(err, REMEDY_FAILED);
}

enum remedy_result
rotate_set_back(struct job *job, struct rotation *rotation)
{
    enum remedy_result result = REMEDY_DONE;
    session_close(job->session); /* of take(), by a password that may be no more */
    job->session = NULL;
    for (size_t i = 0; i < rotate_lists(job) && result == REMEDY_DONE; i++) {
        if (rotate_has_list(job, i)) {
            result = set_one_back(job, rotation, i);
        }
    }
    return result;
}
