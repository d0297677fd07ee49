/* The engine of discovery: starts the methods, keeps what they see within limits, knows the end. */
#include "discover/discover.h"

#include "base/log.h"
#include "base/text.h"
#include "discover/methods.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_LIMIT       ((size_t)128 * 1024 * 1024)
#define INTERFACES        64
#define BUCKETS           4096
#define SIGHTINGS_HEARD   4096  /* of all methods that listen */
#define SIGHTINGS_ASKED   65536 /* of each method that asks every host: the largest scope */
#define SIGHTINGS_OUTSIDE 64
#define SIGHTINGS_ADDRESS 16
#define MAPPINGS          4096
#define ROUTERS           64

enum {
#define METHOD(name) METHOD_##name,
#include "discover/methods.def"
#undef METHOD
    METHOD_COUNT
};

const struct discover_method *const discover_methods[] = {
#define METHOD(name) &discover_##name,
#include "discover/methods.def"
#undef METHOD
};
const size_t discover_method_count = COUNT(discover_methods);

const struct discover_port discover_ports[] = {
#define PORT(number, protocol, what) {number, protocol, what},
#include "discover/ports.def"
#undef PORT
};
const size_t discover_port_count = COUNT(discover_ports);

struct entry {
    struct sighting sighting; /* first: a sighting's address is its entry's */
    struct entry *chain;
};

struct running {
    bool started;
    void *state;
    size_t seen;
    size_t outside;
};

struct discovery {
    struct wire *wire;
    const struct scope *scope;
    struct discovery_settings settings;
    struct arena arena;
    struct wire_interface interfaces[INTERFACES];
    size_t interface_count;
    struct running methods[METHOD_COUNT];
    struct entry *buckets[BUCKETS];
    struct sighting *first;
    struct sighting *last;
    size_t heard;
    uint64_t dropped;
    struct port_mapping *mappings;
    struct port_mapping **mapping_end;
    size_t mapping_count;
    struct gateway_router *routers;
    size_t router_count;
    bool neighbours_known;
    bool listening;
    unsigned holds;
    struct wire_call *timer; /* of listening, then of the end */
};

/* The network in the scope that the interface's link carries, or NULL. */
static const struct net *
net_of_link(const struct discovery *discovery, const struct wire_interface *interface)
{
    for (size_t i = 0; i < discovery->interface_count; i++) {
        if (discovery->interfaces[i].index == interface->index) {
            return &discovery->interfaces[i].net;
        }
    }
    return NULL;
}

/* A link-local IPv6 address belongs to the network of its link: its groups reach no further. */
static void
choose_interfaces(struct discovery *discovery)
{
    struct wire_interface all[INTERFACES];
    size_t count = wire_interfaces(discovery->wire, all, COUNT(all));
    bool chosen[INTERFACES] = {false};
    for (size_t i = 0; i < count; i++) {
        chosen[i] = scope_meets(discovery->scope, &all[i].net);
        if (chosen[i]) {
            discovery->interfaces[discovery->interface_count++] = all[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct net *net = chosen[i] ? NULL : net_of_link(discovery, &all[i]);
        if (net != NULL && all[i].ip.family == 6 && ip_is_link_local(&all[i].ip)) {
            all[i].net = *net;
            discovery->interfaces[discovery->interface_count++] = all[i];
        }
    }
}

static void
stop_methods(struct discovery *discovery)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        struct running *running = &discovery->methods[i];
        if (running->started) {
            running->started = false;
            discover_methods[i]->stop(running->state);
        }
    }
}

static void
end(void *context)
{
    struct discovery *discovery = context;
    discovery->timer = NULL;
    stop_methods(discovery);
    /* The last thing: it may free the discovery. */
    if (discovery->settings.done != NULL) {
        discovery->settings.done(discovery->settings.context);
    }
}

/* By a timer, so that a method may let go from the middle of its work. */
static void
end_soon(struct discovery *discovery)
{
    if (!discovery->listening && discovery->holds == 0 && discovery->timer == NULL) {
        discovery->timer = wire_after(discovery->wire, 0, end, discovery);
    }
}

static void
stop_listening(void *context)
{
    struct discovery *discovery = context;
    discovery->timer = NULL;
    discovery->listening = false;
    end_soon(discovery);
}

const struct discover_method *
discover_by_request(const char *name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (discover_methods[i]->by_request && text_equal_nocase(discover_methods[i]->name, name)) {
            return discover_methods[i];
        }
    }
    return NULL;
}

