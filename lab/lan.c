/* Builds the site's network: a namespace per device, a switch, a router, all held by descriptors.
 */
#include "lab/lan.h"

#include "base/log.h"
#include "base/text.h"
#include "lab/banner.h"
#include "lab/conn.h"
#include "lab/dvrip.h"
#include "lab/http.h"
#include "lab/netns.h"
#include "lab/rtsp.h"
#include "lab/tls.h"
#include "lab/udp.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define INTERFACE "eth0"

static const struct {
    const char *name;
    const char *value;
} admin_settings[] = {
    {"ipv4/conf/all/rp_filter",      "0"}, /* answers of a foreign subnet are wanted */
    {"ipv4/conf/default/rp_filter",  "0"},
    {"ipv6/conf/default/accept_dad", "0"}, /* a link-local address is usable at once */
};

static enum err
connect_admin(struct lan *lan, const struct net *net)
{
    const struct netns_cable cable = {
        .switch_netns = lan->switch_netns,
        .device_netns = netns_home_fd(),
        .port = "admin",
        .interface = INTERFACE,
        .bridged = true,
    };
    struct netns_address address = {
        .interface = INTERFACE,
        .bits = net->bits,
        .multicast = true,
        .everything = lan->site->router == NULL,
    };
    enum err err = ip_parse(lan->site->admin, &address.ip);
    if (err == OK && lan->site->router != NULL)
        err = ip_parse(lan->site->router->ip, &address.gateway);
    for (size_t i = 0; i < COUNT(admin_settings); i++)
        if (!netns_set(netns_home_fd(), admin_settings[i].name, admin_settings[i].value))
            log_info("%s cannot be set", admin_settings[i].name);
    if (err == OK)
        err = netns_connect(&cable);
    return err == OK ? netns_configure(netns_home_fd(), &address) : err;
}

static enum err
connect_device(struct lan *lan, struct device *device, size_t index, const struct net *net)
{
    struct netns_cable cable = {
        .switch_netns = lan->switch_netns,
        .port = device->port,
        .interface = INTERFACE,
        .mac = device->mac,
        .bridged = true,
    };
    struct netns_address address = {
        .interface = INTERFACE,
        .ip = device->ip,
        .multicast = true,
        .everything = lan->site->router == NULL,
    };
    snprintf(device->port, sizeof device->port, "d%zu", index);
    enum err err = netns_new(&device->netns);
    if (err != OK)
        return err;
    cable.device_netns = device->netns;
    bool local = net_contains(net, &device->ip);
    address.bits = device->row->bits != 0 ? (uint8_t)device->row->bits : local ? net->bits : 24;
    if (local && lan->site->router != NULL)
        err = ip_parse(lan->site->router->ip, &address.gateway);
    /* A link-local address is usable at once, not after a second. */
    (void)netns_set(device->netns, "ipv6/conf/default/accept_dad", "0");
    if (err == OK)
        err = netns_connect(&cable);
    device->switch_netns = lan->switch_netns;
    device->address = address;
    return err == OK ? netns_configure(device->netns, &address) : err;
}

static size_t
describe_ports(const struct device *device, struct conn_port *out)
{
    const struct site_transcript *record = device->record;
    size_t count = 0;
    for (unsigned i = 0; i < record->http_count; i++)
        out[count++] = (struct conn_port){.protocol = &http_protocol,
            .config = &record->http[i],
            .number = (uint16_t)record->http[i].port,
            .tls = record->http[i].tls};
    for (unsigned i = 0; i < record->rtsp_count; i++)
        out[count++] = (struct conn_port){.protocol = &rtsp_protocol,
            .config = &record->rtsp[i],
            .number = (uint16_t)record->rtsp[i].port};
    if (record->dvrip != NULL)
        out[count++] = (struct conn_port){.protocol = &dvrip_protocol,
            .config = record->dvrip,
            .number = (uint16_t)record->dvrip->port};
    for (unsigned i = 0; i < record->tcp_count; i++)
        out[count++] = (struct conn_port){.protocol = &banner_protocol,
            .config = &record->tcp[i],
            .number = (uint16_t)record->tcp[i].port};
    return count;
}

