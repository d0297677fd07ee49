/*
 * What the commands share: exit status, options with their help, errors in one form, colour. Each
 * command is one file, one line of commands.def and a struct cli_manual, from which --help comes.
 */
#pragma once

#include "base/err.h"

#include <stdio.h>

enum cli_exit {
    CLI_OK = 0,         /* done; nothing at or above --fail-on */
    CLI_GAPS = 1,       /* done; there are gaps, or failed examples */
    CLI_INCOMPLETE = 2, /* could not be completed */
    CLI_USAGE = 64,     /* not understood */
};

#define CLI_OPTION_LIMIT 40

struct cli_option {
    const char *name;     /* "store", without the dashes */
    char letter;          /* short form, 0: none */
    const char *argument; /* "PATH" in the help; NULL: takes none */
    const char *words;    /* one line of help */
};

/* What `--help` prints. Rows of options; --help itself is added. */
struct cli_manual {
    const char *usage; /* "history [OPTION]…", without the program's name */
    const char *about; /* what it does, wrapped at 80 columns, ends with a line end */
    const struct cli_option *options;
    size_t option_count;
    const char *example; /* whole lines, indented by two */
};

/* One command line being read. */
struct cli_line {
    const struct cli_manual *manual;
    int argc;
    char **argv;
    int status;  /* exit status after CLI_STOP */
    int operand; /* after CLI_END: index in argv of the first operand */
};

enum {
    CLI_END = -1,  /* all options are read */
    CLI_STOP = -2, /* help was printed, or the line is wrong and the reason was printed */
};

/* argv[0] is the command's name. */
void cli_line_init(struct cli_line *line, const struct cli_manual *manual, int argc, char **argv);
/* The next option's row number, or CLI_END or CLI_STOP; operands may stand between options. */
int cli_next(struct cli_line *line, const char **ret_value);

/* Prints "gatehouse: …" to standard error; returns CLI_INCOMPLETE. */
int cli_fail(const char *format, ...) PRINTF(1, 2);
/* The same for an error and its note. */
int cli_fail_err(enum err err, const struct note *note);
/* The same for a wrong command line, with the way to the help; returns CLI_USAGE. */
int cli_usage(const struct cli_line *line, const char *format, ...) PRINTF(2, 3);

/* Whether colour belongs on that stream: a terminal that is not dumb, and NO_COLOR is not set. */
bool cli_colour(FILE *stream);

/* The commands: argv[0] is the command's name; they return a cli_exit. */
#define COMMAND(name, words, function) int function(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND
