/*
 * What the parse functions of several drivers share: settings and lists out of answers. For
 * drivers only.
 */
#pragma once

#include "device/device.h"

/* The same source, but known from the device's own configuration. */
struct source take_config(const struct source *source);

/* pick_text() found it. */
bool take_text(
    const struct answer *answer, const char *pick, struct facts *facts, const char **ret_text);
/* pick_text() found it, and it is a yes or a no. */
bool take_bool(const struct answer *answer, const char *pick, struct facts *facts, bool *ret_yes);
/* Sets the fact, as configuration, when the pick is a yes or a no. */
void take_setting(const struct answer *answer, const char *pick, enum fact_id fact,
    struct facts *facts, const struct source *source);

/*
 * Sets clock.offset from a time as the device writes it ("2026-09-09T07:24:29-05:00", or with a
 * blank in the middle). A time without a zone tells nothing about the offset and is left alone.
 */
void take_clock(const char *text, int64_t at, struct facts *facts, const struct source *source);

/* Adds "web digest/basic" to auth.modes, and sets auth.basic when one of the modes is basic. */
void take_mode(
    const char *where, const char *mode, struct facts *facts, const struct source *source);
