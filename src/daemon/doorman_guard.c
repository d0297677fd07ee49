/*
 * Cookies, tokens, origins: whose request it is, and whether a page of ours sent it.
 *
 * Rule of this file: a POST counts only with the token of its own cookie and from an origin of the
 * settings; no host, port or scheme of a header makes its way into a cookie or a link.
 */
#include "base/clock.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"
#include "gate/listen.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define ORIGIN 320

const char *
doorman_guard_cookie(const struct doorman *doorman, const char *name)
{
    static const char *const rows[][2] = {
        {DOORMAN_SESSION_COOKIE, "__Host-" DOORMAN_SESSION_COOKIE},
        {DOORMAN_PRE_COOKIE,     "__Host-" DOORMAN_PRE_COOKIE    },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_equal(rows[i][0], name)) {
            return rows[i][doorman->settings->is_plain ? 0 : 1];
        }
    }
    assert(false && "a cookie of another name");
    return "";
}

static void
hash_of(const char *cookie, uint8_t ret_hash[SESSION_HASH])
{
    board_hash(cookie, strlen(cookie), ret_hash);
}

void
doorman_guard_half(struct visit *visit)
{
    uint8_t hash[SESSION_HASH];
    visit->half = NULL;
    if (visit->pre_cookie[0] != '\0') {
        hash_of(visit->pre_cookie, hash);
        visit->half = doorman_half_find(visit->doorman, hash, HALF_NOTHING);
    }
}

static bool
read_cookie(const struct visit *visit, const char *cookies, const char *name,
    char ret_value[SESSION_COOKIE])
{
    return cookies != NULL && doorman_form_cookie(cookies,
                                  doorman_guard_cookie(visit->doorman, name), ret_value) == OK;
}

void
doorman_guard_know(struct visit *visit, const char *cookies)
{
    uint8_t hash[SESSION_HASH];
    struct doorman *doorman = visit->doorman;
    (void)read_cookie(visit, cookies, DOORMAN_PRE_COOKIE, visit->pre_cookie);
    doorman_guard_half(visit);
    if (!read_cookie(visit, cookies, DOORMAN_SESSION_COOKIE, visit->session_cookie)) {
        visit->session_cookie[0] = '\0';
        return;
    }
    hash_of(visit->session_cookie, hash);
    int64_t now = clock_wall();
    int64_t idle = INT64_C(60000) * doorman->settings->idle_minutes;
    visit->has_session = session_find(doorman->identity, hash, &visit->session) == OK &&
                         visit->session.expires > now &&
                         doorman_board_seen(doorman, &visit->session) > now - idle;
    if (!visit->has_session) {
        visit->session_cookie[0] = '\0';
        return;
    }
    visit->is_elevated = visit->session.elevated > now;
    doorman_board_touch(doorman, &visit->session);
}

void
doorman_guard_token(const struct visit *visit, char ret_token[SESSION_COOKIE])
{
    const char *cookie = visit->has_session ? visit->session_cookie : visit->pre_cookie;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    static_assert(sizeof(visit->doorman->key) == crypto_auth_hmacsha256_KEYBYTES, "one key");
    crypto_auth_hmacsha256(mac, (const unsigned char *)cookie, strlen(cookie), visit->doorman->key);
    (void)sodium_bin2base64(
        ret_token, SESSION_COOKIE, mac, sizeof(mac), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* An origin of the settings: scheme, host, and the port where it is not the scheme's own. */
static const char *
origin_of(const struct doorman *doorman, size_t vms, char out[ORIGIN])
{
    struct ip ip;
    uint16_t port = 0;
    char number[8] = "";
    const struct settings *settings = doorman->settings;
    bool is_six = ip_parse(settings->host, &ip) == OK && ip.family == 6;
    if (listen_parse(settings->vms[vms].listen, &ip, &port) == OK &&
        port != (settings->is_plain ? 80 : 443)) {
        (void)snprintf(number, sizeof(number), ":%u", (unsigned)port);
    }
    (void)snprintf(out, ORIGIN, "%s://%s%s%s%s", settings->is_plain ? "http" : "https",
        is_six ? "[" : "", settings->host, is_six ? "]" : "", number);
    return out;
}

static const char *
header(const struct visit *visit, const char *name)
{
    return MHD_lookup_connection_value(visit->connection, MHD_HEADER_KIND, name);
}

/* The origin of the header if it is one of the settings; NULL. */
static const char *
known_origin(const struct visit *visit)
{
    char text[ORIGIN];
    const char *said = header(visit, "Origin");
    for (size_t i = 0; said != NULL && i < visit->doorman->settings->vms_count; i++) {
        if (text_equal(origin_of(visit->doorman, i, text), said)) {
            return said;
        }
    }
    return NULL;
}

const char *
doorman_guard_origin(struct visit *visit)
{
    char text[ORIGIN];
    const char *known = known_origin(visit);
    known = known != NULL ? known : arena_copy(&visit->arena, origin_of(visit->doorman, 0, text));
    return known == NULL ? "" : known;
}

bool
doorman_guard_is_meant(const struct visit *visit)
{
    const char *mode = header(visit, "Sec-Fetch-Mode");
    const char *to = header(visit, "Sec-Fetch-Dest");
    if (visit->route->need == DOORMAN_NOTICE || (mode == NULL && to == NULL)) {
        return true; /* nothing to take; an old browser, or none */
    }
    return visit->route->by == DOORMAN_WINDOW
               ? text_equal(mode, "navigate") && text_equal(to, "document")
               : text_equal(to, "empty") && !text_equal(mode, "navigate");
}

bool
doorman_guard_is_ours(struct visit *visit)
{
    char token[SESSION_COOKIE];
    const char *site = header(visit, "Sec-Fetch-Site");
    const char *origin = header(visit, "Origin");
    const char *given = doorman_form_value(&visit->form, "token");
    bool has_cookie = visit->has_session || visit->pre_cookie[0] != '\0';
    if (site != NULL && !text_equal(site, "same-origin")) {
        return false;
    }
    /* Referrer-Policy: no-referrer makes the origin of a form "null" (Fetch standard). */
    bool is_hidden = text_equal(origin, "null") && site != NULL;
    if (origin != NULL && !is_hidden && known_origin(visit) == NULL) {
        return false;
    }
    doorman_guard_token(visit, token);
    return has_cookie && strlen(given) == SESSION_COOKIE - 1 &&
           sodium_memcmp(given, token, SESSION_COOKIE - 1) == 0;
}

void
doorman_guard_random(char ret_cookie[SESSION_COOKIE])
{
    uint8_t bytes[32];
    randombytes_buf(bytes, sizeof(bytes));
    (void)sodium_bin2base64(
        ret_cookie, SESSION_COOKIE, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void
doorman_guard_renew(struct visit *visit)
{
    doorman_guard_random(visit->pre_cookie);
    doorman_answer_cookie(visit, DOORMAN_PRE_COOKIE, visit->pre_cookie);
    doorman_guard_half(visit);
}

void
doorman_guard_tell(struct visit *visit, const char *why)
{
    uint8_t hash[BOARD_HASH];
    struct doorman *doorman = visit->doorman;
    int64_t now = clock_boot();
    board_hash(visit->ip_text, strlen(visit->ip_text), hash);
    int64_t *told = &doorman->forged[hash[0] % COUNT(doorman->forged)];
    if (*told != 0 && now - *told < DOORMAN_FOLD) {
        return;
    }
    *told = now;
    doorman_say_fail(visit, visit->has_session ? visit->session.user : NULL, NULL, why);
}
