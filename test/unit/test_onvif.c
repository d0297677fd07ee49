#include "reading.h"

extern const struct device_driver device_onvif;

#define SERVICE "/onvif/device_service"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {"answers/onvif/generic/date.xml", 200, SERVICE, "GetSystemDateAndTime", FACT_CLOCK_OFFSET,
         "-300", NULL, 0},
        {"answers/onvif/generic/date.xml", 401, SERVICE, "GetSystemDateAndTime", FACT_CLOCK_OFFSET,
         NULL, NULL, 0},
        {"answers/onvif/generic/information.xml",
         200, SERVICE, "GetDeviceInformation", FACT_DEVICE_VENDOR, "H264", NULL, 0},
        {"answers/onvif/generic/information.xml",
         200, SERVICE, "GetDeviceInformation", FACT_DEVICE_MODEL, "XM530_50X50-WG_8M", NULL, 0},
        {"answers/onvif/generic/information.xml",
         200, SERVICE, "GetDeviceInformation", FACT_DEVICE_HARDWARE, "00001", NULL, 0},
        {"answers/onvif/generic/information.xml",
         200, SERVICE, "GetDeviceInformation", FACT_LOGIN_ONVIF_OPEN, "yes", NULL, 0},
        {"answers/onvif/generic/refused.xml",
         400, SERVICE, "GetDeviceInformation", FACT_LOGIN_ONVIF_OPEN, "no", NULL, 0},
        {"answers/onvif/generic/refused.xml",
         400, SERVICE, "GetDeviceInformation", FACT_DEVICE_MODEL, NULL, NULL, 0},
        {NULL, 404, SERVICE, "GetDeviceInformation", FACT_LOGIN_ONVIF_OPEN, NULL, NULL, 0},
        {"answers/onvif/generic/interfaces.xml",
         200, SERVICE, "GetNetworkInterfaces", FACT_DEVICE_MAC, "00:12:31:01:02:03", NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_onvif, rows, COUNT(rows));
}

#define COMMON "transcript/onvif/common/"
#define GSOAP  "transcript/onvif/gsoap-onvif_srvd-1.0/"
#define MOCK   "transcript/onvif/npm-onvif-mock-0.6.2/"

static void
test_reads_servers_of_every_prefix(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {GSOAP "GetSystemDateAndTime.xml", 200, SERVICE, "GetSystemDateAndTime", FACT_CLOCK_SYNCED, "no", NULL, 0},
        {GSOAP "GetUsers.xml", 200, SERVICE, "GetUsers", FACT_USERS_LIST, "root (Administrator), guest (Anonymous)", NULL, 0},
        {GSOAP "GetUsers.xml", 200, SERVICE, "GetUsers", FACT_USERS_ANONYMOUS, "yes", NULL, 0},
        {GSOAP "GetUsers.xml", 200, SERVICE, "GetUsers", FACT_LOGIN_ONVIF_USERS, "root (Administrator), guest (Anonymous)", NULL, 0},
        {GSOAP "NotAuthorized.xml", 400, SERVICE, "GetUsers", FACT_LOGIN_ONVIF_USERS, NULL, NULL, 0},
        {GSOAP "NotAuthorized.xml", 200, SERVICE, "GetUsers", FACT_USERS_LIST, NULL, NULL, 0},
        {GSOAP "NotAuthorized.xml", 500, SERVICE, "GetDeviceInformation", FACT_LOGIN_ONVIF_OPEN, "no", NULL, 0},
        {MOCK "GetDeviceInformation.xml", 200, SERVICE, "GetDeviceInformation", FACT_LOGIN_ONVIF_OPEN, "yes", NULL, 0},
        {MOCK "GetDeviceInformation.xml", 200, SERVICE, "GetUsers", FACT_LOGIN_ONVIF_USERS, NULL, NULL, 0},
        {MOCK "GetUsers.xml", 200, SERVICE, "GetUsers", FACT_LOGIN_ONVIF_USERS, "admin (Administrator), service (Operator)", NULL, 0},
        {MOCK "GetSystemDateAndTime.xml", 200, SERVICE, "GetSystemDateAndTime", FACT_CLOCK_SYNCED, "yes", NULL, 0},
        {COMMON "GetServiceCapabilities.xml", 200, SERVICE, "GetServiceCapabilities", FACT_AUTH_MODES, "ONVIF WS-UsernameToken/HTTP digest", NULL, 0},
        {COMMON "GetServiceCapabilities.xml", 200, SERVICE, "GetServiceCapabilities", FACT_ONVIF_POLICY, "default access policy", NULL, 0},
        {COMMON "GetNTP.xml", 200, SERVICE, "GetNTP", FACT_CLOCK_NTP, "pool.ntp.org", NULL, 0},
        {COMMON "GetNetworkProtocols.xml", 200, SERVICE, "GetNetworkProtocols", FACT_TLS_ENABLED, "no", NULL, 0},
        {COMMON "GetDiscoveryMode.xml", 200, SERVICE, "GetDiscoveryMode", FACT_ONVIF_POLICY, "answers discovery", NULL, 0},
        {COMMON "GetServices.xml", 200, SERVICE, "GetNTP", FACT_CLOCK_NTP, NULL, NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_onvif, rows, COUNT(rows));
}

