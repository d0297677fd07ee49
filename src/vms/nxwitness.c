/* Nx Witness and its brands (Nx Meta, Hanwha Wave, DW Spectrum): everything on port 7001. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"

#define PORT   7001 /* HTTP, RTSP and all else at one port */
#define MODULE "/api/moduleInformation"
#define SERVER "/rest/v4/servers/this/info"

static const struct ask module = {.path = MODULE};
static const struct ask server = {.path = SERVER};
static const struct ask devices = {.path = "/rest/v4/devices"};

static const struct device_sign signs[] = {
    {FACT_HTTP_SERVER, SIGN_CONTAINS, "(Digital Watchdog)",      90}, /* nndefaccts */
    {FACT_HTTP_SERVER, SIGN_CONTAINS, "(Network Optix)",         90},
    {FACT_HTTP_TITLE,  SIGN_CONTAINS, "Nx Witness",              85},
    {FACT_HTTP_TITLE,  SIGN_CONTAINS, "DW Spectrum",             85},
    {FACT_HTTP_BODY,   SIGN_CONTAINS, "nx-login-webadmin-modal", 85},
};

/* github networkoptix/nx_open_integrations v4_api_spec.json: "Authorization is not required". */
static const struct device_probe probes[] = {
    {{.path = MODULE, .port = PORT}, 200, "\"customization\"", 90},
    {{.path = SERVER, .port = PORT}, 200, "\"customization\"", 90},
};

static const struct device_reading readings[] = {
    {FACT_VMS_VERSION, &module, "reply.version",    AS_TEXT, NULL},
    {FACT_VMS_VERSION, &server, "version",          AS_TEXT, NULL},
    {FACT_DEVICE_NAME, &module, "reply.systemName", AS_TEXT, NULL},
    {FACT_DEVICE_NAME, &server, "siteName",         AS_TEXT, NULL},
};

static const struct ask *const asks[] = {&server, &module, &devices};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/vms-factory-password",
     "Finish the set-up in the desktop client or the web page: it forces a password.",
     "Until then admin / admin is everyone's.",
     "GET /rest/v4/servers/this/info shows a localSiteId."},
    {"vms-updates/advisory",
     "System Administration > Updates: install the newest release on every server.",
     "Servers restart one after the other.",
     "GET /rest/v4/servers/this/info shows the new version."},
};
/* clang-format on */

static const char *
product_of(const char *customization)
{
    static const struct {
        const char *name;
        const char *product;
    } rows[] = {
        {"default",         "Nx Witness" },
        {"metavms",         "Nx Meta"    },
        {"hanwha",          "Hanwha Wave"},
        {"digitalwatchdog", "DW Spectrum"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_equal_nocase(customization, rows[i].name)) {
            return rows[i].product;
        }
    }
    return "Nx Witness";
}

/* Who the product is; a server that belongs to no site yet still has admin / admin. */
static void
parse_info(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    bool old = text_equal(ask->path, module.path);
    const char *text = NULL;
    if (pick_text(answer, old ? "reply.customization" : "customization", facts->arena, &text) !=
        OK) {
        return;
    }
    facts_set_text(facts, FACT_VMS_PRODUCT, product_of(text), source);
    vms_set_known(facts, FACT_VMS_LIMIT, true,
        "Nx Witness refuses further log-ins after several wrong ones (Auth_LockedOut; its source, "
        "github networkoptix/nx_open)",
        source);
    if (pick_text(answer, "~\"local(?:System|Site)Id\"\\s*:\\s*(null|\"\\{?0{8}-)", facts->arena,
            &text) == OK) {
        facts_set_bool(facts, FACT_DEVICE_ACTIVATED, false, source);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    bool about_devices = text_equal(ask->path, devices.path);
    const char *text = NULL;
    if (answer->status == 401 && about_devices) {
        vms_set_asked(facts, source);
    } else if (answer->status == 200 && about_devices &&
               pick_text(answer, "[0].id", facts->arena, &text) == OK) {
        vms_set_open(facts, ask, source);
    } else if (answer->status == 200 && !about_devices) {
        parse_info(ask, answer, facts, source);
    }
}

static const char *
no_factory(const struct facts *facts)
{
    return facts_get(facts, FACT_DEVICE_ACTIVATED) == NULL &&
                   facts_get(facts, FACT_VMS_VERSION) != NULL
               ? "its set-up is finished, and that forces a password"
               : NULL;
}

const struct device_driver vms_nxwitness = {
    .name = "nxwitness",
    .title = "Nx Witness",
    .maker = "Network Optix",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "nxwitness",
    .kind = KIND_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .limit = {0, 0, "a lock-out exists (Auth_LockedOut); its numbers are not published"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .no_factory = no_factory,
};
