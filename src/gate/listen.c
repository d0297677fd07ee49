/* Reads an address and a port. */
#include "gate/listen.h"

#include "base/text.h"

#include <string.h>

enum err
listen_parse(const char *text, struct ip *ret_ip, uint16_t *ret_port)
{
    char host[IP_TEXT] = "0.0.0.0";
    uint64_t port = 0;
    struct ip ip = {0};
    const char *colon = text == NULL ? NULL : strrchr(text, ':');
    const char *digits = colon == NULL ? text : colon + 1;
    if (colon != NULL) {
        const char *begin = text;
        size_t len = (size_t)(colon - text);
        bool is_bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
        begin += is_bracketed ? 1 : 0;
        len -= is_bracketed ? 2 : 0;
        if (len == 0 || len >= sizeof(host) || (!is_bracketed && memchr(begin, ':', len) != NULL)) {
            return ERR_VALUE;
        }
        memcpy(host, begin, len);
        host[len] = '\0';
    }
    if (text_to_u64(digits, UINT16_MAX, &port) != OK || port == 0 || ip_parse(host, &ip) != OK) {
        return ERR_VALUE;
    }
    *ret_ip = ip;
    *ret_port = (uint16_t)port;
    return OK;
}

bool
listen_is_any(const struct ip *ip)
{
    static const uint8_t none[sizeof(ip->bytes)];
    return memcmp(ip->bytes, none, sizeof(none)) == 0;
}
