/* Rules of roles: refused with words, or written in one way that reads as the same rule. */
#include "identity/role_rule.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct role_words words;
    struct role_words again;
    struct note note = {""};
    char first[ROLE_TEXT];
    char second[ROLE_TEXT];
    char *text = calloc(1, size + 1);
    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    enum err err = role_read_rule(text, &words, &note);
    assert(err == OK || (err == ERR_VALUE && note.text[0] != '\0'));
    if (err == OK && role_write_rule(&words, first) == OK) {
        assert(words.permits != 0);
        assert(role_read_rule(first, &again, &note) == OK);
        assert(role_write_rule(&again, second) == OK);
        assert(strcmp(first, second) == 0);
        assert(again.permits == words.permits && again.back == words.back);
        assert(again.days == words.days && again.begin == words.begin && again.end == words.end);
    }
    free(text);
    return 0;
}
