/* One verdict out of the parts of a record. */
#include "catalog/verdict.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define VOICES     12 /* parts of records about one flaw that are told apart */
#define RULE_SHOWN 200

/* What one part of one record says. */
struct voice {
    const struct advisory *row; /* the first that decided */
    unsigned rank;
    enum advisory_match match;   /* of its rows that name affected versions */
    enum advisory_match cleared; /* of its rows that name versions that are not */
    const struct advisory *clear_row;
    bool knows_model;
    char why[ADVISORY_WHY];
    char clear_why[ADVISORY_WHY];
};

struct choir {
    struct voice voices[VOICES];
    size_t count;
};

const char *
verdict_words(enum advisory_match match)
{
    switch (match) {
    case ADVISORY_NO:
        return "not affected";
    case ADVISORY_POSSIBLE:
        return "possibly affected";
    case ADVISORY_YES:
        return "affected";
    }
    return "";
}

static struct voice *
voice_of(struct choir *choir, const struct advisory *row)
{
    for (size_t i = 0; i < choir->count; i++) {
        struct voice *voice = &choir->voices[i];
        if (text_equal(voice->row->part, row->part) &&
            text_equal(voice->row->source, row->source)) {
            return voice;
        }
    }
    /* Rows that people checked are one voice, whatever sources they name. */
    if (row->part[0] == '\0') {
        for (size_t i = 0; i < choir->count; i++) {
            if (choir->voices[i].rank == 0) {
                return &choir->voices[i];
            }
        }
    }
    if (choir->count == VOICES) {
        return &choir->voices[VOICES - 1];
    }
    struct voice *voice = &choir->voices[choir->count++];
    *voice = (struct voice){.row = row, .rank = advisory_rank(row)};
    return voice;
}

static void
hear(struct choir *choir, const struct advisory *row, const struct advisory_target *target)
{
    char why[ADVISORY_WHY];
    struct voice *voice = voice_of(choir, row);
    enum advisory_match match = advisory_judge(row, target, why);
    bool named = text_starts(why, "version ") || text_starts(why, "build ") ||
                 text_starts(why, "every version ");
    if (row->clear[0] != '\0') {
        if (match > voice->cleared || voice->clear_row == NULL) {
            voice->cleared = match;
            voice->clear_row = row;
            (void)text_copy(voice->clear_why, sizeof(voice->clear_why), why);
        }
        return;
    }
    bool better = match > voice->match || voice->why[0] == '\0' ||
                  (match == voice->match && named && !voice->knows_model);
    voice->knows_model = voice->knows_model || named;
    if (better) {
        voice->match = match;
        voice->row = row;
        (void)text_copy(voice->why, sizeof(voice->why), why);
    }
}

/* The part's own word, when it names affected and fixed versions. */
static void
settle(struct voice *voice)
{
    if (voice->cleared != ADVISORY_YES) {
        return;
    }
    bool by_default = voice->row->versions[0] == '\0' && voice->row->builds[0] == '\0';
    if (voice->match == ADVISORY_YES && !by_default) {
        voice->match = ADVISORY_POSSIBLE;
        (void)snprintf(voice->why, sizeof(voice->why),
            "the record names this version as affected and as not affected");
    } else if (voice->match != ADVISORY_NO) { /* all but the versions that it clears */
        voice->match = ADVISORY_NO;
        voice->row = voice->clear_row;
        (void)text_copy(voice->why, sizeof(voice->why), voice->clear_why);
    }
}

/* Words of a description, which say least: others decide where they name the model or nobody does.
 */
static bool
gives_way(const struct voice *voice, const struct voice *other)
{
    if (voice->match != ADVISORY_POSSIBLE || other->rank != 2 || other->match != ADVISORY_NO) {
        return false;
    }
    if (voice->rank == 3) {
        return other->knows_model || text_contains(voice->row->models, "? *");
    }
    /* The maker's bounds are there, and only which of them is this model's is open. */
    const char *versions = voice->row->versions;
    return voice->rank == 1 && other->knows_model && versions[0] != '\0' &&
           !text_ends(versions, "?");
}

/* Between two of the maker's or our own words: the worse one, unless ours knows the model. */
static bool
outweighs(const struct voice *a, const struct voice *b)
{
    if ((a->rank < 2) != (b->rank < 2)) {
        return a->rank < b->rank;
    }
    if (a->rank != 3 && b->rank == 3) {
        return gives_way(b, a) || a->match >= b->match;
    }
    if (a->rank == 3 && b->rank != 3) {
        return !gives_way(a, b) && a->match > b->match;
    }
    if (a->rank == 0 && b->rank == 1 && a->knows_model) {
        return b->match != ADVISORY_YES;
    }
    if (b->rank == 0 && a->rank == 1 && b->knows_model) {
        return a->match == ADVISORY_YES && b->match != ADVISORY_YES;
    }
    return a->match > b->match;
}

