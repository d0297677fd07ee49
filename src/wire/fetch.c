/* A bounded download over HTTPS. */
#include "wire/fetch.h"

#include "base/text.h"
#include "wire/transfer.h"

#include <curl/curl.h>
#include <string.h>

#define REDIRECTS 5L

bool
fetch_is_address(const char *text)
{
    return text_contains(text, "://");
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
                curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, transfer_take) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_WRITEDATA, body) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_USERAGENT, "gatehouse") == CURLE_OK;
    return good && (fetch->authorities == NULL ||
                       curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->authorities) == CURLE_OK);
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
        err = transfer_err((int)code, ret_body);
    }
    if (err != OK) {
        note_set(note, "%.120s: %.100s", fetch->url,
            err == ERR_LIMIT || words[0] == '\0' ? err_words(err) : words);
    }
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return err;
}
