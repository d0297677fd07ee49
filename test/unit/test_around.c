#include "gate/around.h"

#include "base/text.h"
#include "test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server on a free port of 127.0.0.1 that gives everybody the same answer. */
struct server {
    int fd;
    uint16_t port;
    const char *answer;
    pthread_t thread;
};

static void *
serve(void *context)
{
    const struct server *server = context;
    int fd;
    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        char in[2048];
        if (recv(fd, in, sizeof in, 0) > 0) {
            (void)send(fd, server->answer, strlen(server->answer), MSG_NOSIGNAL);
        }
        (void)close(fd);
    }
    return NULL;
}

static void
start(struct server *server, const char *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    server->answer = answer;
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server->fd, 8), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void
stop(struct server *server)
{
    (void)shutdown(server->fd, SHUT_RDWR);
    (void)close(server->fd);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
}

static struct around_door
look(const char *type, uint16_t port)
{
    static struct around around;
    struct settings_vms vms = {
        .name = type, .type = type, .upstream = "http://127.0.0.1", .port = port};
    assert_int_equal(ip_parse("127.0.0.1", &vms.address), OK);
    assert_int_equal(around_look(&vms, &around, NULL), OK);
    for (size_t i = 0; i < around.count; i++) {
        assert_true(around.doors[i].is_upstream || around.doors[i].port != port);
        assert_string_not_equal(around.doors[i].what, "");
        assert_string_not_equal(around.doors[i].way_out, "");
    }
    for (size_t i = 0; i < around.count; i++) {
        if (around.doors[i].is_upstream) {
            return around.doors[i];
        }
    }
    fail_msg("the upstream was not looked at");
    return around.doors[0];
}

static void
test_an_upstream_that_answers_anybody_is_open(void **state)
{
    (void)state;
    struct server server;
    start(&server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    struct around_door door = look("zoneminder", server.port);
    assert_int_equal(door.state, AROUND_OPEN);
    assert_true(around_is_bad(&door));
    stop(&server);
}

static void
test_an_upstream_that_asks_for_a_log_in_is_as_it_should_be(void **state)
{
    (void)state;
    struct server server;
    start(&server, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    struct around_door door = look("frigate", server.port);
    assert_int_equal(door.state, AROUND_ASKS);
    assert_false(around_is_bad(&door));
    stop(&server);
}

static void
test_a_door_beside_the_gateways_is_bad_whatever_it_asks(void **state)
{
    (void)state;
    struct around_door door = {.port = 8554, .state = AROUND_ASKS};
    assert_true(around_is_bad(&door));
    door.state = AROUND_SHUT;
    assert_false(around_is_bad(&door));
    door = (struct around_door){.is_upstream = true, .state = AROUND_ANSWERS};
    assert_false(around_is_bad(&door));
}

static void
test_says_when_nothing_answers_or_nobody_knows_the_address(void **state)
{
    (void)state;
    struct server server;
    start(&server, "");
    stop(&server);
    assert_int_equal(look("frigate", server.port).state, AROUND_SHUT);
    struct settings_vms vms = {.type = "frigate", .upstream = "http://nowhere"};
    struct around around;
    struct note note = {""};
    assert_int_equal(around_look(&vms, &around, &note), ERR_MISSING);
    assert_string_not_equal(note.text, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_upstream_that_answers_anybody_is_open),
        cmocka_unit_test(test_an_upstream_that_asks_for_a_log_in_is_as_it_should_be),
        cmocka_unit_test(test_a_door_beside_the_gateways_is_bad_whatever_it_asks),
        cmocka_unit_test(test_says_when_nothing_answers_or_nobody_knows_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
