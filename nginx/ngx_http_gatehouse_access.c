
/* A request of a guarded server, from its first look to the answer when it is refused. */

#include "ngx_http_gatehouse.h"


static ngx_int_t ngx_http_gatehouse_first_look(ngx_http_request_t *r,
    ngx_http_gatehouse_ctx_t *ctx);
static ngx_int_t ngx_http_gatehouse_read_body(ngx_http_request_t *r,
    ngx_http_gatehouse_ctx_t *ctx);
static ngx_int_t ngx_http_gatehouse_classify(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx);
static ngx_int_t ngx_http_gatehouse_finish(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx);
static void ngx_http_gatehouse_decided(ngx_http_gatehouse_decision_t *d);


ngx_int_t
ngx_http_gatehouse_access_handler(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_http_gatehouse_ctx_t  *ctx;
    ngx_http_gatehouse_vms_t  *vms;

    vms = ngx_http_gatehouse_guards(r);
    if (vms == NULL) {
        return NGX_DECLINED;
    }

    if (r->internal || r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "gatehouse: refused a request that was rewritten or redirected inside nginx; "
                      "remove rewrite, try_files, index and X-Accel-Redirect from guarded "
                      "locations");
        return NGX_HTTP_FORBIDDEN;
    }

    ctx = ngx_http_gatehouse_ctx(r);

    if (ctx == NULL) {
        ctx = ngx_http_gatehouse_ctx_new(r, vms);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        rc = ngx_http_gatehouse_first_look(r, ctx);
        if (rc != NGX_OK) {
            return ngx_http_gatehouse_refused(r, ctx, rc);
        }
    }

    if (!ctx->body_read) {
        rc = ngx_http_gatehouse_read_body(r, ctx);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (ctx->is_waiting) {
        return NGX_AGAIN;
    }

    if (!ctx->is_decided) {
        rc = ngx_http_gatehouse_classify(r, ctx);

        if (rc == NGX_AGAIN) {
            /* a browser that goes away is noticed; the decision's cleanup sees to the rest */
            ctx->is_waiting = 1;
            r->read_event_handler = ngx_http_test_reading;
            r->write_event_handler = ngx_http_request_empty_handler;
            return NGX_AGAIN;
        }

        ctx->is_decided = 1;
    }

    return ngx_http_gatehouse_finish(r, ctx);
}


ngx_int_t
ngx_http_gatehouse_why(ngx_http_gatehouse_ctx_t *ctx, ngx_int_t rc, const char *why)
{
    ctx->decision.why = why;
    ctx->decision.rc = rc;
    ctx->is_decided = 1;

    return rc;
}


/* The host and the target */

