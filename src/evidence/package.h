/*
 * An evidence package: a folder, or a zip of the same files, for a court or an auditor. Nobody who
 * checks it needs Gatehouse, a network or the ledger.
 *
 *   README.txt            what this is and how to verify it, also without Gatehouse
 *   index.html            the same for people, one file, no script
 *   manifest.json         everything below but made/ and time/ by name, bytes and SHA-256, with
 *                         the two above; who, when, why, which camera
 *   manifest.sig          C2SP signed note over "gatehouse.org/evidence@v1\nORIGIN\nsha256:HEX\n"
 *   evidence.vkey         public key of manifest.sig, named ORIGIN/evidence
 *   log.vkey              public key of the log
 *   clip/NAME             the clip, when it is in the package and not only its hash
 *   events/INDEX.json     an entry of the log, byte for byte
 *   events/INDEX.tlog-proof
 *   opened/SHA256.txt     what one sealed text of an entry says (ledger/opening.h); the entry has
 *                         that SHA-256, so it rests on the log alone
 *   made/INDEX.json, made/INDEX.tlog-proof
 *                         the log's event evidence.make about this very package: its `digest` is
 *                         that of manifest.json, its `detail.key` is evidence.vkey
 *   time/N.tsq, time/N.tsr  RFC 3161 request over manifest.json, and answer when there is one
 *   time/N.url            where it was asked for
 *   time/N.pem            the certificate that the owner trusts for that authority, when given
 *
 * What says something about the manifest can't be in it: manifest.sig, made/ and time/. The log
 * vouches for the key of manifest.sig: whoever trusts log.vkey, trusts the event in made/, which
 * names key and manifest. A package without made/ rests on its own key alone.
 *
 * A name is at most two parts with a '/' between, each of A-Z a-z 0-9 . _ - and not begun by '.' or
 * '-'; no two names differ only by letter case. Other files are told, not followed. A zip may hold
 * all of it below one folder, as file managers pack it.
 */
#pragma once

#include "base/buf.h"
#include "ledger/vkey.h"

#define PACKAGE_MANIFEST "manifest.json"
#define PACKAGE_SIG      "manifest.sig"
#define PACKAGE_KEY      "evidence.vkey"
#define PACKAGE_LOG_KEY  "log.vkey"
#define PACKAGE_README   "README.txt"
#define PACKAGE_PAGE     "index.html"
#define PACKAGE_CLIP     "clip/"
#define PACKAGE_EVENTS   "events/"
#define PACKAGE_MADE     "made/"
#define PACKAGE_OPENED   "opened/"
#define PACKAGE_TIME     "time/"
#define PACKAGE_NAME     160 /* longest name in it, with its end */
#define PACKAGE_FILES    4096
#define PACKAGE_SMALL    ((size_t)1024 * 1024) /* of any file but the clip */
#define PACKAGE_STAMPS   64                    /* time/0 to time/63 are read */
#define PACKAGE_FIRST    "gatehouse.org/evidence@v1"

/* Whether that is how a file in a package may be called. */
bool package_is_name(const char *name);
/* Whether manifest.json lists such a file: not itself, manifest.sig, made/ and time/. */
bool package_is_listed(const char *name);
/* The folder, a number, and the end: "made/12.json"; returns out. */
const char *package_numbered(
    const char *folder, uint64_t number, const char *end, char out[PACKAGE_NAME]);
/* Whether it is such a name, with the number in its one form; which number. */
bool package_is_numbered(
    const char *name, const char *folder, const char *end, uint64_t *ret_number);
/* "opened/" and those 64 digits; returns out. */
const char *package_opened_name(const char *digest, char out[PACKAGE_NAME]);
/* Makes a name for a clip of any name: "clip/" and what is allowed of it; returns out. */
const char *package_clip_name(const char *name, char out[PACKAGE_NAME]);
/* The name of the key of manifest.sig, ORIGIN/evidence, in out; NULL: longer than a key's name. */
const char *package_key_name(const char *origin, char out[VKEY_NAME]);
/* Appends the three lines that manifest.sig is over. */
void package_signed_text(struct buf *out, const char *origin, const uint8_t sha256[32]);

