/* ONVIF log-in: WS-UsernameToken in the SOAP header, or HTTP digest where the device demands it. */
#include "device/door.h"

#include "base/clock.h"
#include "base/text.h"
#include "codec/httpauth.h"
#include "codec/soap.h"
#include "codec/wsse.h"

/* login.number: this bit says "by HTTP digest", the rest is the digest's nonce count. */
#define BY_DIGEST 0x10000U

static enum err
dress(struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    if ((login->number & BY_DIGEST) != 0) {
        login->number &= ~BY_DIGEST;
        enum err err = device_door_http.authorize(login, ask, arena, ret_request);
        login->number |= BY_DIGEST;
        return err;
    }
    struct wsse_user user = {
        .user = login->user,
        .password = secret_text(login->password),
        .created = clock_wall() + login->clock_offset * 1000,
    };
    wsse_nonce(user.nonce);
    struct ask dressed = *ask;
    enum err err = wsse_dress(ask->body, &user, arena, &dressed.body);
    if (err == OK) {
        *ret_request = (struct request){.ask = dressed};
    }
    return err;
}

static bool
is_result(const struct answer *answer)
{
    return answer->status == 200 &&
           text_find_nocase(answer->body, answer->body_len, "Envelope") != NULL &&
           text_find_nocase(answer->body, answer->body_len, "Fault>") == NULL;
}

bool
door_is_soap_refusal(const struct answer *answer)
{
    static const char *const words[] = {"NotAuthorized", "FailedAuthentication", "InvalidSecurity",
        "not authorized", "Unauthorized", "authority failure", "authentication failed",
        "FailedCheck"};
    if (answer->status == 401) {
        return true;
    }
    for (size_t i = 0; i < COUNT(words); i++) {
        if (text_find_nocase(answer->body, answer->body_len, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* First with credentials: digest when that is what was asked for, else the token. */
static enum login_state
begin(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    struct httpauth_challenge challenge;
    login->number = 0;
    if (last->status == 401 && httpauth_challenge(last, &challenge) == OK &&
        challenge.scheme == HTTPAUTH_DIGEST) {
        enum login_state state = device_door_http.step(login, ask, last, arena, ret_request);
        login->number |= BY_DIGEST;
        return state;
    }
    if (dress(login, ask, arena, ret_request) != OK) {
        return LOGIN_UNCLEAR;
    }
    ret_request->spends = true;
    return LOGIN_SEND;
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
        return door_is_soap_refusal(last) ? begin(login, ask, last, arena, ret_request)
                                          : LOGIN_UNCLEAR;
    }
    return is_result(last)              ? LOGIN_OPEN
           : door_is_soap_refusal(last) ? LOGIN_REFUSED
                                        : LOGIN_UNCLEAR;
}

const struct device_door device_door_onvif = {
    .title = "ONVIF WS-UsernameToken",
    .step = step,
    .authorize = dress,
};
