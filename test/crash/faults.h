/* What the ledger's disk calls meet in a test: a stop, a torn write, a refusal, a recording. */
#pragma once

#include "base/base.h"

#include <sys/types.h>

enum faults_kind {
    FAULTS_NONE,
    FAULTS_STOP,   /* the process ends at the call, as by kill -9 */
    FAULTS_REFUSE, /* the call fails with `reason` */
};

struct faults {
    enum faults_kind kind;
    uint64_t at;    /* the call, from 1 */
    uint64_t calls; /* how many it meets: 1, or UINT64_MAX until it is lifted */
    int reason;     /* errno */
    unsigned cut;   /* of a write: this many 256ths of it are done first; 0: none of it */
    bool is_full;   /* as if the disk were full: what needs new space fails */
    uint64_t count; /* calls so far */
    bool was_met;   /* whether the fault did something */
    bool is_recording;
    bool is_write[4096]; /* which of the calls were writes */
};

extern struct faults faults;

/* Exit status of a process that was stopped. */
#define FAULTS_STOPPED 42

/* Forgets everything. */
void faults_clear(void);
