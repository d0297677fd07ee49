/* Request targets: what is taken is safe, and is its own canonical form. */
#include "gate/uri.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_safe(const struct uri *uri)
{
    for (const char *at = uri->sent; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || *at == '#') {
            return false;
        }
    }
    return uri->path[0] == '/' && strstr(uri->path, "//") == NULL &&
           strstr(uri->path, "/../") == NULL && strstr(uri->path, "/./") == NULL &&
           strpbrk(uri->path, "\\;#\r\n") == NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, (size_t)256 * 1024);
    struct uri uri, again;
    struct note note;
    if (uri_canonical((const char *)data, size, "gate.example", &arena, &uri, &note) == OK) {
        assert(is_safe(&uri));
        enum err err = uri_canonical(uri.sent, strlen(uri.sent), NULL, &arena, &again, &note);
        assert(err == OK);
        assert(strcmp(uri.sent, again.sent) == 0 && strcmp(uri.path, again.path) == 0);
    }
    arena_release(&arena);
    return 0;
}
