/*
 * Asking time-stamp authorities for a process that is shut in: a child that was made before knows
 * the addresses, is asked for one by its number, and has a process of its own ask it. That one has
 * the network and reads what look-ups and TLS need; unix sockets that have a name it reaches, too,
 * because Landlock does not hold those.
 */
#pragma once

#include "base/apart.h"
#include "base/buf.h"

#include <signal.h>

struct stamp_apart;

/* All of it outlives the child's owner. */
struct stamp_apart_settings {
    const char *const *urls;
    size_t count;
    apart_shut_fn *shut_in;
    const volatile sig_atomic_t *stop; /* set: nobody is waited for any more */
};

/* Makes the child and waits until it is shut in; the note says why it can't be. */
enum err stamp_apart_new(const struct stamp_apart_settings *settings,
    struct stamp_apart **ret_apart, struct note *note) MUST_CHECK;
/*
 * stamp_send() by the child. ERR_SYSTEM: it has ended, or did not answer; ERR_CANCELLED: the stop
 * is set. Either way it is given up.
 */
enum err stamp_apart_send(struct stamp_apart *apart, const char *url, const struct buf *request,
    struct buf *ret_answer, struct note *note) MUST_CHECK;
/* Whether it can still be asked. */
bool stamp_apart_is_there(const struct stamp_apart *apart);
/* Ends the child too. NULL is allowed. */
void stamp_apart_free(struct stamp_apart *apart);
