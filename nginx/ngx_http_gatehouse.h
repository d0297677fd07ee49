
/*
 * The gateway module, inside.
 *
 * Story of a request in a guarded server: ngx_http_gatehouse_access.c finds address, canonical URI,
 * session and body, and asks the access table what it means; ngx_http_gatehouse_decide.c resolves
 * its cameras, asks the board, enters the view and has its event made durable, all without blocking;
 * ngx_http_gatehouse_upstream.c rewrites URI and headers for the VMS; ngx_http_gatehouse_guard.c
 * sees that nothing leaves without a decision; ngx_http_gatehouse_stream.c and _frames.c follow what
 * goes on. ngx_http_gatehouse_worker.c has what a worker shares: board, views, ledger, resolver.
 */

#ifndef _NGX_HTTP_GATEHOUSE_H_INCLUDED_
#define _NGX_HTTP_GATEHOUSE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base/clock.h"
#include "gate/board.h"
#include "gate/resolve.h"
#include "gate/settings.h"
#include "gate/upstream.h"
#include "gate/uri.h"
#include "gate/views.h"
#include "ledger/client.h"
#include "ledger/event.h"
#include "vms/access.h"


#define NGX_HTTP_GATEHOUSE_WAIT   5000  /* ms that a request waits for ledger and broker */
#define NGX_HTTP_GATEHOUSE_TICK   200   /* ms between turns of the worker's timer */
#define NGX_HTTP_GATEHOUSE_FOLD   10000 /* ms in which the same refusal is told once */
#define NGX_HTTP_GATEHOUSE_ARENA  (8 * 1024 * 1024)
#define NGX_HTTP_GATEHOUSE_LENT   2048  /* bytes of it that need no heap */
#define NGX_HTTP_GATEHOUSE_SPARE  256   /* contexts kept for the next requests */


typedef struct ngx_http_gatehouse_ctx_s  ngx_http_gatehouse_ctx_t;
typedef struct ngx_http_gatehouse_decision_s  ngx_http_gatehouse_decision_t;
typedef struct ngx_http_gatehouse_pending_s  ngx_http_gatehouse_pending_t;


/* A VMS behind the gateway: `gatehouse NAME TYPE;` */

typedef struct {
    ngx_str_t                      name;     /* terminated */
    const struct vms_gate         *gate;
    unsigned                       beside:1; /* media may leave beside the gateway */

    /* the worker's: */
    uint16_t                       place;    /* on the board, or POLICY_ANY */
    struct upstream_reader        *reader;   /* NULL: no broker has run yet */
    uint64_t                       generation;
    struct upstream               *upstream; /* copy of that generation, or NULL */
} ngx_http_gatehouse_vms_t;


typedef struct {
    ngx_str_t                      run;      /* DIR/run, terminated */
    ngx_str_t                      ledger;   /* the keeper's socket, terminated */
    ngx_str_t                      site;     /* terminated */
    ngx_uint_t                     net;      /* enum settings_net */
    ngx_array_t                   *trusted;  /* of struct net; NULL: none */
    ngx_array_t                    vms;      /* of ngx_http_gatehouse_vms_t * */
    ngx_array_t                   *peers;    /* the guard's, of upstreams */
} ngx_http_gatehouse_main_conf_t;


typedef struct {
    ngx_http_gatehouse_vms_t      *vms;      /* NULL: the server is not guarded */
    ngx_array_t                   *names;    /* of ngx_str_t; NULL: nginx's own matching decides */
} ngx_http_gatehouse_srv_conf_t;


typedef struct {
    ngx_flag_t                     pages;    /* the doorman's own pages, not guarded */
} ngx_http_gatehouse_loc_conf_t;


/* What a worker has; made in init_process. NULL where it could not be opened (yet). */

typedef struct {
    ngx_http_gatehouse_main_conf_t  *conf;
    struct board_reader             *board;
    struct views                    *views;

    struct client                   *client;
    ngx_connection_t                *client_connection;
    ngx_event_t                      flush;        /* posted after appends: one turn for many */
    int64_t                          retry;        /* clock_boot() of the next try to connect */
    int64_t                          pause;        /* ms between tries */
    int64_t                          alive;        /* when it was last connected */
    int64_t                          full;         /* since when it has no space; 0: it has */

    struct resolver                 *resolver;
    ngx_connection_t                *resolver_connection;

    ngx_event_t                      tick;
    ngx_queue_t                      streams;      /* of ctx->queue: requests let through */

    ngx_http_gatehouse_ctx_t        *spare;        /* by ctx->next */
    ngx_uint_t                       nspare;
} ngx_http_gatehouse_worker_t;

