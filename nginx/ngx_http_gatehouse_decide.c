
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
static void ngx_http_gatehouse_resume(ngx_http_gatehouse_decision_t *d);
static void ngx_http_gatehouse_wait(ngx_http_gatehouse_decision_t *d);
static void ngx_http_gatehouse_timer(ngx_event_t *ev);
static ngx_int_t ngx_http_gatehouse_refuse(ngx_http_gatehouse_decision_t *d, ngx_int_t rc,
    const char *why);
static ngx_int_t ngx_http_gatehouse_resolve(ngx_http_gatehouse_decision_t *d);
static ngx_int_t ngx_http_gatehouse_permit(ngx_http_gatehouse_decision_t *d);
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


static void
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


static ngx_int_t
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
        views_leave(ngx_http_gatehouse_worker.views, d->view, cause, clock_boot());
    }
}


/* A camera's key, once; they are at most ACCESS_CAMERAS. */

static ngx_int_t
ngx_http_gatehouse_add_camera(ngx_http_gatehouse_decision_t *d, const char *key)
{
    ngx_uint_t  i;

    for (i = 0; i < d->ncameras; i++) {
        if (ngx_strcmp(d->cameras[i], key) == 0) {
            return NGX_OK;
        }
    }

    if (d->ncameras == ACCESS_CAMERAS) {
        return NGX_ERROR;
    }

    key = arena_copy(&d->ctx->arena, key);
    if (key == NULL) {
        return NGX_ERROR;
    }

    d->cameras[d->ncameras++] = key;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gatehouse_take_resolved(ngx_http_gatehouse_decision_t *d, enum err err,
    const struct resolved *resolved)
{
    size_t  i;

    if (err == ERR_MISSING) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "the VMS has no such recording");
    }

    if (err != OK) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE,
                                         "the broker can't tell whose recording it is");
    }

    if (resolved->all_cameras) {
        d->all_cameras = 1;
    }

    if (resolved->camera_count == 0 && !resolved->all_cameras) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE,
                                         "the broker can't tell whose recording it is");
    }

    for (i = 0; i < resolved->camera_count && i < RESOLVE_CAMERAS; i++) {
        if (ngx_http_gatehouse_add_camera(d, resolved->cameras[i]) != NGX_OK) {
            return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "too many cameras");
        }
    }

    /* the request's own times may lie inside those of the recording */

    if (d->access.from == 0 && resolved->from != 0) {
        d->from = d->from == 0 ? resolved->from : ngx_min(d->from, resolved->from);
    }

    if (d->access.to == 0 && resolved->to != 0) {
        d->to = ngx_max(d->to, resolved->to);
    }

    if (resolved->from != 0) {
        d->oldest = d->oldest == 0 ? resolved->from : ngx_min(d->oldest, resolved->from);
    }

    return NGX_OK;
}


static void
ngx_http_gatehouse_resolved(void *data, enum err err, const struct resolved *resolved)
{
    ngx_int_t                       rc;
    ngx_http_gatehouse_decision_t  *d;

    d = data;
    rc = ngx_http_gatehouse_take_resolved(d, err, resolved);
    d->asked++;

    if (rc != NGX_OK) {
        d->failed = rc;
    }

    if (d->running) {
        return;
    }

    ngx_http_gatehouse_resume(d);
}


static ngx_int_t
ngx_http_gatehouse_ask(ngx_http_gatehouse_decision_t *d, const struct access_camera *camera)
{
    enum err                      err;
    ngx_uint_t                    asked;
    struct resolved               resolved;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (w->resolver == NULL) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    }

    asked = d->asked;

    err = resolver_ask(w->resolver, (char *) d->ctx->vms->name.data, camera,
                       ngx_http_gatehouse_resolved, d, &resolved);

    ngx_http_gatehouse_watch_resolver();

    if (err == ERR_TIMEOUT) {
        return d->asked == asked ? NGX_AGAIN : d->failed;
    }

    d->asked++;

    return ngx_http_gatehouse_take_resolved(d, err, &resolved);
}


/* What an earlier request of this session opened: its cameras were decided then. */

static ngx_uint_t
ngx_http_gatehouse_is_linked(ngx_http_gatehouse_decision_t *d, const char *link)
{
    struct view_handle            handle;
    static struct view            view;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (views_by_link(w->views, d->ctx->session.id, link, &view, &handle) != OK
        || view.vms != d->ctx->vms->place)
    {
        return 0;
    }

    d->linked = 1;
    d->link = handle;
    d->link_permit = access_kind(view.kind)->permit;
    views_add(w->views, handle, 0, clock_boot());

    return 1;
}


/* What an earlier request of this session had prepared. */

