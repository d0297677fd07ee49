/* What the consumers that are told over the network share. */
#include "remedy/consumer_kind.h"
#include "remedy/consumer_text.h"

#include "base/text.h"
#include "report/value.h"

#include <stdlib.h>
#include <string.h>

#define TICK_MS 2000
#define TICKS   30
#define COSTLY  2

const char *
consumer_words(struct consumer_talk *talk, const char *what, const char *id, const char *name)
{
    char clean[80];
    char number[64];
    text_clean(clean, sizeof(clean), name, strlen(name));
    text_clean(number, sizeof(number), id, strlen(id));
    return clean[0] == '\0' ? arena_format(&talk->arena, "%s %s", what, number)
                            : arena_format(&talk->arena, "%s %s (%s)", what, number, clean);
}

const char *
consumer_body(struct consumer_talk *talk, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    const char *copy = arena_copy(&talk->arena, text);
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
    return copy;
}

enum err
consumer_add_address(
    struct consumer_talk *talk, json_t *object, const char *key, const char *id, const char *words)
{
    struct arena *arena = &talk->arena;
    const char *text = value_get_text(object, key);
    struct consumer_url url;
    size_t cursor = 0;
    if (!consumer_url_next(text, strlen(text), &cursor, &url)) {
        return OK;
    }
    struct consumer_place *place = consumer_place_add(talk);
    if (place == NULL) {
        return ERR_LIMIT;
    }
    const char *host = arena_copy_n(arena, text + url.host, url.host_len);
    *place = (struct consumer_place){
        .host = host == NULL ? NULL : consumer_url_host(arena, host),
        .user = consumer_url_decode(arena, text + url.user, url.user_len),
        .password = consumer_url_decode(arena, text + url.password, url.password_len),
        .words = arena_copy(arena, words),
        .id = arena_copy(arena, id),
        .key = key,
        .object = object,
        .style = CONSUMER_IN_ADDRESS,
    };
    if (consumer_url_next(text, strlen(text), &cursor, &url)) {
        place->by_hand = "more than one address stands there";
    }
    return arena->full ? ERR_LIMIT : OK;
}

const char *
consumer_put_address(struct arena *arena, const char *address, const char *password)
{
    struct consumer_url url;
    size_t cursor = 0;
    const char *encoded = consumer_encode(arena, password);
    if (encoded == NULL || !consumer_url_next(address, strlen(address), &cursor, &url)) {
        return NULL;
    }
    return arena_format(arena, "%.*s%s%s", (int)url.password, address, encoded,
        address + url.password + url.password_len);
}

static enum err
await_one(struct consumer_talk *talk, const struct consumer_kind *kind,
    const struct consumer_place *place)
{
    static const unsigned seldom[COSTLY] = {5000, 15000};
    unsigned well = 0;
    unsigned wanted = kind->is_costly ? 1 : 2;
    for (unsigned i = 0; i < (kind->is_costly ? COSTLY : TICKS) && well < wanted; i++) {
        unsigned ms = kind->is_costly ? seldom[i] : TICK_MS;
        enum err err = talk->wait == NULL ? OK : talk->wait(talk->context, ms);
        if (err != OK) {
            return err;
        }
        well = kind->is_well(talk, place) ? well + 1 : 0;
    }
    if (well < wanted) {
        note_set(&talk->why, "%s does not record again", place->words);
        return ERR_TIMEOUT;
    }
    return OK;
}

enum err
consumer_await(struct consumer_talk *talk, const struct consumer_kind *kind,
    const struct consumer_place *places, size_t count)
{
    enum err err = OK;
    for (size_t i = 0; i < count && err == OK && kind->is_well != NULL && !talk->is_blind; i++) {
        err = await_one(talk, kind, &places[i]);
    }
    return err;
}
