/*
 * Questions to the outside in a process each: who hears them lives long and reads nothing of
 * others; who asks is made of it for one question, is shut in more tightly with what the system's
 * settings are then, and takes what it read with it when it ends.
 */
#pragma once

#include "base/err.h"

enum apart_who {
    APART_HEARS,
    APART_ASKS,
};

/* Shuts this process in, for good. */
typedef enum err apart_shut_fn(enum apart_who who, struct note *note);
typedef void apart_fn(void *context);

/*
 * Runs it in a child, which ends when its maker does, and waits for its end; SIGCHLD is no longer
 * ignored. Tries for five seconds to make the child. false: there is none,
 * errno says why, or it did not end by itself. The child's memory is a copy.
 */
bool apart_run(apart_fn *work, void *context) MUST_CHECK;

/* What such a process does until its maker is gone, with its end of the sockets. */
typedef void apart_life_fn(void *context, int fd);

/*
 * Makes a process that ends when its maker does, on the other end of a socket pair of that type
 * (SOCK_STREAM, SOCK_SEQPACKET). Of what was open it has standard input, output and error; SIGINT,
 * SIGTERM and SIGHUP come to all of a terminal or a service, and are its maker's to heed.
 * ERR_SYSTEM with words.
 */
enum err apart_start(
    int type, apart_life_fn *life, void *context, int *ret_fd, struct note *note) MUST_CHECK;
