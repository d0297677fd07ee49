/* UDP sockets on one interface each; what they send waits for the pace like every other call. */
#include "wire/call.h"

#include <stdlib.h>
#include <string.h>

struct send_call {
    struct wire_call call;
    struct wire_udp *udp;
    struct send_call *prev; /* of this socket's */
    struct send_call *next;
    size_t len;
    char bytes[];
};

struct wire_udp {
    struct wire *wire;
    struct wire_udp *prev;
    struct wire_udp *next;
    struct wire_interface interface;
    wire_datagram_fn *got;
    void *context;
    uv_udp_t socket;
    struct send_call *sends; /* waiting */
};

static void
on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void
give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_room)
{
    struct wire_udp *udp = handle->data;
    (void)suggested;
    *ret_room = uv_buf_init((char *)udp->wire->datagram, sizeof(udp->wire->datagram));
}

static void
on_datagram(uv_udp_t *socket, ssize_t len, const uv_buf_t *room, const struct sockaddr *address,
    unsigned flags)
{
    struct wire_udp *udp = socket->data;
    struct ip from;
    uint16_t port = 0;
    if (len < 0 || address == NULL || ip_from_socket(address, &from, &port) != OK) {
        return;
    }
    /* Linux gives IPv6 groups to members on other interfaces, too. */
    if (from.zone != 0 && from.zone != udp->interface.index) {
        return;
    }
    if ((flags & UV_UDP_PARTIAL) != 0 || (size_t)len > WIRE_DATAGRAM) {
        udp->wire->totals.dropped++;
        return;
    }
    udp->got(udp->context, &from, port, (const uint8_t *)room->base, (size_t)len);
}

/* Without these, broadcasts leave by the default route and groups of other interfaces come in. */
static int
bind_to_interface(struct wire_udp *udp)
{
    uv_os_fd_t fd = -1;
    int status = uv_fileno((uv_handle_t *)&udp->socket, &fd);
    if (status != 0) {
        return status;
    }
    const int off = 0;
    const uint32_t index = udp->interface.index;
    const uint32_t index_be = htonl(index);
    bool v4 = udp->interface.ip.family == 4;
    int failed = v4 ? setsockopt(fd, IPPROTO_IP, IP_UNICAST_IF, &index_be, sizeof(index_be)) |
                          setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off))
                    : setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof(index)) |
                          setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &off, sizeof(off));
    return failed == 0 ? 0 : UV_EINVAL;
}

static int
open_socket(struct wire_udp *udp, uint16_t port, const struct ip *group)
{
    const struct wire_interface *interface = &udp->interface;
    struct ip any = {.family = interface->ip.family};
    struct sockaddr_storage address;
    char own[IP_TEXT];
    char joined[IP_TEXT];
    struct ip own_ip = interface->ip;
    if (own_ip.family == 6) {
        own_ip.zone = interface->index;
    }
    (void)ip_to_socket(&any, port, &address);
    (void)ip_text(&own_ip, own);
    unsigned flags = UV_UDP_REUSEADDR | (any.family == 6 ? UV_UDP_IPV6ONLY : 0);
    int status = uv_udp_bind(&udp->socket, (const struct sockaddr *)&address, flags);
    status = status != 0 ? status : bind_to_interface(udp);
    status = status != 0 ? status : uv_udp_set_multicast_ttl(&udp->socket, 1);
    if (status == 0 && any.family == 4) {
        status = uv_udp_set_broadcast(&udp->socket, 1);
        status = status != 0 ? status : uv_udp_set_multicast_interface(&udp->socket, own);
    }
    if (status == 0 && group != NULL) {
        struct ip plain = *group;
        plain.zone = 0;
        status = uv_udp_set_membership(&udp->socket, ip_text(&plain, joined), own, UV_JOIN_GROUP);
    }
    return status != 0 ? status : uv_udp_recv_start(&udp->socket, give_room, on_datagram);
}

struct wire_udp *
wire_udp_open(struct wire *wire, const struct wire_interface *interface, uint16_t port,
    const struct ip *group, wire_datagram_fn *got, void *context)
{
    struct wire_udp *udp = calloc(1, sizeof(*udp));
    if (udp == NULL || uv_udp_init(&wire->loop, &udp->socket) != 0) {
        free(udp);
        return NULL;
    }
    udp->wire = wire;
    udp->interface = *interface;
    udp->got = got;
    udp->context = context;
    udp->socket.data = udp;
    udp->next = wire->sockets;
    if (udp->next != NULL) {
        udp->next->prev = udp;
    }
    wire->sockets = udp;
    if (open_socket(udp, port, group) != 0) {
        wire_udp_close(udp);
        return NULL;
    }
    return udp;
}

