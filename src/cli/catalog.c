/* gatehouse catalog: looks after fingerprint files. */
#include "cli/cli.h"

#include "base/text.h"
#include "catalog/fingerprint_verify.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define REPORT_LIMIT ((size_t)64 * 1024 * 1024)

static const char help[] =
    "Usage: gatehouse catalog verify [--first] FILE|FOLDER...\n"
    "\n"
    "Runs every <example> of fingerprint files in the Recog format and prints one line for each\n"
    "that fails, then \"N passed, N failed\". A folder means its *.xml files.\n"
    "\n"
    "  --first   an example also fails when an earlier fingerprint of its file takes it\n"
    "  --help    this text\n"
    "\n"
    "Exit status: 0 all passed, 1 some failed, 2 a file could not be read, 64 usage.\n"
    "\n"
    "Example:\n"
    "  gatehouse catalog verify --first catalog/fingerprints\n";

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

static int
verify(int argc, char **argv)
{
    struct run run = {0};
    int first = 0;
    if (argc > 0 && text_equal(argv[0], "--first")) {
        run.is_first = true;
        first = 1;
    }
    if (first == argc || argv[first][0] == '-') {
        (void)fputs("gatehouse: catalog verify: name at least one file or folder\n", stderr);
        (void)fputs("Try: gatehouse catalog verify catalog/fingerprints\n", stderr);
        return CLI_USAGE;
    }
    for (int i = first; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode)) {
            verify_folder(&run, argv[i]);
        } else {
            verify_file(&run, argv[i]);
        }
    }
    (void)printf("%zu passed, %zu failed\n", run.counts.passed, run.counts.failed);
    if (run.is_incomplete) {
        return 2;
    }
    return run.counts.failed != 0 ? 1 : 0;
}

int
cli_catalog(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (text_equal(argv[i], "--help") || text_equal(argv[i], "-h")) {
            (void)fputs(help, stdout);
            return 0;
        }
    }
    if (argc >= 2 && text_equal(argv[1], "verify")) {
        return verify(argc - 2, argv + 2);
    }
    if (argc >= 2) {
        (void)fprintf(stderr, "gatehouse: catalog does not know %s\n", argv[1]);
    } else {
        (void)fputs("gatehouse: catalog: say what to do: verify\n", stderr);
    }
    (void)fputs("Try: gatehouse catalog --help\n", stderr);
    return CLI_USAGE;
}
