/* Control 2: nothing that shows video can be reached from the internet. */
#include "check/check.h"

// clang-format off
static const struct rule mapping[] = {
    {FAIL,    "port-mapped",     FACT_EXPOSURE_MAPPED, IS_SET,     NULL,
     "The router forwards a port to it from the internet: {}."},
    {PASS,    "not-mapped",      FACT_EXPOSURE_ASKED,  IS_SET,     NULL,
     "The list of port mappings of {} holds none to it."},
    {UNKNOWN, "mapping-unknown", FACT_EXPOSURE_ASKED,  IS_UNKNOWN, NULL,
     "No router gave its list of port mappings. The router's own page shows it, under port "
     "forwarding or NAT."},
};

static const struct rule address[] = {
    {FAIL,    "public-address",  FACT_EXPOSURE_PUBLIC, IS_YES,     NULL,
     "It answers at a public address."},
    {PASS,    "private-address", FACT_EXPOSURE_PUBLIC, IS_NO,      NULL,
     "It has private addresses only."},
    {UNKNOWN, "address-not-asked", FACT_CONFIG_ONLY,   IS_YES,     NULL,
     "Whether it answers at a public address is not known: only its files were read. A run with "
     "--scope would make it known."},
    {UNKNOWN, "address-unknown", FACT_EXPOSURE_PUBLIC, IS_UNKNOWN, NULL,
     "Whether it answers at a public address is not known: it did not answer at all. Run again "
     "while it is switched on."},
};

static const struct rule guessing[] = {
    {NOT_APPLICABLE, "nothing-to-guess",    FACT_VMS_AUTH,  IS_NO,      NULL,
     "Its log-in is switched off, so there is no password to guess."},
    {FAIL,           "no-guess-limit",      FACT_VMS_LIMIT, IS_NO,      NULL,
     "The log-in page of {vms.product|the VMS} lets anyone guess passwords without end."},
    {PASS,           "guess-limit",         FACT_VMS_LIMIT, IS_YES,     NULL,
     "The log-in page of {vms.product|the VMS} stops those who guess."},
    {UNKNOWN,        "guess-limit-unknown", FACT_VMS_LIMIT, IS_UNKNOWN, NULL,
     "Whether the log-in page limits guessing is not known: trying would lock people out. The "
     "VMS's configuration would make it known."},
};

static const struct rule lockout[] = {
    {FAIL,           "lockout-off",    FACT_LOCKOUT_ENABLED, IS_NO,     NULL,
     "Its lock-out is switched off: passwords can be guessed without end."},
    {PASS,           "lockout-on",     FACT_LOCKOUT_ENABLED, IS_YES,    NULL,
     "Guessing passwords locks the account or the address."},
    {NOT_APPLICABLE, "lockout-unread", FACT_LOCKOUT_ENABLED, OTHERWISE, NULL,
     "Its lock-out setting was not read; it is never tried."},
};

static const struct rule published[] = {
    {FAIL,           "published-open",    FACT_VMS_UNGUARDED, IS_SET,    NULL,
     "{}, and nobody is asked for a login."},
    {FAIL,           "guard-gap",         FACT_GUARD_GAP,     IS_SET,    NULL,
     "The log-in before the VMS has a gap: {}."},
    {UNKNOWN,        "guard-unknown",     FACT_GUARD_UNREAD,  IS_SET,    NULL,
     "{}; whether it asks for a log-in stands in a file that was not given. Give that file with "
     "--config too."},
    {NOTE,           "published-bare",    FACT_VMS_PUBLISHED, IS_SET,    NULL,
     "{} with no log-in but that of the VMS itself."},
    {PASS,           "published-guarded", FACT_VMS_GUARD,     IS_SET,    NULL,
     "Whoever comes by a proxy is asked for a log-in before the VMS: {}."},
    {NOT_APPLICABLE, "not-published",     FACT_VMS_GUARD,     OTHERWISE, NULL,
     "No proxy that publishes it was seen in a configuration."},
};

static const struct rule settings[] = {
    {NOTE,           "weak-settings",    FACT_CONFIG_RISK, IS_SET,    NULL,
     "Its configuration is weaker than it need be: {}."},
    {NOT_APPLICABLE, "no-weak-settings", FACT_CONFIG_RISK, OTHERWISE, NULL,
     "No weak setting was seen in its configuration."},
};

