/* Which versions and builds: the condition language of the catalogue, judged. */
#include "catalog/condition.h"

#include "base/clock.h"
#include "base/text.h"
#include "catalog/order.h"
#include "codec/version.h"

#include <stdio.h>
#include <string.h>

#define OPERATOR 4

bool
condition_next(const char **at, char separator, char out[CONDITION_PART])
{
    if (**at == '\0') {
        return false;
    }
    const char *end = strchrnul(*at, separator);
    size_t len = (size_t)(end - *at);
    char part[CONDITION_PART];
    (void)text_copy(part, len < sizeof(part) ? len + 1 : sizeof(part), *at);
    (void)text_copy(out, CONDITION_PART, text_trim(part));
    *at = *end == '\0' ? end : end + 1;
    return true;
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
    const char *text;  /* NULL: unknown */
    const char *build; /* beside a version, or NULL */
    bool is_date;
};

/* The operator in front of a condition; returns what stands behind it. */
static const char *
split(const char *condition, char ret_operator[OPERATOR])
{
    size_t len = strcspn(condition, " ");
    (void)text_copy(ret_operator, len < OPERATOR ? len + 1 : OPERATOR, condition);
    return condition + len + strspn(condition + len, " ");
}

/* Conditions that are no order: part of the text, and of the same track. */
static bool
judge_text(const struct subject_text *subject, const char *operator, const char * bound,
    enum advisory_match *ret_match)
{
    if (text_equal(operator, "~")) {
        *ret_match = text_contains_nocase(subject->text, bound) ? ADVISORY_YES : ADVISORY_NO;
        return true;
    }
    if (text_equal(operator, "^")) {
        *ret_match = order_is_of_track(subject->text, bound) ? ADVISORY_YES : ADVISORY_NO;
        return true;
    }
    return false;
}

/* Where only the build is known, one that is later than the last affected build is enough. */
static bool
is_built_after(const struct subject_text *subject, const char *operator, const char * bound)
{
    char date[VERSION_DATE];
    return text_is_empty(subject->text) && subject->build != NULL && subject->build[0] != '\0' &&
                                                                     operator[0] == '<' &&
           text_contains_nocase(bound, " build ") &&
           version_date(bound, date) && strcmp(subject->build, date) > 0;
}

static enum advisory_match
judge_condition(const struct subject_text *subject, const char *condition, char *why)
{
    char operator[OPERATOR];
    char trouble[128];
    int order = 0;
    enum advisory_match match = ADVISORY_NO;
    const char *bound = split(condition, operator);
    if (is_built_after(subject, operator, bound)) {
        (void)snprintf(why, ADVISORY_WHY, "build %.80s is not %.80s", subject->build, condition);
        return ADVISORY_NO;
    }
    if (text_is_empty(subject->text) || strlen(subject->text) >= CONDITION_PART) {
        (void)snprintf(why, ADVISORY_WHY, "its %s is not known", subject->what);
        return ADVISORY_POSSIBLE;
    }
    if (!judge_text(subject, operator, bound, &match)) {
        if (subject->is_date) {
            order = strcmp(subject->text, bound);
        } else if (!order_versions(subject->text, subject->build, bound, &order, trouble)) {
            (void)snprintf(why, ADVISORY_WHY, "%s", trouble);
            return ADVISORY_POSSIBLE;
        }
        match = holds(operator, order) ? ADVISORY_YES : ADVISORY_NO;
    }
    (void)snprintf(why, ADVISORY_WHY, "%s %.80s is %s%.80s", subject->what, subject->text,
        match == ADVISORY_YES ? "" : "not ", condition);
    return match;
}

static enum advisory_match
judge_alternative(const struct subject_text *subject, const char *alternative, char *why)
{
    bool unsure = alternative[0] == '?';
    enum advisory_match match = ADVISORY_YES;
    char condition[CONDITION_PART];
    char own[ADVISORY_WHY] = "";
    for (const char *at = alternative + (unsure ? 1 : 0); condition_next(&at, ',', condition);) {
        enum advisory_match one = judge_condition(subject, condition, own);
        if (one < match) {
            match = one;
        }
        if (match == ADVISORY_NO) {
            break;
        }
    }
    if (match == ADVISORY_YES && unsure) {
        (void)snprintf(own + strlen(own), sizeof(own) - strlen(own), "%s",
            own[0] == '\0' ? "the record gives no range that can be compared"
                           : ", where some are fixed and some are not");
        match = ADVISORY_POSSIBLE;
    }
    (void)text_copy(why, ADVISORY_WHY, own);
    return match;
}

static enum advisory_match
judge_list(const struct subject_text *subject, const char *list, char *why)
{
    why[0] = '\0';
    enum advisory_match best = text_is_empty(list) ? ADVISORY_YES : ADVISORY_NO;
    char alternative[CONDITION_PART];
    char own[ADVISORY_WHY] = "";
    for (const char *at = list; condition_next(&at, ';', alternative);) {
        enum advisory_match one = judge_alternative(subject, alternative, own);
        if (one > best || why[0] == '\0') {
            best = one;
            (void)text_copy(why, ADVISORY_WHY, own);
        }
    }
    return best;
}

static bool
is_valid_condition(const char *condition, bool is_date)
{
    static const char *const operators[] = {"<", "<=", ">", ">=", "=", "~", "^"};
    char operator[OPERATOR];
    int64_t day = 0;
    const char *bound = split(condition, operator);
    size_t known = 0;
    while (known < COUNT(operators) && !text_equal(operators[known], operator)) {
        known++;
    }
    return known < COUNT(operators) && *bound != '\0' &&
           (!is_date || (strlen(bound) == 10 && clock_parse(bound, &day) == OK));
}

static bool
is_valid_alternative(const char *alternative, bool is_date)
{
    char condition[CONDITION_PART];
    size_t count = alternative[0] == '?' ? 1 : 0;
    alternative += count;
    while (condition_next(&alternative, ',', condition)) {
        count++;
        if (!is_valid_condition(condition, is_date)) {
            return false;
        }
    }
    return count != 0;
}

bool
condition_is_valid(const char *list, bool is_date)
{
    char alternative[CONDITION_PART];
    while (*list != '\0') {
        if (strcspn(list, ";") >= CONDITION_PART) {
            return false;
        }
        if (!condition_next(&list, ';', alternative) ||
            !is_valid_alternative(alternative, is_date)) {
            return false;
        }
    }
    return true;
}

enum advisory_match
condition_version(
    const char *list, const char *version, const char *build, char ret_why[ADVISORY_WHY])
{
    const struct subject_text subject = {"version", version, build, false};
    return judge_list(&subject, list, ret_why);
}

enum advisory_match
condition_build(const char *list, const char *build, char ret_why[ADVISORY_WHY])
{
    const struct subject_text subject = {"build", build, NULL, true};
    return judge_list(&subject, list, ret_why);
}
