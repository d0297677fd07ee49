/*
 * The parent of the gateway's processes (procs.def): starts them one after the other, waits until
 * each is ready, starts anew what dies, ends them in order. It has no outside input but signals.
 */
#pragma once

#include "gate/settings.h"

/* What differs from the settings of before, for the processes that read them at their start. */
struct serve_changes {
    bool any;     /* the doorman's */
    bool any_vms; /* the broker's */
};

struct serve_plan {
    const struct settings *settings;
    const char *program; /* this one, for keeper, broker and doorman */
    const char *nginx;   /* nginx's program */
    const char *module;  /* its folder must be readable to nginx */
    const char *conf;    /* the configuration */
    bool is_open;        /* go on where the kernel can't shut nginx in */
    /* Reads the settings and writes the configuration anew, before nginx starts or reloads. */
    enum err (*configure)(void *context, struct serve_changes *ret_changes, struct note *note);
    /* All are ready, for the first time; `takes` ms after the begin. */
    void (*ready)(void *context, int64_t takes);
    void *context;
};

/*
 * Runs until SIGTERM or SIGINT. SIGHUP has the settings read anew: nginx reloads, broker and
 * doorman are started again when what they read is not what it was. SIGUSR1 starts the broker
 * again, which reads the gateway's passwords at the VMSes only then.
 * ERR_VALUE: a process ended again and again before it was ever ready; ERR_REFUSED: another one
 * serves this folder.
 */
enum err serve_run(const struct serve_plan *plan, struct note *note) MUST_CHECK;

/*
 * When root starts it in a folder of another user's, it goes on as that user for good, keeping
 * nothing but the right to low ports for nginx.
 */
enum err serve_become_owner(const char *folder, struct note *note) MUST_CHECK;
