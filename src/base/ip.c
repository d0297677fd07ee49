/* Addresses and networks. */
#include "base/ip.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static size_t
width(const struct ip *ip)
{
    return ip->family == 4 ? 4 : ip->family == 6 ? 16 : 0;
}

enum err
ip_parse(const char *text, struct ip *ret_ip)
{
    struct ip ip = {0};
    char copy[IP_TEXT];
    if (text_is_empty(text) || !text_copy(copy, sizeof(copy), text)) {
        return ERR_VALUE;
    }
    char *zone = strchr(copy, '%');
    if (zone != NULL) {
        *zone++ = '\0';
        ip.zone = if_nametoindex(zone);
    }
    if (inet_pton(AF_INET, copy, ip.bytes) == 1 && zone == NULL) {
        ip.family = 4;
    } else if (inet_pton(AF_INET6, copy, ip.bytes) == 1) {
        ip.family = 6;
    } else {
        return ERR_VALUE;
    }
    if (zone != NULL && ip.zone == 0) {
        return ERR_VALUE;
    }
    *ret_ip = ip;
    return OK;
}

const char *
ip_text(const struct ip *ip, char out[IP_TEXT])
{
    if (ip->family == 0) {
        (void)text_copy(out, IP_TEXT, "-");
        return out;
    }
    (void)inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes, out, IP_TEXT);
    char name[IF_NAMESIZE];
    if (ip->zone != 0 && if_indextoname(ip->zone, name) != NULL) {
        size_t len = strlen(out);
        (void)snprintf(out + len, IP_TEXT - len, "%%%s", name);
    }
    return out;
}

int
ip_compare(const struct ip *a, const struct ip *b)
{
    if (a->family != b->family) {
        return a->family < b->family ? -1 : 1;
    }
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool
ip_equal(const struct ip *a, const struct ip *b)
{
    return ip_compare(a, b) == 0;
}

struct ip
ip_from_v4(uint32_t host_order)
{
    struct ip ip = {.family = 4};
    uint32_t wire = htonl(host_order);
    memcpy(ip.bytes, &wire, 4);
    return ip;
}

uint32_t
ip_to_v4(const struct ip *ip)
{
    uint32_t wire = 0;
    memcpy(&wire, ip->bytes, 4);
    return ntohl(wire);
}

static bool
is_in_any(const struct ip *ip, const char *const *nets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct net net;
        if (net_parse(nets[i], &net) == OK && net_contains(&net, ip)) {
            return true;
        }
    }
    return false;
}

bool
ip_is_loopback(const struct ip *ip)
{
    static const char *const nets[] = {"127.0.0.0/8", "::1/128"};
    return is_in_any(ip, nets, COUNT(nets));
}

bool
ip_is_link_local(const struct ip *ip)
{
    static const char *const nets[] = {"169.254.0.0/16", "fe80::/10"};
    return is_in_any(ip, nets, COUNT(nets));
}

bool
ip_is_multicast(const struct ip *ip)
{
    static const char *const nets[] = {"224.0.0.0/4", "ff00::/8", "255.255.255.255/32"};
    return is_in_any(ip, nets, COUNT(nets));
}

bool
ip_is_public(const struct ip *ip)
{
    static const char *const nets[] = {
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "::/127",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
        "2001:db8::/32",
    };
    struct ip plain = *ip;
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (ip->family == 6 && memcmp(ip->bytes, mapped, sizeof(mapped)) == 0) {
        plain = (struct ip){.family = 4};
        memcpy(plain.bytes, ip->bytes + 12, 4);
    }
    return !is_in_any(&plain, nets, COUNT(nets));
}

socklen_t
ip_to_socket(const struct ip *ip, uint16_t port, struct sockaddr_storage *ret_address)
{
    memset(ret_address, 0, sizeof(*ret_address));
    if (ip->family == 4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        memcpy(&v4->sin_addr, ip->bytes, 4);
        return sizeof(*v4);
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    v6->sin6_scope_id = ip->zone;
    memcpy(&v6->sin6_addr, ip->bytes, 16);
    return sizeof(*v6);
}

enum err
ip_from_socket(const struct sockaddr *address, struct ip *ret_ip, uint16_t *ret_port)
{
    struct ip ip = {0};
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        ip.family = 4;
        memcpy(ip.bytes, &v4->sin_addr, 4);
        *ret_port = ntohs(v4->sin_port);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        ip.family = 6;
        memcpy(ip.bytes, &v6->sin6_addr, 16);
        ip.zone = v6->sin6_scope_id;
        *ret_port = ntohs(v6->sin6_port);
    } else {
        return ERR_VALUE;
    }
    *ret_ip = ip;
    return OK;
}

static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    if (memcmp(a, b, whole) != 0) {
        return false;
    }
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

enum err
net_parse(const char *text, struct net *ret_net)
{
    char copy[IP_TEXT];
    struct net net = {0};
    if (text_is_empty(text) || !text_copy(copy, sizeof(copy), text)) {
        return ERR_VALUE;
    }
    char *slash = strchr(copy, '/');
    if (slash != NULL) {
        *slash++ = '\0';
    }
    enum err err = ip_parse(copy, &net.ip);
    if (err != OK) {
        return err;
    }
    uint64_t bits = width(&net.ip) * 8;
    if (slash != NULL && text_to_u64(slash, bits, &bits) != OK) {
        return ERR_VALUE;
    }
    net.bits = (uint8_t)bits;
    for (unsigned bit = net.bits; bit < width(&net.ip) * 8; bit++) {
        net.ip.bytes[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
    }
    *ret_net = net;
    return OK;
}

const char *
net_text(const struct net *net, char out[IP_TEXT])
{
    (void)ip_text(&net->ip, out);
    size_t len = strlen(out);
    (void)snprintf(out + len, IP_TEXT - len, "/%u", net->bits);
    return out;
}

bool
net_contains(const struct net *net, const struct ip *ip)
{
    return net->ip.family == ip->family && same_bits(net->ip.bytes, ip->bytes, net->bits);
}

uint64_t
net_size(const struct net *net)
{
    unsigned free_bits = (unsigned)width(&net->ip) * 8 - net->bits;
    return free_bits >= 64 ? UINT64_MAX : (uint64_t)1 << free_bits;
}

enum err
mac_parse(const char *text, struct mac *ret_mac)
{
    struct mac mac;
    const char *c = text == NULL ? "" : text;
    for (size_t i = 0; i < sizeof(mac.bytes); i++) {
        if (i != 0 && (*c == ':' || *c == '-')) {
            c++;
        }
        int high = text_hex_digit(c[0]);
        int low = high < 0 ? -1 : text_hex_digit(c[1]);
        if (low < 0) {
            return ERR_VALUE;
        }
        mac.bytes[i] = (uint8_t)(high << 4 | low);
        c += 2;
    }
    if (*c != '\0') {
        return ERR_VALUE;
    }
    *ret_mac = mac;
    return OK;
}

const char *
mac_text(const struct mac *mac, char out[MAC_TEXT])
{
    const uint8_t *b = mac->bytes;
    (void)snprintf(
        out, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
    return out;
}

bool
mac_is_zero(const struct mac *mac)
{
    static const struct mac zero;
    return mac_equal(mac, &zero);
}

bool
mac_equal(const struct mac *a, const struct mac *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool
mac_is_local(const struct mac *mac)
{
    return (mac->bytes[0] & 2) != 0;
}
