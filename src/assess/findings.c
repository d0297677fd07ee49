/* Judges everything, groups what was found, and applies waivers. */
#include "assess/findings.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS   256
#define SENTENCE ((size_t)1024)

/* One cause under construction. */
struct group {
    const struct control *control;
    const struct aspect *aspect;
    const char *rule;
    enum verdict verdict;
    size_t place_count; /* counted in the first pass */
    size_t judged;      /* devices to which the aspect applied */
    size_t filled;      /* in the second pass */
    struct finding_place *places;
};

struct build {
    struct assessment *assessment;
    const struct findings_fixes *fixes;
    int64_t now;
    struct group groups[GROUPS];
    size_t group_count;
    size_t first; /* first group of the control under way */
    bool failed;  /* memory is out */
};

static const struct subject *
subject_at(const struct assessment *assessment, size_t index)
{
    return index < assessment->device_count ? assessment->devices[index] : assessment->whole;
}

static size_t
subject_count(const struct assessment *assessment)
{
    return assessment->device_count + (assessment->whole != NULL ? 1 : 0);
}

static bool
waiver_names(const struct waiver *waiver, const struct subject *subject)
{
    return waiver->device == NULL || subject_is_called(subject, waiver->device);
}

const struct waiver *
findings_waiver(const struct assessment *assessment, const char *finding,
    const struct subject *subject, int64_t now)
{
    for (size_t i = 0; i < assessment->waiver_count; i++) {
        const struct waiver *waiver = &assessment->waivers[i];
        if (!waiver->expired && waiver->expires > now && text_equal(waiver->finding, finding) &&
            waiver_names(waiver, subject)) {
            return waiver;
        }
    }
    return NULL;
}

static const char *
rule_id(const struct judgement *judgement)
{
    return judgement->rule != NULL ? judgement->rule->id : judgement->aspect->id;
}

/* The group of this cause, made when new; NULL when there is no room. */
static struct group *
group_of(struct build *build, const struct judgement *judgement)
{
    for (size_t i = build->first; i < build->group_count; i++) {
        struct group *group = &build->groups[i];
        if (group->verdict == judgement->verdict && text_equal(group->rule, rule_id(judgement))) {
            return group;
        }
    }
    if (build->group_count == GROUPS) {
        build->failed = true;
        return NULL;
    }
    struct group *group = &build->groups[build->group_count++];
    *group = (struct group){.control = judgement->control,
        .aspect = judgement->aspect,
        .rule = rule_id(judgement),
        .verdict = judgement->verdict};
    return group;
}

static const char *
finding_id(struct build *build, const struct group *group)
{
    return arena_format(&build->assessment->arena, "%s/%s", group->control->id, group->rule);
}

/* Most sentences of what is not known are the rule's own words: no copy for each device. */
static const char *
place_sentence(
    struct arena *arena, const struct judgement *judgement, const struct subject *subject)
{
    char sentence[SENTENCE];
    if (judgement->rule != NULL && !judgement->contradicted && subject->trouble == NULL &&
        strchr(judgement->rule->sentence, '{') == NULL) {
        return judgement->rule->sentence;
    }
    (void)check_sentence(judgement, &subject->facts, sentence, sizeof(sentence));
    if (judgement->verdict == UNKNOWN && subject->trouble != NULL) {
        return arena_format(
            arena, "%s It could not be asked to the end: %s.", sentence, subject->trouble);
    }
    return arena_copy(arena, sentence);
}

static void
fill_place(
    struct build *build, struct group *group, const struct judgement *judgement, size_t device)
{
    struct assessment *assessment = build->assessment;
    const struct subject *subject = subject_at(assessment, device);
    char id[128];
    assert(group->places != NULL); /* counted before */
    struct finding_place *place = &group->places[group->filled++];
    *place = (struct finding_place){.subject = subject,
        .device = device,
        .sentence = place_sentence(&assessment->arena, judgement, subject),
        .contradicted = judgement->contradicted};
    if (judgement->fact != NULL) {
        place->evidence = judgement->fact->evidence;
        place->witness = judgement->fact->witness;
    }
    (void)snprintf(id, sizeof(id), "%s/%s", group->control->id, group->rule);
    if (group->verdict == FAIL) {
        place->waiver = findings_waiver(assessment, id, subject, build->now);
    }
    build->failed = build->failed || place->sentence == NULL;
}

static bool
is_grouped(enum verdict verdict)
{
    return verdict == FAIL || verdict == UNKNOWN || verdict == NOTE;
}

/* First pass: how many places each cause has, and of how many devices. */
static void
count_aspect(struct build *build, const struct control *control, const struct aspect *aspect)
{
    const struct assessment *assessment = build->assessment;
    size_t judged = 0;
    for (size_t i = 0; i < subject_count(assessment); i++) {
        const struct subject *subject = subject_at(assessment, i);
        if ((aspect->kinds & subject_kinds(subject)) == 0) {
            continue;
        }
        struct judgement judgement = check_judge(control, aspect, &subject->facts);
        judged += judgement.verdict != NOT_APPLICABLE ? 1U : 0U;
        struct group *group = is_grouped(judgement.verdict) ? group_of(build, &judgement) : NULL;
        if (group != NULL) {
            group->place_count++;
        }
    }
    for (size_t i = build->first; i < build->group_count; i++) {
        if (build->groups[i].aspect == aspect) {
            build->groups[i].judged = judged;
        }
    }
}