extern ngx_http_gatehouse_worker_t  ngx_http_gatehouse_worker;


/*
 * One access on its way to a decision: a request's own, or one of a WebSocket frame. Its owner
 * gives ctx, access and handler and calls ngx_http_gatehouse_decide().
 */

typedef void (*ngx_http_gatehouse_decided_pt)(ngx_http_gatehouse_decision_t *d);

struct ngx_http_gatehouse_decision_s {
    ngx_http_gatehouse_ctx_t       *ctx;
    struct access                   access;   /* texts must live as long as this */
    ngx_http_gatehouse_decided_pt   handler;  /* called once, later, after NGX_AGAIN */
    void                           *data;     /* the owner's */

    /*
     * The result: NGX_OK, let it through (its event is durable, or it needs none), or an HTTP
     * status; `why` is for the event and the log, NULL when allowed.
     */
    ngx_int_t                       rc;
    const char                     *why;
    unsigned                        stepup:1; /* it would be allowed after a step-up */
    unsigned                        logout:1; /* the gateway's own log-out is meant */

    /* The open view; the owner ends it with ngx_http_gatehouse_decision_end(). */
    struct view_handle              view;
    unsigned                        has_view:1;

    /* What was resolved. */
    const char                     *cameras[ACCESS_CAMERAS]; /* keys, in the arena */
    ngx_uint_t                      ncameras;
    unsigned                        all_cameras:1;
    unsigned                        linked:1; /* it belongs to a view that is open: */
    struct view_handle              link;
    enum permit                     link_permit;
    int64_t                         from, to; /* recording time asked for, ms since 1970; 0: none */
    uint16_t                        role;     /* that allowed it, or POLICY_ANY */
    uint32_t                        back;     /* seconds that it may go back; 0: no limit */

    /* decide.c's own */
    ngx_uint_t                      step;
    ngx_uint_t                      asked;    /* cameras of the access that are done */
    unsigned                        running:1;
    unsigned                        waiting:1;
    unsigned                        waited:1;
    ngx_int_t                       failed;   /* of a look-up */
    int64_t                         oldest;   /* begin of the recordings that were looked up */
    ngx_event_t                     timer;
    int64_t                         deadline;
    ngx_http_gatehouse_pending_t   *pending;  /* event under way */
};


/* A request of a guarded server; found by ngx_http_gatehouse_ctx(), also after a redirect. */

struct ngx_http_gatehouse_ctx_s {
    ngx_http_request_t             *request;
    ngx_http_gatehouse_vms_t       *vms;
    struct arena                    arena;      /* of the request; released with its pool */

    struct ip                       ip;         /* of the browser */
    char                            address[IP_TEXT];
    uint8_t                         hash[BOARD_HASH];
    struct board_session            session;    /* copy as of the decision */
    struct uri                      uri;
    ngx_str_t                       sent;       /* address that goes upstream, token included */
    struct access_request           asked;
    ngx_http_gatehouse_decision_t   decision;   /* decision.access, decision.view */
    uint64_t                        generation; /* of the board when it was last looked at */

    ngx_queue_t                     queue;      /* in worker.streams while is_allowed */
    const char                     *cause;      /* why the view ends; NULL: by itself */
    void                           *stream;     /* ngx_http_gatehouse_stream.c's */
    void                           *frames;     /* ngx_http_gatehouse_frames.c's */

    unsigned                        has_session:1;
    unsigned                        body_asked:1;
    unsigned                        body_read:1;
    unsigned                        is_waiting:1;
    unsigned                        is_decided:1;
    unsigned                        is_allowed:1; /* nothing leaves without it */
    unsigned                        is_own:1;     /* the answer is ours: a redirect, a refusal */
    unsigned                        is_foreign:1; /* a link of another site's page led here */
    unsigned                        is_emergency:1; /* its events went to run/emergency.jsonl */

    /* not cleared for a new request: */
    struct note                     note;       /* of who reads address and parameters */
    ngx_http_gatehouse_ctx_t       *next;       /* of worker.spare */
    _Alignas(max_align_t) u_char    lent[NGX_HTTP_GATEHOUSE_LENT];
};


extern ngx_module_t  ngx_http_gatehouse_module;


/* ctx.c */

ngx_http_gatehouse_ctx_t *ngx_http_gatehouse_ctx(ngx_http_request_t *r);
ngx_http_gatehouse_ctx_t *ngx_http_gatehouse_ctx_new(ngx_http_request_t *r,
    ngx_http_gatehouse_vms_t *vms);
