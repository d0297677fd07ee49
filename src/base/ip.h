/* Addresses: IPv4 and IPv6, networks, MACs. Values, no pointers, no name look-ups. */
#pragma once

#include "base/err.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define IP_TEXT  64 /* room for any address as text, zone included */
#define MAC_TEXT 18

struct ip {
    uint8_t family;    /* 4 or 6; 0: no address */
    uint8_t bytes[16]; /* network order; 4 or 16 used */
    uint32_t zone;     /* interface index of an IPv6 link-local address, else 0 */
};

struct net {
    struct ip ip; /* host bits zero */
    uint8_t bits;
};

struct mac {
    uint8_t bytes[6];
};

/* "10.0.0.7", "fe80::1", "fe80::1%eth0"; no names. */
enum err ip_parse(const char *text, struct ip *ret_ip) MUST_CHECK;
/* Returns out. */
const char *ip_text(const struct ip *ip, char out[IP_TEXT]);
bool ip_equal(const struct ip *a, const struct ip *b);
/* As memcmp: family first, then bytes. */
int ip_compare(const struct ip *a, const struct ip *b);
struct ip ip_from_v4(uint32_t host_order);
uint32_t ip_to_v4(const struct ip *ip);
bool ip_is_loopback(const struct ip *ip);
bool ip_is_link_local(const struct ip *ip);
bool ip_is_multicast(const struct ip *ip);
/*
 * Everything that is not set aside for private, shared, link-local, loopback, documentation or
 * multicast use (IANA special-purpose registries; RFC 1918, 6598, 3927, 4193, 5737): somebody
 * else's machine unless the owner says otherwise.
 */
bool ip_is_public(const struct ip *ip);

socklen_t ip_to_socket(const struct ip *ip, uint16_t port, struct sockaddr_storage *ret_address);
enum err ip_from_socket(
    const struct sockaddr *address, struct ip *ret_ip, uint16_t *ret_port) MUST_CHECK;

/* "10.0.0.0/24" or a single address; host bits are cleared. */
enum err net_parse(const char *text, struct net *ret_net) MUST_CHECK;
const char *net_text(const struct net *net, char out[IP_TEXT]);
bool net_contains(const struct net *net, const struct ip *ip);
/* Number of addresses, at most UINT64_MAX. */
uint64_t net_size(const struct net *net);

/* Separators ':', '-' or none: "44:19:b6:01:02:03", "44-19-B6-…", "4419B6010203". */
enum err mac_parse(const char *text, struct mac *ret_mac) MUST_CHECK;
const char *mac_text(const struct mac *mac, char out[MAC_TEXT]);
bool mac_is_zero(const struct mac *mac);
bool mac_equal(const struct mac *a, const struct mac *b);
/* Set by software, not registered to a vendor (IEEE 802: second-lowest bit of the first byte). */
bool mac_is_local(const struct mac *mac);