static ngx_int_t
ngx_http_gatehouse_take_link(ngx_http_gatehouse_decision_t *d, struct views_link *link)
{
    char  *key, *end;

    for (key = link->cameras; (end = strchr(key, '\n')) != NULL; key = end + 1) {
        *end = '\0';

        if (ngx_http_gatehouse_add_camera(d, key) != NGX_OK) {
            return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "too many cameras");
        }
    }

    d->all_cameras |= link->all_cameras;
    d->from = d->from == 0 ? link->from : d->from;
    d->to = d->to == 0 ? link->to : d->to;
    d->oldest = link->from;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gatehouse_resolve_one(ngx_http_gatehouse_decision_t *d, const struct access_camera *camera)
{
    const char       *key;
    struct upstream  *upstream;

    static struct views_link  link;

    switch (camera->name) {

    case ACCESS_ALL:
        d->all_cameras = 1;
        d->asked++;
        return NGX_OK;

    case ACCESS_CAMERA:
    case ACCESS_STREAM:
        upstream = ngx_http_gatehouse_upstream(d->ctx->vms);
        key = upstream != NULL ? upstream_camera(upstream, camera->text) : NULL;

        if (key == NULL && camera->name == ACCESS_CAMERA) {
            key = camera->text; /* one that the broker has not seen yet */
        }

        if (key == NULL) {
            return ngx_http_gatehouse_ask(d, camera);
        }

        d->asked++;

        if (ngx_http_gatehouse_add_camera(d, key) != NGX_OK) {
            return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "too many cameras");
        }

        return NGX_OK;

    case ACCESS_LINK:
        if (ngx_http_gatehouse_is_linked(d, camera->text)) {
            d->asked++;
            return NGX_OK;
        }

        if (views_find_link(ngx_http_gatehouse_worker.views, d->ctx->session.id, camera->text,
                            clock_boot(), &link)
            == OK && link.vms == d->ctx->vms->place)
        {
            d->asked++;
            return ngx_http_gatehouse_take_link(d, &link);
        }

        return ngx_http_gatehouse_ask(d, camera);

    case ACCESS_EVENT:
    case ACCESS_FRAME:
    case ACCESS_EXPORTED:
    case ACCESS_REVIEW:
    case ACCESS_GROUP:
        return ngx_http_gatehouse_ask(d, camera);
    }

    return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "a camera named in no known way");
}


static ngx_int_t
ngx_http_gatehouse_resolve(ngx_http_gatehouse_decision_t *d)
{
    ngx_int_t  rc;

    if (d->failed) {
        return d->failed;
    }

    while (d->asked < d->access.camera_count) {
        rc = ngx_http_gatehouse_resolve_one(d, &d->access.cameras[d->asked]);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_gatehouse_is_write(ngx_http_gatehouse_decision_t *d)
{
    const char  *method;

    method = d->ctx->asked.method;

    return d->access.is_write
           || (ngx_strcmp(method, "GET") != 0 && ngx_strcmp(method, "HEAD") != 0
               && ngx_strcmp(method, "OPTIONS") != 0);
}


/* What a role must allow; a write that no row explains may be any. */

static enum permit
ngx_http_gatehouse_needed(ngx_http_gatehouse_decision_t *d)
{
    if (d->access.kind == ACCESS_UNKNOWN && ngx_http_gatehouse_is_write(d)) {
        return PERMIT_CONFIGURE;
    }

    if (d->access.kind == ACCESS_FOLLOW && d->linked) {
        return d->link_permit;
    }

    return access_kind(d->access.kind)->permit;
}


static enum event_action
ngx_http_gatehouse_action(ngx_http_gatehouse_decision_t *d)
{
    enum event_action  action;

    action = access_kind(d->access.kind)->action;

    if (action == EVENT_ACTIONS && d->access.kind == ACCESS_UNKNOWN
        && ngx_http_gatehouse_is_write(d))
    {
        return EVENT_CONFIG_CHANGE;
    }

    if (action == EVENT_ACTIONS && d->ctx->session.is_break_glass) {
        return EVENT_NOTE; /* in an emergency every request is told, with the reason given */
    }

    return action;
}


static ngx_uint_t
ngx_http_gatehouse_takes_away(enum access_kind kind)
{
    return kind == ACCESS_EXPORT || kind == ACCESS_PREPARE || kind == ACCESS_SEND;
}


static void
ngx_http_gatehouse_question(ngx_http_gatehouse_decision_t *d, struct policy_question *question)
{
    time_t       local;
    ngx_time_t  *tp;

    tp = ngx_timeofday();
    local = tp->sec + tp->gmtoff * 60;

    ngx_memzero(question, sizeof(struct policy_question));

    question->user = d->ctx->session.user;
    question->vms = d->ctx->vms->place;
    question->permit = ngx_http_gatehouse_needed(d);
    question->cameras = d->cameras;
    question->camera_count = d->ncameras;
    question->all_cameras = d->all_cameras;
    question->from = d->oldest != 0 && (d->from == 0 || d->access.walks_on) ? d->oldest : d->from;
    question->now = clock_wall();
    question->minute = (uint16_t) (local / 60 % 1440);
    question->weekday = (uint8_t) ((local / 86400 + 3) % 7); /* 1970 began on a Thursday */
}


ngx_int_t
ngx_http_gatehouse_may_go_on(ngx_http_gatehouse_decision_t *d)
{
    int64_t                       now;
    struct board_session          session;
    struct policy_answer          answer;
    struct policy_question        question;
    ngx_http_gatehouse_ctx_t     *ctx;
    ngx_http_gatehouse_worker_t  *w;

    ctx = d->ctx;
    w = &ngx_http_gatehouse_worker;
    now = clock_boot();

    if (w->board == NULL || board_find_session(w->board, ctx->hash, now, &session) != OK) {
        return NGX_DECLINED;
    }

    /* its place in the policy may be another by now */
    ctx->session.user = session.user;

    ngx_http_gatehouse_question(d, &question);

    if (question.from != 0) {
        question.from = question.now; /* how far back it may go was decided at its begin */
    }

    board_ask(w->board, &question, &answer);

    return answer.is_allowed ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_gatehouse_permit(ngx_http_gatehouse_decision_t *d)
{
    int64_t                         now;
    struct policy_answer            answer;
    struct policy_question          question;
    ngx_http_gatehouse_ctx_t       *ctx;
    ngx_http_gatehouse_worker_t    *w;
    const struct access_kind_row   *row;

    ctx = d->ctx;
    w = &ngx_http_gatehouse_worker;
    now = clock_boot();
    row = access_kind(d->access.kind);

    if (d->waited || ctx->is_allowed) {
        /* time has passed since the session was looked up */
        if (w->board == NULL || board_is_stale(w->board, now)) {
            return ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE,
                                             "the doorman is silent");
        }

        if (board_find_session(w->board, ctx->hash, now, &ctx->session) != OK) {
            return ngx_http_gatehouse_refuse(d, NGX_HTTP_UNAUTHORIZED, "the session has ended");
        }
    }

    if (d->access.kind == ACCESS_BESIDE && !ctx->vms->beside) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN,
                                         "media would leave beside the gateway");
    }

    if (d->ncameras == 0 && !d->linked
        && (row->opens_view || row->permit == PERMIT_EXPORT || d->access.kind == ACCESS_BESIDE))
    {
        d->all_cameras = 1; /* footage of no camera in particular */
    }

    ngx_http_gatehouse_question(d, &question);
    board_ask(w->board, &question, &answer);

    if (!answer.is_allowed) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN,
                                         answer.why != NULL ? answer.why : "no role allows it");
    }

    d->role = answer.role;
    d->back = answer.back;

    if (ngx_http_gatehouse_takes_away(d->access.kind)
        && (ctx->session.elevated <= now || ctx->session.reason[0] == '\0'))
    {
        d->stepup = 1;
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "a step-up with a reason is needed");
    }

    return NGX_OK;
}


