/* The ledger's own word on whether it is sealed. */
#include "ledger/sealing.h"

#include "base/text.h"
#include "ledger/entries.h"
#include "ledger/logged.h"
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
is_sealed(struct logged *logged, const uint8_t *entry, size_t len)
{
    return memmem(entry, len, "\"" SEAL_PREFIX, sizeof(SEAL_PREFIX)) != NULL &&
           logged_read(logged, entry, len) && logged->sealed != 0;
}

enum err
sealing_find(const char *folder, enum sealing *ret_sealing, struct note *note)
{
    struct entries *entries = NULL;
    bool found = false;
    struct logged *logged = logged_new();
    enum err err = logged == NULL ? ERR_MEMORY : entries_open(folder, &entries, note);
    uint64_t i = err == OK ? entries_retention(entries)->minimum : 0;
    for (; err == OK && !found && i < entries_head(entries)->size; i++) {
        const uint8_t *entry = NULL;
        size_t len = 0;
        err = entries_get(entries, i, &entry, &len, note);
        found = err == OK && is_sealed(logged, entry, len);
    }
    entries_close(entries);
    logged_free(logged);
    if (err == OK) {
        *ret_sealing = found ? SEALING_SEALED : SEALING_NONE;
    }
    return err;
}
