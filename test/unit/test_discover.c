/* The engine: floods are bounded, and it ends once. */
#include "discovered.h"

#include "discover/methods.h"

#include <arpa/inet.h>
#include <unistd.h>

struct site {
    struct scope scope;
    struct wire *wire;
    struct discovery *discovery;
    unsigned done;
    size_t hosts;
};

static void
on_done(void *context)
{
    struct site *site = context;
    site->done++;
    wire_stop(site->wire);
}

static void
on_progress(void *context, size_t done, size_t all)
{
    struct site *site = context;
    assert_true(done <= all);
    site->hosts = done;
}

static void
open_site(struct site *site, const char *net)
{
    const struct wire_settings settings = wire_settings_default();
    *site = (struct site){.done = 0};
    scope_init(&site->scope);
    assert_int_equal(scope_allow(&site->scope, net, NULL), OK);
    assert_int_equal(wire_new(&site->scope, &settings, &site->wire), OK);
    const struct discovery_settings run = {
        .listen_ms = 50, .progress = on_progress, .done = on_done, .context = site};
    assert_int_equal(discovery_start(site->wire, &site->scope, &run, &site->discovery), OK);
}

static void
close_site(struct site *site)
{
    discovery_free(site->discovery);
    wire_free(site->wire);
}

/* A port of the sweep that is free on this machine; -1 when none is. */
static int
listen_somewhere(uint16_t *ret_port)
{
    static const uint16_t ports[] = {34567, 37777, 22331, 8899};
    for (size_t i = 0; i < COUNT(ports); i++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(ports[i])};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 8) == 0) {
            *ret_port = ports[i];
            return fd;
        }
        (void)close(fd);
    }
    return -1;
}

static bool
has_port(const struct sighting *sighting, uint16_t port)
{
    for (size_t i = 0; i < sighting->open_port_count; i++) {
        if (sighting->open_ports[i] == port) {
            return true;
        }
    }
    return false;
}

static void
test_bounds_a_flood_from_outside_the_scope(void **state)
{
    (void)state;
    struct site site;
    open_site(&site, "10.99.0.0/24");
    size_t kept = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        struct ip ip = ip_from_v4(0xc6336400U + i);
        const struct sighting *sighting = discovery_sight(site.discovery, &discover_sadp, &ip);
        kept += sighting != NULL;
        assert_true(sighting == NULL || !sighting->in_scope);
    }
    assert_int_equal(kept, 64);
    assert_int_equal(discovery_dropped(site.discovery), 10000 - 64);
    close_site(&site);
}

static void
test_bounds_a_flood_in_the_scope(void **state)
{
    (void)state;
    struct site site;
    open_site(&site, "10.99.0.0/16");
    size_t kept = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        struct ip ip = ip_from_v4(0x0a630000U + i);
        kept += discovery_sight(site.discovery, &discover_mdns, &ip) != NULL;
    }
    assert_int_equal(kept, 4096);
    close_site(&site);
}

static void
test_bounds_what_one_address_says(void **state)
{
    (void)state;
    struct site site;
    open_site(&site, "10.99.0.0/24");
    struct ip ip = ip_from_v4(0x0a630007U);
    struct heard_from from = {.method = &discover_sadp, .ip = ip, .asked = "x"};
    for (uint32_t i = 0; i < 1000; i++) {
        char name[16];
        struct heard heard;
        heard_init(&heard);
        heard.mac.bytes[0] = 2;
        heard.mac.bytes[5] = (uint8_t)(i % 100);
        (void)snprintf(name, sizeof(name), "%u", i);
        heard_text(&heard, FACT_DEVICE_NAME, 40, "x", name);
        (void)heard_record(site.discovery, &from, &heard);
    }
    size_t count = 0;
    for (const struct sighting *at = discovery_sightings(site.discovery); at != NULL;
         at = at->next) {
        assert_true(at->answers <= 32);
        count++;
    }
    assert_int_equal(count, 16);
    close_site(&site);
}

static void
test_joins_answers_of_one_device(void **state)
{
    (void)state;
    struct site site;
    open_site(&site, "10.99.0.0/24");
    struct ip ip = ip_from_v4(0x0a630007U);
    struct heard_from from = {.method = &discover_mdns, .ip = ip, .asked = "x"};
    struct heard heard;
    heard_init(&heard);
    heard_text(&heard, FACT_MDNS_SERVICE, 50, "PTR", "_http._tcp");
    const struct sighting *first = heard_record(site.discovery, &from, &heard);
    assert_true(first->in_scope);
    heard_init(&heard);
    assert_int_equal(mac_parse("02:00:00:00:00:07", &heard.mac), OK);
    assert_ptr_equal(heard_record(site.discovery, &from, &heard), first);
    assert_string_equal(facts_text(&first->facts, FACT_MDNS_SERVICE), "_http._tcp");
    /* Another device in factory state has the same address. */
    heard_init(&heard);
    assert_int_equal(mac_parse("02:00:00:00:00:08", &heard.mac), OK);
    assert_ptr_not_equal(heard_record(site.discovery, &from, &heard), first);
    close_site(&site);
}

static void
test_sweeps_this_machine_and_ends_once(void **state)
{
    (void)state;
    struct site site;
    uint16_t port = 0;
    int fd = listen_somewhere(&port);
    if (fd < 0) {
        skip();
    }
    open_site(&site, "127.0.0.1");
    wire_run(site.wire);
    assert_int_equal(site.done, 1);
    assert_int_equal(site.hosts, 1);
    struct ip ip = ip_from_v4(INADDR_LOOPBACK);
    static const struct mac any;
    const struct sighting *sighting = discovery_find(site.discovery, &discover_sweep, &ip, &any);
    assert_non_null(sighting);
    assert_true(has_port(sighting, port));
    close_site(&site);
    (void)close(fd);
}

static void
test_can_be_freed_in_the_middle(void **state)
{
    (void)state;
    struct site site;
    open_site(&site, "127.0.0.0/24");
    for (int i = 0; i < 20; i++) {
        (void)uv_run(wire_loop(site.wire), UV_RUN_NOWAIT);
    }
    close_site(&site);
}

static void
test_plans_no_more_than_it_may_send(void **state)
{
    (void)state;
    struct scope scope;
    scope_init(&scope);
    assert_int_equal(scope_allow(&scope, "10.99.0.0/24", NULL), OK);
    struct wire_interface interface = {.index = 1};
    assert_int_equal(net_parse("10.99.0.0/16", &interface.net), OK);
    assert_int_equal(discovery_plan(&discover_sadp, &scope, &interface, 1), 2);
    assert_int_equal(discovery_plan(&discover_arp, &scope, &interface, 1), 254);
    assert_true(discover_sweep.packets_host >= discover_port_count);
    assert_int_equal(net_parse("192.168.0.0/24", &interface.net), OK);
    assert_int_equal(discovery_plan(&discover_sadp, &scope, &interface, 1), 0);
}

static void
test_asks_each_port_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < discover_port_count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(discover_ports[i].number, discover_ports[j].number);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_a_flood_from_outside_the_scope),
        cmocka_unit_test(test_bounds_a_flood_in_the_scope),
        cmocka_unit_test(test_bounds_what_one_address_says),
        cmocka_unit_test(test_joins_answers_of_one_device),
        cmocka_unit_test(test_sweeps_this_machine_and_ends_once),
        cmocka_unit_test(test_can_be_freed_in_the_middle),
        cmocka_unit_test(test_plans_no_more_than_it_may_send),
        cmocka_unit_test(test_asks_each_port_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
