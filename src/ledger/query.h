/*
 * What is looked for in the ledger. a logged event matches when every part that is given does; the
 * parts decide, the index only narrows. Pure.
 */
#pragma once

#include "base/clock.h"
#include "base/ip.h"
#include "ledger/logged.h"

#define QUERY_LONG_MS CLOCK_DAY
#define QUERY_WORDS   16
#define QUERY_WORD    64 /* longest, with its end */

/* Members that are looked for by their whole text. */
enum query_part {
    QUERY_USER,
    QUERY_CAMERA,
    QUERY_ACTION, /* or a family of them: "footage.*" */
    QUERY_OUTCOME,
    QUERY_SESSION,
    QUERY_OBJECT,
    QUERY_PARTS,
};

struct query {
    int64_t from;                   /* INT64_MIN: from the beginning */
    int64_t to;                     /* the first moment after; INT64_MAX: to the end */
    const char *parts[QUERY_PARTS]; /* NULL: not asked for; the caller's */
    bool is_long;                   /* only ends of views of QUERY_LONG_MS or more */
    bool has_net;
    struct net net;
    size_t word_count;
    char words[QUERY_WORDS][QUERY_WORD]; /* lower case */
};

/* Everything matches. */
struct query query_begin(void);
/* Sets a part; ERR_VALUE for an outcome that there is not, and an action that can't be. */
enum err query_set(struct query *query, enum query_part part, const char *value) MUST_CHECK;
enum err query_set_net(struct query *query, const char *text) MUST_CHECK;
/*
 * Adds the words of the text, at blanks. A word matches where some text of the event has it with no
 * letter or digit beside it, ASCII case ignored. ERR_LIMIT: too many or too long; ERR_VALUE: one
 * without letter or digit.
 */
enum err query_set_words(struct query *query, const char *text) MUST_CHECK;
/* Whether only events can match: an entry that is none has no time, no user, no words. */
bool query_is_empty(const struct query *query);

/* Reads the entry into `logged` and says whether it matches. */
bool query_match(const struct query *query, struct logged *logged, const void *entry, size_t len);
/* "footage.*" covers "footage.live". */
bool query_covers(const char *wanted, const char *text, size_t len);

/* Whether the text is an address of the network. */
bool query_in_net(const struct net *net, const char *text, size_t len);

/* A letter or digit of ASCII, or a byte of any other character. */
bool query_is_word_byte(char byte);
/* The next run of such bytes in the text, from *at on, which moves behind it; 0 at the end. */
size_t query_next_token(const char *text, size_t len, size_t *at);
/* What is asked, for the event that says so, and for people: a new JSON object. */
json_t *query_json(const struct query *query);
