/*
 * Log-ins as pure step functions: last answer in, next request out. A door is one way in; what a
 * refusal says of the lock-out to come is read out of its answer.
 */
#pragma once

#include "base/arena.h"
#include "base/secret.h"
#include "codec/exchange.h"

enum login_state {
    LOGIN_SEND,    /* send ret_request and call again with its answer */
    LOGIN_OPEN,    /* the credentials opened it */
    LOGIN_REFUSED, /* they did not */
    LOGIN_LOCKED,  /* the device says that the account or address is locked: stop for good */
    LOGIN_UNCLEAR, /* broken or strange answers; nothing is known */
};

/* One log-in under way or open. The driver may use number and text as it likes. */
struct login {
    const char *user;
    const struct secret *password;
    int64_t clock_offset; /* seconds, for WS-UsernameToken */
    const char *base; /* "rtsp://10.0.0.7:554": goes before the path in a digest's uri; or NULL */
    unsigned step;    /* calls so far; 0 at the first; device_login_step() counts */
    unsigned number;  /* e.g. the digest's nonce count */
    char text[4096];  /* e.g. the challenge or the token */
};

/* One way in. */
struct device_door {
    const char *title; /* "HTTP digest", "ONVIF WS-UsernameToken", "RTSP digest" */
    bool rtsp;         /* requests go by RTSP */
    bool certain;      /* its step function reads the body: LOGIN_OPEN needs no further proof */
    bool needs_tls;    /* it sends the password readably: never without TLS */
    bool replayable;   /* what it sends holds for every device with the same password */
    /* Next step; last is NULL at the first. A request that carries a password has .spends set. */
    enum login_state (*step)(struct login *login, const struct ask *door, const struct answer *last,
        struct arena *arena, struct request *ret_request);
    /* Dresses an ask in the open log-in (not .spends: it was proven); ERR_LIMIT: does not fit. */
    enum err (*authorize)(struct login *login, const struct ask *ask, struct arena *arena,
        struct request *ret_request) MUST_CHECK;
};

/* Published lock-out policy, with its source. */
struct device_limit {
    unsigned tries;   /* wrong tries until lock-out; 0: unknown */
    unsigned seconds; /* length of the lock; 0: unknown; UINT32_MAX: until somebody ends it */
    const char *source;
};

/* What a refusal says about the lock-out to come. */
struct device_warning {
    bool locked;      /* the account or address is locked now */
    int left;         /* wrong log-ins left; -1: not said */
    unsigned seconds; /* length of the lock, or until it ends; 0: not said */
};

/*
 * One call of the door's step function: ret_request is empty before it, login->step is counted
 * after it, and a door that never ends is LOGIN_UNCLEAR.
 */
enum login_state device_login_step(const struct device_door *door, struct login *login,
    const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request);

/*
 * Whether the answer says that only the digest's nonce was old (RFC 7616, stale): the log-in then
 * has the new one, and what was asked may be authorized and asked once more.
 */
bool device_login_renew(struct login *login, const struct answer *answer);

/* The doors that several drivers share. */
extern const struct device_door device_door_http;  /* digest or basic, as the challenge asks */
extern const struct device_door device_door_dvrip; /* Xiongmai; its asks go by DVRIP */
extern const struct device_door device_door_isapi; /* ISAPI: digest, or the web page's session */
extern const struct device_door device_door_rpc2;  /* Dahua: CGI digest, else RPC2's challenge */
extern const struct device_door device_door_onvif; /* WS-UsernameToken (WSS 1.0), digest */
extern const struct device_door device_door_rtsp;  /* RTSP digest or basic (RFC 2326, 7616) */
