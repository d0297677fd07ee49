/* SSDP answers, device descriptions and the addresses in both. */
#include "discover/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard heard;
    struct ssdp_answer answer;
    struct place place;
    (void)!ssdp_parse_description(data, size, &heard);
    if (ssdp_parse(data, size, &answer) == OK && place_parse(answer.location, &place) == OK) {
        (void)!place_join(&place, answer.usn, &place);
    }
    return 0;
}
