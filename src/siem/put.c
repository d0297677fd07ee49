/*
 * Texts and numbers of records. A value can hold whatever somebody typed as a user name: what would
 * end it, the record or the line never gets out as it is.
 */
#include "siem/put.h"

#include "base/ip.h"
#include "base/text.h"
#include "ledger/base64.h"
#include "ledger/canonical.h"

#include <string.h>

/* Base64 of such parts, one behind the other, is that of the whole. */
#define PART ((size_t)BASE64_PUT / 3 * 3)

void
siem_put_count(struct buf *out, uint64_t count)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + count % 10);
        count /= 10;
    } while (count != 0);
    buf_add(out, digits + at, sizeof(digits) - at);
}

void
siem_put_number(struct buf *out, int64_t number)
{
    if (number < 0) {
        buf_byte(out, '-');
    }
    siem_put_count(out, number < 0 ? ~(uint64_t)number + 1 : (uint64_t)number);
}

void
siem_put_hex(struct buf *out, const uint8_t *bytes, size_t len)
{
    char text[2 * 64 + 1];
    assert(len <= 64);
    text_hex(text, bytes, len);
    buf_add(out, text, 2 * len);
}

int
siem_address(const struct event_text *text)
{
    char copy[IP_TEXT];
    struct ip ip;
    if (text->len == 0 || text->len >= sizeof(copy) ||
        memchr(text->bytes, '\0', text->len) != NULL ||
        memchr(text->bytes, '%', text->len) != NULL) {
        return 0;
    }
    memcpy(copy, text->bytes, text->len);
    copy[text->len] = '\0';
    return ip_parse(copy, &ip) == OK ? ip.family : 0;
}

void
siem_put_host(struct buf *out, const struct siem_about *about, size_t max)
{
    size_t len = about->host == NULL ? 0 : strnlen(about->host, max);
    for (size_t i = 0; i < len; i++) {
        char c = about->host[i];
        buf_byte(out, c > ' ' && c < 0x7f ? (uint8_t)c : '?');
    }
    if (len == 0) {
        buf_byte(out, '-');
    }
}

void
siem_put_action(struct buf *out, const struct logged *logged, const struct siem_sense *sense)
{
    buf_text(out, !logged->is_event ? "no.event"
                  : sense->is_known ? event_action(sense->action)->text
                                    : "unknown.action");
}

void
siem_put_time(struct buf *out, int64_t time)
{
    char text[EVENT_TIME];
    buf_add(out, event_time_text(time, text), EVENT_TIME - 1);
}

static void
put_encoded(struct buf *out, const char *bytes, size_t len)
{
    SIEM_PUT(out, "base64:");
    for (size_t at = 0; at < len; at += PART) {
        base64_put(out, bytes + at, len - at < PART ? len - at : PART);
    }
}

static bool
breaks_lines(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029;
}

/* Whether the bytes can be a value as they are; `free` may be there though it breaks lines. */
static bool
is_line(const char *bytes, size_t len, const char *free)
{
    for (size_t i = 0; i < len;) {
        uint8_t byte = (uint8_t)bytes[i];
        if (byte >= 0x20 && byte < 0x7f) {
            i++;
            continue;
        }
        uint32_t point = 0;
        size_t step = text_utf8(bytes + i, len - i, &point);
        bool is_free = byte != 0 && strchr(free, byte) != NULL;
        if (step == 0 || (breaks_lines(point) && !is_free)) {
            return false;
        }
        i += step;
    }
    return true;
}

/* Whether the bytes would be taken for encoded ones, and are none. */
static bool
looks_encoded(enum siem_value kind, const char *bytes, size_t len)
{
    static const char prefix[] = "base64:";
    size_t skip = sizeof(prefix) - 1;
    return len >= skip && memcmp(bytes, prefix, skip) == 0 &&
           (kind != SIEM_EVENT_TEXT || !event_text_is_encoded(bytes, len));
}

typedef void put_fn(struct buf *out, enum siem_value kind, const char *bytes, size_t len);

static void
put_tamed(struct buf *out, put_fn *put, const char *bytes, size_t len)
{
    struct buf tame CLEANUP(buf_release);
    buf_init(&tame, out->max);
    buf_add(&tame, bytes, len);
    siem_tame_json(&tame, 0);
    put(out, SIEM_BYTES, tame.data, tame.len);
    out->failed |= tame.failed;
}

void
siem_put_param(struct buf *out, enum siem_value kind, const char *bytes, size_t len)
{
    if (kind == SIEM_JSON && !is_line(bytes, len, "")) {
        put_tamed(out, siem_put_param, bytes, len);
        return;
    }
    if (looks_encoded(kind, bytes, len) || !is_line(bytes, len, "")) {
        put_encoded(out, bytes, len);
        return;
    }
    size_t start = 0;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\' || bytes[i] == ']') {
            buf_add(out, bytes + start, i - start);
            buf_byte(out, '\\');
            start = i;
        }
    }
    buf_add(out, bytes + start, len - start);
}

