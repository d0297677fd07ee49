/* Any message of a browser's WebSocket, to every VMS whose messages are read. */
#include "vms/access.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    for (size_t i = 0; i < vms_gate_count; i++) {
        struct note note = {""};
        struct access access = {0};
        if (vms_gates[i]->frame == NULL) {
            continue;
        }
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        enum err err = vms_gates[i]->frame(data, size, &arena, &access, &note);
        assert(err == OK || err == ERR_VALUE || err == ERR_LIMIT || err == ERR_MEMORY);
        /* A refusal has its reason, and what is let through is said. */
        assert(err != ERR_VALUE || note.text[0] != '\0');
        assert(err != OK || (access.kind != ACCESS_UNKNOWN && access.object != NULL));
        arena_release(&arena);
    }
    return 0;
}
