/*
 * The addresses that the owner has authorised. Every function of wire that sends asks here first;
 * nothing outside is ever sent a packet.
 */
#pragma once

#include "base/ip.h"

#define SCOPE_NETS 256

struct scope {
    struct net allowed[SCOPE_NETS];
    size_t allowed_count;
    struct net excluded[SCOPE_NETS];
    size_t excluded_count;
};

void scope_init(struct scope *scope);

/*
 * Adds a network or host. Public addresses are refused unless they come singly (ERR_SCOPE), as are
 * multicast and networks of more than 65,536 addresses (IPv6: singly or link-local /64 only).
 */
enum err scope_allow(struct scope *scope, const char *text, struct note *note) MUST_CHECK;
enum err scope_exclude(struct scope *scope, const char *text, struct note *note) MUST_CHECK;

bool scope_contains(const struct scope *scope, const struct ip *ip);
/* True when some address of the network is in the scope. */
bool scope_meets(const struct scope *scope, const struct net *net);
/* One network of the scope holds all of it, and none of it is excluded. */
bool scope_covers(const struct scope *scope, const struct net *net);
/*
 * Number of addresses to sweep: of IPv4 without the network and broadcast addresses of a /30 or
 * larger, of IPv6 those that were given singly.
 */
size_t scope_host_count(const struct scope *scope);
/* Walks them in order, each once; start with *cursor = 0; false at the end. */
bool scope_next_host(const struct scope *scope, size_t *cursor, struct ip *ret_ip);
