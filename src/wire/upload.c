/* A file that goes with an HTTP request: read from disk while it is sent, never held in memory. */
#include "base/text.h"
#include "wire/call.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define TELL_EVERY ((uint64_t)1024 * 1024)

static void
tell(struct wire_file *file)
{
    if (file->from.progress != NULL &&
        (file->at >= file->told + TELL_EVERY || file->at == file->from.size)) {
        file->told = file->at;
        file->from.progress(file->from.context, file->at, file->from.size);
    }
}

static size_t
give(char *out, size_t size, size_t count, void *context)
{
    struct wire_file *file = context;
    uint64_t left = file->from.size - file->at;
    size_t want = size * count < left ? size * count : (size_t)left;
    ssize_t got = want == 0 ? 0 : pread(file->fd, out, want, (off_t)file->at);
    /* A file that became shorter must not leave the device waiting for its end. */
    if (got < 0 || (got == 0 && want != 0)) {
        return CURL_READFUNC_ABORT;
    }
    file->at += (uint64_t)got;
    tell(file);
    return (size_t)got;
}

/* libcurl begins anew when the connection that it kept turned out to be dead. */
static int
seek(void *context, curl_off_t offset, int origin)
{
    struct wire_file *file = context;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > file->from.size) {
        return CURL_SEEKFUNC_FAIL;
    }
    file->at = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static const char *
method_of(const struct ask *ask)
{
    return ask->method == NULL ? "POST" : ask->method;
}

static void
check(struct wire_exchange *exchange, CURLcode code)
{
    if (code != CURLE_OK) {
        wire_exchange_refuse(exchange, ERR_MEMORY);
    }
}

static void
set_bare(struct wire_exchange *exchange, const struct request *request)
{
    const char *type = request->ask.type;
    CURL *easy = exchange->easy;
    wire_exchange_number(exchange, CURLOPT_UPLOAD, 1L);
    check(exchange,
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->file->size));
    check(exchange, curl_easy_setopt(easy, CURLOPT_READFUNCTION, give));
    check(exchange, curl_easy_setopt(easy, CURLOPT_READDATA, exchange->file));
    check(exchange, curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek));
    check(exchange, curl_easy_setopt(easy, CURLOPT_SEEKDATA, exchange->file));
    wire_exchange_line(exchange, "Content-Type", type != NULL ? type : "application/octet-stream");
}

static void
set_form(struct wire_exchange *exchange, const struct request *request)
{
    const struct request_file *file = request->file;
    exchange->mime = curl_mime_init(exchange->easy);
    curl_mimepart *lead =
        exchange->mime == NULL || file->lead == NULL ? NULL : curl_mime_addpart(exchange->mime);
    if (lead != NULL) {
        const char *body = request->ask.body == NULL ? "" : request->ask.body;
        check(exchange, curl_mime_name(lead, file->lead));
        check(exchange, curl_mime_data(lead, body, CURL_ZERO_TERMINATED));
        check(exchange, curl_mime_type(lead, "application/json"));
    }
    curl_mimepart *part = exchange->mime == NULL ? NULL : curl_mime_addpart(exchange->mime);
    if (part == NULL || (lead == NULL && file->lead != NULL)) {
        wire_exchange_refuse(exchange, ERR_MEMORY);
        return;
    }
    check(exchange, curl_mime_name(part, file->field));
    check(exchange, curl_mime_filename(part, file->name == NULL ? "firmware.bin" : file->name));
    check(exchange, curl_mime_type(part, "application/octet-stream"));
    check(exchange,
        curl_mime_data_cb(part, (curl_off_t)file->size, give, seek, NULL, exchange->file));
    wire_exchange_value(exchange, CURLOPT_MIMEPOST, exchange->mime);
}

void
wire_upload_set(struct wire_exchange *exchange, const struct request *request)
{
    const struct request_file *from = request->file;
    bool is_form = from->field != NULL;
    const char *method = method_of(&request->ask);
    if ((!text_equal(method, "POST") && !text_equal(method, "PUT")) || from->size == 0) {
        wire_exchange_refuse(exchange, ERR_VALUE);
        return;
    }
    exchange->file = calloc(1, sizeof(*exchange->file));
    if (exchange->file == NULL) {
        wire_exchange_refuse(exchange, ERR_MEMORY);
        return;
    }
    *exchange->file = (struct wire_file){.from = *from, .fd = fcntl(from->fd, F_DUPFD_CLOEXEC, 3)};
    if (exchange->file->fd < 0) {
        wire_exchange_refuse(exchange, ERR_SYSTEM);
        return;
    }
    if (is_form) {
        set_form(exchange, request);
    } else {
        set_bare(exchange, request);
    }
    if (!text_equal(method, is_form ? "POST" : "PUT")) {
        wire_exchange_value(exchange, CURLOPT_CUSTOMREQUEST, method);
    }
    wire_exchange_number(exchange, CURLOPT_TIMEOUT_MS, from->ms == 0 ? 1L : (long)from->ms);
    check(exchange, curl_easy_setopt(exchange->easy, CURLOPT_MAX_SEND_SPEED_LARGE,
                        (curl_off_t)from->bytes_per_second));
}

void
wire_upload_release(struct wire_exchange *exchange)
{
    curl_mime_free(exchange->mime);
    if (exchange->file != NULL && exchange->file->fd >= 0) {
        (void)close(exchange->file->fd);
    }
    free(exchange->file);
}
