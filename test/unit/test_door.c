#include "device/door.h"

#include "codec/dvrip.h"
#include "codec/soap.h"

#include "test.h"

#include "answer.h"

static struct arena arena;
static struct secret *password;
static const struct ask ask = {.path = "/ISAPI/System/deviceInfo", .login = true};
static const struct ask soap = {
    .path = SOAP_DEVICE_SERVICE, .body = SOAP_GET_DEVICE_INFORMATION, .type = SOAP_TYPE};

#define CHALLENGE "WWW-Authenticate: Digest realm=\"cam\", nonce=\"n1\", qop=\"auth\"\r\n"
#define STALE     "WWW-Authenticate: Digest realm=\"cam\", nonce=\"n2\", qop=\"auth\", stale=true\r\n"
#define FAULT                                                                                      \
    "<s:Envelope><s:Body><s:Fault><s:Code><s:Value>ter:NotAuthorized</s:Value></s:Code></s:Fault>" \
    "</s:Body></s:Envelope>"
#define RESULT "<s:Envelope><s:Body><tds:GetDeviceInformationResponse/></s:Body></s:Envelope>"

struct row {
    const char *title;
    struct answer answers[5]; /* to step 0, 1, 2, …; status 0 ends */
    enum login_state state;
    unsigned spent;
};

/* Plays the answers; the last state, and how many requests carried a password. */
static enum login_state
play(const struct device_door *door, const struct ask *what, const struct row *row,
    unsigned *ret_spent)
{
    struct login login = {.user = "admin", .password = password};
    const struct answer *last = NULL;
    *ret_spent = 0;
    for (size_t i = 0;; i++) {
        struct request request;
        enum login_state state = device_login_step(door, &login, what, last, &arena, &request);
        if (state != LOGIN_SEND) {
            return state;
        }
        assert_true(i < COUNT(row->answers));
        assert_true(i != 0 || !request.spends);
        *ret_spent += request.spends ? 1 : 0;
        last = &row->answers[i];
    }
}

static void
check_rows(
    const struct device_door *door, const struct ask *what, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned spent = 0;
        enum login_state state = play(door, what, &rows[i], &spent);
        if (state != rows[i].state || spent != rows[i].spent) {
            print_error("%s: state %d, spent %u\n", rows[i].title, (int)state, spent);
        }
        assert_int_equal(state, rows[i].state);
        assert_int_equal(spent, rows[i].spent);
    }
}

static void
test_http_door_takes_every_way(void **state)
{
    (void)state;
    char long_realm[10200] = "WWW-Authenticate: Digest nonce=\"n\", realm=\"";
    size_t start = strlen(long_realm);
    memset(long_realm + start, 'r', 10000);
    memcpy(long_realm + start + 10000, "\"\r\n", 4);
    const struct answer asked = answer_of(401, CHALLENGE, "");
    /* clang-format off */
    const struct row rows[] = {
        {"opens", {asked, answer_of(200, "", "<DeviceInfo/>")}, LOGIN_OPEN, 1},
        {"refused", {asked, answer_of(401, CHALLENGE, "")}, LOGIN_REFUSED, 1},
        {"open to anyone", {answer_of(200, "", "<DeviceInfo/>")}, LOGIN_UNCLEAR, 0},
        {"no challenge", {answer_of(401, "", "")}, LOGIN_UNCLEAR, 0},
        {"forbidden first", {answer_of(403, "", "")}, LOGIN_UNCLEAR, 0},
        {"long realm", {answer_of(401, long_realm, "")}, LOGIN_UNCLEAR, 0},
        {"garbage", {answer_of(401, "WWW-Authenticate: \"\"==,,\r\n", "")}, LOGIN_UNCLEAR, 0},
        {"page says 200", {asked, answer_of(200, "", "<html>Please log in</html>")}, LOGIN_UNCLEAR,
         1},
        {"forbidden after", {asked, answer_of(403, "", "")}, LOGIN_LOCKED, 1},
        {"server breaks", {asked, answer_of(500, "", "")}, LOGIN_UNCLEAR, 1},
        {"time-out", {{.err = ERR_TIMEOUT}}, LOGIN_UNCLEAR, 0},
        {"time-out after", {asked, {.err = ERR_TIMEOUT}}, LOGIN_UNCLEAR, 1},
        {"locked before",
         {answer_of(401, CHALLENGE,
              "<userCheck><lockStatus>lock</lockStatus><unlockTime>1700</unlockTime></userCheck>")},
         LOGIN_LOCKED, 0},
        {"two tries left",
         {answer_of(401, CHALLENGE,
              "<userCheck><lockStatus>unlock</lockStatus><retryLoginTime>2</retryLoginTime></"
              "userCheck>")},
         LOGIN_LOCKED, 0},
        {"tries left",
         {answer_of(401, CHALLENGE,
              "<userCheck><lockStatus>unlock</lockStatus><retryLoginTime>6</retryLoginTime></"
              "userCheck>"),
          answer_of(200, "", "<DeviceInfo/>")},
         LOGIN_OPEN, 1},
        {"locked after", {asked, answer_of(401, CHALLENGE, "Error: account is locked.")},
         LOGIN_LOCKED, 1},
        {"too many", {asked, answer_of(429, "", "")}, LOGIN_LOCKED, 1},
        {"stale, then open", {asked, answer_of(401, STALE, ""), answer_of(200, "", "k=v")},
         LOGIN_OPEN, 2},
        {"stale twice", {asked, answer_of(401, STALE, ""), answer_of(401, STALE, "")},
         LOGIN_REFUSED, 2},
    };
    /* clang-format on */
    check_rows(&device_door_http, &ask, rows, COUNT(rows));
}

