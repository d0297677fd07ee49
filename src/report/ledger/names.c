/* The busiest names of a period: a balanced tree of the C library, its rows in an arena. */
#include "report/ledger/names.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_BYTES ((size_t)NAMES_MOST * (NAMES_LEN + 128))

static int
compare_texts(const void *left, const void *right)
{
    const struct event_text *a = &((const struct name *)left)->text;
    const struct event_text *b = &((const struct name *)right)->text;
    int order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

void
names_init(struct names *names)
{
    *names = (struct names){.count = 0};
    arena_init(&names->arena, NAMES_BYTES);
}

static void
keep_node(void *row)
{
    (void)row; /* the arena's */
}

void
names_release(struct names *names)
{
    tdestroy(names->tree, keep_node);
    arena_release(&names->arena);
    names->tree = NULL;
}

static struct name *
find(const struct names *names, const struct event_text *text)
{
    const struct name like = {.text = *text};
    if (text->bytes == NULL || text->len > NAMES_LEN) {
        return NULL;
    }
    struct name *const *found = tfind(&like, &names->tree, compare_texts);
    return found == NULL ? NULL : *found;
}

static struct name *
add(struct names *names, const struct event_text *text)
{
    if (names->count == NAMES_MOST || text->len > NAMES_LEN) {
        return NULL;
    }
    struct name *row = arena_alloc(&names->arena, sizeof(*row));
    char *copy = arena_copy_n(&names->arena, text->bytes, text->len);
    if (row == NULL || copy == NULL) {
        return NULL;
    }
    *row = (struct name){
        .text = {copy, text->len},
          .place = NAMES_OTHER
    };
    if (tsearch(row, &names->tree, compare_texts) == NULL) {
        return NULL;
    }
    names->rows[names->count++] = row;
    return row;
}

void
names_count(struct names *names, const struct event_text *text)
{
    if (text->bytes == NULL) {
        return;
    }
    struct name *row = find(names, text);
    row = row == NULL ? add(names, text) : row;
    if (row != NULL) {
        row->events++;
    } else {
        names->unnamed++;
    }
}

static int
compare_events(const void *left, const void *right)
{
    const struct name *a = *(const struct name *const *)left;
    const struct name *b = *(const struct name *const *)right;
    return a->events != b->events ? (a->events > b->events ? -1 : 1) : compare_texts(a, b);
}

size_t
names_choose(struct names *names, size_t most)
{
    qsort(names->rows, names->count, sizeof(names->rows[0]), compare_events);
    for (size_t i = 0; i < names->count; i++) {
        names->rows[i]->place = i < most ? i : NAMES_OTHER;
    }
    return names->count < most ? names->count : most;
}

size_t
names_place(const struct names *names, const struct event_text *text)
{
    const struct name *row = find(names, text);
    return row == NULL ? NAMES_OTHER : row->place;
}
