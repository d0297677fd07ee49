/* A plan of made-up kinds, whose list stands in the place of the program's own. */
#pragma once

#include "base/text.h"
#include "remedy/remedy.h"

#define FAKE_KINDS(...)                                                                            \
    const struct remedy_kind *const remedy_kinds[] = {__VA_ARGS__};                                \
    const size_t remedy_kind_count = COUNT(remedy_kinds);                                          \
    const struct remedy_kind *remedy_kind(const char *name)                                        \
    {                                                                                              \
        for (size_t i = 0; i < remedy_kind_count; i++) {                                           \
            if (text_equal(remedy_kinds[i]->name, name)) {                                         \
                return remedy_kinds[i];                                                            \
            }                                                                                      \
        }                                                                                          \
        return NULL;                                                                               \
    }                                                                                              \
    const char *remedy_result_words(enum remedy_result result)                                     \
    {                                                                                              \
        return result == REMEDY_DONE ? "done" : "not done";                                        \
    }
