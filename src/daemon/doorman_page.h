/*
 * Pages out of web/: texts with holes, filled from JSON. {{name}} becomes the value's text, always
 * escaped; {{#name}}…{{/name}} stands once for a true value or a text, for each element of an array
 * (whose members hide those outside), and not at all otherwise; {{^name}}…{{/name}} the contrary.
 * There is no way to insert markup. Pure.
 */
#pragma once

#include "base/buf.h"

#include <jansson.h>

#define DOORMAN_PAGE_DEPTH 4 /* sections one in another */

/* Escaped for content and quoted attributes; NULL is nothing. */
void doorman_page_escape(struct buf *out, const char *text);
/* Appends; ERR_LIMIT when the buffer is too small; a template that is not well-formed asserts. */
enum err doorman_page_render(
    const char *template, size_t len, const json_t *values, struct buf *ret_out) MUST_CHECK;
