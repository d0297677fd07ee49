/*
 * The gateway's own certificate authority and server certificate: ECDSA P-256, the authority only
 * good for the names that it was made for (RFC 5280, 4.2.1.10), so that installing it in a browser
 * risks nothing else. For owners who bring no certificate of their own.
 */
#pragma once

#include "base/ip.h"

#define CERTIFICATE_IPS       16
#define CERTIFICATE_CA_DAYS   3650
#define CERTIFICATE_DAYS      825 /* more is refused by Apple's clients (support.apple.com/103769) */
#define CERTIFICATE_RENEW_DAY 30  /* left, when a new one is due */

struct certificate_names {
    const char *host; /* a name or an address */
    struct ip ips[CERTIFICATE_IPS];
    size_t ip_count;
};

/*
 * Writes authority/ca.crt, authority/ca.key, tls/server.pem (with the authority behind it) and
 * tls/server.key beneath the folder; the keys are 0600, the authority's apart, for who serves has
 * no need of it. Never over a file that is there: ERR_VALUE.
 */
enum err certificate_make(
    const char *folder, const struct certificate_names *names, struct note *note) MUST_CHECK;
/* A new pair for the server from the authority in that folder, for the same names. */
enum err certificate_renew(const char *folder, struct note *note) MUST_CHECK;

struct certificate_facts {
    int64_t days;      /* until it expires; negative: it has */
    char issuer[128];  /* for people */
    bool is_self_made; /* by certificate_make() */
};

/*
 * Whether a server can use that pair for that host. ERR_VALUE with words: no PEM, the key is
 * another's, the host is not among its names, expired.
 */
enum err certificate_check(const char *certificate, const char *key, const char *host,
    struct certificate_facts *ret_facts, struct note *note) MUST_CHECK;
