/* Which versions and builds: the condition language of the catalogue, judged. */
#include "catalog/condition.h"

#include "base/clock.h"
#include "base/text.h"
#include "codec/version.h"

#include <ctype.h>
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

/* The part that versions are ordered by: without build, package revision and commit. */
static void
version_core(char out[CONDITION_PART], const char *version)
{
    (void)text_copy(out, CONDITION_PART, version);
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

/* The operator in front of a condition; returns what stands behind it. */
static const char *
split(const char *condition, char ret_operator[OPERATOR])
{
    size_t len = strcspn(condition, " ");
    (void)text_copy(ret_operator, len < OPERATOR ? len + 1 : OPERATOR, condition);
    return condition + len + strspn(condition + len, " ");
}

static enum advisory_match
judge_condition(const struct subject_text *subject, const char *condition, char *why)
{
    char operator[OPERATOR];
    char core[CONDITION_PART];
    const char *bound = split(condition, operator);
    if (text_is_empty(subject->text) || strlen(subject->text) >= CONDITION_PART) {
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
    char condition[CONDITION_PART];
    char own[ADVISORY_WHY] = "";
    for (const char *at = alternative + (unsure ? 1 : 0); condition_next(&at, ',', condition);) {
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
    char alternative[CONDITION_PART];
    char own[ADVISORY_WHY] = "";
    for (const char *at = list; condition_next(&at, ';', alternative);) {
        enum advisory_match one = judge_alternative(subject, alternative, own);
        if (one > best) {
            best = one;
            (void)text_copy(why, ADVISORY_WHY, own);
        }
    }
    return best;
}

static bool
is_valid_condition(const char *condition, bool is_date)
{
    static const char *const operators[] = {"<", "<=", ">", ">=", "=", "~"};
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
    size_t count = 0;
    alternative += alternative[0] == '?' ? 1 : 0;
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
condition_version(const char *list, const char *version, char ret_why[ADVISORY_WHY])
{
    const struct subject_text subject = {"version", version, false};
    return judge_list(&subject, list, ret_why);
}

enum advisory_match
condition_build(const char *list, const char *build, char ret_why[ADVISORY_WHY])
{
    const struct subject_text subject = {"build", build, true};
    return judge_list(&subject, list, ret_why);
}
