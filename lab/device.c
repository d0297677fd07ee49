/* A device while it plays: its record, its own identity, its counters. */
#include "lab/device.h"

#include "base/clock.h"
#include "base/text.h"
#include "lab/hostile.h"
#include "lab/state.h"

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#define STRICT_TRIES 3
#define LOCK_SECONDS 1800U

static struct device_account *
account_of(struct device *device, const char *user)
{
    for (size_t i = 0; i < device->account_count; i++)
        if (text_equal(device->accounts[i].user, user))
            return &device->accounts[i];
    if (device->account_count == DEVICE_ACCOUNTS)
        return NULL;
    device->accounts[device->account_count].user = user;
    return &device->accounts[device->account_count++];
}

static void
add_accounts(struct device *device)
{
    const struct site_transcript *record = device->record;
    device->lists_apart = hostile_does(device, HOSTILE_ONVIF_APART);
    for (unsigned i = 0; i < record->accounts_count; i++) {
        const struct site_account *row = &record->accounts[i];
        struct device_account *account = account_of(device, row->user);
        bool own = i == 0 && device->row->password != NULL;
        device->lists_apart = device->lists_apart || row->list != SITE_LIST_BOTH;
        for (unsigned list = 0; account != NULL && list < DEVICE_LISTS; list++) {
            bool web_only = row->list == SITE_LIST_WEB;
            if (row->list != SITE_LIST_BOTH && web_only != (list == DEVICE_LIST_WEB))
                continue;
            struct device_login *login = &account->lists[list];
            login->is_there = true;
            (void)text_copy(
                login->now, sizeof login->now, own ? device->row->password : row->password);
        }
    }
}

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
    device->switch_netns = -1;
    device_renew_nonce(device);
    add_accounts(device);
    return OK;
}

void
device_release(struct device *device)
{
    state_release(device);
}

/* Wrong log-ins to the lock-out; 0: it has none. */
static unsigned
limit_of(const struct device *device)
{
    const struct site_lockout *lockout = device->record->lockout;
    if (hostile_does(device, HOSTILE_LOCKS_OUT))
        return STRICT_TRIES;
    return lockout == NULL ? 0 : device->row->tries != 0 ? device->row->tries : lockout->tries;
}

const struct device_login *
device_login_of(const struct device *device, enum device_list list, const char *user)
{
    for (size_t i = 0; i < device->account_count; i++) {
        const struct device_account *account = &device->accounts[i];
        if (text_equal(account->user, user))
            return account->lists[list].is_there ? &account->lists[list] : NULL;
    }
    return NULL;
}

static const struct device_login *
login_by(const struct device *device, enum device_way way, const char *user)
{
    enum device_list list = way == DEVICE_WAY_ONVIF ? DEVICE_LIST_ONVIF : DEVICE_LIST_WEB;
    return device_login_of(device, list, user);
}

size_t
device_passwords(const struct device *device, enum device_way way, const char *user,
    const char *ret_passwords[DEVICE_PASSWORDS])
{
    const struct device_login *login = login_by(device, way, user);
    size_t count = 0;
    if (login == NULL)
        return 0;
    ret_passwords[count++] = login->now;
    if (login->has_before && hostile_does(device, HOSTILE_OLD_STAYS))
        ret_passwords[count++] = login->before;
    return count;
}

bool
device_opens(
    const struct device *device, enum device_way way, const char *user, const char *password)
{
    const char *passwords[DEVICE_PASSWORDS];
    size_t count = device_passwords(device, way, user, passwords);
    bool short_look = hostile_does(device, HOSTILE_FIRST_EIGHT_BOTH);
    for (size_t i = 0; i < count; i++)
        if (text_equal(passwords[i], password) ||
            (short_look && strncmp(passwords[i], password == NULL ? "" : password, 8) == 0))
            return true;
    return false;
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
        if (!hostile_does(device, HOSTILE_LOCKS_OUT))
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
    unsigned seconds = lockout == NULL || lockout->seconds == 0 ? LOCK_SECONDS : lockout->seconds;
    device->locked_until = clock_mono() + (int64_t)seconds * 1000;
}

void
device_forget_failures(struct device *device)
{
    device->failures = 0;
    device->locked_until = 0;
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
