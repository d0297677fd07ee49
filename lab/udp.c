/* The datagram sockets of the devices; what they answer stands in onvif, discovery and mdns. */
#include "lab/udp.h"

#include "base/log.h"
#include "lab/discovery.h"
#include "lab/hostile.h"
#include "lab/mdns.h"
#include "lab/onvif.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATAGRAM_LIMIT ((size_t)65507)
#define INTERFACE      "eth0"

struct listener;

struct protocol {
    const char *name;
    uint16_t port;
    const char *group;
    const char *group6; /* NULL: IPv4 only */
    bool (*speaks)(const struct site_transcript *record);
    void (*answer)(struct device *device, const char *bytes, size_t len, struct buf *out);
    bool (*to_group)(const struct site_transcript *record);
};

struct listener {
    uv_udp_t udp;
    struct device *device;
    const struct protocol *protocol;
};

static bool
speaks_onvif(const struct site_transcript *record)
{
    return record->onvif != NULL;
}

static bool
speaks_sadp(const struct site_transcript *record)
{
    return record->sadp != NULL;
}

static bool
speaks_dhip(const struct site_transcript *record)
{
    return record->dhip != NULL;
}

static bool
speaks_ssdp(const struct site_transcript *record)
{
    return record->ssdp != NULL;
}

static bool
speaks_mdns(const struct site_transcript *record)
{
    return record->mdns != NULL;
}

static bool
sadp_to_group(const struct site_transcript *record)
{
    return record->sadp->multicast;
}

static const struct protocol protocols[] = {
    {"WS-Discovery", 3702,      "239.255.255.250", "ff02::c", speaks_onvif, onvif_probe,    NULL         },
    {"SADP",         37020,     "239.255.255.250", NULL,      speaks_sadp,  discovery_sadp, sadp_to_group},
    {"DHDiscover",   37810,     "239.255.255.251", NULL,      speaks_dhip,  discovery_dhip, NULL         },
    {"SSDP",         1900,      "239.255.255.250", NULL,      speaks_ssdp,  discovery_ssdp, NULL         },
    {"mDNS",         MDNS_PORT, "224.0.0.251",     NULL,      speaks_mdns,  NULL,           NULL         },
};

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    (void)handle;
    (void)suggested;
    static char bytes[65536];
    *ret_buf = uv_buf_init(bytes, sizeof bytes);
}

static uint16_t
port_of(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    memcpy(&v4, address, sizeof v4); /* sin6_port stands where sin_port does */
    return ntohs(v4.sin_port);
}

static void
send_answer(struct listener *listener, const struct sockaddr *asker, struct buf *answer)
{
    const struct protocol *protocol = listener->protocol;
    struct device *device = listener->device;
    bool mdns = protocol->port == MDNS_PORT && port_of(asker) == MDNS_PORT;
    bool group = mdns || (protocol->to_group != NULL && protocol->to_group(device->record));
    struct sockaddr_in to_group = {.sin_family = AF_INET, .sin_port = htons(protocol->port)};
    hostile_datagram(device, answer);
    if (inet_pton(AF_INET, protocol->group, &to_group.sin_addr) != 1)
        return;
    uv_buf_t out = uv_buf_init(answer->data, (unsigned)answer->len);
    const struct sockaddr *to = group ? (const struct sockaddr *)&to_group : asker;
    int sent = uv_udp_try_send(&listener->udp, &out, 1, to);
    if (sent < 0)
        log_debug("%s of %s: %s", protocol->name, device->row->name, uv_strerror(sent));
    device->answers++;
}

static void
on_datagram(
    uv_udp_t *udp, ssize_t got, const uv_buf_t *bytes, const struct sockaddr *asker, unsigned flags)
{
    struct listener *listener = udp->data;
    struct device *device = listener->device;
    if (got <= 0 || asker == NULL || (flags & UV_UDP_PARTIAL) != 0)
        return;
    struct buf answer;
    buf_init(&answer, DATAGRAM_LIMIT);
    device->stats.datagrams++;
    if (listener->protocol->answer == NULL)
        mdns_answer(device, bytes->base, (size_t)got, port_of(asker) != MDNS_PORT, &answer);
    else
        listener->protocol->answer(device, bytes->base, (size_t)got, &answer);
    if (answer.len > 0)
        send_answer(listener, asker, &answer);
    buf_release(&answer);
}

static bool
join_group(int fd, const struct protocol *protocol)
{
    struct ip_mreqn group = {.imr_ifindex = (int)if_nametoindex(INTERFACE)};
    const int off = 0;
    (void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof off);
    return inet_pton(AF_INET, protocol->group, &group.imr_multiaddr) == 1 &&
           setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof group) == 0 &&
           setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) == 0;
}

static bool
join_group6(int fd, const struct protocol *protocol)
{
    struct ipv6_mreq group = {.ipv6mr_interface = if_nametoindex(INTERFACE)};
    return inet_pton(AF_INET6, protocol->group6, &group.ipv6mr_multiaddr) == 1 &&
           setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof group) == 0;
}

static int
open_socket(int family, const struct protocol *protocol)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(protocol->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(protocol->port)};
    const int yes = 1;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    (void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
    bool v6_only =
        family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0;
    const struct sockaddr *address =
        family == AF_INET ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
    socklen_t len = family == AF_INET ? sizeof v4 : sizeof v6;
    bool joined = v6_only && bind(fd, address, len) == 0 &&
                  (family == AF_INET ? join_group(fd, protocol) : join_group6(fd, protocol));
    if (joined)
        return fd;
    log_error("%s: %s", protocol->name, strerrordesc_np(errno));
    close(fd);
    return -1;
}

static enum err
listen_on(uv_loop_t *loop, struct device *device, const struct protocol *protocol, int family)
{
    struct listener *listener = calloc(1, sizeof *listener);
    int fd = open_socket(family, protocol);
    if (listener == NULL || fd < 0) {
        free(listener);
        return ERR_SYSTEM;
    }
    listener->device = device;
    listener->protocol = protocol;
    listener->udp.data = listener;
    uv_udp_init(loop, &listener->udp);
    if (uv_udp_open(&listener->udp, fd) != 0) {
        close(fd);
        return ERR_SYSTEM;
    }
    return uv_udp_recv_start(&listener->udp, on_alloc, on_datagram) == 0 ? OK : ERR_SYSTEM;
}

enum err
udp_listen(uv_loop_t *loop, struct device *device)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < COUNT(protocols); i++) {
        if (!protocols[i].speaks(device->record))
            continue;
        err = listen_on(loop, device, &protocols[i], AF_INET);
        bool v6 = device->record->onvif != NULL && device->record->onvif->ipv6;
        /* A host without IPv6 still has a site to show. */
        if (err == OK && v6 && protocols[i].group6 != NULL &&
            listen_on(loop, device, &protocols[i], AF_INET6) != OK)
            log_info("%s: no IPv6 here", device->row->name);
    }
    return err;
}
