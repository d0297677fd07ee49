/*
 * Which of the passwords that Gatehouse set is in force: tried one by one inside the lock-out
 * budget, only when it is asked for. Nothing is changed at the device.
 */
#include "base/clock.h"
#include "base/text.h"
#include "remedy/desk_post.h"
#include "remedy/rotate_parts.h"
#include "store/budget.h"

#include <stdio.h>

/* The account and its candidates; the caller frees them. */
static enum err
load(struct job *job, struct rotation *rotation, struct secret **all, size_t *ret_count)
{
    struct vault *vault = NULL;
    const struct keyring_name name = rotation_name(rotation);
    (void)desk_key(job, rotation->device);
    enum err err = vault_open(&desk_settings(job->desk)->vault, false, &vault, &job->why);
    if (err != OK) {
        return err;
    }
    err = keyring_any_account(vault, rotation->device, rotation->user, sizeof(rotation->user));
    if (err != OK) {
        note_set(&job->why, "the keyring has no password of it");
    } else {
        err = keyring_candidates(vault, &name, all, ret_count, &job->why);
    }
    vault_close(vault);
    return err;
}

static enum remedy_result
take(struct job *job)
{
    struct rotation rotation = {.old = NULL};
    struct secret *all[KEYRING_CANDIDATES];
    size_t count = 0;
    if (rotate_lists(job) == 0) {
        note_set(&job->why, "how it is opened is not known");
        return REMEDY_REFUSED;
    }
    enum err err = load(job, &rotation, all, &count);
    for (size_t i = 0; i < count; i++) {
        secret_free(all[i]);
    }
    if (err == OK && count != 0) {
        job->before =
            json_pack("{s:s, s:I}", "user", rotation.user, "candidates", (json_int_t)count);
    }
    return job->before != NULL ? REMEDY_DONE : REMEDY_REFUSED;
}

static void
tell_found(struct job *job, const char *user, size_t i)
{
    char words[80];
    (void)snprintf(words, sizeof(words), "number %zu of those that were tried", i + 1);
    json_decref(job->after);
    job->after = json_pack("{s:s, s:s, s:i}", "account", user, "opens", words, "wrong", (int)i);
    desk_tell(job, "%s of the passwords that are kept opens it", words);
}

/* It keeps no more of a password: the one that opens it is whole for it, and so is the next. */
static void
tell_cut(struct job *job, const struct rotation *rotation, struct secret *opens)
{
    struct rotation found = *rotation;
    found.old = opens;
    if (rotate_was_cut(job, &found)) {
        rotate_say(job, "keeps", json_integer(ROTATE_CUT));
        desk_tell(job,
            "it has the first %d characters of one that it was given, and keeps these whole; "
            "gatehouse fix --kind rotate gives it one of so many and tells who uses it",
            ROTATE_CUT);
    }
}

/* ERR_REFUSED: none does. */
static enum err
try_all(struct job *job, const struct rotation *rotation, struct secret *const *all, size_t count)
{
    const struct keyring_name name = rotation_name(rotation);
    enum err err = ERR_REFUSED;
    for (size_t i = 0; i < count && err == ERR_REFUSED; i++) {
        err = rotation_try(job, rotation, job->driver->accounts[0], all[i], SESSION_RECOVER);
        if (err == OK) {
            tell_found(job, rotation->user, i);
            tell_cut(job, rotation, all[i]);
            err = keyring_restore(&desk_settings(job->desk)->vault, &name, all[i], true, &job->why);
        }
    }
    if (err == ERR_REFUSED) {
        note_set(&job->why, "none of the %zu passwords that are kept opens it", count);
    }
    return err;
}

/* A log-in with the password that was believed to be in force, today. */
static bool
was_refused(struct job *job)
{
    struct store *store = desk_settings(job->desk)->store;
    struct budget_request request = {.now = clock_wall()};
    struct budget_refusals refusals = {.count = 0};
    bool is_refused = facts_get(&job->subject->facts, FACT_LOGIN_OWNER_FAILED) != NULL;
    if (store == NULL || is_refused) {
        return is_refused;
    }
    budget_request_keys(&request, job->subject);
    desk_store_lock(job->desk);
    enum err err = budget_refused(store, &request, &refusals);
    desk_store_unlock(job->desk);
    for (size_t i = 0; i < refusals.count && err == OK; i++) {
        const struct budget_refusal *row = &refusals.rows[i];
        is_refused = is_refused || (text_equal(row->credential, BUDGET_OWNER) &&
                                       row->at > request.now - CLOCK_DAY);
    }
    return is_refused;
}

/* The one in force was just seen refused: it goes to the end. */
static void
put_off(struct job *job, const struct rotation *rotation, struct secret **all, size_t count)
{
    struct vault *vault = NULL;
    struct secret *now = NULL;
    struct note unused;
    const struct keyring_name name = rotation_name(rotation);
    if (!was_refused(job) ||
        vault_open(&desk_settings(job->desk)->vault, false, &vault, &unused) != OK) {
        return;
    }
    if (keyring_get(vault, &name, &now, &unused) == OK) {
        for (size_t i = 0; i + 1 < count; i++) {
            if (secret_equal(all[i], now)) {
                struct secret *later = all[i];
                all[i] = all[i + 1];
                all[i + 1] = later;
            }
        }
        secret_free(now);
    }
    vault_close(vault);
}

static enum remedy_result
apply(struct job *job)
{
    struct rotation rotation = {.old = NULL};
    struct secret *all[KEYRING_CANDIDATES];
    size_t count = 0;
    enum err err = load(job, &rotation, all, &count);
    if (err == OK) {
        put_off(job, &rotation, all, count);
        err = try_all(job, &rotation, all, count);
    }
    for (size_t i = 0; i < count; i++) {
        secret_free(all[i]);
    }
    return err == OK ? REMEDY_DONE : rotate_stopped(err, REMEDY_REFUSED);
}

static enum err
propose_for(struct plan *plan, const struct subject *device)
{
    char title[SUBJECT_TITLE];
    size_t target = plan_target(plan, device);
    struct plan_step *step = target == SIZE_MAX ? NULL : plan_add(plan, "recover", target);
    if (step == NULL) {
        return ERR_LIMIT;
    }
    step->words =
        arena_format(&plan->arena, "Find out which of the passwords that Gatehouse keeps opens %s",
            subject_title(device, title));
    step->changes = "nothing at the device; the keyring notes which one it is";
    step->untouched = "the device: a few log-ins are tried, within the lock-out budget";
    step->is_reversible = true;
    return step->words == NULL ? ERR_MEMORY : OK;
}

static enum err
propose(struct plan *plan, const struct plan_from *from)
{
    const struct plan_choice *choice = from->choice;
    bool is_asked = false;
    enum err err = OK;
    for (size_t i = 0; choice != NULL && i < choice->kind_count; i++) {
        is_asked = is_asked || text_equal(choice->kinds[i], "recover");
    }
    for (size_t i = 0; is_asked && i < from->assessment->device_count && err == OK; i++) {
        const struct subject *device = from->assessment->devices[i];
        bool is_wanted = choice->device_count == 0 && device->in_scope &&
                         facts_get(&device->facts, FACT_LOGIN_OWNER_FAILED) != NULL;
        for (size_t k = 0; k < choice->device_count && device->in_scope; k++) {
            is_wanted = is_wanted || subject_is_called(device, choice->devices[k]);
        }
        err = is_wanted ? propose_for(plan, device) : OK;
    }
    return err;
}

const struct remedy_kind remedy_recover = {
    .name = "recover",
    .title = "Find the password in force",
    .propose = propose,
    .take = take,
    .apply = apply,
};
