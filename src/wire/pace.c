/* Token buckets in whole thousandths of a packet, so that no rounding lets a packet more through.
 */
#include "wire/pace.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define PACKET     INT64_C(1000)
#define FIRST_SIZE ((size_t)64)
#define FULL_WAIT  INT64_C(1000)

/* Tokens that a bucket can hold when it gains `rate` and is emptied `share` times a second. */
static int64_t
burst(unsigned rate, unsigned share)
{
    int64_t packets = rate / share;
    return (packets < PACE_LARGEST ? PACE_LARGEST : packets) * PACKET;
}

void
pace_init(struct pace *pace, unsigned per_second, unsigned per_second_host)
{
    *pace = (struct pace){
        .per_second = per_second == 0 ? 1 : per_second,
        .per_second_host = per_second_host == 0 ? 1 : per_second_host,
    };
    pace->all = (struct pace_bucket){burst(pace->per_second, 10), clock_mono()};
}

void
pace_release(struct pace *pace)
{
    free(pace->hosts);
    pace->hosts = NULL;
    pace->host_count = pace->host_size = 0;
}

/* Brings the bucket up to date; a clock that jumps far ahead only fills it. */
static void
fill(struct pace_bucket *bucket, unsigned rate, int64_t most, int64_t now)
{
    int64_t passed = now - bucket->at;
    int64_t to_full = bucket->tokens >= most ? 0 : (most - bucket->tokens) / rate + 1;
    if (passed >= to_full) {
        bucket->tokens = most;
    } else if (passed > 0) {
        bucket->tokens += passed * rate;
    }
    bucket->at = now;
}

static int64_t
missing_ms(const struct pace_bucket *bucket, unsigned rate, unsigned cost)
{
    int64_t missing = cost * PACKET - bucket->tokens;
    return missing <= 0 ? 0 : (missing + rate - 1) / rate;
}

static size_t
hash(const struct ip *ip)
{
    uint64_t value = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < sizeof(ip->bytes); i++) {
        value = (value ^ ip->bytes[i]) * UINT64_C(1099511628211);
    }
    return (size_t)(value ^ value >> 32);
}

static struct pace_host *
place_of(struct pace_host *hosts, size_t size, const struct ip *ip)
{
    size_t at = hash(ip) & (size - 1);
    while (hosts[at].ip.family != 0 && !ip_equal(&hosts[at].ip, ip)) {
        at = (at + 1) & (size - 1);
    }
    return &hosts[at];
}

/* A host whose bucket is full again need not be remembered. */
static bool
is_idle(struct pace *pace, struct pace_host *host, int64_t now)
{
    int64_t most = burst(pace->per_second_host, 4);
    fill(&host->bucket, pace->per_second_host, most, now);
    return host->bucket.tokens == most;
}

static bool
make_room(struct pace *pace, int64_t now)
{
    if ((pace->host_count + 1) * 2 <= pace->host_size) {
        return true;
    }
    size_t busy = 0;
    for (size_t i = 0; i < pace->host_size; i++) {
        struct pace_host *host = &pace->hosts[i];
        busy += host->ip.family != 0 && !is_idle(pace, host, now);
    }
    size_t size = FIRST_SIZE;
    while (size < (busy + 1) * 4) {
        size *= 2;
    }
    struct pace_host *hosts = calloc(size, sizeof(*hosts));
    if (hosts == NULL) {
        return false;
    }
    for (size_t i = 0; i < pace->host_size; i++) {
        struct pace_host *host = &pace->hosts[i];
        if (host->ip.family != 0 && !is_idle(pace, host, now)) {
            *place_of(hosts, size, &host->ip) = *host;
        }
    }
    free(pace->hosts);
    pace->hosts = hosts;
    pace->host_size = size;
    pace->host_count = busy;
    return true;
}

int64_t
pace_wait(struct pace *pace, unsigned cost)
{
    assert(cost <= PACE_LARGEST);
    fill(&pace->all, pace->per_second, burst(pace->per_second, 10), clock_mono());
    return missing_ms(&pace->all, pace->per_second, cost);
}

int64_t
pace_take(struct pace *pace, const struct ip *ip, unsigned cost)
{
    int64_t wait = pace_wait(pace, cost);
    int64_t now = pace->all.at;
    if (wait != 0) {
        return wait;
    }
    if (!make_room(pace, now)) {
        return FULL_WAIT;
    }
    struct pace_host *host = place_of(pace->hosts, pace->host_size, ip);
    int64_t most = burst(pace->per_second_host, 4);
    if (host->ip.family == 0) {
        *host = (struct pace_host){
            *ip, {most, now}
        };
        pace->host_count++;
    }
    fill(&host->bucket, pace->per_second_host, most, now);
    wait = missing_ms(&host->bucket, pace->per_second_host, cost);
    if (wait == 0) {
        host->bucket.tokens -= cost * PACKET;
        pace->all.tokens -= cost * PACKET;
    }
    return wait;
}
