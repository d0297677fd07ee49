/* Cells of CSV (RFC 4180) that can't become formulas of a spreadsheet. Pure. */
#pragma once

#include "base/buf.h"

/* Appends one cell, quoted where it must be; a text that a spreadsheet would run gets a ' before.
 */
void csv_cell(struct buf *out, const char *text, size_t len);
/* The same for terminated text; NULL is an empty cell. */
void csv_text(struct buf *out, const char *text);
