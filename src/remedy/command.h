/*
 * A program that the site file names, by its path or its name in the machine's folders of
 * programs: run without a shell, with bounded time and output, no input,
 * default signals and an environment of its own, so that nothing of whoever runs Gatehouse reaches
 * it but HOME, USER, LOGNAME, TZ, DOCKER_HOST and XDG_RUNTIME_DIR.
 */
#pragma once

#include "base/err.h"

#define COMMAND_SAID 160

struct command_end {
    int status;              /* -1: a signal ended it */
    bool is_late;            /* it was ended when its time was over, with all that it began */
    char said[COMMAND_SAID]; /* the last line of what it said */
};

/* Waits for its end, whatever is stopped meanwhile. ERR_SYSTEM: errno says why it can't be run. */
enum err command_run(char *const argv[], unsigned seconds, struct command_end *ret_end) MUST_CHECK;
