/* The lab's own readers of outside bytes, its log-ins, and the transcripts that it plays. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "lab/auth.h"
#include "lab/discovery.h"
#include "lab/http.h"
#include "lab/mdns.h"
#include "lab/onvif.h"
#include "lab/template.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#define OUT_LIMIT ((size_t)65536)

static char user[] = "admin";
static char password[] = "12345";
static char realm[] = "Login to @serial@";
static char mac[] = "3c:ef:8c:44:31:01";
static char serial[] = "SN-1";
static char name[] = "gate";
static char address[] = "10.20.0.11";
static struct site_account account = {.user = user, .password = password};
static struct site_auth digest = {.scheme = SITE_SCHEME_DIGEST, .realm = realm, .qop = true};
static struct site_lockout lockout = {.tries = 2, .seconds = 60};

static int64_t now;

static int64_t
fake_clock(void)
{
    return now;
}

static const struct clock_source fake = {fake_clock, fake_clock};

static struct site_transcript record;
static struct site_device row;

static void
make_device(struct device *device)
{
    record = (struct site_transcript){
        .accounts = &account, .accounts_count = 1, .mac = mac, .serial = serial};
    row = (struct site_device){.name = name, .ip = address, .record = &record};
    now = 1000000;
    clock_replace(&fake);
    assert_int_equal(device_init(device, &row), OK);
}

static void
test_reads_a_request_piece_by_piece(void **state)
{
    (void)state;
    static const char text[] = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyzGET";
    struct http_request request;
    for (size_t len = 0; len < sizeof text - 4; len++) {
        struct arena arena;
        arena_init(&arena, OUT_LIMIT);
        assert_int_equal(http_parse(text, len, &arena, &request), HTTP_PART);
        arena_release(&arena);
    }
    struct arena arena;
    arena_init(&arena, OUT_LIMIT);
    assert_int_equal(http_parse(text, sizeof text - 1, &arena, &request), HTTP_WHOLE);
    assert_string_equal(request.path, "/a");
    assert_string_equal(request.query, "b=c");
    assert_string_equal(request.body, "xyz");
    assert_int_equal(request.size, sizeof text - 4);
    assert_string_equal(http_header(&request, "host"), "x");
    arena_release(&arena);
}

static void
test_refuses_false_content_length(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 3x\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct arena arena;
        struct http_request request;
        arena_init(&arena, OUT_LIMIT);
        assert_int_equal(http_parse(texts[i], strlen(texts[i]), &arena, &request), HTTP_BAD);
        arena_release(&arena);
    }
}

static void
test_finds_parameters_of_an_authorization_header(void **state)
{
    (void)state;
    char out[16];
    static const char header[] = "username=\"a, b\", nc=00000001,qop=auth, junk, uri=\"/x\"";
    assert_true(auth_parameter(header, "username", out, sizeof out));
    assert_string_equal(out, "a, b");
    assert_true(auth_parameter(header, "qop", out, sizeof out));
    assert_string_equal(out, "auth");
    assert_true(auth_parameter(header, "uri", out, sizeof out));
    assert_string_equal(out, "/x");
    assert_false(auth_parameter(header, "name", out, sizeof out));
    assert_false(auth_parameter("uri=\"never closed", "uri", out, 4));
}

static enum auth_verdict
try_digest(struct device *device, const char *response)
{
    char header[512];
    snprintf(header, sizeof header,
        "Digest username=\"admin\", realm=\"Login to SN-1\", nonce=\"%s\", uri=\"/x\", "
        "response=\"%s\"",
        device->nonce, response);
    return auth_header(device, &digest, DEVICE_WAY_HTTP, "GET", header);
}

static void
test_digest_opens_only_with_the_right_response(void **state)
{
    (void)state;
    struct device device;
    make_device(&device);
    memcpy(device.nonce, "nonce", 6);
    /* md5("admin:Login to SN-1:12345"):nonce:md5("GET:/x"), computed with OpenSSL */
    assert_int_equal(try_digest(&device, "cabdabc5cda611d2559f59c256f9a72d"), AUTH_RIGHT);
    assert_int_equal(try_digest(&device, "00000000000000000000000000000000"), AUTH_WRONG);
    assert_int_equal(device.stats.credentials_right, 1);
    assert_int_equal(device.stats.credentials_wrong, 1);
    assert_int_equal(
        auth_header(&device, &digest, DEVICE_WAY_HTTP, "GET", "Digest nonce=\"old\""), AUTH_STALE);
    assert_int_equal(auth_header(&device, &digest, DEVICE_WAY_HTTP, "GET", NULL), AUTH_ABSENT);
    assert_int_equal(device.stats.credentials_wrong, 1);
}

