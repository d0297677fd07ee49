/*
 * Passwords that the owner gave, each under a name, and those that Gatehouse set itself
 * (store/keyring.h), sealed in one file (libsodium, XChaCha20-
 * Poly1305; the name is authenticated with its password, so two can't change places; a keyed mark
 * over the whole file tells when an entry was taken out). vault_format.h has the bytes, vault_key.h
 * the key. The program must have run secret_start().
 */
#pragma once

#include "base/secret.h"
#include "store/vault_format.h"

#define VAULT_PASSWORD 256

struct vault_place {
    const char *file; /* NULL: gatehouse/secrets.sealed in the XDG data folder */
    const char *key;  /* NULL: the credential of systemd, else gatehouse/secrets.key in XDG state */
};

struct vault;

/*
 * Opens it for reading, or (`edits`) for a change: then it waits for others that change it, and a
 * key is made where neither key nor file is. A file that is not there has no passwords. A wrong
 * key, a key that others may read and a file that was changed are errors in words.
 */
enum err vault_open(const struct vault_place *place, bool edits, struct vault **ret_vault,
    struct note *note) MUST_CHECK;
void vault_close(struct vault *vault);

/* Names in the order of the alphabet. */
size_t vault_count(const struct vault *vault);
const char *vault_name(const struct vault *vault, size_t i);
const char *vault_file(const struct vault *vault);
const char *vault_key_file(const struct vault *vault);

/* A copy in guarded memory, the caller's; ERR_MISSING with words (and the nearest name). */
enum err vault_get(const struct vault *vault, const char *name, struct secret **ret_secret,
    struct note *note) MUST_CHECK;
/* Changes are on disk when vault_save() has returned OK. */
enum err vault_set(struct vault *vault, const char *name, const struct secret *secret,
    struct note *note) MUST_CHECK;
enum err vault_remove(struct vault *vault, const char *name, struct note *note) MUST_CHECK;
enum err vault_save(struct vault *vault, struct note *note) MUST_CHECK;
/*
 * Seals everything with a new key and saves it. The new key is made in `new_key`, which must not be
 * there, or (NULL) takes the place of the old one; a credential of systemd can't be replaced so.
 */
enum err vault_rekey(struct vault *vault, const char *new_key, struct note *note) MUST_CHECK;

/*
 * The key for the journals of plans, derived from the vault's: the same for as long as that is.
 * Where neither key nor file is, the vault's is made.
 */
enum err vault_journal_key(
    const struct vault_place *place, struct secret **ret_key, struct note *note) MUST_CHECK;
