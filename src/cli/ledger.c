/* gatehouse ledger: finds the part, and lists the actions. */
#include "cli/ledger.h"
#include "cli/part.h"
#include "ledger/event.h"

#include <jansson.h>
#include <stdio.h>

static const char *const voice_words[] = {
    [EVENT_ANYONE] = "anyone",
    [EVENT_RESERVED] = "anyone, also on a full disk",
    [EVENT_KEEPER] = "the ledger itself",
};

static json_t *
action_json(const struct event_action_row *row)
{
    json_t *needs = json_array();
    for (size_t i = 0; i < event_member_count; i++) {
        if ((row->needs & event_members[i].when) != 0) {
            (void)json_array_append_new(needs, json_string(event_members[i].path));
        }
    }
    return json_pack("{s:s, s:o, s:s, s:s}", "action", row->text, "needs", needs, "from",
        voice_words[row->voice], "means", row->words);
}

static int
print_actions_json(void)
{
    json_t *list = json_array();
    for (size_t i = 0; i < EVENT_ACTIONS; i++) {
        (void)json_array_append_new(list, action_json(event_action((enum event_action)i)));
    }
    int failed = json_dumpf(list, stdout, JSON_INDENT(2));
    json_decref(list);
    (void)putchar('\n');
    return failed == 0 ? CLI_OK : cli_fail("%s", err_words(ERR_IO));
}

static void
print_actions(void)
{
    for (size_t i = 0; i < EVENT_ACTIONS; i++) {
        const struct event_action_row *row = event_action((enum event_action)i);
        (void)printf("%-21s %s\n%-21s needs id, site, outcome", row->text, row->words, "");
        for (size_t need = 0; need < event_member_count; need++) {
            if ((row->needs & event_members[need].when) != 0) {
                (void)printf(", %s", event_members[need].path);
            }
        }
        (void)printf("; from %s\n", voice_words[row->voice]);
    }
}

int
ledger_actions(int argc, char **argv)
{
    static const struct cli_option options[] = {
        {"json", 0, NULL, "print JSON"},
    };
    static const struct cli_manual manual = {
        .usage = "ledger actions [--json]",
        .about =
            "Lists every action that an event of the ledger can have, what the event must say\n"
            "with it, and who may say it. gatehouse-events(7) has the members.\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  gatehouse ledger actions --json\n",
    };
    struct cli_line line;
    const char *value = NULL;
    bool json = false;
    cli_line_init(&line, &manual, argc, argv);
    int got;
    while ((got = cli_next(&line, &value)) >= 0) {
        json = true;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "ledger actions: takes no operand, not %s", argv[line.operand]);
    }
    if (json) {
        return print_actions_json();
    }
    print_actions();
    return CLI_OK;
}

int
cli_ledger(int argc, char **argv)
{
    static const struct cli_part rows[] = {
#define PART(name, words) {#name, words, ledger_##name},
#include "cli/ledger.def"
#undef PART
    };
    static const struct cli_parts parts = {
        .command = "ledger",
        .about =
            "Keeps the log of who did what, so that anyone can verify it and nobody can change it\n"
            "unnoticed.\n",
        .rows = rows,
        .count = COUNT(rows),
    };
    return cli_part_run(&parts, argc, argv);
}
