/* Lists of digests: never a crash, and what is found is a digest in lower case. */
#include "remedy/firmware_sums.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct firmware_sums_ask asks[] = {
        {"fw.bin", 64,  false},
        {"fw.bin", 32,  true },
        {"fw.bin", 128, true }
    };
    for (size_t i = 0; i < COUNT(asks); i++) {
        char hex[FIRMWARE_SUMS_HEX];
        if (firmware_sums_find((const char *)data, size, &asks[i], hex) == OK) {
            assert(strlen(hex) == asks[i].digits);
            assert(strspn(hex, "0123456789abcdef") == asks[i].digits);
        }
    }
    return 0;
}
