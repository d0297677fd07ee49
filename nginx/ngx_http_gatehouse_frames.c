
/*
 * What a browser sends into a WebSocket, frame by frame: the connection's recv is ours. A message
 * that is an access of its own is held until it was decided and its event is durable; then its bytes
 * go on as they came. nginx sees "nothing to read yet" meanwhile.
 */

#include "ngx_http_gatehouse_stream.h"

#include "gate/frame.h"


#define NGX_HTTP_GATEHOUSE_VIEWS   32     /* views that messages of one socket opened */
#define NGX_HTTP_GATEHOUSE_PIECE   4096   /* bytes read at a time */
#define NGX_HTTP_GATEHOUSE_WHOLE   30000  /* ms until a message that began must be whole */


typedef struct {
    struct frames                   frames;
    ngx_recv_pt                     recv;     /* the connection's own */
    ngx_connection_t               *connection;

    ngx_http_gatehouse_decision_t   decision; /* of the message that waits */
    struct arena                    arena;    /* its texts */
    ngx_uint_t                      deciding;

    struct view_handle              views[NGX_HTTP_GATEHOUSE_VIEWS];
    ngx_uint_t                      nviews;

    int64_t                         since;    /* a message began; 0: none */
    ngx_uint_t                      failed;
} ngx_http_gatehouse_frames_t;


static ssize_t ngx_http_gatehouse_recv(ngx_connection_t *c, u_char *buf, size_t size);
static void ngx_http_gatehouse_frame_decided(ngx_http_gatehouse_decision_t *d);


ngx_int_t
ngx_http_gatehouse_frames_begin(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    size_t                        n;
    ngx_connection_t             *c;
    ngx_http_gatehouse_frames_t  *f;

    if (!ctx->decision.access.reads_frames) {
        return NGX_OK;
    }

    if (ctx->vms->gate->frame == NULL || r->http_version >= NGX_HTTP_VERSION_20) {
        return NGX_ERROR;
    }

    f = ngx_pcalloc(r->pool, sizeof(ngx_http_gatehouse_frames_t));
    if (f == NULL) {
        return NGX_ERROR;
    }

    c = r->connection;
    frames_init(&f->frames);
    arena_init(&f->arena, NGX_HTTP_GATEHOUSE_ARENA);
    f->connection = c;
    ctx->frames = f;

    /* what came right behind the request would reach the VMS without being read by recv */

    n = r->header_in->last - r->header_in->pos;

    if (n != 0) {
        if (frames_feed(&f->frames, r->header_in->pos, n) != OK) {
            return NGX_ERROR;
        }

        r->header_in->last = r->header_in->pos;
    }

    f->recv = c->recv;
    c->recv = ngx_http_gatehouse_recv;

    return NGX_OK;
}


static void
ngx_http_gatehouse_frame_clear(ngx_http_gatehouse_frames_t *f)
{
    arena_release(&f->arena);
    arena_init(&f->arena, NGX_HTTP_GATEHOUSE_ARENA);
    ngx_memzero(&f->decision, sizeof(f->decision));
    f->deciding = 0;
}


void
ngx_http_gatehouse_frames_end(ngx_http_gatehouse_ctx_t *ctx)
{
    ngx_uint_t                    i;
    ngx_http_gatehouse_frames_t  *f;

    f = ctx->frames;

    if (f == NULL) {
        return;
    }

    ctx->frames = NULL;

    if (f->connection->recv == ngx_http_gatehouse_recv) {
        f->connection->recv = f->recv;
    }

    if (f->deciding) {
        ngx_http_gatehouse_decision_cancel(&f->decision);
        ngx_http_gatehouse_decision_end(&f->decision, ctx->cause);
    }

    for (i = 0; i < f->nviews; i++) {
        views_leave(ngx_http_gatehouse_worker.views, f->views[i], ctx->cause, clock_boot());
    }

    arena_release(&f->arena);
    frames_release(&f->frames);
}


static void
ngx_http_gatehouse_frame_fail(ngx_http_gatehouse_ctx_t *ctx, ngx_http_gatehouse_frames_t *f,
    const char *why)
{
    ngx_log_error(NGX_LOG_WARN, f->connection->log, 0, "gatehouse: a WebSocket is closed: %s", why);

    f->failed = 1;

    if (ctx->cause == NULL) {
        ctx->cause = "a message that was refused";
    }
}


/* A message was allowed: its view stays open as long as the socket. */

static void
ngx_http_gatehouse_frame_pass(ngx_http_gatehouse_ctx_t *ctx, ngx_http_gatehouse_frames_t *f)
{
    ngx_http_gatehouse_decision_t  *d;

    d = &f->decision;

    if (d->has_view) {
        if (f->nviews == NGX_HTTP_GATEHOUSE_VIEWS) {
            ngx_http_gatehouse_decision_end(d, NULL);
            ngx_http_gatehouse_frame_fail(ctx, f, "too many views by one socket");
            ngx_http_gatehouse_frame_clear(f);
            return;
        }

        f->views[f->nviews++] = d->view;
        d->has_view = 0;
    }

    ngx_http_gatehouse_frame_clear(f);
    frames_pass(&f->frames);
}


static void
ngx_http_gatehouse_frame_refuse(ngx_http_gatehouse_ctx_t *ctx, ngx_http_gatehouse_frames_t *f)
{
    enum event_action               action;
    ngx_http_gatehouse_decision_t  *d;

    d = &f->decision;
    action = access_kind(d->access.kind)->action;

    ngx_http_gatehouse_record(ctx, d, action == EVENT_ACTIONS ? EVENT_UNCLASSIFIED : action,
                              EVENT_REFUSED, d->why != NULL ? d->why : "no role allows it");
    ngx_http_gatehouse_frame_fail(ctx, f, d->why != NULL ? d->why : "no role allows it");
    ngx_http_gatehouse_decision_end(d, "refused");
    ngx_http_gatehouse_frame_clear(f);
}


/* NGX_OK: it may go on; NGX_AGAIN: later; NGX_ERROR. */

static ngx_int_t
ngx_http_gatehouse_frame_judge(ngx_http_gatehouse_ctx_t *ctx, ngx_http_gatehouse_frames_t *f)
{
    enum err                        err;
    ngx_int_t                       rc;
    struct note                     note;
    ngx_http_gatehouse_decision_t  *d;

    d = &f->decision;
    note.text[0] = '\0';

    err = ctx->vms->gate->frame(f->frames.message.data, f->frames.message.len, &f->arena,
                                &d->access, &note);

    d->ctx = ctx;
    d->role = POLICY_ANY;
    d->handler = ngx_http_gatehouse_frame_decided;
    d->data = f;

    if (err != OK) {
        d->why = note.text[0] != '\0' ? arena_copy(&f->arena, note.text)
                                      : "a message that nobody can read";
        d->access.kind = ACCESS_UNKNOWN;
        ngx_http_gatehouse_frame_refuse(ctx, f);
        return NGX_ERROR;
    }

    f->deciding = 1;
    rc = ngx_http_gatehouse_decide(d);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc != NGX_OK) {
        ngx_http_gatehouse_frame_refuse(ctx, f);
        return NGX_ERROR;
    }

    ngx_http_gatehouse_frame_pass(ctx, f);

    return f->failed ? NGX_ERROR : NGX_OK;
}


static void
ngx_http_gatehouse_frame_decided(ngx_http_gatehouse_decision_t *d)
{
    ngx_connection_t             *c;
    ngx_http_gatehouse_ctx_t     *ctx;
    ngx_http_gatehouse_frames_t  *f;

    f = d->data;
    ctx = d->ctx;
    c = f->connection;

    if (d->rc == NGX_OK) {
        ngx_http_gatehouse_frame_pass(ctx, f);

    } else {
        ngx_http_gatehouse_frame_refuse(ctx, f);
    }

    /* nginx asks again */
    c->read->ready = 1;
    ngx_post_event(c->read, &ngx_posted_events);
}


/* Reads on to the next message that waits; NGX_OK: there is something to give, or more to read. */

static ngx_int_t
ngx_http_gatehouse_frame_walk(ngx_http_gatehouse_ctx_t *ctx, ngx_http_gatehouse_frames_t *f)
{
    bool         is_whole;
    ngx_int_t    rc;
    struct note  note;

    for ( ;; ) {
        note.text[0] = '\0';
        is_whole = false;

        if (frames_next(&f->frames, &is_whole, &note) != OK) {
            ngx_http_gatehouse_record(ctx, &ctx->decision, EVENT_UNCLASSIFIED, EVENT_REFUSED,
                                      "a WebSocket frame that breaks the rules");
            ngx_http_gatehouse_frame_fail(ctx, f, note.text);
            return NGX_ERROR;
        }

        if (!is_whole) {
            return NGX_OK;
        }

        rc = ngx_http_gatehouse_frame_judge(ctx, f);

        if (rc != NGX_OK) {
            return rc;
        }
    }
}


static ssize_t
ngx_http_gatehouse_recv(ngx_connection_t *c, u_char *buf, size_t size)
{
    u_char                        piece[NGX_HTTP_GATEHOUSE_PIECE];
    size_t                        room, given;
    ssize_t                       n;
    ngx_http_request_t           *r;
    ngx_http_gatehouse_ctx_t     *ctx;
    ngx_http_gatehouse_frames_t  *f;

    r = c->data;
    ctx = ngx_http_gatehouse_ctx(r);
    f = ctx != NULL ? ctx->frames : NULL;

    if (f == NULL) {
        return NGX_ERROR;
    }

    for ( ;; ) {
        given = frames_give(&f->frames, buf, size);

        if (given != 0) {
            return (ssize_t) given;
        }

        if (f->failed) {
            c->read->error = 1;
            return NGX_ERROR;
        }

        if (f->deciding) {
            return NGX_AGAIN;
        }

        if (ngx_http_gatehouse_frame_walk(ctx, f) == NGX_AGAIN) {
            continue; /* what was judged before it may be given */
        }

        if (f->failed || f->frames.judged != f->frames.given) {
            continue;
        }

        room = ngx_min(frames_room(&f->frames), sizeof(piece));

        if (room == 0) {
            ngx_http_gatehouse_frame_fail(ctx, f, "a message that is too long");
            continue;
        }

        n = f->recv(c, piece, room);

        if (n <= 0) {
            return n;
        }

        if (frames_feed(&f->frames, piece, (size_t) n) != OK) {
            ngx_http_gatehouse_frame_fail(ctx, f, "a message that is too long");
        }

        f->since = f->since == 0 ? clock_boot() : f->since;
    }
}


const char *
ngx_http_gatehouse_frames_tick(ngx_http_gatehouse_ctx_t *ctx, int64_t now)
{
    ngx_http_gatehouse_frames_t  *f;

    f = ctx->frames;

    if (f == NULL) {
        return NULL;
    }

    if (!frames_is_waiting(&f->frames)) {
        f->since = 0;
        return NULL;
    }

    return f->since != 0 && now - f->since >= NGX_HTTP_GATEHOUSE_WHOLE
           ? "a message that never became whole" : NULL;
}
