#include "base/clock.h"
#include "peer.h"
#include "wire/pace.h"

#include <errno.h>

/* What came back, in order. */
struct log {
    enum err errs[256];
    uint16_t ports[256];
    size_t count;
    struct answer answer;
};

static void
log_connect(void *context, const struct wire_target *target, enum err err)
{
    struct log *log = context;
    assert_true(log->count < COUNT(log->errs));
    log->ports[log->count] = target->port;
    log->errs[log->count++] = err;
}

static void
log_answer(void *context, const struct answer *answer)
{
    struct log *log = context;
    assert_true(log->count < COUNT(log->errs));
    log->errs[log->count++] = answer->err;
    log->answer = *answer;
}

static void
log_timer(void *context)
{
    struct log *log = context;
    log->errs[log->count++] = OK;
}

static bool
hang_up(struct peer *peer, int fd)
{
    (void)peer;
    (void)fd;
    return false;
}

static bool
wait_end(struct peer *peer, int fd)
{
    (void)peer;
    peer_wait_end(fd);
    return false;
}

static struct wire_target
target_at(const char *address, uint16_t port)
{
    return (struct wire_target){.ip = peer_ip(address), .port = port};
}

/* A port at which nobody listens. */
static uint16_t
closed_port(void)
{
    struct peer peer = {.speaks_first = true};
    peer_start(&peer, "127.0.0.1", hang_up);
    peer_stop(&peer);
    return peer.port;
}

static void
test_connect_tells_open_from_closed(void **state)
{
    (void)state;
    struct rig rig;
    struct log log = {0};
    struct peer peer = {.speaks_first = true};
    peer_start(&peer, "127.0.0.1", hang_up);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target open = target_at("127.0.0.1", peer.port);
    struct wire_target closed = target_at("127.0.0.1", closed_port());
    (void)wire_connect(rig.wire, &open, log_connect, &log);
    assert_int_equal(log.count, 0);
    wire_run(rig.wire);
    (void)wire_connect(rig.wire, &closed, log_connect, &log);
    wire_run(rig.wire);
    assert_int_equal(log.count, 2);
    assert_int_equal(log.errs[0], OK);
    assert_int_equal(log.errs[1], ERR_REFUSED);
    assert_int_equal(log.ports[1], closed.port);
    assert_int_equal(wire_totals(rig.wire)->connections, 2);
    assert_int_equal(wire_totals(rig.wire)->packets, 2 * PACE_CONNECT);
    rig_release(&rig);
    peer_stop(&peer);
}

/* A full backlog swallows the SYN, as a firewall that drops does. */
static void
test_connect_gives_up_in_time(void **state)
{
    (void)state;
    struct rig rig;
    struct log log = {0};
    struct sockaddr_storage own;
    struct ip ip = peer_ip("127.0.0.1");
    uint16_t port = 0;
    int fillers[4];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t len = ip_to_socket(&ip, 0, &own);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, len), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
    assert_int_equal(ip_from_socket((struct sockaddr *)&own, &ip, &port), OK);
    for (size_t i = 0; i < COUNT(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&own, len);
    }
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = target_at("127.0.0.1", port);
    int64_t begun = clock_mono();
    (void)wire_connect(rig.wire, &target, log_connect, &log);
    wire_run(rig.wire);
    assert_int_equal(log.count, 1);
    assert_int_equal(log.errs[0], ERR_TIMEOUT);
    assert_in_range(clock_mono() - begun, rig.settings.connect_ms - 5, 4000);
    rig_release(&rig);
    for (size_t i = 0; i < COUNT(fillers); i++) {
        close(fillers[i]);
    }
    close(fd);
}

static bool
ssh_banner(struct peer *peer, int fd)
{
    (void)peer;
    (void)peer_text(fd, "SSH-2.0-");
    usleep(20000);
    (void)peer_text(fd, "dropbear_2014.63\r\n");
    peer_wait_end(fd);
    return false;
}