static void
test_onvif_door_takes_every_way(void **state)
{
    (void)state;
    const struct answer asked = answer_of(400, "", FAULT);
    /* clang-format off */
    const struct row rows[] = {
        {"opens", {asked, answer_of(200, "", RESULT)}, LOGIN_OPEN, 1},
        {"refused", {asked, answer_of(400, "", FAULT)}, LOGIN_REFUSED, 1},
        {"bare 401", {answer_of(401, "", ""), answer_of(200, "", RESULT)}, LOGIN_OPEN, 1},
        {"HTTP digest", {answer_of(401, CHALLENGE, ""), answer_of(200, "", RESULT)}, LOGIN_OPEN, 1},
        {"digest refused", {answer_of(401, CHALLENGE, ""), answer_of(401, CHALLENGE, "")},
         LOGIN_REFUSED, 1},
        {"open to anyone", {answer_of(200, "", RESULT)}, LOGIN_UNCLEAR, 0},
        {"not ONVIF", {answer_of(404, "", "<html>")}, LOGIN_UNCLEAR, 0},
        {"fault with 200", {asked, answer_of(200, "", FAULT)}, LOGIN_REFUSED, 1},
        {"locked", {asked, answer_of(400, "", "ter:AccountLocked user locked")}, LOGIN_LOCKED, 1},
        {"garbage", {asked, answer_of(200, "", "\x01\x02")}, LOGIN_UNCLEAR, 1},
        {"time-out", {{.err = ERR_TIMEOUT}}, LOGIN_UNCLEAR, 0},
    };
    /* clang-format on */
    check_rows(&device_door_onvif, &soap, rows, COUNT(rows));
}

#define OFFER                                                                                      \
    "<SessionLoginCap><sessionID>abc</sessionID><challenge>c1</challenge>"                         \
    "<iterations>100</iterations><isIrreversible>true</isIrreversible><salt>s1</salt>"             \
    "</SessionLoginCap>"
#define ISAPI_HASH   "57d00042a3ccab5a6116a3d5e428bf5c2cd5df2e5a6aa7caa0dcef0370e6e4f4"
#define SESSION_OK   "<SessionLogin><statusValue>200</statusValue></SessionLogin>"
#define SESSION_FAIL "<SessionLogin><statusValue>401</statusValue></SessionLogin>"

