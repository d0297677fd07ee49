/* The next word, version or date of a record's text. */
#include "catalog/prose_token.h"

#include "base/text.h"
#include "codec/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct word {
    const char *words;
    enum prose_token_kind kind;
    enum prose_kind direction, backward;
} words[] = {
#define PROSE_WORD(words, kind, direction, backward) {words, kind, direction, backward},
#include "catalog/words.def"
#undef PROSE_WORD
};

static bool
is_end(char c)
{
    return c == '\0' || strchr(" \n,;|()<>=\"'", c) != NULL;
}

static size_t
word_len(const char *at)
{
    size_t len = 0;
    while (!is_end(at[len])) {
        len++;
    }
    while (len > 1 && (at[len - 1] == '.' || at[len - 1] == ':')) {
        len--;
    }
    return len;
}

void
prose_cursor_init(struct prose_cursor *cursor, const char *text)
{
    cursor->at = text + strspn(text, " \n");
    size_t len = word_len(cursor->at);
    cursor->is_alone = cursor->at[len + strspn(cursor->at + len, " \n.")] == '\0';
}

static const struct {
    const char *text;
    enum prose_kind direction;
} operators[] = {
    {"<=", PROSE_UP_TO },
    {"=<", PROSE_UP_TO },
    {">=", PROSE_FROM  },
    {"=>", PROSE_FROM  },
    {"==", PROSE_EXACT },
    {"<",  PROSE_BEFORE},
    {">",  PROSE_AFTER },
    {"=",  PROSE_EXACT },
};

static bool
take_sign(struct prose_cursor *cursor, struct prose_token *token)
{
    for (size_t i = 0; i < COUNT(operators); i++) {
        if (text_starts(cursor->at, operators[i].text)) {
            token->kind = PROSE_OPERATOR;
            token->direction = operators[i].direction;
            cursor->at += strlen(operators[i].text);
            cursor->at += *cursor->at == '.' ? 1 : 0; /* "<.1.36.34" */
            return true;
        }
    }
    static const struct {
        char sign;
        enum prose_token_kind kind;
    } signs[] = {
        {';',  PROSE_APART  },
        {'\n', PROSE_APART  },
        {'|',  PROSE_FILLER },
        {',',  PROSE_COMMA  },
        {'(',  PROSE_BRACKET},
        {')',  PROSE_BRACKET},
        {'"',  PROSE_FILLER },
        {'\'', PROSE_FILLER }
    };
    for (size_t i = 0; i < COUNT(signs); i++) {
        if (*cursor->at == signs[i].sign) {
            token->kind = signs[i].kind;
            token->text[0] = signs[i].sign;
            token->text[1] = '\0';
            cursor->at++;
            return true;
        }
    }
    if (cursor->at[0] == '-' && is_end(cursor->at[1])) {
        token->kind = PROSE_RANGE;
        cursor->at++;
        return true;
    }
    return false;
}

/* How far the words of a row go over the text, or 0; blanks count as one, brackets end it. */
static size_t
row_len(const char *at, const char *row)
{
    size_t i = 0;
    while (*row != '\0') {
        if (*row == ' ') {
            size_t blanks = strspn(at + i, " ");
            if (blanks == 0) {
                return 0;
            }
            i += blanks;
        } else if (tolower((unsigned char)at[i]) != *row) {
            return 0;
        } else {
            i++;
        }
        row++;
    }
    return is_end(at[i]) || at[i] == '.' || at[i] == ':' || row[-1] == '/' ? i : 0;
}

static bool
take_words(struct prose_cursor *cursor, struct prose_token *token)
{
    size_t longest = 0;
    for (size_t i = 0; i < COUNT(words); i++) {
        size_t len = row_len(cursor->at, words[i].words);
        if (len > longest) {
            longest = len;
            token->kind = words[i].kind;
            token->direction = words[i].direction;
            token->backward = words[i].backward;
        }
    }
    cursor->at += longest;
    cursor->at += longest != 0 && (*cursor->at == '.' || *cursor->at == ':') ? 1 : 0;
    return longest != 0;
}

static void
set_date(struct prose_token *token, const char *date)
{
    token->kind = PROSE_DATE;
    (void)text_copy(token->text, sizeof(token->text), date);
}