static void
test_locks_over_all_protocols_and_opens_again_in_time(void **state)
{
    (void)state;
    struct device device;
    static const char wrong[] = "{\"userName\":\"admin\",\"password\":\"x\"}";
    static const char right[] =
        "[{\"param\":{\"User\":{\"userName\":\"admin\",\"password\":\"12345\"}}}]";
    const struct auth_token token = {.user = user, .password = "x"};
    make_device(&device);
    record.lockout = &lockout;
    assert_int_equal(auth_body(&device, SITE_LOGIN_JSON, wrong, strlen(wrong)), AUTH_WRONG);
    assert_int_equal(auth_username_token(&device, &token), AUTH_LOCKED);
    assert_int_equal(auth_body(&device, SITE_LOGIN_JSON, right, strlen(right)), AUTH_LOCKED);
    assert_int_equal(device.stats.lockouts, 1);
    now += 61000;
    assert_int_equal(auth_body(&device, SITE_LOGIN_JSON, right, strlen(right)), AUTH_RIGHT);
}

static void
test_username_token_needs_the_clock_of_the_device(void **state)
{
    (void)state;
    struct device device;
    /* base64(sha1("0123456789abcdef" "2026-01-01T00:00:00Z" "12345")), computed with OpenSSL */
    const struct auth_token token = {
        .user = user,
        .password = "eOuWxsw9PXwIhsEDxY2tjmZjAws=",
        .is_digest = true,
        .nonce = "MDEyMzQ1Njc4OWFiY2RlZg==",
        .created = "2026-01-01T00:00:00Z",
    };
    make_device(&device);
    assert_int_equal(clock_parse("2026-01-01T00:01:00Z", &now), OK);
    assert_int_equal(auth_username_token(&device, &token), AUTH_RIGHT);
    record.clock_offset = -10800;
    assert_int_equal(auth_username_token(&device, &token), AUTH_WRONG);
}

static void
test_form_and_blue_iris_log_ins(void **state)
{
    (void)state;
    struct device device;
    static const char form[] = "action=login&username=admin&password=1234%35";
    static const char empty[] = "{\"cmd\":\"login\"}";
    static const char hashed[] =
        "{\"cmd\":\"login\",\"session\":\"s\",\"response\":\"3a55aaa434be3c8ac94febc2c4923a54\"}";
    make_device(&device);
    assert_int_equal(auth_body(&device, SITE_LOGIN_FORM, form, strlen(form)), AUTH_RIGHT);
    assert_int_equal(auth_body(&device, SITE_LOGIN_BLUEIRIS, empty, strlen(empty)), AUTH_ABSENT);
    assert_int_equal(auth_body(&device, SITE_LOGIN_BLUEIRIS, hashed, strlen(hashed)), AUTH_RIGHT);
}

static void
test_replaces_known_words_and_leaves_the_rest(void **state)
{
    (void)state;
    struct device device;
    struct buf out;
    make_device(&device);
    const struct template_scope scope = {.device = &device};
    static const char text[] = "@ip@ @serial@ @mac-plain@ a@b.c @unknown@ @";
    buf_init(&out, OUT_LIMIT);
    template_add(&out, &scope, text, strlen(text));
    assert_string_equal(out.data, "10.20.0.11 SN-1 3CEF8C443101 a@b.c @unknown@ @");
    buf_release(&out);
}

