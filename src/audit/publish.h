/* Proxies that publish a VMS: each says what it passes on, to whom, and what it asks before. */
#pragma once

#include "audit/install.h"

enum guard {
    GUARD_NONE,
    GUARD_PARTLY,    /* some come in without */
    GUARD_UNKNOWN,   /* it may stand in a file that was not given */
    GUARD_PASSWORD,  /* the proxy's own list of users */
    GUARD_FORWARD,   /* another program is asked: Authelia, authentik, oauth2-proxy */
    GUARD_KEY,       /* a client certificate */
    GUARD_ADDRESSES, /* only some addresses are let in */
};

struct publication {
    const struct audit_file *file;
    const struct tree_node *at; /* the directive that passes on */
    struct install *install;
    const char *proxy;  /* "nginx" */
    const char *domain; /* "cams.example.org"; "" when it has none */
    const char *path;   /* "/", "/api" */
    const char *host;   /* where it is passed to */
    unsigned port;      /* 0: not known */
    enum guard guard;
    const struct tree_node *guard_at; /* NULL: none */
    const char *guard_name;           /* "Authelia"; NULL: not known */
    bool is_plain;                    /* without TLS */
    bool is_local;                    /* to this machine only */
    bool is_unlogged;
    struct publication *next;
};

/* The VMS behind an upstream, by host, port and names in it, made when new; NULL: none. */
struct install *publish_target(
    struct audit_file *file, const char *host, unsigned port, const char *names);
/* Splits "http://host:8971/path" or "host:8971"; the copies live in the audit. */
bool publish_split(
    struct audit_file *file, const char *address, const char **ret_host, unsigned *ret_port);
/* "Authelia", "authentik", …, by a word in the text; NULL. */
const char *publish_guard_name(const char *text);
/* Copies the row, not its texts and nodes: they live as long as the audit. */
void publish_add(struct audit_file *file, const struct publication *publication);
/* Facts of all publications. */
void publish_finish(struct audit *audit);
