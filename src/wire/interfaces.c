/* The machine's own interfaces and networks. */
#include "base/text.h"
#include "wire/call.h"

#include <ifaddrs.h>
#include <net/if.h>

static unsigned
mask_bits(const struct sockaddr *mask, size_t width)
{
    struct ip ip = {0};
    uint16_t port = 0;
    unsigned bits = 0;
    if (mask == NULL || ip_from_socket(mask, &ip, &port) != OK) {
        return (unsigned)width * 8;
    }
    while (bits < width * 8 && (ip.bytes[bits / 8] & (0x80U >> bits % 8)) != 0) {
        bits++;
    }
    return bits;
}

static struct net
net_of(const struct ip *ip, unsigned bits)
{
    struct net net = {.ip = *ip, .bits = (uint8_t)bits};
    for (unsigned bit = bits; bit < sizeof(ip->bytes) * 8; bit++) {
        net.ip.bytes[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
    }
    return net;
}

/* Containers are often given 0.0.0.0, which is nobody's broadcast. */
static struct ip
broadcast_of(const struct wire_interface *interface, const struct sockaddr *stated)
{
    struct ip ip = {0};
    uint16_t port = 0;
    bool usable = ip_from_socket(stated, &ip, &port) == OK && net_contains(&interface->net, &ip) &&
                  !ip_equal(&interface->ip, &ip);
    return usable ? ip : (struct ip){0};
}

static bool
read_interface(const struct ifaddrs *from, struct wire_interface *ret_interface)
{
    struct wire_interface one = {0};
    uint16_t port = 0;
    if (from->ifa_addr == NULL || (from->ifa_flags & IFF_UP) == 0 ||
        ip_from_socket(from->ifa_addr, &one.ip, &port) != OK) {
        return false;
    }
    (void)text_copy(one.name, sizeof(one.name), from->ifa_name);
    one.index = if_nametoindex(from->ifa_name);
    one.net = net_of(&one.ip, mask_bits(from->ifa_netmask, one.ip.family == 4 ? 4 : 16));
    if (one.ip.family == 4 && (from->ifa_flags & IFF_BROADCAST) != 0 &&
        from->ifa_broadaddr != NULL) {
        one.broadcast = broadcast_of(&one, from->ifa_broadaddr);
    }
    *ret_interface = one;
    return true;
}

size_t
wire_interfaces(const struct wire *wire, struct wire_interface *out, size_t max)
{
    struct ifaddrs *all = NULL;
    size_t count = 0;
    if (getifaddrs(&all) != 0) {
        return 0;
    }
    for (const struct ifaddrs *from = all; from != NULL && count < max; from = from->ifa_next) {
        struct wire_interface one;
        if (read_interface(from, &one) &&
            ((from->ifa_flags & IFF_LOOPBACK) == 0 || scope_meets(wire->scope, &one.net))) {
            out[count++] = one;
        }
    }
    freeifaddrs(all);
    return count;
}