bool
discover_runs(const struct discover_method *method, const struct discover_choice *choice)
{
    if (method == &discover_nmap || method == &discover_arp || method == &discover_sweep) {
        return (method == &discover_nmap) == (choice->given != NULL);
    }
    if (method == &discover_snmp) {
        return choice->community != NULL;
    }
    for (size_t i = 0; method->by_request && i < choice->search_count; i++) {
        if (text_equal(choice->searches[i], method->name)) {
            return true;
        }
    }
    return !method->by_request;
}

static void
start_methods(struct discovery *discovery)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        struct running *running = &discovery->methods[i];
        if (!discover_runs(discover_methods[i], &discovery->settings.choice)) {
            continue;
        }
        enum err err = discover_methods[i]->start(discovery, &running->state);
        running->started = err == OK;
        if (err != OK) {
            log_debug("discovery: %s: %s", discover_methods[i]->name, err_words(err));
        }
    }
    if (!discovery->methods[METHOD_arp].started) {
        discovery_neighbours_known(discovery);
    }
}

enum err
discovery_start(struct wire *wire, const struct scope *scope,
    const struct discovery_settings *settings, struct discovery **ret_discovery)
{
    struct discovery *discovery = calloc(1, sizeof(*discovery));
    if (discovery == NULL) {
        return ERR_MEMORY;
    }
    discovery->wire = wire;
    discovery->scope = scope;
    discovery->settings = *settings;
    discovery->mapping_end = &discovery->mappings;
    arena_init(&discovery->arena, ARENA_LIMIT);
    choose_interfaces(discovery);
    discovery->listening = true;
    discovery->timer = wire_after(wire, settings->listen_ms, stop_listening, discovery);
    if (discovery->timer == NULL) {
        discovery_free(discovery);
        return ERR_MEMORY;
    }
    start_methods(discovery);
    *ret_discovery = discovery;
    return OK;
}

void
discovery_free(struct discovery *discovery)
{
    if (discovery == NULL) {
        return;
    }
    stop_methods(discovery);
    if (discovery->timer != NULL) {
        wire_cancel(discovery->timer);
    }
    arena_release(&discovery->arena);
    free(discovery);
}

uint64_t
discovery_plan(const struct discover_method *method, const struct scope *scope,
    const struct wire_interface *interfaces, size_t interface_count)
{
    uint64_t packets = 0;
    for (size_t i = 0; i < interface_count; i++) {
        packets += scope_meets(scope, &interfaces[i].net) ? method->packets : 0;
    }
    return packets + (uint64_t)method->packets_host * scope_host_count(scope);
}

const struct sighting *
discovery_sightings(const struct discovery *discovery)
{
    return discovery->first;
}

const struct port_mapping *
discovery_mappings(const struct discovery *discovery)
{
    return discovery->mappings;
}

const struct gateway_router *
discovery_routers(const struct discovery *discovery)
{
    return discovery->routers;
}

uint64_t
discovery_dropped(const struct discovery *discovery)
{
    return discovery->dropped;
}

struct wire *
discovery_wire(struct discovery *discovery)
{
    return discovery->wire;
}

const struct scope *
discovery_scope(struct discovery *discovery)
{
    return discovery->scope;
}

const struct discover_choice *
discovery_choice(const struct discovery *discovery)
{
    return &discovery->settings.choice;
}

struct arena *
discovery_arena(struct discovery *discovery)
{
    return &discovery->arena;
}

size_t
discovery_interfaces(
    const struct discovery *discovery, const struct wire_interface **ret_interfaces)
{
    *ret_interfaces = discovery->interfaces;
    return discovery->interface_count;
}

static struct entry **
bucket(struct discovery *discovery, const struct ip *ip)
{
    /* FNV-1a; a stranger who aims at one bucket gains nothing, the limits keep it short. */
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < (ip->family == 4 ? 4 : sizeof(ip->bytes)); i++) {
        hash = (hash ^ ip->bytes[i]) * 16777619U;
    }
    return &discovery->buckets[hash % BUCKETS];
}

struct sighting *
discovery_find(struct discovery *discovery, const struct discover_method *method,
    const struct ip *from, const struct mac *mac)
{
    for (struct entry *entry = *bucket(discovery, from); entry != NULL; entry = entry->chain) {
        struct sighting *sighting = &entry->sighting;
        if (sighting->method == method->name && ip_equal(&sighting->from, from) &&
            (mac_is_zero(mac) || mac_is_zero(&sighting->mac) || mac_equal(&sighting->mac, mac))) {
            return sighting;
        }
    }
    return NULL;
}

static struct running *
running_of(struct discovery *discovery, const struct discover_method *method)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (discover_methods[i] == method) {
            return &discovery->methods[i];
        }
    }
    /* No method of methods.def: nobody else has a reason to call. */
    abort();
}

