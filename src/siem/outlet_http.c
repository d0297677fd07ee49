/*
 * HTTP receivers: Splunk's HTTP Event Collector and Elasticsearch's _bulk, by libcurl.
 *
 * Rule of this file: the status of an answer is not believed alone. A batch counts when the answer
 * says so of all of it: code 0, or no errors among the items.
 */
#include "siem/outlet.h"

#include "base/ip.h"
#include "base/text.h"
#include "siem/answer.h"
#include "siem/put.h"
#include "wire/transfer.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BODY_FULL   ((size_t)4 * 1024 * 1024)
#define BODY_MOST   ((size_t)8 * 1024 * 1024)
#define ANSWER_MOST ((size_t)4 * 1024 * 1024)
#define CONNECT_MS  15000L
#define WAIT_MOST   600000 /* ms: of what a receiver may ask us to wait */
#define RESOLVED    1024
#define SHOWN       160   /* bytes of libcurl's words */
#define CONNECTED   3600L /* seconds after which a certificate is to be shown again */
#define MARK        8 /* bytes of an entry's hash: in a log made anew the index is another entry */

struct http_own {
    CURL *curl; /* keeps its connection and its TLS session */
    struct curl_slist *headers;
    struct curl_slist *resolved;
    struct buf body;
    size_t count; /* records in it */
    struct buf answer;
    char words[CURL_ERROR_SIZE];
};

static int
may_go_on(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct siem_outlet *outlet = context;
    (void)a, (void)b, (void)c, (void)d;
    return siem_stop_is_over(outlet->stop) ? 1 : 0;
}

static bool
add_header(struct http_own *own, const char *line)
{
    struct curl_slist *longer = curl_slist_append(own->headers, line);
    own->headers = longer == NULL ? own->headers : longer;
    return longer != NULL;
}

/* The header with the token is the only place where that is; libcurl copies it. */
static enum err
make_headers(struct siem_outlet *outlet)
{
    struct http_own *own = outlet->own;
    bool is_bulk = outlet->to->is_elasticsearch;
    CLEANUP(buf_release) struct buf line;
    buf_init(&line, 1024);
    bool good = add_header(
        own, is_bulk ? "Content-Type: application/x-ndjson" : "Content-Type: application/json");
    good = good && add_header(own, "Expect:");
    if (outlet->token != NULL) {
        buf_format(&line, "Authorization: %s %s", is_bulk ? "ApiKey" : "Splunk",
            secret_text(outlet->token));
        good = good && buf_error(&line) == OK && strpbrk(line.data, "\r\n") == NULL &&
               add_header(own, line.data);
        explicit_bzero(line.data, line.len);
    }
    return good ? OK : ERR_VALUE;
}

static bool
set_tls(const struct siem_outlet *outlet, CURL *curl)
{
    const struct siem_destination *to = outlet->to;
    bool good =
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    good =
        good && (to->ca == NULL || (curl_easy_setopt(curl, CURLOPT_CAINFO, to->ca) == CURLE_OK &&
                                       curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK));
    /* A ticket would go on without a certificate, and a store without an authority that is new. */
    good = good && curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CA_CACHE_TIMEOUT, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAXLIFETIME_CONN, CONNECTED) == CURLE_OK;
    return good &&
           (to->certificate == NULL ||
               (curl_easy_setopt(curl, CURLOPT_SSLCERT, to->certificate) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_SSLKEY, to->key) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_KEYPASSWD, "") == CURLE_OK)); /* never ask */
}

static enum err
http_open(struct siem_outlet *outlet, struct note *note)
{
    struct http_own *own = calloc(1, sizeof(*own));
    if (own == NULL) {
        return ERR_MEMORY;
    }
    outlet->own = own;
    buf_init(&own->body, BODY_MOST);
    buf_init(&own->answer, ANSWER_MOST);
    own->curl = curl_easy_init();
    CURL *curl = own->curl;
    enum err err = curl == NULL ? ERR_MEMORY : make_headers(outlet);
    bool good =
        err == OK && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, outlet->to->uses_tls ? "https" : "http") ==
            CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)outlet->to->confirm_ms) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, own->words) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, transfer_take) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &own->answer) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, may_go_on) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, outlet) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "gatehouse") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, own->headers) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK && set_tls(outlet, curl);
    if (!good) {
        note_set(note, "the settings of %s can't be used", outlet->to->name);
        siem_outlet_close(outlet);
        return err == OK ? ERR_VALUE : err;
    }
    return OK;
}

