/* Edits of configuration files: never a crash, and no text but one that means the same. */
#include "remedy/harden.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the format. What is edited once is found no more. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"frigate", "compose", "shinobi", "nxwitness"};
    struct harden_edit edits[HARDEN_FOUND];
    struct note note = {""};
    struct arena arena;
    struct buf before;
    struct buf after;
    struct buf diff;
    if (size < 2 || size > 65536) {
        return 0;
    }
    arena_init(&arena, (size_t)64 * 1024 * 1024);
    buf_init(&before, 65536);
    buf_init(&after, 131072);
    buf_init(&diff, (size_t)1 << 20);
    buf_add(&before, data + 1, size - 1);
    struct harden_file file = {.arena = &arena};
    struct harden_file again = {.arena = &arena};
    enum err err =
        harden_read(&file, formats[data[0] % COUNT(formats)], before.data, before.len, &note);
    for (size_t i = 0; i < file.found_count; i++) {
        const char *value = file.found[i].value;
        edits[i] = (struct harden_edit){
            &file.found[i], value == NULL ? "Zq3Zq3Zq3Zq3Zq3Zq3Zq3Zq3Zq3Zq3Zq3Zq3" : value};
    }
    if (err == OK && harden_text(&file, edits, file.found_count, &after, &note) == OK) {
        assert(harden_read(&again, file.format, after.data, after.len, &note) == OK);
        assert(again.found_count == 0 || file.found_count == HARDEN_FOUND);
        assert(harden_diff("file", &before, &after, &diff) == OK || diff.failed);
    } else {
        assert(after.len == 0);
    }
    buf_release(&before);
    buf_release(&after);
    buf_release(&diff);
    arena_release(&arena);
    return 0;
}
