
/* What the VMS gets of a request. */

#include "ngx_http_gatehouse.h"


/*
 * Headers of a request that go on. Whoever somebody is, where he comes from and what he accepts as
 * an encoding is not among them: identity is the gateway's to say, answers are to be read.
 */

static ngx_str_t  ngx_http_gatehouse_allowed[] = {
    ngx_string("accept"),
    ngx_string("accept-language"),
    ngx_string("cache-control"),
    ngx_string("content-type"),
    ngx_string("if-match"),
    ngx_string("if-modified-since"),
    ngx_string("if-none-match"),
    ngx_string("if-range"),
    ngx_string("if-unmodified-since"),
    ngx_string("origin"),
    ngx_string("pragma"),
    ngx_string("range"),
    ngx_string("referer"),
    ngx_string("sec-websocket-key"),
    ngx_string("sec-websocket-protocol"),
    ngx_string("sec-websocket-version"),
    ngx_string("user-agent"),
    ngx_string("x-cache-bypass"),    /* Frigate's pages */
    ngx_string("x-csrf-token"),      /* Frigate's pages */
    ngx_string("x-requested-with"),
};


static ngx_int_t ngx_http_gatehouse_set_uri(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx,
    struct upstream *upstream);
static ngx_int_t ngx_http_gatehouse_set_headers(ngx_http_request_t *r,
    ngx_http_gatehouse_ctx_t *ctx, struct upstream *upstream);


