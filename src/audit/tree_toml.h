/* TOML 1.0 as configuration files use it: tables, arrays of tables, strings, arrays, inline tables.
 */
#pragma once

#include "audit/tree.h"

enum err tree_toml(struct tree *tree, const char *bytes, size_t len) MUST_CHECK;
