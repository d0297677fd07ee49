/* A bounded download over HTTPS. */
#include "wire/fetch.h"

#include "base/text.h"

#include <curl/curl.h>
#include <string.h>

#define REDIRECTS 5L

bool
fetch_is_address(const char *text)
{
    return text_contains(text, "://");
}

static size_t
take(char *bytes, size_t size, size_t count, void *context)
{
    struct buf *body = context;
    buf_add(body, bytes, size * count);
    return body->failed ? 0 : size * count;
}

static int
look(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
    const struct fetch *fetch = context;
    (void)total;
    (void)now;
    (void)up_total;
    (void)up;
    return fetch->may_go_on != NULL && !fetch->may_go_on();
}

static bool
prepare(CURL *curl, const struct fetch *fetch, struct buf *body, char *words)
{
    bool good = curl_easy_setopt(curl, CURLOPT_URL, fetch->url) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https") == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)fetch->seconds) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetch) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_WRITEDATA, body) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_USERAGENT, "gatehouse") == CURLE_OK;
    return good && (fetch->authorities == NULL ||
                       curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->authorities) == CURLE_OK);
}

static enum err
meaning(CURLcode code, const struct buf *body)
{
    if (body->failed) {
        return ERR_LIMIT;
    }
    switch ((int)code) {
    case CURLE_OK:
        return OK;
    case CURLE_ABORTED_BY_CALLBACK:
        return ERR_CANCELLED;
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_COULDNT_CONNECT:
        return ERR_REFUSED;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
        return ERR_TLS;
    default:
        return ERR_NETWORK;
    }
}

enum err
fetch_file(const struct fetch *fetch, struct buf *ret_body, struct note *note)
{
    char words[CURL_ERROR_SIZE] = "";
    if (!text_starts_nocase(fetch->url, "https://")) {
        note_set(note, "%.120s: only https:// addresses are fetched", fetch->url);
        return ERR_VALUE;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return ERR_SYSTEM;
    }
    CURL *curl = curl_easy_init();
    enum err err = ERR_SYSTEM;
    if (curl != NULL && prepare(curl, fetch, ret_body, words)) {
        CURLcode code = curl_easy_perform(curl);
        err = meaning(code, ret_body);
    }
    if (err != OK) {
        note_set(note, "%.120s: %.100s", fetch->url,
            err == ERR_LIMIT || words[0] == '\0' ? err_words(err) : words);
    }
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return err;
}
