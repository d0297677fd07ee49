/* Vendor forms of versions, compared. */
#include "catalog/order.h"

#include "base/text.h"
#include "codec/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TEXT 200

/* A version taken apart: what is ordered, and the build beside it. */
struct form {
    char core[TEXT];
    char date[VERSION_DATE]; /* "" when there is none */
};

/* "2023 R2" of XProtect is 23.2. */
static void
year_release(char text[TEXT])
{
    unsigned year = 0;
    if (strlen(text) < 7 || strspn(text, "0123456789") != 4 || !text_starts(text, "20")) {
        return;
    }
    const char *at = text + 4 + strspn(text + 4, " ");
    if ((*at != 'R' && *at != 'r') || !isdigit((unsigned char)at[1])) {
        return;
    }
    year = (unsigned)(text[2] - '0') * 10 + (unsigned)(text[3] - '0');
    char rest[32];
    (void)text_copy(rest, sizeof(rest), at + 1);
    (void)snprintf(text, TEXT, "%u.%s", year, rest);
}

static void
cut_commit(char *core)
{
    char *dash = strrchr(core, '-');
    if (dash != NULL && strlen(dash) > 7 &&
        strspn(dash + 1, "0123456789abcdef") == strlen(dash + 1)) {
        *dash = '\0';
    }
}

/* The part that versions are ordered by: without build, package revision and commit. */
static void
take_apart(struct form *form, const char *version, const char *build)
{
    (void)text_copy(form->core, sizeof(form->core), version);
    if (text_is_empty(build) || !text_copy(form->date, sizeof(form->date), build)) {
        form->date[0] = '\0';
        if (!version_date(version, form->date)) {
            form->date[0] = '\0';
        }
    }
    const char *found = text_find_nocase(form->core, strlen(form->core), "build");
    if (found != NULL && found != form->core) {
        form->core[found - form->core] = '\0';
    }
    form->core[strcspn(form->core, "+")] = '\0';
    for (char *at = strchr(form->core, '_'); at != NULL; at = strchr(at + 1, '_')) {
        if (isdigit((unsigned char)at[1])) {
            *at = '\0';
            break;
        }
    }
    cut_commit(form->core);
    size_t len = strlen(form->core);
    while (len > 0 && strchr(" ,:;_", form->core[len - 1]) != NULL) {
        form->core[--len] = '\0';
    }
    year_release(form->core);
}

static bool
is_version_letter(const char *at)
{
    return (at[0] == 'v' || at[0] == 'V') && isdigit((unsigned char)at[1]);
}

/* Where the number behind a "V" begins at a word's start ("Eng_PN_V3.0", "MX-V5.2"), or NULL. */
static const char *
numbers_of(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        bool starts = at == text || strchr("-_ ", at[-1]) != NULL;
        if (starts && is_version_letter(at)) {
            return at + 1;
        }
    }
    return NULL;
}

/* The firmware branch in front of the numbers: "NVR-B3801", "FullImg", "VVTK"; its length. */
static size_t
branch_of(const char *core)
{
    if (!isalpha((unsigned char)core[0]) || numbers_of(core) != NULL) {
        return 0;
    }
    size_t dot = strcspn(core, ".");
    return core[dot] == '.' ? dot
                            : strspn(core, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* What of the device's core stands behind the branch; NULL when it is of another one. */
static const char *
behind_branch(const char *core, const char *branch, size_t len)
{
    char word[TEXT];
    memcpy(word, branch, len);
    word[len] = '\0';
    const char *found = text_find_nocase(core, strlen(core), word);
    if (found == NULL || (found != core && isalnum((unsigned char)found[-1]))) {
        return NULL;
    }
    return isalnum((unsigned char)found[len]) && isalpha((unsigned char)word[len - 1]) &&
                   isalpha((unsigned char)found[len])
               ? NULL
               : found + len;
}

/* Dahua and what it makes for others: 2.800.0000000.31.R, 1.000.HW00.21.20190812. */
static bool
is_dated_form(const char *core)
{
    core += is_version_letter(core) ? 1 : 0;
    return isdigit((unsigned char)core[0]) && core[1] == '.' &&
           strspn(core + 2, "0123456789") == 3 && core[5] == '.' && strcspn(core + 6, ".") >= 2 &&
           strchr(core + 6, '.') != NULL;
}

static bool
by_date(const struct form *own, const struct form *bound, int *ret_order, char *why)
{
    if (version_compare(own->core, bound->core) == 0 &&
        (own->date[0] == '\0' || bound->date[0] == '\0')) {
        *ret_order = 0;
        return true;
    }
    if (own->date[0] == '\0' || bound->date[0] == '\0') {
        (void)snprintf(why, 128, "its build is not known");
        return false;
    }
    int order = strcmp(own->date, bound->date);
    *ret_order = order == 0 ? 0 : order < 0 ? -1 : 1;
    return true;
}

/* Same numbers: the builds beside them decide where the record has one. */
static bool
by_build(
    const struct form *own, const struct form *bound, const char *text, int *ret_order, char *why)
{
    bool has_build = bound->date[0] != '\0' &&
                     (text_contains_nocase(text, "build") || strchr(text, '_') != NULL);
    *ret_order = 0;
    if (!has_build) {
        return true;
    }
    if (own->date[0] == '\0') {
        (void)snprintf(why, 128, "its build is not known");
        return false;
    }
    int order = strcmp(own->date, bound->date);
    *ret_order = order == 0 ? 0 : order < 0 ? -1 : 1;
    return true;
}

bool
order_versions(
    const char *version, const char *build, const char *bound, int *ret_order, char ret_why[128])
{
    struct form own, other;
    take_apart(&own, version, build);
    take_apart(&other, bound, NULL);
    if (is_dated_form(own.core) && is_dated_form(other.core)) {
        return by_date(&own, &other, ret_order, ret_why);
    }
    const char *mine = own.core;
    const char *theirs = other.core;
    size_t branch = branch_of(theirs);
    (void)snprintf(ret_why, 128, "its version %.40s can't be compared with %.40s", version, bound);
    if (branch != 0) {
        mine = behind_branch(mine, theirs, branch);
        theirs += branch;
    } else {
        theirs = numbers_of(theirs) == NULL ? theirs : numbers_of(theirs);
        mine = isdigit((unsigned char)mine[0]) ? mine : numbers_of(mine);
    }
    if (mine == NULL || (branch == 0 && !isdigit((unsigned char)theirs[0]))) {
        return false;
    }
    int order = version_compare(mine, theirs);
    if (order != 0) {
        *ret_order = order;
        return true;
    }
    return by_build(&own, &other, bound, ret_order, ret_why);
}

bool
order_is_of_track(const char *version, const char *bound)
{
    struct form own, other;
    take_apart(&own, version, NULL);
    take_apart(&other, bound, NULL);
    const char *mine = numbers_of(own.core) == NULL ? own.core : numbers_of(own.core);
    const char *theirs = numbers_of(other.core) == NULL ? other.core : numbers_of(other.core);
    while (*theirs != '\0') {
        size_t a = strcspn(mine, ".-_ ");
        size_t b = strcspn(theirs, ".-_ ");
        char x[TEXT], y[TEXT];
        memcpy(x, mine, a);
        memcpy(y, theirs, b);
        x[a] = y[b] = '\0';
        if (a == 0 || version_compare(x, y) != 0) {
            return false;
        }
        mine += a + (mine[a] == '\0' ? 0 : 1);
        theirs += b + (theirs[b] == '\0' ? 0 : 1);
    }
    return true;
}
