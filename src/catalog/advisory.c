/* Does a published flaw touch this model, version and build? Yes, no, or possible with a reason. */
#include "catalog/advisory.h"

#include "base/text.h"
#include "catalog/model.h"
#include "codec/version.h"

#include <stdio.h>

unsigned
advisory_rank(const struct advisory *advisory)
{
    if (advisory->part[0] == '\0') {
        return 0;
    }
    if (text_equal(advisory->part, "words")) {
        return 3;
    }
    return text_equal(advisory->part, "cna") || text_equal(advisory->part, "csaf") ? 1 : 2;
}

enum advisory_match
advisory_judge(const struct advisory *advisory, const struct advisory_target *target,
    char ret_why[ADVISORY_WHY])
{
    char why[3][ADVISORY_WHY] = {"", "", ""};
    char date[VERSION_DATE];
    const char *build = target->build;
    if (text_is_empty(build)) {
        build = version_date(target->version, date) ? date : NULL;
    }
    ret_why[0] = '\0';
    if (!text_equal_nocase(advisory->maker, target->maker)) {
        (void)snprintf(
            ret_why, ADVISORY_WHY, "the record is about another maker, %.100s", advisory->maker);
        return ADVISORY_NO;
    }
    enum advisory_match matches[] = {
        model_judge(advisory->models, target->model, why[0]),
        condition_version(advisory->versions, target->version, build, why[1]),
        condition_build(advisory->builds, build, why[2]),
    };
    if (matches[0] == ADVISORY_NO && target->rebranded) {
        matches[0] = ADVISORY_POSSIBLE;
        (void)snprintf(why[0], ADVISORY_WHY, "%s sells it under another model name", target->maker);
    }
    enum advisory_match least = ADVISORY_YES;
    for (size_t i = 0; i < COUNT(matches); i++) {
        least = matches[i] < least ? matches[i] : least;
    }
    /* Another model is reason enough; else the last of version and build says most. */
    size_t said = least == ADVISORY_NO && matches[0] == ADVISORY_NO ? 1 : COUNT(matches);
    for (size_t i = 0; i < said; i++) {
        if (matches[i] == least && why[i][0] != '\0') {
            (void)text_copy(ret_why, ADVISORY_WHY, why[i]);
        }
    }
    if (least == ADVISORY_YES && ret_why[0] == '\0') {
        (void)text_copy(ret_why, ADVISORY_WHY, "every version of the model is affected");
    }
    return least;
}