ngx_int_t
ngx_http_gatehouse_prepare(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    struct upstream  *upstream;

    upstream = ngx_http_gatehouse_upstream(ctx->vms);

    if (upstream == NULL || ngx_http_gatehouse_set_uri(r, ctx, upstream) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_gatehouse_set_headers(r, ctx, upstream);
}


static ngx_int_t
ngx_http_gatehouse_set_uri(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx,
    struct upstream *upstream)
{
    size_t  len, token, prefix;
    u_char  *p;

    len = ngx_strlen(ctx->uri.sent);
    prefix = ngx_strlen(upstream->token_path);
    token = 0;

    if (upstream->token[0] != '\0' && ngx_strncmp(ctx->uri.path, upstream->token_path, prefix) == 0)
    {
        token = ngx_strlen(upstream->token);
    }

    p = ngx_pnalloc(r->pool, len + token + 2);
    if (p == NULL) {
        return NGX_ERROR;
    }

    r->unparsed_uri.data = p;
    p = ngx_cpymem(p, ctx->uri.sent, len);

    if (token != 0) {
        *p++ = ngx_strchr(ctx->uri.sent, '?') != NULL ? '&' : '?';
        p = ngx_cpymem(p, upstream->token, token);
    }

    r->unparsed_uri.len = p - r->unparsed_uri.data;
    r->valid_unparsed_uri = 1;
    ctx->sent = r->unparsed_uri;

    r->uri.data = (u_char *) ctx->uri.path;
    r->uri.len = ngx_strlen(ctx->uri.path);
    r->args.data = (u_char *) ctx->uri.query;
    r->args.len = ngx_strlen(ctx->uri.query);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_gatehouse_is_allowed(ngx_str_t *key, ngx_uint_t brokered)
{
    ngx_uint_t  i;

    if (!brokered && key->len == sizeof("authorization") - 1
        && ngx_strncasecmp(key->data, (u_char *) "authorization", key->len) == 0)
    {
        return 1; /* people log in there themselves, and this is their ticket */
    }

    for (i = 0; i < sizeof(ngx_http_gatehouse_allowed) / sizeof(ngx_str_t); i++) {
        if (ngx_http_gatehouse_allowed[i].len == key->len
            && ngx_http_gatehouse_allowed[i].data[0] == ngx_tolower(key->data[0])
            && ngx_strncasecmp(ngx_http_gatehouse_allowed[i].data, key->data, key->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* Whether the gateway itself is logged in there. */

ngx_uint_t
ngx_http_gatehouse_is_brokered(ngx_http_gatehouse_vms_t *vms)
{
    struct upstream  *upstream;

    upstream = ngx_http_gatehouse_upstream(vms);

    return upstream != NULL && (upstream->header_count != 0 || upstream->token[0] != '\0');
}


static ngx_int_t
ngx_http_gatehouse_push(ngx_http_request_t *r, ngx_str_t *key, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_in.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->key = *key;
    h->value = *value;
    h->lowcase_key = ngx_pnalloc(r->pool, key->len + 1);
    if (h->lowcase_key == NULL) {
        return NGX_ERROR;
    }

    h->hash = ngx_hash_strlow(h->lowcase_key, key->data, key->len);
    if (h->hash == 0) {
        h->hash = 1;
    }

    return NGX_OK;
}


/* Appends a browser's cookies but our own and the brokered ones; p has room for all. */

static u_char *
ngx_http_gatehouse_filter_cookies(u_char *begin, u_char *p, ngx_str_t *header, const char *brokered)
{
    size_t   len;
    u_char  *s, *end, *next, *equal;

    s = header->data;
    end = s + header->len;

    for (/* void */; s < end; s = next + 1) {

        while (s < end && (*s == ' ' || *s == '\t')) {
            s++;
        }

        next = memchr(s, ';', end - s);
        if (next == NULL) {
            next = end;
        }

        equal = memchr(s, '=', next - s);
        len = (equal != NULL ? equal : next) - s;

        if (len == 0 || ngx_http_gatehouse_is_kept(brokered, s, len))
        {
            continue;
        }

        if (p > begin) {
            *p++ = ';';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, s, next - s);
    }

    return p;
}


static ngx_int_t
ngx_http_gatehouse_set_cookie(ngx_http_request_t *r, ngx_list_part_t *part, const char *brokered)
{
    size_t            size;
    u_char           *p;
    ngx_str_t         key, value;
    ngx_uint_t        i;
    ngx_list_part_t  *first;
    ngx_table_elt_t  *h;

    size = ngx_strlen(brokered) + 2;
    first = part;

    for (/* void */; part; part = part->next) {
        h = part->elts;
        for (i = 0; i < part->nelts; i++) {
            size += h[i].value.len + 2;
        }
    }

    value.data = ngx_pnalloc(r->pool, size);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    p = value.data;

    for (part = first; part; part = part->next) {
        h = part->elts;
        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash != 0 && h[i].key.len == sizeof("cookie") - 1
                && ngx_strncasecmp(h[i].key.data, (u_char *) "cookie", h[i].key.len) == 0)
            {
                p = ngx_http_gatehouse_filter_cookies(value.data, p, &h[i].value, brokered);
            }
        }
    }

    if (brokered[0] != '\0') {
        if (p > value.data) {
            *p++ = ';';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, brokered, ngx_strlen(brokered));
    }

    value.len = p - value.data;

    if (value.len == 0) {
        return NGX_OK;
    }

    ngx_str_set(&key, "Cookie");

    return ngx_http_gatehouse_push(r, &key, &value);
}


/* {user} and {role} of the value become the session's. */

static ngx_int_t
ngx_http_gatehouse_fill(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx, const char *text,
    ngx_str_t *value)
{
    char         role[POLICY_NAME];
    size_t       size;
    u_char      *p, *last;
    const char  *name;

    size = ngx_strlen(text);
    size += ngx_strchr(text, '{') != NULL ? 8 * POLICY_NAME : 0;

    value->data = ngx_pnalloc(r->pool, size);
    if (value->data == NULL) {
        return NGX_ERROR;
    }

    board_role_name(ngx_http_gatehouse_worker.board, ctx->decision.role, role);

    p = value->data;
    last = p + size;

    while (*text != '\0') {

        name = NULL;

        if (ngx_strncmp(text, "{user}", 6) == 0) {
            name = ctx->session.name;

        } else if (ngx_strncmp(text, "{role}", 6) == 0) {
            name = role;
        }

        if (name != NULL) {
            p = ngx_slprintf(p, last, "%s", name);
            text += 6;
            continue;
        }

        if (p == last || (u_char) *text < ' ') {
            return NGX_ERROR;
        }

        *p++ = (u_char) *text++;
    }

    value->len = p - value->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gatehouse_set_headers(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx,
    struct upstream *upstream)
{
    ngx_str_t         key, value;
    ngx_uint_t        i, brokered;
    ngx_list_part_t   first, *part;
    ngx_table_elt_t  *h, *copy;

    brokered = ngx_http_gatehouse_is_brokered(ctx->vms);
    first = r->headers_in.headers.part;

    /* those of most requests, the cookies and those of the broker fit into its first part */

    if (ngx_list_init(&r->headers_in.headers, r->pool, first.nelts + UPSTREAM_HEADERS,
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (part = &first; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash == 0 || !ngx_http_gatehouse_is_allowed(&h[i].key, brokered)) {
                continue;
            }

            copy = ngx_list_push(&r->headers_in.headers);
            if (copy == NULL) {
                return NGX_ERROR;
            }

            *copy = h[i];
        }
    }

    if (ngx_http_gatehouse_set_cookie(r, &first, ngx_http_gatehouse_brokered(upstream))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < upstream->header_count && i < UPSTREAM_HEADERS; i++) {

        if (ngx_http_gatehouse_is_cookie(&upstream->headers[i])) {
            continue;
        }

        if (ngx_http_gatehouse_fill(r, ctx, upstream->headers[i].value, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        key.len = ngx_strlen(upstream->headers[i].name);
        key.data = ngx_pnalloc(r->pool, key.len + 1); /* the copy of the file may change */
        if (key.data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(key.data, upstream->headers[i].name, key.len);

        if (ngx_http_gatehouse_push(r, &key, &value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
