/* WS-Discovery ProbeMatches. */
#include "discover/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard heard;
    const struct ip from = {
        .family = 4, .bytes = {10, 0, 3, 7}
    };
    (void)!wsdiscovery_parse(data, size, &from, &heard);
    return 0;
}
