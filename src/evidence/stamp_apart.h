/*
 * Asking time-stamp authorities for a process that is shut in: a child that was made before has the
 * network, knows the addresses, is asked for one by its number, and can do nothing else.
 */
#pragma once

#include "base/buf.h"

struct stamp_apart;

/* Makes the child, which first runs shut_in; the addresses outlive it. */
enum err stamp_apart_new(const char *const *urls, size_t count,
    enum err (*shut_in)(struct note *note), struct stamp_apart **ret_apart,
    struct note *note) MUST_CHECK;
/* stamp_send() by the child. ERR_SYSTEM: it has ended, or did not answer and is given up. */
enum err stamp_apart_send(struct stamp_apart *apart, const char *url, const struct buf *request,
    struct buf *ret_answer, struct note *note) MUST_CHECK;
/* Whether it can still be asked. */
bool stamp_apart_is_there(const struct stamp_apart *apart);
/* Ends the child too. NULL is allowed. */
void stamp_apart_free(struct stamp_apart *apart);
