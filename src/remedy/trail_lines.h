/* The lines of a journal: made, chained, read back and judged; no file is touched here. */
#pragma once

#include "remedy/trail.h"

#define TRAIL_CHAIN 32
#define TRAIL_BYTES ((size_t)256 * 1024 * 1024)
#define TRAIL_LINE  ((size_t)8 * 1024 * 1024)

/* What all lines together say of a step. */
struct trail_row {
    enum trail_phase phase;
    char *sealed; /* `before` as it stands in the file, base64; NULL: none */
    json_t *before, *after;
    char *why;
    unsigned logins, gap_ms;
};

struct trail_lines {
    uint8_t chain[TRAIL_CHAIN]; /* of the last whole line */
    struct trail_row *rows;     /* by step number; row 0 is not used */
    size_t row_count;
    size_t count;       /* whole lines */
    size_t whole;       /* bytes of them */
    bool is_torn;       /* something behind them does not count */
    char how[24];       /* how the plan ended; "": it did not */
    bool is_back;       /* all of it is being taken back */
    int64_t confirm_by; /* wall ms; 0: nobody is waited for */
    int64_t last;       /* wall ms of the last line */
};

enum err trail_lines_init(struct trail_lines *lines, const struct plan *plan) MUST_CHECK;
void trail_lines_release(struct trail_lines *lines);
/* Appends a line of this entry, which is taken over, to buf; the chain moves on only with
 * trail_lines_take(). */
enum err trail_lines_write(
    const struct trail_lines *lines, json_t *entry, struct buf *line) MUST_CHECK;
/* Judges one line, without its line end, and takes what it says. ERR_SYNTAX: damaged. */
enum err trail_lines_take(struct trail_lines *lines, const char *line, size_t len) MUST_CHECK;
/* All of a file. ERR_SYNTAX: a line that others follow is damaged; the note says which. */
enum err trail_lines_read(
    struct trail_lines *lines, const char *bytes, size_t len, struct note *note) MUST_CHECK;

/*
 * Plan and journal of a folder, by who does not own them (trail_look.c), and what they say in sum;
 * both are the caller's when it is OK. ERR_MISSING: there is no such plan.
 */
enum err trail_look_whole(const char *folder, struct plan **ret_plan, struct trail_lines *ret_lines,
    struct trail_summary *ret_summary, struct note *note) MUST_CHECK;

/* `before` sealed for this plan's step, base64, malloc'ed; and back. */
enum err trail_lines_seal(const struct secret *key, const char *place, const json_t *before,
    char **ret_sealed) MUST_CHECK;
enum err trail_lines_open(const struct secret *key, const char *place, const char *sealed,
    json_t **ret_before) MUST_CHECK;
