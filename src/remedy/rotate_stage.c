/*
 * Devices that keep the first eight characters of a password and compare all. With room in the
 * budget they are found out by a try; without, the first eight are set and proven before the whole,
 * and then the device has one of two that are known, with one wrong try at most.
 */
#include "remedy/rotate_parts.h"

#include "base/text.h"

#include <string.h>

static bool
begins(const struct secret *whole, const struct secret *beginning)
{
    size_t len = secret_len(beginning);
    return len == ROTATE_CUT && secret_len(whole) > len &&
           memcmp(secret_text(whole), secret_text(beginning), len) == 0;
}

/* A candidate of the keyring that begins with this one; NULL: none does. */
static struct secret *
find_whole(const struct job *job, const struct rotation *rotation, const struct secret *beginning)
{
    struct secret *all[KEYRING_CANDIDATES];
    struct secret *found = NULL;
    struct vault *vault = NULL;
    struct note unused;
    size_t count = 0;
    const struct keyring_name name = rotation_name(rotation);
    if (vault_open(&desk_settings(job->desk)->vault, false, &vault, &unused) != OK) {
        return NULL;
    }
    enum err err = keyring_candidates(vault, &name, all, &count, &unused);
    vault_close(vault);
    for (size_t i = 0; i < count && err == OK; i++) {
        if (found == NULL && begins(all[i], beginning)) {
            found = all[i];
        } else {
            secret_free(all[i]);
        }
    }
    return found;
}

bool
rotate_was_cut(const struct job *job, const struct rotation *rotation)
{
    struct secret *whole = find_whole(job, rotation, rotation->old);
    secret_free(whole);
    return whole != NULL;
}

struct secret *
rotate_beginning(const struct job *job, const struct rotation *rotation)
{
    struct secret *beginning = secret_new(secret_text(rotation->next),
        secret_len(rotation->next) < ROTATE_CUT ? secret_len(rotation->next) : ROTATE_CUT);
    if (beginning != NULL && begins(rotation->next, beginning) &&
        rotate_is_in_force(job, rotation, beginning)) {
        return beginning;
    }
    secret_free(beginning);
    return NULL;
}

/* The short one with the end of the long one. */
static struct secret *
join(const struct secret *beginning, const struct secret *other)
{
    char text[VAULT_PASSWORD + 1];
    if (secret_len(other) <= ROTATE_CUT || !text_copy(text, sizeof(text), secret_text(other))) {
        return NULL;
    }
    memcpy(text, secret_text(beginning), ROTATE_CUT);
    struct secret *whole = secret_new_text(text);
    explicit_bzero(text, sizeof(text));
    return whole;
}

enum err
rotate_seal_staged(
    struct job *job, struct rotation *rotation, const struct device_password_rule *rule)
{
    const struct keyring_name name = rotation_name(rotation);
    const struct vault_place *place = &desk_settings(job->desk)->vault;
    struct device_password_rule eight = *rule;
    struct secret *beginning = NULL, *other = NULL, *whole = NULL;
    const struct secret *old = secret_len(rotation->old) == 0 ? NULL : rotation->old;
    eight.max = ROTATE_CUT;
    if ((rule->max == 0 || rule->max > ROTATE_CUT) &&
        device_password_new(&eight, rotation->user, &beginning) == OK &&
        device_password_new(rule, rotation->user, &other) == OK) {
        whole = join(beginning, other);
    }
    secret_free(other);
    if (whole == NULL) {
        secret_free(beginning);
        return rotate_seal(job, rotation, rule);
    }
    enum err err = keyring_begin(place, &name, old, whole, &job->why);
    err = err == OK ? keyring_begin(place, &name, old, beginning, &job->why) : err;
    secret_free(whole);
    secret_free(rotation->next);
    rotation->next = beginning;
    return err;
}