/* The VMS that guards this request's location, or NULL. */
ngx_http_gatehouse_vms_t *ngx_http_gatehouse_guards(ngx_http_request_t *r);


/* worker.c: what a worker shares */

ngx_int_t ngx_http_gatehouse_init_worker(ngx_cycle_t *cycle);
void ngx_http_gatehouse_exit_worker(ngx_cycle_t *cycle);
/* Board and views are there and fresh; else the words that say what is not. */
const char *ngx_http_gatehouse_is_closed(void);
/* Board, views and the VMS's file are there and fresh; else the word that says what is not. */
const char *ngx_http_gatehouse_unavailable(ngx_http_gatehouse_vms_t *vms);
/* No keeper for longer than a restart takes: then nothing goes on, also what is open. */
ngx_uint_t ngx_http_gatehouse_ledger_is_gone(void);
/* clock_boot() as of this turn of the event loop. */
int64_t ngx_http_gatehouse_now(void);
/* The VMS's file as of now, or NULL. */
struct upstream *ngx_http_gatehouse_upstream(ngx_http_gatehouse_vms_t *vms);
ngx_uint_t ngx_http_gatehouse_is_brokered(ngx_http_gatehouse_vms_t *vms);
/*
 * Sends a produced event to the keeper; done is called later, from the event loop, exactly once.
 * NGX_DECLINED: it can't be taken now (then done is not called).
 */
ngx_int_t ngx_http_gatehouse_append(const struct buf *json, client_done_fn *done, void *data);
/* After resolver_ask(): sees to what it wants written. */
void ngx_http_gatehouse_watch_resolver(void);


/* access.c: the request */

/* Notes the reason of a refusal, which must live as long as the request; returns the status. */
ngx_int_t ngx_http_gatehouse_why(ngx_http_gatehouse_ctx_t *ctx, ngx_int_t rc, const char *why);

/* The session's cookie on this connection, or NULL: nobody gets in by it. */
const char *ngx_http_gatehouse_cookie_name(ngx_http_request_t *r);

ngx_int_t ngx_http_gatehouse_access_handler(ngx_http_request_t *r);
/* The browser's address: the peer, or what a trusted proxy says; NGX_ERROR: it says garbage. */
ngx_int_t ngx_http_gatehouse_address(ngx_http_request_t *r, struct ip *ip);


/* client.c: who asks */

/* The next header of that name (lower case) from *part and *i on; NULL: no more. */
ngx_table_elt_t *ngx_http_gatehouse_next_header(ngx_list_part_t **part, ngx_uint_t *i,
    const char *name, size_t len);
void ngx_http_gatehouse_address_text(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx);
/* NGX_OK with ctx->session, or a status with the reason. */
ngx_int_t ngx_http_gatehouse_session(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx,
    int64_t now);


/* origin.c: whose page it comes from */

/* NGX_OK, or the status of a refusal with its reason. */
ngx_int_t ngx_http_gatehouse_from(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx);
/* A link of another site's page would change something. */
ngx_uint_t ngx_http_gatehouse_is_forged(ngx_http_gatehouse_decision_t *d);


/* refuse.c: answers that are ours */

/* For the page of a refusal: "kind|why|camera|camera…"; "gone": the VMS. */
const char *ngx_http_gatehouse_refusal(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx);
ngx_int_t ngx_http_gatehouse_refused(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx,
    ngx_int_t rc);


/* resolve.c, permit.c: steps of a decision */

/* Keeps the reason, which must live as long as the decision; returns the status. */
ngx_int_t ngx_http_gatehouse_refuse(ngx_http_gatehouse_decision_t *d, ngx_int_t rc,
    const char *why);
/* A step that waited goes on. */
void ngx_http_gatehouse_resume(ngx_http_gatehouse_decision_t *d);
/* NGX_OK, NGX_AGAIN, or the status of a refusal. */
ngx_int_t ngx_http_gatehouse_resolve(ngx_http_gatehouse_decision_t *d);
ngx_int_t ngx_http_gatehouse_permit(ngx_http_gatehouse_decision_t *d);
/* EVENT_ACTIONS: no event of its own. */
enum event_action ngx_http_gatehouse_action(ngx_http_gatehouse_decision_t *d);
/* Footage leaves for good: it needs a step-up with a reason. */
ngx_uint_t ngx_http_gatehouse_takes_away(enum access_kind kind);
/* The part of a view by which one that is open is found. */
void ngx_http_gatehouse_view_key(ngx_http_gatehouse_decision_t *d, struct view *view);
void ngx_http_gatehouse_fill_view(ngx_http_gatehouse_decision_t *d, struct view *view,
    const char *id, int64_t now);


