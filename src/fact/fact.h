/*
 * Facts: named things known about one device, VMS or site. Each has its evidence, its witness and
 * a confidence. The best known value of a name is the one with the highest confidence; where two
 * witnesses disagree, facts_contradict() says so.
 */
#pragma once

#include "base/arena.h"

enum fact_type {
    FACT_TYPE_TEXT,
    FACT_TYPE_BOOL,
    FACT_TYPE_INT,
};

enum fact_id {
#define FACT(id, name, type, meaning) FACT_##id,
#include "fact/facts.def"
#undef FACT
    FACT_COUNT
};

/* How a fact is known. */
enum witness {
    WITNESS_WIRE,     /* seen in an answer or a packet */
    WITNESS_CONFIG,   /* the device or a file says so */
    WITNESS_DECLARED, /* a person said so */
};

/* A quotation: what was sent, what came back (the part that decides), when. No secrets. */
struct evidence {
    const char *asked;
    const char *answer;
    int64_t at; /* milliseconds since 1970 UTC */
};

struct fact {
    enum fact_id id;
    enum witness witness;
    uint8_t confidence;              /* 1 to 100 */
    bool yes;                        /* FACT_TYPE_BOOL */
    int64_t number;                  /* FACT_TYPE_INT */
    const char *text;                /* every type: the value in words */
    const struct evidence *evidence; /* may be NULL for a declared fact */
    const struct fact *next;         /* further values of the same name */
};

struct facts {
    struct arena *arena; /* not owned */
    const struct fact *best[FACT_COUNT];
};

/* The published name ("device.vendor"), its meaning and type. */
const char *fact_name(enum fact_id id);
const char *fact_meaning(enum fact_id id);
enum fact_type fact_type(enum fact_id id);
const char *fact_witness(enum witness witness);
/* FACT_COUNT when there is no such name. */
enum fact_id fact_by_name(const char *name);

void facts_init(struct facts *facts, struct arena *arena);

/* NULL when unknown. */
const struct fact *facts_get(const struct facts *facts, enum fact_id id);
/* The text of the best value, or NULL. */
const char *facts_text(const struct facts *facts, enum fact_id id);
bool facts_is_yes(const struct facts *facts, enum fact_id id);
bool facts_is_no(const struct facts *facts, enum fact_id id);
/* True when two witnesses of the same name give different values. */
bool facts_contradict(const struct facts *facts, enum fact_id id);

/* How a value became known: goes with each facts_set_*(). */
struct source {
    enum witness witness;
    uint8_t confidence;
    const struct evidence *evidence; /* lives in the facts' arena, or for ever */
};

/* Copies into the arena. Empty text and a full arena leave the fact unknown. */
void facts_set_text(
    struct facts *facts, enum fact_id id, const char *text, const struct source *source);
void facts_set_bool(struct facts *facts, enum fact_id id, bool yes, const struct source *source);
void facts_set_int(
    struct facts *facts, enum fact_id id, int64_t number, const struct source *source);
/* Makes a name unknown again (a newer answer took its ground away; tests). */
void facts_forget(struct facts *facts, enum fact_id id);

/* Cleaned (text_clean) copies of what was asked and answered; NULL when the arena is full. */
const struct evidence *evidence_new(
    struct arena *arena, const char *asked, const char *answer, int64_t at);
