/* One chunk being indexed: a bit set per bucket of words, a list of places per text. */
#include "ledger/index_build.h"

#include "ledger/query.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS_LIMIT ((size_t)PLACES_CHUNK * EVENT_LIMIT)
#define FIRST_ROOM  4096 /* values; a power of two */

struct value {
    enum index_kind kind;
    uint32_t len;
    size_t text; /* offset */
    uint64_t hash;
    size_t count; /* entries that have it */
    size_t start; /* of them in the sorted list */
};

struct pair {
    uint32_t value;
    uint16_t place;
};

struct index_build {
    uint8_t secret[INDEX_SECRET];
    size_t count;
    int64_t first, last;
    uint64_t strange;
    struct places *words;
    struct buf texts;
    struct value *values;
    size_t value_count, value_room;
    uint32_t *table; /* number of a value plus one; twice value_room slots */
    struct pair *pairs;
    size_t pair_count, pair_room;
    bool failed; /* sticky: memory is out */
};

static void
clear(struct index_build *build)
{
    build->count = 0;
    build->first = INT64_MAX;
    build->last = INT64_MIN;
    build->strange = 0;
    build->value_count = 0;
    build->pair_count = 0;
    buf_clear(&build->texts);
    memset(build->words, 0, INDEX_BUCKETS * sizeof(*build->words));
    memset(build->table, 0, 2 * build->value_room * sizeof(*build->table));
}

struct index_build *
index_build_new(const uint8_t secret[INDEX_SECRET])
{
    struct index_build *build = calloc(1, sizeof(*build));
    if (build == NULL) {
        return NULL;
    }
    memcpy(build->secret, secret, INDEX_SECRET);
    buf_init(&build->texts, TEXTS_LIMIT);
    build->value_room = FIRST_ROOM;
    build->words = calloc(INDEX_BUCKETS, sizeof(*build->words));
    build->values = calloc(build->value_room, sizeof(*build->values));
    build->table = calloc(2 * build->value_room, sizeof(*build->table));
    if (build->words == NULL || build->values == NULL || build->table == NULL) {
        index_build_free(build);
        return NULL;
    }
    clear(build);
    return build;
}

void
index_build_free(struct index_build *build)
{
    if (build != NULL) {
        buf_release(&build->texts);
        free(build->words);
        free(build->values);
        free(build->table);
        free(build->pairs);
        free(build);
    }
}

size_t
index_build_count(const struct index_build *build)
{
    return build->count;
}

void
index_build_skip(struct index_build *build)
{
    assert(build->count < PLACES_CHUNK);
    build->count++;
}

static uint32_t *
slot_of(struct index_build *build, const struct value *like, const char *text)
{
    size_t mask = 2 * build->value_room - 1;
    for (size_t at = like->hash & mask;; at = (at + 1) & mask) {
        uint32_t number = build->table[at];
        if (number == 0) {
            return &build->table[at];
        }
        const struct value *value = &build->values[number - 1];
        if (value->hash == like->hash && value->kind == like->kind && value->len == like->len &&
            memcmp(build->texts.data + value->text, text, value->len) == 0) {
            return &build->table[at];
        }
    }
}

static bool
grow_values(struct index_build *build)
{
    size_t room = build->value_room * 2;
    struct value *values = reallocarray(build->values, room, sizeof(*values));
    if (values == NULL) {
        return false;
    }
    build->values = values;
    uint32_t *table = calloc(2 * room, sizeof(*table));
    if (table == NULL) {
        return false;
    }
    free(build->table);
    build->table = table;
    build->value_room = room;
    for (size_t i = 0; i < build->value_count; i++) {
        *slot_of(build, &values[i], build->texts.data + values[i].text) = (uint32_t)i + 1;
    }
    return true;
}

static bool
add_pair(struct index_build *build, uint32_t value)
{
    if (build->pair_count == build->pair_room) {
        size_t room = build->pair_room == 0 ? (size_t)8 * PLACES_CHUNK : 2 * build->pair_room;
        struct pair *pairs = reallocarray(build->pairs, room, sizeof(*pairs));
        if (pairs == NULL) {
            return false;
        }
        build->pairs = pairs;
        build->pair_room = room;
    }
    build->pairs[build->pair_count++] = (struct pair){value, (uint16_t)build->count};
    build->values[value].count++;
    return true;
}

static void
add_value(struct index_build *build, enum index_kind kind, const struct event_text *text)
{
    struct value value = {.kind = kind, .len = (uint32_t)text->len, .text = build->texts.len};
    uint8_t hash[crypto_shorthash_BYTES];
    if (text->bytes == NULL || build->failed) {
        return;
    }
    (void)crypto_shorthash(hash, (const uint8_t *)text->bytes, text->len, build->secret);
    memcpy(&value.hash, hash, sizeof(value.hash));
    value.hash ^= (uint64_t)kind;
    if (build->value_count == build->value_room && !grow_values(build)) {
        build->failed = true;
        return;
    }
    uint32_t *slot = slot_of(build, &value, text->bytes);
    if (*slot == 0) {
        buf_add(&build->texts, text->bytes, text->len);
        build->values[build->value_count] = value;
        *slot = (uint32_t)++build->value_count;
    }
    build->failed = buf_error(&build->texts) != OK || !add_pair(build, *slot - 1);
}

