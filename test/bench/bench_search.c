/*
 * Searching a log: how fast the index is made, how large it is, how long typical questions take.
 * bench_search FOLDER [INDEX]: a log of make_log; the index is made anew. Times are of the best of
 * three runs, the log in the page cache.
 */
#include "base/clock.h"
#include "base/secret.h"
#include "ledger/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PAGE 50
#define RUNS 3

struct question {
    const char *words;
    const char *user, *camera, *action, *session, *net, *text;
    double from, to; /* parts of the log's time; to 0: no time range */
    bool backwards;
    uint64_t limit; /* 0: all, counted */
};

static const struct question questions[] = {
    {"first page, no filter",                 .limit = PAGE          },
    {                               "last page, no filter",                      .backwards = true,           .limit = PAGE},
    {                               "one user",                       .user = "user07",           .limit = PAGE},
    {                               "one camera, newest first",                 .camera = "camera-017",       .backwards = true, .limit = PAGE},
    {                  "user and camera and family of actions", .user = "user07",        .camera = "camera-017",
     .action = "footage.*", .limit = PAGE},
    {"network of one address",                          .net = "10.20.3.31/32",                                                 .limit = PAGE},
    {                                                                 "network that nobody came from",                          .net = "192.0.2.0/24", .limit = PAGE},
    {"user that is not there",                          .user = "mallory",                                                 .limit = PAGE},
    {                                                                                                                        "session that is not there",                          .session = "s-0", .limit = PAGE},
    {"word that is not there",                          .text = "xylophone",                                                 .limit = PAGE},
    {                                                                                                                                                                           "two common words",                          .text = "police camera-017", .limit = PAGE},
    {"an hour in the middle",                          .from = 0.5,                                                 .to = 0.51, .limit = PAGE},
    {                                                                                                                                                                                                                      "camera in a tenth of the log, all",                             .camera = "camera-017",.from = 0.4, .to = 0.5},
    {                     "camera, all of it",.camera = "camera-017"          },
    {                                "a hundredth of the log, all",                     .from = 0.4,                                  .to = 0.41},
};

struct counter {
    uint64_t count, limit;
};

static bool
count_one(void *context, const struct logged *logged)
{
    struct counter *counter = context;
    (void)logged;
    return ++counter->count != counter->limit;
}

static double
now(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void
die(const char *what, const struct note *note)
{
    (void)fprintf(stderr, "bench_search: %s: %s\n", what, note->text);
    exit(1);
}

static bool
first_time(void *context, const struct logged *logged)
{
    *(int64_t *)context = logged->numbers[LOGGED_TIME];
    return false;
}

static struct query
query_of(const struct question *question, const int64_t span[2])
{
    struct query query = query_begin();
    query.parts[QUERY_USER] = question->user;
    query.parts[QUERY_CAMERA] = question->camera;
    query.parts[QUERY_ACTION] = question->action;
    query.parts[QUERY_SESSION] = question->session;
    if (question->to > 0) {
        double length = (double)(span[1] - span[0]);
        query.from = span[0] + (int64_t)(length * question->from);
        query.to = span[0] + (int64_t)(length * question->to);
    }
    if ((question->net != NULL && query_set_net(&query, question->net) != OK) ||
        (question->text != NULL && query_set_words(&query, question->text) != OK)) {
        die(question->words, &(struct note){"bad question"});
    }
    return query;
}

static void
ask(struct search *search, const struct question *question, const int64_t span[2])
{
    struct query query = query_of(question, span);
    struct counter counter = {0};
    double best = 1e9;
    for (int i = 0; i < RUNS; i++) {
        struct note note = {""};
        counter = (struct counter){.limit = question->limit};
        const struct search_reader reader = {count_one, &counter};
        double began = now();
        if (search_run(search, &query, question->backwards, &reader, &note) != OK) {
            die(question->words, &note);
        }
        double took = now() - began;
        best = took < best ? took : best;
    }
    (void)printf("%-40s %8.1f ms  %9llu found\n", question->words, best * 1000,
        (unsigned long long)counter.count);
}

int
main(int argc, char **argv)
{
    struct search *search = NULL;
    struct search_about about;
    struct note note = {""};
    struct stat status;
    int64_t span[2] = {0};
    if (argc < 2 || argc > 3) {
        (void)fprintf(stderr, "usage: bench_search FOLDER [INDEX]\n");
        return 64;
    }
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/index.db", argv[1]);
    struct search_settings settings = {
        .folder = argv[1],
        .index = argc > 2 ? argv[2] : path,
        .index_is_ours = true,
        .rebuild = true,
    };
    double began = now();
    if (secret_start() != OK || search_open(&settings, &search, &note) != OK) {
        die(argv[1], &note);
    }
    double took = now() - began;
    search_about(search, &about);
    (void)printf("index of %llu events: %.1f s, %.0f events/s\n", (unsigned long long)about.built,
        took, (double)about.built / took);
    if (stat(settings.index, &status) == 0 && about.built != 0) {
        (void)printf("index: %.1f MB, %.1f bytes an event\n", (double)status.st_size / 1e6,
            (double)status.st_size / (double)about.built);
    }
    search_close(search);
    settings.rebuild = false;
    began = now();
    if (search_open(&settings, &search, &note) != OK) {
        die(argv[1], &note);
    }
    (void)printf("%-40s %8.1f ms\n", "opening, the index up to date", (now() - began) * 1000);
    struct query all = query_begin();
    for (int i = 0; i < 2; i++) {
        const struct search_reader reader = {first_time, &span[i]};
        if (search_run(search, &all, i == 1, &reader, &note) != OK) {
            die(argv[1], &note);
        }
    }
    for (size_t i = 0; i < COUNT(questions); i++) {
        ask(search, &questions[i], span);
    }
    search_close(search);
    return 0;
}
