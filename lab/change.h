/* Requests that change a device's documents and passwords, as its routes say. */
#pragma once

#include "lab/device.h"
#include "lab/http.h"
#include "lab/site.h"

#include <jansson.h>

/* Whether a route changes anything at all. */
bool change_is(const struct site_route *route);

/*
 * Does what the route says. ERR_SYNTAX: the body is no such document; ERR_MISSING: nothing of that
 * name here; ERR_VALUE: the device refuses the value; ERR_REFUSED: the old password is wrong.
 */
enum err change_apply(struct device *device, const struct site_http *http,
    const struct site_route *route, const struct http_request *request) MUST_CHECK;

/* Puts the values of one JSON object into a document that has the same names; how many it has. */
size_t change_merge_into(json_t *document, json_t *values);
