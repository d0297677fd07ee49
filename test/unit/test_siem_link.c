#include "siem/link.h"

#include "base/clock.h"
#include "base/text.h"
#include "log_scratch.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define HOUR  ((int64_t)60 * 60 * 1000)
#define SMALL 2048
#define LARGE 12000 /* more than a small buffer takes, less than ours does */

static int listener = -1;
static struct siem_stop stop;
static struct siem_destination to;
static struct siem_outlet outlet;
static struct siem_link_memory memory;
static struct note note;

/* A listener whose connections take about so many bytes that nobody reads; 0: the usual. */
static void
listen_with(int room)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    assert_true(room == 0 || setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) == 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    to.port = ntohs(address.sin_port);
}

static int
begin(void **state)
{
    (void)state;
    atomic_store(&stop.at, 0);
    to = (struct siem_destination){.name = "s",
        .type = SIEM_SYSLOG,
        .host = "127.0.0.1",
        .server_name = "siem.test",
        .confirm_ms = 300};
    outlet = (struct siem_outlet){.to = &to, .stop = &stop};
    memory = (struct siem_link_memory){.tls = NULL};
    note.text[0] = '\0';
    return 0;
}

static int
end(void **state)
{
    (void)state;
    siem_link_forget(&memory);
    (void)close(listener);
    return 0;
}

/* Connected, and so many bytes written. */
static struct siem_link *
link_with(size_t len)
{
    static const char bytes[LARGE];
    struct siem_link *link = NULL;
    assert_true(len <= sizeof(bytes));
    assert_int_equal(siem_link_open(&outlet, &memory, &link, &note), OK);
    assert_int_equal(siem_link_greet(link, &note), OK);
    assert_int_equal(siem_link_write(link, bytes, len, &note), OK);
    return link;
}

static enum err
finish(struct siem_link *link, enum siem_link_end *ret_end)
{
    enum err err = siem_link_finish(link, to.confirm_ms, ret_end, &note);
    siem_link_close(link);
    return err;
}

/* What the receiver does a little later, while its end is waited for. */
struct later {
    pthread_t thread;
    int fd;
    bool reads, closes;
};

static void *
do_later(void *context)
{
    struct later *later = context;
    char bytes[4096];
    (void)usleep(100000);
    while (later->reads && read(later->fd, bytes, sizeof(bytes)) > 0) {
    }
    if (later->closes) {
        (void)close(later->fd);
    } else {
        (void)shutdown(later->fd, SHUT_WR);
    }
    return NULL;
}

static enum err
finish_while(struct siem_link *link, struct later later, enum siem_link_end *ret_end)
{
    later.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(later.fd >= 0);
    assert_int_equal(pthread_create(&later.thread, NULL, do_later, &later), 0);
    enum err err = finish(link, ret_end);
    assert_int_equal(pthread_join(later.thread, NULL), 0);
    if (!later.closes) {
        (void)close(later.fd);
    }
    return err;
}

/* The last bytes are waited for until then only, so that the test is not long. */
static void
stop_in(int64_t ms)
{
    atomic_store(&stop.at, clock_mono() - SIEM_GRACE + ms);
}

static void
test_what_its_kernel_took_and_nobody_read_is_unconfirmed(void **state)
{
    enum siem_link_end how = SIEM_LINK_BYE;
    (void)state;
    listen_with(0);
    assert_int_equal(finish(link_with(1000), &how), ERR_TIMEOUT);
    assert_non_null(strstr(note.text, "does not close its side"));
}

static void
test_what_its_kernel_never_acknowledged_is_lost_not_unconfirmed(void **state)
{
    enum siem_link_end how = SIEM_LINK_BYE;
    (void)state;
    listen_with(SMALL);
    struct siem_link *link = link_with(LARGE);
    stop_in(800);
    assert_int_equal(finish(link, &how), ERR_NETWORK);
    assert_non_null(strstr(note.text, "before it had read everything"));
}

static void
test_receiver_that_closes_with_bytes_that_it_never_read_has_nothing(void **state)
{
    enum siem_link_end how = SIEM_LINK_BYE;
    (void)state;
    listen_with(0);
    assert_int_equal(
        finish_while(link_with(1000), (struct later){.closes = true}, &how), ERR_NETWORK);
    assert_non_null(strstr(note.text, "Connection reset"));
}

