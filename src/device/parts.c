/* Pieces that the parse functions of several drivers share. */
#include "device/parts.h"

#include "base/clock.h"
#include "base/text.h"
#include "codec/pick.h"
#include "device/door.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define JSON_DEEP   12
#define TRIES_ABOVE 100 /* more is no number of tries */

/* "admin" is met in "admin (administrator), joe". */
static bool
is_met(const struct parts_users *users, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = users->text; (at = strstr(at, name)) != NULL; at++) {
        bool begins = at == users->text || (at - users->text >= 2 && memcmp(at - 2, ", ", 2) == 0);
        if (begins && (at[len] == '\0' || at[len] == ',' || strncmp(at + len, " (", 2) == 0)) {
            return true;
        }
    }
    return false;
}

void
parts_users_add(struct parts_users *users, const char *name, const char *level)
{
    char clean[64];
    char rank[64];
    if (text_is_empty(name)) {
        return;
    }
    text_clean(clean, sizeof(clean), name, strlen(name));
    text_clean(rank, sizeof(rank), level == NULL ? "" : level, level == NULL ? 0 : strlen(level));
    if (is_met(users, clean)) {
        return;
    }
    users->count++;
    size_t left = sizeof(users->text) - users->len;
    int len = snprintf(users->text + users->len, left, "%s%s%s%s%s", users->len == 0 ? "" : ", ",
        clean, rank[0] == '\0' ? "" : " (", rank, rank[0] == '\0' ? "" : ")");
    if (len < 0 || (size_t)len >= left) {
        users->text[users->len] = '\0';
        return;
    }
    users->len += (size_t)len;
}

/* The value of the first of these keys, letter case ignored. */
static const json_t *
member(json_t *object, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *key = NULL;
        json_t *value = NULL;
        json_object_foreach(object, key, value)
        {
            if (text_equal_nocase(key, keys[i])) {
                return value;
            }
        }
    }
    return NULL;
}

static const char *
level_of(json_t *object, char *out, size_t size)
{
    static const char *const levels[] = {"level", "userlevel", "privilege", "usergroup", "group"};
    static const char *const admins[] = {"adminaccess"};
    const json_t *level = member(object, levels, COUNT(levels));
    const json_t *admin = member(object, admins, COUNT(admins));
    if (json_is_string(level)) {
        (void)text_copy(out, size, json_string_value(level));
    } else if (json_is_integer(level)) {
        (void)snprintf(out, size, "level %" JSON_INTEGER_FORMAT, json_integer_value(level));
    } else if (json_is_boolean(admin)) {
        (void)text_copy(out, size, json_is_true(admin) ? "administrator" : "user");
    } else {
        out[0] = '\0';
    }
    return out;
}

