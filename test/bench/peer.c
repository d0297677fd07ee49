/* The writers of a peer, each a thread with its own connection, and the figures of their run. */
#include "peer.h"

#include "base/text.h"
#include "events.h"
#include "latency.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define WRITERS_MAX 256
#define BATCH_MAX   4096
#define SECONDS_MAX 600

struct writer {
    const struct peer *peer;
    unsigned number;
    size_t batch;
    int64_t until;
    pthread_barrier_t *start;
    bool failed;
    uint64_t stored;
    struct latency latency;
    struct events events;
    char (*texts)[EVENTS_ROOM];
    struct peer_event *list;
    pthread_t thread;
};

static int64_t
wall(void)
{
    return INT64_C(1790000000000) + latency_now() / 1000000;
}

static bool
write_batch(struct writer *writer, void *connection)
{
    for (size_t i = 0; i < writer->batch; i++) {
        writer->list[i].bytes = writer->texts[i];
        writer->list[i].len = events_next(&writer->events, wall(), true, writer->texts[i]);
    }
    int64_t begin = latency_now();
    if (!writer->peer->store(connection, writer->list, writer->batch)) {
        return false;
    }
    latency_add(&writer->latency, latency_now() - begin, writer->batch);
    writer->stored += writer->batch;
    return true;
}

static void *
run_writer(void *context)
{
    struct writer *writer = context;
    events_init(&writer->events, writer->number);
    writer->texts = calloc(writer->batch, sizeof(*writer->texts));
    writer->list = calloc(writer->batch, sizeof(*writer->list));
    void *connection = writer->peer->open(writer->peer);
    writer->failed = writer->texts == NULL || writer->list == NULL || connection == NULL;
    pthread_barrier_wait(writer->start);
    int64_t until = latency_now() + writer->until;
    while (!writer->failed && latency_now() < until) {
        writer->failed = !write_batch(writer, connection);
    }
    if (connection != NULL) {
        writer->peer->close(connection);
    }
    free(writer->texts);
    free(writer->list);
    return NULL;
}

static void
print(const struct peer *peer, const struct writer *sum, unsigned writers, int64_t took)
{
    printf("{\"name\":\"%s\",\"writers\":%u,\"batch\":%zu,\"events\":%" PRIu64 ",\"seconds\":%.3f,"
           "\"rate\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"p999_us\":%.0f,\"bytes\":%" PRId64
           "}\n",
        peer->name, writers, sum->batch, sum->stored, (double)took / 1e9,
        (double)sum->stored / ((double)took / 1e9), latency_at(&sum->latency, 0.5),
        latency_at(&sum->latency, 0.99), latency_at(&sum->latency, 0.999), peer->bytes(peer));
}

/* Runs them all; false when one failed. */
static bool
run(struct writer *list, unsigned writers, const struct writer *like, int64_t *ret_took)
{
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, writers + 1);
    for (unsigned i = 0; i < writers; i++) {
        list[i] = *like;
        list[i].number = i + 1;
        list[i].start = &start;
        if (pthread_create(&list[i].thread, NULL, run_writer, &list[i]) != 0) {
            abort();
        }
    }
    pthread_barrier_wait(&start);
    int64_t begin = latency_now();
    bool good = true;
    for (unsigned i = 0; i < writers; i++) {
        pthread_join(list[i].thread, NULL);
        good = good && !list[i].failed;
    }
    *ret_took = latency_now() - begin;
    pthread_barrier_destroy(&start);
    return good;
}

int
peer_main(const struct peer *peer, char *const arguments[3])
{
    uint64_t writers, batch, seconds;
    if (text_to_u64(arguments[0], WRITERS_MAX, &writers) != OK || writers == 0 ||
        text_to_u64(arguments[1], BATCH_MAX, &batch) != OK || batch == 0 ||
        text_to_u64(arguments[2], SECONDS_MAX, &seconds) != OK || seconds == 0) {
        fprintf(stderr, "%s: WRITERS 1 to %d, BATCH 1 to %d, SECONDS 1 to %d\n", peer->name,
            WRITERS_MAX, BATCH_MAX, SECONDS_MAX);
        return 2;
    }
    struct writer *list = calloc(writers, sizeof(*list));
    struct writer sum = {.peer = peer, .batch = batch, .until = (int64_t)seconds * 1000000000};
    int64_t took;
    if (list == NULL || !peer->create(peer) || !run(list, (unsigned)writers, &sum, &took)) {
        fprintf(stderr, "%s: did not take the events\n", peer->name);
        free(list);
        return 1;
    }
    for (size_t i = 0; i < writers; i++) {
        sum.stored += list[i].stored;
        latency_merge(&sum.latency, &list[i].latency);
    }
    print(peer, &sum, (unsigned)writers, took);
    free(list);
    return 0;
}
