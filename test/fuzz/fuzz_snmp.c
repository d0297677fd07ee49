/* Answers of SNMP agents. */
#include "codec/snmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snmp_answer answer;
    (void)!snmp_parse(data, size, &answer);
    return 0;
}
