/*
 * Rules of this file: what trail_write() said OK to is on disk; after a write that failed nothing
 * more is written by this process; one process has a journal at a time.
 */
#include "remedy/trail.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "remedy/trail_lines.h"
#include "report/value.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define NAME       "journal.jsonl"

struct trail {
    pthread_mutex_t lock;
    struct buf folder;
    char id[TRAIL_ID];
    int fd; /* its flock() is the ownership */
    bool has_failed;
    struct secret *key;
    struct trail_lines lines;
};

const char *
trail_phase_name(enum trail_phase phase)
{
    static const char *const names[] = {
#define PHASE(id, name, meaning) [TRAIL_##id] = name,
#include "remedy/phases.def"
#undef PHASE
    };
    assert(phase < TRAIL_PHASE_COUNT);
    return names[phase];
}

static struct trail *
make(const char *folder, const char *id)
{
    struct trail *journal = calloc(1, sizeof(*journal));
    if (journal == NULL) {
        return NULL;
    }
    (void)pthread_mutex_init(&journal->lock, NULL);
    journal->fd = -1;
    buf_init(&journal->folder, PATH_BYTES);
    buf_format(&journal->folder, "%s/%s", folder, id);
    (void)text_copy(journal->id, sizeof(journal->id), id);
    return journal;
}

void
trail_close(struct trail *journal)
{
    if (journal != NULL) {
        if (journal->fd >= 0) {
            (void)close(journal->fd);
        }
        (void)pthread_mutex_destroy(&journal->lock);
        trail_lines_release(&journal->lines);
        secret_free(journal->key);
        buf_release(&journal->folder);
        free(journal);
    }
}

static enum err
fail(struct note *note, const char *path)
{
    note_set(note, "%.150s: %s", file_tail(path, 150), strerrordesc_np(errno));
    return ERR_IO;
}

static enum err
open_file(struct trail *journal, int flags, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, PATH_BYTES);
    buf_format(&path, "%s/" NAME, journal->folder.data);
    if (buf_error(&path) != OK) {
        return ERR_LIMIT;
    }
    journal->fd = open(path.data, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (journal->fd < 0) {
        enum err err = fail(note, path.data);
        return errno == ENOENT ? ERR_MISSING : err;
    }
    if (flock(journal->fd, LOCK_EX | LOCK_NB) != 0) {
        note_set(note, "the plan %s is under way in another process; gatehouse fix status shows it",
            journal->id);
        return ERR_REFUSED;
    }
    return OK;
}

/* At most one makes a plan at a time in this folder. */
static enum err
lock_folder(const char *folder, int *ret_fd, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, PATH_BYTES);
    enum err err = file_make_folder(folder, note);
    buf_format(&path, "%s/.lock", folder);
    if (err != OK || buf_error(&path) != OK) {
        return err != OK ? err : ERR_LIMIT;
    }
    *ret_fd = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*ret_fd < 0 || flock(*ret_fd, LOCK_EX) != 0) {
        return fail(note, path.data);
    }
    return OK;
}

/* What could not be read again would have no way back. */
static enum err
try_reading(const char *text, struct note *note)
{
    struct plan *again = NULL;
    enum err err = plan_parse(text, strlen(text), &again, note);
    plan_free(again);
    return err;
}

/* The plan of an earlier run is its way back: another one of that id never takes its place. */
static enum err
refuse_twice(const struct trail *journal, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, PATH_BYTES);
    buf_format(&path, "%s/" NAME, journal->folder.data);
    enum err err = buf_error(&path);
    if (err == OK && access(path.data, F_OK) == 0) {
        note_set(note, "the plan %s was run already; make a new one", journal->id);
        err = ERR_REFUSED;
    }
    return err;
}

static enum err
write_plan(struct trail *journal, const struct plan *plan, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, PATH_BYTES);
    buf_format(&path, "%s/plan.json", journal->folder.data);
    json_t *json = plan_json(plan);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(1));
    json_decref(json);
    enum err err = text == NULL ? ERR_MEMORY : buf_error(&path);
    err = err == OK ? try_reading(text, note) : err;
    err = err == OK ? file_write(path.data, text, strlen(text), 0600, note) : err;
    free(text);
    return err;
}