static void
add_object(json_t *object, struct parts_users *users)
{
    static const char *const names[] = {"username", "userid", "user"};
    static const char *const switches[] = {"enable", "enabled"};
    char level[64];
    const json_t *name = member(object, names, COUNT(names));
    const json_t *enabled = member(object, switches, COUNT(switches));
    bool off = json_is_false(enabled) || (json_is_integer(enabled) && !json_integer_value(enabled));
    if (json_is_string(name) && !off) {
        parts_users_add(users, json_string_value(name), level_of(object, level, sizeof(level)));
    }
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by JSON_DEEP
static void
walk(json_t *json, unsigned depth, struct parts_users *users)
{
    size_t i = 0;
    const char *key = NULL;
    json_t *value = NULL;
    if (depth > JSON_DEEP) {
        return;
    }
    if (json_is_array(json)) {
        json_array_foreach(json, i, value)
        {
            walk(value, depth + 1, users);
        }
    } else if (json_is_object(json)) {
        add_object(json, users);
        json_object_foreach(json, key, value)
        {
            walk(value, depth + 1, users);
        }
    }
}

void
parts_users_json(const struct answer *answer, struct parts_users *users)
{
    json_t *root =
        json_loadb(answer->body, answer->body_len, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
    walk(root, 0, users);
    json_decref(root);
}

void
parts_users_write(const struct parts_users *users, struct facts *facts, const struct source *source)
{
    if (users->count == 0) {
        return;
    }
    struct source config = parts_config(source, source->confidence);
    const char *words = arena_format(facts->arena, "%u account%s: %.200s", users->count,
        users->count == 1 ? "" : "s", users->text);
    config.evidence =
        source->evidence == NULL || words == NULL
            ? NULL
            : evidence_new(facts->arena, source->evidence->asked, words, source->evidence->at);
    facts_set_text(facts, FACT_USERS_LIST, users->text, &config);
}

struct source
parts_config(const struct source *source, uint8_t confidence)
{
    struct source config = *source;
    config.witness = WITNESS_CONFIG;
    config.confidence = confidence;
    return config;
}

const char *
parts_text(const struct answer *answer, const char *pick, struct arena *arena)
{
    const char *text = NULL;
    return pick_text(answer, pick, arena, &text) == OK ? text : NULL;
}

bool
parts_bool(const struct answer *answer, const char *pick, struct arena *arena, bool *ret_value)
{
    return text_to_bool(parts_text(answer, pick, arena), ret_value) == OK;
}

void
parts_either(struct facts *facts, enum fact_id fact, bool yes, const struct source *source)
{
    if (yes || !facts_is_yes(facts, fact)) {
        facts_set_bool(facts, fact, yes, source);
    }
}

void
parts_clock(const char *text, int64_t west, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    int64_t wall = 0;
    if (answer->at != 0 && clock_parse(text, &wall) == OK) {
        facts_set_int(facts, FACT_CLOCK_OFFSET, wall / 1000 + west - answer->at / 1000, source);
    }
}

void
parts_ntp(bool enabled, const char *server, struct facts *facts, const struct source *source)
{
    struct source config = parts_config(source, source->confidence);
    bool named = !text_is_empty(server) && !text_equal(server, "0.0.0.0") &&
                 !text_equal(server, "::") && !text_equal_nocase(server, "none");
    if (!enabled) {
        facts_set_bool(facts, FACT_CLOCK_SYNCED, false, &config);
    } else if (named) {
        facts_set_bool(facts, FACT_CLOCK_SYNCED, true, &config);
        facts_set_text(facts, FACT_CLOCK_NTP, server, &config);
    }
}

/* The number that one of these expressions finds; -1: none does. */
static int
number_in(const struct answer *answer, const char *const *picks, size_t count)
{
    struct arena arena;
    int found = -1;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    for (size_t i = 0; i < count && found < 0; i++) {
        const char *text = NULL;
        uint64_t number = 0;
        if (pick_text(answer, picks[i], &arena, &text) == OK &&
            text_to_u64(text, INT32_MAX, &number) == OK) {
            found = (int)number;
        }
    }
    arena_release(&arena);
    return found;
}

void
parts_warn(const struct answer *answer, struct device_warning *ret_warning)
{
    static const char *const tries[] = {
        "~(?i)(?:remain|left|surplus|retry|rest)\\w{0,12}(?:times|tries|attempts|count|num)\"?>?"
        "\\s*"
        "[:=]?\\s*\"?(\\d{1,3})\\b",
        "~(?i)\\b(\\d{1,3}) (?:more )?(?:attempts?|tries|times)\\s+(?:is |are )?(?:left|remain)",
        "~(?i)\\bremaining (?:attempts|tries|times)\\D{0,4}(\\d{1,3})\\b",
        "~(?i)\\b(?:have|has) (?:only )?(\\d{1,3}) (?:more )?(?:attempt|tr(?:y|ies)|time|chance)",
    };
    static const char *const seconds[] = {
        "~(?i)(?:lock|block|unlock)\\w{0,12}(?:time|seconds|sec)\"?>?\\s*[:=]?\\s*\"?(\\d{1,6})\\b",
        "~(?i)try again (?:in|after) (\\d{1,6}) ?s",
    };
    int left = number_in(answer, tries, COUNT(tries));
    int length = number_in(answer, seconds, COUNT(seconds));
    ret_warning->locked = door_is_locked(answer);
    ret_warning->left = left <= TRIES_ABOVE ? left : -1;
    ret_warning->seconds = length > 0 ? (unsigned)length : 0;
}
