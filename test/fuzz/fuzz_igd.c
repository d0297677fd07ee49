/* What routers say about their port mappings. */
#include "discover/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct igd_service service;
    struct igd_row row;
    struct ip ip;
    uint16_t result = 0;
    (void)!igd_parse_description(data, size, &service);
    (void)!igd_parse_row(data, size, &row);
    (void)!igd_parse_outside(data, size, &ip);
    (void)igd_parse_fault(data, size);
    (void)!natpmp_parse(data, size, &result, &ip);
    return 0;
}
