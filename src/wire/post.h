/*
 * Small exchanges with addresses that the owner wrote down, several side by side: for witnesses of
 * the ledger alone, never used while a site is assessed. Bounded in time and size, no redirect.
 * Over https the certificate is checked; plain http is only spoken to loopback, private and VPN
 * addresses, by the address that was really connected to.
 */
#pragma once

#include "base/buf.h"

#define POST_TYPE 64

struct post {
    const char *url;
    const struct buf *body;  /* NULL: a GET */
    const char *authorities; /* PEM file of the authorities that are believed; NULL: the system's */
    unsigned seconds;        /* for the whole of it */
    struct buf answer;       /* made by the caller, with its maximum */
    /* What came of it: */
    enum err err; /* OK: there is a whole answer, of whatever status */
    int status;
    char type[POST_TYPE]; /* Content-Type, "" when there is none */
    struct note note;
};

/* ERR_VALUE for what is no http:// or https:// address. */
enum err post_check(const char *url, struct note *note) MUST_CHECK;
/* Sends all of them and waits; may_go_on (NULL allowed) is asked now and then while it lasts. */
enum err post_all(struct post *posts, size_t count, bool (*may_go_on)(void)) MUST_CHECK;
