/*
 * Safe settings in the files of a VMS: a reviewed patch with the old file beside it, proven by the
 * audit that found the gaps. Rule of this file: nothing is put back over what somebody else wrote.
 */
#include "remedy/harden.h"
#include "remedy/harden_plan.h"
#include "remedy/harden_settings.h"
#include "remedy/harden_site.h"
#include "remedy/remedy.h"

#include "base/text.h"
#include "report/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Settings by an API, not a file. */
static bool
is_settings(const struct job *job)
{
    return json_object_get(job->step->detail, "settings") != NULL;
}

/* The step's file as it is, read; and the patch of it. */
struct work {
    struct harden_place files[HARDEN_FILES];
    size_t file_count;
    const char *path, *format, *product;
    struct buf now, after;
    struct harden_state state;
    struct harden_file file;
    struct harden_edit edits[HARDEN_FOUND];
    struct secret *secrets[HARDEN_FOUND];
    size_t edit_count;
};

static void
work_free(struct work *work)
{
    if (work != NULL) {
        for (size_t i = 0; i < COUNT(work->secrets); i++) {
            secret_free(work->secrets[i]);
        }
        buf_release(&work->now);
        buf_release(&work->after);
        free(work);
    }
}

/* From the step's detail; NULL: it is none of ours, job->why says so. */
static struct work *
work_new(struct job *job)
{
    const json_t *detail = job->step->detail;
    const json_t *files = json_object_get(detail, "files");
    struct work *work = calloc(1, sizeof(*work));
    if (work == NULL) {
        return NULL;
    }
    buf_init(&work->now, HARDEN_BYTES);
    buf_init(&work->after, 2 * HARDEN_BYTES);
    work->path = value_get_text(detail, "file");
    work->format = value_get_text(detail, "format");
    work->product = value_get_text(detail, "product");
    for (size_t i = 0; i < json_array_size(files) && i < HARDEN_FILES; i++) {
        const json_t *file = json_array_get(files, i);
        work->files[work->file_count++] =
            (struct harden_place){value_get_text(file, "file"), value_get_text(file, "format")};
    }
    if (work->path[0] != '/' || work->format[0] == '\0' || work->file_count == 0) {
        note_set(&job->why, "the plan does not say which file");
        work_free(work);
        return NULL;
    }
    return work;
}

/* "harden.shinobi_cron.1a2b3c4d5e6f": where a new secret is sealed. */
static enum err
secret_name(const struct work *work, const struct harden_found *found, char out[VAULT_NAME + 1])
{
    char hex[DIGEST_HEX];
    CLEANUP(buf_release) struct buf place;
    buf_init(&place, 8192);
    buf_format(&place, "%s %s", work->path, found->place);
    enum err err = digest_hex(DIGEST_SHA256, place.data, place.len, hex);
    (void)snprintf(out, VAULT_NAME + 1, "harden.%.40s.%.12s", found->row->id, hex);
    return err;
}

static enum err
seal(struct job *job, struct work *work, const struct harden_found *found, struct secret **ret)
{
    char name[VAULT_NAME + 1];
    enum err err = secret_name(work, found, name);
    return err == OK ? harden_seal(&desk_settings(job->desk)->vault, name, ret, &job->why) : err;
}

static bool
is_taken(const struct work *work, const struct harden_found *found)
{
    for (size_t i = 0; i < work->edit_count; i++) {
        if (work->edits[i].found == found) {
            return true;
        }
    }
    return false;
}

/* Items of a list have one name: the first that is not taken yet. */
static const struct harden_found *
find_edit(const struct work *work, const json_t *edit)
{
    for (size_t i = 0; i < work->file.found_count; i++) {
        const struct harden_found *found = &work->file.found[i];
        if (text_equal(found->row->id, value_get_text(edit, "row")) &&
            text_equal(found->place, value_get_text(edit, "place")) && !is_taken(work, found)) {
            return found;
        }
    }
    return NULL;
}

