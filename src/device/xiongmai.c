/* Xiongmai (XMeye) cameras and recorders of many brands: DVRIP, and the maker by ONVIF. */
#include "device/account.h"
#include "device/parts.h"
#include "device/switches.h"
#include "device/take.h"

#include "base/text.h"
#include "codec/dvrip.h"
#include "codec/pick.h"
#include "codec/soap.h"

/* Its ONVIF answers strangers (CVE-2025-65856), with "H264" for a maker. */
static const struct ask info = {
    .path = SOAP_DEVICE_SERVICE, .body = SOAP_GET_DEVICE_INFORMATION, .type = SOAP_TYPE};

/* Names of configurations: OpenIPC python-dvr, public DVRIP clients. */
#define DVRIP_ASK(what)                                                                            \
    {                                                                                              \
        .method = DVRIP_METHOD, .path = (what), .port = DVRIP_PORT, .login = true                  \
    }

static const struct ask dvrip_system = DVRIP_ASK(DVRIP_SYSTEM);
static const struct ask common = DVRIP_ASK(DVRIP_CONFIG "NetWork.NetCommon");
static const struct ask nat = DVRIP_ASK(DVRIP_CONFIG "NetWork.Nat");
static const struct ask upnp = DVRIP_ASK(DVRIP_CONFIG "NetWork.Upnp");
static const struct ask ddns = DVRIP_ASK(DVRIP_CONFIG "NetWork.NetDDNS");
static const struct ask ntp = DVRIP_ASK(DVRIP_CONFIG "NetWork.NetNTP");
static const struct ask das = DVRIP_ASK(DVRIP_CONFIG "NetWork.DAS");
static const struct ask onvif_check = DVRIP_ASK(DVRIP_CONFIG "NetWork.OnvifPwdCheckout");

static const struct device_sign signs[] = {
    {FACT_HTTP_TITLE,      SIGN_EQUALS,   "NETSurveillance WEB",     85}, /* Recog html_title.xml */
    {FACT_HTTP_COOKIE,     SIGN_CONTAINS, "NetSuveillanceWebCookie", 85}, /* misspelt by the maker */
    {FACT_HTTP_SERVER,     SIGN_STARTS,   "uc-httpd",                55}, /* a chip kit's server */
    {FACT_RTSP_SERVER,     SIGN_STARTS,   "H264DVR",                 65},
    {FACT_DEVICE_MODEL,    SIGN_STARTS,   "XM530",                   80}, /* CVE-2025-65856 */
    {FACT_DEVICE_VENDOR,   SIGN_EQUALS,   "Xiongmai",                80},
    {FACT_DEVICE_FIRMWARE, SIGN_STARTS,   "V4.02.R1",                70},
    {FACT_DEVICE_FIRMWARE, SIGN_STARTS,   "V5.00.R02",               70},
};

#define MODEL "~<(?:\\w+:)?Model>\\s*(XM5\\w+)" /* a camera's chip, not a recorder's */

/* clang-format off */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR, &info, MODEL, AS_CONSTANT, "Xiongmai"},
    {FACT_DEVICE_KIND,   &info, MODEL, AS_CONSTANT, "camera"  },
    {FACT_DEVICE_VENDOR,   &dvrip_system, "SystemInfo.SoftWareVersion", AS_CONSTANT, "Xiongmai"},
    {FACT_DEVICE_MODEL,    &dvrip_system, "SystemInfo.HardWare",        AS_TEXT,     NULL      },
    {FACT_DEVICE_FIRMWARE, &dvrip_system, "SystemInfo.SoftWareVersion", AS_TEXT,     NULL      },
    {FACT_DEVICE_BUILD,    &dvrip_system, "~\"BuildTime\"\\s*:\\s*\"(\\d{4}-\\d\\d-\\d\\d)", AS_DATE, NULL},
    {FACT_DEVICE_SERIAL,   &dvrip_system, "SystemInfo.SerialNo",        AS_TEXT,     NULL      },
    {FACT_DEVICE_HARDWARE, &dvrip_system, "SystemInfo.HardWareVersion", AS_TEXT,     NULL      },
    {FACT_DEVICE_MAC,      &common, "[\"NetWork.NetCommon\"].MAC",      AS_TEXT,     NULL      },
    {FACT_DEVICE_NAME,     &common, "[\"NetWork.NetCommon\"].HostName", AS_TEXT,     NULL      },
    {FACT_CLOUD_ENABLED,   &nat,    "[\"NetWork.Nat\"].NatEnable",      AS_YES_NO,   NULL      },
    {FACT_CLOUD_NAME,      &nat,    "[\"NetWork.Nat\"].NatEnable",      AS_CONSTANT, "XMeye"   },
    {FACT_UPNP_ENABLED,    &upnp,   "[\"NetWork.Upnp\"].Enable",        AS_YES_NO,   NULL      },
    {FACT_CLOCK_SYNCED,    &ntp,    "[\"NetWork.NetNTP\"].Enable",      AS_YES_NO,   NULL      },
    {FACT_CLOCK_NTP,       &ntp,    "[\"NetWork.NetNTP\"].Server.Name", AS_TEXT,     NULL      },
};
/* clang-format on */

