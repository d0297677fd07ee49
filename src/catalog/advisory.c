/* Does a published flaw touch this model, version and build? Yes, no, or possible with a reason. */
#include "catalog/advisory.h"

#include "base/text.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static enum advisory_match
judge_model(const struct advisory *advisory, const struct advisory_target *target, char *why)
{
    char pattern[CONDITION_PART];
    if (text_equal(advisory->models, "*")) {
        return ADVISORY_YES;
    }
    if (text_is_empty(target->model) || strlen(target->model) >= CONDITION_PART) {
        (void)snprintf(why, ADVISORY_WHY, "its model is not known");
        return ADVISORY_POSSIBLE;
    }
    for (const char *at = advisory->models; condition_next(&at, ',', pattern);) {
        if (fnmatch(pattern, target->model, FNM_CASEFOLD) == 0) {
            return ADVISORY_YES;
        }
    }
    if (target->rebranded) {
        (void)snprintf(why, ADVISORY_WHY, "%s sells it under another model name", target->maker);
        return ADVISORY_POSSIBLE;
    }
    return ADVISORY_NO;
}

enum advisory_match
advisory_judge(const struct advisory *advisory, const struct advisory_target *target,
    char ret_why[ADVISORY_WHY])
{
    char why[3][ADVISORY_WHY] = {"", "", ""};
    ret_why[0] = '\0';
    if (!text_equal_nocase(advisory->maker, target->maker)) {
        return ADVISORY_NO;
    }
    const enum advisory_match matches[] = {
        judge_model(advisory, target, why[0]),
        condition_version(advisory->versions, target->version, why[1]),
        condition_build(advisory->builds, target->build, why[2]),
    };
    enum advisory_match least = ADVISORY_YES;
    for (size_t i = 0; i < COUNT(matches); i++) {
        least = matches[i] < least ? matches[i] : least;
    }
    for (size_t i = 0; i < COUNT(matches); i++) {
        if (matches[i] == least && why[i][0] != '\0') {
            (void)text_copy(ret_why, ADVISORY_WHY, why[i]);
        }
    }
    if (least == ADVISORY_YES && ret_why[0] == '\0') {
        (void)text_copy(ret_why, ADVISORY_WHY, "every version of the model is affected");
    }
    return least;
}
