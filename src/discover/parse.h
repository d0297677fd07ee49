/*
 * The parsers of this area: pure functions from the bytes of an answer to what it says. Each is in
 * its method's file; all refuse what is longer than its limit or cut short.
 */
#pragma once

#include "base/buf.h"
#include "discover/heard.h"
#include "discover/place.h"

/* A ProbeMatch of Hikvision's SADP. */
enum err sadp_parse(const void *bytes, size_t len, struct heard *ret_heard) MUST_CHECK;

/* A client.notifyDevInfo of Dahua's DHDiscover, header included. */
enum err dhip_parse(const void *bytes, size_t len, struct heard *ret_heard) MUST_CHECK;

/* An IPSearch answer of Xiongmai, header included. */
enum err xiongmai_parse(const void *bytes, size_t len, struct heard *ret_heard) MUST_CHECK;

/* A PPPP answer with the device's UID. */
enum err pppp_parse(const void *bytes, size_t len, struct heard *ret_heard) MUST_CHECK;

/* The first ProbeMatch of WS-Discovery; from decides which of the XAddrs is its own. */
enum err wsdiscovery_parse(
    const void *bytes, size_t len, const struct ip *from, struct heard *ret_heard) MUST_CHECK;

/* Every record of an mDNS answer. */
enum err mdns_parse(const void *bytes, size_t len, struct heard *ret_heard) MUST_CHECK;

/* The headers of an SSDP answer that matter; "" where missing. */
struct ssdp_answer {
    char server[256];
    char type[256]; /* ST */
    char usn[256];
    char location[PLACE_PATH];
};
enum err ssdp_parse(const void *bytes, size_t len, struct ssdp_answer *ret_answer) MUST_CHECK;
/* A UPnP device description. */
enum err ssdp_parse_description(const void *bytes, size_t len, struct heard *ret_heard) MUST_CHECK;

/* The service of a gateway's description that maps ports. */
struct igd_service {
    char type[128];
    char control[PLACE_PATH]; /* as written, relative or not */
    char base[PLACE_PATH];    /* URLBase, "" without one */
};
enum err igd_parse_description(
    const void *bytes, size_t len, struct igd_service *ret_service) MUST_CHECK;

/* One row of a gateway's port mappings. */
struct igd_row {
    char protocol[8];
    struct ip inside;
    uint16_t outside_port;
    uint16_t inside_port;
    char description[256];
    char remote[64]; /* the only host outside that it is for; "" for all */
    uint32_t lease;  /* seconds that are left; 0: without end, or not told */
    bool is_on;
};
/* One argument of an action, in the order of its definition. */
struct igd_argument {
    const char *name, *value;
};
#define IGD_BODY 4096
/* The SOAP body of an action of that service; texts are escaped. ERR_LIMIT above IGD_BODY. */
enum err igd_write_action(struct buf *out, const char *service, const char *action,
    const struct igd_argument *arguments, size_t count) MUST_CHECK;
enum err igd_parse_row(const void *bytes, size_t len, struct igd_row *ret_row) MUST_CHECK;
enum err igd_parse_outside(const void *bytes, size_t len, struct ip *ret_ip) MUST_CHECK;
/* The UPnP error code of a SOAP fault; 0 when there is none. */
unsigned igd_parse_fault(const void *bytes, size_t len);

/* The answer to a public address request of NAT-PMP (RFC 6886 section 3.2): result and address. */
enum err natpmp_parse(
    const void *bytes, size_t len, uint16_t *ret_result, struct ip *ret_outside) MUST_CHECK;
