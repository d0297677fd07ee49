/* Scoring rules, version 1: doc/scoring.md says the same in words. */
#include "assess/score.h"

#include "assess/findings.h"
#include "base/buf.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ACTIONS 3
#define FLOOR_D 25U /* where D begins */
#define CAP_D   49U /* while a capping gap is open */
#define CAP_B   89U /* while a critical control is not wholly in order */

static const unsigned weights[] = {
    [PRIORITY_CRITICAL] = 4,
    [PRIORITY_HIGH] = 3,
    [PRIORITY_MEDIUM] = 2,
};

static const struct {
    unsigned least;
    const char *grade;
} grades[] = {
    {90, "A"},
    {75, "B"},
    {50, "C"},
    {25, "D"},
    {0,  "F"},
};

struct score {
    const struct assessment *assessment;
    size_t width;    /* devices and the site */
    bool *passes;    /* control × device: at least one question passed */
    bool *judged;    /* … or failed and is not waived */
    unsigned *fails; /* scratch: open failures of control × device */
    bool *closed;    /* by finding: taken as closed */
};

/* A score by the rules, with the findings taken as closed that `closed` says. */
struct outcome {
    bool known; /* some control could be judged */
    unsigned uncapped, capped;
    const struct finding *capping; /* first open finding that caps at D */
    const struct control *doubt;   /* first critical control that caps at B */
};

const char *
score_grade(unsigned score)
{
    size_t i = 0;
    while (score < grades[i].least) {
        i++;
    }
    return grades[i].grade;
}

static size_t
cell(const struct score *score, const struct control *control, size_t device)
{
    return (size_t)(control - controls) * score->width + device;
}

static void
mark_passes(struct score *score)
{
    const struct assessment *assessment = score->assessment;
    for (size_t device = 0; device < score->width; device++) {
        const struct subject *subject =
            device < assessment->device_count ? assessment->devices[device] : assessment->whole;
        for (size_t i = 0; i < control_count && subject != NULL; i++) {
            const struct check *check = controls[i].check;
            bool passes = false;
            for (size_t j = 0; j < check->aspect_count && !passes; j++) {
                passes =
                    (check->aspects[j].kinds & subject_kinds(subject)) != 0 &&
                    check_judge(&controls[i], &check->aspects[j], &subject->facts).verdict == PASS;
            }
            score->passes[cell(score, &controls[i], device)] = passes;
            score->judged[cell(score, &controls[i], device)] = passes;
        }
    }
}

/* Adds the open places of failures that are not taken as closed; every open one is judged. */
static void
mark_fails(struct score *score)
{
    const struct assessment *assessment = score->assessment;
    memset(score->fails, 0, control_count * score->width * sizeof(*score->fails));
    for (size_t i = 0; i < assessment->finding_count; i++) {
        const struct finding *finding = &assessment->findings[i];
        for (size_t j = 0; finding->verdict == FAIL && j < finding->place_count; j++) {
            if (finding->places[j].waiver == NULL) {
                size_t at = cell(score, finding->control, finding->places[j].device);
                score->judged[at] = true;
                score->fails[at] += score->closed[i] ? 0U : 1U;
            }
        }
    }
}

/* Share of the control's judged devices that fail nothing; false when none was judged. */
static bool
control_value(const struct score *score, size_t control, double *ret_value, bool *ret_open)
{
    size_t judged = 0, good = 0;
    for (size_t device = 0; device < score->width; device++) {
        size_t at = cell(score, &controls[control], device);
        judged += score->judged[at] ? 1U : 0U;
        good += score->judged[at] && score->fails[at] == 0 ? 1U : 0U;
    }
    *ret_open = good < judged;
    *ret_value = judged == 0 ? 0 : (double)good / (double)judged;
    return judged != 0;
}

/* A waived place is never closed by the others' fix. */
static bool
has_waived_place(const struct finding *finding)
{
    for (size_t i = 0; i < finding->place_count; i++) {
        if (finding->places[i].waiver != NULL) {
            return true;
        }
    }
    return false;
}

/* Causes that still hold the grade at D. */
static size_t
count_capping(const struct score *score)
{
    size_t count = 0;
    for (size_t i = 0; i < score->assessment->finding_count; i++) {
        const struct finding *finding = &score->assessment->findings[i];
        count += finding->verdict == FAIL && finding->advice->caps &&
                         (!score->closed[i] || has_waived_place(finding))
                     ? 1
                     : 0;
    }
    return count;
}

static const struct finding *
first_capping(const struct score *score)
{
    for (size_t i = 0; i < score->assessment->finding_count; i++) {
        const struct finding *finding = &score->assessment->findings[i];
        if (finding->verdict == FAIL && finding->advice->caps &&
            (!score->closed[i] || has_waived_place(finding))) {
            return finding;
        }
    }
    return NULL;
}

