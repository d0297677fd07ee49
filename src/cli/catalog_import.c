/* gatehouse catalog import: public records to rows of this machine's catalogue. */
#include "base/file.h"
#include "base/text.h"
#include "catalog/imported.h"
#include "cli/catalog.h"
#include "cli/catalog_recog.h"
#include "wire/fetch.h"

#include <fts.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_LIMIT    4096
#define FETCH_SECONDS 300

static volatile sig_atomic_t is_stopped;

static void
stop(int signal)
{
    (void)signal;
    is_stopped = 1;
}

struct job {
    struct import import;
    const char *folder;
    const char *authorities; /* of addresses, or NULL */
    bool verbose, progress;
    size_t files, bad_files, bundles;
    size_t fingerprints, left_out, examples; /* files in the Recog format, and what proved them */
};

static void
told(void *context, const char *record, const char *reason)
{
    struct job *job = context;
    char name[128], why[256];
    text_clean(name, sizeof(name), record, strlen(record));
    if (reason != NULL) {
        text_clean(why, sizeof(why), reason, strlen(reason));
        (void)printf("refused   %s: %s\n", name, why);
    } else if (job->verbose) {
        (void)printf("imported  %s\n", name);
    }
}

static void
show_progress(const struct job *job)
{
    if (job->progress && job->files % 50 == 0) {
        (void)fprintf(stderr, "\r%zu files, %zu records, %zu refused", job->files,
            job->import.imported, job->import.refused);
        (void)fflush(stderr);
    }
}

static void
take_bundle(struct job *job, const char *path, const struct buf *bytes)
{
    struct note note = {""};
    CLEANUP(buf_release) struct buf beside;
    CLEANUP(buf_release) struct buf seal;
    buf_init(&beside, PATH_LIMIT);
    buf_init(&seal, SEAL_LIMIT);
    buf_format(&beside, "%s.sig", path);
    enum err err = file_read(beside.data, &seal, &note);
    if (err == OK) {
        err = imported_take_bundle(job->folder, bytes, seal.data, &note);
    }
    if (err != OK) {
        job->bad_files++;
        (void)cli_fail("%s: refused: %s", path, note.text);
        return;
    }
    job->bundles++;
    (void)printf("%s: a newer catalogue of the project, in use from now on\n", path);
}

/* Any bytes that came from a file or an address. */
static void
take_bytes(struct job *job, const char *name, const struct buf *bytes)
{
    struct note note = {""};
    job->files++;
    if (bytes->len != 0 && imported_is_bundle(bytes->data, bytes->len)) {
        take_bundle(job, name, bytes);
        return;
    }
    enum err err =
        import_document(&job->import, bytes->len == 0 ? "" : bytes->data, bytes->len, &note);
    if (err != OK) {
        job->bad_files++;
        (void)cli_fail("%s: refused: %s", name, note.text[0] == '\0' ? err_words(err) : note.text);
    }
    show_progress(job);
}

static void
take_fingerprints(struct job *job, const char *path)
{
    struct note note = {""};
    enum err err = catalog_recog_take(job->folder, path, &job->examples, &note);
    job->fingerprints += err == OK ? 1 : 0;
    if (err == ERR_MISSING && access(path, F_OK) == 0) {
        (void)printf("left out  %s: %s\n", path, note.text);
        job->left_out++;
    } else if (err != OK) {
        job->bad_files++;
        (void)cli_fail("%s: refused: %s", path, note.text[0] == '\0' ? err_words(err) : note.text);
    }
}

static void
take_file(struct job *job, const char *path)
{
    struct note note = {""};
    if (text_ends(path, ".xml")) {
        take_fingerprints(job, path);
        return;
    }
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, IMPORT_LIMIT);
    enum err err = file_read(path, &bytes, &note);
    if (err != OK) {
        job->bad_files++;
        (void)cli_fail_err(err, &note);
        return;
    }
    take_bytes(job, path, &bytes);
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void
take_entry(struct job *job, const FTSENT *entry)
{
    bool named = entry->fts_level == FTS_ROOTLEVEL;
    bool failed =
        entry->fts_info == FTS_NS || entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR;
    if (entry->fts_info == FTS_F &&
        (named || text_ends(entry->fts_name, ".json") || text_ends(entry->fts_name, ".xml"))) {
        take_file(job, entry->fts_path);
    } else if (named && entry->fts_info == FTS_SL) {
        take_file(job, entry->fts_path);
    } else if (failed || (named && entry->fts_info == FTS_DEFAULT)) {
        job->bad_files++;
        (void)cli_fail("%s: %s", entry->fts_path,
            failed ? strerrordesc_np(entry->fts_errno) : "neither a file nor a folder");
    }
}

