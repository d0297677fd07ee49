/*
 * One error type for every area. 0 (OK) is success; the words come from errors.def. What a person
 * needs beyond the code (which key, which line) travels beside it as a short note.
 */
#pragma once

#include "base/base.h"

enum err {
    OK = 0,
#define ERROR(name, words) name,
#include "base/errors.def"
#undef ERROR
};

/* Words for an error, never NULL. */
const char *err_words(enum err err);

/* A short detail for a person; empty when there is none. */
struct note {
    char text[256];
};

/* Writes the note, cut at its size; a NULL note is ignored. */
void note_set(struct note *note, const char *format, ...) PRINTF(2, 3);
