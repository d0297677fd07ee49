/*
 * What tools/bench_ledger.py wants to know of the machine and of the library, one line of JSON
 * each: sha THREADS       bytes a second of SHA-256, blocks of 16 KiB, each thread with its own
 * context disk FOLDER       a write of 4 KiB and its fdatasync, over a file that has its space
 * already steps             nanoseconds for an event of: check, stamp, leaf hash, node hash prove
 * FOLDER N    inclusion proofs of N random entries of a log
 */
#include "base/text.h"
#include "events.h"
#include "latency.h"
#include "ledger/event.h"
#include "ledger/merkle.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHA_BLOCK   ((size_t)16 * 1024)
#define SHA_TIME    INT64_C(2000000000)
#define SHA_THREADS 256
#define DISK_WRITE  4096
#define DISK_WRITES 2000
#define STEP_EVENTS 10000
#define STEP_ROUNDS 50

static void *
hash_blocks(void *context)
{
    uint64_t *bytes = context;
    static const uint8_t block[SHA_BLOCK] = {1};
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    assert(sha != NULL && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1);
    int64_t until = latency_now() + SHA_TIME;
    while (latency_now() < until) {
        for (unsigned i = 0; i < 64; i++) {
            (void)EVP_DigestInit_ex(sha, NULL, NULL);
            (void)EVP_DigestUpdate(sha, block, sizeof(block));
            (void)EVP_DigestFinal_ex(sha, digest, NULL);
        }
        *bytes += 64 * sizeof(block);
    }
    EVP_MD_CTX_free(sha);
    return NULL;
}

static int
sha(const char *argument)
{
    uint64_t count;
    static pthread_t threads[SHA_THREADS];
    static uint64_t bytes[SHA_THREADS][8]; // a cache line each
    if (text_to_u64(argument, SHA_THREADS, &count) != OK || count == 0) {
        return 2;
    }
    uint64_t all = 0;
    int64_t begin = latency_now();
    for (size_t i = 0; i < count; i++) {
        assert(pthread_create(&threads[i], NULL, hash_blocks, bytes[i]) == 0);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        all += bytes[i][0];
    }
    printf("{\"threads\":%" PRIu64 ",\"bytes_per_second\":%.0f}\n", count,
        (double)all / ((double)(latency_now() - begin) / 1e9));
    return 0;
}

static int
disk(const char *folder)
{
    static char block[DISK_WRITE];
    static struct latency latency;
    char path[4096];
    snprintf(path, sizeof(path), "%s/probe", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    for (off_t i = 0; i < DISK_WRITES && good; i++) {
        good = pwrite(fd, block, sizeof(block), i * DISK_WRITE) == DISK_WRITE;
    }
    good = good && fsync(fd) == 0;
    memset(block, 1, sizeof(block));
    for (off_t i = 0; i < DISK_WRITES && good; i++) {
        int64_t begin = latency_now();
        good = pwrite(fd, block, sizeof(block), i * DISK_WRITE) == DISK_WRITE && fdatasync(fd) == 0;
        latency_add(&latency, latency_now() - begin, 1);
    }
    (void)unlink(path);
    (void)close(fd);
    printf("{\"p50_us\":%.0f,\"p99_us\":%.0f}\n", latency_at(&latency, 0.5),
        latency_at(&latency, 0.99));
    return good ? 0 : 1;
}

struct sample {
    size_t len, stored_len;
    char produced[EVENTS_ROOM], stored[EVENTS_ROOM];
};

static double
per_event(int64_t begin)
{
    return (double)(latency_now() - begin) / STEP_EVENTS / STEP_ROUNDS;
}

static double
time_check(const struct sample *list)
{
    struct note note;
    struct event_facts facts;
    int64_t begin = latency_now();
    for (size_t i = 0; i < (size_t)STEP_EVENTS * STEP_ROUNDS; i++) {
        const struct sample *sample = &list[i % STEP_EVENTS];
        if (event_check(sample->produced, sample->len, false, &facts, &note) != OK) {
            fprintf(stderr, "bench_ledger: %s: %s\n", note.text, sample->produced);
            exit(1);
        }
    }
    return per_event(begin);
}

static double
time_stamp(const struct sample *list)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, (size_t)STEP_EVENTS * EVENTS_ROOM);
    struct event_stamp stamp = {.time = 1790000000000, .pid = 4711, .uid = 33};
    int64_t begin = latency_now();
    for (size_t i = 0; i < (size_t)STEP_EVENTS * STEP_ROUNDS; i++) {
        const struct sample *sample = &list[i % STEP_EVENTS];
        if (i % STEP_EVENTS == 0) {
            buf_clear(&out);
            stamp.time++;
        }
        event_stamp(&out, sample->produced, sample->len, &stamp);
    }
    return per_event(begin);
}

static double
time_leaf(const struct sample *list, struct merkle *merkle)
{
    struct merkle_hash hash;
    int64_t begin = latency_now();
    for (size_t i = 0; i < (size_t)STEP_EVENTS * STEP_ROUNDS; i++) {
        const struct sample *sample = &list[i % STEP_EVENTS];
        merkle_leaf(merkle, sample->stored, sample->stored_len, &hash);
    }
    return per_event(begin);
}

static double
time_node(struct merkle *merkle)
{
    struct merkle_hash hash = {{0}};
    int64_t begin = latency_now();
    for (size_t i = 0; i < (size_t)STEP_EVENTS * STEP_ROUNDS; i++) {
        merkle_node(merkle, &hash, &hash, &hash);
    }
    return per_event(begin);
}

static int
steps(void)
{
    static struct events produced, stored;
    struct sample *list = calloc(STEP_EVENTS, sizeof(*list));
    struct merkle *merkle = merkle_new();
    assert(list != NULL && merkle != NULL);
    events_init(&produced, 1);
    events_init(&stored, 1);
    for (size_t i = 0; i < STEP_EVENTS; i++) {
        int64_t time = 1790000000000 + (int64_t)i;
        list[i].len = events_next(&produced, time, false, list[i].produced);
        list[i].stored_len = events_next(&stored, time, true, list[i].stored);
    }
    double check = time_check(list);
    double stamp = time_stamp(list);
    double leaf = time_leaf(list, merkle);
    double node = time_node(merkle);
    printf("{\"check_ns\":%.0f,\"stamp_ns\":%.0f,\"leaf_ns\":%.0f,\"node_ns\":%.0f}\n", check,
        stamp, leaf, node);
    merkle_free(merkle);
    free(list);
    return 0;
}

int
main(int count, char *arguments[])
{
    const char *what = count > 1 ? arguments[1] : "";
    int code = 2;
    if (count == 3 && text_equal(what, "sha")) {
        code = sha(arguments[2]);
    } else if (count == 3 && text_equal(what, "disk")) {
        code = disk(arguments[2]);
    } else if (count == 2 && text_equal(what, "steps")) {
        code = steps();
    }
    if (code == 2) {
        fprintf(stderr, "Usage: bench_ledger sha THREADS | disk FOLDER | steps\n");
    }
    return code;
}