static void
test_isapi_door_takes_every_way(void **state)
{
    (void)state;
    const struct answer digest = answer_of(401, CHALLENGE, "");
    const struct answer bare = answer_of(401, "", "<userCheck/>");
    const struct answer offer = answer_of(200, "", OFFER);
    const struct answer info = answer_of(200, "", "<DeviceInfo/>");
    /* clang-format off */
    const struct row rows[] = {
        {"digest opens", {digest, info}, LOGIN_OPEN, 1},
        {"digest refused", {digest, digest}, LOGIN_REFUSED, 1},
        {"session opens", {bare, offer, answer_of(200, "Set-Cookie: WebSession_1=ab; Path=/\r\n", SESSION_OK), info}, LOGIN_OPEN, 1},
        {"session refused", {bare, offer, answer_of(401, "", SESSION_FAIL)}, LOGIN_REFUSED, 1},
        {"session refused with 200", {bare, offer, answer_of(200, "", SESSION_FAIL)}, LOGIN_REFUSED, 1},
        {"page instead of a session", {bare, offer, answer_of(200, "", "<html>hello</html>")}, LOGIN_UNCLEAR, 1},
        {"locked at the offer", {bare, answer_of(401, "", "<lockStatus>lock</lockStatus>")}, LOGIN_LOCKED, 0},
        {"locked at the password", {bare, offer, answer_of(401, "", "<lockStatus>lock</lockStatus>")}, LOGIN_LOCKED, 1},
        {"no offer", {bare, answer_of(404, "", "")}, LOGIN_UNCLEAR, 0},
        {"an offer that never ends", {bare, answer_of(200, "", "<c><sessionID>a</sessionID><challenge>c</challenge><iterations>99999999</iterations></c>")}, LOGIN_UNCLEAR, 0},
        {"an offer without a challenge", {bare, answer_of(200, "", "<c><sessionID>a</sessionID><iterations>1</iterations></c>")}, LOGIN_UNCLEAR, 0},
        {"session closed again", {bare, offer, answer_of(200, "", SESSION_OK), answer_of(401, "", "")}, LOGIN_UNCLEAR, 1},
        {"open to anyone", {info}, LOGIN_UNCLEAR, 0},
        {"time-out", {{.err = ERR_TIMEOUT}}, LOGIN_UNCLEAR, 0},
    };
    /* clang-format on */
    check_rows(&device_door_isapi, &ask, rows, COUNT(rows));
}

/* Computed with Python's hashlib: sha256 of "admins1" + the password, of that + "c1", then 98
 * times. */
static void
test_isapi_digest_dresses_a_change_but_has_no_session_to_end(void **state)
{
    (void)state;
    struct request request;
    struct login login = {.user = "admin", .password = password};
    const struct ask read = {.path = "/ISAPI/System/deviceInfo", .login = true};
    const struct ask change = {
        .method = "PUT", .path = "/ISAPI/System/Network/EZVIZ", .body = "<EZVIZ/>", .login = true};
    const struct ask leave = {.method = "PUT", .path = "/ISAPI/Security/sessionLogout"};
    struct answer asks = answer_of(
        401, "WWW-Authenticate: Digest realm=\"IP Camera(1)\", qop=\"auth\", nonce=\"n1\"\r\n", "");
    assert_int_equal(
        device_login_step(&device_door_isapi, &login, &read, NULL, &arena, &request), LOGIN_SEND);
    assert_int_equal(
        device_login_step(&device_door_isapi, &login, &read, &asks, &arena, &request), LOGIN_SEND);
    assert_int_equal(device_door_isapi.authorize(&login, &change, &arena, &request), OK);
    assert_string_equal(request.ask.method, "PUT");
    assert_non_null(strstr(request.authorization, "uri=\"/ISAPI/System/Network/EZVIZ\""));
    assert_int_equal(
        device_door_isapi.authorize(&login, &leave, &arena, &request), ERR_UNSUPPORTED);
}

