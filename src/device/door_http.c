/* HTTP and RTSP log-in: ask without credentials (free), then answer the challenge (spends). */
#include "device/door.h"

#include "base/text.h"
#include "codec/httpauth.h"

#include <string.h>

_Static_assert(sizeof(struct httpauth_challenge) <= sizeof(((struct login *)NULL)->text),
    "the challenge is kept in login.text");

static enum err
dress(struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    struct httpauth_challenge challenge;
    char cnonce[HTTPAUTH_CNONCE];
    memcpy(&challenge, login->text, sizeof(challenge));
    httpauth_cnonce(cnonce);
    login->number++;
    struct httpauth_user user = {
        .user = login->user,
        .password = secret_text(login->password),
        .cnonce = cnonce,
        .count = login->number,
    };
    struct ask whole = *ask;
    if (login->base != NULL) {
        whole.path = arena_format(arena, "%s%s", login->base, ask->path);
        if (whole.path == NULL) {
            return ERR_LIMIT;
        }
    }
    const char *value = NULL;
    enum err err = httpauth_answer(&challenge, &user, &whole, arena, &value);
    if (err == OK) {
        *ret_request = (struct request){.ask = *ask, .authorization = value};
    }
    return err;
}

/* Sends the answer to the challenge in last; LOGIN_UNCLEAR when there is none to answer. */
static enum login_state
answer_challenge(struct login *login, const struct ask *ask, const struct answer *last,
    struct arena *arena, struct request *ret_request)
{
    struct httpauth_challenge challenge;
    if (httpauth_challenge(last, &challenge) != OK) {
        return LOGIN_UNCLEAR;
    }
    memcpy(login->text, &challenge, sizeof(challenge));
    login->number = 0;
    if (dress(login, ask, arena, ret_request) != OK) {
        return LOGIN_UNCLEAR;
    }
    ret_request->spends = true;
    return LOGIN_SEND;
}

static bool
is_stale(const struct answer *last)
{
    struct httpauth_challenge challenge;
    return httpauth_challenge(last, &challenge) == OK && challenge.stale;
}

static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    if (last == NULL) {
        *ret_request = (struct request){.ask = *ask};
        return LOGIN_SEND;
    }
    if (last->err != OK) {
        return LOGIN_UNCLEAR;
    }
    if (door_is_locked(last)) {
        return LOGIN_LOCKED;
    }
    if (login->step == 1) {
        return last->status == 401 ? answer_challenge(login, ask, last, arena, ret_request)
                                   : LOGIN_UNCLEAR;
    }
    switch (last->status) {
    case 200:
        return door_is_page(last) ? LOGIN_UNCLEAR : LOGIN_OPEN;
    case 401:
        return login->step == 2 && is_stale(last)
                   ? answer_challenge(login, ask, last, arena, ret_request)
                   : LOGIN_REFUSED;
    case 403: /* after a 401 without credentials: the device has stopped listening */
        return LOGIN_LOCKED;
    default:
        return LOGIN_UNCLEAR;
    }
}

const struct device_door device_door_http = {
    .title = "HTTP digest",
    .step = step,
    .authorize = dress,
};

const struct device_door device_door_rtsp = {
    .title = "RTSP digest",
    .rtsp = true,
    .step = step,
    .authorize = dress,
};
