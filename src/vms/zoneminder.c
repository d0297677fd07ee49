/* ZoneMinder: web application under /zm; its answers' bodies tell, not their status. */
#include "device/door.h"
#include "vms/vms.h"

#include "base/buf.h"
#include "base/text.h"
#include "codec/pick.h"

#include <string.h>

#define HOME "/zm/"
#define FORM "application/x-www-form-urlencoded"

static const struct ask home = {.path = HOME};
static const struct ask console = {.path = HOME "?view=console"};
static const struct ask version = {.path = HOME "api/host/getVersion.json"};

static const struct device_sign signs[] = {
    {FACT_HTTP_COOKIE,   SIGN_CONTAINS, "ZMSESSID",                         90}, /* seen on Debian's 1.36.33 */
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "ZM - Console",                     90},
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "ZM - Login",                       90},
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "ZoneMinder",                       80},
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "ZoneMinder Login",                 85},
    {FACT_HTTP_LOCATION, SIGN_CONTAINS, "/zm/",                             60},
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "e07c0775523271d629035dc8921dffc7", 80}, /* Recog */
};

static const struct device_probe probes[] = {
    {{.path = HOME}, 0, "ZMSESSID", 95}, /* login page, console or the way to one */
};

static const struct device_reading readings[] = {
    {FACT_VMS_VERSION, &version, "version",                                  AS_TEXT, NULL},
    {FACT_VMS_VERSION, &console, "~class=\"version\"[^>]*>\\s*v?([\\d.]+)<", AS_TEXT, NULL},
    {FACT_VMS_VERSION, &home,    "~class=\"version\"[^>]*>\\s*v?([\\d.]+)<", AS_TEXT, NULL},
};

static const struct ask *const asks[] = {&home, &version, &console};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/vms-open",
     "Options > System: switch on OPT_USE_AUTH, then change the password of admin at once; "
         "keep the web server from serving /zm/cache/events without a login.",
     "Every user and every program needs an account.",
     "GET /zm/api/host/getVersion.json answers 401."},
    {"default-credentials/vms-factory-password",
     "Options > Users > admin: set a long password of its own.",
     NULL,
     "A log-in as admin with the old password shows the login page again."},
    {"vms-exposure/no-guess-limit",
     "ZoneMinder has no limit of its own: put fail2ban on web_php.log (\"Login denied for "
         "user\") or a gateway in front.",
     NULL,
     "The sixth wrong log-in of a minute is refused."},
    {"vms-updates/advisory",
     "apt update && apt install zoneminder, then zmupdate.pl.",
     "Recording pauses for the restart.",
     "GET /zm/api/host/getVersion.json shows the new release."},
};
/* clang-format on */

static bool
holds(const struct answer *answer, const char *mark)
{
    return text_find_nocase(answer->body, answer->body_len, mark) != NULL;
}

static bool
is_login_page(const struct answer *answer)
{
    return holds(answer, "ZM - Login") || holds(answer, "ZoneMinder Login") ||
           holds(answer, "id=\"loginForm\"");
}

static bool
is_zoneminder_page(const struct answer *answer)
{
    return is_login_page(answer) || holds(answer, "ZM - Console") ||
           (holds(answer, "csrfMagicToken") && holds(answer, "skins/classic"));
}

static void
set_product(struct facts *facts, const struct source *source)
{
    facts_set_text(facts, FACT_VMS_PRODUCT, "ZoneMinder", source);
    vms_set_known(facts, FACT_VMS_LIMIT, false,
        "ZoneMinder has no limit on wrong log-ins, only an optional reCAPTCHA (its source, "
        "web/includes/auth.php)",
        source);
    vms_set_known(facts, FACT_VMS_ACCESS_LOG, false,
        "ZoneMinder logs log-ins, but not who watched, played or exported what (its source)",
        source);
}

static void
parse_page(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    char location[256];
    bool sent_away = answer->status == 302 &&
                     answer_header(answer, "Location", 0, location, sizeof(location)) &&
                     text_contains(location, "view=login");
    if (answer->status == 200 && is_zoneminder_page(answer)) {
        set_product(facts, source);
    }
    if (sent_away || (answer->status == 200 && is_login_page(answer))) {
        vms_set_asked(facts, source);
    } else if (answer->status == 200 &&
               (holds(answer, "ZM - Console") ||
                   holds(answer, "User Authentication is not turned on"))) {
        vms_set_open(facts, ask, source);
    }
}

static void
parse_version(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *text = NULL;
    if (answer->status == 200 && pick_text(answer, "apiversion", facts->arena, &text) == OK) {
        set_product(facts, source);
        vms_set_open(facts, ask, source);
    } else if (answer->status == 401 && holds(answer, "Not Authenticated")) {
        set_product(facts, source);
        vms_set_asked(facts, source);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (text_equal(ask->path, version.path)) {
        parse_version(ask, answer, facts, source);
    } else {
        parse_page(ask, answer, facts, source);
    }
}

static void
add_encoded(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9');
        if (plain) {
            buf_byte(out, (uint8_t)*text);
        } else {
            buf_format(out, "%%%02X", (unsigned)(uint8_t)*text);
        }
    }
}

/* Right or wrong, the status is 200; only the page's title tells. */
static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    if (last == NULL) {
        *ret_request = (struct request){.ask = *ask};
        return LOGIN_SEND;
    }
    if (last->err != OK || last->status != 200) {
        return LOGIN_UNCLEAR;
    }
    if (login->step != 1) {
        return holds(last, "ZM - Logging In")    ? LOGIN_OPEN
               : holds(last, "Invalid username") ? LOGIN_REFUSED
                                                 : LOGIN_UNCLEAR;
    }
    struct buf body;
    buf_init(&body, 1024);
    buf_text(&body, "action=login&view=login&username=");
    add_encoded(&body, login->user);
    buf_text(&body, "&password=");
    add_encoded(&body, secret_text(login->password));
    const char *text = buf_error(&body) == OK ? arena_copy(arena, body.data) : NULL;
    buf_release(&body);
    if (text == NULL || !is_login_page(last)) {
        return LOGIN_UNCLEAR;
    }
    *ret_request = (struct request){
        .ask = {.path = HOME "index.php", .body = text, .type = FORM, .port = ask->port},
        .spends = true,
    };
    return LOGIN_SEND;
}

static const struct device_door door = {
    .title = "ZoneMinder login page",
    .certain = true,
    .step = step,
};

/* clang-format off */
const struct device_driver vms_zoneminder = {
    .name = "zoneminder",
    .title = "ZoneMinder",
    .maker = "ZoneMinder",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "zoneminder",
    .kind = KIND_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &door,
    .door_ask = {.path = HOME "index.php?view=login"},
    .limit = {0, 0, "no limit of its own (ZoneMinder source, web/includes/auth.php)"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
};
/* clang-format on */
