/*
 * What one answer says, as plain values: the result of every parser of this area. Parsers are pure
 * (bytes in, heard out), so they are tested and fuzzed without a network; heard_record() makes a
 * sighting of it.
 */
#pragma once

#include "discover/discover.h"

#define HEARD_ROWS 32
#define HEARD_POOL 6144

struct heard_row {
    enum fact_id id;
    uint8_t confidence;
    bool yes;
    const char *field; /* name of the field in the answer; a constant */
    const char *text;  /* NULL: a yes/no fact */
    const char *quote; /* what the answer says, when the text was made from it */
};

/* Holds pointers into itself: pass it by address, never copy it. */
struct heard {
    struct heard_row rows[HEARD_ROWS];
    size_t count;
    struct ip states; /* address that the answer states, else family 0 */
    struct mac mac;
    char pool[HEARD_POOL];
    size_t used;
};

void heard_init(struct heard *heard);
/* Adds a text fact; empty texts and what does not fit are left out. */
void heard_text(
    struct heard *heard, enum fact_id id, uint8_t confidence, const char *field, const char *text);
void heard_bool(
    struct heard *heard, enum fact_id id, uint8_t confidence, const char *field, bool yes);
/* The wording of the answer for the row that was added last, where the text is not it. */
void heard_quote(struct heard *heard, const char *quote);
/* The text of the first row of that fact, or NULL. */
const char *heard_get(const struct heard *heard, enum fact_id id);

/* Where the answer came from and to what. */
struct heard_from {
    const struct discover_method *method;
    struct ip ip;
    const char *asked; /* "SADP inquiry to 239.255.255.250:37020" */
};

/*
 * Adds the facts to the sighting of that method, address and MAC, which is made when new; NULL when
 * there are too many.
 */
struct sighting *heard_record(
    struct discovery *discovery, const struct heard_from *from, const struct heard *heard);