static bool
long_banner(struct peer *peer, int fd)
{
    static const char block[4096] = {'x'};
    (void)peer;
    while (peer_send(fd, block, sizeof(block))) {
    }
    return false;
}

static bool
reset(struct peer *peer, int fd)
{
    (void)peer;
    peer_reset(fd);
    return false;
}

static void
test_banner_keeps_the_first_bytes(void **state)
{
    (void)state;
    static const struct {
        peer_fn *behaviour;
        enum err err;
        size_t len;
    } rows[] = {
        {ssh_banner,  OK,          26         },
        {long_banner, OK,          WIRE_BANNER},
        {wait_end,    OK,          0          },
        {hang_up,     OK,          0          },
        {reset,       ERR_NETWORK, 0          },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rig rig;
        struct log log = {0};
        struct peer peer = {.speaks_first = true};
        peer_start(&peer, "127.0.0.1", rows[i].behaviour);
        rig_init(&rig);
        rig_open(&rig);
        struct wire_target target = target_at("127.0.0.1", peer.port);
        int64_t begun = clock_mono();
        (void)wire_banner(rig.wire, &target, 200, &rig.arena, log_answer, &log);
        wire_run(rig.wire);
        assert_int_equal(log.count, 1);
        assert_int_equal(log.errs[0], rows[i].err);
        assert_int_equal(log.answer.body_len, rows[i].len);
        assert_true(clock_mono() - begun < 4000);
        rig_release(&rig);
        peer_stop(&peer);
    }
}

static void
test_nothing_is_sent_outside_the_scope(void **state)
{
    (void)state;
    struct rig rig;
    struct log log = {0};
    struct peer peer = {0};
    const struct request request = {.ask = {.path = "/"}};
    peer_start(&peer, "127.0.0.2", wait_end);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = target_at("127.0.0.2", peer.port);
    struct wire_target mapped = target_at("::ffff:127.0.0.2", peer.port);
    struct wire_target nobody = {.port = peer.port};
    (void)wire_connect(rig.wire, &target, log_connect, &log);
    (void)wire_connect(rig.wire, &mapped, log_connect, &log);
    (void)wire_connect(rig.wire, &nobody, log_connect, &log);
    (void)wire_banner(rig.wire, &target, 100, &rig.arena, log_answer, &log);
    (void)wire_http(rig.wire, &target, &request, &rig.arena, log_answer, &log);
    (void)wire_http(rig.wire, &mapped, &request, &rig.arena, log_answer, &log);
    (void)wire_rtsp(rig.wire, &target, &request, &rig.arena, log_answer, &log);
    assert_int_equal(log.count, 0);
    wire_run(rig.wire);
    assert_int_equal(log.count, 7);
    for (size_t i = 0; i < log.count; i++) {
        assert_int_equal(log.errs[i], ERR_SCOPE);
    }
    assert_int_equal(wire_totals(rig.wire)->refused, 7);
    assert_int_equal(wire_totals(rig.wire)->packets, 0);
    assert_int_equal(wire_totals(rig.wire)->connections, 0);
    rig_release(&rig);
    peer_stop(&peer);
    assert_int_equal(peer.accepted, 0);
}

static void
test_port_zero_is_refused(void **state)
{
    (void)state;
    struct rig rig;
    struct log log = {0};
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = target_at("127.0.0.1", 0);
    (void)wire_connect(rig.wire, &target, log_connect, &log);
    wire_run(rig.wire);
    assert_int_equal(log.errs[0], ERR_VALUE);
    rig_release(&rig);
}

