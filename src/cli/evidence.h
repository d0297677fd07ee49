/* The parts of `gatehouse evidence`: argv[0] is the part's name; they return a cli_exit. */
#pragma once

#include "cli/cli.h"

#define PART(name, words) int evidence_##name(int argc, char **argv);
#include "cli/evidence.def"
#undef PART
