/* What broken, rude and hostile devices do. A new one is a row of the table below. */
#include "lab/hostile.h"

#include "base/text.h"
#include "lab/conn.h"

#include <string.h>

#include <zlib.h>

#define SEND_LIMIT   ((size_t)16 * 1024 * 1024)
#define BOMB_PLAIN   ((size_t)64 * 1024 * 1024)
#define DATAGRAM_MAX ((size_t)65507)
#define PIECE        ((size_t)65536)
#define HEADERS      100000

enum {
    DEAF = 1,       /* hears nothing of what the asker says */
    BREAKS_TLS = 2, /* no handshake on a TLS port */
    ANY_PASSWORD = 4,
    TWO_FACED = 8,
};

struct behaviour {
    const char *name;
    void (*open)(struct conn *conn);
    void (*http)(struct conn *conn, const struct buf *answer);
    void (*rtsp)(struct conn *conn, const struct buf *answer);
    void (*datagram)(struct buf *datagram);
    unsigned flags;
    const char *claimed_ip; /* in discovery answers */
};

static void
stay_silent(struct conn *conn)
{
    (void)conn;
}

static void
drip(struct conn *conn, const struct buf *answer)
{
    conn_start_pump(conn, answer, 1, 1000, false);
}

/* The head of the answer without Content-Length, then what the behaviour adds. */
static void
start_head(struct buf *out, const char *more)
{
    buf_init(out, SEND_LIMIT);
    buf_text(out, "HTTP/1.1 200 OK\r\nServer: Boa/0.94\r\n");
    buf_text(out, more);
}

static void
endless_body(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    struct buf out;
    start_head(&out, "Content-Type: text/html\r\n\r\n");
    conn_send(conn, out.data, out.len);
    buf_clear(&out);
    for (int i = 0; i < 1024; i++)
        buf_text(&out, "<p>and another thing, and another thing, and another thing</p>\n");
    conn_start_pump(conn, &out, PIECE, 1, true);
    buf_release(&out);
}

static void
false_length(struct conn *conn, const char *length)
{
    struct buf out;
    start_head(&out, "Content-Type: text/html\r\n");
    buf_format(&out, "Content-Length: %s\r\n\r\n<html><title>index</title></html>", length);
    conn_send(conn, out.data, out.len);
    buf_release(&out);
}

static void
length_too_large(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    false_length(conn, "1000000");
}

static void
hang_up(struct conn *conn, const struct buf *answer)
{
    length_too_large(conn, answer);
    conn_end(conn);
}

static void
length_negative(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    false_length(conn, "-1");
}

static void
length_huge(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    false_length(conn, "99999999999999999999999999");
}

/* 64 MiB of zeros, about 64 KiB on the wire. */
static void
make_gzip_bomb(struct buf *out)
{
    static uint8_t zeros[PIECE];
    uint8_t packed[PIECE];
    z_stream stream = {0};
    if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    for (size_t done = 0; done <= BOMB_PLAIN; done += PIECE) {
        bool last = done == BOMB_PLAIN;
        stream.next_in = zeros;
        stream.avail_in = last ? 0 : (unsigned)PIECE;
        do {
            stream.next_out = packed;
            stream.avail_out = (unsigned)sizeof packed;
            (void)deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
            buf_add(out, packed, sizeof packed - stream.avail_out);
        } while (stream.avail_out == 0);
    }
    (void)deflateEnd(&stream);
}

static void
gzip_bomb(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    static struct buf bomb;
    if (bomb.max == 0) {
        buf_init(&bomb, SEND_LIMIT);
        make_gzip_bomb(&bomb);
    }
    struct buf out;
    start_head(&out, "Content-Type: text/html\r\nContent-Encoding: gzip\r\n");
    buf_format(&out, "Content-Length: %zu\r\n\r\n", bomb.len);
    buf_add(&out, bomb.data, bomb.len);
    conn_send(conn, out.data, out.len);
    buf_release(&out);
}

