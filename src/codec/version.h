/*
 * Versions as camera vendors write them: order of dotted numbers, and the build date that hides
 * in many of them. Only looks at text; which forms are comparable is the advisory's business.
 */
#pragma once

#include "base/err.h"

#define VERSION_DATE 11 /* room for "YYYY-MM-DD" */

/*
 * As strcmp, by tokens of digits and letters: numbers compare as numbers (5.02.006 = 5.2.6), a
 * missing number is 0, a leading "V" is ignored, alpha/beta/rc/pre/dev come before the release,
 * other words (SP2, build) after it. Letter case is ignored.
 */
int version_compare(const char *a, const char *b);

/*
 * The build date in any vendor form: "V5.5.82build 190910", "build 240826", "Build 211130 Rel.1",
 * "2.800.0.R,build:2020-06-05", "….R.20250307", "….R.200316", "v3.0.0.1889_23031701" (YYMMDDHH),
 * "CIPC-B2303.2.8.230105", "B181219", "Nov 27 2023 12:09", "2023.03.02". False when none is there
 * or it is no date between 2005 and 2049.
 */
bool version_date(const char *text, char ret_date[VERSION_DATE]);
