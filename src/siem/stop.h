/* The end of the forwarder, as everything in it that waits sees it. */
#pragma once

#include "base/err.h"

#include <stdatomic.h>

/* When the forwarder is to end: clock_mono(), 0: not yet. What is under way gets SIEM_GRACE more.
 */
struct siem_stop {
    atomic_llong at;
};
#define SIEM_GRACE 3000 /* ms */
/* Whether the grace is over; NULL: there is no end. */
bool siem_stop_is_over(const struct siem_stop *stop);
