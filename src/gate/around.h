/*
 * The ways around the gateway: which ports of a VMS answer from this machine, and whether they let
 * anybody in who says nothing of himself. For `gatehouse gateway check` and init; it asks each port
 * once, without a password. What other machines may reach only an assessment from there can tell.
 */
#pragma once

#include "gate/settings.h"

#define AROUND_DOORS 16

enum around_state {
    AROUND_SHUT,    /* nothing answers */
    AROUND_ASKS,    /* answers, and asks for a log-in */
    AROUND_ANSWERS, /* something listens; what it gives can't be told from its answer */
    AROUND_OPEN,    /* answers without any log-in */
};

/* One port of the VMS. */
struct around_door {
    uint16_t port;
    bool is_upstream; /* the one that the gateway itself uses */
    const char *what; /* "go2rtc's interface and every stream" */
    const char *way_out;
    enum around_state state;
};

struct around {
    struct around_door doors[AROUND_DOORS];
    size_t count;
};

/* Whether that is wrong: a door that is open, or one that stands beside the gateway's. */
bool around_is_bad(const struct around_door *door);
/* Takes a few seconds. ERR_MISSING: the VMS's address is not known. */
enum err around_look(
    const struct settings_vms *vms, struct around *ret_around, struct note *note) MUST_CHECK;
