/* Copies a subject for a plan: names, addresses, ports and the best value of each fact. */
#include "remedy/plan_copy.h"

#include "base/text.h"
#include "remedy/plan.h"
#include "vms/vms.h"

#include <string.h>

static void
copy_fact(struct facts *facts, const struct fact *fact)
{
    const struct source source = {.witness = fact->witness, .confidence = fact->confidence};
    switch (fact_type(fact->id)) {
    case FACT_TYPE_TEXT:
        facts_set_text(facts, fact->id, fact->text, &source);
        break;
    case FACT_TYPE_BOOL:
        facts_set_bool(facts, fact->id, fact->yes, &source);
        break;
    case FACT_TYPE_INT:
        facts_set_int(facts, fact->id, fact->number, &source);
        break;
    }
}

struct subject *
plan_copy_subject(const struct subject *subject)
{
    struct subject *copy = subject_new(subject->number);
    if (copy == NULL) {
        return NULL;
    }
    struct arena *arena = &copy->arena;
    copy->kind = subject->kind;
    copy->confidence = subject->confidence;
    copy->in_scope = subject->in_scope;
    copy->name = arena_copy(arena, subject->name);
    copy->driver = arena_copy(arena, subject->driver);
    copy->config = arena_copy(arena, subject->config);
    memcpy(copy->addresses, subject->addresses, sizeof(copy->addresses));
    copy->address_count = subject->address_count;
    copy->mac = subject->mac;
    copy->port_count = subject->port_count;
    for (size_t i = 0; i < subject->port_count; i++) {
        copy->ports[i] = subject->ports[i];
        copy->ports[i].protocol = arena_copy(arena, subject->ports[i].protocol);
    }
    for (size_t i = 0; i < FACT_COUNT; i++) {
        const struct fact *fact = facts_get(&subject->facts, (enum fact_id)i);
        if (fact != NULL) {
            copy_fact(&copy->facts, fact);
        }
    }
    if (arena->full) {
        subject_free(copy);
        return NULL;
    }
    return copy;
}

const struct device_driver *
plan_driver(const char *name)
{
    for (size_t i = 0; i < device_driver_count; i++) {
        if (text_equal(device_drivers[i]->name, name)) {
            return device_drivers[i];
        }
    }
    for (size_t i = 0; i < vms_driver_count; i++) {
        if (text_equal(vms_drivers[i]->name, name)) {
            return vms_drivers[i];
        }
    }
    return NULL;
}
