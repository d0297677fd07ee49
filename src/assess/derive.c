/* From single answers to facts about the site. */
#include "assess/derive.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "catalog/advisory.h"
#include "catalog/maker.h"
#include "catalog/vendor.h"

#include <stdio.h>

/* What footage passes through or rests on. */
#define KINDS_JUDGED (KINDS_VIDEO | KIND_BIT(VMS))

/* Without a network there was no discovery. */
static const struct gateway_router *
routers_of(const struct discovery *discovery)
{
    return discovery == NULL ? NULL : discovery_routers(discovery);
}

static const struct port_mapping *
mappings_of(const struct discovery *discovery)
{
    return discovery == NULL ? NULL : discovery_mappings(discovery);
}

static void
derive_mapping(struct crowd *crowd, const struct port_mapping *mapping)
{
    char text[256];
    char router[IP_TEXT];
    struct subject *subject = crowd_find(crowd, &mapping->inside);
    if (subject == NULL) {
        return;
    }
    (void)snprintf(text, sizeof(text), "%s port %u of router %s leads to its port %u%s%.80s",
        mapping->protocol, mapping->outside_port, ip_text(&mapping->router, router),
        mapping->inside_port, text_is_empty(mapping->description) ? "" : ", entered as ",
        text_is_empty(mapping->description) ? "" : mapping->description);
    const struct evidence *old = mapping->evidence;
    const struct source source = {WITNESS_WIRE, 95,
        old == NULL ? NULL : evidence_new(&subject->arena, old->asked, old->answer, old->at)};
    facts_set_text(&subject->facts, FACT_EXPOSURE_MAPPED, text, &source);
    if ((subject_kinds(subject) & KINDS_JUDGED) != 0) {
        facts_set_text(&subject->facts, FACT_REMOTE_OPEN, text, &source);
    }
}

const struct port_mapping *
derive_mappings(const struct discovery *discovery, struct arena *arena)
{
    struct port_mapping *first = NULL;
    struct port_mapping **end = &first;
    for (const struct port_mapping *m = mappings_of(discovery); m != NULL; m = m->next) {
        struct port_mapping *copy = arena_alloc(arena, sizeof(*copy));
        if (copy == NULL) {
            break;
        }
        *copy = *m;
        copy->description = arena_copy(arena, m->description);
        copy->remote = arena_copy(arena, m->remote);
        copy->control = arena_copy(arena, m->control);
        copy->service = arena_copy(arena, m->service);
        copy->evidence = NULL;
        copy->next = NULL;
        *end = copy;
        end = &copy->next;
    }
    return first;
}

static size_t
count_mappings(const struct discovery *discovery, const struct ip *router)
{
    size_t count = 0;
    for (const struct port_mapping *m = mappings_of(discovery); m != NULL; m = m->next) {
        count += ip_equal(&m->router, router) ? 1 : 0;
    }
    return count;
}

/* What a router tells about itself, and to everybody whose mappings it listed. */
static void
derive_router(
    struct crowd *crowd, const struct discovery *discovery, const struct gateway_router *router)
{
    char text[160];
    char ip[IP_TEXT];
    struct subject *subject = crowd_find(crowd, &router->ip);
    const struct evidence *old = router->evidence;
    size_t mappings = count_mappings(discovery, &router->ip);
    if (subject != NULL && (router->igd || router->natpmp)) {
        const struct source source = {WITNESS_WIRE, 95,
            old == NULL ? NULL : evidence_new(&subject->arena, old->asked, old->answer, old->at)};
        facts_set_bool(&subject->facts, FACT_IGD_PRESENT, true, &source);
        facts_set_text(&subject->facts, FACT_IGD_PROTOCOLS,
            !router->natpmp ? "UPnP IGD"
            : router->igd   ? "UPnP IGD, and NAT-PMP or PCP"
                            : "NAT-PMP or PCP",
            &source);
        if (router->listed) {
            facts_set_int(&subject->facts, FACT_IGD_MAPPINGS, (int64_t)mappings, &source);
        }
    }
    if (!router->listed) {
        return;
    }
    (void)snprintf(
        text, sizeof(text), "router %s, %zu mappings listed", ip_text(&router->ip, ip), mappings);
    for (size_t i = 0; i < crowd->count; i++) {
        struct subject *device = crowd->subjects[i];
        const struct source source = {WITNESS_WIRE, 80,
            old == NULL ? NULL : evidence_new(&device->arena, old->asked, text, old->at)};
        facts_set_text(&device->facts, FACT_EXPOSURE_ASKED, text, &source);
    }
}