/* decide.c: the decision */

/* NGX_OK or a status at once; NGX_AGAIN: d->handler is called later. */
ngx_int_t ngx_http_gatehouse_decide(ngx_http_gatehouse_decision_t *d);
/* Its owner goes away: the handler is not called any more; an event under way goes on. */
void ngx_http_gatehouse_decision_cancel(ngx_http_gatehouse_decision_t *d);
/* Whether what was decided would be decided so now, by session, roles and the time of day. */
ngx_int_t ngx_http_gatehouse_may_go_on(ngx_http_gatehouse_decision_t *d);
/* Leaves the view, if it has one; cause NULL: by itself. */
void ngx_http_gatehouse_decision_end(ngx_http_gatehouse_decision_t *d, const char *cause);


/* record.c: events */

/*
 * Has an event written without waiting for it: refusals, answers that turned out otherwise. A
 * refusal that is the same for the same session is told once in NGX_HTTP_GATEHOUSE_FOLD.
 */
void ngx_http_gatehouse_record(ngx_http_gatehouse_ctx_t *ctx, ngx_http_gatehouse_decision_t *d,
    enum event_action action, enum event_outcome outcome, const char *reason);
/* The event of an access that opens no view, as JSON. */
enum err ngx_http_gatehouse_event(ngx_http_gatehouse_ctx_t *ctx, ngx_http_gatehouse_decision_t *d,
    enum event_action action, enum event_outcome outcome, const char *reason, struct buf *json,
    struct note *note);
/* The log phase: what nginx refused by itself, before the module saw it, is an event too. */
ngx_int_t ngx_http_gatehouse_log_handler(ngx_http_request_t *r);
/* What the event's target.object says. */
const char *ngx_http_gatehouse_object(ngx_http_gatehouse_decision_t *d);
/* Names of the decision's cameras, one per line, for a view. */
void ngx_http_gatehouse_names(ngx_http_gatehouse_decision_t *d, char *out, size_t size);
/* Appends to run/emergency.jsonl and waits for the disk. */
ngx_int_t ngx_http_gatehouse_emergency(const struct buf *json);


/* upstream.c: what the VMS gets */

/* NGX_OK, NGX_ERROR. Replaces URI and headers of the request. */
ngx_int_t ngx_http_gatehouse_prepare(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx);


/* clean.c: what the browser gets of an answer's head */

/* Takes away what is not for browsers, marks media as not to be stored. */
/* a header of the answer; the texts outlive the request */
ngx_int_t ngx_http_gatehouse_add_header(ngx_http_request_t *r, const char *name, const char *value);
ngx_int_t ngx_http_gatehouse_clean_answer(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx);
/* Why nothing of an answer may leave: browsers could take it for more than one; or NULL. */
const char *ngx_http_gatehouse_broken(ngx_http_request_t *r);
/* The Cookie header of the brokered session, or "". */
const char *ngx_http_gatehouse_brokered(struct upstream *upstream);
ngx_uint_t ngx_http_gatehouse_is_cookie(struct upstream_header *header);
/* Cookies between browser and gateway, or gateway and VMS: the other side neither gets nor sets them. */
ngx_uint_t ngx_http_gatehouse_is_kept(const char *brokered, u_char *name, size_t len);


/* guard.c: nothing slips past */

ngx_int_t ngx_http_gatehouse_guard_init(ngx_conf_t *cf);


/*
 * stream.c: the way of an answer. _init() installs its header and body filters; _begin() is called
 * once for each request that was let through, before it goes upstream; _end() when the request is
 * over, before its view is left (it may set ctx->cause); _tick() every 200 ms: revocation by
 * ngx_http_gatehouse_worker.streams, whose members are requests let through.
 */

ngx_int_t ngx_http_gatehouse_stream_init(ngx_conf_t *cf);
ngx_int_t ngx_http_gatehouse_stream_begin(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx);
void ngx_http_gatehouse_stream_end(ngx_http_gatehouse_ctx_t *ctx);
void ngx_http_gatehouse_stream_tick(int64_t now);


/* frames.c: called by _stream_begin() or the header filter when a WebSocket is let through */

ngx_int_t ngx_http_gatehouse_frames_begin(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx);
void ngx_http_gatehouse_frames_end(ngx_http_gatehouse_ctx_t *ctx);


#endif /* _NGX_HTTP_GATEHOUSE_H_INCLUDED_ */
