/* A VMS for the gateway's demo: Frigate as far as one picture of one camera needs it. */
#pragma once

#include "base/err.h"

struct demo_vms;

/* Answers on 127.0.0.1, in a thread of its own. */
enum err demo_vms_start(struct demo_vms **ret_vms, uint16_t *ret_port) MUST_CHECK;
void demo_vms_stop(struct demo_vms *vms);
