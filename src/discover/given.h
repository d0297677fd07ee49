/*
 * Hosts that somebody else found: an Nmap report in its XML form (nmap -oX), so that a network that
 * is scanned already need not be swept again. Open TCP ports, addresses and MACs are taken; names
 * of services are not, because Gatehouse asks each port itself.
 */
#pragma once

#include "base/err.h"
#include "base/ip.h"

#define GIVEN_HOSTS 65536
#define GIVEN_PORTS 64 /* of one host; more are counted */

struct given_host {
    struct ip ip;
    struct mac mac; /* zero: not told */
    uint16_t ports[GIVEN_PORTS];
    size_t port_count;
    int64_t at; /* wall ms of the end of its scan; 0: not told */
};

struct given {
    struct given_host *hosts;
    size_t count, room;
    size_t left_out; /* hosts and ports past the limits */
};

/* Reads a file of at most 64 MiB and adds its hosts that are up; a mistake names file and line. */
enum err given_read(struct given *given, const char *path, struct note *note) MUST_CHECK;
/* The same from memory; name stands for the file in messages. */
enum err given_parse(struct given *given, const char *bytes, size_t len, const char *name,
    struct note *note) MUST_CHECK;
void given_release(struct given *given);
