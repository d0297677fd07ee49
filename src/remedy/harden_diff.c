/* A unified diff of two texts that are mostly the same, with no secret in it. */
#include "remedy/harden.h"

#include "audit/quote.h"

#include <stdlib.h>
#include <string.h>

#define AROUND 3
#define WINDOW 32
#define LINES  200000
#define SHOWN  400

struct line {
    const char *text;
    size_t len;
};

struct text {
    struct line *lines;
    size_t count;
};

/* One line of the difference: of which text, or of both. */
struct row {
    char sign;
    const struct line *line;
    size_t a, b; /* lines before it in either */
};

struct rows {
    struct row *rows;
    size_t count;
};

static enum err
split(const struct buf *buf, struct text *ret_text)
{
    size_t count = 1;
    for (size_t i = 0; i < buf->len; i++) {
        count += buf->data[i] == '\n' ? 1 : 0;
    }
    struct line *lines = count > LINES ? NULL : calloc(count, sizeof(*lines));
    if (lines == NULL) {
        return count > LINES ? ERR_LIMIT : ERR_MEMORY;
    }
    size_t used = 0;
    for (size_t at = 0; at < buf->len; used++) {
        const char *stop = memchr(buf->data + at, '\n', buf->len - at);
        size_t len = stop == NULL ? buf->len - at : (size_t)(stop - (buf->data + at));
        lines[used] = (struct line){buf->data + at, len};
        at += len + 1;
    }
    *ret_text = (struct text){lines, used};
    return OK;
}

static bool
is_same(const struct line *a, const struct line *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* How many lines of either go before both are the same again, at most WINDOW of each. */
static void
resync(const struct text *a, size_t i, const struct text *b, size_t j, size_t *ret_a, size_t *ret_b)
{
    for (size_t sum = 1; sum <= (size_t)2 * WINDOW; sum++) {
        for (size_t x = 0; x <= sum; x++) {
            size_t y = sum - x;
            bool both_end = i + x == a->count && j + y == b->count;
            bool inside = i + x < a->count && j + y < b->count;
            if (both_end || (inside && is_same(&a->lines[i + x], &b->lines[j + y]))) {
                *ret_a = x;
                *ret_b = y;
                return;
            }
        }
    }
    *ret_a = a->count - i;
    *ret_b = b->count - j;
}

static void
compare(const struct text *a, const struct text *b, struct rows *out)
{
    size_t i = 0;
    size_t j = 0;
    while (i < a->count || j < b->count) {
        size_t gone = 0;
        size_t come = 0;
        if (i < a->count && j < b->count && is_same(&a->lines[i], &b->lines[j])) {
            out->rows[out->count++] = (struct row){' ', &a->lines[i], i, j};
            i++;
            j++;
            continue;
        }
        resync(a, i, b, j, &gone, &come);
        for (; gone != 0; gone--, i++) {
            out->rows[out->count++] = (struct row){'-', &a->lines[i], i, j};
        }
        for (; come != 0; come--, j++) {
            out->rows[out->count++] = (struct row){'+', &b->lines[j], i, j};
        }
    }
}

/* The line with its blanks in front; what is secret in it is "***". */
static void
add_row(struct buf *out, const struct row *row)
{
    char shown[SHOWN];
    const struct line *line = row->line;
    size_t blanks = 0;
    while (blanks < line->len && blanks < 100 && line->text[blanks] == ' ') {
        blanks++;
    }
    quote_line(shown, sizeof(shown), line->text + blanks, line->len - blanks);
    buf_byte(out, (uint8_t)row->sign);
    buf_add(out, line->text, blanks);
    buf_text(out, shown);
    buf_byte(out, '\n');
}

/* Rows from first to the one before end. */
static void
add_hunk(struct buf *out, const struct rows *rows, size_t first, size_t end)
{
    size_t a = 0;
    size_t b = 0;
    for (size_t i = first; i < end; i++) {
        a += rows->rows[i].sign != '+' ? 1 : 0;
        b += rows->rows[i].sign != '-' ? 1 : 0;
    }
    const struct row *row = &rows->rows[first];
    buf_format(out, "@@ -%zu,%zu +%zu,%zu @@\n", row->a + (a == 0 ? 0 : 1), a,
        row->b + (b == 0 ? 0 : 1), b);
    for (size_t i = first; i < end; i++) {
        add_row(out, &rows->rows[i]);
    }
}

static void
add_hunks(struct buf *out, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->rows[i].sign == ' ') {
            continue;
        }
        size_t first = i < AROUND ? 0 : i - AROUND;
        size_t end = i;
        for (size_t j = i; j < rows->count && j <= end + (size_t)2 * AROUND; j++) {
            end = rows->rows[j].sign != ' ' ? j : end;
        }
        end = end + AROUND + 1 < rows->count ? end + AROUND + 1 : rows->count;
        add_hunk(out, rows, first, end);
        i = end - 1;
    }
}

enum err
harden_diff(const char *name, const struct buf *before, const struct buf *after, struct buf *out)
{
    struct text a = {NULL, 0};
    struct text b = {NULL, 0};
    struct rows rows = {NULL, 0};
    enum err err = split(before, &a);
    err = err != OK ? err : split(after, &b);
    if (err == OK) {
        rows.rows = calloc(a.count + b.count + 1, sizeof(*rows.rows));
        err = rows.rows == NULL ? ERR_MEMORY : OK;
    }
    if (err == OK) {
        compare(&a, &b, &rows);
        buf_format(out, "--- %s\n+++ %s\n", name, name);
        add_hunks(out, &rows);
        err = buf_error(out);
    }
    free(rows.rows);
    free(a.lines);
    free(b.lines);
    return err;
}
