/* Site files: never a crash, always either a site or a sentence. */
#include "assess/site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct site *site = NULL;
    struct note note = {""};
    enum err err = site_parse((const char *)data, size, "fuzz.yaml", &site, &note);
    assert((err == OK) == (site != NULL));
    assert(err == OK || note.text[0] != '\0');
    site_free(site);
    return 0;
}
