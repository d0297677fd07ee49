/* gatehouse gateway: finds the part; what parts share. */
#include "cli/gateway.h"

#include "base/file.h"
#include "cli/data.h"
#include "cli/part.h"
#include "gate/nginxconf.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name beside the settings for what nginx reads; it lies in run/, the only folder it may see. */
static enum err
link_conf(const char *folder, struct note *note)
{
    char path[PATH_MAX], beside[PATH_MAX];
    int a = snprintf(path, sizeof(path), "%s/nginx.conf", folder);
    int b = snprintf(beside, sizeof(beside), "%s/nginx.conf.new", folder);
    if (a < 0 || b < 0 || (size_t)b >= sizeof(beside)) {
        return ERR_LIMIT;
    }
    (void)unlink(beside);
    if (symlink("run/nginx.conf", beside) != 0 || rename(beside, path) != 0) {
        note_set(note, "%s: %s", file_tail(path, 150), strerror(errno));
        return ERR_IO;
    }
    return OK;
}

/* All processes are one user's, so that nobody needs a group for sockets and shared files. */
static uid_t
owner_of(const char *folder)
{
    struct stat status;
    return stat(folder, &status) == 0 ? status.st_uid : geteuid();
}

enum err
gateway_write_conf(const struct settings *settings, const char *folder, struct note *note)
{
    CLEANUP(buf_release) struct buf module;
    CLEANUP(buf_release) struct buf conf;
    CLEANUP(buf_release) struct buf path;
    buf_init(&module, PATH_MAX);
    buf_init(&conf, NGINXCONF_MOST);
    buf_init(&path, PATH_MAX);
    enum err err = data_find_module(&module, note);
    const struct passwd *owner = geteuid() == 0 ? getpwuid(owner_of(folder)) : NULL;
    const struct nginxconf_place place = {module.data, owner == NULL ? NULL : owner->pw_name};
    err = err == OK ? nginxconf_write(settings, &place, &conf, note) : err;
    buf_format(&path, "%s/run", folder);
    err = err == OK ? buf_error(&path) : err;
    err = err == OK ? file_make_folder(path.data, note) : err;
    buf_text(&path, "/nginx.conf");
    err = err == OK ? buf_error(&path) : err;
    err = err == OK ? file_write(path.data, conf.data, conf.len, 0644, note) : err;
    return err == OK ? link_conf(folder, note) : err;
}

int
cli_gateway(int argc, char **argv)
{
    static const struct cli_part rows[] = {
#define PART(name, words) {#name, words, gateway_##name},
#include "cli/gateway.def"
#undef PART
    };
    static const struct cli_parts parts = {
        .command = "gateway",
        .about = "The gateway stands in front of a VMS that stays as it is: nobody sees footage\n"
                 "without a second factor, and every access is an event in the ledger before its\n"
                 "first byte leaves. `gateway init` makes one, `gatehouse serve` runs it.\n",
        .rows = rows,
        .count = COUNT(rows),
    };
    return cli_part_run(&parts, argc, argv);
}