static void
test_isapi_session_sends_the_iterated_hash_and_then_its_cookie(void **state)
{
    (void)state;
    const struct answer answers[] = {
        answer_of(401, "", "<userCheck/>"),
        answer_of(200, "", OFFER),
        answer_of(200, "Set-Cookie: WebSession_1=ab; Path=/\r\n", SESSION_OK),
    };
    struct login login = {.user = "admin", .password = password};
    struct request request;
    const struct answer *last = NULL;
    for (size_t i = 0; i <= COUNT(answers); i++) {
        assert_int_equal(
            device_login_step(&device_door_isapi, &login, &ask, last, &arena, &request),
            LOGIN_SEND);
        last = &answers[i < COUNT(answers) ? i : 0];
        if (i == 2) {
            assert_non_null(strstr(request.ask.body, ISAPI_HASH));
            assert_null(strstr(request.ask.body, secret_text(password)));
        }
    }
    assert_string_equal(request.cookie, "WebSession_1=ab");
    assert_string_equal(request.ask.path, ask.path);
}

#define RPC2_OFFER                                                                                 \
    "{\"error\":{\"code\":268632079},\"id\":1,\"params\":{\"encryption\":\"Default\",\"random\":"  \
    "\"123\",\"realm\":\"Login to SN1\"},\"result\":false,\"session\":\"ab1\"}"
#define RPC2_OPEN                                                                                  \
    "{\"id\":2,\"params\":{\"keepAliveInterval\":60},\"result\":true,\"session\":\"ab1\"}"
#define RPC2_WRONG                                                                                 \
    "{\"error\":{\"code\":268632085},\"params\":{\"remainLoginTimes\":4},\"result\":false}"
#define RPC2_LOCKED                                                                                \
    "{\"error\":{\"code\":268632081},\"params\":{\"remainLockSecond\":9},\"result\":false}"
/* Computed with Python's hashlib as the web page does: MD5(user:random:MD5(user:realm:password)).
 */
#define RPC2_HASH "25589F40D8CC41A5D5994CC4D126E021"

static void
test_rpc2_door_takes_every_way(void **state)
{
    (void)state;
    const struct answer digest = answer_of(401, CHALLENGE, "");
    const struct answer absent = answer_of(404, "", "");
    const struct answer offer = answer_of(200, "", RPC2_OFFER);
    const struct answer opened = answer_of(200, "", RPC2_OPEN);
    const struct answer read = answer_of(200, "", "{\"params\":{},\"result\":true}");
    /* clang-format off */
    const struct row rows[] = {
        {"digest opens", {digest, answer_of(200, "", "version=1\r\n")}, LOGIN_OPEN, 1},
        {"digest refused", {digest, digest}, LOGIN_REFUSED, 1},
        {"digest asked for on a page", {answer_of(401, CHALLENGE, "<html>"), answer_of(200, "", "version=1\r\n")}, LOGIN_OPEN, 1},
        {"challenge opens", {absent, offer, opened, read}, LOGIN_OPEN, 1},
        {"challenge behind a page", {answer_of(200, "", "<html>"), offer, opened, read}, LOGIN_OPEN, 1},
        {"challenge refused", {absent, offer, answer_of(200, "", RPC2_WRONG)}, LOGIN_REFUSED, 1},
        {"two tries left", {absent, offer, answer_of(200, "", "{\"error\":{\"code\":268632085},\"params\":{\"remainLoginTimes\":2},\"result\":false}")}, LOGIN_LOCKED, 1},
        {"locked before", {absent, answer_of(200, "", RPC2_LOCKED)}, LOGIN_LOCKED, 0},
        {"locked after", {absent, offer, answer_of(200, "", RPC2_LOCKED)}, LOGIN_LOCKED, 1},
        {"another hash", {absent, answer_of(200, "", "{\"params\":{\"encryption\":\"Basic\",\"random\":\"1\",\"realm\":\"r\"},\"session\":1}")}, LOGIN_UNCLEAR, 0},
        {"no challenge", {absent, absent}, LOGIN_UNCLEAR, 0},
        {"a page for a session", {absent, offer, answer_of(200, "", "<html>")}, LOGIN_UNCLEAR, 1},
        {"forbidden first", {answer_of(403, "", "")}, LOGIN_UNCLEAR, 0},
        {"time-out", {{.err = ERR_TIMEOUT}}, LOGIN_UNCLEAR, 0},
    };
    /* clang-format on */
    const struct ask cgi = {
        .path = "/cgi-bin/magicBox.cgi?action=getSoftwareVersion", .login = true};
    check_rows(&device_door_rpc2, &cgi, rows, COUNT(rows));
}

