/* Shinobi: node.js application; every failure is a 200 with a JSON body. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const struct ask first = {.path = "/"};
static const struct ask stranger = {.path = "/x/monitor/y"};

static const struct device_sign signs[] = {
    {FACT_HTTP_BODY,  SIGN_CONTAINS, "Powered by Shinobi",        95}, /* seen on a live one */
    {FACT_HTTP_BODY,  SIGN_CONTAINS, "Shinobi, Open Source CCTV", 95},
    {FACT_HTTP_TITLE, SIGN_EQUALS,   "Shinobi",                   85},
};

static const struct ask *const asks[] = {&first, &stranger};

static const struct device_fix fixes[] = {
    {"default-credentials/vms-factory-password",
     "Change mail and pass in super.json, then restart camera.js.", NULL,
     "A log-in at /super as admin@shinobi.video with the old password is refused."},
};

static void
parse(const struct ask *ask, const struct answer *answer, struct facts *facts,
    const struct source *source)
{
    const char *text = NULL;
    if (answer->status != 200) {
        return;
    }
    if (text_equal(ask->path, stranger.path)) {
        /* Its log-in can't be switched off (libs/auth.js). */
        if (pick_text(answer, "msg", facts->arena, &text) == OK &&
            text_equal(text, "Not Authorized")) {
            vms_set_asked(facts, source);
        }
        return;
    }
    if (text_find_nocase(answer->body, answer->body_len, "Powered by Shinobi") == NULL) {
        return;
    }
    facts_set_text(facts, FACT_VMS_PRODUCT, "Shinobi", source);
    vms_set_known(facts, FACT_VMS_LIMIT, false,
        "Shinobi blocks an address after five wrong log-ins, but takes the address from "
        "X-Forwarded-For, so a forged header avoids it (its source, libs/webServerPaths.js)",
        source);
    vms_set_known(facts, FACT_VMS_ACCESS_LOG, false,
        "Shinobi logs log-ins and opened recordings, but no live views (its source)", source);
}

/* The super-user panel: its factory account is in super.sample.json. */
static const char *
login_body(const struct login *login, struct arena *arena)
{
    json_t *json = json_pack("{s:s,s:s,s:s}", "mail", login->user, "pass",
        secret_text(login->password), "function", "super");
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);
    const char *body = text == NULL ? NULL : arena_copy(arena, text);
    if (text != NULL) {
        sodium_memzero(text, strlen(text));
        free(text);
    }
    return body;
}

static enum login_state
step(struct login *login, const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    if (last == NULL) {
        *ret_request = (struct request){.ask = *ask};
        return LOGIN_SEND;
    }
    const char *result = NULL;
    if (last->err != OK || last->status != 200) {
        return LOGIN_UNCLEAR;
    }
    if (login->step != 1) {
        return pick_text(last, "ok", arena, &result) != OK ? LOGIN_UNCLEAR
               : text_equal(result, "true")                ? LOGIN_OPEN
                                                           : LOGIN_REFUSED;
    }
    const char *body = login_body(login, arena);
    if (body == NULL || text_find_nocase(last->body, last->body_len, "Shinobi") == NULL) {
        return LOGIN_UNCLEAR;
    }
    *ret_request = (struct request){
        .ask = {.path = "/super?json=true",
                .body = body,
                .type = "application/json",
                .port = ask->port},
        .spends = true,
    };
    return LOGIN_SEND;
}

static const struct device_door door = {
    .title = "Shinobi super-user panel",
    .certain = true,
    .step = step,
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
