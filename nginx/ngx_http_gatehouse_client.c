
/* Who asks: the address, and the session of the cookie. */

#include "ngx_http_gatehouse.h"


#define NGX_HTTP_GATEHOUSE_COOKIE        "__Host-gatehouse"
#define NGX_HTTP_GATEHOUSE_PLAIN_COOKIE  "gatehouse" /* without TLS, on loopback only */
#define NGX_HTTP_GATEHOUSE_COOKIE_LEN    43 /* 32 bytes in base64url */


/* Addresses */

static ngx_uint_t
ngx_http_gatehouse_is_trusted(ngx_array_t *trusted, const struct ip *ip)
{
    ngx_uint_t   i;
    struct net  *nets;

    nets = trusted->elts;

    for (i = 0; i < trusted->nelts; i++) {
        if (net_contains(&nets[i], ip)) {
            return 1;
        }
    }

    return 0;
}


/* The rightmost address that no trusted proxy has; each of them added the one before it. */

static ngx_int_t
ngx_http_gatehouse_forwarded(ngx_array_t *trusted, ngx_str_t *value, struct ip *ip)
{
    char        text[IP_TEXT];
    size_t      len;
    u_char     *p, *end;
    struct ip   found;

    end = value->data + value->len;

    while (end > value->data) {

        for (p = end; p > value->data && p[-1] != ','; p--) { /* void */ }

        len = end - p;
        end = p > value->data ? p - 1 : p;

        while (len && (*p == ' ' || *p == '\t')) {
            p++;
            len--;
        }

        while (len && (p[len - 1] == ' ' || p[len - 1] == '\t')) {
            len--;
        }

        if (len == 0 || len >= IP_TEXT) {
            return NGX_ERROR;
        }

        ngx_memcpy(text, p, len);
        text[len] = '\0';

        if (ip_parse(text, &found) != OK) {
            return NGX_ERROR;
        }

        *ip = found;

        if (!ngx_http_gatehouse_is_trusted(trusted, ip)) {
            return NGX_OK;
        }
    }

    return NGX_OK;
}


/* The next header of that name (lower case) from *part and *i on. */

ngx_table_elt_t *
ngx_http_gatehouse_next_header(ngx_list_part_t **part, ngx_uint_t *i, const char *name, size_t len)
{
    ngx_table_elt_t  *h;

    for ( ;; (*i)++) {

        if (*i >= (*part)->nelts) {
            if ((*part)->next == NULL) {
                return NULL;
            }

            *part = (*part)->next;
            *i = 0;
        }

        h = (ngx_table_elt_t *) (*part)->elts + *i;

        if (*i < (*part)->nelts && h->hash != 0 && h->key.len == len
            && ngx_tolower(h->key.data[0]) == ngx_tolower(name[0])
            && ngx_strncasecmp(h->key.data, (u_char *) name, len) == 0)
        {
            (*i)++;
            return h;
        }
    }
}


ngx_int_t
ngx_http_gatehouse_address(ngx_http_request_t *r, struct ip *ip)
{
    uint16_t                         port;
    ngx_uint_t                       i;
    ngx_list_part_t                 *part;
    ngx_table_elt_t                 *h, *next;
    ngx_http_gatehouse_main_conf_t  *gmcf;

    if (ip_from_socket(r->connection->sockaddr, ip, &port) != OK) {
        return NGX_ERROR;
    }

    gmcf = ngx_http_get_module_main_conf(r, ngx_http_gatehouse_module);

    if (gmcf->trusted == NULL || !ngx_http_gatehouse_is_trusted(gmcf->trusted, ip)) {
        return NGX_OK;
    }

    /* the last header is the nearest proxy's */

    part = &r->headers_in.headers.part;
    i = 0;
    h = NULL;

    while ((next = ngx_http_gatehouse_next_header(&part, &i, "x-forwarded-for",
                                                  sizeof("x-forwarded-for") - 1))
           != NULL)
    {
        h = next;
    }

    return h == NULL ? NGX_OK : ngx_http_gatehouse_forwarded(gmcf->trusted, &h->value, ip);
}


