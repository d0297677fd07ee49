/* Control 6: the VMS is updated within 30 days of a release. */
#include "check/check.h"

// clang-format off
static const struct rule version[] = {
    {PASS,    "version-known",   FACT_VMS_VERSION, IS_SET,     NULL,
     "{vms.product|The VMS} is version {}."},
    {UNKNOWN, "version-not-asked", FACT_CONFIG_ONLY, IS_YES,   NULL,
     "The files of {vms.product|the VMS} that were given don't tell its version. Its own About "
     "page does."},
    {UNKNOWN, "version-unknown", FACT_VMS_VERSION, IS_UNKNOWN, NULL,
     "{vms.product|The VMS} does not tell its version without a log-in. Its own About page does."},
};

static const struct rule flaws[] = {
    {FAIL,    "advisory",       FACT_VMS_ADVISORY, IS_SET,     NULL,
     "{vms.product|The VMS} {vms.version|} has published flaws: {}."},
    {UNKNOWN, "flaws-possible", FACT_VMS_UNJUDGED, IS_SET,     NULL,
     "A published flaw can't be ruled out: {}."},
    {PASS,    "no-advisory",    FACT_VMS_JUDGED,   IS_SET,     NULL,
     "No published flaw of {vms.product|the VMS} {vms.version|} is known; compared with {}."},
    {UNKNOWN, "flaws-unknown",  FACT_VMS_JUDGED,   IS_UNKNOWN, NULL,
     "It was compared with no advisory: product or version is not known, or the catalogue has "
     "none for it."},
};

static const struct rule release[] = {
    {FAIL,    "vms-ended",       FACT_VMS_ENDED,    IS_SET,     NULL,
     "{vms.product|The VMS} {vms.version|} is no longer supported by its maker: {}."},
    {FAIL,    "outdated",        FACT_VMS_OUTDATED, IS_SET,     NULL,
     "{vms.product|The VMS} is {vms.version|old}, behind for more than 30 days: {}. "
     "{vms.seen|Earlier runs are not remembered}."},
    {PASS,    "current",         FACT_VMS_CURRENT,  IS_SET,     NULL,
     "{vms.product|The VMS} is up to date: {}."},
    {UNKNOWN, "release-unknown", FACT_VMS_NEWEST,   IS_SET,     NULL,
     "It is not older than the newest release in the catalogue ({}), but the catalogue is more "
     "than 30 days old. The product's page tells whether a newer release is out."},
    {UNKNOWN, "no-release",      FACT_VMS_NEWEST,   IS_UNKNOWN, NULL,
     "Its version was compared with no release: version unknown, or none in the catalogue. The "
     "product's page tells the newest."},
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
    {"version", KIND_BIT(VMS), version, COUNT(version)},
    {"flaws",   KIND_BIT(VMS), flaws,   COUNT(flaws)},
    {"release", KIND_BIT(VMS), release, COUNT(release)},
    {"pace", KIND_BIT(VMS), pace, COUNT(pace)},
    {"maintenance", KIND_BIT(VMS), maintenance, COUNT(maintenance)},
};

static const struct advice advices[] = {
    {.id = "patched-late", .title = "The last update of the VMS came late on {count}"},
    {
        .id = "window-missed",
        .title = "Declared maintenance left an outdated version on the VMS of {count}",
        .action = "Do the maintenance of {devices} that was declared",
        .why =
            "A schedule that exists on paper only protects nobody: runs before and after the "
            "declared day saw the same version, and a newer one is out.",
        .close =
            "Install the update, and correct the site file's maintenance list where the day or the "
            "rule is not kept.",
        .effect = "Recording pauses during the update.",
        .verify = "Run gatehouse assess again; the version has changed since the declared day.",
    },
    {
        .id = "vms-ended",
        .title = "The maker no longer supports the version of the VMS on {count}",
        .action = "Move {devices} to a supported version",
        .why =
            "A version out of support gets no more fixes: every flaw that is found from now on stays "
            "open, and is public.",
        .close =
            "Read the maker's list of supported versions, make a backup of the VMS's configuration "
            "and database, install a version that is on it, and look at the live view and a recording "
            "of each camera afterwards.",
        .effect = "Recording pauses during the update; an old licence may need a renewal.",
        .verify = "Run gatehouse assess again; the version is a supported one.",
    },
    {
        .id = "advisory",
        .title = "Published flaws are in the VMS on {count}",
        .action = "Update the VMS on {devices}",
        .why =
            "The VMS holds every recording. Its flaws are public, and so are programs that use "
            "them.",
        .close =
            "Make a backup of the VMS's configuration and database, install the fixed version "
            "that the evidence names or a newer one, and look at the live view and a recording "
            "of each camera afterwards.",
        .effect = "Recording pauses during the update.",
        .verify = "Run gatehouse assess again; the new version matches no advisory.",
    },
    {
        .id = "outdated",
        .title = "A newer release is out for more than 30 days for {count}",
        .action = "Update the VMS on {devices}",
        .why =
            "Updates close flaws before or just as they become public; who is a release behind "
            "is open to what it closed.",
        .close =
            "Read the release notes, make a backup of the VMS's configuration and database, "
            "install the newest release, and look at the live view and a recording of each "
            "camera afterwards.",
        .effect = "Recording pauses during the update.",
        .verify = "Run gatehouse assess again; the version is the newest.",
    },
};
// clang-format on

const struct check check_updates = {
    .aspects = aspects,
    .aspect_count = COUNT(aspects),
    .advices = advices,
    .advice_count = COUNT(advices),
};