static const struct rule outside[] = {
    {FAIL,    "seen-outside",     FACT_EXPOSURE_OUTSIDE, IS_SET,     NULL,
     "Reached from outside the site: {}."},
    {PASS,    "not-seen-outside", FACT_EXPOSURE_VANTAGE, IS_SET,     NULL,
     "Tried from outside and not reached: {}."},
    {UNKNOWN, "no-vantage",       FACT_EXPOSURE_VANTAGE, IS_UNKNOWN, NULL,
     "Not looked at from the internet: that needs a machine outside the site, whose word the "
     "site file can hold."},
};

static const struct rule gateway[] = {
    {FAIL,           "around-gateway",   FACT_GATEWAY_BYPASS, IS_SET,     NULL,
     "The VMS can be reached around its gateway: {}."},
    {PASS,           "gateway-only",     FACT_GATEWAY_CLOSED, IS_SET,     NULL,
     "From here the VMS at {} can't be reached but through its gateway."},
    {UNKNOWN,        "gateway-unproven", FACT_GATEWAY_NAME,   IS_SET,     NULL,
     "Gateway {} is declared; whether the VMS answers beside it was not tried. A run from the "
     "network of its users would make it known."},
    {NOT_APPLICABLE, "no-gateway",       FACT_GATEWAY_NAME,   IS_UNKNOWN, NULL,
     "No gateway is declared."},
};

static const struct rule transport[] = {
    {NOTE,           "vms-plain",    FACT_VMS_TLS, IS_NO,     NULL,
     "{vms.product|The VMS} gives its pages or video without encryption: whoever listens in the "
     "network sees what its users see."},
    {NOT_APPLICABLE, "no-vms-plain", FACT_VMS_TLS, OTHERWISE, NULL,
     "It was not seen to give pages or video without encryption."},
};

static const struct rule sessions[] = {
    {NOTE,           "sessions-endless", FACT_VMS_SESSIONS, IS_NO,     NULL,
     "A log-in at {vms.product|the VMS} never ends by itself: who finds an open screen or an old "
     "phone is in."},
    {NOT_APPLICABLE, "sessions-end",     FACT_VMS_SESSIONS, OTHERWISE, NULL,
     "Nothing shows that a log-in there lasts for ever."},
};

static const struct aspect aspects[] = {
    {"mapping",  KINDS_VIDEO | KIND_BIT(VMS), mapping,  COUNT(mapping)},
    {"address",  KINDS_VIDEO | KIND_BIT(VMS), address,  COUNT(address)},
    {"guessing", KIND_BIT(VMS),               guessing, COUNT(guessing)},
    {"lockout",  KINDS_VIDEO,                 lockout,  COUNT(lockout)},
    {"sessions",  KIND_BIT(VMS),              sessions,  COUNT(sessions)},
    {"transport", KIND_BIT(VMS),              transport, COUNT(transport)},
    {"published", KIND_BIT(VMS),              published, COUNT(published)},
    {"settings", KIND_BIT(VMS),               settings, COUNT(settings)},
    {"outside",  KINDS_SITE,                  outside,  COUNT(outside)},
    {"gateway",  KINDS_SITE,                  gateway,  COUNT(gateway)},
};