/* 25 to 100 becomes 25 to 49: never better than D, yet every step forward shows. */
static unsigned
squeeze(unsigned score)
{
    return score <= FLOOR_D
               ? score
               : FLOOR_D + ((score - FLOOR_D) * (CAP_D - FLOOR_D) + (100 - FLOOR_D) / 2) /
                               (100 - FLOOR_D);
}

static struct outcome
weigh(struct score *score)
{
    double sum = 0, weight = 0;
    struct outcome outcome = {.capping = first_capping(score)};
    mark_fails(score);
    for (size_t i = 0; i < control_count; i++) {
        double value = 0;
        bool open = false;
        bool judged = control_value(score, i, &value, &open);
        bool critical = controls[i].priority == PRIORITY_CRITICAL;
        unsigned share = weights[controls[i].priority];
        sum += judged ? value * share : 0;
        weight += judged ? share : 0;
        if (critical && outcome.doubt == NULL &&
            (open || score->assessment->controls[i].unknown != 0)) {
            outcome.doubt = &controls[i];
        }
    }
    outcome.known = weight > 0;
    outcome.uncapped = outcome.known ? (unsigned)(100 * sum / weight + 0.5) : 0;
    outcome.capped = outcome.uncapped;
    if (outcome.doubt != NULL && outcome.capped > CAP_B) {
        outcome.capped = CAP_B;
    }
    if (outcome.capping != NULL) {
        outcome.capped = squeeze(outcome.uncapped);
    }
    return outcome;
}

/* More is better: a capping gap, then what the score gains, then the mean, then the priority. */
static double
gain(struct score *score, size_t index, const struct outcome *before)
{
    const struct finding *finding = &score->assessment->findings[index];
    score->closed[index] = true;
    struct outcome after = weigh(score);
    score->closed[index] = false;
    double capped = (double)after.capped - before->capped;
    double mean = (double)after.uncapped - before->uncapped;
    return (finding->advice->caps ? 1e9 : 0) + capped * 1e6 + mean * 100 -
           (double)finding->control->priority;
}

static bool
is_open(const struct score *score, size_t index)
{
    const struct finding *finding = &score->assessment->findings[index];
    return finding->verdict == FAIL && finding->waiver == NULL && !score->closed[index];
}

static bool
best_action(struct score *score, const struct outcome *before, size_t *ret_index)
{
    bool found = false;
    double best = 0;
    for (size_t i = 0; i < score->assessment->finding_count; i++) {
        if (!is_open(score, i)) {
            continue;
        }
        double own = gain(score, i, before);
        if (!found || own > best) {
            *ret_index = i;
            best = own;
            found = true;
        }
    }
    return found;
}

/* What the number alone does not show: while one cause caps the grade, the others hardly move it.
 */
static const char *
brings_words(struct arena *arena, const struct score *score, const struct finding *finding)
{
    size_t gaps = finding->place_count;
    size_t caps = count_capping(score);
    const char *closes = arena_format(arena, "closes %zu gap%s", gaps, gaps == 1 ? "" : "s");
    if (closes == NULL || (caps == 0 && !finding->advice->caps)) {
        return closes;
    }
    return caps == 0 ? arena_format(arena, "%s, the last that capped the grade", closes)
                     : arena_format(arena, "%s; %zu more cause%s at D", closes, caps,
                           caps == 1 ? " keeps the grade" : "s keep the grade");
}

static enum err
choose_actions(struct assessment *assessment, struct score *score)
{
    struct action *actions = arena_alloc(&assessment->arena, ACTIONS * sizeof(*actions));
    struct outcome now = weigh(score);
    size_t index = 0;
    if (actions == NULL) {
        return ERR_LIMIT;
    }
    assessment->actions = actions;
    assessment->action_count = 0;
    while (assessment->action_count < ACTIONS && best_action(score, &now, &index)) {
        struct finding *finding = &assessment->findings[index];
        score->closed[index] = true;
        now = weigh(score);
        struct action *action = &actions[assessment->action_count++];
        *action = (struct action){.finding = finding,
            .words = findings_action(&assessment->arena, finding),
            .brings = brings_words(&assessment->arena, score, finding),
            .grade_after = score_grade(now.capped),
            .score_after = now.capped};
        finding->fix_number = (unsigned)assessment->action_count;
        if (action->words == NULL || action->brings == NULL) {
            return ERR_LIMIT;
        }
    }
    return OK;
}

/* The title as part of a sentence. */
static const char *
inside(struct arena *arena, const char *title)
{
    char *words = arena_copy(arena, title);
    if (words != NULL && words[0] != '\0' &&
        (words[1] == ' ' || islower((unsigned char)words[1]))) {
        words[0] = (char)tolower((unsigned char)words[0]);
    }
    return words;
}

static const char *
cap_words(struct arena *arena, const struct outcome *outcome)
{
    if (outcome->capping != NULL && outcome->uncapped > FLOOR_D) {
        return inside(arena, outcome->capping->title);
    }
    if (outcome->doubt != NULL && outcome->uncapped > CAP_B) {
        return arena_format(
            arena, "\"%s\" is critical and not wholly known to be in order", outcome->doubt->title);
    }
    return NULL;
}

