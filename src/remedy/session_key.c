/* Which password a device is believed to have. */
#include "remedy/session.h"

#include "assess/knock.h"
#include "base/clock.h"
#include "base/text.h"
#include "remedy/desk_post.h"
#include "store/keyring.h"

#define STATED_SURE 60

/* One that Gatehouse set; ERR_MISSING where it set none. */
static enum err
from_keyring(struct job *job, char *user, size_t user_size, struct secret **ret_password)
{
    struct vault *vault = NULL;
    struct note note = {""};
    char key[SUBJECT_KEY];
    enum err err = vault_open(&desk_settings(job->desk)->vault, false, &vault, &note);
    if (err == OK) {
        const struct keyring_name name = {desk_key(job, key), user};
        err = keyring_account(vault, name.device, user, user_size);
        err = err == OK ? keyring_get(vault, &name, ret_password, &note) : err;
        vault_close(vault);
    }
    if (err != OK && err != ERR_MISSING) {
        note_set(&job->why, "%s", note.text[0] == '\0' ? err_words(err) : note.text);
    }
    return err;
}

static enum err
from_site(struct job *job, char *user, size_t user_size, struct secret **ret_password)
{
    bool is_stranger = false;
    const struct site_device *row =
        site_secret_device(desk_settings(job->desk)->site, job->subject, &is_stranger);
    if (row == NULL || row->password == NULL || row->user == NULL) {
        return ERR_MISSING;
    }
    struct secret *copy = secret_new(secret_text(row->password), secret_len(row->password));
    if (copy == NULL || !text_copy(user, user_size, row->user)) {
        secret_free(copy);
        return ERR_LIMIT;
    }
    *ret_password = copy;
    return OK;
}

static bool
was_refused(const struct budget_refusals *refusals, const struct credential *credential)
{
    char id[CREDENTIAL_ID];
    (void)credential_id(credential, id);
    for (size_t i = 0; i < refusals->count; i++) {
        if (text_equal(refusals->rows[i].credential, id)) {
            return true;
        }
    }
    return false;
}

/* The factory's that opened: the first of that account which the device has not refused. */
static enum err
from_factory(struct job *job, char *user, size_t user_size, struct secret **ret_password)
{
    struct store *store = desk_settings(job->desk)->store;
    struct budget_refusals refusals = {.count = 0};
    struct budget_request request = {.now = clock_wall()};
    const struct facts *facts = &job->subject->facts;
    const char *account = facts_text(facts, FACT_LOGIN_FACTORY);
    account = account == NULL ? facts_text(facts, FACT_VMS_FACTORY) : account;
    if (account == NULL || job->driver == NULL || store == NULL) {
        return ERR_MISSING;
    }
    budget_request_keys(&request, job->subject);
    desk_store_lock(job->desk);
    enum err err = budget_refused(store, &request, &refusals);
    desk_store_unlock(job->desk);
    const struct credential *first =
        knock_credential(job->driver, facts, job->subject->confidence >= STATED_SURE);
    for (const struct credential *c = first; c != NULL && err == OK;
         c = credential_next(c->vendor, c)) {
        if (text_equal(c->user, account) && !was_refused(&refusals, c)) {
            struct secret *copy = secret_new_text(c->password);
            bool fits = text_copy(user, user_size, c->user);
            if (copy != NULL && fits) {
                *ret_password = copy;
                return OK;
            }
            secret_free(copy);
            return ERR_LIMIT;
        }
    }
    return err == OK ? ERR_MISSING : err;
}

enum err
session_known_key(struct job *job, char *user, size_t user_size, struct secret **ret_password)
{
    enum err err = from_keyring(job, user, user_size, ret_password);
    err = err == ERR_MISSING ? from_site(job, user, user_size, ret_password) : err;
    err = err == ERR_MISSING ? from_factory(job, user, user_size, ret_password) : err;
    if (err == ERR_MISSING) {
        note_set(&job->why, "its password is not known: neither Gatehouse set one, nor does the "
                            "site file name one, nor did a factory password open it");
    }
    return err;
}

enum err
session_open_known(struct job *job, struct session **ret_session)
{
    char user[128];
    struct secret *password = NULL;
    enum err err = session_known_key(job, user, sizeof(user), &password);
    if (err != OK) {
        return err;
    }
    const struct session_key key = {.user = user, .password = password};
    err = session_open(job, &key, ret_session);
    secret_free(password);
    return err;
}
