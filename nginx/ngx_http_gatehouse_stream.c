
/* The way of an answer: bytes, digests, the net under the table, revocation. */

#include "ngx_http_gatehouse.h"


ngx_int_t
ngx_http_gatehouse_stream_init(ngx_conf_t *cf)
{
    return NGX_OK;
}


ngx_int_t
ngx_http_gatehouse_stream_begin(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    return NGX_OK;
}


void
ngx_http_gatehouse_stream_end(ngx_http_gatehouse_ctx_t *ctx)
{
}


void
ngx_http_gatehouse_stream_tick(int64_t now)
{
}
