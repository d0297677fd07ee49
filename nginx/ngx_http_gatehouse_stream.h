
/* What the files of an answer's way share: stream.c, answer.c, watch.c. */

#ifndef _NGX_HTTP_GATEHOUSE_STREAM_H_INCLUDED_
#define _NGX_HTTP_GATEHOUSE_STREAM_H_INCLUDED_


#include "ngx_http_gatehouse.h"

#include <openssl/evp.h>


#define NGX_HTTP_GATEHOUSE_TAIL      (128 * 1024) /* bytes that passed and may not have left */
#define NGX_HTTP_GATEHOUSE_BATCH     (64 * 1024)  /* bytes until they are counted into the view */
#define NGX_HTTP_GATEHOUSE_HOLD      200          /* ms that less than ACCESS_SNIFF bytes are held */
#define NGX_HTTP_GATEHOUSE_BUFFERED  0x08         /* of r->buffered, as filters that hold have it */


typedef enum {
    NGX_HTTP_GATEHOUSE_GO = 0,  /* what comes passes */
    NGX_HTTP_GATEHOUSE_HELD,    /* header and first bytes are held until they were looked at */
    NGX_HTTP_GATEHOUSE_WAITS,   /* held until the ledger or a decision has answered */
    NGX_HTTP_GATEHOUSE_CLOSED   /* nothing leaves any more */
} ngx_http_gatehouse_net_e;


typedef struct ngx_http_gatehouse_stream_s  ngx_http_gatehouse_stream_t;

struct ngx_http_gatehouse_stream_s {
    ngx_http_gatehouse_net_e   net;
    ngx_chain_t               *held;
    int64_t                    since;     /* first byte held */
    size_t                     nsniff;
    u_char                    *sniff;     /* ACCESS_SNIFF bytes, where the net applies at first */

    off_t                      expected;  /* Content-Length; -1: none */
    uint64_t                   passed;    /* bytes of the body */
    uint64_t                   counted;   /* of them, those in the view */
    int64_t                    counted_at;

    EVP_MD_CTX                *hash;      /* of an export */
    u_char                    *tail;
    size_t                     ntail;

    u_char                    *answer;    /* what row->answer will read */
    size_t                     nanswer;
    void                      *told;      /* answer.c's decision under way */
    void                      *pending;   /* the event of media that no row explains */

    off_t                      sent;      /* c->sent at the begin, of an upgraded connection later */
    off_t                      progress;  /* c->sent when the watchdog last looked */
    int64_t                    progress_at;
    int64_t                    checked_at;
    ngx_uint_t                 round;     /* of the tick that has looked at it */

    unsigned                   judges:1;  /* the net applies */
    unsigned                   picture:1; /* a picture of the program itself may pass */
    unsigned                   header_sent:1;
    unsigned                   page:1;    /* our own refusal is on its way */
    unsigned                   refused:1;
    unsigned                   upgraded:1;
    unsigned                   last:1;    /* the whole body passed */
    unsigned                   is_part:1; /* 206 */
    unsigned                   overflow:1; /* the answer is longer than what is kept */
};


/* stream.c */

/* Lets go what is held; an error ends the request. Not from within a filter. */
void ngx_http_gatehouse_stream_resume(ngx_http_gatehouse_ctx_t *ctx);
/* Ends a request from a timer or from another one's handler. */
void ngx_http_gatehouse_stream_abort(ngx_http_gatehouse_ctx_t *ctx, const char *cause);
/* Looks at what is held although it is little. */
void ngx_http_gatehouse_stream_look(ngx_http_gatehouse_ctx_t *ctx);
/* Counts into the view what passed. */
void ngx_http_gatehouse_stream_count(ngx_http_gatehouse_ctx_t *ctx, int64_t now);


/* frames.c: why a socket is to be ended, or NULL */
const char *ngx_http_gatehouse_frames_tick(ngx_http_gatehouse_ctx_t *ctx, int64_t now);


/* answer.c: what the body of an answer tells */

void ngx_http_gatehouse_answer_keep(ngx_http_request_t *r, ngx_http_gatehouse_stream_t *st,
    ngx_buf_t *b);
/* NGX_OK; NGX_AGAIN: what is left of the answer is to be held. */
ngx_int_t ngx_http_gatehouse_answer_done(ngx_http_request_t *r, ngx_http_gatehouse_ctx_t *ctx);
/* Later requests of the session may call it so: whose footage it is. */
void ngx_http_gatehouse_put_link(ngx_http_gatehouse_ctx_t *ctx, const char *name);
void ngx_http_gatehouse_answer_end(ngx_http_gatehouse_ctx_t *ctx);


#endif /* _NGX_HTTP_GATEHOUSE_STREAM_H_INCLUDED_ */
