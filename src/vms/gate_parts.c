/* Parts of a path, compared as a lenient web server does. */
#include "vms/gate_parts.h"

#include <string.h>
#include <strings.h>

bool
gate_parts_has(const char *path, const char *const *words, size_t count)
{
    while (*path != '\0') {
        size_t len = strcspn(path, "/");
        for (size_t i = 0; i < count; i++) {
            if (len == strlen(words[i]) && strncasecmp(path, words[i], len) == 0) {
                return true;
            }
        }
        path += len + (path[len] == '/' ? 1 : 0);
    }
    return false;
}

const char *
gate_parts_behind(const char *path)
{
    const char *next = *path == '/' ? strchr(path + 1, '/') : NULL;
    return next == NULL ? "/" : next;
}