static void
test_rpc2_sends_the_hash_and_puts_asks_into_its_words(void **state)
{
    (void)state;
    const struct answer answers[] = {
        answer_of(404, "", ""), answer_of(200, "", RPC2_OFFER), answer_of(200, "", RPC2_OPEN)};
    const struct ask version = {.path = "/cgi-bin/magicBox.cgi?action=getSoftwareVersion"};
    const struct ask config = {
        .path = "/cgi-bin/configManager.cgi?action=getConfig&name=T2UServer"};
    const struct ask leave = {.path = "/RPC2", .body = "{}"};
    const struct ask page = {.path = "/index.html"};
    struct login login = {.user = "admin", .password = password};
    struct request request;
    const struct answer *last = NULL;
    for (size_t i = 0; i <= COUNT(answers); i++) {
        assert_int_equal(
            device_login_step(&device_door_rpc2, &login, &version, last, &arena, &request),
            LOGIN_SEND);
        last = &answers[i < COUNT(answers) ? i : 0];
        if (i == 2) {
            assert_non_null(strstr(request.ask.body, RPC2_HASH));
            assert_null(strstr(request.ask.body, secret_text(password)));
        }
    }
    assert_string_equal(request.ask.path, "/RPC2");
    assert_non_null(strstr(request.ask.body, "\"magicBox.getSoftwareVersion\""));
    assert_int_equal(device_door_rpc2.authorize(&login, &config, &arena, &request), OK);
    assert_non_null(strstr(
        request.ask.body, "\"configManager.getConfig\",\"params\":{\"name\":\"T2UServer\"}"));
    assert_int_equal(device_door_rpc2.authorize(&login, &leave, &arena, &request), OK);
    assert_non_null(strstr(request.ask.body, "global.logout"));
    assert_int_equal(device_door_rpc2.authorize(&login, &page, &arena, &request), ERR_UNSUPPORTED);
}

/* Computed with Python's hashlib: MD5("admin:Login to SN1:" and the password), in upper case. */
#define STORED_OLD "3EAF60CBB095FABA292DA4A01BD4E3F5"
#define STORED_NEW "8F39A0A60D490CB7595D55B4CC522982"

static void
test_rpc2_sends_a_new_password_as_the_device_keeps_it(void **state)
{
    (void)state;
    const struct answer answers[] = {
        answer_of(404, "", ""), answer_of(200, "", RPC2_OFFER), answer_of(200, "", RPC2_OPEN)};
    const struct ask version = {.path = "/cgi-bin/magicBox.cgi?action=getSoftwareVersion"};
    const struct ask change = {.path = "/cgi-bin/userManager.cgi?action=modifyPassword&name=admin"
                                       "&pwd=new%20%26+one&pwdOld=old%3D1"};
    const struct ask half = {.path = "/cgi-bin/userManager.cgi?action=modifyPassword&name=admin"
                                     "&pwd=new"};
    struct login login = {.user = "admin", .password = password};
    struct request request;
    const struct answer *last = NULL;
    for (size_t i = 0; i <= COUNT(answers); i++) {
        assert_int_equal(
            device_login_step(&device_door_rpc2, &login, &version, last, &arena, &request),
            LOGIN_SEND);
        last = &answers[i < COUNT(answers) ? i : 0];
    }
    assert_int_equal(device_door_rpc2.authorize(&login, &change, &arena, &request), OK);
    assert_string_equal(request.ask.path, "/RPC2");
    assert_non_null(strstr(request.ask.body,
        "\"userManager.modifyPassword\",\"params\":{\"name\":\"admin\",\"pwd\":\"" STORED_NEW
        "\",\"pwdOld\":\"" STORED_OLD "\"}"));
    assert_null(strstr(request.ask.body, "one"));
    assert_int_equal(device_door_rpc2.authorize(&login, &half, &arena, &request), ERR_UNSUPPORTED);
}

#define DVRIP_SESSION "{\"Ret\":100,\"SessionID\":\"0x0000001a\"}"

