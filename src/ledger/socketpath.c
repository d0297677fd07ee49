/* Unix socket addresses of any length, through /proc/self/fd. */
#include "ledger/socketpath.h"
#include "base/buf.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static bool
set(struct socketpath *path, const char *text)
{
    path->address.sun_family = AF_UNIX;
    path->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text) + 1);
    return text_copy(path->address.sun_path, sizeof(path->address.sun_path), text);
}

enum err
socketpath_open(const char *path, struct socketpath *ret_path)
{
    struct socketpath result = {.folder = -1};
    if (set(&result, path)) {
        *ret_path = result;
        return OK;
    }
    CLEANUP(buf_release) struct buf folder;
    buf_init(&folder, PATH_MAX);
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return ERR_LIMIT;
    }
    buf_add(&folder, path, (size_t)(slash - path) + 1);
    if (buf_error(&folder) != OK) {
        return ERR_LIMIT;
    }
    result.folder = open(folder.data, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (result.folder < 0) {
        return errno == ENOENT || errno == ENOTDIR ? ERR_MISSING : ERR_SYSTEM;
    }
    buf_clear(&folder);
    buf_format(&folder, "/proc/self/fd/%d%s", result.folder, slash);
    if (!set(&result, folder.data)) {
        socketpath_close(&result);
        return ERR_LIMIT;
    }
    *ret_path = result;
    return OK;
}

void
socketpath_close(struct socketpath *path)
{
    if (path->folder >= 0) {
        (void)close(path->folder);
        path->folder = -1;
    }
}
