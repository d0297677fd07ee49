
/* What a browser sends into a WebSocket, frame by frame. */

#include "ngx_http_gatehouse.h"


ngx_int_t
ngx_http_gatehouse_frames_begin(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    return NGX_OK;
}


void
ngx_http_gatehouse_frames_end(ngx_http_gatehouse_ctx_t *ctx)
{
}