static ngx_uint_t
ngx_http_gatehouse_is_served(ngx_http_request_t *r)
{
    ngx_str_t                      *host, *names;
    ngx_uint_t                      i;
    ngx_http_gatehouse_srv_conf_t  *gscf;

    gscf = ngx_http_get_module_srv_conf(r, ngx_http_gatehouse_module);

    if (gscf->names == NULL) {
        return 1;
    }

    names = gscf->names->elts;
    host = &r->headers_in.server;

    for (i = 0; i < gscf->names->nelts; i++) {
        if (names[i].len == host->len
            && ngx_strncasecmp(names[i].data, host->data, host->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_gatehouse_target(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    char    *host;
    u_char  *start, *end;

    if (!ngx_http_gatehouse_is_served(r)) {
        return ngx_http_gatehouse_why(ctx, 421, "another host's name");
    }

    host = NULL;
    start = r->unparsed_uri.data;
    end = start + r->unparsed_uri.len;

    if (r->http_version < NGX_HTTP_VERSION_20 && r->schema_start != NULL) {
        /* absolute form: its host must be the one that the Host header names */
        start = r->schema_start;
        host = r->headers_in.host == NULL ? NULL
               : arena_copy_n(&ctx->arena, (char *) r->headers_in.host->value.data,
                              r->headers_in.host->value.len);
    }

    if (end < start
        || uri_canonical((char *) start, end - start, host, &ctx->arena, &ctx->uri, &ctx->note)
           != OK)
    {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_BAD_REQUEST,
                                      ctx->note.text[0] ? ctx->note.text
                                                          : "the address can't be read");
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_gatehouse_is_upgrade(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = r->headers_in.upgrade;

    return h != NULL && r->method == NGX_HTTP_GET && r->http_version == NGX_HTTP_VERSION_11
           && h->value.len == sizeof("websocket") - 1
           && ngx_strncasecmp(h->value.data, (u_char *) "websocket", h->value.len) == 0;
}


static ngx_uint_t
ngx_http_gatehouse_has_body(ngx_http_request_t *r)
{
    return r->headers_in.content_length_n > 0 || r->headers_in.chunked;
}


/* Everything that the request's head can tell; refusals here cost little. */

static ngx_int_t
ngx_http_gatehouse_first_look(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    int64_t                       now;
    ngx_int_t                     rc;
    const char                   *why;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;
    now = ngx_http_gatehouse_now();

    ctx->decision.access.kind = ACCESS_UNKNOWN;
    ctx->decision.role = POLICY_ANY;
    ctx->asked.method = arena_copy_n(&ctx->arena, (char *) r->method_name.data,
                                     r->method_name.len);

    if (ctx->asked.method == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_gatehouse_address(r, &ctx->ip) != NGX_OK) {
        ngx_http_gatehouse_address_text(r, ctx); /* the nearest one that was named */
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_BAD_REQUEST,
                                      "a trusted proxy names no address");
    }

    ngx_http_gatehouse_address_text(r, ctx);

    if (w->board != NULL && board_is_banned(w->board, &ctx->ip, now)) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_FORBIDDEN, "the address is banned");
    }

    rc = ngx_http_gatehouse_target(r, ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    why = ngx_http_gatehouse_is_closed();
    if (why != NULL) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_SERVICE_UNAVAILABLE, why);
    }

    rc = ngx_http_gatehouse_session(r, ctx, now);
    if (rc != NGX_OK) {
        return rc;
    }

    /* only who is somebody learns how the VMS is */

    why = ngx_http_gatehouse_unavailable(ctx->vms);
    if (why != NULL) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_SERVICE_UNAVAILABLE, why);
    }

    if (!ctx->session.is_break_glass && ngx_http_gatehouse_ledger_is_gone()) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_SERVICE_UNAVAILABLE, "the ledger is gone");
    }

    ctx->asked.is_upgrade = ngx_http_gatehouse_is_upgrade(r);

    rc = ngx_http_gatehouse_from(r, ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ctx->asked.is_upgrade && ngx_http_gatehouse_has_body(r)) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_BAD_REQUEST, "a WebSocket with a body");
    }

    if (r->headers_in.content_length_n > (off_t) ACCESS_BODY) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                      "the body is longer than what is read");
    }

    return NGX_OK;
}


/* The body */

