
/* What a worker shares among its requests: board, views, ledger, resolver, and a timer. */

#include "ngx_http_gatehouse.h"


ngx_http_gatehouse_worker_t  ngx_http_gatehouse_worker;


ngx_int_t
ngx_http_gatehouse_init_worker(ngx_cycle_t *cycle)
{
    ngx_queue_init(&ngx_http_gatehouse_worker.streams);
    return NGX_OK;
}


void
ngx_http_gatehouse_exit_worker(ngx_cycle_t *cycle)
{
}


ngx_int_t
ngx_http_gatehouse_access_handler(ngx_http_request_t *r)
{
    if (ngx_http_gatehouse_guards(r) == NULL) {
        return NGX_DECLINED;
    }

    return NGX_HTTP_SERVICE_UNAVAILABLE;
}


ngx_int_t
ngx_http_gatehouse_address(ngx_http_request_t *r, struct ip *ip)
{
    uint16_t  port;

    return ip_from_socket(r->connection->sockaddr, ip, &port) == OK ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_gatehouse_guard_init(ngx_conf_t *cf)
{
    return NGX_OK;
}


void
ngx_http_gatehouse_decision_cancel(ngx_http_gatehouse_decision_t *d)
{
}


void
ngx_http_gatehouse_decision_end(ngx_http_gatehouse_decision_t *d, const char *cause)
{
}
