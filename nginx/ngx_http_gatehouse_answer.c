
/*
 * What the body of an answer tells: whether a log-in at the VMS worked, which event a stream shows
 * now, under which name what was prepared will be fetched.
 */

#include "ngx_http_gatehouse_stream.h"


typedef struct {
    ngx_http_gatehouse_decision_t   decision; /* of the event that a stream walked on to */
    struct access_camera            camera;
    struct view_handle              link;
    int64_t                         position;
} ngx_http_gatehouse_walk_t;


void
ngx_http_gatehouse_answer_keep(ngx_http_request_t *r, ngx_http_gatehouse_stream_t *st, ngx_buf_t *b)
{
    size_t  n;

    n = b->last - b->pos;

    if (n > ACCESS_ANSWER - st->nanswer) {
        n = ACCESS_ANSWER - st->nanswer;
        st->overflow = 1;
    }

    ngx_memcpy(st->answer + st->nanswer, b->pos, n);
    st->nanswer += n;
}


static void
ngx_http_gatehouse_told_login(ngx_http_gatehouse_ctx_t *ctx, const struct access_told *told)
{
    ngx_http_gatehouse_record(ctx, &ctx->decision,
                              told->has_failed ? EVENT_AUTH_FAIL : EVENT_AUTH_LOGIN,
                              told->has_failed ? EVENT_FAILED : EVENT_OK,
                              told->has_failed ? "the VMS refused the log-in"
                                               : "the VMS took the log-in");
}


void
ngx_http_gatehouse_put_link(ngx_http_gatehouse_ctx_t *ctx, const char *name)
{
    size_t                          len, size;
    ngx_uint_t                      i;
    struct views_link               link;
    ngx_http_gatehouse_decision_t  *d;

    d = &ctx->decision;

    ngx_memzero(&link, sizeof(link));
    (void) ngx_cpystrn((u_char *) link.session, (u_char *) ctx->session.id, sizeof(link.session));
    (void) ngx_cpystrn((u_char *) link.link, (u_char *) name, sizeof(link.link));
    link.vms = ctx->vms->place;
    link.all_cameras = d->all_cameras;
    link.from = d->from;
    link.to = d->to;

    len = 0;

    for (i = 0; i < d->ncameras; i++) {
        size = ngx_strlen(d->cameras[i]);
        if (len + size + 2 > sizeof(link.cameras)) {
            link.all_cameras = 1; /* more than there is room for: only who may see all may fetch it */
            break;
        }

        ngx_memcpy(link.cameras + len, d->cameras[i], size);
        len += size;
        link.cameras[len++] = '\n';
    }

    views_put_link(ngx_http_gatehouse_worker.views, &link, clock_boot());
}


static void
ngx_http_gatehouse_walked(ngx_http_gatehouse_ctx_t *ctx, ngx_http_gatehouse_walk_t *walk)
{
    int64_t                         at;
    struct views                   *views;
    ngx_http_gatehouse_decision_t  *d;

    d = &walk->decision;
    views = ngx_http_gatehouse_worker.views;

    if (d->rc != NGX_OK) {
        ngx_http_gatehouse_record(ctx, d, EVENT_PLAYBACK, EVENT_REFUSED, d->why);
        views_stop(views, walk->link);
        return;
    }

    if (d->has_view && d->from != 0 && walk->position >= 0) {
        at = d->from + walk->position;
        views_saw(views, d->view, at, at);
    }

    /* it is asked for again as long as it is shown; then it ends by itself */
    ngx_http_gatehouse_decision_end(d, NULL);
}


static void
ngx_http_gatehouse_walk_decided(ngx_http_gatehouse_decision_t *d)
{
    ngx_http_gatehouse_ctx_t     *ctx;
    ngx_http_gatehouse_stream_t  *st;

    ctx = d->ctx;
    st = ctx->stream;

    ngx_http_gatehouse_walked(ctx, d->data);

    if (st != NULL) {
        st->told = NULL;
        ngx_http_gatehouse_stream_resume(ctx);
    }
}


/* A stream went on to another recording: that is an access of its own, recorded as such. */