enum err
rotate_take_cut(struct job *job, struct rotation *rotation)
{
    const struct keyring_name name = rotation_name(rotation);
    const struct vault_place *place = &desk_settings(job->desk)->vault;
    bool is_cut = secret_len(rotation->next) <= ROTATE_CUT; /* by a try before this one */
    struct secret *cut = is_cut ? NULL : secret_new(secret_text(rotation->next), ROTATE_CUT);
    struct note note = {""};
    bool is_sealed = cut != NULL && keyring_begin(place, &name, NULL, cut, &note) == OK;
    enum err err =
        !is_sealed ? ERR_REFUSED
                   : rotation_try(job, rotation, job->driver->accounts[0], cut, SESSION_RECOVER);
    if (err != OK) {
        secret_free(cut);
        return err;
    }
    secret_free(rotation->next);
    rotation->next = cut;
    rotate_say(job, "keeps", json_integer(ROTATE_CUT));
    desk_tell(job, "it took the first %d characters of the password only", ROTATE_CUT);
    return OK;
}

/* The whole one is not what it has: the beginning is, and stays. */
static enum remedy_result
stay_short(struct job *job, const struct rotation *rotation)
{
    const struct keyring_name name = rotation_name(rotation);
    enum err err =
        rotation_try(job, rotation, job->driver->accounts[0], rotation->next, SESSION_OWNER);
    if (err == OK) {
        err = keyring_restore(
            &desk_settings(job->desk)->vault, &name, rotation->next, true, &job->why);
        rotate_say(job, "keeps", json_integer(ROTATE_CUT));
        desk_tell(job, "it keeps %d characters of a password; it has one of so many", ROTATE_CUT);
    }
    return err == OK ? REMEDY_DONE : rotate_stopped(err, REMEDY_FAILED);
}

/* From the beginning, which is in force, to the whole. */
static enum remedy_result
set_whole(struct job *job, struct rotation *rotation, struct secret *whole)
{
    const struct device_account *account = job->driver->accounts[0];
    struct rotation longer = *rotation;
    longer.old = rotation->next;
    longer.next = whole;
    enum change_state state = rotate_set_list(job, &longer, account, false);
    if (state == CHANGE_UNCLEAR || state == CHANGE_SEND) {
        state = rotate_find_out(job, &longer, account);
    }
    if (state == CHANGE_UNCLEAR || state == CHANGE_SEND) {
        return desk_is_stopped(job->desk) ? REMEDY_STOPPED : REMEDY_FAILED;
    }
    enum err err = state == CHANGE_TAKEN
                       ? rotation_try(job, rotation, job->driver->accounts[0], whole, SESSION_PROOF)
                       : ERR_REFUSED;
    if (err == OK) {
        secret_free(rotation->next);
        rotation->next = secret_new(secret_text(whole), secret_len(whole));
        return rotation->next == NULL ? REMEDY_FAILED : REMEDY_DONE;
    }
    return err == ERR_REFUSED ? stay_short(job, rotation) : rotate_stopped(err, REMEDY_FAILED);
}

enum remedy_result
rotate_lengthen(struct job *job, struct rotation *rotation)
{
    const struct keyring_name name = rotation_name(rotation);
    const struct vault_place *place = &desk_settings(job->desk)->vault;
    struct secret *whole = find_whole(job, rotation, rotation->next);
    if (whole == NULL) {
        return REMEDY_DONE;
    }
    enum err err = desk_wait(job->desk, ROTATE_LATER_MS);
    err = err == OK
              ? rotation_try(job, rotation, job->driver->accounts[0], rotation->next, SESSION_PROOF)
              : err;
    enum remedy_result result = REMEDY_FAILED;
    if (err == ERR_REFUSED) {
        rotate_say(job, rotate_list_name(0), json_false());
        result = REMEDY_UNPROVEN;
    } else if (err != OK) {
        result = rotate_stopped(err, REMEDY_FAILED);
    } else if (keyring_commit(place, &name, &job->why) == OK &&
               keyring_begin(place, &name, NULL, whole, &job->why) == OK) {
        result = set_whole(job, rotation, whole);
    }
    secret_free(whole);
    return result;
}
