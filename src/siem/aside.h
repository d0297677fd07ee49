/* The file of records that a receiver refuses: one a line, as they would have been sent. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/*
 * Adds the record, durable when this is OK. A line that an earlier write left torn is ended first.
 * Not opened or not written: ERR_IO, and the note names the file.
 */
enum err siem_aside_add(const char *path, const struct buf *record, struct note *note) MUST_CHECK;
