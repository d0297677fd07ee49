/* Small flaws in the XML of real devices, mended before a second strict look. */
#pragma once

#include "base/buf.h"

/*
 * Writes body into buf with bytes that are no UTF-8 and control characters as '?', and a '&' that
 * begins no entity as "&amp;". Tags, and text that is well-formed, stay as they are.
 */
void mend_xml(const char *body, size_t len, struct buf *buf);