static void
test_asks_a_secret_of_strangers_without_credentials_only(void **state)
{
    (void)state;
    size_t free_asks = 0;
    for (size_t n = 0; device_ask(&device_onvif, n) != NULL; n++) {
        const struct ask *ask = device_ask(&device_onvif, n);
        free_asks += strstr(ask->body, "GetUsers") != NULL && !ask->login ? 1 : 0;
        assert_null(strstr(ask->body, "<Set"));
        assert_null(strstr(ask->body, "<Create"));
    }
    assert_int_equal(free_asks, 1);
}

static void
test_ignores_a_date_that_is_none(void **state)
{
    (void)state;
    struct arena arena;
    struct facts facts;
    const struct ask *ask = device_ask(&device_onvif, 0);
    const struct answer answer = answer_of(200, "",
        "<E><UTCDateTime><Time><Hour>25</Hour></Time><Date><Year>99999</Year></Date></"
        "UTCDateTime></E>");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    assert_int_equal(device_read(&device_onvif, ask, &answer, "POST x", &facts), 0);
    arena_release(&arena);
}

/* The fact that one answer to this action gives, into out; "" when it gives none. */
static const char *
read_one(const char *action, const char *body, enum fact_id fact, char out[128])
{
    struct arena arena;
    struct facts facts;
    const struct answer answer = answer_of(200, "", body);
    const char *text = NULL;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    for (size_t n = 0; device_ask(&device_onvif, n) != NULL; n++) {
        const struct ask *ask = device_ask(&device_onvif, n);
        if (strstr(ask->body, action) != NULL) {
            (void)device_read(&device_onvif, ask, &answer, "POST x", &facts);
        }
    }
    text = facts_text(&facts, fact);
    (void)snprintf(out, 128, "%s", text == NULL ? "" : text);
    arena_release(&arena);
    return out;
}

#define ROW(name, address)                                                                         \
    "<NetworkInterfaces token='" name "'><Info><Name>" name "</Name>" address                      \
    "</Info></NetworkInterfaces>"

static void
test_the_loopback_has_no_address_of_the_device(void **state)
{
    (void)state;
    char out[128];
    static const char zero[] = "<R>" ROW("lo", "<HwAddress>00:00:00:00:00:00</HwAddress>") "</R>";
    static const char both[] = "<R>" ROW("lo", "<HwAddress>00:00:00:00:00:00</HwAddress>")
        ROW("ppp0", "") ROW("eth0", "<HwAddress>00-11-22-33-44-55</HwAddress>") "</R>";
    assert_string_equal(read_one("GetNetworkInterfaces", zero, FACT_DEVICE_MAC, out), "");
    assert_string_equal(
        read_one("GetNetworkInterfaces", both, FACT_DEVICE_MAC, out), "00-11-22-33-44-55");
}

#define NTP(dhcp)                                                                                  \
    "<GetNTPResponse><NTPInformation><FromDHCP>" dhcp "</FromDHCP><NTPFromDHCP><Type>IPv4</Type>"  \
    "<IPv4Address>192.168.1.1</IPv4Address></NTPFromDHCP><NTPManual><Type>DNS</Type><DNSname>"     \
    "pool.ntp.org</DNSname></NTPManual></NTPInformation></GetNTPResponse>"

static void
test_names_the_time_server_that_is_in_use(void **state)
{
    (void)state;
    char out[128];
    static const char idle[] = "<NTPInformation><FromDHCP>true</FromDHCP><NTPManual><DNSname>"
                               "pool.ntp.org</DNSname></NTPManual></NTPInformation>";
    assert_string_equal(read_one("GetNTP", NTP("true"), FACT_CLOCK_NTP, out), "192.168.1.1");
    assert_string_equal(read_one("GetNTP", NTP("false"), FACT_CLOCK_NTP, out), "pool.ntp.org");
    assert_string_equal(read_one("GetNTP", NTP(""), FACT_CLOCK_NTP, out), "pool.ntp.org");
    assert_string_equal(read_one("GetNTP", idle, FACT_CLOCK_NTP, out), "");
}

#define CLOCK(kind, year)                                                                          \
    "<R><" kind                                                                                    \
    "><Time><Hour>20</Hour><Minute>10</Minute><Second>0</Second></Time><Date><Year>" year          \
    "</Year><Month>11</Month><Day>22</Day></Date></" kind "></R>"

static void
test_a_local_time_is_wrong_only_beyond_every_zone(void **state)
{
    (void)state;
    char out[128];
    assert_string_equal(
        read_one("GetSystemDate", CLOCK("UTCDateTime", "2026"), FACT_CLOCK_OFFSET, out), "-300");
    assert_string_equal(
        read_one("GetSystemDate", CLOCK("LocalDateTime", "2026"), FACT_CLOCK_OFFSET, out), "");
    assert_string_equal(
        read_one("GetSystemDate", CLOCK("LocalDateTime", "2025"), FACT_CLOCK_OFFSET, out),
        "-31536300");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_reads_servers_of_every_prefix),
        cmocka_unit_test(test_asks_a_secret_of_strangers_without_credentials_only),
        cmocka_unit_test(test_ignores_a_date_that_is_none),
        cmocka_unit_test(test_the_loopback_has_no_address_of_the_device),
        cmocka_unit_test(test_names_the_time_server_that_is_in_use),
        cmocka_unit_test(test_a_local_time_is_wrong_only_beyond_every_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
