/*
 * The gateway's folder and its settings (gateway.yaml), read with codec/outline so that a mistake
 * is told with its line. Written by `gatehouse gateway init`, read by serve, doorman, broker, CLI.
 *
 *   DIR/gateway.yaml   settings (every key: settings.def)
 *   DIR/nginx.conf     generated
 *   DIR/identity.db    accounts, sessions, roles (doorman, CLI)
 *   DIR/identity.key   0600; seals what is secret in identity.db
 *   DIR/tls/           ca, server
 *   DIR/run/           board, views, vms-NAME, sockets, pids, logs
 *   DIR/ledger         unless the settings name another
 */
#pragma once

#include "base/arena.h"
#include "base/ip.h"
#include "gate/policy.h"

/* Whether media that no row explains leaves. */
enum settings_net {
    NET_REFUSE, /* the default */
    NET_RECORD, /* let through, as footage.unclassified */
};

struct settings_vms {
    const char *name;     /* of this VMS at this site: "zoneminder" unless told */
    const char *type;     /* a vms_gate: "zoneminder", "frigate", … */
    const char *upstream; /* "http://10.0.0.5:80" or https, always with its port */
    struct ip address;    /* of it; a name's when settings are read; none: it could not be told */
    uint16_t port;
    bool upstream_tls;
    bool allows_webrtc; /* media may leave beside the gateway */
    const char
        *user; /* of the brokered session; its password is sealed in identity.db; NULL: none */
    const char *listen; /* "0.0.0.0:8443" */
};

struct settings {
    const char *folder;
    const char *site;
    const char *host;      /* the name in the browser: cookie, passkeys (rp id), certificate */
    const char *ledger;    /* folder */
    const char *evidence;  /* folder of packages; NULL: none are made */
    const char *tsa;       /* address of a time-stamp authority; NULL: none */
    const char *tsa_roots; /* certificates of those that are trusted; NULL: any */
    const char *certificate, *key; /* PEM files */
    bool is_plain;                 /* no TLS: only on loopback, for tests and benchmarks */
    enum settings_net net;
    unsigned idle_minutes, session_hours, stepup_minutes; /* 30, 12, 5 */
    const char *const *trusted_proxies; /* networks; NULL-terminated; usually none */
    struct settings_vms vms[POLICY_VMS];
    size_t vms_count;
};

/* A row of settings.def, for the manual. */
struct settings_key {
    const char *path; /* "vms[].upstream" */
    bool has_value;
    const char *expected, *meaning;
};
extern const struct settings_key settings_keys[];
extern const size_t settings_key_count;

/*
 * Texts live in the arena; paths in them are absolute or begin with the folder. ERR_MISSING: no
 * such file. The note names line, key, value and way out. settings_parse() takes the file's bytes
 * and looks up no names.
 */
enum err settings_parse(const char *bytes, size_t len, const char *folder, struct arena *arena,
    struct settings *ret_settings, struct note *note) MUST_CHECK;
enum err settings_read(const char *folder, struct arena *arena, struct settings *ret_settings,
    struct note *note) MUST_CHECK;
/* "DIR/run/NAME" and "DIR/NAME" */
const char *settings_run(const struct settings *settings, const char *name, struct arena *arena);
const char *settings_file(const struct settings *settings, const char *name, struct arena *arena);
/* The folder: the option's value, else GATEHOUSE_GATEWAY, else gateway in XDG state. */
enum err settings_folder(
    const char *option, struct arena *arena, const char **ret_folder) MUST_CHECK;
