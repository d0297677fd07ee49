/*
 * What the files of serve share. A child goes DOWN → STARTING (its process is there) → READY (it
 * answers) → ENDING → DOWN. FOREIGN: somebody else runs the ledger's keeper, and that is as good.
 */
#pragma once

#include "daemon/serve.h"

#include <sys/types.h>

enum serve_proc {
#define PROC(name, text, signal, seconds, words) PROC_##name,
#include "daemon/procs.def"
#undef PROC
    PROCS
};

enum serve_state {
    SERVE_DOWN,
    SERVE_STARTING,
    SERVE_READY,
    SERVE_ENDING,
    SERVE_FOREIGN,
};

struct serve_row {
    const char *name;
    int signal;
    unsigned seconds;
};
extern const struct serve_row serve_rows[PROCS];

struct serve_child {
    enum serve_state state;
    pid_t pid;         /* also of its process group; stays for those that outlive the first */
    int64_t since;     /* of the state */
    int64_t next;      /* not to be started before */
    unsigned failures; /* in a row */
    bool was_ready;    /* ever */
    bool was_forced;   /* it did not end in time */
    bool is_renewed;   /* it ends because we want it to start with new settings */
};

struct serve {
    const struct serve_plan *plan;
    const char *run;  /* the folder of sockets */
    const char *siem; /* siem.yaml; where it is not there, nothing is forwarded */
    struct arena *arena;
    struct serve_child children[PROCS];
    int signals;   /* signalfd */
    int notify;    /* the service manager's, or -1 */
    int64_t begun; /* clock_mono() */
    bool is_ready, is_ending, is_hurried;
    bool is_broker_old, is_doorman_old; /* runs with settings of before */
    enum err ended;                     /* why it ends by itself */
};

/* serve_child.c */
enum err serve_start(struct serve *serve, enum serve_proc proc, struct note *note) MUST_CHECK;
/* To it and all that it made. */
void serve_kill(const struct serve_child *child, int number);
/* Has nginx's configuration looked at by nginx itself; ERR_VALUE: it refuses it. */
enum err serve_try_conf(struct serve *serve) MUST_CHECK;

/* serve_ports.c: whether every `listen` can be had; the note says what to do. */
enum err serve_ports(const struct settings *settings, struct note *note) MUST_CHECK;

/* serve_ready.c */
bool serve_answers(const struct serve *serve, enum serve_proc proc);