static void
test_cancelled_calls_tell_nobody_in_any_state(void **state)
{
    (void)state;
    struct rig rig;
    struct log log = {0};
    struct peer peer = {0};
    const struct request request = {.ask = {.path = "/"}};
    peer_start(&peer, "127.0.0.1", wait_end);
    rig_init(&rig);
    rig.settings.connect_ms = rig.settings.answer_ms = 5000;
    rig.settings.calls_host = 3;
    rig_open(&rig);
    struct wire_target target = target_at("127.0.0.1", peer.port);
    struct wire_target outside = target_at("127.0.0.2", peer.port);
    struct wire_call *calls[] = {
        wire_http(rig.wire, &target, &request, &rig.arena, log_answer, &log),
        wire_rtsp(rig.wire, &target, &request, &rig.arena, log_answer, &log),
        wire_banner(rig.wire, &target, 5000, &rig.arena, log_answer, &log),
        wire_http(rig.wire, &target, &request, &rig.arena, log_answer, &log),
        wire_connect(rig.wire, &target, log_connect, &log),
        wire_after(rig.wire, 5000, log_timer, &log),
    };
    rig_run_for(&rig, 50);
    struct wire_call *refused = wire_connect(rig.wire, &outside, log_connect, &log);
    wire_cancel(refused);
    wire_cancel(calls[4]);
    wire_cancel(calls[3]);
    wire_cancel(calls[0]);
    wire_cancel(calls[2]);
    wire_cancel(calls[1]);
    wire_cancel(calls[5]);
    wire_cancel(NULL);
    int64_t begun = clock_mono();
    wire_run(rig.wire);
    assert_true(clock_mono() - begun < 4000);
    assert_int_equal(log.count, 0);
    rig_release(&rig);
    peer_stop(&peer);
}

/* Cancels another call from within its own function. */
struct canceller {
    struct wire_call *other;
    int calls;
};

static void
cancel_other(void *context, const struct answer *answer)
{
    struct canceller *canceller = context;
    assert_int_equal(answer->err, ERR_TIMEOUT);
    canceller->calls++;
    wire_cancel(canceller->other);
}

static void
test_calls_may_be_cancelled_from_a_function(void **state)
{
    (void)state;
    struct rig rig;
    struct log log = {0};
    struct canceller canceller = {0};
    struct peer peer = {0};
    const struct request request = {.ask = {.path = "/"}};
    peer_start(&peer, "127.0.0.1", wait_end);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = target_at("127.0.0.1", peer.port);
    (void)wire_http(rig.wire, &target, &request, &rig.arena, cancel_other, &canceller);
    canceller.other = wire_http(rig.wire, &target, &request, &rig.arena, log_answer, &log);
    wire_run(rig.wire);
    assert_int_equal(canceller.calls, 1);
    assert_int_equal(log.count, 0);
    rig_release(&rig);
    peer_stop(&peer);
}

static void
test_wire_can_be_freed_with_everything_under_way(void **state)
{
    (void)state;
    struct rig rig;
    struct log log = {0};
    struct peer peer = {0};
    const struct request request = {.ask = {.path = "/"}};
    peer_start(&peer, "127.0.0.1", wait_end);
    rig_init(&rig);
    rig_open(&rig);
    struct wire_target target = target_at("127.0.0.1", peer.port);
    struct wire_target outside = target_at("127.0.0.2", peer.port);
    for (int i = 0; i < 10; i++) {
        (void)wire_http(rig.wire, &target, &request, &rig.arena, log_answer, &log);
        (void)wire_banner(rig.wire, &target, 900, &rig.arena, log_answer, &log);
        (void)wire_after(rig.wire, 900, log_timer, &log);
    }
    rig_run_for(&rig, 20);
    (void)wire_connect(rig.wire, &outside, log_connect, &log);
    rig_release(&rig);
    assert_int_equal(log.count, 0);
    peer_stop(&peer);
}

static int64_t now;

static int64_t
fake_now(void)
{
    return now;
}

