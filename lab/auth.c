/* The device's side of a log-in: HTTP and RTSP challenges, WS-UsernameToken, forms. */
#include "lab/auth.h"

#include "base/clock.h"
#include "base/text.h"
#include "codec/dvrip.h"
#include "lab/hostile.h"
#include "lab/template.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>

#define TEXT_SIZE     256
#define TOKEN_MAX_AGE 300
#define MD5_TEXT      33

static void
md5_hex(const char *text, char out[MD5_TEXT])
{
    uint8_t hash[EVP_MAX_MD_SIZE] = {0};
    unsigned size = 0;
    if (EVP_Digest(text, strlen(text), hash, &size, EVP_md5(), NULL) != 1)
        memset(hash, 0, sizeof hash);
    text_hex(out, hash, 16);
}

bool
auth_parameter(const char *header, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    const char *at = header;
    while (*at != '\0') {
        at += strspn(at, " ,\t");
        size_t key = strcspn(at, "=, \t");
        const char *value = at + key;
        bool found = key == name_len && strncasecmp(at, name, key) == 0 && *value == '=';
        if (*value != '=') {
            at = value;
            continue;
        }
        value++;
        bool quoted = *value == '"';
        value += quoted;
        size_t len = strcspn(value, quoted ? "\"" : ", \t");
        if (found && len < size) {
            memcpy(out, value, len);
            out[len] = '\0';
            return true;
        }
        at = value + len + (quoted && value[len] == '"');
    }
    return false;
}

static void
realm_of(const struct device *device, const struct site_auth *auth, char *out, size_t size)
{
    const struct template_scope scope = {.device = device};
    struct buf realm;
    buf_init(&realm, TEXT_SIZE);
    const char *text = auth->realm == NULL ? "" : auth->realm;
    template_add(&realm, &scope, text, strlen(text));
    text_copy(out, size, realm.data);
    buf_release(&realm);
}

void
auth_challenge(
    struct buf *out, const struct device *device, const struct site_auth *auth, bool stale)
{
    char realm[TEXT_SIZE];
    realm_of(device, auth, realm, sizeof realm);
    if (auth->scheme == SITE_SCHEME_DIGEST || auth->scheme == SITE_SCHEME_BOTH)
        buf_format(out, "WWW-Authenticate: Digest realm=\"%s\", %snonce=\"%s\"%s\r\n", realm,
            auth->qop ? "qop=\"auth\", " : "", device->nonce, stale ? ", stale=\"true\"" : "");
    if (auth->scheme == SITE_SCHEME_BASIC || auth->scheme == SITE_SCHEME_BOTH)
        buf_format(out, "WWW-Authenticate: Basic realm=\"%s\"\r\n", realm);
}

static bool
basic_is_right(const struct device *device, enum device_way way, const char *encoded)
{
    uint8_t plain[TEXT_SIZE] = {0};
    size_t len = strlen(encoded);
    if (len == 0 || len % 4 != 0 || len / 4 * 3 >= sizeof plain)
        return false;
    if (EVP_DecodeBlock(plain, (const uint8_t *)encoded, (int)len) < 0)
        return false;
    char text[TEXT_SIZE];
    memcpy(text, plain, sizeof text);
    char *colon = strchr(text, ':');
    if (colon == NULL)
        return false;
    *colon = '\0';
    return device_opens(device, way, text, colon + 1);
}

struct digest {
    char user[TEXT_SIZE];
    char uri[1024];
    char nonce[TEXT_SIZE];
    char response[TEXT_SIZE];
    char qop[16];
    char nc[16];
    char cnonce[TEXT_SIZE];
};

static void
digest_read(const char *header, struct digest *digest)
{
    *digest = (struct digest){.user = ""};
    const struct {
        const char *name;
        char *out;
        size_t size;
    } wanted[] = {
        {"username", digest->user,     sizeof digest->user    },
        {"uri",      digest->uri,      sizeof digest->uri     },
        {"nonce",    digest->nonce,    sizeof digest->nonce   },
        {"response", digest->response, sizeof digest->response},
        {"qop",      digest->qop,      sizeof digest->qop     },
        {"nc",       digest->nc,       sizeof digest->nc      },
        {"cnonce",   digest->cnonce,   sizeof digest->cnonce  },
    };
    for (size_t i = 0; i < COUNT(wanted); i++)
        if (!auth_parameter(header, wanted[i].name, wanted[i].out, wanted[i].size))
            wanted[i].out[0] = '\0';
}