static bool
may_sight(struct discovery *discovery, const struct discover_method *method, const struct ip *from,
    bool in_scope)
{
    const struct running *running = running_of(discovery, method);
    size_t same = 0;
    if (!in_scope && running->outside >= SIGHTINGS_OUTSIDE) {
        return false;
    }
    if (method->packets_host != 0 ? running->seen >= SIGHTINGS_ASKED
                                  : discovery->heard >= SIGHTINGS_HEARD) {
        return false;
    }
    for (const struct entry *entry = *bucket(discovery, from); entry != NULL;
         entry = entry->chain) {
        same += entry->sighting.method == method->name && ip_equal(&entry->sighting.from, from);
    }
    return same < SIGHTINGS_ADDRESS;
}

struct sighting *
discovery_sight(
    struct discovery *discovery, const struct discover_method *method, const struct ip *from)
{
    struct running *running = running_of(discovery, method);
    bool in_scope = from->family != 0 && scope_contains(discovery->scope, from);
    struct entry *entry = NULL;
    if (may_sight(discovery, method, from, in_scope)) {
        entry = arena_alloc(&discovery->arena, sizeof(*entry));
    }
    if (entry == NULL) {
        discovery->dropped++;
        return NULL;
    }
    struct sighting *sighting = &entry->sighting;
    sighting->method = method->name;
    sighting->from = *from;
    sighting->in_scope = in_scope;
    facts_init(&sighting->facts, &discovery->arena);
    running->seen++;
    running->outside += !in_scope;
    discovery->heard += method->packets_host == 0;
    struct entry **head = bucket(discovery, from);
    entry->chain = *head;
    *head = entry;
    if (discovery->last == NULL) {
        discovery->first = sighting;
    } else {
        discovery->last->next = sighting;
    }
    discovery->last = sighting;
    return sighting;
}

void
discovery_add_mapping(struct discovery *discovery, const struct port_mapping *mapping)
{
    struct port_mapping *copy = NULL;
    if (discovery->mapping_count < MAPPINGS) {
        copy = arena_alloc(&discovery->arena, sizeof(*copy));
    }
    if (copy == NULL) {
        discovery->dropped++;
        return;
    }
    *copy = *mapping;
    copy->next = NULL;
    discovery->mapping_count++;
    *discovery->mapping_end = copy;
    discovery->mapping_end = &copy->next;
}

struct gateway_router *
discovery_router(struct discovery *discovery, const struct ip *ip)
{
    for (struct gateway_router *router = discovery->routers; router != NULL;
         router = router->next) {
        if (ip_equal(&router->ip, ip)) {
            return router;
        }
    }
    struct gateway_router *router = NULL;
    if (discovery->router_count < ROUTERS) {
        router = arena_alloc(&discovery->arena, sizeof(*router));
    }
    if (router == NULL) {
        discovery->dropped++;
        return NULL;
    }
    router->ip = *ip;
    router->next = discovery->routers;
    discovery->routers = router;
    discovery->router_count++;
    return router;
}

void
discovery_hold(struct discovery *discovery)
{
    discovery->holds++;
}

void
discovery_let_go(struct discovery *discovery)
{
    assert(discovery->holds != 0);
    discovery->holds--;
    end_soon(discovery);
}

void
discovery_neighbours_known(struct discovery *discovery)
{
    discovery->neighbours_known = true;
}

bool
discovery_has_neighbours(const struct discovery *discovery)
{
    return discovery->neighbours_known;
}

bool
discovery_sees_neighbours(const struct discovery *discovery)
{
    return discovery->methods[METHOD_arp].started;
}

bool
discovery_may_be_there(struct discovery *discovery, const struct ip *ip, bool *ret_known)
{
    static const struct mac any;
    bool on_link = false;
    bool known = ip_is_loopback(ip) || discovery_find(discovery, &discover_arp, ip, &any) != NULL;
    for (size_t i = 0; i < discovery->interface_count; i++) {
        known = known || ip_equal(&discovery->interfaces[i].ip, ip);
        on_link = on_link || net_contains(&discovery->interfaces[i].net, ip);
    }
    *ret_known = known;
    /* No datagram made the kernel look for IPv6 neighbours, so their absence tells nothing. */
    return known || !on_link || !discovery_sees_neighbours(discovery) || ip->family == 6;
}

void
discovery_progress(struct discovery *discovery, size_t done, size_t all)
{
    if (discovery->settings.progress != NULL) {
        discovery->settings.progress(discovery->settings.context, done, all);
    }
}
