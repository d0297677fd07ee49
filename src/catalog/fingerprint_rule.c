/* Patterns by PCRE2 with machine code and limits; params by capture and interpolation. */
#include "catalog/fingerprint_rule.h"

#include "base/buf.h"
#include "base/text.h"

#include <string.h>

/* Steps at one start position; every example of the public database needs fewer. */
#define STEP_LIMIT     20000
#define HEAP_LIMIT_KIB 1024
#define DEPTH_LIMIT    1000
#define STACK_FIRST    ((size_t)32 * 1024)
#define STACK_MAX      ((size_t)512 * 1024)
#define GROUP_LIMIT    99
#define NESTING_LIMIT  64
#define VALUE_LIMIT    (2 * FINGERPRINT_TEXT_LIMIT)

enum err
fingerprint_rule_matcher_init(struct fingerprint_matcher *matcher)
{
    *matcher = (struct fingerprint_matcher){
        .context = pcre2_match_context_create(NULL),
        .stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MAX, NULL),
        .data = pcre2_match_data_create(GROUP_LIMIT + 1, NULL),
    };
    if (matcher->context == NULL || matcher->stack == NULL || matcher->data == NULL) {
        fingerprint_rule_matcher_release(matcher);
        return ERR_MEMORY;
    }
    (void)pcre2_set_match_limit(matcher->context, STEP_LIMIT);
    (void)pcre2_set_heap_limit(matcher->context, HEAP_LIMIT_KIB);
    (void)pcre2_set_depth_limit(matcher->context, DEPTH_LIMIT);
    pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
    return OK;
}

void
fingerprint_rule_matcher_release(struct fingerprint_matcher *matcher)
{
    pcre2_match_context_free(matcher->context);
    pcre2_jit_stack_free(matcher->stack);
    pcre2_match_data_free(matcher->data);
    *matcher = (struct fingerprint_matcher){0};
}

/* UTF-8 as RFC 3629 has it, with at least one byte that is not ASCII. */
static bool
is_wide(struct fingerprint_text text)
{
    bool is_ascii = true;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.bytes[i];
        if (byte < 0x80) {
            continue;
        }
        is_ascii = false;
        size_t more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
        if (byte < 0xc2 || byte > 0xf4 || more >= text.len - i) {
            return false;
        }
        for (; more > 0; more--) {
            i++;
            if (((uint8_t)text.bytes[i] & 0xc0) != 0x80) {
                return false;
            }
        }
    }
    return !is_ascii;
}

void
fingerprint_rule_matcher_begin(struct fingerprint_matcher *matcher, struct fingerprint_text text)
{
    if (text.len > FINGERPRINT_TEXT_LIMIT) {
        text.len = FINGERPRINT_TEXT_LIMIT;
    }
    matcher->text = text;
    matcher->is_wide = is_wide(text);
}

static bool
has_param(const struct fingerprint_row *row, const char *name, size_t len)
{
    for (size_t i = 0; i < row->param_count; i++) {
        if (strlen(row->params[i].name) == len && memcmp(row->params[i].name, name, len) == 0) {
            return true;
        }
    }
    return false;
}

/* The next {name} at or after text: its name and length, or NULL. No blank or brace inside. */
static const char *
next_reference(const char *text, size_t *ret_len)
{
    for (const char *open = strchr(text, '{'); open != NULL; open = strchr(open + 1, '{')) {
        size_t len = strcspn(open + 1, " \t\r\n{}");
        if (len != 0 && open[1 + len] == '}') {
            *ret_len = len;
            return open + 1;
        }
    }
    return NULL;
}

static enum err
check_params(
    const struct fingerprint_rule *rule, const struct fingerprint_param *param, struct note *note)
{
    uint32_t groups = 0;
    (void)pcre2_pattern_info(rule->bytes.pattern, PCRE2_INFO_CAPTURECOUNT, &groups);
    const char *path = rule->file->path;
    if (param->pos > groups || groups > GROUP_LIMIT) {
        note_set(note, "%s:%u: %s: pos %u, but the pattern has %u groups", path, rule->row->line,
            param->name, param->pos, groups);
        return ERR_VALUE;
    }
    size_t len = 0;
    for (const char *name = param->value == NULL ? NULL : next_reference(param->value, &len);
         name != NULL; name = next_reference(name + len, &len)) {
        if (!has_param(rule->row, name, len)) {
            note_set(note, "%s:%u: %s: {%.*s} is not a param of this fingerprint", path,
                rule->row->line, param->name, (int)len, name);
            return ERR_VALUE;
        }
    }
    return OK;
}

