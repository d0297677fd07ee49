/* Control 5: camera firmware is known, current, and free of published flaws. */
#include "check/check.h"

// clang-format off
static const struct rule version[] = {
    {PASS,    "version-known",   FACT_DEVICE_FIRMWARE, IS_SET,     NULL,
     "Its firmware is {}."},
    {UNKNOWN, "version-unknown", FACT_DEVICE_FIRMWARE, IS_UNKNOWN, NULL,
     "It does not tell its firmware version without a log-in. A password in the site file would "
     "make it known."},
};

static const struct rule flaws[] = {
    {FAIL,    "exploited",      FACT_FIRMWARE_EXPLOITED, IS_SET,     NULL,
     "Firmware {device.firmware} has flaws that attackers use: {}. All that match: "
     "{firmware.advisory}."},
    {FAIL,    "advisory",       FACT_FIRMWARE_ADVISORY,  IS_SET,     NULL,
     "Firmware {device.firmware} has published flaws: {}."},
    {UNKNOWN, "flaws-possible", FACT_FIRMWARE_UNJUDGED,  IS_SET,     NULL,
     "A published flaw can't be ruled out: {}."},
    {PASS,    "no-advisory",    FACT_FIRMWARE_JUDGED,    IS_SET,     NULL,
     "No published flaw of this firmware is known; compared with {}."},
    {UNKNOWN, "flaws-unknown",  FACT_FIRMWARE_JUDGED,    IS_UNKNOWN, NULL,
     "Its firmware was compared with no advisory: maker, model or version is not known. A "
     "password in the site file would make them known."},
};

static const struct rule age[] = {
    {FAIL,    "end-of-life",    FACT_FIRMWARE_ENDED, IS_SET,     NULL,
     "Its maker publishes no more firmware for it: {}."},
    {FAIL,    "old-firmware",   FACT_FIRMWARE_AGE,   ABOVE,      "730",
     "Its firmware is {} days old (built {device.build|long ago})."},
    {UNKNOWN, "update-unknown", FACT_FIRMWARE_AGE,   ABOVE,      "90",
     "Its firmware is {} days old (built {device.build|some time ago}). Whether a newer one "
     "exists is not known here: the maker's download page tells."},
    {PASS,    "fresh-firmware", FACT_FIRMWARE_AGE,   IS_SET,     NULL,
     "Its firmware was built {} days ago."},
    {UNKNOWN, "age-unknown",    FACT_FIRMWARE_AGE,   IS_UNKNOWN, NULL,
     "The age of its firmware is not known: it gives no build date. The maker's download page "
     "tells whether a newer one exists."},
};

static const struct rule claims[] = {
    {NOTE,           "false-maker", FACT_DEVICE_CLAIMS, IS_SET,    NULL,
     "It calls itself {}, but answers as a device of {device.vendor|another maker} does. Firmware "
     "and flaws are those of the true maker."},
    {NOT_APPLICABLE, "true-maker",  FACT_DEVICE_CLAIMS, OTHERWISE, NULL,
     "It gives itself no other maker's name."},
};

static const struct rule covered[] = {
    {NOTE,           "covered-maker", FACT_DEVICE_COVERED, IS_SET,    NULL,
     "Its maker is on the FCC Covered List: {}."},
    {NOT_APPLICABLE, "not-covered",   FACT_DEVICE_COVERED, OTHERWISE, NULL,
     "Its maker is not known to be on the FCC Covered List."},
};

/* Control 5 asks for a look at the firmware each quarter; runs in the store are the evidence. */
static const struct rule audit[] = {
    {PASS,    "audited",       FACT_FIRMWARE_AUDITED,   IS_SET,     NULL,
     "Its version is looked at each quarter: {}."},
    {UNKNOWN, "audit-gap",     FACT_FIRMWARE_UNAUDITED, IS_SET,     NULL,
     "Runs do not show a look at its version each quarter: {}."},
    {UNKNOWN, "audit-unknown", FACT_FIRMWARE_AUDITED,   IS_UNKNOWN, NULL,
     "No earlier run that saw its version is remembered, so nothing shows a look each quarter."},
};

static const struct rule release[] = {
    {FAIL,    "outdated",        FACT_FIRMWARE_OUTDATED, IS_SET,     NULL,
     "Firmware {device.firmware|of it} is behind for more than 30 days: {}. "
     "{firmware.seen|Earlier runs are not remembered}."},
    {PASS,    "current",         FACT_FIRMWARE_CURRENT,  IS_SET,     NULL,
     "Its firmware is up to date: {}."},
    {UNKNOWN, "release-unknown", FACT_FIRMWARE_NEWEST,   IS_SET,     NULL,
     "It is not older than the release that the catalogue knows ({}), but a newer one may be out: "
     "the maker's download page tells."},
    {NOT_APPLICABLE, "no-release", FACT_FIRMWARE_NEWEST, OTHERWISE,  NULL,
     "The catalogue has no release days for it; its age is judged instead."},
};

static const struct rule pace[] = {
    {NOTE,           "patched-late",    FACT_UPDATE_LATE,   IS_SET,    NULL,
     "Its last update came more than 30 days after the release: {}."},
    {PASS,           "patched-in-time", FACT_UPDATE_PROMPT, IS_SET,    NULL,
     "Its last update came within 30 days of the release: {}."},
    {NOT_APPLICABLE, "no-update-seen",  FACT_UPDATE_PROMPT, OTHERWISE, NULL,
     "No update was seen between two runs whose release day the catalogue knows."},
};

