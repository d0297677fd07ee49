/*
 * Making an evidence package: events of the log with their proofs, the clip, the words for people,
 * the signed manifest, time-stamps, and the log's own event about it all. Nothing of it appears
 * before that event is durable.
 */
#pragma once

#include "evidence/events.h"
#include "evidence/manifest.h"
#include "ledger/client.h"
#include "ledger/key.h"

#define MAKE_AUTHORITIES 8
#define MAKE_DISCLOSE    32

/* What pages are written from: the manifest without its list of files. */
struct make_page {
    const struct manifest *manifest;
    const struct events *events;
    const char *log_key;      /* text of log.vkey */
    const char *evidence_key; /* text of evidence.vkey */
    size_t authority_count;   /* that were asked for a time-stamp */
    bool has_export;          /* an export of the events has this SHA-256 */
    bool is_matched;          /* and the clip was read, and has it */
    const char *signed_video; /* what the video says about itself, in words */
};

struct make_settings {
    const char *folder;    /* the ledger's */
    struct client *client; /* of its keeper */
    struct search *search; /* of its log, opened after what is looked for was published */
    const struct key *key; /* of manifests; named ORIGIN/evidence */
    const char *out;
    bool is_zip;
    const char *clip;  /* path; NULL: only what the export's event says about it */
    bool is_hash_only; /* the clip stays where it is */
    bool is_anyway;    /* also where the clip does not fit the events; then the manifest says so */
    const char *const *events; /* ids */
    size_t event_count;
    const char *const *disclose; /* paths of sealed members, or what such a text says */
    size_t disclose_count;
    const struct subjects *subjects; /* that open them; or NULL */
    const char *reason;
    const char *maker;
    const char *account;   /* of this process, where the maker is another name; or NULL */
    const char *camera;    /* NULL: the events' where they name one */
    const char *from, *to; /* NULL: the export's */
    struct manifest_clock camera_clock, vms_clock;
    const char *authorities[MAKE_AUTHORITIES]; /* addresses of time-stamp authorities */
    size_t authority_count;
    const char *roots; /* PEM text that the owner trusts; or NULL */
    /* stamp_send() by somebody else; NULL: by this process. */
    enum err (*send)(void *context, const char *url, const struct buf *request,
        struct buf *ret_answer, struct note *note);
    /* Fills the clock of a camera or VMS where somebody measured it; NULL is allowed. */
    void (*clock)(void *context, const char *name, struct manifest_clock *clock);
    void (*page)(struct buf *out, const struct make_page *page); /* index.html */
    void (*say)(void *context, const char *words);               /* what a person should know */
    bool (*turn)(void *context, uint64_t done, uint64_t all);    /* of the clip; false: stop */
    void *context;
};

struct make_result {
    uint8_t sha256[32];    /* of manifest.json */
    uint64_t index;        /* of the event evidence.make */
    size_t stamped, asked; /* time-stamps that came, and that were asked for */
    bool is_matched;       /* the clip was read, and is what an event says that left */
};

/*
 * ERR_VALUE: the clip does not fit (and not `is_anyway`), or changed, or there is something of that
 * name; ERR_MISSING: an event; ERR_CANCELLED, ERR_FULL, ERR_IO, ERR_NETWORK: the ledger. Nothing is
 * left behind then, and when the log has the event already, a second one says that it failed.
 */
enum err make_package(const struct make_settings *settings, struct make_result *ret_result,
    struct note *note) MUST_CHECK;

/* README.txt of a package (readme.c). */
void make_readme(struct buf *out, const struct make_page *page);
/* "-2.3 s (behind), measured on 2026-11-22 00:00:00 UTC", or "not known". */
void make_clock_words(struct buf *out, const struct manifest_clock *clock);
/* What the log says of the clip. */
const char *make_export_words(const struct make_page *page);
