/*
 * What earlier runs say about a device: since when its version is seen, whether somebody looks at
 * it each quarter, whether declared maintenance changed it, and what is on again that was off.
 */
#pragma once

#include "assess/join.h"
#include "assess/site.h"
#include "store/store.h"

/*
 * Writes firmware.seen or vms.seen, firmware.audited or .unaudited, and maintenance.declared,
 * .proven and .missed; after the catalogue's facts, which say whether the version is outdated.
 * A subject that does not tell its version gets none of them. site may be NULL; sightings are NULL
 * where earlier runs are not known: then only what is declared is told.
 */
void derive_history(struct subject *subject, const struct store_sightings *sightings,
    const struct site *site, int64_t now);

/*
 * The same for every device of a crowd, from the store's runs of this site, and cloud.back; store
 * may be NULL.
 */
void derive_histories(
    const struct crowd *crowd, struct store *store, const char *site_name, const struct site *site);
