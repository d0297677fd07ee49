/* Files of directives and blocks in braces: nginx ("name words;") and Caddy (a line is a
 * directive). */
#pragma once

#include "audit/tree.h"

/* A directive is a node with its words as the value; what stands in its block is below it. */
enum err tree_block_nginx(struct tree *tree, const char *bytes, size_t len) MUST_CHECK;
enum err tree_block_caddy(struct tree *tree, const char *bytes, size_t len) MUST_CHECK;
