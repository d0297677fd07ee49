/*
 * Discovery: who is there. Each method is one file and one line of methods.def; all run at once on
 * the wire's loop. What they see are sightings: an address, perhaps a MAC, and facts. Sightings of
 * one device by several methods and addresses are joined by the conductor.
 */
#pragma once

#include "base/secret.h"
#include "discover/given.h"
#include "fact/subject.h"
#include "wire/wire.h"

/* One answer of one method. Lives in the discovery's arena. */
struct sighting {
    const char *method;      /* name of the method */
    struct ip from;          /* who answered; family 0 when only a MAC is known */
    struct ip states;        /* address that the answer itself states, else family 0 */
    struct mac mac;          /* zero when unknown */
    bool in_scope;           /* `from` is in the scope: may be asked further */
    uint16_t open_ports[64]; /* TCP ports found open by the sweep */
    size_t open_port_count;
    unsigned answers; /* how many answers it was made of */
    struct facts facts;
    struct sighting *next;
};

/* A port mapping read from a router. */
struct port_mapping {
    struct ip router;
    const char *protocol; /* "TCP" or "UDP" */
    uint16_t outside_port;
    struct ip inside;
    uint16_t inside_port;
    const char *description;
    const char *remote; /* the only host outside that it is for; "" for all */
    uint32_t lease;     /* seconds that were left; 0: without end, or not told */
    bool is_on;
    uint16_t control_port; /* where the router takes actions about it, and of which service */
    const char *control, *service;
    const struct evidence *evidence;
    struct port_mapping *next;
};

/* A router that opens ports on request, or was asked whether it does. */
struct gateway_router {
    struct ip ip;
    bool igd;          /* answers as UPnP IGD */
    bool natpmp;       /* answers NAT-PMP or PCP */
    bool listed;       /* its list of mappings was read to the end; NAT-PMP has none to read */
    struct ip outside; /* its external address, family 0 when unknown */
    const struct evidence *evidence;
    struct gateway_router *next;
};

struct discovery;

struct discover_method {
    const char *name;      /* "sadp" */
    const char *title;     /* "Hikvision SADP (inquiry only)" */
    unsigned packets;      /* sent at most per interface, for the plan */
    unsigned packets_host; /* sent at most per host of the scope, for the plan */
    bool by_request;       /* runs only where the owner names it */
    /* Begins; answers arrive until the discovery ends. ERR_SCOPE and ERR_NETWORK are no failure of
     * the run. */
    enum err (*start)(struct discovery *discovery, void **ret_state);
    void (*stop)(void *state);
};

extern const struct discover_method *const discover_methods[];
extern const size_t discover_method_count;

/* What the method sends at most in this scope from these interfaces, in packets. */
uint64_t discovery_plan(const struct discover_method *method, const struct scope *scope,
    const struct wire_interface *interfaces, size_t interface_count);

/* The surveillance ports that the sweep asks, with why (ports.def). */
struct discover_port {
    uint16_t number;
    const char *protocol; /* usual protocol: "http", "https", "rtsp", "ssh", "dhip", … */
    const char *what;
};
extern const struct discover_port discover_ports[];
extern const size_t discover_port_count;

/* What the owner adds to the usual discovery, or spares it. All of it lives longer. */
struct discover_choice {
    const char *const *searches; /* names of methods that run by request only */
    size_t search_count;
    const struct given *given; /* hosts found by another: the scope is not swept; NULL: none */
    const uint16_t *ports;     /* TCP ports that are asked beside those of ports.def */
    size_t port_count;
    const struct secret *community; /* SNMP; NULL: it is not asked */
};

#define DISCOVER_MORE_PORTS 16

/* The method of that name that runs by request only; NULL when there is none. */
const struct discover_method *discover_by_request(const char *name);
/* Whether that method runs at all, by this choice. */
bool discover_runs(const struct discover_method *method, const struct discover_choice *choice);

typedef void discovery_done_fn(void *context);
/* Called now and then with hosts done and hosts in all. */
typedef void discovery_progress_fn(void *context, size_t done, size_t all);

struct discovery_settings {
    struct discover_choice choice;
    unsigned listen_ms; /* how long multicast answers are awaited; 2,500 */
    discovery_progress_fn *progress;
    discovery_done_fn *done;
    void *context;
};

enum err discovery_start(struct wire *wire, const struct scope *scope,
    const struct discovery_settings *settings, struct discovery **ret_discovery) MUST_CHECK;
void discovery_free(struct discovery *discovery);

/* Valid until discovery_free(). */
const struct sighting *discovery_sightings(const struct discovery *discovery);
const struct port_mapping *discovery_mappings(const struct discovery *discovery);
const struct gateway_router *discovery_routers(const struct discovery *discovery);
/* Answers that were dropped because there were too many (a flood). */
uint64_t discovery_dropped(const struct discovery *discovery);

/* For methods. */
struct wire *discovery_wire(struct discovery *discovery);
const struct scope *discovery_scope(struct discovery *discovery);
const struct discover_choice *discovery_choice(const struct discovery *discovery);
struct arena *discovery_arena(struct discovery *discovery);
/* Interfaces whose network meets the scope. */
size_t discovery_interfaces(
    const struct discovery *discovery, const struct wire_interface **ret_interfaces);
/* A new sighting from that address, or NULL when there are too many (a flood of spoofed answers):
 * 64 of a method from outside the scope, 16 of a method from one address, 4,096 of all methods that
 * listen, one per host and method for those that ask each host. */
struct sighting *discovery_sight(
    struct discovery *discovery, const struct discover_method *method, const struct ip *from);
/* The method's sighting from that address and MAC (zero: any), or NULL. */
struct sighting *discovery_find(struct discovery *discovery, const struct discover_method *method,
    const struct ip *from, const struct mac *mac);
void discovery_add_mapping(struct discovery *discovery, const struct port_mapping *mapping);
/* The row of that router, made when new; NULL when there are too many. */
struct gateway_router *discovery_router(struct discovery *discovery, const struct ip *ip);
/* A method that must work on after listen_ms (IGD listing, the sweep) holds the end and lets it go.
 */
void discovery_hold(struct discovery *discovery);
void discovery_let_go(struct discovery *discovery);
/* The neighbour table is filled: hosts on the same link that have no MAC by now are not there.
 * Known at once when no neighbour method runs. */
void discovery_neighbours_known(struct discovery *discovery);
bool discovery_has_neighbours(const struct discovery *discovery);
/* False when the table could not be looked at: then a host without a MAC may still be there. */
bool discovery_sees_neighbours(const struct discovery *discovery);
/* Whether that host is worth a packet: not on our link, or there by ARP, or this machine itself;
 * known: there is more than a chance. Right once the neighbours are known. */
bool discovery_may_be_there(struct discovery *discovery, const struct ip *ip, bool *ret_known);
/* Hosts done and in all, for the progress. */
void discovery_progress(struct discovery *discovery, size_t done, size_t all);