enum err
trail_create(const char *folder, const struct plan *plan, const struct vault_place *vault,
    struct trail **ret_journal, struct note *note)
{
    int lock = -1;
    struct trail *journal = make(folder, plan->id);
    enum err err = journal == NULL ? ERR_MEMORY : lock_folder(folder, &lock, note);
    err = err == OK ? trail_others_refuse(folder, plan, note) : err;
    err = err == OK ? vault_journal_key(vault, &journal->key, note) : err;
    err = err == OK ? trail_lines_init(&journal->lines, plan) : err;
    err = err == OK ? refuse_twice(journal, note) : err;
    err = err == OK ? file_make_folder(journal->folder.data, note) : err;
    err = err == OK ? write_plan(journal, plan, note) : err;
    err = err == OK ? open_file(journal, O_CREAT | O_EXCL, note) : err;
    if (err == OK && !file_sync_folder(journal->folder.data)) {
        err = fail(note, journal->folder.data);
    }
    if (err == OK && !file_sync_folder(folder)) {
        err = fail(note, folder);
    }
    if (lock >= 0) {
        (void)close(lock);
    }
    if (err != OK) {
        trail_close(journal);
        return err;
    }
    *ret_journal = journal;
    return OK;
}

static enum err
read_file(const char *folder, const char *name, struct buf *bytes, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, PATH_BYTES);
    buf_format(&path, "%s/%s", folder, name);
    enum err err = buf_error(&path);
    return err == OK ? file_read(path.data, bytes, note) : err;
}

static enum err
read_plan(const char *folder, struct plan **ret_plan, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, PLAN_BYTES);
    enum err err = read_file(folder, "plan.json", &bytes, note);
    return err == OK ? plan_parse(bytes.data, bytes.len, ret_plan, note) : err;
}

static enum err
read_lines(
    const char *folder, const struct plan *plan, struct trail_lines *lines, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, TRAIL_BYTES);
    enum err err = read_file(folder, NAME, &bytes, note);
    err = err == OK ? trail_lines_init(lines, plan) : err;
    return err == OK ? trail_lines_read(lines, bytes.data, bytes.len, note) : err;
}

static const char *
sealed_place(const struct trail *journal, unsigned number, char out[TRAIL_ID + 32])
{
    (void)snprintf(out, TRAIL_ID + 32, "fix/%s/%u", journal->id, number);
    return out;
}

static enum err
open_befores(struct trail *journal, struct note *note)
{
    char place[TRAIL_ID + 32];
    for (size_t i = 1; i < journal->lines.row_count; i++) {
        struct trail_row *row = &journal->lines.rows[i];
        if (row->sealed != NULL &&
            trail_lines_open(journal->key, sealed_place(journal, (unsigned)i, place), row->sealed,
                &row->before) != OK) {
            note_set(note,
                "what stood before step %zu can't be opened: the key of the sealed passwords is "
                "not the one that it was sealed with; put that one back",
                i);
            return ERR_VALUE;
        }
    }
    return OK;
}

enum err
trail_open(const char *folder, const char *id, const struct vault_place *vault,
    struct trail **ret_journal, struct plan **ret_plan, struct note *note)
{
    char found[TRAIL_ID] = "";
    enum err err = OK;
    if (id == NULL) {
        err = trail_newest(folder, found, note);
    } else if (!text_copy(found, sizeof(found), id) || strchr(id, '/') != NULL || id[0] == '.') {
        note_set(note, "%.60s is no id of a plan; gatehouse fix status lists them", id);
        err = ERR_VALUE;
    }
    if (err != OK) {
        return err;
    }
    struct plan *plan = NULL;
    struct trail *journal = make(folder, found);
    err = journal == NULL ? ERR_MEMORY : open_file(journal, 0, note);
    err = err == OK ? read_plan(journal->folder.data, &plan, note) : err;
    err = err == OK ? read_lines(journal->folder.data, plan, &journal->lines, note) : err;
    err = err == OK ? vault_journal_key(vault, &journal->key, note) : err;
    err = err == OK ? open_befores(journal, note) : err;
    if (err == OK && journal->lines.is_torn &&
        (ftruncate(journal->fd, (off_t)journal->lines.whole) != 0 || fdatasync(journal->fd) != 0)) {
        err = fail(note, journal->folder.data);
    }
    if (err != OK) {
        if (err == ERR_MISSING) {
            note_set(note, "there is no plan %s; gatehouse fix status lists them", found);
        }
        trail_close(journal);
        plan_free(plan);
        return err;
    }
    *ret_journal = journal;
    *ret_plan = plan;
    return OK;
}

