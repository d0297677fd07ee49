/*
 * A site and its devices as the YAML files describe them. lab/README.md explains the two formats;
 * the tables in schema.c are the formats.
 */
#pragma once

#include "base/err.h"

/* How a route, a stream or a service wants to know who asks. */
enum site_login {
    SITE_LOGIN_NO,
    SITE_LOGIN_HTTP, /* Basic or Digest, as the server's auth says */
    SITE_LOGIN_JSON, /* user and password in a JSON body */
    SITE_LOGIN_FORM, /* user and password in a form */
    SITE_LOGIN_RPC2, /* Dahua: MD5(user:random:MD5(user:realm:password)) in JSON */
    SITE_LOGIN_BLUEIRIS,
    SITE_LOGIN_QUERY,  /* usr and pwd in the query */
    SITE_LOGIN_OWN,    /* as HTTP, once the first account has a password */
    SITE_LOGIN_BEARER, /* the token that holds the device's own @uuid@ */
};

enum site_scheme {
    SITE_SCHEME_NONE,
    SITE_SCHEME_BASIC,
    SITE_SCHEME_DIGEST,
    SITE_SCHEME_BOTH,
};

enum site_probes {
    SITE_PROBES_BOTH,
    SITE_PROBES_TRANSMITTER, /* dn:NetworkVideoTransmitter only */
    SITE_PROBES_DEVICE,      /* tds:Device only */
    SITE_PROBES_NONE,        /* ONVIF discovery mode NonDiscoverable */
};

/* Which of the device's lists of accounts a password is for. */
enum site_list {
    SITE_LIST_BOTH,
    SITE_LIST_WEB, /* HTTP, RTSP, DVRIP and forms */
    SITE_LIST_ONVIF,
};

struct site_account {
    char *user;
    char *password;
    enum site_list list;
};

struct site_auth {
    enum site_scheme scheme;
    char *realm;
    bool qop;
    unsigned nonce_uses; /* requests that a nonce is good for; 0: any number */
};

/* The text of a file is read at start; body then points at it. */
struct site_reply {
    unsigned status;
    char *type;
    char **headers;
    unsigned headers_count;
    char *body;
    char *file;
    size_t body_len;
};

/*
 * Where a request names the account and its passwords: a parameter of its query or form, an element
 * of its XML or a key of its JSON, at any depth; "=admin" is itself.
 */
struct site_password {
    char *user; /* NULL: the first account */
    char *new;
    char *old; /* NULL: it need not be told */
    enum site_list list;
    bool hashed; /* both come as RPC2's MD5 of user, realm and password */
};

/*
 * How a request changes what other requests show. A document is the text that a route answers with;
 * its name is the route's file, or path?query where the text is in the row.
 */
enum site_change {
    SITE_CHANGE_NONE,
    SITE_CHANGE_PUT,      /* the body becomes the document that the same path shows */
    SITE_CHANGE_ASSIGN,   /* parameters of query and form change lines key=value, and elements */
    SITE_CHANGE_MERGE,    /* the JSON of the body changes values of the same names */
    SITE_CHANGE_FIRMWARE, /* the body holds a file of firmware; state "waits": until a restart */
    SITE_CHANGE_RESTART,
};

struct site_route {
    char *path; /* exact; a last '*' makes it a prefix */
    char *method;
    char *query;    /* must be part of the query string */
    char *contains; /* must be part of the body */
    char *cookie;   /* must be part of the cookies */
    enum site_login login;
    struct site_reply reply;
    struct site_reply *denied; /* answer to a wrong log-in other than by HTTP */
    bool session;              /* there only while somebody is logged in by body */
    enum site_change change;   /* what a request does to documents */
    /* Which: its file; "same": what the same path shows; "named": whose file holds the body's
     * "name". */
    char *state;
    struct site_password *password;
    struct site_reply *refused; /* answer to a change that can't be made */
};

/* Routes of a maker, beside its transcripts: how its devices are written to. */
struct site_routes {
    char *source;
    struct site_route *routes;
    unsigned routes_count;
};

struct site_http {
    unsigned port;
    bool tls;
    bool onvif;     /* serves /onvif/ too */
    bool login_all; /* asks for a log-in even where no route is */
    char *server;
    char **headers;
    unsigned headers_count;
    struct site_auth *auth;
    struct site_reply *denied; /* body of a 401 */
    struct site_route *routes;
    unsigned routes_count;
    char *routes_of;            /* a file with routes that several transcripts share */
    struct site_routes *shared; /* they come before its own; NULL: none */
};