struct asker {
    const struct device *device;
    const struct site_auth *auth;
    enum device_way way;
    const char *method;
};

/* The MD5 of user, realm and password in lower case; where nobody told its letters, what was told.
 */
static void
first_hash(const char *user, const char *realm, const char *password, char out[MD5_TEXT])
{
    char text[2048];
    if (strlen(password) == MD5_TEXT - 1 && strspn(password, "0123456789ABCDEF") == MD5_TEXT - 1) {
        for (size_t i = 0; i < MD5_TEXT; i++)
            out[i] = (char)tolower((unsigned char)password[i]);
        return;
    }
    snprintf(text, sizeof text, "%s:%s:%s", user, realm, password);
    md5_hex(text, out);
}

static bool
digest_is_of(const struct asker *asker, const struct digest *digest, const char *password)
{
    char realm[TEXT_SIZE];
    char text[2048];
    char first[MD5_TEXT];
    char second[MD5_TEXT];
    char wanted[MD5_TEXT];
    realm_of(asker->device, asker->auth, realm, sizeof realm);
    first_hash(digest->user, realm, password, first);
    snprintf(text, sizeof text, "%s:%s", asker->method, digest->uri);
    md5_hex(text, second);
    if (digest->qop[0] == '\0')
        snprintf(text, sizeof text, "%s:%s:%s", first, digest->nonce, second);
    else
        snprintf(text, sizeof text, "%s:%s:%s:%s:%s:%s", first, digest->nonce, digest->nc,
            digest->cnonce, digest->qop, second);
    md5_hex(text, wanted);
    return text_equal_nocase(wanted, digest->response);
}

/* A device that looks at the first characters only keeps them only. */
static bool
digest_is_right(const struct asker *asker, const struct digest *digest)
{
    const char *passwords[DEVICE_PASSWORDS];
    size_t count = device_passwords(asker->device, asker->way, digest->user, passwords);
    bool right = false;
    for (size_t i = 0; i < count; i++) {
        char first[9];
        (void)text_copy(first, sizeof first, passwords[i]);
        right = right || digest_is_of(asker, digest, passwords[i]);
        if (hostile_does(asker->device, HOSTILE_FIRST_EIGHT_BOTH))
            right = right || digest_is_of(asker, digest, first);
    }
    return right;
}

static enum auth_verdict
judge(struct device *device, enum device_way way, bool right)
{
    if (hostile_takes_any_password(device->behave))
        right = true;
    else if (device_is_locked(device)) {
        device->stats.locked++;
        return AUTH_LOCKED;
    }
    device_count_login(device, way, right);
    if (right)
        return AUTH_RIGHT;
    return device_is_locked(device) ? AUTH_LOCKED : AUTH_WRONG;
}

enum auth_verdict
auth_header(struct device *device, const struct site_auth *auth, enum device_way way,
    const char *method, const char *authorization)
{
    if (authorization == NULL)
        return AUTH_ABSENT;
    if (text_starts_nocase(authorization, "basic ")) {
        bool allowed = auth->scheme == SITE_SCHEME_BASIC || auth->scheme == SITE_SCHEME_BOTH;
        return judge(device, way, allowed && basic_is_right(device, way, authorization + 6));
    }
    if (!text_starts_nocase(authorization, "digest "))
        return judge(device, way, false);
    struct digest digest;
    digest_read(authorization + 7, &digest);
    if (!text_equal(digest.nonce, device->nonce))
        return AUTH_STALE;
    bool allowed = auth->scheme == SITE_SCHEME_DIGEST || auth->scheme == SITE_SCHEME_BOTH;
    const struct asker asker = {.device = device, .auth = auth, .way = way, .method = method};
    enum auth_verdict verdict = judge(device, way, allowed && digest_is_right(&asker, &digest));
    if (auth->nonce_uses > 0 && ++device->nonce_used >= auth->nonce_uses)
        device_renew_nonce(device);
    return verdict;
}

