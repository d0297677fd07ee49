/*
 * DVRIP log-in of Xiongmai devices: one message with the hashed password, no challenge; then the
 * system information, which proves that the session is one. Codes: OpenIPC python-dvr and other
 * public clients.
 */
#include "device/door.h"

#include "base/text.h"
#include "codec/dvrip.h"
#include "codec/pick.h"

#include <string.h>

static bool
is_plain(const char *text)
{
    return text[0] != '\0' && strlen(text) <= 64 && strpbrk(text, "\"\\") == NULL &&
           strcspn(text, "\x01\x02\x03\x04\x05\x06\x07\b\t\n\v\f\r\x1b") == strlen(text);
}

/* The part of "/1042/NetWork.Nat" behind the number. */
static const char *
name_of(const char *path)
{
    const char *slash = strchr(path + 1, '/');
    return slash == NULL ? "" : slash + 1;
}

static enum err
dress(struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    if (!text_equal(ask->method, DVRIP_METHOD)) {
        return ERR_UNSUPPORTED;
    }
    struct ask dressed = *ask;
    const char *session = arena_copy(arena, login->text);
    /* A body of its own is an object, and gets the session as its first member. */
    bool has_body = ask->body != NULL && ask->body[0] == '{' && ask->body[1] == '"';
    dressed.body = has_body
                       ? arena_format(arena, "{\"SessionID\":\"%s\",%s", login->text, ask->body + 1)
                       : arena_format(arena, "{\"Name\":\"%s\",\"SessionID\":\"%s\"}",
                             name_of(ask->path), login->text);
    if (session == NULL || dressed.body == NULL) {
        return ERR_LIMIT;
    }
    *ret_request = (struct request){.ask = dressed, .authorization = session};
    return OK;
}

static enum login_state
send_password(struct login *login, struct arena *arena, struct request *ret_request)
{
    char hash[DVRIP_HASH];
    if (!is_plain(login->user) || dvrip_hash(secret_text(login->password), hash) != OK) {
        return LOGIN_UNCLEAR;
    }
    const char *body = arena_format(arena,
        "{\"EncryptType\":\"MD5\",\"LoginType\":\"DVRIP-Web\",\"PassWord\":\"%s\","
        "\"UserName\":\"%s\"}",
        hash, login->user);
    if (body == NULL) {
        return LOGIN_UNCLEAR;
    }
    *ret_request = (struct request){
        .ask = {.method = DVRIP_METHOD, .path = DVRIP_LOGIN, .body = body, .port = DVRIP_PORT},
        .spends = true,
    };
    return LOGIN_SEND;
}

static bool
keep_session(struct login *login, const struct answer *last, struct arena *arena)
{
    const char *session = NULL;
    if (pick_text(last, "SessionID", arena, &session) != OK) {
        return false;
    }
    bool is_hex = text_starts_nocase(session, "0x") && strlen(session) <= 10 &&
                  strspn(session + 2, "0123456789abcdefABCDEF") == strlen(session + 2);
    return is_hex && text_copy(login->text, sizeof(login->text), session);
}

static enum login_state
judge(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    static const char *const locked[] = {"205", "206", "207"};
    static const char *const wrong[] = {"106", "203"};
    const char *ret = NULL;
    if (pick_text(last, "Ret", arena, &ret) != OK) {
        return LOGIN_UNCLEAR;
    }
    for (size_t i = 0; i < COUNT(locked); i++) {
        if (text_equal(ret, locked[i])) {
            return LOGIN_LOCKED;
        }
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        if (text_equal(ret, wrong[i])) {
            return LOGIN_REFUSED;
        }
    }
    if (last->status != 200 || !keep_session(login, last, arena) ||
        dress(login, ask, arena, ret_request) != OK) {
        return LOGIN_UNCLEAR;
    }
    return LOGIN_SEND;
}

static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    if (last == NULL) {
        return send_password(login, arena, ret_request);
    }
    if (last->err != OK) {
        return LOGIN_UNCLEAR;
    }
    if (login->step == 1) {
        return judge(login, ask, last, arena, ret_request);
    }
    return last->status == 200 ? LOGIN_OPEN : LOGIN_UNCLEAR;
}

const struct device_door device_door_dvrip = {
    .title = "DVRIP",
    .replayable = true, /* a hash without salt or challenge */
    .step = step,
    .authorize = dress,
};
