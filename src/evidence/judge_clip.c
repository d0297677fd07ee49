/*
 * The clip: its SHA-256 and the camera's signatures in it, in one reading: while this thread
 * hashes, another looks at the beginnings of its pictures. Memory is constant in the clip's size.
 */
#include "base/file.h"
#include "base/text.h"
#include "evidence/clip_look.h"
#include "evidence/judge_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((size_t)256 * 1024)

struct looking {
    enum err err;
    struct clip_signs signs;
    struct note note;
};

static enum err
hash_fd(int fd, uint8_t ret_sha256[32])
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    uint8_t *block = malloc(BLOCK);
    enum err err = hash == NULL || block == NULL || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1
                       ? ERR_MEMORY
                       : OK;
    off_t at = 0;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    while (err == OK) {
        ssize_t got = pread(fd, block, BLOCK, at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            err = got < 0 ? ERR_IO : OK;
            break;
        }
        at += got;
        err = EVP_DigestUpdate(hash, block, (size_t)got) == 1 ? OK : ERR_MEMORY;
    }
    if (err == OK && EVP_DigestFinal_ex(hash, ret_sha256, NULL) != 1) {
        err = ERR_MEMORY;
    }
    free(block);
    EVP_MD_CTX_free(hash);
    return err;
}

static void
judge_video(struct judging *judging, const struct looking *looking)
{
    const char *said = judging->judge->manifest.signed_video;
    const char *found = clip_signing_text(looking->signs.signing);
    if (looking->err != OK) {
        judge_tell(judging, JUDGE_VIDEO, JUDGE_WEAK, "%s", looking->note.text);
        return;
    }
    judge_tell(judging, JUDGE_VIDEO,
        looking->signs.signing == CLIP_SIGNED && looking->signs.tracks < 2 ? JUDGE_HOLDS
                                                                           : JUDGE_WEAK,
        "%s: %s", found, looking->signs.why.text);
    if (said != NULL && !text_equal(said, found)) {
        /* Another version may know less, or more: the bytes are the same. */
        bool is_ours = text_equal(judging->judge->manifest.tool, "gatehouse " GATEHOUSE_VERSION);
        judge_tell(judging, JUDGE_VIDEO, is_ours ? JUDGE_BROKEN : JUDGE_WEAK,
            "the manifest says \"%s\"%s", said, is_ours ? "" : ", as another version found");
    }
}

void
judge_clip_digest(struct judging *judging, const uint8_t sha256[32], const char *where)
{
    bool is_it = memcmp(sha256, judging->judge->manifest.clip_sha256, 32) == 0;
    if (is_it) {
        judge_tell(judging, JUDGE_CLIP, JUDGE_HOLDS, "%s has the SHA-256 of the manifest", where);
    } else {
        judge_tell(judging, JUDGE_CLIP, JUDGE_BROKEN, "%s has another SHA-256", where);
    }
}

/* Hashes and looks at what a descriptor has; without a helper one after the other. */
static enum err
read_clip(struct judging *judging, int fd, const char *where, uint8_t ret_sha256[32])
{
    struct looking looking = {.err = OK};
    struct clip_look *look = judging->given->look;
    if (look != NULL) {
        clip_look_begin(look, fd);
    }
    enum err err = hash_fd(fd, ret_sha256);
    looking.err = look == NULL ? clip_read(fd, &looking.signs, &looking.note)
                               : clip_look_end(look, &looking.signs, &looking.note);
    if (err == OK) {
        judge_clip_digest(judging, ret_sha256, where);
        judge_video(judging, &looking);
    }
    return err;
}

static bool
copy_piece(void *context, const void *bytes, size_t len)
{
    const int *fd = context;
    return file_write_all(*fd, bytes, len);
}

enum err
judge_scratch(int *ret_fd, struct note *note)
{
    const char *folder = getenv("TMPDIR");
    folder = folder == NULL || folder[0] == '\0' ? "/var/tmp" : folder;
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        note_set(
            note, "%.100s: no place for the clip of the zip (TMPDIR): %s", folder, strerror(errno));
        return ERR_UNSUPPORTED;
    }
    *ret_fd = fd;
    return OK;
}

