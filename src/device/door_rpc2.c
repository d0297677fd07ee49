/*
 * Dahua log-in: HTTP digest of its CGI where the device asks for that, else the challenge of its
 * web page's JSON calls (RPC2). An ask stays the CGI's; for RPC2 it is put into its words.
 */
#include "device/door.h"

#include "base/text.h"
#include "codec/digest.h"
#include "codec/httpauth.h"
#include "codec/pick.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

#define LOGIN "/RPC2_Login"
#define CALLS "/RPC2"
#define JSON  "application/json"

#define PASSWORD "userManager.modifyPassword"

/* login.number: this bit says "by RPC2", the rest counts nonces or calls. */
#define BY_RPC2  0x10000U
#define PART_MAX 256

/* A text that can stand in JSON as it is. */
static bool
is_plain(const char *text)
{
    return text[0] != '\0' && strlen(text) <= PART_MAX && strpbrk(text, "\"\\") == NULL &&
           strcspn(text, "\x01\x02\x03\x04\x05\x06\x07\b\t\n\v\f\r\x1b") == strlen(text);
}

static const char *
part_of(const struct answer *answer, const char *pick, struct arena *arena)
{
    const char *text = NULL;
    return pick_text(answer, pick, arena, &text) == OK && is_plain(text) ? text : "";
}

