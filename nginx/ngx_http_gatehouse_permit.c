
/* Whether the policy allows it, and what its event and its view say. */

#include "ngx_http_gatehouse.h"


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


enum event_action
ngx_http_gatehouse_action(ngx_http_gatehouse_decision_t *d)
{
    enum event_action  action;

    action = access_kind(d->access.kind)->action;

    if (action == EVENT_ACTIONS && d->access.kind == ACCESS_UNKNOWN && d->access.is_upgrade) {
        return EVENT_UNCLASSIFIED;
    }

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


ngx_uint_t
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
    question->now = (int64_t) tp->sec * 1000 + tp->msec;
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


ngx_int_t
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
    now = ngx_http_gatehouse_now();
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

    if (d->access.kind == ACCESS_UNKNOWN && d->access.is_upgrade && w->conf->net != NET_RECORD) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "an upgrade that no rule explains");
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

    if ((d->access.kind == ACCESS_LOGIN || d->access.kind == ACCESS_LOGOUT)
        && ngx_http_gatehouse_is_brokered(ctx->vms))
    {
        /* it would change or end the gateway's own session, which all share */
        d->logout = d->access.kind == ACCESS_LOGOUT;
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "the gateway is logged in there");
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


void
ngx_http_gatehouse_view_key(ngx_http_gatehouse_decision_t *d, struct view *view)
{
    ngx_http_gatehouse_ctx_t  *ctx;

    ctx = d->ctx;

    views_key(ngx_http_gatehouse_worker.views, ctx->session.id, (char *) ctx->vms->name.data,
              d->access.view != NULL ? d->access.view : ngx_http_gatehouse_object(d), view->key);

    view->from = d->from;
    view->to = d->to;
}


void
ngx_http_gatehouse_fill_view(ngx_http_gatehouse_decision_t *d, struct view *view, const char *id,
    int64_t now)
{
    struct board_session      *session;
    ngx_http_gatehouse_ctx_t  *ctx;

    ctx = d->ctx;
    session = &ctx->session;

    ngx_memzero(view, sizeof(struct view));

    ngx_http_gatehouse_view_key(d, view);
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

    view->begun_wall = clock_wall();
    view->begun = now;
    view->active = now;
    view->heartbeat = now;
    view->told_by = d->access.walks_on ? now + VIEWS_TOLD : 0;
    view->ends_at_close = d->access.kind == ACCESS_EXPORT || d->access.is_upgrade;
}
