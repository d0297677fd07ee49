/* Hanwha Vision, formerly Samsung Techwin: SUNAPI (stw-cgi), key=value lines, digest login. */
#include "device/device.h"

#include "base/text.h"

#define INFO "/stw-cgi/system.cgi?msubmenu=deviceinfo&action=view"

static const struct ask info = {.path = INFO, .login = true};
static const struct ask stranger = {.path = INFO};

static const struct device_sign signs[] = {
    {FACT_HTTP_REALM,    SIGN_STARTS,   "iPolis",                     85}, /* nndefaccts */
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "Hanwha Techwin",             85}, /* Recog html_title.xml */
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "Web Viewer for Samsung DVR", 85}, /* Recog html_title.xml */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "/stw-cgi/",                  80},
    {FACT_RTSP_REALM,    SIGN_EQUALS,   "NET-i",                      60},
    {FACT_DEVICE_VENDOR, SIGN_STARTS,   "Hanwha",                     80},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "hanwha",                     60}, /* the owner may change it */
    {FACT_MAC_VENDOR,    SIGN_CONTAINS, "Hanwha",                     60}, /* IEEE */
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Samsung Techwin",            60}, /* IEEE */
};

static const struct device_probe probes[] = {
    {{.path = INFO}, 401, "realm=\"iPolis", 90},
};

static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,   &info, "Model",               AS_CONSTANT, "Hanwha"  },
    {FACT_DEVICE_MODEL,    &info, "Model",               AS_TEXT,     NULL      },
    {FACT_DEVICE_NAME,     &info, "DeviceName",          AS_TEXT,     NULL      },
    {FACT_DEVICE_SERIAL,   &info, "SerialNumber",        AS_TEXT,     NULL      },
    {FACT_DEVICE_FIRMWARE, &info, "FirmwareVersion",     AS_TEXT,     NULL      },
    {FACT_DEVICE_BUILD,    &info, "FirmwareVersion",     AS_DATE,     NULL      },
    {FACT_DEVICE_MAC,      &info, "ConnectedMACAddress", AS_TEXT,     NULL      },
    {FACT_DEVICE_KIND,     &info, "~^DeviceType=NWC",    AS_CONSTANT, "camera"  },
    {FACT_DEVICE_KIND,     &info, "~^DeviceType=[ND]VR", AS_CONSTANT, "recorder"},
};

static const struct ask *const asks[] = {&stranger};

static const char *const streams[] = {
    "/profile1/media.smp",
    "/profile2/media.smp",
    "/LiveChannel/0/media.smp",
};

static const char *const pictures[] = {
    "/stw-cgi/video.cgi?msubmenu=snapshot&action=view",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "Setup > Basic > User: set a long password of its own for admin.",
     "The recorder or VMS that shows it needs the new password too.",
     "The deviceinfo request with the old password answers 401."},
    {"default-credentials/not-activated",
     "Open its web page and set the first password of admin.",
     "Until then anyone in the network can set it.",
     "The deviceinfo request without a login answers 401."},
};
/* clang-format on */

/* Until the first password is set it answers 403 without a challenge; after that 401. */
static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    char challenge[64];
    if (!text_equal(ask->path, stranger.path) || ask->login) {
        return;
    }
    bool challenged =
        answer_header(answer, "WWW-Authenticate", 0, challenge, sizeof(challenge)) ||
        text_find_nocase(answer->headers, answer->headers_len, "WWW-Authenticate") != NULL;
    if (answer->status == 403 && !challenged) {
        facts_set_bool(facts, FACT_DEVICE_ACTIVATED, false, source);
    } else if (answer->status == 401 && challenged) {
        facts_set_bool(facts, FACT_DEVICE_ACTIVATED, true, source);
    }
}

static const char *
no_factory(const struct facts *facts)
{
    return facts_is_no(facts, FACT_DEVICE_ACTIVATED)
               ? "no first password is set yet: it has no password at all"
               : NULL;
}

/* clang-format off */
const struct device_driver device_hanwha = {
    .name = "hanwha",
    .title = "Hanwha SUNAPI",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "hanwha",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &device_door_http,
    .door_ask = {.path = INFO, .login = true},
    .limit = {5, 30, "SND-6011R manual: 5 wrong tries, 30 seconds"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .no_factory = no_factory,
};
/* clang-format on */
