/* gatehouse siem formats: what a record can look like. */
#include "cli/siem.h"

static const struct cli_manual manual = {
    .usage = "siem formats",
    .about = "Lists the values that format: of a destination can have, and what they are.\n",
    .options = NULL,
    .option_count = 0,
    .example = "  gatehouse siem formats\n",
};

int
cli_siem_formats(int argc, char **argv)
{
    struct cli_line line;
    const char *value = NULL;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    do {
        got = cli_next(&line, &value);
    } while (got >= 0);
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "siem formats: takes no operand, not %s", argv[line.operand]);
    }
    for (size_t i = 0; i < siem_format_count; i++) {
        (void)printf("%-8s  %s\n", siem_formats[i]->name, siem_formats[i]->words);
    }
    return CLI_OK;
}
