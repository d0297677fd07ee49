/*
 * A hostile entry being read, matched and indexed, and a query's words and times. The first line is
 * the query, the rest the entry.
 */
#include "base/arena.h"
#include "base/secret.h"
#include "ledger/index_build.h"
#include "ledger/query.h"
#include "ledger/when.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is an event here is JSON to a parser, and says the same there. */
static void
compare(const struct logged *logged, const char *entry, size_t len)
{
    json_error_t error;
    json_t *json = json_loadb(entry, len, JSON_ALLOW_NUL, &error);
    assert(json != NULL);
    const struct event_text *action = &logged->texts[LOGGED_ACTION];
    const json_t *there = json_object_get(json, "action");
    assert(json_string_length(there) == action->len);
    assert(memcmp(json_string_value(there), action->bytes, action->len) == 0);
    const struct event_text *user = &logged->texts[LOGGED_USER];
    const json_t *name = json_object_get(json_object_get(json, "actor"), "user");
    assert((name == NULL) == (user->bytes == NULL));
    assert(name == NULL || (json_string_length(name) == user->len &&
                               memcmp(json_string_value(name), user->bytes, user->len) == 0));
    json_decref(json);
}

static void
ask(const char *words, struct logged *logged, const char *entry, size_t len)
{
    struct query query = query_begin();
    int64_t time = 0;
    for (int end = 0; end < 2; end++) {
        if (when_parse(words, INT64_C(1795400045123), end == 1, &time) == OK) {
            query.from = time;
        }
    }
    query.has_net = query_set_net(&query, words) == OK;
    for (int part = 0; part < QUERY_PARTS; part++) {
        if (query_set(&query, (enum query_part)part, words) != OK) {
            assert(query.parts[part] == NULL);
        }
    }
    (void)query_match(&query, logged, entry, len);
    query = query_begin();
    if (query_set_words(&query, words) == OK) {
        (void)query_match(&query, logged, entry, len);
    }
    json_decref(query_json(&query));
}

static void
index_it(struct logged *logged, const char *entry, size_t len)
{
    static const uint8_t secret[INDEX_SECRET];
    static struct index_build *build;
    if (build == NULL || index_build_count(build) == PLACES_CHUNK) {
        index_build_free(build);
        build = index_build_new(secret);
        assert(build != NULL);
    }
    assert(index_build_add(build, logged, entry, len) == OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct logged *logged;
    struct arena arena;
    if (logged == NULL) {
        assert(secret_start() == OK);
        logged = logged_new();
        assert(logged != NULL);
    }
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
    size_t first = end == NULL ? size : (size_t)(end - data);
    const char *entry = end == NULL ? "" : (const char *)end + 1;
    size_t len = end == NULL ? 0 : size - first - 1;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    const char *words = arena_copy_n(&arena, (const char *)data, first);
    if (words != NULL && len <= EVENT_LIMIT) {
        if (logged_read(logged, entry, len)) {
            compare(logged, entry, len);
        }
        ask(words, logged, entry, len);
        index_it(logged, entry, len);
    }
    arena_release(&arena);
    return 0;
}
