#include "base/clock.h"
#include "peer.h"

#include <zlib.h>

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
gzip_by_interim(struct peer *peer, int fd)
{
    (void)peer;
    return send_packed(fd,
        "HTTP/1.1 103 Early Hints\r\nContent-Encoding: gzip\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n",
        8 << 20, 2);
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
        {"drip",            drip,                ERR_TIMEOUT, 3,           100        },
        {"drip in header",  drip_header,         ERR_TIMEOUT, 0,           0          },
        {"endless body",    endless_body,        ERR_LIMIT,   ANSWER_BODY, ANSWER_BODY},
        {"endless chunks",  endless_chunks,      ERR_LIMIT,   ANSWER_BODY, ANSWER_BODY},
        {"small gzip",      small_gzip,          OK,          5000,        5000       },
        {"gzip bomb",       gzip_bomb,           ERR_LIMIT,   ANSWER_BODY, ANSWER_BODY},
        {"gzip in gzip",    gzip_in_gzip,        ERR_LIMIT,   0,           0          },
        {"gzip twice",      gzip_in_two_headers, ERR_LIMIT,   0,           0          },
        {"gzip by interim", gzip_by_interim,     ERR_LIMIT,   0,           0          },
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
        struct answer answer = ask_peer(&rig, rows[i].behaviour);
        int64_t took = clock_mono() - begun;
        if (answer.err != rows[i].err || answer.body_len < rows[i].body_min ||
            answer.body_len > rows[i].body_max || took > 5000) {
            fail_msg("%s: %s, %zu bytes, %d ms", rows[i].name, err_words(answer.err),
                answer.body_len, (int)took);
        }
        assert_true(answer.headers_len <= ANSWER_HEADERS + 512);
        assert_true(rig.arena.used < 2 * ANSWER_BODY);
        rig_release(&rig);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_answers_end_in_time_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
