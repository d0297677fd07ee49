/*
 * Which models a row of the catalogue is about: shell patterns of rows that a person wrote, and
 * the names of products as records write them ("DS-76xxNI-Mx", "IPC-HX3XXX", "tapo_c100").
 */
#pragma once

#include "catalog/condition.h"

/*
 * A model as the device writes it (NULL: unknown) against a list by comma. `PATTERN` is a shell
 * pattern, `=NAME` a product by a record's name, `? ` in front of either: only might be meant.
 */
enum advisory_match model_judge(const char *list, const char *model, char ret_why[ADVISORY_WHY]);

/*
 * One name of a record: case, blanks, "-" and "_" do not count, runs of x stand for letters and
 * digits, a "*" at its end for anything, words of letters in front of the device's own name (its
 * brand) are passed over.
 */
enum advisory_match model_named(const char *name, const char *model);
