/* Makes a site bigger for measurements: the same cameras again, with identities of their own. */
#include "lab/site.h"

#include "base/ip.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 96

static bool
is_used(const struct site *site, const struct ip *ip)
{
    struct ip other;
    for (unsigned i = 0; i < site->devices_count; i++)
        if (ip_parse(site->devices[i].ip, &other) == OK && ip_equal(&other, ip))
            return true;
    return false;
}

/* The next address of the LAN that nobody has; .0, .255 and the first ten stay free. */
static enum err
next_address(const struct site *site, const struct net *lan, struct ip *ret_ip)
{
    uint32_t first = ip_to_v4(&lan->ip);
    uint64_t size = net_size(lan);
    for (uint32_t i = 10; i + 1 < size; i++) {
        uint32_t last = (first + i) & 0xff;
        struct ip ip = ip_from_v4(first + i);
        if (last != 0 && last != 255 && !is_used(site, &ip)) {
            *ret_ip = ip;
            return OK;
        }
    }
    return ERR_LIMIT;
}

/* The serial with its last digits replaced by the number, so that its form stays the vendor's. */
static char *
fresh_serial(const char *serial, unsigned number)
{
    char digits[8];
    char *copy = strdup(serial == NULL ? "" : serial);
    if (copy == NULL)
        return NULL;
    snprintf(digits, sizeof digits, "%05u", number % 100000);
    size_t left = 5;
    for (size_t i = strlen(copy); i > 0 && left > 0; i--)
        if (copy[i - 1] >= '0' && copy[i - 1] <= '9')
            copy[i - 1] = digits[--left];
    return copy;
}

static enum err
copy_device(
    const struct site *site, const struct net *lan, unsigned number, struct site_device *ret_device)
{
    const struct site_device *from = ret_device;
    struct site_device device = {.record = from->record, .bits = 0};
    char text[TEXT_SIZE];
    struct ip ip;
    struct mac mac;
    enum err err = next_address(site, lan, &ip);
    if (err == OK)
        err = mac_parse(from->mac != NULL ? from->mac : from->record->mac, &mac);
    if (err != OK)
        return err;
    mac.bytes[3] = 0x7e;
    mac.bytes[4] = (uint8_t)(number >> 8);
    mac.bytes[5] = (uint8_t)number;
    device.mac = strdup(mac_text(&mac, text));
    device.ip = strdup(ip_text(&ip, text));
    snprintf(text, sizeof text, "%.64s-%u", from->name, number);
    device.name = strdup(text);
    device.transcript = strdup(from->transcript);
    const char *serial = from->serial != NULL ? from->serial : from->record->serial;
    device.serial = fresh_serial(serial, number);
    device.password = from->password == NULL ? NULL : strdup(from->password);
    *ret_device = device;
    return OK;
}

/* A LAN of 254 addresses has no room for 254 devices, router and administrator. */
static enum err
widen(struct site *site, unsigned count, struct net *ret_lan)
{
    char text[IP_TEXT];
    enum err err = net_parse(site->lan, ret_lan);
    if (err != OK)
        return err;
    while (ret_lan->bits > 16 && net_size(ret_lan) < (uint64_t)count + 16)
        ret_lan->bits--;
    char wider[TEXT_SIZE];
    snprintf(wider, sizeof wider, "%s/%u", ip_text(&ret_lan->ip, text), ret_lan->bits);
    err = net_parse(wider, ret_lan);
    char *copy = strdup(wider);
    if (copy == NULL)
        return ERR_MEMORY;
    free(site->lan);
    site->lan = copy;
    return err;
}

static bool
is_camera_of_the_lan(const struct site_device *device, const struct net *lan)
{
    struct ip ip;
    return text_equal(device->record->kind, "camera") && device->behave == NULL &&
           ip_parse(device->ip, &ip) == OK && net_contains(lan, &ip);
}

enum err
site_enlarge(struct site *site, unsigned count)
{
    struct net lan;
    unsigned originals = site->devices_count;
    enum err err = widen(site, count, &lan);
    if (err != OK || count <= originals)
        return err;
    struct site_device *more = realloc(site->devices, count * sizeof *more);
    if (more == NULL)
        return ERR_MEMORY;
    site->devices = more;
    unsigned idle = 0; /* rows passed over since the last camera */
    for (unsigned i = 0; site->devices_count < count && idle <= originals; i++) {
        const struct site_device *from = &site->devices[i % originals];
        idle++;
        if (!is_camera_of_the_lan(from, &lan))
            continue;
        idle = 0;
        struct site_device device = *from;
        err = copy_device(site, &lan, site->devices_count, &device);
        if (err != OK)
            return err;
        site->devices[site->devices_count++] = device;
    }
    return site->devices_count < count ? ERR_MISSING : OK;
}
