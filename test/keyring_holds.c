/*
 * Whether the keyring has the passwords that played devices really have; it prints none. Lines of
 * standard input: "DEVICE ACCOUNT PASSWORD", one line out for each: "in-force", "candidate"
 * (it may have it) or "unknown".
 */
#include "base/text.h"
#include "store/keyring.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES 1024

static const char *
look(const struct vault *vault, const struct keyring_name *name, const char *password)
{
    struct secret *candidates[KEYRING_CANDIDATES] = {NULL}, *current = NULL;
    struct secret *real = secret_new_text(password);
    struct note note;
    size_t count = 0;
    const char *found = "unknown";
    if (real != NULL && keyring_candidates(vault, name, candidates, &count, &note) == OK) {
        for (size_t i = 0; i < count; i++) {
            found = secret_equal(candidates[i], real) ? "candidate" : found;
            secret_free(candidates[i]);
        }
    }
    if (real != NULL && keyring_get(vault, name, &current, &note) == OK &&
        secret_equal(current, real)) {
        found = "in-force";
    }
    secret_free(current);
    secret_free(real);
    return found;
}

int
main(int argc, char **argv)
{
    const struct vault_place place = {
        .file = argc > 2 ? argv[1] : NULL, .key = argc > 2 ? argv[2] : NULL};
    struct vault *vault = NULL;
    struct note note = {""};
    char line[LINE_BYTES];
    if (argc != 3 || secret_start() != OK || vault_open(&place, false, &vault, &note) != OK) {
        (void)fprintf(stderr, "keyring-holds FILE KEY: %s\n", note.text);
        return 1;
    }
    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *account = strchr(line, ' ');
        char *password = account == NULL ? NULL : strchr(account + 1, ' ');
        if (password == NULL) {
            vault_close(vault);
            return 1;
        }
        *account++ = '\0';
        *password++ = '\0';
        password[strcspn(password, "\n")] = '\0';
        const struct keyring_name name = {.device = line, .account = account};
        (void)puts(look(vault, &name, password));
    }
    vault_close(vault);
    return 0;
}
