/* ZoneMinder's settings by its API (1.36.33: api/app/Controller/ConfigsController.php). */
#include "remedy/harden_settings.h"

#include "base/text.h"
#include "codec/digest.h"
#include "remedy/session.h"

#include <stdio.h>
#include <string.h>

#define SECRET_LEN 40
#define FORM       "application/x-www-form-urlencoded"

/* ZoneMinder docs: options, system (AUTH_RELAY, AUTH_HASH_SECRET). */
static const struct setting {
    const char *rule, *name;
    const char *value; /* NULL: a new secret */
    const char *changes;
} settings[] = {
    {"default-credentials/passwords-in-addresses", "ZM_AUTH_RELAY",       "hashed",
     "ZM_AUTH_RELAY: plain → hashed"                                           },
    {"default-credentials/key-known",              "ZM_AUTH_HASH_SECRET", NULL,
     "ZM_AUTH_HASH_SECRET: the printed one → a random one, sealed in the vault"},
};

static bool
has_account(const struct plan_from *from, const struct subject *subject)
{
    bool is_stranger = false;
    const struct site_device *known =
        from->site == NULL ? NULL : site_secret_device(from->site, subject, &is_stranger);
    return known != NULL && known->user != NULL && known->password != NULL;
}

static struct plan_step *
begin_step(struct plan *plan, const struct subject *subject)
{
    size_t target = plan_target(plan, subject);
    struct plan_step *step = target == SIZE_MAX ? NULL : plan_add(plan, "harden", target);
    json_t *detail = step == NULL ? NULL : json_pack("{s:[]}", "settings");
    if (detail == NULL) {
        return NULL;
    }
    json_decref(step->detail);
    step->detail = detail;
    step->words = "Set ZoneMinder's options for log-ins by its API";
    step->notices = "Everyone is logged out once; addresses with auth= or with user= and pass= in "
                    "them must be made anew.";
    step->untouched = "Whether it asks for a log-in at all, and its accounts.";
    step->is_reversible = true;
    return step;
}

static enum err
add_setting(struct plan *plan, struct plan_step *step, const struct setting *setting)
{
    json_t *list = json_object_get(step->detail, "settings");
    bool is_first = json_array_size(list) == 0;
    step->changes = is_first
                        ? setting->changes
                        : arena_format(&plan->arena, "%s; %s", step->changes, setting->changes);
    bool is_added = json_array_append_new(list, json_string(setting->name)) == 0;
    return step->changes == NULL || !is_added ? ERR_MEMORY : plan_closes(plan, step, setting->rule);
}

enum err
harden_settings_step(struct plan *plan, const struct plan_from *from, const struct subject *subject)
{
    struct plan_step *step = NULL;
    enum err err = OK;
    if (!text_equal(subject->driver, "zoneminder") || subject->address_count == 0 ||
        !has_account(from, subject)) {
        return OK;
    }
    for (size_t i = 0; i < COUNT(settings) && err == OK; i++) {
        if (plan_wants_rule(from, settings[i].rule, subject)) {
            step = step != NULL ? step : begin_step(plan, subject);
            err = step == NULL ? ERR_LIMIT : add_setting(plan, step, &settings[i]);
        }
    }
    return err;
}

/* The next setting that the step is about; NULL: no more. */
static const struct setting *
next_setting(const struct job *job, size_t *at)
{
    const json_t *list = json_object_get(job->step->detail, "settings");
    while (*at < json_array_size(list)) {
        const char *name = json_string_value(json_array_get(list, (*at)++));
        for (size_t i = 0; i < COUNT(settings); i++) {
            if (text_equal(settings[i].name, name)) {
                return &settings[i];
            }
        }
    }
    return NULL;
}

static enum err
read_setting(
    struct job *job, struct session *session, const struct setting *setting, const char **ret_value)
{
    struct answer answer = {.err = OK};
    const struct ask ask = {
        .path = arena_format(&job->arena, "/zm/api/configs/viewByName/%s.json", setting->name),
        .login = true,
    };
    enum err err = ask.path == NULL ? ERR_MEMORY : session_ask(session, &ask, &job->arena, &answer);
    err = err != OK ? err : answer.err;
    json_t *json = err != OK || answer.status != 200
                       ? NULL
                       : json_loadb(answer.body, answer.body_len, JSON_REJECT_DUPLICATES, NULL);
    const char *value =
        json_string_value(json_object_get(json_object_get(json, "config"), "Value"));
    *ret_value = arena_copy(&job->arena, value);
    json_decref(json);
    if (*ret_value == NULL) {
        note_set(&job->why,
            "its API does not tell %s (status %u); the account needs API access in Options > Users",
            setting->name, (unsigned)answer.status);
        return err != OK ? err : ERR_REFUSED;
    }
    return OK;
}

