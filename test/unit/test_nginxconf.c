#include "gate/nginxconf.h"

#include "base/text.h"
#include "gate/listen.h"
#include "test.h"

#define MODULE "/usr/lib/gatehouse/ngx_http_gatehouse_module.so"

static struct settings
sample(void)
{
    struct settings settings = {
        .folder = "/var/lib/gatehouse/gateway",
        .site = "shop",
        .host = "gate.example",
        .ledger = "/var/lib/gatehouse/ledger",
        .certificate = "/etc/gate/server.crt",
        .key = "/etc/gate/server.key",
        .session_hours = 12,
        .vms_count = 1,
    };
    settings.vms[0] = (struct settings_vms){
        .name = "cams",
        .type = "zoneminder",
        .upstream = "http://10.0.0.5",
        .address = ip_from_v4(0x0a000005),
        .port = 80,
        .listen = "0.0.0.0:8443",
    };
    return settings;
}

static enum err
write(const struct settings *settings, struct buf *out, struct note *note)
{
    *note = (struct note){{0}};
    buf_init(out, NGINXCONF_MOST);
    const struct nginxconf_place place = {.module = MODULE};
    return nginxconf_write(settings, &place, out, note);
}

/* The text between "server_name "gate.example"" and the next server. */
static char *
guarded_server(struct buf *out)
{
    char *begin = strstr(out->data, "server_name \"gate.example\"");
    assert_non_null(begin);
    char *end = strstr(begin, "    server {");
    assert_non_null(end);
    *end = '\0';
    return begin;
}

static void
test_nothing_in_a_guarded_server_answers_before_the_module(void **state)
{
    (void)state;
    static const char *const forbidden[] = {
        " return ", "rewrite ", "try_files", "alias ", "satisfy", " if "};
    const struct settings settings = sample();
    struct buf out;
    struct note note;
    assert_int_equal(write(&settings, &out, &note), OK);
    const char *server = guarded_server(&out);
    for (size_t i = 0; i < COUNT(forbidden); i++) {
        assert_false(text_contains(server, forbidden[i]));
    }
    for (const char *page = server; (page = strstr(page, "error_page ")) != NULL; page++) {
        const char *to = strstr(page, " /");
        assert_non_null(to);
        assert_true(text_starts(to, " /gatehouse/")); /* which is not guarded */
    }
    assert_non_null(strstr(server, "gatehouse cams zoneminder;"));
    assert_non_null(strstr(server, "proxy_pass http://gatehouse_vms_cams;\n"));
    buf_release(&out);
}

static void
test_no_address_that_a_client_names_is_believed(void **state)
{
    (void)state;
    const struct settings settings = sample();
    struct buf out;
    struct note note;
    assert_int_equal(write(&settings, &out, &note), OK);
    assert_null(strstr(out.data, "$http_"));
    assert_null(strstr(out.data, "$proxy_add_x_forwarded_for"));
    assert_null(strstr(out.data, "real_ip"));
    assert_null(strstr(out.data, "gatehouse_trust"));
    buf_release(&out);
}

static void
test_trusted_proxies_are_written_as_networks(void **state)
{
    (void)state;
    static const char *const trusted[] = {"10.1.0.0/16", "192.0.2.1", NULL};
    struct settings settings = sample();
    struct buf out;
    struct note note;
    settings.trusted_proxies = trusted;
    assert_int_equal(write(&settings, &out, &note), OK);
    assert_non_null(strstr(out.data, "gatehouse_trust 10.1.0.0/16 192.0.2.1"));
    buf_release(&out);
}

static void
test_texts_can_not_become_directives(void **state)
{
    (void)state;
    struct settings settings = sample();
    struct buf out;
    struct note note;
    settings.site = "a\"; return 200; #\\\n$x";
    assert_int_equal(write(&settings, &out, &note), OK);
    assert_non_null(strstr(out.data, "gatehouse_site \"a\\\"; return 200; #\\\\ $x\";"));
    buf_release(&out);
    settings = sample();
    settings.folder = "/tmp/a\"; return 200; #";
    assert_int_equal(write(&settings, &out, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "folder"));
    buf_release(&out);
    settings = sample();
    settings.vms[0].name = "a b";
    assert_int_equal(write(&settings, &out, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "a b"));
    buf_release(&out);
    settings = sample();
    settings.vms[0].listen = "0.0.0.0:8443 proxy_protocol";
    assert_int_equal(write(&settings, &out, &note), ERR_VALUE);
    buf_release(&out);
    settings = sample();
    settings.host = "gate.example;";
    assert_int_equal(write(&settings, &out, &note), ERR_VALUE);
    buf_release(&out);
}

static void
test_each_vms_has_its_server_and_a_stranger_none(void **state)
{
    (void)state;
    struct settings settings = sample();
    struct buf out;
    struct note note;
    settings.vms[1] = settings.vms[0];
    settings.vms[1].name = "frigate";
    settings.vms[1].type = "frigate";
    settings.vms[1].listen = "[::]:8444";
    settings.vms[1].upstream_tls = true;
    settings.vms[1].allows_webrtc = true;
    assert_int_equal(ip_parse("2001:db8::5", &settings.vms[1].address), OK);
    settings.vms[1].port = 8971;
    settings.vms_count = 2;
    assert_int_equal(write(&settings, &out, &note), OK);
    assert_non_null(strstr(out.data, "gatehouse frigate frigate beside;"));
    assert_non_null(strstr(out.data, "server [2001:db8::5]:8971 "));
    assert_non_null(strstr(out.data, "proxy_pass https://gatehouse_vms_frigate;"));
    assert_non_null(strstr(out.data, "listen 0.0.0.0:8443 ssl http2 default_server;"));
    assert_non_null(strstr(out.data, "listen [::]:8444 ssl http2 default_server;"));
    buf_release(&out);
}

static void
test_reads_where_to_listen(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ":", "0.0.0.0", "0.0.0.0:", "0.0.0.0:0", "0.0.0.0:65536",
        "::1:8443", "[::1]", "host:80", "1.2.3.4:80;", "80 "};
    struct ip ip;
    uint16_t port = 0;
    char text[IP_TEXT];
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(listen_parse(bad[i], &ip, &port), ERR_VALUE);
    }
    assert_int_equal(listen_parse(NULL, &ip, &port), ERR_VALUE);
    assert_int_equal(listen_parse("8443", &ip, &port), OK);
    assert_int_equal(port, 8443);
    assert_true(listen_is_any(&ip));
    assert_int_equal(listen_parse("[2001:db8::1]:443", &ip, &port), OK);
    assert_string_equal(ip_text(&ip, text), "2001:db8::1");
    assert_false(listen_is_any(&ip));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_in_a_guarded_server_answers_before_the_module),
        cmocka_unit_test(test_no_address_that_a_client_names_is_believed),
        cmocka_unit_test(test_trusted_proxies_are_written_as_networks),
        cmocka_unit_test(test_texts_can_not_become_directives),
        cmocka_unit_test(test_each_vms_has_its_server_and_a_stranger_none),
        cmocka_unit_test(test_reads_where_to_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