/* A clip inside a zip can't be looked at here and there: it goes into the file without a name. */
static enum err
unpack(struct judging *judging, const char *name, int *ret_fd, struct note *note)
{
    const struct judge_given *given = judging->given;
    int fd = given->has_scratch ? given->scratch : -1;
    if (fd < 0) {
        note_set(note, "%s", given->no_scratch);
        return ERR_UNSUPPORTED;
    }
    struct package_reader reader = {.piece = copy_piece, .context = &fd};
    enum err err = ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 ? OK : ERR_IO;
    if (err == OK) {
        err = package_stream(judging->package, name, &reader, note);
    }
    if (err == ERR_CANCELLED) {
        note_set(note, "no space for the clip of the zip (TMPDIR)");
        err = ERR_UNSUPPORTED;
    }
    if (err == OK) {
        *ret_fd = fd;
    }
    return err;
}

enum err
judge_clip_stream(
    struct judging *judging, const char *name, uint8_t ret_sha256[32], struct note *note)
{
    int fd = -1;
    enum err err = package_file(judging->package, name, &fd, note);
    bool is_zip = err == ERR_UNSUPPORTED;
    if (is_zip) {
        err = unpack(judging, name, &fd, note);
    }
    if (err == OK) {
        err = read_clip(judging, fd, name, ret_sha256);
    }
    if (fd >= 0 && !is_zip) {
        (void)close(fd);
    }
    return err;
}

enum err
judge_clip_elsewhere(struct judging *judging, struct note *note)
{
    uint8_t sha256[32];
    const char *path = judging->given->clip;
    if (judging->judge->manifest.clip == NULL) {
        judge_tell(judging, JUDGE_CLIP, JUDGE_BROKEN,
            "the package is about no clip, and not about %s", path);
        return OK;
    }
    struct stat about;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        note_set(note, "%.180s: %s", path, strerror(errno));
        return ERR_IO;
    }
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        note_set(note, "%.180s: not a file, as a clip is", path);
        (void)close(fd);
        return ERR_IO;
    }
    enum err err = read_clip(judging, fd, path, sha256);
    (void)close(fd);
    if (err != OK) {
        note_set(note, "%.180s: %s", path, err_words(err));
    }
    return err;
}

/* The clip that the manifest names is the one file of clip/, with the hash that it has twice. */
static void
judge_named(struct judging *judging)
{
    const struct manifest *manifest = &judging->judge->manifest;
    for (size_t i = 0; i < manifest->file_count; i++) {
        const char *name = manifest->files[i].name;
        if (text_starts(name, PACKAGE_CLIP) && !text_equal(name, manifest->clip_file)) {
            judge_tell(judging, JUDGE_CLIP, JUDGE_BROKEN,
                "%s is in the package, and is not the clip that the manifest names", name);
        }
    }
    if (manifest->clip_file != NULL && !text_starts(manifest->clip_file, PACKAGE_CLIP)) {
        judge_tell(judging, JUDGE_CLIP, JUDGE_BROKEN,
            "the manifest names %s as the clip, which is not in " PACKAGE_CLIP,
            manifest->clip_file);
    }
    const struct manifest_file *file =
        manifest->clip_file == NULL ? NULL : manifest_find(manifest, manifest->clip_file);
    if (manifest->clip_file != NULL &&
        (file == NULL || memcmp(file->sha256, manifest->clip_sha256, 32) != 0)) {
        judge_tell(
            judging, JUDGE_CLIP, JUDGE_BROKEN, "the manifest contradicts itself about the clip");
    }
}

void
judge_clip_nowhere(struct judging *judging)
{
    const struct manifest *manifest = &judging->judge->manifest;
    if (manifest->clip == NULL) {
        judge_tell(judging, JUDGE_CLIP, JUDGE_NONE, "the package is about no clip");
    } else if (manifest->clip_file == NULL && judging->given->clip == NULL) {
        judge_tell(judging, JUDGE_CLIP, JUDGE_WEAK,
            "the package has only the hash of \"%s\"; give the clip with --clip", manifest->clip);
        judge_tell(judging, JUDGE_VIDEO, JUDGE_WEAK, "not looked at; when it was packed it was: %s",
            manifest->signed_video == NULL ? "not said" : manifest->signed_video);
    } else if (judging->judge->claims[JUDGE_CLIP].state == JUDGE_NONE) {
        judge_tell(judging, JUDGE_CLIP, JUDGE_BROKEN, "%s is missing or can't be read",
            manifest->clip_file == NULL ? "the clip" : manifest->clip_file);
    }
    judge_named(judging);
}
