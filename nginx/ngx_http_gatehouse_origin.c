
/* Whose page a request comes from, as browsers say it (Fetch metadata, W3C; RFC 6455, 10.2). */

#include "ngx_http_gatehouse.h"


/* The only header of that name, or NULL; *twice: there are more. */

static ngx_str_t *
ngx_http_gatehouse_one(ngx_http_request_t *r, const char *name, ngx_uint_t *twice)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);
    part = &r->headers_in.headers.part;
    i = 0;

    h = ngx_http_gatehouse_next_header(&part, &i, name, len);

    if (h != NULL && ngx_http_gatehouse_next_header(&part, &i, name, len) != NULL) {
        *twice = 1;
    }

    return h != NULL ? &h->value : NULL;
}


static ngx_uint_t
ngx_http_gatehouse_says(ngx_str_t *value, const char *word)
{
    return value != NULL && value->len == ngx_strlen(word)
           && ngx_strncasecmp(value->data, (u_char *) word, value->len) == 0;
}


/* The origin's host and port are those that the request is sent to. */

static ngx_uint_t
ngx_http_gatehouse_is_own_origin(ngx_http_request_t *r, ngx_str_t *origin)
{
    u_char     *p, *end;
    ngx_str_t   host;

    end = origin->data + origin->len;
    p = ngx_strlcasestrn(origin->data, end, (u_char *) "://", sizeof("://") - 2);

    if (p == NULL || r->headers_in.host == NULL) {
        return 0;
    }

    p += sizeof("://") - 1;
    host = r->headers_in.host->value;

    return (size_t) (end - p) == host.len && ngx_strncasecmp(p, host.data, host.len) == 0;
}


ngx_int_t
ngx_http_gatehouse_from(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    ngx_str_t   *origin, *site;
    ngx_uint_t   foreign, twice, visit;

    twice = 0;
    origin = ngx_http_gatehouse_one(r, "origin", &twice);
    site = ngx_http_gatehouse_one(r, "sec-fetch-site", &twice);

    if (ngx_http_gatehouse_says(ngx_http_gatehouse_one(r, "service-worker", &twice), "script")) {
        /* it would read and write everything of this origin, the gateway's own pages too */
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_FORBIDDEN, "a service worker of the VMS");
    }

    if (twice) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_BAD_REQUEST, "two origins");
    }

    foreign = (origin != NULL && !ngx_http_gatehouse_is_own_origin(r, origin))
              || (site != NULL && !ngx_http_gatehouse_says(site, "same-origin")
                  && !ngx_http_gatehouse_says(site, "none"));

    if (!foreign) {
        return NGX_OK;
    }

    visit = origin == NULL && !ctx->asked.is_upgrade
            && (r->method == NGX_HTTP_GET || r->method == NGX_HTTP_HEAD)
            && ngx_http_gatehouse_says(ngx_http_gatehouse_one(r, "sec-fetch-mode", &twice),
                                       "navigate")
            && ngx_http_gatehouse_says(ngx_http_gatehouse_one(r, "sec-fetch-dest", &twice),
                                       "document");

    if (!visit) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_FORBIDDEN, "it comes from another site's page");
    }

    ctx->is_foreign = 1;

    return NGX_OK;
}


ngx_uint_t
ngx_http_gatehouse_is_forged(ngx_http_gatehouse_decision_t *d)
{
    return d->ctx->is_foreign && !access_kind(d->access.kind)->opens_view
           && ngx_http_gatehouse_action(d) != EVENT_ACTIONS;
}