static const struct advice advices[] = {
    {
        .id = "port-mapped",
        .title = "The router forwards a port from the internet to {count}",
        .action = "Take down the port forwards to {devices}",
        .why =
            "The whole internet can knock at this device, and does: scanners find a new open "
            "port within hours, and a camera or VMS with one flaw or one weak password is theirs.",
        .close =
            "Open the router's page, find port forwarding (also called NAT or virtual server) "
            "and delete the rows that point at this address. Then switch UPnP off, or the device "
            "opens the port again. Use a VPN (WireGuard is in most routers) to watch from "
            "outside.",
        .effect =
            "Apps that use the forwarded port from outside stop working until they come in by "
            "VPN.",
        .verify = "Run gatehouse assess again; the router's list holds no mapping to it.",
        .caps = true,
    },
    {
        .id = "public-address",
        .title = "A public address leads straight to {count}",
        .action = "Move {devices} behind a router or firewall",
        .why =
            "Nothing stands between this device and the internet: every port of it is open to "
            "everyone.",
        .close =
            "Give the device a private address behind a router. With IPv6, let the firewall "
            "refuse connections from outside and switch the device's IPv6 off if nothing needs "
            "it.",
        .effect = "It is no longer reachable from outside except by VPN.",
        .verify = "Run gatehouse assess again; the device has private addresses only.",
        .caps = true,
    },
    {
        .id = "lockout-off",
        .title = "Passwords can be guessed without end on {count}",
        .action = "Switch the lock-out on at {devices}",
        .why =
            "A program tries thousands of passwords a minute, and without a lock-out nothing "
            "stops it or shows that it is there.",
        .close =
            "Open the device's web page, find the illegal login lock (System > Security, User "
            "Management or Safety) and switch it on, with five to ten tries and half an hour.",
        .effect =
            "A recorder or VMS with an old password locks the account too: give it the right one "
            "first.",
        .verify = "Run gatehouse assess again; the configuration says that it is on.",
    },
    {
        .id = "no-guess-limit",
        .title = "Passwords can be guessed without end on {count}",
        .action = "Limit password guessing on {devices}",
        .why =
            "A program tries thousands of passwords an hour. Without a limit it is only a "
            "question of time, and nobody notices.",
        .close =
            "Set the limit for failed log-ins in the settings of the VMS (Frigate: "
            "auth.failed_login_rate_limit; ZoneMinder: put fail2ban or a gateway in front), and "
            "never let its log-in page face the internet.",
        .effect = "A person who mistypes his password several times waits a few minutes.",
        .verify = "Run gatehouse assess again, with the configuration of the VMS at hand.",
    },
    {.id = "sessions-endless", .title = "A log-in never ends by itself on {count}"},
    {.id = "vms-plain", .title = "Pages or video go unencrypted from {count}"},
    {
        .id = "seen-outside",
        .title = "A port of the site was reached from the internet",
        .action = "Close the ports that were reached from outside",
        .why = "What one machine on the internet reached, every scanner reaches.",
        .close =
            "Find the forward or firewall rule for the port on the router and delete it; where "
            "remote access is needed, let it come in by VPN.",
        .effect = "Apps that use the port from outside stop working until they come in by VPN.",
        .verify = "Try again from outside, then run gatehouse assess again.",
        .caps = true,
    },
    {
        .id = "around-gateway",
        .title = "The VMS answers beside its gateway",
        .action = "Close the VMS's own ports to everyone but the gateway",
        .why =
            "Who goes around the gateway needs no second factor and leaves no trace in the "
            "access log.",
        .close =
            "Bind the VMS to the address that only the gateway reaches, or let the firewall of "
            "its machine accept its ports from the gateway alone.",
        .effect = "Bookmarks and apps that point at the VMS itself must point at the gateway.",
        .verify =
            "Run gatehouse assess again from the network of the users; the VMS does not answer.",
    },
    {
        .id = "published-open",
        .title = "A proxy publishes {count} to people who are not asked for a log-in",
        .action = "Let the proxy ask for a log-in before {devices}",
        .why =
            "The proxy hands every request on, and what it hands it to has no log-in: whoever "
            "finds the name sees every camera.",
        .close =
            "Point the proxy at the port of the VMS that has a log-in (Frigate: 8971, not 5000), "
            "or let the proxy ask for one in the block that the finding names: auth_request or "
            "auth_basic in nginx, forward_auth or basic_auth in Caddy, a forwardAuth middleware "
            "in Traefik.",
        .effect = "Everyone who watches logs in; programs that come by the proxy need an account.",
        .verify = "Run gatehouse assess --config with the proxy's file again.",
        .caps = true,
    },
    {
        .id = "guard-gap",
        .title = "The log-in before the VMS leaves paths out on {count}",
        .action = "Close the gap in the log-in before {devices}",
        .why =
            "A log-in that guards the page but not the address of the video guards nothing: who "
            "knows the address asks for it directly.",
        .close =
            "In the file and line that the finding names, take the exception away or narrow it "
            "to what holds no video (nginx: auth_request or auth_basic off; Authelia: a rule "
            "with policy bypass).",
        .effect = "Programs that used the path without a log-in need one.",
        .verify = "Run gatehouse assess --config with the files again.",
    },
    {.id = "published-bare", .title = "A proxy publishes {count} with no log-in but its own"},
    {.id = "weak-settings", .title = "The configuration is weaker than it need be on {count}"},
};
// clang-format on

const struct check check_exposure = {
    .aspects = aspects,
    .aspect_count = COUNT(aspects),
    .advices = advices,
    .advice_count = COUNT(advices),
};
