/* What a plan keeps of a device: enough to find and open it again, without the answers. */
#pragma once

#include "fact/subject.h"

/* The caller's own; NULL when memory is out. */
struct subject *plan_copy_subject(const struct subject *subject);
