/* A time-stamp request over HTTP, bounded in time and size. */
#include "evidence/stamp_send.h"

#include "base/text.h"
#include "evidence/stamp.h"
#include "wire/transfer.h"

#include <curl/curl.h>
#include <string.h>

#define CONNECT_SECONDS 10L
#define QUERY           "Content-Type: application/timestamp-query"
#define REPLY           "application/timestamp-reply"

enum err
stamp_server_check(const char *url, struct note *note)
{
    if (!text_starts_nocase(url, "http://") && !text_starts_nocase(url, "https://")) {
        note_set(note, "%.120s: the address of an authority begins with http:// or https://", url);
        return ERR_VALUE;
    }
    const char *host = strstr(url, "://") + 3;
    if (memchr(host, '@', strcspn(host, "/?#")) != NULL) {
        note_set(note, "the address of an authority can't hold a name and a password");
        return ERR_VALUE;
    }
    return OK;
}

static bool
prepare(CURL *curl, const struct stamp_server *server, const struct buf *request, struct buf *body)
{
    long seconds = server->seconds == 0 ? STAMP_SECONDS : (long)server->seconds;
    bool good =
        curl_easy_setopt(curl, CURLOPT_URL, server->url) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->data) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->len) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, transfer_take) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, body) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "gatehouse") == CURLE_OK;
    return good && (server->authorities == NULL ||
                       curl_easy_setopt(curl, CURLOPT_CAINFO, server->authorities) == CURLE_OK);
}

/* What came is an answer only with the status and the type of one. */
static enum err
judge(CURL *curl, const char *url, struct note *note)
{
    long status = 0;
    const char *type = NULL;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    if (status != 200) {
        note_set(note, "%.120s: answered with HTTP status %ld%s", url, status,
            status >= 300 && status < 400 ? "; a redirect is not followed" : "");
        return status >= 500 ? ERR_NETWORK : ERR_VALUE;
    }
    if (!text_starts_nocase(type, REPLY)) {
        note_set(note, "%.120s: what answered is no time-stamp authority (not " REPLY ")", url);
        return ERR_VALUE;
    }
    return OK;
}

static enum err
post(CURL *curl, const struct stamp_server *server, struct buf *body, struct note *note)
{
    CURLcode code = curl_easy_perform(curl);
    enum err err = transfer_err((int)code, body);
    if (err != OK) {
        note_set(note, "%.120s: %.100s", server->url,
            err == ERR_LIMIT ? "the answer is too large for a time-stamp"
                             : curl_easy_strerror(code));
        return err;
    }
    return judge(curl, server->url, note);
}

enum err
stamp_send(const struct stamp_server *server, const struct buf *request, struct buf *ret_answer,
    struct note *note)
{
    CLEANUP(buf_release) struct buf body;
    buf_init(&body, STAMP_LIMIT);
    enum err err = stamp_server_check(server->url, note);
    if (err != OK) {
        return err;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return ERR_SYSTEM;
    }
    CURL *curl = curl_easy_init();
    struct curl_slist *lines = curl_slist_append(NULL, QUERY);
    err = ERR_SYSTEM;
    if (curl != NULL && lines != NULL && prepare(curl, server, request, &body) &&
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines) == CURLE_OK) {
        err = post(curl, server, &body, note);
    } else {
        note_set(note, "%.120s: %s", server->url, err_words(err));
    }
    curl_slist_free_all(lines);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    if (err == OK) {
        buf_add(ret_answer, body.data, body.len);
        err = buf_error(ret_answer);
    }
    return err;
}
