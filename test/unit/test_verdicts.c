#include "catalog/advisory.h"
#include "catalog/catalog.h"
#include "catalog/import.h"
#include "catalog/verdict.h"

#include "base/file.h"
#include "base/text.h"
#include "codec/version.h"
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * The records' own words, imported, against what a person said about each device. A verdict that
 * is less certain than the person's is allowed where the record is prose, and is counted; one that
 * blames or clears wrongly is not.
 */

#define RECORDS    64
#define LINES      ((size_t)8 * 1024 * 1024)
#define WEAKER_MAX 20 /* of all rows: the part that stays "possibly" where a person is sure */

enum { OWN, OEM };
enum { NO = ADVISORY_NO, POSSIBLE = ADVISORY_POSSIBLE, YES = ADVISORY_YES };

static const struct row {
    const char *record, *maker, *model, *version, *build;
    int brand, verdict;
    const char *decider, *why;
} rows[] = {
#define ROW(record, maker, model, version, build, brand, verdict, decider, why)                    \
    {record, maker, model, version, build, brand, verdict, decider, why},
#include "../advisory/unseen.def"
#include "../advisory/verdicts.def"
#undef ROW
};

/* The first of them, to which the shipped catalogue is not held. */
enum {
#define ROW(record, maker, model, version, build, brand, verdict, decider, why) +1
    UNSEEN = 0
#include "../advisory/unseen.def"
#undef ROW
};

static struct {
    const char *name;
    struct catalog *catalog; /* NULL: refused */
    char reason[200];
} records[RECORDS];
static size_t record_count;

static void
told(void *context, const char *record, const char *reason)
{
    (void)context;
    (void)record;
    if (reason != NULL) {
        (void)snprintf(
            records[record_count].reason, sizeof(records[record_count].reason), "%s", reason);
    }
}

static void
import_file(const char *path, const char *name)
{
    static const char header[] = "{\"catalog\": 1, \"name\": \"t\", \"date\": \"2026-01-01\"}\n";
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf lines;
    struct import import;
    struct note note = {""};
    buf_init(&bytes, LINES);
    buf_init(&lines, LINES);
    assert_int_equal(file_read(path, &bytes, &note), OK);
    assert_int_equal(import_init(&import), OK);
    import.told = told;
    if (import_document(&import, bytes.data, bytes.len, &note) != OK) {
        fail_msg("%s: %s", name, note.text);
    }
    assert_int_equal(import_finish(&import), OK);
    buf_text(&lines, header);
    buf_add(&lines, import.lines.data, import.lines.len);
    if (import.rows != 0 &&
        catalog_parse(lines.data, lines.len, &records[record_count].catalog, &note) != OK) {
        fail_msg("%s: %s", name, note.text);
    }
    if (import.rows == 0 && records[record_count].reason[0] == '\0') {
        fail_msg("%s is neither imported nor refused with a reason", name);
    }
    import_release(&import);
    records[record_count++].name = strdup(name);
}

static int
import_all(void **state)
{
    (void)state;
    const char *source = getenv("GATEHOUSE_SOURCE");
    char folder[400];
    (void)snprintf(
        folder, sizeof(folder), "%s/test/advisory/records", source == NULL ? "." : source);
    DIR *open_folder = opendir(folder);
    assert_non_null(open_folder);
    for (struct dirent *entry = readdir(open_folder); entry != NULL; entry = readdir(open_folder)) {
        char path[700];
        if (!text_ends(entry->d_name, ".json")) {
            continue;
        }
        assert_true(record_count < RECORDS);
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        entry->d_name[strlen(entry->d_name) - strlen(".json")] = '\0';
        import_file(path, entry->d_name);
    }
    (void)closedir(open_folder);
    return 0;
}

static int
release_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < record_count; i++) {
        catalog_free(records[i].catalog);
        free((void *)(uintptr_t)records[i].name);
    }
    return 0;
}

static const char *
or_unknown(const char *text)
{
    return text_is_empty(text) ? NULL : text;
}

/* The strongest verdict among the record's flaws, as a run would tell it. */
static enum advisory_match
judge(const struct catalog *catalog, const struct row *row, char why[VERDICT_WHY])
{
    char build[VERSION_DATE];
    struct advisory_target target = {.maker = row->maker,
        .model = or_unknown(row->model),
        .version = or_unknown(row->version),
        .build = or_unknown(row->build),
        .rebranded = row->brand == OEM};
    enum advisory_match best = ADVISORY_NO;
    if (target.build == NULL && version_date(row->version, build)) {
        target.build = build;
    }
    (void)snprintf(why, VERDICT_WHY, "no row of it is about this");
    for (size_t i = 0; catalog != NULL && i < catalog->count; i++) {
        struct verdict verdict;
        if (verdict_judge(catalog, catalog->rows[i].id, &target, &verdict) &&
            verdict.match > best) {
            best = verdict.match;
            (void)snprintf(why, VERDICT_WHY, "%s", verdict.why);
        }
    }
    return best;
}

