/* What happens to a device in time: restarts, a network that is gone for a while, later changes. */
#pragma once

#include "lab/device.h"

/* Calls the function after that many milliseconds; never where the device has no loop. */
void life_later(struct device *device, unsigned milliseconds, void (*run)(struct device *device));

/* As soon as the present answer is on its way: gone for its seconds, then there again. */
/* Its cable is out for good. */
void life_end_soon(struct device *device);
void life_restart_soon(struct device *device);
/* The same for the network alone: connections, sessions and streams go on afterwards. */
void life_cut_soon(struct device *device);
void life_restart(struct device *device, unsigned seconds);
void life_cut(struct device *device, unsigned seconds);
/* Ends all connections over which video runs. */
void life_end_streams(struct device *device);