static const struct ask *const asks[] = {&dvrip_system, &ddns, &das, &onvif_check};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "In its web page or CMS, Account: set a password for admin (it takes 8 characters that "
         "count); remove the account \"default\" where that is possible.",
     "The recorder or VMS that shows it needs the new password too.",
     NULL},
    {"vendor-cloud/cloud-on",
     "Network services > Cloud: clear Enable.",
     "The XMeye app no longer reaches it from outside.",
     NULL},
    {"camera-firmware/advisory",
     "There are hardly any updates for this maker's brands: put it into a segment of its own "
         "without internet, or replace it.",
     NULL, NULL},
};
/* clang-format on */

/* A list of providers, or in older firmware one; one that is on is enough. */
static void
parse_ddns(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const picks[] = {"[\"NetWork.NetDDNS\"].Enable",
        "[\"NetWork.NetDDNS\"][0].Enable", "[\"NetWork.NetDDNS\"][1].Enable",
        "[\"NetWork.NetDDNS\"][2].Enable", "[\"NetWork.NetDDNS\"][3].Enable"};
    const struct source config = take_config(source);
    for (size_t i = 0; i < COUNT(picks); i++) {
        bool on = false;
        if (take_bool(answer, picks[i], facts, &on)) {
            parts_either(facts, FACT_DDNS_ENABLED, on, &config);
        }
    }
}

/* DAS: the device calls a server and lets it in. */
static void
parse_das(const struct answer *answer, struct facts *facts, const struct source *source)
{
    bool on = false;
    const char *where = NULL;
    const struct source config = take_config(source);
    if (take_bool(answer, "[\"NetWork.DAS\"].Enable", facts, &on) && on) {
        bool named = take_text(answer, "[\"NetWork.DAS\"].Address", facts, &where) ||
                     take_text(answer, "[\"NetWork.DAS\"].Server.Address", facts, &where);
        facts_set_text(facts, FACT_SERVICE_PLATFORM,
            arena_format(facts->arena, "active registration (DAS)%s%.128s", named ? " at " : "",
                named ? where : ""),
            &config);
    }
}

/* OnvifPwdCheckout off: ONVIF asks nobody for a password, whatever it looks like now. */
static void
parse_onvif(const struct answer *answer, struct facts *facts, const struct source *source)
{
    bool on = false;
    const struct source config = take_config(source);
    if (take_bool(answer, "[\"NetWork.OnvifPwdCheckout\"].Enable", facts, &on)) {
        facts_set_bool(facts, FACT_LOGIN_ONVIF_OPEN, !on, &config);
    }
}

/* More than one channel of any sort makes it a recorder. */
static void
parse_system(const struct answer *answer, struct facts *facts, const struct source *source)
{
    static const char *const picks[] = {"SystemInfo.VideoInChannel", "SystemInfo.DigChannel"};
    uint64_t channels = 0;
    for (size_t i = 0; i < COUNT(picks); i++) {
        const char *text = NULL;
        uint64_t number = 0;
        if (take_text(answer, picks[i], facts, &text) && text_to_u64(text, 1024, &number) == OK) {
            channels += number;
        }
    }
    if (channels != 0) {
        facts_set_text(facts, FACT_DEVICE_KIND, channels > 1 ? "recorder" : "camera", source);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (answer->status != 200) {
        return;
    }
    if (text_equal(ask->path, dvrip_system.path)) {
        parse_system(answer, facts, source);
    } else if (text_equal(ask->path, ddns.path)) {
        parse_ddns(answer, facts, source);
    } else if (text_equal(ask->path, das.path)) {
        parse_das(answer, facts, source);
    } else if (text_equal(ask->path, onvif_check.path)) {
        parse_onvif(answer, facts, source);
    }
}

/* DVRIP tells no number of tries, only that it is over (205, 206). */
static void
warn(const struct answer *answer, struct device_warning *ret_warning)
{
    struct arena arena;
    const char *ret = NULL;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    ret_warning->locked = pick_text(answer, "Ret", &arena, &ret) == OK &&
                          (text_equal(ret, "205") || text_equal(ret, "206"));
    arena_release(&arena);
}

static const struct device_account *const accounts[] = {&account_xiongmai};

/* clang-format off */
const struct device_driver device_xiongmai = {
    .name = "xiongmai",
    .title = "Xiongmai XMeye",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "xiongmai",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &device_door_dvrip,
    .door_ask = DVRIP_ASK(DVRIP_SYSTEM),
    .leave_ask = DVRIP_ASK(DVRIP_LOGOUT),
    .limit = {0, 0, "configurable; the factory value is not published"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .accounts = accounts,
    .account_count = COUNT(accounts),
    .switches = switch_xiongmai,
    .switch_count = COUNT(switch_xiongmai),
    .parse = parse,
    .warn = warn,
};
/* clang-format on */
