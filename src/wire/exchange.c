/*
 * What HTTP and RTSP have in common: the address as the only name, every limit on what comes back,
 * and the answer's way into the caller's arena.
 */
#include "base/clock.h"
#include "base/text.h"
#include "wire/call.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER_LINES 256

/* Broken and old peers are to be understood, not trusted: what is sent to them is harmless. */
static const struct {
    CURLoption option;
    long value;
} numbers[] = {
    {CURLOPT_NETRC,                  CURL_NETRC_IGNORED     },
    {CURLOPT_FOLLOWLOCATION,         0                      },
    {CURLOPT_HTTP_VERSION,           CURL_HTTP_VERSION_1_1  },
    {CURLOPT_HTTP09_ALLOWED,         0                      },
    {CURLOPT_HTTP_TRANSFER_DECODING, 1                      },
    {CURLOPT_PATH_AS_IS,             1                      },
    {CURLOPT_NOSIGNAL,               1                      },
    {CURLOPT_MAXAGE_CONN,            5                      },
    {CURLOPT_MAXLIFETIME_CONN,       30                     },
    {CURLOPT_SSL_VERIFYPEER,         0                      },
    {CURLOPT_SSL_VERIFYHOST,         0                      },
    {CURLOPT_SSL_SESSIONID_CACHE,    0                      },
    {CURLOPT_SSL_ENABLE_ALPN,        0                      },
    {CURLOPT_SSLVERSION,             CURL_SSLVERSION_TLSv1_0},
    {CURLOPT_CERTINFO,               1                      },
};

static const struct {
    CURLoption option;
    const char *value; /* NULL: none, instead of libcurl's default */
} texts[] = {
    {CURLOPT_PROXY,           ""                            },
    {CURLOPT_NOPROXY,         "*"                           },
    {CURLOPT_PROTOCOLS_STR,   "http,https,rtsp"             },
    {CURLOPT_USERAGENT,       "gatehouse/" GATEHOUSE_VERSION},
    {CURLOPT_ACCEPT_ENCODING, "gzip, deflate"               },
    {CURLOPT_SSL_CIPHER_LIST, "DEFAULT:@SECLEVEL=0"         },
    {CURLOPT_CAINFO,          NULL                          },
    {CURLOPT_CAPATH,          NULL                          },
};

/*
 * libcurl sends a request again by itself when a kept connection turns out to be dead, though the
 * device may have read the first one.
 */
static bool
is_second_sending(const struct wire_exchange *exchange)
{
    long sent = 0;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &sent);
    return exchange->once && sent != 0;
}

/* The last gate: libcurl itself cannot open a socket to an address outside the scope. */
static curl_socket_t
open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct wire_exchange *exchange = context;
    struct wire *wire = exchange->call.wire;
    struct ip ip;
    uint16_t port = 0;
    if (purpose != CURLSOCKTYPE_IPCXN || ip_from_socket(&address->addr, &ip, &port) != OK ||
        !scope_contains(wire->scope, &ip)) {
        wire->totals.refused++;
        exchange->stopped = ERR_SCOPE;
        return CURL_SOCKET_BAD;
    }
    if (is_second_sending(exchange)) {
        exchange->stopped = ERR_NETWORK;
        return CURL_SOCKET_BAD;
    }
    wire->totals.connections++;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Many cameras of ten years ago know no secure renegotiation. */
