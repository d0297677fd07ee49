
/*
 * Nothing slips past: whatever else a configuration does, no answer of a guarded server leaves
 * without a decision, and what goes to the VMS is byte for byte what was judged.
 */

#include "ngx_http_gatehouse.h"


typedef struct {
    ngx_http_upstream_srv_conf_t    *uscf;
    ngx_http_upstream_init_peer_pt   init;
} ngx_http_gatehouse_peer_t;


static ngx_int_t ngx_http_gatehouse_precontent(ngx_http_request_t *r);
static ngx_int_t ngx_http_gatehouse_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_gatehouse_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;


ngx_int_t
ngx_http_gatehouse_guard_init(ngx_conf_t *cf)
{
    ngx_uint_t                        i;
    ngx_http_handler_pt              *h;
    ngx_http_gatehouse_peer_t        *peer;
    ngx_http_core_main_conf_t        *cmcf;
    ngx_http_upstream_srv_conf_t    **uscf;
    ngx_http_upstream_main_conf_t    *umcf;
    ngx_http_gatehouse_main_conf_t   *gmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_gatehouse_precontent;

    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_gatehouse_header_filter;

    /* an upstream's peer is chosen when the request for it has been written */

    gmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_gatehouse_module);
    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);

    gmcf->peers = ngx_array_create(cf->pool, umcf->upstreams.nelts + 1,
                                   sizeof(ngx_http_gatehouse_peer_t));
    if (gmcf->peers == NULL) {
        return NGX_ERROR;
    }

    uscf = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {

        if (uscf[i]->peer.init == NULL) {
            continue;
        }

        peer = ngx_array_push(gmcf->peers);
        if (peer == NULL) {
            return NGX_ERROR;
        }

        peer->uscf = uscf[i];
        peer->init = uscf[i]->peer.init;
        uscf[i]->peer.init = ngx_http_gatehouse_init_peer;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gatehouse_precontent(ngx_http_request_t *r)
{
    ngx_http_gatehouse_ctx_t  *ctx;

    if (ngx_http_gatehouse_guards(r) == NULL) {
        return NGX_DECLINED;
    }

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "gatehouse: refused a subrequest; remove auth_request, mirror, ssi, "
                      "add_before_body and the like from the guarded server");
        return NGX_HTTP_FORBIDDEN;
    }

    ctx = ngx_http_gatehouse_ctx(r);

    if (ctx != NULL && ctx->is_allowed) {
        return NGX_DECLINED;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "gatehouse: refused a request that came past the decision; remove "
                  "\"satisfy any\" from the guarded server");

    return NGX_HTTP_FORBIDDEN;
}


/* The request line for the VMS is the method and the address that were judged. */

static ngx_uint_t
ngx_http_gatehouse_is_judged(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    u_char     *p;
    size_t      len;
    ngx_buf_t  *b;

    if (r->upstream->request_bufs == NULL) {
        return 1; /* nothing was sent */
    }

    b = r->upstream->request_bufs->buf;
    p = b->start;
    len = r->method_name.len + 1 + ctx->sent.len + sizeof(" HTTP/1.") - 1;

    if (p == NULL || (size_t) (b->end - p) < len) {
        return 0;
    }

    if (ngx_memcmp(p, r->method_name.data, r->method_name.len) != 0
        || p[r->method_name.len] != ' ')
    {
        return 0;
    }

    p += r->method_name.len + 1;

    return ngx_memcmp(p, ctx->sent.data, ctx->sent.len) == 0
           && ngx_memcmp(p + ctx->sent.len, " HTTP/1.", sizeof(" HTTP/1.") - 1) == 0;
}


static ngx_int_t
ngx_http_gatehouse_check_line(ngx_http_request_t *r)
{
    ngx_http_gatehouse_ctx_t  *ctx;

    if (ngx_http_gatehouse_guards(r) == NULL) {
        return NGX_OK;
    }

    ctx = ngx_http_gatehouse_ctx(r);

    if (r == r->main && ctx != NULL && ctx->is_allowed && ngx_http_gatehouse_is_judged(r, ctx)) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "gatehouse: refused to send what was not judged; write \"proxy_pass\" without a "
                  "path (http://name;), and remove proxy_method, fastcgi_pass and the like");

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_gatehouse_init_peer(ngx_http_request_t *r, ngx_http_upstream_srv_conf_t *us)
{
    ngx_uint_t                       i;
    ngx_http_gatehouse_peer_t       *peers;
    ngx_http_gatehouse_main_conf_t  *gmcf;

    if (ngx_http_gatehouse_check_line(r) != NGX_OK) {
        return NGX_ERROR;
    }

    gmcf = ngx_http_get_module_main_conf(r, ngx_http_gatehouse_module);
    peers = gmcf->peers->elts;

    for (i = 0; i < gmcf->peers->nelts; i++) {
        if (peers[i].uscf == us) {
            return peers[i].init(r, us);
        }
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_gatehouse_refuse_answer(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    if (r != r->main) {
        return NGX_ERROR;
    }

    if (ctx != NULL) {
        ctx->is_own = 1;
    }

    return ngx_http_filter_finalize_request(r, &ngx_http_gatehouse_module, NGX_HTTP_FORBIDDEN);
}


/* Whether the VMS has answered; else what leaves was made by nginx. */

static ngx_uint_t
ngx_http_gatehouse_has_answered(ngx_http_request_t *r)
{
    return r->upstream != NULL && r->upstream->headers_in.status_n != 0;
}


static ngx_int_t
ngx_http_gatehouse_header_filter(ngx_http_request_t *r)
{
    ngx_http_gatehouse_ctx_t  *ctx;

    if (ngx_http_gatehouse_guards(r) == NULL) {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_http_gatehouse_ctx(r);

    if (r == r->main && ctx != NULL && ctx->is_own) {
        return ngx_http_next_header_filter(r);
    }

    if (!ngx_http_gatehouse_has_answered(r)
        && (r->headers_out.status >= NGX_HTTP_BAD_REQUEST
            || (r == r->main && ctx != NULL && ctx->is_allowed)))
    {
        return ngx_http_next_header_filter(r); /* nginx's own words */
    }

    if (r == r->main && ctx != NULL && ctx->is_allowed) {

        if (ngx_http_gatehouse_check_line(r) != NGX_OK) {
            return ngx_http_gatehouse_refuse_answer(r, ctx);
        }

        if (ngx_http_gatehouse_clean_answer(r, ctx) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_next_header_filter(r);
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "gatehouse: refused an answer that came past the decision; remove return, rewrite "
                  "and handlers of others from the guarded server");

    return ngx_http_gatehouse_refuse_answer(r, ctx);
}