static void
send_xml(struct conn *conn, const char *xml)
{
    struct buf out;
    start_head(&out, "Content-Type: application/soap+xml\r\n");
    buf_format(&out, "Content-Length: %zu\r\n\r\n%s", strlen(xml), xml);
    conn_send(conn, out.data, out.len);
    buf_release(&out);
}

static void
xml_bomb(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    struct buf xml;
    buf_init(&xml, PIECE);
    buf_text(&xml, "<?xml version=\"1.0\"?><!DOCTYPE e [<!ENTITY x0 \"lol\">");
    for (int i = 1; i < 12; i++) {
        buf_format(&xml, "<!ENTITY x%d \"", i);
        for (int j = 0; j < 10; j++)
            buf_format(&xml, "&x%d;", i - 1);
        buf_text(&xml, "\">");
    }
    buf_text(&xml, "]><s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>"
                   "<GetDeviceInformationResponse><Model>&x11;</Model>"
                   "</GetDeviceInformationResponse></s:Body></s:Envelope>");
    send_xml(conn, xml.data);
    buf_release(&xml);
}

static void
xml_entities(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    send_xml(conn,
        "<?xml version=\"1.0\"?><!DOCTYPE e [<!ENTITY f SYSTEM \"file:///etc/passwd\">"
        "<!ENTITY h SYSTEM \"http://10.99.0.1/steal\">]>"
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>"
        "<GetDeviceInformationResponse><Manufacturer>&f;</Manufacturer><Model>&h;</Model>"
        "</GetDeviceInformationResponse></s:Body></s:Envelope>");
}

static void
many_headers(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    struct buf out;
    start_head(&out, "");
    for (int i = 0; i < HEADERS; i++)
        buf_format(&out, "X-Header-%d: %d\r\n", i, i);
    buf_text(&out, "Content-Length: 2\r\n\r\nok");
    conn_send(conn, out.data, out.len);
    buf_release(&out);
}

static void
redirect(struct conn *conn, const char *to)
{
    struct buf out;
    buf_init(&out, 4096);
    buf_format(&out,
        "HTTP/1.1 302 Found\r\nServer: Boa/0.94\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", to);
    conn_send(conn, out.data, out.len);
    buf_release(&out);
}

static void
redirect_loop(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    redirect(conn, "/again");
}

static void
redirect_out(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    redirect(conn, "http://10.99.0.1/");
}

static void
redirect_public(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    redirect(conn, "http://192.88.98.7/");
}

/* The answer with something put in before the first end of line behind a mark. */
static void
insert(struct conn *conn, const struct buf *answer, const char *mark, const char *more)
{
    struct buf out;
    const char *at = text_find_nocase(answer->data, answer->len, mark);
    const char *end =
        at == NULL ? NULL : memchr(at, '\r', answer->len - (size_t)(at - answer->data));
    size_t len = end == NULL ? answer->len : (size_t)(end - answer->data);
    buf_init(&out, SEND_LIMIT);
    buf_add(&out, answer->data, len);
    buf_text(&out, end == NULL ? "" : more);
    buf_add(&out, answer->data + len, answer->len - len);
    conn_send(conn, out.data, out.len);
    buf_release(&out);
}

/* No nonce is ever fresh enough. */
static void
always_stale(struct conn *conn, const struct buf *answer)
{
    insert(conn, answer, "WWW-Authenticate: Digest", ", stale=\"true\"");
}

/* Numbers of its lock-out that can't be. */
static void
lie_of_tries(struct conn *conn, const struct buf *answer)
{
    static const char lie[] =
        "<userCheck><statusValue>401</statusValue><lockStatus>unlock</lockStatus>"
        "<retryLoginTime>-5</retryLoginTime><unlockTime>99999999999999999999</unlockTime>"
        "<remainLoginTimes>4294967295</remainLoginTimes></userCheck>";
    struct buf out;
    const char *at = text_find_nocase(answer->data, answer->len, "WWW-Authenticate: Digest");
    const char *end =
        at == NULL ? NULL : memchr(at, '\n', answer->len - (size_t)(at - answer->data));
    if (end == NULL) {
        conn_send(conn, answer->data, answer->len);
        return;
    }
    buf_init(&out, SEND_LIMIT);
    buf_format(&out, "HTTP/1.1 401 Unauthorized\r\n%.*s\n", (int)(end - at), at);
    buf_format(&out, "Content-Type: text/xml\r\nContent-Length: %zu\r\n\r\n%s", strlen(lie), lie);
    conn_send(conn, out.data, out.len);
    buf_release(&out);
}

