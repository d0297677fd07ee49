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
    "The look at the site before it logs in nowhere, so that no try is lost. The options of\n"
    "gatehouse fix hold here too; it is run at once.\n"
    "\n"
    "Example:\n"
    "  gatehouse fix recover --site shop.yaml --device gate\n";

int
fix_recover(int argc, char **argv)
{
    static char plan[] = "plan", kind[] = "--kind", recover[] = "recover", apply[] = "--apply",
                yes[] = "--yes", no_login[] = "--no-login";
    char *words[WORDS_MOST] = {plan, kind, recover, apply, yes, no_login};
    int count = 6;
    bool names = false;
    for (int i = 1; i < argc; i++) {
        if (text_equal(argv[i], "--help") || text_equal(argv[i], "-h")) {
            (void)fputs(help, stdout);
            return CLI_OK;
        }
        if (count == WORDS_MOST - 1) {
            return cli_fail("fix recover: more than %d words", WORDS_MOST - 7);
        }
        names = names || text_starts(argv[i], "--device");
        words[count++] = argv[i];
    }
    if (!names) {
        (void)cli_fail("fix recover: no device is named: --device NAME, once for each");
        return CLI_USAGE;
    }
    return fix_plan(count, words);
}
