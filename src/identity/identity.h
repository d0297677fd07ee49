/*
 * Accounts, factors, sessions, roles, bans: one SQLite database (identity.db), used by the doorman
 * and by the commands at once; every change is one transaction. Secrets in it (TOTP keys, the
 * password of a brokered session) are sealed with identity.key; passwords are argon2id; cookies,
 * invitations and recovery codes are there as hashes only.
 *
 * Times are clock_wall() milliseconds. Names are 1 to 63 bytes of letters, digits and . _ - @, and
 * begin with a letter or digit; of names that differ in letter case only one can be there.
 */
#pragma once

#include "base/arena.h"
#include "base/ip.h"
#include "base/secret.h"

#define IDENTITY_NAME 64
#define IDENTITY_ID   24 /* public id of a session, an invitation, a passkey; text */

struct identity;

/*
 * Opens or makes both files, 0600, in a folder that is made too; needs secret_start() before.
 * ERR_VALUE with words: others may use a file, it is another user's, or the key is not that of the
 * database. One thread.
 */
enum err identity_open(
    const char *folder, struct identity **ret_identity, struct note *note) MUST_CHECK;
void identity_close(struct identity *identity);
/*
 * For a program that runs for long, once: takes the room on the disk now that log-ins and step-ups
 * need, so that they work when the disk is full. Holds while the program runs.
 */
enum err identity_reserve(struct identity *identity, struct note *note) MUST_CHECK;
/* Whether anyone changed it since the last call (SQLite's data_version, and our own changes). */
bool identity_has_changed(struct identity *identity);
/*
 * Several changes as one, all or none: user_add(), role_give() and user_invite() of a command. May
 * be nested. identity_end() is given what came of them, and returns the first error.
 */
enum err identity_begin(struct identity *identity, struct note *note) MUST_CHECK;
enum err identity_end(struct identity *identity, enum err err, struct note *note) MUST_CHECK;

enum err identity_check_name(const char *name, struct note *note) MUST_CHECK;

/* Sealed texts by name: "vms/zoneminder" is the password of that brokered session. */
enum err identity_seal(struct identity *identity, const char *name, const struct secret *secret,
    struct note *note) MUST_CHECK;
enum err identity_unseal(struct identity *identity, const char *name, struct secret **ret_secret,
    struct note *note) MUST_CHECK;
