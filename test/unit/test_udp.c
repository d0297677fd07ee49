#include "peer.h"

/* What arrived at a socket. */
struct inbox {
    struct wire *wire;
    size_t count;
    size_t len;
    uint16_t from_port;
    struct ip from;
    char bytes[WIRE_DATAGRAM];
};

static void
take(void *context, const struct ip *from, uint16_t from_port, const uint8_t *bytes, size_t len)
{
    struct inbox *inbox = context;
    inbox->count++;
    inbox->len = len;
    inbox->from = *from;
    inbox->from_port = from_port;
    memcpy(inbox->bytes, bytes, len);
}

static struct wire_interface
loopback(struct rig *rig)
{
    struct wire_interface all[16];
    size_t count = wire_interfaces(rig->wire, all, COUNT(all));
    for (size_t i = 0; i < count; i++) {
        if (all[i].ip.family == 4 && strcmp(all[i].name, "lo") == 0) {
            return all[i];
        }
    }
    fail_msg("no loopback interface");
    return all[0];
}

static void
test_interfaces_have_their_network(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    rig_open(&rig);
    struct wire_interface lo = loopback(&rig);
    char text[IP_TEXT];
    assert_string_equal(ip_text(&lo.ip, text), "127.0.0.1");
    assert_string_equal(net_text(&lo.net, text), "127.0.0.0/8");
    assert_int_equal(lo.broadcast.family, 0);
    assert_int_not_equal(lo.index, 0);
    rig_release(&rig);
}

static void
test_loopback_outside_the_scope_is_no_interface(void **state)
{
    (void)state;
    struct rig rig;
    struct wire_interface all[16];
    rig_init(&rig);
    scope_init(&rig.scope);
    rig_open(&rig);
    size_t count = wire_interfaces(rig.wire, all, COUNT(all));
    for (size_t i = 0; i < count; i++) {
        assert_string_not_equal(all[i].name, "lo");
    }
    rig_release(&rig);
}

static void
test_datagrams_go_and_come(void **state)
{
    (void)state;
    struct rig rig;
    struct inbox asker = {0};
    struct inbox camera = {0};
    rig_init(&rig);
    rig_open(&rig);
    struct wire_interface lo = loopback(&rig);
    struct wire_udp *here = wire_udp_open(rig.wire, &lo, 0, NULL, take, &asker);
    struct wire_udp *there = wire_udp_open(rig.wire, &lo, 0, NULL, take, &camera);
    assert_true(here != NULL && there != NULL);
    assert_int_equal(wire_udp_send(here, &lo.ip, wire_udp_port(there), "probe", 5), OK);
    assert_int_equal(wire_totals(rig.wire)->datagrams, 0);
    rig_run_until(&rig, &camera.count, 1);
    assert_int_equal(camera.count, 1);
    assert_int_equal(camera.len, 5);
    assert_memory_equal(camera.bytes, "probe", 5);
    assert_int_equal(camera.from_port, wire_udp_port(here));
    assert_true(ip_equal(&camera.from, &lo.ip));
    assert_int_equal(wire_totals(rig.wire)->datagrams, 1);
    assert_int_equal(wire_totals(rig.wire)->packets, 1);
    wire_udp_close(here);
    wire_udp_close(there);
    rig_release(&rig);
}

static void
send_raw(uint16_t port, size_t len)
{
    static const char block[32 * 1024];
    struct sockaddr_storage address;
    struct ip ip = peer_ip("127.0.0.1");
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    socklen_t address_len = ip_to_socket(&ip, port, &address);
    assert_int_equal(
        sendto(fd, block, len, 0, (struct sockaddr *)&address, address_len), (ssize_t)len);
    close(fd);
}

static void
test_truncated_datagrams_are_dropped_and_counted(void **state)
{
    (void)state;
    struct rig rig;
    struct inbox inbox = {0};
    rig_init(&rig);
    rig_open(&rig);
    struct wire_interface lo = loopback(&rig);
    struct wire_udp *udp = wire_udp_open(rig.wire, &lo, 0, NULL, take, &inbox);
    send_raw(wire_udp_port(udp), WIRE_DATAGRAM + 1);
    send_raw(wire_udp_port(udp), 32 * 1024);
    send_raw(wire_udp_port(udp), WIRE_DATAGRAM);
    send_raw(wire_udp_port(udp), 0);
    rig_run_until(&rig, &inbox.count, 2);
    assert_int_equal(inbox.count, 2);
    assert_int_equal(wire_totals(rig.wire)->dropped, 2);
    rig_release(&rig);
}

static void
test_group_answers_reach_every_member(void **state)
{
    (void)state;
    struct rig rig;
    struct inbox members[2] = {0};
    rig_init(&rig);
    rig_open(&rig);
    struct wire_interface lo = loopback(&rig);
    struct ip group = peer_ip("239.255.255.250");
    struct wire_udp *one = wire_udp_open(rig.wire, &lo, 0, &group, take, &members[0]);
    assert_non_null(one);
    uint16_t port = wire_udp_port(one);
    struct wire_udp *two = wire_udp_open(rig.wire, &lo, port, &group, take, &members[1]);
    assert_non_null(two);
    assert_int_equal(wire_udp_send(one, &group, port, "inquiry", 7), OK);
    rig_run_until(&rig, &members[1].count, 1);
    assert_int_equal(members[0].count, 1);
    assert_int_equal(members[1].count, 1);
    rig_release(&rig);
}