static const struct rule maintenance[] = {
    {FAIL,           "window-missed",   FACT_MAINTENANCE_MISSED,   IS_SET,    NULL,
     "Maintenance was declared but shows nowhere: {}."},
    {PASS,           "window-kept",     FACT_MAINTENANCE_PROVEN,   IS_SET,    NULL,
     "Declared maintenance took place: {}."},
    {UNKNOWN,        "window-unproven", FACT_MAINTENANCE_DECLARED, IS_SET,    NULL,
     "Maintenance is declared, which proves nothing by itself: {}."},
    {NOT_APPLICABLE, "no-window",       FACT_MAINTENANCE_DECLARED, OTHERWISE, NULL,
     "No maintenance is declared for it."},
};

static const struct aspect aspects[] = {
    {"version", KINDS_VIDEO, version, COUNT(version)},
    {"flaws",   KINDS_VIDEO, flaws,   COUNT(flaws)},
    {"age",     KINDS_VIDEO, age,     COUNT(age)},
    {"claims",  KINDS_VIDEO, claims,  COUNT(claims)},
    {"maker",   KINDS_VIDEO, covered, COUNT(covered)},
    {"release", KINDS_VIDEO, release, COUNT(release)},
    {"audit", KINDS_VIDEO, audit, COUNT(audit)},
    {"pace", KINDS_VIDEO, pace, COUNT(pace)},
    {"maintenance", KINDS_VIDEO, maintenance, COUNT(maintenance)},
};

static const struct advice advices[] = {
    {
        .id = "window-missed",
        .title = "Declared maintenance left an outdated version on {count}",
        .action = "Do the maintenance of {devices} that was declared",
        .why =
            "A schedule that exists on paper only protects nobody: runs before and after the "
            "declared day saw the same version, and a newer one is out.",
        .close =
            "Install the update, and correct the site file's maintenance list where the day or the "
            "rule is not kept.",
        .effect = "The device restarts and is blind for a few minutes.",
        .verify = "Run gatehouse assess again; the version has changed since the declared day.",
    },
    {
        .id = "outdated",
        .title = "Newer firmware is out for more than 30 days for {count}",
        .action = "Install the newest firmware on {devices}",
        .why =
            "Updates close flaws before or just as they become public; who is a release behind is "
            "open to what it closed.",
        .close =
            "Download the newest firmware for exactly this model from the maker's page, check its "
            "checksum, install it in System > Maintenance > Upgrade, and check the settings "
            "afterwards.",
        .effect =
            "The device restarts and is blind for a few minutes; updates have switched cloud "
            "services on again.",
        .verify = "Run gatehouse assess again; the version is the newest.",
    },
    {
        .id = "exploited",
        .title = "Flaws that attackers use are in the firmware of {count}",
        .action = "Install new firmware on {devices}, now",
        .why =
            "These flaws are on the United States' list of known exploited vulnerabilities (CISA "
            "KEV): they are not theory, programs that use them run against the internet every "
            "day.",
        .close =
            "Download the newest firmware for exactly this model from the maker's page, check "
            "its checksum, install it in System > Maintenance > Upgrade, and check the settings "
            "afterwards. If the maker has no fixed version, replace the device; until then let "
            "only the recorder reach it.",
        .effect =
            "The device restarts and is blind for a few minutes; updates have switched cloud "
            "services on again.",
        .verify = "Run gatehouse assess again; the new version matches no advisory.",
    },
    {
        .id = "advisory",
        .title = "Published flaws are in the firmware of {count}",
        .action = "Install new firmware on {devices}",
        .why =
            "The flaw and often the way to use it are public, so every attacker knows as much as "
            "the maker.",
        .close =
            "Download the newest firmware for exactly this model from the maker's page, check "
            "its checksum, install it in System > Maintenance > Upgrade, and check the settings "
            "afterwards. If the maker has no fixed version, let only the recorder reach the "
            "device and plan its replacement.",
        .effect =
            "The device restarts and is blind for a few minutes; updates have switched cloud "
            "services on again.",
        .verify = "Run gatehouse assess again; the new version matches no advisory.",
    },
    {
        .id = "end-of-life",
        .title = "No more firmware is published for {count}",
        .action = "Plan the replacement of {devices}",
        .why = "The next flaw that is found in it stays open for ever.",
        .close =
            "Replace the device. Until then put it in a network of its own where only the "
            "recorder reaches it and it reaches nothing.",
        .effect = "None until it is replaced.",
        .verify = "Run gatehouse assess again after the replacement.",
    },
    {
        .id = "old-firmware",
        .title = "Firmware is older than two years on {count}",
        .action = "Look for new firmware for {devices}",
        .why =
            "Makers fix flaws silently; firmware that is years old holds most of what was found "
            "since.",
        .close =
            "Look at the maker's page for exactly this model, install the newest firmware, and "
            "note the date for the check in three months. If there is none, treat the model as "
            "no longer supported.",
        .effect = "The device restarts and is blind for a few minutes.",
        .verify = "Run gatehouse assess again; the build date is new.",
    },
    {.id = "patched-late", .title = "The last update of the firmware came late on {count}"},
    {.id = "false-maker", .title = "Another maker's name is given by {count}"},
    {.id = "covered-maker", .title = "The maker is on the FCC Covered List for {count}"},
};
// clang-format on

const struct check check_firmware = {
    .aspects = aspects,
    .aspect_count = COUNT(aspects),
    .advices = advices,
    .advice_count = COUNT(advices),
};
