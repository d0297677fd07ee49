/* The parts of `gatehouse session`: argv[0] is the part's name; they return a cli_exit. */
#pragma once

#include "cli/cli.h"

#define PART(name, words) int session_part_##name(int argc, char **argv);
#include "cli/session.def"
#undef PART