static void
reset_in_the_middle(struct conn *conn, const struct buf *answer)
{
    conn_send(conn, answer->data, answer->len / 2);
    conn_reset(conn);
}

static void
endless_headers(struct conn *conn, const struct buf *answer)
{
    (void)answer;
    struct buf out;
    buf_init(&out, SEND_LIMIT);
    buf_text(&out, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n");
    conn_send(conn, out.data, out.len);
    buf_clear(&out);
    for (int i = 0; i < 1024; i++)
        buf_format(&out, "X-Header-%d: and so on and so on and so on\r\n", i);
    conn_start_pump(conn, &out, PIECE, 1, true);
    buf_release(&out);
}

static void
send_zeros(struct conn *conn)
{
    static char zeros[PIECE];
    struct buf out;
    buf_init(&out, PIECE);
    buf_add(&out, zeros, sizeof zeros);
    conn_start_pump(conn, &out, PIECE, 1, true);
    buf_release(&out);
}

/* The same bytes in every run, so that a failure can be had again. */
static void
fill_garbage(struct buf *out, size_t len)
{
    uint32_t state = 2463534242U;
    for (size_t i = 0; i < len; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        buf_byte(out, (uint8_t)state);
    }
}

static void
send_garbage(struct conn *conn)
{
    struct buf out;
    buf_init(&out, PIECE);
    fill_garbage(&out, 4096);
    conn_send_raw(conn, out.data, out.len);
    buf_release(&out);
    conn_end(conn);
}

static void
send_tls_garbage(struct conn *conn)
{
    if (conn->port->tls)
        send_garbage(conn);
}

static void
garble_datagram(struct buf *datagram)
{
    buf_clear(datagram);
    fill_garbage(datagram, 512);
}

static void
cut_datagram(struct buf *datagram)
{
    datagram->len = datagram->len * 2 / 3;
    datagram->data[datagram->len] = '\0';
}

static void
stretch_datagram(struct buf *datagram)
{
    while (datagram->len < DATAGRAM_MAX && buf_error(datagram) == OK)
        buf_byte(datagram, 'A');
}

// clang-format off
static const struct behaviour behaviours[] = {
    {"tarpit", .open = stay_silent, .flags = DEAF},
    {"drip", .http = drip, .rtsp = drip},
    {"endless-body", .http = endless_body},
    {"length-too-large", .http = length_too_large},
    {"hangs-up", .http = hang_up},
    {"length-negative", .http = length_negative},
    {"length-huge", .http = length_huge},
    {"gzip-bomb", .http = gzip_bomb},
    {"xml-bomb", .http = xml_bomb},
    {"xml-entities", .http = xml_entities},
    {"many-headers", .http = many_headers},
    {"redirect-loop", .http = redirect_loop},
    {"redirect-out", .http = redirect_out},
    {"redirect-public", .http = redirect_public},
    {"tls-garbage", .open = send_tls_garbage, .flags = BREAKS_TLS},
    {"reset", .http = reset_in_the_middle, .rtsp = reset_in_the_middle},
    {"two-faced", .flags = TWO_FACED},
    {"udp-truncated", .datagram = cut_datagram},
    {"udp-long", .datagram = stretch_datagram},
    {"udp-spoofed", .claimed_ip = "10.99.0.66"},
    {"any-password", .flags = ANY_PASSWORD},
    {"rtsp-endless-headers", .rtsp = endless_headers},
    {"always-stale", .http = always_stale},
    {"lies-of-tries", .http = lie_of_tries},
    {"zeros", .open = send_zeros, .flags = DEAF},
    {"garbage", .open = send_garbage, .datagram = garble_datagram, .flags = DEAF | BREAKS_TLS},
    {"says-done", .flags = HOSTILE_SAYS_DONE},
    {"sets-back", .flags = HOSTILE_SETS_BACK},
    {"restarts", .flags = HOSTILE_RESTARTS},
    {"restarts-elsewhere", .flags = HOSTILE_ELSEWHERE},
    {"dies-between", .flags = HOSTILE_DIES_BETWEEN},
    {"first-eight", .flags = HOSTILE_FIRST_EIGHT},
    {"first-eight-both", .flags = HOSTILE_FIRST_EIGHT_BOTH},
    {"refuses-signs", .flags = HOSTILE_REFUSES_SIGNS},
    {"short-password", .flags = HOSTILE_SHORT_PASSWORD},
    {"locks-out", .flags = HOSTILE_LOCKS_OUT},
    {"old-stays", .flags = HOSTILE_OLD_STAYS},
    {"no-video-after", .flags = HOSTILE_NO_VIDEO_AFTER},
    {"never-answers-set", .flags = HOSTILE_NEVER_ANSWERS_SET},
    {"onvif-apart", .flags = HOSTILE_ONVIF_APART},
    {"old-firmware", .flags = HOSTILE_OLD_FIRMWARE},
    {"never-back", .flags = HOSTILE_NEVER_BACK},
    {"forgets-settings", .flags = HOSTILE_FORGETS},
    {"refuses-firmware", .flags = HOSTILE_REFUSES_FIRMWARE},
};
// clang-format on

enum err
hostile_find(const char *name, const struct behaviour **ret_behaviour)
{
    for (size_t i = 0; i < COUNT(behaviours); i++) {
        if (text_equal(behaviours[i].name, name)) {
            *ret_behaviour = &behaviours[i];
            return OK;
        }
    }
    return ERR_VALUE;
}

bool
hostile_open(struct conn *conn)
{
    const struct behaviour *behaviour = conn->device->behave;
    if (behaviour == NULL || behaviour->open == NULL)
        return false;
    behaviour->open(conn);
    return true;
}

bool
hostile_http(struct conn *conn, const struct buf *answer)
{
    const struct behaviour *behaviour = conn->device->behave;
    if (behaviour == NULL || behaviour->http == NULL)
        return false;
    behaviour->http(conn, answer);
    return true;
}

bool
hostile_rtsp(struct conn *conn, const struct buf *answer)
{
    const struct behaviour *behaviour = conn->device->behave;
    if (behaviour == NULL || behaviour->rtsp == NULL)
        return false;
    behaviour->rtsp(conn, answer);
    return true;
}

void
hostile_datagram(const struct device *device, struct buf *datagram)
{
    if (device->behave != NULL && device->behave->datagram != NULL && datagram->len > 0)
        device->behave->datagram(datagram);
}

bool
hostile_is_deaf(const struct behaviour *behaviour)
{
    return behaviour != NULL && (behaviour->flags & DEAF) != 0;
}

bool
hostile_breaks_tls(const struct behaviour *behaviour)
{
    return behaviour != NULL && (behaviour->flags & BREAKS_TLS) != 0;
}

bool
hostile_takes_any_password(const struct behaviour *behaviour)
{
    return behaviour != NULL && (behaviour->flags & ANY_PASSWORD) != 0;
}

const char *
hostile_claimed_ip(const struct behaviour *behaviour)
{
    return behaviour == NULL ? NULL : behaviour->claimed_ip;
}

bool
hostile_does(const struct device *device, enum hostile_change what)
{
    return device->behave != NULL && (device->behave->flags & (unsigned)what) != 0;
}

bool
hostile_other_identity(const struct device *device)
{
    return device->behave != NULL && (device->behave->flags & TWO_FACED) != 0 &&
           device->answers % 2 == 1;
}
