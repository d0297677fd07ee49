/*
 * What `evidence verify` and `evidence follow` do before they read what others wrote: they shut
 * themselves in (daemon/sandbox.h).
 */
#pragma once

#include "evidence/judge.h"

/* What a verifier that is shut in could not make any more. */
struct evidence_shut {
    struct clip_look *look;
    int scratch; /* -1: none */
    struct note no_scratch;
};

/*
 * From now on this process reads the package and the clip, writes to what is open and reaches
 * nobody; `given` gets its helper and its scratch file. A kernel without Landlock or
 * seccomp is told on standard error, and the rest is done.
 */
enum err evidence_shut_reader(struct evidence_shut *shut, const char *package,
    struct judge_given *given, struct note *note) MUST_CHECK;
/*
 * For who packs: from now on this process reads the ledger, writes into the folder of packages and
 * talks to the keeper. ERR_UNSUPPORTED: a kernel without Landlock, unless `is_open`.
 */
enum err evidence_shut_packer(
    const char *ledger, const char *out, bool is_open, struct note *note) MUST_CHECK;
/* Helper and scratch file only, for who has a ledger open as well. */
void evidence_shut_help(struct evidence_shut *shut, struct judge_given *given);
void evidence_shut_release(struct evidence_shut *shut);
