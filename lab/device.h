/* A device while it plays: its record, its own identity, its counters. */
#pragma once

#include "base/ip.h"
#include "lab/site.h"

#include <netinet/in.h>

#include <openssl/types.h>

struct behaviour;

/* Ways in; a right log-in is one session per way, a wrong one counts every time. */
enum device_way {
    DEVICE_WAY_HTTP,
    DEVICE_WAY_ONVIF,
    DEVICE_WAY_RTSP,
    DEVICE_WAY_FORM,
    DEVICE_WAY_DVRIP,
};

struct device_stats {
    uint64_t connections;
    uint64_t requests; /* HTTP and RTSP */
    uint64_t datagrams;
    uint64_t credentials_right; /* requests that carried the right ones */
    uint64_t credentials_wrong;
    uint64_t locked; /* requests refused because of a lock-out */
    uint64_t lockouts;
    uint64_t logouts;
    uint64_t sadp_inquiries;
    uint64_t sadp_others;
    uint64_t dhip_exact;
    uint64_t dhip_others;
    unsigned right_ways; /* one bit per device_way */
};

struct device {
    const struct site_device *row;
    const struct site_transcript *record;
    const struct behaviour *behave; /* NULL: as recorded */
    struct ip ip;
    uint8_t bits;
    struct mac mac;
    const char *serial;
    char uuid[40];
    char nonce[36];
    unsigned nonce_used;
    unsigned failures; /* wrong log-ins since the last right one */
    int64_t locked_until;
    uint64_t answers; /* given so far, for devices that change their mind */
    int netns;
    SSL_CTX *tls;
    struct device_stats stats;
};

/* Fills in the identity; the row outlives the device. */
enum err device_init(struct device *device, const struct site_device *row) MUST_CHECK;

/* The password of an account; NULL when there is no such account. */
const char *device_password(const struct device *device, const char *user);

/* Seconds of the device's clock since 1970, its offset included. */
int64_t device_time(const struct device *device);

bool device_is_locked(const struct device *device);
/* Seconds until the lock-out ends. */
int64_t device_locked_for(const struct device *device);
unsigned device_tries_left(const struct device *device);
/* Counts a log-in and applies the lock-out policy. */
void device_count_login(struct device *device, enum device_way way, bool right);
/* A new nonce for digest log-ins. */
void device_renew_nonce(struct device *device);
