#include "device/change.h"

#include "base/strength.h"
#include "codec/dvrip.h"
#include "codec/soap.h"
#include "device/account.h"

#include "test.h"

#include "answer.h"

static struct arena arena;

/* What a device answers to step 0, 1, 2, …; status 0 ends. */
struct play {
    const char *title;
    const struct device_account *account;
    const char *user;
    struct answer answers[4];
    enum change_state state;
    const char *sent; /* the last request's path or body holds this */
    const char *why;  /* the words hold this; NULL: none are asked for */
};

static const char old_password[] = "12345 & <old>\"+";

static struct device_change
play(const struct play *row, enum change_state *ret_state, struct request *ret_request)
{
    struct secret *old = secret_new_text(old_password);
    struct secret *new = secret_new_text("Kq7-new");
    struct device_change change = {.user = row->user, .old = old, .new = new};
    const struct answer *last = NULL;
    struct request request = {.spends = false};
    enum change_state state = CHANGE_SEND;
    for (size_t i = 0; state == CHANGE_SEND; i++) {
        state = device_change_step(row->account, &change, last, &arena, &request);
        if (state == CHANGE_SEND) {
            assert_true(i < COUNT(row->answers));
            assert_true(request.ask.login);
            *ret_request = request;
            last = &row->answers[i];
        }
    }
    *ret_state = state;
    secret_free(old);
    secret_free(new);
    change.old = change.new = NULL;
    return change;
}

#define OK_ANSWER(what)                                                                            \
    {                                                                                              \
        .status = 200, .headers = "", .body = what, .body_len = sizeof(what) - 1                   \
    }
#define STATUS_ANSWER(code, text)                                                                  \
    {                                                                                              \
        .status = (code), .headers = "", .body = text, .body_len = sizeof(text) - 1                \
    }
#define NO_ANSWER                                                                                  \
    {                                                                                              \
        .err = ERR_TIMEOUT, .headers = "", .body = ""                                              \
    }

#define SOAP(text) "<s:Envelope xmlns:s=\"s\" xmlns:t=\"t\"><s:Body>" text "</s:Body></s:Envelope>"
#define GET_USERS                                                                                  \
    SOAP("<t:GetUsersResponse><t:User><t:Username>joe</t:Username><t:UserLevel>Operator"           \
         "</t:UserLevel></t:User><t:User><t:Username>admin</t:Username><t:UserLevel>"              \
         "Administrator</t:UserLevel></t:User></t:GetUsersResponse>")
#define FAULT(name)                                                                                \
    SOAP("<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>" name                   \
         "</s:Value></s:Subcode></s:Code></s:Fault>")
#define ISAPI_USERS                                                                                \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><UserList version=\"2.0\" "                         \
    "xmlns=\"http://www.hikvision.com/ver20/XMLSchema\"><User><id>1</id><userName>admin"           \
    "</userName><userLevel>Administrator</userLevel></User></UserList>"
#define ISAPI_STATUS(code, sub)                                                                    \
    "<ResponseStatus version=\"2.0\" xmlns=\"http://www.hikvision.com/ver20/XMLSchema\">"          \
    "<requestURL>/ISAPI/Security/users/1</requestURL><statusCode>" code                            \
    "</statusCode><statusString>words</statusString><subStatusCode>" sub                           \
    "</subStatusCode></ResponseStatus>"
#define LAPI(code, data)                                                                           \
    "{\"Response\":{\"ResponseCode\":" code ",\"StatusCode\":" code                                \
    ",\"StatusString\":\"Succeed\",\"Data\":" data "}}"
#define LAPI_USERS LAPI("0", "{\"Num\":1,\"Users\":[{\"UserName\":\"admin\",\"Level\":0}]}")

