
/*
 * The decision on one access: its cameras, its permit, its view, its event. Each step either goes on
 * or waits without blocking; whatever fails on the way is a refusal.
 */

#include "ngx_http_gatehouse.h"


enum {
    NGX_HTTP_GATEHOUSE_RESOLVE,
    NGX_HTTP_GATEHOUSE_PERMIT,
    NGX_HTTP_GATEHOUSE_RECORD,
    NGX_HTTP_GATEHOUSE_RECORDING, /* the event is under way */
    NGX_HTTP_GATEHOUSE_ANOTHER,   /* another request has the view's event under way */
    NGX_HTTP_GATEHOUSE_DONE,
};


#define NGX_HTTP_GATEHOUSE_POLL  5 /* ms */


/* An event under way; it outlives the request that waits for it. */

struct ngx_http_gatehouse_pending_s {
    ngx_http_gatehouse_decision_t  *d;        /* NULL: nobody waits any more */
    struct view_handle              view;
    unsigned                        has_view:1;
    struct buf                      json;     /* of a break-glass session, else empty */
};


static ngx_int_t ngx_http_gatehouse_step(ngx_http_gatehouse_decision_t *d);
static void ngx_http_gatehouse_wait(ngx_http_gatehouse_decision_t *d);
static void ngx_http_gatehouse_timer(ngx_event_t *ev);
static ngx_int_t ngx_http_gatehouse_enter(ngx_http_gatehouse_decision_t *d);
static ngx_int_t ngx_http_gatehouse_send(ngx_http_gatehouse_decision_t *d, struct buf *json);


ngx_int_t
ngx_http_gatehouse_decide(ngx_http_gatehouse_decision_t *d)
{
    int64_t           zone;
    struct upstream  *upstream;

    d->rc = NGX_AGAIN;
    d->role = POLICY_ANY;

    /* times in the VMS's own zone were read as if they were UTC */

    zone = 0;

    if (d->access.row != NULL && (d->access.row->flags & ACCESS_ROW_LOCAL_TIME)) {
        upstream = ngx_http_gatehouse_upstream(d->ctx->vms);
        zone = upstream != NULL ? (int64_t) upstream->zone * 1000 : 0;
    }

    d->from = d->access.from != 0 ? d->access.from - zone : 0;
    d->to = d->access.to != 0 ? d->access.to - zone : 0;
    d->step = NGX_HTTP_GATEHOUSE_RESOLVE;

    d->rc = ngx_http_gatehouse_step(d);

    if (d->rc == NGX_AGAIN) {
        ngx_http_gatehouse_wait(d);
    }

    return d->rc;
}


static ngx_int_t
ngx_http_gatehouse_step(ngx_http_gatehouse_decision_t *d)
{
    ngx_int_t  rc;

    d->running = 1;

    for ( ;; ) {

        switch (d->step) {

        case NGX_HTTP_GATEHOUSE_RESOLVE:
            rc = ngx_http_gatehouse_resolve(d);
            d->step = rc == NGX_OK ? NGX_HTTP_GATEHOUSE_PERMIT : d->step;
            break;

        case NGX_HTTP_GATEHOUSE_PERMIT:
            rc = ngx_http_gatehouse_permit(d);
            d->step = NGX_HTTP_GATEHOUSE_RECORD;
            break;

        case NGX_HTTP_GATEHOUSE_RECORD:
            rc = ngx_http_gatehouse_enter(d);
            break;

        default: /* NGX_HTTP_GATEHOUSE_DONE */
            d->running = 0;
            return NGX_OK;
        }

        if (rc != NGX_OK) {
            d->running = 0;
            return rc;
        }
    }
}


void
ngx_http_gatehouse_resume(ngx_http_gatehouse_decision_t *d)
{
    d->rc = ngx_http_gatehouse_step(d);

    if (d->rc == NGX_AGAIN) {
        ngx_http_gatehouse_wait(d);
        return;
    }

    if (d->timer.timer_set) {
        ngx_del_timer(&d->timer);
    }

    d->waiting = 0;
    d->handler(d);
}


static void
ngx_http_gatehouse_finish(ngx_http_gatehouse_decision_t *d, ngx_int_t rc, const char *why)
{
    ngx_http_gatehouse_decision_cancel(d);
    d->rc = ngx_http_gatehouse_refuse(d, rc, why);
    d->handler(d);
}


static void
ngx_http_gatehouse_wait(ngx_http_gatehouse_decision_t *d)
{
    int64_t     now;
    ngx_msec_t  ms;

    now = clock_boot();

    if (!d->waiting) {
        d->waiting = 1;
        d->waited = 1;
        d->deadline = now + NGX_HTTP_GATEHOUSE_WAIT;
        d->timer.handler = ngx_http_gatehouse_timer;
        d->timer.data = d;
        d->timer.log = ngx_cycle->log;
    }

    ms = d->step == NGX_HTTP_GATEHOUSE_ANOTHER ? NGX_HTTP_GATEHOUSE_POLL
         : (ngx_msec_t) ngx_max(d->deadline - now, 1);

    if (!d->timer.timer_set) {
        ngx_add_timer(&d->timer, ms);
    }
}


