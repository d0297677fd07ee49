/*
 * The way to a receiver. Records are put one after the other; its kind's end() says whether all of
 * them are in the receiver's hands, as far as this sort of receiver can show it. Whatever fails
 * before, nothing of the batch counts. One file for each sort.
 */
#pragma once

#include "base/secret.h"
#include "siem/config.h"
#include "siem/resolver.h"

/* Told what happens at each stage, in words for `gatehouse siem test`. */
typedef void siem_say_fn(void *context, const char *words);

struct siem_record {
    uint64_t index;
    int64_t time;       /* wall ms; LOGGED_NONE: not known */
    const char *origin; /* of the log */
    const char *bytes;
    size_t len;
    const uint8_t *leaf; /* hash of the entry, MERKLE_HASH bytes; NULL: it is no entry */
};

struct siem_outlet {
    const struct siem_outlet_kind *kind;
    const struct siem_destination *to;
    struct siem_resolver *resolver; /* NULL: names are looked up here */
    const struct siem_stop *stop;
    const struct secret *token; /* or NULL */
    const char *host;           /* name of this machine */
    siem_say_fn *say;           /* or NULL */
    void *say_context;
    /* What the last end said beside its error: */
    bool is_unconfirmed; /* the receiver has not said that it read the batch */
    int64_t wait_ms;     /* it asked for so much patience; 0: it did not */
    void *own;           /* the kind's */
};

struct siem_outlet_kind {
    /* ERR_VALUE: the settings can't work (a certificate that can't be read). */
    enum err (*open)(struct siem_outlet *outlet, struct note *note) MUST_CHECK;
    enum err (*begin)(struct siem_outlet *outlet, struct note *note) MUST_CHECK;
    /* ERR_LIMIT: no more fits into this batch; it is to be ended and the record put again. */
    enum err (*put)(
        struct siem_outlet *outlet, const struct siem_record *record, struct note *note) MUST_CHECK;
    /* ERR_VALUE: the receiver refuses something in the batch for what it is. */
    enum err (*end)(struct siem_outlet *outlet, struct note *note) MUST_CHECK;
    void (*drop)(struct siem_outlet *outlet); /* the batch is given up */
    void (*idle)(struct siem_outlet *outlet); /* nothing to do for a while; or NULL */
    void (*close)(struct siem_outlet *outlet);
};

extern const struct siem_outlet_kind siem_outlet_file, siem_outlet_syslog, siem_outlet_http;

/* Fills kind and own; the other members are the caller's and set before. */
enum err siem_outlet_open(struct siem_outlet *outlet, struct note *note) MUST_CHECK;
void siem_outlet_close(struct siem_outlet *outlet);
/* For kinds: a sentence for the test, when there is one. */
void siem_outlet_say(const struct siem_outlet *outlet, const char *format, ...) PRINTF(2, 3);
