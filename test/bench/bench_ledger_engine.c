/*
 * The ledger's writer alone: bench_ledger_engine FOLDER COUNT [LENGTH]: entries a second through
 * add, commit and publish; COUNT 0: how long it takes to open after a full backlog.
 */
#include "base/clock.h"
#include "base/secret.h"
#include "ledger/ledger.h"
#include "ledger/syncpool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* One thread for commits, one for publishing, as the keeper's pool has them. */
struct worker {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct ledger *ledger;
    struct ledger_batch *batch; /* to commit; NULL: publish */
    bool has_work, is_done, is_publisher;
    enum err err;
};

static void *
work(void *context)
{
    struct worker *worker = context;
    pthread_mutex_lock(&worker->lock);
    for (;;) {
        while (!worker->has_work) {
            pthread_cond_wait(&worker->changed, &worker->lock);
        }
        pthread_mutex_unlock(&worker->lock);
        enum err err = worker->is_publisher ? ledger_publish_run(worker->ledger)
                                            : ledger_commit(worker->ledger, worker->batch);
        pthread_mutex_lock(&worker->lock);
        worker->err = err;
        worker->has_work = false;
        worker->is_done = true;
    }
    return NULL;
}

static void
give(struct worker *worker, struct ledger_batch *batch)
{
    pthread_mutex_lock(&worker->lock);
    worker->batch = batch;
    worker->has_work = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

static bool
is_done(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool done = worker->is_done;
    worker->is_done = false;
    pthread_mutex_unlock(&worker->lock);
    return done;
}

static bool
is_busy(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool busy = worker->has_work || worker->is_done;
    pthread_mutex_unlock(&worker->lock);
    return busy;
}

static void
must(enum err err, const struct note *note)
{
    if (err != OK) {
        (void)fprintf(stderr, "%s: %s\n", err_words(err), note == NULL ? "" : note->text);
        exit(1);
    }
}

static double
seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
processor(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct worker committer = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
static struct worker publisher = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .is_publisher = true};

/* What the keeper's loop does between two events. */
static void
turn(struct ledger *ledger, double *due)
{
    if (is_done(&committer)) {
        must(committer.err, NULL);
        ledger_committed(ledger, committer.batch, OK);
    }
    struct ledger_batch *batch = ledger_seal(ledger);
    if (batch != NULL) {
        give(&committer, batch);
    }
    if (is_done(&publisher)) {
        ledger_publish_end(ledger, publisher.err);
        must(publisher.err == ERR_FULL ? OK : publisher.err, NULL);
    }
    if (seconds() >= *due && ledger_publish_begin(ledger, true)) {
        *due = seconds() + 0.3;
        give(&publisher, NULL);
    }
}

static void
run(struct ledger *ledger, uint64_t count, size_t len)
{
    char entry[65536];
    memset(entry, 'e', sizeof(entry));
    double begun = seconds();
    double used = processor();
    double due = begun;
    uint64_t waited = 0;
    for (uint64_t i = 0; i < count;) {
        uint64_t index = 0;
        (void)snprintf(entry, sizeof(entry), "%020llu", (unsigned long long)i);
        enum err err = ledger_add(ledger, entry, len, false, &index);
        if (err == OK) {
            i++;
        }
        if (err != OK || i % 64 == 0) {
            turn(ledger, &due);
        }
        if (err != OK) {
            waited++;
            (void)usleep(100);
        }
    }
    while (ledger_size(ledger) < count) {
        turn(ledger, &due);
        (void)usleep(100);
    }
    double durable = seconds() - begun;
    while (ledger_published(ledger) < count || is_busy(&publisher)) {
        turn(ledger, &due);
        (void)usleep(100);
    }
    double published = seconds() - begun;
    printf("%llu entries of %zu bytes: durable %.2f s (%.0f/s), published %.2f s (%.0f/s), "
           "processor %.2f s, waited %llu times\n",
        (unsigned long long)count, len, durable, (double)count / durable, published,
        (double)count / published, processor() - used, (unsigned long long)waited);
}

/* As much as the journal may hold: tiles are made, but nothing is signed and so nothing let go. */
static uint64_t
fill_backlog(struct ledger *ledger, size_t len)
{
    char entry[65536];
    memset(entry, 'e', sizeof(entry));
    for (unsigned idle = 0; idle < 3;) {
        uint64_t index = 0;
        if (ledger_add(ledger, entry, len, false, &index) == OK) {
            idle = 0;
            continue;
        }
        idle++;
        struct ledger_batch *batch = ledger_seal(ledger);
        if (batch != NULL) {
            enum err err = ledger_commit(ledger, batch);
            must(err, NULL);
            ledger_committed(ledger, batch, err);
        }
        if (ledger_publish_begin(ledger, false)) {
            ledger_publish_end(ledger, ledger_publish_run(ledger));
        }
    }
    must(ledger_flush(ledger, NULL), NULL);
    return ledger_size(ledger);
}

static void
print_opening(const struct ledger_recovery *recovery)
{
    printf("opened again: %llu entries, %llu made again, %lld ms\n",
        (unsigned long long)recovery->size, (unsigned long long)recovery->replayed,
        (long long)recovery->milliseconds);
}

/* How long a full backlog keeps its owner waiting. */
static void
measure_backlog(const struct ledger_settings *settings, size_t len)
{
    struct note note = {""};
    struct ledger *ledger = NULL;
    struct ledger_recovery recovery;
    must(ledger_create(settings, &note), &note);
    must(ledger_open(settings, &ledger, &recovery, &note), &note);
    (void)fill_backlog(ledger, len);
    ledger_close(ledger);
    must(ledger_open(settings, &ledger, &recovery, &note), &note);
    print_opening(&recovery);
    ledger_close(ledger);
}

int
main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "/tmp/gatehouse-bench-ledger";
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    size_t len = argc > 3 ? strtoull(argv[3], NULL, 10) : 350;
    struct note note = {""};
    struct key *key = NULL;
    struct ledger *ledger = NULL;
    struct ledger_recovery recovery;
    must(secret_start(), NULL);
    must(syncpool_start(), NULL);
    must(key_new("bench.example/log", VKEY_ED25519, &key), NULL);
    const struct ledger_settings settings = {.folder = folder, .key = key};
    if (count == 0) {
        measure_backlog(&settings, len);
        key_free(key);
        return 0;
    }
    must(ledger_create(&settings, &note), &note);
    must(ledger_open(&settings, &ledger, &recovery, &note), &note);
    pthread_t threads[2];
    committer.ledger = ledger;
    publisher.ledger = ledger;
    pthread_create(&threads[0], NULL, work, &committer);
    pthread_create(&threads[1], NULL, work, &publisher);
    run(ledger, count, len);
    /* The threads sleep; what is open is given back for the next opening. */
    ledger_close(ledger);
    must(ledger_open(&settings, &ledger, &recovery, &note), &note);
    print_opening(&recovery);
    ledger_close(ledger);
    key_free(key);
    return 0;
}
