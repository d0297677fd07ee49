/* The owner's password files: mode 0600, in memory, for the site's own processes only. */
#include "lab/secrets.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#define PATH_LIMIT ((size_t)4096)

static enum err
write_secret(const char *folder, const struct site_device *device)
{
    const struct site_transcript *record = device->record;
    struct note note = {0};
    struct buf path;
    struct buf text;
    if (record->accounts_count == 0)
        return OK;
    buf_init(&path, PATH_LIMIT);
    buf_init(&text, PATH_LIMIT);
    buf_format(&path, "%s/%s", folder, device->name);
    buf_format(
        &text, "%s\n", device->password != NULL ? device->password : record->accounts[0].password);
    enum err err = buf_error(&path) == OK ? buf_error(&text) : ERR_LIMIT;
    if (err == OK)
        err = file_write(path.data, text.data, text.len, 0600, &note);
    if (err != OK)
        log_error("%s", note.text);
    buf_release(&path);
    buf_release(&text);
    return err;
}

enum err
secrets_mount(const struct site *site, const char *site_path)
{
    const char *slash = strrchr(site_path, '/');
    struct buf folder;
    if (site->secrets == NULL)
        return OK;
    buf_init(&folder, PATH_LIMIT);
    if (slash != NULL && site->secrets[0] != '/')
        buf_add(&folder, site_path, (size_t)(slash - site_path) + 1);
    buf_format(&folder, "%s", site->secrets);
    enum err err = buf_error(&folder);
    if (err == OK &&
        (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("tmpfs", folder.data, "tmpfs", MS_NODEV | MS_NOEXEC | MS_NOSUID,
                "mode=0700,size=4m") != 0)) {
        log_error("%s: %s", folder.data, strerrordesc_np(errno));
        err = ERR_SYSTEM;
    }
    for (unsigned i = 0; err == OK && i < site->devices_count; i++)
        err = write_secret(folder.data, &site->devices[i]);
    buf_release(&folder);
    return err;
}
