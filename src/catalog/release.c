/* Is a newer version out, since when, and does the maker still care? */
#include "catalog/release.h"

#include "base/clock.h"
#include "base/text.h"
#include "catalog/catalog.h"

#include <stdio.h>

#define GRACE (30 * CLOCK_DAY)
#define WORDS 256

/* The facts about firmware, or about a VMS. */
struct names {
    enum fact_id version, newest, outdated, current, ended;
};

static const struct names firmware_names = {FACT_DEVICE_FIRMWARE, FACT_FIRMWARE_NEWEST,
    FACT_FIRMWARE_OUTDATED, FACT_FIRMWARE_CURRENT, FACT_FIRMWARE_ENDED};
static const struct names vms_names = {
    FACT_VMS_VERSION, FACT_VMS_NEWEST, FACT_VMS_OUTDATED, FACT_VMS_CURRENT, FACT_VMS_ENDED};

struct question {
    struct subject *subject;
    const struct advisory_target *target;
    const struct names *names;
    int64_t now;
};

/* A release or an end is for makers, models and versions as an advisory is. */
static enum advisory_match
judge(const struct question *question, const struct release *row, const char *versions)
{
    char why[ADVISORY_WHY];
    const struct advisory as_advisory = {
        .maker = row->product,
        .models = text_is_empty(row->models) ? "*" : row->models,
        .versions = versions,
        .builds = "",
    };
    return advisory_judge(&as_advisory, question->target, why);
}

/* Against the versions of the row's series that are older than it. */
static enum advisory_match
judge_behind(const struct question *question, const struct release *row)
{
    char versions[WORDS];
    (void)snprintf(versions, sizeof(versions), "%s%s< %s", row->versions,
        text_is_empty(row->versions) ? "" : ", ", row->version);
    return judge(question, row, versions);
}

static void
write_fact(const struct question *question, enum fact_id id, const char *words, const char *source)
{
    char asked[WORDS];
    const struct fact *version = facts_get(&question->subject->facts, question->names->version);
    (void)snprintf(
        asked, sizeof(asked), "catalogue of %s: %.180s", catalog_current()->date, source);
    const struct source origin = {.witness = version == NULL ? WITNESS_WIRE : version->witness,
        .confidence = version == NULL ? 60 : version->confidence,
        .evidence = evidence_new(&question->subject->arena, asked, words, question->now)};
    facts_set_text(&question->subject->facts, id, words, &origin);
}

static void
write_release(const struct question *question, const struct release *row, bool behind)
{
    char words[WORDS];
    int64_t released = 0;
    int64_t dated = 0;
    bool is_newest = !text_equal(row->newest, "no");
    if (clock_parse(row->released, &released) != OK ||
        clock_parse(catalog_current()->date, &dated) != OK) {
        return;
    }
    (void)snprintf(words, sizeof(words), "%.80s of %s", row->version, row->released);
    write_fact(question, question->names->newest, words, row->source);
    if (behind && question->now > released + GRACE) {
        (void)snprintf(words, sizeof(words), "%.80s is out since %s", row->version, row->released);
        write_fact(question, question->names->outdated, words, row->source);
    } else if (behind && is_newest) {
        (void)snprintf(words, sizeof(words), "%.80s is out since %s, less than 30 days",
            row->version, row->released);
        write_fact(question, question->names->current, words, row->source);
    } else if (!behind && is_newest && question->now <= dated + GRACE) {
        (void)snprintf(words, sizeof(words), "newest is %.80s of %s, catalogue of %s", row->version,
            row->released, catalog_current()->date);
        write_fact(question, question->names->current, words, row->source);
    }
}

/* The row that shows the version to be behind, else the first that is about it. */
static void
apply_releases(const struct question *question)
{
    const struct catalog *catalog = catalog_current();
    const struct release *about = NULL;
    bool behind = false;
    for (size_t i = 0; i < catalog->release_count && !behind; i++) {
        const struct release *row = &catalog->releases[i];
        enum advisory_match match = judge_behind(question, row);
        if (match == ADVISORY_YES) {
            about = row;
            behind = true;
        } else if (match == ADVISORY_NO && about == NULL &&
                   judge(question, row, row->versions) == ADVISORY_YES) {
            about = row;
        }
    }
    if (about != NULL) {
        write_release(question, about, behind);
    }
}

static void
apply_ends(const struct question *question)
{
    char words[WORDS];
    const struct catalog *catalog = catalog_current();
    for (size_t i = 0; i < catalog->end_count; i++) {
        const struct release *row = &catalog->ends[i];
        if (judge(question, row, row->versions) != ADVISORY_YES) {
            continue;
        }
        (void)snprintf(words, sizeof(words), "%.160s%s%s", row->version,
            text_is_empty(row->released) ? "" : ", since ", row->released);
        write_fact(question, question->names->ended, words, row->source);
        return;
    }
}

void
release_apply(struct subject *subject, const struct advisory_target *target, int64_t now)
{
    bool is_vms = facts_get(&subject->facts, FACT_VMS_PRODUCT) != NULL;
    const struct question question = {subject, target, is_vms ? &vms_names : &firmware_names, now};
    apply_releases(&question);
    apply_ends(&question);
}
