/* Personal fields of events are sealed here, on their way in, and their keys destroyed. */
#include "daemon/keep.h"
#include "ledger/disk.h"
#include "ledger/event.h"
#include "ledger/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static unsigned
year_of(const char *digits)
{
    unsigned year = 0;
    for (size_t i = 0; i < 4; i++) {
        year = year * 10 + (unsigned)(digits[i] - '0');
    }
    return year;
}

static unsigned
this_year(const struct keeper *keeper)
{
    char text[EVENT_TIME];
    return year_of(event_time_text(keeper->clock.now, text));
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

/* Nobody's key of the year is there before the disk can be full: repairs must be recorded then. */
enum err
keeper_seal_start(struct keeper *keeper, struct note *note)
{
    struct subjects_id nobody;
    if (keeper->subjects == NULL) {
        return OK;
    }
    enum err err = subjects_need(keeper->subjects, "", 0, this_year(keeper), &nobody);
    if (err != OK && err != ERR_FULL) {
        note_set(note, "the keys of sealed fields: %s", disk_trouble());
        return err;
    }
    return OK;
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
    enum err err = seal_event(
        keeper->subjects, this_year(keeper), message->payload, message->len, &keeper->sealed, note);
    if (err == ERR_IO) {
        keeper_die(err, disk_trouble());
    }
    ret_sealed->payload = (const uint8_t *)keeper->sealed.data;
    ret_sealed->len = keeper->sealed.len;
    return err == OK || err == ERR_FULL ? err : ERR_VALUE;
}

enum err
keeper_seal_erase(
    struct keeper *keeper, const struct message *message, uint64_t *ret_count, struct note *note)
{
    const char *what = (const char *)message->payload;
    size_t count = 0;
    enum err err = ERR_VALUE;
    if (keeper->subjects == NULL) {
        note_set(note, "this ledger's personal fields are not sealed: there is no key to destroy");
        return ERR_VALUE;
    }
    if (message->len != 0 && what[0] == 'u') {
        err = subjects_erase(keeper->subjects, what + 1, message->len - 1, &count);
    } else if (message->len == 5 && what[0] == 'y' && strspn(what + 1, "0123456789") >= 4) {
        err = subjects_erase_before(keeper->subjects, year_of(what + 1), &count);
    } else {
        note_set(note, "a user or a year is expected");
    }
    if (err == ERR_IO || err == ERR_FULL) {
        keeper_die(err, disk_trouble());
    }
    *ret_count = count;
    return err;
}
