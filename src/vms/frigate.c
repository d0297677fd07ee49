/* Frigate: HTTP API; port 5000 has no login at all, 8971 has one since 0.14, 1984 is go2rtc. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"
#include "codec/version.h"

#define OPEN_PORT    5000
#define GO2RTC_PORT  1984
#define KNOWN_BEFORE "0.18.0-alpha" /* what its logs hold was read in the source up to 0.17.2 */
#define ALIVE        "/api/"
#define RELEASE      "~^v?(\\d+\\.\\d+\\.\\d+(?:-(?:alpha|beta|rc)\\d*)?)"

static const struct ask version = {.path = "/api/version"};
static const struct ask profile = {.path = "/api/profile"};
static const struct ask open_version = {.path = "/api/version", .port = OPEN_PORT};
static const struct ask open_profile = {.path = "/api/profile", .port = OPEN_PORT};
static const struct ask open_config = {.path = "/api/config", .port = OPEN_PORT};
static const struct ask go2rtc = {.path = "/api", .port = GO2RTC_PORT};

static const struct device_sign signs[] = {
    {FACT_TLS_SUBJECT, SIGN_CONTAINS, "FRIGATE DEFAULT CERT",                  80}, /* Frigate's own */
    {FACT_HTTP_TITLE,  SIGN_EQUALS,   "Frigate",                               85},
    {FACT_HTTP_BODY,   SIGN_CONTAINS, "Frigate is running. Alive and healthy", 95},
};

/* github blakeblackshear/frigate v0.17.2 frigate/api/app.py, auth.py. */
static const struct device_probe probes[] = {
    {{.path = ALIVE}, 200, "Frigate is running. Alive and healthy", 95},
};

static const struct device_reading readings[] = {
    {FACT_VMS_VERSION, &version,      RELEASE, AS_TEXT, NULL},
    {FACT_VMS_VERSION, &open_version, RELEASE, AS_TEXT, NULL},
};

static const struct ask *const asks[] = {
    &version, &profile, &open_version, &open_profile, &open_config, &go2rtc};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/vms-open",
     "Take port 5000 out of the container's published ports and use 8971; with auth.enabled "
         "true in config.yml (the default since 0.14).",
     "Integrations that used port 5000 (Home Assistant among them) must use 8971 with a user.",
     "GET :5000/api/version gets no answer from another machine."},
    {"vms-exposure/no-guess-limit",
     "In config.yml: auth: failed_login_rate_limit: \"1/second;5/minute;20/hour\"; behind a "
         "proxy set trusted_proxies too.",
     NULL,
     "The sixth wrong log-in of a minute answers 429."},
    {"vms-updates/advisory",
     "Pull the newest stable image (docker compose pull && docker compose up -d).",
     "Recording pauses for the restart; read the release notes for breaking changes.",
     "GET /api/version shows the new release."},
};
/* clang-format on */

/* The answer is Frigate's own: {"username", "role"}; 0.13 knows no profile and no login. */
static void
parse_profile(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *user = NULL;
    if (answer->status == 200 && pick_text(answer, "username", facts->arena, &user) == OK) {
        vms_set_open(facts, ask, source);
    } else if (answer->status == 401 && ask->port == 0) {
        vms_set_asked(facts, source);
    }
}

/* Without a login only an open port tells its version. */
static void
parse_version(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *text = NULL;
    if (pick_text(answer, RELEASE, facts->arena, &text) == OK && answer->body_len < 64) {
        facts_set_text(facts, FACT_VMS_PRODUCT, "Frigate", source);
        vms_set_open(facts, ask, source);
    }
}

static void
parse_go2rtc(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *path = NULL;
    struct source weaker = *source;
    weaker.confidence = 85; /* Frigate's own open port is the first to name */
    if (pick_text(answer, "config_path", facts->arena, &path) == OK &&
        text_ends(path, "go2rtc.yaml")) {
        vms_set_open(facts, ask, &weaker);
    }
}

static void
parse_config(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    struct source config = *source;
    config.witness = WITNESS_CONFIG;
    if (pick_text(answer, "~\"failed_login_rate_limit\"\\s*:\\s*(null|\"[^\"]*\")", facts->arena,
            &text) == OK) {
        facts_set_bool(facts, FACT_VMS_LIMIT, !text_equal(text, "null"), &config);
    }
}

static void
parse_alive(const struct answer *answer, struct facts *facts, const struct source *source)
{
    if (text_find_nocase(answer->body, answer->body_len, "Frigate is running") == NULL) {
        return;
    }
    facts_set_text(facts, FACT_VMS_PRODUCT, "Frigate", source);
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    bool fine = answer->status == 200;
    if (text_equal(ask->path, profile.path)) {
        parse_profile(ask, answer, facts, source);
    } else if (fine && text_equal(ask->path, version.path)) {
        parse_version(ask, answer, facts, source);
    } else if (fine && ask->port == GO2RTC_PORT) {
        parse_go2rtc(ask, answer, facts, source);
    } else if (fine && text_equal(ask->path, open_config.path)) {
        parse_config(answer, facts, source);
    } else if (fine && text_equal(ask->path, ALIVE)) {
        parse_alive(answer, facts, source);
    } else if (fine && text_find_nocase(answer->body, answer->body_len, "<title>Frigate</title>")) {
        facts_set_text(facts, FACT_VMS_PRODUCT, "Frigate", source);
    }
    const char *release = facts_text(facts, FACT_VMS_VERSION);
    if (facts_get(facts, FACT_VMS_PRODUCT) != NULL &&
        (release == NULL || version_compare(release, KNOWN_BEFORE) < 0)) {
        vms_set_known(facts, FACT_VMS_ACCESS_LOG, false,
            "Frigate 0.13 to 0.17 writes no line for a login, a view or an export (its source, "
            "frigate/api)",
            source);
    }
}

static const char *
no_factory(const struct facts *facts)
{
    (void)facts;
    return "Frigate makes a random password for admin at its first start";
}

const struct device_driver vms_frigate = {
    .name = "frigate",
    .title = "Frigate",
    .maker = "Frigate",
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
    .limit = {0, 0, "auth.failed_login_rate_limit, off by default"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .no_factory = no_factory,
};
