/* A public key from the command line. */
#include "cli/ledger_vkey.h"

#include "base/file.h"
#include "base/text.h"

enum err
ledger_vkey(const char *given, struct vkey *ret_key, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    struct note ignored;
    buf_init(&text, (size_t)2 * VKEY_TEXT);
    enum err err = vkey_parse(given, ret_key);
    if (err == OK) {
        return OK;
    }
    if (err == ERR_VALUE || err == ERR_UNSUPPORTED) {
        note_set(note, "%.160s: %s", given,
            err == ERR_VALUE ? "the id in it is not that of the key: a character is wrong"
                             : "a key of a kind that is not known here");
        return err;
    }
    if (file_read(given, &text, &ignored) != OK) {
        note_set(
            note, "%.120s: neither a public key (name+id+base64) nor a file that holds one", given);
        return ERR_VALUE;
    }
    err = vkey_parse(text_trim(text.data), ret_key);
    if (err != OK) {
        note_set(note, "%.120s: the file holds no public key (name+id+base64)", given);
    }
    return err;
}

enum err
ledger_vkey_own(const char *folder, struct vkey *ret_key, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    CLEANUP(buf_release) struct buf text;
    buf_init(&path, 4096);
    buf_init(&text, VKEY_TEXT);
    buf_format(&path, "%s/log/log.vkey", folder);
    enum err err = file_read(path.data, &text, note);
    if (err == OK && vkey_parse(text_trim(text.data), ret_key) != OK) {
        note_set(note, "%s is no public key", file_tail(path.data, 150));
        err = ERR_VALUE;
    }
    return err;
}