static void
ngx_http_gatehouse_copy(char *out, size_t size, const char *text)
{
    (void) ngx_cpystrn((u_char *) out, (u_char *) (text != NULL ? text : ""), size);
}


static void
ngx_http_gatehouse_view(ngx_http_gatehouse_decision_t *d, struct view *view, const char *id,
    int64_t now)
{
    char                       text[ACCESS_TEXT + POLICY_NAME + 8];
    u_char                    *p;
    struct board_session      *session;
    ngx_http_gatehouse_ctx_t  *ctx;

    ctx = d->ctx;
    session = &ctx->session;

    ngx_memzero(view, sizeof(struct view));

    p = ngx_snprintf((u_char *) text, sizeof(text) - 1, "%V\n%s", &ctx->vms->name,
                     d->access.view != NULL ? d->access.view : ngx_http_gatehouse_object(d));
    *p = '\0';
    views_key(session->id, text, view->key);

    ngx_memcpy(view->id, id, VIEWS_ID);
    view->state = VIEW_ASKED;
    view->kind = d->access.kind;
    view->vms = ctx->vms->place;
    ngx_http_gatehouse_copy(view->vms_name, POLICY_NAME, (char *) ctx->vms->name.data);
    ngx_http_gatehouse_copy(view->session, BOARD_ID, session->id);
    ngx_http_gatehouse_copy(view->user, POLICY_NAME, session->name);
    ngx_http_gatehouse_copy(view->factor, sizeof(view->factor), session->factor);
    ngx_http_gatehouse_copy(view->ip, IP_TEXT, ctx->address);
    board_role_name(ngx_http_gatehouse_worker.board, d->role, view->role);
    ngx_http_gatehouse_names(d, view->cameras, VIEWS_CAMERAS);
    ngx_http_gatehouse_copy(view->object, sizeof(view->object), ngx_http_gatehouse_object(d));
    ngx_http_gatehouse_copy(view->link, sizeof(view->link), d->access.link);

    if (session->is_break_glass || ngx_http_gatehouse_takes_away(d->access.kind)) {
        ngx_http_gatehouse_copy(view->reason, BOARD_REASON, session->reason);
    }

    view->from = d->from;
    view->to = d->to;
    view->begun_wall = clock_wall();
    view->begun = now;
    view->active = now;
    view->heartbeat = now;
    view->ends_at_close = d->access.kind == ACCESS_EXPORT || d->access.is_upgrade;
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
    now = clock_boot();

    if (id[0] == '\0') {
        views_new_id(id);
    }

    ngx_http_gatehouse_view(d, &view, id, now);

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
        views_opened(w->views, p->view, is_kept);

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
