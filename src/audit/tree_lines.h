/* Files of lines: sections with key = value (INI, shell, Qt), and directives with words (OpenVPN).
 */
#pragma once

#include "audit/tree.h"

/*
 * "[section]" opens a node below the root, "key = value" is a node in it; "#" and ";" begin a
 * comment; an indented line goes on with the value above it. Quotes around a whole value are taken
 * away. A section that comes twice is two nodes.
 */
enum err tree_lines_ini(struct tree *tree, const char *bytes, size_t len) MUST_CHECK;
/* "directive word word"; "<name>" to "</name>" is one node without its text (keys, certificates).
 */
enum err tree_lines_words(struct tree *tree, const char *bytes, size_t len) MUST_CHECK;