/* Second pass: the places themselves, and the control's counts. */
static void
fill_subject(struct build *build, const struct control *control, size_t device,
    struct control_result *result)
{
    const struct subject *subject = subject_at(build->assessment, device);
    bool applies = false;
    for (size_t j = 0; j < control->check->aspect_count && !build->failed; j++) {
        const struct aspect *aspect = &control->check->aspects[j];
        if ((aspect->kinds & subject_kinds(subject)) == 0) {
            continue;
        }
        struct judgement judgement = check_judge(control, aspect, &subject->facts);
        struct group *group = is_grouped(judgement.verdict) ? group_of(build, &judgement) : NULL;
        if (group != NULL) {
            fill_place(build, group, &judgement, device);
        }
        bool waived = judgement.verdict == FAIL && group != NULL &&
                      group->places[group->filled - 1].waiver != NULL;
        result->passed += judgement.verdict == PASS ? 1U : 0U;
        result->failed += judgement.verdict == FAIL && !waived ? 1U : 0U;
        result->waived += waived ? 1U : 0U;
        result->unknown += judgement.verdict == UNKNOWN ? 1U : 0U;
        applies = applies || judgement.verdict == PASS || judgement.verdict == FAIL ||
                  judgement.verdict == UNKNOWN;
    }
    result->applicable += applies ? 1U : 0U;
}

static enum verdict
control_verdict(const struct control_result *result)
{
    if (result->failed != 0) {
        return FAIL;
    }
    if (result->unknown != 0) {
        return UNKNOWN;
    }
    return result->passed != 0 ? PASS : NOT_APPLICABLE;
}

static void
judge_control(struct build *build, const struct control *control, struct control_result *result)
{
    struct assessment *assessment = build->assessment;
    build->first = build->group_count;
    for (size_t j = 0; j < control->check->aspect_count; j++) {
        count_aspect(build, control, &control->check->aspects[j]);
    }
    for (size_t i = build->first; i < build->group_count; i++) {
        struct group *group = &build->groups[i];
        group->places =
            arena_alloc(&assessment->arena, group->place_count * sizeof(*group->places));
        build->failed = build->failed || group->places == NULL;
    }
    *result = (struct control_result){.control = control};
    for (size_t i = 0; i < subject_count(assessment) && !build->failed; i++) {
        fill_subject(build, control, i, result);
    }
    result->verdict = control_verdict(result);
}

static void
finish_finding(struct build *build, const struct group *group, struct finding *finding)
{
    struct arena *arena = &build->assessment->arena;
    *finding = (struct finding){.id = finding_id(build, group),
        .verdict = group->verdict,
        .control = group->control,
        .rule = group->rule,
        .advice = control_advice(group->control, group->rule),
        .places = group->places,
        .place_count = group->place_count,
        .waiver = group->places[0].waiver};
    for (size_t i = 0; i < group->place_count; i++) {
        finding->contradicted = finding->contradicted || group->places[i].contradicted;
        if (group->places[i].waiver == NULL) {
            finding->waiver = NULL;
        }
    }
    finding->title = findings_title(arena, finding, group->aspect, group->judged);
    if (finding->id == NULL || finding->title == NULL ||
        findings_steps(arena, build->fixes, finding) != OK) {
        build->failed = true;
    }
}

/* Smaller comes first in the report. */
static unsigned
rank(const struct finding *finding)
{
    unsigned by_verdict = finding->verdict == FAIL ? 1 : finding->verdict == UNKNOWN ? 2 : 3;
    if (finding->contradicted && finding->verdict != NOTE) {
        by_verdict = 0;
    }
    unsigned waived = finding->waiver != NULL ? 1 : 0;
    unsigned caps = finding->advice != NULL && finding->advice->caps ? 0 : 1;
    return by_verdict * 1000 + waived * 100 + (unsigned)finding->control->priority * 10 + caps;
}

/* Insertion keeps the order of the checklist among equals. */
static void
sort_findings(struct finding *findings, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct finding moving = findings[i];
        size_t j = i;
        for (; j > 0 && rank(&findings[j - 1]) > rank(&moving); j--) {
            findings[j] = findings[j - 1];
        }
        findings[j] = moving;
    }
}

static enum err
build_all(struct build *build)
{
    struct assessment *assessment = build->assessment;
    struct arena *arena = &assessment->arena;
    struct control_result *results = arena_alloc(arena, control_count * sizeof(*results));
    if (results == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < control_count && !build->failed; i++) {
        judge_control(build, &controls[i], &results[i]);
    }
    struct finding *findings = arena_alloc(arena, (build->group_count + 1) * sizeof(*findings));
    if (findings == NULL || build->failed) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < build->group_count && !build->failed; i++) {
        finish_finding(build, &build->groups[i], &findings[i]);
    }
    if (build->failed) {
        return ERR_LIMIT;
    }
    sort_findings(findings, build->group_count);
    assessment->controls = results;
    assessment->findings = findings;
    assessment->finding_count = build->group_count;
    for (size_t i = 0; i < control_count; i++) {
        results[i].sentence = findings_control_sentence(assessment, &results[i]);
        if (results[i].sentence == NULL) {
            return ERR_LIMIT;
        }
    }
    return OK;
}

enum err
findings_build(struct assessment *assessment, const struct findings_fixes *fixes, int64_t now)
{
    struct build *build = calloc(1, sizeof(*build));
    if (build == NULL) {
        return ERR_LIMIT;
    }
    build->assessment = assessment;
    build->fixes = fixes;
    build->now = now;
    enum err err = build_all(build);
    free(build);
    return err;
}
