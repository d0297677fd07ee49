/*
 * The files of a VMS on disk: which they are, what the audit says of them as they are and as they
 * would be, and one of them replaced without a moment in which it is not whole.
 */
#pragma once

#include "base/buf.h"
#include "codec/digest.h"
#include "fact/subject.h"

#include <sys/types.h>

#define HARDEN_FILES 32
#define HARDEN_BYTES ((size_t)1 << 20)

struct harden_place {
    const char *path;   /* absolute */
    const char *format; /* of files.def */
};

/*
 * The files that the facts of this VMS name as evidence, each once, that are there and recognised.
 * The texts live in the arena.
 */
size_t harden_site_files(
    const struct subject *subject, struct arena *arena, struct harden_place out[HARDEN_FILES]);

/* One file's bytes in the place of what is on disk; bytes NULL: none is replaced. */
struct harden_swap {
    const char *path;
    const struct buf *bytes;
};
/*
 * What the audit says of the product when it reads these files. ERR_MISSING: nothing; the note says
 * which file can't be read. The subject is the caller's.
 */
enum err harden_site_audit(const struct harden_place *files, size_t count, const char *product,
    const struct harden_swap *swap, struct subject **ret_subject, struct note *note) MUST_CHECK;
/*
 * The first finding ("CONTROL/RULE") that a FAIL or NOTE of `after` is and of `before` is not;
 * NULL: none.
 */
const char *harden_site_worse(
    const struct facts *before, const struct facts *after, char *out, size_t size);

/* A file as it was found. */
struct harden_state {
    char digest[DIGEST_HEX]; /* SHA-256 */
    mode_t mode;
    uid_t uid;
    gid_t gid;
};

/* Reads an ordinary file with one name, no link; at most HARDEN_BYTES. */
enum err harden_site_read(const char *path, struct buf *out, struct harden_state *ret_state,
    struct note *note) MUST_CHECK;
/* Puts the bytes in the file's place, with that mode and owner; all of them or nothing. */
enum err harden_site_write(const char *path, const struct buf *bytes,
    const struct harden_state *state, struct note *note) MUST_CHECK;
