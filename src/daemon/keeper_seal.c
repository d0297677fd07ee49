/* Personal fields of events are sealed here, on their way in, and their keys destroyed. */
#include "daemon/keeper_seal.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "ledger/disk.h"
#include "ledger/event.h"
#include "ledger/seal.h"
#include "ledger/sealing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static unsigned
year_at(int64_t time)
{
    char text[EVENT_TIME];
    unsigned year = 0;
    (void)subjects_year(event_time_text(time, text), &year);
    return year;
}

enum err
keeper_seal_open(struct keeper *keeper, struct note *note)
{
    int folder = open(keeper->settings->keys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int reason = errno;
    buf_init(&keeper->sealed, (size_t)4 * EVENT_LIMIT);
    if (folder < 0 && reason == ENOENT) {
        return OK; /* the key is a credential, and nothing was ever to be sealed */
    }
    if (folder < 0) {
        note_set(note, "%s: %s", keeper->settings->keys, strerror(reason));
        return ERR_IO;
    }
    enum err err = subjects_open(folder, SUBJECTS_FILE, true, &keeper->subjects, note);
    (void)close(folder);
    return err == ERR_MISSING ? OK : err;
}

/* Nobody's key of a year is there before the disk can be full: repairs must be recorded then. */
static enum err
make_nobodys(struct keeper *keeper, unsigned year)
{
    struct subjects_id nobody;
    enum err err = subjects_need(keeper->subjects, "", 0, year, &nobody);
    keeper->nobodys_year = err == OK ? year : keeper->nobodys_year;
    return err;
}

/* On a full disk it is said later: repairs must be recorded now. */
static enum err
write_sealing(struct keeper *keeper, int folder, enum sealing sealing, struct note *note)
{
    enum err err = sealing_write(folder, sealing);
    keeper->is_unsaid = err == ERR_FULL && sealing == SEALING_SEALED;
    if (err != OK && err != ERR_FULL) {
        note_set(note, SEALING_FILE ": %s", disk_trouble());
        return err;
    }
    return OK;
}

/*
 * What the ledger says of itself; where it says nothing yet, what its entries do, and it says that
 * from now on.
 */
static enum err
was_sealed(struct keeper *keeper, int folder, enum sealing *ret_sealing, struct note *note)
{
    enum err err = sealing_read(folder, ret_sealing);
    if (err != OK) {
        note_set(note, SEALING_FILE ": %s", disk_trouble());
        return err;
    }
    if (*ret_sealing != SEALING_UNSAID || keeper->subjects != NULL) {
        return OK;
    }
    err = ledger_flush(keeper->ledger, note); /* the journal's entries count, too */
    err = err == OK || err == ERR_FULL ? sealing_find(keeper->settings->folder, ret_sealing, note)
                                       : err;
    bool is_all = ledger_size(keeper->ledger) == ledger_published(keeper->ledger);
    if (err == OK && *ret_sealing == SEALING_UNSAID) {
        log_warn("%s: whether this ledger was sealed is not known, because not all of its entries "
                 "can be read; none that can is",
            note->text);
        return OK; /* nothing is claimed, and recording goes on */
    }
    if (err == OK && (is_all || *ret_sealing == SEALING_SEALED)) {
        err = write_sealing(keeper, folder, *ret_sealing, note);
    }
    return err;
}

/* Before anything is sealed, the ledger says that it is, where the disk has room for that. */
static enum err
check_sealing(struct keeper *keeper, struct note *note)
{
    enum sealing sealing = SEALING_UNSAID;
    int folder = open(keeper->settings->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        note_set(note, "%s: %s", keeper->settings->folder, strerror(errno));
        return ERR_IO;
    }
    enum err err = was_sealed(keeper, folder, &sealing, note);
    if (err == OK && keeper->subjects != NULL && sealing != SEALING_SEALED) {
        err = write_sealing(keeper, folder, SEALING_SEALED, note);
    }
    (void)close(folder);
    if (err == OK && keeper->subjects == NULL && sealing == SEALING_SEALED) {
        note_set(note,
            "personal fields of this ledger are sealed, but %s has no " SUBJECTS_FILE
            ": put its copy there; nothing is recorded unsealed. Lost for good: see "
            "gatehouse-ledger(7), PERSONAL DATA",
            file_tail(keeper->settings->keys, 100));
        err = ERR_MISSING;
    }
    return err;
}

enum err
keeper_seal_start(struct keeper *keeper, struct note *note)
{
    enum err err = check_sealing(keeper, note);
    if (err != OK || keeper->subjects == NULL) {
        return err;
    }
    /* It was read before this keeper had the ledger: another may have added and erased since. */
    err = subjects_refresh(keeper->subjects);
    if (err != OK) {
        note_set(note, SUBJECTS_FILE ": it can't be read again: %s", err_words(err));
        return err;
    }
    err = subjects_finish(keeper->subjects);
    err = err == OK ? make_nobodys(keeper, year_at(keeper->clock.now)) : err;
    if (err != OK && err != ERR_FULL) {
        note_set(note, "the keys of sealed fields: %s", disk_trouble());
        return err;
    }
    return OK;
}

static enum err
say_later(struct keeper *keeper)
{
    int folder = open(keeper->settings->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err = folder < 0 ? OK : write_sealing(keeper, folder, SEALING_SEALED, NULL);
    if (folder >= 0) {
        (void)close(folder);
    }
    return err;
}

void
keeper_seal_second(struct keeper *keeper)
{
    unsigned year = year_at(keeper->clock.now + CLOCK_DAY);
    if (keeper->is_unsaid && say_later(keeper) != OK) {
        keeper_die(ERR_IO, disk_trouble());
    }
    if (keeper->subjects != NULL && year != keeper->nobodys_year &&
        make_nobodys(keeper, year) == ERR_IO) {
        keeper_die(ERR_IO, disk_trouble());
    }
}

void
keeper_seal_release(struct keeper *keeper)
{
    subjects_close(keeper->subjects);
    buf_release(&keeper->sealed);
}

enum err
keeper_seal_event(struct keeper *keeper, const struct message *message, struct message *ret_sealed,
    struct note *note)
{
    *ret_sealed = *message;
    if (keeper->subjects == NULL) {
        return OK;
    }
    buf_clear(&keeper->sealed);
    enum err err = seal_event(keeper->subjects, year_at(keeper->clock.now), message->payload,
        message->len, &keeper->sealed, note);
    if (err == ERR_IO) {
        keeper_die(err, disk_trouble());
    }
    ret_sealed->payload = (const uint8_t *)keeper->sealed.data;
    ret_sealed->len = keeper->sealed.len;
    return err == OK || err == ERR_FULL ? err : ERR_VALUE;
}

/* The message is about a user, "uNAME", or the years before one, "y2025". */
static enum err
erase(struct keeper *keeper, const struct message *message, json_t *detail, size_t *ret_count,
    struct note *note)
{
    const char *what = (const char *)message->payload;
    if (message->len != 0 && what[0] == 'u') {
        json_t *marks = json_array(); /* before: nothing can tell them afterwards */
        enum err err = marks == NULL ? ERR_MEMORY : OK;
        err = err == OK ? seal_marks(keeper->subjects, what + 1, message->len - 1, marks) : err;
        err = json_object_set_new(detail, "subject", marks) == 0 ? err : ERR_MEMORY;
        return err == OK ? subjects_erase(keeper->subjects, what + 1, message->len - 1, ret_count)
                         : err;
    }
    unsigned year = 0;
    if (message->len == 5 && what[0] == 'y' && subjects_year(what + 1, &year)) {
        unsigned now = year_at(keeper->clock.now);
        if (year > now) {
            note_set(note, "%u would take names of a year that is not over, too: %u is the latest",
                year, now);
            return ERR_VALUE;
        }
        json_t *digits = json_stringn(what + 1, 4);
        return json_object_set_new(detail, "years_before", digits) == 0
                   ? subjects_erase_before(keeper->subjects, year, ret_count)
                   : ERR_MEMORY;
    }
    note_set(note, "a user or a year is expected");
    return ERR_VALUE;
}

enum err
keeper_seal_erase(struct keeper *keeper, const struct keep_link *link,
    const struct message *message, uint64_t *ret_count, struct note *note)
{
    size_t count = 0;
    if (keeper->subjects == NULL) {
        note_set(note, "this ledger's personal fields are not sealed: there is no key to destroy");
        return ERR_VALUE;
    }
    json_t *detail = json_pack("{s:s, s:I, s:I}", "by", "keeper", "asked_by_uid",
        (json_int_t)link->uid, "asked_by_pid", (json_int_t)link->pid);
    enum err err = detail == NULL ? ERR_MEMORY : erase(keeper, message, detail, &count, note);
    if (err == ERR_IO || err == ERR_FULL) {
        keeper_die(err, disk_trouble());
    }
    keeper->nobodys_year = 0; /* it may be one of them */
    *ret_count = count;
    if (count == 0) {
        json_decref(detail);
        return err;
    }
    (void)json_object_set_new(detail, "count", json_integer((json_int_t)count));
    keeper_own_erased(keeper, detail);
    return err;
}
