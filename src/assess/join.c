/* One device, one subject. */
#include "assess/join.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void
crowd_init(struct crowd *crowd)
{
    *crowd = (struct crowd){0};
}

void
crowd_release(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count; i++) {
        subject_free(crowd->subjects[i]);
    }
    free(crowd->subjects);
    crowd_init(crowd);
}

static bool
has_room(struct crowd *crowd)
{
    if (crowd->count == CROWD_LIMIT) {
        return false;
    }
    if (crowd->count == crowd->size) {
        size_t size = crowd->size == 0 ? 64 : crowd->size * 2;
        struct subject **subjects = realloc(crowd->subjects, size * sizeof(struct subject *));
        if (subjects == NULL) {
            return false;
        }
        crowd->subjects = subjects;
        crowd->size = size;
    }
    return true;
}

static struct subject *
crowd_add(struct crowd *crowd)
{
    struct subject *subject = has_room(crowd) ? subject_new((unsigned)crowd->count + 1) : NULL;
    if (subject != NULL) {
        crowd->subjects[crowd->count++] = subject;
    }
    return subject;
}

enum err
crowd_adopt(struct crowd *crowd, struct subject *subject)
{
    if (!has_room(crowd)) {
        subject_free(subject);
        return crowd->count == CROWD_LIMIT ? ERR_LIMIT : ERR_MEMORY;
    }
    subject->number = (unsigned)crowd->count + 1;
    crowd->subjects[crowd->count++] = subject;
    return OK;
}

struct subject *
crowd_find(const struct crowd *crowd, const struct ip *ip)
{
    for (size_t i = 0; i < crowd->count; i++) {
        if (subject_has_address(crowd->subjects[i], ip)) {
            return crowd->subjects[i];
        }
    }
    return NULL;
}

static struct subject *
find_mac(const struct crowd *crowd, const struct mac *mac)
{
    for (size_t i = 0; !mac_is_zero(mac) && i < crowd->count; i++) {
        if (mac_equal(&crowd->subjects[i]->mac, mac)) {
            return crowd->subjects[i];
        }
    }
    return NULL;
}

void
crowd_copy_facts(struct subject *subject, const struct facts *from)
{
    for (size_t id = 0; id < FACT_COUNT; id++) {
        for (const struct fact *fact = from->best[id]; fact != NULL; fact = fact->next) {
            const struct evidence *old = fact->evidence;
            const struct source source = {fact->witness, fact->confidence,
                old == NULL ? NULL
                            : evidence_new(&subject->arena, old->asked, old->answer, old->at)};
            switch (fact_type(fact->id)) {
            case FACT_TYPE_TEXT:
                facts_set_text(&subject->facts, fact->id, fact->text, &source);
                break;
            case FACT_TYPE_BOOL:
                facts_set_bool(&subject->facts, fact->id, fact->yes, &source);
                break;
            case FACT_TYPE_INT:
                facts_set_int(&subject->facts, fact->id, fact->number, &source);
                break;
            }
        }
    }
}

static void
add_method(struct subject *subject, const char *method)
{
    if (subject->seen_by == NULL) {
        subject->seen_by = arena_copy(&subject->arena, method);
    } else if (!text_contains(subject->seen_by, method)) {
        subject->seen_by = arena_format(&subject->arena, "%s, %s", subject->seen_by, method);
    }
}

static void
take_sighting(struct subject *subject, const struct sighting *sighting)
{
    if (sighting->from.family != 0) {
        (void)subject_add_address(subject, &sighting->from);
    }
    /* What ARP saw counts more than what an answer states. */
    bool is_seen = text_equal(sighting->method, "arp") && !mac_is_zero(&sighting->mac);
    if (mac_is_zero(&subject->mac) || is_seen) {
        subject->mac = sighting->mac;
    }
    subject->in_scope = subject->in_scope || sighting->in_scope;
    for (size_t i = 0; i < sighting->open_port_count; i++) {
        (void)subject_port(subject, sighting->open_ports[i]);
    }
    add_method(subject, sighting->method);
    crowd_copy_facts(subject, &sighting->facts);
}

/* The device that a sighting belongs to: by address, then by MAC (a second address of it). */
static struct subject *
owner_of(const struct crowd *crowd, const struct sighting *sighting)
{
    struct subject *subject =
        sighting->from.family == 0 ? NULL : crowd_find(crowd, &sighting->from);
    if (subject != NULL) {
        return subject;
    }
    /* An IPv6 answer that states the device's IPv4 address, with the same MAC or none of its own.
     */
    struct subject *stated =
        sighting->states.family == 0 ? NULL : crowd_find(crowd, &sighting->states);
    if (stated != NULL &&
        (mac_is_zero(&sighting->mac) || mac_equal(&sighting->mac, &stated->mac))) {
        return stated;
    }
    subject = find_mac(crowd, &sighting->mac);
    /*
     * One MAC for several addresses is a router with what is behind it, or a machine whose
     * addresses serve different things: each address in the scope is asked by itself.
     */
    bool is_other_v4 =
        subject != NULL && subject->address_count != 0 && subject->addresses[0].family == 4 &&
        sighting->from.family == 4 &&
        (text_equal(sighting->method, "sweep") || (subject->in_scope && sighting->in_scope));
    return is_other_v4 ? NULL : subject;
}

/* An address in the scope comes first: it is the one that is asked. */
static void
put_scope_first(struct subject *subject, const struct scope *scope)
{
    for (size_t i = 0; i < subject->address_count; i++) {
        if (scope_contains(scope, &subject->addresses[i]) && subject->addresses[i].family == 4) {
            struct ip first = subject->addresses[i];
            memmove(&subject->addresses[1], &subject->addresses[0], i * sizeof(first));
            subject->addresses[0] = first;
            return;
        }
    }
}

