/* A password's change by an account's table, and the passwords that are set. */
#include "device/change.h"

#include "base/strength.h"
#include "base/text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define CHANGE_STEPS 6
#define TELLING      5  /* signs of a password one after the other tell it */
#define LENGTH       20 /* where it fits: 115 bits */
#define LEAST        8  /* with less there is no safe one */
#define MOST         128
#define ATTEMPTS     200

/* Without those that look alike: I l 1 O o 0. */
#define UPPER  "ABCDEFGHJKLMNPQRSTUVWXYZ"
#define LOWER  "abcdefghijkmnpqrstuvwxyz"
#define DIGITS "23456789"

/*
 * Signs, the safest first: they stand for themselves in an address (RFC 3986 2.3), a shell, XML,
 * YAML, JSON and a form. None of @ : / ? # % & + that end or change an RTSP address.
 */
#define SIGNS "-_.~"

/* Some devices repeat the whole request in their refusal; a cut-off password counts too. */
static bool
tells(const char *words, const struct secret *secret)
{
    char part[TELLING + 1];
    size_t len = secret == NULL ? 0 : secret_len(secret);
    bool is_told = false;
    for (size_t i = 0; i + TELLING <= len && !is_told; i++) {
        memcpy(part, secret_text(secret) + i, TELLING);
        part[TELLING] = '\0';
        is_told = strstr(words, part) != NULL;
    }
    sodium_memzero(part, sizeof(part));
    return is_told || (len != 0 && len < TELLING && strstr(words, secret_text(secret)) != NULL);
}

static void
hide(struct device_change *change)
{
    if (tells(change->why, change->new) || tells(change->why, change->old)) {
        sodium_memzero(change->why, sizeof(change->why));
        (void)text_copy(
            change->why, sizeof(change->why), "its answer repeats a password, so it is not shown");
    }
}

enum change_state
device_change_step(const struct device_account *account, struct device_change *change,
    const struct answer *last, struct arena *arena, struct request *ret_request)
{
    *ret_request = (struct request){.spends = false};
    if (change->step >= CHANGE_STEPS || (change->step == 0) != (last == NULL)) {
        (void)text_copy(change->why, sizeof(change->why), "the device's answers do not end");
        return CHANGE_UNCLEAR;
    }
    if (last != NULL && last->err != OK) {
        (void)snprintf(change->why, sizeof(change->why), "no answer came (%s)%s",
            err_words(last->err), change->number == 0 ? ", before the new password was sent" : "");
        return change->number == 0 ? CHANGE_REFUSED : CHANGE_UNCLEAR;
    }
    enum change_state state = account->step(change, last, arena, ret_request);
    change->step++;
    hide(change);
    return state;
}

struct recipe {
    size_t len;
    unsigned upper, lower, digits, signs;
    const char *sign; /* the one that is used */
};

static char
pick(const char *from)
{
    return from[randombytes_uniform((uint32_t)strlen(from))];
}

/* The first of the safe signs that the device takes; NULL: none. */
static const char *
safe_sign(const struct device_password_rule *rule)
{
    for (const char *sign = SIGNS; *sign != '\0'; sign++) {
        if (rule->allowed == NULL || strchr(rule->allowed, *sign) != NULL) {
            return sign;
        }
    }
    return NULL;
}

/* False: no safe password keeps the rule. */
static bool
make_recipe(const struct device_password_rule *rule, struct recipe *recipe)
{
    size_t len = rule->min > LENGTH ? rule->min : LENGTH;
    if (rule->max != 0 && len > rule->max) {
        len = rule->max;
    }
    *recipe = (struct recipe){.len = len,
        .upper = rule->upper > 1 ? rule->upper : 1,
        .lower = rule->lower > 1 ? rule->lower : 1,
        .digits = rule->digits > 1 ? rule->digits : 1,
        .signs = rule->classes >= 4 && rule->signs == 0 ? 1 : rule->signs,
        .sign = safe_sign(rule)};
    return len >= LEAST && len >= rule->min && len <= MOST && rule->classes <= 4 &&
           rule->upper <= MOST && rule->lower <= MOST && rule->digits <= MOST &&
           rule->signs <= MOST && (recipe->signs == 0 || recipe->sign != NULL) &&
           recipe->upper + recipe->lower + recipe->digits + recipe->signs < len;
}

static void
swap(char *a, char *b)
{
    char kept = *a;
    *a = *b;
    *b = kept;
}

static bool
is_letter(char c)
{
    return strchr(UPPER LOWER, c) != NULL;
}

/* The wanted ones, the rest of letters and digits, shuffled; a letter in front, no sign at the end.
 */
static void
cook(const struct recipe *recipe, char *out)
{
    size_t len = 0;
    for (unsigned i = 0; i < recipe->upper; i++) {
        out[len++] = pick(UPPER);
    }
    for (unsigned i = 0; i < recipe->lower; i++) {
        out[len++] = pick(LOWER);
    }
    for (unsigned i = 0; i < recipe->digits; i++) {
        out[len++] = pick(DIGITS);
    }
    for (unsigned i = 0; i < recipe->signs; i++) {
        out[len++] = *recipe->sign;
    }
    while (len < recipe->len) {
        out[len++] = pick(UPPER LOWER DIGITS);
    }
    out[len] = '\0';
    for (size_t i = len - 1; i > 0; i--) {
        swap(&out[i], &out[randombytes_uniform((uint32_t)i + 1)]);
    }
    for (size_t i = 1; i < len && !is_letter(out[0]); i++) {
        swap(&out[0], &out[i]);
    }
    for (size_t i = 1; i + 1 < len && recipe->sign != NULL && out[len - 1] == *recipe->sign; i++) {
        swap(&out[len - 1], &out[i]);
    }
}

enum err
device_password_new(
    const struct device_password_rule *rule, const char *user, struct secret **ret_secret)
{
    struct recipe recipe;
    struct strength_words words = {.count = 0};
    char text[MOST + 1];
    if (!make_recipe(rule, &recipe)) {
        return ERR_UNSUPPORTED;
    }
    strength_add(&words, user);
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        cook(&recipe, text);
        struct secret *secret = secret_new_text(text);
        if (secret == NULL) {
            sodium_memzero(text, sizeof(text));
            return ERR_MEMORY;
        }
        bool has_user = !text_is_empty(user) && text_contains_nocase(text, user);
        if (!has_user && strength_trouble(secret, &words) == NULL) {
            sodium_memzero(text, sizeof(text));
            *ret_secret = secret;
            return OK;
        }
        secret_free(secret);
    }
    sodium_memzero(text, sizeof(text));
    return ERR_UNSUPPORTED;
}
