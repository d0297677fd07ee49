/* A plan's file: never a crash; what is taken has the same digest after a way through JSON. */
#include "remedy/plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan *plan = NULL, *again = NULL;
    struct note note = {""};
    char one[PLAN_DIGEST], two[PLAN_DIGEST];
    if (plan_parse((const char *)data, size, &plan, &note) != OK) {
        assert(note.text[0] != '\0');
        return 0;
    }
    json_t *json = plan_json(plan);
    char *text = json == NULL ? NULL : json_dumps(json, 0);
    assert(text != NULL);
    assert(plan_parse(text, strlen(text), &again, &note) == OK);
    if (plan_digest(plan, one) == OK) {
        assert(plan_digest(again, two) == OK && strcmp(one, two) == 0);
    }
    free(text);
    json_decref(json);
    plan_free(again);
    plan_free(plan);
    return 0;
}
