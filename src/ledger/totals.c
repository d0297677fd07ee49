/* Counts by value: a balanced tree of the C library, its rows in an arena. */
#include "ledger/totals.h"

#include "base/arena.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS_LIMIT ((size_t)4 << 30)

struct totals {
    struct arena arena;
    void *tree; /* of struct totals_row, by kind and value */
    struct totals_sum sum;
    struct totals_row *rows;
    size_t count, taken;
    bool failed;
};

const char *
totals_name(enum totals_kind kind)
{
    static const char *const names[TOTALS_KINDS] = {"action", "outcome", "user", "ip", "camera"};
    return names[kind];
}

static int
compare_values(const void *left, const void *right)
{
    const struct totals_row *a = left;
    const struct totals_row *b = right;
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    size_t len = a->value.len < b->value.len ? a->value.len : b->value.len;
    int order = memcmp(a->value.bytes, b->value.bytes, len);
    return order != 0 ? order : (a->value.len > b->value.len) - (a->value.len < b->value.len);
}

struct totals *
totals_new(void)
{
    struct totals *totals = calloc(1, sizeof(*totals));
    if (totals != NULL) {
        arena_init(&totals->arena, TEXTS_LIMIT);
        totals->sum.first = INT64_MAX;
        totals->sum.last = INT64_MIN;
    }
    return totals;
}

static void
keep_node(void *row)
{
    (void)row; /* the arena's */
}

void
totals_free(struct totals *totals)
{
    if (totals != NULL) {
        tdestroy(totals->tree, keep_node);
        arena_release(&totals->arena);
        free(totals->rows);
        free(totals);
    }
}

static void
add_value(
    struct totals *totals, enum totals_kind kind, const struct event_text *value, int64_t bytes)
{
    struct totals_row like = {.kind = kind, .value = *value};
    if (value->bytes == NULL || totals->failed) {
        return;
    }
    struct totals_row *const *found = tfind(&like, &totals->tree, compare_values);
    if (found == NULL) {
        struct totals_row *row = arena_alloc(&totals->arena, sizeof(*row));
        char *copy = arena_copy_n(&totals->arena, value->bytes, value->len);
        if (row == NULL || copy == NULL) {
            totals->failed = true;
            return;
        }
        *row = (struct totals_row){
            kind, {copy, value->len},
             0, 0
        };
        found = tsearch(row, &totals->tree, compare_values);
        totals->count++;
    }
    if (found == NULL) {
        totals->failed = true;
        return;
    }
    (*found)->events++;
    (*found)->bytes += bytes;
}

bool
totals_add(void *context, const struct logged *logged)
{
    static const struct {
        enum totals_kind kind;
        enum logged_text text;
    } rows[] = {
        {TOTALS_ACTION,  LOGGED_ACTION },
        {TOTALS_OUTCOME, LOGGED_OUTCOME},
        {TOTALS_USER,    LOGGED_USER   },
        {TOTALS_IP,      LOGGED_IP     },
    };
    struct totals *totals = context;
    if (!logged->is_event) {
        totals->sum.strange++;
        return true;
    }
    int64_t time = logged->numbers[LOGGED_TIME];
    int64_t bytes = logged->numbers[LOGGED_BYTES] < 0 ? 0 : logged->numbers[LOGGED_BYTES];
    totals->sum.events++;
    totals->sum.bytes += bytes;
    totals->sum.first = time < totals->sum.first ? time : totals->sum.first;
    totals->sum.last = time > totals->sum.last ? time : totals->sum.last;
    for (size_t i = 0; i < COUNT(rows); i++) {
        add_value(totals, rows[i].kind, &logged->texts[rows[i].text], bytes);
    }
    for (size_t i = 0; i < logged->camera_count; i++) {
        add_value(totals, TOTALS_CAMERA, &logged->cameras[i], bytes);
    }
    return !totals->failed;
}

static void
take_row(const void *node, VISIT visit, void *context)
{
    struct totals *totals = context;
    if (visit == postorder || visit == leaf) {
        totals->rows[totals->taken++] = **(const struct totals_row *const *)node;
    }
}

static int
compare_counts(const void *left, const void *right)
{
    const struct totals_row *a = left;
    const struct totals_row *b = right;
    if (a->kind == b->kind && a->events != b->events) {
        return a->events > b->events ? -1 : 1;
    }
    return compare_values(left, right);
}

enum err
totals_end(struct totals *totals, struct totals_sum *ret_sum, const struct totals_row **ret_rows,
    size_t *ret_count)
{
    totals->rows = reallocarray(NULL, totals->count + 1, sizeof(*totals->rows));
    if (totals->rows == NULL || totals->failed) {
        return ERR_MEMORY;
    }
    twalk_r(totals->tree, take_row, totals);
    qsort(totals->rows, totals->taken, sizeof(*totals->rows), compare_counts);
    *ret_sum = totals->sum;
    *ret_rows = totals->rows;
    *ret_count = totals->taken;
    return OK;
}
