/* A step-up's reason: refused with words, or clean text that is clean when it is read again. */
#include "base/text.h"
#include "identity/session.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char reason[SESSION_REASON];
    char again[SESSION_REASON];
    struct note note = {""};
    enum err err = session_reason((const char *)data, size, reason, &note);
    assert(err == OK || (err == ERR_VALUE && note.text[0] != '\0'));
    if (err == OK) {
        size_t len = strlen(reason);
        assert(len >= 3 && len < SESSION_REASON && reason[0] != ' ' && reason[len - 1] != ' ');
        for (size_t i = 0; i < len; i++) {
            assert((uint8_t)reason[i] >= 0x20 && reason[i] != 0x7f);
        }
        assert(session_reason(reason, len, again, &note) == OK);
        assert(strcmp(reason, again) == 0);
    }
    return 0;
}
