/* Small HTTP exchanges side by side, by libcurl. */
#include "wire/post.h"

#include "base/ip.h"
#include "base/text.h"
#include "wire/transfer.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TURN 200 /* ms between two looks at may_go_on */

/* One exchange under way. */
struct exchange {
    struct post *post;
    CURL *curl;
    struct curl_slist *headers;
    bool is_plain;   /* http:// */
    bool is_refused; /* plain to a public address */
    char words[CURL_ERROR_SIZE];
};

static bool
is_plain(const char *url)
{
    return text_starts_nocase(url, "http://");
}

enum err
post_check(const char *url, struct note *note)
{
    bool is_http = is_plain(url) || text_starts_nocase(url, "https://");
    bool is_clean = is_http && strpbrk(url, " \t\r\n#?@") == NULL;
    if (!is_clean) {
        note_set(note, "%.120s: not an address of the form https://host/path", url);
        return ERR_VALUE;
    }
    return OK;
}

/* What leaves unencrypted stays in the owner's networks. */
static curl_socket_t
open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct exchange *exchange = context;
    struct ip ip = {.family = 0};
    uint16_t port = 0;
    (void)purpose;
    if (exchange->is_plain &&
        (ip_from_socket(&address->addr, &ip, &port) != OK || ip_is_public(&ip))) {
        exchange->is_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool
prepare_body(struct exchange *exchange)
{
    CURL *curl = exchange->curl;
    const struct buf *body = exchange->post->body;
    if (body == NULL) {
        return true;
    }
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
    exchange->headers = headers == NULL ? NULL : curl_slist_append(headers, "Expect:");
    if (exchange->headers == NULL) {
        curl_slist_free_all(headers);
        return false;
    }
    return curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->data) == CURLE_OK;
}

static bool
prepare(struct exchange *exchange)
{
    CURL *curl = exchange->curl;
    struct post *post = exchange->post;
    bool good = curl_easy_setopt(curl, CURLOPT_URL, post->url) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
                    exchange->is_plain ? "http" : "https") == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)post->seconds) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->words) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, exchange) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, transfer_take) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_WRITEDATA, &post->answer) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_USERAGENT, "gatehouse") == CURLE_OK &&
                prepare_body(exchange);
    if (good && exchange->is_plain) {
        good = curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK; /* a proxy would hide whom */
    }
    return good && (post->authorities == NULL ||
                       curl_easy_setopt(curl, CURLOPT_CAINFO, post->authorities) == CURLE_OK);
}

static void
finish(struct exchange *exchange, CURLcode code)
{
    struct post *post = exchange->post;
    long status = 0;
    char *type = NULL;
    post->err = exchange->is_refused ? ERR_SCOPE : transfer_err((int)code, &post->answer);
    if (post->err == ERR_SCOPE) {
        note_set(&post->note, "plain http:// is not spoken to a public address; use https://");
    } else if (post->err != OK) {
        note_set(&post->note, "%.200s",
            post->err == ERR_LIMIT || exchange->words[0] == '\0' ? err_words(post->err)
                                                                 : exchange->words);
    } else {
        (void)curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
        (void)curl_easy_getinfo(exchange->curl, CURLINFO_CONTENT_TYPE, &type);
        post->status = (int)status;
        (void)text_copy(post->type, sizeof(post->type), type == NULL ? "" : type);
    }
}

static enum err
begin(CURLM *multi, struct exchange *exchange)
{
    struct post *post = exchange->post;
    exchange->is_plain = is_plain(post->url);
    post->status = 0;
    post->type[0] = '\0';
    post->note.text[0] = '\0';
    post->err = post_check(post->url, &post->note);
    if (post->err != OK) {
        return OK; /* this one's own fault */
    }
    post->err = ERR_CANCELLED; /* until it is finished */
    exchange->curl = curl_easy_init();
    return exchange->curl != NULL && prepare(exchange) &&
                   curl_multi_add_handle(multi, exchange->curl) == CURLM_OK
               ? OK
               : ERR_SYSTEM;
}

static enum err
turn(CURLM *multi, bool (*may_go_on)(void))
{
    int running = 1;
    while (running != 0) {
        int left = 0;
        const CURLMsg *message = NULL;
        if (curl_multi_perform(multi, &running) != CURLM_OK) {
            return ERR_NETWORK;
        }
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            struct exchange *exchange = NULL;
            if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange) == CURLE_OK) {
                finish(exchange, message->data.result);
            }
        }
        if (may_go_on != NULL && !may_go_on()) {
            return ERR_CANCELLED;
        }
        if (running != 0 && curl_multi_poll(multi, NULL, 0, TURN, NULL) != CURLM_OK) {
            return ERR_NETWORK;
        }
    }
    return OK;
}

static void
end(CURLM *multi, struct exchange *exchange)
{
    if (exchange->curl != NULL) {
        (void)curl_multi_remove_handle(multi, exchange->curl);
        curl_easy_cleanup(exchange->curl);
    }
    curl_slist_free_all(exchange->headers);
}

enum err
post_all(struct post *posts, size_t count, bool (*may_go_on)(void))
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return ERR_SYSTEM;
    }
    struct exchange *exchanges = calloc(count + 1, sizeof(*exchanges));
    CURLM *multi = curl_multi_init();
    enum err err = exchanges == NULL || multi == NULL ? ERR_MEMORY : OK;
    for (size_t i = 0; i < count && err == OK; i++) {
        exchanges[i].post = &posts[i];
        err = begin(multi, &exchanges[i]);
    }
    err = err == OK ? turn(multi, may_go_on) : err;
    for (size_t i = 0; exchanges != NULL && i < count; i++) {
        end(multi, &exchanges[i]);
    }
    (void)curl_multi_cleanup(multi);
    free(exchanges);
    curl_global_cleanup();
    return err;
}