/* clang-format off */
static const struct play plays[] = {
    {"ONVIF takes it", &account_onvif, "admin",
     {OK_ANSWER(GET_USERS), OK_ANSWER(SOAP("<t:SetUserResponse/>"))}, CHANGE_TAKEN,
     "<tt:Username>admin</tt:Username><tt:Password>Kq7-new</tt:Password><tt:UserLevel>Administrator<", NULL},
    {"ONVIF says too long", &account_onvif, "admin",
     {OK_ANSWER(GET_USERS), STATUS_ANSWER(400, FAULT("ter:PasswordTooLong"))}, CHANGE_TOO_WEAK, NULL, "too long"},
    {"ONVIF says too weak", &account_onvif_own, "joe",
     {OK_ANSWER(GET_USERS), STATUS_ANSWER(500, FAULT("ter:PasswordTooWeak"))}, CHANGE_TOO_WEAK, "Operator", "too weak"},
    {"ONVIF has fixed it", &account_onvif, "admin",
     {OK_ANSWER(GET_USERS), STATUS_ANSWER(400, FAULT("ter:FixedUser"))}, CHANGE_REFUSED, NULL, "not let"},
    {"ONVIF lacks the account", &account_onvif, "root",
     {OK_ANSWER(GET_USERS)}, CHANGE_REFUSED, NULL, "lacks"},
    {"ONVIF lies in a 200 page", &account_onvif, "admin",
     {OK_ANSWER(GET_USERS), OK_ANSWER("<html>OK</html>")}, CHANGE_UNCLEAR, NULL, "something else"},
    {"ONVIF fault in a 200 page", &account_onvif, "admin",
     {OK_ANSWER(GET_USERS), OK_ANSWER(FAULT("ter:Other"))}, CHANGE_REFUSED, NULL, "fault"},
    {"ONVIF is silent after it", &account_onvif, "admin",
     {OK_ANSWER(GET_USERS), NO_ANSWER}, CHANGE_UNCLEAR, NULL, "no answer"},
    {"ONVIF is silent before it", &account_onvif, "admin",
     {NO_ANSWER}, CHANGE_REFUSED, NULL, "before"},

    {"ISAPI takes it", &account_isapi, "admin",
     {OK_ANSWER(ISAPI_USERS), OK_ANSWER(ISAPI_STATUS("1", "ok"))}, CHANGE_TAKEN,
     "<loginPassword>12345 &amp; &lt;old&gt;&quot;+</loginPassword><password>Kq7-new</password>", NULL},
    {"ISAPI restarts for it", &account_isapi, "admin",
     {OK_ANSWER(ISAPI_USERS), OK_ANSWER(ISAPI_STATUS("7", "rebootRequired"))}, CHANGE_TAKEN,
     "xmlns=\"http://www.hikvision.com/ver20/XMLSchema\"", NULL},
    {"ISAPI of old does without", &account_isapi, "admin",
     {OK_ANSWER(ISAPI_USERS), STATUS_ANSWER(400, ISAPI_STATUS("6", "badXmlContent")),
      OK_ANSWER(ISAPI_USERS), OK_ANSWER(ISAPI_STATUS("1", "ok"))}, CHANGE_TAKEN,
     "</userLevel><password>Kq7-new</password></User>", NULL},
    {"ISAPI finds it weak", &account_isapi, "admin",
     {OK_ANSWER(ISAPI_USERS), STATUS_ANSWER(403, ISAPI_STATUS("4", "passwordStrengthLow"))}, CHANGE_TOO_WEAK, NULL, "Strength"},
    {"ISAPI lies in a 200 page", &account_isapi, "admin",
     {OK_ANSWER(ISAPI_USERS), OK_ANSWER(ISAPI_STATUS("4", "notSupport"))}, CHANGE_REFUSED, NULL, "notSupport"},
    {"ISAPI says nothing", &account_isapi, "admin",
     {OK_ANSWER(ISAPI_USERS), OK_ANSWER("")}, CHANGE_UNCLEAR, NULL, "nothing"},
    {"ISAPI lacks the account", &account_isapi, "root", {OK_ANSWER(ISAPI_USERS)}, CHANGE_REFUSED, NULL, "lacks"},
    {"ISAPI has the new one already", &account_isapi, "admin",
     {OK_ANSWER(ISAPI_USERS), STATUS_ANSWER(401, "")}, CHANGE_UNCLEAR, NULL, "401"},

    {"Dahua takes it", &account_dahua, "admin", {OK_ANSWER("OK\r\n")}, CHANGE_TAKEN,
     "name=admin&pwd=Kq7-new&pwdOld=12345%20%26%20%3Cold%3E%22%2B", NULL},
    {"Dahua says Error in a 200 page", &account_dahua, "admin", {OK_ANSWER("Error\r\nBad Request!\r\n")}, CHANGE_REFUSED, NULL, "Bad Request"},
    {"Dahua finds it weak", &account_dahua, "admin", {STATUS_ANSWER(400, "Error\nPassword strength is low\n")}, CHANGE_TOO_WEAK, NULL, "strength"},
    {"Dahua takes it by RPC2", &account_dahua, "admin", {OK_ANSWER("{\"id\":4,\"result\":true,\"session\":\"a\"}")}, CHANGE_TAKEN, NULL, NULL},
    {"Dahua says no by RPC2", &account_dahua, "admin", {OK_ANSWER("{\"error\":{\"code\":611,\"message\":\"Invalid request\"},\"id\":4,\"result\":false}")}, CHANGE_REFUSED, NULL, "Invalid request (error 611)"},
    {"Dahua says something else by RPC2", &account_dahua, "admin", {OK_ANSWER("{\"id\":4}")}, CHANGE_UNCLEAR, NULL, "something else"},
    {"Dahua shows a page", &account_dahua, "admin", {OK_ANSWER("<html>login</html>")}, CHANGE_UNCLEAR, NULL, NULL},

    {"Axis takes it", &account_axis, "root", {OK_ANSWER("<html>Modified account root.</html>")}, CHANGE_TAKEN, "action=update&user=root&pwd=Kq7-new", NULL},
    {"Axis says Error in a 200 page", &account_axis, "root", {OK_ANSWER("<html>Error: consult the system log file.</html>")}, CHANGE_REFUSED, NULL, "system log"},
    {"Axis says something else", &account_axis, "root", {OK_ANSWER("<html>Created account root.</html>")}, CHANGE_UNCLEAR, NULL, NULL},
    {"Axis forbids it", &account_axis, "root", {STATUS_ANSWER(403, "")}, CHANGE_REFUSED, NULL, "403"},

    {"Hanwha takes it", &account_hanwha, "admin", {OK_ANSWER("OK\r\n")}, CHANGE_TAKEN, "Index=0&UserID=admin&Password=Kq7-new", NULL},
    {"Hanwha says NG in a 200 page", &account_hanwha, "admin", {OK_ANSWER("NG\r\nError Code: 608\r\nError Details: Invalid password\r\n")}, CHANGE_REFUSED, NULL, "608"},
    {"Hanwha's other accounts", &account_hanwha, "joe", {{0}}, CHANGE_REFUSED, NULL, "published"},

    {"Vivotek takes it", &account_vivotek, "root", {OK_ANSWER("")}, CHANGE_TAKEN, "username=root&userpass=Kq7-new", NULL},
    {"Vivotek says error in a 200 page", &account_vivotek, "root", {OK_ANSWER("ERR: error user")}, CHANGE_REFUSED, NULL, "error"},

    {"Foscam takes it", &account_foscam, "admin", {OK_ANSWER("<CGI_Result><result>0</result></CGI_Result>")}, CHANGE_TAKEN, "usrName=admin&oldPwd=12345%20", NULL},
    {"Foscam says no in a 200 page", &account_foscam, "admin", {OK_ANSWER("<CGI_Result><result>-3</result></CGI_Result>")}, CHANGE_REFUSED, NULL, NULL},
    {"Foscam refuses its form", &account_foscam, "admin", {OK_ANSWER("<CGI_Result><result>-1</result></CGI_Result>")}, CHANGE_TOO_WEAK, NULL, NULL},

    {"Reolink takes it", &account_reolink, "admin", {OK_ANSWER("[{\"cmd\":\"ModifyUser\",\"code\":0,\"value\":{\"rspCode\":200}}]")}, CHANGE_TAKEN,
     "\"newPassword\":\"Kq7-new\",\"oldPassword\":\"12345 & <old>\\\"+\"", NULL},
    {"Reolink says no in a 200 page", &account_reolink, "admin", {OK_ANSWER("[{\"cmd\":\"ModifyUser\",\"code\":1,\"error\":{\"detail\":\"password wrong\",\"rspCode\":-7}}]")}, CHANGE_REFUSED, NULL, "wrong"},
    {"Reolink shows a page", &account_reolink, "admin", {OK_ANSWER("<html/>")}, CHANGE_UNCLEAR, NULL, NULL},

    {"Uniview takes it", &account_uniview, "admin", {OK_ANSWER(LAPI_USERS), OK_ANSWER(LAPI("0", "\"null\""))}, CHANGE_TAKEN, "/LAPI/V1.0/System/Users/0/Password", NULL},
    {"Uniview says no in a 200 page", &account_uniview, "admin", {OK_ANSWER(LAPI_USERS), OK_ANSWER("{\"Response\":{\"StatusCode\":60,\"StatusString\":\"Weak Password\"}}")}, CHANGE_TOO_WEAK, NULL, "Weak"},
    {"Uniview lacks the account", &account_uniview, "joe", {OK_ANSWER(LAPI_USERS)}, CHANGE_REFUSED, NULL, "lacks"},

    {"Xiongmai takes it", &account_xiongmai, "admin", {OK_ANSWER("{\"Name\":\"\",\"Ret\":100,\"SessionID\":\"0x1\"}")}, CHANGE_TAKEN, "\"EncryptType\":\"MD5\",\"NewPassWord\":\"", NULL},
    {"Xiongmai says no in a 200 page", &account_xiongmai, "admin", {OK_ANSWER("{\"Ret\":203}")}, CHANGE_REFUSED, NULL, "203"},
};
/* clang-format on */

