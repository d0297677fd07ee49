/* A device while it plays: its record, its own identity, its counters. */
#pragma once

#include "base/ip.h"
#include "lab/netns.h"
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

#define DEVICE_ACCOUNTS  8
#define DEVICE_PASSWORD  128
#define DEVICE_VERSION   64
#define DEVICE_PASSWORDS 3 /* that may open one list of one account */

/* Many devices keep an account's password for ONVIF apart from the one for all else. */
enum device_list {
    DEVICE_LIST_WEB,
    DEVICE_LIST_ONVIF,
    DEVICE_LISTS,
};

struct device_login {
    bool is_there;
    bool is_hashed; /* the password came as the hash of DVRIP or RPC2: nobody told its letters */
    bool has_before;
    char now[DEVICE_PASSWORD];
    char before[DEVICE_PASSWORD];
};

struct device_account {
    const char *user;
    struct device_login lists[DEVICE_LISTS];
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
    struct device_account accounts[DEVICE_ACCOUNTS];
    size_t account_count;
    bool lists_apart;                 /* a change in one list of accounts leaves the other alone */
    struct state_document *documents; /* what requests have changed, and can change */
    size_t document_count;
    uint64_t changes;              /* made so far */
    uint64_t uploads;              /* files of firmware taken */
    bool has_session;              /* somebody has logged in by body since the last restart */
    bool swallows_answer;          /* the answer to the present request is never sent */
    char firmware[DEVICE_VERSION]; /* of an update; "": as recorded */
    char waiting[DEVICE_VERSION];  /* runs after the next restart */
    struct conn *conns;
    struct uv_loop_s *loop; /* NULL: nothing happens later */
    int switch_netns;
    char port[16]; /* its end of the cable at the switch */
    struct netns_address address;
    int netns;
    SSL_CTX *tls;
    struct device_stats stats;
};

/* Fills in the identity; the row outlives the device. */
enum err device_init(struct device *device, const struct site_device *row) MUST_CHECK;

void device_release(struct device *device);

/*
 * The passwords that open an account by a way, the present one first: more than one where the
 * device is broken so. Returns how many; 0: no such account.
 */
size_t device_passwords(const struct device *device, enum device_way way, const char *user,
    const char *ret_passwords[DEVICE_PASSWORDS]);
/* Whether a password that was sent as text opens the account. */
bool device_opens(
    const struct device *device, enum device_way way, const char *user, const char *password);
/* The account's own words for a list; NULL when it is not there. */
const struct device_login *device_login_of(
    const struct device *device, enum device_list list, const char *user);

/* Seconds of the device's clock since 1970, its offset included. */
int64_t device_time(const struct device *device);

bool device_is_locked(const struct device *device);
/* Seconds until the lock-out ends. */
int64_t device_locked_for(const struct device *device);
unsigned device_tries_left(const struct device *device);
/* Counts a log-in and applies the lock-out policy. */
void device_count_login(struct device *device, enum device_way way, bool right);
/* A day passes: neither wrong log-ins nor a lock are remembered; both stay counted. */
void device_forget_failures(struct device *device);
/* A new nonce for digest log-ins. */
void device_renew_nonce(struct device *device);
