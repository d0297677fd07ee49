/* Finding the places of passwords in configuration texts: pure, for files of anybody. */
#pragma once

#include "remedy/consumer_kind.h"

/* An address with an account in it; offsets into the bytes. */
struct consumer_url {
    size_t user, user_len, password, password_len, host, host_len;
};

/*
 * The next address with user and password at or after *cursor: "rtsp://user:password@host…", or
 * "http://host…?user=…&password=…". *cursor moves behind what was read; false at the end.
 */
bool consumer_url_next(const char *bytes, size_t len, size_t *cursor, struct consumer_url *ret_url);
/* The host of the first address in the text, or the text itself up to its port. */
const char *consumer_url_host(struct arena *arena, const char *text);
/* Percent-encoding undone; NULL when the arena is full. */
const char *consumer_url_decode(struct arena *arena, const char *bytes, size_t len);

/*
 * Every password of a YAML or JSON text in talk->bytes, as talk->places: in addresses, and beside
 * a host and a user of the same mapping; the id of a place is the camera or stream that it stands
 * below, or NULL. ERR_SYNTAX with words when it is not well-formed.
 */
enum err consumer_text_find(struct consumer_talk *talk) MUST_CHECK;
/*
 * The text with these places (in any order) having another password, every other byte as it was.
 * ERR_UNSUPPORTED: it can't be written in one of them.
 */
enum err consumer_text_put(const struct buf *text, const struct consumer_place *places,
    size_t count, const char *password, struct buf *out) MUST_CHECK;
