/* Whether the forwarder is to end. */
#include "siem/stop.h"

#include "base/clock.h"

bool
siem_stop_is_over(const struct siem_stop *stop)
{
    long long at = stop == NULL ? 0 : atomic_load(&stop->at);
    return at != 0 && clock_mono() - at > SIEM_GRACE;
}
