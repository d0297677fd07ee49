/* go2rtc by itself: a stream server that asks for a login only where its owner set one. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"

static const struct ask front = {.path = "/"};
static const struct ask info = {.path = "/api"};
static const struct ask streams = {.path = "/api/streams"};

/* On a host of Frigate's, which brings its own, Frigate's signs are surer. */
static const struct device_sign signs[] = {
    {FACT_HTTP_TITLE, SIGN_EQUALS, "go2rtc", 70},
};

/* github AlexxIT/go2rtc www/index.html, internal/api/api.go. */
static const struct device_probe probes[] = {
    {{.path = "/"}, 200, "<title>go2rtc</title>", 75},
    {{.path = "/"}, 401, "realm=\"go2rtc\"",      75},
};

static const struct device_reading readings[] = {
    {FACT_VMS_VERSION, &info, "version", AS_TEXT, NULL},
};

static const struct ask *const asks[] = {&front, &info, &streams};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/restream-open",
     "In go2rtc.yaml: api: listen: \"127.0.0.1:1984\", or username and password; rtsp: username and "
         "password.",
     "Players and Home Assistant need the new user and password.",
     "GET /api/streams without a login answers 401."},
    {"default-credentials/vms-open",
     "In go2rtc.yaml: api: listen: \"127.0.0.1:1984\", or username and password.",
     "Players and Home Assistant need the new user and password.",
     "GET /api without a login answers 401."},
};
/* clang-format on */

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    char challenge[256];
    const char *text = NULL;
    struct source weaker = *source;
    weaker.confidence = 70;
    bool is_asked = answer->status == 401 &&
                    answer_header(answer, "WWW-Authenticate", 0, challenge, sizeof(challenge)) &&
                    text_contains(challenge, "go2rtc");
    bool is_front =
        text_equal(ask->path, front.path) &&
        text_find_nocase(answer->body, answer->body_len, "<title>go2rtc</title>") != NULL;
    if (is_asked || (answer->status == 200 && is_front)) {
        facts_set_text(facts, FACT_VMS_PRODUCT, "go2rtc", &weaker);
        vms_set_transport(facts, source);
    }
    if (is_asked) {
        vms_set_asked(facts, source);
    } else if (answer->status == 200 && text_equal(ask->path, info.path) &&
               pick_text(answer, "config_path", facts->arena, &text) == OK) {
        vms_set_open(facts, ask, source);
        vms_read_go2rtc(answer, facts, source);
    } else if (answer->status == 200 && text_equal(ask->path, streams.path)) {
        vms_read_go2rtc(answer, facts, source);
    }
}

static const char *
no_factory(const struct facts *facts)
{
    (void)facts;
    return "go2rtc has no account until its owner sets one";
}

const struct device_driver vms_go2rtc = {
    .name = "go2rtc",
    .title = "go2rtc",
    .maker = "go2rtc",
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
    .limit = {0, 0, "no limit of its own"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .no_factory = no_factory,
};
