/* Which entries of a chunk are worth a look, by the index. */
#include "ledger/search_inside.h"

#include "ledger/seal.h"

#include <string.h>

static bool
takes_net(const void *context, const char *text, size_t len)
{
    return query_in_net(context, text, len);
}

static bool
takes_action(const void *context, const char *text, size_t len)
{
    return query_covers(context, text, len);
}

/* Leaves in `places` only those that the index allows for one part of the query. */
static enum err
narrow_by(struct search *search, const struct index_posting *posting,
    const struct index_filter *filter, struct places *places)
{
    struct places found;
    places_none(&found);
    enum err err = filter != NULL ? index_find_all(search->index, posting, filter, &found)
                                  : index_find(search->index, posting, &found);
    places_and(places, &found);
    return err;
}

/*
 * The index never has what is sealed, only whose it is: a user by name, or by the mark of each
 * year, or by nobody's, of a time when there could be no key. Addresses, sessions and words that
 * are sealed are looked for in every entry.
 */
static enum err
narrow_by_user(struct search *search, const struct index_posting *posting, struct places *places)
{
    const struct subjects *subjects = search->settings->subjects;
    struct places found;
    unsigned year = 0;
    unsigned last = 0;
    places_none(&found);
    enum err err = index_find(search->index, posting, &found);
    subjects_years(subjects, &year, &last);
    for (; err == OK && year <= last; year++) {
        const size_t lens[] = {posting->len, 0};
        for (size_t i = 0; err == OK && i < COUNT(lens); i++) {
            char text[SEAL_SHOWN + 1];
            struct subjects_id subject;
            if (subjects_find(subjects, posting->text, lens[i], year, &subject) != OK) {
                continue;
            }
            struct index_posting sealed = *posting;
            sealed.text = seal_mark_text(&subject, text);
            sealed.len = SEAL_SHOWN;
            err = index_find(search->index, &sealed, &found);
        }
    }
    places_and(places, &found);
    return err;
}

static enum err
narrow_by_words(
    struct search *search, const struct query *query, uint64_t chunk, struct places *places)
{
    enum err err = OK;
    for (size_t i = 0; i < query->word_count; i++) {
        const char *word = query->words[i];
        size_t len = strlen(word);
        size_t at = 0;
        for (size_t token = query_next_token(word, len, &at); err == OK && token != 0;
             token = query_next_token(word, len, &at)) {
            struct index_posting posting = {.chunk = chunk, .kind = INDEX_WORD};
            posting.bucket = index_bucket(search->state.secret, word + at - token, token);
            err = narrow_by(search, &posting, NULL, places);
        }
    }
    return err;
}

static enum err
narrow_by_parts(
    struct search *search, const struct query *query, uint64_t chunk, struct places *places)
{
    static const enum index_kind kinds[QUERY_PARTS] = {
        [QUERY_USER] = INDEX_USER,
        [QUERY_CAMERA] = INDEX_CAMERA,
        [QUERY_ACTION] = INDEX_ACTION,
        [QUERY_OUTCOME] = INDEX_OUTCOME,
        [QUERY_SESSION] = INDEX_SESSION,
        [QUERY_OBJECT] = INDEX_OBJECT,
    };
    enum err err = OK;
    bool is_sealed = search->settings->subjects != NULL;
    for (size_t i = 0; err == OK && i < QUERY_PARTS; i++) {
        const char *value = query->parts[i];
        if (value == NULL || (is_sealed && (i == QUERY_SESSION || i == QUERY_OBJECT))) {
            continue;
        }
        struct index_posting posting = {chunk, kinds[i], value, strlen(value), 0, NULL};
        struct index_filter filter = {takes_action, value};
        err = is_sealed && i == QUERY_USER
                  ? narrow_by_user(search, &posting, places)
                  : narrow_by(search, &posting, i == QUERY_ACTION ? &filter : NULL, places);
    }
    if (err == OK && query->has_net && !is_sealed) {
        struct index_posting posting = {.chunk = chunk, .kind = INDEX_IP};
        struct index_filter filter = {takes_net, &query->net};
        err = narrow_by(search, &posting, &filter, places);
    }
    if (err == OK && query->is_long) {
        struct index_posting posting = {.chunk = chunk, .kind = INDEX_LONG, .text = ""};
        err = narrow_by(search, &posting, NULL, places);
    }
    return err;
}

enum err
search_narrow(
    struct search *search, const struct query *query, uint64_t chunk, struct places *places)
{
    struct index_chunk about;
    if (search->index == NULL || (chunk + 1) * PLACES_CHUNK > search->state.frontier.size) {
        return OK;
    }
    bool timed = query->from != INT64_MIN || query->to != INT64_MAX;
    enum err err = index_chunk(search->index, chunk, &about);
    if (err == OK && timed && (about.last < query->from || about.first >= query->to)) {
        places_none(places);
        return OK;
    }
    if (err == OK) {
        err = narrow_by_parts(search, query, chunk, places);
    }
    bool has_words = search->settings->subjects == NULL;
    return err == OK && has_words ? narrow_by_words(search, query, chunk, places) : err;
}