/* One message with the password, no challenge before it: the first request spends. */
static void
test_dvrip_door_takes_every_way(void **state)
{
    (void)state;
    const struct ask system = {.method = DVRIP_METHOD, .path = DVRIP_SYSTEM, .port = DVRIP_PORT};
    static const struct {
        const char *title;
        int status;
        const char *body;
        enum login_state state;
    } rows[] = {
        {"opens",                  200, DVRIP_SESSION,                           LOGIN_SEND   },
        {"wrong",                  401, "{\"Ret\":203}",                         LOGIN_REFUSED},
        {"wrong name or password", 401, "{\"Ret\":106}",                         LOGIN_REFUSED},
        {"locked",                 401, "{\"Ret\":205}",                         LOGIN_LOCKED },
        {"strange code",           400, "{\"Ret\":102}",                         LOGIN_UNCLEAR},
        {"no session",             200, "{\"Ret\":100}",                         LOGIN_UNCLEAR},
        {"a session that is none", 200, "{\"Ret\":100,\"SessionID\":\"\\\"}\"}", LOGIN_UNCLEAR},
        {"garbage",                400, "\x01",                                  LOGIN_UNCLEAR},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct login login = {.user = "admin", .password = password};
        struct request request;
        const struct answer answer = answer_of(rows[i].status, "", rows[i].body);
        assert_int_equal(
            device_login_step(&device_door_dvrip, &login, &system, NULL, &arena, &request),
            LOGIN_SEND);
        assert_true(request.spends);
        assert_null(strstr(request.ask.body, secret_text(password)));
        enum login_state state_now =
            device_login_step(&device_door_dvrip, &login, &system, &answer, &arena, &request);
        if (state_now != rows[i].state) {
            print_error("%s: state %d\n", rows[i].title, (int)state_now);
        }
        assert_int_equal(state_now, rows[i].state);
        assert_false(request.spends);
    }
}

static void
test_dvrip_session_goes_with_every_ask(void **state)
{
    (void)state;
    const struct ask system = {.method = DVRIP_METHOD, .path = DVRIP_SYSTEM, .port = DVRIP_PORT};
    const struct ask nat = {.method = DVRIP_METHOD, .path = DVRIP_CONFIG "NetWork.Nat"};
    const struct ask page = {.path = "/"};
    const struct answer opened = answer_of(200, "", DVRIP_SESSION);
    const struct answer read = answer_of(200, "", "{\"Ret\":100,\"SystemInfo\":{}}");
    struct login login = {.user = "admin", .password = password};
    struct request request;
    assert_int_equal(
        device_login_step(&device_door_dvrip, &login, &system, NULL, &arena, &request), LOGIN_SEND);
    assert_int_equal(
        device_login_step(&device_door_dvrip, &login, &system, &opened, &arena, &request),
        LOGIN_SEND);
    assert_string_equal(request.authorization, "0x0000001a");
    assert_int_equal(
        device_login_step(&device_door_dvrip, &login, &system, &read, &arena, &request),
        LOGIN_OPEN);
    assert_int_equal(device_door_dvrip.authorize(&login, &nat, &arena, &request), OK);
    assert_string_equal(
        request.ask.body, "{\"Name\":\"NetWork.Nat\",\"SessionID\":\"0x0000001a\"}");
    assert_int_equal(device_door_dvrip.authorize(&login, &page, &arena, &request), ERR_UNSUPPORTED);
}

static void
test_rtsp_digest_signs_the_whole_address(void **state)
{
    (void)state;
    const struct ask stream = {.method = "DESCRIBE", .path = "/Streaming/Channels/101"};
    const struct answer asked = answer_of(401, CHALLENGE, "");
    struct login login = {.user = "admin", .password = password, .base = "rtsp://10.0.0.7:554"};
    struct request request;
    assert_int_equal(
        device_login_step(&device_door_rtsp, &login, &stream, NULL, &arena, &request), LOGIN_SEND);
    assert_int_equal(
        device_login_step(&device_door_rtsp, &login, &stream, &asked, &arena, &request),
        LOGIN_SEND);
    assert_non_null(
        strstr(request.authorization, "uri=\"rtsp://10.0.0.7:554/Streaming/Channels/101\""));
    assert_string_equal(request.ask.path, "/Streaming/Channels/101");
}

