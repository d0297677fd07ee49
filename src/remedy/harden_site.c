/* Files of a VMS: found by the evidence of its facts, audited, replaced. */
#include "remedy/harden_site.h"

#include "audit/audit.h"
#include "base/file.h"
#include "base/text.h"
#include "check/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Adds the file of that name, when it is one and not yet there. */
static size_t
add_file(struct arena *arena, const char *name, struct harden_place *out, size_t count)
{
    char path[PATH_MAX];
    struct harden_state state;
    struct note note = {""};
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, HARDEN_BYTES);
    if (count == HARDEN_FILES || realpath(name, path) == NULL) {
        return count;
    }
    for (size_t i = 0; i < count; i++) {
        if (text_equal(out[i].path, path)) {
            return count;
        }
    }
    const char *format = harden_site_read(path, &bytes, &state, &note) != OK
                             ? NULL
                             : audit_kind(path, bytes.data, bytes.len);
    const char *copy = format == NULL ? NULL : arena_copy(arena, path);
    if (copy == NULL) {
        return count;
    }
    out[count] = (struct harden_place){copy, format};
    return count + 1;
}

/* "PATH line 3", "words (PATH line 3); …", "PATH lines 3, 4; PATH line 5": every PATH. */
static size_t
add_named(struct arena *arena, const char *text, struct harden_place *out, size_t count)
{
    char name[PATH_MAX];
    for (const char *at = strstr(text, " line"); at != NULL; at = strstr(at + 1, " line")) {
        const char *start = at;
        while (start != text && start[-1] != '(' &&
               !(start[-1] == ' ' && start - text > 1 && start[-2] == ';')) {
            start--;
        }
        if ((size_t)(at - start) < sizeof(name)) {
            memcpy(name, start, (size_t)(at - start));
            name[at - start] = '\0';
            count = add_file(arena, name, out, count);
        }
    }
    return count;
}

size_t
harden_site_files(
    const struct subject *subject, struct arena *arena, struct harden_place out[HARDEN_FILES])
{
    size_t count = 0;
    for (size_t id = 0; id < FACT_COUNT; id++) {
        for (const struct fact *f = subject->facts.best[id]; f != NULL; f = f->next) {
            if (f->witness != WITNESS_CONFIG || f->evidence == NULL) {
                continue;
            }
            count = add_file(arena, f->evidence->asked, out, count);
            count = add_named(arena, f->evidence->asked, out, count);
            if (id == FACT_CONFIG_RISK || id == FACT_CONFIG_FACTORY || id == FACT_CONFIG_SECRETS) {
                count = add_named(arena, f->text, out, count);
            }
        }
    }
    return count;
}

static enum err
add_to(struct audit *audit, const struct harden_place *file, const struct harden_swap *swap,
    struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    struct harden_state state;
    char name[PATH_MAX + 40];
    buf_init(&bytes, HARDEN_BYTES);
    (void)snprintf(name, sizeof(name), "%s:%s", file->format, file->path);
    if (swap->bytes != NULL && text_equal(swap->path, file->path)) {
        return audit_add_bytes(audit, name, swap->bytes->data, swap->bytes->len);
    }
    enum err err = harden_site_read(file->path, &bytes, &state, note);
    return err != OK ? err : audit_add_bytes(audit, name, bytes.data, bytes.len);
}

static enum err
take_product(struct audit *audit, const char *product, struct subject **ret_subject)
{
    struct subject *found = NULL;
    for (struct subject *s = audit_take(audit); s != NULL; s = audit_take(audit)) {
        if (found == NULL && text_equal(facts_text(&s->facts, FACT_VMS_PRODUCT), product)) {
            found = s;
        } else {
            subject_free(s);
        }
    }
    if (found == NULL) {
        return ERR_MISSING;
    }
    *ret_subject = found;
    return OK;
}