struct site_rtsp {
    unsigned port;
    char *server;
    char *path; /* the one that plays; others are 404. NULL: all play */
    char *sdp;
    struct site_auth *auth;
};

struct site_answer {
    char *action; /* the SOAP body's element: GetDeviceInformation */
    char *file;
    char *body;
    size_t body_len;
};

struct site_onvif {
    bool open; /* answers everything without login */
    enum site_probes probes;
    bool ipv6;
    char *scopes; /* blank-separated */
    char *types;
    unsigned port;
    char *stream;   /* rtsp URI */
    char *snapshot; /* http URI */
    struct site_answer *answers;
    unsigned answers_count;
};

struct site_dvrip {
    unsigned port;
    struct site_answer *answers; /* action: the name that is asked for */
    unsigned answers_count;
};

struct site_datagram {
    bool multicast; /* answers the group, not the asker */
    char *file;
    char *body;
    size_t body_len;
};

struct site_ssdp {
    char *server;
    char *location;
    char *type; /* urn:schemas-upnp-org:device:Basic:1 */
};

struct site_service {
    char *type; /* _axis-video._tcp */
    char *name;
    unsigned port;
    char **txt;
    unsigned txt_count;
};

struct site_mdns {
    char *host;
    struct site_service *services;
    unsigned services_count;
};

struct site_banner {
    unsigned port;
    char *text;
    char *hex;
    bool after_data; /* speaks only when spoken to */
};

struct site_lockout {
    unsigned tries;
    unsigned seconds;
    struct site_reply *reply; /* what a locked device says over HTTP */
};

struct site_certificate {
    char *common_name;
    char *organisation;
    char *unit;
};

/* One device as recorded: test/transcript/<driver>/<model>-<firmware>/device.yaml. */
struct site_transcript {
    char *source;
    char *kind;
    char *vendor;
    char *model;
    char *firmware;
    char *hardware;
    char *serial;
    char *mac;
    int clock_offset; /* seconds that the device's clock is ahead */
    struct site_account *accounts;
    unsigned accounts_count;
    struct site_auth *auth;
    struct site_lockout *lockout;
    bool drops_streams;  /* running streams end when a password changes */
    bool drops_sessions; /* so do sessions */
    struct site_certificate *certificate;
    struct site_http *http;
    unsigned http_count;
    struct site_rtsp *rtsp;
    unsigned rtsp_count;
    struct site_onvif *onvif;
    struct site_dvrip *dvrip;
    struct site_datagram *sadp;
    struct site_datagram *dhip;
    struct site_ssdp *ssdp;
    struct site_mdns *mdns;
    struct site_banner *tcp;
    unsigned tcp_count;
    char *folder; /* where it was read */
};

/* One row of a site: which transcript, and what is its own. */
struct site_device {
    char *name;
    char *transcript;
    char *ip;
    unsigned bits; /* of its own subnet when that is not the site's */
    char *mac;
    char *serial;
    char *password;   /* of the first account */
    int clock_offset; /* seconds, on top of the transcript's */
    unsigned tries;   /* lock-out after so many wrong log-ins; 0: as the transcript says */
    unsigned wrong;   /* wrong log-ins that somebody else has made already */
    char *behave;
    unsigned seconds;               /* that a behaviour takes; 0: its own */
    char *elsewhere;                /* address after a restart, for the behaviour of that name */
    struct site_transcript *record; /* after site_load */
};

struct site_mapping {
    char *device;
    char *name;
    unsigned port;
    unsigned external;
};

struct site_router {
    char *ip;
    char *mac;
    bool trusting; /* lets anyone delete the mappings of others */
    struct site_mapping *mappings;
    unsigned mappings_count;
};

struct site {
    char *lan;
    char *admin;
    char *transcripts; /* folder, relative to the site file */
    char *secrets;     /* folder, relative to the site file, for password files; NULL: none */
    struct site_router *router;
    struct site_device *devices;
    unsigned devices_count;
    struct site_transcript **records; /* each read once */
    unsigned records_count;
};

/* Reads a site, its transcripts and their files; the note says file, line and key of a mistake. */
enum err site_load(const char *path, struct site **ret_site, struct note *note) MUST_CHECK;
void site_free(struct site *site);

/* Reads one transcript and its files. */
enum err site_read_transcript(
    const char *folder, struct site_transcript **ret_record, struct note *note) MUST_CHECK;
void site_free_transcript(struct site_transcript *record);

/* Repeats camera transcripts with fresh names, addresses, MACs and serials up to count devices. */
enum err site_enlarge(struct site *site, unsigned count) MUST_CHECK;
