/* Order of versions and their build dates. */
#include "codec/version.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define FIRST_YEAR 2005U
#define LAST_YEAR  2049U

enum token_kind {
    TOKEN_END,
    TOKEN_NUMBER,
    TOKEN_WORD,
};

struct token {
    enum token_kind kind;
    const char *text;
    size_t len;
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t
digits_at(const char *text)
{
    size_t len = 0;
    while (is_digit(text[len])) {
        len++;
    }
    return len;
}

static struct token
next_token(const char **cursor)
{
    const char *c = *cursor;
    while (*c != '\0' && !is_digit(*c) && !is_letter(*c)) {
        c++;
    }
    struct token token = {.text = c};
    if (is_digit(*c)) {
        token.kind = TOKEN_NUMBER;
        while (*c == '0' && is_digit(c[1])) {
            c++;
        }
        token.text = c;
        token.len = digits_at(c);
    } else if (is_letter(*c)) {
        token.kind = TOKEN_WORD;
        while (is_letter(token.text[token.len])) {
            token.len++;
        }
    }
    *cursor = token.text + token.len;
    return token;
}

static bool
is_before_release(const struct token *token)
{
    static const char *const words[] = {"alpha", "beta", "rc", "pre", "preview", "dev"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strlen(words[i]) == token->len && text_starts_nocase(token->text, words[i])) {
            return true;
        }
    }
    return false;
}

/* Where one version ends and the other goes on. */
static int
rank(const struct token *token)
{
    switch (token->kind) {
    case TOKEN_END:
        return 0;
    case TOKEN_NUMBER:
        return token->len == 1 && token->text[0] == '0' ? 0 : 1;
    case TOKEN_WORD:
        return is_before_release(token) ? -1 : 1;
    }
    return 0;
}

