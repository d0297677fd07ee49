/* The parts of `gatehouse catalog`: argv[0] is the part's name; they return a cli_exit. */
#pragma once

#include "cli/cli.h"

#define PART(name, words) int catalog_##name(int argc, char **argv);
#include "cli/catalog.def"
#undef PART
