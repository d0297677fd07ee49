/* A public key has one spelling, which is given back. */
#include "ledger/vkey.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    struct vkey key;
    if (text != NULL && vkey_parse(text, &key) == OK) {
        char again[VKEY_TEXT];
        if (!vkey_is_name(key.name) || strcmp(vkey_text(&key, again), text) != 0) {
            abort();
        }
    }
    free(text);
    return 0;
}
