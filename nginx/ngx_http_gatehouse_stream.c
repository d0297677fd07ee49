
/*
 * The way of an answer: the net under the table, bytes, digests. An answer to an access that opens
 * no view is held, its header too, until its first bytes were looked at: media that no row of the
 * access table explains does not leave.
 */

#include "ngx_http_gatehouse_stream.h"


static ngx_int_t ngx_http_gatehouse_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_gatehouse_body_filter(ngx_http_request_t *r, ngx_chain_t *in);


extern ngx_module_t  ngx_http_chunked_filter_module;


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


ngx_int_t
ngx_http_gatehouse_stream_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_gatehouse_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_gatehouse_body_filter;

    return NGX_OK;
}


ngx_int_t
ngx_http_gatehouse_stream_begin(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    ngx_http_gatehouse_stream_t  *st;

    st = ngx_pcalloc(r->pool, sizeof(ngx_http_gatehouse_stream_t));
    if (st == NULL) {
        return NGX_ERROR;
    }

    st->expected = -1;
    st->sent = r->connection->sent;
    st->progress = st->sent;
    st->progress_at = ngx_http_gatehouse_now();
    st->checked_at = st->progress_at;
    st->counted_at = st->progress_at;
    st->judges = !ctx->decision.has_view;
    ctx->stream = st;

    if (st->judges) {
        st->sniff = ngx_palloc(r->pool, ACCESS_SNIFF);
        if (st->sniff == NULL) {
            return NGX_ERROR;
        }
    }

    if (ctx->decision.access.kind == ACCESS_EXPORT) {
        st->hash = EVP_MD_CTX_new();
        st->tail = ngx_palloc(r->pool, NGX_HTTP_GATEHOUSE_TAIL);

        if (st->hash == NULL || st->tail == NULL
            || EVP_DigestInit_ex(st->hash, EVP_sha256(), NULL) != 1)
        {
            return NGX_ERROR;
        }
    }

    r->main_filter_need_in_memory = 1;

    if (ctx->decision.has_view && ctx->decision.access.link != NULL) {
        ngx_http_gatehouse_put_link(ctx, ctx->decision.access.link);
    }

    if (ctx->asked.is_upgrade) {
        return ngx_http_gatehouse_frames_begin(r, ctx);
    }

    return NGX_OK;
}


/* Terminated, cut to what a type needs. */

static const char *
ngx_http_gatehouse_type(ngx_http_request_t *r, char *out, size_t size)
{
    if (r->headers_out.content_type.len == 0) {
        return NULL;
    }

    (void) ngx_cpystrn((u_char *) out, r->headers_out.content_type.data,
                       ngx_min(size, r->headers_out.content_type.len + 1));
    return out;
}


static ngx_uint_t
ngx_http_gatehouse_is_footage(ngx_http_gatehouse_ctx_t *ctx, const char *type, const void *bytes,
    size_t len)
{
    const char *const  *row;

    for (row = ctx->vms->gate->media; type && row && *row; row++) {
        if (ngx_strncasecmp((u_char *) type, (u_char *) *row, ngx_strlen(*row)) == 0) {
            return 1;
        }
    }

    return access_is_media(type, bytes, len);
}


/* A picture that the program is drawn with: a row says so, and its name. */

static ngx_uint_t
ngx_http_gatehouse_is_drawing(ngx_http_gatehouse_ctx_t *ctx, const char *type)
{
    size_t       len, n;
    ngx_uint_t   i;
    const char  *path;

    static const char *const  names[] = {
        ".png", ".gif", ".jpg", ".jpeg", ".webp", ".ico", ".svg", ".bmp"
    };

    path = ctx->asked.path;

    if (ctx->decision.access.kind != ACCESS_PAGE || ctx->decision.access.row == NULL
        || path == NULL || type == NULL || ngx_strncasecmp((u_char *) type, (u_char *) "image/", 6))
    {
        return 0;
    }

    len = ngx_strlen(path);

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        n = ngx_strlen(names[i]);
        if (len > n && ngx_strcasecmp((u_char *) path + len - n, (u_char *) names[i]) == 0) {
            return 1;
        }
    }

    return 0;
}


/* PNG, GIF, JPEG, WebP, ICO, BMP: a single picture, nothing that moves on. */

