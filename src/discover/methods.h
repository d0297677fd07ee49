/* The methods by name, for the engine and for methods that build on another. */
#pragma once

#include "discover/discover.h"

#define METHOD(name) extern const struct discover_method discover_##name;
#include "discover/methods.def"
#undef METHOD
