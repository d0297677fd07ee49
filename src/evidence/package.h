/*
 * An evidence package: a folder, or a zip of the same files, for a court or an auditor. Nobody who
 * checks it needs Gatehouse, a network or the ledger.
 *
 *   README.txt            what this is and how to verify it, also without Gatehouse
 *   index.html            the same for people, one file, no script
 *   manifest.json         everything below by name, bytes and SHA-256; who, when, why, which camera
 *   manifest.sig          C2SP signed note over "gatehouse.org/evidence@v1\nORIGIN\nsha256:HEX\n"
 *   evidence.vkey         public key of manifest.sig; the event evidence.make in the log names it
 *   log.vkey              public key of the log
 *   clip/NAME             the clip, when it is in the package and not only its hash
 *   events/INDEX.json     an entry of the log, byte for byte
 *   events/INDEX.tlog-proof
 *   time/N.tsq, time/N.tsr  RFC 3161 request over manifest.json, and answer when there is one
 *   time/N.pem            the certificate that the owner trusts for that authority, when given
 *
 * Names in a package are from a fixed set of characters; what else is in it is told, not followed.
 */
#pragma once

#include "base/buf.h"

#define PACKAGE_MANIFEST "manifest.json"
#define PACKAGE_SIG      "manifest.sig"
#define PACKAGE_KEY      "evidence.vkey"
#define PACKAGE_LOG_KEY  "log.vkey"
#define PACKAGE_NAME     160 /* longest name in it, with its end */
#define PACKAGE_FILES    4096
#define PACKAGE_SMALL    ((size_t)1024 * 1024) /* of any file but the clip */
#define PACKAGE_FIRST    "gatehouse.org/evidence@v1"

/* A package that is read: folder or zip, by what it is. Only regular files of allowed names. */
struct package;

/* ERR_MISSING, ERR_SYNTAX (no package), ERR_LIMIT; the note says what is wrong. */
enum err package_open(const char *path, struct package **ret_package, struct note *note) MUST_CHECK;
void package_close(struct package *package);
/* Number of files, and the name of each. */
size_t package_count(const struct package *package);
const char *package_name(const struct package *package, size_t i);
/* A small file as a whole; ERR_MISSING, ERR_LIMIT. */
enum err package_read(
    struct package *package, const char *name, struct buf *ret_bytes, struct note *note) MUST_CHECK;
/*
 * A file of any size piece by piece, in constant memory; the function returns false to stop. The
 * piece is valid for the call.
 */
typedef bool package_piece_fn(void *context, const void *bytes, size_t len);
enum err package_stream(struct package *package, const char *name, package_piece_fn *piece,
    void *context, struct note *note) MUST_CHECK;
/* A path that a program may open and seek: the file itself in a folder; ERR_UNSUPPORTED in a zip.
 */
enum err package_path(struct package *package, const char *name, struct buf *ret_path) MUST_CHECK;

/*
 * A package that is written: everything into a folder NAME.part or a file, which gets its name in
 * package_finish() and is removed by package_drop(); so there is never half a package.
 */
struct package_writer;
enum err package_begin(const char *path, bool is_zip, struct package_writer **ret_writer,
    struct note *note) MUST_CHECK;
enum err package_put(struct package_writer *writer, const char *name, const void *bytes, size_t len,
    struct note *note) MUST_CHECK;
/* Copies a file; its SHA-256 and size as it was copied. */
enum err package_put_file(struct package_writer *writer, const char *name, int fd,
    uint8_t ret_sha256[32], uint64_t *ret_bytes, struct note *note) MUST_CHECK;
enum err package_finish(struct package_writer *writer, struct note *note) MUST_CHECK;
void package_drop(struct package_writer *writer);
