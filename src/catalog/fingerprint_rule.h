/* One compiled fingerprint, and what matching needs: limits, machine stack, counters. */
#pragma once

#include "catalog/fingerprint_xml.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A pattern as PCRE2 has it; machine code is made when it is first run. */
struct fingerprint_code {
    pcre2_code *pattern;
    bool is_tried; /* to make the machine code, or for characters: to compile at all */
    bool has_machine_code;
};

struct fingerprint_rule {
    const struct fingerprint_file *file;
    const struct fingerprint_row *row;
    struct fingerprint_code bytes;
    struct fingerprint_code characters; /* for texts of valid UTF-8 that is not all ASCII */
};

/* Shared by all rules of a database; matching is one at a time. */
struct fingerprint_matcher {
    struct fingerprint_text text;
    bool is_wide; /* the text is valid UTF-8 and not all ASCII */
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    pcre2_match_data *data;
    size_t limited; /* runs that hit a limit */
};

enum err fingerprint_rule_matcher_init(struct fingerprint_matcher *matcher) MUST_CHECK;
void fingerprint_rule_matcher_release(struct fingerprint_matcher *matcher);

/* The text of the runs that follow; cut to FINGERPRINT_TEXT_LIMIT. It must stay where it is. */
void fingerprint_rule_matcher_begin(
    struct fingerprint_matcher *matcher, struct fingerprint_text text);

/* Compiles the row's pattern and checks its params against it; the note names file and line. */
enum err fingerprint_rule_init(struct fingerprint_rule *rule, const struct fingerprint_file *file,
    const struct fingerprint_row *row, struct note *note) MUST_CHECK;
void fingerprint_rule_release(struct fingerprint_rule *rule);

/* OK, ERR_MISSING (no match) or ERR_LIMIT (given up); what was captured stays in the matcher. */
enum err fingerprint_rule_run(
    struct fingerprint_rule *rule, struct fingerprint_matcher *matcher) MUST_CHECK;

/* The values of the rule that just ran with OK; `_tmp.` values are left out. */
enum err fingerprint_rule_values(const struct fingerprint_rule *rule,
    const struct fingerprint_matcher *matcher, struct arena *arena,
    struct fingerprint_match *ret_match) MUST_CHECK;

/* Bytes of the compiled pattern, machine code included. */
size_t fingerprint_rule_size(const struct fingerprint_rule *rule);
