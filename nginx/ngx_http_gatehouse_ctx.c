
/* The context of a request: kept beyond redirects inside nginx, and used again for the next one. */

#include "ngx_http_gatehouse.h"


static void
ngx_http_gatehouse_cleanup(void *data)
{
    ngx_http_gatehouse_ctx_t *ctx = data;

    ngx_http_gatehouse_worker_t  *w;

    if (ctx->is_allowed) {
        ngx_http_gatehouse_stream_end(ctx);
        ngx_queue_remove(&ctx->queue);
    }

    ngx_http_gatehouse_decision_cancel(&ctx->decision);
    ngx_http_gatehouse_decision_end(&ctx->decision, ctx->cause);
    arena_release(&ctx->arena);

    w = &ngx_http_gatehouse_worker;

    if (w->nspare == NGX_HTTP_GATEHOUSE_SPARE) {
        ngx_free(ctx);
        return;
    }

    ctx->next = w->spare;
    w->spare = ctx;
    w->nspare++;
}


/* A redirect inside nginx forgets the contexts of modules; the pool's cleanup remembers. */

ngx_http_gatehouse_ctx_t *
ngx_http_gatehouse_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t        *cln;
    ngx_http_gatehouse_ctx_t  *ctx;

    r = r->main;
    ctx = ngx_http_get_module_ctx(r, ngx_http_gatehouse_module);

    if (ctx == NULL && (r->internal || r->filter_finalize)) {
        for (cln = r->pool->cleanup; cln; cln = cln->next) {
            if (cln->handler == ngx_http_gatehouse_cleanup) {
                ctx = cln->data;
                ngx_http_set_ctx(r, ctx, ngx_http_gatehouse_module);
                break;
            }
        }
    }

    return ctx;
}


ngx_http_gatehouse_ctx_t *
ngx_http_gatehouse_ctx_new(ngx_http_request_t *r, ngx_http_gatehouse_vms_t *vms)
{
    ngx_pool_cleanup_t           *cln;
    ngx_http_gatehouse_ctx_t     *ctx;
    ngx_http_gatehouse_worker_t  *w;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    w = &ngx_http_gatehouse_worker;
    ctx = w->spare;

    if (ctx != NULL) {
        w->spare = ctx->next;
        w->nspare--;

    } else {
        ctx = ngx_alloc(sizeof(ngx_http_gatehouse_ctx_t), r->connection->log);
        if (ctx == NULL) {
            return NULL;
        }
    }

    ngx_memzero(ctx, offsetof(ngx_http_gatehouse_ctx_t, note));
    ctx->note.text[0] = '\0';
    ctx->request = r;
    ctx->vms = vms;
    arena_init(&ctx->arena, NGX_HTTP_GATEHOUSE_ARENA);
    arena_lend(&ctx->arena, ctx->lent, NGX_HTTP_GATEHOUSE_LENT);
    ctx->decision.ctx = ctx;
    cln->data = ctx;

    cln->handler = ngx_http_gatehouse_cleanup;
    ngx_http_set_ctx(r, ctx, ngx_http_gatehouse_module);

    return ctx;
}


ngx_http_gatehouse_vms_t *
ngx_http_gatehouse_guards(ngx_http_request_t *r)
{
    ngx_http_gatehouse_srv_conf_t  *gscf;
    ngx_http_gatehouse_loc_conf_t  *glcf;

    gscf = ngx_http_get_module_srv_conf(r, ngx_http_gatehouse_module);
    glcf = ngx_http_get_module_loc_conf(r, ngx_http_gatehouse_module);

    return glcf->pages == 1 ? NULL : gscf->vms;
}
