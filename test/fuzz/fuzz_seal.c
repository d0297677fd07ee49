/* A sealed text from a log of somebody else: taken apart within bounds, never opened by a wrong
 * key. */
#include "ledger/logged.h"
#include "ledger/seal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[SUBJECTS_KEY] = {1};
    CLEANUP(buf_release) struct buf text;
    struct sealed sealed;
    struct logged *logged = logged_new();
    buf_init(&text, SEAL_OPENED);
    if (seal_show(NULL, "actor.user", (const char *)data, size, &text) == OK && text.len > size) {
        abort();
    }
    buf_clear(&text);
    if (seal_parse((const char *)data, size, &sealed) == OK &&
        seal_open(&sealed, "actor.user", key, &text) == OK) {
        abort();
    }
    if (logged != NULL) {
        (void)logged_read(logged, data, size);
    }
    logged_free(logged);
    return 0;
}