static void
test_counts_the_nonce_for_every_authorized_ask(void **state)
{
    (void)state;
    const struct answer asked = answer_of(401, CHALLENGE, "");
    struct login login = {.user = "admin", .password = password};
    struct request request;
    assert_int_equal(
        device_login_step(&device_door_http, &login, &ask, NULL, &arena, &request), LOGIN_SEND);
    assert_int_equal(
        device_login_step(&device_door_http, &login, &ask, &asked, &arena, &request), LOGIN_SEND);
    assert_non_null(strstr(request.authorization, "nc=00000001"));
    assert_int_equal(device_door_http.authorize(&login, &ask, &arena, &request), OK);
    assert_non_null(strstr(request.authorization, "nc=00000002"));
    assert_false(request.spends);
}

static void
test_never_sends_the_password_in_the_clear_by_digest(void **state)
{
    (void)state;
    const struct answer asked = answer_of(401, CHALLENGE, "");
    struct login login = {.user = "admin", .password = password};
    struct request request;
    assert_int_equal(
        device_login_step(&device_door_http, &login, &ask, NULL, &arena, &request), LOGIN_SEND);
    assert_int_equal(
        device_login_step(&device_door_http, &login, &ask, &asked, &arena, &request), LOGIN_SEND);
    assert_null(strstr(request.authorization, secret_text(password)));
}

static enum login_state
never_ends(struct login *login, const struct ask *what, const struct answer *last,
    struct arena *memory, struct request *ret_request)
{
    (void)login;
    (void)last;
    (void)memory;
    *ret_request = (struct request){.ask = *what};
    return LOGIN_SEND;
}

static void
test_ends_a_door_that_never_ends(void **state)
{
    (void)state;
    const struct device_door door = {.title = "x", .step = never_ends};
    const struct answer answer = answer_of(200, "", "");
    struct login login = {.user = "admin", .password = password};
    struct request request;
    enum login_state now = device_login_step(&door, &login, &ask, NULL, &arena, &request);
    for (size_t i = 0; i < 20 && now == LOGIN_SEND; i++) {
        now = device_login_step(&door, &login, &ask, &answer, &arena, &request);
    }
    assert_int_equal(now, LOGIN_UNCLEAR);
}

static void
test_tells_locked_from_unlocked(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool locked;
    } rows[] = {
        {"{\"error_code\":-40404}",                                  true },
        {"Login has been locked, please try again later!",           true },
        {"Temporary Suspension: Try again in 1800 seconds",          true },
        {"<lockStatus>unlock</lockStatus>",                          false},
        {"account unlocked",                                         false},
        {"blockedList=1",                                            false},
        {"",                                                         false},
        {"<retryLoginTime>99999999999999999999999</retryLoginTime>", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct answer answer = answer_of(401, "", rows[i].body);
        assert_int_equal(door_is_locked(&answer), rows[i].locked);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_door_takes_every_way),
        cmocka_unit_test(test_onvif_door_takes_every_way),
        cmocka_unit_test(test_isapi_door_takes_every_way),
        cmocka_unit_test(test_isapi_digest_dresses_a_change_but_has_no_session_to_end),
        cmocka_unit_test(test_isapi_session_sends_the_iterated_hash_and_then_its_cookie),
        cmocka_unit_test(test_rpc2_door_takes_every_way),
        cmocka_unit_test(test_rpc2_sends_the_hash_and_puts_asks_into_its_words),
        cmocka_unit_test(test_rpc2_sends_a_new_password_as_the_device_keeps_it),
        cmocka_unit_test(test_dvrip_door_takes_every_way),
        cmocka_unit_test(test_dvrip_session_goes_with_every_ask),
        cmocka_unit_test(test_rtsp_digest_signs_the_whole_address),
        cmocka_unit_test(test_counts_the_nonce_for_every_authorized_ask),
        cmocka_unit_test(test_never_sends_the_password_in_the_clear_by_digest),
        cmocka_unit_test(test_ends_a_door_that_never_ends),
        cmocka_unit_test(test_tells_locked_from_unlocked),
    };
    if (secret_start() != OK) {
        return 1;
    }
    password = secret_new_text("secret12345");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    secret_free(password);
    return failed;
}