static enum err
write_setting(
    struct job *job, struct session *session, const struct setting *setting, const char *value)
{
    struct answer answer = {.err = OK};
    CLEANUP(buf_release) struct buf body;
    buf_init(&body, 4096);
    buf_text(&body, "Config[Value]=");
    for (const char *c = value; *c != '\0'; c++) {
        buf_format(&body, "%%%02X", (unsigned)(uint8_t)*c);
    }
    const char *path = arena_format(&job->arena, "/zm/api/configs/edit/%s.json", setting->name);
    if (buf_error(&body) != OK || path == NULL) {
        return ERR_LIMIT;
    }
    const struct request request = {
        .ask = {.path = path, .body = body.data, .type = FORM, .login = true},
    };
    enum err err = session_send(session, &request, &job->arena, &answer);
    err = err != OK ? err : answer.err;
    if (err == OK && answer.status != 200) {
        note_set(&job->why, "its API does not take %s (status %u)", setting->name,
            (unsigned)answer.status);
        return ERR_REFUSED;
    }
    return err;
}

enum err
harden_seal(
    const struct vault_place *place, const char *name, struct secret **ret, struct note *note)
{
    struct vault *vault = NULL;
    struct secret *secret = NULL;
    enum err err = vault_open(place, true, &vault, note);
    if (err != OK) {
        return err;
    }
    err = vault_get(vault, name, &secret, note);
    if (err == ERR_MISSING) {
        note->text[0] = '\0';
        secret = secret_new_random(SECRET_LEN);
        err = secret == NULL ? ERR_MEMORY : vault_set(vault, name, secret, note);
        err = err != OK ? err : vault_save(vault, note);
    }
    vault_close(vault);
    if (err != OK) {
        secret_free(secret);
        return err;
    }
    *ret = secret;
    return OK;
}

/* The secret of this VMS. */
static enum err
seal(struct job *job, struct secret **ret)
{
    char key[SUBJECT_KEY];
    char hex[DIGEST_HEX];
    char name[VAULT_NAME + 1];
    (void)subject_key(job->subject, key);
    enum err err = digest_hex(DIGEST_SHA256, key, strlen(key), hex);
    (void)snprintf(name, sizeof(name), "harden.zm_hash_secret.%.12s", hex);
    return err == OK ? harden_seal(&desk_settings(job->desk)->vault, name, ret, &job->why) : err;
}

static enum remedy_result
result_of(enum err err, enum remedy_result otherwise)
{
    return err == OK ? REMEDY_DONE : err == ERR_CANCELLED ? REMEDY_STOPPED : otherwise;
}

enum remedy_result
harden_settings_take(struct job *job)
{
    struct session *session = NULL;
    size_t at = 0;
    enum err err = session_open_known(job, &session);
    json_t *before = json_object();
    for (const struct setting *s = next_setting(job, &at); s != NULL && err == OK;
         s = next_setting(job, &at)) {
        const char *value = NULL;
        err = read_setting(job, session, s, &value);
        if (err == OK) {
            (void)json_object_set_new(before, s->name, json_string(value));
        }
    }
    session_close(session);
    json_decref(job->before);
    job->before = before;
    return result_of(err, REMEDY_REFUSED);
}

enum remedy_result
harden_settings_apply(struct job *job)
{
    struct session *session = NULL;
    struct secret *secret = NULL;
    size_t at = 0;
    enum err err = seal(job, &secret);
    err = err != OK ? err : session_open_known(job, &session);
    for (const struct setting *s = next_setting(job, &at); s != NULL && err == OK;
         s = next_setting(job, &at)) {
        err = write_setting(job, session, s, s->value != NULL ? s->value : secret_text(secret));
    }
    session_close(session);
    secret_free(secret);
    return result_of(err, REMEDY_FAILED);
}

enum remedy_result
harden_settings_prove(struct job *job)
{
    struct session *session = NULL;
    struct secret *secret = NULL;
    size_t at = 0;
    enum err err = seal(job, &secret);
    err = err != OK ? err : session_open_known(job, &session);
    for (const struct setting *s = next_setting(job, &at); s != NULL && err == OK;
         s = next_setting(job, &at)) {
        const char *value = NULL;
        err = read_setting(job, session, s, &value);
        if (err == OK && !text_equal(value, s->value != NULL ? s->value : secret_text(secret))) {
            note_set(&job->why, "%s is not what was set", s->name);
            err = ERR_VALUE;
        }
    }
    session_close(session);
    secret_free(secret);
    return result_of(err, REMEDY_UNPROVEN);
}

enum remedy_result
harden_settings_undo(struct job *job)
{
    struct session *session = NULL;
    size_t at = 0;
    enum err err = session_open_known(job, &session);
    for (const struct setting *s = next_setting(job, &at); s != NULL && err == OK;
         s = next_setting(job, &at)) {
        const char *old = json_string_value(json_object_get(job->before, s->name));
        const char *value = NULL;
        if (old == NULL) {
            continue; /* it was not read, so it was not changed */
        }
        err = read_setting(job, session, s, &value);
        if (err == OK && !text_equal(value, old)) {
            err = write_setting(job, session, s, old);
            err = err != OK ? err : read_setting(job, session, s, &value);
            err = err == OK && !text_equal(value, old) ? ERR_VALUE : err;
        }
    }
    session_close(session);
    return result_of(err, REMEDY_FAILED);
}
