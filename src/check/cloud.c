/* Control 4: manufacturer cloud, P2P and dynamic DNS are off. */
#include "check/check.h"

// clang-format off
static const struct rule setting[] = {
    {FAIL,    "cloud-on",      FACT_CLOUD_ENABLED, IS_YES,     NULL,
     "{cloud.name|Vendor cloud or P2P} is switched on in its configuration."},
    {NOTE,    "cloud-armed",   FACT_CLOUD_ARMED,   IS_SET,     NULL,
     "{cloud.name|Vendor cloud or P2P} is not connected, but ready to be: {}."},
    {PASS,    "cloud-off",     FACT_CLOUD_ENABLED, IS_NO,      NULL,
     "{cloud.name|Vendor cloud or P2P} is switched off in its configuration."},
    {UNKNOWN, "cloud-unread",  FACT_CLOUD_UNREAD,  IS_SET,     NULL,
     "Its cloud setting could not be read: {}."},
    {UNKNOWN, "cloud-untold",  FACT_LOGIN_OWNER,   IS_SET,     NULL,
     "Account {} opened, but nothing read there tells whether its vendor cloud is on. Its web page "
     "would."},
    {UNKNOWN, "cloud-unknown", FACT_CLOUD_ENABLED, IS_UNKNOWN, NULL,
     "Whether its vendor cloud is on is not known: the setting can only be read with a log-in. "
     "A password in the site file would make it known."},
};

static const struct rule ddns[] = {
    {FAIL,    "ddns-on",      FACT_DDNS_ENABLED, IS_YES,     NULL,
     "Dynamic DNS is switched on: the site's address is published under a name."},
    {PASS,    "ddns-off",     FACT_DDNS_ENABLED, IS_NO,      NULL,
     "Dynamic DNS is switched off."},
    {UNKNOWN, "ddns-untold",  FACT_LOGIN_OWNER,  IS_SET,     NULL,
     "Account {} opened, but nothing read there tells whether dynamic DNS is on. Its web page "
     "would."},
    {UNKNOWN, "ddns-unknown", FACT_DDNS_ENABLED, IS_UNKNOWN, NULL,
     "Whether dynamic DNS is on is not known: the setting can only be read with a log-in. A "
     "password in the site file would make it known."},
};

/* A platform may be the owner's own, so this alone is no failure. */
static const struct rule platform[] = {
    {NOTE,           "platform-on", FACT_SERVICE_PLATFORM, IS_SET,    NULL,
     "It registers by itself with a platform: {}."},
    {NOT_APPLICABLE, "no-platform", FACT_SERVICE_PLATFORM, OTHERWISE, NULL,
     "It was not read to register with a platform."},
};

static const struct rule traffic[] = {
    {FAIL,    "cloud-seen",  FACT_CLOUD_SEEN,    IS_SET,     NULL,
     "It was seen talking to a vendor cloud: {}."},
    {PASS,    "cloud-quiet", FACT_CLOUD_WATCHED, IS_SET,     NULL,
     "Its traffic was watched without contact to a vendor cloud: {}."},
    {UNKNOWN, "not-watched", FACT_CLOUD_WATCHED, IS_UNKNOWN, NULL,
     "Its traffic was not watched. A listener at the router or switch would show whether it "
     "talks to a vendor cloud."},
};

static const struct rule came_back[] = {
    {FAIL,           "cloud-back", FACT_CLOUD_BACK, IS_YES,    NULL,
     "Its cloud was off in an earlier run and is on again, as happens after a firmware update."},
    {NOT_APPLICABLE, "not-back",   FACT_CLOUD_BACK, OTHERWISE, NULL,
     "No earlier run saw its cloud off and now on."},
};

static const struct rule vms_cloud[] = {
    {FAIL,           "vms-cloud-on",     FACT_CLOUD_ENABLED, IS_YES,    NULL,
     "It is connected to {cloud.name|its maker's cloud}: its users come in through its maker's "
     "servers from anywhere."},
    {PASS,           "vms-cloud-off",    FACT_CLOUD_ENABLED, IS_NO,     NULL,
     "It is not connected to {cloud.name|its maker's cloud}."},
    {NOT_APPLICABLE, "vms-cloud-untold", FACT_CLOUD_ENABLED, OTHERWISE, NULL,
     "Nothing that it told speaks of its maker's cloud."},
};

