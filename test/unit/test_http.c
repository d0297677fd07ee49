#include "base/clock.h"
#include "base/text.h"
#include "peer.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <zlib.h>

/* One exchange and how it ended. */
struct outcome {
    struct answer answer;
    int calls;
};

static void
keep(void *context, const struct answer *answer)
{
    struct outcome *outcome = context;
    outcome->answer = *answer;
    outcome->calls++;
}

static struct wire_target
target_of(const struct peer *peer)
{
    return (struct wire_target){.ip = peer_ip("127.0.0.1"), .port = peer->port};
}

/* One request to a peer of that behaviour on a wire of its own. */
static struct answer
ask_peer(struct rig *rig, peer_fn *behaviour, bool tls)
{
    struct peer peer = {0};
    struct outcome outcome = {0};
    const struct request request = {.ask = {.path = "/info"}};
    peer_start(&peer, "127.0.0.1", behaviour);
    rig_init(rig);
    rig_open(rig);
    struct wire_target target = target_of(&peer);
    target.tls = tls;
    assert_non_null(wire_http(rig->wire, &target, &request, &rig->arena, keep, &outcome));
    assert_int_equal(outcome.calls, 0);
    wire_run(rig->wire);
    assert_int_equal(outcome.calls, 1);
    wire_free(rig->wire);
    rig->wire = NULL;
    peer_stop(&peer);
    assert_true(outcome.answer.headers != NULL && outcome.answer.body != NULL);
    assert_int_equal(outcome.answer.headers[outcome.answer.headers_len], '\0');
    assert_int_equal(outcome.answer.body[outcome.answer.body_len], '\0');
    return outcome.answer;
}

static bool
say_hello(struct peer *peer, int fd)
{
    (void)peer;
    return peer_text(fd, "HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Length: 5\r\n\r\nhello");
}

static void
test_gives_status_headers_and_body(void **state)
{
    (void)state;
    struct rig rig;
    struct answer answer = ask_peer(&rig, say_hello, false);
    assert_int_equal(answer.err, OK);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.headers, "Server: App-webs/\r\nContent-Length: 5\r\n");
    assert_string_equal(answer.body, "hello");
    assert_null(answer.tls_subject);
    assert_true(answer.at > 0);
    rig_release(&rig);
}

static bool
say_nothing(struct peer *peer, int fd)
{
    (void)peer;
    peer_wait_end(fd);
    return false;
}

static bool
drip(struct peer *peer, int fd)
{
    (void)peer;
    if (!peer_text(fd, "HTTP/1.1 200 OK\r\n\r\n")) {
        return false;
    }
    while (peer_text(fd, "x")) {
        usleep(30000);
    }
    return false;
}

static bool
drip_header(struct peer *peer, int fd)
{
    (void)peer;
    bool sent = peer_text(fd, "HTTP/1.1 200 OK\r\nX: ");
    while (sent) {
        sent = peer_text(fd, "x");
        usleep(30000);
    }
    return false;
}

static bool
endless_body(struct peer *peer, int fd)
{
    static const char block[8192];
    (void)peer;
    bool sent = peer_text(fd, "HTTP/1.1 200 OK\r\n\r\n");
    while (sent) {
        sent = peer_send(fd, block, sizeof(block));
    }
    return false;
}

static bool
endless_chunks(struct peer *peer, int fd)
{
    (void)peer;
    bool sent = peer_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (sent) {
        sent = peer_text(fd, "10;a=b\r\n0123456789abcdef\r\n");
    }
    return false;
}

/* The size bytes of zeros packed by gzip, `times` over. */
static size_t
pack(uint8_t *out, size_t room, size_t size, int times)
{
    uint8_t *from = calloc(1, size);
    uint8_t *to = malloc(room);
    assert_true(from != NULL && to != NULL);
    for (; times > 0; times--) {
        z_stream stream = {0};
        assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
        stream.next_in = from;
        stream.avail_in = (unsigned)size;
        stream.next_out = to;
        stream.avail_out = (unsigned)room;
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        size = room - stream.avail_out;
        deflateEnd(&stream);
        memcpy(from, to, size);
    }
    memcpy(out, to, size);
    free(from);
    free(to);
    return size;
}

