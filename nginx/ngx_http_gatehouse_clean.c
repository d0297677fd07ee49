
/*
 * What the browser gets of an answer's head. The VMS shares an origin with the gateway's own pages,
 * so nothing leaves by which it, or a script of its, could reach over to them.
 */

#include "ngx_http_gatehouse.h"


#define NGX_HTTP_GATEHOUSE_PASSKEYS                                                               \
    "publickey-credentials-get=(), publickey-credentials-create=()"


/* Headers of a VMS that say something for the whole origin, or open it to others. */

static ngx_str_t  ngx_http_gatehouse_origin_wide[] = {
    ngx_string("alt-svc"),
    ngx_string("clear-site-data"),
    ngx_string("cross-origin-opener-policy"), /* ours keeps windows apart while it has none */
    ngx_string("feature-policy"),
    ngx_string("nel"),
    ngx_string("permissions-policy"),
    ngx_string("public-key-pins"),
    ngx_string("report-to"),
    ngx_string("reporting-endpoints"),
    ngx_string("service-worker-allowed"),
    ngx_string("set-cookie2"),
    ngx_string("set-login"),
    ngx_string("speculation-rules"),
    ngx_string("strict-transport-security"),
};


/* Its length is known where the name is a literal, and says no for nearly every header. */

static ngx_inline ngx_uint_t
ngx_http_gatehouse_is_named(ngx_table_elt_t *h, const char *name)
{
    return h->hash != 0 && h->key.len == ngx_strlen(name)
           && ngx_tolower(h->key.data[0]) == ngx_tolower(name[0])
           && ngx_strncasecmp(h->key.data, (u_char *) name, h->key.len) == 0;
}


ngx_uint_t
ngx_http_gatehouse_is_cookie(struct upstream_header *header)
{
    return ngx_strcasecmp((u_char *) header->name, (u_char *) "cookie") == 0;
}


/* The cookies that the broker holds at the VMS: they are not the browser's. */

const char *
ngx_http_gatehouse_brokered(struct upstream *upstream)
{
    ngx_uint_t  i;

    for (i = 0; i < upstream->header_count && i < UPSTREAM_HEADERS; i++) {
        if (ngx_http_gatehouse_is_cookie(&upstream->headers[i])) {
            return upstream->headers[i].value;
        }
    }

    return "";
}


/* Whether a cookie of that name is among those of a Cookie header. */

static ngx_uint_t
ngx_http_gatehouse_has_cookie(const char *header, u_char *name, size_t len)
{
    const char  *p, *next;

    for (p = header; p != NULL && *p != '\0'; p = next) {

        while (*p == ' ' || *p == ';') {
            p++;
        }

        if (ngx_strncmp(p, name, len) == 0 && p[len] == '=') {
            return 1;
        }

        next = ngx_strchr(p, ';');
    }

    return 0;
}


/* Browsers cut white space around a name, and know prefixes in any case (RFC 6265bis, 5.6, 5.7). */

ngx_uint_t
ngx_http_gatehouse_is_kept(const char *brokered, u_char *name, size_t len)
{
    ngx_uint_t  i;

    static ngx_str_t  prefixes[] = { ngx_string("__host-"), ngx_string("__secure-") };

    while (len && (*name == ' ' || *name == '\t')) {
        name++;
        len--;
    }

    while (len && (name[len - 1] == ' ' || name[len - 1] == '\t')) {
        len--;
    }

    if (ngx_http_gatehouse_has_cookie(brokered, name, len)) {
        return 1;
    }

    for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (len > prefixes[i].len
            && ngx_strncasecmp(name, prefixes[i].data, prefixes[i].len) == 0)
        {
            name += prefixes[i].len;
            len -= prefixes[i].len;
        }
    }

    return len >= sizeof("gatehouse") - 1
           && ngx_strncasecmp(name, (u_char *) "gatehouse", sizeof("gatehouse") - 1) == 0;
}


/* A cookie without a name is sent back as if its value were the whole: it could be one of ours. */

static ngx_uint_t
ngx_http_gatehouse_may_set(ngx_str_t *value, const char *brokered)
{
    u_char  *equal, *end;

    end = ngx_strlchr(value->data, value->data + value->len, ';');
    if (end == NULL) {
        end = value->data + value->len;
    }

    equal = ngx_strlchr(value->data, end, '=');

    return equal != NULL && equal != value->data
           && !ngx_http_gatehouse_is_kept(brokered, value->data, equal - value->data);
}


