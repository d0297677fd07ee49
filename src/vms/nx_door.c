/*
 * Log-in of Nx Witness: POST login/sessions gives a bearer token (github networkoptix/
 * nx_open_integrations v4_api_spec.json); a server that has no REST API yet is asked by digest.
 */
#include "vms/nx_door.h"

#include "base/text.h"
#include "codec/httpauth.h"
#include "codec/pick.h"
#include "vms/vms.h"

#include <string.h>

#define SESSIONS  "/rest/v1/login/sessions"
#define TOKEN_MAX 900

/* The last byte of login->text says which of the two it is; the digest's challenge fits before. */
#define MODE(login) ((login)->text[sizeof((login)->text) - 1])
#define BY_TOKEN    'T'
#define BY_DIGEST   'D'

_Static_assert(sizeof(struct httpauth_challenge) < sizeof(((struct login *)NULL)->text),
    "the mode stands behind the challenge");

bool
nx_door_is_locked(const struct answer *answer)
{
    char header[64];
    return (answer_header(answer, "x-auth-result", 0, header, sizeof(header)) &&
               text_contains_nocase(header, "LockedOut")) ||
           text_find_nocase(answer->body, answer->body_len, "Too many attempts") != NULL;
}

/* The digest door counts its own calls; ours begin one later. */
static enum login_state
digest_step(struct login *login, const struct ask *ask, const struct answer *last,
    struct arena *arena, struct request *ret_request)
{
    login->step--;
    enum login_state state = device_door_http.step(login, ask, last, arena, ret_request);
    login->step++;
    MODE(login) = BY_DIGEST;
    bool is_own = last != NULL && text_find_nocase(last->body, last->body_len, "\"reply\"") != NULL;
    return state == LOGIN_OPEN && !is_own ? LOGIN_UNCLEAR : state;
}

/* The first answer tells which API the server has. */
static enum login_state
choose(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    const char *text = NULL;
    if (last->status != 200 || pick_text(last, "customization", arena, &text) != OK) {
        return digest_step(login, ask, NULL, arena, ret_request);
    }
    const char *body = vms_login_body(
        json_pack("{s:s,s:s}", "username", login->user, "password", secret_text(login->password)),
        arena);
    if (body == NULL) {
        return LOGIN_UNCLEAR;
    }
    MODE(login) = BY_TOKEN;
    *ret_request = (struct request){
        .ask = {.path = SESSIONS, .body = body, .type = "application/json", .port = ask->port},
        .spends = true,
    };
    return LOGIN_SEND;
}

/* A token goes into a header: nothing but the characters that such tokens have. */
static bool
is_token(const char *text)
{
    size_t len = strlen(text);
    return len != 0 && len < TOKEN_MAX &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") ==
               len;
}

static enum login_state
take_token(struct login *login, const struct answer *last, struct arena *arena)
{
    const char *text = NULL;
    if (last->status == 200 && pick_text(last, "token", arena, &text) == OK && is_token(text)) {
        (void)text_copy(login->text, sizeof(login->text) - 1, text);
        return LOGIN_OPEN;
    }
    bool is_said = pick_text(last, "errorString", arena, &text) == OK;
    bool is_refused = last->status == 401 || last->status == 403 || last->status == 422;
    return is_refused && is_said ? LOGIN_REFUSED : LOGIN_UNCLEAR;
}

static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    if (last == NULL) {
        *ret_request = (struct request){
            .ask = {.path = NX_INFO, .port = ask->port}
        };
        return LOGIN_SEND;
    }
    if (last->err != OK) {
        return LOGIN_UNCLEAR;
    }
    if (login->step == 1) {
        return choose(login, ask, last, arena, ret_request);
    }
    if (nx_door_is_locked(last)) {
        return LOGIN_LOCKED;
    }
    return MODE(login) == BY_TOKEN ? take_token(login, last, arena)
                                   : digest_step(login, ask, last, arena, ret_request);
}

static enum err
authorize(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    if (MODE(login) == BY_DIGEST && ask->method != NULL) {
        return ERR_UNSUPPORTED; /* a digest makes no session that could be ended */
    }
    if (MODE(login) == BY_DIGEST) {
        return device_door_http.authorize(login, ask, arena, ret_request);
    }
    const char *value = arena_format(arena, "Bearer %s", login->text);
    if (value == NULL) {
        return ERR_LIMIT;
    }
    *ret_request = (struct request){.ask = *ask, .authorization = value};
    return OK;
}

const struct device_door nx_door = {
    .title = "Nx session",
    .certain = true,
    .needs_tls = true,
    .step = step,
    .authorize = authorize,
};
