/* Finds the part of a command, prints the list of parts. */
#include "cli/part.h"
#include "base/suggest.h"
#include "base/text.h"

#define NAME_LIMIT 24
#define PART_LIMIT 32

static const char *
typed_name(const struct cli_part *part, char out[NAME_LIMIT])
{
    (void)text_copy(out, NAME_LIMIT, part->name);
    for (char *c = out; *c != '\0'; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    return out;
}

static void
print_parts(const struct cli_parts *parts, FILE *stream)
{
    char name[NAME_LIMIT];
    (void)fprintf(
        stream, "Usage: gatehouse %s PART [OPTION]...\n\n%s\n", parts->command, parts->about);
    for (size_t i = 0; i < parts->count; i++) {
        (void)fprintf(
            stream, "  %-12s  %s\n", typed_name(&parts->rows[i], name), parts->rows[i].words);
    }
    (void)fprintf(
        stream, "\n`gatehouse %s PART --help` explains one, with an example.\n", parts->command);
}

static int
unknown_part(const struct cli_parts *parts, const char *asked)
{
    char names[PART_LIMIT][NAME_LIMIT];
    const char *pointers[PART_LIMIT];
    assert(parts->count <= PART_LIMIT);
    for (size_t i = 0; i < parts->count; i++) {
        pointers[i] = typed_name(&parts->rows[i], names[i]);
    }
    const char *nearest = suggest_nearest(asked, pointers, parts->count);
    if (nearest != NULL) {
        (void)cli_fail("%s does not know %s; did you mean %s?", parts->command, asked, nearest);
    } else {
        (void)cli_fail("%s does not know %s", parts->command, asked);
    }
    (void)fprintf(stderr, "Try: gatehouse %s --help\n", parts->command);
    return CLI_USAGE;
}

int
cli_part_run(const struct cli_parts *parts, int argc, char **argv)
{
    char name[NAME_LIMIT];
    if (argc < 2) {
        print_parts(parts, stderr);
        return CLI_USAGE;
    }
    if (text_equal(argv[1], "--help") || text_equal(argv[1], "-h")) {
        print_parts(parts, stdout);
        return CLI_OK;
    }
    for (size_t i = 0; i < parts->count; i++) {
        if (text_equal(typed_name(&parts->rows[i], name), argv[1])) {
            return parts->rows[i].run(argc - 1, argv + 1);
        }
    }
    return unknown_part(parts, argv[1]);
}
