/* An opening from a package of somebody else: read within bounds, and written again the same. */
#include "base/text.h"
#include "ledger/opening.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf_release) struct buf again;
    uint8_t salt[OPENING_SALT];
    struct opening opening;
    const char *bytes = (const char *)data;
    buf_init(&again, (size_t)2 * OPENING_LIMIT);
    if (opening_parse(bytes, size, &opening) != OK) {
        return 0;
    }
    if (!text_unhex(opening.text - OPENING_HEX - 1, salt, sizeof(salt))) {
        abort();
    }
    opening_put(&again, opening.path, salt, &opening);
    if (again.len != size || memcmp(again.data, bytes, size) != 0) {
        abort();
    }
    return 0;
}
