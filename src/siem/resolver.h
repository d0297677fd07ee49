/*
 * Addresses of the receivers' names. The forwarder is shut in, so a child that was made before
 * looks them up: it knows the names of siem.yaml, is asked for one by its number, and can do
 * nothing else.
 */
#pragma once

#include "base/apart.h"
#include "base/ip.h"
#include "siem/config.h"
#include "siem/stop.h"

#define SIEM_ADDRESSES 8

struct siem_addresses {
    struct ip rows[SIEM_ADDRESSES];
    size_t count;
};

struct siem_resolver;

/* Looks a name up here and now; an address is its own. ERR_MISSING with words. */
enum err siem_resolver_look(
    const char *host, struct siem_addresses *ret_addresses, struct note *note) MUST_CHECK;

/*
 * Makes the child, which first runs shut_in, as does who asks for it; the config outlives it.
 * Nobody waits for it longer than the stop allows (NULL: there is none).
 */
enum err siem_resolver_new(const struct siem_config *config, apart_shut_fn *shut_in,
    const struct siem_stop *stop, struct siem_resolver **ret_resolver,
    struct note *note) MUST_CHECK;
/* A descriptor that polls as hung up when the child has ended; it is not to be read. */
int siem_resolver_fd(const struct siem_resolver *resolver);
/* Ends the child too. */
void siem_resolver_free(struct siem_resolver *resolver);
/*
 * The addresses of that destination, for any thread. ERR_MISSING: there are none, in words;
 * ERR_TIMEOUT, ERR_CANCELLED. A resolver that is NULL looks here and now.
 */
enum err siem_resolver_ask(struct siem_resolver *resolver, const struct siem_destination *to,
    struct siem_addresses *ret_addresses, struct note *note) MUST_CHECK;
