/* How long things took: a histogram whose buckets are 1/16 of a power of two wide. */
#pragma once

#include "base/err.h"

#define LATENCY_BUCKETS 1024

struct latency {
    uint64_t count;
    uint64_t buckets[LATENCY_BUCKETS];
};

/* Nanoseconds that only go forward. */
int64_t latency_now(void);
void latency_add(struct latency *latency, int64_t nanoseconds, uint64_t count);
void latency_merge(struct latency *latency, const struct latency *other);
/* The time in microseconds that this share (0.99) did not exceed, at most 6 % above the truth. */
double latency_at(const struct latency *latency, double share);
