/* Any bytes as a manifest: what is read keeps its promises, and is written the same again. */
#include "evidence/manifest.h"

#include "evidence/package.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest manifest;
    json_t *tree = NULL;
    struct note note = {""};
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, PACKAGE_SMALL);
    if (manifest_read(data, size, &manifest, &tree, &note) != OK) {
        assert(note.text[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < manifest.file_count; i++) {
        assert(package_is_name(manifest.files[i].name));
        assert(manifest_find(&manifest, manifest.files[i].name) == &manifest.files[i]);
    }
    if (manifest.unknown_count == 0 && manifest.clip != NULL) {
        enum err err = manifest_write(&manifest, &text, &note);
        assert(err == OK && text.len == size && memcmp(text.data, data, size) == 0);
    }
    manifest_release(&manifest);
    json_decref(tree);
    return 0;
}
