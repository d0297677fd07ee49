/*
 * The site file: what the owner says about a site (gatehouse.yaml(5)). A mistake is one sentence
 * with file, line, key and what was expected.
 */
#pragma once

#include "assess/assessment.h"
#include "base/secret.h"
#include "discover/discover.h"
#include "store/vault.h"
#include "wire/scope.h"

#define SITE_PACE     1000 /* packets per second, where the owner says nothing */
#define SITE_PER_HOST 40
#define SITE_SEARCHES 4
#define SITE_GUARDED  16 /* VMSes behind the gateway */

/* A network of a zone. */
struct site_zone {
    const char *name; /* "cameras", "recorders", "admin", "business" */
    struct net net;
};

struct site_device {
    struct ip ip;   /* family 0: not given */
    struct mac mac; /* zero: not given */
    const char *name;
    enum kind kind; /* KIND_UNKNOWN: not given */
    const char *user;
    const char *password_file; /* as written; NULL: not given */
    const char *secret;        /* name of a sealed password; NULL: not given */
    unsigned password_line;    /* of password_file or secret in the site file */
    struct secret *password;   /* after site_secret_read() */
};

/* When the owner says that updates are done. */
struct site_maintenance {
    const char *what;  /* "firmware", "vms"; NULL: both */
    int64_t date;      /* wall ms; 0: a rule */
    const char *every; /* "month", "quarter", "half-year", "year"; NULL: a day */
    unsigned days;     /* of the rule's period; 0: a day */
    uint16_t from, to; /* minutes of the day, local time; both 0: the whole day */
    const char **devices;
    size_t device_count; /* 0: all */
};

/* Who uses a camera's password: a VMS, a recorder, a home automation. */
struct site_consumer {
    const char *kind; /* as in remedy/consumers.def */
    const char *name; /* NULL: not given */
    const char *file; /* as written; NULL: it is reached by login.ip */
    uint16_t port;
    bool tls;
    const char *root;         /* path under which its web application stands; NULL: the usual */
    const char *reload;       /* program and arguments with which it takes the change; NULL: none */
    unsigned line;            /* in the site file */
    struct site_device login; /* its address, account and password */
};

#define SITE_UPDATE_WORDS 32

/* How the owner's VMS is updated; run only by gatehouse fix. */
struct site_update {
    const char *argv[SITE_UPDATE_WORDS + 1]; /* the program's whole path first; ends with NULL */
    size_t count;                            /* 0: not given */
    unsigned timeout_s;
};

struct site {
    struct arena arena;
    const char *file;          /* as it was opened */
    const char *name;          /* the file's name when it gives none */
    int64_t authorised_at;     /* wall ms; 0: not given */
    const char *authorised_by; /* NULL: not given */
    struct scope scope;        /* allowed_count 0: not given */
    struct site_zone *zones;
    size_t zone_count;
    struct site_device *devices;
    size_t device_count;
    unsigned pace, pace_per_host;
    unsigned logins_per_day;
    struct site_device others; /* for cameras and recorders without a row: user, secret */
    const char *secrets_file, *secrets_key; /* as written; NULL: the program's own */
    struct ip *never;                       /* no log-ins there */
    size_t never_count;
    uint16_t ports[DISCOVER_MORE_PORTS]; /* asked beside the usual ones */
    size_t port_count;
    const char *searches[SITE_SEARCHES]; /* discovery methods by request */
    size_t search_count;
    struct site_device snmp; /* its password is the community; NULL: not given */
    bool remote_known, remote_used;
    const char *vpn;        /* "none" included; NULL: not given */
    const char *log_target; /* NULL: not given */
    bool no_router;
    struct ip gateway_ip; /* in front of the VMSes; family 0: not given */
    uint16_t gateway_port;
    struct ip guarded[SITE_GUARDED];
    size_t guarded_count;
    struct waiver *waivers; /* .expired by the clock at the time of reading */
    size_t waiver_count;
    struct site_maintenance *maintenance;
    size_t maintenance_count;
    const char **maintenance_names; /* devices of all windows */
    size_t maintenance_name_count;
    struct site_consumer *consumers;
    size_t consumer_count;
    struct site_update vms_update;
    const char **config; /* files to audit, as written */
    size_t config_count;
    const char *fail_on; /* "critical", "high", "medium", "never"; NULL: not given */
    const char *store;   /* NULL: not given */
    const char *output;  /* NULL: not given */
    const char *ledger;  /* NULL: not given; "none" */
};

/* Reads the file, at most 1 MiB. */
enum err site_load(const char *path, struct site **ret_site, struct note *note) MUST_CHECK;
/* The same from memory; name stands for the file in messages. */
enum err site_parse(const char *bytes, size_t len, const char *name, struct site **ret_site,
    struct note *note) MUST_CHECK;
void site_free(struct site *site);

/* What the site file says about the device at this address or MAC; NULL when nothing. */
const struct site_device *site_device(
    const struct site *site, const struct ip *ip, const struct mac *mac);
/*
 * Reads the password files and opens the sealed passwords of all devices; secret_start() must have
 * been called. One that is missing, empty, no ordinary file, or open to group or others is an error
 * that names file, line and key.
 */
enum err site_secret_read(struct site *site, struct note *note) MUST_CHECK;
/* A path as written in the site file: without '/' in front it starts at the site file's folder. */
enum err site_find_file(
    const struct site *site, const char *written, char *out, size_t size) MUST_CHECK;
/* Where the site's sealed passwords are; site NULL: the program's own. The texts are in the arena.
 */
enum err site_secret_place(
    const struct site *site, struct arena *arena, struct vault_place *ret_place) MUST_CHECK;
/*
 * The account and password that Gatehouse itself set at this device (store/keyring.h); it wins over
 * every row of the site file. ERR_MISSING: it set none. The password is the caller's, the rest is
 * in the arena. keyring NULL: there is none.
 */
enum err site_secret_ring(const struct vault *keyring, const struct subject *subject,
    struct arena *arena, struct site_device *ret_row) MUST_CHECK;
/* Names it for a person: "the password in gate.txt", "the secret gate", "the password that
 * Gatehouse set". */
const char *site_secret_words(const struct site_device *device, struct arena *arena);
/*
 * The device of the site file whose password is for this one, or the row for all others where a
 * camera or recorder has none of its own; NULL when there is none. A row with a MAC address is
 * never for a device with another one: then ret_is_stranger is true and there is none.
 */
const struct site_device *site_secret_device(
    const struct site *site, const struct subject *subject, bool *ret_is_stranger);
/* Whether a password may be tried there at all. */
bool site_may_login(const struct site *site, const struct ip *ip);
/* The zone of an address; NULL when it is in none. */
const char *site_zone(const struct site *site, const struct ip *ip);

/* One row of site.def, for the manual. */
struct site_setting {
    const char *path;
    bool is_value; /* a text, not a list or mapping */
    const char *expected, *meaning;
};
extern const struct site_setting site_settings[];
extern const size_t site_setting_count;