/* A package that is read: folder or zip, by what it is. Only regular files of allowed names. */
struct package;

/*
 * ERR_MISSING, ERR_SYNTAX (no package, or one that two programs could read differently: a name
 * twice), ERR_LIMIT; the note says what is wrong.
 */
enum err package_open(const char *path, struct package **ret_package, struct note *note) MUST_CHECK;
void package_close(struct package *package);
/* Number of files, and the name of each, in the order of strcmp. */
size_t package_count(const struct package *package);
const char *package_name(const struct package *package, size_t i);
/* The file's size as folder or zip says it; ERR_MISSING. */
enum err package_size(
    const struct package *package, const char *name, uint64_t *ret_bytes) MUST_CHECK;
/*
 * What else is there and is not read: links, odd names, bytes after the end of a zip. Words for a
 * person, cleaned; the first few of them, and how many there are.
 */
#define PACKAGE_STRANGE 16
size_t package_strange_count(const struct package *package);
const char *package_strange(const struct package *package, size_t i); /* i < PACKAGE_STRANGE */
/* A small file as a whole, appended; ERR_MISSING, ERR_LIMIT. */
enum err package_read(
    struct package *package, const char *name, struct buf *ret_bytes, struct note *note) MUST_CHECK;
/*
 * A file of any size piece by piece, in constant memory; the function returns false to stop
 * (ERR_CANCELLED). The piece is valid for the call. No more comes than package_size() said:
 * ERR_LIMIT.
 */
typedef bool package_piece_fn(void *context, const void *bytes, size_t len);
struct package_reader {
    package_piece_fn *piece;
    void *context;
};
enum err package_stream(struct package *package, const char *name,
    const struct package_reader *reader, struct note *note) MUST_CHECK;
/*
 * A descriptor to read and seek in, which the caller closes: the file itself in a folder;
 * ERR_UNSUPPORTED in a zip.
 */
enum err package_file(
    struct package *package, const char *name, int *ret_fd, struct note *note) MUST_CHECK;

/*
 * A package that is written: everything into a folder or file NAME.gatehouse-part, which gets its
 * name in package_finish() and is removed by package_drop(); so there is never half a package. What
 * a killed process left there is removed by the next one; while a living one writes it, ERR_VALUE.
 */
struct package_writer;
/* ERR_VALUE: there is something of that name. Nothing is ever written over. */
enum err package_begin(const char *path, bool is_zip, struct package_writer **ret_writer,
    struct note *note) MUST_CHECK;
enum err package_put(struct package_writer *writer, const char *name, const void *bytes, size_t len,
    struct note *note) MUST_CHECK;

/* A file that is copied or only hashed. */
struct package_source {
    int fd;
    const char *words;                                        /* what a note calls it */
    bool (*turn)(void *context, uint64_t done, uint64_t all); /* false: stop; NULL is allowed */
    void *context;
    uint8_t sha256[32]; /* of what was read; filled */
    uint64_t bytes;     /* filled */
};
/* ERR_VALUE: it changed while it was read; ERR_CANCELLED, ERR_FULL, ERR_IO. */
enum err package_put_file(struct package_writer *writer, const char *name,
    struct package_source *source, struct note *note) MUST_CHECK;
enum err package_hash_file(struct package_source *source, struct note *note) MUST_CHECK;
/* On the disk, and under its name, on OK. The writer is gone in any case. */
enum err package_finish(struct package_writer *writer, struct note *note) MUST_CHECK;
void package_drop(struct package_writer *writer);

/*
 * Adds small files to a package that is there, or replaces them: an answer of a time-stamp
 * authority. Only of time/; a zip is written anew beside and renamed.
 */
struct package_addition {
    const char *name;
    const void *bytes;
    size_t len;
};
enum err package_add(const char *path, const struct package_addition *additions, size_t count,
    struct note *note) MUST_CHECK;
