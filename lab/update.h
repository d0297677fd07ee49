/*
 * Firmware that a played device takes: any file with a line "gatehouse-lab-firmware VERSION". After
 * its restart the device says that version. A behaviour may lie, lose its settings or never return.
 */
#pragma once

#include "base/buf.h"
#include "lab/device.h"
#include "lab/http.h"

/* The body has the file, alone or in a form; waits: it runs only after a restart. ERR_VALUE: no
 * file. */
enum err update_take(
    struct device *device, const struct http_request *request, bool waits) MUST_CHECK;

/* A text of the transcript, with the version that runs now in place of the recorded one. */
void update_show(const struct device *device, const char *text, size_t len, struct buf *out);

/* Somebody asks for a restart: a file that waits runs afterwards. */
enum err update_restart(struct device *device) MUST_CHECK;
