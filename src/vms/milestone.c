/* Milestone XProtect: the API gateway's well-known document names the exact version. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"

static const struct ask uris = {.path = "/api/.well-known/uris"};
static const struct ask identity = {.path = "/IDP/.well-known/openid-configuration"};
static const struct ask sites = {.path = "/api/rest/v1/sites"};

static const struct device_sign signs[] = {
    {FACT_HTTP_BODY,  SIGN_CONTAINS, "XProtect", 70},
    {FACT_HTTP_TITLE, SIGN_CONTAINS, "XProtect", 80},
};

/* Milestone's "MIP VMS RESTful Config API": needs no authorisation, since 2022 R1. */
static const struct device_probe probes[] = {
    {{.path = "/api/.well-known/uris"}, 200, "\"ProductVersion\"", 90},
};

static const struct device_reading readings[] = {
    {FACT_VMS_PRODUCT, &uris,     "ProductVersion",         AS_CONSTANT, "Milestone XProtect"},
    {FACT_VMS_VERSION, &uris,     "ProductVersion",         AS_TEXT,     NULL                },
    {FACT_VMS_PRODUCT, &identity, "external_providers_uri", AS_CONSTANT, "Milestone XProtect"},
};

static const struct ask *const asks[] = {&sites};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"access-log/no-access-log",
     "Management Client > Tools > Options > Server logs > Audit: tick \"Enable user access "
         "logging\".",
     "The log database grows.",
     "The audit log shows a line for a live view."},
    {"vms-updates/advisory",
     "Install the newest release or its cumulative patch from milestonesys.com on every server.",
     "Recording pauses while a server restarts.",
     "GET /api/.well-known/uris shows the new ProductVersion."},
};
/* clang-format on */

/* The API has no mode without a login; what a stranger gets is 401. */
static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (!text_equal(ask->path, sites.path)) {
        return;
    }
    const char *text = NULL;
    if (answer->status == 401) {
        vms_set_asked(facts, source);
    } else if (answer->status == 200 &&
               pick_text(answer, "array[0].id", facts->arena, &text) == OK) {
        vms_set_open(facts, ask, source);
    }
}

static const char *
no_factory(const struct facts *facts)
{
    (void)facts;
    return "XProtect has made no account with a known password since 2017 R2";
}

const struct device_driver vms_milestone = {
    .name = "milestone",
    .title = "Milestone XProtect",
    .maker = "Milestone Systems",
    .maturity = MATURITY_TRANSCRIPT,
    .kind = KIND_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .limit = {0, 0, "error 61 of the mobile server says locked; the number is a setting"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .no_factory = no_factory,
};
