/*
 * From facts to findings: every device and the site judged by the nine controls, one cause one
 * finding with its devices under it, waivers applied, words made.
 */
#pragma once

#include "assess/assessment.h"
#include "device/device.h"

/* The driver's better steps for a finding id; NULL when it has none. */
const struct device_fix *findings_fix(const char *driver, const char *finding);

/* Who knows better steps: findings_fix, or NULL. */
struct findings_fixes {
    const struct device_fix *(*find)(const char *driver, const char *finding);
};

/*
 * Fills controls and findings from devices, whole and waivers. Waivers that have expired at `now`
 * (wall ms) don't count. ERR_LIMIT when the arena is full.
 */
enum err findings_build(
    struct assessment *assessment, const struct findings_fixes *fixes, int64_t now) MUST_CHECK;

/* The waiver that covers this finding on this device, or NULL. */
const struct waiver *findings_waiver(const struct assessment *assessment, const char *finding,
    const struct subject *subject, int64_t now);

/* What findings_build() makes its sentences with; each NULL when the arena is full. */

/* "2 of 24 devices", "1 of 2 routers", or the name when there is only one of its kind. */
const char *findings_count(
    struct arena *arena, const struct finding *finding, const struct aspect *aspect, size_t of);
/* The title of a finding over all its devices; `of` were judged. */
const char *findings_title(
    struct arena *arena, const struct finding *finding, const struct aspect *aspect, size_t of);
/* "Set new passwords on Gate and Yard (Hikvision DS-2CD2032)": its action, for open places. */
const char *findings_action(struct arena *arena, const struct finding *finding);
/* Sets close, effect and verify from the advice and what the drivers know better. */
enum err findings_steps(
    struct arena *arena, const struct findings_fixes *fixes, struct finding *finding) MUST_CHECK;
/* One line for a control: its gaps, what is not known, or what is in order. */
const char *findings_control_sentence(
    struct assessment *assessment, const struct control_result *result);