static void
ngx_http_gatehouse_timer(ngx_event_t *ev)
{
    int64_t                         now;
    ngx_http_gatehouse_decision_t  *d;

    d = ev->data;
    now = clock_boot();

    if (now >= d->deadline) {
        ngx_http_gatehouse_finish(d, NGX_HTTP_SERVICE_UNAVAILABLE,
                                  d->step == NGX_HTTP_GATEHOUSE_RESOLVE
                                  ? "the broker did not answer in time"
                                  : "the ledger did not answer in time");
        return;
    }

    if (d->step != NGX_HTTP_GATEHOUSE_ANOTHER) {
        ngx_http_gatehouse_wait(d);
        return;
    }

    switch (views_state(ngx_http_gatehouse_worker.views, d->view)) {

    case VIEW_ASKED:
        ngx_http_gatehouse_wait(d);
        return;

    case VIEW_OPEN:
        d->step = NGX_HTTP_GATEHOUSE_DONE;
        ngx_http_gatehouse_resume(d);
        return;

    case VIEW_FREE:
    case VIEW_REFUSED:
        break;
    }

    ngx_http_gatehouse_finish(d, NGX_HTTP_SERVICE_UNAVAILABLE,
                              "the ledger did not take the view's event");
}


ngx_int_t
ngx_http_gatehouse_refuse(ngx_http_gatehouse_decision_t *d, ngx_int_t rc, const char *why)
{
    d->why = why;

    return rc;
}


void
ngx_http_gatehouse_decision_cancel(ngx_http_gatehouse_decision_t *d)
{
    if (d->timer.timer_set) {
        ngx_del_timer(&d->timer);
    }

    if (d->waiting && ngx_http_gatehouse_worker.resolver != NULL) {
        resolver_forget(ngx_http_gatehouse_worker.resolver, d);
    }

    if (d->pending != NULL) {
        /* its event goes on; what it opens is closed by its answer */
        d->pending->d = NULL;
        d->pending = NULL;
        d->has_view = 0;
    }

    d->waiting = 0;
}


void
ngx_http_gatehouse_decision_end(ngx_http_gatehouse_decision_t *d, const char *cause)
{
    if (d->has_view) {
        d->has_view = 0;
        views_leave(ngx_http_gatehouse_worker.views, d->view, cause, ngx_http_gatehouse_now());
    }
}


static ngx_int_t
ngx_http_gatehouse_enter_view(ngx_http_gatehouse_decision_t *d)
{
    int64_t                       now;
    enum err                      err;
    ngx_int_t                     rc;
    struct buf                    json;
    struct note                   note;
    enum view_state               state;
    ngx_http_gatehouse_worker_t  *w;

    static char         id[VIEWS_ID]; /* of the next new view */
    static struct view  view;

    w = &ngx_http_gatehouse_worker;
    now = ngx_http_gatehouse_now();

    ngx_http_gatehouse_view_key(d, &view);

    if (views_join(w->views, &view, now, &d->view) == OK) {
        d->has_view = 1;
        d->step = NGX_HTTP_GATEHOUSE_DONE;
        return NGX_OK;
    }

    if (id[0] == '\0') {
        views_new_id(id);
    }

    ngx_http_gatehouse_fill_view(d, &view, id, now);

    if (views_enter(w->views, &view, now, &d->view, &state) != OK) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE, "too many open views");
    }

    d->has_view = 1;

    switch (state) {

    case VIEW_OPEN:
        d->step = NGX_HTTP_GATEHOUSE_DONE;
        return NGX_OK;

    case VIEW_ASKED:
        d->step = NGX_HTTP_GATEHOUSE_ANOTHER;
        return NGX_AGAIN;

    case VIEW_REFUSED:
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE,
                                         "the ledger did not take the view's event");

    case VIEW_FREE:
        break;
    }

    id[0] = '\0';
    note.text[0] = '\0';
    buf_init(&json, EVENT_LIMIT);

    err = views_event(&view, VIEW_BEGIN, (char *) w->conf->site.data, now, &json, &note);

    if (err != OK) {
        ngx_log_error(NGX_LOG_ERR, d->ctx->request->connection->log, 0,
                      "gatehouse: no event of a view could be made: %s, %s", err_words(err),
                      note.text);
        views_opened(w->views, d->view, false);
        rc = ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE, "no event could be made");

    } else {
        rc = ngx_http_gatehouse_send(d, &json);
    }

    buf_release(&json);

    return rc;
}