static void
test_connects_keep_the_pace(void **state)
{
    (void)state;
    static const struct clock_source fake = {fake_now, fake_now};
    struct rig rig;
    struct log log = {0};
    now = 1000;
    clock_replace(&fake);
    rig_init(&rig);
    rig.settings.packets_per_second_host = 40;
    rig_open(&rig);
    struct wire_target target = target_at("127.0.0.1", closed_port());
    for (int i = 0; i < 200; i++) {
        (void)wire_connect(rig.wire, &target, log_connect, &log);
    }
    rig_run_until(&rig, &log.count, 10 / PACE_CONNECT);
    assert_int_equal(log.count, 10 / PACE_CONNECT);
    now += 200;
    rig_run_until(&rig, &log.count, (10 + 8) / PACE_CONNECT);
    assert_int_equal(log.count, (10 + 8) / PACE_CONNECT);
    now += 1000000;
    rig_run_until(&rig, &log.count, (10 + 8 + 10) / PACE_CONNECT);
    assert_int_equal(log.count, (10 + 8 + 10) / PACE_CONNECT);
    assert_int_equal(wire_totals(rig.wire)->packets, 28);
    rig_release(&rig);
    clock_replace(NULL);
}

static void
test_no_more_calls_at_once_than_allowed(void **state)
{
    (void)state;
    struct rig rig;
    struct log log = {0};
    struct peer peer = {.speaks_first = true};
    peer_start(&peer, "127.0.0.1", wait_end);
    rig_init(&rig);
    rig.settings.calls_host = 3;
    rig_open(&rig);
    struct wire_target target = target_at("127.0.0.1", peer.port);
    for (int i = 0; i < 9; i++) {
        (void)wire_banner(rig.wire, &target, 1000, &rig.arena, log_answer, &log);
    }
    rig_run_for(&rig, 50);
    assert_int_equal(wire_totals(rig.wire)->connections, 3);
    rig_release(&rig);
    peer_stop(&peer);
}

static void
test_slow_host_does_not_hold_up_others(void **state)
{
    (void)state;
    struct rig rig;
    struct log slow_log = {0};
    struct log log = {0};
    struct peer slow = {.speaks_first = true};
    struct peer quick = {.speaks_first = true};
    peer_start(&slow, "127.0.0.1", wait_end);
    peer_start(&quick, "127.0.0.3", hang_up);
    rig_init(&rig);
    assert_int_equal(scope_allow(&rig.scope, "127.0.0.3", NULL), OK);
    rig.settings.calls = 4;
    rig_open(&rig);
    struct wire_target target = target_at("127.0.0.1", slow.port);
    struct wire_target other = target_at("127.0.0.3", quick.port);
    for (int i = 0; i < 50; i++) {
        (void)wire_banner(rig.wire, &target, 5000, &rig.arena, log_answer, &slow_log);
    }
    for (int i = 0; i < 20; i++) {
        (void)wire_connect(rig.wire, &other, log_connect, &log);
    }
    rig_run_until(&rig, &log.count, 20);
    assert_int_equal(slow_log.count, 0);
    assert_int_equal(log.count, 20);
    rig_release(&rig);
    peer_stop(&slow);
    peer_stop(&quick);
}

static void
test_timer_calls_once(void **state)
{
    (void)state;
    struct rig rig;
    struct log log = {0};
    rig_init(&rig);
    rig_open(&rig);
    (void)wire_after(rig.wire, 0, log_timer, &log);
    (void)wire_after(rig.wire, 20, log_timer, &log);
    assert_int_equal(log.count, 0);
    wire_run(rig.wire);
    assert_int_equal(log.count, 2);
    rig_release(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connect_tells_open_from_closed),
        cmocka_unit_test(test_connect_gives_up_in_time),
        cmocka_unit_test(test_banner_keeps_the_first_bytes),
        cmocka_unit_test(test_nothing_is_sent_outside_the_scope),
        cmocka_unit_test(test_port_zero_is_refused),
        cmocka_unit_test(test_cancelled_calls_tell_nobody_in_any_state),
        cmocka_unit_test(test_calls_may_be_cancelled_from_a_function),
        cmocka_unit_test(test_wire_can_be_freed_with_everything_under_way),
        cmocka_unit_test(test_connects_keep_the_pace),
        cmocka_unit_test(test_no_more_calls_at_once_than_allowed),
        cmocka_unit_test(test_slow_host_does_not_hold_up_others),
        cmocka_unit_test(test_timer_calls_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
