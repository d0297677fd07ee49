/* Shinobi: node.js application; every failure is a 200 with a JSON body. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"

#include <stdio.h>
#include <string.h>

#define FACTORY_USER "admin@shinobi.video" /* super.sample.json */
#define TOKEN        "/@token/"            /* stands for the session in a path */

static const struct ask first = {.path = "/"};
static const struct ask stranger = {.path = "/x/monitor/y"};
static const struct ask super = {.path = "/super"};
static const struct ask api_keys = {.path = TOKEN "api/@group/list", .login = true};

static const struct device_sign signs[] = {
    {FACT_HTTP_BODY,  SIGN_CONTAINS, "Powered by Shinobi",        95}, /* seen on a live one */
    {FACT_HTTP_BODY,  SIGN_CONTAINS, "Shinobi, Open Source CCTV", 95},
    {FACT_HTTP_TITLE, SIGN_EQUALS,   "Shinobi",                   85},
};

/* libs/auth.js: a wrong token is 200 with this body; also where the front page has another brand.
 */
static const struct device_probe probes[] = {
    {{.path = "/"},            200, "Powered by Shinobi",          95},
    {{.path = "/x/monitor/y"}, 200, "\"msg\": \"Not Authorized\"", 70},
};

static const char *const roots[] = {"/shinobi"};

static const struct ask *const asks[] = {&first, &stranger, &super, &api_keys};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/vms-factory-password",
     "Change mail and pass in super.json, then restart camera.js.", NULL,
     "A log-in at /super as admin@shinobi.video with the old password is refused."},
    {"default-credentials/panel-open",
     "conf.json: superUserLoginDisabled true while it is not used, or webPaths.super another path; "
         "let the firewall give /super to the administrator's machine only.",
     "Accounts and updates are managed from that machine.",
     "GET /super answers no log-in page."},
    {"vms-exposure/no-guess-limit",
     "Put a proxy in front that sets X-Forwarded-For itself and removes CF-Connecting-IP; it must "
         "not connect from 127.0.0.1, which Shinobi trusts without a token.",
     NULL,
     "The sixth wrong log-in of a minute is refused whatever headers it has."},
    {"default-credentials/api-keys-anywhere",
     "Dashboard > API: delete keys that nothing uses, and give the others the address that uses "
         "them instead of 0.0.0.0.",
     "Programs at other addresses lose access.",
     "The list of keys shows no 0.0.0.0."},
};
/* clang-format on */

static void
set_product(struct facts *facts, const struct source *source)
{
    facts_set_text(facts, FACT_VMS_PRODUCT, "Shinobi", source);
    vms_set_transport(facts, source);
    vms_set_known(facts, FACT_VMS_LIMIT, false,
        "Shinobi blocks an address after five wrong log-ins, but takes the address from "
        "X-Forwarded-For, so a forged header avoids it (its source, libs/webServerPaths.js)",
        source);
    vms_set_known(facts, FACT_VMS_ACCESS_LOG, false,
        "Shinobi logs log-ins and opened recordings, but no live views (its source)", source);
}

/* {"keys": [{"code", "ip", …}]}: a key whose ip is 0.0.0.0 works from everywhere. */
static void
parse_keys(const struct answer *answer, struct facts *facts, const struct source *source)
{
    size_t i = 0;
    size_t anywhere = 0;
    json_t *row = NULL;
    json_t *json = json_loadb(answer->body, answer->body_len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *keys = json_object_get(json, "keys");
    json_array_foreach(keys, i, row)
    {
        anywhere += text_equal(json_string_value(json_object_get(row, "ip")), "0.0.0.0") ? 1 : 0;
    }
    if (anywhere != 0) {
        struct source said = {WITNESS_CONFIG, source->confidence,
            evidence_new(
                facts->arena, source->evidence->asked, "keys with ip 0.0.0.0", answer->at)};
        facts_set_text(facts, FACT_VMS_API_KEYS,
            arena_format(facts->arena, "%zu of %zu", anywhere, json_array_size(keys)), &said);
    }
    json_decref(json);
}

static bool
is_own_page(const struct answer *answer)
{
    return text_find_nocase(answer->body, answer->body_len, "Powered by Shinobi") != NULL ||
           text_find_nocase(answer->body, answer->body_len, "Shinobi Systems") != NULL;
}

/* Its log-in can't be switched off (libs/auth.js). */
static void
parse_stranger(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    struct source weaker = *source;
    weaker.confidence = 70;
    if (pick_text(answer, "msg", facts->arena, &text) == OK && text_equal(text, "Not Authorized")) {
        set_product(facts, &weaker);
        vms_set_asked(facts, source);
    }
}

static void
parse_panel(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *address = vms_address(facts->arena, source);
    if (address != NULL && is_own_page(answer) &&
        text_find_nocase(answer->body, answer->body_len, "super") != NULL) {
        const char *asked = strstr(source->evidence->asked, "http");
        facts_set_text(facts, FACT_VMS_PANEL, asked == NULL ? address : asked, source);
    }
}

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    if (answer->status != 200 || source->evidence == NULL) {
        return;
    }
    if (text_equal(ask->path, stranger.path)) {
        parse_stranger(answer, facts, source);
    } else if (text_equal(ask->path, super.path)) {
        parse_panel(answer, facts, source);
    } else if (ask->login) {
        parse_keys(answer, facts, source);
    } else if (is_own_page(answer)) {
        set_product(facts, source);
    }
}