/* The length of a class at its "[", or 0 when it has no end. */
static size_t
class_len(const char *at)
{
    size_t len = at[1] == '^' ? 2 : 1;
    len += at[len] == ']' ? 1 : 0;
    while (at[len] != ']') {
        if (at[len] == '\0') {
            return 0;
        }
        len += at[len] == '\\' && at[len + 1] != '\0' ? 2 : 1;
    }
    return len + 1;
}

/* The length of "." or a class or an escape at the start of a pattern, else 0. */
static size_t
single_len(const char *at)
{
    if (at[0] == '[') {
        return class_len(at);
    }
    if (at[0] == '\\') {
        return at[1] != '\0' && strchr("dDwWsS.", at[1]) != NULL ? 2 : 0;
    }
    return at[0] == '.' ? 1 : 0;
}

/* "(.+)*" or "(.+)+" at the start of a pattern: the length of "(.+)", else 0. */
static size_t
double_repeat_len(const char *at)
{
    size_t single = at[0] == '(' ? single_len(at + 1) : 0;
    const char *rest = at + 1 + single;
    bool is_double = single != 0 && rest[0] == '+' && rest[1] == ')' &&
                     (rest[2] == '*' || rest[2] == '+') && rest[3] != '?' && rest[3] != '+';
    return is_double ? single + 3 : 0;
}

/*
 * A repeat of a repeat, "(.+)*", takes exponential time where it fails and matches and captures
 * the same as "(.+)?", because one turn takes all. out holds as much as the pattern.
 */
static void
flatten_repeats(const char *pattern, char *out)
{
    /* Where a group is referred to, or quoted text could look like a group, all stays. */
    static const char *const refused[] = {"\\Q", "\\1", "\\2", "\\3", "\\4", "\\k", "\\g", "(?x"};
    bool is_plain = true;
    for (size_t i = 0; i < COUNT(refused); i++) {
        is_plain = is_plain && !text_contains(pattern, refused[i]);
    }
    while (*pattern != '\0') {
        size_t group = is_plain ? double_repeat_len(pattern) : 0;
        size_t whole = *pattern == '[' ? class_len(pattern) : 0;
        size_t len = group != 0 ? group : whole != 0 ? whole : 1;
        len = *pattern == '\\' && pattern[1] != '\0' ? 2 : len;
        memcpy(out, pattern, len);
        out += len;
        pattern += len;
        if (group != 0) {
            *out = '?';
            out += *pattern == '*' ? 1 : 0;
            pattern++;
        }
    }
    *out = '\0';
}

/* more_options: PCRE2_NEVER_UTF for bytes, PCRE2_UTF and its kin for characters. */
static pcre2_code *
compile(
    const struct fingerprint_row *row, uint32_t more_options, int *ret_error, size_t *ret_offset)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context == NULL) {
        *ret_error = PCRE2_ERROR_NOMEMORY;
        return NULL;
    }
    char flat[FINGERPRINT_PATTERN_LIMIT + 1];
    flatten_repeats(row->pattern, flat);
    (void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    (void)pcre2_set_parens_nest_limit(context, NESTING_LIMIT);
    uint32_t options = more_options | PCRE2_MULTILINE | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
    options |= (row->flags & FINGERPRINT_ICASE) != 0 ? PCRE2_CASELESS : 0;
    options |= (row->flags & FINGERPRINT_DOT_NEWLINE) != 0 ? PCRE2_DOTALL : 0;
    pcre2_code *code = pcre2_compile(
        (PCRE2_SPTR)flat, PCRE2_ZERO_TERMINATED, options, ret_error, ret_offset, context);
    pcre2_compile_context_free(context);
    return code;
}