/* Upper-case hex MD5 of three texts with colons between them. */
static bool
hash_three(
    const char *a, const char *b, const char *c, struct arena *arena, char ret_hex[DIGEST_HEX])
{
    const char *text = arena_format(arena, "%s:%s:%s", a, b, c);
    if (text == NULL || digest_hex(DIGEST_MD5, text, strlen(text), ret_hex) != OK) {
        return false;
    }
    for (char *at = ret_hex; *at != '\0'; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    return true;
}

static enum login_state
post(const char *path, const char *body, struct request *ret_request)
{
    if (body == NULL) {
        return LOGIN_UNCLEAR;
    }
    *ret_request = (struct request){
        .ask = {.method = "POST", .path = path, .body = body, .type = JSON}
    };
    return LOGIN_SEND;
}

/* The first call carries no password: it fetches the challenge. */
static enum login_state
ask_challenge(struct login *login, struct arena *arena, struct request *ret_request)
{
    if (!is_plain(login->user)) {
        return LOGIN_UNCLEAR;
    }
    login->number = BY_RPC2;
    return post(LOGIN,
        arena_format(arena,
            "{\"method\":\"global.login\",\"params\":{\"userName\":\"%s\",\"password\":\"\","
            "\"clientType\":\"Web3.0\"},\"id\":1}",
            login->user),
        ret_request);
}

/* login.text: the session as it stands in JSON and, after a NUL, the realm. */
static const char *
realm_of(const struct login *login)
{
    size_t len = strlen(login->text) + 1;
    return len < sizeof(login->text) ? login->text + len : "";
}

/* A session is a text, or in old firmware a number; kept as it stands in JSON. */
static bool
keep_session(struct login *login, const struct answer *last, const char *realm, struct arena *arena)
{
    const char *session = part_of(last, "session", arena);
    bool is_number = text_find_nocase(last->body, last->body_len, "\"session\":\"") == NULL &&
                     text_find_nocase(last->body, last->body_len, "\"session\" : \"") == NULL &&
                     strspn(session, "0123456789") == strlen(session);
    const char *text = arena_format(arena, is_number ? "%s" : "\"%s\"", session);
    if (session[0] == '\0' || text == NULL || !text_copy(login->text, sizeof(login->text), text)) {
        return false;
    }
    size_t len = strlen(text) + 1;
    return text_copy(login->text + len, sizeof(login->text) - len, realm);
}

static enum login_state
answer_challenge(struct login *login, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    char first[DIGEST_HEX];
    char second[DIGEST_HEX];
    const char *realm = part_of(last, "params.realm", arena);
    const char *random = part_of(last, "params.random", arena);
    const char *how = part_of(last, "params.encryption", arena);
    if (last->status != 200 || realm[0] == '\0' || random[0] == '\0' ||
        !text_equal(how, "Default") || !keep_session(login, last, realm, arena) ||
        !hash_three(login->user, realm, secret_text(login->password), arena, first) ||
        !hash_three(login->user, random, first, arena, second)) {
        return LOGIN_UNCLEAR;
    }
    enum login_state state = post(LOGIN,
        arena_format(arena,
            "{\"method\":\"global.login\",\"params\":{\"userName\":\"%s\",\"password\":\"%s\","
            "\"clientType\":\"Web3.0\",\"authorityType\":\"Default\",\"passwordType\":\"Default\"},"
            "\"id\":2,\"session\":%s}",
            login->user, second, login->text),
        ret_request);
    ret_request->spends = state == LOGIN_SEND;
    return state;
}

/* "/cgi-bin/magicBox.cgi?action=getVendor" → "magicBox.getVendor"; "" when there is no such. */
static const char *
call_of(const char *path, struct arena *arena)
{
    static const char root[] = "/cgi-bin/";
    static const char action[] = ".cgi?action=";
    const char *at = text_starts(path, root) ? strstr(path, action) : NULL;
    if (at == NULL) {
        return "";
    }
    const char *verb = at + strlen(action);
    const char *call = arena_format(arena, "%.*s.%.*s", (int)(at - path - (int)strlen(root)),
        path + strlen(root), (int)strcspn(verb, "&"), verb);
    return call == NULL ? "" : call;
}

/* A parameter of the query, percent-decoded; NULL: not there, or no text that fits. */
static const char *
parameter_of(const char *path, const char *name, struct arena *arena)
{
    const char *mark = arena_format(arena, "&%s=", name);
    const char *at = mark == NULL ? NULL : strstr(path, mark);
    char *out = at == NULL ? NULL : arena_alloc(arena, strlen(at));
    size_t used = 0;
    for (at = out == NULL ? "" : at + strlen(mark); *at != '\0' && *at != '&'; at++) {
        int high = *at == '%' ? text_hex_digit(at[1]) : -1;
        int low = high < 0 ? -1 : text_hex_digit(at[2]);
        out[used++] = low < 0 ? *at : (char)(uint8_t)(high * 16 + low);
        at += low < 0 ? 0 : 2;
    }
    if (out != NULL) {
        out[used] = '\0';
    }
    return out;
}

/*
 * RPC2 takes a new password as the device keeps it: MD5 of user, realm and password; the readable
 * text is refused (public client of an OEM brand, userManager.modifyPassword: pwd, pwdOld).
 */
static const char *
password_params(const struct login *login, const char *path, struct arena *arena)
{
    char old_hash[DIGEST_HEX];
    char new_hash[DIGEST_HEX];
    const char *user = parameter_of(path, "name", arena);
    const char *old = parameter_of(path, "pwdOld", arena);
    const char *new = parameter_of(path, "pwd", arena);
    const char *realm = realm_of(login);
    if (user == NULL || old == NULL || new == NULL || !is_plain(user) || realm[0] == '\0' ||
        !hash_three(user, realm, old, arena, old_hash) ||
        !hash_three(user, realm, new, arena, new_hash)) {
        return NULL;
    }
    const char *params = arena_format(
        arena, "{\"name\":\"%s\",\"pwd\":\"%s\",\"pwdOld\":\"%s\"}", user, new_hash, old_hash);
    sodium_memzero(old_hash, sizeof(old_hash));
    sodium_memzero(new_hash, sizeof(new_hash));
    return params;
}

/* The params of a call: none, a configuration's name, or with the table as getConfig gave it. */
static const char *
params_of(const struct login *login, const struct ask *ask, const char *call, struct arena *arena)
{
    const char *name = strstr(ask->path, "&name=");
    if (text_equal(call, PASSWORD)) {
        return password_params(login, ask->path, arena);
    }
    if (name == NULL) {
        return "null";
    }
    name += strlen("&name=");
    return !is_plain(name) ? NULL
           : ask->body == NULL
               ? arena_format(arena, "{\"name\":\"%s\"}", name)
               : arena_format(
                     arena, "{\"name\":\"%s\",\"table\":%s,\"options\":[]}", name, ask->body);
}

static enum err
dress_rpc2(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    bool leaves = text_equal(ask->path, CALLS);
    const char *call = leaves ? "global.logout" : call_of(ask->path, arena);
    const char *params =
        call[0] == '\0' || !is_plain(call) ? NULL : params_of(login, ask, call, arena);
    if (params == NULL) {
        return ERR_UNSUPPORTED;
    }
    login->number++;
    const char *body =
        arena_format(arena, "{\"method\":\"%s\",\"params\":%s,\"id\":%u,\"session\":%s}", call,
            params, (login->number & ~BY_RPC2) + 2, login->text);
    return post(CALLS, body, ret_request) == LOGIN_SEND ? OK : ERR_LIMIT;
}

static enum err
dress(struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    if ((login->number & BY_RPC2) != 0) {
        return dress_rpc2(login, ask, arena, ret_request);
    }
    return text_equal(ask->path, CALLS)
               ? ERR_UNSUPPORTED
               : device_door_http.authorize(login, ask, arena, ret_request);
}

static enum login_state
judge(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    const char *result = part_of(last, "result", arena);
    if (last->status == 200 && text_equal(result, "true")) {
        const char *realm = arena_copy(arena, realm_of(login));
        (void)keep_session(login, last, realm == NULL ? "" : realm, arena);
        return dress(login, ask, arena, ret_request) == OK ? LOGIN_SEND : LOGIN_UNCLEAR;
    }
    const char *code = part_of(last, "error.code", arena);
    /* The challenge again: the device did not understand, and nothing is known. */
    bool said_no = text_equal(result, "false") && code[0] != '\0' && !text_equal(code, "268632079");
    return said_no || last->status == 401 ? LOGIN_REFUSED : LOGIN_UNCLEAR;
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
    bool has_challenge = last->status == 401 && httpauth_challenge(last, &challenge) == OK;
    bool is_absent = last->status >= 400 && last->status != 403 && !has_challenge;
    bool is_page = last->status == 200 && door_is_page(last);
    if (login->step == 1 && (is_absent || is_page)) {
        return ask_challenge(login, arena, ret_request);
    }
    if ((login->number & BY_RPC2) == 0) {
        return device_door_http.step(login, ask, last, arena, ret_request);
    }
    switch (login->step) {
    case 2:
        return answer_challenge(login, last, arena, ret_request);
    case 3:
        return judge(login, ask, last, arena, ret_request);
    default:
        return last->status == 200 && text_equal(part_of(last, "result", arena), "true")
                   ? LOGIN_OPEN
                   : LOGIN_UNCLEAR;
    }
}

const struct device_door device_door_rpc2 = {
    .title = "Dahua digest or RPC2",
    .step = step,
    .authorize = dress,
};
