/* Answers of the Xiongmai LAN search. */
#include "discover/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard heard;
    (void)!xiongmai_parse(data, size, &heard);
    return 0;
}
