/*
 * The passwords of devices that Gatehouse set itself, in the vault: for each device and account the
 * one in force, one that is about to be set, and the last five. A password is sealed here before it
 * is sent, and never forgotten while a device may still have it, so that no crash leaves a device
 * whose password nobody knows. Names in the vault: "device/KEY/ACCOUNT" with ".next", ".was", ".1"
 * … ".5"; what is no letter, digit, '_', '-' or ':' (in a key also '.') is percent-encoded.
 */
#pragma once

#include "store/vault.h"

#define KEYRING_HISTORY    5
#define KEYRING_CANDIDATES (KEYRING_HISTORY + 2)

/* One account of one device. */
struct keyring_name {
    const char *device;  /* subject_key() */
    const char *account; /* "admin" */
};

/*
 * The password in force; ERR_MISSING: Gatehouse has set none (what keyring_begin() was told that
 * opens now is a candidate, never in force).
 */
enum err keyring_get(const struct vault *vault, const struct keyring_name *name,
    struct secret **ret_secret, struct note *note) MUST_CHECK;
/* The account of a device that has one in force; ERR_MISSING. */
enum err keyring_account(
    const struct vault *vault, const char *device, char *out, size_t size) MUST_CHECK;
/* The account of a device that has any password here, in force or not; ERR_MISSING. */
enum err keyring_any_account(
    const struct vault *vault, const char *device, char *out, size_t size) MUST_CHECK;

/*
 * `next` will be set; `current` (NULL: keyring_get()'s) is what opens now, and is kept too, so that
 * both can be found. An earlier next goes to the history. ERR_REFUSED: another device has the same
 * password. Durable when it returns OK.
 */
enum err keyring_begin(const struct vault_place *place, const struct keyring_name *name,
    const struct secret *current, const struct secret *next, struct note *note) MUST_CHECK;
/* The next one is proven: it is in force, the one before goes to the history. Twice is once. */
enum err keyring_commit(
    const struct vault_place *place, const struct keyring_name *name, struct note *note) MUST_CHECK;
/* It was taken back and that is proven: the next one goes to the history. */
enum err keyring_abandon(
    const struct vault_place *place, const struct keyring_name *name, struct note *note) MUST_CHECK;
/*
 * This one, which the keyring has (ERR_MISSING else), is proven to open: it is in force where
 * Gatehouse set it (`is_ours`), and everything else is history. Twice is once. The empty one, which
 * some factories set, is never kept: everything is history then.
 */
enum err keyring_restore(const struct vault_place *place, const struct keyring_name *name,
    const struct secret *secret, bool is_ours, struct note *note) MUST_CHECK;
/* Every password that the device may have: next, in force, the history; each once. */
enum err keyring_candidates(const struct vault *vault, const struct keyring_name *name,
    struct secret *ret_secrets[KEYRING_CANDIDATES], size_t *ret_count,
    struct note *note) MUST_CHECK;
