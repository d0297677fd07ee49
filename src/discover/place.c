/* Addresses of documents, by libcurl's URL parser. */
#include "discover/place.h"

#include "base/text.h"

#include <curl/curl.h>

#include <stdio.h>
#include <string.h>

static enum err
part(CURLU *url, CURLUPart what, char *out, size_t size)
{
    char *value = NULL;
    out[0] = '\0';
    CURLUcode code = curl_url_get(url, what, &value, CURLU_DEFAULT_PORT);
    if (code == CURLUE_NO_QUERY) {
        return OK;
    }
    if (code != CURLUE_OK) {
        return ERR_SYNTAX;
    }
    bool fits = text_copy(out, size, value);
    curl_free(value);
    return fits ? OK : ERR_LIMIT;
}

static enum err
read_target(CURLU *url, struct wire_target *ret_target)
{
    char scheme[16];
    char host[IP_TEXT + 2];
    char port[8];
    uint64_t number = 0;
    if (part(url, CURLUPART_SCHEME, scheme, sizeof(scheme)) != OK ||
        part(url, CURLUPART_PORT, port, sizeof(port)) != OK ||
        text_to_u64(port, UINT16_MAX, &number) != OK || number == 0) {
        return ERR_SYNTAX;
    }
    if (!text_equal(scheme, "http") && !text_equal(scheme, "https")) {
        return ERR_VALUE;
    }
    enum err err = part(url, CURLUPART_HOST, host, sizeof(host));
    if (err != OK) {
        return err == ERR_LIMIT ? ERR_VALUE : err;
    }
    size_t len = strlen(host);
    char *bare = host;
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        bare++;
    }
    struct wire_target target = {.port = (uint16_t)number, .tls = text_equal(scheme, "https")};
    if (ip_parse(bare, &target.ip) != OK) {
        return ERR_VALUE;
    }
    *ret_target = target;
    return OK;
}

static enum err
read_url(CURLU *url, struct place *ret_place)
{
    struct place place = {.path = ""};
    char query[PLACE_PATH];
    enum err err = read_target(url, &place.target);
    if (err == OK) {
        err = part(url, CURLUPART_PATH, place.path, sizeof(place.path));
    }
    if (err == OK) {
        err = part(url, CURLUPART_QUERY, query, sizeof(query));
    }
    if (err != OK) {
        return err;
    }
    if (query[0] != '\0') {
        size_t used = strlen(place.path);
        size_t left = sizeof(place.path) - used;
        int wanted = snprintf(place.path + used, left, "?%s", query);
        if (wanted < 0 || (size_t)wanted >= left) {
            return ERR_LIMIT;
        }
    }
    *ret_place = place;
    return OK;
}

static bool
is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

enum err
place_parse(const char *url, struct place *ret_place)
{
    CURLU *handle = is_printable(url) ? curl_url() : NULL;
    if (handle == NULL) {
        return ERR_SYNTAX;
    }
    enum err err = ERR_SYNTAX;
    if (curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK) {
        err = read_url(handle, ret_place);
    }
    curl_url_cleanup(handle);
    return err;
}

enum err
place_join(const struct place *base, const char *reference, struct place *ret_place)
{
    char address[IP_TEXT];
    char text[PLACE_PATH + IP_TEXT + 32];
    struct ip plain = base->target.ip;
    plain.zone = 0;
    (void)snprintf(text, sizeof(text),
        base->target.ip.family == 6 ? "%s://[%s]:%u%s" : "%s://%s:%u%s",
        base->target.tls ? "https" : "http", ip_text(&plain, address), base->target.port,
        base->path);
    CURLU *handle = is_printable(reference) ? curl_url() : NULL;
    if (handle == NULL) {
        return ERR_SYNTAX;
    }
    enum err err = ERR_SYNTAX;
    struct place place;
    if (curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK &&
        curl_url_set(handle, CURLUPART_URL, reference, 0) == CURLUE_OK) {
        err = read_url(handle, &place);
    }
    curl_url_cleanup(handle);
    if (err != OK) {
        return err;
    }
    if (!ip_equal(&place.target.ip, &plain)) {
        return ERR_SCOPE;
    }
    place.target.ip = base->target.ip;
    *ret_place = place;
    return OK;
}