static const struct aspect aspects[] = {
    {"setting",   KINDS_VIDEO, setting,   COUNT(setting)},
    {"ddns",      KINDS_VIDEO, ddns,      COUNT(ddns)},
    {"platform",  KINDS_VIDEO, platform,  COUNT(platform)},
    {"traffic",   KINDS_VIDEO, traffic,   COUNT(traffic)},
    {"vms-cloud", KIND_BIT(VMS), vms_cloud, COUNT(vms_cloud)},
    {"came-back", KINDS_VIDEO, came_back, COUNT(came_back)},
};

static const struct advice advices[] = {
    {
        .id = "cloud-on",
        .title = "Vendor cloud or P2P is on in {count}",
        .action = "Turn off vendor cloud and P2P on {devices}",
        .why =
            "Through its maker's servers the device can be reached from anywhere, past the "
            "router and its firewall. Serial numbers have been enough to find and open such "
            "devices.",
        .close =
            "Open the device's web page, find Network > P2P, Cloud or Platform Access, and "
            "switch it off. Block the device's way to the internet too: updates have switched it "
            "on again.",
        .effect =
            "The vendor's phone app no longer reaches the device from outside; use a VPN instead.",
        .verify = "Run gatehouse assess again; the configuration says that it is off.",
    },
    {
        .id = "vms-cloud-on",
        .title = "The VMS is connected to its maker's cloud on {count}",
        .action = "Disconnect {devices} from the maker's cloud, or decide to keep it and say who may",
        .why =
            "Who gets hold of a cloud account, or into the maker's servers, is at every camera and "
            "recording, past the router and its firewall.",
        .close =
            "In the administration of the VMS find its cloud page and disconnect it; give those who "
            "watch from outside a VPN. Who keeps it needs a second factor on every cloud account and "
            "a waiver with a reason.",
        .effect = "Cloud accounts no longer open it, and the maker's phone app needs the VPN.",
        .verify = "Run gatehouse assess again; the VMS says that it belongs to no cloud system.",
    },
    {.id = "cloud-armed", .title = "Vendor cloud needs only a button to be pressed on {count}"},
    {
        .id = "ddns-on",
        .title = "Dynamic DNS is on in {count}",
        .action = "Turn off dynamic DNS on {devices}",
        .why =
            "Dynamic DNS gives the site a public name that leads to its address. It is only of "
            "use to those who come from outside, wanted or not.",
        .close =
            "Open the device's web page, find Network > DDNS and switch it off. For remote "
            "access set up a VPN on the router.",
        .effect = "The public name stops leading to the site.",
        .verify = "Run gatehouse assess again; dynamic DNS is off.",
    },
    {.id = "platform-on", .title = "A platform is told where to find {count}"},
    {
        .id = "cloud-seen",
        .title = "Talk with a vendor cloud was seen from {count}",
        .action = "Block the way to the internet for {devices}",
        .why =
            "Whatever its settings say, the device keeps a connection to its maker's servers, "
            "and commands can come back on it.",
        .close =
            "Switch cloud, P2P and automatic updates off in the device, and let the router "
            "refuse it all connections to the internet.",
        .effect = "The vendor's app and automatic updates stop; set the time from a local server.",
        .verify = "Watch its traffic for a day, then run gatehouse assess again.",
    },
    {
        .id = "cloud-back",
        .title = "The cloud came back on by itself in {count}",
        .action = "Turn off the cloud again on {devices} and block its way out",
        .why =
            "Somebody or something undid the owner's decision. Firmware updates do that silently.",
        .close =
            "Switch the cloud off again, and let the router refuse the device all connections to "
            "the internet so that the next update can't undo it.",
        .effect = "The vendor's app and automatic updates stop.",
        .verify = "Run gatehouse assess again now and after each firmware update.",
    },
};
// clang-format on

const struct check check_cloud = {
    .aspects = aspects,
    .aspect_count = COUNT(aspects),
    .advices = advices,
    .advice_count = COUNT(advices),
};
