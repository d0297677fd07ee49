/*
 * What a receiver gets of an entry of the ledger: one record in one of the forms of formats.def,
 * without line end or framing. Every record has the entry's index, the log's origin and the event's
 * id, so that the receiver sees gaps and duplicates. Pure; any text of an event may be an
 * attacker's.
 */
#pragma once

#include "base/buf.h"
#include "ledger/logged.h"
#include "ledger/merkle.h"

/*
 * The record before this one in a stream, for forms that chain records (OCSF's record_integrity).
 * Zeroed: there is none. Each put() makes it that of its own record; who sends records again from
 * an earlier place keeps a copy, or begins a chain anew.
 */
struct siem_chain {
    char uid[128];
    uint64_t type_uid;
    uint8_t fingerprint[MERKLE_HASH];
};

struct siem_about {
    const char *origin;  /* of the log */
    const char *host;    /* name of this machine, RFC 5424 HOSTNAME; "-": not known */
    const char *root;    /* base64 of the checkpoint's root that covers the entry, or NULL */
    uint64_t tree_size;  /* of that checkpoint */
    const uint8_t *leaf; /* SHA-256 leaf hash of the entry (RFC 6962), 32 bytes; NULL: not known */
    int64_t now;         /* wall ms; for an entry that is no event and has no time of its own */
    struct siem_chain *chain; /* NULL: records are not chained */
};

struct siem_format {
    const char *name;  /* as in formats.def: "rfc5424" */
    const char *words; /* for people */
    /*
     * Appends one record, on one line. An entry that is no event is told as such, never dropped.
     * ERR_LIMIT, ERR_MEMORY; nothing is added then.
     */
    enum err (*put)(const struct logged *logged, const struct siem_about *about,
        struct buf *ret_record) MUST_CHECK;
};

/* No record of an entry is longer: six bytes for each of its own, and what is written twice. */
#define SIEM_RECORD ((size_t)1 << 20)

extern const struct siem_format *const siem_formats[];
extern const size_t siem_format_count;
/* NULL when there is none of that name. */
const struct siem_format *siem_format_by_name(const char *name);
