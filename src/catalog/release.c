/* Is a newer version out, since when, and does the maker still care? */
#include "catalog/release.h"

#include "base/clock.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/vendor.h"

#include <stdio.h>
#include <string.h>

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

static const char *
at_latest(const struct release *row)
{
    return text_equal(row->exact, "no") ? " at the latest" : "";
}

static bool
may_be_old(const struct release *row)
{
    return text_equal(row->newest, "no");
}

/* Releases that are about the target, by what they say of its version. */
struct sorted {
    const struct release *long_out;  /* newest of those that it is behind for more than 30 days */
    const struct release *just_out;  /* newest of those that are out for less */
    const struct release *not_newer; /* newest of those that it is not behind */
};

/* Days of a catalogue are YYYY-MM-DD: their text is in order. */
static void
keep_newest(const struct release **kept, const struct release *row)
{
    if (*kept == NULL || strcmp((*kept)->released, row->released) < 0) {
        *kept = row;
    }
}

static void
sort_releases(const struct question *question, struct sorted *sorted)
{
    const struct catalog *catalog = catalog_current();
    for (size_t i = 0; i < catalog->release_count; i++) {
        const struct release *row = &catalog->releases[i];
        int64_t released = 0;
        enum advisory_match match = judge_behind(question, row);
        if (match == ADVISORY_POSSIBLE || clock_parse(row->released, &released) != OK) {
            continue;
        }
        if (match == ADVISORY_YES) {
            keep_newest(
                question->now > released + GRACE ? &sorted->long_out : &sorted->just_out, row);
        } else if (judge(question, row, row->versions) == ADVISORY_YES) {
            keep_newest(&sorted->not_newer, row);
        }
    }
}

static void
write_newest(const struct question *question, const struct release *row)
{
    char words[WORDS];
    (void)snprintf(words, sizeof(words), "%.80s of %s", row->version, row->released);
    write_fact(question, question->names->newest, words, row->source);
}

static void
write_current(const struct question *question, const struct release *row, bool behind)
{
    char words[WORDS];
    int64_t dated = 0;
    bool is_fresh =
        clock_parse(catalog_current()->date, &dated) == OK && question->now <= dated + GRACE;
    if (may_be_old(row) || (!behind && !is_fresh)) {
        return;
    }
    if (behind) {
        (void)snprintf(words, sizeof(words), "%.80s is out since %s, less than 30 days",
            row->version, row->released);
    } else {
        (void)snprintf(words, sizeof(words), "newest is %.80s of %s, catalogue of %s", row->version,
            row->released, catalog_current()->date);
    }
    write_fact(question, question->names->current, words, row->source);
}

static void
apply_releases(const struct question *question)
{
    char words[WORDS];
    struct sorted sorted = {NULL, NULL, NULL};
    sort_releases(question, &sorted);
    if (sorted.long_out != NULL) {
        const struct release *row = sorted.long_out;
        (void)snprintf(words, sizeof(words), "%.80s is out since %s%s", row->version, row->released,
            at_latest(row));
        write_newest(question, sorted.just_out == NULL ? row : sorted.just_out);
        write_fact(question, question->names->outdated, words, row->source);
    } else if (sorted.just_out != NULL) {
        write_newest(question, sorted.just_out);
        write_current(question, sorted.just_out, true);
    } else if (sorted.not_newer != NULL) {
        write_newest(question, sorted.not_newer);
        write_current(question, sorted.not_newer, false);
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

bool
release_day(struct subject *subject, int64_t *ret_day, bool *ret_exact)
{
    const struct facts *facts = &subject->facts;
    const struct catalog *catalog = catalog_current();
    const char *product = facts_text(facts, FACT_VMS_PRODUCT);
    const struct vendor *vendor = vendor_of(facts);
    const struct names *names = product != NULL ? &vms_names : &firmware_names;
    const struct advisory_target target = {
        .maker = product != NULL ? product : (vendor == NULL ? NULL : vendor->maker),
        .model = facts_text(facts, FACT_DEVICE_MODEL),
        .version = facts_text(facts, names->version)};
    const struct question question = {subject, &target, names, 0};
    for (size_t i = 0; target.maker != NULL && i < catalog->release_count; i++) {
        char same[WORDS];
        const struct release *row = &catalog->releases[i];
        (void)snprintf(same, sizeof(same), "= %s", row->version);
        if (judge(&question, row, same) == ADVISORY_YES &&
            clock_parse(row->released, ret_day) == OK) {
            *ret_exact = !text_equal(row->exact, "no");
            return true;
        }
    }
    return false;
}
