
/* How a request is refused: a redirect to the doorman's pages, a status, a few words, an event. */

#include "ngx_http_gatehouse.h"

#define NGX_HTTP_GATEHOUSE_REFUSAL  1024


/* Refusals */

static ngx_uint_t
ngx_http_gatehouse_wants_page(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_in.headers.part;
    i = 0;

    h = ngx_http_gatehouse_next_header(&part, &i, "accept", sizeof("accept") - 1);

    return h != NULL && ngx_strlcasestrn(h->value.data, h->value.data + h->value.len,
                                         (u_char *) "text/html", sizeof("text/html") - 2)
                        != NULL;
}


static ngx_uint_t
ngx_http_gatehouse_is_page(ngx_http_request_t *r)
{
    return (r->method == NGX_HTTP_GET || r->method == NGX_HTTP_HEAD)
           && ngx_http_gatehouse_wants_page(r);
}


/* A page's address goes along, so that the person is back there afterwards. */

static ngx_int_t
ngx_http_gatehouse_send_to(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx, const char *page)
{
    size_t            len, sent;
    u_char           *p;
    ngx_table_elt_t  *h;

    len = ngx_strlen(page);
    sent = ngx_strlen(ctx->uri.sent);

    p = ngx_pnalloc(r->pool, len + sent * 3);
    h = ngx_list_push(&r->headers_out.headers);

    if (p == NULL || h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));
    h->hash = 1;
    ngx_str_set(&h->key, "Location");
    h->value.data = p;

    p = ngx_cpymem(p, page, len);
    p = (u_char *) ngx_escape_uri(p, (u_char *) ctx->uri.sent, sent, NGX_ESCAPE_URI_COMPONENT);
    h->value.len = p - h->value.data;

    ctx->is_own = 1;

    return NGX_HTTP_MOVED_TEMPORARILY;
}


static ngx_int_t
ngx_http_gatehouse_say(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx, ngx_int_t status,
    const char *word)
{
    u_char                    *p;
    ngx_int_t                  rc;
    ngx_str_t                  type;
    ngx_http_complex_value_t   cv;

    p = ngx_pnalloc(r->pool, ngx_strlen(word) + sizeof("{\"error\":\"\"}\n"));
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));
    cv.value.data = p;
    cv.value.len = ngx_sprintf(p, "{\"error\":\"%s\"}\n", word) - p;
    ngx_str_set(&type, "application/json");

    ctx->is_own = 1;

    rc = ngx_http_send_response(r, status, &type, &cv);
    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


static const char *
ngx_http_gatehouse_word(ngx_int_t rc, ngx_uint_t stepup)
{
    if (stepup) {
        return "step-up";
    }

    switch (rc) {

    case NGX_HTTP_UNAUTHORIZED:
        return "login";

    case NGX_HTTP_FORBIDDEN:
        return "denied";

    case NGX_HTTP_SERVICE_UNAVAILABLE:
        return "unavailable";

    default:
        return "refused";
    }
}


/* The event of a refusal has the action that was asked for, where the ledger has one. */

static void
ngx_http_gatehouse_tell(ngx_http_gatehouse_ctx_t *ctx)
{
    enum event_action               action;
    ngx_http_gatehouse_decision_t  *d;

    d = &ctx->decision;
    action = ngx_http_gatehouse_action(d);

    if (action == EVENT_ACTIONS || action == EVENT_NOTE || !ctx->has_session
        || action == EVENT_AUTH_LOGIN || action == EVENT_AUTH_LOGOUT)
    {
        action = EVENT_AUTH_FAIL;
    }

    ngx_http_gatehouse_record(ctx, d, action, EVENT_REFUSED, d->why);
}


const char *
ngx_http_gatehouse_refusal(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    char                           *p, *text;
    ngx_http_gatehouse_decision_t  *d;

    if (ctx == NULL) {
        return "";
    }

    if (ctx->is_allowed) {
        return "gone";
    }

    if (ctx->decision.why == NULL) {
        return "";
    }

    d = &ctx->decision;

    text = ngx_pcalloc(r->pool, NGX_HTTP_GATEHOUSE_REFUSAL);
    if (text == NULL) {
        return "";
    }

    p = (char *) ngx_snprintf((u_char *) text, NGX_HTTP_GATEHOUSE_REFUSAL - 1, "%s|%s|",
                              access_kind(d->access.kind)->text, d->why);
    ngx_http_gatehouse_names(d, p, NGX_HTTP_GATEHOUSE_REFUSAL - (p - text));

    for (p = text; *p != '\0'; p++) {
        if (*p == '\n') {
            *p = '|';
        } else if ((u_char) *p < ' ' || *p == 0x7f) {
            *p = '?';
        }
    }

    return text;
}


ngx_int_t
ngx_http_gatehouse_refused(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx, ngx_int_t rc)
{
    ngx_uint_t                      page;
    ngx_http_gatehouse_decision_t  *d;

    d = &ctx->decision;
    ctx->is_decided = 1;
    ctx->is_allowed = 0;

    if (d->why == NULL && rc == NGX_HTTP_UNAUTHORIZED && !ngx_http_gatehouse_is_page(r)) {
        d->why = "nobody is logged in"; /* of a page it is the usual way in */
    }

    if (d->why != NULL) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "gatehouse: refused (%i): %s", rc,
                      d->why);
        ngx_http_gatehouse_tell(ctx);
    }

    page = ngx_http_gatehouse_is_page(r) && ctx->uri.sent != NULL;

    if (ngx_http_gatehouse_add_header(r, "Cache-Control", "no-store") != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (page && rc == NGX_HTTP_UNAUTHORIZED) {
        return ngx_http_gatehouse_send_to(r, ctx, "/gatehouse/login?return=");
    }

    if (d->logout && ctx->uri.sent != NULL && ngx_http_gatehouse_wants_page(r)) {
        return ngx_http_gatehouse_send_to(r, ctx, "/gatehouse/logout?from=");
    }

    if (page && d->stepup) {
        return ngx_http_gatehouse_send_to(r, ctx, "/gatehouse/step-up?return=");
    }

    if (page || rc == NGX_HTTP_INTERNAL_SERVER_ERROR || rc == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return rc; /* with error_page these become the doorman's pages */
    }

    return ngx_http_gatehouse_say(r, ctx, rc, ngx_http_gatehouse_word(rc, d->stepup));
}
