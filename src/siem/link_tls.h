/* The TLS of link.c: contexts, words for what went wrong, what a test tells. */
#pragma once

#include "siem/link.h"

#include <openssl/err.h>

/* A new one for a connection: chain and name are checked, the session is resumed if there is one.
 */
enum err siem_link_tls_new(const struct siem_destination *to, struct siem_link_memory *memory,
    SSL **ret_tls, struct note *note) MUST_CHECK;
/* ERR_TLS, and the note says what: of OpenSSL's queue of errors and the check of the certificate.
 */
enum err siem_link_tls_trouble(
    SSL *tls, const struct siem_destination *to, struct note *note) MUST_CHECK;
/* Whether SSL_read() failed because the stream ended without a close_notify. */
bool siem_link_tls_is_eof(int why, int reason);
/* The version, the certificate, and whether ours was asked for. */
void siem_link_tls_tell(
    SSL *tls, const struct siem_outlet *outlet, const struct siem_link_memory *memory);