enum err
fingerprint_rule_init(struct fingerprint_rule *rule, const struct fingerprint_file *file,
    const struct fingerprint_row *row, struct note *note)
{
    int error = 0;
    size_t offset = 0;
    *rule = (struct fingerprint_rule){.file = file, .row = row};
    rule->bytes.pattern = compile(row, PCRE2_NEVER_UTF, &error, &offset);
    if (rule->bytes.pattern == NULL) {
        char words[120] = "";
        (void)pcre2_get_error_message(error, (PCRE2_UCHAR *)words, sizeof(words));
        note_set(note, "%s:%u: pattern, byte %zu: %s", file->path, row->line, offset, words);
        return error == PCRE2_ERROR_NOMEMORY ? ERR_MEMORY : ERR_SYNTAX;
    }
    enum err err = OK;
    for (size_t i = 0; i < row->param_count && err == OK; i++) {
        err = check_params(rule, &row->params[i], note);
    }
    if (err != OK) {
        fingerprint_rule_release(rule);
    }
    return err;
}

void
fingerprint_rule_release(struct fingerprint_rule *rule)
{
    pcre2_code_free(rule->bytes.pattern);
    pcre2_code_free(rule->characters.pattern);
    *rule = (struct fingerprint_rule){0};
}

/* \x80 and above is one byte in Recog, not a character: such a pattern stays with bytes. */
static bool
names_high_byte(const char *pattern)
{
    for (const char *at = strstr(pattern, "\\x"); at != NULL; at = strstr(at + 2, "\\x")) {
        if (at[2] != '\0' && strchr("89abcdefABCDEF", at[2]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Over characters "." is one of them; they are rare, so the second form is made when needed. */
static struct fingerprint_code *
code_for(struct fingerprint_rule *rule, const struct fingerprint_matcher *matcher)
{
    struct fingerprint_code *code = &rule->characters;
    if (!matcher->is_wide) {
        return &rule->bytes;
    }
    if (!code->is_tried && !names_high_byte(rule->row->pattern)) {
        int error = 0;
        size_t offset = 0;
        code->pattern = compile(rule->row, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, &offset);
        code->has_machine_code =
            code->pattern != NULL && pcre2_jit_compile(code->pattern, PCRE2_JIT_COMPLETE) == 0;
    }
    code->is_tried = true;
    return code->pattern == NULL ? &rule->bytes : code;
}

static int
run(const struct fingerprint_code *code, const struct fingerprint_matcher *matcher)
{
    PCRE2_SPTR text = (PCRE2_SPTR)matcher->text.bytes;
    size_t len = matcher->text.len;
    if (code->has_machine_code) {
        return pcre2_jit_match(code->pattern, text, len, 0, 0, matcher->data, matcher->context);
    }
    return pcre2_match(code->pattern, text, len, 0, 0, matcher->data, matcher->context);
}

enum err
fingerprint_rule_run(struct fingerprint_rule *rule, struct fingerprint_matcher *matcher)
{
    struct fingerprint_code *code = code_for(rule, matcher);
    if (!code->is_tried) {
        code->is_tried = true;
        code->has_machine_code = pcre2_jit_compile(code->pattern, PCRE2_JIT_COMPLETE) == 0;
    }
    int got = run(code, matcher);
    if (got > 0) {
        return OK;
    }
    if (got == PCRE2_ERROR_NOMATCH) {
        return ERR_MISSING;
    }
    matcher->limited++;
    return ERR_LIMIT;
}

/* What is being gathered; values point into the arena or at constants. */
struct gather {
    struct arena *arena;
    struct fingerprint_value *values;
    size_t count;
};

static struct fingerprint_value *
find_value(struct gather *gather, const char *name, size_t len)
{
    for (size_t i = 0; i < gather->count; i++) {
        const char *known = gather->values[i].name;
        if (strlen(known) == len && memcmp(known, name, len) == 0) {
            return &gather->values[i];
        }
    }
    return NULL;
}

/* The last param of a name wins; a group that took no part gives no value. */
static void
set_value(struct gather *gather, const char *name, const char *value)
{
    struct fingerprint_value *slot = find_value(gather, name, strlen(name));
    if (slot == NULL) {
        slot = &gather->values[gather->count++];
        slot->name = name;
    }
    slot->value = value;
}

static const char *
captured(const struct fingerprint_matcher *matcher, unsigned pos, struct arena *arena)
{
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(matcher->data);
    PCRE2_SIZE start = offsets[(size_t)2 * pos];
    PCRE2_SIZE end = offsets[(size_t)2 * pos + 1];
    /* \K in a lookahead can put the start behind the end. */
    if (start == PCRE2_UNSET || end < start || end > matcher->text.len) {
        return NULL;
    }
    return arena_copy_n(arena, matcher->text.bytes + start, end - start);
}

/*
 * Fills in {name}. An unknown version in a CPE is "-", as Recog does; with any other unknown the
 * value itself is unknown (NULL).
 */
static const char *
interpolate(struct gather *gather, const char *name, const char *value)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, VALUE_LIMIT);
    size_t len = 0;
    const char *rest = value;
    for (const char *reference = next_reference(value, &len); reference != NULL;
         reference = next_reference(rest, &len)) {
        buf_add(&out, rest, (size_t)(reference - 1 - rest));
        const struct fingerprint_value *found = find_value(gather, reference, len);
        if (found != NULL && found->value != NULL) {
            buf_text(&out, found->value);
        } else if (text_ends(name, ".cpe23") && len >= strlen(".version") &&
                   memcmp(reference + len - strlen(".version"), ".version", 8) == 0) {
            buf_text(&out, "-");
        } else {
            return NULL;
        }
        rest = reference + len + 1;
    }
    buf_text(&out, rest);
    return out.failed ? NULL : arena_copy_n(gather->arena, out.data, out.len);
}

static size_t
drop_temporary(struct fingerprint_value *values, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i].value != NULL && !text_starts(values[i].name, "_tmp.")) {
            values[kept++] = values[i];
        }
    }
    return kept;
}