static void
test_receiver_that_ends_its_side_before_it_acknowledged_all_has_nothing(void **state)
{
    enum siem_link_end how = SIEM_LINK_BYE;
    (void)state;
    listen_with(SMALL);
    struct siem_link *link = link_with(LARGE);
    stop_in(800);
    assert_int_equal(finish_while(link, (struct later){.closes = false}, &how), ERR_NETWORK);
    assert_non_null(strstr(note.text, "before it had read everything"));
}

static void
test_receiver_that_reads_to_the_end_and_closes_has_all(void **state)
{
    enum siem_link_end how = SIEM_LINK_BYE;
    (void)state;
    listen_with(SMALL);
    assert_int_equal(
        finish_while(link_with(LARGE), (struct later){.reads = true, .closes = true}, &how), OK);
    assert_int_equal(how, SIEM_LINK_EOF);
}

/* A certificate for siem.test that is its own authority, and what it calls itself. */
static X509 *
make_certificate(EVP_PKEY *key, const char *subject, bool has_name)
{
    X509 *made = X509_new();
    X509_EXTENSION *name = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:siem.test");
    assert_non_null(made);
    assert_non_null(name);
    assert_int_equal(X509_set_version(made, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(made), 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(made), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(made), 3600));
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                         (const unsigned char *)subject, -1, -1, 0),
        1);
    assert_int_equal(X509_set_issuer_name(made, X509_get_subject_name(made)), 1);
    assert_true(!has_name || X509_add_ext(made, name, -1) == 1);
    assert_int_equal(X509_set_pubkey(made, key), 1);
    assert_true(X509_sign(made, key, EVP_sha256()) > 0);
    X509_EXTENSION_free(name);
    return made;
}

static SSL_CTX *
make_server(const char *ca, const char *subject, bool has_name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    FILE *file = fopen(ca, "w");
    assert_non_null(key);
    assert_non_null(server);
    assert_non_null(file);
    X509 *made = make_certificate(key, subject, has_name);
    assert_int_equal(PEM_write_X509(file, made), 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(SSL_CTX_use_certificate(server, made), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server, key), 1);
    X509_free(made);
    EVP_PKEY_free(key);
    return server;
}

struct greeting {
    SSL_CTX *server;
    bool is_resumed;
};

/* Serves one connection to its end. */
static void *
serve_one(void *context)
{
    struct greeting *greeting = context;
    char bytes[256];
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    SSL *tls = SSL_new(greeting->server);
    if (fd >= 0 && tls != NULL && SSL_set_fd(tls, fd) == 1 && SSL_accept(tls) == 1) {
        greeting->is_resumed = SSL_session_reused(tls) == 1;
        while (SSL_read(tls, bytes, sizeof(bytes)) > 0) {
        }
        (void)SSL_shutdown(tls);
    }
    SSL_free(tls);
    (void)close(fd);
    return NULL;
}

/* Delivers something over a connection of its own; whether no certificate was shown for it. */
static bool
is_resumed(SSL_CTX *server)
{
    struct greeting greeting = {.server = server};
    enum siem_link_end how = SIEM_LINK_EOF;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, serve_one, &greeting), 0);
    enum err err = finish(link_with(10), &how);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(err, OK);
    assert_int_equal(how, SIEM_LINK_BYE);
    return greeting.is_resumed;
}

static void
test_session_is_resumed_for_an_hour_after_a_certificate_was_shown(void **state)
{
    char ca[256];
    (void)state;
    scratch_make("link");
    scratch_path(ca, "ca.pem");
    SSL_CTX *server = make_server(ca, "siem.test", true);
    listen_with(0);
    to.uses_tls = true;
    to.ca = ca;
    to.confirm_ms = 5000;
    assert_false(is_resumed(server));
    assert_true(clock_mono() - memory.verified < HOUR / 2);
    int64_t shown = clock_mono() - HOUR + HOUR / 60;
    memory.verified = shown;
    for (int i = 0; i < 3; i++) {
        assert_true(is_resumed(server));
        assert_int_equal(memory.verified, shown); /* what is resumed shows nothing */
    }
    memory.verified = clock_mono() - HOUR;
    assert_false(is_resumed(server));
    assert_true(memory.verified > shown);
    assert_true(is_resumed(server));
    SSL_CTX_free(server);
    assert_int_equal(scratch_remove(), 0);
}