static ngx_int_t
ngx_http_gatehouse_walk(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx,
    const struct access_told *told, struct view_handle link, const char *name)
{
    ngx_http_gatehouse_walk_t    *walk;
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;

    walk = ngx_pcalloc(r->pool, sizeof(ngx_http_gatehouse_walk_t));
    if (walk == NULL) {
        return NGX_ERROR;
    }

    walk->link = link;
    walk->position = told->position;
    walk->camera.name = ACCESS_EVENT;
    walk->camera.text = arena_copy(&ctx->arena, told->event);

    walk->decision.ctx = ctx;
    walk->decision.data = walk;
    walk->decision.handler = ngx_http_gatehouse_walk_decided;
    walk->decision.access.kind = ACCESS_PLAYBACK;
    walk->decision.access.cameras = &walk->camera;
    walk->decision.access.camera_count = 1;
    walk->decision.access.object = arena_format(&ctx->arena, "event %s", told->event);
    walk->decision.access.view = arena_format(&ctx->arena, "%s event %s", name, told->event);

    if (walk->camera.text == NULL || walk->decision.access.object == NULL
        || walk->decision.access.view == NULL)
    {
        return NGX_ERROR;
    }

    st->told = walk;

    if (ngx_http_gatehouse_decide(&walk->decision) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    ngx_http_gatehouse_walked(ctx, walk);
    st->told = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gatehouse_told_stream(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx,
    const struct access_told *told)
{
    int64_t                       at;
    const char                   *name, *number;
    ngx_uint_t                    i;
    struct view_handle            link;
    const struct access          *access;
    ngx_http_gatehouse_worker_t  *w;

    static struct view  view;

    w = &ngx_http_gatehouse_worker;
    access = &ctx->decision.access;
    name = NULL;

    for (i = 0; i < access->camera_count; i++) {
        if (access->cameras[i].name == ACCESS_LINK) {
            name = access->cameras[i].text;
        }
    }

    if (name == NULL || views_by_link(w->views, ctx->session.id, name, &view, &link) != OK) {
        return NGX_OK;
    }

    views_add(w->views, link, 0, clock_boot());

    if (told->event != NULL) {
        views_told(w->views, link, clock_boot());
    }

    number = ngx_strncmp(view.object, "event ", 6) == 0 ? view.object + 6 : "";

    if (told->event != NULL && view.kind == ACCESS_PLAYBACK
        && ngx_strcmp(told->event, number) != 0)
    {
        return ngx_http_gatehouse_walk(r, ctx, told, link, name);
    }

    if (told->position >= 0 && view.from != 0) {
        at = view.from + told->position;
        views_saw(w->views, link, at, at);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_gatehouse_answer_done(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    char                          type[128];
    struct access_told            told;
    struct access_answer          answer;
    const struct access          *access;
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;
    access = &ctx->decision.access;

    if (access->row == NULL || access->row->answer == NULL) {
        return NGX_OK;
    }

    (void) ngx_cpystrn((u_char *) type, r->headers_out.content_type.data,
                       ngx_min(sizeof(type), r->headers_out.content_type.len + 1));

    ngx_memzero(&told, sizeof(told));
    told.position = -1;

    answer.status = (unsigned) r->headers_out.status;
    answer.type = r->headers_out.content_type.len != 0 ? type : NULL;
    answer.body = st->answer;
    answer.body_len = st->nanswer;
    answer.is_whole = !st->overflow;

    access->row->answer(&answer, &told, &ctx->arena);
    st->answer = NULL;

    if (access->kind == ACCESS_LOGIN) {
        ngx_http_gatehouse_told_login(ctx, &told);
    }

    if (told.link != NULL && !told.has_failed) {
        ngx_http_gatehouse_put_link(ctx, told.link);
    }

    if (access->kind == ACCESS_FOLLOW) {
        return ngx_http_gatehouse_told_stream(r, ctx, &told);
    }

    return NGX_OK;
}


void
ngx_http_gatehouse_answer_end(ngx_http_gatehouse_ctx_t *ctx)
{
    ngx_http_gatehouse_walk_t    *walk;
    ngx_http_gatehouse_stream_t  *st;

    st = ctx->stream;
    walk = st->told;

    if (walk != NULL) {
        st->told = NULL;
        ngx_http_gatehouse_decision_cancel(&walk->decision);
        ngx_http_gatehouse_decision_end(&walk->decision, NULL);
    }
}
