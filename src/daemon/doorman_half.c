/*
 * Who is half in. Bounded: whoever has given nothing yet makes room first.
 *
 * Rule of this file: a half belongs to one cookie, is found by its hash only, and is worth nothing
 * after DOORMAN_HALF_LIFE.
 */
#include "base/clock.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"

#include <sodium.h>
#include <string.h>

struct doorman_half *
doorman_half_find(
    struct doorman *doorman, const uint8_t hash[SESSION_HASH], enum doorman_stage least)
{
    int64_t now = clock_boot();
    for (size_t i = 0; i < DOORMAN_HALVES; i++) {
        struct doorman_half *half = &doorman->halves[i];
        if (half->stage >= least && half->stage != HALF_FREE &&
            now - half->since < DOORMAN_HALF_LIFE &&
            sodium_memcmp(half->hash, hash, SESSION_HASH) == 0) {
            return half;
        }
    }
    return NULL;
}

/* Free ones first, then those over their time, then the oldest that has given nothing. */
static int64_t
worth(const struct doorman_half *half, int64_t now)
{
    if (half->stage == HALF_FREE) {
        return -2;
    }
    if (now - half->since >= DOORMAN_HALF_LIFE) {
        return -1;
    }
    return half->since + (half->stage == HALF_NOTHING ? 0 : 2 * DOORMAN_HALF_LIFE);
}

void
doorman_half_drop(struct doorman_half *half)
{
    if (half != NULL) {
        sodium_memzero(half, sizeof(*half));
    }
}

struct doorman_half *
doorman_half_begin(
    struct doorman *doorman, const char *cookie, enum doorman_stage stage, const char *user)
{
    uint8_t hash[SESSION_HASH];
    int64_t now = clock_boot();
    board_hash(cookie, strlen(cookie), hash);
    struct doorman_half *best = doorman_half_find(doorman, hash, HALF_NOTHING);
    for (size_t i = 0; best == NULL && i < DOORMAN_HALVES; i++) {
        struct doorman_half *half = &doorman->halves[i];
        best = half->stage == HALF_FREE ? half : NULL;
    }
    if (best == NULL) {
        best = &doorman->halves[0];
        for (size_t i = 1; i < DOORMAN_HALVES; i++) {
            struct doorman_half *half = &doorman->halves[i];
            best = worth(half, now) < worth(best, now) ? half : best;
        }
    }
    doorman_half_drop(best);
    best->stage = stage;
    best->since = now;
    memcpy(best->hash, hash, sizeof(hash));
    (void)text_copy(best->user, sizeof(best->user), user);
    return best;
}

void
doorman_half_drop_user(struct doorman *doorman, const char *user)
{
    for (size_t i = 0; user != NULL && i < DOORMAN_HALVES; i++) {
        struct doorman_half *half = &doorman->halves[i];
        if (half->stage >= HALF_PASSWORD && text_equal_nocase(half->user, user)) {
            doorman_half_drop(half);
        }
    }
}

struct doorman_half *
doorman_half_challenge(struct visit *visit)
{
    const char *cookie = visit->has_session ? visit->session_cookie : visit->pre_cookie;
    if (cookie[0] == '\0') {
        return NULL;
    }
    uint8_t hash[SESSION_HASH];
    board_hash(cookie, strlen(cookie), hash);
    struct doorman_half *half = doorman_half_find(visit->doorman, hash, HALF_NOTHING);
    if (half == NULL) {
        half = doorman_half_begin(visit->doorman, cookie, HALF_NOTHING, "");
    }
    randombytes_buf(half->challenge, sizeof(half->challenge));
    half->challenged = clock_boot();
    return half;
}

bool
doorman_half_take(struct visit *visit, uint8_t ret_challenge[FACTOR_CHALLENGE])
{
    const char *cookie = visit->has_session ? visit->session_cookie : visit->pre_cookie;
    uint8_t hash[SESSION_HASH];
    board_hash(cookie, strlen(cookie), hash);
    struct doorman_half *half = doorman_half_find(visit->doorman, hash, HALF_NOTHING);
    if (half == NULL || half->challenged == 0) {
        return false;
    }
    bool is_fresh = clock_boot() - half->challenged < DOORMAN_CHALLENGE;
    memcpy(ret_challenge, half->challenge, FACTOR_CHALLENGE);
    sodium_memzero(half->challenge, sizeof(half->challenge));
    half->challenged = 0;
    return is_fresh;
}
