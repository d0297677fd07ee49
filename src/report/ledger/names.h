/*
 * Names of one kind in bounded memory: the first NAMES_MOST different ones are counted, the busiest
 * of them get a place of their own, the rest are others. Pure.
 */
#pragma once

#include "base/arena.h"
#include "ledger/event.h"

#define NAMES_MOST  4096
#define NAMES_LEN   255 /* bytes; a longer name is one of the others */
#define NAMES_OTHER SIZE_MAX

struct name {
    struct event_text text;
    uint64_t events;
    size_t place; /* NAMES_OTHER: none of its own */
};

struct names {
    struct arena arena;
    void *tree;
    struct name *rows[NAMES_MOST];
    size_t count;
    uint64_t unnamed; /* events of names that there was no room for */
};

void names_init(struct names *names);
void names_release(struct names *names);
/* Counts an event of that name; an absent one is nobody's. */
void names_count(struct names *names, const struct event_text *text);
/* Gives the busiest places from 0 on, most first; returns how many places there are. */
size_t names_choose(struct names *names, size_t most);
/* The place of a name, or NAMES_OTHER. */
size_t names_place(const struct names *names, const struct event_text *text);
