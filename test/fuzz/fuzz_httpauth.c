/* Any WWW-Authenticate value: what is understood can be answered, and the answer is one line. */
#include "codec/httpauth.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct httpauth_challenge challenge;
    const struct httpauth_user user = {"admin", "12345", "0a4f113b", 1};
    const struct ask ask = {.path = "/ISAPI/System/deviceInfo"};
    const char *value = NULL;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    const char *text = arena_copy_n(&arena, (const char *)data, size);
    if (text != NULL && httpauth_parse(text, &challenge) == OK &&
        httpauth_answer(&challenge, &user, &ask, &arena, &value) == OK) {
        assert(strncmp(value, "Digest ", 7) == 0 || strncmp(value, "Basic ", 6) == 0);
    }
    arena_release(&arena);
    return 0;
}
