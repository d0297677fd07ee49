/* Which files of which VMS get which rows, tried on paper before it is proposed. */
#include "remedy/harden_plan.h"

#include "remedy/harden.h"
#include "remedy/harden_settings.h"
#include "remedy/harden_site.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAND_IN  "0000000000000000000000000000000000000000" /* for a secret that is made later */
#define DIFF_MOST 32768
#define WORDS     1024

/* One file of a VMS while steps are made. */
struct draft {
    struct plan *plan;
    const struct plan_from *from;
    const struct subject *subject;
    const char *product;
    const struct harden_place *files;
    size_t file_count;
    const struct harden_place *place;
    struct arena *arena;
    struct buf before;
    struct harden_state state;
    struct harden_file file;
    struct harden_edit edits[HARDEN_FOUND];
    size_t edit_count;
};

/* What the wire saw is no worse known for being said in other words. */
static bool
is_told(const struct facts *facts, const struct harden_row *row)
{
    for (const struct fact *f = facts->best[row->fact]; f != NULL; f = f->next) {
        if (f->witness == WITNESS_WIRE || text_contains(f->text, row->told)) {
            return true;
        }
    }
    return false;
}

static bool
is_proxied(const struct draft *draft)
{
    static const enum fact_id ids[] = {
        FACT_VMS_PUBLISHED, FACT_VMS_GUARD, FACT_VMS_UNGUARDED, FACT_GUARD_GAP, FACT_GUARD_UNREAD};
    for (size_t i = 0; i < COUNT(ids); i++) {
        if (facts_get(&draft->subject->facts, ids[i]) != NULL) {
            return true;
        }
    }
    return draft->from->site != NULL && draft->from->site->gateway_ip.family != 0;
}

static enum err
leave(const struct draft *draft, const struct harden_found *found, const char *why)
{
    char words[WORDS];
    char title[SUBJECT_TITLE];
    (void)snprintf(words, sizeof(words), "%s at %s: %s in %.200s line %u is left: %s",
        found->row->rule, subject_title(draft->subject, title), found->place, draft->place->path,
        found->line, why);
    return plan_leave(draft->plan, words);
}

/* Takes what is found wrong and wanted into the edits; says why something is not. */
static enum err
choose(struct draft *draft)
{
    enum err err = OK;
    bool needs_limit = false;
    for (size_t i = 0; i < draft->file.found_count && err == OK; i++) {
        const struct harden_found *found = &draft->file.found[i];
        const struct harden_row *row = found->row;
        const char *trouble = (row->flags & HARDEN_ACCOUNT) != 0
                                  ? harden_account_trouble(draft->from, draft->subject)
                                  : NULL;
        /* A log-in that is switched on can be guessed at from then on. */
        bool goes_along = needs_limit && row->test == HARDEN_LIMIT;
        if (!is_told(&draft->subject->facts, row) ||
            (!goes_along && !plan_wants_rule(draft->from, row->rule, draft->subject))) {
            continue;
        }
        if ((row->flags & HARDEN_UNPROXIED) != 0 && is_proxied(draft)) {
            trouble = "a proxy or gateway stands before it and may come without TLS; switch it on "
                      "at both together";
        }
        if (trouble != NULL) {
            err = leave(draft, found, trouble);
            continue;
        }
        needs_limit = needs_limit || (row->flags & HARDEN_ACCOUNT) != 0;
        draft->edits[draft->edit_count++] =
            (struct harden_edit){found, found->value == NULL ? STAND_IN : found->value};
    }
    return err;
}

static json_t *
edits_json(const struct draft *draft)
{
    json_t *list = json_array();
    for (size_t i = 0; i < draft->edit_count; i++) {
        const struct harden_found *found = draft->edits[i].found;
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s}", "row", found->row->id, "place", found->place));
    }
    return list;
}

static json_t *
files_json(const struct draft *draft)
{
    json_t *list = json_array();
    for (size_t i = 0; i < draft->file_count; i++) {
        (void)json_array_append_new(list, json_pack("{s:s, s:s}", "file", draft->files[i].path,
                                              "format", draft->files[i].format));
    }
    return list;
}

/* "In FILE: a; b.", who notices, what stays. */
static void
say(const struct draft *draft, struct plan_step *step)
{
    struct arena *arena = &draft->plan->arena;
    CLEANUP(buf_release) struct buf words;
    CLEANUP(buf_release) struct buf notices;
    buf_init(&words, 8192);
    buf_init(&notices, 8192);
    buf_format(&words, "In %s: ", draft->place->path);
    for (size_t i = 0; i < draft->edit_count; i++) {
        const struct harden_row *row = draft->edits[i].found->row;
        bool is_new = i == 0 || draft->edits[i - 1].found->row != row;
        if (is_new) {
            buf_format(&words, "%s%s", i == 0 ? "" : "; ", row->words);
        }
        if (is_new && row->notices != NULL) {
            buf_format(&notices, "%s ", row->notices);
        }
    }
    buf_format(&notices, "It takes effect when %s is started again, which Gatehouse does not do.",
        draft->product);
    step->words = arena_copy(arena, words.data);
    step->notices = arena_copy(arena, notices.data);
    step->untouched = "Every other line of the file, its comments, its owner and its rights.";
    step->is_reversible = true;
}