static CURLcode
prepare_tls(CURL *easy, void *tls, void *context)
{
    (void)easy;
    (void)context;
    (void)SSL_CTX_set_options(tls, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
    return CURLE_OK;
}

/*
 * Counts the codings that a header names. One is unpacked within the limit; of two or more, a few
 * bytes could cost minutes of unpacking before a single byte of the body appears. Interim answers
 * count too, for libcurl unpacks by their headers as well.
 */
static size_t
count_codings(const char *line, size_t len)
{
    size_t name = 0;
    if (text_find_nocase(line, len, "Content-Encoding:") == line) {
        name = strlen("Content-Encoding:");
    } else if (text_find_nocase(line, len, "Transfer-Encoding:") == line) {
        name = strlen("Transfer-Encoding:");
    } else {
        return 0;
    }
    size_t count = 1;
    for (size_t i = name; i < len; i++) {
        count += line[i] == ',';
    }
    bool plain = text_find_nocase(line + name, len - name, "chunked") != NULL ||
                 text_find_nocase(line + name, len - name, "identity") != NULL;
    return count - (plain ? 1 : 0);
}

static size_t
take_header(char *line, size_t size, size_t count, void *context)
{
    struct wire_exchange *exchange = context;
    size_t whole = size * count;
    size_t len = whole;
    while (len != 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
        len--;
    }
    bool is_status = (exchange->header_lines == 0 || exchange->head_ended) &&
                     (text_find_nocase(line, len, "HTTP/") == line ||
                         text_find_nocase(line, len, "RTSP/") == line);
    exchange->header_bytes += whole;
    exchange->header_lines++;
    exchange->codings += count_codings(line, len);
    if (exchange->header_bytes > ANSWER_HEADERS || exchange->header_lines > HEADER_LINES ||
        exchange->codings > 1) {
        exchange->stopped = ERR_LIMIT;
        return 0;
    }
    exchange->head_ended = len == 0;
    if (is_status) {
        buf_clear(&exchange->headers);
    } else if (len != 0) {
        buf_add(&exchange->headers, line, len);
        buf_text(&exchange->headers, "\r\n");
    }
    return whole;
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct wire_exchange *exchange = context;
    size_t len = size * count;
    size_t room = exchange->body.max - exchange->body.len;
    if (len > room) {
        buf_add(&exchange->body, bytes, room);
        exchange->stopped = ERR_LIMIT;
        return 0;
    }
    buf_add(&exchange->body, bytes, len);
    if (buf_error(&exchange->body) != OK) {
        exchange->stopped = ERR_MEMORY;
        return 0;
    }
    return len;
}

void
wire_exchange_refuse(struct wire_exchange *exchange, enum err err)
{
    exchange->refused = exchange->refused == OK ? err : exchange->refused;
}

static void
check_option(struct wire_exchange *exchange, CURLcode code)
{
    if (code != CURLE_OK) {
        wire_exchange_refuse(exchange, code == CURLE_OUT_OF_MEMORY ? ERR_MEMORY : ERR_VALUE);
    }
}

void
wire_exchange_number(struct wire_exchange *exchange, CURLoption option, long value)
{
    check_option(exchange, curl_easy_setopt(exchange->easy, option, value));
}

void
wire_exchange_value(struct wire_exchange *exchange, CURLoption option, const void *value)
{
    check_option(exchange, curl_easy_setopt(exchange->easy, option, value));
}

/* A handshake of an old camera takes a second or two, so TLS gets half the answer's time more. */
static void
set_times(struct wire_exchange *exchange)
{
    const struct wire_settings *settings = &exchange->call.wire->settings;
    long whole = settings->answer_ms == 0 ? 1 : (long)settings->answer_ms;
    long connect = (long)settings->connect_ms + (exchange->call.target.tls ? whole / 2 : 0);
    wire_exchange_number(exchange, CURLOPT_TIMEOUT_MS, whole);
    wire_exchange_number(exchange, CURLOPT_CONNECTTIMEOUT_MS, connect < 1 ? 1 : connect);
}

static void
set_common(struct wire_exchange *exchange)
{
    for (size_t i = 0; i < COUNT(numbers); i++) {
        wire_exchange_number(exchange, numbers[i].option, numbers[i].value);
    }
    for (size_t i = 0; i < COUNT(texts); i++) {
        (void)curl_easy_setopt(exchange->easy, texts[i].option, texts[i].value);
    }
    (void)curl_easy_setopt(exchange->easy, CURLOPT_PRIVATE, &exchange->call);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_OPENSOCKETDATA, exchange);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_SSL_CTX_FUNCTION, prepare_tls);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_HEADERDATA, exchange);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_WRITEDATA, exchange);
    set_times(exchange);
}

/* Printers print whatever they are sent, and a camera's own protocol is not ours to garble. */
static bool
takes_raw_bytes(uint16_t port)
{
    static const uint16_t ports[] = {515, 34567, 37777};
    for (size_t i = 0; i < COUNT(ports); i++) {
        if (ports[i] == port) {
            return true;
        }
    }
    return port >= 9100 && port <= 9107;
}