static ngx_int_t
ngx_http_gatehouse_enter(ngx_http_gatehouse_decision_t *d)
{
    enum err            err;
    ngx_int_t           rc;
    const char         *reason;
    struct buf          json;
    struct note         note;
    enum event_action   action;

    if (access_kind(d->access.kind)->opens_view) {
        return ngx_http_gatehouse_enter_view(d);
    }

    action = ngx_http_gatehouse_action(d);

    if (action == EVENT_ACTIONS) {
        d->step = NGX_HTTP_GATEHOUSE_DONE;
        return NGX_OK;
    }

    reason = d->ctx->session.is_break_glass || ngx_http_gatehouse_takes_away(d->access.kind)
             ? d->ctx->session.reason : NULL;

    note.text[0] = '\0';
    buf_init(&json, EVENT_LIMIT);

    /* whether a log-in works is in the answer */
    err = ngx_http_gatehouse_event(d->ctx, d, action,
                                   action == EVENT_AUTH_LOGIN ? EVENT_UNKNOWN : EVENT_OK, reason,
                                   &json, &note);

    if (err != OK) {
        ngx_log_error(NGX_LOG_ERR, d->ctx->request->connection->log, 0,
                      "gatehouse: no event could be made: %s, %s", err_words(err), note.text);
        rc = ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE, "no event could be made");

    } else {
        rc = ngx_http_gatehouse_send(d, &json);
    }

    buf_release(&json);

    return rc;
}


static void
ngx_http_gatehouse_free_pending(ngx_http_gatehouse_pending_t *p)
{
    buf_release(&p->json);
    ngx_free(p);
}


/* The ledger has answered. */

static void
ngx_http_gatehouse_answered(void *data, enum err err, uint64_t index, const struct note *note)
{
    ngx_uint_t                      is_kept;
    ngx_http_gatehouse_pending_t   *p;
    ngx_http_gatehouse_worker_t    *w;
    ngx_http_gatehouse_decision_t  *d;

    p = data;
    d = p->d;
    w = &ngx_http_gatehouse_worker;
    is_kept = err == OK;

    if (!is_kept) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "gatehouse: an event was not recorded: %s, %s",
                      err_words(err), note->text);

        if (p->json.len != 0 && ngx_http_gatehouse_emergency(&p->json) == NGX_OK) {
            is_kept = 1;
            if (d != NULL) {
                d->ctx->is_emergency = 1;
            }
        }
    }

    if (p->has_view && w->views != NULL) {

        if (err == ERR_NETWORK && !is_kept) {
            /* the ledger may have it: then it must have an end too */
            views_doubted(w->views, p->view, "the ledger went before it began");

        } else {
            views_opened(w->views, p->view, is_kept);
        }

        if (err == OK) {
            w->full = 0;

        } else if (err == ERR_FULL && w->full == 0) {
            w->full = clock_boot();
        }

        if (d == NULL) {
            views_leave(w->views, p->view, "the browser went away", clock_boot());
        }
    }

    ngx_http_gatehouse_free_pending(p);

    if (d == NULL) {
        return;
    }

    d->pending = NULL;

    if (is_kept) {
        d->step = NGX_HTTP_GATEHOUSE_DONE;
        ngx_http_gatehouse_resume(d);
        return;
    }

    ngx_http_gatehouse_finish(d, NGX_HTTP_SERVICE_UNAVAILABLE,
                              err == ERR_FULL ? "the ledger's disk is full"
                                              : "the ledger did not take the event");
}


static ngx_int_t
ngx_http_gatehouse_send(ngx_http_gatehouse_decision_t *d, struct buf *json)
{
    ngx_http_gatehouse_ctx_t      *ctx;
    ngx_http_gatehouse_pending_t  *p;

    ctx = d->ctx;

    p = ngx_calloc(sizeof(ngx_http_gatehouse_pending_t), ngx_cycle->log);

    if (p != NULL) {
        p->d = d;
        p->view = d->view;
        p->has_view = d->has_view;
        buf_init(&p->json, EVENT_LIMIT);

        if (ctx->session.is_break_glass) {
            buf_add(&p->json, json->data, json->len);
        }

        if (ngx_http_gatehouse_append(json, ngx_http_gatehouse_answered, p) == NGX_OK) {
            d->pending = p;
            d->step = NGX_HTTP_GATEHOUSE_RECORDING;
            return NGX_AGAIN;
        }

        ngx_http_gatehouse_free_pending(p);
    }

    if (ctx->session.is_break_glass && ngx_http_gatehouse_emergency(json) == NGX_OK) {
        ctx->is_emergency = 1;
        d->step = NGX_HTTP_GATEHOUSE_DONE;

        if (d->has_view) {
            views_opened(ngx_http_gatehouse_worker.views, d->view, true);
        }

        return NGX_OK;
    }

    if (d->has_view) {
        views_opened(ngx_http_gatehouse_worker.views, d->view, false);
    }

    return ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE, "the ledger is gone");
}
