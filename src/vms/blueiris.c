/* Blue Iris: one web server; its Server header and login page name the exact version. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/digest.h"
#include "codec/pick.h"

#include <sodium.h>
#include <string.h>

#define JSON     "/json"
#define TEXT     "text/plain"
#define LETTERS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define SESSIONS 96 /* a session key is 24 or 32 letters and digits */

static const struct ask page = {.path = "/login.htm"};
static const struct ask picture = {.path = "/image/index"};
static const struct ask session = {.path = JSON, .body = "{\"cmd\":\"login\"}", .type = TEXT};

/* Behind the log-in: who he is, and the users and connections that it lists to administrators. */
static const struct ask self = {
    .path = JSON, .body = "{\"cmd\":\"login\"}", .type = TEXT, .login = true};
static const struct ask people = {
    .path = JSON, .body = "{\"cmd\":\"users\"}", .type = TEXT, .login = true};

static const struct device_sign signs[] = {
    {FACT_HTTP_SERVER,   SIGN_STARTS,   "BlueServer/",            95}, /* github Legoclones/blueiris-scanner */
    {FACT_HTTP_SERVER,   SIGN_STARTS,   "BlueIris-HTTP/",         95}, /* nmap-service-probes */
    {FACT_HTTP_TITLE,    SIGN_EQUALS,   "Blue Iris Login",        90}, /* nuclei blue-iris-login */
    {FACT_HTTP_TITLE,    SIGN_EQUALS,   "Live Video - Blue Iris",
     90                                                             }, /* github bp2008/ui3 livestream.htm */
    {FACT_HTTP_TITLE,    SIGN_EQUALS,   "UI3",                    60}, /* github bp2008/ui3 ui3.htm */
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "bi_version",             80},
    {FACT_HTTP_LOCATION, SIGN_CONTAINS, "/login.htm?page",        60},
};

/* Behind a proxy, the Server header is the proxy's. */
static const struct device_probe probes[] = {
    {{.path = "/login.htm"}, 200, "<title>Blue Iris Login", 96},
};

#define SERVER "@Server~^(?:BlueServer|BlueIris-HTTP)/([\\d.]+)"

/* Fields: github bp2008/ui3 login.htm (versions 3 to 35) and ui3.js. */
static const struct device_reading readings[] = {
    {FACT_VMS_PRODUCT, &page,    SERVER,                              AS_CONSTANT, "Blue Iris"},
    {FACT_VMS_PRODUCT, &page,    "~<title>Blue Iris",                 AS_CONSTANT, "Blue Iris"},
    {FACT_VMS_VERSION, &page,    "~bi_version\\s*=\\s*\"([\\d.]+)\"", AS_TEXT,     NULL       },
    {FACT_VMS_VERSION, &page,    "~\\.js\\?v=\\d+_([\\d.]+)\"",       AS_TEXT,     NULL       },
    {FACT_VMS_VERSION, &page,    SERVER,                              AS_TEXT,     NULL       },
    {FACT_VMS_VERSION, &session, "data.version",                      AS_TEXT,     NULL       },
    {FACT_VMS_VERSION, &session, SERVER,                              AS_TEXT,     NULL       },
    {FACT_DEVICE_NAME, &page,    "~system_name\\s*=\\s*\"([^\"]+)\"", AS_TEXT,     NULL       },
    {FACT_DEVICE_NAME, &page,    "~<h1>([^<%]+)</h1>",                AS_TEXT,     NULL       },
    {FACT_DEVICE_NAME, &session, "data.system name",                  AS_TEXT,     NULL       },
};

static const struct ask *const asks[] = {&page, &session, &picture, &self, &people};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/vms-open",
     "Settings > Web server > Advanced: set Authentication to \"All connections\", tick \"Use "
         "secure session keys and login page\", and empty the list of exempt addresses (entries "
         "that begin with ^).",
     "Programs that fetched pictures without a login need a user.",
     "GET /image/index without a session answers 401 or 403."},
    {"default-credentials/asks-only-outsiders",
     "Settings > Web server > Advanced: set Authentication to \"All connections\" instead of "
         "\"Non-LAN only\", empty the list of exempt addresses (entries that begin with ^) and remove "
         "the user Anonymous. Behind a proxy on this network, tick \"Use X-Forwarded-For headers\" "
         "and let nobody but the proxy reach the port.",
     "Screens in the house need a user.",
     "login.htm shows AUTHEXEMPT no from every machine of the network."},
    {"vms-exposure/vms-plain",
     "Settings > Web server: switch HTTPS on (Blue Iris uses Stunnel for it) or put a proxy with a "
         "certificate in front, and let the plain port be reached from that alone.",
     "Bookmarks and apps need the new address.",
     "The port answers to https:// only."},
    {"vms-updates/advisory",
     "Settings > About > Check for update, with the PC's own updates installed.",
     "Recording pauses for the restart.",
     "login.htm shows the new bi_version."},
};
/* clang-format on */

