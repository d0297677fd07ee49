/* Examples against their own fingerprint, then against the whole file. */
#include "catalog/fingerprint_verify.h"

#include "base/text.h"
#include "catalog/fingerprint_rule.h"

#include <string.h>

#define ROWS_LIMIT  ((size_t)64 * 1024 * 1024)
#define MATCH_LIMIT ((size_t)256 * 1024)

struct verify {
    const struct fingerprint_file *file;
    struct fingerprint_db *db;
    struct fingerprint_matcher *matcher;
    bool is_first;
    struct buf *report;
};

static void
report_head(const struct verify *verify, const struct fingerprint_example *example)
{
    char text[96];
    text_clean(text, sizeof(text), example->text.bytes, example->text.len);
    buf_format(verify->report, "%s:%u: \"%s\": ", verify->file->path, example->line, text);
}

/* An attribute that is there but empty expects the same as a value that is not there. */
static bool
gives_expected(const struct verify *verify, const struct fingerprint_example *example,
    const struct fingerprint_match *match)
{
    for (size_t i = 0; i < example->expected_count; i++) {
        const struct fingerprint_value *expected = &example->expected[i];
        const char *value = fingerprint_match_value(match, expected->name);
        if (text_equal(value, expected->value)) {
            continue;
        }
        char came[96] = "nothing";
        if (value != NULL) {
            text_clean(came, sizeof(came), value, strlen(value));
        }
        report_head(verify, example);
        buf_format(verify->report, "expected %s=\"%s\", got \"%s\"\n", expected->name,
            expected->value, came);
        return false;
    }
    return true;
}

static bool
is_found_in_file(const struct verify *verify, const struct fingerprint_row *row,
    const struct fingerprint_example *example, struct arena *arena)
{
    struct fingerprint_match match;
    if (fingerprint_db_match(verify->db, verify->file->key, example->text, arena, &match) != OK) {
        report_head(verify, example);
        buf_text(verify->report, "expected a match in the file, got none\n");
        return false;
    }
    if (verify->is_first && match.line != row->line) {
        report_head(verify, example);
        buf_format(verify->report, "expected the fingerprint of line %u, got that of line %u\n",
            row->line, match.line);
        return false;
    }
    return true;
}

static bool
passes(const struct verify *verify, struct fingerprint_rule *rule,
    const struct fingerprint_example *example, struct arena *arena)
{
    struct fingerprint_match match;
    fingerprint_rule_matcher_begin(verify->matcher, example->text);
    enum err err = fingerprint_rule_run(rule, verify->matcher);
    if (err == OK) {
        err = fingerprint_rule_values(rule, verify->matcher, arena, &match);
    }
    if (err != OK) {
        report_head(verify, example);
        buf_format(verify->report, "expected a match of \"%s\", got %s\n", rule->row->description,
            err == ERR_MISSING ? "none" : err_words(err));
        return false;
    }
    return gives_expected(verify, example, &match) &&
           is_found_in_file(verify, rule->row, example, arena);
}

static enum err
verify_row(const struct verify *verify, const struct fingerprint_row *row,
    struct fingerprint_counts *counts, struct note *note)
{
    struct fingerprint_rule rule;
    enum err err = fingerprint_rule_init(&rule, verify->file, row, note);
    if (err != OK) {
        return err;
    }
    struct arena arena;
    arena_init(&arena, MATCH_LIMIT);
    for (size_t i = 0; i < row->example_count; i++) {
        bool is_passed = passes(verify, &rule, &row->examples[i], &arena);
        counts->passed += is_passed ? 1 : 0;
        counts->failed += is_passed ? 0 : 1;
        arena_release(&arena);
    }
    fingerprint_rule_release(&rule);
    return OK;
}

static void
free_db(struct fingerprint_db **db)
{
    fingerprint_db_free(*db);
}

enum err
fingerprint_verify(const char *path, bool is_first, struct buf *report,
    struct fingerprint_counts *counts, struct note *note)
{
    CLEANUP(arena_release) struct arena rows;
    arena_init(&rows, ROWS_LIMIT);
    CLEANUP(free_db) struct fingerprint_db *db = NULL;
    CLEANUP(fingerprint_rule_matcher_release) struct fingerprint_matcher matcher = {0};
    struct fingerprint_file file;
    enum err err = fingerprint_xml_read(path, true, &rows, &file, note);
    err = err == OK ? fingerprint_db_new(&db) : err;
    err = err == OK ? fingerprint_db_load(db, path, note) : err;
    err = err == OK ? fingerprint_rule_matcher_init(&matcher) : err;
    const struct verify verify = {&file, db, &matcher, is_first, report};
    for (size_t i = 0; err == OK && i < file.row_count; i++) {
        err = verify_row(&verify, &file.rows[i], counts, note);
    }
    return err;
}
