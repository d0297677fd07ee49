/* What libcurl's easy interface needs wherever it is used alone: where an answer goes, what ended
 * it. */
#pragma once

#include "base/buf.h"

/* CURLOPT_WRITEFUNCTION: the context is a struct buf, and more than its maximum ends the transfer.
 */
size_t transfer_take(char *bytes, size_t size, size_t count, void *context);
/* A CURLcode as an error; `body` is what transfer_take() filled: ERR_LIMIT when it failed. */
enum err transfer_err(int code, const struct buf *body) MUST_CHECK;