static void
test_reads_what_each_maker_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(plays); i++) {
        const struct play *row = &plays[i];
        enum change_state end = CHANGE_SEND;
        struct request request = {.spends = false};
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        struct device_change change = play(row, &end, &request);
        const char *path = request.ask.path == NULL ? "" : request.ask.path;
        const char *body = request.ask.body == NULL ? "" : request.ask.body;
        bool is_sent =
            row->sent == NULL || strstr(path, row->sent) != NULL || strstr(body, row->sent) != NULL;
        bool has_why = row->why == NULL || strstr(change.why, row->why) != NULL;
        bool says_why = end == CHANGE_TAKEN || change.why[0] != '\0';
        if (end != row->state || !is_sent || !has_why || !says_why) {
            fail_msg("%s: state %d, why \"%s\", sent %s %s", row->title, (int)end, change.why, path,
                body);
        }
        assert_null(strstr(change.why, "Kq7"));
        arena_wipe(&arena);
    }
}

static void
test_ends_with_a_device_that_never_does(void **state)
{
    (void)state;
    const struct answer list = OK_ANSWER(ISAPI_USERS);
    struct device_change change = {.user = "admin", .step = 6};
    struct request request;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    assert_int_equal(
        device_change_step(&account_isapi, &change, &list, &arena, &request), CHANGE_UNCLEAR);
    assert_string_not_equal(change.why, "");
    arena_release(&arena);
}

