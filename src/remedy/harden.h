/*
 * What makes the files of a VMS safe, as rows (harden.def), and the text of a file with such rows
 * put into it: pure, on bytes. Nothing but the values of the rows changes; comments, order, quotes
 * and line ends stay, and the new text is read again before it is given out.
 */
#pragma once

#include "audit/tree.h"
#include "base/buf.h"
#include "fact/fact.h"

#define HARDEN_FOUND 64
#define HARDEN_PLACE 200

enum harden_test {
    HARDEN_TRUE,
    HARDEN_FALSE,
    HARDEN_EQUALS,
    HARDEN_STARTS,
    HARDEN_WEAK,
    HARDEN_SET,
    HARDEN_LIMIT,
    HARDEN_OLD_TLS,
    HARDEN_OPEN,
    HARDEN_STREAM,
};

enum harden_flag {
    HARDEN_ACCOUNT = 1 << 0,
    HARDEN_UNPROXIED = 1 << 1,
    HARDEN_UNSECRET = 1 << 2,
};

struct harden_row {
    const char *id, *format, *place;
    enum harden_test test;
    enum fact_id fact;           /* what the audit says of it, which must be gone afterwards: */
    const char *told;            /* this part of the fact's text */
    const char *bad, *value;     /* value NULL: a new secret */
    const char *rule;            /* finding that it closes */
    const char *words, *notices; /* notices NULL: nobody should */
    unsigned flags;
};

extern const struct harden_row harden_rows[];
extern const size_t harden_row_count;
const struct harden_row *harden_row(const char *id);

/* One value of a file that a row is about. */
struct harden_found {
    const struct harden_row *row;
    struct tree_node *node;   /* where it stands; NULL: it is added */
    struct tree_node *parent; /* of what is added: the nearest that is there */
    const char *rest;         /* path of what is added below the parent: "auth/enabled" */
    char place[HARDEN_PLACE]; /* "services.frigate.ports.[]" */
    const char *was;          /* its value; "" when it is not there */
    const char *value;        /* what it becomes; NULL: a new secret */
    unsigned line;
};

/* A file, read. The bytes are borrowed and not changed. */
struct harden_file {
    const char *format; /* of files.def */
    const char *bytes;
    size_t len;
    struct arena *arena;
    struct tree tree;
    struct harden_found found[HARDEN_FOUND];
    size_t found_count;
};

/*
 * Reads it and finds what the rows of its format are about. ERR_UNSUPPORTED: no row is for this
 * format, or its characters are not UTF-8; ERR_SYNTAX, ERR_LIMIT: the note has the line.
 */
enum err harden_read(struct harden_file *file, const char *format, const char *bytes, size_t len,
    struct note *note) MUST_CHECK;

/* What one found value becomes. */
struct harden_edit {
    const struct harden_found *found;
    const char *value;
};

/*
 * The new text: appended to out when reading it gives the old tree with these values and nothing
 * else. ERR_UNSUPPORTED: a value stands in a form that is not edited (an alias, several lines).
 * Called once per harden_read(): it changes the tree.
 */
enum err harden_text(struct harden_file *file, const struct harden_edit *edits, size_t count,
    struct buf *out, struct note *note) MUST_CHECK;

/*
 * The difference of two texts as a unified diff with three lines around, in which no secret is
 * readable ("***"). Appended to out.
 */
enum err harden_diff(const char *name, const struct buf *before, const struct buf *after,
    struct buf *out) MUST_CHECK;
