/* CISA's catalogue of known exploited vulnerabilities: a day for each CVE number. */
#include "catalog/import.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

static bool
is_mine(const json_t *document)
{
    const json_t *first = json_array_get(json_object_get(document, "vulnerabilities"), 0);
    return json_object_get(document, "catalogVersion") != NULL ||
           json_object_get(first, "cveID") != NULL;
}

static void
read(struct import *import, const json_t *document)
{
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(document, "vulnerabilities"), i, entry)
    {
        const char *id = import_text(entry, "cveID");
        const char *day = import_text(entry, "dateAdded");
        int64_t wall = 0;
        if (!import_is_cve(id)) {
            import_refuse(import, "an entry", "it has no CVE number");
        } else if (strlen(day) != 10 || clock_parse(day, &wall) != OK) {
            import_refuse(import, id, "its dateAdded is no day");
        } else {
            struct import_record record = {.id = id, .source = "KEV", .rows = 1};
            import_exploited(import, id, day);
            import_end(import, &record, "");
        }
    }
}

const struct import_format import_kev = {
    .title = "CISA KEV",
    .is_mine = is_mine,
    .read = read,
};
