/*
 * Device drivers: one file of tables each, listed in drivers.def, no I/O. A driver says by which
 * signs its devices are known, what to ask, what to pick out of the answers, how a log-in goes
 * (a pure step function: last answer in, next request out) and what the vendor's lock-out is. The
 * conductor (assess) asks; so every driver is tested and fuzzed without a network.
 */
#pragma once

#include "base/secret.h"
#include "codec/exchange.h"
#include "fact/subject.h"

/* Recognition: this fact looks like this → this sure (0 to 100). The highest sign counts. */
enum sign_test {
    SIGN_EQUALS,
    SIGN_STARTS,
    SIGN_CONTAINS,
    SIGN_YES,
};

struct device_sign {
    enum fact_id fact;
    enum sign_test test;
    const char *text; /* letter case ignored; NULL with SIGN_YES */
    uint8_t confidence;
};

/* Recognition by asking, where no fact of the first look decides: a page and a mark in its answer.
 */
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the order in which a row is read
struct device_probe {
    struct ask ask;   /* ask.port 0: every HTTP port of the device */
    int status;       /* wanted status, 0: any */
    const char *mark; /* text that the headers or body must hold, letter case ignored */
    uint8_t confidence;
};

/* What to pick out of an answer, and what it is. */
enum reading_as {
    AS_TEXT,     /* as it stands */
    AS_YES_NO,   /* a boolean in any spelling (text_to_bool) */
    AS_SET_YES,  /* yes when `value` equals what was picked, else no */
    AS_NUMBER,   /* a decimal number */
    AS_DATE,     /* a build date in any vendor form (codec/version.h) → YYYY-MM-DD */
    AS_CONSTANT, /* when anything was picked: the text `value` */
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the order in which a row is read
struct device_reading {
    enum fact_id fact;
    const struct ask *ask;
    const char *pick; /* codec/pick.h: XML element path, JSON path, key of key=value, or ~regex */
    enum reading_as as;
    const char *value; /* for AS_SET_YES and AS_CONSTANT, else NULL */
};

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

/* Better steps than the check's own for one rule of a control. */
struct device_fix {
    const char *rule;   /* "vendor-cloud/cloud-on": control id, '/', rule id */
    const char *close;  /* menu path or request */
    const char *effect; /* side effect, or NULL */
    const char *verify; /* request that shows it closed, or NULL */
};

enum maturity {
    MATURITY_EXPERIMENTAL, /* written from documents */
    MATURITY_TRANSCRIPT,   /* tested on a transcript */
    MATURITY_REAL,         /* tested on the real thing */
};

struct device_driver {
    const char *name;  /* as in drivers.def */
    const char *title; /* "Hikvision ISAPI" */
    const char *maker; /* who makes a VMS; NULL: the readings tell */
    enum maturity maturity;
    const char *vendor; /* maker, key of catalog/credentials.def; NULL: none */
    enum kind kind;     /* what it is unless facts say better */

    const struct device_sign *signs;
    size_t sign_count;
    const struct device_probe *probes;
    size_t probe_count;
    const struct device_reading *readings;
    size_t reading_count;
    uint8_t trust;                 /* confidence of what it reads; 0: 90 */
    const struct ask *const *asks; /* what parse wants beside the asks of the readings */
    size_t ask_count;

    const char *root; /* where a web application usually stands, "/zm": its asks begin with it */
    const char *const *roots; /* further usual places, beside "" and where a front page leads */
    size_t root_count;

    const struct device_door *door; /* NULL: none of its own */
    struct ask door_ask;            /* something only a login opens */
    struct ask leave_ask; /* ends the session, sent authorized; path NULL: nothing to end */
    struct device_limit limit;

    const char *const *streams; /* RTSP paths that play video, most usual first */
    size_t stream_count;
    const char *const *pictures; /* HTTP paths of a snapshot */
    size_t picture_count;

    const struct device_fix *fixes;
    size_t fix_count;

    /* Pure escape hatches; each may be NULL. */
    /*
     * What a table can't pick out: called with every answer of any status to an ask of the driver.
     * The source's witness is the wire.
     */
    void (*parse)(const struct ask *ask, const struct answer *answer, struct facts *facts,
        const struct source *source);
    /* What a refused log-in's answer says is left; ret_warning comes in as "not said". */
    void (*warn)(const struct answer *answer, struct device_warning *ret_warning);
    /* Why these facts mean that no factory password exists (activation); NULL: it may have one. */
    const char *(*no_factory)(const struct facts *facts);
};

/* All device drivers, in the order of drivers.def: the most specific first. */
extern const struct device_driver *const device_drivers[];
extern const size_t device_driver_count;

const char *maturity_words(enum maturity maturity);

/* How sure the signs make it, 0 to 100. */
uint8_t device_recognise(const struct device_driver *driver, const struct facts *facts);

/* Whether the answer is that probe's. */
bool device_probe_matches(const struct device_probe *probe, const struct answer *answer);

/*
 * The path with the driver's usual root replaced by the one where it was found ("/zm/api" at
 * "/cctv" is "/cctv/api"); the path itself when nothing changes, NULL when the arena is full.
 */
const char *device_path_at(
    const struct device_driver *driver, const char *path, const char *root, struct arena *arena);

/*
 * The n-th different thing to ask (those of asks first, then of the readings); NULL at the end.
 * Asks with and without a login count as different.
 */
const struct ask *device_ask(const struct device_driver *driver, size_t n);

/*
 * Writes the facts that the driver's readings (and parse) find in the answer to this ask; the
 * number of facts that changed. An answer with an error gives none, one with a status other than
 * 200 only what parse makes of it. Of several rows for one fact the first that finds something
 * counts. Secrets in `asked` ("GET http://10.0.0.7/…") are taken out.
 */
size_t device_read(const struct device_driver *driver, const struct ask *ask,
    const struct answer *answer, const char *asked, struct facts *facts);

/*
 * Whether the answer with which a log-in opened is really this driver's device talking to a user,
 * not a page that says 200 to everything: some reading of door_ask finds a value in it, or its own
 * door is certain.
 */
bool device_proves(const struct device_driver *driver, const struct answer *answer);

/* What an answer to a refused log-in says of the lock-out; "not said" without a warn function. */
struct device_warning device_warning(
    const struct device_driver *driver, const struct answer *answer);

/*
 * One call of the door's step function: ret_request is empty before it, login->step is counted
 * after it, and a door that never ends is LOGIN_UNCLEAR.
 */
enum login_state device_login_step(const struct device_door *door, struct login *login,
    const struct ask *ask, const struct answer *last, struct arena *arena,
    struct request *ret_request);

/* The doors that several drivers share. */
extern const struct device_door device_door_http;  /* digest or basic, as the challenge asks */
extern const struct device_door device_door_dvrip; /* Xiongmai; its asks go by DVRIP */
extern const struct device_door device_door_isapi; /* ISAPI: digest, or the web page's session */
extern const struct device_door device_door_rpc2;  /* Dahua: CGI digest, else RPC2's challenge */
extern const struct device_door device_door_onvif; /* WS-UsernameToken (WSS 1.0), digest */
extern const struct device_door device_door_rtsp;  /* RTSP digest or basic (RFC 2326, 7616) */
