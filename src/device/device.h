/*
 * Device drivers: one file of tables each, listed in drivers.def, no I/O. A driver says by which
 * signs its devices are known, what to ask, what to pick out of the answers, how a log-in goes
 * (a pure step function: last answer in, next request out) and what the vendor's lock-out is. The
 * conductor (assess) asks; so every driver is tested and fuzzed without a network.
 */
#pragma once

#include "device/change.h"
#include "device/login.h"
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

/* What reads an answer of status 200 to an ask of this path, where a table of readings can't. */
struct device_parser {
    const struct ask *ask;
    void (*parse)(const struct answer *answer, struct facts *facts, const struct source *source);
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

    /* What can be changed, device/change.h. */
    const struct device_switch *switches;
    size_t switch_count;
    const struct device_account *const *accounts; /* the list that opens the web comes first */
    size_t account_count;
    const struct device_firmware *firmware;
    const char *no_switch; /* why its cloud can't be switched off in it; NULL: it can, or unknown */

    const struct device_parser *parsers; /* after parse, in their order; the source is parse's */
    size_t parser_count;

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
