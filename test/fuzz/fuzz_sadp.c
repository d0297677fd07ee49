/* Answers of Hikvision SADP. */
#include "discover/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard heard;
    (void)!sadp_parse(data, size, &heard);
    return 0;
}