static void
test_every_record_is_imported_or_refused_with_a_reason(void **state)
{
    (void)state;
    assert_true(record_count >= 57);
    for (size_t i = 0; i < record_count; i++) {
        if (records[i].catalog == NULL) {
            assert_false(text_is_empty(records[i].reason));
            print_message("# refused: %s: %s\n", records[i].name, records[i].reason);
        }
    }
}

static void
test_imported_records_judge_as_a_person_did(void **state)
{
    (void)state;
    static const char *const words[] = {"not", "possibly", "affected"};
    size_t wrong = 0;
    size_t weaker = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *row = &rows[i];
        char why[VERDICT_WHY];
        size_t at = 0;
        while (at < record_count && !text_equal(records[at].name, row->record)) {
            at++;
        }
        assert_true(at < record_count);
        enum advisory_match match = judge(records[at].catalog, row, why);
        bool is_wrong = (int)match != row->verdict;
        bool is_weaker = is_wrong && match == ADVISORY_POSSIBLE;
        weaker += is_weaker ? 1 : 0;
        wrong += is_wrong && !is_weaker ? 1 : 0;
        if (is_wrong) {
            print_message("# %s: %s %s %s %s %s is %s, a person says %s: %s [%s]\n",
                is_weaker ? "weaker" : "WRONG", row->record, row->maker, row->model, row->version,
                row->build, words[match], words[row->verdict], row->why, why);
        }
    }
    print_message(
        "# %zu rows: %zu wrong, %zu less certain than a person\n", COUNT(rows), wrong, weaker);
    assert_int_equal(wrong, 0);
    assert_true(weaker <= WEAKER_MAX);
}

/* The rows that people wrote into the shipped catalogue, where it has the record: no weaker one. */
static void
test_the_shipped_catalogue_judges_as_a_person_did(void **state)
{
    (void)state;
    size_t compared = 0;
    for (size_t i = UNSEEN; i < COUNT(rows); i++) {
        const struct row *row = &rows[i];
        const struct catalog *catalog = catalog_current();
        enum advisory_match best = ADVISORY_NO;
        bool has_record = false;
        for (size_t j = 0; j < catalog->count; j++) {
            char build[VERSION_DATE];
            char why[ADVISORY_WHY];
            struct advisory_target target = {.maker = row->maker,
                .model = or_unknown(row->model),
                .version = or_unknown(row->version),
                .build = or_unknown(row->build),
                .rebranded = row->brand == OEM};
            if (!text_equal(catalog->rows[j].id, row->record)) {
                continue;
            }
            if (target.build == NULL && version_date(row->version, build)) {
                target.build = build;
            }
            has_record = true;
            enum advisory_match match = advisory_judge(&catalog->rows[j], &target, why);
            best = match > best ? match : best;
        }
        compared += has_record ? 1 : 0;
        if (has_record && (int)best != row->verdict) {
            fail_msg("%s: %s %s %s %s: %d, a person says %d: %s", row->record, row->maker,
                row->model, row->version, row->build, (int)best, row->verdict, row->why);
        }
    }
    assert_true(compared >= 100);
}

static void
test_the_table_is_large_and_has_each_verdict(void **state)
{
    (void)state;
    size_t verdicts[3] = {0, 0, 0};
    assert_true(COUNT(rows) >= 120);
    for (size_t i = 0; i < COUNT(rows); i++) {
        verdicts[rows[i].verdict]++;
        assert_false(text_is_empty(rows[i].why) || text_is_empty(rows[i].decider));
    }
    assert_true(verdicts[NO] >= 50 && verdicts[POSSIBLE] >= 30 && verdicts[YES] >= 50);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_is_large_and_has_each_verdict),
        cmocka_unit_test(test_every_record_is_imported_or_refused_with_a_reason),
        cmocka_unit_test(test_imported_records_judge_as_a_person_did),
        cmocka_unit_test(test_the_shipped_catalogue_judges_as_a_person_did),
    };
    return cmocka_run_group_tests(tests, import_all, release_all);
}
