/* When a device was seen with which version or fact, in the SQLite back end. */
#include "base/text.h"
#include "store/sqlite.h"

#define SIGHTINGS_LIMIT 5000

#define FROM_RUNS                                                                                  \
    " FROM device JOIN run ON run.id = device.run"                                                 \
    " WHERE device.key = ?1 AND run.site = ?2 AND device.version <> ''"

static enum err
count_sightings(struct sqlite *sqlite, const struct store_device_name *device, size_t *ret_count)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    enum err err = sqlite_prepare(
        sqlite, &query, "SELECT count(*)" FROM_RUNS, "tt", device->key, device->site);
    int64_t count = sqlite_row(sqlite, query, &err) ? sqlite3_column_int64(query, 0) : 0;
    *ret_count = count > SIGHTINGS_LIMIT ? SIGHTINGS_LIMIT : (size_t)count;
    return err;
}

/* A device keeps its version over many runs: one copy of the text does. */
static const char *
version_of(sqlite3_stmt *row, struct arena *arena, const struct store_sighting *before)
{
    const char *text = (const char *)sqlite3_column_text(row, 1);
    return before != NULL && text_equal(before->version, text) ? before->version
                                                               : arena_copy(arena, text);
}

enum err
sqlite_sightings(struct store *store, const struct store_device_name *device, struct arena *arena,
    struct store_sightings *ret_sightings)
{
    struct sqlite *sqlite = sqlite_of(store);
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    size_t max = 0;
    size_t count = 0;
    enum err err = count_sightings(sqlite, device, &max);
    struct store_sighting *rows = arena_alloc(arena, (max + 1) * sizeof(*rows));
    if (err == OK && rows != NULL) {
        err = sqlite_prepare(sqlite, &query,
            "SELECT at, version FROM (SELECT run.started AS at, device.version AS version,"
            " run.id AS id" FROM_RUNS " ORDER BY at DESC, id DESC LIMIT ?3) ORDER BY at, id",
            "tti", device->key, device->site, (int64_t)max);
    }
    while (err == OK && rows != NULL && count < max && sqlite_row(sqlite, query, &err)) {
        rows[count] = (struct store_sighting){sqlite3_column_int64(query, 0),
            version_of(query, arena, count == 0 ? NULL : &rows[count - 1])};
        count++;
    }
    if (err == OK && arena->full) {
        note_set(&store->note, "the history is larger than memory allows");
        return ERR_MEMORY;
    }
    if (err == OK) {
        *ret_sightings = (struct store_sightings){rows, count};
    }
    return err;
}

enum err
sqlite_had_fact(struct store *store, const struct store_device_name *device, const char *name,
    const char *value, bool *ret_had)
{
    struct sqlite *sqlite = sqlite_of(store);
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    enum err err = sqlite_prepare(sqlite, &query,
        "SELECT 1 FROM device JOIN run ON run.id = device.run JOIN fact ON fact.device = device.id"
        " WHERE device.key = ?1 AND run.site = ?2 AND fact.name = ?3 AND fact.value = ?4 LIMIT 1",
        "tttt", device->key, device->site, name, value);
    bool had = err == OK && sqlite_row(sqlite, query, &err);
    if (err == OK) {
        *ret_had = had;
    }
    return err;
}
