/* Lists of firmware files: never a crash, always either a list or a sentence. */
#include "remedy/firmware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct firmware_list *list = NULL;
    struct note note = {""};
    enum err err = firmware_parse((const char *)data, size, "firmware.yaml", &list, &note);
    assert((err == OK) == (list != NULL));
    assert(err == OK || note.text[0] != '\0');
    firmware_free(list);
    return 0;
}
