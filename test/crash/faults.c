/* disk_fault() of the crash tests. */
#include "faults.h"

#include "ledger/disk.h"
#include "power.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct faults faults;

void
faults_clear(void)
{
    memset(&faults, 0, sizeof(faults));
}

static bool
is_new(const struct disk_action *action)
{
    struct stat status;
    return fstatat(action->fd, action->name, &status, AT_SYMLINK_NOFOLLOW) != 0;
}

/* What a full disk refuses: writes go on where the space is there already. */
static bool
needs_space(const struct disk_action *action)
{
    struct stat status;
    switch (action->call) {
    case DISK_FOLDER:
    case DISK_CREATE:
        return is_new(action);
    case DISK_ALLOCATE:
        return fstat(action->fd, &status) == 0 && status.st_size < action->at;
    case DISK_WRITE:
        return fstat(action->fd, &status) == 0 && status.st_size < action->at + (off_t)*action->len;
    case DISK_BEGIN_SYNC:
    case DISK_SYNC:
    case DISK_RENAME:
    case DISK_REMOVE:
    case DISK_TRUNCATE:
        break;
    }
    return false;
}

static void
cut(const struct disk_action *action)
{
    if (action->call == DISK_WRITE && faults.cut != 0) {
        *action->len = *action->len * faults.cut / 256;
    }
}

static int
stop(const struct disk_action *action)
{
    if (action->call == DISK_WRITE && faults.cut != 0) {
        cut(action);
        ssize_t put = pwrite(action->fd, action->bytes, *action->len, action->at);
        assert(put == (ssize_t)*action->len);
    }
    _exit(FAULTS_STOPPED);
}

int
disk_fault(const struct disk_action *action)
{
    faults.count++;
    assert(faults.count < COUNT(faults.is_write));
    faults.is_write[faults.count] = action->call == DISK_WRITE;
    if (faults.is_recording) {
        power_record(action);
    }
    bool is_met = faults.kind != FAULTS_NONE && faults.count >= faults.at &&
                  faults.count - faults.at < faults.calls;
    if (!is_met) {
        return faults.is_full && needs_space(action) ? ENOSPC : 0;
    }
    faults.was_met = true;
    if (faults.kind == FAULTS_STOP) {
        return stop(action);
    }
    cut(action);
    return faults.reason;
}
