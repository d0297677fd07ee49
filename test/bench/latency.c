/* How long things took, for the benchmarks. */
#include "latency.h"

#include <time.h>

#define STEPS 16 /* buckets of a power of two */

int64_t
latency_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static size_t
bucket_of(uint64_t value)
{
    if (value < STEPS) {
        return value;
    }
    unsigned power = 63 - (unsigned)__builtin_clzll(value);
    return (size_t)(power - 3) * STEPS + (value >> (power - 4) & (STEPS - 1));
}

/* The first value above the bucket. */
static uint64_t
bucket_end(size_t bucket)
{
    if (bucket < STEPS) {
        return bucket + 1;
    }
    unsigned power = (unsigned)(bucket / STEPS) + 3;
    return (UINT64_C(1) << power) + ((uint64_t)(bucket % STEPS + 1) << (power - 4));
}

void
latency_add(struct latency *latency, int64_t nanoseconds, uint64_t count)
{
    latency->buckets[bucket_of(nanoseconds > 0 ? (uint64_t)nanoseconds : 0)] += count;
    latency->count += count;
}

void
latency_merge(struct latency *latency, const struct latency *other)
{
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        latency->buckets[i] += other->buckets[i];
    }
    latency->count += other->count;
}

double
latency_at(const struct latency *latency, double share)
{
    double wanted = (double)latency->count * share;
    double seen = 0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += (double)latency->buckets[i];
        if (latency->buckets[i] != 0 && seen >= wanted) {
            return (double)bucket_end(i) / 1000;
        }
    }
    return 0;
}
