/* Bodies with @words@ that stand for what is the device's own: @ip@, @serial@, @year@, … */
#pragma once

#include "base/buf.h"
#include "lab/device.h"

struct template_scope {
    const struct device *device;
    const char *request_id; /* what the asker called his question: MessageID, Uuid */
};

/* Appends the text to out with its words replaced; unknown words stay as they are. */
void template_add(
    struct buf *out, const struct template_scope *scope, const char *text, size_t len);
