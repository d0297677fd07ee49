/* The list of kinds of consumers, and how any of them is spoken to. */
#include "remedy/consumer_kind.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define CONSUMER(name) extern const struct consumer_kind consumer_##name;
#include "remedy/consumers.def"
#undef CONSUMER

const struct consumer_kind *const consumer_kinds[] = {
#define CONSUMER(name) &consumer_##name,
#include "remedy/consumers.def"
#undef CONSUMER
};
const size_t consumer_kind_count = COUNT(consumer_kinds);

const struct consumer_kind *
consumer_kind(const char *name)
{
    for (size_t i = 0; i < consumer_kind_count; i++) {
        if (text_equal(consumer_kinds[i]->name, name)) {
            return consumer_kinds[i];
        }
    }
    return NULL;
}

void
consumer_talk_init(
    struct consumer_talk *talk, const struct site *site, const struct site_consumer *row)
{
    *talk = (struct consumer_talk){.site = site, .row = row, .stamp = "before"};
    arena_init(&talk->arena, 4 * CONSUMER_BYTES);
    buf_init(&talk->bytes, CONSUMER_BYTES);
}

void
consumer_talk_release(struct consumer_talk *talk)
{
    const struct consumer_kind *kind = consumer_kind(talk->row->kind);
    if (kind != NULL && kind->close != NULL) {
        kind->close(talk);
    }
    json_decref(talk->document);
    if (talk->bytes.size != 0) {
        explicit_bzero(talk->bytes.data, talk->bytes.size);
    }
    buf_release(&talk->bytes);
    arena_wipe(&talk->arena);
    *talk = (struct consumer_talk){.row = NULL};
}

struct consumer_place *
consumer_place_add(struct consumer_talk *talk)
{
    if (talk->places == NULL) {
        talk->places = arena_alloc(&talk->arena, CONSUMER_PLACES * sizeof(*talk->places));
    }
    if (talk->places == NULL || talk->place_count == CONSUMER_PLACES) {
        note_set(&talk->why, "it has more than %d passwords", CONSUMER_PLACES);
        return NULL;
    }
    return &talk->places[talk->place_count++];
}

enum err
consumer_ask(struct consumer_talk *talk, const struct request *request, struct answer *ret_answer)
{
    const struct wire_target target = {talk->row->login.ip, talk->row->port, talk->row->tls};
    struct answer answer = {.err = OK};
    enum err err = talk->http(talk->context, &target, request, &talk->arena, &answer);
    err = err == OK ? answer.err : err;
    if (err != OK) {
        note_set(&talk->why, "%s", err_words(err));
        return err;
    }
    *ret_answer = answer;
    if (answer.status < 200 || answer.status > 299) {
        note_set(&talk->why, "it answers with status %d", answer.status);
        return answer.status == 401 || answer.status == 403 ? ERR_REFUSED : ERR_VALUE;
    }
    return OK;
}

enum err
consumer_ask_json(struct consumer_talk *talk, const struct request *request)
{
    struct answer answer = {.err = OK};
    enum err err = consumer_ask(talk, request, &answer);
    if (err != OK) {
        return err;
    }
    json_t *document = json_loadb(answer.body, answer.body_len, JSON_REJECT_DUPLICATES, NULL);
    if (document == NULL) {
        note_set(&talk->why, "its answer is not JSON");
        return ERR_SYNTAX;
    }
    json_decref(talk->document);
    talk->document = document;
    return OK;
}

const char *
consumer_encode(struct arena *arena, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t len = strlen(text);
    char *out = arena_alloc(arena, 3 * len + 1);
    char *at = out;
    for (size_t i = 0; out != NULL && i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (is_letter || (c >= '0' && c <= '9') || strchr(CONSUMER_SIGNS, c) != NULL) {
            *at++ = (char)c;
        } else {
            *at++ = '%';
            *at++ = hex[c >> 4];
            *at++ = hex[c & 15];
        }
    }
    return out;
}

const char *
consumer_path(struct consumer_talk *talk, const char *root, const char *path)
{
    const char *start = talk->row->root == NULL ? root : talk->row->root;
    int len = (int)strlen(start) - (text_ends(start, "/") ? 1 : 0);
    return arena_format(&talk->arena, "%.*s%s", len, start, path);
}

bool
consumer_place_is_at(const struct consumer_place *place, const struct subject *subject)
{
    struct ip ip;
    if (place->host == NULL) {
        return false;
    }
    if (ip_parse(place->host, &ip) == OK) {
        return subject_has_address(subject, &ip);
    }
    return subject->name != NULL && text_equal_nocase(place->host, subject->name);
}
