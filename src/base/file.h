/* Files: whole reads with a limit, writes that are complete or absent. */
#pragma once

#include "base/buf.h"

#include <limits.h>

/* The end of a path that fits into max bytes, from a folder's name on; all of it where it fits. */
const char *file_tail(const char *path, size_t max);

/* Appends the file to buf; ERR_LIMIT when it does not fit buf's maximum. "-" is standard input. */
enum err file_read(const char *path, struct buf *buf, struct note *note) MUST_CHECK;

/* Writes all of it, in as many calls as the kernel wants. false: errno says why. */
bool file_write_all(int fd, const void *bytes, size_t len) MUST_CHECK;

/* Writes beside and renames, so that the old file or the whole new one is there; 0600 or 0644. */
enum err file_write(
    const char *path, const void *bytes, size_t len, unsigned mode, struct note *note) MUST_CHECK;

/* The folder that holds this file: "." or "/" too; false: longer than PATH_MAX, errno says so. */
bool file_folder(const char *path, char ret_folder[PATH_MAX]) MUST_CHECK;

/*
 * A new name is only safe from a power cut when its folder is on disk too: of a folder, and of the
 * one that holds this file. false: errno says why.
 */
bool file_sync_folder(const char *folder);
bool file_sync_name(const char *path);

/* A file that is written piece by piece beside its place, and appears there whole or not at all. */
struct file_draft {
    const char *path;
    struct buf beside;
    int fd;
    int reason; /* errno of what failed first, or 0 */
};

enum err file_draft_open(
    struct file_draft *draft, const char *path, unsigned mode, struct note *note) MUST_CHECK;
/* A buf_sink_fn: the context is the draft. */
bool file_draft_add(void *context, const char *bytes, size_t len);
/* Puts the file in its place when `keep` and all of it was written; removes the draft otherwise. */
enum err file_draft_close(struct file_draft *draft, bool keep, struct note *note) MUST_CHECK;

/* Makes a folder and its parents, 0700 where new. */
enum err file_make_folder(const char *path, struct note *note) MUST_CHECK;

/*
 * The XDG base directory for kind "DATA", "STATE" or "CACHE" plus "/gatehouse" (XDG Base
 * Directory Specification 0.8); ERR_MISSING when neither the variable nor HOME is set.
 */
enum err file_xdg(const char *kind, struct buf *ret_path) MUST_CHECK;