/* Findings that are gone when the file is so; a list of weak settings only when it is empty. */
static enum err
close_rules(const struct draft *draft, struct plan_step *step, const struct facts *after)
{
    enum err err = OK;
    for (size_t i = 0; i < draft->edit_count && err == OK; i++) {
        const struct harden_row *row = draft->edits[i].found->row;
        bool is_list = row->fact == FACT_CONFIG_RISK || row->fact == FACT_CONFIG_FACTORY;
        bool is_first = true;
        for (size_t j = 0; j < i; j++) {
            is_first = is_first && !text_equal(draft->edits[j].found->row->rule, row->rule);
        }
        if (is_first && (!is_list || facts_get(after, row->fact) == NULL)) {
            err = plan_closes(draft->plan, step, row->rule);
        }
    }
    return err;
}

/* Whether the audit of the new text still says what an edit should end; NULL: it does not. */
static const struct harden_row *
still_told(const struct draft *draft, const struct facts *after)
{
    for (size_t i = 0; i < draft->edit_count; i++) {
        const struct harden_row *row = draft->edits[i].found->row;
        if (text_contains(facts_text(after, row->fact), row->told)) {
            return row;
        }
    }
    return NULL;
}

static enum err
add_step(struct draft *draft, const struct buf *after, const struct facts *facts)
{
    CLEANUP(buf_release) struct buf diff;
    buf_init(&diff, DIFF_MOST);
    enum err err = harden_diff(draft->place->path, &draft->before, after, &diff);
    size_t target = plan_target(draft->plan, draft->subject);
    struct plan_step *step =
        err != OK || target == SIZE_MAX ? NULL : plan_add(draft->plan, "harden", target);
    if (step == NULL) {
        return err != OK ? err : ERR_LIMIT;
    }
    say(draft, step);
    step->changes = arena_copy(&draft->plan->arena, diff.data);
    if (step->changes == NULL || step->words == NULL) {
        return ERR_MEMORY;
    }
    err = plan_detail(
        step, json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "file", draft->place->path, "format",
                  draft->place->format, "product", draft->product, "digest", draft->state.digest,
                  "edits", edits_json(draft), "files", files_json(draft)));
    return err == OK ? close_rules(draft, step, facts) : err;
}

/* Tries the patch on paper: the audit must be content with it before it is proposed. */
static enum err
try_patch(struct draft *draft)
{
    struct note note = {""};
    struct subject *was = NULL;
    struct subject *is = NULL;
    char worse[80];
    CLEANUP(buf_release) struct buf after;
    buf_init(&after, 2 * HARDEN_BYTES);
    enum err err = harden_text(&draft->file, draft->edits, draft->edit_count, &after, &note);
    const struct harden_swap old = {draft->place->path, &draft->before};
    const struct harden_swap new = {draft->place->path, &after};
    err = err != OK ? err
                    : harden_site_audit(
                          draft->files, draft->file_count, draft->product, &old, &was, &note);
    err = err != OK ? err
                    : harden_site_audit(
                          draft->files, draft->file_count, draft->product, &new, &is, &note);
    const char *why = err != OK ? (note.text[0] == '\0' ? err_words(err) : note.text)
                      : still_told(draft, &is->facts) != NULL ? "the audit would not be content"
                      : harden_site_worse(&was->facts, &is->facts, worse, sizeof(worse)) != NULL
                          ? "another finding would come instead"
                          : NULL;
    err = why != NULL ? leave(draft, draft->edits[0].found, why)
                      : add_step(draft, &after, &is->facts);
    subject_free(was);
    subject_free(is);
    return err;
}

static enum err
propose_file(struct draft *draft)
{
    struct note note = {""};
    buf_init(&draft->before, HARDEN_BYTES);
    draft->file = (struct harden_file){.arena = draft->arena};
    draft->edit_count = 0;
    enum err err = harden_site_read(draft->place->path, &draft->before, &draft->state, &note);
    err = err != OK ? err
                    : harden_read(&draft->file, draft->place->format, draft->before.data,
                          draft->before.len, &note);
    if (err == OK) {
        err = choose(draft);
        err = err == OK && draft->edit_count != 0 ? try_patch(draft) : err;
    } else {
        err = err == ERR_MEMORY ? err : OK; /* what can't be read was said by the audit */
    }
    buf_release(&draft->before);
    return err;
}

static enum err
propose_vms(struct draft *draft)
{
    struct harden_place files[HARDEN_FILES];
    CLEANUP(arena_release) struct arena arena;
    enum err err = OK;
    arena_init(&arena, (size_t)64 * 1024 * 1024);
    draft->arena = &arena;
    draft->files = files;
    draft->file_count = harden_site_files(draft->subject, &arena, files);
    for (size_t i = 0; i < draft->file_count && err == OK; i++) {
        draft->place = &files[i];
        err = propose_file(draft);
    }
    return err;
}

enum err
harden_plan_files(struct plan *plan, const struct plan_from *from)
{
    enum err err = OK;
    struct draft *draft = calloc(1, sizeof(*draft));
    if (draft == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < from->assessment->device_count && err == OK; i++) {
        draft->plan = plan;
        draft->from = from;
        draft->subject = from->assessment->devices[i];
        draft->product = facts_text(&draft->subject->facts, FACT_VMS_PRODUCT);
        err = draft->product == NULL ? OK : propose_vms(draft);
        err = err == OK ? harden_settings_step(plan, from, draft->subject) : err;
        err = err == OK && draft->product != NULL ? harden_hand_steps(plan, from, draft->subject)
                                                  : err;
    }
    free(draft);
    return err;
}
