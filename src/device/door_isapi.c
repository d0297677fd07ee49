/*
 * ISAPI log-in: HTTP digest where the device asks for it, else the session log-in of its web page
 * (a salted and iterated SHA-256, then a cookie). Public descriptions: hikaxpro, and clients of
 * the web page's own calls.
 */
#include "device/door.h"

#include "base/clock.h"
#include "base/text.h"
#include "codec/digest.h"
#include "codec/httpauth.h"
#include "codec/pick.h"

#include <inttypes.h>
#include <string.h>

#define CAPABILITIES "/ISAPI/Security/sessionLogin/capabilities?username="
#define LOGOUT       "/ISAPI/Security/sessionLogout"
#define LOGIN        "/ISAPI/Security/sessionLogin?timeStamp="

/* login.number: this bit says "by session", the rest is the digest's nonce count. */
#define BY_SESSION 0x10000U
#define ITERATIONS 10000U /* usual is 100; a device may not make us hash for ever */
#define PART_MAX   256

/* A name that can stand in a path and in XML as it is; other names are not tried this way. */
static bool
is_plain_name(const char *user)
{
    return user[0] != '\0' && strlen(user) <= 64 &&
           strspn(user, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
               strlen(user);
}

static const char *
part_of(const struct answer *answer, const char *name, struct arena *arena)
{
    const char *text = NULL;
    return pick_text(answer, name, arena, &text) == OK && strlen(text) <= PART_MAX ? text : "";
}

/* SHA-256 of a and b one after the other, as hex. */
static bool
hash_pair(const char *a, const char *b, struct arena *arena, char ret_hex[DIGEST_HEX])
{
    const char *both = arena_format(arena, "%s%s", a, b);
    return both != NULL && digest_hex(DIGEST_SHA256, both, strlen(both), ret_hex) == OK;
}

/* What stands for the password; false when the device asks for something unknown. */
static bool
hash_password(const struct login *login, const struct answer *offer, struct arena *arena,
    char ret_hex[DIGEST_HEX])
{
    uint64_t rounds = 0;
    bool salted = false;
    const char *password = secret_text(login->password);
    const char *salt = part_of(offer, "salt", arena);
    const char *salt2 = part_of(offer, "salt2", arena);
    const char *challenge = part_of(offer, "challenge", arena);
    if (text_to_u64(part_of(offer, "iterations", arena), ITERATIONS, &rounds) != OK ||
        challenge[0] == '\0') {
        return false;
    }
    bool said = text_to_bool(part_of(offer, "isIrreversible", arena), &salted) == OK;
    if (said && salted) {
        const char *first = arena_format(arena, "%s%s", login->user, salt);
        const char *second = arena_format(arena, "%s%s", login->user, salt2);
        if (first == NULL || second == NULL || !hash_pair(first, password, arena, ret_hex) ||
            (salt2[0] != '\0' && !hash_pair(second, ret_hex, arena, ret_hex))) {
            return false;
        }
    } else if (!hash_pair(password, "", arena, ret_hex)) {
        return false;
    }
    bool is_hashed = hash_pair(ret_hex, challenge, arena, ret_hex);
    for (uint64_t i = 2; is_hashed && i < rounds; i++) {
        is_hashed = digest_hex(DIGEST_SHA256, ret_hex, strlen(ret_hex), ret_hex) == OK;
    }
    return is_hashed;
}

static enum login_state
ask_offer(struct login *login, struct arena *arena, struct request *ret_request)
{
    if (!is_plain_name(login->user)) {
        return LOGIN_UNCLEAR;
    }
    const char *path = arena_format(arena, CAPABILITIES "%s", login->user);
    if (path == NULL) {
        return LOGIN_UNCLEAR;
    }
    login->number = BY_SESSION;
    *ret_request = (struct request){.ask.path = path};
    return LOGIN_SEND;
}

static enum login_state
send_password(struct login *login, const struct answer *offer, struct arena *arena,
    struct request *ret_request)
{
    char hash[DIGEST_HEX];
    const char *session = part_of(offer, "sessionID", arena);
    if (offer->status != 200 || session[0] == '\0' || strpbrk(session, "<>&") != NULL ||
        !hash_password(login, offer, arena, hash)) {
        return LOGIN_UNCLEAR;
    }
    (void)text_copy(login->text, sizeof(login->text), session);
    const char *body = arena_format(arena,
        "<SessionLogin><userName>%s</userName><password>%s</password><sessionID>%s</sessionID>"
        "<isSessionIDValidLongTerm>false</isSessionIDValidLongTerm>"
        "<sessionIDVersion>2</sessionIDVersion></SessionLogin>",
        login->user, hash, session);
    const char *path = arena_format(arena, LOGIN "%" PRId64, clock_wall());
    if (body == NULL || path == NULL) {
        return LOGIN_UNCLEAR;
    }
    *ret_request = (struct request){
        .ask = {.method = "POST", .path = path, .body = body, .type = "application/xml"},
        .spends = true,
    };
    return LOGIN_SEND;
}

static enum err
dress(struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    if ((login->number & BY_SESSION) == 0) {
        /* Digest has no session that could be ended. */
        return text_equal(ask->path, LOGOUT)
                   ? ERR_UNSUPPORTED
                   : device_door_http.authorize(login, ask, arena, ret_request);
    }
    const char *cookie = arena_copy(arena, login->text);
    if (cookie == NULL) {
        return ERR_LIMIT;
    }
    *ret_request = (struct request){.ask = *ask, .cookie = cookie};
    return OK;
}

/* The cookie that the device sets ("WebSession_1a2b=…"), else the session's own name. */
static bool
keep_cookie(struct login *login, const struct answer *last)
{
    char cookie[sizeof(login->text)];
    char session[sizeof(login->text)];
    for (size_t n = 0; answer_header(last, "Set-Cookie", n, cookie, sizeof(cookie)); n++) {
        if (text_starts_nocase(cookie, "WebSession")) {
            cookie[strcspn(cookie, "; ")] = '\0';
            return text_copy(login->text, sizeof(login->text), cookie);
        }
    }
    (void)text_copy(session, sizeof(session), login->text);
    (void)text_copy(login->text, sizeof(login->text), "WebSession=");
    return text_copy(
        login->text + strlen("WebSession="), sizeof(login->text) - strlen("WebSession="), session);
}

static enum login_state
judge(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    const char *status = part_of(last, "statusValue", arena);
    if (last->status == 401 || text_equal(status, "401")) {
        return LOGIN_REFUSED;
    }
    if (last->status != 200 || door_is_page(last) || !text_equal(status, "200") ||
        !keep_cookie(login, last) || dress(login, ask, arena, ret_request) != OK) {
        return LOGIN_UNCLEAR;
    }
    return LOGIN_SEND;
}

static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    struct httpauth_challenge challenge;
    if (last == NULL || last->err != OK) {
        return device_door_http.step(login, ask, last, arena, ret_request);
    }
    if (door_is_locked(last)) {
        return LOGIN_LOCKED;
    }
    if (login->step == 1 && last->status == 401 && httpauth_challenge(last, &challenge) != OK) {
        return ask_offer(login, arena, ret_request);
    }
    if ((login->number & BY_SESSION) == 0) {
        return device_door_http.step(login, ask, last, arena, ret_request);
    }
    switch (login->step) {
    case 2:
        return send_password(login, last, arena, ret_request);
    case 3:
        return judge(login, ask, last, arena, ret_request);
    default:
        return last->status == 200 && !door_is_page(last) ? LOGIN_OPEN : LOGIN_UNCLEAR;
    }
}

const struct device_door device_door_isapi = {
    .title = "ISAPI digest or session",
    .step = step,
    .authorize = dress,
};
