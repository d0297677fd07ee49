/*
 * Going on as the gateway folder's owner.
 *
 * Rule of this file: root's rights go for good, and before anything of the folder was read. What
 * stays is the right to low ports, and only nginx gets it (serve_child.c).
 */
#include "daemon/serve.h"

#include "base/file.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
keep_low_ports(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    const uint32_t kept = 1U << CAP_NET_BIND_SERVICE;
    struct __user_cap_data_struct sets[2] = {
        {kept, kept, kept},
        {0,    0,    0   }
    };
    return (int)syscall(SYS_capset, &head, sets);
}

enum err
serve_become_owner(const char *folder, struct note *note)
{
    struct stat owner;
    if (geteuid() != 0 || stat(folder, &owner) != 0 || owner.st_uid == 0) {
        return OK;
    }
    const struct passwd *user = getpwuid(owner.st_uid);
    bool keeps = prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0;
    int failed = user != NULL ? initgroups(user->pw_name, user->pw_gid) : setgroups(0, NULL);
    if (failed != 0 || setgid(user != NULL ? user->pw_gid : owner.st_gid) != 0 ||
        setuid(owner.st_uid) != 0 || geteuid() == 0 || !keeps || keep_low_ports() != 0) {
        note_set(note, "%s belongs to user %lu, as whom this can't go on: %s",
            file_tail(folder, 150), (unsigned long)owner.st_uid, strerror(errno));
        return ERR_SYSTEM;
    }
    return OK;
}
