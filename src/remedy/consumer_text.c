/* Passwords in YAML and JSON: found by libyaml's marks, replaced byte for byte. */
#include "remedy/consumer_text.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define DEPTH  64
#define ESCAPE "escapes or line breaks stand in it"

/* A scalar as it stands in the text. */
struct scalar {
    const char *value;
    size_t at, len; /* quotes included */
    unsigned line;
    enum consumer_style style;
    const char *by_hand; /* why it can't be replaced */
};

struct level {
    bool is_map;
    bool has_key;
    char key[64];
    bool has_password;
    const char *host, *user;
    struct scalar password;
};

struct walk {
    yaml_parser_t parser;
    struct consumer_talk *talk;
    struct level levels[DEPTH];
    size_t depth;
    size_t index, byte; /* a mark of libyaml counts characters */
    bool is_frigate;
};

/* Marks come in order, so that one walk over the text serves all. */
static size_t
byte_at(struct walk *walk, size_t index)
{
    const struct buf *text = &walk->talk->bytes;
    if (index < walk->index) {
        walk->index = walk->byte = 0;
    }
    while (walk->index < index && walk->byte < text->len) {
        walk->byte++;
        while (walk->byte < text->len && ((unsigned char)text->data[walk->byte] & 0xc0) == 0x80) {
            walk->byte++;
        }
        walk->index++;
    }
    return walk->byte;
}

static const char *
variable_in(const char *text)
{
    return strstr(text, "{FRIGATE_") != NULL
               ? "a variable {FRIGATE_…} stands there; change what sets it"
           : strstr(text, "${") != NULL ? "a variable ${…} stands there; change what sets it"
           : text[0] == '{' && text_ends(text, "}") ? "a template stands there; change what sets it"
                                                    : NULL;
}

static struct scalar
scalar_of(struct walk *walk, const yaml_event_t *event)
{
    struct arena *arena = &walk->talk->arena;
    const char *bytes = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    struct scalar scalar = {.line = (unsigned)event->start_mark.line + 1};
    scalar.at = byte_at(walk, event->start_mark.index);
    scalar.len = byte_at(walk, event->end_mark.index) - scalar.at;
    scalar.value = memchr(bytes, '\0', len) == NULL ? arena_copy_n(arena, bytes, len) : "";
    const char *raw = walk->talk->bytes.data + scalar.at;
    yaml_scalar_style_t style = event->data.scalar.style;
    bool is_plain = style == YAML_PLAIN_SCALAR_STYLE;
    char quote = style == YAML_SINGLE_QUOTED_SCALAR_STYLE ? '\'' : '"';
    scalar.style = is_plain ? CONSUMER_PLAIN : quote == '\'' ? CONSUMER_SINGLE : CONSUMER_DOUBLE;
    if (event->data.scalar.tag != NULL) {
        scalar.by_hand = "it stands in another file (!secret, !include); change it there";
    } else if (event->data.scalar.anchor != NULL) {
        scalar.by_hand = "it has an anchor that others refer to";
    } else if (is_plain) {
        bool is_same = scalar.len == len && memcmp(raw, bytes, len) == 0;
        scalar.by_hand = is_same ? NULL : ESCAPE;
    } else {
        bool is_quoted = scalar.len >= 2 && raw[0] == quote && raw[scalar.len - 1] == quote;
        scalar.by_hand = is_quoted ? NULL : ESCAPE;
    }
    return scalar;
}

/* The camera or stream that a value belongs to: the key below "cameras" or "streams"; NULL: none.
 */
static const char *
stream_of(struct walk *walk)
{
    for (size_t i = 0; i + 1 < walk->depth; i++) {
        const char *key = walk->levels[i].key;
        if (text_equal(key, "cameras") || text_equal(key, "streams")) {
            return arena_copy(&walk->talk->arena, walk->levels[i + 1].key);
        }
    }
    return NULL;
}

