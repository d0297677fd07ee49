/* Walks a pattern as PCRE2 reads it and keeps the rarest literal piece that it cannot do without.
 */
#include "catalog/fingerprint_literal.h"

#include <string.h>

#define DEPTH_LIMIT 48
#define RUN_LIMIT   128

/* Where the walk is. Anything not understood sets hopeless, and nothing is promised. */
struct walk {
    const char *at; /* terminated */
    const struct fingerprint_weights *weights;
    unsigned depth;
    bool hopeless;
};

enum atom {
    ATOM_BYTE,  /* one literal byte */
    ATOM_GROUP, /* a group whose choice is required when the group is */
    ATOM_OTHER, /* a class, an anchor, an assertion */
};

static void walk_alternatives(struct walk *walk, struct fingerprint_choice *ret_choice);

static char
fold(char c)
{
    if (c < 'A' || c > 'Z') {
        return c;
    }
    return (char)(c - 'A' + 'a');
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
    return fold(c) >= 'a' && fold(c) <= 'z';
}

uint32_t
fingerprint_literal_gram(const char *bytes)
{
    uint32_t gram = 0;
    for (size_t i = 0; i < FINGERPRINT_GRAM; i++) {
        gram = gram << 8 | (uint8_t)fold(bytes[i]);
    }
    return gram;
}

size_t
fingerprint_literal_slot(uint32_t gram)
{
    return (gram * UINT32_C(2654435761)) >> 20;
}

static unsigned
weight_of(const struct walk *walk, uint32_t gram)
{
    return 1U + walk->weights->slots[fingerprint_literal_slot(gram)];
}

static void
keep_rarer(struct fingerprint_choice *best, const struct fingerprint_choice *other)
{
    if (other->count != 0 && (best->count == 0 || other->weight < best->weight)) {
        *best = *other;
    }
}

/* Literal bytes in a row end here: their rarest gram competes. */
static void
end_run(const struct walk *walk, const char *run, size_t *len, struct fingerprint_choice *best)
{
    for (size_t i = 0; i + FINGERPRINT_GRAM <= *len; i++) {
        uint32_t gram = fingerprint_literal_gram(run + i);
        const struct fingerprint_choice one = {
            .grams = {gram}, .count = 1, .weight = weight_of(walk, gram)};
        keep_rarer(best, &one);
    }
    *len = 0;
}

static void
skip_class(struct walk *walk)
{
    walk->at += walk->at[0] == '^' ? 1 : 0;
    walk->at += walk->at[0] == ']' ? 1 : 0;
    while (*walk->at != ']') {
        if (walk->at[0] == '\\' && walk->at[1] != '\0') {
            walk->at += 2;
        } else if (walk->at[0] == '[' && walk->at[1] == ':') {
            const char *end = strstr(walk->at, ":]");
            walk->at = end == NULL ? walk->at + 1 : end + 2;
        } else if (*walk->at == '\0') {
            walk->hopeless = true;
            return;
        } else {
            walk->at++;
        }
    }
    walk->at++;
}

/* After a backslash. Letters and digits are classes, anchors or codes; all else is itself. */
static enum atom
walk_escape(struct walk *walk, char *ret_byte)
{
    char c = *walk->at;
    if (c == '\0') {
        walk->hopeless = true;
        return ATOM_OTHER;
    }
    walk->at++;
    if (!is_letter(c) && !is_digit(c)) {
        *ret_byte = c;
        return ATOM_BYTE;
    }
    if (strchr("dDwWsSbBAZzhHvVRnrtfN", c) != NULL) {
        walk->hopeless = walk->hopeless || (c == 'N' && *walk->at == '{');
        return ATOM_OTHER;
    }
    if (c == 'x' && *walk->at != '{') {
        for (int i = 0;
             i < 2 && (is_digit(*walk->at) || (fold(*walk->at) >= 'a' && fold(*walk->at) <= 'f'));
             i++) {
            walk->at++;
        }
        return ATOM_OTHER;
    }
    walk->hopeless = true;
    return ATOM_OTHER;
}

/* After "(?": true for a group that must match as a whole; the walk stands at its first part. */
static bool
walk_group_head(struct walk *walk, bool *ret_is_setting)
{
    *ret_is_setting = false;
    const char *at = walk->at;
    if (*at == '>') {
        walk->at++;
        return true;
    }
    if (*at == 'P' || (*at == '<' && is_letter(at[1]))) {
        const char *end = strchr(at, '>');
        walk->hopeless = walk->hopeless || end == NULL || (*at == 'P' && at[1] != '<');
        walk->at = end == NULL ? at : end + 1;
        return true;
    }
    if (*at == '=' || *at == '!' || *at == '<') {
        walk->at += *at == '<' ? 2 : 1;
        return false;
    }
    size_t flags = strspn(at, "imsnJ^-");
    if (at[flags] == ':' || at[flags] == ')') {
        *ret_is_setting = at[flags] == ')';
        walk->at += flags + 1;
        return true;
    }
    walk->hopeless = true; /* comment, condition, call, branch reset, extended syntax */
    return false;
}

