/* Control 8: nothing opens ports of the router by itself. */
#include "check/check.h"

// clang-format off
static const struct rule router[] = {
    {FAIL,    "router-igd",  FACT_IGD_PRESENT, IS_YES,     NULL,
     "It opens ports to the internet for any device that asks (UPnP IGD, NAT-PMP or PCP)."},
    {PASS,    "no-igd",      FACT_IGD_PRESENT, IS_NO,      NULL,
     "It opens no ports on request."},
    {PASS,    "no-igd",      FACT_IGD_ABSENT,  IS_SET,     NULL,
     "It opens no ports on request: {}."},
    {UNKNOWN, "igd-unknown", FACT_IGD_PRESENT, IS_UNKNOWN, NULL,
     "Whether it opens ports on request is not known: it was not asked or gave no clear answer. "
     "Its own page shows it, under UPnP."},
};

static const struct rule mappings[] = {
    {FAIL,           "mappings-held",    FACT_IGD_MAPPINGS, ABOVE,      "0",
     "It holds {} port mappings from the internet that devices asked for."},
    {PASS,           "no-mappings",      FACT_IGD_MAPPINGS, IS_SET,     NULL,
     "It holds no port mapping."},
    {NOT_APPLICABLE, "no-igd-list",      FACT_IGD_PRESENT,  IS_NO,      NULL,
     "It opens no ports on request, so it keeps no such list."},
    {NOT_APPLICABLE, "no-igd-list",      FACT_IGD_ABSENT,   IS_SET,     NULL,
     "It opens no ports on request, so it keeps no such list."},
    {UNKNOWN,        "mappings-unknown", FACT_IGD_MAPPINGS, IS_UNKNOWN, NULL,
     "It did not give its list of port mappings. Its own page shows it, under UPnP or port "
     "forwarding."},
};

static const struct rule device[] = {
    {FAIL,    "device-upnp-on",      FACT_UPNP_ENABLED, IS_YES,     NULL,
     "It is set to ask routers to open ports for it."},
    {PASS,    "device-upnp-off",     FACT_UPNP_ENABLED, IS_NO,      NULL,
     "It does not ask routers to open ports."},
    {UNKNOWN, "device-upnp-untold",  FACT_LOGIN_OWNER,  IS_SET,     NULL,
     "Account {} opened, but nothing read there tells whether it asks routers to open ports. Its "
     "web page would."},
    {UNKNOWN, "device-upnp-unknown", FACT_UPNP_ENABLED, IS_UNKNOWN, NULL,
     "Whether it asks routers to open ports is not known: the setting can only be read with a "
     "log-in. A password in the site file would make it known."},
};

/* The routers are judged one by one; this row speaks when none was found to judge. */
static const struct rule network[] = {
    {NOT_APPLICABLE, "igd-judged",    FACT_IGD_PRESENT, IS_YES,     NULL,
     "A router opens ports on request; it is judged as a device."},
    {PASS,           "no-igd",        FACT_IGD_ABSENT,  IS_SET,     NULL,
     "No router opens ports on request: {}."},
    {UNKNOWN,        "igd-not-asked", FACT_IGD_ABSENT,  IS_UNKNOWN, NULL,
     "Whether a router opens ports on request is not known: no router was asked to the end. A "
     "scope that covers the router would make it known."},
};

static const struct rule vms[] = {
    {FAIL,           "vms-upnp-on",   FACT_UPNP_ENABLED, IS_YES,    NULL,
     "{vms.product|The VMS} is set to ask routers to open ports for it."},
    {PASS,           "vms-upnp-off",  FACT_UPNP_ENABLED, IS_NO,     NULL,
     "{vms.product|The VMS} does not ask routers to open ports."},
    {NOT_APPLICABLE, "vms-upnp-none", FACT_UPNP_ENABLED, OTHERWISE, NULL,
     "Nothing shows that it asks routers to open ports."},
};

static const struct aspect aspects[] = {
    {"router",   KIND_BIT(ROUTER), router,   COUNT(router)},
    {"mappings", KIND_BIT(ROUTER), mappings, COUNT(mappings)},
    {"device",   KINDS_VIDEO,      device,   COUNT(device)},
    {"vms",      KIND_BIT(VMS),    vms,      COUNT(vms)},
    {"network",  KINDS_SITE,       network,  COUNT(network)},
};

static const struct advice advices[] = {
    {
        .id = "router-igd",
        .title = "Ports are opened for anyone who asks by {count}",
        .action = "Turn off UPnP on {devices}",
        .why =
            "Any device inside, a camera, a toy, an infected PC, can open a port from the "
            "internet to itself or to another device, without a password and without anyone "
            "noticing.",
        .close =
            "Open the router's page, find UPnP (also NAT-PMP or PCP), switch it off, and delete "
            "the mappings that it holds. A program that needs a port gets a fixed forward, or "
            "better the VPN.",
        .effect = "Games and calls may connect less well; nothing that records video needs it.",
        .verify = "Run gatehouse assess again; the router no longer answers.",
    },
    {
        .id = "mappings-held",
        .title = "Ports from the internet are held open by {count}",
        .action = "Delete the port mappings of {devices}",
        .why =
            "Each mapping is a door from the internet to a device inside, opened by a program "
            "and not by a person.",
        .close =
            "Open the router's page, look at the list under UPnP or port forwarding, delete "
            "every row that nobody can explain, and switch UPnP off.",
        .effect = "What came in through the mapping stops working.",
        .verify = "Run gatehouse assess again; the list is empty.",
    },
    {
        .id = "vms-upnp-on",
        .title = "The VMS asks routers to open ports on {count}",
        .action = "Switch UPnP port mapping off on {devices}",
        .why =
            "With UPnP the server puts itself on the internet without anybody's decision, and does "
            "so again after each restart of the router.",
        .close =
            "In the administration of the VMS switch UPnP port mapping off, and delete what the "
            "router's page still lists for it; let people come in by VPN.",
        .effect = "Access from outside by the opened port ends.",
        .verify = "Run gatehouse assess again; the setting is off and the router holds no mapping.",
    },
    {
        .id = "device-upnp-on",
        .title = "Routers are asked to open ports by {count}",
        .action = "Turn off UPnP on {devices}",
        .why =
            "The device puts itself on the internet wherever a router lets it, after every "
            "restart.",
        .close = "Open the device's web page, find Network > UPnP (or NAT) and switch it off.",
        .effect = "It is no longer reachable from outside through a port that it opened itself.",
        .verify = "Run gatehouse assess again; UPnP is off.",
    },
};
// clang-format on

const struct check check_upnp = {
    .aspects = aspects,
    .aspect_count = COUNT(aspects),
    .advices = advices,
    .advice_count = COUNT(advices),
};