enum err
crowd_join(struct crowd *crowd, const struct discovery *discovery, const struct scope *scope)
{
    for (const struct sighting *s = discovery_sightings(discovery); s != NULL; s = s->next) {
        struct subject *subject = owner_of(crowd, s);
        if (subject == NULL) {
            subject = crowd_add(crowd);
        }
        if (subject == NULL) {
            return crowd->count == CROWD_LIMIT ? ERR_LIMIT : ERR_MEMORY;
        }
        take_sighting(subject, s);
    }
    for (size_t i = 0; i < crowd->count; i++) {
        put_scope_first(crowd->subjects[i], scope);
    }
    return OK;
}

/* The MAC inside an IPv6 address that was made of one (RFC 4291 appendix A: EUI-64 with ff:fe). */
static bool
mac_of_address(const struct ip *ip, struct mac *ret_mac)
{
    const uint8_t *b = ip->bytes;
    if (ip->family != 6 || b[11] != 0xff || b[12] != 0xfe) {
        return false;
    }
    *ret_mac = (struct mac){
        {(uint8_t)(b[8] ^ 2), b[9], b[10], b[13], b[14], b[15]}
    };
    return true;
}

static bool
has_mac(const struct subject *subject, const struct mac *mac)
{
    struct mac other;
    if (mac_equal(&subject->mac, mac)) {
        return true;
    }
    if (mac_parse(facts_text(&subject->facts, FACT_DEVICE_MAC), &other) == OK &&
        mac_equal(&other, mac)) {
        return true;
    }
    for (size_t i = 0; i < subject->address_count; i++) {
        if (mac_of_address(&subject->addresses[i], &other) && mac_equal(&other, mac)) {
            return true;
        }
    }
    return false;
}

static bool
is_same_device(const struct subject *asked, const struct subject *seen)
{
    const char *endpoint = facts_text(&seen->facts, FACT_ONVIF_ENDPOINT);
    return (!mac_is_zero(&asked->mac) && has_mac(seen, &asked->mac)) ||
           (!mac_is_zero(&seen->mac) && has_mac(asked, &seen->mac)) ||
           (endpoint != NULL &&
               text_equal(endpoint, facts_text(&asked->facts, FACT_ONVIF_ENDPOINT)));
}

static void
merge(struct subject *into, const struct subject *from)
{
    for (size_t i = 0; i < from->address_count; i++) {
        (void)subject_add_address(into, &from->addresses[i]);
    }
    for (size_t i = 0; i < from->port_count; i++) {
        struct port *port = subject_port(into, from->ports[i].number);
        if (port != NULL && port->protocol == NULL) {
            port->tls = from->ports[i].tls;
            port->protocol = arena_copy(&into->arena, from->ports[i].protocol);
        }
    }
    add_method(into, from->seen_by == NULL ? "" : from->seen_by);
    crowd_copy_facts(into, &from->facts);
}

static int
compare(const void *a, const void *b)
{
    const struct subject *const *left = a;
    const struct subject *const *right = b;
    static const struct ip none;
    if ((*left)->in_scope != (*right)->in_scope) {
        return (*left)->in_scope ? -1 : 1;
    }
    return ip_compare((*left)->address_count == 0 ? &none : &(*left)->addresses[0],
        (*right)->address_count == 0 ? &none : &(*right)->addresses[0]);
}

/* By address, those in the scope first, and numbered anew. */
static void
crowd_sort(struct crowd *crowd)
{
    if (crowd->count != 0) {
        qsort(crowd->subjects, crowd->count, sizeof(*crowd->subjects), compare);
    }
    for (size_t i = 0; i < crowd->count; i++) {
        crowd->subjects[i]->number = (unsigned)i + 1;
    }
}

static void
take_out(struct crowd *crowd, size_t place)
{
    subject_free(crowd->subjects[place]);
    memmove(&crowd->subjects[place], &crowd->subjects[place + 1],
        (crowd->count - place - 1) * sizeof(*crowd->subjects));
    crowd->count--;
}

void
crowd_fold(struct crowd *crowd, struct subject *into, size_t place)
{
    merge(into, crowd->subjects[place]);
    take_out(crowd, place);
}

void
crowd_drop_silent(struct crowd *crowd, const struct ip *ip)
{
    struct subject *subject = crowd_find(crowd, ip);
    if (subject == NULL || subject->port_count != 0) {
        return;
    }
    take_out(crowd, subject->number - 1);
    crowd_sort(crowd);
}

/*
 * Only a device that was seen but not asked joins another: two that both answered at their own
 * addresses are two, whatever they state (a clone must not hide behind the original).
 */
void
crowd_merge_same(struct crowd *crowd)
{
    size_t kept = 0;
    for (size_t i = 0; i < crowd->count; i++) {
        struct subject *subject = crowd->subjects[i];
        struct subject *other = NULL;
        assert(subject != NULL); /* only places before this one are emptied */
        for (size_t j = 0; j < crowd->count && other == NULL && !subject->in_scope; j++) {
            if (j != i && crowd->subjects[j] != NULL && crowd->subjects[j]->in_scope &&
                is_same_device(crowd->subjects[j], subject)) {
                other = crowd->subjects[j];
            }
        }
        if (other != NULL) {
            merge(other, subject);
            subject_free(subject);
            crowd->subjects[i] = NULL;
        }
    }
    for (size_t i = 0; i < crowd->count; i++) {
        if (crowd->subjects[i] != NULL) {
            crowd->subjects[kept++] = crowd->subjects[i];
        }
    }
    crowd->count = kept;
    crowd_sort(crowd);
}
