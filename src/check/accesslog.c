/* Control 9: who watched what is recorded, in one place, with the right time. */
#include "check/check.h"

// clang-format off
static const struct rule vms_log[] = {
    {FAIL,    "no-access-log",      FACT_VMS_ACCESS_LOG, IS_NO,      NULL,
     "{vms.product|The VMS} keeps no record of who watched what."},
    {PASS,    "access-log",         FACT_VMS_ACCESS_LOG, IS_YES,     NULL,
     "{vms.product|The VMS} records who watched what."},
    {UNKNOWN, "access-log-unknown", FACT_VMS_ACCESS_LOG, IS_UNKNOWN, NULL,
     "Whether {vms.product|the VMS} records who watched what is not known. Its configuration "
     "would make it known."},
};

static const struct rule central[] = {
    {PASS,    "central-log",    FACT_LOG_TARGET, IS_SET,     NULL,
     "The site reports to a central log: {}."},
    {UNKNOWN, "no-central-log", FACT_LOG_TARGET, IS_UNKNOWN, NULL,
     "No central log is declared for this site. Name it in the site file, or send the VMS's log "
     "to one."},
};

static const struct rule ledger[] = {
    {FAIL,           "ledger-broken",   FACT_LEDGER_VERIFIED, IS_NO,      NULL,
     "The access ledger does not verify: events are missing or changed."},
    {PASS,           "ledger-verified", FACT_LEDGER_VERIFIED, IS_YES,     NULL,
     "The access ledger verifies from its first event to its last."},
    {UNKNOWN,        "ledger-unverified", FACT_LEDGER_UNVERIFIED, IS_SET, NULL,
     "The access ledger could not be verified: {}."},
    {NOT_APPLICABLE, "no-ledger",       FACT_LEDGER_VERIFIED, IS_UNKNOWN, NULL,
     "No access ledger is kept here."},
};

static const struct rule clock[] = {
    {FAIL,    "clock-wrong",   FACT_CLOCK_OFFSET, ABOVE,      "300",
     "Its clock is {} seconds ahead."},
    {FAIL,    "clock-wrong",   FACT_CLOCK_OFFSET, BELOW,      "-300",
     "Its clock is wrong by {} seconds (negative: behind)."},
    {NOTE,    "clock-offset",  FACT_CLOCK_OFFSET, ABOVE,      "30",
     "Its clock is {} seconds ahead."},
    {NOTE,    "clock-offset",  FACT_CLOCK_OFFSET, BELOW,      "-30",
     "Its clock is off by {} seconds (negative: behind)."},
    {PASS,    "clock-right",   FACT_CLOCK_OFFSET, IS_SET,     NULL,
     "Its clock is right to {} seconds."},
    {UNKNOWN, "clock-unknown", FACT_CLOCK_OFFSET, IS_UNKNOWN, NULL,
     "It does not tell its time. A password in the site file would make it known."},
};

static const struct rule time_server[] = {
    {NOTE,           "no-time-server",      FACT_CLOCK_SYNCED, IS_NO,     NULL,
     "No time server sets its clock: it drifts, and nobody notices."},
    {NOT_APPLICABLE, "time-server-or-none", FACT_CLOCK_SYNCED, OTHERWISE, NULL,
     "Its clock was not read as set by hand."},
};

static const struct rule proxy_log[] = {
    {NOTE,           "proxy-unlogged",  FACT_PROXY_UNLOGGED, IS_SET,    NULL,
     "{} and keeps no record of the requests."},
    {NOT_APPLICABLE, "no-proxy-unlogged", FACT_PROXY_UNLOGGED, OTHERWISE, NULL,
     "No proxy without a record of requests was seen."},
};

static const struct aspect aspects[] = {
    {"vms-log", KIND_BIT(VMS), vms_log, COUNT(vms_log)},
    {"proxy-log", KIND_BIT(VMS), proxy_log, COUNT(proxy_log)},
    {"central", KINDS_SITE,    central, COUNT(central)},
    {"ledger",  KINDS_SITE,    ledger,  COUNT(ledger)},
    {"clock",   KINDS_VIDEO,   clock,   COUNT(clock)},
    {"time-server", KINDS_VIDEO, time_server, COUNT(time_server)},
};

static const struct advice advices[] = {
    {
        .id = "no-access-log",
        .title = "Nobody knows who watched what on {count}",
        .action = "Record who watches footage on {devices}",
        .why =
            "After a leak the first question is who saw the recording. Without a record there is "
            "no answer, neither for the owner nor for the data protection authority.",
        .close =
            "Switch the VMS's own access or audit log on where it has one, and keep it for at "
            "least 90 days. Where it has none, put a gateway in front of the VMS that records "
            "each view.",
        .effect = "The log takes disk space, and those who watch must be told that it is kept.",
        .verify =
            "Watch one recording, find the entry in the log, then run gatehouse assess again.",
    },
    {
        .id = "ledger-broken",
        .title = "The access ledger does not verify",
        .action = "Find out what happened to the access ledger",
        .why = "The ledger is made so that no entry can be changed or lost unnoticed. It was.",
        .close =
            "Keep a copy of the ledger as it is, compare it with the last copy that verified, "
            "and look for disk errors and for who had access to the machine.",
        .effect = "None.",
        .verify = "Run gatehouse assess again after the cause is found.",
    },
    {
        .id = "clock-wrong",
        .title = "The clock is wrong by more than five minutes on {count}",
        .action = "Set the clock of {devices} from a time server",
        .why =
            "A recording with the wrong time is worth little as evidence, and its entries can't "
            "be put beside those of other systems.",
        .close =
            "Open the device's web page, find System > Time, choose NTP with the address of the "
            "router or recorder as the server, and set the time zone.",
        .effect = "Recordings around the change may overlap or show a gap.",
        .verify = "Run gatehouse assess again; the clock is right.",
    },
    {.id = "no-time-server", .title = "No time server sets the clock of {count}"},
    {.id = "clock-offset", .title = "The clock is off by more than 30 seconds on {count}"},
    {.id = "proxy-unlogged", .title = "The proxy keeps no record of requests to {count}"},
};
// clang-format on

const struct check check_accesslog = {
    .aspects = aspects,
    .aspect_count = COUNT(aspects),
    .advices = advices,
    .advice_count = COUNT(advices),
};