static void
test_reads_the_devices_own_rule(void **state)
{
    (void)state;
    const struct answer answer = OK_ANSWER(
        SOAP("<t:GetPasswordComplexityConfigurationResponse><t:MinLen>12</t:MinLen><t:Uppercase>2"
             "</t:Uppercase><t:Number>3</t:Number><t:SpecialChars>1</t:SpecialChars>"
             "<t:BlockUsernameOccurrence>true</t:BlockUsernameOccurrence>"
             "</t:GetPasswordComplexityConfigurationResponse>"));
    struct device_password_rule rule = account_onvif.rule;
    account_onvif.read_rule(&answer, &rule);
    assert_int_equal(rule.min, 12);
    assert_int_equal(rule.upper, 2);
    assert_int_equal(rule.digits, 3);
    assert_int_equal(rule.signs, 1);
    assert_true(rule.without_user);
    const struct answer huge = OK_ANSWER(SOAP("<t:GetPasswordComplexityConfigurationResponse>"
                                              "<t:MinLen>4294967296</t:MinLen>"
                                              "</t:GetPasswordComplexityConfigurationResponse>"));
    rule = account_onvif.rule;
    account_onvif.read_rule(&huge, &rule);
    assert_int_equal(rule.min, account_onvif.rule.min);
}

