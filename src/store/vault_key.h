/*
 * The key of the sealed passwords: 32 random bytes, as 64 hexadecimal digits in a file of their
 * own that only their owner may read, or in a credential of systemd (systemd.exec(5)).
 */
#pragma once

#include "base/buf.h"
#include "base/secret.h"

#define VAULT_KEY        32
#define VAULT_CREDENTIAL "gatehouse-key" /* in $CREDENTIALS_DIRECTORY */

/* Where the key comes from when no path is given; *ret_is_credential: it is not ours to write. */
enum err vault_key_place(
    struct buf *ret_path, bool *ret_is_credential, struct note *note) MUST_CHECK;
/*
 * Reads it. ERR_MISSING when there is none; ERR_VALUE with words when others may read it, it is
 * another person's, or it is no key.
 */
enum err vault_key_read(
    const char *path, bool is_credential, struct secret **ret_key, struct note *note) MUST_CHECK;
/* Makes a new key in a new file, 0600; a file that is there stays and is an error. */
enum err vault_key_make(const char *path, struct secret **ret_key, struct note *note) MUST_CHECK;
