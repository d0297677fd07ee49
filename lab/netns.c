/* Network namespaces held by file descriptors only, and the cables between them. */
#include "lab/netns.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>

#define SWITCH "br0"

static int home = -1;

static enum err
fail(const char *what, int nl_error)
{
    log_error("%s: %s", what, nl_error == 0 ? strerrordesc_np(errno) : nl_geterror(nl_error));
    return ERR_SYSTEM;
}

static struct nl_sock *
open_netlink(void)
{
    struct nl_sock *sock = nl_socket_alloc();
    if (sock != NULL && nl_connect(sock, NETLINK_ROUTE) == 0)
        return sock;
    nl_socket_free(sock);
    return NULL;
}

static int
set_up(struct nl_sock *sock, const char *interface, bool up)
{
    struct rtnl_link *change = rtnl_link_alloc();
    struct rtnl_link *link = rtnl_link_alloc();
    int done = -NLE_NOMEM;
    if (change != NULL && link != NULL) {
        rtnl_link_set_ifindex(link, (int)if_nametoindex(interface));
        if (up)
            rtnl_link_set_flags(change, IFF_UP);
        else
            rtnl_link_unset_flags(change, IFF_UP);
        done = rtnl_link_change(sock, link, change, 0);
    }
    rtnl_link_put(change);
    rtnl_link_put(link);
    return done;
}

static int
bring_up(struct nl_sock *sock, const char *interface)
{
    return set_up(sock, interface, true);
}

static enum err
bring_loopback_up(void)
{
    struct nl_sock *sock = open_netlink();
    if (sock == NULL)
        return fail("netlink", 0);
    int done = bring_up(sock, "lo");
    nl_socket_free(sock);
    return done == 0 ? OK : fail("lo", done);
}

enum err
netns_start(void)
{
    home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return home < 0 ? fail("/proc/self/ns/net", 0) : bring_loopback_up();
}

void
netns_stop(void)
{
    if (home >= 0)
        close(home);
    home = -1;
}

enum err
netns_enter(int netns)
{
    return setns(netns, CLONE_NEWNET) == 0 ? OK : fail("setns", 0);
}

enum err
netns_home(void)
{
    return netns_enter(home);
}

int
netns_home_fd(void)
{
    return home;
}

enum err
netns_new(int *ret_netns)
{
    if (unshare(CLONE_NEWNET) != 0)
        return fail("new network namespace", 0);
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    enum err err = fd < 0 ? fail("/proc/self/ns/net", 0) : bring_loopback_up();
    enum err back = netns_home();
    if (err == OK)
        err = back;
    if (err != OK) {
        if (fd >= 0)
            close(fd);
        return err;
    }
    *ret_netns = fd;
    return OK;
}

bool
netns_set(int netns, const char *name, const char *value)
{
    char path[128];
    snprintf(path, sizeof path, "/proc/sys/net/%s", name);
    if (netns_enter(netns) != OK)
        return false;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
    if (fd >= 0)
        close(fd);
    return netns_home() == OK && done;
}

enum err
netns_make_switch(int netns)
{
    enum err err = netns_enter(netns);
    if (err != OK)
        return err;
    struct nl_sock *sock = open_netlink();
    struct rtnl_link *link = rtnl_link_bridge_alloc();
    int done = -NLE_NOMEM;
    if (sock != NULL && link != NULL) {
        rtnl_link_set_name(link, SWITCH);
        rtnl_link_set_flags(link, IFF_UP);
        done = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
    }
    rtnl_link_put(link);
    nl_socket_free(sock);
    if (done != 0)
        err = fail("bridge", done);
    enum err back = netns_home();
    return err != OK ? err : back;
}

static int
add_cable(struct nl_sock *sock, const struct netns_cable *cable)
{
    struct rtnl_link *link = rtnl_link_veth_alloc();
    if (link == NULL)
        return -NLE_NOMEM;
    struct rtnl_link *peer = rtnl_link_veth_get_peer(link);
    rtnl_link_set_name(link, cable->port);
    rtnl_link_set_flags(link, IFF_UP);
    if (cable->bridged)
        rtnl_link_set_master(link, (int)if_nametoindex(SWITCH));
    rtnl_link_set_name(peer, cable->interface);
    rtnl_link_set_ns_fd(peer, cable->device_netns);
    struct nl_addr *mac = NULL;
    if (!mac_is_zero(&cable->mac)) {
        mac = nl_addr_build(AF_LLC, cable->mac.bytes, sizeof cable->mac.bytes);
        rtnl_link_set_addr(peer, mac);
    }
    int done = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
    nl_addr_put(mac);
    rtnl_link_put(peer);
    rtnl_link_put(link);
    return done;
}