static enum atom
walk_group(struct walk *walk, struct fingerprint_choice *ret_choice)
{
    bool is_required = true;
    bool is_setting = false;
    if (*walk->at == '*') {
        walk->hopeless = true;
    } else if (*walk->at == '?') {
        walk->at++;
        is_required = walk_group_head(walk, &is_setting);
    }
    if (is_setting || walk->hopeless || walk->depth >= DEPTH_LIMIT) {
        walk->hopeless = walk->hopeless || walk->depth >= DEPTH_LIMIT;
        return ATOM_OTHER;
    }
    walk->depth++;
    walk_alternatives(walk, ret_choice);
    walk->depth--;
    if (*walk->at != ')') {
        walk->hopeless = true;
        return ATOM_OTHER;
    }
    walk->at++;
    return is_required ? ATOM_GROUP : ATOM_OTHER;
}

static enum atom
walk_atom(struct walk *walk, char *ret_byte, struct fingerprint_choice *ret_choice)
{
    char c = *walk->at++;
    switch (c) {
    case '\\':
        return walk_escape(walk, ret_byte);
    case '[':
        skip_class(walk);
        return ATOM_OTHER;
    case '(':
        return walk_group(walk, ret_choice);
    case '.':
    case '^':
    case '$':
        return ATOM_OTHER;
    default:
        *ret_byte = c;
        return ATOM_BYTE;
    }
}

/* Steps over {n}, {n,} or {n,m}; false when it is not a quantifier, but a literal brace. */
static bool
walk_repeat(struct walk *walk, bool *ret_may_be_absent)
{
    const char *at = walk->at + 1;
    size_t low = strspn(at, "0123456789");
    bool is_zero = strspn(at, "0") == low;
    at += low;
    if (low != 0 && *at == ',') {
        at++;
        at += strspn(at, "0123456789");
    }
    if (low == 0 || *at != '}') {
        return false;
    }
    walk->at = at + 1;
    *ret_may_be_absent = is_zero;
    return true;
}

/* Steps over a quantifier: whether there is one, and whether what it counts may be absent. */
static bool
walk_quantifier(struct walk *walk, bool *ret_may_be_absent)
{
    char c = *walk->at;
    *ret_may_be_absent = c == '?' || c == '*';
    if (c == '{') {
        if (!walk_repeat(walk, ret_may_be_absent)) {
            return false;
        }
    } else if (c == '?' || c == '*' || c == '+') {
        walk->at++;
    } else {
        return false;
    }
    walk->at += *walk->at == '?' || *walk->at == '+' ? 1 : 0;
    return true;
}

static void
walk_sequence(struct walk *walk, struct fingerprint_choice *ret_choice)
{
    char run[RUN_LIMIT];
    size_t len = 0;
    ret_choice->count = 0;
    while (!walk->hopeless && *walk->at != '\0' && *walk->at != '|' && *walk->at != ')') {
        struct fingerprint_choice inner = {.count = 0};
        char byte = 0;
        enum atom atom = walk_atom(walk, &byte, &inner);
        bool may_be_absent = false;
        bool is_repeated = walk_quantifier(walk, &may_be_absent);
        if (atom != ATOM_BYTE || len == RUN_LIMIT) {
            end_run(walk, run, &len, ret_choice);
        }
        if (atom == ATOM_BYTE && !may_be_absent) {
            run[len++] = byte;
        } else if (atom == ATOM_GROUP && !may_be_absent) {
            keep_rarer(ret_choice, &inner);
        }
        if (is_repeated) {
            end_run(walk, run, &len, ret_choice);
        }
    }
    end_run(walk, run, &len, ret_choice);
}

/* Either one of the alternatives' pieces, or nothing when an alternative has none. */
static void
walk_alternatives(struct walk *walk, struct fingerprint_choice *ret_choice)
{
    struct fingerprint_choice all = {.count = 0};
    bool is_complete = true;
    for (;;) {
        struct fingerprint_choice one;
        walk_sequence(walk, &one);
        if (one.count == 0 || all.count + one.count > FINGERPRINT_GRAM_CHOICE) {
            is_complete = false;
        } else {
            memcpy(all.grams + all.count, one.grams, one.count * sizeof(one.grams[0]));
            all.count += one.count;
            all.weight += one.weight;
        }
        if (walk->hopeless || *walk->at != '|') {
            break;
        }
        walk->at++;
    }
    all.count = is_complete && !walk->hopeless ? all.count : 0;
    *ret_choice = all;
}

void
fingerprint_literal_choose(const char *pattern, const struct fingerprint_weights *weights,
    struct fingerprint_choice *ret_choice)
{
    struct walk walk = {.at = pattern, .weights = weights};
    walk_alternatives(&walk, ret_choice);
    if (walk.hopeless || *walk.at != '\0') {
        ret_choice->count = 0;
    }
}
