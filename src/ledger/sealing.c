/* The ledger's own word on whether it is sealed. */
#include "ledger/sealing.h"

#include "base/text.h"
#include "ledger/entries.h"
#include "ledger/seal.h"
#include "ledger/smallfile.h"

#include <string.h>

static const char *const words[] = {
    [SEALING_NONE] = "gatehouse sealing 1: none\n",
    [SEALING_SEALED] = "gatehouse sealing 1: sealed\n",
};

enum err
sealing_read(int ledger, enum sealing *ret_sealing)
{
    char text[SMALLFILE_LIMIT];
    size_t len = 0;
    enum sealing sealing = SEALING_UNSAID;
    enum err err = smallfile_read(ledger, SEALING_FILE, text, &len);
    for (size_t i = SEALING_NONE; i < COUNT(words) && err == OK; i++) {
        sealing = text_equal(text, words[i]) ? (enum sealing)i : sealing;
    }
    if (err == OK || err == ERR_MISSING) {
        *ret_sealing = sealing;
        err = OK;
    }
    return err;
}

enum err
sealing_write(int ledger, enum sealing sealing)
{
    return smallfile_write(ledger, SEALING_FILE, words[sealing], strlen(words[sealing]));
}

static bool
is_sealed(const uint8_t *entry, size_t len)
{
    struct seal_place place = {0};
    if (memmem(entry, len, "\"" SEAL_PREFIX, sizeof(SEAL_PREFIX)) == NULL) {
        return false;
    }
    json_t *event = json_loadb((const char *)entry, len, JSON_REJECT_DUPLICATES, NULL);
    bool is_found = event != NULL && seal_next(event, &place);
    json_decref(event);
    return is_found;
}

enum err
sealing_find(const char *folder, enum sealing *ret_sealing, struct note *note)
{
    struct entries *entries = NULL;
    bool found = false, is_whole = true;
    enum err err = entries_open(folder, &entries, note);
    uint64_t i = err == OK ? entries_retention(entries)->minimum : 0;
    while (err == OK && !found && i < entries_head(entries)->size) {
        const uint8_t *entry = NULL;
        size_t len = 0;
        enum err got = entries_get(entries, i, &entry, &len, note);
        bool is_read = got == OK;
        err = got == ERR_MEMORY ? got : OK;
        found = is_read && is_sealed(entry, len);
        is_whole = is_whole && is_read;
        i = is_read ? i + 1 : (i / TILE_WIDTH + 1) * TILE_WIDTH; /* the next bundle may be there */
    }
    entries_close(entries);
    if (err == OK) {
        *ret_sealing = found ? SEALING_SEALED : is_whole ? SEALING_NONE : SEALING_UNSAID;
    }
    return err;
}
