/*
 * Every change that the ledger makes on a disk: the only file of the log that writes. Built with
 * DISK_FAULTS each call first asks disk_fault(), so that a test can stop, tear or refuse any of
 * them. ENOSPC, EDQUOT and EROFS are ERR_FULL, a missing folder ERR_MISSING, a sync that fails and
 * everything else ERR_IO. Names are relative to an open folder. All write whole: a short write is
 * gone on with. After a failure disk_trouble() has words for it.
 */
#pragma once

#include "base/err.h"

#include <sys/types.h>

enum err disk_folder(int at, const char *name, int *ret_fd) MUST_CHECK; /* made 0755 if missing */
enum err disk_create(
    int at, const char *name, unsigned mode, int *ret_fd) MUST_CHECK; /* new, or as it is */
/* Space that a later write can't lack and a later sync need not account for: zeros beyond the end.
 */
enum err disk_allocate(int fd, off_t len) MUST_CHECK;
enum err disk_write(int fd, const void *bytes, size_t len, off_t at) MUST_CHECK;
enum err disk_begin_sync(int fd) MUST_CHECK; /* starts writing back; sync_file_range(2) */
enum err disk_sync(int fd) MUST_CHECK;       /* fdatasync(2), or fsync(2) of a folder */
enum err disk_rename(int at, const char *from, const char *to) MUST_CHECK;
enum err disk_remove(
    int at, const char *name) MUST_CHECK; /* also an empty folder; one that is not there is OK */
enum err disk_truncate(int fd, off_t len) MUST_CHECK;

/* "write: No space left on device": the last failure of this thread. */
const char *disk_trouble(void);

/* The places of faults, for the test's list. */
enum disk_call {
    DISK_FOLDER,
    DISK_CREATE,
    DISK_ALLOCATE,
    DISK_WRITE,
    DISK_BEGIN_SYNC,
    DISK_SYNC,
    DISK_RENAME,
    DISK_REMOVE,
    DISK_TRUNCATE,
};

#ifdef DISK_FAULTS
/*
 * Asked before each call; the test defines it. Returns 0 to go on, an errno to fail with, or does
 * not return. May lower *len of a write, which is then torn there and fails with that errno.
 */
struct disk_action {
    enum disk_call call;
    int fd;           /* the file, or the folder of a name */
    const char *name; /* NULL for calls on a file */
    const char *to;   /* of a rename */
    const void *bytes;
    size_t *len;
    off_t at;
};
int disk_fault(const struct disk_action *action);
#endif
