/* Nmap reports. */
#include "discover/given.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct given given = {.hosts = NULL};
    struct note note = {""};
    (void)!given_parse(&given, (const char *)data, size, "report.xml", &note);
    given_release(&given);
    return 0;
}