struct wire_exchange *
wire_exchange_new(struct wire *wire, const struct wire_kind *kind, const struct wire_target *target,
    const struct request *request)
{
    struct wire_exchange *exchange = calloc(1, sizeof(*exchange));
    CURL *easy = exchange == NULL ? NULL : curl_easy_init();
    if (easy == NULL) {
        free(exchange);
        return NULL;
    }
    exchange->easy = easy;
    exchange->once = request->spends || request->file != NULL;
    exchange->refused = wire_call_begin(&exchange->call, wire, kind, target);
    if (takes_raw_bytes(target->port)) {
        wire_exchange_refuse(exchange, ERR_VALUE);
    }
    buf_init(&exchange->headers, ANSWER_HEADERS + (size_t)2 * HEADER_LINES);
    size_t most = wire->settings.answer_bytes;
    buf_init(&exchange->body, most != 0 ? most : ANSWER_BODY);
    set_common(exchange);
    wire_exchange_line(exchange, "Authorization", request->authorization);
    wire_exchange_line(exchange, "Cookie", request->cookie);
    wire_exchange_line(exchange, "SOAPAction", request->soap_action);
    for (size_t i = 0; i < request->header_count; i++) {
        wire_exchange_line(exchange, request->headers[i].name, request->headers[i].value);
    }
    return exchange;
}

static bool
has_control(const char *text, bool or_blank)
{
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if ((byte < ' ' && byte != '\t') || byte == 0x7f || (or_blank && byte <= ' ')) {
            return true;
        }
    }
    return false;
}

void
wire_exchange_line(struct wire_exchange *exchange, const char *name, const char *value)
{
    if (value == NULL) {
        return;
    }
    if (has_control(value, false)) {
        wire_exchange_refuse(exchange, ERR_VALUE);
        return;
    }
    struct buf line CLEANUP(buf_release);
    buf_init(&line, ANSWER_HEADERS);
    /* "Name;" is how libcurl is told of a header with an empty value, "Name:" removes it. */
    buf_format(&line, value[0] == '\0' ? "%s%s" : "%s: %s", name, value[0] == '\0' ? ";" : value);
    struct curl_slist *lines =
        buf_error(&line) == OK ? curl_slist_append(exchange->lines, line.data) : NULL;
    if (lines == NULL) {
        wire_exchange_refuse(exchange, ERR_LIMIT);
    } else {
        exchange->lines = lines;
    }
}

void
wire_exchange_address(struct wire_exchange *exchange, const char *scheme, const char *path)
{
    const struct wire_target *target = &exchange->call.target;
    struct ip plain = target->ip;
    char text[IP_TEXT];
    char url[IP_TEXT + 32];
    plain.zone = 0;
    (void)ip_text(&plain, text);
    (void)snprintf(url, sizeof(url), plain.family == 6 ? "%s://[%s]:%u/" : "%s://%s:%u/", scheme,
        text, target->port);
    wire_exchange_value(exchange, CURLOPT_URL, url);
    wire_exchange_number(exchange, CURLOPT_ADDRESS_SCOPE, (long)target->ip.zone);
    if (path != NULL && (has_control(path, true) || path[0] != '/')) {
        wire_exchange_refuse(exchange, ERR_VALUE);
    }
}

void
wire_exchange_start(struct wire_call *call)
{
    struct wire_exchange *exchange = (struct wire_exchange *)call;
    if (curl_multi_add_handle(call->wire->multi, exchange->easy) != CURLM_OK) {
        wire_call_end(call, ERR_MEMORY);
        return;
    }
    exchange->in_multi = true;
    call->wire->totals.requests++;
}

static void
free_exchange(struct wire_exchange *exchange)
{
    if (exchange->in_multi) {
        (void)curl_multi_remove_handle(exchange->call.wire->multi, exchange->easy);
    }
    curl_easy_cleanup(exchange->easy);
    wire_upload_release(exchange);
    curl_slist_free_all(exchange->lines);
    buf_release(&exchange->headers);
    buf_release(&exchange->body);
    free(exchange);
}

void
wire_exchange_release(struct wire_call *call)
{
    free_exchange((struct wire_exchange *)call);
}

/* A header line longer than libcurl allows is "out of memory" to it. */
static const struct {
    CURLcode code;
    enum err err;
} meanings[] = {
    {CURLE_OK,                       OK         },
    {CURLE_OPERATION_TIMEDOUT,       ERR_TIMEOUT},
    {CURLE_OUT_OF_MEMORY,            ERR_LIMIT  },
    {CURLE_FILESIZE_EXCEEDED,        ERR_LIMIT  },
    {CURLE_URL_MALFORMAT,            ERR_VALUE  },
    {CURLE_WEIRD_SERVER_REPLY,       ERR_SYNTAX },
    {CURLE_UNSUPPORTED_PROTOCOL,     ERR_SYNTAX },
    {CURLE_BAD_CONTENT_ENCODING,     ERR_SYNTAX },
    {CURLE_RTSP_CSEQ_ERROR,          ERR_SYNTAX },
    {CURLE_RTSP_SESSION_ERROR,       ERR_SYNTAX },
    {CURLE_SSL_CONNECT_ERROR,        ERR_TLS    },
    {CURLE_SSL_ENGINE_INITFAILED,    ERR_TLS    },
    {CURLE_SSL_CIPHER,               ERR_TLS    },
    {CURLE_PEER_FAILED_VERIFICATION, ERR_TLS    },
};

