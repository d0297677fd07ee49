/* Banners per second: every example of a folder of fingerprint files, matched by its key. */
#include "base/clock.h"
#include "base/text.h"
#include "catalog/fingerprint_xml.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define BENCH_MS     2000
#define TARGET       20000
#define MATCH_LIMIT  ((size_t)256 * 1024)
#define TEXT_LIMIT   ((size_t)64 * 1024 * 1024)
#define BANNER_LIMIT ((size_t)65536)

struct banner {
    const char *key;
    struct fingerprint_text text;
};

static struct banner banners[BANNER_LIMIT];
static size_t banner_count;

static void
add_examples(const char *folder, const char *name, struct arena *arena)
{
    char path[4096];
    struct fingerprint_file file;
    struct note note = {""};
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (fingerprint_xml_read(path, true, arena, &file, &note) != OK) {
        (void)fprintf(stderr, "%s\n", note.text);
        exit(2);
    }
    for (size_t i = 0; i < file.row_count; i++) {
        const struct fingerprint_row *row = &file.rows[i];
        for (size_t j = 0; j < row->example_count && banner_count < BANNER_LIMIT; j++) {
            banners[banner_count++] = (struct banner){file.key, row->examples[j].text};
        }
    }
}

static void
read_banners(const char *folder, struct arena *arena)
{
    DIR *open = opendir(folder);
    const struct dirent *entry = NULL;
    while (open != NULL && (entry = readdir(open)) != NULL) {
        if (text_ends(entry->d_name, ".xml")) {
            add_examples(folder, entry->d_name, arena);
        }
    }
    if (open != NULL) {
        (void)closedir(open);
    }
}

static size_t
match_all(struct fingerprint_db *db)
{
    size_t named = 0;
    for (size_t i = 0; i < banner_count; i++) {
        struct arena arena;
        struct fingerprint_match match;
        arena_init(&arena, MATCH_LIMIT);
        named += fingerprint_db_match(db, banners[i].key, banners[i].text, &arena, &match) == OK;
        arena_release(&arena);
    }
    return named;
}

int
main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "catalog/fingerprints";
    struct arena texts;
    arena_init(&texts, TEXT_LIMIT);
    struct fingerprint_db *db = NULL;
    struct note note = {""};
    int64_t start = clock_mono();
    if (fingerprint_db_new(&db) != OK || fingerprint_db_load_folder(db, folder, &note) != OK) {
        (void)fprintf(stderr, "%s\n", note.text);
        return 2;
    }
    int64_t load = clock_mono() - start;
    read_banners(folder, &texts);
    size_t named = match_all(db); /* compiles to machine code what is used */
    size_t rounds = 0;
    start = clock_mono();
    while (clock_mono() - start < BENCH_MS && banner_count != 0) {
        named = match_all(db);
        rounds++;
    }
    double rate = (double)(rounds * banner_count) * 1000 / (double)(clock_mono() - start);
    struct fingerprint_stats stats = fingerprint_db_stats(db);
    (void)printf("fingerprints %zu, files %zu, load %lld ms, patterns %.1f MiB\n",
        stats.fingerprints, stats.files, (long long)load, (double)stats.bytes / (1024 * 1024));
    (void)printf("banners %zu, named %zu, limited %zu: %.0f banners/s (target 20000: %s)\n",
        banner_count, named, stats.limited, rate, rate >= TARGET ? "met" : "not met");
    fingerprint_db_free(db);
    arena_release(&texts);
    return named == banner_count ? 0 : 1;
}
