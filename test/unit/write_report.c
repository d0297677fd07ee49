/* write_report KIND FORMAT FILE: writes a report of a made-up site, to look at and to validate. */
#include "fixture_assessment.h"

#include "base/text.h"
#include "report/report.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
    static const char *const kinds[FIXTURE_COUNT] = {"site", "partial", "clean", "empty", "large"};
    if (argc != 4) {
        (void)fprintf(stderr, "usage: write_report KIND FORMAT FILE\n");
        return 64;
    }
    enum fixture_kind kind = FIXTURE_SITE;
    while (kind < FIXTURE_COUNT && !text_equal(kinds[kind], argv[1])) {
        kind++;
    }
    bool full = text_equal(argv[2], "full");
    const struct report_format *format = report_by_name(full ? "text" : argv[2]);
    if (kind == FIXTURE_COUNT || format == NULL) {
        (void)fprintf(stderr, "write_report: no such kind or format\n");
        return 64;
    }
    struct assessment *assessment = fixture_assessment(kind);
    const struct report_options options = {.full = full, .now = assessment->totals.ended};
    struct note note = {0};
    enum err err = report_write_file(format, assessment, &options, argv[3], &note);
    fixture_free(assessment);
    if (err != OK) {
        (void)fprintf(stderr, "write_report: %s: %s\n", err_words(err), note.text);
    }
    return err == OK ? 0 : 2;
}