static enum err
open_ports(struct lan *lan, size_t index, uv_loop_t *loop)
{
    struct device *device = &lan->devices[index];
    const struct site_transcript *record = device->record;
    size_t most = (size_t)record->http_count + record->rtsp_count + record->tcp_count;
    struct conn_port *ports = calloc(most + 2, sizeof *ports);
    if (ports == NULL)
        return ERR_MEMORY;
    lan->ports[index] = ports;
    size_t count = describe_ports(device, ports);
    enum err err = netns_enter(device->netns);
    for (size_t i = 0; err == OK && i < count; i++) {
        ports[i].device = device;
        if (ports[i].tls && device->tls == NULL)
            err = tls_new(device, &device->tls);
        if (err == OK)
            err = conn_listen(loop, &ports[i]);
    }
    if (err == OK)
        err = udp_listen(loop, device);
    enum err back = netns_home();
    return err != OK ? err : back;
}

static enum err
build_devices(struct lan *lan, const struct net *net, uv_loop_t *loop)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < lan->site->devices_count; i++) {
        struct device *device = &lan->devices[i];
        err = device_init(device, &lan->site->devices[i]);
        device->loop = loop;
        lan->device_count = i + 1;
        if (err == OK)
            err = connect_device(lan, device, i, net);
        if (err == OK)
            err = open_ports(lan, i, loop);
        if (err != OK)
            log_error("device %s: %s", device->row->name, err_words(err));
    }
    return err;
}

enum err
lan_build(struct lan *lan, const struct site *site, uv_loop_t *loop, bool verbose)
{
    struct net net;
    *lan = (struct lan){.site = site, .switch_netns = -1};
    lan->devices = calloc((size_t)site->devices_count + 1, sizeof *lan->devices);
    lan->ports = calloc((size_t)site->devices_count + 1, sizeof(struct conn_port *));
    if (lan->devices == NULL || lan->ports == NULL)
        return ERR_MEMORY;
    enum err err = net_parse(site->lan, &net);
    if (err == OK)
        err = netns_start();
    if (err == OK)
        err = netns_new(&lan->switch_netns);
    if (err == OK)
        err = netns_make_switch(lan->switch_netns);
    if (err == OK && site->router != NULL)
        err = router_start(&lan->router, site, lan->switch_netns, verbose);
    if (err == OK)
        err = connect_admin(lan, &net);
    return err == OK ? build_devices(lan, &net, loop) : err;
}

static const struct device *
find_device(const struct lan *lan, const char *name)
{
    for (size_t i = 0; i < lan->device_count; i++)
        if (text_equal(lan->devices[i].row->name, name))
            return &lan->devices[i];
    return NULL;
}

enum err
lan_map_ports(struct lan *lan)
{
    const struct site_router *router = lan->site->router;
    enum err err = OK;
    for (unsigned i = 0; err == OK && router != NULL && i < router->mappings_count; i++) {
        const struct site_mapping *mapping = &router->mappings[i];
        const struct device *device = find_device(lan, mapping->device);
        if (device == NULL) {
            log_error(
                "the router maps a port to %s, which the site does not have", mapping->device);
            return ERR_MISSING;
        }
        err = router_map(router, mapping, device->row->ip, device->netns);
    }
    return err;
}

void
lan_release(struct lan *lan)
{
    if (lan->site != NULL && lan->site->router != NULL)
        router_stop(&lan->router);
    for (size_t i = 0; i < lan->device_count; i++) {
        if (lan->devices[i].netns >= 0)
            close(lan->devices[i].netns);
        SSL_CTX_free(lan->devices[i].tls);
        device_release(&lan->devices[i]);
        free(lan->ports[i]);
    }
    free(lan->devices);
    free(lan->ports);
    tls_release();
    netns_stop();
}
