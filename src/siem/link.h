/*
 * A connection to a syslog receiver, plain or TLS (RFC 5425). It blocks, within time limits, and
 * can be stopped. Nothing is written before the receiver's certificate has proven to be signed by
 * an authority that we believe, and to have the name that we expect.
 *
 * Syslog has no acknowledgement, so siem_link_finish() ends our side and waits for the end of the
 * receiver's: see there for what that proves.
 */
#pragma once

#include "siem/outlet.h"

#include <openssl/ssl.h>

#define SIEM_LINK_CONNECT 15000 /* ms: to connect, and for the handshake */

enum siem_link_end {
    SIEM_LINK_BYE, /* it answered the end of our side (close_notify): it has read everything */
    SIEM_LINK_EOF, /* it closed, with nothing unread; or it was killed after it had read */
};

/* What outlives a connection. */
struct siem_link_memory {
    SSL_CTX *tls;         /* NULL: not made yet, or to be made anew */
    SSL_SESSION *session; /* to be resumed, or NULL */
    int64_t verified;     /* clock_mono() of the last handshake in which a certificate was shown */
    bool was_asked;       /* a receiver asked for our certificate in the last handshake */
};
void siem_link_forget(struct siem_link_memory *memory);

struct siem_link;

/* Connects to the first address that takes it; no byte is sent. The outlet tells how. */
enum err siem_link_open(struct siem_outlet *outlet, struct siem_link_memory *memory,
    struct siem_link **ret_link, struct note *note) MUST_CHECK;
/* NULL is allowed. The connection is cut where it was not finished. */
void siem_link_close(struct siem_link *link);
/* Takes leave of a receiver that owes us nothing, without waiting; then as siem_link_close(). */
void siem_link_leave(struct siem_link *link);
/* The handshake, once; nothing for a plain connection. ERR_TLS with words. */
enum err siem_link_greet(struct siem_link *link, struct note *note) MUST_CHECK;
/* ERR_NETWORK: the receiver has closed, or told why it refuses us. Waits up to ms for that. */
enum err siem_link_look(struct siem_link *link, int ms, struct note *note) MUST_CHECK;
/* All of it, or an error. */
enum err siem_link_write(
    struct siem_link *link, const void *bytes, size_t len, struct note *note) MUST_CHECK;
/*
 * Ends our side (close_notify, or shutdown(2)) and reads to the end of the receiver's. OK only when
 * nothing was reset and the receiver's kernel had taken every byte before its end: a kernel that
 * closes with bytes that nobody read resets instead (RFC 1122 4.2.2.13, RFC 2525 2.17), so that
 * whoever closed had read all. ERR_TIMEOUT: it does not close, though its kernel has every byte;
 * ERR_NETWORK, ERR_TLS, ERR_SYNTAX.
 */
enum err siem_link_finish(
    struct siem_link *link, unsigned ms, enum siem_link_end *ret_end, struct note *note) MUST_CHECK;
