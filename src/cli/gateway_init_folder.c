/* A gateway is made beside its place and appears there whole, or not at all. */
#include "cli/gateway_init.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FOLDERS 16

static volatile sig_atomic_t is_stopped;
static uid_t owner_uid;
static gid_t owner_gid;

static void
stop(int number)
{
    (void)number;
    is_stopped = 1;
}

bool
gateway_init_is_stopped(void)
{
    return is_stopped != 0;
}

static enum err
refuse_existing(const char *folder, struct note *note)
{
    struct stat status;
    CLEANUP(buf_release) struct buf yaml;
    buf_init(&yaml, 8192);
    buf_format(&yaml, "%s/gateway.yaml", folder);
    if (access(yaml.data, F_OK) == 0) {
        note_set(note,
            "%s: there is a gateway already, nothing was changed; edit its gateway.yaml and run "
            "`gatehouse gateway configure`, or give another --gateway",
            file_tail(folder, 100));
        return ERR_VALUE;
    }
    if (lstat(folder, &status) == 0 && rmdir(folder) != 0) {
        note_set(note, "%s is there already and not empty; give another --gateway",
            file_tail(folder, 150));
        return ERR_VALUE;
    }
    return OK;
}

enum err
gateway_init_folder_begin(struct gateway_init *init, struct note *note)
{
    const struct sigaction action = {.sa_handler = stop};
    const char *slash = strrchr(init->folder, '/');
    const char *above = arena_copy_n(init->arena, init->folder, (size_t)(slash - init->folder));
    char *beside = arena_format(init->arena, "%s.new-XXXXXX", init->folder);
    if (above == NULL || beside == NULL) {
        return ERR_MEMORY;
    }
    enum err err = refuse_existing(init->folder, note);
    err = err == OK && above[0] != '\0' ? file_make_folder(above, note) : err;
    if (err != OK) {
        return err;
    }
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    if (mkdtemp(beside) == NULL) {
        note_set(note, "%s: %s", file_tail(beside, 150), strerror(errno));
        return ERR_IO;
    }
    init->beside = beside;
    return OK;
}

static int
give(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return lchown(path, owner_uid, owner_gid);
}

/* What root makes in a folder of another user's belongs to that user, as which it will run. */
static enum err
give_away(const struct gateway_init *init, struct note *note)
{
    struct stat above;
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, 8192);
    buf_format(&path, "%s/..", init->beside);
    if (geteuid() != 0 || stat(path.data, &above) != 0 || above.st_uid == 0) {
        return OK;
    }
    owner_uid = above.st_uid;
    owner_gid = above.st_gid;
    if (nftw(init->beside, give, OPEN_FOLDERS, FTW_PHYS) != 0) {
        note_set(note, "%s can't be given to user %lu: %s", file_tail(init->folder, 120),
            (unsigned long)owner_uid, strerror(errno));
        return ERR_IO;
    }
    return OK;
}

enum err
gateway_init_folder_keep(struct gateway_init *init, struct note *note)
{
    if (is_stopped) {
        return ERR_CANCELLED;
    }
    enum err err = give_away(init, note);
    if (err == OK && rename(init->beside, init->folder) != 0) {
        note_set(note, "%s: %s", file_tail(init->folder, 150), strerror(errno));
        err = ERR_IO;
    }
    if (err == OK) {
        init->beside = NULL;
    }
    return err;
}

static int
drop(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void
gateway_init_folder_drop(const struct gateway_init *init)
{
    if (init->beside != NULL) {
        (void)nftw(init->beside, drop, OPEN_FOLDERS, FTW_PHYS | FTW_DEPTH);
    }
}