static ngx_uint_t
ngx_http_gatehouse_may_leave(ngx_table_elt_t *h, struct upstream *upstream)
{
    ngx_uint_t  i;

    if (ngx_http_gatehouse_is_named(h, "set-cookie")) {
        return ngx_http_gatehouse_may_set(&h->value,
                                          upstream ? ngx_http_gatehouse_brokered(upstream) : "");
    }

    for (i = 0; i < sizeof(ngx_http_gatehouse_origin_wide) / sizeof(ngx_str_t); i++) {
        if (h->key.len == ngx_http_gatehouse_origin_wide[i].len
            && ngx_http_gatehouse_is_named(h, (char *) ngx_http_gatehouse_origin_wide[i].data))
        {
            return 0;
        }
    }

    if (h->key.len > sizeof("access-control-") - 1
        && ngx_strncasecmp(h->key.data, (u_char *) "access-control-",
                           sizeof("access-control-") - 1)
           == 0)
    {
        return 0;
    }

    /* nor does the VMS give back the secret by which it trusts us */

    for (i = 0; upstream != NULL && i < upstream->header_count && i < UPSTREAM_HEADERS; i++) {
        if (ngx_http_gatehouse_is_named(h, upstream->headers[i].name)) {
            return 0;
        }
    }

    return 1;
}


ngx_int_t
ngx_http_gatehouse_add_header(ngx_http_request_t *r, const char *name, const char *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));
    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);

    return NGX_OK;
}


ngx_int_t
ngx_http_gatehouse_clean_answer(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    char              type[128];
    ngx_uint_t        i, media, page;
    struct upstream  *upstream;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    upstream = ngx_http_gatehouse_upstream(ctx->vms);

    (void) ngx_cpystrn((u_char *) type, r->headers_out.content_type.data,
                       ngx_min(sizeof(type), r->headers_out.content_type.len + 1));

    media = access_kind(ctx->decision.access.kind)->opens_view
            || (r->headers_out.content_type.len != 0 && access_is_media(type, NULL, 0));

    page = ngx_strncasecmp((u_char *) type, (u_char *) "text/html", sizeof("text/html") - 1) == 0;

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (!ngx_http_gatehouse_may_leave(&h[i], upstream)
                || ((media || page)
                    && (ngx_http_gatehouse_is_named(&h[i], "cache-control")
                        || ngx_http_gatehouse_is_named(&h[i], "expires"))))
            {
                h[i].hash = 0;
            }
        }
    }

    /* a page of the VMS, or a window that it opens, could ask for a passkey of ours */

    if (ngx_http_gatehouse_add_header(r, "Permissions-Policy", NGX_HTTP_GATEHOUSE_PASSKEYS)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (media) {
        return ngx_http_gatehouse_add_header(r, "Cache-Control", "no-store");
    }

    /* whose session has ended sees the log-in */

    return page ? ngx_http_gatehouse_add_header(r, "Cache-Control", "no-cache") : NGX_OK;
}


/* What nginx takes, and a browser behind it could read in another way. */

const char *
ngx_http_gatehouse_broken(ngx_http_request_t *r)
{
    ngx_uint_t            i, lengths, codings, chunked;
    ngx_list_part_t      *part;
    ngx_table_elt_t      *h;
    ngx_http_upstream_t  *u;

    u = r->upstream;

    if (r->http_version < NGX_HTTP_VERSION_10) {
        return "an answer without a head";
    }

    if (u->headers_in.status_n > 599
        || (u->headers_in.status_n < 200
            && u->headers_in.status_n != NGX_HTTP_SWITCHING_PROTOCOLS))
    {
        return "an answer whose status is none";
    }

    lengths = 0;
    codings = 0;
    chunked = 1;

    for (part = &u->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            lengths += ngx_http_gatehouse_is_named(&h[i], "content-length");

            if (ngx_http_gatehouse_is_named(&h[i], "transfer-encoding")) {
                codings++;
                chunked &= h[i].value.len == sizeof("chunked") - 1
                           && ngx_strncasecmp(h[i].value.data, (u_char *) "chunked",
                                              sizeof("chunked") - 1)
                              == 0;
            }
        }
    }

    if (!chunked) {
        return "an answer with a strange Transfer-Encoding";
    }

    return lengths + codings > 1 ? "an answer with two lengths" : NULL;
}
