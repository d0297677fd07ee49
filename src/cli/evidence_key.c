/* The key of manifests. */
#include "cli/evidence_key.h"

#include "base/text.h"
#include "cli/ledger_folder.h"
#include "cli/ledger_vkey.h"
#include "evidence/package.h"

#include <sys/stat.h>
#include <unistd.h>

/* What root makes in another user's folder is that user's: `serve` runs as the ledger's owner. */
static enum err
give_to_owner(const char *path, const char *keys, struct note *note)
{
    struct stat status;
    if (geteuid() != 0) {
        return OK;
    }
    if (stat(keys, &status) != 0 || lchown(path, status.st_uid, status.st_gid) != 0) {
        note_set(note, "%.160s can't be given to the owner of its folder", path);
        return ERR_IO;
    }
    return OK;
}

static enum err
make(const char *name, const char *path, const char *keys, struct key **ret_key, struct note *note)
{
    struct key *key = NULL;
    enum err err = key_new(name, VKEY_ED25519, &key);
    if (err == OK) {
        err = key_write(key, path, note);
    }
    if (err == OK) {
        err = give_to_owner(path, keys, note);
    }
    if (err != OK) {
        key_free(key);
        return err;
    }
    *ret_key = key;
    return OK;
}

enum err
evidence_key(const char *folder, const char *keys, struct key **ret_key, struct note *note)
{
    CLEANUP(buf_release) struct buf place;
    CLEANUP(buf_release) struct buf path;
    char name[VKEY_NAME];
    struct vkey log;
    buf_init(&place, 4096);
    buf_init(&path, 4096);
    enum err err = ledger_vkey_own(folder, &log, note);
    if (err == OK && package_key_name(log.name, name) == NULL) {
        err = ERR_LIMIT;
    }
    if (err == OK) {
        err = ledger_folder_keys(keys, folder, &place);
    }
    buf_format(&path, "%s/evidence.key", place.data);
    if (err == OK) {
        err = buf_error(&path);
    }
    if (err == OK) {
        err = key_read(path.data, ret_key, note);
    }
    if (err == ERR_MISSING) {
        err = make(name, path.data, place.data, ret_key, note);
    }
    if (err == OK && !text_equal(key_public(*ret_key)->name, name)) {
        note_set(note, "%.120s is the key of %.60s, and these packages need %.60s", path.data,
            key_public(*ret_key)->name, name);
        key_free(*ret_key);
        *ret_key = NULL;
        err = ERR_VALUE;
    }
    return err;
}
