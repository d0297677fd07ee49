/* What gates of VMSes share whose web servers know no difference between "Files" and "files". */
#pragma once

#include "vms/access_driver.h"

/* Whether a part of the path is one of the words, in whatever case. */
bool gate_parts_has(const char *path, const char *const *words, size_t count);
/* "a/b/c" without its first part, for what must not be written down (a token in the path). */
const char *gate_parts_behind(const char *path);
