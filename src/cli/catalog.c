/* gatehouse catalog: finds the part, and looks after fingerprint files. */
#include "cli/catalog.h"
#include "base/text.h"
#include "catalog/fingerprint_verify.h"
#include "cli/part.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define REPORT_LIMIT ((size_t)64 * 1024 * 1024)

struct run {
    bool is_first;
    struct fingerprint_counts counts;
    bool is_incomplete; /* a file could not be read */
};

static void
verify_file(struct run *run, const char *path)
{
    CLEANUP(buf_release) struct buf report;
    buf_init(&report, REPORT_LIMIT);
    struct note note = {""};
    enum err err = fingerprint_verify(path, run->is_first, &report, &run->counts, &note);
    (void)fwrite(report.data, 1, report.len, stdout);
    if (err != OK) {
        run->is_incomplete = true;
        if (note.text[0] == '\0') {
            note_set(&note, "%s: %s", path, err_words(err));
        }
        (void)fprintf(stderr, "gatehouse: %s\n", note.text);
    }
}

static int
is_fingerprint_file(const struct dirent *entry)
{
    return text_ends(entry->d_name, ".xml") ? 1 : 0;
}

static void
verify_folder(struct run *run, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_fingerprint_file, alphasort);
    if (count <= 0) {
        run->is_incomplete = true;
        (void)fprintf(stderr, "gatehouse: %s: no fingerprint files (*.xml)\n", folder);
    }
    for (int i = 0; i < count; i++) {
        CLEANUP(buf_release) struct buf path;
        buf_init(&path, 4096);
        buf_format(&path, "%s/%s", folder, entries[i]->d_name);
        verify_file(run, path.data);
        free(entries[i]);
    }
    free(entries);
}

int
catalog_verify(int argc, char **argv)
{
    static const struct cli_option options[] = {
        {"first", 0, NULL, "an example also fails when an earlier fingerprint takes it"},
    };
    static const struct cli_manual manual = {
        .usage = "catalog verify [--first] FILE|FOLDER...",
        .about =
            "Runs every <example> of fingerprint files in the Recog format and prints one line\n"
            "for each that fails, then \"N passed, N failed\". A folder means its *.xml files.\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  gatehouse catalog verify --first catalog/fingerprints\n",
    };
    struct run run = {0};
    struct cli_line line;
    const char *value = NULL;
    cli_line_init(&line, &manual, argc, argv);
    int got;
    while ((got = cli_next(&line, &value)) >= 0) {
        run.is_first = true;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand == argc) {
        return cli_usage(&line, "catalog verify: name at least one file or folder");
    }
    for (int i = line.operand; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode)) {
            verify_folder(&run, argv[i]);
        } else {
            verify_file(&run, argv[i]);
        }
    }
    (void)printf("%zu passed, %zu failed\n", run.counts.passed, run.counts.failed);
    if (run.is_incomplete) {
        return CLI_INCOMPLETE;
    }
    return run.counts.failed != 0 ? CLI_GAPS : CLI_OK;
}

int
cli_catalog(int argc, char **argv)
{
    static const struct cli_part rows[] = {
#define PART(name, words) {#name, words, catalog_##name},
#include "cli/catalog.def"
#undef PART
    };
    static const struct cli_parts parts = {
        .command = "catalog",
        .about = "Looks after what Gatehouse knows: advisories, releases, fingerprints.\n",
        .rows = rows,
        .count = COUNT(rows),
    };
    return cli_part_run(&parts, argc, argv);
}