/* base64(sha1(nonce + created + password)) */
static bool
token_digest_is_right(const struct auth_token *token, const char *password)
{
    uint8_t nonce[TEXT_SIZE] = {0};
    size_t len = token->nonce == NULL ? 0 : strlen(token->nonce);
    if (len == 0 || len % 4 != 0 || len / 4 * 3 >= sizeof nonce)
        return false;
    int decoded = EVP_DecodeBlock(nonce, (const uint8_t *)token->nonce, (int)len);
    if (decoded < 0)
        return false;
    for (size_t i = len; i > 0 && token->nonce[i - 1] == '='; i--)
        decoded--;
    struct buf text;
    buf_init(&text, 1024);
    buf_add(&text, nonce, (size_t)decoded);
    buf_text(&text, token->created == NULL ? "" : token->created);
    buf_text(&text, password);
    uint8_t hash[EVP_MAX_MD_SIZE] = {0};
    uint8_t encoded[64] = {0};
    bool hashed = EVP_Digest(text.data, text.len, hash, NULL, EVP_sha1(), NULL) == 1;
    buf_release(&text);
    EVP_EncodeBlock(encoded, hash, 20);
    return hashed && text_equal((const char *)encoded, token->password);
}

static bool
token_is_fresh(const struct device *device, const struct auth_token *token)
{
    int64_t created = 0;
    if (token->created == NULL || clock_parse(token->created, &created) != OK)
        return false;
    return llabs(created / 1000 - device_time(device)) < TOKEN_MAX_AGE;
}

enum auth_verdict
auth_username_token(struct device *device, const struct auth_token *token)
{
    if (token->user == NULL)
        return AUTH_ABSENT;
    const char *passwords[DEVICE_PASSWORDS];
    size_t count = device_passwords(device, DEVICE_WAY_ONVIF, token->user, passwords);
    bool right =
        !token->is_digest && device_opens(device, DEVICE_WAY_ONVIF, token->user, token->password);
    for (size_t i = 0; i < count && token->is_digest; i++) {
        char first[9];
        (void)text_copy(first, sizeof first, passwords[i]);
        bool cut = hostile_does(device, HOSTILE_FIRST_EIGHT_BOTH);
        right = right || token_digest_is_right(token, passwords[i]) ||
                (cut && token_digest_is_right(token, first));
    }
    if (token->is_digest)
        right = right && token_is_fresh(device, token);
    return judge(device, DEVICE_WAY_ONVIF, right);
}

enum auth_verdict
auth_dvrip(struct device *device, const char *user, const char *hash)
{
    const char *passwords[DEVICE_PASSWORDS];
    const struct device_login *login = device_login_of(device, DEVICE_LIST_WEB, user);
    size_t count = device_passwords(device, DEVICE_WAY_DVRIP, user, passwords);
    bool right = login != NULL && login->is_hashed && text_equal(login->now, hash);
    for (size_t i = 0; i < count && !right; i++) {
        char wanted[DVRIP_HASH];
        right = dvrip_hash(passwords[i], wanted) == OK && text_equal(wanted, hash);
    }
    return judge(device, DEVICE_WAY_DVRIP, right);
}

/* The first text under one of the names, at any depth that a log-in has. */
static const char *
find_text(json_t *value, const char *const *names, unsigned depth)
{
    if (depth == 0)
        return NULL;
    size_t index;
    json_t *item;
    const char *found = NULL;
    for (size_t i = 0; names[i] != NULL && found == NULL; i++)
        found = json_string_value(json_object_get(value, names[i]));
    if (json_is_array(value))
        json_array_foreach(value, index, item) found =
            found != NULL ? found : find_text(item, names, depth - 1);
    if (found != NULL || !json_is_object(value))
        return found;
    void *step = json_object_iter(value);
    for (; step != NULL && found == NULL; step = json_object_iter_next(value, step))
        found = find_text(json_object_iter_value(step), names, depth - 1);
    return found;
}

static enum auth_verdict
judge_json(struct device *device, json_t *body)
{
    static const char *const users[] = {"userName", "user", "username", "mail", NULL};
    static const char *const passwords[] = {"password", "pass", "Password", NULL};
    const char *user = find_text(body, users, 5);
    const char *said = find_text(body, passwords, 5);
    if (user == NULL || said == NULL)
        return AUTH_ABSENT;
    return judge(device, DEVICE_WAY_FORM, device_opens(device, DEVICE_WAY_FORM, user, said));
}

/* response = hex(md5(user ":" session ":" password)); the user is not sent (UI3 login). */
static enum auth_verdict
judge_blueiris(struct device *device, const json_t *body)
{
    const char *session = json_string_value(json_object_get(body, "session"));
    const char *response = json_string_value(json_object_get(body, "response"));
    if (response == NULL)
        return AUTH_ABSENT;
    bool right = false;
    for (size_t i = 0; i < device->account_count && session != NULL; i++) {
        const char *user = device->accounts[i].user;
        char text[TEXT_SIZE * 3];
        char hash[MD5_TEXT];
        const char *passwords[DEVICE_PASSWORDS];
        if (device_passwords(device, DEVICE_WAY_FORM, user, passwords) == 0)
            continue;
        snprintf(text, sizeof text, "%s:%s:%s", user, session, passwords[0]);
        md5_hex(text, hash);
        right = right || text_equal_nocase(hash, response);
    }
    return judge(device, DEVICE_WAY_FORM, right);
}

