/* Records of every format, and one verdict over what they become. */
#include "base/arena.h"
#include "catalog/import.h"
#include "catalog/verdict.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char header[] = "{\"catalog\":1,\"name\":\"f\",\"date\":\"2026-01-01\"}\n";
    struct import import;
    struct note note = {""};
    struct catalog *catalog = NULL;
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, (size_t)64 * 1024 * 1024);
    if (import_init(&import) != OK) {
        return 0;
    }
    if (import_document(&import, (const char *)data, size, &note) == OK &&
        import_finish(&import) == OK) {
        buf_text(&text, header);
        buf_add(&text, import.lines.len == 0 ? "" : import.lines.data, import.lines.len);
        /* What an importer writes is always a catalogue. */
        enum err err = catalog_parse(text.data, text.len, &catalog, &note);
        assert(err == OK || err == ERR_MEMORY || err == ERR_LIMIT);
    }
    import_release(&import);
    for (size_t i = 0; catalog != NULL && i < catalog->count && i < 20; i++) {
        struct verdict verdict;
        const struct advisory_target target = {.maker = catalog->rows[i].maker,
            .model = "DS-2CD2143G0-I",
            .version = "V5.4.5 build 170124"};
        (void)verdict_judge(catalog, catalog->rows[i].id, &target, &verdict);
    }
    catalog_free(catalog);
    return 0;
}
