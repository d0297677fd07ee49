/* The parts of `gatehouse user`: argv[0] is the part's name; they return a cli_exit. */
#pragma once

#include "cli/cli.h"

#define PART(name, words) int user_part_##name(int argc, char **argv);
#include "cli/user.def"
#undef PART