static void
in_upper_case(char hash[MD5_TEXT])
{
    for (char *at = hash; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
}

/* As the device keeps a password: of user, realm and the password itself. */
static void
rpc2_stored(const struct device *device, const char *user, const char *password, char out[MD5_TEXT])
{
    char realm[TEXT_SIZE];
    snprintf(realm, sizeof realm, "Login to %s", device->serial);
    first_hash(user, realm, password, out);
    in_upper_case(out);
}

bool
auth_rpc2_is(const struct device *device, const char *user, const char *hash)
{
    char stored[MD5_TEXT];
    const char *passwords[DEVICE_PASSWORDS];
    size_t count = device_passwords(device, DEVICE_WAY_FORM, user, passwords);
    bool right = false;
    for (size_t i = 0; i < count; i++) {
        rpc2_stored(device, user, passwords[i], stored);
        right = right || text_equal(stored, hash);
    }
    return right;
}

/* The random of every challenge.json; the first call has no password and asks for it. */
static enum auth_verdict
judge_rpc2(struct device *device, json_t *body)
{
    char text[TEXT_SIZE * 3];
    char hash[MD5_TEXT] = "";
    const json_t *params = json_object_get(body, "params");
    const char *user = json_string_value(json_object_get(params, "userName"));
    const char *said = json_string_value(json_object_get(params, "password"));
    if (user == NULL || text_is_empty(said))
        return AUTH_ABSENT;
    const char *passwords[DEVICE_PASSWORDS];
    size_t count = device_passwords(device, DEVICE_WAY_FORM, user, passwords);
    bool right = false;
    for (size_t i = 0; i < count && !right; i++) {
        rpc2_stored(device, user, passwords[i], hash);
        snprintf(text, sizeof text, "%s:1234567890:%s", user, hash);
        md5_hex(text, hash);
        in_upper_case(hash);
        right = text_equal(hash, said);
    }
    return judge(device, DEVICE_WAY_FORM, right);
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void
auth_form_decode(const char *value, char *out, size_t size)
{
    size_t used = 0;
    for (; *value != '\0' && *value != '&' && used + 1 < size; value++) {
        int high = *value == '%' ? hex_digit(value[1]) : -1;
        int low = high < 0 ? -1 : hex_digit(value[2]);
        if (low >= 0) {
            out[used++] = (char)(uint8_t)(high * 16 + low);
            value += 2;
        } else {
            out[used] = *value;
            if (*value == '+')
                out[used] = ' ';
            used++;
        }
    }
    out[used] = '\0';
}

bool
auth_form_value(const char *form, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);
    for (const char *at = form; at != NULL; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, name, len) == 0 && at[len] == '=') {
            auth_form_decode(at + len + 1, out, size);
            return true;
        }
    }
    return false;
}

static enum auth_verdict
judge_form(struct device *device, const char *form)
{
    char user[TEXT_SIZE];
    char said[TEXT_SIZE];
    static const char *const users[] = {"username", "user", "usr"};
    static const char *const passwords[] = {"password", "pass", "pwd"};
    bool named = false;
    bool told = false;
    for (size_t i = 0; i < COUNT(users); i++) {
        named = named || auth_form_value(form, users[i], user, sizeof user);
        told = told || auth_form_value(form, passwords[i], said, sizeof said);
    }
    if (!named || !told)
        return AUTH_ABSENT;
    return judge(device, DEVICE_WAY_FORM, device_opens(device, DEVICE_WAY_FORM, user, said));
}

enum auth_verdict
auth_body(struct device *device, enum site_login login, const char *body, size_t len)
{
    if (len == 0)
        return AUTH_ABSENT;
    if (login == SITE_LOGIN_FORM || login == SITE_LOGIN_QUERY)
        return judge_form(device, body);
    json_t *value = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
    if (value == NULL)
        return AUTH_ABSENT;
    enum auth_verdict verdict = login == SITE_LOGIN_RPC2       ? judge_rpc2(device, value)
                                : login == SITE_LOGIN_BLUEIRIS ? judge_blueiris(device, value)
                                                               : judge_json(device, value);
    json_decref(value);
    return verdict;
}
