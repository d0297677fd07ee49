/* What browsers send to the doorman: a form, a Cookie header, a path to go back to. */
#include "daemon/doorman_form.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_form(const char *text, size_t len)
{
    struct arena arena;
    struct doorman_form form;
    arena_init(&arena, (size_t)256 * 1024);
    if (doorman_form_read(text, len, &arena, &form) == OK) {
        for (size_t i = 0; i < form.count; i++) {
            const char *value = doorman_form_value(&form, form.fields[i].name);
            if (value != form.fields[i].value || strlen(value) != form.fields[i].len) {
                abort();
            }
        }
    }
    arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char cookie[DOORMAN_FORM_COOKIE + 1];
    char *text = strndup((const char *)data, size);
    if (text == NULL) {
        return 0;
    }
    check_form((const char *)data, size);
    if (doorman_form_cookie(text, "gatehouse", cookie) == OK && !doorman_form_is_token(cookie)) {
        abort();
    }
    if (doorman_form_is_local(text) && (text[0] != '/' || text[1] == '/' || text[1] == '\\')) {
        abort();
    }
    free(text);
    return 0;
}
