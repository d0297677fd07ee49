/* RTSP messages. A head is at most ANSWER_HEADERS long, a body at most ANSWER_BODY. */
#include "codec/rtsp.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define VERSION "RTSP/1."

static bool
is_word(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f) {
            return false;
        }
    }
    return text[0] != '\0';
}

static bool
is_line(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f) {
            return false;
        }
    }
    return true;
}

static enum err
add_header(struct buf *out, const char *name, const char *value)
{
    if (value == NULL) {
        return OK;
    }
    if (!is_word(name) || !is_line(value)) {
        return ERR_VALUE;
    }
    buf_format(out, "%s: %s\r\n", name, value);
    return OK;
}

enum err
rtsp_write(const struct request *request, unsigned sequence, struct buf *out)
{
    const struct ask *ask = &request->ask;
    const char *method = ask->method == NULL ? "DESCRIBE" : ask->method;
    if (ask->path == NULL || !is_word(method) || !is_word(ask->path) || ask->body != NULL) {
        return ERR_VALUE;
    }
    buf_format(out, "%s %s RTSP/1.0\r\nCSeq: %u\r\nUser-Agent: gatehouse/" GATEHOUSE_VERSION "\r\n",
        method, ask->path, sequence);
    if (text_equal(method, "DESCRIBE")) {
        buf_text(out, "Accept: application/sdp\r\n");
    }
    enum err err = add_header(out, "Authorization", request->authorization);
    for (size_t i = 0; i < request->header_count && err == OK; i++) {
        err = add_header(out, request->headers[i].name, request->headers[i].value);
    }
    buf_text(out, "\r\n");
    return err == OK ? buf_error(out) : err;
}

/* Where the head ends, its blank line included; 0: not yet. */
static size_t
head_of(const char *bytes, size_t len)
{
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);
    return end == NULL ? 0 : (size_t)(end - bytes) + 4;
}

/* The value of the first header of that name within the head; false when there is none. */
static bool
find_header(const char *head, size_t len, const char *name, char *out, size_t size)
{
    const struct answer answer = {.headers = head, .headers_len = len};
    return answer_header(&answer, name, 0, out, size);
}

enum err
rtsp_whole(const void *bytes, size_t len, size_t *ret_len)
{
    const char *text = bytes;
    char value[32];
    uint64_t body = 0;
    size_t shown = len < strlen(VERSION) ? len : strlen(VERSION);
    if (len == 0) {
        return OK;
    }
    if (memcmp(text, VERSION, shown) != 0) {
        return ERR_SYNTAX;
    }
    size_t head = head_of(text, len);
    if (head == 0) {
        return len > ANSWER_HEADERS ? ERR_LIMIT : OK;
    }
    const char *lines = memchr(text, '\n', head);
    size_t from = (size_t)(lines - text) + 1;
    if (find_header(lines + 1, head - from, "Content-Length", value, sizeof(value)) &&
        text_to_u64(value, ANSWER_BODY, &body) != OK) {
        return ERR_LIMIT;
    }
    if (len - head >= body) {
        *ret_len = head + (size_t)body;
    }
    return OK;
}

int
rtsp_status(const char *line, size_t len)
{
    size_t at = strlen("RTSP/1.0 ");
    if (len < at + 3 || memcmp(line, VERSION, strlen(VERSION)) != 0) {
        return 0;
    }
    int status = 0;
    for (size_t i = at; i < at + 3; i++) {
        if (line[i] < '0' || line[i] > '9') {
            return 0;
        }
        status = status * 10 + (line[i] - '0');
    }
    return status;
}

struct answer
rtsp_answer(const struct answer *raw, struct arena *arena)
{
    struct answer answer = {.err = raw->err, .headers = "", .body = "", .at = raw->at};
    size_t whole = 0;
    if (raw->err != OK || rtsp_whole(raw->body, raw->body_len, &whole) != OK || whole == 0) {
        answer.err = raw->err == OK ? ERR_SYNTAX : raw->err;
        return answer;
    }
    size_t head = head_of(raw->body, whole);
    const char *line_end = memchr(raw->body, '\n', head);
    size_t from = (size_t)(line_end - raw->body) + 1;
    const char *headers = arena_copy_n(arena, raw->body + from, head - from);
    const char *body = arena_copy_n(arena, raw->body + head, whole - head);
    answer.status = rtsp_status(raw->body, head);
    if (headers == NULL || body == NULL || answer.status == 0) {
        answer.err = answer.status == 0 ? ERR_SYNTAX : ERR_LIMIT;
        return answer;
    }
    answer.headers = headers;
    answer.headers_len = head - from;
    answer.body = body;
    answer.body_len = whole - head;
    return answer;
}

/* A line of a description: "a=control:…" begins with `mark`; the rest of it, cut at its end. */
static bool
takes_line(const char *line, size_t len, const char *mark, char *out, size_t size)
{
    size_t width = strlen(mark);
    if (len < width || memcmp(line, mark, width) != 0 || len - width >= size) {
        return false;
    }
    memcpy(out, line + width, len - width);
    out[len - width] = '\0';
    return true;
}

/* The control attribute of the first video; false when there is no video. */
static bool
find_control(const char *body, size_t len, char *out, size_t size)
{
    bool is_video = false;
    out[0] = '\0';
    for (size_t at = 0; at < len;) {
        const char *line = body + at;
        const char *end = memchr(line, '\n', len - at);
        size_t width = end == NULL ? len - at : (size_t)(end - line);
        at += width + 1;
        width -= width != 0 && line[width - 1] == '\r' ? 1 : 0;
        bool is_media = width >= 2 && memcmp(line, "m=", 2) == 0;
        if (is_media && is_video) {
            break;
        }
        is_video = is_media ? width >= 8 && memcmp(line, "m=video ", 8) == 0 : is_video;
        if (is_video && takes_line(line, width, "a=control:", out, size)) {
            break;
        }
    }
    return is_video;
}

enum err
rtsp_control(const struct answer *description, const char *asked, char out[RTSP_URI])
{
    char control[RTSP_URI];
    char base[RTSP_URI];
    if (!find_control(description->body, description->body_len, control, sizeof(control))) {
        return ERR_MISSING;
    }
    bool has_base = answer_header(description, "Content-Base", 0, base, sizeof(base)) &&
                    text_starts_nocase(base, "rtsp://");
    if (!has_base && !text_copy(base, sizeof(base), asked)) {
        return ERR_VALUE;
    }
    int used = 0;
    if (text_starts_nocase(control, "rtsp://")) {
        used = snprintf(out, RTSP_URI, "%s", control);
    } else if (control[0] == '\0' || text_equal(control, "*")) {
        used = snprintf(out, RTSP_URI, "%s", base);
    } else {
        bool has_slash = base[0] != '\0' && base[strlen(base) - 1] == '/';
        used = snprintf(out, RTSP_URI, "%s%s%s", base, has_slash ? "" : "/", control);
    }
    return used <= 0 || used >= RTSP_URI || !is_word(out) ? ERR_VALUE : OK;
}

enum err
rtsp_session(const struct answer *answer, char *out, size_t size)
{
    char value[256];
    if (!answer_header(answer, "Session", 0, value, sizeof(value))) {
        return ERR_MISSING;
    }
    value[strcspn(value, "; \t")] = '\0';
    return is_word(value) && text_copy(out, size, value) ? OK : ERR_VALUE;
}
