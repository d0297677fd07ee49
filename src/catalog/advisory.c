/* Does a published flaw touch this model, version and build? Yes, no, or possible with a reason. */
#include "catalog/advisory.h"

#include "base/text.h"
#include "codec/version.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define PART 160 /* longest model, version or condition that is compared */

const struct advisory advisory_list[] = {
#define ADVISORY(id, maker, models, versions, builds, severity, exploited, effect, fixed, source)  \
    {id, maker, models, versions, builds, severity, exploited, effect, fixed, source},
#include "../../catalog/advisories.def"
#undef ADVISORY
};
const size_t advisory_count = COUNT(advisory_list);

const char *
advisory_date(void)
{
    return CATALOG_DATE;
}

/* Copies the next part of a list up to the separator; false at its end. */
static bool
next_part(const char **at, char separator, char out[PART])
{
    if (**at == '\0') {
        return false;
    }
    const char *end = strchrnul(*at, separator);
    size_t len = (size_t)(end - *at);
    char part[PART];
    assert(len < PART);
    (void)text_copy(part, len + 1, *at);
    (void)text_copy(out, PART, text_trim(part));
    *at = *end == '\0' ? end : end + 1;
    return true;
}

static enum advisory_match
judge_model(const struct advisory *advisory, const struct advisory_target *target, char *why)
{
    char pattern[PART];
    if (text_equal(advisory->models, "*")) {
        return ADVISORY_YES;
    }
    if (text_is_empty(target->model) || strlen(target->model) >= PART) {
        (void)snprintf(why, ADVISORY_WHY, "its model is not known");
        return ADVISORY_POSSIBLE;
    }
    for (const char *at = advisory->models; next_part(&at, ',', pattern);) {
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

/* The part that versions are ordered by: without build, package revision and commit. */
static void
version_core(char out[PART], const char *version)
{
    (void)text_copy(out, PART, version);
    const char *build = text_find_nocase(out, strlen(out), "build");
    if (build != NULL && build != out) {
        out[build - out] = '\0';
    }
    out[strcspn(out, "+")] = '\0';
    for (char *at = strchr(out, '_'); at != NULL; at = strchr(at + 1, '_')) {
        if (isdigit((unsigned char)at[1])) {
            *at = '\0';
            break;
        }
    }
    char *dash = strrchr(out, '-');
    if (dash != NULL && strlen(dash) > 7 &&
        strspn(dash + 1, "0123456789abcdef") == strlen(dash + 1)) {
        *dash = '\0';
    }
    size_t len = strlen(out);
    while (len > 0 && strchr(" ,:;", out[len - 1]) != NULL) {
        out[--len] = '\0';
    }
}

/* A number must not be compared with a word: "Eng_PN_V3" is no version below 5. */
static bool
is_comparable(const char *version, const char *bound)
{
    if (version[0] == 'v' || version[0] == 'V') {
        version++;
    }
    return !isdigit((unsigned char)bound[0]) || isdigit((unsigned char)version[0]);
}

static bool
holds(const char *operator, int order)
{
    if (text_equal(operator, "<")) {
        return order < 0;
    }
    if (text_equal(operator, "<=")) {
        return order <= 0;
    }
    if (text_equal(operator, ">")) {
        return order > 0;
    }
    if (text_equal(operator, ">=")) {
        return order >= 0;
    }
    assert(text_equal(operator, "="));
    return order == 0;
}

/* What one list of conditions is about: the version or the build date. */
struct subject_text {
    const char *what;
    const char *text; /* NULL: unknown */
    bool is_date;
};

static enum advisory_match
judge_condition(const struct subject_text *subject, const char *condition, char *why)
{
    char operator[4] = "";
    char core[PART];
    size_t len = strcspn(condition, " ");
    assert(len < sizeof(operator));
    (void)text_copy(operator, len + 1, condition);
    const char *bound = condition + len + strspn(condition + len, " ");
    if (text_is_empty(subject->text) || strlen(subject->text) >= PART) {
        (void)snprintf(why, ADVISORY_WHY, "its %s is not known", subject->what);
        return ADVISORY_POSSIBLE;
    }
    if (text_equal(operator, "~")) {
        return text_contains_nocase(subject->text, bound) ? ADVISORY_YES : ADVISORY_NO;
    }
    version_core(core, subject->text);
    if (!subject->is_date && !is_comparable(core, bound)) {
        (void)snprintf(why, ADVISORY_WHY, "its %s %.80s can't be compared with %.60s",
            subject->what, subject->text, bound);
        return ADVISORY_POSSIBLE;
    }
    int order = subject->is_date ? strcmp(subject->text, bound) : version_compare(core, bound);
    if (!holds(operator, order)) {
        return ADVISORY_NO;
    }
    (void)snprintf(why, ADVISORY_WHY, "%s %.80s is %.80s", subject->what, subject->text, condition);
    return ADVISORY_YES;
}

static enum advisory_match
judge_alternative(const struct subject_text *subject, const char *alternative, char *why)
{
    bool unsure = alternative[0] == '?';
    enum advisory_match match = ADVISORY_YES;
    char condition[PART];
    char own[ADVISORY_WHY] = "";
    for (const char *at = alternative + (unsure ? 1 : 0); next_part(&at, ',', condition);) {
        enum advisory_match one = judge_condition(subject, condition, own);
        if (one < match) {
            match = one;
        }
        if (match == ADVISORY_NO) {
            return ADVISORY_NO;
        }
    }
    if (match == ADVISORY_YES && unsure) {
        (void)snprintf(own + strlen(own), sizeof(own) - strlen(own),
            ", where some are fixed and some are not");
        match = ADVISORY_POSSIBLE;
    }
    (void)text_copy(why, ADVISORY_WHY, own);
    return match;
}

static enum advisory_match
judge_list(const struct subject_text *subject, const char *list, char *why)
{
    enum advisory_match best = text_is_empty(list) ? ADVISORY_YES : ADVISORY_NO;
    char alternative[PART];
    char own[ADVISORY_WHY] = "";
    for (const char *at = list; next_part(&at, ';', alternative);) {
        enum advisory_match one = judge_alternative(subject, alternative, own);
        if (one > best) {
            best = one;
            (void)text_copy(why, ADVISORY_WHY, own);
        }
    }
    return best;
}

enum advisory_match
advisory_judge(const struct advisory *advisory, const struct advisory_target *target,
    char ret_why[ADVISORY_WHY])
{
    const struct subject_text version = {"version", target->version, false};
    const struct subject_text build = {"build", target->build, true};
    char why[3][ADVISORY_WHY] = {"", "", ""};
    ret_why[0] = '\0';
    if (!text_equal_nocase(advisory->maker, target->maker)) {
        return ADVISORY_NO;
    }
    const enum advisory_match matches[] = {
        judge_model(advisory, target, why[0]),
        judge_list(&version, advisory->versions, why[1]),
        judge_list(&build, advisory->builds, why[2]),
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
