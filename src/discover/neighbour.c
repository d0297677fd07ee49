/* Dumps of the neighbour and routing tables. */
#include "discover/neighbour.h"

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <time.h>

#define DUMP_BYTES ((size_t)32 * 1024)
#define ATTRIBUTES 32

struct dump {
    neighbour_fn *got;
    void *context;
};

/* An address attribute of the family; false for any other length. */
static bool
read_ip(const struct nlattr *attribute, int family, unsigned interface, struct ip *ret_ip)
{
    size_t want = family == AF_INET ? 4 : 16;
    if (attribute == NULL || (family != AF_INET && family != AF_INET6) ||
        mnl_attr_get_payload_len(attribute) != want) {
        return false;
    }
    struct ip ip = {.family = family == AF_INET ? 4 : 6};
    memcpy(ip.bytes, mnl_attr_get_payload(attribute), want);
    if (ip_is_link_local(&ip) && ip.family == 6) {
        ip.zone = interface;
    }
    *ret_ip = ip;
    return true;
}

/* The attributes of one message by type, NULL where missing. */
struct attributes {
    const struct nlattr *of[ATTRIBUTES];
};

static int
on_attribute(const struct nlattr *attribute, void *data)
{
    struct attributes *attributes = data;
    if (mnl_attr_get_type(attribute) < ATTRIBUTES) {
        attributes->of[mnl_attr_get_type(attribute)] = attribute;
    }
    return MNL_CB_OK;
}

static int
on_neighbour(const struct nlmsghdr *message, void *data)
{
    const unsigned known = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
    const struct dump *dump = data;
    const struct ndmsg *head = mnl_nlmsg_get_payload(message);
    struct attributes attributes = {{NULL}};
    struct neighbour neighbour = {.interface = (unsigned)head->ndm_ifindex};
    if ((head->ndm_state & known) == 0 ||
        mnl_attr_parse(message, sizeof(*head), on_attribute, &attributes) != MNL_CB_OK) {
        return MNL_CB_OK;
    }
    const struct nlattr *mac = attributes.of[NDA_LLADDR];
    if (mac == NULL || mnl_attr_get_payload_len(mac) != sizeof(neighbour.mac.bytes) ||
        !read_ip(attributes.of[NDA_DST], head->ndm_family, neighbour.interface, &neighbour.ip)) {
        return MNL_CB_OK;
    }
    memcpy(neighbour.mac.bytes, mnl_attr_get_payload(mac), sizeof(neighbour.mac.bytes));
    dump->got(dump->context, &neighbour);
    return MNL_CB_OK;
}

static int
on_route(const struct nlmsghdr *message, void *data)
{
    const struct dump *dump = data;
    const struct rtmsg *head = mnl_nlmsg_get_payload(message);
    struct attributes attributes = {{NULL}};
    struct neighbour neighbour = {.interface = 0};
    if (head->rtm_dst_len != 0 || head->rtm_type != RTN_UNICAST ||
        mnl_attr_parse(message, sizeof(*head), on_attribute, &attributes) != MNL_CB_OK) {
        return MNL_CB_OK;
    }
    const struct nlattr *interface = attributes.of[RTA_OIF];
    if (interface != NULL && mnl_attr_get_payload_len(interface) == sizeof(uint32_t)) {
        neighbour.interface = mnl_attr_get_u32(interface);
    }
    if (read_ip(attributes.of[RTA_GATEWAY], head->rtm_family, neighbour.interface, &neighbour.ip)) {
        dump->got(dump->context, &neighbour);
    }
    return MNL_CB_OK;
}

static enum err
receive_all(struct mnl_socket *socket, uint32_t sequence, mnl_cb_t on_message, struct dump *dump)
{
    char bytes[DUMP_BYTES];
    for (;;) {
        ssize_t got = mnl_socket_recvfrom(socket, bytes, sizeof(bytes));
        if (got <= 0) {
            return ERR_SYSTEM;
        }
        int more = mnl_cb_run(
            bytes, (size_t)got, sequence, mnl_socket_get_portid(socket), on_message, dump);
        if (more <= MNL_CB_STOP) {
            return more == MNL_CB_STOP ? OK : ERR_SYSTEM;
        }
    }
}

static enum err
dump_table(uint16_t type, mnl_cb_t on_message, struct dump *dump)
{
    char bytes[256];
    struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
    request->nlmsg_type = type;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request->nlmsg_seq = 1;
    /* ndmsg and rtmsg are as large, and both begin with the family (0: all). */
    static_assert(sizeof(struct ndmsg) == sizeof(struct rtmsg), "one request fits both");
    (void)mnl_nlmsg_put_extra_header(request, sizeof(struct rtmsg));
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (socket == NULL) {
        return ERR_SYSTEM;
    }
    enum err err = ERR_SYSTEM;
    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
        mnl_socket_sendto(socket, request, request->nlmsg_len) >= 0) {
        err = receive_all(socket, request->nlmsg_seq, on_message, dump);
    }
    (void)mnl_socket_close(socket);
    return err;
}

enum err
neighbour_each(neighbour_fn *got, void *context)
{
    struct dump dump = {.got = got, .context = context};
    return dump_table(RTM_GETNEIGH, on_neighbour, &dump);
}

enum err
neighbour_gateways(neighbour_fn *got, void *context)
{
    struct dump dump = {.got = got, .context = context};
    return dump_table(RTM_GETROUTE, on_route, &dump);
}
