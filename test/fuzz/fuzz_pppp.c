/* Answers of the PPPP LAN search. */
#include "discover/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard heard;
    (void)!pppp_parse(data, size, &heard);
    return 0;
}
