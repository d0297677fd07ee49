/* A browser's own words about itself, in words for people: "Firefox on Windows". Pure. */
#pragma once

#include "base/base.h"

/* Of a User-Agent that is clean text; what is not known stays as it is. */
void doorman_agent_words(const char *agent, char *out, size_t size);
