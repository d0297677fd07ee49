/* Pieces that the parse functions of several drivers share: accounts, clocks, warnings. For drivers
 * only. */
#pragma once

#include "device/device.h"

/* The accounts of a device with their levels, as they are met: "admin (administrator), joe". */
struct parts_users {
    char text[1024];
    size_t len;
    unsigned count; /* those that did not fit into text included */
};

/* Adds an account; no name or one that was met before: nothing happens. level: NULL or "": unknown.
 */
void parts_users_add(struct parts_users *users, const char *name, const char *level);

/*
 * Every object of a JSON answer that names a user (userName, UserID, …) with its level (level,
 * UserLevel, AdminAccess, …); an account that is switched off (Enable false) does not count.
 */
void parts_users_json(const struct answer *answer, struct parts_users *users);

/*
 * Writes users.list when any account was met. The evidence names the accounts and nothing else of
 * the answer: some devices answer with the passwords beside the names.
 */
void parts_users_write(
    const struct parts_users *users, struct facts *facts, const struct source *source);

/* The same source as the device's own configuration, with this confidence. */
struct source parts_config(const struct source *source, uint8_t confidence);

/* A value that was picked, in the arena; NULL when it is not there. */
const char *parts_text(const struct answer *answer, const char *pick, struct arena *arena);

/* A value that was picked as a yes or no; false when it is neither or not there. */
bool parts_bool(
    const struct answer *answer, const char *pick, struct arena *arena, bool *ret_value);

/*
 * Sets a fact of which several settings of a device speak (HTTP and RTSP without a login): one yes
 * makes it yes, whatever the others say.
 */
void parts_either(struct facts *facts, enum fact_id fact, bool yes, const struct source *source);

/* clock.offset from a time "2026-11-22 20:15:00" or with T and Z, this many seconds west of UTC. */
void parts_clock(const char *text, int64_t west, const struct answer *answer, struct facts *facts,
    const struct source *source);

/* clock.ntp and clock.synced: by this server (NULL, "" and 0.0.0.0: by none). */
void parts_ntp(bool enabled, const char *server, struct facts *facts, const struct source *source);

/* What an answer says in usual words of tries left and of a lock. */
void parts_warn(const struct answer *answer, struct device_warning *ret_warning);
