/* Models of devices against patterns and against the product names of records. */
#include "catalog/model.h"

#include "base/text.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define STEPS 4096 /* more than any honest pair needs */

static bool
is_separator(char c)
{
    return c == ' ' || c == '-' || c == '_';
}

static const char *
skip_separators(const char *at)
{
    while (is_separator(*at)) {
        at++;
    }
    return at;
}

/* A name being compared: which x stand for anything. */
struct name {
    const char *text;
    bool has_run; /* somewhere two x stand together */
    bool is_mixed;
    unsigned steps;
};

static bool
is_x(char c)
{
    return c == 'x' || c == 'X';
}

static void
name_init(struct name *name, const char *text)
{
    bool upper = false, lower = false;
    *name = (struct name){.text = text};
    for (const char *at = text; *at != '\0'; at++) {
        bool between = at != text && isdigit((unsigned char)at[-1]) && is_x(at[0]) &&
                       isdigit((unsigned char)at[1]);
        name->has_run = name->has_run || between || (is_x(at[0]) && is_x(at[1]));
        upper = upper || (isupper((unsigned char)*at) && !is_x(*at));
        lower = lower || *at == 'x';
    }
    name->is_mixed = upper && lower;
}

/* "76xx", "IPC-HX3XXX", "M" + "x" in DS-76xxNI-Mx; never the x of FLEXIDOME or PT30X. */
static bool
is_wild(const struct name *name, const char *at)
{
    if (!is_x(*at)) {
        return false;
    }
    bool after = at != name->text && islower((unsigned char)at[-1]) && !is_x(at[-1]);
    bool ahead = islower((unsigned char)at[1]) && !is_x(at[1]);
    if (name->has_run) {
        bool in_run = is_x(at[1]) || (at != name->text && is_x(at[-1]));
        return in_run || (at != name->text && !isalpha((unsigned char)at[1]));
    }
    return name->is_mixed && *at == 'x' && !after && !ahead;
}

/* What is left of the model when the name is used up. */
static enum advisory_match
judge_rest(bool was_wild, const char *rest)
{
    if (was_wild || *rest == '\0' || strchr("/(, .:", *rest) != NULL) {
        return ADVISORY_YES;
    }
    if (is_separator(*rest)) {
        return ADVISORY_POSSIBLE;
    }
    size_t letters = 0;
    while (isalpha((unsigned char)rest[letters])) {
        letters++;
    }
    bool ends = letters != 0 && letters <= 2 && !isdigit((unsigned char)rest[letters]);
    return ends ? ADVISORY_POSSIBLE : ADVISORY_NO;
}

/* What is left of the name when the model is used up: "/4P", " V1" say more than the device does.
 */
static enum advisory_match
judge_short(const struct name *name, const char *at, bool began_apart)
{
    if (*at == '\0') {
        return ADVISORY_YES;
    }
    return strchr("/(", *at) != NULL || (began_apart && (*at == 'v' || *at == 'V')) ||
                   is_wild(name, at)
               ? ADVISORY_POSSIBLE
               : ADVISORY_NO;
}

static enum advisory_match match_from(struct name *name, const char *at, const char *model);

/* n x in the name: n characters surely, one or two more or less perhaps; "HX" of Dahua up to 3. */
static enum advisory_match
match_wild(struct name *name, const char *at, const char *model)
{
    size_t count = 0;
    while (is_x(at[count])) {
        count++;
    }
    bool dahua = count == 1 && text_starts(name->text, "IPC-HX");
    enum advisory_match best = ADVISORY_NO;
    for (size_t taken = 1; taken <= count + 2 && isalnum((unsigned char)model[taken - 1]);
         taken++) {
        enum advisory_match one = match_from(name, at + count, model + taken);
        bool exact = taken == count || (count >= 3 && taken + 1 == count) ||
                     (dahua && taken <= 3) || at[count] == '\0';
        if (one == ADVISORY_YES && !exact) {
            one = ADVISORY_POSSIBLE;
        }
        best = one > best ? one : best;
    }
    return best;
}

static enum advisory_match
match_from(struct name *name, const char *at, const char *model)
{
    bool was_wild = at != name->text && is_wild(name, at - 1);
    for (;;) {
        const char *next = skip_separators(at);
        if (name->steps++ > STEPS) {
            return ADVISORY_POSSIBLE;
        }
        if (*next == '\0' || *next == '*') {
            return judge_rest(was_wild || *next == '*', model);
        }
        const char *own = skip_separators(model);
        if (*own == '\0') {
            return judge_short(name, next, next != at);
        }
        at = next;
        if (is_wild(name, at)) {
            return match_wild(name, at, own);
        }
        if (tolower((unsigned char)*at) != tolower((unsigned char)*own)) {
            return ADVISORY_NO;
        }
        was_wild = false;
        at++;
        model = own + 1;
    }
}

enum advisory_match
model_named(const char *name, const char *model)
{
    struct name prepared;
    name_init(&prepared, name);
    enum advisory_match best = ADVISORY_NO;
    const char *at = model;
    for (;;) {
        prepared.steps = 0;
        enum advisory_match one = match_from(&prepared, name, at);
        best = one > best ? one : best;
        size_t word = 0;
        while (isalpha((unsigned char)at[word])) {
            word++;
        }
        if (best == ADVISORY_YES || word == 0 || !is_separator(at[word])) {
            return best;
        }
        at = skip_separators(at + word);
    }
}

static enum advisory_match
judge_part(const char *part, const char *model)
{
    bool unsure = part[0] == '?' && part[1] == ' ';
    part += unsure ? 2 : 0;
    enum advisory_match match = ADVISORY_NO;
    if (part[0] == '=') {
        match = model_named(part + 1, model);
    } else if (fnmatch(part, model, FNM_CASEFOLD) == 0) {
        match = ADVISORY_YES;
    }
    return match == ADVISORY_YES && unsure ? ADVISORY_POSSIBLE : match;
}

enum advisory_match
model_judge(const char *list, const char *model, char ret_why[ADVISORY_WHY])
{
    char part[CONDITION_PART];
    if (text_equal(list, "*")) {
        return ADVISORY_YES;
    }
    if (text_is_empty(model) || strlen(model) >= CONDITION_PART) {
        if (text_equal(list, "? *")) {
            (void)snprintf(ret_why, ADVISORY_WHY, "the record does not say which models");
        } else {
            (void)snprintf(ret_why, ADVISORY_WHY, "its model is not known");
        }
        return ADVISORY_POSSIBLE;
    }
    enum advisory_match best = ADVISORY_NO;
    char named[CONDITION_PART] = "";
    for (const char *at = list; condition_next(&at, ',', part) && best != ADVISORY_YES;) {
        enum advisory_match one = judge_part(part, model);
        if (one > best) {
            best = one;
            (void)text_copy(named, sizeof(named), part[0] == '=' ? part + 1 : part);
        }
    }
    if (best == ADVISORY_POSSIBLE && text_equal(named, "? *")) {
        (void)snprintf(ret_why, ADVISORY_WHY, "the record does not say exactly which models");
    } else if (best == ADVISORY_POSSIBLE) {
        (void)snprintf(
            ret_why, ADVISORY_WHY, "its model %.80s may be meant by %.80s", model, named);
    } else if (best == ADVISORY_NO) {
        (void)snprintf(ret_why, ADVISORY_WHY, "the record names other models: %.120s%s", list,
            strlen(list) > 120 ? "…" : "");
    }
    return best;
}
