/* Openings of disclosed names: whoever gets the answer checks them against the entries alone. */
#include "report/ledger/ledger_answer.h"

#include "base/text.h"
#include "ledger/seal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PATH "actor.user"

static bool
is_disclosed(const struct ledger_answer *answer, const struct buf *name)
{
    for (size_t i = 0; i < answer->disclose_count; i++) {
        const char *wanted = answer->disclose[i];
        if (strlen(wanted) == name->len && memcmp(wanted, name->data, name->len) == 0) {
            return true;
        }
    }
    return false;
}

/* What was sealed by an earlier version has no opening, and its key would show nothing for sure. */
static enum err
add(struct ledger_answer *answer, const struct events_row *row, const struct sealed *sealed,
    struct note *note)
{
    struct ledger_answer_opened *opened = &answer->opened[answer->opened_count];
    struct opening opening;
    *opened = (struct ledger_answer_opened){.index = row->index, .path = PATH};
    buf_init(&opened->opening, OPENING_LIMIT);
    enum err err = seal_opening(answer->subjects, sealed, PATH, &opened->opening);
    if (err == ERR_UNSUPPORTED) {
        answer->unproven++;
        err = OK;
    } else if (err == OK && !seal_is_opening(sealed, PATH, &opened->opening, &opening)) {
        err = ERR_VALUE;
    }
    if (err != OK) {
        note_set(note, "entry %" PRIu64 ": the name in it can't be disclosed: %s", row->index,
            err == ERR_MISSING ? "its key is erased" : "it does not open");
        buf_release(&opened->opening);
        return err;
    }
    answer->opened_count++;
    return OK;
}

enum err
ledger_answer_open(struct ledger_answer *answer, struct note *note)
{
    enum err err = OK;
    answer->opened = calloc(answer->events.count + 1, sizeof(*answer->opened));
    if (answer->opened == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; err == OK && i < answer->events.count; i++) {
        const struct events_row *row = &answer->events.rows[i];
        const char *text = events_text(row->json, PATH);
        CLEANUP(buf_release) struct buf name;
        struct sealed sealed;
        buf_init(&name, SEAL_OPENED);
        if (text != NULL && seal_parse(text, strlen(text), &sealed) == OK &&
            seal_show(answer->subjects, PATH, text, strlen(text), &name) == OK &&
            is_disclosed(answer, &name)) {
            err = add(answer, row, &sealed, note);
        }
    }
    return err;
}

void
ledger_answer_release(struct ledger_answer *answer)
{
    for (size_t i = 0; i < answer->opened_count; i++) {
        buf_release(&answer->opened[i].opening);
    }
    free(answer->opened);
    answer->opened = NULL;
    answer->opened_count = 0;
    events_release(&answer->events);
}