/* A logged_text_fn. */
static void
add_words(void *context, const char *bytes, size_t len)
{
    struct index_build *build = context;
    size_t at = 0;
    for (size_t token = query_next_token(bytes, len, &at); token != 0;
         token = query_next_token(bytes, len, &at)) {
        unsigned bucket = index_bucket(build->secret, bytes + at - token, token);
        places_add(&build->words[bucket], build->count);
    }
}

static void
add_values(struct index_build *build, const struct logged *logged)
{
    static const struct {
        enum index_kind kind;
        enum logged_text text;
    } rows[] = {
        {INDEX_ACTION,  LOGGED_ACTION },
        {INDEX_OUTCOME, LOGGED_OUTCOME},
        {INDEX_USER,    LOGGED_USER   },
        {INDEX_IP,      LOGGED_IP     },
        {INDEX_SESSION, LOGGED_SESSION},
        {INDEX_OBJECT,  LOGGED_OBJECT },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        add_value(build, rows[i].kind, &logged->texts[rows[i].text]);
    }
    for (size_t i = 0; i < logged->camera_count; i++) {
        add_value(build, INDEX_CAMERA, &logged->cameras[i]);
    }
    if (logged->numbers[LOGGED_DURATION] >= QUERY_LONG_MS) {
        add_value(build, INDEX_LONG, &(struct event_text){"", 0});
    }
}

enum err
index_build_add(struct index_build *build, struct logged *logged, const void *entry, size_t len)
{
    assert(build->count < PLACES_CHUNK);
    logged->subjects = NULL; /* the index has marks, never what they stand for */
    logged->sink = add_words;
    logged->sink_context = build;
    if (logged_read(logged, entry, len)) {
        int64_t time = logged->numbers[LOGGED_TIME];
        build->first = time < build->first ? time : build->first;
        build->last = time > build->last ? time : build->last;
        add_values(build, logged);
    } else {
        build->strange++;
    }
    logged->sink = NULL;
    build->count++;
    return build->failed ? ERR_MEMORY : OK;
}

static int
compare_values(const void *left, const void *right, void *context)
{
    const struct index_build *build = context;
    const struct value *a = &build->values[*(const uint32_t *)left];
    const struct value *b = &build->values[*(const uint32_t *)right];
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(build->texts.data + a->text, build->texts.data + b->text, len);
    return order != 0 ? order : a->len < b->len ? -1 : a->len > b->len;
}

/* Gives the places of all values, those of each together and ascending; NULL: memory is out. */
static uint16_t *
sort_places(struct index_build *build)
{
    uint16_t *sorted = reallocarray(NULL, build->pair_count + 1, sizeof(*sorted));
    size_t start = 0;
    for (size_t i = 0; sorted != NULL && i < build->value_count; i++) {
        build->values[i].start = start;
        start += build->values[i].count;
        build->values[i].count = 0;
    }
    for (size_t i = 0; sorted != NULL && i < build->pair_count; i++) {
        struct value *value = &build->values[build->pairs[i].value];
        sorted[value->start + value->count++] = build->pairs[i].place;
    }
    return sorted;
}

static enum err
store_values(struct index_build *build, struct index *index, struct index_posting *posting,
    const uint16_t *sorted)
{
    CLEANUP(buf_release) struct buf places;
    uint32_t *order = reallocarray(NULL, build->value_count + 1, sizeof(*order));
    enum err err = order == NULL ? ERR_MEMORY : OK;
    buf_init(&places, PLACES_BYTES);
    for (size_t i = 0; err == OK && i < build->value_count; i++) {
        order[i] = (uint32_t)i;
    }
    if (err == OK) {
        qsort_r(order, build->value_count, sizeof(*order), compare_values, build);
    }
    posting->places = &places;
    for (size_t i = 0; err == OK && i < build->value_count; i++) {
        const struct value *value = &build->values[order[i]];
        buf_clear(&places);
        places_put(&places, sorted + value->start, value->count);
        posting->kind = value->kind;
        posting->text = build->texts.data + value->text;
        posting->len = value->len;
        err = buf_error(&places);
        if (err == OK) {
            err = index_add(index, posting);
        }
    }
    posting->places = NULL;
    free(order);
    return err;
}

static enum err
store_words(const struct index_build *build, struct index *index, struct index_posting *posting)
{
    CLEANUP(buf_release) struct buf places;
    enum err err = OK;
    buf_init(&places, PLACES_BYTES);
    posting->kind = INDEX_WORD;
    posting->places = &places;
    for (unsigned i = 0; err == OK && i < INDEX_BUCKETS; i++) {
        buf_clear(&places);
        places_put_bits(&places, &build->words[i]);
        posting->bucket = i;
        err = buf_error(&places);
        if (err == OK && places.len != 0) {
            err = index_add(index, posting);
        }
    }
    posting->places = NULL;
    return err;
}

enum err
index_build_store(struct index_build *build, struct index *index, uint64_t chunk)
{
    struct index_posting posting = {.chunk = chunk};
    struct index_chunk about = {chunk, build->first, build->last, build->strange};
    uint16_t *sorted = sort_places(build);
    enum err err = sorted == NULL ? ERR_MEMORY : index_add_chunk(index, &about);
    if (err == OK) {
        err = store_values(build, index, &posting, sorted);
    }
    if (err == OK) {
        err = store_words(build, index, &posting);
    }
    free(sorted);
    clear(build);
    return err;
}
