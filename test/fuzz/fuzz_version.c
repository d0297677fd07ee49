/* Any two texts as versions: the order is the same both ways, a date has its form. */
#include "codec/version.h"

#include "base/arena.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    char date[VERSION_DATE];
    size_t half = size / 2;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    const char *a = arena_copy_n(&arena, (const char *)data, half);
    const char *b = arena_copy_n(&arena, (const char *)data + half, size - half);
    if (a != NULL && b != NULL) {
        assert(version_compare(a, b) == -version_compare(b, a));
        assert(version_compare(a, a) == 0);
        if (version_date(a, date)) {
            assert(strlen(date) == VERSION_DATE - 1 && date[4] == '-' && date[7] == '-');
        }
    }
    arena_release(&arena);
    return 0;
}
