/*
 * Rule of this file: a password is sent only when the keyring has it on disk; what the device made
 * of it is asked of the device, never believed.
 */
#include "remedy/rotation.h"

#include "base/clock.h"
#include "base/text.h"
#include "codec/digest.h"
#include "remedy/desk_post.h"

#include <sodium.h>
#include <string.h>

#define WAIT_MS  120000 /* a restart, at most */
#define PAUSE_MS 3000
#define FIND_S   5

struct keyring_name
rotation_name(const struct rotation *rotation)
{
    return (struct keyring_name){rotation->device, rotation->user};
}

/* Over device, user and password, so that one password of two devices has two marks. */
static enum err
mark(const struct rotation *rotation, const struct secret *secret, char out[ROTATION_MARK])
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 2048);
    buf_format(&text, "%s\n%s\n", rotation->device, rotation->user);
    buf_add(&text, secret_text(secret), secret_len(secret));
    enum err err = buf_error(&text);
    err = err == OK ? digest_hex(DIGEST_SHA256, text.data, text.len, out) : err;
    sodium_memzero(text.data, text.len);
    return err;
}

enum err
rotation_mark(const struct rotation *rotation, char out[ROTATION_MARK])
{
    return mark(rotation, rotation->old, out);
}

/* The keyring has no empty one. */
static enum err
take_empty(struct rotation *rotation, const char *wanted)
{
    char its[ROTATION_MARK];
    struct secret *empty = secret_new_text("");
    enum err err = empty == NULL ? ERR_MEMORY : mark(rotation, empty, its);
    if (err == OK && text_equal(its, wanted)) {
        rotation->old = empty;
        return OK;
    }
    secret_free(empty);
    return err;
}

/* The marked one is the old; the first of the others is the next, or was. */
static enum err
sort_candidates(
    struct rotation *rotation, struct secret *const *all, size_t count, const char *wanted)
{
    char its[ROTATION_MARK];
    enum err err = OK;
    for (size_t i = 0; i < count && err == OK; i++) {
        err = mark(rotation, all[i], its);
        bool is_old = err == OK && text_equal(its, wanted);
        struct secret **place = is_old ? &rotation->old : &rotation->next;
        if (err == OK && *place == NULL) {
            *place = secret_new(secret_text(all[i]), secret_len(all[i]));
            err = *place == NULL ? ERR_MEMORY : OK;
        }
    }
    return err == OK && (rotation->old == NULL || rotation->next == NULL) ? ERR_MISSING : err;
}

enum err
rotation_load(struct job *job, struct rotation *ret_rotation)
{
    struct rotation rotation = {.old = NULL};
    struct secret *all[KEYRING_CANDIDATES];
    struct vault *vault = NULL;
    size_t count = 0;
    const char *user = json_string_value(json_object_get(job->before, "user"));
    const char *wanted = json_string_value(json_object_get(job->before, "mark"));
    if (user == NULL || wanted == NULL || !text_copy(rotation.user, sizeof(rotation.user), user)) {
        note_set(&job->why, "the journal does not say whose password it was");
        return ERR_MISSING;
    }
    (void)desk_key(job, rotation.device);
    const struct keyring_name name = rotation_name(&rotation);
    enum err err = vault_open(&desk_settings(job->desk)->vault, false, &vault, &job->why);
    if (err != OK) {
        return err;
    }
    err = keyring_candidates(vault, &name, all, &count, &job->why);
    vault_close(vault);
    if (err != OK) {
        return err;
    }
    err = take_empty(&rotation, wanted);
    err = err == OK ? sort_candidates(&rotation, all, count, wanted) : err;
    for (size_t i = 0; i < count; i++) {
        secret_free(all[i]);
    }
    if (err != OK) {
        note_set(&job->why, "the keyring lacks its old or its new password");
        rotation_release(&rotation);
        return err;
    }
    *ret_rotation = rotation;
    return OK;
}

void
rotation_release(struct rotation *rotation)
{
    secret_free(rotation->old);
    secret_free(rotation->next);
    rotation->old = NULL;
    rotation->next = NULL;
}

static bool
is_silence(enum err err)
{
    return err == ERR_TIMEOUT || err == ERR_NETWORK;
}

enum err
rotation_open(struct job *job, const struct session_key *key, struct session **ret_session)
{
    struct session_key used = *key;
    int64_t deadline = clock_mono() + WAIT_MS;
    if (used.account != NULL && used.account->door == NULL) {
        used.account = NULL;
    }
    enum err err = session_open(job, &used, ret_session);
    while (is_silence(err) && clock_mono() < deadline) {
        desk_tell(job, "it does not answer; waiting for it to start");
        enum err wait = desk_wait(job->desk, PAUSE_MS);
        if (wait != OK) {
            return wait;
        }
        struct note why = job->why;
        if (desk_find(job, FIND_S) == ERR_CANCELLED) {
            return ERR_CANCELLED;
        }
        job->why = why;
        err = session_open(job, &used, ret_session);
    }
    return err;
}

enum err
rotation_try(struct job *job, const struct rotation *rotation, const struct device_account *account,
    const struct secret *secret, enum session_purpose purpose)
{
    const struct session_key key = {
        .account = account, .user = rotation->user, .password = secret, .purpose = purpose};
    struct session *session = NULL;
    enum err err = rotation_open(job, &key, &session);
    if (err == OK) {
        session_close(session);
    }
    return err;
}

enum change_state
rotation_set(struct job *job, struct session *session, const struct rotation_change *change)
{
    struct device_change under_way = {.user = change->user, .old = change->from, .new = change->to};
    struct answer answer = {.headers = "", .body = ""};
    const struct answer *last = NULL;
    enum change_state state = CHANGE_SEND;
    struct arena arena;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    while (state == CHANGE_SEND) {
        struct request request;
        state = device_change_step(change->account, &under_way, last, &arena, &request);
        if (state != CHANGE_SEND) {
            break;
        }
        enum err err = session_send(session, &request, &arena, &answer);
        if (err == ERR_UNSUPPORTED || err == ERR_LIMIT || err == ERR_VALUE) {
            (void)text_copy(under_way.why, sizeof(under_way.why),
                "its log-in has no way for the change of a password");
            state = CHANGE_REFUSED;
        }
        answer.err = err;
        last = &answer;
    }
    if (state == CHANGE_UNCLEAR && under_way.number == 0) {
        state = CHANGE_REFUSED; /* the new password never left */
    }
    job->changed = clock_mono();
    if (state != CHANGE_TAKEN) {
        note_set(&job->why, "%s: %s", change->account->title, under_way.why);
    }
    sodium_memzero(under_way.text, sizeof(under_way.text));
    arena_wipe(&arena);
    return state;
}
