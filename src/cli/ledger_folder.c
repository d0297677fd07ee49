/* The ledger's folder and that of its keys. */
#include "cli/ledger_folder.h"

#include "base/file.h"
#include "base/text.h"
#include "gate/settings.h"
#include "ledger/subjects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum err
ledger_folder(const char *option, struct buf *ret_path, struct note *note)
{
    const char *set = text_is_empty(option) ? getenv("GATEHOUSE_LEDGER") : option;
    if (!text_is_empty(set)) {
        buf_text(ret_path, set);
        return buf_error(ret_path);
    }
    enum err err = file_xdg("STATE", ret_path);
    if (err != OK) {
        note_set(note, "where is the ledger? give --ledger DIR, or set GATEHOUSE_LEDGER or HOME");
        return err;
    }
    buf_text(ret_path, "/ledger");
    return buf_error(ret_path);
}

/* Who has only a gateway means its ledger. */
static bool
find_gateways(struct buf *ret_path)
{
    CLEANUP(arena_release) struct arena arena;
    struct stat status;
    const char *folder = NULL;
    arena_init(&arena, 32768);
    if (settings_folder(NULL, &arena, &folder) != OK) {
        return false;
    }
    const char *ledger = arena_format(&arena, "%s/ledger", folder);
    if (ledger == NULL || stat(ledger, &status) != 0) {
        return false;
    }
    buf_clear(ret_path);
    buf_text(ret_path, ledger);
    return buf_error(ret_path) == OK;
}

enum err
ledger_folder_find(const char *option, struct buf *ret_path, struct note *note)
{
    struct stat status;
    enum err err = ledger_folder(option, ret_path, note);
    if (err != OK || stat(ret_path->data, &status) == 0) {
        return err;
    }
    const char *path = file_tail(ret_path->data, 150);
    int reason = errno;
    if (reason == ENOENT && text_is_empty(option) && text_is_empty(getenv("GATEHOUSE_LEDGER")) &&
        find_gateways(ret_path)) {
        return OK;
    }
    if (reason == ENOENT) {
        note_set(note, "%s: there is no ledger; `gatehouse ledger init` makes one", path);
        return ERR_MISSING;
    }
    note_set(note, "%s: %s", path, strerror(reason));
    return ERR_SYSTEM;
}

enum err
ledger_folder_keys(const char *option, const char *ledger, struct buf *ret_path)
{
    if (!text_is_empty(option)) {
        buf_text(ret_path, option);
        return buf_error(ret_path);
    }
    return subjects_folder(ledger, ret_path);
}
