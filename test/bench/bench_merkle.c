/*
 * Hashing of leaves and nodes, beside OpenSSL's SHA-256 of large blocks in the same run; one line
 * of JSON. Rates are of the bytes that are hashed: what a short message costs more is the padding
 * and the call.
 */
#include "ledger/merkle.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BLOCK   ((size_t)16 * 1024)
#define LEAF    ((size_t)300) /* about the size of an event */
#define NODE    ((size_t)64)
#define ROUNDS  5
#define SECONDS 0.2 /* of each round */

struct bench {
    struct merkle *merkle;
    EVP_MD_CTX *evp;
    uint8_t bytes[16 * 1024];
    struct merkle_hash hash;
};

static void
hash_block(struct bench *bench)
{
    (void)EVP_DigestInit_ex2(bench->evp, NULL, NULL);
    (void)EVP_DigestUpdate(bench->evp, bench->bytes, BLOCK);
    (void)EVP_DigestFinal_ex(bench->evp, bench->hash.bytes, NULL);
}

static void
hash_leaf(struct bench *bench)
{
    merkle_leaf(bench->merkle, bench->bytes, LEAF, &bench->hash);
}

static void
hash_leaf_by_evp(struct bench *bench)
{
    (void)EVP_DigestInit_ex2(bench->evp, NULL, NULL);
    (void)EVP_DigestUpdate(bench->evp, "", 1);
    (void)EVP_DigestUpdate(bench->evp, bench->bytes, LEAF);
    (void)EVP_DigestFinal_ex(bench->evp, bench->hash.bytes, NULL);
}

static void
hash_node(struct bench *bench)
{
    merkle_node(bench->merkle, &bench->hash, &bench->hash, &bench->hash);
}

static double
seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Nanoseconds of one call, the best of the rounds: others use the machine, too. */
static double
measure(struct bench *bench, void (*call)(struct bench *bench), unsigned burst)
{
    double best = 1e9;
    for (unsigned round = 0; round < ROUNDS; round++) {
        double begin = seconds();
        double end = begin;
        uint64_t calls = 0;
        while (end - begin < SECONDS) {
            for (unsigned i = 0; i < burst; i++) {
                call(bench);
                bench->bytes[0] = bench->hash.bytes[0]; /* each waits for the one before */
            }
            calls += burst;
            end = seconds();
        }
        double each = (end - begin) / (double)calls * 1e9;
        best = each < best ? each : best;
    }
    return best;
}

int
main(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    if (bench == NULL || (bench->merkle = merkle_new()) == NULL ||
        (bench->evp = EVP_MD_CTX_new()) == NULL ||
        EVP_DigestInit_ex2(bench->evp, EVP_sha256(), NULL) != 1) {
        return 1;
    }
    double block = measure(bench, hash_block, 100);
    double leaf = measure(bench, hash_leaf, 1000);
    double evp = measure(bench, hash_leaf_by_evp, 1000);
    double node = measure(bench, hash_node, 1000);
    double byte = block / (double)BLOCK;
    (void)printf("{\"block_mb_s\":%.0f,\"leaf_ns\":%.0f,\"leaf_evp_ns\":%.0f,\"node_ns\":%.0f,"
                 "\"leaf_ratio\":%.2f,\"node_ratio\":%.2f,\"leaf_and_node_ratio\":%.2f}\n",
        1e3 / byte, leaf, evp, node, LEAF * byte / leaf, NODE * byte / node,
        (LEAF + NODE) * byte / (leaf + node));
    EVP_MD_CTX_free(bench->evp);
    merkle_free(bench->merkle);
    free(bench);
    return 0;
}
