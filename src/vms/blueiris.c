/* Blue Iris: one web server; its Server header and login page name the exact version. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"

static const struct ask page = {.path = "/login.htm"};
static const struct ask picture = {.path = "/image/index"};
static const struct ask session = {
    .path = "/json", .body = "{\"cmd\":\"login\"}", .type = "text/plain"};

static const struct device_sign signs[] = {
    {FACT_HTTP_SERVER,   SIGN_STARTS,   "BlueServer/",     95}, /* github Legoclones/blueiris-scanner */
    {FACT_HTTP_SERVER,   SIGN_STARTS,   "BlueIris-HTTP/",  95}, /* nmap-service-probes */
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "Blue Iris",       85}, /* nuclei blue-iris-login */
    {FACT_HTTP_LOCATION, SIGN_CONTAINS, "/login.htm?page", 60},
};

#define SERVER "@Server~^(?:BlueServer|BlueIris-HTTP)/([\\d.]+)"

static const struct device_reading readings[] = {
    {FACT_VMS_PRODUCT, &page,    SERVER,                              AS_CONSTANT, "Blue Iris"},
    {FACT_VMS_PRODUCT, &page,    "~<title>Blue Iris",                 AS_CONSTANT, "Blue Iris"},
    {FACT_VMS_VERSION, &page,    "~bi_version\\s*=\\s*\"([\\d.]+)\"", AS_TEXT,     NULL       },
    {FACT_VMS_VERSION, &page,    SERVER,                              AS_TEXT,     NULL       },
    {FACT_VMS_VERSION, &session, SERVER,                              AS_TEXT,     NULL       },
    {FACT_DEVICE_NAME, &page,    "~system_name\\s*=\\s*\"([^\"]+)\"", AS_TEXT,     NULL       },
};

static const struct ask *const asks[] = {&page, &session, &picture};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/vms-open",
     "Settings > Web server > Advanced: set Authentication to \"All connections\", tick \"Use "
         "secure session keys and login page\", and empty the list of exempt addresses (entries "
         "that begin with ^).",
     "Programs that fetched pictures without a login need a user.",
     "GET /image/index without a session answers 401 or 403."},
    {"vms-updates/advisory",
     "Settings > About > Check for update, with the PC's own updates installed.",
     "Recording pauses for the restart.",
     "login.htm shows the new bi_version."},
};
/* clang-format on */

/* login.htm tells a stranger whether his address needs no login, and what he then may do. */
static void
parse_page(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *exempt = NULL;
    if (pick_text(answer, "~AUTHEXEMPT\\s*=\\s*\"(\\w+)\"", facts->arena, &exempt) != OK) {
        return;
    }
    if (text_equal_nocase(exempt, "user") || text_equal_nocase(exempt, "admin")) {
        vms_set_open(facts, ask, source);
    } else if (text_equal_nocase(exempt, "no")) {
        vms_set_asked(facts, source);
    }
}

/* Every answer of /json has status 200: the result tells. */
static void
parse_session(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *text = NULL;
    if (pick_text(answer, "data.auth-exempt", facts->arena, &text) == OK &&
        !text_equal_nocase(text, "no") && !text_equal_nocase(text, "false")) {
        vms_set_open(facts, ask, source);
    } else if (pick_text(answer, "session", facts->arena, &text) == OK &&
               pick_text(answer, "result", facts->arena, &text) == OK &&
               text_equal_nocase(text, "fail")) {
        vms_set_asked(facts, source);
    }
}

static void
parse_picture(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    bool jpeg = answer->body_len > 2 && (uint8_t)answer->body[0] == 0xff &&
                (uint8_t)answer->body[1] == 0xd8;
    if (answer->status == 200 && jpeg) {
        vms_set_open(facts, ask, source);
        facts_set_text(facts, FACT_LOGIN_SNAPSHOT_OPEN, "/image/index", source);
    } else if (answer->status == 401 || answer->status == 403) {
        vms_set_asked(facts, source);
        facts_set_bool(facts, FACT_LOGIN_SNAPSHOT_ASKED, true, source);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (text_equal(ask->path, picture.path)) {
        parse_picture(ask, answer, facts, source);
    } else if (answer->status == 200 && text_equal(ask->path, page.path)) {
        parse_page(ask, answer, facts, source);
    } else if (answer->status == 200 && text_equal(ask->path, session.path)) {
        parse_session(ask, answer, facts, source);
    }
    if (facts_get(facts, FACT_VMS_PRODUCT) != NULL) {
        vms_set_known(facts, FACT_VMS_ACCESS_LOG, false,
            "Blue Iris logs log-ins and log-outs, but not which camera or clip a user watched or "
            "exported (its JSON interface manual, command log)",
            source);
    }
}

static const char *
no_factory(const struct facts *facts)
{
    (void)facts;
    return "Blue Iris ships no account: the first user is made at installation";
}

const struct device_driver vms_blueiris = {
    .name = "blueiris",
    .title = "Blue Iris",
    .maker = "Perspective Software",
    .maturity = MATURITY_TRANSCRIPT,
    .kind = KIND_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .limit = {0, 0, "not documented"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .no_factory = no_factory,
};
