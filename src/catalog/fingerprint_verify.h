/* Runs the examples of fingerprint files: each must be matched by its own fingerprint. */
#pragma once

#include "base/buf.h"

struct fingerprint_counts {
    size_t passed;
    size_t failed;
};

/*
 * Runs every example of one file and adds to the counts and, one line per failure, to report:
 * file:line, what was expected, what came. An example passes when its fingerprint matches and
 * gives every value it expects, and when a search of the file finds it too. is_first also asks
 * that no earlier fingerprint of the file takes the example.
 */
enum err fingerprint_verify(const char *path, bool is_first, struct buf *report,
    struct fingerprint_counts *counts, struct note *note) MUST_CHECK;