static int
compare_words(const struct token *a, const struct token *b)
{
    size_t least = a->len < b->len ? a->len : b->len;
    for (size_t i = 0; i < least; i++) {
        int x = a->text[i] | 0x20;
        int y = b->text[i] | 0x20;
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return a->len == b->len ? 0 : a->len < b->len ? -1 : 1;
}

/* Both without leading zeros, so the longer is the larger. */
static int
compare_numbers(const struct token *a, const struct token *b)
{
    if (a->len != b->len) {
        return a->len < b->len ? -1 : 1;
    }
    int order = strncmp(a->text, b->text, a->len);
    return order == 0 ? 0 : order < 0 ? -1 : 1;
}

static int
compare_tokens(const struct token *a, const struct token *b)
{
    int x = rank(a);
    int y = rank(b);
    if (a->kind == TOKEN_NUMBER && b->kind == TOKEN_NUMBER) {
        return compare_numbers(a, b);
    }
    if (a->kind == TOKEN_WORD && b->kind == TOKEN_WORD && x == y) {
        return compare_words(a, b);
    }
    if (x == y && a->kind != TOKEN_END && b->kind != TOKEN_END) {
        return a->kind == TOKEN_NUMBER ? 1 : -1;
    }
    return x == y ? 0 : x < y ? -1 : 1;
}

static const char *
without_prefix(const char *text)
{
    text = text == NULL ? "" : text;
    return (text[0] == 'v' || text[0] == 'V') && is_digit(text[1]) ? text + 1 : text;
}

int
version_compare(const char *a, const char *b)
{
    a = without_prefix(a);
    b = without_prefix(b);
    for (;;) {
        struct token x = next_token(&a);
        struct token y = next_token(&b);
        int order = compare_tokens(&x, &y);
        if (order != 0 || (x.kind == TOKEN_END && y.kind == TOKEN_END)) {
            return order;
        }
    }
}

static unsigned
number_at(const char *text, size_t len)
{
    unsigned value = 0;
    for (size_t i = 0; i < len; i++) {
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    return value;
}

static bool
write_date(unsigned year, unsigned month, unsigned day, char ret_date[VERSION_DATE])
{
    static const unsigned char days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1 ||
        day > days[month - 1]) {
        return false;
    }
    (void)snprintf(ret_date, VERSION_DATE, "%04u-%02u-%02u", year % 10000, month % 100, day % 100);
    return true;
}

static bool
long_date(const char *digits, char ret_date[VERSION_DATE])
{
    return write_date(
        number_at(digits, 4), number_at(digits + 4, 2), number_at(digits + 6, 2), ret_date);
}

static bool
short_date(const char *digits, char ret_date[VERSION_DATE])
{
    return write_date(
        2000 + number_at(digits, 2), number_at(digits + 2, 2), number_at(digits + 4, 2), ret_date);
}

/* YYYY-MM-DD or YYYY/M/D; YYYY.MM.DD (Hanwha) only with two digits each, or it is a version. */
static bool
separated_date(const char *text, char ret_date[VERSION_DATE])
{
    if (digits_at(text) != 4 || (text[4] != '-' && text[4] != '/' && text[4] != '.')) {
        return false;
    }
    size_t month = digits_at(text + 5);
    if (month == 0 || month > 2 || text[5 + month] != text[4]) {
        return false;
    }
    const char *last = text + 6 + month;
    size_t day = digits_at(last);
    bool fits = text[4] == '.' ? month == 2 && day == 2 : day != 0 && day <= 2;
    return fits && write_date(number_at(text, 4), number_at(text + 5, month), number_at(last, day),
                       ret_date);
}

/* Digits of a length that holds a date; before is the character in front of them. */
static bool
digits_date(const char *digits, char before, char ret_date[VERSION_DATE])
{
    size_t len = digits_at(digits);
    /* Reolink alone writes an underscore, and means YYMMDDHH(MM) by it (reolink_aio). */
    if (before == '_' && (len == 8 || len == 10) && short_date(digits, ret_date)) {
        return true;
    }
    if (len == 8) {
        return long_date(digits, ret_date) || short_date(digits, ret_date);
    }
    return len == 6 && short_date(digits, ret_date);
}

static bool
after_build(const char *text, char ret_date[VERSION_DATE])
{
    size_t len = strlen(text);
    const char *build = text_find_nocase(text, len, "build");
    while (build != NULL) {
        const char *digits = build + strlen("build");
        while (*digits == ' ' || *digits == ':' || *digits == '_' || *digits == '=') {
            digits++;
        }
        if (separated_date(digits, ret_date) || digits_date(digits, ' ', ret_date)) {
            return true;
        }
        build = text_find_nocase(digits, len - (size_t)(digits - text), "build");
    }
    return false;
}

/* "Nov 27 2023" (Axis). */
static bool
named_month(const char *text, char ret_date[VERSION_DATE])
{
    static const char *const months[] = {"Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ",
        "Aug ", "Sep ", "Oct ", "Nov ", "Dec "};
    for (unsigned month = 0; month < COUNT(months); month++) {
        const char *found = strstr(text, months[month]);
        if (found == NULL) {
            continue;
        }
        const char *day = found + strspn(found + 3, " ") + 3;
        size_t day_len = digits_at(day);
        const char *year = day + day_len + strspn(day + day_len, " ,");
        if (day_len != 0 && day_len <= 2 && digits_at(year) == 4 &&
            write_date(number_at(year, 4), month + 1, number_at(day, day_len), ret_date)) {
            return true;
        }
    }
    return false;
}

bool
version_date(const char *text, char ret_date[VERSION_DATE])
{
    if (text_is_empty(text)) {
        return false;
    }
    if (after_build(text, ret_date) || named_month(text, ret_date)) {
        return true;
    }
    bool found = false;
    for (const char *c = text; *c != '\0'; c++) {
        size_t len = digits_at(c);
        if (len == 0) {
            continue;
        }
        /* The last group counts: vendors put the date behind the numbers. */
        char before = '.';
        if (c != text) {
            before = c[-1];
        }
        char date[VERSION_DATE];
        bool placed = before == '.' || before == '_' || before == ' ' || before == ',' ||
                      before == '-' || before == 'B' || before == 'b';
        if (separated_date(c, date) || (placed && digits_date(c, before, date))) {
            memcpy(ret_date, date, VERSION_DATE);
            found = true;
        }
        c += len - 1;
    }
    return found;
}
