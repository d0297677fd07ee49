
/* What a worker shares among its requests: board, views, ledger, resolver, and a timer. */

#include "ngx_http_gatehouse.h"

#include <malloc.h>
#include <sodium.h>


#define NGX_HTTP_GATEHOUSE_RETRY_MIN  50   /* ms between tries to reach the keeper */
#define NGX_HTTP_GATEHOUSE_RETRY_MAX  1000
#define NGX_HTTP_GATEHOUSE_PATH       1024
#define NGX_HTTP_GATEHOUSE_HEAP       (8 * 1024 * 1024)


static void ngx_http_gatehouse_tick(ngx_event_t *ev);
static void ngx_http_gatehouse_open_files(int64_t now);
static void ngx_http_gatehouse_connect(int64_t now);
static void ngx_http_gatehouse_disconnect(void);
static void ngx_http_gatehouse_turn(ngx_event_t *ev);
static void ngx_http_gatehouse_resolver_event(ngx_event_t *ev);
static void ngx_http_gatehouse_unwatch_resolver(void);
static ngx_connection_t *ngx_http_gatehouse_watch(int fd, ngx_event_handler_pt handler);
static void ngx_http_gatehouse_unwatch(ngx_connection_t *c, ngx_uint_t closed);
static void ngx_http_gatehouse_watch_write(ngx_connection_t *c, ngx_uint_t wanted);


ngx_http_gatehouse_worker_t  ngx_http_gatehouse_worker;


static const char *
ngx_http_gatehouse_path(const char *name, const char *more, char *out)
{
    u_char  *p;

    p = ngx_snprintf((u_char *) out, NGX_HTTP_GATEHOUSE_PATH - 1, "%V/%s%s",
                     &ngx_http_gatehouse_worker.conf->run, name, more);
    *p = '\0';

    return out;
}


ngx_int_t
ngx_http_gatehouse_init_worker(ngx_cycle_t *cycle)
{
    char                             path[NGX_HTTP_GATEHOUSE_PATH];
    ngx_http_gatehouse_worker_t     *w;
    ngx_http_gatehouse_main_conf_t  *gmcf;

    w = &ngx_http_gatehouse_worker;
    ngx_memzero(w, sizeof(ngx_http_gatehouse_worker_t));
    ngx_queue_init(&w->streams);

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE) {
        return NGX_OK;
    }

    gmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_gatehouse_module);
    if (gmcf == NULL || gmcf->vms.nelts == 0) {
        return NGX_OK;
    }

    if (sodium_init() < 0) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "gatehouse: libsodium does not start");
        return NGX_ERROR;
    }

    w->conf = gmcf;

    /* or the heap's end is given back and fetched again with each request */
    (void) mallopt(M_TRIM_THRESHOLD, NGX_HTTP_GATEHOUSE_HEAP);

    w->flush.handler = ngx_http_gatehouse_turn;
    w->flush.log = cycle->log;
    w->flush.data = &w->client_connection;

    w->tick.handler = ngx_http_gatehouse_tick;
    w->tick.log = cycle->log;
    w->tick.data = &w->client_connection;
    w->tick.cancelable = 1;

    w->resolver = resolver_new(ngx_http_gatehouse_path("broker.sock", "", path));

    ngx_http_gatehouse_tick(&w->tick);

    return NGX_OK;
}


void
ngx_http_gatehouse_exit_worker(ngx_cycle_t *cycle)
{
    ngx_http_gatehouse_ctx_t     *ctx;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (w->conf == NULL) {
        return;
    }

    ngx_http_gatehouse_disconnect();
    ngx_http_gatehouse_unwatch_resolver();
    resolver_free(w->resolver);
    w->resolver = NULL;
    views_close(w->views);
    w->views = NULL;

    while (w->spare != NULL) {
        ctx = w->spare;
        w->spare = ctx->next;
        ngx_free(ctx);
    }
}


static void
ngx_http_gatehouse_tick(ngx_event_t *ev)
{
    int64_t                       now;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;
    now = clock_boot();

    ngx_http_gatehouse_open_files(now);

    if (w->client == NULL && now >= w->retry) {
        ngx_http_gatehouse_connect(now);
    }

    if (w->client != NULL) {
        w->alive = now;
    }

    if (w->resolver != NULL) {
        /* it may close one descriptor and open another of the same number */
        ngx_http_gatehouse_unwatch_resolver();
        resolver_tick(w->resolver, now);
        ngx_http_gatehouse_watch_resolver();
    }

    ngx_http_gatehouse_stream_tick(now);

    ngx_add_timer(ev, NGX_HTTP_GATEHOUSE_TICK);
}


