/*
 * The catalogue: advisories and releases as lines of JSON, signed (catalog/advisories.jsonl,
 * doc/adding-an-advisory.md). One is built into the program; a bundle of the project or what the
 * owner imported comes on top. A catalogue whose signature does not match is never used.
 */
#pragma once

#include "base/buf.h"
#include "catalog/advisory.h"
#include "catalog/seal.h"

#define CATALOG_LIMIT ((size_t)256 * 1024 * 1024)

/* A release of a product, or an end of support: no member is NULL. */
struct release {
    const char *product;  /* maker or VMS, as in struct advisory */
    const char *models;   /* patterns; "": all */
    const char *versions; /* one alternative of conditions, the series that it is for; "": all */
    const char *version;  /* of a release; of an end: in words, what ended */
    const char *released; /* YYYY-MM-DD; of an end: since when, or "" */
    const char *newest;   /* "no": newer ones may be out */
    const char *exact;    /* "no": it is out since that day at the latest */
    const char *source;
};

/* A number in CISA's list of exploited flaws. */
struct exploited {
    const char *id, *since;
};

struct catalog {
    const char *name, *date; /* whose it is, and the day on which it was last brought up to date */
    const char *signer;      /* "" while no signature was checked */
    const struct advisory *rows;
    size_t count;
    const struct release *releases;
    size_t release_count;
    const struct release *ends; /* of support */
    size_t end_count;
    size_t exploited_count;
    const struct advisory **sorted; /* the rows by maker, then by number */
    struct arena arena;
};

/*
 * Reads a catalogue; every line is checked. ERR_SYNTAX and ERR_VALUE name the line. Kinds of lines
 * that this version does not know are left out.
 */
enum err catalog_parse(
    const char *bytes, size_t len, struct catalog **ret_catalog, struct note *note) MUST_CHECK;
void catalog_free(struct catalog *catalog);

/* The rows of a maker (letter case ignored), those of one number together; 0 when it has none. */
const struct advisory *const *catalog_rows_of(
    const struct catalog *catalog, const char *maker, size_t *ret_count);

/* The text of the catalogue inside the program, signature checked against catalog/keys.def. */
enum err catalog_embedded_text(
    struct buf *ret_text, const char **ret_signer, struct note *note) MUST_CHECK;
/* The same, read. */
enum err catalog_embedded(struct catalog **ret_catalog, struct note *note) MUST_CHECK;

/*
 * The catalogue in force: the embedded one until catalog_use() gives another. Never NULL: where
 * the embedded one is refused it is empty and of no date.
 */
const struct catalog *catalog_current(void);
/* Takes the catalogue over; NULL goes back to the embedded one. */
void catalog_use(struct catalog *catalog);