void
wire_udp_close(struct wire_udp *udp)
{
    if (udp == NULL) {
        return;
    }
    while (udp->sends != NULL) {
        wire_cancel(&udp->sends->call);
    }
    *(udp->prev == NULL ? &udp->wire->sockets : &udp->prev->next) = udp->next;
    if (udp->next != NULL) {
        udp->next->prev = udp->prev;
    }
    uv_close((uv_handle_t *)&udp->socket, on_closed);
}

uint16_t
wire_udp_port(const struct wire_udp *udp)
{
    struct sockaddr_storage address;
    int len = sizeof(address);
    struct ip ip;
    uint16_t port = 0;
    if (uv_udp_getsockname(&udp->socket, (struct sockaddr *)&address, &len) != 0 ||
        ip_from_socket((const struct sockaddr *)&address, &ip, &port) != OK) {
        return 0;
    }
    return port;
}

static bool
is_site_group(const struct ip *ip)
{
    static const char *const nets[] = {
        "224.0.0.0/24", "239.255.0.0/16", "255.255.255.255/32", "ff02::/16"};
    for (size_t i = 0; i < COUNT(nets); i++) {
        struct net net;
        if (net_parse(nets[i], &net) == OK && net_contains(&net, ip)) {
            return true;
        }
    }
    return false;
}

static bool
may_send(const struct wire_udp *udp, const struct ip *to)
{
    const struct wire_interface *interface = &udp->interface;
    if (to->family != interface->ip.family) {
        return false;
    }
    if (scope_contains(udp->wire->scope, to)) {
        return true;
    }
    bool to_all = is_site_group(to) ||
                  (interface->broadcast.family != 0 && ip_equal(to, &interface->broadcast));
    return to_all && (to->zone == 0 || to->zone == interface->index) &&
           scope_meets(udp->wire->scope, &interface->net);
}

/* What the kernel does not take at once is lost, as a datagram may be. */
static void
start(struct wire_call *call)
{
    struct send_call *send = (struct send_call *)call;
    struct sockaddr_storage address;
    (void)ip_to_socket(&call->target.ip, call->target.port, &address);
    const uv_buf_t bytes = uv_buf_init(send->bytes, (unsigned)send->len);
    int sent = uv_udp_try_send(&send->udp->socket, &bytes, 1, (const struct sockaddr *)&address);
    call->wire->totals.datagrams += sent >= 0;
    wire_call_end(call, OK);
}

static void
report(struct wire_call *call, enum err err)
{
    (void)call;
    (void)err;
}

static void
release(struct wire_call *call)
{
    struct send_call *send = (struct send_call *)call;
    *(send->prev == NULL ? &send->udp->sends : &send->prev->next) = send->next;
    if (send->next != NULL) {
        send->next->prev = send->prev;
    }
    free(send);
}

static const struct wire_kind send_kind = {PACE_DATAGRAM, start, report, release};

enum err
wire_udp_send(
    struct wire_udp *udp, const struct ip *to, uint16_t port, const void *bytes, size_t len)
{
    struct wire_target target = {.ip = *to, .port = port};
    if (!may_send(udp, to)) {
        udp->wire->totals.refused++;
        return ERR_SCOPE;
    }
    if (len == 0 || len > WIRE_DATAGRAM || port == 0) {
        return ERR_VALUE;
    }
    struct send_call *send = calloc(1, sizeof(*send) + len);
    if (send == NULL) {
        return ERR_MEMORY;
    }
    if (to->family == 6 && to->zone == 0 && (ip_is_link_local(to) || ip_is_multicast(to))) {
        target.ip.zone = udp->interface.index;
    }
    send->call.wire = udp->wire;
    send->call.kind = &send_kind;
    send->call.target = target;
    send->udp = udp;
    send->len = len;
    memcpy(send->bytes, bytes, len);
    send->next = udp->sends;
    if (send->next != NULL) {
        send->next->prev = send;
    }
    udp->sends = send;
    (void)wire_call_queue(&send->call, OK);
    return OK;
}
