/*
 * The one language in which a catalogue says which versions and builds a flaw touches; described
 * in doc/adding-an-advisory.md. Importers write it, people write it, only this file judges it.
 */
#pragma once

#include "base/err.h"

enum advisory_match {
    ADVISORY_NO,
    ADVISORY_POSSIBLE, /* model, version or build is unknown or not comparable */
    ADVISORY_YES,
};

#define ADVISORY_WHY   256
#define CONDITION_PART 160 /* longest model, version or condition that is compared */

/* Copies the next trimmed part of a list up to the separator; false at its end. */
bool condition_next(const char **at, char separator, char out[CONDITION_PART]);

/* Whether every condition of the list is one that can be judged; is_date for builds. */
bool condition_is_valid(const char *list, bool is_date);

/* Version and build as the device has them (NULL: unknown) against a list; why: what decided. */
enum advisory_match condition_version(
    const char *list, const char *version, const char *build, char ret_why[ADVISORY_WHY]);
/* The same for a build date YYYY-MM-DD. */
enum advisory_match condition_build(
    const char *list, const char *build, char ret_why[ADVISORY_WHY]);
