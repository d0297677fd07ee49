/* gatehouse fix recover: the kind "recover" for the named devices, and nothing else. */
#include "base/text.h"
#include "cli/fix.h"

#include <stdio.h>

#define WORDS_MOST 64

static const char help[] =
    "Usage: gatehouse fix recover --device NAME [OPTION]…\n"
    "\n"
    "Finds out which of the passwords that Gatehouse keeps for a device opens it, after somebody\n"
    "reset one or put an old configuration back: the one in force, the one that was about to be\n"
    "set, the last five. They are tried inside the budget of log-ins, so some may have to wait "
    "for\n"
    "another day. What opens is in force again; nothing is changed at the device.\n"
    "The options of gatehouse fix hold here too; it is run at once.\n"
    "\n"
    "Example:\n"
    "  gatehouse fix recover --site shop.yaml --device gate\n";

int
fix_recover(int argc, char **argv)
{
    static char plan[] = "plan", kind[] = "--kind", recover[] = "recover", apply[] = "--apply",
                yes[] = "--yes";
    char *words[WORDS_MOST] = {plan, kind, recover, apply, yes};
    int count = 5;
    for (int i = 1; i < argc; i++) {
        if (text_equal(argv[i], "--help") || text_equal(argv[i], "-h")) {
            (void)fputs(help, stdout);
            return CLI_OK;
        }
        if (count == WORDS_MOST - 1) {
            return cli_fail("fix recover: more than %d words", WORDS_MOST - 6);
        }
        words[count++] = argv[i];
    }
    return fix_plan(count, words);
}
