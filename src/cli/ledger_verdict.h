/* What `gatehouse ledger verify` found, for people and for programs. */
#pragma once

#include "ledger/verify.h"

#include <stdio.h>

void ledger_verdict_print(const struct verify_result *result, FILE *out);
/* ERR_MEMORY, ERR_IO. */
enum err ledger_verdict_json(const struct verify_result *result, FILE *out) MUST_CHECK;

/* "1,234,567"; returns out. */
#define LEDGER_NUMBER 32
const char *ledger_number(uint64_t number, char out[LEDGER_NUMBER]);