static struct net
subnet_of(const struct discovery *discovery, const struct ip *ip)
{
    const struct wire_interface *interfaces = NULL;
    size_t count = discovery_interfaces(discovery, &interfaces);
    for (size_t i = 0; i < count; i++) {
        if (net_contains(&interfaces[i].net, ip)) {
            return interfaces[i].net;
        }
    }
    /* Off-link: a guess at the usual size, said as such in the fact. */
    char text[IP_TEXT + 4];
    char address[IP_TEXT];
    struct net net = {.ip = *ip, .bits = ip->family == 4 ? 32 : 128};
    (void)snprintf(text, sizeof(text), "%s/24", ip_text(ip, address));
    if (ip->family == 4) {
        enum err err = net_parse(text, &net);
        assert(err == OK);
    }
    return net;
}

static bool
is_bystander(const struct subject *subject)
{
    unsigned kinds = subject_kinds(subject);
    const unsigned allowed = KINDS_JUDGED | KIND_BIT(ROUTER) | KIND_BIT(SWITCH) | KIND_BIT(UNKNOWN);
    return (kinds & allowed) == 0;
}

/* Other machines in the subnet, as words: "3 others: printer 10.20.0.14, computer 10.20.0.15". */
static size_t
list_bystanders(
    const struct crowd *crowd, const struct net *net, struct buf *out, size_t *ret_unknown)
{
    size_t count = 0;
    char ip[IP_TEXT];
    *ret_unknown = 0;
    for (size_t i = 0; i < crowd->count; i++) {
        const struct subject *other = crowd->subjects[i];
        if (other->address_count == 0 || !net_contains(net, &other->addresses[0])) {
            continue;
        }
        *ret_unknown += other->kind == KIND_UNKNOWN ? 1 : 0;
        if (!is_bystander(other)) {
            continue;
        }
        if (count < 5) {
            buf_format(out, "%s%s %s", count == 0 ? "" : ", ", kind_name(other->kind),
                ip_text(&other->addresses[0], ip));
        }
        count++;
    }
    if (count > 5) {
        buf_format(out, " and %zu more", count - 5);
    }
    return count;
}

static void
derive_segment(const struct crowd *crowd, struct subject *subject, const struct derive_from *from)
{
    char text[IP_TEXT];
    size_t unknown = 0;
    if ((subject_kinds(subject) & KINDS_VIDEO) == 0 || subject->address_count == 0 ||
        !subject->in_scope) {
        return;
    }
    struct net net = subnet_of(from->discovery, &subject->addresses[0]);
    CLEANUP(buf_release) struct buf others;
    buf_init(&others, 1000);
    size_t count = list_bystanders(crowd, &net, &others, &unknown);
    const struct source source = {WITNESS_WIRE, 85,
        evidence_new(&subject->arena, "sweep and discovery of its subnet",
            count == 0 ? "only cameras, recorders, VMSes and routers answered" : others.data,
            clock_wall())};
    facts_set_text(&subject->facts, FACT_SEGMENT_SUBNET, net_text(&net, text), &source);
    if (count != 0) {
        facts_set_text(&subject->facts, FACT_SEGMENT_MIXED, others.data, &source);
    } else if (unknown == 0 && net.ip.family == 4 && scope_covers(from->scope, &net)) {
        facts_set_text(&subject->facts, FACT_SEGMENT_CLEAN, text, &source);
    }
}

static void
derive_public(struct subject *subject)
{
    char ip[IP_TEXT];
    const struct ip *found = &subject->addresses[0];
    if (!subject->in_scope || subject->address_count == 0) {
        return;
    }
    for (size_t i = 0; i < subject->address_count; i++) {
        if (ip_is_public(&subject->addresses[i])) {
            found = &subject->addresses[i];
        }
    }
    bool is_public = ip_is_public(found);
    const struct source source = {WITNESS_WIRE, 90,
        evidence_new(&subject->arena, ip_text(found, ip),
            is_public ? "it answered at this public address" : "all its addresses are private",
            clock_wall())};
    facts_set_bool(&subject->facts, FACT_EXPOSURE_PUBLIC, is_public, &source);
}

