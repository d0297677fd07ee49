/* What `evidence make` and `evidence follow` share: opening the ledger, its key, what is shown. */
#pragma once

#include "cli/evidence_clock.h"
#include "cli/ledger_open.h"
#include "evidence/make.h"
#include "evidence/stamp_apart.h"

struct evidence_given {
    struct ledger_open open;
    struct client *client;
    struct search *search;
    struct key *key;
    struct buf roots;
    struct evidence_clocks *clocks; /* of the last assessment; NULL: none */
    struct stamp_apart *apart;      /* asks authorities; NULL: this process does */
    struct evidence_clock texts[2];
    size_t clock_count;
    int64_t began, drawn; /* of the bar */
    bool is_terminal;
};

/*
 * Finds ledger and key. `index` is the path of the search's index, NULL: the
 * ledger's. ERR_UNSUPPORTED: a copy of a log.
 */
enum err evidence_given_open(struct evidence_given *given, const char *folder, const char *keys,
    const char *index, struct note *note) MUST_CHECK;
/* Connects to the keeper, or starts one. */
enum err evidence_given_connect(
    struct evidence_given *given, const char *keys, struct note *note) MUST_CHECK;
void evidence_given_close(struct evidence_given *given);
/*
 * Says into the ledger that it is read for a package, waits until all until then is published, and
 * opens the search.
 */
enum err evidence_given_read(struct evidence_given *given, const char *const *events, size_t count,
    struct note *note) MUST_CHECK;
/* Fills what all packages of it share: ledger, key, pages, what is shown. */
void evidence_given_settings(struct evidence_given *given, struct make_settings *settings);
/* A PEM file of authorities; ERR_VALUE: there is no certificate in it. */
enum err evidence_given_roots(const char *path, struct buf *ret_pem, struct note *note) MUST_CHECK;
