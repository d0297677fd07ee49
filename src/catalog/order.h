/*
 * Order of two versions where the vendor's form decides how they compare: builds beside versions,
 * Dahua's dates, Uniview's branches, XProtect's years. codec/version.h orders plain ones.
 */
#pragma once

#include "base/err.h"

/*
 * What the device has against a version of a record, as strcmp in ret_order. False when the two
 * can't be compared (another firmware branch, a build that is not known); ret_why then says why.
 * build is YYYY-MM-DD or NULL.
 */
bool order_versions(
    const char *version, const char *build, const char *bound, int *ret_order, char ret_why[128]);

/* Whether the version is the bound or one of its track: 11.8.20 is of 11.8. */
bool order_is_of_track(const char *version, const char *bound);