/* Another part names the model surely, where the maker's words don't name it exactly. */
static bool
contradicts(const struct voice *voice, const struct voice *best)
{
    return best->rank <= 1 && best->match == ADVISORY_NO && voice->rank == 2 &&
           voice->match == ADVISORY_YES && voice->knows_model &&
           (!best->knows_model || text_contains(best->row->models, "? "));
}

static void
tell(const struct voice *voice, char *out)
{
    char rule[RULE_SHOWN];
    text_clean(rule, sizeof(rule), voice->row->rule, strlen(voice->row->rule));
    bool cut = strlen(voice->row->rule) >= sizeof(rule);
    (void)snprintf(out, VERDICT_WHY, "%s (%.60s%s%.60s%s%s%s%s)", voice->why, voice->row->source,
        voice->row->part[0] == '\0' ? "" : ", ", voice->row->part, rule[0] == '\0' ? "" : ": \"",
        rule, cut ? "…" : "", rule[0] == '\0' ? "" : "\"");
}

static void
decide(const struct choir *choir, struct verdict *ret_verdict)
{
    const struct voice *best = &choir->voices[0];
    for (size_t i = 1; i < choir->count; i++) {
        best = outweighs(&choir->voices[i], best) ? &choir->voices[i] : best;
    }
    /* Where the maker's words leave it open, an exact range of another part decides. */
    for (size_t i = 0; i < choir->count && best->match == ADVISORY_POSSIBLE; i++) {
        const struct voice *voice = &choir->voices[i];
        bool sure = voice->rank == 2 && voice->match == ADVISORY_YES;
        best = sure || gives_way(best, voice) ? voice : best;
    }
    struct voice doubt;
    for (size_t i = 0; i < choir->count; i++) {
        if (contradicts(&choir->voices[i], best)) {
            doubt = choir->voices[i];
            doubt.match = ADVISORY_POSSIBLE;
            best = &doubt;
        }
    }
    ret_verdict->match = best->match;
    ret_verdict->row = best->row;
    (void)text_copy(ret_verdict->ground, sizeof(ret_verdict->ground), best->why);
    tell(best, ret_verdict->why);
    for (size_t i = 0; i < choir->count; i++) {
        const struct voice *voice = &choir->voices[i];
        if (voice != best && voice->match != best->match && ret_verdict->other[0] == '\0') {
            char words[VERDICT_WHY];
            tell(voice, words);
            (void)snprintf(
                ret_verdict->other, VERDICT_WHY, "%s: %.600s", verdict_words(voice->match), words);
        }
    }
}

void
verdict_of_rows(const struct advisory *const *rows, size_t count,
    const struct advisory_target *target, struct verdict *ret_verdict)
{
    struct choir choir = {.count = 0};
    memset(ret_verdict, 0, sizeof(*ret_verdict));
    for (size_t i = 0; i < count; i++) {
        hear(&choir, rows[i], target);
    }
    for (size_t i = 0; i < choir.count; i++) {
        settle(&choir.voices[i]);
    }
    if (choir.count != 0) {
        decide(&choir, ret_verdict);
    }
}

/* A record about others: says so. */
static bool
judge_others(const struct catalog *catalog, const char *id, const struct advisory_target *target,
    struct verdict *ret_verdict)
{
    memset(ret_verdict, 0, sizeof(*ret_verdict));
    for (size_t i = 0; i < catalog->count && ret_verdict->row == NULL; i++) {
        if (text_equal_nocase(catalog->rows[i].id, id)) {
            ret_verdict->row = &catalog->rows[i];
            (void)advisory_judge(ret_verdict->row, target, ret_verdict->why);
        }
    }
    return ret_verdict->row != NULL;
}

bool
verdict_judge(const struct catalog *catalog, const char *id, const struct advisory_target *target,
    struct verdict *ret_verdict)
{
    size_t count = 0;
    const struct advisory *const *rows = catalog_rows_of(catalog, target->maker, &count);
    size_t first = 0;
    while (first < count && !text_equal_nocase(rows[first]->id, id)) {
        first++;
    }
    size_t end = first;
    while (end < count && text_equal_nocase(rows[end]->id, id)) {
        end++;
    }
    if (first == end) {
        return judge_others(catalog, id, target, ret_verdict);
    }
    verdict_of_rows(rows + first, end - first, target, ret_verdict);
    return true;
}
