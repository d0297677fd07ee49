/* Options, help and errors of all commands. */
#include "cli/cli.h"

#include "base/suggest.h"
#include "base/text.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
cli_line_init(struct cli_line *line, const struct cli_manual *manual, int argc, char **argv)
{
    *line = (struct cli_line){.manual = manual, .argc = argc, .argv = argv};
    assert(manual->option_count <= CLI_OPTION_LIMIT);
    optind = 0; /* glibc: begin anew, also after another command line */
}

static void
print_option(const struct cli_option *option)
{
    char left[40];
    char letter[5] = "    ";
    if (option->letter != 0) {
        (void)snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    }
    (void)snprintf(left, sizeof(left), "%s--%s %s", letter, option->name,
        option->argument != NULL ? option->argument : "");
    (void)printf("  %-25s %s\n", left, option->words);
}

static void
print_help(const struct cli_manual *manual)
{
    static const struct cli_option help = {"help", 'h', NULL, "this text"};
    (void)printf("Usage: gatehouse %s\n\n%s\n", manual->usage, manual->about);
    for (size_t i = 0; i < manual->option_count; i++) {
        print_option(&manual->options[i]);
    }
    print_option(&help);
    (void)printf("\nExample:\n%s", manual->example);
}

static void
refuse_option(const struct cli_line *line, const char *given, bool lacks_value)
{
    const char *names[CLI_OPTION_LIMIT + 1] = {"help"};
    size_t count = 1;
    for (size_t i = 0; i < line->manual->option_count; i++) {
        names[count++] = line->manual->options[i].name;
    }
    char name[64] = "";
    (void)text_copy(name, sizeof(name), given);
    name[strcspn(name, "=")] = '\0';
    const char *nearest = text_starts(name, "--") ? suggest_nearest(name + 2, names, count) : NULL;
    if (lacks_value) {
        (void)cli_usage(line, "option %s needs a value", name);
    } else if (nearest != NULL && !text_equal(nearest, name + 2)) {
        (void)cli_usage(line, "unknown option %s; did you mean --%s?", name, nearest);
    } else if (nearest != NULL) {
        (void)cli_usage(line, "option %s takes no value", name);
    } else {
        (void)cli_usage(line, "unknown option %s", name);
    }
}

/* Long options get 256 + row as their number, so that a letter is never taken for a row. */
static void
fill_getopt(const struct cli_manual *manual, struct option *rows, char *letters)
{
    *letters++ = ':';
    *letters++ = 'h';
    for (size_t i = 0; i < manual->option_count; i++) {
        const struct cli_option *option = &manual->options[i];
        int takes = option->argument != NULL ? required_argument : no_argument;
        rows[i] = (struct option){option->name, takes, NULL, 256 + (int)i};
        if (option->letter != 0) {
            *letters++ = option->letter;
            if (option->argument != NULL) {
                *letters++ = ':';
            }
        }
    }
    rows[manual->option_count] = (struct option){"help", no_argument, NULL, 'h'};
    *letters = '\0';
}

int
cli_next(struct cli_line *line, const char **ret_value)
{
    struct option rows[CLI_OPTION_LIMIT + 2] = {{0}};
    char letters[2 * CLI_OPTION_LIMIT + 3];
    fill_getopt(line->manual, rows, letters);
    opterr = 0;
    int got = getopt_long(line->argc, line->argv, letters, rows, NULL);
    *ret_value = optarg;
    if (got == -1) {
        line->operand = optind;
        return CLI_END;
    }
    if (got == 'h') {
        print_help(line->manual);
        line->status = CLI_OK;
        return CLI_STOP;
    }
    if (got == '?' || got == ':') {
        char letter[3] = {'-', (char)optopt, '\0'};
        bool is_letter = optopt > 0 && optopt < 256;
        refuse_option(line, is_letter ? letter : line->argv[optind - 1], got == ':');
        line->status = CLI_USAGE;
        return CLI_STOP;
    }
    if (got >= 256) {
        return got - 256;
    }
    for (size_t i = 0; i < line->manual->option_count; i++) {
        if (line->manual->options[i].letter == got) {
            return (int)i;
        }
    }
    return CLI_STOP;
}

static void print_error(const char *format, va_list args) PRINTF(1, 0);

static void
print_error(const char *format, va_list args)
{
    char raw[1024];
    char clean[sizeof(raw)];
    (void)vsnprintf(raw, sizeof(raw), format, args);
    text_clean(clean, sizeof(clean), raw, strlen(raw));
    (void)fflush(stdout);
    (void)fprintf(stderr, "gatehouse: %s\n", clean);
}

int
cli_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_error(format, args);
    va_end(args);
    return CLI_INCOMPLETE;
}

int
cli_fail_err(enum err err, const struct note *note)
{
    if (text_is_empty(note->text)) {
        return cli_fail("%s", err_words(err));
    }
    return cli_fail("%s", note->text);
}

/* How many bytes of a usage are the command: "catalog explain" of "catalog explain ID [OPTION]". */
static int
command_length(const char *usage)
{
    size_t len = 0;
    for (;;) {
        size_t word = strspn(usage + len, "abcdefghijklmnopqrstuvwxyz-");
        char next = usage[len + word];
        if (word == 0 || usage[len] == '-' || (next != ' ' && next != '\0')) {
            return (int)(len == 0 ? 0 : len - 1);
        }
        if (next == '\0') {
            return (int)(len + word);
        }
        len += word + 1;
    }
}

int
cli_usage(const struct cli_line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_error(format, args);
    va_end(args);
    (void)fprintf(stderr, "Try: gatehouse %.*s --help\n", command_length(line->manual->usage),
        line->manual->usage);
    return CLI_USAGE;
}

bool
cli_colour(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return text_is_empty(no_color) && !text_is_empty(term) && !text_equal(term, "dumb") &&
           isatty(fileno(stream)) == 1;
}
