/* gatehouse fix recover: the kind "recover" for the named devices, and nothing else. */
#include "cli/fix.h"

#define WORDS_MOST 64

int
fix_recover(int argc, char **argv)
{
    static char plan[] = "plan", kind[] = "--kind", recover[] = "recover", apply[] = "--apply",
                yes[] = "--yes";
    char *words[WORDS_MOST] = {plan, kind, recover, apply, yes};
    int count = 5;
    for (int i = 1; i < argc; i++) {
        if (count == WORDS_MOST - 1) {
            return cli_fail("fix recover: more than %d words", WORDS_MOST - 6);
        }
        words[count++] = argv[i];
    }
    return fix_plan(count, words);
}