/* The text that the file becomes. */
static enum err
make_text(struct job *job, struct work *work)
{
    const json_t *edits = json_object_get(job->step->detail, "edits");
    work->file = (struct harden_file){.arena = &job->arena};
    enum err err = harden_read(&work->file, work->format, work->now.data, work->now.len, &job->why);
    for (size_t i = 0; i < json_array_size(edits) && i < HARDEN_FOUND && err == OK; i++) {
        const struct harden_found *found = find_edit(work, json_array_get(edits, i));
        if (found == NULL) {
            note_set(&job->why, "%.160s: what was planned is not there any more", work->path);
            return ERR_MISSING;
        }
        if (found->value == NULL) {
            err = seal(job, work, found, &work->secrets[i]);
        }
        if (err == OK) {
            work->edits[work->edit_count++] = (struct harden_edit){
                found, found->value == NULL ? secret_text(work->secrets[i]) : found->value};
        }
    }
    return err != OK
               ? err
               : harden_text(&work->file, work->edits, work->edit_count, &work->after, &job->why);
}

static enum remedy_result
take_file(struct job *job, struct work *work)
{
    char digest[DIGEST_HEX];
    char title[DIGEST_HEX];
    enum err err = harden_site_read(work->path, &work->now, &work->state, &job->why);
    if (err != OK) {
        return REMEDY_CHANGED;
    }
    if (!text_equal(work->state.digest, value_get_text(job->step->detail, "digest"))) {
        note_set(
            &job->why, "%.160s was changed since the plan was made; make a new plan", work->path);
        return REMEDY_CHANGED;
    }
    err = make_text(job, work);
    err = err != OK ? err : digest_hex(DIGEST_SHA256, work->after.data, work->after.len, digest);
    (void)snprintf(title, sizeof(title), "%.40s", job->plan->id == NULL ? "" : job->plan->id);
    if (err == OK) {
        json_decref(job->before);
        job->before = json_pack("{s:s, s:s, s:o, s:i, s:I, s:I}", "before", work->state.digest,
            "after", digest, "backup", json_sprintf("%s.before-%s", work->path, title), "mode",
            (int)work->state.mode, "uid", (json_int_t)work->state.uid, "gid",
            (json_int_t)work->state.gid);
        err = job->before == NULL ? ERR_MEMORY : OK;
    }
    return err == OK ? REMEDY_DONE : REMEDY_REFUSED;
}

static enum remedy_result
take(struct job *job)
{
    if (is_settings(job)) {
        return harden_settings_take(job);
    }
    struct work *work = work_new(job);
    enum remedy_result result = work == NULL ? REMEDY_CHANGED : take_file(job, work);
    work_free(work);
    return result;
}

/* The file as take() found it, 0600 whatever its own rights: it may hold passwords. */
static struct harden_state
backup_state(const struct job *job)
{
    return (struct harden_state){
        .mode = 0600,
        .uid = (uid_t)json_integer_value(json_object_get(job->before, "uid")),
        .gid = (gid_t)json_integer_value(json_object_get(job->before, "gid")),
    };
}

static enum remedy_result
apply_file(struct job *job, struct work *work)
{
    char digest[DIGEST_HEX];
    const char *backup = value_get_text(job->before, "backup");
    const struct harden_state beside = backup_state(job);
    enum err err = harden_site_read(work->path, &work->now, &work->state, &job->why);
    if (err != OK || !text_equal(work->state.digest, value_get_text(job->before, "before"))) {
        note_set(&job->why, "%.160s was changed a moment ago by somebody else", work->path);
        return REMEDY_CHANGED;
    }
    err = make_text(job, work);
    err = err != OK ? err : digest_hex(DIGEST_SHA256, work->after.data, work->after.len, digest);
    if (err != OK || !text_equal(digest, value_get_text(job->before, "after"))) {
        return REMEDY_REFUSED;
    }
    desk_tell(job, "%s: the old file is kept as %s", work->path, backup);
    err = harden_site_write(backup, &work->now, &beside, &job->why);
    if (err != OK) {
        return REMEDY_REFUSED;
    }
    err = harden_site_write(work->path, &work->after, &work->state, &job->why);
    return err == OK ? REMEDY_DONE : REMEDY_FAILED;
}

static enum remedy_result
apply(struct job *job)
{
    if (is_settings(job)) {
        return harden_settings_apply(job);
    }
    struct work *work = work_new(job);
    enum remedy_result result = work == NULL ? REMEDY_REFUSED : apply_file(job, work);
    work_free(work);
    return result;
}