static void
ngx_http_gatehouse_open_files(int64_t now)
{
    char                          path[NGX_HTTP_GATEHOUSE_PATH];
    ngx_uint_t                    i;
    ngx_http_gatehouse_vms_t    **vms;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (w->board == NULL) {
        if (board_open(ngx_http_gatehouse_path("board", "", path), &w->board, NULL) != OK) {
            w->board = NULL;
        }

    } else if (board_refresh(w->board) != OK) {
        /* the one that is mapped goes stale by itself */
        ngx_log_debug0(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0, "gatehouse: no newer board");
    }

    if (w->views == NULL) {
        if (views_open(ngx_http_gatehouse_path("views", "", path), &w->views, NULL) != OK) {
            w->views = NULL;
        }
    }

    if (w->views != NULL) {
        views_beat(w->views, now);
    }

    vms = w->conf->vms.elts;

    for (i = 0; i < w->conf->vms.nelts; i++) {

        if (vms[i]->reader == NULL) {
            if (upstream_open(ngx_http_gatehouse_path("vms-", (char *) vms[i]->name.data, path),
                              &vms[i]->reader, NULL)
                != OK)
            {
                vms[i]->reader = NULL;
            }

        } else if (upstream_refresh(vms[i]->reader) != OK) {
            ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                           "gatehouse: no newer file of \"%V\"", &vms[i]->name);
        }
    }
}


/* nginx reads its clock once in each turn; so does who asks in between. */

int64_t
ngx_http_gatehouse_now(void)
{
    static int64_t     now;
    static ngx_msec_t  at;

    if (now == 0 || at != ngx_current_msec) {
        at = ngx_current_msec;
        now = clock_boot();
    }

    return now;
}


struct upstream *
ngx_http_gatehouse_upstream(ngx_http_gatehouse_vms_t *vms)
{
    uint64_t  generation;

    if (vms->reader == NULL) {
        return NULL;
    }

    generation = upstream_generation(vms->reader);

    if (vms->upstream != NULL && vms->generation == generation) {
        return vms->upstream;
    }

    if (vms->upstream == NULL) {
        vms->upstream = ngx_alloc(sizeof(struct upstream), ngx_cycle->log);
        if (vms->upstream == NULL) {
            return NULL;
        }
    }

    if (upstream_copy(vms->reader, vms->upstream) != OK) {
        ngx_free(vms->upstream);
        vms->upstream = NULL;
        return NULL;
    }

    vms->generation = generation;

    return vms->upstream;
}


const char *
ngx_http_gatehouse_is_closed(void)
{
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (w->board == NULL || board_is_stale(w->board, ngx_http_gatehouse_now())) {
        return "the doorman is silent";
    }

    return w->views == NULL ? "the table of views is not there" : NULL;
}


const char *
ngx_http_gatehouse_unavailable(ngx_http_gatehouse_vms_t *vms)
{
    int64_t                       now;
    const char                   *why;
    struct upstream              *upstream;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    why = ngx_http_gatehouse_is_closed();
    if (why != NULL) {
        return why;
    }

    now = ngx_http_gatehouse_now();

    if (board_vms(w->board, (char *) vms->name.data, &vms->place) != OK) {
        return "the policy does not have this VMS";
    }

    upstream = ngx_http_gatehouse_upstream(vms);

    if (upstream == NULL || now - upstream->at > UPSTREAM_STALE) {
        return "the broker is silent";
    }

    if (!upstream->has_session) {
        return "the VMS does not let the gateway in";
    }

    return NULL;
}


ngx_uint_t
ngx_http_gatehouse_ledger_is_gone(void)
{
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    return w->client == NULL && ngx_http_gatehouse_now() - w->alive > BOARD_STALE;
}


static void
ngx_http_gatehouse_connect(int64_t now)
{
    struct note                   note;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    w->pause = w->pause == 0 ? NGX_HTTP_GATEHOUSE_RETRY_MIN
                             : ngx_min(w->pause * 2, NGX_HTTP_GATEHOUSE_RETRY_MAX);
    w->retry = now + w->pause;

    ngx_memzero(&note, sizeof(struct note));

    if (client_open((char *) w->conf->ledger.data, &w->client, &note) != OK) {
        w->client = NULL;
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0, "gatehouse: no keeper: %s", note.text);
        return;
    }

    w->client_connection = ngx_http_gatehouse_watch(client_fd(w->client), ngx_http_gatehouse_turn);
    if (w->client_connection == NULL) {
        client_close(w->client);
        w->client = NULL;
        return;
    }

    w->alive = now;
    w->pause = 0;
}


