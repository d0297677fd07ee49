/* ONVIF device and media services, and the answer to a WS-Discovery probe. */
#pragma once

#include "base/buf.h"
#include "lab/device.h"
#include "lab/state.h"

#include <libxml/tree.h>

#define ONVIF_DOCUMENT "onvif:" /* before the action, in the names of its documents */

/* Reads the answers that all ONVIF devices share: <folder>/onvif/common/<Action>.xml. */
enum err onvif_start(const char *folder, struct note *note) MUST_CHECK;
void onvif_stop(void);

struct onvif_question {
    const char *body;
    size_t len;
    const char *method;
    const char *authorization; /* HTTP's, NULL when absent */
    const struct site_auth *auth;
};

/* Appends the answer; returns the HTTP status: 200, 400, or 401 when a log-in is missing. */
unsigned onvif_answer(
    struct device *device, const struct onvif_question *question, struct buf *out);

/* Appends ProbeMatches when the bytes are a probe that the device answers. */
void onvif_probe(struct device *device, const char *bytes, size_t len, struct buf *out);

/* The answer to a reading action as it is now; text NULL: it has none. */
struct state_text onvif_text(const struct device *device, const char *action);
/* The first element of the name, whatever its namespace. */
xmlNode *onvif_node(xmlNode *node, const char *name, unsigned depth);
