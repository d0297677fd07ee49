/* The parts of `gatehouse ledger`: argv[0] is the part's name; they return a cli_exit. */
#pragma once

#include "cli/cli.h"

#define PART(name, words) int ledger_##name(int argc, char **argv);
#include "cli/ledger.def"
#undef PART
