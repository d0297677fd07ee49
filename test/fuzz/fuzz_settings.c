/* gateway.yaml: never a crash, always either settings or a sentence. Names are not looked up. */
#include "gate/settings.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings settings;
    struct arena arena;
    struct note note = {""};
    arena_init(&arena, (size_t)16 * 1024 * 1024);
    enum err err = settings_parse((const char *)data, size, "/srv/gate", &arena, &settings, &note);
    assert(err == OK || note.text[0] != '\0');
    if (err == OK) {
        assert(settings.vms_count != 0 && settings.vms_count <= POLICY_VMS);
        assert(strpbrk(settings.host, " ;{}\"'\\$\n") == NULL);
        for (size_t i = 0; i < settings.vms_count; i++) {
            assert(settings.vms[i].port != 0 && strchr(settings.vms[i].name, '/') == NULL);
            assert(strpbrk(settings.vms[i].upstream, " ;{}\"'\\$\n") == NULL);
        }
    }
    arena_release(&arena);
    return 0;
}