static bool
send_packed(int fd, const char *head, size_t size, int times)
{
    static uint8_t packed[128 * 1024];
    size_t len = pack(packed, sizeof(packed), size, times);
    char length[64];
    (void)snprintf(length, sizeof(length), "Content-Length: %zu\r\n\r\n", len);
    (void)(peer_text(fd, head) && peer_text(fd, length) && peer_send(fd, packed, len));
    return false;
}

static bool
small_gzip(struct peer *peer, int fd)
{
    (void)peer;
    return send_packed(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", 5000, 1);
}

static bool
gzip_bomb(struct peer *peer, int fd)
{
    (void)peer;
    return send_packed(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", 32 << 20, 1);
}

static bool
gzip_in_gzip(struct peer *peer, int fd)
{
    (void)peer;
    return send_packed(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n", 8 << 20, 2);
}

static bool
gzip_in_two_headers(struct peer *peer, int fd)
{
    (void)peer;
    return send_packed(
        fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: gzip\r\n", 8 << 20, 2);
}

static bool
broken_gzip(struct peer *peer, int fd)
{
    (void)peer;
    (void)peer_text(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip at all");
    return false;
}

static bool
short_body(struct peer *peer, int fd)
{
    (void)peer;
    (void)peer_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\npart");
    return false;
}

static bool
negative_length(struct peer *peer, int fd)
{
    (void)peer;
    (void)peer_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\npart");
    return false;
}

static bool
many_headers(struct peer *peer, int fd)
{
    (void)peer;
    bool sent = peer_text(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; sent && i < 100000; i++) {
        sent = peer_text(fd, "X: y\r\n");
    }
    return false;
}

static bool
large_headers(struct peer *peer, int fd)
{
    static char line[4096];
    (void)peer;
    memset(line, 'x', sizeof(line));
    memcpy(line, "X: ", 3);
    memcpy(line + sizeof(line) - 2, "\r\n", 2);
    bool sent = peer_text(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; sent && i < 40; i++) {
        sent = peer_send(fd, line, sizeof(line));
    }
    return false;
}

static bool
endless_header(struct peer *peer, int fd)
{
    static char block[8192];
    (void)peer;
    memset(block, 'x', sizeof(block));
    bool sent = peer_text(fd, "HTTP/1.1 200 OK\r\nX: ");
    while (sent) {
        sent = peer_send(fd, block, sizeof(block));
    }
    return false;
}

static bool
endless_interim(struct peer *peer, int fd)
{
    (void)peer;
    while (peer_text(fd, "HTTP/1.1 100 Continue\r\n\r\n")) {
    }
    return false;
}

static bool
no_http(struct peer *peer, int fd)
{
    (void)peer;
    (void)peer_text(fd, "<html>old</html>");
    return false;
}

static bool
reset_midway(struct peer *peer, int fd)
{
    (void)peer;
    (void)peer_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\npart");
    usleep(50000);
    peer_reset(fd);
    return false;
}

static bool
hang_up(struct peer *peer, int fd)
{
    (void)peer;
    (void)fd;
    return false;
}

static void
test_hostile_answers_end_in_time_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        peer_fn *behaviour;
        enum err err;
        size_t body_min;
        size_t body_max;
    } rows[] = {
        {"tarpit",          say_nothing,         ERR_TIMEOUT, 0,           0          },
        {"drip",            drip,                ERR_TIMEOUT, 3,           20         },
        {"drip in header",  drip_header,         ERR_TIMEOUT, 0,           0          },
        {"endless body",    endless_body,        ERR_LIMIT,   ANSWER_BODY, ANSWER_BODY},
        {"endless chunks",  endless_chunks,      ERR_LIMIT,   ANSWER_BODY, ANSWER_BODY},
        {"small gzip",      small_gzip,          OK,          5000,        5000       },
        {"gzip bomb",       gzip_bomb,           ERR_LIMIT,   ANSWER_BODY, ANSWER_BODY},
        {"gzip in gzip",    gzip_in_gzip,        ERR_LIMIT,   0,           0          },
        {"gzip twice",      gzip_in_two_headers, ERR_LIMIT,   0,           0          },
        {"broken gzip",     broken_gzip,         ERR_SYNTAX,  0,           0          },
        {"false length",    short_body,          ERR_NETWORK, 4,           4          },
        {"negative length", negative_length,     ERR_SYNTAX,  0,           0          },
        {"100,000 headers", many_headers,        ERR_LIMIT,   0,           0          },
        {"large headers",   large_headers,       ERR_LIMIT,   0,           0          },
        {"endless header",  endless_header,      ERR_LIMIT,   0,           0          },
        {"endless 100",     endless_interim,     ERR_LIMIT,   0,           0          },
        {"no HTTP",         no_http,             ERR_SYNTAX,  0,           0          },
        {"reset",           reset_midway,        ERR_NETWORK, 4,           4          },
        {"hang up",         hang_up,             ERR_NETWORK, 0,           0          },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rig rig;
        int64_t begun = clock_mono();
        struct answer answer = ask_peer(&rig, rows[i].behaviour, false);
        int64_t took = clock_mono() - begun;
        if (answer.err != rows[i].err || answer.body_len < rows[i].body_min ||
            answer.body_len > rows[i].body_max || took > 2500) {
            fail_msg("%s: %s, %zu bytes, %d ms", rows[i].name, err_words(answer.err),
                answer.body_len, (int)took);
        }
        assert_true(answer.headers_len <= ANSWER_HEADERS + 512);
        assert_true(rig.arena.used < 2 * ANSWER_BODY);
        rig_release(&rig);
    }
}

static bool
tls_garbage(struct peer *peer, int fd)
{
    (void)peer;
    (void)peer_text(fd, "220 camera ready, no TLS here\r\n");
    peer_wait_end(fd);
    return false;
}

static struct peer elsewhere;

static bool
redirect(struct peer *peer, int fd)
{
    char text[128];
    (void)peer;
    (void)snprintf(text, sizeof(text),
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/\r\nContent-Length: 0\r\n\r\n",
        elsewhere.port);
    return peer_text(fd, text);
}

static void
test_redirects_and_proxies_are_not_followed(void **state)
{
    (void)state;
    struct rig rig;
    char proxy[64];
    elsewhere = (struct peer){0};
    peer_start(&elsewhere, "127.0.0.1", say_hello);
    (void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", elsewhere.port);
    assert_int_equal(setenv("http_proxy", proxy, 1), 0);
    assert_int_equal(setenv("ALL_PROXY", proxy, 1), 0);
    struct answer answer = ask_peer(&rig, redirect, false);
    (void)unsetenv("http_proxy");
    (void)unsetenv("ALL_PROXY");
    assert_int_equal(answer.err, OK);
    assert_int_equal(answer.status, 302);
    peer_stop(&elsewhere);
    assert_int_equal(elsewhere.accepted, 0);
    rig_release(&rig);
}

static void
test_garbage_instead_of_tls_is_an_error_of_tls(void **state)
{
    (void)state;
    struct rig rig;
    struct peer peer = {.speaks_first = true};
    struct outcome outcome = {0};
    const struct request request = {.ask = {.path = "/"}};
    peer_start(&peer, "127.0.0.1", tls_garbage);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = target_of(&peer);
    target.tls = true;
    (void)wire_http(rig.wire, &target, &request, &rig.arena, keep, &outcome);
    wire_run(rig.wire);
    assert_int_equal(outcome.answer.err, ERR_TLS);
    peer_stop(&peer);
    rig_release(&rig);
}

static SSL_CTX *tls_context;

static bool
tls_hello(struct peer *peer, int fd)
{
    static const char hello[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    char request[2048];
    SSL *tls = SSL_new(tls_context);
    (void)peer;
    (void)SSL_set_fd(tls, fd);
    if (SSL_accept(tls) == 1) {
        while (SSL_read(tls, request, sizeof(request)) > 0) {
            (void)SSL_write(tls, hello, sizeof(hello) - 1);
        }
    }
    SSL_free(tls);
    return false;
}

/* A camera of long ago: TLS 1.0 only, a certificate signed by itself. */
static void
make_tls_context(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_true(key != NULL && certificate != NULL);
    X509_NAME *name = X509_get_subject_name(certificate);
    (void)X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_ASC, (const unsigned char *)"axis-00408c000001", -1, -1, 0);
    (void)X509_set_issuer_name(certificate, name);
    (void)X509_set_pubkey(certificate, key);
    (void)ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20200101000000Z");
    (void)ASN1_TIME_set_string(X509_getm_notAfter(certificate), "20300102030405Z");
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    tls_context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(tls_context, 0);
    (void)SSL_CTX_set_max_proto_version(tls_context, TLS1_VERSION);
    assert_int_equal(SSL_CTX_use_certificate(tls_context, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(tls_context, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void
test_reports_the_certificate_of_an_old_device_on_every_answer(void **state)
{
    (void)state;
    struct rig rig;
    struct peer peer = {.speaks_first = true};
    const struct request request = {.ask = {.path = "/"}};
    make_tls_context();
    peer_start(&peer, "127.0.0.1", tls_hello);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = target_of(&peer);
    target.tls = true;
    for (int i = 0; i < 2; i++) {
        struct outcome outcome = {0};
        (void)wire_http(rig.wire, &target, &request, &rig.arena, keep, &outcome);
        wire_run(rig.wire);
        assert_int_equal(outcome.answer.err, OK);
        assert_string_equal(outcome.answer.tls_subject, "CN = axis-00408c000001");
        assert_string_equal(outcome.answer.tls_issuer, "CN = axis-00408c000001");
        int64_t expires = 0;
        assert_int_equal(clock_parse("2030-01-02T03:04:05Z", &expires), OK);
        assert_int_equal(outcome.answer.tls_expires, expires);
    }
    rig_release(&rig);
    peer_stop(&peer);
    SSL_CTX_free(tls_context);
    assert_int_equal(peer.accepted, 1);
}

static void
test_sends_exactly_what_was_asked(void **state)
{
    (void)state;
    struct rig rig;
    struct peer peer = {0};
    struct outcome outcome = {0};
    char expected[512];
    const struct request request = {
        .ask = {.method = "PUT", .path = "/a/../b?x=%20#f", .body = "<a/>"},
        .authorization = "Digest username=\"admin\"",
        .cookie = "sid=1; x=2",
    };
    peer_start(&peer, "127.0.0.1", say_hello);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = target_of(&peer);
    (void)wire_http(rig.wire, &target, &request, &rig.arena, keep, &outcome);
    wire_run(rig.wire);
    rig_release(&rig);
    peer_stop(&peer);
    assert_int_equal(outcome.calls, 1);
    (void)snprintf(expected, sizeof(expected),
        "PUT /a/../b?x=%%20#f HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: gatehouse/%s\r\n"
        "Accept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
        "Authorization: Digest username=\"admin\"\r\nCookie: sid=1; x=2\r\n"
        "Content-Type: application/xml; charset=utf-8\r\nContent-Length: 4\r\n\r\n",
        peer.port, GATEHOUSE_VERSION);
    peer.request[strlen(expected)] = '\0';
    assert_string_equal(peer.request, expected);
}

static void
test_control_characters_in_a_request_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *path;
        const char *type;
        const char *authorization;
        const char *cookie;
    } rows[] = {
        {"GET",                "/a\r\nX: y", NULL,        NULL,        NULL  },
        {"GET",                "/a b",       NULL,        NULL,        NULL  },
        {"GET",                "a",          NULL,        NULL,        NULL  },
        {"GET",                "/",          NULL,        NULL,        "a\nb"},
        {"GET / HTTP/1.1\r\n", "/",          NULL,        NULL,        NULL  },
        {"",                   "/",          NULL,        NULL,        NULL  },
        {"POST",               "/",          "a\r\nX: y", NULL,        NULL  },
        {"GET",                "/",          NULL,        "a\r\nX: y", NULL  },
    };
    struct rig rig;
    struct peer peer = {0};
    peer_start(&peer, "127.0.0.1", say_hello);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = target_of(&peer);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct outcome outcome = {0};
        const struct request request = {
            .ask = {.method = rows[i].method, .path = rows[i].path, .type = rows[i].type},
            .authorization = rows[i].authorization,
            .cookie = rows[i].cookie,
        };
        (void)wire_http(rig.wire, &target, &request, &rig.arena, keep, &outcome);
        assert_int_equal(outcome.calls, 0);
        wire_run(rig.wire);
        assert_int_equal(outcome.calls, 1);
        assert_int_equal(outcome.answer.err, ERR_VALUE);
    }
    assert_int_equal(wire_totals(rig.wire)->connections, 0);
    rig_release(&rig);
    peer_stop(&peer);
    assert_int_equal(peer.accepted, 0);
}

static bool
hello_then_broken(struct peer *peer, int fd)
{
    if (peer->requests == 3) {
        (void)peer_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
        peer_wait_end(fd);
        return false;
    }
    return say_hello(peer, fd);
}

static void
test_connection_is_reused_until_an_answer_is_broken(void **state)
{
    (void)state;
    static const int accepted[] = {1, 1, 1, 2};
    struct rig rig;
    struct peer peer = {0};
    const struct request request = {.ask = {.path = "/"}};
    peer_start(&peer, "127.0.0.1", hello_then_broken);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = target_of(&peer);
    for (size_t i = 0; i < COUNT(accepted); i++) {
        struct outcome outcome = {0};
        (void)wire_http(rig.wire, &target, &request, &rig.arena, keep, &outcome);
        wire_run(rig.wire);
        assert_int_equal(outcome.answer.err, i == 2 ? ERR_TIMEOUT : OK);
        assert_int_equal(peer.accepted, accepted[i]);
    }
    assert_int_equal(wire_totals(rig.wire)->requests, 4);
    assert_int_equal(wire_totals(rig.wire)->connections, 2);
    rig_release(&rig);
    peer_stop(&peer);
}

static void
test_full_arena_is_an_answer_above_the_limit(void **state)
{
    (void)state;
    struct rig rig;
    struct peer peer = {0};
    struct outcome outcome = {0};
    const struct request request = {.ask = {.path = "/"}};
    peer_start(&peer, "127.0.0.1", say_hello);
    rig_init(&rig);
    rig.arena.limit = 8;
    rig_open(&rig);
    struct wire_target target = target_of(&peer);
    (void)wire_http(rig.wire, &target, &request, &rig.arena, keep, &outcome);
    wire_run(rig.wire);
    assert_int_equal(outcome.answer.err, ERR_LIMIT);
    assert_string_equal(outcome.answer.headers, "");
    rig_release(&rig);
    peer_stop(&peer);
}

static void
test_speaks_ipv6(void **state)
{
    (void)state;
    struct rig rig;
    struct peer peer = {0};
    struct outcome outcome = {0};
    char expected[64];
    const struct request request = {.ask = {.path = "/"}};
    if (access("/proc/net/if_inet6", R_OK) != 0) {
        skip();
    }
    peer_start(&peer, "::1", say_hello);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = {.ip = peer_ip("::1"), .port = peer.port};
    (void)wire_http(rig.wire, &target, &request, &rig.arena, keep, &outcome);
    wire_run(rig.wire);
    assert_int_equal(outcome.answer.err, OK);
    rig_release(&rig);
    peer_stop(&peer);
    (void)snprintf(expected, sizeof(expected), "\r\nHost: [::1]:%u\r\n", peer.port);
    assert_true(text_contains(peer.request, expected));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_status_headers_and_body),
        cmocka_unit_test(test_hostile_answers_end_in_time_with_a_reason),
        cmocka_unit_test(test_redirects_and_proxies_are_not_followed),
        cmocka_unit_test(test_garbage_instead_of_tls_is_an_error_of_tls),
        cmocka_unit_test(test_reports_the_certificate_of_an_old_device_on_every_answer),
        cmocka_unit_test(test_sends_exactly_what_was_asked),
        cmocka_unit_test(test_control_characters_in_a_request_are_refused),
        cmocka_unit_test(test_connection_is_reused_until_an_answer_is_broken),
        cmocka_unit_test(test_full_arena_is_an_answer_above_the_limit),
        cmocka_unit_test(test_speaks_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