static ngx_uint_t
ngx_http_gatehouse_is_picture(const u_char *p, size_t len)
{
    return (len > 8 && (ngx_memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0 || ngx_memcmp(p, "GIF8", 4) == 0
                        || ngx_memcmp(p, "\xff\xd8\xff", 3) == 0
                        || ngx_memcmp(p, "\0\0\1\0", 4) == 0 || ngx_memcmp(p, "BM", 2) == 0))
           || (len > 12 && ngx_memcmp(p, "RIFF", 4) == 0 && ngx_memcmp(p + 8, "WEBP", 4) == 0);
}


/* Whether the bytes seen so far may not leave. */

static ngx_uint_t
ngx_http_gatehouse_is_caught(ngx_http_gatehouse_ctx_t *ctx, ngx_http_gatehouse_stream_t *st)
{
    if (!access_is_media(NULL, st->sniff, st->nsniff)) {
        return 0;
    }

    return !st->picture || !ngx_http_gatehouse_is_picture(st->sniff, st->nsniff);
}


/*
 * Nothing of the answer leaves. Where the header is held yet, the browser gets 403; an error_page is
 * not asked: it would be a request of its own in the middle of this one.
 */

static ngx_int_t
ngx_http_gatehouse_stop_answer(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx,
    const char *why)
{
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;

    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0, "gatehouse: an answer was stopped: %s", why);

    ngx_http_gatehouse_record(ctx, &ctx->decision, EVENT_UNCLASSIFIED, EVENT_REFUSED, why);

    ctx->cause = "media that no rule explains";
    st->held = NULL;
    st->refused = 1;
    r->buffered &= ~NGX_HTTP_GATEHOUSE_BUFFERED;

    if (!st->header_sent) {
        st->header_sent = 1;
        st->page = 1;
        r->error_page = 1;
        r->keepalive = 0;
        (void) ngx_http_filter_finalize_request(r, &ngx_http_gatehouse_module, NGX_HTTP_FORBIDDEN);
        st->page = 0;
    }

    st->net = NGX_HTTP_GATEHOUSE_CLOSED;

    return NGX_ERROR;
}


/* Media that no row explains, where the settings have it recorded: first the event, then the bytes. */

typedef struct {
    ngx_http_gatehouse_ctx_t  *ctx; /* NULL: the request is over */
} ngx_http_gatehouse_told_t;


static void
ngx_http_gatehouse_unclassified_done(void *data, enum err err, uint64_t index,
    const struct note *note)
{
    ngx_http_gatehouse_ctx_t     *ctx;
    ngx_http_gatehouse_told_t    *told;
    ngx_http_gatehouse_stream_t  *st;

    told = data;
    ctx = told->ctx;
    ngx_free(told);

    if (ctx == NULL) {
        return;
    }

    st = ctx->stream;
    st->pending = NULL;

    if (err != OK) {
        ngx_http_gatehouse_stream_abort(ctx, "the ledger did not take the event");
        return;
    }

    st->net = NGX_HTTP_GATEHOUSE_GO;
    ngx_http_gatehouse_stream_resume(ctx);
}


static ngx_int_t
ngx_http_gatehouse_unclassified(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx,
    const char *why)
{
    ngx_int_t                     rc;
    struct buf                    json;
    struct note                   note;
    ngx_http_gatehouse_told_t    *told;
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;
    st->judges = 0;

    if (ngx_http_gatehouse_worker.conf->net != NET_RECORD) {
        return ngx_http_gatehouse_stop_answer(r, ctx, why);
    }

    told = ngx_alloc(sizeof(ngx_http_gatehouse_told_t), r->connection->log);
    if (told == NULL) {
        return ngx_http_gatehouse_stop_answer(r, ctx, why);
    }

    told->ctx = ctx;
    note.text[0] = '\0';
    buf_init(&json, EVENT_LIMIT);

    rc = ngx_http_gatehouse_event(ctx, &ctx->decision, EVENT_UNCLASSIFIED, EVENT_OK, why, &json,
                                  &note) == OK
         ? ngx_http_gatehouse_append(&json, ngx_http_gatehouse_unclassified_done, told)
         : NGX_ERROR;

    buf_release(&json);

    if (rc != NGX_OK) {
        ngx_free(told);
        return ngx_http_gatehouse_stop_answer(r, ctx, why);
    }

    st->pending = told;
    st->net = NGX_HTTP_GATEHOUSE_WAITS;

    return NGX_AGAIN;
}


