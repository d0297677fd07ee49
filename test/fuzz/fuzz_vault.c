/* Any bytes as a file of sealed passwords; what is read is written the same again. */
#include "store/vault_format.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vault_image image;
    struct note note = {""};
    if (vault_image_read(data, size, &image, &note) != OK) {
        assert(note.text[0] != '\0');
        return 0;
    }
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, VAULT_FILE_MAX);
    vault_image_write(&image, &bytes);
    assert(bytes.len + VAULT_MARK == size);
    assert(memcmp(bytes.data, data, bytes.len) == 0);
    for (size_t i = 0; i < image.count; i++) {
        assert(vault_name_is_valid(image.entries[i].name) ||
               vault_name_is_device(image.entries[i].name));
    }
    vault_image_release(&image);
    return 0;
}
