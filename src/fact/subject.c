/* Subjects: creation, addresses, names. */
#include "fact/subject.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name, *plural;
} kinds[] = {
#define KIND(id, name, plural) [KIND_##id] = {name, plural},
#include "fact/kinds.def"
#undef KIND
};

const char *
kind_name(enum kind kind)
{
    assert(kind < KIND_COUNT);
    return kinds[kind].name;
}

const char *
kind_plural(enum kind kind)
{
    assert(kind < KIND_COUNT);
    return kinds[kind].plural;
}

enum kind
kind_by_name(const char *name)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (text_equal_nocase(kinds[i].name, name)) {
            return (enum kind)i;
        }
    }
    return KIND_UNKNOWN;
}

struct subject *
subject_new(unsigned number)
{
    struct subject *subject = calloc(1, sizeof(*subject));
    if (subject == NULL) {
        return NULL;
    }
    subject->number = number;
    arena_init(&subject->arena, ARENA_DEVICE_LIMIT);
    facts_init(&subject->facts, &subject->arena);
    return subject;
}

void
subject_free(struct subject *subject)
{
    if (subject != NULL) {
        arena_release(&subject->arena);
        free(subject);
    }
}

bool
subject_has_address(const struct subject *subject, const struct ip *ip)
{
    for (size_t i = 0; i < subject->address_count; i++) {
        if (ip_equal(&subject->addresses[i], ip)) {
            return true;
        }
    }
    return false;
}

bool
subject_add_address(struct subject *subject, const struct ip *ip)
{
    if (subject->address_count == SUBJECT_ADDRESSES || subject_has_address(subject, ip)) {
        return false;
    }
    subject->addresses[subject->address_count++] = *ip;
    return true;
}

struct port *
subject_port(struct subject *subject, uint16_t number)
{
    for (size_t i = 0; i < subject->port_count; i++) {
        if (subject->ports[i].number == number) {
            return &subject->ports[i];
        }
    }
    if (subject->port_count == SUBJECT_PORTS) {
        return NULL;
    }
    struct port *port = &subject->ports[subject->port_count++];
    *port = (struct port){.number = number};
    return port;
}

unsigned
subject_kinds(const struct subject *subject)
{
    return subject->number == 0 ? KINDS_SITE : 1U << subject->kind;
}

const char *
subject_key(const struct subject *subject, char out[SUBJECT_KEY])
{
    char mac[MAC_TEXT];
    char ip[IP_TEXT];
    const char *serial = facts_text(&subject->facts, FACT_DEVICE_SERIAL);
    if (!mac_is_zero(&subject->mac)) {
        (void)snprintf(out, SUBJECT_KEY, "mac:%s", mac_text(&subject->mac, mac));
    } else if (serial != NULL) {
        (void)snprintf(out, SUBJECT_KEY, "serial:%.80s", serial);
    } else if (subject->address_count != 0) {
        (void)snprintf(out, SUBJECT_KEY, "ip:%s", ip_text(&subject->addresses[0], ip));
    } else if (subject->config != NULL) {
        (void)snprintf(out, SUBJECT_KEY, "config:%.88s", subject->config);
    } else {
        (void)text_copy(out, SUBJECT_KEY, "site");
    }
    return out;
}

const char *
subject_title(const struct subject *subject, char out[SUBJECT_TITLE])
{
    const struct facts *facts = &subject->facts;
    const char *brand = facts_text(facts, FACT_DEVICE_BRAND);
    const char *vendor = brand != NULL ? brand : facts_text(facts, FACT_DEVICE_VENDOR);
    const char *model = facts_text(facts, FACT_DEVICE_MODEL);
    const char *product = facts_text(facts, FACT_VMS_PRODUCT);
    char ip[IP_TEXT];
    if (subject->number == 0) {
        (void)text_copy(out, SUBJECT_TITLE, "the site");
    } else if (subject->name != NULL) {
        (void)text_copy(out, SUBJECT_TITLE, subject->name);
    } else if (product != NULL) {
        (void)text_copy(out, SUBJECT_TITLE, product);
    } else if (vendor != NULL && model != NULL && !text_starts_nocase(model, vendor)) {
        (void)snprintf(out, SUBJECT_TITLE, "%.70s %.80s", vendor, model);
    } else if (vendor != NULL || model != NULL) {
        (void)text_copy(out, SUBJECT_TITLE, model != NULL ? model : vendor);
    } else if (subject->address_count != 0) {
        (void)text_copy(out, SUBJECT_TITLE, ip_text(&subject->addresses[0], ip));
    } else {
        (void)text_copy(out, SUBJECT_TITLE, "unnamed");
    }
    return out;
}

bool
subject_is_called(const struct subject *subject, const char *name)
{
    char key[SUBJECT_KEY];
    char title[SUBJECT_TITLE];
    char ip[IP_TEXT];
    if (text_equal_nocase(name, subject_key(subject, key)) ||
        text_equal_nocase(name, subject_title(subject, title))) {
        return true;
    }
    for (size_t i = 0; i < subject->address_count; i++) {
        if (text_equal_nocase(name, ip_text(&subject->addresses[i], ip))) {
            return true;
        }
    }
    return false;
}
