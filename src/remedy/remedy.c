/* The list of kinds, and words for what came of a step. */
#include "remedy/remedy.h"

#include "base/text.h"

#define KIND(name) extern const struct remedy_kind remedy_##name;
#include "remedy/kinds.def"
#undef KIND

/* Ends with NULL, so that the list may be empty. */
const struct remedy_kind *const remedy_kinds[] = {
#define KIND(name) &remedy_##name,
#include "remedy/kinds.def"
#undef KIND
    NULL,
};
const size_t remedy_kind_count = COUNT(remedy_kinds) - 1;

const struct remedy_kind *
remedy_kind(const char *name)
{
    for (size_t i = 0; i < remedy_kind_count; i++) {
        if (text_equal(remedy_kinds[i]->name, name)) {
            return remedy_kinds[i];
        }
    }
    return NULL;
}

const char *
remedy_result_words(enum remedy_result result)
{
    static const char *const words[] = {
        [REMEDY_DONE] = "done",
        [REMEDY_CHANGED] = "not as planned any more",
        [REMEDY_REFUSED] = "refused by the device",
        [REMEDY_UNPROVEN] = "said to be done, but it is not so",
        [REMEDY_HURT] = "video did not come back",
        [REMEDY_FAILED] = "failed",
        [REMEDY_STOPPED] = "stopped",
    };
    return words[result];
}