void
siem_put_cef(struct buf *out, enum siem_value kind, const char *bytes, size_t len)
{
    if (kind == SIEM_JSON && !is_line(bytes, len, "")) {
        put_tamed(out, siem_put_cef, bytes, len);
        return;
    }
    if (len == 0 || bytes[0] == ' ' || bytes[len - 1] == ' ' || looks_encoded(kind, bytes, len) ||
        !is_line(bytes, len, "\r\n")) {
        put_encoded(out, bytes, len);
        return;
    }
    size_t start = 0;
    for (size_t i = 0; i < len; i++) {
        bool is_end = bytes[i] == '\r' || bytes[i] == '\n';
        if (is_end || bytes[i] == '\\' || bytes[i] == '=') {
            buf_add(out, bytes + start, i - start);
            buf_byte(out, '\\');
            start = i;
        }
        if (is_end) {
            buf_byte(out, bytes[i] == '\r' ? 'r' : 'n');
            start = i + 1;
        }
    }
    buf_add(out, bytes + start, len - start);
}

void
siem_put_json(struct buf *out, const char *bytes, size_t len)
{
    if (canonical_put_text(out, bytes, len) != OK) {
        buf_byte(out, '"');
        put_encoded(out, bytes, len);
        buf_byte(out, '"');
    }
}

void
siem_put_cameras(struct buf *out, const struct logged *logged)
{
    buf_byte(out, '[');
    for (size_t i = 0; i < logged->camera_count; i++) {
        if (i != 0) {
            buf_byte(out, ',');
        }
        siem_put_json(out, logged->cameras[i].bytes, logged->cameras[i].len);
    }
    buf_byte(out, ']');
}

/* Beyond ASCII only; what JSON itself escapes is not there any more. */
static bool
is_wild(uint32_t point)
{
    return (point >= 0x7f && point < 0xa0) || point == 0xad || point == 0x61c ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff ||
           (point >= 0xfff9 && point <= 0xfffb);
}

/* How many bytes from there on are below 0x7f, by eight. */
static size_t
tame_run(const char *bytes, size_t len)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t run = 0;
    for (uint64_t word = 0; len - run >= sizeof(word); run += sizeof(word)) {
        memcpy(&word, bytes + run, sizeof(word));
        if (((word | (word + ones)) & (ones << 7)) != 0) {
            break;
        }
    }
    return run;
}

/* Where the next such character is; `len` when there is none. */
static size_t
next_wild(const char *bytes, size_t at, size_t len, size_t *ret_step, uint32_t *ret_point)
{
    while (at < len) {
        at += tame_run(bytes + at, len - at);
        uint8_t byte = at < len ? (uint8_t)bytes[at] : 0;
        if (byte < 0x7f) {
            at += at < len ? 1 : 0;
            continue;
        }
        *ret_step = text_utf8(bytes + at, len - at, ret_point);
        assert(*ret_step != 0); /* only UTF-8 is written */
        if (is_wild(*ret_point)) {
            return at;
        }
        at += *ret_step;
    }
    return len;
}

void
siem_tame_json(struct buf *json, size_t start)
{
    size_t step = 0;
    uint32_t point = 0;
    if (json->failed) {
        return;
    }
    size_t at = next_wild(json->data, start, json->len, &step, &point);
    if (at == json->len) {
        return;
    }
    struct buf out CLEANUP(buf_release);
    buf_init(&out, json->max);
    buf_add(&out, json->data + start, at - start);
    while (at < json->len) {
        SIEM_PUT(&out, "\\u");
        siem_put_hex(&out, (const uint8_t[]){(uint8_t)(point >> 8), (uint8_t)point}, 2);
        size_t from = at + step;
        at = next_wild(json->data, from, json->len, &step, &point);
        buf_add(&out, json->data + from, at - from);
    }
    json->len = start;
    buf_add(json, out.data, out.len);
    json->failed |= out.failed;
}

enum err
siem_put_end(struct buf *out, size_t start)
{
    if (out->failed && out->size != 0) {
        out->len = start;
        out->data[start] = '\0';
    }
    return buf_error(out);
}

void
siem_put_member(struct buf *out, const char *begin, const struct event_text *text)
{
    if (text->bytes != NULL) {
        buf_text(out, begin);
        siem_put_json(out, text->bytes, text->len);
    }
}

void
siem_put_member_number(struct buf *out, const char *begin, int64_t number)
{
    if (number != LOGGED_NONE) {
        buf_text(out, begin);
        siem_put_number(out, number);
    }
}

void
siem_put_member_time(struct buf *out, const char *begin, int64_t time)
{
    if (time != LOGGED_NONE) {
        buf_text(out, begin);
        buf_byte(out, '"');
        siem_put_time(out, time);
        buf_byte(out, '"');
    }
}