/* "June, 2021", "April 16, 2025", "16 April 2025": how much of the text it is, or 0. */
static size_t
named_month(const char *at, struct prose_token *token)
{
    static const char *const months[] = {"january", "february", "march", "april", "may", "june",
        "july", "august", "september", "october", "november", "december"};
    size_t letters = 0;
    while (isalpha((unsigned char)at[letters])) {
        letters++;
    }
    for (unsigned month = 0; letters >= 3 && month < COUNT(months); month++) {
        if (strlen(months[month]) < letters || strncasecmp(at, months[month], letters) != 0) {
            continue;
        }
        unsigned first = 0, second = 0;
        size_t len = letters + strspn(at + letters, " ,.");
        size_t digits = strspn(at + len, "0123456789");
        for (size_t i = 0; i < digits && i < 4; i++) {
            first = first * 10 + (unsigned)(at[len + i] - '0');
        }
        len += digits;
        if (digits == 1 || digits == 2) {
            len += strspn(at + len, " ,");
            size_t more = strspn(at + len, "0123456789");
            for (size_t i = 0; i < more && i < 4; i++) {
                second = second * 10 + (unsigned)(at[len + i] - '0');
            }
            len += more;
        }
        unsigned year = digits == 4 ? first : second;
        if (year < 2005 || year > 2049) {
            return 0;
        }
        char date[32];
        char checked[VERSION_DATE];
        (void)snprintf(
            date, sizeof(date), "%04u-%02u-%02u", year, month + 1, digits == 4 ? 1U : first);
        if (!version_date(date, checked)) {
            return 0;
        }
        set_date(token, checked);
        return len;
    }
    return 0;
}

/* 2023/12/13, 2024-02-02, 2024.2.2, 250807, 20240412: nothing but a date. */
static bool
whole_date(const char *text, struct prose_token *token)
{
    char spelled[16];
    char date[VERSION_DATE];
    size_t len = strlen(text);
    if (len < 6 || len > 10 || strspn(text, "0123456789-/.") != len) {
        return false;
    }
    (void)text_copy(spelled, sizeof(spelled), text);
    bool digits = strspn(text, "0123456789") == len;
    bool separated = strspn(text, "0123456789") == 4 && !digits;
    for (char *c = spelled; separated && *c != '\0'; c++) {
        *c = *c == '.' ? '-' : *c;
    }
    if ((!digits && !separated) || (digits && len != 6 && len != 8) ||
        !version_date(spelled, date)) {
        return false;
    }
    set_date(token, date);
    return true;
}

