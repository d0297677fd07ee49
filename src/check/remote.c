/* Control 7: who comes from outside comes by VPN. */
#include "check/check.h"

// clang-format off
static const struct rule open[] = {
    {FAIL,    "open-without-vpn", FACT_REMOTE_OPEN,      IS_SET,     NULL,
     "Reachable from outside without a VPN: {}."},
    {PASS,    "not-open",         FACT_EXPOSURE_VANTAGE, IS_SET,     NULL,
     "Nothing is reached from outside without a VPN: {}."},
    {UNKNOWN, "open-unknown",     FACT_EXPOSURE_VANTAGE, IS_UNKNOWN, NULL,
     "Nothing was seen that is open to the outside, but it was not tried from there. A machine "
     "outside the site or the router's configuration would make it known."},
};

static const struct rule vpn[] = {
    {FAIL,           "vpn-weak",       FACT_VPN_BROKEN,      IS_SET,     NULL,
     "The VPN does not keep strangers out: {}."},
    {PASS,           "vpn",            FACT_REMOTE_VPN,      IS_SET,     NULL,
     "Remote access goes through a VPN: {}."},
    {FAIL,           "no-vpn",         FACT_REMOTE_DECLARED, IS_YES,     NULL,
     "The site is used from outside, and no VPN is declared for it."},
    {NOT_APPLICABLE, "no-remote",      FACT_REMOTE_DECLARED, IS_NO,      NULL,
     "The owner says that nobody uses the site from outside."},
    {UNKNOWN,        "remote-unknown", FACT_REMOTE_DECLARED, IS_UNKNOWN, NULL,
     "Whether and how the site is used from outside is not known. The site file can say so, "
     "under remote access."},
};

static const struct rule vpn_settings[] = {
    {NOTE,           "vpn-settings",     FACT_VPN_RISK, IS_SET,    NULL,
     "The VPN is weaker than it need be: {}."},
    {NOT_APPLICABLE, "no-vpn-settings",  FACT_VPN_RISK, OTHERWISE, NULL,
     "No weak setting of a VPN was seen."},
};

static const struct rule factor[] = {
    {FAIL,           "gateway-no-mfa",      FACT_GATEWAY_MFA,  IS_NO,      NULL,
     "Gateway {gateway.name|of the VMS} lets people in without a second factor."},
    {PASS,           "gateway-mfa",         FACT_GATEWAY_MFA,  IS_YES,     NULL,
     "Gateway {gateway.name|of the VMS} asks everyone for a second factor."},
    {UNKNOWN,        "gateway-mfa-unknown", FACT_GATEWAY_NAME, IS_SET,     NULL,
     "Whether gateway {} asks for a second factor is not known. Its configuration would make it "
     "known."},
    {NOT_APPLICABLE, "no-gateway",          FACT_GATEWAY_NAME, IS_UNKNOWN, NULL,
     "No gateway is declared."},
};

static const struct aspect aspects[] = {
    {"open",   KINDS_SITE, open,   COUNT(open)},
    {"vpn",    KINDS_SITE, vpn,    COUNT(vpn)},
    {"vpn-settings", KINDS_SITE, vpn_settings, COUNT(vpn_settings)},
    {"factor", KINDS_SITE, factor, COUNT(factor)},
};

static const struct advice advices[] = {
    {
        .id = "open-without-vpn",
        .title = "Video can be reached from outside without a VPN",
        .action = "Replace open ports by a VPN",
        .why =
            "A port that is open for the owner's phone is open for everyone. A VPN answers only "
            "to those who hold a key.",
        .close =
            "Set up WireGuard or OpenVPN on the router, put its key on each phone and PC that "
            "needs the cameras, try it from a mobile network, and then delete the port forward.",
        .effect = "Who watches from outside switches the VPN on first.",
        .verify = "Run gatehouse assess again; nothing is forwarded to a camera or VMS.",
    },
    {
        .id = "no-vpn",
        .title = "The site is used from outside and has no VPN",
        .action = "Set up a VPN for remote access",
        .why =
            "Without a VPN remote access goes through an open port or through the vendor's "
            "cloud; both let others in.",
        .close =
            "Set up WireGuard or OpenVPN on the router, put its key on each phone and PC that "
            "needs the cameras, and name it in the site file.",
        .effect = "Who watches from outside switches the VPN on first.",
        .verify = "Name the VPN in the site file and run gatehouse assess again.",
    },
    {
        .id = "vpn-weak",
        .title = "The VPN does not keep strangers out",
        .action = "Make the VPN ask who comes, with a cipher that holds",
        .why = "A VPN that takes everyone is an open port with another name.",
        .close =
            "In the file and line that the finding names: let OpenVPN ask for a certificate of "
            "each person (take verify-client-cert none away) and use AES-256-GCM; or set up "
            "WireGuard, which has no weak settings of this kind.",
        .effect = "Who comes by the VPN needs a certificate and perhaps a newer program.",
        .verify = "Run gatehouse assess --config with the VPN's file again.",
    },
    {.id = "vpn-settings", .title = "The VPN is weaker than it need be"},
    {
        .id = "gateway-no-mfa",
        .title = "The gateway lets people in without a second factor",
        .action = "Switch the second factor on at the gateway",
        .why = "A password alone is stolen in bulk from other sites and tried here.",
        .close = "Make a one-time code or passkey obligatory for every user of the gateway.",
        .effect = "Each user registers a phone or key once.",
        .verify = "Run gatehouse assess again; the gateway asks everyone.",
    },
};
// clang-format on

const struct check check_remote = {
    .aspects = aspects,
    .aspect_count = COUNT(aspects),
    .advices = advices,
    .advice_count = COUNT(advices),
};