static ngx_uint_t
ngx_http_gatehouse_is_encoded(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = r->headers_out.content_encoding;

    return h != NULL && h->hash != 0 && h->value.len != 0
           && !(h->value.len == sizeof("identity") - 1
                && ngx_strncasecmp(h->value.data, (u_char *) "identity", h->value.len) == 0);
}


static ngx_uint_t
ngx_http_gatehouse_has_no_body(ngx_http_request_t *r)
{
    return r->header_only || r->method == NGX_HTTP_HEAD
           || r->headers_out.status == NGX_HTTP_NO_CONTENT
           || r->headers_out.status == NGX_HTTP_NOT_MODIFIED;
}


static ngx_int_t
ngx_http_gatehouse_send_header(ngx_http_request_t *r, ngx_http_gatehouse_stream_t *st)
{
    st->header_sent = 1;

    return ngx_http_next_header_filter(r);
}


/* The net, as far as the header tells. */

static ngx_int_t
ngx_http_gatehouse_judge_header(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    char                          text[128];
    ngx_int_t                     rc;
    const char                   *type;
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;
    type = ngx_http_gatehouse_type(r, text, sizeof(text));

    if (ngx_http_gatehouse_has_no_body(r)) {
        st->judges = 0;
        return ngx_http_gatehouse_send_header(r, st);
    }

    if (ngx_http_gatehouse_is_encoded(r)) {
        /* nobody asked for it, and nobody can look into it */
        st->judges = 0;
        return ngx_http_gatehouse_stop_answer(r, ctx, "an encoded answer that nobody asked for");
    }

    st->picture = ngx_http_gatehouse_is_drawing(ctx, type);
    st->net = NGX_HTTP_GATEHOUSE_HELD;

    if (!st->picture && ngx_http_gatehouse_is_footage(ctx, type, NULL, 0)) {
        rc = ngx_http_gatehouse_unclassified(r, ctx, "media by its type, in an answer that no rule "
                                                     "explains");
        return rc == NGX_AGAIN ? NGX_OK : rc;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_gatehouse_header_filter(ngx_http_request_t *r)
{
    const char                   *why;
    ngx_http_gatehouse_ctx_t     *ctx;
    ngx_http_gatehouse_stream_t  *st;

    ctx = r == r->main ? ngx_http_gatehouse_ctx(r) : NULL;
    st = ctx != NULL ? ctx->stream : NULL;

    if (st == NULL || st->header_sent || r->upstream == NULL || ngx_http_gatehouse_guards(r) == NULL)
    {
        return ngx_http_next_header_filter(r);
    }

    why = ngx_http_gatehouse_broken(r);
    if (why != NULL) {
        r->http_version = ngx_max(r->http_version, NGX_HTTP_VERSION_10);
        r->upstream->keepalive = 0;
        return ngx_http_gatehouse_stop_answer(r, ctx, why);
    }

    st->expected = r->headers_out.content_length_n;
    st->is_part = r->headers_out.status == NGX_HTTP_PARTIAL_CONTENT;
    r->filter_need_in_memory = 1;

    if (r->headers_out.status == NGX_HTTP_SWITCHING_PROTOCOLS) {

        if (!ctx->decision.access.is_upgrade) {
            return ngx_http_gatehouse_stop_answer(r, ctx, "an upgrade that no rule explains");
        }

        st->upgraded = 1;
        st->judges = 0;
        return ngx_http_gatehouse_send_header(r, st);
    }

    if (ctx->decision.access.reads_answer && ctx->decision.access.row != NULL) {
        st->answer = ngx_palloc(r->pool, ACCESS_ANSWER);
        if (st->answer == NULL) {
            return NGX_ERROR;
        }
    }

    if (st->judges) {
        return ngx_http_gatehouse_judge_header(r, ctx);
    }

    return ngx_http_gatehouse_send_header(r, st);
}


/* Takes what is still needed of the first bytes. */

static ngx_uint_t
ngx_http_gatehouse_sniff(ngx_http_gatehouse_stream_t *st, ngx_chain_t *in)
{
    size_t       n;
    ngx_uint_t   last;
    ngx_chain_t  *cl;

    last = 0;

    for (cl = in; cl; cl = cl->next) {
        if (ngx_buf_in_memory(cl->buf) && st->nsniff < ACCESS_SNIFF) {
            n = ngx_min((size_t) (cl->buf->last - cl->buf->pos), ACCESS_SNIFF - st->nsniff);
            ngx_memcpy(st->sniff + st->nsniff, cl->buf->pos, n);
            st->nsniff += n;
        }

        last |= cl->buf->last_buf;
    }

    return last || st->nsniff == ACCESS_SNIFF
           || (st->expected >= 0 && (off_t) st->nsniff >= st->expected);
}


static ngx_int_t
ngx_http_gatehouse_keep_held(ngx_http_request_t *r, ngx_http_gatehouse_stream_t *st,
    ngx_chain_t *in)
{
    if (in != NULL && st->since == 0) {
        st->since = ngx_http_gatehouse_now();
    }

    r->buffered |= NGX_HTTP_GATEHOUSE_BUFFERED;

    return ngx_chain_add_copy(r->pool, &st->held, in);
}


static void
ngx_http_gatehouse_hash(ngx_http_gatehouse_stream_t *st, u_char *p, size_t len)
{
    size_t  n;

    while (len != 0) {

        if (st->ntail == NGX_HTTP_GATEHOUSE_TAIL) {
            n = NGX_HTTP_GATEHOUSE_TAIL / 2;
            (void) EVP_DigestUpdate(st->hash, st->tail, n);
            ngx_memmove(st->tail, st->tail + n, st->ntail - n);
            st->ntail -= n;
        }

        n = ngx_min(len, NGX_HTTP_GATEHOUSE_TAIL - st->ntail);
        ngx_memcpy(st->tail + st->ntail, p, n);
        st->ntail += n;
        p += n;
        len -= n;
    }
}


void
ngx_http_gatehouse_stream_count(ngx_http_gatehouse_ctx_t *ctx, int64_t now)
{
    off_t                         sent;
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;

    if (st->upgraded) {
        sent = ctx->request->connection->sent - st->sent - (off_t) ctx->request->header_size;
        st->passed = sent > 0 ? (uint64_t) sent : 0;
    }

    if (ctx->decision.has_view && st->passed > st->counted) {
        views_add(ngx_http_gatehouse_worker.views, ctx->decision.view, st->passed - st->counted,
                  now);
        st->counted = st->passed;
    }

    st->counted_at = now;
}


/* What is let through: counted, hashed, kept for those who read it. */

static ngx_int_t
ngx_http_gatehouse_pass(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx, ngx_chain_t *in)
{
    size_t                        n;
    ngx_chain_t                  *cl;
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;

    for (cl = in; cl; cl = cl->next) {
        n = ngx_buf_in_memory(cl->buf) ? (size_t) (cl->buf->last - cl->buf->pos) : 0;

        if (n == 0 && ngx_buf_size(cl->buf) != 0) {
            ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                          "gatehouse: an answer that is not in memory can't be looked at");
            return NGX_ERROR;
        }

        st->passed += n;

        if (st->hash != NULL) {
            ngx_http_gatehouse_hash(st, cl->buf->pos, n);
        }

        st->last |= cl->buf->last_buf;
    }

    if (st->passed - st->counted >= NGX_HTTP_GATEHOUSE_BATCH) {
        ngx_http_gatehouse_stream_count(ctx, ngx_http_gatehouse_now());
    }

    return ngx_http_next_body_filter(r, in);
}


/* Header and bytes that were held, in their order. */

static ngx_int_t
ngx_http_gatehouse_release(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_chain_t                  *held;
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;
    held = st->held;
    st->held = NULL;
    st->net = NGX_HTTP_GATEHOUSE_GO;
    r->buffered &= ~NGX_HTTP_GATEHOUSE_BUFFERED;

    if (!st->header_sent) {
        rc = ngx_http_gatehouse_send_header(r, st);

        if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
            return rc == NGX_OK ? NGX_OK : NGX_ERROR;
        }
    }

    return held == NULL ? NGX_OK : ngx_http_gatehouse_pass(r, ctx, held);
}