/* A file, or every *.json and *.xml below a folder; what holds none was named by mistake. */
static void
take_path(struct job *job, char *path)
{
    char *paths[] = {path, NULL};
    size_t before = job->files + job->bad_files + job->fingerprints + job->left_out;
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    const FTSENT *entry;
    while (tree != NULL && !is_stopped && (entry = fts_read(tree)) != NULL) {
        take_entry(job, entry);
    }
    if (tree != NULL) {
        (void)fts_close(tree);
    }
    if (!is_stopped && job->files + job->bad_files + job->fingerprints + job->left_out == before) {
        job->bad_files++;
        (void)cli_fail("\"%s\": no *.json or *.xml file is there", path);
    }
}

static bool
may_go_on(void)
{
    return !is_stopped;
}

static void
take_address(struct job *job, const char *url)
{
    struct note note = {""};
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, IMPORT_LIMIT);
    const struct fetch fetch = {.url = url,
        .authorities = job->authorities,
        .seconds = FETCH_SECONDS,
        .may_go_on = may_go_on};
    enum err err = fetch_file(&fetch, &bytes, &note);
    if (err != OK) {
        job->bad_files++;
        (void)cli_fail_err(err, &note);
        return;
    }
    take_bytes(job, url, &bytes);
}

static int
finish(struct job *job)
{
    struct note note = {""};
    size_t total = 0;
    if (job->progress) {
        (void)fputs("\r\033[K", stderr);
    }
    if (is_stopped) {
        return cli_fail("stopped; nothing was changed");
    }
    enum err err = import_finish(&job->import);
    if (err == OK && job->import.rows != 0) {
        err = imported_add(job->folder, &job->import, &total, &note);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    if (job->fingerprints != 0) {
        (void)printf("%zu files of fingerprints, proved by %zu examples, in %s/fingerprints\n",
            job->fingerprints, job->examples, job->folder);
    }
    if (job->files != 0 || job->fingerprints == 0) {
        (void)printf("%zu imported, %zu refused, of %zu files (%zu could not be read)\n",
            job->import.imported, job->import.refused, job->files, job->bad_files);
    }
    if (total != 0) {
        (void)printf("%zu rows in %s\n", total, job->folder);
    }
    return job->bad_files != 0 ? CLI_INCOMPLETE : CLI_OK;
}

static int
run(struct job *job, int count, char **paths)
{
    const struct sigaction action = {.sa_handler = stop};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (import_init(&job->import) != OK) {
        return cli_fail("%s", err_words(ERR_MEMORY));
    }
    job->import.told = told;
    job->import.context = job;
    for (int i = 0; i < count && !is_stopped; i++) {
        if (fetch_is_address(paths[i])) {
            take_address(job, paths[i]);
        } else {
            take_path(job, paths[i]);
        }
    }
    int status = finish(job);
    import_release(&job->import);
    return status;
}

int
catalog_import(int argc, char **argv)
{
    static const struct cli_option options[] = {
        {"store",   0,   "FILE", "the store that it belongs to (default: XDG state)"        },
        {"ca",      0,   "FILE", "authorities of https:// addresses (default: the system's)"},
        {"verbose", 'v', NULL,   "name the imported records too"                            },
    };
    static const struct cli_manual manual = {
        .usage = "catalog import [OPTION]... FILE|FOLDER|URL...",
        .about =
            "Reads public records of flaws: CVE JSON 5, NVD API 2.0, CSAF 2.0, CISA KEV, or a\n"
            "catalogue that the project signed (FILE with FILE.sig beside it). A folder means\n"
            "every *.json and *.xml below it. Each record is imported, or refused with a\n"
            "reason. The rows are signed with a key of this machine; assess uses them from\n"
            "then on. *.xml are fingerprints in the Recog format: a file whose examples all\n"
            "pass is copied, and assess uses it beside its own.\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  gatehouse catalog import known_exploited_vulnerabilities.json cves/2024\n",
    };
    enum { OPTION_STORE, OPTION_CA, OPTION_VERBOSE };
    struct cli_line line;
    struct job job = {.progress = isatty(STDERR_FILENO) == 1};
    const char *value = NULL;
    const char *store = NULL;
    int got;
    CLEANUP(buf_release) struct buf folder;
    buf_init(&folder, PATH_LIMIT);
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        store = got == OPTION_STORE ? value : store;
        job.authorities = got == OPTION_CA ? value : job.authorities;
        job.verbose = job.verbose || got == OPTION_VERBOSE;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand == argc) {
        return cli_usage(
            &line, "catalog import: name at least one file, folder or https:// address");
    }
    if (imported_folder(store, &folder) != OK) {
        return cli_fail("no folder for it: set HOME, or name a store with --store");
    }
    job.folder = folder.data;
    return run(&job, argc - line.operand, argv + line.operand);
}
