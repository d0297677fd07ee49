/* "Did you mean …?": the known word that a mistyped one is nearest to. */
#pragma once

#include "base/base.h"

/* The nearest of the words, letter case ignored; NULL when none is near enough to be meant. */
const char *suggest_nearest(const char *word, const char *const *words, size_t count);
