/*
 * The first look: what an answer says about its sender before anybody knows what it is. Pure:
 * answers in, facts out. Fingerprints (catalog) are applied to every text as it comes.
 */
#pragma once

#include "catalog/fingerprint.h"
#include "catalog/mac.h"
#include "codec/exchange.h"
#include "fact/subject.h"

/* Databases of a run; either may be NULL. */
struct look {
    struct fingerprint_db *fingerprints;
    const struct mac_db *macs;
};

/* Facts of the first page of an HTTP(S) port. asked: "GET http://10.0.0.7:80/". */
void look_http(const struct look *look, struct subject *subject, const char *asked,
    const struct answer *answer);

/* http.favicon, and what fingerprints know of it. */
void look_favicon(const struct look *look, struct subject *subject, const char *asked,
    const struct answer *answer);

/* Facts of an RTSP OPTIONS or DESCRIBE answer. */
void look_rtsp(const struct look *look, struct subject *subject, const char *asked,
    const struct answer *answer);

/* Facts of what a port says by itself (SSH, telnet, FTP). */
void look_banner(const struct look *look, struct subject *subject, const struct port *port,
    const char *asked, const struct answer *answer);

/* Facts of texts that discovery brought (SSDP server, mDNS names). */
void look_discovered(const struct look *look, struct subject *subject);

/* mac.vendor, and a weak guess at the maker, from the MAC. */
void look_mac(const struct look *look, struct subject *subject);

/*
 * The maker by the first word of the ONVIF name scope ("MOBOTIX%20M73"), which the owner may
 * change: a name for makers without a driver, too weak to try a password on.
 */
void look_scopes(struct subject *subject);

/* Applies the fingerprints of one key ("http_header.server") to a text. */
void look_text(const struct look *look, struct subject *subject, const char *key, const char *text,
    const struct evidence *evidence);
