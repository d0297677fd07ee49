/* Patterns of access rows against paths and parameters. */
#include "base/text.h"
#include "vms/access_parts.h"

#include <string.h>

/* Ends of pieces that are tried for one pattern: a path that needs more fits none. */
#define STEPS_MOST 4096

struct matching {
    struct access_captures *captures;
    unsigned steps;
};

static bool match(struct matching *matching, const char *pattern, const char *path);

static bool
add(struct access_captures *captures, const char *name, size_t name_len, const char *text,
    size_t len)
{
    if (captures->count == ACCESS_CAPTURES) {
        return false;
    }
    captures->rows[captures->count++] =
        (struct access_capture){.name = name, .name_len = name_len, .text = text, .len = len};
    return true;
}

/* One end of a {name} tried: what follows must fit what is left. */
static bool
match_piece(
    struct matching *matching, const char *name, size_t name_len, const char *path, size_t len)
{
    size_t before = matching->captures->count;
    if (add(matching->captures, name, name_len, path, len) &&
        match(matching, name + name_len + 1, path + len)) {
        return true;
    }
    matching->captures->count = before;
    return false;
}

static bool
match_capture(struct matching *matching, const char *pattern, const char *path)
{
    const char *name = pattern + 1;
    size_t name_len = (size_t)(strchrnul(name, '}') - name);
    char after = name[name_len] == '\0' ? '\0' : name[name_len + 1];
    if (name_len == 2 && name[0] == '*' && name[1] == '*') {
        return true;
    }
    size_t most = (size_t)(strchrnul(path, '/') - path);
    if (name[name_len] == '\0' || most == 0) {
        return false;
    }
    if (after == '\0' || after == '/') {
        return match_piece(matching, name, name_len, path, most);
    }
    bool is_literal = after != '{' && after != '[';
    for (size_t len = 1; len <= most && matching->steps++ < STEPS_MOST; len++) {
        if (is_literal && path[len] != after) {
            continue;
        }
        if (match_piece(matching, name, name_len, path, len)) {
            return true;
        }
    }
    return false;
}

static bool
match_alternatives(struct matching *matching, const char *pattern, const char *path)
{
    const char *end = strchr(pattern, ']');
    const char *one = pattern + 1;
    while (end != NULL && one <= end) {
        size_t len = 0;
        while (one[len] != '|' && one[len] != ']') {
            len++;
        }
        size_t before = matching->captures->count;
        bool may_fit = len == 0 || *one == *path;
        if (may_fit && strncmp(one, path, len) == 0 && match(matching, end + 1, path + len)) {
            return true;
        }
        matching->captures->count = before;
        one += len + 1;
    }
    return false;
}

static bool
match(struct matching *matching, const char *pattern, const char *path)
{
    for (; *pattern != '{' && *pattern != '['; pattern++, path++) {
        if (*pattern != *path) {
            return false;
        }
        if (*pattern == '\0') {
            return true;
        }
    }
    if (++matching->steps > STEPS_MOST) {
        return false;
    }
    return *pattern == '{' ? match_capture(matching, pattern, path)
                           : match_alternatives(matching, pattern, path);
}

bool
access_match_path(const char *pattern, const char *path, struct access_captures *captures)
{
    struct matching matching = {.captures = captures};
    return match(&matching, pattern, path);
}

/* One word of a params pattern. */
struct word {
    const char *name, *value; /* not terminated; value NULL: none */
    size_t name_len, value_len;
    bool is_not, is_maybe;
};

static struct word
word_of(const char *text, size_t len)
{
    struct word word = {.name = text};
    word.is_not = len != 0 && *text == '!';
    word.is_maybe = len != 0 && *text == '?';
    size_t mark = word.is_not || word.is_maybe ? 1 : 0;
    word.name += mark;
    word.name_len = len - mark;
    const char *equals = memchr(word.name, '=', word.name_len);
    if (equals != NULL) {
        word.value = equals + 1;
        word.value_len = word.name_len - (size_t)(word.value - word.name);
        word.name_len = (size_t)(equals - word.name);
    }
    return word;
}

static bool
is_list(const struct word *word)
{
    return word->name_len > 2 && memcmp(word->name + word->name_len - 2, "[]", 2) == 0;
}

static bool
is_named(const struct access_param *param, const struct word *word)
{
    return strncmp(param->name, word->name, word->name_len) == 0 &&
           param->name[word->name_len] == '\0';
}

/* "a|b": the text is one of them. */
static bool
is_one_of(const char *choices, size_t choices_len, const char *text)
{
    size_t len = strlen(text);
    for (size_t at = 0; at <= choices_len;) {
        const char *end = memchr(choices + at, '|', choices_len - at);
        size_t one = end == NULL ? choices_len - at : (size_t)(end - choices) - at;
        if (one == len && memcmp(choices + at, text, len) == 0) {
            return true;
        }
        at += one + 1;
    }
    return false;
}

static enum err
capture_value(const struct word *word, const char *value, struct access_captures *captures)
{
    const char *name = word->value + 1;
    size_t name_len = word->value_len - 2;
    /* The comma stays with the name: the pieces are taken apart when the captures are built. */
    return add(captures, name, name_len, value, strlen(value)) ? OK : ERR_LIMIT;
}

static enum err
match_value(const struct word *word, const struct access_param *param, bool is_again,
    struct access_captures *captures, bool *ret_holds)
{
    if (word->value == NULL) {
        *ret_holds = true;
    } else if (word->value_len < 3 || word->value[0] != '{') {
        *ret_holds = *ret_holds || is_one_of(word->value, word->value_len, param->value);
    } else {
        *ret_holds = true;
        return is_again ? OK : capture_value(word, param->value, captures);
    }
    return OK;
}

static enum err
match_word(const struct word *word, const struct access_params *params,
    struct access_captures *captures, struct note *note)
{
    const struct access_param *seen = NULL;
    bool holds = false;
    for (size_t i = 0; i < params->count; i++) {
        const struct access_param *param = &params->rows[i];
        if (!is_named(param, word)) {
            continue;
        }
        bool is_again = seen != NULL && !is_list(word);
        if (is_again && !text_equal(seen->value, param->value)) {
            note_set(note, "parameter %.64s is there twice with different values", param->name);
            return ERR_VALUE;
        }
        seen = param;
        if (match_value(word, param, is_again, captures, &holds) != OK) {
            note_set(note, "parameter %.64s is there too often", param->name);
            return ERR_LIMIT;
        }
    }
    return word->is_maybe || holds != word->is_not ? OK : ERR_MISSING;
}

enum err
access_match_params(const char *pattern, const struct access_params *params,
    struct access_captures *captures, struct note *note)
{
    enum err err = OK;
    while (err == OK && *pattern != '\0') {
        size_t len = strcspn(pattern, " ");
        struct word word = word_of(pattern, len);
        err = match_word(&word, params, captures, note);
        pattern += len;
        pattern += strspn(pattern, " ");
    }
    return err;
}