static enum err
http_begin(struct siem_outlet *outlet, struct note *note)
{
    struct http_own *own = outlet->own;
    (void)note;
    buf_clear(&own->body);
    own->count = 0;
    return OK;
}

/* The line before each document; the id is the same whenever the same record comes again. */
static void
put_action(struct siem_outlet *outlet, const struct siem_record *record)
{
    struct http_own *own = outlet->own;
    char id[512];
    char mark[2 * MARK + 1] = "";
    if (record->leaf != NULL) {
        text_hex(mark, record->leaf, MARK);
    }
    (void)snprintf(id, sizeof(id), "%s/%" PRIu64 "%s%s", record->origin, record->index,
        mark[0] == '\0' ? "" : "/", mark);
    buf_text(&own->body, "{\"create\":{\"_index\":");
    siem_put_json(&own->body, outlet->to->index, strlen(outlet->to->index));
    buf_text(&own->body, ",\"_id\":");
    siem_put_json(&own->body, id, strlen(id));
    buf_text(&own->body, "}}\n");
    buf_add(&own->body, record->bytes, record->len);
    buf_byte(&own->body, '\n');
}

/* Splunk: "Format events for HTTP Event Collector". */
static void
put_event(struct siem_outlet *outlet, const struct siem_record *record)
{
    struct http_own *own = outlet->own;
    const struct siem_destination *to = outlet->to;
    buf_byte(&own->body, '{');
    if (record->time != LOGGED_NONE) {
        buf_format(&own->body, "\"time\":%" PRId64 ".%03d,", record->time / 1000,
            (int)(record->time % 1000));
    }
    buf_text(&own->body, "\"host\":");
    siem_put_json(&own->body, outlet->host, strlen(outlet->host));
    buf_format(
        &own->body, ",\"source\":\"gatehouse\",\"sourcetype\":\"gatehouse:%s\",", to->format->name);
    if (to->index != NULL) {
        buf_format(&own->body, "\"index\":\"%s\",", to->index);
    }
    buf_text(&own->body, "\"event\":");
    if (record->len != 0 && record->bytes[0] == '{') {
        buf_add(&own->body, record->bytes, record->len);
    } else {
        siem_put_json(&own->body, record->bytes, record->len);
    }
    buf_text(&own->body, "}\n");
}

static enum err
http_put(struct siem_outlet *outlet, const struct siem_record *record, struct note *note)
{
    struct http_own *own = outlet->own;
    (void)note;
    if (own->body.len > BODY_FULL) {
        return ERR_LIMIT;
    }
    if (outlet->to->is_elasticsearch) {
        put_action(outlet, record);
    } else {
        put_event(outlet, record);
    }
    enum err err = buf_error(&own->body);
    own->count += err == OK ? 1 : 0;
    return err;
}

/* libcurl gets addresses, never a name to look up. */
static enum err
resolve(struct siem_outlet *outlet, struct note *note)
{
    struct http_own *own = outlet->own;
    const struct siem_destination *to = outlet->to;
    struct siem_addresses found = {.count = 0};
    struct ip ip;
    char text[IP_TEXT];
    CLEANUP(buf_release) struct buf line;
    buf_init(&line, RESOLVED);
    if (ip_parse(to->host, &ip) == OK) {
        return OK;
    }
    enum err err = siem_resolver_ask(outlet->resolver, to, &found, note);
    if (err != OK) {
        return err;
    }
    siem_outlet_say(outlet, "resolved: %s has %zu address%s", to->host, found.count,
        found.count == 1 ? "" : "es");
    buf_format(&line, "%s:%u:", to->host, to->port);
    for (size_t i = 0; i < found.count; i++) {
        bool is_six = found.rows[i].family == 6;
        buf_format(&line, "%s%s%s%s", i == 0 ? "" : ",", is_six ? "[" : "",
            ip_text(&found.rows[i], text), is_six ? "]" : "");
    }
    curl_slist_free_all(own->resolved);
    own->resolved = buf_error(&line) == OK ? curl_slist_append(NULL, line.data) : NULL;
    return own->resolved != NULL &&
                   curl_easy_setopt(own->curl, CURLOPT_RESOLVE, own->resolved) == CURLE_OK
               ? OK
               : ERR_MEMORY;
}

