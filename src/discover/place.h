/* A web address that a device states, taken apart by libcurl: only number hosts, only http(s). */
#pragma once

#include "wire/wire.h"

#define PLACE_PATH 1024

struct place {
    struct wire_target target;
    char path[PLACE_PATH]; /* begins with '/', query included */
};

/* ERR_SYNTAX for what is no URL, ERR_VALUE for names and other schemes, ERR_LIMIT when too long. */
enum err place_parse(const char *url, struct place *ret_place) MUST_CHECK;
/*
 * Resolves a reference found in a document that came from base. ERR_SCOPE when it leads to another
 * host: documents of one device never send us to another.
 */
enum err place_join(
    const struct place *base, const char *reference, struct place *ret_place) MUST_CHECK;
