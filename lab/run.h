/* Plays a site while a command runs in it. */
#pragma once

#include "lab/site.h"

struct run_options {
    const char *site;
    const char *stats;   /* NULL: none */
    const char *control; /* NULL: none */
    unsigned devices;    /* 0: as many as the site has */
    bool keep;
    bool verbose;
    bool user_namespace; /* root only in a user namespace of its own */
    char **command;      /* NULL-terminated */
};

/*
 * Called as the first process of a new PID namespace, in a network namespace of its own. Returns
 * the exit status of the command, or 2 when the site could not be brought up.
 */
int run_site(const struct run_options *options);
