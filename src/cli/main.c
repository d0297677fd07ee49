/* The gatehouse program: finds the command and runs it. */
#include "base/suggest.h"
#include "base/text.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const struct command {
    const char *name, *words;
    int (*run)(int argc, char **argv);
} commands[] = {
#define COMMAND(name, words, function) {#name, words, function},
#include "cli/commands.def"
#undef COMMAND
};

static const struct command *
find_command(const char *name)
{
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (text_equal(commands[i].name, name)) {
            return &commands[i];
        }
    }
    return NULL;
}

static int
unknown_command(const char *name)
{
    const char *names[COUNT(commands)];
    for (size_t i = 0; i < COUNT(commands); i++) {
        names[i] = commands[i].name;
    }
    const char *nearest = suggest_nearest(name, names, COUNT(names));
    if (nearest != NULL) {
        (void)cli_fail("unknown command %s; did you mean %s?", name, nearest);
    } else {
        (void)cli_fail("unknown command %s", name);
    }
    (void)fputs("Try: gatehouse help\n", stderr);
    return CLI_USAGE;
}

static void
print_overview(FILE *stream)
{
    (void)fputs("Usage: gatehouse COMMAND [OPTION]...\n"
                "\n"
                "Finds the cameras, recorders and VMSes of a site, judges them against nine\n"
                "controls and says what to do first, with evidence; stands in front of a VMS and\n"
                "keeps a log that can only grow of who watched what.\n"
                "\n"
                "Commands:\n",
        stream);
    for (size_t i = 0; i < COUNT(commands); i++) {
        (void)fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].words);
    }
    (void)fputs("\n"
                "`gatehouse help COMMAND` explains one; gatehouse(1) is the manual.\n",
        stream);
}

int
cli_help(int argc, char **argv)
{
    if (argc < 2 || text_starts(argv[1], "-")) {
        print_overview(stdout);
        return CLI_OK;
    }
    const struct command *command = find_command(argv[1]);
    if (command == NULL) {
        return unknown_command(argv[1]);
    }
    char ask[] = "--help";
    char *args[] = {argv[1], argc > 2 ? argv[2] : ask, ask, NULL}; /* help catalog import */
    return command->run == cli_help ? cli_help(1, args) : command->run(argc > 2 ? 3 : 2, args);
}

int
cli_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    (void)puts("gatehouse " GATEHOUSE_VERSION);
    return CLI_OK;
}

/* A descriptor that took the place of a closed standard one would be written to, or worse. */
static void
fill_standard_descriptors(void)
{
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO) {
        fd = open("/dev/null", O_RDWR);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *option, *command;
    } spellings[] = {
        {"--help",    "help"   },
        {"-h",        "help"   },
        {"--version", "version"},
        {"-V",        "version"},
    };
    fill_standard_descriptors();
    if (argc < 2) {
        print_overview(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    for (size_t i = 0; i < COUNT(spellings); i++) {
        if (text_equal(spellings[i].option, name)) {
            name = spellings[i].command;
        }
    }
    const struct command *command = find_command(name);
    if (command == NULL) {
        return unknown_command(name);
    }
    int status = command->run(argc - 1, argv + 1);
    errno = 0;
    bool is_cut = fflush(stdout) != 0 || ferror(stdout) != 0;
    if (is_cut && (status == CLI_OK || status == CLI_GAPS)) {
        return cli_fail("the output is cut short: %s",
            errno == 0 ? "it could not be written" : strerror(errno));
    }
    return status;
}
