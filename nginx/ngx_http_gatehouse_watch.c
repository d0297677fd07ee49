
/*
 * Every 200 ms: whether what goes on still may. A stream whose session ended, whose address was
 * banned or that no role allows any more ends; so does one whose browser takes next to nothing.
 */

#include "ngx_http_gatehouse_stream.h"


#define NGX_HTTP_GATEHOUSE_AGAIN    1000        /* ms between looks when nothing changed */
#define NGX_HTTP_GATEHOUSE_GRACE    10000       /* ms that a stream outlives doorman and ledger */
#define NGX_HTTP_GATEHOUSE_WINDOW   30000       /* ms in which a browser must take … */
#define NGX_HTTP_GATEHOUSE_LEAST    (16 * 1024) /* … so much, when there is something to take */
#define NGX_HTTP_GATEHOUSE_RIPE     250         /* ms until few bytes are counted too */


/* Since when doorman or ledger are missed; 0: they are there. */
static int64_t  ngx_http_gatehouse_missed;


static void
ngx_http_gatehouse_miss(int64_t now)
{
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (w->board != NULL && !board_is_stale(w->board, now) && !ngx_http_gatehouse_ledger_is_gone()
        && w->full == 0)
    {
        ngx_http_gatehouse_missed = 0;

    } else if (ngx_http_gatehouse_missed == 0) {
        ngx_http_gatehouse_missed = now;
    }
}


/* NULL: it may go on; else why not. */

static const char *
ngx_http_gatehouse_is_over(ngx_http_gatehouse_ctx_t *ctx, int64_t now)
{
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (ctx->session.is_break_glass) {
        return NULL;
    }

    if (ngx_http_gatehouse_missed != 0
        && now - ngx_http_gatehouse_missed > NGX_HTTP_GATEHOUSE_GRACE)
    {
        return w->full != 0 ? "the ledger's disk is full" : "doorman or ledger are gone";
    }

    if (w->board == NULL || board_is_stale(w->board, now)) {
        return NULL;
    }

    if (board_is_banned(w->board, &ctx->ip, now)) {
        return "banned";
    }

    return ngx_http_gatehouse_may_go_on(&ctx->decision) == NGX_OK ? NULL : "revoked";
}


static const char *
ngx_http_gatehouse_check(ngx_http_gatehouse_ctx_t *ctx, int64_t now)
{
    uint64_t                      generation;
    ngx_http_gatehouse_worker_t  *w;
    ngx_http_gatehouse_stream_t  *st;

    w = &ngx_http_gatehouse_worker;
    st = ctx->stream;

    if (ctx->decision.has_view && views_is_stopped(w->views, ctx->decision.view)) {
        return "what it went on to is not allowed";
    }

    if (ctx->decision.has_view && views_is_untold(w->views, ctx->decision.view, now)) {
        return "nobody asked which recording it shows";
    }

    generation = w->board != NULL ? board_generation(w->board) : 0;

    if (generation == ctx->generation && now - st->checked_at < NGX_HTTP_GATEHOUSE_AGAIN) {
        return NULL;
    }

    ctx->generation = generation;
    st->checked_at = now;

    return ngx_http_gatehouse_is_over(ctx, now);
}


static const char *
ngx_http_gatehouse_crawls(ngx_http_gatehouse_ctx_t *ctx, int64_t now)
{
    off_t                         sent;
    ngx_connection_t             *c;
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;
    c = ctx->request->connection;
    sent = c->sent;

    if (c->write->ready || sent - st->progress >= NGX_HTTP_GATEHOUSE_LEAST) {
        st->progress = sent;
        st->progress_at = now;
        return NULL;
    }

    return now - st->progress_at >= NGX_HTTP_GATEHOUSE_WINDOW ? "the browser took next to nothing"
                                                              : NULL;
}


static void
ngx_http_gatehouse_watch_one(ngx_http_gatehouse_ctx_t *ctx, int64_t now)
{
    const char                   *cause;
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;

    cause = ngx_http_gatehouse_check(ctx, now);

    if (cause == NULL) {
        cause = ngx_http_gatehouse_crawls(ctx, now);
    }

    if (cause == NULL) {
        cause = ngx_http_gatehouse_frames_tick(ctx, now);
    }

    if (cause != NULL) {
        ngx_http_gatehouse_stream_count(ctx, now);
        ngx_http_gatehouse_stream_abort(ctx, cause);
        return;
    }

    if (now - st->counted_at >= NGX_HTTP_GATEHOUSE_RIPE) {
        ngx_http_gatehouse_stream_count(ctx, now);
    }

    if (st->net == NGX_HTTP_GATEHOUSE_HELD && st->judges && st->since != 0
        && now - st->since >= NGX_HTTP_GATEHOUSE_HOLD)
    {
        ngx_http_gatehouse_stream_look(ctx);
    }
}


/* One that ends may take others with it: after each the walk begins anew. */

void
ngx_http_gatehouse_stream_tick(int64_t now)
{
    ngx_queue_t                  *q;
    ngx_http_gatehouse_ctx_t     *ctx;
    ngx_http_gatehouse_stream_t  *st;
    ngx_http_gatehouse_worker_t  *w;

    static ngx_uint_t  round;

    w = &ngx_http_gatehouse_worker;
    round++;
    ngx_http_gatehouse_miss(now);

    q = ngx_queue_head(&w->streams);

    while (q != ngx_queue_sentinel(&w->streams)) {
        ctx = ngx_queue_data(q, ngx_http_gatehouse_ctx_t, queue);
        st = ctx->stream;

        if (st == NULL || st->round == round) {
            q = ngx_queue_next(q);
            continue;
        }

        st->round = round;

        /* it goes to the end: those that were not looked at stay in front */
        ngx_queue_remove(q);
        ngx_queue_insert_tail(&w->streams, q);

        ngx_http_gatehouse_watch_one(ctx, now);

        q = ngx_queue_head(&w->streams);

        if (q != ngx_queue_sentinel(&w->streams)) {
            ctx = ngx_queue_data(q, ngx_http_gatehouse_ctx_t, queue);
            st = ctx->stream;

            if (st != NULL && st->round == round) {
                break;
            }
        }
    }
}
