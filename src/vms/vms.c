/* The list of VMS drivers, and how they write what they found. */
#include "vms/vms.h"

#include <string.h>

#define ASKED_CONFIDENCE 80
#define KNOWN_CONFIDENCE 85

#define VMS_DRIVER(name) extern const struct device_driver vms_##name;
#include "vms/drivers.def"
#undef VMS_DRIVER

const struct device_driver *const vms_drivers[] = {
#define VMS_DRIVER(name) &vms_##name,
#include "vms/drivers.def"
#undef VMS_DRIVER
};
const size_t vms_driver_count = COUNT(vms_drivers);

/* "GET http://10.0.0.7:5000/api" → "http://10.0.0.7:5000/"; NULL when there is no address. */
static const char *
address_of(struct arena *arena, const struct evidence *evidence)
{
    const char *asked = evidence == NULL || evidence->asked == NULL ? "" : evidence->asked;
    const char *start = strstr(asked, "http");
    const char *host = start == NULL ? NULL : strstr(start, "://");
    if (host == NULL) {
        return NULL;
    }
    size_t len = (size_t)(host - start) + 3 + strcspn(host + 3, "/ ");
    return arena_format(arena, "%.*s/", (int)len, start);
}

void
vms_set_open(struct facts *facts, const struct ask *ask, const struct source *source)
{
    const char *address = address_of(facts->arena, source->evidence);
    if (address == NULL) {
        address =
            ask->port == 0 ? "its web port" : arena_format(facts->arena, "port %u", ask->port);
    }
    facts_set_bool(facts, FACT_VMS_AUTH, false, source);
    facts_set_text(facts, FACT_VMS_OPEN, address, source);
}

void
vms_set_asked(struct facts *facts, const struct source *source)
{
    struct source weaker = *source;
    weaker.confidence = ASKED_CONFIDENCE;
    facts_set_bool(facts, FACT_VMS_AUTH, true, &weaker);
}

void
vms_set_known(struct facts *facts, enum fact_id fact, bool yes, const char *words,
    const struct source *source)
{
    int64_t at = source->evidence == NULL ? 0 : source->evidence->at;
    const struct source known = {
        .witness = WITNESS_CONFIG,
        .confidence = KNOWN_CONFIDENCE,
        .evidence = evidence_new(facts->arena, "documentation of the product", words, at),
    };
    if (facts_get(facts, fact) == NULL) {
        facts_set_bool(facts, fact, yes, &known);
    }
}