/* An address in a scalar: what was found in its value has to stand in the text as it is. */
static enum err
add_address(
    struct walk *walk, const struct scalar *scalar, const struct consumer_url *url, const char *key)
{
    struct consumer_talk *talk = walk->talk;
    struct arena *arena = &talk->arena;
    struct consumer_place *place = consumer_place_add(talk);
    if (place == NULL) {
        return ERR_LIMIT;
    }
    const char *raw = scalar->value + url->password;
    bool is_raw = walk->is_frigate && text_equal(key, "path");
    const char *host = arena_copy_n(arena, scalar->value + url->host, url->host_len);
    place->host = host == NULL ? NULL : consumer_url_host(arena, host);
    place->user = consumer_url_decode(arena, scalar->value + url->user, url->user_len);
    place->password = is_raw ? arena_copy_n(arena, raw, url->password_len)
                             : consumer_url_decode(arena, raw, url->password_len);
    place->words = arena_format(arena, "line %u", scalar->line);
    place->id = stream_of(walk);
    place->style = is_raw ? CONSUMER_FOR_FRIGATE : CONSUMER_IN_ADDRESS;
    if (arena->full) {
        return ERR_LIMIT;
    }
    place->by_hand = variable_in(place->password);
    if (variable_in(place->user) != NULL) {
        place->by_hand = variable_in(place->user);
        place->user = NULL;
    }
    const char *text = talk->bytes.data + scalar->at;
    size_t whole = url->host + url->host_len;
    size_t start = url->user < url->password && url->user < url->host ? url->user : url->host;
    size_t end =
        url->password + url->password_len > whole ? url->password + url->password_len : whole;
    const char *found = memmem(text, scalar->len, scalar->value + start, end - start);
    const char *next = found == NULL ? NULL
                                     : memmem(found + 1, scalar->len - (size_t)(found + 1 - text),
                                           scalar->value + start, end - start);
    if (found == NULL) {
        place->by_hand = place->by_hand == NULL ? ESCAPE : place->by_hand;
        return OK;
    }
    /* The same address twice in one scalar: the n-th found is the n-th there. */
    for (size_t i = 0; next != NULL && i + 1 < talk->place_count; i++) {
        const struct consumer_place *other = &talk->places[i];
        if (other->at == scalar->at + (size_t)(found - text) + url->password - start) {
            found = next;
            next = memmem(found + 1, scalar->len - (size_t)(found + 1 - text),
                scalar->value + start, end - start);
        }
    }
    place->at = scalar->at + (size_t)(found - text) + url->password - start;
    place->len = url->password_len;
    return OK;
}

static bool
is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal_nocase(text, words[i])) {
            return true;
        }
    }
    return false;
}

/* Keys of the consumers' documents: Frigate onvif; Home Assistant generic, mjpeg, onvif, amcrest.
 */
static void
take_member(struct walk *walk, struct level *level, const struct scalar *scalar)
{
    static const char *const hosts[] = {"host", "hostname", "ip", "ip_address", "address", "url",
        "stream_source", "still_image_url", "mjpeg_url", "base_url", "input"};
    static const char *const users[] = {"user", "username", "login"};
    static const char *const passwords[] = {"password", "passwd", "pass"};
    if (level->host == NULL && is_one_of(level->key, hosts, COUNT(hosts))) {
        level->host = consumer_url_host(&walk->talk->arena, scalar->value);
    } else if (is_one_of(level->key, users, COUNT(users))) {
        level->user = scalar->value;
    } else if (is_one_of(level->key, passwords, COUNT(passwords))) {
        level->password = *scalar;
        level->has_password = true;
    }
}