static void
count_verdicts(const struct assessment *assessment, size_t counts[NOTE + 1], size_t *ret_waived)
{
    *ret_waived = 0;
    for (size_t i = 0; i < control_count; i++) {
        counts[assessment->controls[i].verdict]++;
        *ret_waived += assessment->controls[i].waived;
    }
}

/* "Of the 9 controls, 8 have gaps, 1 is in order. " */
static void
put_counts(struct buf *buf, const size_t *counts)
{
    static const struct {
        enum verdict verdict;
        const char *one, *many;
    } rows[] = {
        {FAIL,           "has gaps",            "have gaps"           },
        {PASS,           "is in order",         "are in order"        },
        {UNKNOWN,        "is not wholly known", "are not wholly known"},
        {NOT_APPLICABLE, "does not apply",      "do not apply"        },
    };
    buf_format(buf, "Of the %zu controls", control_count);
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t count = counts[rows[i].verdict];
        if (count == control_count) {
            buf_format(buf, " all %s", rows[i].many);
        } else if (count != 0) {
            buf_format(buf, ", %zu %s", count, count == 1 ? rows[i].one : rows[i].many);
        }
    }
    buf_text(buf, ". ");
}

static const char *
why_words(struct assessment *assessment, const struct outcome *outcome)
{
    struct buf buf;
    size_t counts[NOTE + 1] = {0};
    size_t waived = 0;
    count_verdicts(assessment, counts, &waived);
    buf_init(&buf, 4096);
    put_counts(&buf, counts);
    if (!outcome->known) {
        buf_text(&buf, "Nothing could be judged, so there is no grade.");
    } else {
        buf_format(&buf,
            "The share of devices without a gap, as a mean over the controls that could be judged "
            "(critical counts 4, high 3, medium 2), is %u of 100: %s.",
            outcome->uncapped, score_grade(outcome->uncapped));
    }
    if (assessment->cap_why != NULL) {
        buf_format(&buf, " It is capped at %s (%u): %s.", score_grade(outcome->capped),
            outcome->capped, assessment->cap_why);
    }
    if (waived != 0) {
        buf_format(&buf, " %zu waived %s left out of the mean; a waiver lifts no cap.", waived,
            waived == 1 ? "gap is" : "gaps are");
    }
    buf_format(&buf,
        " What is not known counts neither for nor against. Scoring rules, version %d.",
        SCORE_RULES_VERSION);
    const char *words = buf_error(&buf) == OK ? arena_copy(&assessment->arena, buf.data) : NULL;
    buf_release(&buf);
    return words;
}

static enum err
apply(struct assessment *assessment, struct score *score)
{
    mark_passes(score);
    struct outcome outcome = weigh(score);
    /* Stopped before anything was judged, a declared gap alone would make a grade. */
    outcome.known = outcome.known && !(assessment->partial && assessment->device_count == 0);
    assessment->score = outcome.capped;
    assessment->grade = outcome.known ? score_grade(outcome.capped) : "-";
    assessment->score_uncapped = outcome.uncapped;
    assessment->grade_uncapped = outcome.known ? score_grade(outcome.uncapped) : "-";
    assessment->cap_why = outcome.known ? cap_words(&assessment->arena, &outcome) : NULL;
    assessment->grade_why = why_words(assessment, &outcome);
    if (assessment->grade_why == NULL) {
        return ERR_LIMIT;
    }
    return outcome.known ? choose_actions(assessment, score) : OK;
}

static enum err
begin(struct score *score, const struct assessment *assessment)
{
    *score = (struct score){.assessment = assessment, .width = assessment->device_count + 1};
    size_t cells = control_count * score->width;
    score->passes = calloc(cells, sizeof(*score->passes));
    score->judged = calloc(cells, sizeof(*score->judged));
    score->fails = calloc(cells, sizeof(*score->fails));
    score->closed = calloc(assessment->finding_count + 1, sizeof(*score->closed));
    return score->passes == NULL || score->judged == NULL || score->fails == NULL ||
                   score->closed == NULL
               ? ERR_MEMORY
               : OK;
}

static void
end(struct score *score)
{
    free(score->passes);
    free(score->judged);
    free(score->fails);
    free(score->closed);
}

enum err
score_apply(struct assessment *assessment)
{
    struct score score;
    enum err err = begin(&score, assessment);
    err = err == OK ? apply(assessment, &score) : err;
    end(&score);
    return err;
}

enum err
score_without(const struct assessment *assessment, const bool *closed, unsigned *ret_score)
{
    struct score score;
    enum err err = begin(&score, assessment);
    if (err == OK) {
        memcpy(score.closed, closed, assessment->finding_count * sizeof(*closed));
        mark_passes(&score);
        *ret_score = weigh(&score).capped;
    }
    end(&score);
    return err;
}
