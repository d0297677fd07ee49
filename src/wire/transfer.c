/* Small pieces around libcurl's easy interface. */
#include "wire/transfer.h"

#include <curl/curl.h>

size_t
transfer_take(char *bytes, size_t size, size_t count, void *context)
{
    struct buf *body = context;
    buf_add(body, bytes, size * count);
    return body->failed ? 0 : size * count;
}

enum err
transfer_err(int code, const struct buf *body)
{
    if (body->failed) {
        return ERR_LIMIT;
    }
    switch (code) {
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
