/*
 * Facts that only the whole site can tell: port mappings that lead to a device, machines that share
 * the cameras' subnet, public addresses, what the owner declared.
 */
#pragma once

#include "assess/join.h"
#include "assess/site.h"

struct derive_from {
    const struct discovery *discovery;
    const struct scope *scope;
    const struct site *site;     /* NULL: none */
    const struct vault *keyring; /* NULL: none */
};

/* Writes them into the devices and into `whole` (the site itself). */
void derive_facts(struct crowd *crowd, struct subject *whole, const struct derive_from *from);

/* The mappings of routers, copied into the arena as a list; NULL when there is none. */
const struct port_mapping *derive_mappings(const struct discovery *discovery, struct arena *arena);

/*
 * What answers at the VMSes that the declared gateway guards, or that nothing does: as seen from
 * where this runs.
 */
void derive_gateway(struct crowd *crowd, struct subject *whole, const struct derive_from *from);

/* Passwords of the owner, and those that Gatehouse set, that are shared or easy to guess, of those
 * that opened a device. */
void derive_passwords(
    const struct crowd *crowd, struct subject *whole, const struct derive_from *from);