enum err
fingerprint_rule_values(const struct fingerprint_rule *rule,
    const struct fingerprint_matcher *matcher, struct arena *arena,
    struct fingerprint_match *ret_match)
{
    const struct fingerprint_row *row = rule->row;
    struct gather gather = {.arena = arena};
    gather.values = arena_alloc(arena, (row->param_count + 1) * sizeof(*gather.values));
    if (gather.values == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < row->param_count; i++) {
        const struct fingerprint_param *param = &row->params[i];
        set_value(&gather, param->name,
            param->pos == 0 ? param->value : captured(matcher, param->pos, arena));
    }
    for (size_t i = 0; i < row->param_count; i++) {
        const struct fingerprint_param *param = &row->params[i];
        if (param->pos == 0 && strchr(param->value, '{') != NULL) {
            set_value(&gather, param->name, interpolate(&gather, param->name, param->value));
        }
    }
    const char *protocol = "service.protocol";
    if (rule->file->protocol != NULL && find_value(&gather, protocol, strlen(protocol)) == NULL) {
        set_value(&gather, protocol, rule->file->protocol);
    }
    if (arena->full) {
        return ERR_MEMORY;
    }
    *ret_match = (struct fingerprint_match){
        .description = row->description,
        .path = rule->file->path,
        .line = row->line,
        .certainty = row->certainty,
        .values = gather.values,
        .count = drop_temporary(gather.values, gather.count),
    };
    return OK;
}

size_t
fingerprint_rule_size(const struct fingerprint_rule *rule)
{
    const struct fingerprint_code *const forms[] = {&rule->bytes, &rule->characters};
    size_t sum = sizeof(*rule);
    for (size_t i = 0; i < COUNT(forms); i++) {
        size_t code = 0;
        size_t machine_code = 0;
        if (forms[i]->pattern != NULL) {
            (void)pcre2_pattern_info(forms[i]->pattern, PCRE2_INFO_SIZE, &code);
            (void)pcre2_pattern_info(forms[i]->pattern, PCRE2_INFO_JITSIZE, &machine_code);
        }
        sum += code + machine_code;
    }
    return sum;
}
