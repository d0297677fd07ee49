/* The parts of a plan: targets, steps, what stays open, and which findings are wanted. */
#include "remedy/plan.h"

#include "base/text.h"
#include "remedy/plan_copy.h"

#include <stdlib.h>

#define PLAN_MEMORY (2 * PLAN_BYTES)
#define DEAD_MAN_S  1800

struct plan *
plan_new(void)
{
    struct plan *plan = calloc(1, sizeof(*plan));
    if (plan == NULL) {
        return NULL;
    }
    arena_init(&plan->arena, PLAN_MEMORY);
    plan->dead_man_s = DEAD_MAN_S;
    plan->grade = "-";
    plan->id = plan->site = plan->scope = plan->assessment = "";
    /* Whole from the beginning, so that a pointer to a step stays right while others are added. */
    plan->steps = calloc(PLAN_STEPS, sizeof(*plan->steps));
    plan->targets = calloc(PLAN_STEPS + 1, sizeof(*plan->targets));
    plan->left = calloc(PLAN_STEPS, sizeof(*plan->left));
    if (plan->steps == NULL || plan->targets == NULL || plan->left == NULL) {
        plan_free(plan);
        return NULL;
    }
    return plan;
}

void
plan_free(struct plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (size_t i = 0; plan->targets != NULL && i < plan->target_count; i++) {
        subject_free(plan->targets[i].subject);
    }
    for (size_t i = 0; plan->steps != NULL && i < plan->step_count; i++) {
        json_decref(plan->steps[i].detail);
    }
    free(plan->steps);
    free(plan->targets);
    free(plan->left);
    arena_release(&plan->arena);
    free(plan);
}

static bool
names_finding(const char *name, const struct finding *finding)
{
    return text_equal_nocase(name, finding->id) || text_equal_nocase(name, finding->control->id);
}

static bool
names_device(const char *name, const struct subject *subject)
{
    return subject->number == 0 ? text_equal_nocase(name, "site")
                                : subject_is_called(subject, name);
}

bool
plan_wants(
    const struct plan_from *from, const struct finding *finding, const struct finding_place *place)
{
    const struct plan_choice *choice = from->choice;
    if ((finding->verdict != FAIL && finding->verdict != NOTE) || place->waiver != NULL) {
        return false;
    }
    if (choice == NULL) {
        return true;
    }
    bool is_wanted = choice->control_count == 0;
    for (size_t i = 0; i < choice->control_count && !is_wanted; i++) {
        is_wanted = names_finding(choice->controls[i], finding);
    }
    bool is_there = choice->device_count == 0;
    for (size_t i = 0; i < choice->device_count && !is_there; i++) {
        is_there = names_device(choice->devices[i], place->subject);
    }
    return is_wanted && is_there && (choice->action == 0 || choice->action == finding->fix_number);
}

bool
plan_wants_at(
    const struct plan_from *from, const struct finding *finding, const struct subject *subject)
{
    for (size_t i = 0; i < finding->place_count; i++) {
        if (finding->places[i].subject == subject &&
            plan_wants(from, finding, &finding->places[i])) {
            return true;
        }
    }
    return false;
}

bool
plan_wants_rule(const struct plan_from *from, const char *rule, const struct subject *subject)
{
    for (size_t i = 0; i < from->assessment->finding_count; i++) {
        const struct finding *finding = &from->assessment->findings[i];
        if (text_equal(finding->id, rule) && plan_wants_at(from, finding, subject)) {
            return true;
        }
    }
    return false;
}

size_t
plan_target(struct plan *plan, const struct subject *subject)
{
    char key[SUBJECT_KEY], title[SUBJECT_TITLE];
    bool is_site = subject->number == 0;
    const char *named = is_site ? "site" : subject_key(subject, key);
    for (size_t i = 0; i < plan->target_count; i++) {
        if (text_equal(plan->targets[i].key, named)) {
            return i;
        }
    }
    if (plan->target_count > PLAN_STEPS) {
        return SIZE_MAX;
    }
    struct plan_target *target = &plan->targets[plan->target_count];
    target->key = arena_copy(&plan->arena, named);
    target->title = arena_copy(&plan->arena, is_site ? "the site" : subject_title(subject, title));
    target->subject = plan_copy_subject(subject);
    if (target->key == NULL || target->title == NULL || target->subject == NULL) {
        subject_free(target->subject);
        *target = (struct plan_target){0};
        return SIZE_MAX;
    }
    return plan->target_count++;
}

struct plan_step *
plan_add(struct plan *plan, const char *kind, size_t target)
{
    if (plan->step_count == PLAN_STEPS || target >= plan->target_count) {
        return NULL;
    }
    json_t *detail = json_object();
    const char *copy = arena_copy(&plan->arena, kind);
    if (detail == NULL || copy == NULL) {
        json_decref(detail);
        return NULL;
    }
    struct plan_step *step = &plan->steps[plan->step_count++];
    *step = (struct plan_step){
        .number = (unsigned)plan->step_count,
        .kind = copy,
        .target = target,
        .words = "",
        .changes = "",
        .is_reversible = true,
        .detail = detail,
    };
    return step;
}

enum err
plan_detail(struct plan_step *step, json_t *detail)
{
    if (detail == NULL) {
        return ERR_MEMORY;
    }
    json_decref(step->detail);
    step->detail = detail;
    return OK;
}

enum err
plan_closes(struct plan *plan, struct plan_step *step, const char *rule)
{
    for (size_t i = 0; i < step->rule_count; i++) {
        if (text_equal(step->rules[i], rule)) {
            return OK;
        }
    }
    const char **rules = arena_alloc(&plan->arena, (step->rule_count + 1) * sizeof(*rules));
    const char *copy = arena_copy(&plan->arena, rule);
    if (rules == NULL || copy == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < step->rule_count; i++) {
        rules[i] = step->rules[i];
    }
    rules[step->rule_count++] = copy;
    step->rules = rules;
    return OK;
}

enum err
plan_leave(struct plan *plan, const char *words)
{
    if (plan->left_count == PLAN_STEPS) {
        return ERR_LIMIT;
    }
    const char *copy = arena_copy(&plan->arena, words);
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    plan->left[plan->left_count++] = copy;
    return OK;
}
