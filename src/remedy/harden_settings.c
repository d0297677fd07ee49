/* Settings of a VMS that are changed by its API: which, and one after the other. */
#include "remedy/harden_settings.h"

#include "base/text.h"
#include "codec/digest.h"
#include "remedy/harden_api.h"
#include "remedy/harden_plan.h"

#include <stdio.h>
#include <string.h>

#define SECRET_LEN 40

#define HARDEN_API(driver, rule, name, value, flags, changes, notices)                             \
    extern const struct harden_api harden_##driver;
#include "remedy/harden_api.def"
#undef HARDEN_API

#define HARDEN_API(driver, rule, name, value, flags, changes, notices)                             \
    {#driver, &harden_##driver, rule, name, value, changes, notices, flags},
const struct harden_setting harden_setting_rows[] = {
#include "remedy/harden_api.def"
};
#undef HARDEN_API
const size_t harden_setting_count = COUNT(harden_setting_rows);

/* Whether the assessment has read this API, and by TLS. */
static bool
was_seen(const struct harden_setting *setting, const struct subject *subject)
{
    const char *start = (setting->flags & HARDEN_TLS) != 0 ? "https://" : "";
    if (setting->api->seen == NULL) {
        return true;
    }
    for (size_t id = 0; id < FACT_COUNT; id++) {
        for (const struct fact *f = subject->facts.best[id]; f != NULL; f = f->next) {
            const char *asked = f->evidence == NULL ? NULL : f->evidence->asked;
            if (text_contains(asked, setting->api->seen) && text_contains(asked, start)) {
                return true;
            }
        }
    }
    return false;
}

static struct plan_step *
begin_step(struct plan *plan, const struct harden_setting *setting, const struct subject *subject)
{
    size_t target = plan_target(plan, subject);
    struct plan_step *step = target == SIZE_MAX ? NULL : plan_add(plan, "harden", target);
    if (step == NULL || plan_detail(step, json_pack("{s:[]}", "settings")) != OK) {
        return NULL;
    }
    step->words = arena_format(&plan->arena, "Set %s's options by its API", setting->api->title);
    step->untouched = setting->api->untouched;
    step->is_reversible = true;
    return step->words == NULL ? NULL : step;
}

/* "a; b", once each. */
static const char *
join(struct arena *arena, const char *words, const char *sign, const char *more)
{
    return words == NULL                ? more
           : text_contains(words, more) ? words
                                        : arena_format(arena, "%s%s%s", words, sign, more);
}

static enum err
add_setting(struct plan *plan, struct plan_step *step, const struct harden_setting *setting)
{
    json_t *list = json_object_get(step->detail, "settings");
    step->changes = join(&plan->arena, step->changes, "; ", setting->changes);
    step->notices = join(&plan->arena, step->notices, " ", setting->notices);
    bool is_added = json_array_append_new(list, json_string(setting->name)) == 0;
    return step->changes == NULL || step->notices == NULL || !is_added
               ? ERR_MEMORY
               : plan_closes(plan, step, setting->rule);
}

enum err
harden_settings_step(struct plan *plan, const struct plan_from *from, const struct subject *subject)
{
    struct plan_step *step = NULL;
    enum err err = OK;
    if (subject->address_count == 0 || !harden_account_is_known(from, subject)) {
        return OK;
    }
    for (size_t i = 0; i < harden_setting_count && err == OK; i++) {
        const struct harden_setting *setting = &harden_setting_rows[i];
        if (text_equal(subject->driver, setting->driver) && was_seen(setting, subject) &&
            plan_wants_rule(from, setting->rule, subject)) {
            step = step != NULL ? step : begin_step(plan, setting, subject);
            err = step == NULL ? ERR_LIMIT : add_setting(plan, step, setting);
        }
    }
    return err;
}

/* The settings of a step, one after the other, in one log-in. */
struct walk {
    struct job *job;
    struct session *session;
    struct secret *secret; /* what a setting without a value becomes */
    size_t at;
    bool has_written;
};

/* The next setting that the step is about; NULL: no more. */
static const struct harden_setting *
next_setting(struct walk *walk)
{
    const json_t *list = json_object_get(walk->job->step->detail, "settings");
    while (walk->at < json_array_size(list)) {
        const char *name = json_string_value(json_array_get(list, walk->at++));
        for (size_t i = 0; i < harden_setting_count; i++) {
            if (text_equal(harden_setting_rows[i].name, name)) {
                return &harden_setting_rows[i];
            }
        }
    }
    return NULL;
}

static const char *
value_of(const struct walk *walk, const struct harden_setting *setting)
{
    return setting->value != NULL ? setting->value : secret_text(walk->secret);
}

static const char *
value_before(const struct walk *walk, const struct harden_setting *setting)
{
    return json_string_value(json_object_get(walk->job->before, setting->name));
}

/*
 * A change of how log-ins are kept can end the one that made it (ZoneMinder with AUTH_HASH_LOGINS
 * holds a session for valid by AUTH_RELAY and AUTH_HASH_SECRET): one more, then.
 */
static enum err
renew(struct walk *walk)
{
    session_close(walk->session);
    walk->session = NULL;
    walk->has_written = false;
    walk->job->why.text[0] = '\0';
    return session_open_known(walk->job, &walk->session);
}

static enum err
read_setting(struct walk *walk, const struct harden_setting *setting, const char **ret_value)
{
    enum err err = setting->api->read(walk->job, walk->session, setting->name, ret_value);
    if (err == ERR_REFUSED && walk->has_written) {
        err = renew(walk);
        err = err != OK ? err
                        : setting->api->read(walk->job, walk->session, setting->name, ret_value);
    }
    return err;
}

static enum err
write_setting(struct walk *walk, const struct harden_setting *setting, const char *value)
{
    enum err err = setting->api->write(walk->job, walk->session, setting->name, value);
    if (err == ERR_REFUSED && walk->has_written) {
        err = renew(walk);
        err = err != OK ? err : setting->api->write(walk->job, walk->session, setting->name, value);
    }
    walk->has_written = walk->has_written || err == OK;
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

/* The secret of this VMS's setting. */
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

/* `secret`: the step may need a new one. */
static enum err
walk_open(struct walk *walk, struct job *job, bool secret)
{
    enum err err = OK;
    *walk = (struct walk){.job = job};
    for (const struct harden_setting *s = next_setting(walk); s != NULL && err == OK && secret;
         s = next_setting(walk)) {
        if (s->value == NULL && walk->secret == NULL) {
            err = seal(job, &walk->secret);
        }
    }
    walk->at = 0;
    return err != OK ? err : session_open_known(job, &walk->session);
}

static void
walk_close(struct walk *walk)
{
    session_close(walk->session);
    secret_free(walk->secret);
}

enum remedy_result
harden_settings_take(struct job *job)
{
    struct walk walk;
    enum err err = walk_open(&walk, job, false);
    json_t *before = json_object();
    for (const struct harden_setting *s = next_setting(&walk); s != NULL && err == OK;
         s = next_setting(&walk)) {
        const char *value = NULL;
        err = read_setting(&walk, s, &value);
        if (err == OK) {
            (void)json_object_set_new(before, s->name, json_string(value));
        }
    }
    walk_close(&walk);
    json_decref(job->before);
    job->before = before;
    return result_of(err, REMEDY_REFUSED);
}

enum remedy_result
harden_settings_apply(struct job *job)
{
    struct walk walk;
    enum err err = walk_open(&walk, job, true);
    for (const struct harden_setting *s = next_setting(&walk); s != NULL && err == OK;
         s = next_setting(&walk)) {
        if (!text_equal(value_before(&walk, s), value_of(&walk, s))) {
            err = write_setting(&walk, s, value_of(&walk, s));
        }
    }
    walk_close(&walk);
    return result_of(err, REMEDY_FAILED);
}

enum remedy_result
harden_settings_prove(struct job *job)
{
    struct walk walk;
    enum err err = walk_open(&walk, job, true);
    for (const struct harden_setting *s = next_setting(&walk); s != NULL && err == OK;
         s = next_setting(&walk)) {
        const char *value = NULL;
        err = read_setting(&walk, s, &value);
        if (err == OK && !text_equal(value, value_of(&walk, s))) {
            note_set(&job->why, "%s is not what was set", s->name);
            err = ERR_VALUE;
        }
    }
    walk_close(&walk);
    return result_of(err, REMEDY_UNPROVEN);
}

/* Back to what was read before, and read again. */
static enum err
put_back(struct walk *walk, const struct harden_setting *setting, const char *old)
{
    const char *value = NULL;
    enum err err = read_setting(walk, setting, &value);
    if (err != OK || text_equal(value, old)) {
        return err;
    }
    err = write_setting(walk, setting, old);
    err = err != OK ? err : read_setting(walk, setting, &value);
    if (err == OK && !text_equal(value, old)) {
        note_set(&walk->job->why, "%s did not go back to what it was", setting->name);
        return ERR_VALUE;
    }
    return err;
}

/* One that does not go back does not keep the others from it. */
enum remedy_result
harden_settings_undo(struct job *job)
{
    struct walk walk;
    enum err err = walk_open(&walk, job, false);
    enum err worst = err;
    for (const struct harden_setting *s = next_setting(&walk);
         s != NULL && walk.session != NULL && err != ERR_CANCELLED; s = next_setting(&walk)) {
        const char *old = value_before(&walk, s);
        if (old != NULL) { /* else it was not read, so it was not changed */
            err = put_back(&walk, s, old);
            worst = worst == OK ? err : worst;
        }
    }
    walk_close(&walk);
    return result_of(worst, REMEDY_FAILED);
}