static enum err
take_scalar(struct walk *walk, const yaml_event_t *event)
{
    struct level *level = walk->depth == 0 ? NULL : &walk->levels[walk->depth - 1];
    struct scalar scalar = scalar_of(walk, event);
    if (scalar.value == NULL) {
        return ERR_LIMIT;
    }
    if (level != NULL && level->is_map && !level->has_key) {
        (void)text_copy(level->key, sizeof(level->key), scalar.value);
        level->has_key = true;
        return OK;
    }
    const char *key = level == NULL ? "" : level->key;
    struct consumer_url url;
    size_t cursor = 0;
    enum err err = OK;
    while (err == OK && consumer_url_next(scalar.value, strlen(scalar.value), &cursor, &url)) {
        err = add_address(walk, &scalar, &url, key);
    }
    if (level != NULL && level->is_map) {
        take_member(walk, level, &scalar);
        level->has_key = false;
    }
    return err;
}

/* An alias stands for something that is said elsewhere. */
static void
take_alias(struct walk *walk, const yaml_event_t *event)
{
    struct level *level = walk->depth == 0 ? NULL : &walk->levels[walk->depth - 1];
    if (level == NULL || !level->is_map) {
        return;
    }
    if (!level->has_key) {
        level->key[0] = '\0';
        level->has_key = true;
        return;
    }
    const struct scalar scalar = {.value = "",
        .line = (unsigned)event->start_mark.line + 1,
        .by_hand = "an alias stands there; change what it refers to"};
    take_member(walk, level, &scalar);
    level->has_key = false;
}

/* A mapping that names host, user and password. */
static enum err
close_level(struct walk *walk)
{
    const struct level *level = &walk->levels[--walk->depth];
    bool is_account = level->has_password && level->host != NULL && level->host[0] != '\0';
    struct consumer_place *place = is_account ? consumer_place_add(walk->talk) : NULL;
    if (is_account && place == NULL) {
        return ERR_LIMIT;
    }
    if (is_account) {
        const struct scalar *password = &level->password;
        const char *variable = variable_in(password->value);
        *place = (struct consumer_place){
            .host = level->host,
            .user = level->user,
            .password = password->value,
            .words = arena_format(&walk->talk->arena, "line %u", password->line),
            .id = stream_of(walk),
            .by_hand = password->by_hand != NULL ? password->by_hand : variable,
            .style = password->style,
            .at = password->at,
            .len = password->len,
        };
        if (level->user != NULL && variable_in(level->user) != NULL) {
            place->by_hand = variable_in(level->user);
            place->user = NULL;
        }
    }
    if (walk->depth != 0) {
        walk->levels[walk->depth - 1].has_key = false;
    }
    return walk->talk->arena.full ? ERR_LIMIT : OK;
}

static enum err
open_level(struct walk *walk, bool is_map)
{
    struct level *outer = walk->depth == 0 ? NULL : &walk->levels[walk->depth - 1];
    if (walk->depth == DEPTH || (outer != NULL && outer->is_map && !outer->has_key)) {
        note_set(&walk->talk->why, "nested deeper than %d levels, or a list as a key", DEPTH);
        return ERR_SYNTAX;
    }
    struct level *level = &walk->levels[walk->depth++];
    *level = (struct level){.is_map = is_map};
    if (!is_map && outer != NULL) {
        (void)text_copy(level->key, sizeof(level->key), outer->key);
    }
    return OK;
}

static enum err
take_event(struct walk *walk, const yaml_event_t *event, bool *ret_done)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(walk, event);
    case YAML_ALIAS_EVENT:
        take_alias(walk, event);
        return OK;
    case YAML_SEQUENCE_START_EVENT:
        return open_level(walk, false);
    case YAML_MAPPING_START_EVENT:
        return open_level(walk, true);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_level(walk);
    case YAML_STREAM_END_EVENT:
        *ret_done = true;
        return OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return OK;
    }
    return OK;
}

