/*
 * A password of its own for each device: sealed before it is sent, proven on the web, by ONVIF and
 * by RTSP, and taken back where the proof does not hold.
 */
#include "base/clock.h"
#include "base/text.h"
#include "remedy/consumer.h"
#include "remedy/desk_post.h"
#include "remedy/rotate_parts.h"

#include <string.h>

static bool
is_there(const struct job *job, const struct device_account *account)
{
    return account->door != &device_door_onvif || account == job->driver->accounts[0] ||
           facts_get(&job->subject->facts, FACT_ONVIF_SERVICE) != NULL;
}

static unsigned
most(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* The stricter of both. */
static void
join_rules(struct device_password_rule *rule, const struct device_password_rule *other)
{
    rule->min = most(rule->min, other->min);
    rule->max =
        rule->max == 0 || (other->max != 0 && other->max < rule->max) ? other->max : rule->max;
    rule->upper = most(rule->upper, other->upper);
    rule->lower = most(rule->lower, other->lower);
    rule->digits = most(rule->digits, other->digits);
    rule->signs = most(rule->signs, other->signs);
    rule->classes = most(rule->classes, other->classes);
    rule->allowed = rule->allowed == NULL ? other->allowed : rule->allowed;
    rule->without_user = rule->without_user || other->without_user;
}

static void
read_rule(struct job *job, struct session *session, const struct device_account *account,
    struct device_password_rule *rule)
{
    struct device_password_rule its = account->rule;
    if (account->rule_ask != NULL && account->read_rule != NULL) {
        struct answer answer;
        if (session_ask(session, account->rule_ask, &job->arena, &answer) == OK) {
            account->read_rule(&answer, &its);
        }
    }
    join_rules(rule, &its);
}

/* Opens each list with the password that is known, and reads its rule. */
static enum err
look_at_lists(struct job *job, const struct rotation *rotation, struct device_password_rule *rule,
    json_t *lists)
{
    for (size_t i = 0; i < rotate_lists(job); i++) {
        const struct device_account *account = job->driver->accounts[i];
        struct session *session = NULL;
        const struct session_key key = {.account = account,
            .user = rotation->user,
            .password = rotation->old,
            .purpose = i == 0 ? SESSION_OWNER : SESSION_RECOVER};
        enum err err =
            is_there(job, account) ? rotation_open(job, &key, &session) : ERR_UNSUPPORTED;
        if (err == OK) {
            read_rule(job, session, account, rule);
            if (i == 0) { /* the change goes by it */
                session_close(job->session);
                job->session = session;
            } else {
                session_close(session);
            }
        } else if (i == 0 || err == ERR_CANCELLED || err == ERR_LIMIT) {
            return err;
        }
        if (json_array_append_new(lists, json_boolean(err == OK)) != 0) {
            return ERR_MEMORY;
        }
    }
    return OK;
}

static enum err
note_before(struct job *job, const struct rotation *rotation, bool is_ours, json_t *lists)
{
    char mark[ROTATION_MARK];
    enum err err = rotation_mark(rotation, mark);
    if (err == OK) {
        job->before = json_pack("{s:s, s:s, s:b, s:O}", "user", rotation->user, "mark", mark,
            "ours", is_ours ? 1 : 0, "lists", lists);
        err = job->before == NULL ? ERR_MEMORY : OK;
    }
    return err;
}

/* A bad outcome needs wrong tries of its own: where they are not to be had, nothing is begun. */
static enum err
may_change(struct job *job)
{
    enum err err = session_may_prove(job, 0);
    if (err != OK || session_may_prove(job, 1) == OK) {
        return err;
    }
    const struct note why = job->why;
    note_set(&job->why,
        "were its answer to the change not true, no log-in would be left to find out what it has "
        "(%.120s); another day",
        why.text);
    return ERR_LIMIT;
}

static enum err
seal(struct job *job, struct rotation *rotation, struct device_password_rule *rule)
{
    struct note unused = job->why;
    if (rotate_was_cut(job, rotation) && rule->min <= ROTATE_CUT) {
        rule->max = ROTATE_CUT;
    }
    bool has_room = session_may_prove(job, 2) == OK;
    job->why = unused;
    return has_room ? rotate_seal(job, rotation, rule) : rotate_seal_staged(job, rotation, rule);
}

static enum remedy_result
take(struct job *job)
{
    struct rotation rotation = {.old = NULL};
    struct device_password_rule rule = {.min = 8};
    json_t *lists = json_array();
    if (rotate_lists(job) == 0 || lists == NULL) {
        json_decref(lists);
        note_set(&job->why, "how its passwords are changed is not published");
        return REMEDY_REFUSED;
    }
    (void)desk_key(job, rotation.device);
    enum err err = session_known_key(job, rotation.user, sizeof(rotation.user), &rotation.old);
    err = err == OK ? look_at_lists(job, &rotation, &rule, lists) : err;
    err = err == OK ? may_change(job) : err; /* else it could end with neither proven */
    bool ours = err == OK && rotate_is_in_force(job, &rotation, rotation.old);
    rule.source = job->driver->accounts[0]->rule.source;
    err = err == OK ? note_before(job, &rotation, ours, lists) : err;
    err = err == OK ? seal(job, &rotation, &rule) : err;
    json_decref(lists);
    rotation_release(&rotation);
    return err == OK            ? REMEDY_DONE
           : err == ERR_REFUSED ? REMEDY_CHANGED
                                : rotate_stopped(err, REMEDY_REFUSED);
}

static enum remedy_result
apply(struct job *job)
{
    struct rotation rotation;
    if (rotation_load(job, &rotation) != OK) {
        return REMEDY_FAILED;
    }
    enum remedy_result result = rotate_set(job, &rotation);
    rotation_release(&rotation);
    return result;
}

/* RTSP on its own: some firmware keeps the old password there until it restarts. */
static enum remedy_result
prove_rtsp(struct job *job, const struct rotation *rotation)
{
    const struct device_account rtsp = {
        .title = "RTSP",
        .door = &device_door_rtsp,
        .door_ask = {.method = "DESCRIBE", .login = true}
    };
    bool asks = facts_is_yes(&job->subject->facts, FACT_LOGIN_RTSP_ASKED);
    if (!job->driver->accounts[0]->opens_rtsp || !asks || job->driver->stream_count == 0) {
        return REMEDY_DONE;
    }
    enum err err = rotation_try(job, rotation, &rtsp, rotation->next, SESSION_PROOF);
    if (err == OK || err == ERR_REFUSED) {
        rotate_say(job, "rtsp", json_boolean(err == OK));
    }
    return err == ERR_REFUSED     ? REMEDY_UNPROVEN
           : err == ERR_CANCELLED ? REMEDY_STOPPED
                                  : REMEDY_DONE;
}

static enum remedy_result
prove_lists(struct job *job, const struct rotation *rotation)
{
    const struct keyring_name name = rotation_name(rotation);
    for (size_t i = 0; i < rotate_lists(job); i++) {
        const struct device_account *account = job->driver->accounts[i];
        enum err err = rotate_has_list(job, i)
                           ? rotation_try(job, rotation, account, rotation->next, SESSION_PROOF)
                           : OK;
        if (err == ERR_REFUSED) {
            rotate_say(job, rotate_list_name(i), json_false());
        }
        if (err != OK) {
            return err == ERR_REFUSED ? REMEDY_UNPROVEN : rotate_stopped(err, REMEDY_FAILED);
        }
        if (rotate_has_list(job, i)) {
            rotate_say(job, rotate_list_name(i), json_true());
        }
        /* From here on everybody else opens it with the new one: the video check does at once. */
        if (i == 0 && keyring_commit(&desk_settings(job->desk)->vault, &name, &job->why) != OK) {
            return REMEDY_FAILED;
        }
    }
    return REMEDY_DONE;
}

/* OK: it opens. */
static enum err
try_wrong(struct job *job, const struct rotation *rotation, const struct secret *secret)
{
    struct note why = job->why;
    enum err err = rotation_try(job, rotation, job->driver->accounts[0], secret, SESSION_COUNTER);
    job->why = why;
    return err;
}

/* Its first eight open it too: they are kept as well, for the day on which it looks at all. */
static void
note_cut(struct job *job, const struct rotation *rotation)
{
    const struct keyring_name name = rotation_name(rotation);
    const struct vault_place *place = &desk_settings(job->desk)->vault;
    struct secret *cut = secret_new(secret_text(rotation->next), ROTATE_CUT);
    bool opens = cut != NULL && try_wrong(job, rotation, cut) == OK;
    rotate_say(job, "looks_at_all", json_false());
    if (opens) {
        rotate_say(job, "looks_at", json_integer(ROTATE_CUT));
        desk_tell(job, "it looks at the first 8 characters of the password only");
        if (keyring_begin(place, &name, NULL, cut, &job->why) != OK ||
            keyring_restore(place, &name, rotation->next, true, &job->why) != OK) {
            desk_tell(job, "the keyring could not note that: %.120s", job->why.text);
        }
    }
    secret_free(cut);
}

/* As far as the budget has wrong tries to spare: the old one fails, and so does a changed one. */
static enum remedy_result
prove_wrong(struct job *job, const struct rotation *rotation)
{
    char text[VAULT_PASSWORD + 1];
    size_t len = secret_len(rotation->next);
    enum err err = try_wrong(job, rotation, rotation->old);
    if (err == OK) {
        note_set(&job->why, "its old password still opens it");
        rotate_say(job, "old_fails", json_false());
        return REMEDY_UNPROVEN;
    }
    rotate_say(job, "old_fails", err == ERR_REFUSED ? json_true() : json_null());
    if (err != ERR_REFUSED || len < 9 ||
        !text_copy(text, sizeof(text), secret_text(rotation->next))) {
        return rotate_stopped(err, REMEDY_DONE);
    }
    text[len - 1] = text[len - 1] == 'x' ? 'y' : 'x';
    struct secret *changed = secret_new_text(text);
    explicit_bzero(text, sizeof(text));
    err = changed == NULL ? ERR_MEMORY : try_wrong(job, rotation, changed);
    secret_free(changed);
    if (err == OK) {
        note_cut(job, rotation);
    } else if (err == ERR_REFUSED) {
        rotate_say(job, "looks_at_all", json_true());
    }
    return rotate_stopped(err, REMEDY_DONE);
}

static enum remedy_result
prove(struct job *job)
{
    struct rotation rotation;
    if (rotation_load(job, &rotation) != OK) {
        return REMEDY_FAILED;
    }
    enum err err = desk_wait(job->desk, clock_left(job->changed, ROTATE_LATER_MS));
    enum remedy_result result =
        err == OK ? prove_lists(job, &rotation) : rotate_stopped(err, REMEDY_FAILED);
    result = result == REMEDY_DONE ? prove_rtsp(job, &rotation) : result;
    result = result == REMEDY_DONE ? prove_wrong(job, &rotation) : result;
    rotation_release(&rotation);
    return result;
}

static struct consumer_change
consumers_of(const struct job *job, const struct rotation *rotation)
{
    return (struct consumer_change){.user = rotation->user,
        .from = rotation->old,
        .to = rotation->next,
        .even_unknown = json_is_true(json_object_get(job->step->detail, "even_unknown"))};
}

/* Twice is once: whoever was told before a crash is told again. */
static enum remedy_result
keep(struct job *job)
{
    struct rotation rotation;
    if (rotation_load(job, &rotation) != OK) {
        return REMEDY_FAILED;
    }
    const struct keyring_name name = rotation_name(&rotation);
    enum err err = keyring_commit(&desk_settings(job->desk)->vault, &name, &job->why);
    const struct consumer_change change = consumers_of(job, &rotation);
    enum remedy_result result = err == OK ? consumer_hand_over(job, &change) : REMEDY_FAILED;
    rotation_release(&rotation);
    return result;
}

/* Whatever opens it now: the old one again, and proven; or the new one stays, and that is said. */
static enum remedy_result
undo(struct job *job)
{
    struct rotation rotation;
    if (job->before == NULL) {
        return REMEDY_DONE;
    }
    if (rotation_load(job, &rotation) != OK) {
        return REMEDY_FAILED;
    }
    const struct keyring_name name = rotation_name(&rotation);
    const struct vault_place *place = &desk_settings(job->desk)->vault;
    enum remedy_result result = rotate_set_back(job, &rotation);
    struct note why = job->why;
    if (result == REMEDY_DONE) {
        const struct consumer_change change = consumers_of(job, &rotation);
        enum remedy_result told = consumer_take_back(job, &change);
        bool is_ours = json_is_true(json_object_get(job->before, "ours"));
        result = keyring_restore(place, &name, rotation.old, is_ours, &job->why) == OK
                     ? told
                     : REMEDY_FAILED;
    } else if (result == REMEDY_REFUSED) {
        struct note note = {""};
        enum err err = keyring_restore(place, &name, rotation.next, true, &note);
        note_set(&job->why, "it does not take its old password back (%.120s); the new one %s",
            why.text, err == OK ? "is in force and in the keyring" : "opens it");
    }
    rotation_release(&rotation);
    return result;
}

const struct remedy_kind remedy_rotate = {
    .name = "rotate",
    .title = "New passwords",
    .propose = rotate_propose,
    .take = take,
    .apply = apply,
    .prove = prove,
    .keep = keep,
    .undo = undo,
    .has_video = true,
};