/* 1.37.*, V1.X, B2303.X.X.XXXXXX: the part before the wildcard; false when there is none. */
static void
cut_wildcard(struct prose_token *token)
{
    char *at = token->text;
    for (char *dot = strchr(at, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        bool wild =
            dot[1] == '*' || ((dot[1] == 'x' || dot[1] == 'X') && strchr(".xX", dot[2]) != NULL);
        if (wild) {
            *dot = '\0';
            token->is_track = true;
            return;
        }
    }
}

/* A build behind the version belongs to it: "5.4.0 build 160530", "1.4.2 Build 251112 Rel.1n". */
static size_t
take_build(const char *at, struct prose_token *token)
{
    size_t blanks = strspn(at, " _");
    if (strncasecmp(at + blanks, "build", 5) != 0) {
        return 0;
    }
    size_t len = blanks + 5;
    len += strspn(at + len, " :_");
    size_t digits = strspn(at + len, "0123456789");
    if (digits != 6 && digits != 8) {
        return 0;
    }
    char build[16];
    (void)snprintf(build, sizeof(build), " build %.*s", (int)digits, at + len);
    size_t own = strlen(token->text);
    (void)text_copy(token->text + own, sizeof(token->text) - own, build);
    len += digits;
    size_t rel = strspn(at + len, " ");
    if (strncasecmp(at + len + rel, "rel", 3) == 0) {
        len += rel + word_len(at + len + rel);
        if (at[len] == '(') {
            len += strcspn(at + len, ")") + 1;
        }
    }
    return len;
}

static bool
looks_like_version(const char *text, bool is_alone)
{
    size_t len = strlen(text);
    bool digit = strcspn(text, "0123456789") != len;
    if (!digit) {
        return false;
    }
    if (is_alone) {
        return true;
    }
    const char *own = text + ((text[0] == 'v' || text[0] == 'V') ? 1 : 0);
    return isdigit((unsigned char)own[0]) || strchr(text, '.') != NULL;
}

static bool
looks_like_model(const char *text)
{
    size_t upper = 0, digit = 0;
    for (const char *c = text; *c != '\0'; c++) {
        upper += isupper((unsigned char)*c) ? 1U : 0U;
        digit += isdigit((unsigned char)*c) || *c == '-' ? 1U : 0U;
    }
    return upper >= 2 && digit != 0;
}

static bool
is_release_year(const char *at, size_t len)
{
    return len == 4 && text_starts(at, "20") && strspn(at, "0123456789") == 4 && (at[4] == ' ') &&
           (at[5] == 'R' || at[5] == 'r') && isdigit((unsigned char)at[6]) && is_end(at[7]);
}

/* "build 210628" without a version in front of it: a date. */
static bool
take_bare_build(struct prose_cursor *cursor, struct prose_token *token)
{
    struct prose_token found = {.text = ""};
    size_t len = take_build(cursor->at, &found);
    char date[VERSION_DATE];
    if (len == 0 || !version_date(found.text, date)) {
        return false;
    }
    set_date(token, date);
    cursor->at += len;
    return true;
}

/* 1.3.4.D00.U1(4A21S), 3.0.3_RELEASE(HIK): a bracket without blanks that belongs to the version. */
static size_t
variant_len(const char *at, size_t len)
{
    size_t signs = 0, digits = 0, upper = 0;
    if (at[len] != '(' || strcspn(at, "0123456789") >= len) {
        return 0;
    }
    for (; isalnum((unsigned char)at[len + 1 + signs]); signs++) {
        digits += isdigit((unsigned char)at[len + 1 + signs]) ? 1U : 0U;
        upper += isupper((unsigned char)at[len + 1 + signs]) ? 1U : 0U;
    }
    bool closed = at[len + 1 + signs] == ')' && is_end(at[len + 2 + signs]);
    return closed && signs >= 2 && (digits != 0 || upper == signs) ? signs + 2 : 0;
}

/* "HotfixRev14", "SP2", "Patch3" behind a version: another one, and it can't be compared. */
static bool
is_patch_level(const char *text)
{
    static const char *const names[] = {"hotfixrev", "hotfix", "patch", "sp", "rev", "update"};
    for (size_t i = 0; i < COUNT(names); i++) {
        if (text_starts_nocase(text, names[i]) && isdigit((unsigned char)text[strlen(names[i])])) {
            return true;
        }
    }
    return false;
}

static void
take_word(struct prose_cursor *cursor, struct prose_token *token)
{
    size_t len = word_len(cursor->at);
    len += is_release_year(cursor->at, len) ? 3 : 0;
    len += variant_len(cursor->at, len);
    if (len == 0 || len >= sizeof(token->text) - 16) {
        token->kind = len == 0 ? PROSE_UNKNOWN : PROSE_DANGER;
        cursor->at += len == 0 ? 1 : len;
        return;
    }
    memcpy(token->text, cursor->at, len);
    token->text[len] = '\0';
    const char *behind = cursor->at + len;
    char *build = strcasestr(token->text, "build");
    if (build != NULL && build != token->text && looks_like_version(token->text, false)) {
        behind = cursor->at + (build - token->text); /* V4.30.096build221220 */
        *build = '\0';
    }
    cursor->at = behind;
    if (whole_date(token->text, token)) {
        return;
    }
    bool plus = token->text[len - 1] == '+' && build == NULL;
    bool is_foreign = false; /* V5.7.3之前 is "before V5.7.3" */
    for (const char *c = token->text; *c != '\0'; c++) {
        is_foreign = is_foreign || (unsigned char)*c >= 0x80;
    }
    if (is_foreign) {
        token->kind = PROSE_DANGER;
    } else if (looks_like_version(token->text, cursor->is_alone)) {
        token->kind = plus ? PROSE_DANGER : PROSE_VERSION;
        cut_wildcard(token);
        cursor->at += take_build(cursor->at, token);
    } else {
        token->kind = is_patch_level(token->text)     ? PROSE_DANGER
                      : looks_like_model(token->text) ? PROSE_MODEL
                                                      : PROSE_UNKNOWN;
    }
}

void
prose_next(struct prose_cursor *cursor, struct prose_token *ret_token)
{
    memset(ret_token, 0, sizeof(*ret_token));
    cursor->at += strspn(cursor->at, " ");
    if (*cursor->at == '\0') {
        return;
    }
    if (text_starts_nocase(cursor->at, "vers:") && strchr(cursor->at, '/') != NULL) {
        cursor->at = strchr(cursor->at, '/') + 1; /* vers:generic/>=1.0|<2.0 */
        ret_token->kind = PROSE_FILLER;
        return;
    }
    if (*cursor->at == '*') {
        cursor->at++;
        ret_token->kind = PROSE_ALL;
        return;
    }
    size_t month = named_month(cursor->at, ret_token);
    if (month != 0) {
        cursor->at += month;
        return;
    }
    if (take_sign(cursor, ret_token) || take_bare_build(cursor, ret_token) ||
        take_words(cursor, ret_token)) {
        return;
    }
    take_word(cursor, ret_token);
}
