/* The parts of `gatehouse ledger witness`: argv[0] is the part's name; they return a cli_exit. */
#pragma once

#include "cli/cli.h"

#define PART(name, words) int ledger_witness_##name(int argc, char **argv);
#include "cli/ledger_witness.def"
#undef PART

#define LEDGER_WITNESS_KEY  "witness.key" /* in the state folder, unless --key says otherwise */
#define LEDGER_WITNESS_PATH 4096
