/* Lists of models in the place of a version, each list with its date: "A, B before May, 2020, C …".
 */
#include "base/text.h"
#include "catalog/import.h"
#include "catalog/prose_token.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* One list being gathered. */
struct segment {
    struct product product;
    bool unsure; /* "certain models from" */
    bool has_run;
    size_t models;
};

static void
put(struct segment *segment, const char *form, const char *name)
{
    char *models = segment->product.models;
    size_t len = strlen(models);
    if (len + strlen(name) + 24 < sizeof(segment->product.models)) {
        (void)snprintf(models + len, sizeof(segment->product.models) - len, "%s%s%s",
            len == 0 ? "" : ", ", form, name);
    }
}

/* IPC-1XXX of Dahua is IPC-HFW1…, IPC-HDBW1…: the letters between are left out. */
static void
put_lettered(struct segment *segment, const char *name)
{
    static const char *const letters[] = {"[A-Z][A-Z]", "[A-Z][A-Z][A-Z]", "[A-Z][A-Z][A-Z][A-Z]"};
    char pattern[64];
    if (!text_starts(name, "IPC-") || !isdigit((unsigned char)name[4])) {
        return;
    }
    for (size_t i = 0; i < COUNT(letters); i++) {
        (void)snprintf(pattern, sizeof(pattern), "*IPC-%s%c*", letters[i], name[4]);
        put(segment, "? ", pattern);
    }
}

static void
add_name(struct segment *segment, const char *word)
{
    char name[PROSE_VALUE];
    (void)text_copy(name, sizeof(name), word);
    size_t len = strlen(name);
    bool run = strstr(name, "XX") != NULL || strstr(name, "xx") != NULL;
    segment->has_run = segment->has_run || run;
    if (segment->has_run && !run && len > 2 && name[len - 1] == 'X') {
        name[len - 1] = '*'; /* IPC-WX beside IPC-1XXX */
    }
    put(segment, segment->unsure ? "? =" : "=", name);
    if (!run && name[len - 1] != '*' && len + 1 < sizeof(name)) {
        name[len] = '*'; /* SD2A is a series without saying so */
        name[len + 1] = '\0';
        put(segment, "? =", name);
    }
    put_lettered(segment, word);
    segment->models++;
}

/* Whether every list ends in a date before which it is affected, and nothing else is said. */
static bool
is_list(const char *text)
{
    struct prose_cursor cursor;
    struct prose_token token;
    size_t models = 0, dates = 0;
    bool ahead = false;
    prose_cursor_init(&cursor, text);
    for (prose_next(&cursor, &token); token.kind != PROSE_END; prose_next(&cursor, &token)) {
        if (token.kind == PROSE_VERSION || token.kind == PROSE_DANGER) {
            return false;
        }
        models += token.kind == PROSE_MODEL ? 1U : 0U;
        ahead = ahead || (token.kind == PROSE_DIRECTION && token.direction == PROSE_BEFORE);
        if (token.kind == PROSE_DATE) {
            if (models == 0 || !ahead) {
                return false;
            }
            dates++;
            models = 0;
            ahead = false;
        }
    }
    return dates != 0 && models == 0;
}

static void
add_segment(struct import *import, struct import_record *record, const struct import_row *row,
    const struct segment *segment, const char *date)
{
    struct range range;
    struct prose_bound upper = {.kind = PROSE_BEFORE, .is_date = true};
    (void)text_copy(upper.value, sizeof(upper.value), date);
    range_init(&range);
    range_add(&range, NULL, &upper, true);
    range_finish(&range);
    import_add(import, record, row, &segment->product, &range);
    range_release(&range);
}

bool
import_segments(struct import *import, struct import_record *record, const struct import_row *row,
    const char *maker, const char *text)
{
    struct prose_cursor cursor;
    struct prose_token token;
    struct segment segment = {
        .unsure = text_contains_nocase(text, "certain ") || text_contains_nocase(text, "some ")};
    if (!is_list(text)) {
        return false;
    }
    (void)text_copy(segment.product.maker, sizeof(segment.product.maker), maker);
    prose_cursor_init(&cursor, text);
    for (prose_next(&cursor, &token); token.kind != PROSE_END; prose_next(&cursor, &token)) {
        if (token.kind == PROSE_MODEL) {
            add_name(&segment, token.text);
        } else if (token.kind == PROSE_DATE) {
            add_segment(import, record, row, &segment, token.text);
            segment.product.models[0] = '\0';
        }
    }
    return true;
}