static void
set_exempt(const struct ask *ask, struct facts *facts, const struct source *source)
{
    vms_set_open(facts, ask, source);
    facts_set_text(facts, FACT_VMS_ASKS,
        "where an address is not exempt, as this network's is (\"Non-LAN only\", or its list)",
        source);
}

/* login.htm tells a stranger whether his address needs no login, and what he then may do. */
static void
parse_page(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *exempt = NULL;
    const char *status = NULL;
    vms_set_transport(facts, source);
    if (pick_text(answer, "~AUTHSTATUS\\s*=\\s*\"(\\w+)\"", facts->arena, &status) == OK &&
        text_equal_nocase(status, "anonymous")) {
        vms_set_open(facts, ask, source);
        facts_set_bool(facts, FACT_USERS_ANONYMOUS, true, source);
    }
    if (pick_text(answer, "~AUTHEXEMPT\\s*=\\s*\"(\\w+)\"", facts->arena, &exempt) != OK) {
        return;
    }
    if (text_equal_nocase(exempt, "user") || text_equal_nocase(exempt, "admin")) {
        set_exempt(ask, facts, source);
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
    const char *result = NULL;
    if (pick_text(answer, "session", facts->arena, &text) != OK ||
        pick_text(answer, "result", facts->arena, &result) != OK) {
        return;
    }
    if (pick_text(answer, "data.auth-exempt", facts->arena, &text) == OK &&
        !text_equal_nocase(text, "no") && !text_equal_nocase(text, "false")) {
        set_exempt(ask, facts, source);
    } else if (text_equal_nocase(result, "fail")) {
        vms_set_asked(facts, source);
    } else if (text_equal_nocase(result, "success")) { /* nobody gave a password */
        vms_set_open(facts, ask, source);
    }
}

/* The account at hand, with its level. */
static void
parse_self(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *user = NULL;
    const char *admin = NULL;
    if (pick_text(answer, "data.user", facts->arena, &user) == OK &&
        pick_text(answer, "data.admin", facts->arena, &admin) == OK) {
        const char *list = arena_format(facts->arena, "%s (%s)", user,
            text_equal_nocase(admin, "true") ? "administrator" : "user");
        facts_set_text(facts, FACT_USERS_LIST, list, source);
    }
}

/* The list has no levels, but tells who is there. */
static const char *
presence(const struct answer *answer, const char *element, struct arena *arena)
{
    const char *text = NULL;
    const char *path = arena_format(arena, "%s.isOnline", element);
    return path != NULL && pick_text(answer, path, arena, &text) == OK &&
                   text_equal_nocase(text, "true")
               ? "connected"
               : "known";
}

static void
parse_people(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct source sure = *source;
    const char *text = NULL;
    bool is_new = pick_text(answer, "data[0].object", facts->arena, &text) == OK;
    sure.confidence = 95; /* the whole list instead of the one account */
    vms_set_users(facts, answer, "data", is_new ? "object" : "obj", presence, &sure);
    if (pick_text(answer, "~(?i)\"obj(?:ect)?\"\\s*:\\s*\"anonymous\"", facts->arena, &text) ==
        OK) {
        facts_set_bool(facts, FACT_USERS_ANONYMOUS, true, source);
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
    bool fine = answer->status == 200;
    if (text_equal(ask->path, picture.path)) {
        parse_picture(ask, answer, facts, source);
    } else if (fine && text_equal(ask->path, page.path) &&
               facts_get(facts, FACT_VMS_PRODUCT) != NULL) {
        parse_page(ask, answer, facts, source);
    } else if (fine && ask->login && text_equal(ask->body, people.body)) {
        parse_people(answer, facts, source);
    } else if (fine && ask->login && text_equal(ask->body, self.body)) {
        parse_self(answer, facts, source);
    } else if (fine && text_equal(ask->path, session.path)) {
        parse_session(ask, answer, facts, source);
    }
    if (facts_get(facts, FACT_VMS_PRODUCT) != NULL) {
        vms_set_known(facts, FACT_VMS_ACCESS_LOG, false,
            "Blue Iris logs log-ins and log-outs, but not which camera or clip a user watched or "
            "exported (its JSON interface manual, command log)",
            source);
    }
}

/* The session goes into the next request: nothing but what such keys have. */
static bool
take_session(struct login *login, const struct answer *last, struct arena *arena)
{
    const char *text = NULL;
    if (pick_text(last, "session", arena, &text) != OK) {
        return false;
    }
    size_t len = strlen(text);
    return len != 0 && len < SESSIONS && strspn(text, LETTERS) == len &&
           text_copy(login->text, sizeof(login->text), text);
}

/* hex(MD5(user:session:password)), the vendor's JSON manual. */
static enum login_state
answer_challenge(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    char hash[DIGEST_HEX];
    char *text =
        arena_format(arena, "%s:%s:%s", login->user, login->text, secret_text(login->password));
    if (text == NULL) {
        return LOGIN_UNCLEAR;
    }
    enum err err = digest_hex(DIGEST_MD5, text, strlen(text), hash);
    sodium_memzero(text, strlen(text));
    const char *body = err != OK ? NULL
                                 : arena_format(arena,
                                       "{\"cmd\":\"login\",\"session\":\"%s\",\"response\":\"%s\"}",
                                       login->text, hash);
    if (body == NULL) {
        return LOGIN_UNCLEAR;
    }
    *ret_request = (struct request){
        .ask = {.path = ask->path, .body = body, .type = TEXT, .port = ask->port},
        .spends = true,
    };
    return LOGIN_SEND;
}

static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    const char *result = NULL;
    if (last == NULL) {
        *ret_request = (struct request){.ask = *ask};
        return LOGIN_SEND;
    }
    if (last->err != OK || last->status != 200 || pick_text(last, "result", arena, &result) != OK ||
        !take_session(login, last, arena)) {
        return LOGIN_UNCLEAR;
    }
    bool is_fail = text_equal_nocase(result, "fail");
    if (login->step == 1) {
        return is_fail ? answer_challenge(login, ask, arena, ret_request) : LOGIN_UNCLEAR;
    }
    const char *reason = NULL;
    if (is_fail && pick_text(last, "data.reason", arena, &reason) == OK &&
        (text_contains_nocase(reason, "ban") || text_contains_nocase(reason, "lock"))) {
        return LOGIN_LOCKED;
    }
    return is_fail                                ? LOGIN_REFUSED
           : text_equal_nocase(result, "success") ? LOGIN_OPEN
                                                  : LOGIN_UNCLEAR;
}

/* The session in the body, as the manual asks, and as the cookie that pages and pictures need. */
static enum err
authorize(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    struct request request = {.ask = *ask};
    size_t len = ask->body == NULL ? 0 : strlen(ask->body);
    request.cookie = arena_format(arena, "session=%s", login->text);
    if (len != 0) {
        request.ask.body =
            arena_format(arena, "%.*s,\"session\":\"%s\"}", (int)(len - 1), ask->body, login->text);
    }
    if (request.cookie == NULL || (len != 0 && request.ask.body == NULL)) {
        return ERR_LIMIT;
    }
    *ret_request = request;
    return OK;
}

static const struct device_door door = {
    .title = "Blue Iris session",
    .certain = true,
    .step = step,
    .authorize = authorize,
};

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
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &door,
    .door_ask = {.path = JSON,   .body = "{\"cmd\":\"login\"}", .type = TEXT, .login = true},
    .leave_ask = {.path = JSON,              .body = "{\"cmd\":\"logout\"}",                                .type = TEXT, .login = true},
    .limit = {0, 0,
                 "it bans an address after wrong log-ins; the number is a setting (github "
        "elad-bar/ha-blueiris issues 134 and 205)"                                         },
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
    .no_factory = no_factory,
};
