/* Openings of the sealed names that a package is to disclose, and of nothing else. */
#include "base/text.h"
#include "evidence/make_inside.h"
#include "ledger/seal.h"

#include <inttypes.h>
#include <string.h>

/* Whether it is one of those: by the path of its member, or by what it says. */
static bool
is_wanted(const struct make *make, const struct seal_place *place, const struct opening *opening,
    bool *given)
{
    const struct make_settings *settings = make->settings;
    bool found = false;
    for (size_t i = 0; i < settings->disclose_count; i++) {
        const char *wanted = settings->disclose[i];
        bool is_one =
            text_equal(wanted, place->path) ||
            (strlen(wanted) == opening->len && memcmp(wanted, opening->text, opening->len) == 0);
        given[i] = given[i] || is_one;
        found = found || is_one;
    }
    return found;
}

/* A field that is asked for by its path and can't be shown. */
static enum err
refuse(const struct make *make, const struct seal_place *place, uint64_t index, enum err why,
    struct note *note)
{
    for (size_t i = 0; i < make->settings->disclose_count; i++) {
        if (text_equal(make->settings->disclose[i], place->path)) {
            note_set(note, "entry %" PRIu64 ": %s can't be disclosed: %s", index, place->path,
                why == ERR_UNSUPPORTED ? "it was sealed by an earlier version, which kept nothing "
                                         "that it could be checked against"
                : why == ERR_MISSING   ? "its key is erased, or may not be read (--keys DIR)"
                                       : "it does not open");
            return why;
        }
    }
    return OK;
}

/* The opening goes into the package, and the name into what is said of the event in words. */
static enum err
put_opening(struct make *make, const struct seal_place *place, const struct buf *bytes,
    const struct opening *opening, struct note *note)
{
    char name[PACKAGE_NAME];
    (void)package_opened_name(place->sealed.digest, name);
    enum err err = make_put(make, name, bytes->data, bytes->len, note);
    if (err == OK && json_string_setn(place->value, opening->text, opening->len) != 0) {
        err = ERR_MEMORY;
    }
    return err;
}

static enum err
open_place(struct make *make, const struct events_row *row, const struct seal_place *place,
    bool *given, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    struct opening opening;
    buf_init(&bytes, OPENING_LIMIT);
    enum err err = seal_opening(make->settings->subjects, &place->sealed, place->path, &bytes);
    if (err == ERR_MEMORY) {
        return err;
    }
    if (err != OK) {
        return refuse(make, place, row->index, err, note);
    }
    if (!seal_is_opening(&place->sealed, place->path, &bytes, &opening)) {
        return refuse(make, place, row->index, ERR_VALUE, note);
    }
    if (!is_wanted(make, place, &opening, given)) {
        return OK;
    }
    json_t *what = json_pack("{s:I, s:s}", "index", (json_int_t)row->index, "path", place->path);
    return json_array_append_new(make->disclosed, what) == 0
               ? put_opening(make, place, &bytes, &opening, note)
               : ERR_MEMORY;
}

/* What is asked for and is not there is said before anything is recorded. */
static enum err
check_given(const struct make *make, const bool *given, struct note *note)
{
    for (size_t i = 0; i < make->settings->disclose_count; i++) {
        if (!given[i]) {
            note_set(note,
                "--disclose %.80s: no sealed field of these events is called so, and none that "
                "can be opened here says so",
                make->settings->disclose[i]);
            return ERR_MISSING;
        }
    }
    return OK;
}

enum err
make_opened(struct make *make, struct note *note)
{
    bool given[MAKE_DISCLOSE] = {false};
    enum err err = OK;
    if (make->settings->disclose_count == 0) {
        return OK;
    }
    make->disclosed = json_array();
    for (size_t i = 0; i < make->events.count && err == OK; i++) {
        const struct events_row *row = &make->events.rows[i];
        struct seal_place place = {0};
        while (err == OK && seal_next(row->json, &place)) {
            err = open_place(make, row, &place, given, note);
        }
    }
    return err == OK ? check_given(make, given, note) : err;
}
