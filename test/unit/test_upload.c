/* Files that go with a request: whole, in pieces, as body and as form. */
#include "peer.h"

#include "base/text.h"

#include <fcntl.h>
#include <sys/stat.h>

#define SIZE ((size_t)3 * 1024 * 1024)

static char *received;
static size_t received_len;

/* Takes everything that follows the head, by its Content-Length. */
static bool
take_body(struct peer *peer, int fd)
{
    const char *length = strcasestr(peer->request, "Content-Length: ");
    const char *body = strstr(peer->request, "\r\n\r\n");
    assert_non_null(length);
    assert_non_null(body);
    size_t want = strtoul(length + strlen("Content-Length: "), NULL, 10);
    size_t have = strlen(body + 4);
    received = realloc(received, want + 1);
    assert_non_null(received);
    memcpy(received, body + 4, have);
    if (strcasestr(peer->request, "Expect: 100-continue") != NULL) {
        (void)peer_text(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    while (have < want) {
        ssize_t got = recv(fd, received + have, want - have, 0);
        if (got <= 0) {
            break;
        }
        have += (size_t)got;
    }
    received[have] = '\0';
    received_len = have;
    return peer_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
}

static bool
refuse(struct peer *peer, int fd)
{
    (void)peer;
    (void)peer_text(
        fd, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    peer_wait_end(fd);
    return false;
}

/* A file of SIZE letters that follow a pattern, already unlinked. */
static int
make_file(size_t size)
{
    char path[] = "/tmp/gatehouse-upload-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    char *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)('a' + i % 26);
    }
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    free(bytes);
    return fd;
}

static uint64_t told;

static void
on_progress(void *context, uint64_t sent, uint64_t size)
{
    (void)context;
    assert_true(sent <= size);
    told = sent;
}

static struct answer
send_to(struct rig *rig, struct peer *peer, const struct request *request, peer_fn *behaviour)
{
    struct outcome outcome = {0};
    *peer = (struct peer){0};
    told = 0;
    peer_start(peer, "127.0.0.1", behaviour);
    rig_init(rig);
    rig_open(rig);
    struct wire_target target = target_of(peer);
    assert_non_null(wire_http(rig->wire, &target, request, &rig->arena, keep, &outcome));
    wire_run(rig->wire);
    assert_int_equal(outcome.calls, 1);
    wire_free(rig->wire);
    rig->wire = NULL;
    peer_stop(peer);
    return outcome.answer;
}

static void
test_sends_a_bare_file_whole(void **state)
{
    (void)state;
    struct rig rig;
    struct peer peer;
    int fd = make_file(SIZE);
    const struct request_file file = {.fd = fd, .size = SIZE, .ms = 20000, .progress = on_progress};
    const struct request request = {
        .ask = {.method = "PUT", .path = "/ISAPI/System/updateFirmware"},
          .file = &file
    };
    struct answer answer = send_to(&rig, &peer, &request, take_body);
    assert_int_equal(answer.err, OK);
    assert_int_equal(answer.status, 200);
    assert_true(text_starts(peer.request, "PUT /ISAPI/System/updateFirmware "));
    assert_non_null(strcasestr(peer.request, "Content-Type: application/octet-stream"));
    assert_int_equal(received_len, SIZE);
    for (size_t i = 0; i < SIZE; i += 997) {
        assert_int_equal(received[i], 'a' + (int)(i % 26));
    }
    assert_int_equal(told, SIZE);
    assert_int_equal(close(fd), 0);
    rig_release(&rig);
}

static void
test_sends_a_form_with_a_leading_part(void **state)
{
    (void)state;
    struct rig rig;
    struct peer peer;
    int fd = make_file(1000);
    const struct request_file file = {
        .fd = fd, .size = 1000, .field = "fileData", .name = "fw.bin", .lead = "data", .ms = 20000};
    const struct request request = {
        .ask = {.path = "/axis-cgi/firmwaremanagement.cgi", .body = "{\"method\":\"upgrade\"}"},
        .file = &file
    };
    struct answer answer = send_to(&rig, &peer, &request, take_body);
    assert_int_equal(answer.err, OK);
    assert_true(text_starts(peer.request, "POST "));
    assert_non_null(strcasestr(peer.request, "Content-Type: multipart/form-data; boundary="));
    const char *lead = strstr(received, "name=\"data\"");
    const char *part = strstr(received, "name=\"fileData\"; filename=\"fw.bin\"");
    assert_non_null(lead);
    assert_non_null(part);
    assert_true(lead < part);
    assert_non_null(strstr(received, "{\"method\":\"upgrade\"}"));
    assert_int_equal(close(fd), 0);
    rig_release(&rig);
}

static void
test_a_refusal_ends_it_before_the_file_is_sent(void **state)
{
    (void)state;
    struct rig rig;
    struct peer peer;
    int fd = make_file(SIZE);
    const struct request_file file = {.fd = fd, .size = SIZE, .ms = 20000, .progress = on_progress};
    const struct request request = {
        .ask = {.method = "PUT", .path = "/up"},
          .file = &file
    };
    struct answer answer = send_to(&rig, &peer, &request, refuse);
    assert_int_equal(answer.status, 401);
    assert_true(told < SIZE);
    assert_int_equal(atomic_load(&peer.requests), 1);
    assert_int_equal(close(fd), 0);
    rig_release(&rig);
}

static void
test_a_file_that_became_shorter_is_an_error(void **state)
{
    (void)state;
    struct rig rig;
    struct peer peer;
    int fd = make_file(1000);
    const struct request_file file = {.fd = fd, .size = 5000, .ms = 5000};
    const struct request request = {
        .ask = {.method = "PUT", .path = "/up"},
          .file = &file
    };
    struct answer answer = send_to(&rig, &peer, &request, take_body);
    assert_int_not_equal(answer.err, OK);
    assert_int_equal(close(fd), 0);
    rig_release(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sends_a_bare_file_whole),
        cmocka_unit_test(test_sends_a_form_with_a_leading_part),
        cmocka_unit_test(test_a_refusal_ends_it_before_the_file_is_sent),
        cmocka_unit_test(test_a_file_that_became_shorter_is_an_error),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(received);
    return failed;
}