static void
ngx_http_gatehouse_body_handler(ngx_http_request_t *r)
{
    ngx_http_gatehouse_ctx_t  *ctx;

    ctx = ngx_http_gatehouse_ctx(r);
    ctx->body_read = 1;

    r->preserve_body = 1;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_http_gatehouse_read_body(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    ngx_int_t  rc;

    if (!ngx_http_gatehouse_has_body(r)) {
        ctx->body_read = 1;
        return NGX_OK;
    }

    if (ctx->body_asked) {
        return NGX_DONE;
    }

    ctx->body_asked = 1;
    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_gatehouse_body_handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


static ngx_int_t
ngx_http_gatehouse_body(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    off_t         len, part;
    u_char       *p;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    len = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        len += ngx_buf_size(cl->buf);
    }

    if (len > (off_t) ACCESS_BODY) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                      "the body is longer than what is read");
    }

    cl = r->request_body->bufs;

    if (cl->next == NULL && !cl->buf->in_file) {
        ctx->asked.body = cl->buf->pos;
        ctx->asked.body_len = (size_t) len;
        return NGX_OK;
    }

    p = arena_alloc(&ctx->arena, (size_t) len + 1);
    if (p == NULL) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
    }

    ctx->asked.body = p;
    ctx->asked.body_len = (size_t) len;

    for (/* void */; cl; cl = cl->next) {
        b = cl->buf;
        part = ngx_buf_size(b);

        if (!b->in_file) {
            ngx_memcpy(p, b->pos, (size_t) part);

        } else if (ngx_read_file(b->file, p, (size_t) part, b->file_pos) != part) {
            return ngx_http_gatehouse_why(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                          "the body can't be read again");
        }

        p += part;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gatehouse_classify(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    enum err                        err;
    ngx_int_t                       rc;
    ngx_uint_t                      i;
    ngx_list_part_t                *part;
    ngx_table_elt_t                *h;
    ngx_http_gatehouse_decision_t  *d;

    d = &ctx->decision;

    rc = ngx_http_gatehouse_body(r, ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    part = &r->headers_in.headers.part;
    i = 0;

    while ((h = ngx_http_gatehouse_next_header(&part, &i, "content-type",
                                               sizeof("content-type") - 1))
           != NULL)
    {
        if (ctx->asked.type != NULL) {
            return ngx_http_gatehouse_why(ctx, NGX_HTTP_BAD_REQUEST, "two Content-Types");
        }

        ctx->asked.type = arena_copy_n(&ctx->arena, (char *) h->value.data, h->value.len);
        if (ctx->asked.type == NULL) {
            return ngx_http_gatehouse_why(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
        }
    }

    ctx->asked.path = ctx->uri.path;
    ctx->asked.query = ctx->uri.query;

    err = access_classify(ctx->vms->gate, &ctx->asked, &ctx->arena, &d->access, &ctx->note);

    if (err != OK) {
        ngx_memzero(&d->access, sizeof(struct access));
        d->access.kind = ACCESS_UNKNOWN;
        return ngx_http_gatehouse_why(ctx, err == ERR_MEMORY ? NGX_HTTP_INTERNAL_SERVER_ERROR
                                                             : NGX_HTTP_BAD_REQUEST,
                                      ctx->note.text[0] ? ctx->note.text : err_words(err));
    }

    if (ngx_http_gatehouse_is_forged(d)) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_FORBIDDEN,
                                      "another site's page would change something");
    }

    d->handler = ngx_http_gatehouse_decided;

    return ngx_http_gatehouse_decide(d);
}


/* The phases go on from the event loop, not from within whoever answered. */

static void
ngx_http_gatehouse_decided(ngx_http_gatehouse_decision_t *d)
{
    ngx_http_request_t        *r;
    ngx_http_gatehouse_ctx_t  *ctx;

    ctx = d->ctx;
    r = ctx->request;

    ctx->is_waiting = 0;
    ctx->is_decided = 1;

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_post_event(r->connection->write, &ngx_posted_events);
}


static ngx_int_t
ngx_http_gatehouse_finish(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    ngx_http_gatehouse_decision_t  *d;

    d = &ctx->decision;

    if (ctx->is_allowed) {
        return NGX_OK;
    }

    if (d->rc != NGX_OK) {
        return ngx_http_gatehouse_refused(r, ctx, d->rc);
    }

    if (ngx_http_gatehouse_prepare(r, ctx) != NGX_OK) {
        d->why = "the request can't be made ready for the VMS";
        return ngx_http_gatehouse_refused(r, ctx, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    ctx->is_allowed = 1;
    ngx_queue_insert_tail(&ngx_http_gatehouse_worker.streams, &ctx->queue);

    if (ngx_http_gatehouse_stream_begin(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_OK;
}
