/* Finds events of the log and takes them with their proofs. */
#include "evidence/events.h"

#include "base/text.h"
#include "ledger/proof.h"
#include "ledger/retention.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ID_MOST 63

void
events_init(struct events *events)
{
    *events = (struct events){.rows = NULL};
}

void
events_release(struct events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        buf_release(&events->rows[i].entry);
        buf_release(&events->rows[i].proof);
        json_decref(events->rows[i].json);
    }
    free(events->rows);
    *events = (struct events){.rows = NULL};
}

static enum err
add(struct events *events, uint64_t index, size_t max)
{
    for (size_t i = 0; i < events->count; i++) {
        if (events->rows[i].index == index) {
            return OK;
        }
    }
    if (events->count == max) {
        return ERR_LIMIT;
    }
    if (events->count == events->room) {
        size_t room = events->room == 0 ? 16 : 2 * events->room;
        struct events_row *rows = reallocarray(events->rows, room, sizeof(*rows));
        if (rows == NULL) {
            return ERR_MEMORY;
        }
        events->rows = rows;
        events->room = room;
    }
    struct events_row *row = &events->rows[events->count++];
    *row = (struct events_row){.index = index};
    buf_init(&row->entry, TILE_ENTRY);
    buf_init(&row->proof, PROOF_LIMIT);
    return OK;
}

enum err
events_add(struct events *events, const struct logged *logged, size_t max)
{
    return add(events, logged->index, max);
}

struct looking {
    struct events *events;
    const char *name;
    size_t max;
    bool is_found;
    enum err err;
};

static bool
take(void *context, const struct logged *logged)
{
    struct looking *looking = context;
    if (logged_says(logged, LOGGED_ID, looking->name) ||
        logged_says(logged, LOGGED_VIEW, looking->name)) {
        looking->err = events_add(looking->events, logged, looking->max);
        looking->is_found = true;
    }
    return looking->err == OK;
}

static bool
is_id(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                c == '-' || c == '_')) {
            return false;
        }
    }
    return len != 0 && len <= ID_MOST;
}

/* By its id or its view's: each is a word of the event, which the index knows. */
static enum err
find_id(struct looking *looking, struct search *search, struct note *note)
{
    struct query query = query_begin();
    const struct search_reader reader = {take, looking};
    enum err err = query_set_words(&query, looking->name);
    if (err == OK) {
        err = search_run(search, &query, false, &reader, note);
    }
    return err == OK ? looking->err : err;
}

enum err
events_find(
    struct events *events, struct search *search, const char *name, size_t max, struct note *note)
{
    struct looking looking = {.events = events, .name = name, .max = max};
    struct search_about about;
    uint64_t index = 0;
    if (!is_id(name)) {
        note_set(note, "\"%.80s\" is not the id of an event", name);
        return ERR_VALUE;
    }
    search_about(search, &about);
    enum err err = find_id(&looking, search, note);
    if (err == OK && !looking.is_found && text_to_u64(name, INT64_MAX, &index) == OK &&
        index < about.size) {
        looking.is_found = true;
        err = add(events, index, max);
    }
    if (err == OK && !looking.is_found) {
        note_set(note,
            "no event has the id %s in the %" PRIu64
            " entries of the log; `gatehouse ledger search --format json` shows ids",
            name, about.size);
        err = ERR_MISSING;
    }
    if (err == ERR_LIMIT) {
        note_set(note, "more than %zu events", max);
    }
    return err;
}

static enum err
read_key(struct tree *tree, struct vkey *ret_key, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, VKEY_TEXT);
    enum err err = tree_file(tree, "log.vkey", &text, note);
    if (err == OK && vkey_parse(text_trim(text.data), ret_key) != OK) {
        note_set(note, "log.vkey is no public key");
        err = ERR_VALUE;
    }
    return err;
}

/* The entry as the tree of the proof's own checkpoint has it. */
static enum err
take_entry(struct tree *tree, const struct proof *proof, struct buf *out, struct note *note)
{
    struct signednote signed_note;
    struct checkpoint head;
    const uint8_t *entry = NULL;
    size_t len = 0;
    enum err err = retention_entry(tree, proof->index, note);
    if (err == OK) {
        err = signednote_parse(proof->checkpoint, proof->checkpoint_len, &signed_note, note);
    }
    if (err == OK) {
        err = checkpoint_parse(signed_note.text, signed_note.text_len, &head, note);
    }
    if (err == OK) {
        err = tree_entry(tree, proof->index, head.head.size, &entry, &len, note);
    }
    if (err == OK) {
        buf_add(out, entry, len);
        err = buf_error(out);
    }
    return err;
}

static enum err
prove_row(struct events *events, struct tree *tree, struct events_row *row, struct note *note)
{
    CLEANUP(buf_release) struct buf checkpoint;
    struct proof proof;
    struct proof_verdict verdict;
    const struct proof_trust trust = {.key = &events->log};
    buf_init(&checkpoint, TREE_CHECKPOINT);
    enum err err = proof_make(tree, row->index, &checkpoint, &proof, note);
    if (err == OK) {
        err = take_entry(tree, &proof, &row->entry, note);
    }
    if (err == OK) {
        err = merkle_leaf_once(row->entry.data, row->entry.len, &row->leaf);
    }
    if (err == OK) {
        err = proof_check(&proof, &row->leaf, &trust, &verdict, note);
    }
    if (err == OK) {
        proof_put(&row->proof, &proof);
        err = buf_error(&row->proof);
    }
    if (err == OK) {
        row->json = json_loadb(row->entry.data, row->entry.len, 0, NULL);
        row->id = events_text(row->json, "id");
        err = row->id == NULL ? ERR_VALUE : OK;
        note_set(note, "%s", err == OK ? "" : "it is not an event");
    }
    return err;
}

static int
compare_rows(const void *a, const void *b)
{
    uint64_t index_a = ((const struct events_row *)a)->index;
    uint64_t index_b = ((const struct events_row *)b)->index;
    return (index_a > index_b) - (index_a < index_b);
}

enum err
events_prove(struct events *events, const char *folder, struct note *note)
{
    struct tree *tree = NULL;
    struct note why = {""};
    enum err err = tree_open(folder, &tree, note);
    if (err != OK) {
        return err;
    }
    err = read_key(tree, &events->log, note);
    if (events->count != 0) {
        qsort(events->rows, events->count, sizeof(*events->rows), compare_rows);
    }
    for (size_t i = 0; i < events->count && err == OK; i++) {
        struct events_row *row = &events->rows[i];
        err = row->json != NULL ? OK : prove_row(events, tree, row, &why);
        if (err != OK) {
            note_set(note, "entry %" PRIu64 ": %.160s", row->index,
                why.text[0] == '\0' ? err_words(err) : why.text);
        }
    }
    tree_close(tree);
    return err;
}
