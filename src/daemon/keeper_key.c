/*
 * The keeper's key: where it lies, and how another takes its place.
 *
 * Rule of this file: at every moment one of ledger.key and ledger.key.next opens the checkpoint.
 * The next key is on the disk before the ledger names it, and takes the old one's place when the
 * hand-over is durable; the old one is then gone.
 */
#include "base/file.h"
#include "base/log.h"
#include "daemon/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CURRENT    "ledger.key"
#define NEXT       "ledger.key.next"
#define CHECKPOINT ((size_t)64 * 1024)

static enum err
path_in(const char *folder, const char *name, struct buf *ret_path)
{
    buf_init(ret_path, 4096);
    buf_format(ret_path, "%s/%s", folder, name);
    return buf_error(ret_path);
}

/* A key that systemd hands over (LoadCredential=); ERR_MISSING: there is none. */
static enum err
read_credential(struct key **ret_key, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    enum err err = path_in(folder == NULL ? "" : folder, CURRENT, &path);
    if (err != OK || folder == NULL || access(path.data, F_OK) != 0) {
        return ERR_MISSING;
    }
    return key_read(path.data, ret_key, note);
}

static enum err
read_key(const char *folder, const char *name, struct key **ret_key, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    enum err err = path_in(folder, name, &path);
    return err == OK ? key_read(path.data, ret_key, note) : err;
}

/* Whether the log's checkpoint is signed by the key; one in the middle of a hand-over is by two. */
static bool
opens_checkpoint(const struct keeper *keeper, const struct key *key)
{
    CLEANUP(buf_release) struct buf path;
    CLEANUP(buf_release) struct buf text;
    struct checkpoint checkpoint;
    buf_init(&text, CHECKPOINT);
    return path_in(keeper->settings->folder, "log/checkpoint", &path) == OK &&
           file_read(path.data, &text, NULL) == OK &&
           checkpoint_open(text.data, text.len, key_public(key), &checkpoint, NULL) == OK;
}

static bool
has_ledger(const char *folder)
{
    CLEANUP(buf_release) struct buf path;
    return path_in(folder, "log/checkpoint", &path) == OK && access(path.data, F_OK) == 0;
}

/* Renames the next key over the old one, durable on return. */
static enum err
put_in_place(const char *folder, struct note *note)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && renameat(fd, NEXT, fd, CURRENT) == 0 && fsync(fd) == 0;
    if (!good) {
        note_set(note, "%s/" NEXT ": %s", folder, strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return good ? OK : ERR_IO;
}

/* A change of keys that was cut short left the next one. */
static enum err
take_up_next(struct keeper *keeper, struct note *note)
{
    enum err err = read_key(keeper->settings->keys, NEXT, &keeper->next, note);
    if (err == ERR_MISSING) {
        return OK;
    }
    if (err != OK || !opens_checkpoint(keeper, keeper->next)) {
        return err; /* keeper_key_settle() finishes it */
    }
    err = put_in_place(keeper->settings->keys, note);
    if (err == OK) {
        key_free(keeper->key);
        keeper->key = keeper->next;
        keeper->next = NULL;
        log_info("the hand-over of the key was finished");
    }
    return err;
}

enum err
keeper_key_find(struct keeper *keeper, struct note *note)
{
    enum err err = read_credential(&keeper->key, note);
    keeper->key_is_fixed = err == OK;
    if (err != ERR_MISSING) {
        return err;
    }
    err = read_key(keeper->settings->keys, CURRENT, &keeper->key, note);
    if (err == ERR_MISSING) {
        note_set(note,
            has_ledger(keeper->settings->folder)
                ? "%s has no " CURRENT ": put its copy back, or say --keys where it is"
                : "%s has no " CURRENT "; `gatehouse ledger init` makes a ledger and its key",
            file_tail(keeper->settings->keys, 150));
    }
    return err == OK ? take_up_next(keeper, note) : err;
}

enum err
keeper_key_settle(struct keeper *keeper, struct note *note)
{
    (void)note;
    if (keeper->next != NULL) {
        log_warn("a change of the key was cut short; it is finished now");
        keeper->rotation = (struct keep_asker){.link = KEEP_NOBODY};
        keeper_key_rotate(keeper);
    }
    return OK;
}

static enum err
make_next(struct keeper *keeper, struct note *note)
{
    if (keeper->next != NULL) { /* of a try before */
        return OK;
    }
    CLEANUP(buf_release) struct buf path;
    struct key *next = NULL;
    enum err err = path_in(keeper->settings->keys, NEXT, &path);
    err = err == OK ? key_new(key_public(keeper->key)->name, VKEY_ED25519, &next) : err;
    err = err == OK ? key_write(next, path.data, note) : err;
    if (err != OK) {
        key_free(next);
        return err;
    }
    keeper->next = next;
    return OK;
}

/* The event that names both keys, as the last one committed. */
static enum err
announce(struct keeper *keeper)
{
    char previous[VKEY_TEXT];
    char next[VKEY_TEXT];
    keeper_round_finish(keeper);
    uint64_t before = ledger_size(keeper->ledger);
    keeper_own_say(keeper, EVENT_KEY,
        json_pack("{s:s, s:s}", "previous", vkey_text(key_public(keeper->key), previous), "next",
            vkey_text(key_public(keeper->next), next)));
    keeper_round_finish(keeper);
    return ledger_size(keeper->ledger) == before + 1 ? OK : ERR_FULL;
}

/*
 * When the ledger's own hand-over fails, nobody knows here which of the two keys it goes on with:
 * both stay, in memory and on the disk, and the next try or the next start finishes it.
 */
static enum err
rotate(struct keeper *keeper, struct note *note)
{
    enum err err = make_next(keeper, note);
    err = err == OK ? announce(keeper) : err;
    if (err == OK) {
        err = ledger_hand_over(keeper->ledger, keeper->next, note);
        if (err == ERR_IO) {
            keeper_die(err, note->text);
        }
    }
    err = err == OK ? put_in_place(keeper->settings->keys, note) : err;
    if (err == OK) {
        key_free(keeper->key);
        keeper->key = keeper->next;
        keeper->next = NULL;
    }
    return err;
}

void
keeper_key_rotate(struct keeper *keeper)
{
    struct note note = {{0}};
    struct message_done done = {.status = MESSAGE_OK};
    enum err err = rotate(keeper, &note);
    keeper->wants_rotation = false;
    if (err != OK) {
        done.status = err == ERR_FULL ? MESSAGE_FULL : MESSAGE_BAD;
        (void)snprintf(done.words, sizeof(done.words), "the key could not be replaced: %s%s%.150s",
            err_words(err), note.text[0] == '\0' ? "" : ": ", note.text);
        log_error("%s", done.words);
    } else {
        done.index = ledger_size(keeper->ledger) - 1;
        log_info("the signing key was replaced");
    }
    keeper_talk_answer(keeper, &keeper->rotation, &done);
}