static size_t
ask_dhip(struct device *device, const char *bytes, size_t len)
{
    struct buf out;
    buf_init(&out, OUT_LIMIT);
    discovery_dhip(device, bytes, len, &out);
    size_t size = out.len;
    buf_release(&out);
    return size;
}

static void
test_dhdiscover_answers_the_exact_packet_only(void **state)
{
    (void)state;
    static char body[] = "{}";
    struct site_datagram dhip = {.body = body, .body_len = 2};
    static const char json[] =
        "{\"method\":\"DHDiscover.search\",\"params\":{\"mac\":\"\",\"uni\":1}}\n";
    struct device device;
    struct buf packet;
    make_device(&device);
    record.dhip = &dhip;
    buf_init(&packet, OUT_LIMIT);
    buf_add(&packet, "\x20\0\0\0DHIP\0\0\0\0\0\0\0\0", 16);
    buf_u32le(&packet, sizeof json - 1);
    buf_u32le(&packet, 0);
    buf_u32le(&packet, sizeof json - 1);
    buf_u32le(&packet, 0);
    buf_add(&packet, json, sizeof json - 1);
    assert_int_equal(ask_dhip(&device, packet.data, packet.len), 34);
    for (size_t len = 0; len < packet.len - 1; len++)
        assert_int_equal(ask_dhip(&device, packet.data, len), 0);
    assert_int_equal(ask_dhip(&device, json, sizeof json - 1), 0);
    packet.data[4] = 'X';
    assert_int_equal(ask_dhip(&device, packet.data, packet.len), 0);
    assert_int_equal(device.stats.dhip_exact, 1);
    buf_release(&packet);
}

static void
test_sadp_answers_an_inquiry_and_counts_the_rest(void **state)
{
    (void)state;
    static char body[] = "@request-id@";
    struct site_datagram sadp = {.body = body, .body_len = sizeof body - 1};
    static const char *const bad[] = {
        "<Probe><Uuid>u</Uuid><Types>activate</Types></Probe>",
        "<Probe><Types>inquiry</Types></Probe>",
        "<Probe><Uuid>u</Uuid><Types>inquiry</Ty",
        "\xff\xfe",
    };
    static const char good[] = "<Probe><Uuid>u-1</Uuid><Types>inquiry</Types></Probe>";
    struct device device;
    struct buf out;
    make_device(&device);
    record.sadp = &sadp;
    buf_init(&out, OUT_LIMIT);
    for (size_t i = 0; i < COUNT(bad); i++)
        discovery_sadp(&device, bad[i], strlen(bad[i]), &out);
    assert_int_equal(out.len, 0);
    assert_int_equal(device.stats.sadp_others, COUNT(bad));
    discovery_sadp(&device, good, strlen(good), &out);
    assert_string_equal(out.data, "u-1");
    buf_release(&out);
}

static void
test_mdns_survives_every_cut_and_every_loop(void **state)
{
    (void)state;
    static char host[] = "cam";
    static char type[] = "_rtsp._tcp";
    struct site_service service = {.type = type, .name = name, .port = 554};
    struct site_mdns mdns = {.host = host, .services = &service, .services_count = 1};
    static const char question[] = "\0\1\0\0\0\1\0\0\0\0\0\0\5_rtsp\4_tcp\5local\0\0\x0c\0\1";
    static const char loop[] = "\0\1\0\0\0\1\0\0\0\0\0\0\xc0\x0c\0\x0c\0\1";
    struct device device;
    struct buf out;
    make_device(&device);
    record.mdns = &mdns;
    buf_init(&out, OUT_LIMIT);
    for (size_t len = 0; len < sizeof question - 1; len++)
        mdns_answer(&device, question, len, true, &out);
    mdns_answer(&device, loop, sizeof loop - 1, true, &out);
    assert_int_equal(out.len, 0);
    mdns_answer(&device, question, sizeof question - 1, true, &out);
    assert_true(out.len > 12);
    assert_int_equal(out.data[7], 4); /* PTR, SRV, TXT, A */
    buf_release(&out);
}

