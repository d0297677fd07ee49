/* YAML and JSON files of other programs: tags, anchors and aliases as they come, all bounded. */
#pragma once

#include "audit/tree.h"

/* A tree_parse_fn. An alias is a copy of what it names, so the limit of nodes holds for it too. */
enum err tree_yaml(struct tree *tree, const char *bytes, size_t len) MUST_CHECK;