/* The audit of the file as it stands, beside that of the old one. */
static enum remedy_result
judge(struct job *job, const struct facts *was, const struct facts *is)
{
    char worse[80];
    size_t i = 0;
    const json_t *edit = NULL;
    const json_t *edits = json_object_get(job->step->detail, "edits");
    json_decref(job->after);
    job->after = json_object();
    json_array_foreach(edits, i, edit)
    {
        const struct harden_row *row = harden_row(value_get_text(edit, "row"));
        const char *text = row == NULL ? NULL : facts_text(is, row->fact);
        if (row == NULL || text_contains(text, row->told)) {
            note_set(&job->why, "the audit still says %.160s", text == NULL ? "so" : text);
            return REMEDY_UNPROVEN;
        }
        (void)json_object_set_new(
            job->after, fact_name(row->fact), json_string(text == NULL ? "not said" : text));
    }
    if (harden_site_worse(was, is, worse, sizeof(worse)) != NULL) {
        note_set(&job->why, "the audit finds %s now", worse);
        return REMEDY_UNPROVEN;
    }
    return REMEDY_DONE;
}

static enum remedy_result
prove_file(struct job *job, struct work *work)
{
    struct subject *was = NULL;
    struct subject *is = NULL;
    struct harden_state state;
    const struct harden_swap none = {NULL, NULL};
    const struct harden_swap old = {work->path, &work->now};
    enum err err =
        harden_site_read(value_get_text(job->before, "backup"), &work->now, &state, &job->why);
    err = err != OK ? err : harden_site_read(work->path, &work->after, &work->state, &job->why);
    if (err != OK || !text_equal(work->state.digest, value_get_text(job->before, "after"))) {
        note_set(&job->why, "%.160s is not what was written", work->path);
        return REMEDY_UNPROVEN;
    }
    err = harden_site_audit(work->files, work->file_count, work->product, &old, &was, &job->why);
    err = err != OK ? err
                    : harden_site_audit(
                          work->files, work->file_count, work->product, &none, &is, &job->why);
    enum remedy_result result = err != OK ? REMEDY_UNPROVEN : judge(job, &was->facts, &is->facts);
    subject_free(was);
    subject_free(is);
    return result;
}

static enum remedy_result
prove(struct job *job)
{
    if (is_settings(job)) {
        return harden_settings_prove(job);
    }
    struct work *work = work_new(job);
    enum remedy_result result = work == NULL ? REMEDY_UNPROVEN : prove_file(job, work);
    work_free(work);
    return result;
}

/* Back, when the file is still what was written; it was never changed, or is back already: done. */
static enum remedy_result
undo_file(struct job *job, struct work *work)
{
    struct harden_state state;
    const char *backup = value_get_text(job->before, "backup");
    enum err err = harden_site_read(work->path, &work->now, &work->state, &job->why);
    if (err == OK && text_equal(work->state.digest, value_get_text(job->before, "before"))) {
        (void)unlink(backup);
        return REMEDY_DONE;
    }
    if (err != OK || !text_equal(work->state.digest, value_get_text(job->before, "after"))) {
        note_set(&job->why,
            "%.160s was changed by somebody else after the fix, so it is left alone; the file "
            "before is %.160s",
            work->path, backup);
        return REMEDY_CHANGED;
    }
    err = harden_site_read(backup, &work->after, &state, &job->why);
    if (err != OK || !text_equal(state.digest, value_get_text(job->before, "before"))) {
        note_set(&job->why, "%.160s is gone or was changed: %.160s can't be put back", backup,
            work->path);
        return REMEDY_FAILED;
    }
    work->state.mode = (mode_t)json_integer_value(json_object_get(job->before, "mode")) & 07777;
    work->state.uid = backup_state(job).uid;
    work->state.gid = backup_state(job).gid;
    err = harden_site_write(work->path, &work->after, &work->state, &job->why);
    buf_clear(&work->now);
    err = err != OK ? err : harden_site_read(work->path, &work->now, &state, &job->why);
    if (err != OK || !text_equal(state.digest, value_get_text(job->before, "before"))) {
        return REMEDY_FAILED;
    }
    (void)unlink(backup);
    return REMEDY_DONE;
}

static enum remedy_result
undo(struct job *job)
{
    if (is_settings(job)) {
        return harden_settings_undo(job);
    }
    struct work *work = work_new(job);
    enum remedy_result result = work == NULL ? REMEDY_FAILED : undo_file(job, work);
    work_free(work);
    return result;
}

const struct remedy_kind remedy_harden = {
    .name = "harden",
    .title = "Safer settings of the VMS",
    .propose = harden_plan_files,
    .take = take,
    .apply = apply,
    .prove = prove,
    .undo = undo,
    .is_serial = true,
};
