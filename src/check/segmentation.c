/* Control 3: cameras and recorders live in a network segment of their own. */
#include "check/check.h"

// clang-format off
static const struct rule subnet[] = {
    {FAIL,    "mixed-subnet",   FACT_SEGMENT_MIXED, IS_SET,     NULL,
     "It shares {segment.subnet|its subnet} with other machines: {}."},
    {PASS,    "own-subnet",     FACT_SEGMENT_CLEAN, IS_SET,     NULL,
     "Only video devices answer in {segment.subnet|its subnet}: {}."},
    {UNKNOWN, "subnet-unknown", FACT_SEGMENT_CLEAN, IS_UNKNOWN, NULL,
     "Who else lives in its subnet is not known: not every address there was in the scope of this "
     "run, or something that answered there could not be named."},
};

static const struct rule isolation[] = {
    {FAIL,    "segment-leak", FACT_SEGMENT_LEAK,  IS_SET,     NULL,
     "From the camera network this was reached: {}."},
    {PASS,    "isolated",     FACT_SEGMENT_TIGHT, IS_SET,     NULL,
     "Nothing else is reached from the camera network: {}."},
    {UNKNOWN, "no-probe",     FACT_SEGMENT_TIGHT, IS_UNKNOWN, NULL,
     "Whether cameras reach the internet, the business network or each other is not known: that "
     "needs a probe from inside the camera network, or the firewall's rules."},
};

static const struct rule plain[] = {
    {NOTE,           "rtsp-unencrypted", FACT_RTSP_PLAIN, IS_YES,    NULL,
     "It sends video over unencrypted RTSP: whoever is in the same network can read it along."},
    {NOT_APPLICABLE, "no-plain-rtsp",    FACT_RTSP_PLAIN, OTHERWISE, NULL,
     "No unencrypted RTSP was seen."},
};

static const struct aspect aspects[] = {
    {"subnet",     KINDS_VIDEO,                 subnet,    COUNT(subnet)},
    {"isolation",  KINDS_SITE,                  isolation, COUNT(isolation)},
    {"plain-rtsp", KINDS_VIDEO | KIND_BIT(VMS), plain,     COUNT(plain)},
};

static const struct advice advices[] = {
    {
        .id = "mixed-subnet",
        .title = "Other machines share a subnet with {count}",
        .action = "Move {devices} into a network of their own",
        .why =
            "One infected PC or visitor's laptop in the same subnet talks to every camera "
            "directly, and a taken-over camera talks to every till and PC. Between subnets a "
            "firewall can stop both.",
        .close =
            "Make a VLAN for cameras and recorders on the switch and router, give them addresses "
            "in it, let only the recorder or VMS (and the admin's PC) reach it, and nothing in "
            "it reach the internet.",
        .effect = "The devices get new addresses; the recorder or VMS needs them.",
        .verify =
            "Run gatehouse assess again over both subnets; only video devices answer in the "
            "cameras' one.",
    },
    {
        .id = "segment-leak",
        .title = "The camera network reaches what it must not",
        .action = "Close the ways out of the camera network",
        .why =
            "A camera that reaches the internet can be steered from there, and one that reaches "
            "the office network is a way in for whoever takes it over.",
        .close =
            "In the firewall between the networks, refuse everything that starts in the camera "
            "network except to the recorder, the VMS and the local time server.",
        .effect = "Vendor apps and cloud services of the cameras stop working.",
        .verify = "Repeat the probe from the camera network, then run gatehouse assess again.",
    },
    {.id = "rtsp-unencrypted", .title = "Video passes unencrypted (RTSP) from {count}"},
};
// clang-format on

const struct check check_segmentation = {
    .aspects = aspects,
    .aspect_count = COUNT(aspects),
    .advices = advices,
    .advice_count = COUNT(advices),
};