static void
test_every_transcript_of_the_demo_site_is_read(void **state)
{
    (void)state;
    static const char *const sites[] = {"demo.yaml", "hostile.yaml", "brands.yaml", "fix.yaml"};
    const char *source = getenv("GATEHOUSE_SOURCE");
    if (source == NULL)
        skip();
    for (size_t i = 0; i < COUNT(sites); i++) {
        char path[1024];
        struct note note = {0};
        struct site *site = NULL;
        snprintf(path, sizeof path, "%s/lab/%s", source, sites[i]);
        if (site_load(path, &site, &note) != OK)
            fail_msg("%s", note.text);
        for (unsigned j = 0; j < site->devices_count; j++) {
            struct device device;
            assert_int_equal(device_init(&device, &site->devices[j]), OK);
        }
        site_free(site);
    }
}

/* Folders that hold a device.yaml, two levels below test/transcript. */
static void
test_every_transcript_is_read(void **state)
{
    (void)state;
    glob_t found;
    char pattern[1024];
    const char *source = getenv("GATEHOUSE_SOURCE");
    if (source == NULL)
        skip();
    snprintf(pattern, sizeof pattern, "%s/test/transcript/*/*/device.yaml", source);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_true(found.gl_pathc > 20);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct note note = {0};
        struct site_transcript *read = NULL;
        char *folder = found.gl_pathv[i];
        *strrchr(folder, '/') = '\0';
        if (site_read_transcript(folder, &read, &note) != OK)
            fail_msg("%s", note.text);
        site_free_transcript(read);
    }
    globfree(&found);
}

static void
test_enlarging_gives_every_device_its_own_identity(void **state)
{
    (void)state;
    const char *source = getenv("GATEHOUSE_SOURCE");
    char path[1024];
    struct note note = {0};
    struct site *site = NULL;
    if (source == NULL)
        skip();
    snprintf(path, sizeof path, "%s/lab/demo.yaml", source);
    if (site_load(path, &site, &note) != OK)
        fail_msg("%s", note.text);
    assert_int_equal(site_enlarge(site, 254), OK);
    assert_int_equal(site->devices_count, 254);
    assert_string_equal(site->lan, "10.20.0.0/23");
    for (unsigned i = 0; i < 254; i++)
        for (unsigned j = i + 1; j < 254; j++)
            assert_string_not_equal(site->devices[i].ip, site->devices[j].ip);
    site_free(site);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_a_request_piece_by_piece),
        cmocka_unit_test(test_refuses_false_content_length),
        cmocka_unit_test(test_finds_parameters_of_an_authorization_header),
        cmocka_unit_test(test_digest_opens_only_with_the_right_response),
        cmocka_unit_test(test_locks_over_all_protocols_and_opens_again_in_time),
        cmocka_unit_test(test_username_token_needs_the_clock_of_the_device),
        cmocka_unit_test(test_form_and_blue_iris_log_ins),
        cmocka_unit_test(test_replaces_known_words_and_leaves_the_rest),
        cmocka_unit_test(test_dhdiscover_answers_the_exact_packet_only),
        cmocka_unit_test(test_sadp_answers_an_inquiry_and_counts_the_rest),
        cmocka_unit_test(test_mdns_survives_every_cut_and_every_loop),
        cmocka_unit_test(test_every_transcript_of_the_demo_site_is_read),
        cmocka_unit_test(test_every_transcript_is_read),
        cmocka_unit_test(test_enlarging_gives_every_device_its_own_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