enum err
consumer_text_find(struct consumer_talk *talk)
{
    struct walk walk = {.talk = talk, .is_frigate = text_equal(talk->row->kind, "frigate")};
    bool done = false;
    enum err err = OK;
    if (yaml_parser_initialize(&walk.parser) == 0) {
        return ERR_MEMORY;
    }
    yaml_parser_set_encoding(&walk.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(
        &walk.parser, (const unsigned char *)talk->bytes.data, talk->bytes.len);
    while (err == OK && !done) {
        yaml_event_t event;
        if (yaml_parser_parse(&walk.parser, &event) == 0) {
            note_set(&talk->why, "line %zu: not well-formed YAML or JSON: %s",
                walk.parser.problem_mark.line + 1,
                walk.parser.problem == NULL ? "unknown problem" : walk.parser.problem);
            err = ERR_SYNTAX;
            break;
        }
        err = take_event(&walk, &event, &done);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&walk.parser);
    return err;
}

/* Without quotes only what no reader of YAML takes for anything but text. */
static bool
is_plain_safe(const char *text)
{
    bool is_letter = (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z');
    return is_letter && strlen(text) >= 8 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-._~") == strlen(text);
}

static enum err
put_quoted(const char *text, char quote, struct buf *out)
{
    buf_byte(out, (uint8_t)quote);
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ') {
            return ERR_UNSUPPORTED;
        }
        if (*text == quote && quote == '\'') {
            buf_byte(out, '\'');
        } else if (quote == '"' && (*text == '"' || *text == '\\')) {
            buf_byte(out, '\\');
        }
        buf_byte(out, (uint8_t)*text);
    }
    buf_byte(out, (uint8_t)quote);
    return OK;
}

static enum err
put_address(const char *text, bool for_frigate, struct buf *out)
{
    struct arena arena;
    arena_init(&arena, CONSUMER_BYTES);
    const char *encoded = consumer_encode(&arena, text);
    enum err err = encoded == NULL                             ? ERR_MEMORY
                   : for_frigate && !text_equal(encoded, text) ? ERR_UNSUPPORTED
                                                               : OK;
    if (err == OK) {
        buf_text(out, encoded);
    }
    arena_wipe(&arena);
    return err;
}

static enum err
put_one(const struct consumer_place *place, const char *password, struct buf *out)
{
    switch (place->style) {
    case CONSUMER_IN_ADDRESS:
    case CONSUMER_FOR_FRIGATE:
        return put_address(password, place->style == CONSUMER_FOR_FRIGATE, out);
    case CONSUMER_PLAIN:
        if (!is_plain_safe(password)) {
            return put_quoted(password, '\'', out);
        }
        buf_text(out, password);
        return OK;
    case CONSUMER_SINGLE:
        return put_quoted(password, '\'', out);
    case CONSUMER_DOUBLE:
        return put_quoted(password, '"', out);
    case CONSUMER_REG:
    case CONSUMER_WHOLE:
        return ERR_UNSUPPORTED;
    }
    return ERR_UNSUPPORTED;
}

static int
compare_places(const void *a, const void *b)
{
    const struct consumer_place *one = a, *other = b;
    return one->at < other->at ? -1 : one->at > other->at;
}

enum err
consumer_text_put(const struct buf *text, const struct consumer_place *places, size_t count,
    const char *password, struct buf *out)
{
    struct consumer_place *sorted = calloc(count + 1, sizeof(*sorted));
    size_t done = 0;
    enum err err = sorted == NULL ? ERR_MEMORY : OK;
    if (err == OK && count != 0) {
        memcpy(sorted, places, count * sizeof(*sorted));
        qsort(sorted, count, sizeof(*sorted), compare_places);
    }
    for (size_t i = 0; i < count && err == OK; i++) {
        if (sorted[i].at < done || sorted[i].len > text->len ||
            sorted[i].at > text->len - sorted[i].len) {
            err = ERR_VALUE;
            break;
        }
        buf_add(out, text->data + done, sorted[i].at - done);
        err = put_one(&sorted[i], password, out);
        done = sorted[i].at + sorted[i].len;
    }
    if (err == OK) {
        buf_add(out, text->data + done, text->len - done);
        err = buf_error(out);
    }
    free(sorted);
    return err;
}
