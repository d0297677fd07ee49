/* Which names of a query no event has. */
#include "cli/ledger_nearest.h"

#include "base/suggest.h"
#include "base/text.h"
#include "cli/cli.h"
#include "ledger/totals.h"

#include <stdlib.h>
#include <string.h>

#define FEW       200000 /* entries that are read once more for a suggestion */
#define NAMES     256
#define NAME_SIZE 128

struct names {
    char texts[NAMES][NAME_SIZE];
    const char *pointers[NAMES];
    size_t count;
};

static bool
stop_at_first(void *context, const struct logged *logged)
{
    (void)logged;
    *(bool *)context = true;
    return false;
}

/* Also true when it can't be known. */
static bool
is_known(struct search *search, enum query_part part, const char *value)
{
    bool is_found = false;
    struct query query = query_begin();
    const struct search_reader reader = {stop_at_first, &is_found};
    query.parts[part] = value;
    return search_run(search, &query, false, &reader, NULL) != OK || is_found;
}

static void
gather(struct search *search, enum totals_kind kind, struct names *ret_names)
{
    struct totals *totals = totals_new();
    struct totals_sum sum;
    const struct totals_row *rows = NULL;
    size_t count = 0;
    struct query query = query_begin();
    const struct search_reader reader = {totals_add, totals};
    if (totals != NULL && search_run(search, &query, false, &reader, NULL) == OK &&
        totals_end(totals, &sum, &rows, &count) == OK) {
        for (size_t i = 0; i < count && ret_names->count < NAMES; i++) {
            if (rows[i].kind == kind) {
                char *text = ret_names->texts[ret_names->count];
                text_clean(text, NAME_SIZE, rows[i].value.bytes, rows[i].value.len);
                ret_names->pointers[ret_names->count++] = text;
            }
        }
    }
    totals_free(totals);
}

static void
tell(struct search *search, const char *word, enum totals_kind kind, const char *value)
{
    struct search_about about;
    struct names *names = calloc(1, sizeof(*names));
    const char *near = NULL;
    char name[NAME_SIZE];
    search_about(search, &about);
    text_clean(name, sizeof(name), value, strlen(value));
    if (names != NULL && about.size <= FEW) {
        gather(search, kind, names);
        near = suggest_nearest(name, names->pointers, names->count);
    }
    if (near != NULL) {
        (void)fprintf(stderr,
            "gatehouse: no event of this ledger has the %s %s; did you mean %s?\n", word, name,
            near);
    } else {
        (void)fprintf(stderr,
            "gatehouse: no event of this ledger has the %s %s; --totals lists what there is\n",
            word, name);
    }
    free(names);
}

void
ledger_nearest_tell(struct search *search, const struct query *query)
{
    static const struct {
        enum query_part part;
        enum totals_kind kind;
        const char *word;
    } rows[] = {
        {QUERY_CAMERA, TOTALS_CAMERA, "camera"},
        {QUERY_USER,   TOTALS_USER,   "user"  },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *value = query->parts[rows[i].part];
        if (value != NULL && !is_known(search, rows[i].part, value)) {
            tell(search, rows[i].word, rows[i].kind, value);
        }
    }
}