static ngx_int_t
ngx_http_gatehouse_judge_body(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx,
    ngx_uint_t is_enough)
{
    ngx_int_t                     rc;
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;

    if (ngx_http_gatehouse_is_caught(ctx, st)) {

        if (st->header_sent) {
            st->judges = 0;
            return ngx_http_gatehouse_stop_answer(r, ctx, "media by its first bytes, in an answer "
                                                          "that no rule explains");
        }

        rc = ngx_http_gatehouse_unclassified(r, ctx, "media by its first bytes, in an answer that "
                                                     "no rule explains");
        return rc;
    }

    if (is_enough) {
        st->judges = 0;
    }

    return NGX_OK;
}


static void
ngx_http_gatehouse_read_answer(ngx_http_request_t *r, ngx_http_gatehouse_stream_t *st,
    ngx_chain_t *in)
{
    for ( /* void */ ; in; in = in->next) {
        if (ngx_buf_in_memory(in->buf)) {
            ngx_http_gatehouse_answer_keep(r, st, in->buf);
        }
    }
}


static ngx_uint_t
ngx_http_gatehouse_has_last(ngx_chain_t *in)
{
    for ( /* void */ ; in; in = in->next) {
        if (in->buf->last_buf) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_gatehouse_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t                     rc;
    ngx_uint_t                    is_enough;
    ngx_http_gatehouse_ctx_t     *ctx;
    ngx_http_gatehouse_stream_t  *st;

    ctx = r == r->main ? ngx_http_gatehouse_ctx(r) : NULL;
    st = ctx != NULL ? ctx->stream : NULL;

    if (st == NULL || st->page || (st->net == NGX_HTTP_GATEHOUSE_GO && !st->header_sent)) {
        return ngx_http_next_body_filter(r, in);
    }

    if (st->net == NGX_HTTP_GATEHOUSE_CLOSED) {
        return NGX_ERROR;
    }

    if (st->answer != NULL) {
        ngx_http_gatehouse_read_answer(r, st, in);

        if (ngx_http_gatehouse_has_last(in)
            && ngx_http_gatehouse_answer_done(r, ctx) == NGX_AGAIN)
        {
            st->net = NGX_HTTP_GATEHOUSE_WAITS;
        }
    }

    if (st->judges) {
        is_enough = ngx_http_gatehouse_sniff(st, in);

        if (is_enough || st->net == NGX_HTTP_GATEHOUSE_GO) {
            rc = ngx_http_gatehouse_judge_body(r, ctx, is_enough);

            if (rc == NGX_ERROR) {
                return NGX_ERROR;
            }

            if (is_enough && st->net == NGX_HTTP_GATEHOUSE_HELD) {
                st->net = NGX_HTTP_GATEHOUSE_GO;
            }
        }
    }

    if (st->net != NGX_HTTP_GATEHOUSE_GO) {
        return ngx_http_gatehouse_keep_held(r, st, in);
    }

    if (st->held != NULL || !st->header_sent) {

        if (ngx_http_gatehouse_keep_held(r, st, in) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_gatehouse_release(r, ctx);
    }

    return ngx_http_gatehouse_pass(r, ctx, in);
}


void
ngx_http_gatehouse_stream_abort(ngx_http_gatehouse_ctx_t *ctx, const char *cause)
{
    ngx_connection_t             *c;
    ngx_http_request_t           *r;
    struct linger                 linger;
    ngx_http_gatehouse_stream_t  *st;

    r = ctx->request;
    c = r->connection;
    st = ctx->stream;

    if (ctx->cause == NULL) {
        ctx->cause = cause;
    }

    if (st != NULL) {
        st->net = NGX_HTTP_GATEHOUSE_CLOSED;
    }

    if (r->http_version < NGX_HTTP_VERSION_20) {
        /* what waits in the kernel's buffer does not leave either */
        linger.l_onoff = 1;
        linger.l_linger = 0;
        (void) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, (const void *) &linger, sizeof(linger));
    }

    /* the upstream's clean-up takes one reference, the request's own end the other */

    r->keepalive = 0;
    r->main->count++;
    ngx_http_finalize_request(r, NGX_ERROR);
    ngx_http_run_posted_requests(c);
}


void
ngx_http_gatehouse_stream_resume(ngx_http_gatehouse_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    if (ngx_http_gatehouse_release(r, ctx) == NGX_ERROR) {
        ngx_http_gatehouse_stream_abort(ctx, "the answer could not be sent");
        return;
    }

    /* who fills the answer goes on */
    ngx_post_event(c->write, &ngx_posted_events);
}


void
ngx_http_gatehouse_stream_look(ngx_http_gatehouse_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_gatehouse_judge_body(ctx->request, ctx, 0);

    if (rc == NGX_ERROR) {
        ngx_http_gatehouse_stream_abort(ctx, "media that no rule explains");

    } else if (rc == NGX_OK) {
        ngx_http_gatehouse_stream_resume(ctx);
    }
}


/* Bytes that passed and have not left yet. */

static size_t
ngx_http_gatehouse_unsent(ngx_http_request_t *r)
{
    size_t             n;
    ngx_chain_t       *cl;
    ngx_connection_t  *c;

    n = 0;
    c = r->connection;

    for (cl = r->out; cl; cl = cl->next) {
        if (cl->buf->tag != (ngx_buf_tag_t) &ngx_http_chunked_filter_module) {
            n += (size_t) ngx_buf_size(cl->buf);
        }
    }

#if (NGX_HTTP_SSL)
    if (c->ssl != NULL && c->ssl->buf != NULL) {
        n += c->ssl->buf->last - c->ssl->buf->pos;
    }
#endif

    return n;
}


static void
ngx_http_gatehouse_finish_export(ngx_http_gatehouse_ctx_t *ctx, size_t unsent)
{
    u_char                        digest[32];
    ngx_uint_t                    is_whole;
    ngx_http_request_t           *r;
    ngx_http_gatehouse_stream_t  *st;

    r = ctx->request;
    st = ctx->stream;

    is_whole = st->last && unsent == 0 && !st->is_part && r->method != NGX_HTTP_HEAD
               && r->headers_out.status == NGX_HTTP_OK
               && (st->expected >= 0 ? st->passed == (uint64_t) st->expected
                                     : (r->upstream != NULL && r->upstream->headers_in.chunked));

    if (EVP_DigestUpdate(st->hash, st->tail, st->ntail - ngx_min(unsent, st->ntail)) == 1
        && EVP_DigestFinal_ex(st->hash, digest, NULL) == 1 && ctx->decision.has_view)
    {
        views_digest(ngx_http_gatehouse_worker.views, ctx->decision.view, digest, is_whole);
    }
}


static const char *
ngx_http_gatehouse_cause(ngx_http_request_t *r, ngx_http_gatehouse_stream_t *st)
{
    ngx_connection_t  *c;

    c = r->connection;

    if (c->timedout) {
        return "the browser took nothing for too long";
    }

    if (c->error || c->read->eof) {
        return "the browser closed the connection";
    }

    return "the VMS closed the connection";
}


void
ngx_http_gatehouse_stream_end(ngx_http_gatehouse_ctx_t *ctx)
{
    size_t                        unsent;
    ngx_http_request_t           *r;
    ngx_http_gatehouse_told_t    *told;
    ngx_http_gatehouse_stream_t  *st;

    r = ctx->request;
    st = ctx->stream;

    if (st == NULL) {
        return;
    }

    ngx_http_gatehouse_frames_end(ctx);
    ngx_http_gatehouse_answer_end(ctx);

    if (st->pending != NULL) {
        told = st->pending;
        told->ctx = NULL;
        st->pending = NULL;
    }

    unsent = st->upgraded ? 0 : ngx_min(ngx_http_gatehouse_unsent(r), st->passed);

    if (ctx->cause == NULL && (st->upgraded || !st->last || unsent != 0) && r->method != NGX_HTTP_HEAD
        && st->header_sent && !ngx_http_gatehouse_has_no_body(r))
    {
        ctx->cause = ngx_http_gatehouse_cause(r, st);
    }

    if (st->hash != NULL) {
        ngx_http_gatehouse_finish_export(ctx, unsent);
        EVP_MD_CTX_free(st->hash);
        st->hash = NULL;
    }

    st->passed -= st->upgraded ? 0 : ngx_min(unsent, st->passed - st->counted);
    ngx_http_gatehouse_stream_count(ctx, ngx_http_gatehouse_now());
    ctx->stream = NULL;
}