/* One device has one serial number: another one in a second answer is a lie, or two devices. */
static void
derive_doubt(struct subject *subject)
{
    static const enum fact_id names[] = {FACT_DEVICE_SERIAL, FACT_DEVICE_MODEL};
    for (size_t i = 0; i < COUNT(names) && subject->trouble == NULL; i++) {
        const struct fact *best = facts_get(&subject->facts, names[i]);
        for (const struct fact *other = best; other != NULL; other = other->next) {
            bool is_same_question = best->evidence != NULL && other->evidence != NULL &&
                                    text_equal(best->evidence->asked, other->evidence->asked);
            if (other->confidence >= 60 && !text_equal(other->text, best->text) &&
                (names[i] == FACT_DEVICE_SERIAL || is_same_question)) {
                subject->trouble = arena_format(&subject->arena,
                    "it names itself differently in two answers (%s): %s and %s",
                    fact_name(names[i]), best->text, other->text);
            }
        }
    }
}

static void
derive_site(struct subject *whole, const struct crowd *crowd, const struct discovery *discovery,
    const struct site *site)
{
    const struct source declared = {WITNESS_DECLARED, 90, NULL};
    bool has_router = false;
    for (const struct gateway_router *r = routers_of(discovery); r != NULL; r = r->next) {
        has_router = has_router || r->igd || r->natpmp;
    }
    if (has_router) {
        const struct source source = {WITNESS_WIRE, 90,
            evidence_new(&whole->arena, "SSDP M-SEARCH and NAT-PMP request", "a router answered",
                clock_wall())};
        facts_set_bool(&whole->facts, FACT_IGD_PRESENT, true, &source);
    } else if (routers_of(discovery) != NULL) {
        const struct source source = {WITNESS_WIRE, 60,
            evidence_new(&whole->arena, "SSDP M-SEARCH and NAT-PMP request to the default gateway",
                "no answer", clock_wall())};
        facts_set_text(
            &whole->facts, FACT_IGD_ABSENT, "the gateway was asked and is silent", &source);
    }
    for (size_t i = 0; i < crowd->count; i++) {
        const struct fact *open = facts_get(&crowd->subjects[i]->facts, FACT_REMOTE_OPEN);
        if (open != NULL) {
            const struct source source = {WITNESS_WIRE, 95, open->evidence};
            facts_set_text(&whole->facts, FACT_REMOTE_OPEN, open->text, &source);
        }
    }
    if (site == NULL) {
        return;
    }
    if (site->remote_known) {
        facts_set_bool(&whole->facts, FACT_REMOTE_DECLARED, site->remote_used, &declared);
    }
    if (!text_equal(site->vpn, "none")) {
        facts_set_text(&whole->facts, FACT_REMOTE_VPN, site->vpn, &declared);
    }
    if (site->no_router) {
        facts_set_text(
            &whole->facts, FACT_IGD_ABSENT, "the site has no way to the internet", &declared);
    }
    facts_set_text(&whole->facts, FACT_LOG_TARGET, site->log_target, &declared);
}

void
derive_facts(struct crowd *crowd, struct subject *whole, const struct derive_from *from)
{
    const struct discovery *discovery = from->discovery;
    for (const struct gateway_router *r = routers_of(discovery); r != NULL; r = r->next) {
        derive_router(crowd, discovery, r);
    }
    for (const struct port_mapping *m = mappings_of(discovery); m != NULL; m = m->next) {
        derive_mapping(crowd, m);
    }
    for (size_t i = 0; i < crowd->count; i++) {
        derive_segment(crowd, crowd->subjects[i], from);
        derive_public(crowd->subjects[i]);
        derive_doubt(crowd->subjects[i]);
        maker_apply(crowd->subjects[i], clock_wall());
        vendor_apply(crowd->subjects[i], clock_wall());
        advisory_apply(crowd->subjects[i], clock_wall());
    }
    derive_site(whole, crowd, discovery, from->site);
    derive_gateway(crowd, whole, from);
    derive_passwords(crowd, whole, from);
}
