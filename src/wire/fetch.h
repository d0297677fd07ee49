/*
 * One file from an https:// address that the owner typed, for `gatehouse catalog import` alone:
 * never used while a site is assessed. Bounded in time and size; the certificate is checked.
 */
#pragma once

#include "base/buf.h"

struct fetch {
    const char *url;
    const char *authorities; /* PEM file of the authorities that are believed; NULL: the system's */
    unsigned seconds;        /* for the whole of it */
    bool (*may_go_on)(void); /* NULL, or asked while it lasts */
};

/* Whether it has the form of an address ("https://…", "ftp://…") and is no file. */
bool fetch_is_address(const char *text);

/* Appends the body; more than the buffer's maximum is ERR_LIMIT. Anything but https is ERR_VALUE.
 */
enum err fetch_file(const struct fetch *fetch, struct buf *ret_body, struct note *note) MUST_CHECK;
