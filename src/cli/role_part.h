/* The parts of `gatehouse role`: argv[0] is the part's name; they return a cli_exit. */
#pragma once

#include "cli/cli.h"

#define PART(name, words) int role_part_##name(int argc, char **argv);
#include "cli/role.def"
#undef PART