static void
test_authority_that_was_taken_away_counts_for_an_hour_at_most(void **state)
{
    char ca[256];
    (void)state;
    scratch_make("authority");
    scratch_path(ca, "ca.pem");
    struct greeting greeting = {.server = make_server(ca, "siem.test", true)};
    struct siem_link *link = NULL;
    pthread_t thread;
    listen_with(0);
    to.uses_tls = true;
    to.ca = ca;
    to.confirm_ms = 5000;
    assert_false(is_resumed(greeting.server));
    SSL_CTX_free(make_server(ca, "another", true)); /* its certificate is in the file now */
    assert_true(is_resumed(greeting.server));
    memory.verified = clock_mono() - HOUR;
    assert_int_equal(pthread_create(&thread, NULL, serve_one, &greeting), 0);
    assert_int_equal(siem_link_open(&outlet, &memory, &link, &note), OK);
    assert_int_equal(siem_link_greet(link, &note), ERR_TLS);
    siem_link_close(link);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_non_null(strstr(note.text, "is not believed"));
    SSL_CTX_free(greeting.server);
    assert_int_equal(scratch_remove(), 0);
}

/* libcurl's words name the certificate's subject; only http's outlet gets them. */
static void
refuse_rogue(const char *subject)
{
    char ca[256], url[64], clean[sizeof(note.text)];
    pthread_t thread;
    scratch_make("rogue");
    scratch_path(ca, "ca.pem");
    struct greeting greeting = {.server = make_server(ca, subject, false)};
    listen_with(0);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/", to.port);
    to.type = SIEM_HTTP;
    to.uses_tls = true;
    to.ca = ca;
    to.url = url;
    to.format = siem_format_by_name("ecs");
    to.confirm_ms = 5000;
    outlet.host = "box";
    assert_int_equal(pthread_create(&thread, NULL, serve_one, &greeting), 0);
    assert_int_equal(siem_outlet_open(&outlet, &note), OK);
    assert_int_equal(outlet.kind->begin(&outlet, &note), OK);
    assert_int_equal(outlet.kind->end(&outlet, &note), ERR_TLS);
    siem_outlet_close(&outlet);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_non_null(strstr(note.text, "is not believed"));
    text_clean(clean, sizeof(clean), note.text, strlen(note.text));
    assert_string_equal(note.text, clean);
    SSL_CTX_free(greeting.server);
    assert_int_equal(scratch_remove(), 0);
}

static void
test_what_a_rogue_certificate_calls_itself_is_tame_in_a_note(void **state)
{
    (void)state;
    refuse_rogue("a\x1b[31mb\r\nc\xc2\x9b\xe2\x80\xae\xe2\x80\x8b\xe2\x80\xac");
    assert_non_null(strstr(note.text, "a?[31mb"));
}

static void
test_name_of_a_rogue_certificate_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t ahead = 0; ahead < 4; ahead++) {
        char subject[4 + 4 * 60 + 1] = "aaaa";
        for (size_t i = 0; i < 60; i++) {
            size_t at = ahead + 4 * i;
            (void)snprintf(subject + at, sizeof(subject) - at, "\xf0\x9f\x8e\xa5");
        }
        refuse_rogue(subject);
        assert_null(strchr(note.text, '?'));
        (void)close(listener);
    }
    listen_with(0);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_what_its_kernel_took_and_nobody_read_is_unconfirmed),
        ROW(test_what_its_kernel_never_acknowledged_is_lost_not_unconfirmed),
        ROW(test_receiver_that_closes_with_bytes_that_it_never_read_has_nothing),
        ROW(test_receiver_that_ends_its_side_before_it_acknowledged_all_has_nothing),
        ROW(test_receiver_that_reads_to_the_end_and_closes_has_all),
        ROW(test_authority_that_was_taken_away_counts_for_an_hour_at_most),
        ROW(test_what_a_rogue_certificate_calls_itself_is_tame_in_a_note),
        ROW(test_name_of_a_rogue_certificate_is_cut_between_characters),
        ROW(test_session_is_resumed_for_an_hour_after_a_certificate_was_shown),
    };
    (void)signal(SIGPIPE, SIG_IGN); /* as the forwarder has it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
