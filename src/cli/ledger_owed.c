/* What destinations of siem.yaml have not got yet, by their cursors. */
#include "cli/ledger_owed.h"

#include "base/text.h"
#include "cli/siem.h"
#include "ledger/tree.h"
#include "siem/place.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define WORDS_MOST ((size_t)64 * 1024)

static bool
find_log(const char *folder, struct stat *ret_status)
{
    struct tree *tree = NULL;
    bool is_found = tree_open(folder, &tree, NULL) == OK;
    if (is_found) {
        is_found = fstat(tree_folder(tree), ret_status) == 0;
        tree_close(tree);
    }
    return is_found;
}

static bool
is_same_log(const char *one, const char *other)
{
    struct stat first, second;
    return find_log(one, &first) && find_log(other, &second) && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static enum err
add(struct ledger_owed *owed, const char *name, uint64_t first, uint64_t count)
{
    owed->count++;
    buf_format(&owed->words,
        "%s has not got %" PRIu64 " of these entries, from entry %" PRIu64 " on\n", name, count,
        first);
    json_t *number = json_integer((json_int_t)count);
    bool is_said = json_object_set_new(owed->unsent, name, number) == 0;
    return is_said && buf_error(&owed->words) == OK ? OK : ERR_MEMORY;
}

/* Of one that nobody can tell of; the others are looked at, and the first is told. */
static enum err
add_unknown(
    struct ledger_owed *owed, const char *name, const struct note *why, struct note *ret_note)
{
    if (!owed->is_unknown) {
        note_set(ret_note, "%s: %s", name, why->text);
    }
    owed->is_unknown = true;
    return json_object_set_new(owed->unsent, name, json_null()) == 0 ? OK : ERR_MEMORY;
}

struct place {
    const struct ledger_owed_log *log;
    bool is_here; /* siem.yaml names this log; what runs it may have been told another */
};

/* A cursor of the log that siem.yaml names must be in it; of another log it says nothing. */
static enum err
check_place(const struct siem_cursor *cursor, const struct place *place, struct note *note)
{
    const struct ledger_owed_log *log = place->log;
    if (!place->is_here) {
        return OK;
    }
    /* The cursor was read before: it is not ahead of the log as it is now. */
    enum err err = entries_refresh(log->entries, note);
    if (err != OK) {
        return err;
    }
    const struct siem_place here = {
        .ledger = log->folder,
        .origin = entries_origin(log->entries),
        .size = entries_head(log->entries)->size,
        .way_out = "take the cursor away and everything is sent again",
    };
    return siem_place_check(cursor, &here, note);
}

/* A cursor says itself in which log it counts. Any error but ERR_MEMORY: nobody can tell. */
static enum err
look_at(const struct siem_destination *to, const char *path, const struct place *place,
    struct ledger_owed *owed, struct note *note)
{
    const struct ledger_owed_log *log = place->log;
    struct siem_cursor cursor = {.next = 0};
    uint64_t first = entries_retention(log->entries)->minimum;
    enum err err = siem_cursor_read(path, &cursor, note);
    bool is_new = err == ERR_MISSING;
    err = err == OK ? check_place(&cursor, place, note) : err;
    if (err != OK && !is_new) {
        return place->is_here ? err : OK;
    }
    if (is_new ? !place->is_here || to->begins_now
               : !text_equal(cursor.origin, entries_origin(log->entries))) {
        return OK;
    }
    first = cursor.next > first ? cursor.next : first;
    return first < log->minimum ? add(owed, to->name, first, log->minimum - first) : OK;
}

static enum err
look_at_all(const struct siem_config *config, const struct ledger_owed_log *log,
    struct arena *arena, struct ledger_owed *owed, struct note *note)
{
    const struct place place = {log, is_same_log(config->ledger, log->folder)};
    enum err err = OK;
    owed->unsent = json_object();
    for (size_t i = 0; i < config->count && err == OK; i++) {
        const struct siem_destination *to = &config->destinations[i];
        const char *path = siem_config_state(config, to->name, "cursor", arena);
        struct note why = {""};
        err = path == NULL ? ERR_MEMORY : look_at(to, path, &place, owed, &why);
        if (err != OK && err != ERR_MEMORY) {
            err = add_unknown(owed, to->name, &why, note);
        }
    }
    return err;
}

/* The note becomes the one that people see. */
static enum err
not_known(struct ledger_owed *owed, enum err err, const struct note *why, struct note *note)
{
    char words[180];
    text_clean(words, sizeof(words), why->text, strlen(why->text));
    note_set(
        note, "what the SIEM has got is not known: %s", words[0] == '\0' ? err_words(err) : words);
    owed->is_unknown = true;
    if (owed->unsent == NULL) {
        owed->unsent = json_string("unknown");
    }
    return owed->unsent == NULL ? ERR_MEMORY : OK;
}

enum err
ledger_owed_look(const char *config, const struct ledger_owed_log *log,
    struct ledger_owed *ret_owed, struct note *note)
{
    CLEANUP(arena_release) struct arena arena;
    struct siem_config read;
    struct note why = {""};
    arena_init(&arena, (size_t)4 * 1024 * 1024);
    enum err err = siem_read(config, NULL, &arena, &read, &why);
    if (err == ERR_MISSING && config == NULL) {
        return OK;
    }
    buf_init(&ret_owed->words, WORDS_MOST);
    if (err == ERR_MEMORY) {
        return err;
    }
    if (err != OK) {
        return not_known(ret_owed, err, &why, note);
    }
    err = look_at_all(&read, log, &arena, ret_owed, &why);
    return err == OK && ret_owed->is_unknown ? not_known(ret_owed, ERR_SCOPE, &why, note) : err;
}

void
ledger_owed_release(struct ledger_owed *owed)
{
    buf_release(&owed->words);
    json_decref(owed->unsent);
    *owed = (struct ledger_owed){.count = 0};
}
