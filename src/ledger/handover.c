/* Follows hand-overs of the signing key; each is believed for what the key before it signed. */
#include "ledger/handover.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct step {
    struct tree *tree;
    uint64_t size;           /* of the whole log */
    const struct vkey *from; /* believed */
    const char *name;        /* "handover/3" */
    uint64_t seen;           /* size at the one before */
    bool is_past; /* leads to the believed key itself: its own, or one cut short and made anew */
    struct checkpoint checkpoint;
    struct vkey next;
};

static enum err
wrong(const struct step *step, struct note *note, enum err err, const char *what)
{
    note_set(note, "%s: %s", step->name, what);
    return err;
}

/* The entry must really be the last of the tree that the believed key signed. */
static enum err
check_place(const struct step *step, const uint8_t *entry, size_t len)
{
    struct merkle_path path;
    struct merkle_hash leaf;
    struct merkle *merkle = merkle_new();
    const struct merkle_head *head = &step->checkpoint.head;
    if (merkle == NULL) {
        return ERR_MEMORY;
    }
    struct merkle_source source = tree_source(step->tree, step->size);
    merkle_leaf(merkle, entry, len, &leaf);
    enum err err = merkle_inclusion(merkle, &source, head->size - 1, head->size, &path);
    if (err == OK) {
        err = merkle_check_inclusion(merkle, &path, head->size - 1, &leaf, head);
    }
    merkle_free(merkle);
    return err;
}

/* What `system.key` says; the texts are the JSON's. */
static bool
read_event(const json_t *event, const char **ret_previous, const char **ret_next)
{
    const json_t *detail = json_object_get(event, "detail");
    const char *action = json_string_value(json_object_get(event, "action"));
    *ret_previous = json_string_value(json_object_get(detail, "previous"));
    *ret_next = json_string_value(json_object_get(detail, "next"));
    return text_equal(action, "system.key") && *ret_previous != NULL && *ret_next != NULL;
}

static enum err
read_next_key(struct step *step, struct note *note)
{
    char text[VKEY_TEXT];
    const uint8_t *entry = NULL;
    const char *previous = NULL, *next = NULL;
    size_t len = 0;
    uint64_t size = step->checkpoint.head.size;
    if (size > step->size) {
        return wrong(step, note, ERR_LIMIT, "the log had more entries then: it was taken back");
    }
    if (size <= step->seen) {
        return wrong(step, note, ERR_VALUE, "is not later than the one before");
    }
    enum err err = tree_entry(step->tree, size - 1, step->size, &entry, &len, note);
    if (err != OK) {
        return err;
    }
    if (check_place(step, entry, len) != OK) {
        return wrong(step, note, ERR_VALUE, "the entry under it is not the one that was signed");
    }
    json_t *event =
        json_loadb((const char *)entry, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (!read_event(event, &previous, &next)) {
        err = wrong(step, note, ERR_VALUE, "its last entry does not name the next key");
    } else if (text_equal(next, vkey_text(step->from, text))) {
        step->is_past = true;
    } else if (!text_equal(previous, text)) {
        err = wrong(step, note, ERR_VALUE, "its last entry names another key as the one before");
    } else if (vkey_parse(next, &step->next) != OK || step->next.type != VKEY_ED25519 ||
               !text_equal(step->next.name, step->from->name)) {
        err = wrong(step, note, ERR_VALUE, "the next key is none for this log");
    }
    json_decref(event);
    return err;
}

/* OK; ERR_MISSING with an empty note when the believed key has not signed this one. */
static enum err
take_step(struct step *step, const struct buf *bytes, struct note *note)
{
    struct signednote signed_note;
    struct note ignored;
    note->text[0] = '\0';
    enum err err =
        checkpoint_open(bytes->data, bytes->len, step->from, &step->checkpoint, &ignored);
    if (err == ERR_MISSING) {
        return err;
    }
    if (err != OK) {
        return wrong(step, note, err, ignored.text);
    }
    err = read_next_key(step, note);
    if (err != OK || step->is_past) {
        return err;
    }
    err = signednote_parse(bytes->data, bytes->len, &signed_note, note);
    if (err == OK && signednote_verify(&signed_note, &step->next, NULL) != OK) {
        return wrong(step, note, ERR_VALUE, "the next key has not signed it");
    }
    return err;
}

enum err
handover_follow(struct tree *tree, uint64_t size, const struct vkey *trusted,
    struct handover *ret_handover, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    char name[32];
    buf_init(&bytes, TREE_CHECKPOINT);
    uint64_t seen = 0; /* entries at the last one that a believed key signed */
    ret_handover->count = 0;
    ret_handover->keys[0] = *trusted;
    for (unsigned number = 1; number <= HANDOVER_LIMIT; number++) {
        struct step step = {.tree = tree, .size = size, .name = name};
        size_t count = ret_handover->count;
        step.from = &ret_handover->keys[count];
        step.seen = seen;
        (void)snprintf(name, sizeof(name), "handover/%u", number);
        buf_clear(&bytes);
        enum err err = tree_file(tree, name, &bytes, note);
        if (err == ERR_MISSING) {
            break;
        }
        err = err == OK ? take_step(&step, &bytes, note) : err;
        if (err == ERR_MISSING && note->text[0] == '\0' && seen != 0) {
            return wrong(&step, note, ERR_MISSING, "is not signed by the key before it");
        }
        if (err == ERR_MISSING && note->text[0] == '\0') {
            continue;
        }
        if (err != OK) {
            return err;
        }
        seen = step.checkpoint.head.size;
        if (step.is_past) {
            continue;
        }
        ret_handover->heads[ret_handover->count++] = step.checkpoint.head;
        ret_handover->keys[ret_handover->count] = step.next;
    }
    return OK;
}
