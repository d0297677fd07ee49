/*
 * How fast packets may leave: one token bucket for all and one for each host, on clock_mono().
 * Rates are packets per second. The burst is a tenth of a second's worth in all and a quarter for
 * a host, but always room for one call.
 */
#pragma once

#include "base/ip.h"

/* What each kind of call costs: packets that we send in the ordinary case. */
enum pace_cost {
    PACE_DATAGRAM = 1,
    PACE_CONNECT = 2,
    PACE_REQUEST = 6,
    PACE_LARGEST = PACE_REQUEST,
};

struct pace_bucket {
    int64_t tokens; /* thousandths of a packet */
    int64_t at;     /* when they were counted, clock_mono() */
};

struct pace_host {
    struct ip ip; /* family 0: an empty place */
    struct pace_bucket bucket;
};

struct pace {
    unsigned per_second;
    unsigned per_second_host;
    struct pace_bucket all;
    struct pace_host *hosts; /* open addressing, a power of two */
    size_t host_count;
    size_t host_size;
};

/* A rate of 0 counts as 1. */
void pace_init(struct pace *pace, unsigned per_second, unsigned per_second_host);
void pace_release(struct pace *pace);

/* Milliseconds until so many packets may leave for anybody; 0: now. Takes nothing. */
int64_t pace_wait(struct pace *pace, unsigned cost);
/* Takes the packets for this host and gives 0, or takes nothing and gives milliseconds to wait. */
int64_t pace_take(struct pace *pace, const struct ip *ip, unsigned cost);
