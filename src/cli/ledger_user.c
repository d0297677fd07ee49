/* The account behind this process. */
#include "cli/ledger_user.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

const char *
ledger_user(char out[LEDGER_USER])
{
    const struct passwd *account = getpwuid(getuid());
    if (account != NULL) {
        (void)snprintf(out, LEDGER_USER, "%s", account->pw_name);
    } else {
        (void)snprintf(out, LEDGER_USER, "uid %lu", (unsigned long)getuid());
    }
    return out;
}