/* Answers what is under way; a function that is called may already ask for a new connection. */

static void
ngx_http_gatehouse_disconnect(void)
{
    struct client                *client;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (w->flush.posted) {
        ngx_delete_posted_event(&w->flush);
    }

    if (w->client == NULL) {
        return;
    }

    ngx_http_gatehouse_unwatch(w->client_connection, 0);
    w->client_connection = NULL;

    client = w->client;
    w->client = NULL;
    w->retry = clock_boot() + NGX_HTTP_GATEHOUSE_RETRY_MIN;

    client_close(client);
}


static void
ngx_http_gatehouse_turn(ngx_event_t *ev)
{
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (w->client == NULL) {
        return;
    }

    if (client_turn(w->client) != OK) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0, "gatehouse: the keeper is gone: %s",
                      client_trouble(w->client)->text);
        ngx_http_gatehouse_disconnect();
        return;
    }

    ngx_http_gatehouse_watch_write(w->client_connection, client_wants_write(w->client));
}


ngx_int_t
ngx_http_gatehouse_append(const struct buf *json, client_done_fn *done, void *data)
{
    int64_t                       now;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (w->client == NULL) {
        now = clock_boot();
        if (now >= w->retry) {
            ngx_http_gatehouse_connect(now);
        }
    }

    if (w->client == NULL || client_append(w->client, json->data, json->len, done, data) != OK) {
        return NGX_DECLINED;
    }

    /* those that come in the same turn of the loop are written at once */
    ngx_post_event(&w->flush, &ngx_posted_events);

    return NGX_OK;
}


static void
ngx_http_gatehouse_resolver_event(ngx_event_t *ev)
{
    resolver_turn(ngx_http_gatehouse_worker.resolver);
    ngx_http_gatehouse_watch_resolver();
}


static void
ngx_http_gatehouse_unwatch_resolver(void)
{
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (w->resolver_connection != NULL) {
        ngx_http_gatehouse_unwatch(w->resolver_connection,
                                   w->resolver_connection->fd != resolver_fd(w->resolver));
        w->resolver_connection = NULL;
    }
}


void
ngx_http_gatehouse_watch_resolver(void)
{
    int                           fd;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;
    fd = resolver_fd(w->resolver);

    if (w->resolver_connection != NULL && w->resolver_connection->fd != fd) {
        ngx_http_gatehouse_unwatch_resolver();
    }

    if (fd == -1) {
        return;
    }

    if (w->resolver_connection == NULL) {
        w->resolver_connection = ngx_http_gatehouse_watch(fd, ngx_http_gatehouse_resolver_event);
        if (w->resolver_connection == NULL) {
            return;
        }
    }

    ngx_http_gatehouse_watch_write(w->resolver_connection, resolver_wants_write(w->resolver));
}


static ngx_connection_t *
ngx_http_gatehouse_watch(int fd, ngx_event_handler_pt handler)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(fd, ngx_cycle->log);
    if (c == NULL) {
        return NULL;
    }

    c->read->handler = handler;
    c->write->handler = handler;
    c->read->log = ngx_cycle->log;
    c->write->log = ngx_cycle->log;

    if (ngx_add_event(c->read, NGX_READ_EVENT, NGX_LEVEL_EVENT) != NGX_OK) {
        ngx_free_connection(c);
        c->fd = (ngx_socket_t) -1;
        return NULL;
    }

    return c;
}


/* closed: the descriptor is no more, or already another's. */

static void
ngx_http_gatehouse_unwatch(ngx_connection_t *c, ngx_uint_t closed)
{
    ngx_uint_t  flags;

    flags = closed ? NGX_CLOSE_EVENT : 0;

    if (c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, flags);
    }

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, flags);
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;
}


static void
ngx_http_gatehouse_watch_write(ngx_connection_t *c, ngx_uint_t wanted)
{
    if (wanted && !c->write->active) {
        (void) ngx_add_event(c->write, NGX_WRITE_EVENT, NGX_LEVEL_EVENT);

    } else if (!wanted && c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, 0);
    }
}
