/* The files of a package against its manifest, each read once. */
#include "base/text.h"
#include "evidence/judge_inside.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

static bool
add_piece(void *context, const void *bytes, size_t len)
{
    return EVP_DigestUpdate(context, bytes, len) == 1;
}

static enum err
hash_file(struct judging *judging, const char *name, uint8_t ret_sha256[32], struct note *note)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    struct package_reader reader = {.piece = add_piece, .context = hash};
    enum err err = ERR_MEMORY;
    if (hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1) {
        err = package_stream(judging->package, name, &reader, note);
    }
    if (err == ERR_CANCELLED || (err == OK && EVP_DigestFinal_ex(hash, ret_sha256, NULL) != 1)) {
        err = ERR_MEMORY;
    }
    EVP_MD_CTX_free(hash);
    return err;
}

/* The clip; where a zip's can't be unpacked it is hashed, which needs no space. */
static enum err
hash_clip(struct judging *judging, const char *name, uint8_t ret_sha256[32], struct note *note)
{
    struct note why = {""};
    enum err err = judge_clip_stream(judging, name, ret_sha256, &why);
    if (err != ERR_UNSUPPORTED) {
        note_set(note, "%s", why.text);
        return err;
    }
    err = hash_file(judging, name, ret_sha256, note);
    if (err == OK) {
        judge_clip_digest(judging, ret_sha256, name);
        judge_tell(judging, JUDGE_VIDEO, JUDGE_WEAK, "not looked at: %s", why.text);
    }
    return err;
}

/* What has another size is not read: it could be one that fills the disk. */
static void
tell_size(struct judging *judging, const struct manifest_file *file, uint64_t bytes, bool is_clip)
{
    judge_tell(judging, JUDGE_FILES, JUDGE_BROKEN,
        "%s has %" PRIu64 " bytes, the manifest says %" PRIu64, file->name, bytes, file->bytes);
    if (is_clip) {
        judge_tell(judging, JUDGE_CLIP, JUDGE_BROKEN, "%s has another size", file->name);
        judge_tell(judging, JUDGE_VIDEO, JUDGE_WEAK, "not looked at: it is another clip");
    }
}

/* One that is listed. What a zip's own checks find wrong is a file that is not as listed. */
static void
judge_file(struct judging *judging, const struct manifest_file *file, bool is_clip)
{
    uint8_t sha256[32] = {0};
    uint64_t bytes = 0;
    struct note why = {""};
    if (package_size(judging->package, file->name, &bytes) != OK) {
        judge_tell(judging, JUDGE_FILES, JUDGE_BROKEN, "%s is missing", file->name);
        return;
    }
    if (bytes != file->bytes) {
        tell_size(judging, file, bytes, is_clip);
        return;
    }
    enum err err = is_clip ? hash_clip(judging, file->name, sha256, &why)
                           : hash_file(judging, file->name, sha256, &why);
    if (judge_fault(judging, err, &why)) {
        return;
    }
    if (err != OK) {
        judge_tell(
            judging, JUDGE_FILES, JUDGE_BROKEN, "%s can't be read: %s", file->name, why.text);
    } else if (memcmp(sha256, file->sha256, sizeof(sha256)) != 0) {
        judge_tell(judging, JUDGE_FILES, JUDGE_BROKEN, "%s was changed: it has another SHA-256",
            file->name);
    }
}

static bool
has_file(struct judging *judging, const char *folder, uint64_t number, const char *end)
{
    char name[PACKAGE_NAME];
    uint64_t bytes = 0;
    (void)package_numbered(folder, number, end, name);
    return package_size(judging->package, name, &bytes) == OK;
}

/* A file that another claim judges, though no manifest can list it. */
static bool
is_known(struct judging *judging, const char *name)
{
    static const char *const ends[] = {".tsq", ".tsr", ".pem", ".url"};
    uint64_t number = 0;
    if (package_is_numbered(name, PACKAGE_MADE, ".json", &number)) {
        return has_file(judging, PACKAGE_MADE, number, ".tlog-proof");
    }
    if (package_is_numbered(name, PACKAGE_MADE, ".tlog-proof", &number)) {
        return has_file(judging, PACKAGE_MADE, number, ".json");
    }
    for (size_t i = 0; i < COUNT(ends); i++) {
        if (package_is_numbered(name, PACKAGE_TIME, ends[i], &number)) {
            return judge_has_stamp(judging, number);
        }
    }
    return text_equal(name, PACKAGE_MANIFEST) || text_equal(name, PACKAGE_SIG);
}

static void
judge_others(struct judging *judging)
{
    struct package *package = judging->package;
    for (size_t i = 0; i < package_count(package); i++) {
        const char *name = package_name(package, i);
        if (package_is_listed(name) ? manifest_find(&judging->judge->manifest, name) == NULL
                                    : !is_known(judging, name)) {
            judge_tell(judging, JUDGE_FILES, JUDGE_WEAK, "%s is not in the manifest", name);
        }
    }
    for (size_t i = 0; i < package_strange_count(package); i++) {
        judge_set(judging, JUDGE_FILES, JUDGE_WEAK);
        if (i < PACKAGE_STRANGE) {
            judge_say(judging, JUDGE_FILES, "%s", package_strange(package, i));
        }
    }
    if (package_strange_count(package) > PACKAGE_STRANGE) {
        judge_say(
            judging, JUDGE_FILES, "and %zu more", package_strange_count(package) - PACKAGE_STRANGE);
    }
}

void
judge_files(struct judging *judging)
{
    const struct manifest *manifest = &judging->judge->manifest;
    judge_set(judging, JUDGE_FILES, JUDGE_HOLDS);
    for (size_t i = 0; i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->files[i];
        judge_file(judging, file, text_equal(file->name, manifest->clip_file));
    }
    judge_others(judging);
}