static enum err
explain(const struct siem_outlet *outlet, CURLcode code, struct note *note)
{
    const struct http_own *own = outlet->own;
    const char *raw = own->words[0] != '\0' ? own->words : curl_easy_strerror(code);
    char words[SHOWN + 1]; /* names of a certificate that is not believed stand in it */
    text_clean(words, sizeof(words), raw, strlen(raw));
    switch ((int)code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        note_set(note, "the receiver's certificate is not believed: %s; nothing was sent", words);
        return ERR_TLS;
    case CURLE_SSL_CONNECT_ERROR:
        note_set(note, "TLS: %s", words);
        return ERR_TLS;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        note_set(
            note, "ca, certificate or key can't be used, or the key has a passphrase: %s", words);
        return ERR_VALUE;
    case CURLE_ABORTED_BY_CALLBACK:
        return ERR_CANCELLED;
    case CURLE_OPERATION_TIMEDOUT:
        note_set(note, "no answer in time: %s", words);
        return ERR_TIMEOUT;
    default:
        note_set(note, "%s", words);
        return ERR_NETWORK;
    }
}

static enum err
post(struct siem_outlet *outlet, long *ret_status, struct note *note)
{
    struct http_own *own = outlet->own;
    CLEANUP(buf_release) struct buf url;
    buf_init(&url, 2048);
    buf_text(&url, outlet->to->url);
    if (outlet->to->is_elasticsearch && strchr(outlet->to->url, '?') == NULL) {
        buf_text(
            &url, "?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason");
    }
    buf_clear(&own->answer);
    own->words[0] = '\0';
    if (buf_error(&url) != OK || curl_easy_setopt(own->curl, CURLOPT_URL, url.data) != CURLE_OK ||
        curl_easy_setopt(own->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)own->body.len) !=
            CURLE_OK ||
        curl_easy_setopt(own->curl, CURLOPT_POSTFIELDS, own->body.data) != CURLE_OK) {
        return ERR_MEMORY;
    }
    CURLcode code = curl_easy_perform(own->curl);
    if (code != CURLE_OK) {
        enum err err = explain(outlet, code, note);
        return err == ERR_VALUE ? ERR_TLS : err; /* no record is to blame */
    }
    (void)curl_easy_getinfo(own->curl, CURLINFO_RESPONSE_CODE, ret_status);
    return OK;
}

static enum err
http_end(struct siem_outlet *outlet, struct note *note)
{
    struct http_own *own = outlet->own;
    long status = 0;
    curl_off_t wait = 0;
    enum err err = resolve(outlet, note);
    err = err == OK ? post(outlet, &status, note) : err;
    if (err != OK) {
        return err;
    }
    siem_outlet_say(outlet, "sent: %zu bytes, answered with status %ld", own->body.len, status);
    err = siem_answer_judge(outlet->to->is_elasticsearch, own->count, status, &own->answer, note);
    if (err == OK) {
        siem_outlet_say(outlet, "confirmed: the answer says that all of it was taken");
    } else if (curl_easy_getinfo(own->curl, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0) {
        outlet->wait_ms = wait > WAIT_MOST / 1000 ? WAIT_MOST : (int64_t)wait * 1000;
    }
    return err;
}

static void
http_drop(struct siem_outlet *outlet)
{
    struct http_own *own = outlet->own;
    buf_clear(&own->body);
}

static void
http_close(struct siem_outlet *outlet)
{
    struct http_own *own = outlet->own;
    if (own->curl != NULL) {
        curl_easy_cleanup(own->curl);
    }
    for (struct curl_slist *at = own->headers; at != NULL; at = at->next) {
        explicit_bzero(at->data, strlen(at->data));
    }
    curl_slist_free_all(own->headers);
    curl_slist_free_all(own->resolved);
    buf_release(&own->body);
    buf_release(&own->answer);
    free(own);
}

const struct siem_outlet_kind siem_outlet_http = {
    .open = http_open,
    .begin = http_begin,
    .put = http_put,
    .end = http_end,
    .drop = http_drop,
    .close = http_close,
};
