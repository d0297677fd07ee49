/* A device while it plays: its record, its own identity, its counters. */
#include "lab/device.h"

#include "base/clock.h"
#include "base/text.h"
#include "lab/hostile.h"

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

enum err
device_init(struct device *device, const struct site_device *row)
{
    *device = (struct device){.row = row, .record = row->record, .netns = -1};
    enum err err = ip_parse(row->ip, &device->ip);
    if (err == OK)
        err = mac_parse(row->mac != NULL ? row->mac : row->record->mac, &device->mac);
    if (err == OK && row->behave != NULL)
        err = hostile_find(row->behave, &device->behave);
    if (err != OK)
        return err;
    device->serial = row->serial != NULL ? row->serial : row->record->serial;
    if (device->serial == NULL)
        device->serial = "";
    const uint8_t *m = device->mac.bytes;
    snprintf(device->uuid, sizeof device->uuid, "2419d68a-2dd2-21b2-a205-%02x%02x%02x%02x%02x%02x",
        m[0], m[1], m[2], m[3], m[4], m[5]);
    device->failures = row->wrong;
    device_renew_nonce(device);
    return OK;
}

/* Wrong log-ins to the lock-out; 0: it has none. */
static unsigned
limit_of(const struct device *device)
{
    const struct site_lockout *lockout = device->record->lockout;
    return lockout == NULL ? 0 : device->row->tries != 0 ? device->row->tries : lockout->tries;
}

const char *
device_password(const struct device *device, const char *user)
{
    const struct site_transcript *record = device->record;
    for (unsigned i = 0; i < record->accounts_count; i++) {
        if (!text_equal(record->accounts[i].user, user))
            continue;
        if (i == 0 && device->row->password != NULL)
            return device->row->password;
        return record->accounts[i].password;
    }
    return NULL;
}

int64_t
device_time(const struct device *device)
{
    return clock_wall() / 1000 + device->record->clock_offset + device->row->clock_offset;
}

bool
device_is_locked(const struct device *device)
{
    return device_locked_for(device) > 0;
}

int64_t
device_locked_for(const struct device *device)
{
    int64_t left = device->locked_until - clock_mono();
    return left <= 0 ? 0 : (left + 999) / 1000;
}

unsigned
device_tries_left(const struct device *device)
{
    unsigned limit = limit_of(device);
    return device->failures >= limit ? 0 : limit - device->failures;
}

void
device_count_login(struct device *device, enum device_way way, bool right)
{
    if (right) {
        device->failures = 0;
        device->stats.credentials_right++;
        device->stats.right_ways |= 1U << way;
        return;
    }
    const struct site_lockout *lockout = device->record->lockout;
    device->failures++;
    device->stats.credentials_wrong++;
    if (limit_of(device) == 0 || device->failures < limit_of(device))
        return;
    device->failures = 0;
    device->stats.lockouts++;
    device->locked_until = clock_mono() + (int64_t)lockout->seconds * 1000;
}

void
device_renew_nonce(struct device *device)
{
    uint8_t bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        memset(bytes, 0x5a, sizeof bytes);
    text_hex(device->nonce, bytes, sizeof bytes);
    device->nonce_used = 0;
}