static bool
is_super(const struct login *login)
{
    return text_equal(login->user, FACTORY_USER);
}

/* The session of an ordinary user is the first part of every path, his group another. */
static enum login_state
judge(struct login *login, const struct answer *last, struct arena *arena)
{
    const char *result = NULL;
    const char *token = NULL;
    const char *group = NULL;
    if (pick_text(last, "ok", arena, &result) != OK) {
        return LOGIN_UNCLEAR;
    }
    if (!text_equal(result, "true")) {
        return LOGIN_REFUSED;
    }
    if (is_super(login)) {
        return LOGIN_OPEN;
    }
    bool is_whole = pick_text(last, "$user.auth_token", arena, &token) == OK &&
                    pick_text(last, "$user.ke", arena, &group) == OK &&
                    strspn(token, VMS_NAME_LETTERS) == strlen(token) &&
                    strspn(group, VMS_NAME_LETTERS) == strlen(group);
    if (!is_whole) {
        return LOGIN_UNCLEAR; /* a second factor is asked for */
    }
    int len = snprintf(login->text, sizeof(login->text), "%s/%s", token, group);
    return len > 0 && (size_t)len < sizeof(login->text) ? LOGIN_OPEN : LOGIN_UNCLEAR;
}

/*
 * The factory account is the super user's (super.sample.json) and has a page of its own; everyone
 * else logs in at the front page. Right or wrong, the status is 200.
 */
static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    const char *path = is_super(login) ? ask->path : vms_sibling(ask->path, "", arena);
    if (last == NULL && path != NULL) {
        *ret_request = (struct request){.ask = *ask};
        ret_request->ask.path = path;
        return LOGIN_SEND;
    }
    if (last == NULL || last->err != OK || last->status != 200) {
        return LOGIN_UNCLEAR;
    }
    if (login->step != 1) {
        return judge(login, last, arena);
    }
    const char *body = vms_login_body(
        json_pack("{s:s,s:s,s:s,s:s}", "mail", login->user, "pass", secret_text(login->password),
            "function", is_super(login) ? "super" : "dash", "machineID", "gatehouse"),
        arena);
    path = arena_format(arena, "%s?json=true", path);
    if (body == NULL || path == NULL ||
        text_find_nocase(last->body, last->body_len, "Shinobi") == NULL) {
        return LOGIN_UNCLEAR;
    }
    *ret_request = (struct request){
        .ask = {.path = path, .body = body, .type = "application/json", .port = ask->port},
        .spends = true,
    };
    return LOGIN_SEND;
}

static enum err
authorize(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    const char *group = strchr(login->text, '/');
    const char *start = strstr(ask->path, TOKEN);
    const char *rest = start == NULL ? NULL : strstr(start, "@group");
    if (group == NULL || rest == NULL) {
        return ERR_VALUE;
    }
    const char *middle = start + strlen(TOKEN);
    struct ask dressed = *ask;
    dressed.path = arena_format(arena, "%.*s/%.*s/%.*s%s%s", (int)(start - ask->path), ask->path,
        (int)(group - login->text), login->text, (int)(rest - middle), middle, group + 1,
        rest + strlen("@group"));
    if (dressed.path == NULL) {
        return ERR_LIMIT;
    }
    *ret_request = (struct request){.ask = dressed};
    return OK;
}

static const struct device_door door = {
    .title = "Shinobi log-in",
    .certain = true,
    .step = step,
    .authorize = authorize,
};

/* clang-format off */
const struct device_driver vms_shinobi = {
    .name = "shinobi",
    .title = "Shinobi",
    .maker = "Shinobi Systems",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "shinobi",
    .kind = KIND_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .roots = roots,
    .root_count = COUNT(roots),
    .asks = asks,
    .ask_count = COUNT(asks),
    .door = &door,
    .door_ask = {.path = "/super"},
    .limit = {5, 900, "Shinobi source, libs/webServerPaths.js: 5 failures, 15 minutes"},
    .fixes = fixes,
    .fix_count = COUNT(fixes),
    .parse = parse,
};
/* clang-format on */