static enum err
meaning(const struct wire_exchange *exchange, CURLcode code)
{
    long number = 0;
    if (exchange->stopped != OK) {
        return exchange->stopped;
    }
    if (code == CURLE_COULDNT_CONNECT) {
        (void)curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &number);
        return number == ECONNREFUSED ? ERR_REFUSED
               : number == ETIMEDOUT  ? ERR_TIMEOUT
                                      : ERR_NETWORK;
    }
    for (size_t i = 0; i < COUNT(meanings); i++) {
        if (meanings[i].code == code) {
            return meanings[i].err;
        }
    }
    return ERR_NETWORK;
}

/* Cameras that do not repeat CSeq are common; their answer is whole all the same. */
static enum err
forgive(enum err err, CURLcode code, int status)
{
    return code == CURLE_RTSP_CSEQ_ERROR && status != 0 ? OK : err;
}

void
wire_exchange_over(struct wire_call *call, CURLcode code)
{
    struct wire_exchange *exchange = (struct wire_exchange *)call;
    long status = 0;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    wire_call_end(call, forgive(meaning(exchange, code), code, (int)status));
}

static struct wire_certificate *
remembered(const struct wire_exchange *exchange)
{
    struct wire_certificate *one = exchange->call.host->certificates;
    while (one != NULL && one->port != exchange->call.target.port) {
        one = one->next;
    }
    return one;
}

static void
read_certificate(const struct curl_slist *lines, struct wire_certificate *certificate)
{
    for (const struct curl_slist *line = lines; line != NULL; line = line->next) {
        const char *value = strchr(line->data, ':');
        if (value == NULL) {
            continue;
        }
        value++;
        if (text_starts(line->data, "Subject:")) {
            text_clean(certificate->subject, sizeof(certificate->subject), value, strlen(value));
        } else if (text_starts(line->data, "Issuer:")) {
            text_clean(certificate->issuer, sizeof(certificate->issuer), value, strlen(value));
        } else if (text_starts(line->data, "Expire date:")) {
            time_t expires = curl_getdate(value, NULL);
            certificate->expires = expires == -1 ? 0 : (int64_t)expires * 1000;
        }
    }
}

/* libcurl tells the certificate only to the transfer that opened the connection. */
static struct wire_certificate *
find_certificate(struct wire_exchange *exchange)
{
    struct curl_certinfo *info = NULL;
    struct wire_certificate *old = remembered(exchange);
    if (curl_easy_getinfo(exchange->easy, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL ||
        info->num_of_certs == 0) {
        return old;
    }
    struct wire_host *host = exchange->call.host;
    if (old == NULL) {
        old = calloc(1, sizeof(*old));
        if (old == NULL) {
            return NULL;
        }
        old->next = host->certificates;
        host->certificates = old;
        old->port = exchange->call.target.port;
    }
    read_certificate(info->certinfo[0], old);
    return old;
}

static void
add_certificate(struct wire_exchange *exchange, struct answer *answer)
{
    const struct wire_certificate *certificate =
        exchange->call.target.tls && exchange->in_multi ? find_certificate(exchange) : NULL;
    if (certificate != NULL) {
        answer->tls_subject = arena_copy(exchange->arena, certificate->subject);
        answer->tls_issuer = arena_copy(exchange->arena, certificate->issuer);
        answer->tls_expires = certificate->expires;
    }
}

void
wire_exchange_report(struct wire_call *call, enum err err)
{
    struct wire_exchange *exchange = (struct wire_exchange *)call;
    struct answer answer = {.err = err, .headers = "", .body = "", .at = clock_wall()};
    long status = 0;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = (int)status;
    const char *headers =
        arena_copy_n(exchange->arena, exchange->headers.data, exchange->headers.len);
    const char *body = arena_copy_n(exchange->arena, exchange->body.data, exchange->body.len);
    add_certificate(exchange, &answer);
    if (headers != NULL) {
        answer.headers = headers;
        answer.headers_len = exchange->headers.len;
    }
    if (body != NULL) {
        answer.body = body;
        answer.body_len = exchange->body.len;
    }
    if ((headers == NULL || body == NULL) && err == OK) {
        answer.err = ERR_LIMIT;
    }
    exchange->done(exchange->context, &answer);
}
