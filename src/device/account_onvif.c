/* ONVIF: SetUser, and the device's own rule (ONVIF Core, ver10/device/wsdl/devicemgmt.wsdl). */
#include "device/account.h"

#include "base/text.h"
#include "codec/pick.h"
#include "codec/soap.h"

#include <string.h>

#define GET_COMPLEXITY SOAP_ENVELOPE("<GetPasswordComplexityConfiguration " SOAP_DEVICE "/>")
#define SCHEMA         "xmlns:tt=\"http://www.onvif.org/ver10/schema\""
#define USERS_MOST     40

static const struct ask users = {
    .path = SOAP_DEVICE_SERVICE, .body = SOAP_GET_USERS, .type = SOAP_TYPE, .login = true};
static const struct ask complexity = {
    .path = SOAP_DEVICE_SERVICE, .body = GET_COMPLEXITY, .type = SOAP_TYPE, .login = true};

/* What the standard's faults of SetUser say (devicemgmt.wsdl); nothing is changed by any. */
static const struct {
    const char *fault;
    enum change_state state;
    const char *why;
} faults[] = {
    {"PasswordTooLong",     CHANGE_TOO_WEAK, "the password is too long for it"                 },
    {"PasswordTooWeak",     CHANGE_TOO_WEAK, "the password is too weak for its rule"           },
    {"PasswordReuse",       CHANGE_TOO_WEAK, "it takes no password that it had before"         },
    {"FixedUser",           CHANGE_REFUSED,  "it does not let this account be changed by ONVIF"},
    {"UsernameMissing",     CHANGE_REFUSED,  "ONVIF has no such account"                       },
    {"AnonymousNotAllowed", CHANGE_REFUSED,  "ONVIF does not allow this level"                 },
    {"NotAuthorized",       CHANGE_REFUSED,  "this account may not change passwords"           },
    {"ActionNotSupported",  CHANGE_REFUSED,  "it does not change accounts by ONVIF"            },
};

/* The level that the account has, as SetUser must repeat it; "" where the list lacks it. */
static const char *
level_of(const struct answer *answer, const char *user, struct arena *arena)
{
    static const char *const children[] = {"Username", "UserLevel"};
    const struct pick_row row = {"User", children, COUNT(children)};
    const char *texts[COUNT(children)];
    for (size_t i = 0; i < USERS_MOST && pick_row(answer, &row, i, arena, texts) == OK; i++) {
        if (text_equal(texts[0], user)) {
            return texts[1];
        }
    }
    return "";
}

static const char *
set_user(const struct device_change *change, const char *level, struct arena *arena)
{
    const char *user = account_xml(change->user, arena);
    const char *password = account_xml(secret_text(change->new), arena);
    if (user == NULL || password == NULL) {
        return NULL;
    }
    return arena_format(arena,
        SOAP_ENVELOPE(
            "<SetUser " SOAP_DEVICE "><User " SCHEMA "><tt:Username>%s</tt:Username>"
            "<tt:Password>%s</tt:Password><tt:UserLevel>%s</tt:UserLevel></User></SetUser>"),
        user, password, level);
}

static enum change_state
judge(struct device_change *change, const struct answer *last)
{
    const char *body = last->body;
    size_t len = last->body_len;
    if (text_find_nocase(body, len, "Fault>") != NULL) {
        for (size_t i = 0; i < COUNT(faults); i++) {
            if (text_find_nocase(body, len, faults[i].fault) != NULL) {
                return account_end(change, faults[i].state, faults[i].why);
            }
        }
        return account_end(change, CHANGE_REFUSED, "it answered with a fault");
    }
    if (last->status == 200 && text_find_nocase(body, len, "SetUserResponse") != NULL) {
        return CHANGE_TAKEN;
    }
    return account_by_status(change, last);
}

static enum change_state
step(struct device_change *change, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    if (last == NULL) {
        return account_ask(&users, ret_request);
    }
    if (change->number != 0) {
        return judge(change, last);
    }
    const char *level = level_of(last, change->user, arena);
    if (last->status != 200) {
        return account_by_status(change, last);
    }
    if (level[0] == '\0' ||
        strspn(level, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != strlen(level)) {
        return account_end(change, CHANGE_REFUSED, "its ONVIF list of accounts lacks this one");
    }
    const struct ask set = {
        .path = SOAP_DEVICE_SERVICE, .body = set_user(change, level, arena), .type = SOAP_TYPE};
    return account_send(change, &set, ret_request);
}

static void
take(const struct answer *answer, const char *pick, struct arena *arena, unsigned *value)
{
    const char *text = NULL;
    uint64_t number = 0;
    if (pick_text(answer, pick, arena, &text) == OK && text_to_u64(text, 128, &number) == OK &&
        number > *value) {
        *value = (unsigned)number;
    }
}

/* MinLen, Uppercase, Number, SpecialChars, BlockUsernameOccurrence: all optional. */
static void
read_rule(const struct answer *answer, struct device_password_rule *rule)
{
    struct arena arena;
    const char *text = NULL;
    bool blocks = false;
    if (answer->status != 200) {
        return;
    }
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    take(answer, "GetPasswordComplexityConfigurationResponse/MinLen", &arena, &rule->min);
    take(answer, "GetPasswordComplexityConfigurationResponse/Uppercase", &arena, &rule->upper);
    take(answer, "GetPasswordComplexityConfigurationResponse/Number", &arena, &rule->digits);
    take(answer, "GetPasswordComplexityConfigurationResponse/SpecialChars", &arena, &rule->signs);
    if (pick_text(answer, "GetPasswordComplexityConfigurationResponse/BlockUsernameOccurrence",
            &arena, &text) == OK &&
        text_to_bool(text, &blocks) == OK && blocks) {
        rule->without_user = true;
    }
    arena_release(&arena);
}

#define ONVIF_ACCOUNT                                                                              \
    .title = "ONVIF", .door = &device_door_onvif,                                                  \
    .door_ask = {.path = SOAP_DEVICE_SERVICE,                                                      \
        .body = SOAP_GET_DEVICE_INFORMATION,                                                       \
        .type = SOAP_TYPE,                                                                         \
        .login = true},                                                                            \
    .rule = {.min = 8, .source = "GetPasswordComplexityConfiguration"}, .rule_ask = &complexity,   \
    .read_rule = read_rule, .step = step

const struct device_account account_onvif = {ONVIF_ACCOUNT, .opens_rtsp = true};

/* Axis, newer Hikvision and Dahua may keep it apart from the web's (Axis VAPIX, user management).
 */
const struct device_account account_onvif_own = {ONVIF_ACCOUNT};
