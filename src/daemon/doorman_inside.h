/*
 * What the files of the doorman share.
 *
 * Story of a visit: doorman_http.c takes a request from nginx and finds its route; the function of
 * the route answers at once (doorman_answer_*), or begins something slow (doorman_http_work(),
 * doorman_say_wait()) and answers from there. Who has given one factor is remembered as half
 * (doorman_half.c); who has given all is a session, made only after the ledger has the log-in.
 */
#pragma once

#include "daemon/doorman.h"
#include "daemon/doorman_form.h"
#include "daemon/doorman_routes.h"
#include "gate/board.h"
#include "gate/upstream.h"
#include "gate/views.h"
#include "identity/attempt.h"
#include "identity/factor.h"
#include "identity/role.h"
#include "identity/session.h"
#include "ledger/client.h"

#include <jansson.h>
#include <microhttpd.h>
#include <uv.h>

#define DOORMAN_BODY        ((size_t)64 * 1024)
#define DOORMAN_PAGE        ((size_t)512 * 1024)
#define DOORMAN_VISIT       ((size_t)512 * 1024) /* memory of one */
#define DOORMAN_CONNECTIONS 256
#define DOORMAN_IDLE        20     /* s */
#define DOORMAN_HALVES      2048   /* unfinished log-ins */
#define DOORMAN_HALF_LIFE   600000 /* ms */
#define DOORMAN_CHALLENGE   300000 /* ms that a passkey may take */
#define DOORMAN_HASHING     64     /* passwords that wait to be compared */
#define DOORMAN_PATIENCE    5000   /* ms that a log-in waits for the ledger */
#define DOORMAN_TOLD        8192   /* events of views under way; a power of 2 */
#define DOORMAN_OUTBOX      4096   /* events that wait for the ledger */
#define DOORMAN_POOL        3
#define DOORMAN_FOLD        10000 /* ms */

struct doorman;
struct visit;
typedef void doorman_work_fn(struct visit *visit);
typedef void doorman_said_fn(struct visit *visit, enum err err);

/* What somebody has done so far who is not in yet. */
enum doorman_stage {
    HALF_FREE,
    HALF_NOTHING,  /* a passkey's challenge at most */
    HALF_PASSWORD, /* the password was right */
    HALF_BREAK,    /* both factors were right, the ledger did not answer; an administrator */
    HALF_ENROL,    /* a one-time link is being used */
};

struct doorman_half {
    enum doorman_stage stage;
    uint8_t hash[SESSION_HASH]; /* of the pre-session's cookie, or of a session's */
    int64_t since;              /* boot */
    char user[IDENTITY_NAME];
    char factor[24];                       /* that was given; HALF_BREAK */
    char token[USER_TOKEN];                /* HALF_ENROL */
    char codes[FACTOR_CODES][FACTOR_CODE]; /* shown, not yet confirmed */
    bool has_codes;
    uint8_t challenge[FACTOR_CHALLENGE];
    int64_t challenged; /* boot; 0: none, or taken */
};

struct doorman_cookie {
    const char *name;           /* without prefix */
    char value[SESSION_COOKIE]; /* "": delete it */
};

/* One request. */
struct visit {
    struct doorman *doorman;
    struct visit *next, **place;
    struct MHD_Connection *connection;
    struct arena arena;
    struct buf body;
    const struct doorman_route *route;
    bool is_suspended, is_answered;
    struct ip ip;
    char ip_text[IP_TEXT];
    char agent[256];
    struct doorman_form form;
    char session_cookie[SESSION_COOKIE], pre_cookie[SESSION_COOKIE]; /* "": none */
    bool has_session, is_elevated;
    struct session session;
    struct doorman_half *half; /* NULL: none; may move away in slow work: ask again */
    const char *to;            /* where to go on, checked; "/" */

    /* Slow work: its input and result belong to the route. */
    uv_work_t work;
    doorman_work_fn *slow, *then;
    struct secret *secret;
    char hash[USER_HASH];
    char user[IDENTITY_NAME];
    char factor[24];
    struct note trouble; /* why it is refused, for the event */
    bool is_refused, fits;
    bool wants_json; /* the script asks, not a form */
    void *more;

    doorman_said_fn *said;
    struct doorman_word *word; /* that it waits for */

    int status;
    struct buf page;
    const char *type, *location, *etag;
    bool keeps; /* may be cached, after asking */
    struct doorman_cookie cookies[2];
    size_t cookie_count;
};

/* An event on its way to the ledger. */
struct doorman_word {
    struct doorman_word *next;
    struct doorman *doorman;
    struct visit *visit; /* who waits for it; NULL: nobody */
    bool is_sent;
    bool was_awaited;         /* a visit waits, or waited, for it */
    bool is_emergency;        /* of the emergency file */
    int64_t until;            /* boot; of a visit's patience */
    char user[IDENTITY_NAME]; /* of a log-in that was given up */
    struct ip ip;
    struct buf json;
};

/* An event of a view on its way. */
struct doorman_told {
    struct doorman *doorman;
    char id[VIEWS_ID];
    bool has_ended, is_orphan; /* the latter: nobody will ask for it any more */
    enum { TOLD_FREE, TOLD_ASKED, TOLD_DONE, TOLD_FAILED, TOLD_GONE } state;
};

struct doorman_upstream {
    const char *path;
    struct upstream_reader *reader;
    uint64_t generation, inode;
    struct upstream *copy;
    bool is_known;
};

struct doorman {
    bool is_ending, is_searching, has_published, wants_publish, was_told_trouble;
    bool client_is_polled, client_is_closing;
    bool is_emptying; /* emergency events are being handed over */
    const struct settings *settings;
    const char *keeper_path, *emergency_path, *taken_path;
    const char *ledger_folder, *index_path;
    struct subjects *subjects; /* open what is sealed in the ledger; NULL: nothing is */
    struct arena *arena;
    uv_loop_t loop;
    int64_t ends_at, swept; /* boot */
    int lock;

    struct MHD_Daemon *http;
    int door; /* the listening socket */
    uv_poll_t http_poll;
    uv_timer_t http_timer, tick;
    uv_signal_t terms[2];
    struct visit *visits;
    unsigned hashing;

    struct identity *identity;
    uint8_t key[32]; /* of tokens in forms; made at each start */
    struct doorman_half halves[DOORMAN_HALVES];

    struct board *board;
    struct policy *policy; /* as published */
    struct doorman_upstream upstreams[POLICY_VMS];
    struct role_vms *known_vms;
    struct session *sessions; /* as published */
    size_t session_count;
    struct ban *bans; /* as published */
    size_t ban_count;
    int64_t looked; /* boot; the last slow round */

    struct views *views;
    struct doorman_told told[DOORMAN_TOLD];
    size_t told_count;

    struct client *client; /* NULL: no ledger */
    uv_poll_t client_poll;
    int64_t tried; /* boot; the last time that it was connected */
    struct doorman_word *words;
    size_t word_count;
    int64_t forged[64]; /* boot; when a refused form was last told, by address */
    uint64_t lost;      /* events that found the outbox full */
    size_t emergencies; /* emergency events that the ledger has not taken yet */
};
