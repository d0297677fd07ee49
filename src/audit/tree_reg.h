/* Exports of the Windows registry (.reg, "Windows Registry Editor Version 5.00"). */
#pragma once

#include "audit/tree.h"

/*
 * Keys become nested nodes, values nodes in them, all names in lower case; dword values become
 * decimal numbers, hexadecimal data stays as it is written.
 */
enum err tree_reg(struct tree *tree, const char *bytes, size_t len) MUST_CHECK;