static unsigned
count_of(const char *text, const char *set)
{
    unsigned count = 0;
    for (; *text != '\0'; text++) {
        count += strchr(set, *text) != NULL ? 1 : 0;
    }
    return count;
}

static void
test_makes_passwords_that_keep_the_rule(void **state)
{
    (void)state;
    static const struct {
        struct device_password_rule rule;
        size_t len;
        const char *sign;
    } rows[] = {
        {{.min = 0},                               20, ""  },
        {{.min = 8, .max = 16},                    16, ""  },
        {{.min = 8, .max = 12},                    12, ""  },
        {{.min = 24, .max = 31},                   24, ""  },
        {{.max = 8},                               8,  ""  },
        {{.classes = 4},                           20, "-" },
        {{.signs = 2, .allowed = "@#_"},           20, "__"},
        {{.digits = 6, .upper = 5, .lower = 4},    20, ""  },
        {{.signs = 1, .allowed = "!~", .max = 15}, 15, "~" },
    };
    static const char signs[] = "-_.~";
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int k = 0; k < 20; k++) {
            struct secret *secret = NULL;
            assert_int_equal(device_password_new(&rows[i].rule, "admin", &secret), OK);
            const char *text = secret_text(secret);
            assert_int_equal(secret_len(secret), rows[i].len);
            assert_true(count_of(text, "ABCDEFGHJKLMNPQRSTUVWXYZ") >=
                        1 + rows[i].rule.upper - (rows[i].rule.upper != 0));
            assert_true(count_of(text, "abcdefghijkmnpqrstuvwxyz") >= 1);
            assert_true(
                count_of(text, "23456789") >= (rows[i].rule.digits > 1 ? rows[i].rule.digits : 1));
            assert_int_equal(count_of(text, signs), strlen(rows[i].sign));
            if (rows[i].sign[0] != '\0') {
                assert_int_equal(count_of(text, rows[i].sign), strlen(rows[i].sign));
            }
            assert_int_equal(count_of(text, "IlO0o1@:/?#%&+ \"'\\$"), 0);
            assert_int_equal(count_of((const char[]){text[0], '\0'}, "23456789-_.~"), 0);
            assert_int_equal(count_of(text + rows[i].len - 1, signs), 0);
            secret_free(secret);
        }
    }
}

static void
test_every_maker_s_rule_has_a_source_and_a_password_that_keeps_it(void **state)
{
    (void)state;
    size_t met = 0;
    for (size_t i = 0; i < device_driver_count; i++) {
        for (size_t k = 0; k < device_drivers[i]->account_count; k++) {
            const struct device_account *account = device_drivers[i]->accounts[k];
            const struct device_password_rule *rule = &account->rule;
            struct secret *secret = NULL;
            assert_non_null(account->title);
            assert_non_null(rule->source);
            assert_true(strlen(rule->source) > 10);
            assert_int_equal(device_password_new(rule, "admin", &secret), OK);
            size_t len = secret_len(secret);
            assert_true(len >= rule->min && (rule->max == 0 || len <= rule->max));
            /* What manuals forbid: Dahua ' " ; : &, Axis none, Foscam and Hanwha all but a few. */
            assert_int_equal(count_of(secret_text(secret), "'\";:&<>\\ ,=|%+#@/?"), 0);
            secret_free(secret);
            met++;
        }
    }
    assert_true(met >= 12);
}

static void
test_makes_no_password_where_none_is_safe(void **state)
{
    (void)state;
    static const struct device_password_rule rules[] = {
        {.max = 6            },
        {.min = 4,             .max = 7},
        {.min = 20,                    .max = 12},
        {.signs = 1,.allowed = "@#"},
        {.digits = 16,           .max = 16},
        {.digits = UINT32_MAX                   },
        {.min = 200},
        {.classes = 5},
    };
    for (size_t i = 0; i < COUNT(rules); i++) {
        struct secret *secret = NULL;
        assert_int_equal(device_password_new(&rules[i], "admin", &secret), ERR_UNSUPPORTED);
        assert_null(secret);
    }
}

