/* The words that every format needs: a device's name, vendor and version; counts and times. */
#pragma once

#include "assess/assessment.h"
#include "base/clock.h"

#define WORDS_NUMBER 32

/* NULL when unknown: brand before maker, product of a VMS before model, its version likewise. */
const char *words_vendor(const struct subject *subject);
const char *words_model(const struct subject *subject);
const char *words_version(const struct subject *subject);
/* "Hikvision DS-2CD2032", without saying a vendor twice; "" when unknown; returns out. */
const char *words_product(const struct subject *subject, char out[SUBJECT_TITLE]);
/* The owner's name for it, from the site file or the device itself; NULL when there is none. */
const char *words_name(const struct subject *subject);
/* Its first address, "" when it has none; returns out. */
const char *words_address(const struct subject *subject, char out[IP_TEXT]);

/* "8,100"; returns out. */
const char *words_count(uint64_t number, char out[WORDS_NUMBER]);
/* "11.4 s", "3 min 20 s"; returns out. */
const char *words_duration(int64_t milliseconds, char out[WORDS_NUMBER]);
/* "2026-11-22 20:15:00 UTC"; returns out. */
const char *words_time(int64_t wall, char out[CLOCK_TEXT]);

/* The words owed to a finding: the driver's or the check's; NULL when there are none. */
const char *words_why(const struct finding *finding);
const char *words_close(const struct finding *finding);
const char *words_effect(const struct finding *finding);
const char *words_verify(const struct finding *finding);

/* True while open gaps, not waived ones, are left. */

bool words_is_open(const struct finding *finding);
/* Control results with that verdict. */
size_t words_controls(const struct assessment *assessment, enum verdict verdict);

/* What to try when no device was found. */
#define WORDS_HINTS 4
extern const char *const words_hints[WORDS_HINTS];
/* What contradicted means. */
extern const char words_contradicted[];