enum err
harden_site_audit(const struct harden_place *files, size_t count, const char *product,
    const struct harden_swap *swap, struct subject **ret_subject, struct note *note)
{
    struct audit *audit = audit_new();
    enum err err = audit == NULL ? ERR_MEMORY : OK;
    for (size_t i = 0; i < count && err == OK; i++) {
        err = add_to(audit, &files[i], swap, note);
    }
    if (err == OK && audit_mistake_count(audit) != 0) {
        note_set(note, "%s", audit_mistake(audit, 0));
        err = ERR_SYNTAX;
    }
    if (err == OK) {
        audit_judge(audit);
        err = take_product(audit, product, ret_subject);
    }
    if (err == ERR_MISSING) {
        note_set(note, "its files say nothing about %.80s", product);
    }
    audit_free(audit);
    return err;
}

static bool
is_gap(const struct judgement *judgement)
{
    return judgement->rule != NULL && (judgement->verdict == FAIL || judgement->verdict == NOTE);
}

const char *
harden_site_worse(const struct facts *before, const struct facts *after, char *out, size_t size)
{
    for (size_t i = 0; i < control_count; i++) {
        const struct check *check = controls[i].check;
        for (size_t j = 0; j < check->aspect_count; j++) {
            const struct aspect *aspect = &check->aspects[j];
            if ((aspect->kinds & KIND_BIT(VMS)) == 0) {
                continue;
            }
            struct judgement was = check_judge(&controls[i], aspect, before);
            struct judgement is = check_judge(&controls[i], aspect, after);
            if (is_gap(&is) && (!is_gap(&was) || (was.verdict == NOTE && is.verdict == FAIL))) {
                (void)snprintf(out, size, "%s/%s", controls[i].id, is.rule->id);
                return out;
            }
        }
    }
    return NULL;
}

enum err
harden_site_read(
    const char *path, struct buf *out, struct harden_state *ret_state, struct note *note)
{
    struct stat info;
    char chunk[16384];
    char reason[128];
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        note_set(note, "%.160s: %s", path, strerror_r(errno, reason, sizeof(reason)));
        return ERR_IO;
    }
    bool is_plain = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1;
    while (is_plain && got > 0 && !out->failed) {
        got = read(fd, chunk, sizeof(chunk));
        if (got > 0) {
            buf_add(out, chunk, (size_t)got);
        }
    }
    (void)close(fd);
    if (!is_plain || got < 0 || out->failed) {
        note_set(note, "%.160s: %s", path,
            !is_plain ? "not an ordinary file with one name"
            : got < 0 ? "can't be read"
                      : "larger than 1 MiB");
        return out->failed ? ERR_LIMIT : ERR_IO;
    }
    ret_state->mode = info.st_mode & 07777;
    ret_state->uid = info.st_uid;
    ret_state->gid = info.st_gid;
    return digest_hex(DIGEST_SHA256, out->data, out->len, ret_state->digest);
}

enum err
harden_site_write(
    const char *path, const struct buf *bytes, const struct harden_state *state, struct note *note)
{
    struct file_draft draft;
    struct stat info;
    enum err err = file_draft_open(&draft, path, 0600, note);
    if (err != OK) {
        return err;
    }
    bool is_good = fstat(draft.fd, &info) == 0;
    if (is_good && (info.st_uid != state->uid || info.st_gid != state->gid)) {
        is_good = fchown(draft.fd, state->uid, state->gid) == 0;
    }
    is_good = is_good && fchmod(draft.fd, state->mode) == 0;
    if (!is_good) {
        struct note ignored = {""};
        err = file_draft_close(&draft, false, &ignored);
        note_set(note, "%.160s: its owner or its rights can't be kept; run as its owner or as root",
            path);
        return err == OK ? ERR_IO : err;
    }
    bool is_whole = file_draft_add(&draft, bytes->data, bytes->len);
    err = file_draft_close(&draft, is_whole, note);
    return err == OK && (!is_whole || !file_sync_name(path)) ? ERR_IO : err;
}
