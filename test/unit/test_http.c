#include "base/clock.h"
#include "base/text.h"
#include "peer.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

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
    struct answer answer = ask_peer(&rig, say_hello);
    assert_int_equal(answer.err, OK);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.headers, "Server: App-webs/\r\nContent-Length: 5\r\n");
    assert_string_equal(answer.body, "hello");
    assert_null(answer.tls_subject);
    assert_true(answer.at > 0);
    rig_release(&rig);
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
    struct answer answer = ask_peer(&rig, redirect);
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

static bool
hello_if_any(struct peer *peer, int fd)
{
    if (text_starts(peer->request, "HEAD")) {
        return peer_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    }
    return say_hello(peer, fd);
}

static void
test_method_follows_the_ask(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *body;
        const char *begins;
        const char *has;
    } rows[] = {
        {NULL,     NULL,  "GET / HTTP/1.1\r\n",    "Accept: */*\r\n"                      },
        {NULL,     "{}",  "POST / HTTP/1.1\r\n",   "Content-Type: application/json\r\n"   },
        {NULL,     "a=b", "POST / HTTP/1.1\r\n",   "application/x-www-form-urlencoded\r\n"},
        {"POST",   NULL,  "POST / HTTP/1.1\r\n",   "Content-Length: 0\r\n"                },
        {"PUT",    NULL,  "PUT / HTTP/1.1\r\n",    "Content-Length: 0\r\n"                },
        {"DELETE", NULL,  "DELETE / HTTP/1.1\r\n", "Host: 127.0.0.1"                      },
        {"HEAD",   NULL,  "HEAD / HTTP/1.1\r\n",   "Host: 127.0.0.1"                      },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rig rig;
        struct peer peer = {0};
        struct outcome outcome = {0};
        const struct request request = {
            .ask = {.method = rows[i].method, .path = "/", .body = rows[i].body}
        };
        peer_start(&peer, "127.0.0.1", hello_if_any);
        rig_init(&rig);
        rig_open(&rig);
        struct wire_target target = target_of(&peer);
        (void)wire_http(rig.wire, &target, &request, &rig.arena, keep, &outcome);
        wire_run(rig.wire);
        assert_int_equal(outcome.answer.err, OK);
        rig_release(&rig);
        peer_stop(&peer);
        if (!text_starts(peer.request, rows[i].begins) ||
            !text_contains(peer.request, rows[i].has)) {
            fail_msg("%s", peer.request);
        }
    }
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

static void
test_ports_that_take_raw_bytes_are_sent_none(void **state)
{
    (void)state;
    static const uint16_t ports[] = {515, 9100, 9107, 34567, 37777};
    struct rig rig;
    const struct request request = {.ask = {.path = "/"}};
    rig_init(&rig);
    rig_open(&rig);
    for (size_t i = 0; i < COUNT(ports); i++) {
        struct outcome outcome = {0};
        const struct wire_target target = {.ip = peer_ip("127.0.0.1"), .port = ports[i]};
        (void)wire_http(rig.wire, &target, &request, &rig.arena, keep, &outcome);
        wire_run(rig.wire);
        assert_int_equal(outcome.answer.err, ERR_VALUE);
    }
    assert_int_equal(wire_totals(rig.wire)->connections, 0);
    rig_release(&rig);
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

static bool
hello_then_hang_up(struct peer *peer, int fd)
{
    return peer->requests == 1 && say_hello(peer, fd);
}

static void
test_a_request_that_spends_is_never_sent_again_by_itself(void **state)
{
    (void)state;
    struct rig rig;
    struct peer peer = {0};
    const struct request requests[] = {
        {.ask = {.path = "/"}},
        { .ask = {.path = "/"}, .authorization = "Basic YTpi", .spends = true},
    };
    peer_start(&peer, "127.0.0.1", hello_then_hang_up);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = target_of(&peer);
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct outcome outcome = {0};
        (void)wire_http(rig.wire, &target, &requests[i], &rig.arena, keep, &outcome);
        wire_run(rig.wire);
        assert_int_equal(outcome.answer.err, i == 0 ? OK : ERR_NETWORK);
    }
    rig_release(&rig);
    peer_stop(&peer);
    assert_int_equal(peer.requests, 2);
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
        cmocka_unit_test(test_redirects_and_proxies_are_not_followed),
        cmocka_unit_test(test_garbage_instead_of_tls_is_an_error_of_tls),
        cmocka_unit_test(test_reports_the_certificate_of_an_old_device_on_every_answer),
        cmocka_unit_test(test_sends_exactly_what_was_asked),
        cmocka_unit_test(test_method_follows_the_ask),
        cmocka_unit_test(test_control_characters_in_a_request_are_refused),
        cmocka_unit_test(test_ports_that_take_raw_bytes_are_sent_none),
        cmocka_unit_test(test_connection_is_reused_until_an_answer_is_broken),
        cmocka_unit_test(test_a_request_that_spends_is_never_sent_again_by_itself),
        cmocka_unit_test(test_full_arena_is_an_answer_above_the_limit),
        cmocka_unit_test(test_speaks_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
