/*
 * MAC vendors by exact prefix, from the IEEE registries as Debian's ieee-data installs them
 * (oui.csv 24 bits, mam.csv 28, oui36.csv 36; standards-oui.ieee.org). The longest prefix wins.
 */
#pragma once

#include "base/ip.h"

#define MAC_FOLDER "/usr/share/ieee-data"

struct mac_db;

/*
 * Loads what the folder holds. Registries that are not there leave the table smaller or empty:
 * that is OK, and the note says so (empty note: all three were read).
 */
enum err mac_db_new(const char *folder, struct mac_db **ret_db, struct note *note) MUST_CHECK;
void mac_db_free(struct mac_db *db);

/* The registered organisation, or NULL: unknown, a group address or one set by software. */
const char *mac_vendor(const struct mac_db *db, const struct mac *mac);

/* Prefixes in the table. */
size_t mac_db_count(const struct mac_db *db);
