/*
 * siem.yaml: who gets the events of the ledger, how, and in which form. settings.def has every key.
 * A mistake is told with file, line, bad value and what was expected.
 */
#pragma once

#include "base/arena.h"
#include "siem/filter.h"
#include "siem/format.h"

#define SIEM_DESTINATIONS 32
#define SIEM_NAME         64 /* of a destination, with its end */

enum siem_type {
    SIEM_FILE,
    SIEM_SYSLOG,
    SIEM_HTTP,
};

struct siem_destination {
    const char *name;
    enum siem_type type;
    bool has_type; /* it was said */
    const struct siem_format *format;
    bool begins_now; /* a new cursor begins behind what is there */
    unsigned batch;
    unsigned flush_ms;
    unsigned confirm_ms;
    const char *path;         /* file */
    const char *host;         /* syslog, http: name or address, without brackets */
    uint16_t port;            /* … */
    bool uses_tls;            /* … */
    const char *server_name;  /* … */
    const char *ca;           /* NULL: the system's */
    const char *certificate;  /* NULL: none */
    const char *key;          /* … */
    bool uses_lines;          /* syslog: LF instead of octet counting */
    bool accepts_unconfirmed; /* syslog */
    const char *url;          /* http */
    bool is_elasticsearch;    /* http */
    bool has_shape;           /* it was said which */
    const char *index;        /* http, or NULL */
    const char *token;        /* http: a name in the vault, or NULL */
    bool sets_aside;          /* http */
    struct siem_filter filter;
};

struct siem_config {
    const char *file;   /* siem.yaml itself */
    const char *folder; /* where it lies */
    const char *ledger;
    bool says_ledger;                  /* it stands in the file */
    const char *secrets, *secrets_key; /* of the vault; NULL: where `gatehouse secret` has it */
    const char *state;
    const char *host; /* RFC 5424 HOSTNAME */
    struct siem_destination *destinations;
    size_t count;
};

/* A key, for the manual. */
struct siem_config_key {
    const char *path;
    bool has_value;
    const char *expected, *meaning;
};
extern const struct siem_config_key siem_config_keys[];
extern const size_t siem_config_key_count;

/* Everything is in the arena. ERR_SYNTAX, ERR_VALUE, ERR_LIMIT with words; ERR_MISSING: no file. */
enum err siem_config_read(const char *path, struct arena *arena, struct siem_config *ret_config,
    struct note *note) MUST_CHECK;
/* The same of bytes that were read already; `path` stands in the messages. Pure. */
enum err siem_config_parse(const char *bytes, size_t len, const char *path, struct arena *arena,
    struct siem_config *ret_config, struct note *note) MUST_CHECK;
/* NULL when there is none of that name. */
const struct siem_destination *siem_config_find(const struct siem_config *config, const char *name);
/* Path of a destination's file in the state folder: "NAME.cursor"; NULL when memory is out. */
const char *siem_config_state(
    const struct siem_config *config, const char *name, const char *ending, struct arena *arena);
