/* Who runs this command, as events name him. */
#pragma once

#define LEDGER_USER 64

/* The account's name, or "uid 1000"; returns out. */
const char *ledger_user(char out[LEDGER_USER]);