enum err
netns_connect(const struct netns_cable *cable)
{
    enum err err = netns_enter(cable->switch_netns);
    if (err != OK)
        return err;
    struct nl_sock *sock = open_netlink();
    int done = sock == NULL ? -NLE_NOMEM : add_cable(sock, cable);
    nl_socket_free(sock);
    if (done != 0)
        err = fail(cable->port, done);
    enum err back = netns_home();
    return err != OK ? err : back;
}

static struct nl_addr *
address_of(const struct ip *ip, int bits)
{
    struct nl_addr *address = nl_addr_build(AF_INET, ip->bytes, 4);
    if (address != NULL)
        nl_addr_set_prefixlen(address, bits);
    return address;
}

static int
change_address(struct nl_sock *sock, const struct netns_address *address, bool there)
{
    struct rtnl_addr *row = rtnl_addr_alloc();
    struct nl_addr *local = address_of(&address->ip, address->bits);
    uint32_t mask = address->bits == 0 ? 0 : UINT32_MAX << (32 - address->bits);
    struct ip last = ip_from_v4(ip_to_v4(&address->ip) | ~mask);
    struct nl_addr *broadcast = address_of(&last, 32);
    int done = -NLE_NOMEM;
    if (row != NULL && local != NULL && broadcast != NULL) {
        rtnl_addr_set_ifindex(row, (int)if_nametoindex(address->interface));
        done = rtnl_addr_set_local(row, local);
        if (done == 0)
            done = rtnl_addr_set_broadcast(row, broadcast);
        if (done == 0)
            done = there ? rtnl_addr_add(sock, row, 0) : rtnl_addr_delete(sock, row, 0);
    }
    nl_addr_put(broadcast);
    nl_addr_put(local);
    rtnl_addr_put(row);
    return done;
}

static int
add_route(struct nl_sock *sock, const struct ip *to, int bits, const struct ip *via,
    const char *interface)
{
    struct rtnl_route *route = rtnl_route_alloc();
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    struct nl_addr *target = address_of(to, bits);
    struct nl_addr *gateway = via == NULL ? NULL : address_of(via, 32);
    int done = -NLE_NOMEM;
    if (route != NULL && hop != NULL && target != NULL) {
        rtnl_route_nh_set_ifindex(hop, (int)if_nametoindex(interface));
        if (gateway != NULL)
            rtnl_route_nh_set_gateway(hop, gateway);
        rtnl_route_set_scope(route, gateway == NULL ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
        rtnl_route_set_dst(route, target);
        rtnl_route_add_nexthop(route, hop);
        hop = NULL;
        done = rtnl_route_add(sock, route, 0);
    }
    if (hop != NULL)
        rtnl_route_nh_free(hop);
    nl_addr_put(gateway);
    nl_addr_put(target);
    rtnl_route_put(route);
    return done;
}

static int
configure(struct nl_sock *sock, const struct netns_address *address)
{
    const struct ip everywhere = ip_from_v4(0);
    const struct ip groups = ip_from_v4(UINT32_C(0xe0000000));
    int done = change_address(sock, address, true);
    if (done == 0)
        done = bring_up(sock, address->interface);
    if (done == 0 && address->gateway.family == 4)
        done = add_route(sock, &everywhere, 0, &address->gateway, address->interface);
    else if (done == 0 && address->everything)
        done = add_route(sock, &everywhere, 0, NULL, address->interface);
    if (done == 0 && address->multicast)
        done = add_route(sock, &groups, 4, NULL, address->interface);
    return done;
}

/* Does something in a namespace and comes home. */
static enum err
work_in(int netns, const struct netns_address *address,
    int (*work)(struct nl_sock *sock, const struct netns_address *address))
{
    enum err err = netns_enter(netns);
    if (err != OK)
        return err;
    struct nl_sock *sock = open_netlink();
    int done = sock == NULL ? -NLE_NOMEM : work(sock, address);
    nl_socket_free(sock);
    if (done != 0)
        err = fail(address->interface, done);
    enum err back = netns_home();
    return err != OK ? err : back;
}

enum err
netns_configure(int netns, const struct netns_address *address)
{
    return work_in(netns, address, configure);
}

static int
forget(struct nl_sock *sock, const struct netns_address *address)
{
    return change_address(sock, address, false);
}

enum err
netns_forget(int netns, const struct netns_address *address)
{
    return work_in(netns, address, forget);
}

static int
take_up(struct nl_sock *sock, const struct netns_address *address)
{
    return set_up(sock, address->interface, true);
}

static int
take_down(struct nl_sock *sock, const struct netns_address *address)
{
    return set_up(sock, address->interface, false);
}

enum err
netns_set_link(int netns, const char *interface, bool up)
{
    const struct netns_address address = {.interface = interface};
    return work_in(netns, &address, up ? take_up : take_down);
}