static void
test_makes_no_password_twice_nor_with_the_users_name(void **state)
{
    (void)state;
    const struct device_password_rule rule = {.max = 9, .without_user = true};
    struct secret *all[50];
    for (size_t i = 0; i < COUNT(all); i++) {
        assert_int_equal(device_password_new(&rule, "a", &all[i]), OK);
        assert_int_equal(count_of(secret_text(all[i]), "aA"), 0);
        for (size_t k = 0; k < i; k++) {
            assert_false(secret_equal(all[i], all[k]));
        }
    }
    for (size_t i = 0; i < COUNT(all); i++) {
        secret_free(all[i]);
    }
}

static void
test_sends_a_new_password_by_dvrip_with_the_session(void **state)
{
    (void)state;
    struct login login = {.user = "admin", .text = "0x0000001a"};
    const struct ask ask = {.method = DVRIP_METHOD, .path = DVRIP_PASSWORD, .body = "{\"A\":1}"};
    struct request request;
    struct buf frame;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    assert_int_equal(device_door_dvrip.authorize(&login, &ask, &arena, &request), OK);
    assert_string_equal(request.ask.body, "{\"SessionID\":\"0x0000001a\",\"A\":1}");
    buf_init(&frame, 4096);
    assert_int_equal(dvrip_write(&request, 1, &frame), OK);
    buf_release(&frame);
    arena_release(&arena);
}

/* A device that repeats the request in its refusal. */
static enum change_state
repeat_step(struct device_change *change, const struct answer *last, struct arena *vault,
    struct request *ret_request)
{
    const struct ask ask = {.path = "/change"};
    (void)vault;
    return last == NULL ? account_send(change, &ask, ret_request)
                        : account_refuse(change, last->body);
}

static void
assert_hides(const char *body, enum change_state state)
{
    const struct device_account repeating = {.title = "web", .step = repeat_step};
    struct secret *old = secret_new_text("Former-5512");
    struct secret *new = secret_new_text("Wq8-kLmz7Trf");
    struct device_change change = {.user = "admin", .old = old, .new = new};
    struct request request;
    const struct answer answer = {.status = 400, .headers = "", .body = body};
    assert_int_equal(device_change_step(&repeating, &change, NULL, &arena, &request), CHANGE_SEND);
    assert_int_equal(device_change_step(&repeating, &change, &answer, &arena, &request), state);
    assert_null(strstr(change.why, "kLmz7"));
    assert_null(strstr(change.why, "5512"));
    assert_string_not_equal(change.why, "");
    secret_free(old);
    secret_free(new);
}

static void
test_words_of_a_device_that_repeats_a_password_are_not_told(void **state)
{
    (void)state;
    assert_hides("Bad Request: name=admin&pwd=Wq8-kLmz7Trf", CHANGE_REFUSED);
    assert_hides("pwd=Wq8-kLmz", CHANGE_REFUSED);
    assert_hides("pwd=Wq8%2DkLmz7Trf is too short", CHANGE_TOO_WEAK);
    assert_hides("pwdOld=Former%2D5512", CHANGE_REFUSED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_each_maker_answers),
        cmocka_unit_test(test_ends_with_a_device_that_never_does),
        cmocka_unit_test(test_reads_the_devices_own_rule),
        cmocka_unit_test(test_makes_passwords_that_keep_the_rule),
        cmocka_unit_test(test_every_maker_s_rule_has_a_source_and_a_password_that_keeps_it),
        cmocka_unit_test(test_makes_no_password_where_none_is_safe),
        cmocka_unit_test(test_makes_no_password_twice_nor_with_the_users_name),
        cmocka_unit_test(test_sends_a_new_password_by_dvrip_with_the_session),
        cmocka_unit_test(test_words_of_a_device_that_repeats_a_password_are_not_told),
    };
    return secret_start() == OK ? cmocka_run_group_tests_name("change_password", tests, NULL, NULL)
                                : 1;
}
