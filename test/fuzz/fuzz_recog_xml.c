/* Any bytes as a fingerprint file: read, compiled, its examples run. */
#include "catalog/fingerprint_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
run_row(const struct fingerprint_file *file, const struct fingerprint_row *row,
    struct fingerprint_matcher *matcher)
{
    struct fingerprint_rule rule;
    struct note note;
    if (fingerprint_rule_init(&rule, file, row, &note) != OK) {
        return;
    }
    for (size_t i = 0; i < row->example_count; i++) {
        struct arena arena;
        arena_init(&arena, (size_t)256 * 1024);
        struct fingerprint_match match;
        fingerprint_rule_matcher_begin(matcher, row->examples[i].text);
        if (fingerprint_rule_run(&rule, matcher) == OK) {
            (void)!fingerprint_rule_values(&rule, matcher, &arena, &match);
        }
        arena_release(&arena);
    }
    fingerprint_rule_release(&rule);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, (size_t)4 * 1024 * 1024);
    struct fingerprint_file file;
    struct fingerprint_matcher matcher;
    struct note note;
    const struct fingerprint_xml_source source = {"fuzz.xml", (const char *)data, size, true};
    if (fingerprint_xml_parse(&source, &arena, &file, &note) == OK &&
        fingerprint_rule_matcher_init(&matcher) == OK) {
        for (size_t i = 0; i < file.row_count; i++) {
            run_row(&file, &file.rows[i], &matcher);
        }
        fingerprint_rule_matcher_release(&matcher);
    }
    arena_release(&arena);
    return 0;
}
