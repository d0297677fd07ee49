/* Commands that have parts (`gatehouse catalog PART`): one .def list each, found here by name. */
#pragma once

#include "cli/cli.h"

struct cli_part {
    const char *name; /* '_' is typed as '-' */
    const char *words;
    int (*run)(int argc, char **argv); /* argv[0] is the part's name; gives a cli_exit */
};

struct cli_parts {
    const char *command; /* "catalog" */
    const char *about;   /* one paragraph, ends with a line end */
    const struct cli_part *rows;
    size_t count;
};

/* Runs the part that argv[1] names, or prints the list. */
int cli_part_run(const struct cli_parts *parts, int argc, char **argv);
