/*
 * The broker: the only process that talks to the VMSes for the gateway. It looks what cameras there
 * are, holds a session where the VMS wants one, publishes both (gate/upstream.h), and answers whose
 * camera a recording is (gate/resolve.h). Its passwords are read before it is shut in.
 */
#pragma once

#include "base/err.h"

struct broker_settings {
    const char *folder; /* the gateway's */
    bool is_open;       /* go on where the kernel can't shut it in */
};

/* Runs until it is told to end (SIGTERM, SIGINT). */
enum err broker_run(const struct broker_settings *settings, struct note *note) MUST_CHECK;
