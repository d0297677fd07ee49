/* Where the program's own files are. */
#include "cli/data.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum err
data_self(struct buf *ret_path)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));
    if (len <= 0 || (size_t)len == sizeof(path)) {
        return ERR_SYSTEM;
    }
    buf_add(ret_path, path, (size_t)len);
    return buf_error(ret_path);
}

/* First of the patterns, below the program's folder, that exists. */
static enum err
find(const char *name, const char *const *folders, size_t count, struct buf *ret_path)
{
    CLEANUP(buf_release) struct buf self;
    buf_init(&self, PATH_MAX);
    enum err err = data_self(&self);
    if (err != OK) {
        return err;
    }
    *strrchr(self.data, '/') = '\0';
    for (size_t i = 0; i < count; i++) {
        buf_clear(ret_path);
        buf_format(ret_path, "%s/%s%s", self.data, folders[i], name);
        if (!ret_path->failed && access(ret_path->data, R_OK) == 0) {
            return OK;
        }
    }
    return ERR_MISSING;
}

enum err
data_find(const char *name, struct buf *ret_path, struct note *note)
{
    static const char *const folders[] = {"../", "../share/gatehouse/"};
    enum err err = find(name, folders, COUNT(folders), ret_path);
    if (err != OK) {
        note_set(
            note, "%s: not found beside the program; is it installed whole (make install)?", name);
    }
    return err;
}

enum err
data_find_program(const char *name, struct buf *ret_path, struct note *note)
{
    static const char *const folders[] = {"", "../libexec/gatehouse/"};
    enum err err = find(name, folders, COUNT(folders), ret_path);
    if (err != OK) {
        note_set(note, "%s: not found beside the program; build it with: make build", name);
    }
    return err;
}

enum err
data_find_module(struct buf *ret_path, struct note *note)
{
    static const char *const folders[] = {"nginx/", "../" GATEHOUSE_LIBDIR "/gatehouse/"};
    enum err err = find("ngx_http_gatehouse_module.so", folders, COUNT(folders), ret_path);
    if (err != OK) {
        note_set(note, "the gateway's module for nginx is not beside the program; build it with "
                       "nginx-dev installed (make build), or install it (make install)");
        return err;
    }
    char *real = realpath(ret_path->data, NULL);
    if (real != NULL) {
        buf_clear(ret_path);
        buf_text(ret_path, real);
        free(real);
    }
    return buf_error(ret_path);
}