/* The address as events have it; nginx keeps the text of a peer. */

void
ngx_http_gatehouse_address_text(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx)
{
    ngx_str_t                       *text;
    ngx_http_gatehouse_main_conf_t  *gmcf;

    gmcf = ngx_http_get_module_main_conf(r, ngx_http_gatehouse_module);
    text = &r->connection->addr_text;

    if (gmcf->trusted == NULL && r->connection->sockaddr->sa_family == AF_INET
        && text->len < IP_TEXT)
    {
        ngx_memcpy(ctx->address, text->data, text->len);
        ctx->address[text->len] = '\0';
        return;
    }

    (void) ip_text(&ctx->ip, ctx->address);
}


/* Cookies */

/* Values of our cookie in one header: how many there are, and the last one. */

static ngx_uint_t
ngx_http_gatehouse_find_cookie(ngx_str_t *header, const char *name, ngx_str_t *value)
{
    size_t       len;
    u_char      *p, *end, *semicolon;
    ngx_uint_t   count;

    count = 0;
    len = ngx_strlen(name);
    p = header->data;
    end = p + header->len;

    while (p < end) {

        while (p < end && (*p == ' ' || *p == '\t')) {
            p++;
        }

        semicolon = memchr(p, ';', end - p);
        if (semicolon == NULL) {
            semicolon = end;
        }

        if ((size_t) (semicolon - p) > len && ngx_memcmp(p, name, len) == 0 && p[len] == '=') {
            value->data = p + len + 1;
            value->len = semicolon - value->data;
            count++;
        }

        p = semicolon + 1;
    }

    return count;
}


static ngx_uint_t
ngx_http_gatehouse_is_loopback(struct sockaddr *sa)
{
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        return ntohl(sin->sin_addr.s_addr) >> 24 == 127;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        return IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr);
#endif

    default:
        return 0;
    }
}


const char *
ngx_http_gatehouse_cookie_name(ngx_http_request_t *r)
{
#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        return NGX_HTTP_GATEHOUSE_COOKIE;
    }
#endif

    if (ngx_http_gatehouse_is_loopback(r->connection->sockaddr)) {
        return NGX_HTTP_GATEHOUSE_PLAIN_COOKIE;
    }

    return NULL;
}


ngx_int_t
ngx_http_gatehouse_session(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx, int64_t now)
{
    ngx_str_t         value;
    ngx_uint_t        i, count;
    const char       *name;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    name = ngx_http_gatehouse_cookie_name(r);
    if (name == NULL) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_FORBIDDEN, "without TLS nobody gets in");
    }

    part = &r->headers_in.headers.part;
    i = 0;
    count = 0;

    while ((h = ngx_http_gatehouse_next_header(&part, &i, "cookie", sizeof("cookie") - 1))
           != NULL)
    {
        count += ngx_http_gatehouse_find_cookie(&h->value, name, &value);
    }

    if (count == 0) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_UNAUTHORIZED, NULL);
    }

    if (count > 1) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_BAD_REQUEST, "the session's cookie came twice");
    }

    if (value.len != NGX_HTTP_GATEHOUSE_COOKIE_LEN) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_UNAUTHORIZED, "no such session");
    }

    board_hash(value.data, value.len, ctx->hash);

    if (board_find_session(ngx_http_gatehouse_worker.board, ctx->hash, now, &ctx->session) != OK) {
        return ngx_http_gatehouse_why(ctx, NGX_HTTP_UNAUTHORIZED, "no such session");
    }

    ctx->has_session = 1;
    ctx->generation = board_generation(ngx_http_gatehouse_worker.board);
    views_touch(ngx_http_gatehouse_worker.views, ctx->session.place, now);

    return NGX_OK;
}
