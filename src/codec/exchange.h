/*
 * One question to a device and its answer, as values: what drivers write down and read, and what
 * wire sends. No I/O here.
 */
#pragma once

#include "base/err.h"

/* Where and what to ask; constant tables of drivers are made of these. */
struct ask {
    /* NULL: GET, or POST when there is a body; DESCRIBE or OPTIONS for RTSP; DVRIP */
    const char *method;
    const char *path; /* begins with '/', query included */
    const char *body; /* NULL: none */
    const char *type; /* Content-Type of the body; NULL: by its first letter (XML, JSON, form) */
    uint16_t port;    /* 0: the port at which the device was recognised */
    bool login;       /* asked with the credentials that opened, else not at all */
};

/* A header line beyond those that a request has a place for. */
struct request_header {
    const char *name, *value;
};

/*
 * A file that goes with a request, read piece by piece while it is sent: as the body, or as a part
 * of a form (multipart/form-data, RFC 7578).
 */
struct request_file {
    int fd;                    /* read from its beginning, never written; stays the caller's */
    uint64_t size;             /* no more and no less is sent */
    const char *field;         /* name of the form's part; NULL: the bare file is the body */
    const char *name;          /* file name in that part */
    const char *lead;          /* name of a JSON part before it that holds ask.body; NULL: none */
    unsigned ms;               /* for the whole exchange */
    unsigned bytes_per_second; /* 0: as fast as it goes */
    /* Called on the loop's thread while it is sent; NULL: not. */
    void (*progress)(void *context, uint64_t sent, uint64_t size);
    void *context;
};

/* A request ready to be sent by wire: an ask with what a log-in adds. */
struct request {
    struct ask ask;
    const char *authorization; /* value of the Authorization header, session of DVRIP, or NULL */
    const char *cookie;        /* value of the Cookie header, or NULL */
    const char *soap_action;   /* value of the SOAPAction header (UPnP control), or NULL */
    const struct request_header *headers; /* NULL: none more */
    size_t header_count;
    const struct request_file *file; /* HTTP only; NULL: ask.body alone is sent */
    bool spends;                     /* carries a password: counts against the lock-out budget */
};

#define ANSWER_HEADERS ((size_t)64 * 1024)
#define ANSWER_BODY    ((size_t)1024 * 1024)

/* What came back. Texts are terminated, may hold anything else; they live in the asker's arena. */
struct answer {
    enum err err;        /* OK, or why there is none: time-out, limit, network, TLS, … */
    int status;          /* HTTP or RTSP status, 0 without one */
    const char *headers; /* header lines of the last response, CR LF separated; "" without any */
    size_t headers_len;
    const char *body; /* "" without any */
    size_t body_len;
    const char *tls_subject; /* certificate, or NULL */
    const char *tls_issuer;
    int64_t tls_expires; /* milliseconds since 1970, 0 without one */
    int64_t at;          /* when it came, wall clock */
};

/*
 * The n-th header of that name (0 is the first), trimmed, into out; false when there is none or it
 * does not fit. Names compare without letter case (RFC 9110 section 5.1).
 */
bool answer_header(const struct answer *answer, const char *name, size_t n, char *out, size_t size);