struct trail_step
trail_step(const struct trail *journal, unsigned number)
{
    if (number == 0 || number >= journal->lines.row_count) {
        return (struct trail_step){.phase = TRAIL_WAITING};
    }
    /* Other threads write to other steps' rows, of which a phase is looked at. */
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): only its lock */
    pthread_mutex_t *lock = &((struct trail *)(uintptr_t)journal)->lock;
    const struct trail_row *row = &journal->lines.rows[number];
    (void)pthread_mutex_lock(lock);
    const struct trail_step step = {
        .phase = row->phase,
        .before = row->before,
        .after = row->after,
        .why = row->why,
        .logins = row->logins,
        .gap_ms = row->gap_ms,
    };
    (void)pthread_mutex_unlock(lock);
    return step;
}

/* With the lock held; takes the entry. */
static enum err
append(struct trail *journal, json_t *entry)
{
    CLEANUP(buf_release) struct buf line;
    buf_init(&line, TRAIL_LINE);
    enum err err = trail_lines_write(&journal->lines, entry, &line);
    if (err != OK) {
        return err;
    }
    if (journal->has_failed || !file_write_all(journal->fd, line.data, line.len) ||
        fdatasync(journal->fd) != 0) {
        journal->has_failed = true; /* what follows a torn line would be damage */
        return ERR_IO;
    }
    return trail_lines_take(&journal->lines, line.data, line.len - 1);
}

static enum err
put_before(struct trail *journal, unsigned number, const json_t *before, json_t *entry)
{
    char place[TRAIL_ID + 32];
    char *sealed = NULL;
    enum err err =
        trail_lines_seal(journal->key, sealed_place(journal, number, place), before, &sealed);
    if (err == OK) {
        value_put(entry, "before", json_string(sealed));
        free(sealed);
    }
    return err;
}

enum err
trail_write(
    struct trail *journal, unsigned number, enum trail_phase phase, const struct trail_step *state)
{
    assert(number != 0 && number < journal->lines.row_count);
    (void)pthread_mutex_lock(&journal->lock);
    struct trail_row *row = &journal->lines.rows[number];
    json_t *entry = json_object();
    json_t *before = state == NULL ? NULL : state->before;
    enum err err = before == NULL ? OK : put_before(journal, number, before, entry);
    value_put(entry, "step", json_integer(number));
    value_put(entry, "phase", json_string(trail_phase_name(phase)));
    value_put(entry, "logins", json_integer(state == NULL ? row->logins : state->logins));
    unsigned gap_ms = state == NULL ? row->gap_ms : state->gap_ms;
    value_put(entry, "gap_ms", gap_ms == TRAIL_GAP_UNKNOWN ? json_null() : json_integer(gap_ms));
    if (state != NULL && state->after != NULL) {
        value_put(entry, "after", json_deep_copy(state->after));
    }
    value_put_known(entry, "why", state == NULL ? NULL : state->why);
    json_t *copy = before == NULL ? NULL : json_deep_copy(before);
    if (err == OK && (before == NULL || copy != NULL)) {
        err = append(journal, entry);
    } else {
        json_decref(entry);
        err = err == OK ? ERR_MEMORY : err;
    }
    if (err == OK && copy != NULL) {
        json_decref(row->before);
        row->before = json_incref(copy);
    }
    json_decref(copy);
    (void)pthread_mutex_unlock(&journal->lock);
    return err;
}

static enum err
append_alone(struct trail *journal, const char *name, json_t *value)
{
    json_t *entry = json_object();
    value_put(entry, name, value);
    (void)pthread_mutex_lock(&journal->lock);
    enum err err = append(journal, entry);
    (void)pthread_mutex_unlock(&journal->lock);
    return err;
}

enum err
trail_end(struct trail *journal, const char *how)
{
    return append_alone(journal, "end", json_string(how));
}

enum err
trail_await(struct trail *journal, int64_t until)
{
    return append_alone(journal, "confirm_by", json_integer(until));
}

enum err
trail_turn_back(struct trail *journal)
{
    return append_alone(journal, "turned", json_string("back"));
}

bool
trail_is_turned_back(const struct trail *journal)
{
    return journal->lines.is_back;
}

bool
trail_is_ended(const struct trail *journal)
{
    return journal->lines.how[0] != '\0';
}

const char *
trail_folder(const struct trail *journal)
{
    return journal->folder.data;
}

const char *
trail_how(const struct trail *journal)
{
    return journal->lines.how;
}