static void
test_datagrams_outside_the_scope_are_refused(void **state)
{
    (void)state;
    static const char *const outside[] = {"127.0.0.2", "8.8.8.8", "224.0.1.1", "233.89.188.1",
        "239.1.1.1", "10.255.255.255", "::ffff:127.0.0.1", "ff02::c", "::1"};
    static const char *const inside[] = {
        "127.0.0.1", "239.255.255.250", "239.255.255.251", "224.0.0.251", "255.255.255.255"};
    struct rig rig;
    struct inbox inbox = {0};
    rig_init(&rig);
    rig_open(&rig);
    struct wire_interface lo = loopback(&rig);
    struct wire_udp *udp = wire_udp_open(rig.wire, &lo, 0, NULL, take, &inbox);
    for (size_t i = 0; i < COUNT(outside); i++) {
        struct ip to = peer_ip(outside[i]);
        assert_int_equal(wire_udp_send(udp, &to, 9, "x", 1), ERR_SCOPE);
    }
    assert_int_equal(wire_totals(rig.wire)->refused, COUNT(outside));
    for (size_t i = 0; i < COUNT(inside); i++) {
        struct ip to = peer_ip(inside[i]);
        assert_int_equal(wire_udp_send(udp, &to, 9, "x", 1), OK);
    }
    wire_udp_close(udp);
    assert_int_equal(wire_totals(rig.wire)->datagrams, 0);
    rig_release(&rig);
}

static void
test_groups_of_a_network_without_scope_are_refused(void **state)
{
    (void)state;
    struct rig rig;
    struct inbox inbox = {0};
    rig_init(&rig);
    rig_open(&rig);
    struct wire_interface other = loopback(&rig);
    assert_int_equal(net_parse("192.168.77.0/24", &other.net), OK);
    other.broadcast = peer_ip("192.168.77.255");
    struct wire_udp *udp = wire_udp_open(rig.wire, &other, 0, NULL, take, &inbox);
    static const char *const groups[] = {"239.255.255.250", "255.255.255.255", "192.168.77.255"};
    for (size_t i = 0; i < COUNT(groups); i++) {
        struct ip to = peer_ip(groups[i]);
        assert_int_equal(wire_udp_send(udp, &to, 9, "x", 1), ERR_SCOPE);
    }
    assert_int_equal(scope_allow(&rig.scope, "192.168.77.9", NULL), OK);
    for (size_t i = 0; i < COUNT(groups); i++) {
        struct ip to = peer_ip(groups[i]);
        assert_int_equal(wire_udp_send(udp, &to, 9, "x", 1), OK);
    }
    rig_release(&rig);
}

static void
test_empty_and_over_long_datagrams_are_not_sent(void **state)
{
    (void)state;
    static const char block[WIRE_DATAGRAM + 1];
    struct rig rig;
    struct inbox inbox = {0};
    rig_init(&rig);
    rig_open(&rig);
    struct wire_interface lo = loopback(&rig);
    struct wire_udp *udp = wire_udp_open(rig.wire, &lo, 0, NULL, take, &inbox);
    assert_int_equal(wire_udp_send(udp, &lo.ip, 9, "", 0), ERR_VALUE);
    assert_int_equal(wire_udp_send(udp, &lo.ip, 9, block, sizeof(block)), ERR_VALUE);
    assert_int_equal(wire_udp_send(udp, &lo.ip, 0, "x", 1), ERR_VALUE);
    rig_release(&rig);
}

static void
test_busy_port_without_reuse_gives_no_socket(void **state)
{
    (void)state;
    struct rig rig;
    struct inbox inbox = {0};
    struct sockaddr_storage own;
    struct ip any = {.family = 4};
    uint16_t port = 0;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    socklen_t len = ip_to_socket(&any, 0, &own);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
    assert_int_equal(ip_from_socket((struct sockaddr *)&own, &any, &port), OK);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_interface lo = loopback(&rig);
    assert_null(wire_udp_open(rig.wire, &lo, port, NULL, take, &inbox));
    close(fd);
    rig_release(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interfaces_have_their_network),
        cmocka_unit_test(test_loopback_outside_the_scope_is_no_interface),
        cmocka_unit_test(test_datagrams_go_and_come),
        cmocka_unit_test(test_truncated_datagrams_are_dropped_and_counted),
        cmocka_unit_test(test_group_answers_reach_every_member),
        cmocka_unit_test(test_datagrams_outside_the_scope_are_refused),
        cmocka_unit_test(test_groups_of_a_network_without_scope_are_refused),
        cmocka_unit_test(test_empty_and_over_long_datagrams_are_not_sent),
        cmocka_unit_test(test_busy_port_without_reuse_gives_no_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
