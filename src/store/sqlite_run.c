/* Runs in the SQLite back end. */
#include "store/sqlite.h"

#define ROWS_LIMIT 100000 /* runs, devices, facts or findings that one answer holds */

#define RUN_COLUMNS                                                                                \
    "id, site, scope, started, ended, partial, grade, score, program, rules, catalog, hosts, "     \
    "packets, logins, lockouts, devices, fails"

static const char *
or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static enum err
insert_run(struct sqlite *sqlite, const struct store_run *run)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *old = NULL;
    CLEANUP(sqlite_finish) sqlite3_stmt *add = NULL;
    enum err err = sqlite_prepare(sqlite, &old, "DELETE FROM run WHERE id = ?", "t", run->id);
    if (err == OK) {
        err = sqlite_execute(sqlite, old);
    }
    if (err == OK) {
        err = sqlite_prepare(sqlite, &add,
            "INSERT INTO run (" RUN_COLUMNS
            ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            "tttiiititttiiiiii", run->id, or_empty(run->site), or_empty(run->scope), run->started,
            run->ended, (int64_t)run->partial, or_empty(run->grade), (int64_t)run->score,
            or_empty(run->program), or_empty(run->rules), or_empty(run->catalog),
            (int64_t)run->hosts, (int64_t)run->packets, (int64_t)run->logins,
            (int64_t)run->lockouts, (int64_t)run->device_count, (int64_t)run->fail_count);
    }
    return err == OK ? sqlite_execute(sqlite, add) : err;
}

static enum err
insert_facts(
    struct sqlite *sqlite, sqlite3_stmt *add, int64_t row, const struct store_device *device)
{
    enum err err = OK;
    for (size_t i = 0; i < device->fact_count && err == OK; i++) {
        const struct store_fact *fact = &device->facts[i];
        err = sqlite_bind(sqlite, add, "ittii", row, fact->name, or_empty(fact->value),
            (int64_t)fact->witness, (int64_t)fact->confidence);
        if (err == OK) {
            err = sqlite_execute(sqlite, add);
        }
    }
    return err;
}

static enum err
insert_devices(struct sqlite *sqlite, const struct store_run *run)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *add = NULL;
    CLEANUP(sqlite_finish) sqlite3_stmt *add_fact = NULL;
    enum err err = sqlite_prepare(sqlite, &add,
        "INSERT INTO device (run, key, title, addresses, kind, vendor, model, version, confidence)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "");
    if (err == OK) {
        err = sqlite_prepare(sqlite, &add_fact,
            "INSERT INTO fact (device, name, value, witness, confidence) VALUES (?, ?, ?, ?, ?)",
            "");
    }
    for (size_t i = 0; run->devices != NULL && i < run->device_count && err == OK; i++) {
        const struct store_device *device = &run->devices[i];
        err = sqlite_bind(sqlite, add,
            "ttttttt"
            "ti",
            run->id, device->key, or_empty(device->title), or_empty(device->addresses),
            or_empty(device->kind), device->vendor, device->model, device->version,
            (int64_t)device->confidence);
        if (err == OK) {
            err = sqlite_execute(sqlite, add);
        }
        if (err == OK) {
            err = insert_facts(sqlite, add_fact, sqlite3_last_insert_rowid(sqlite->db), device);
        }
    }
    return err;
}

static enum err
insert_findings(struct sqlite *sqlite, const struct store_run *run)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *add = NULL;
    enum err err = sqlite_prepare(sqlite, &add,
        "INSERT INTO finding (run, id, verdict, device, title, sentence, waived)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        "");
    for (size_t i = 0; i < run->finding_count && err == OK; i++) {
        const struct store_finding *finding = &run->findings[i];
        err = sqlite_bind(sqlite, add, "tttttti", run->id, finding->id, finding->verdict,
            finding->device, or_empty(finding->title), or_empty(finding->sentence),
            (int64_t)finding->waived);
        if (err == OK) {
            err = sqlite_execute(sqlite, add);
        }
    }
    return err;
}

enum err
sqlite_save_run(struct store *store, const struct store_run *run)
{
    struct sqlite *sqlite = sqlite_of(store);
    enum err err = sqlite_begin(sqlite);
    if (err != OK) {
        return err;
    }
    err = insert_run(sqlite, run);
    if (err == OK) {
        err = insert_devices(sqlite, run);
    }
    if (err == OK) {
        err = insert_findings(sqlite, run);
    }
    return sqlite_end(sqlite, err);
}

/* Rows that a query will give, counted beforehand. */
struct room {
    size_t row_size;
    void *rows;
    size_t max; /* at most ROWS_LIMIT */
};

static enum err
make_room(struct sqlite *sqlite, struct arena *arena, const char *count_sql, const char *value,
    struct room *room)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    enum err err = sqlite_prepare(sqlite, &query, count_sql, "t", value);
    int64_t count = sqlite_row(sqlite, query, &err) ? sqlite3_column_int64(query, 0) : 0;
    if (err != OK) {
        return err;
    }
    room->max = count > ROWS_LIMIT ? ROWS_LIMIT : (size_t)count;
    room->rows = arena_alloc(arena, (room->max + 1) * room->row_size);
    if (room->rows == NULL) {
        note_set(&sqlite->store.note, "the run is larger than memory allows");
        return ERR_MEMORY;
    }
    return OK;
}

static void
read_run(sqlite3_stmt *row, struct arena *arena, struct store_run *ret_run)
{
    *ret_run = (struct store_run){
        .id = sqlite_text(row, 0, arena),
        .site = sqlite_text(row, 1, arena),
        .scope = sqlite_text(row, 2, arena),
        .started = sqlite3_column_int64(row, 3),
        .ended = sqlite3_column_int64(row, 4),
        .partial = sqlite3_column_int(row, 5) != 0,
        .grade = sqlite_text(row, 6, arena),
        .score = (unsigned)sqlite3_column_int(row, 7),
        .program = sqlite_text(row, 8, arena),
        .rules = sqlite_text(row, 9, arena),
        .catalog = sqlite_text(row, 10, arena),
        .hosts = (uint64_t)sqlite3_column_int64(row, 11),
        .packets = (uint64_t)sqlite3_column_int64(row, 12),
        .logins = (uint64_t)sqlite3_column_int64(row, 13),
        .lockouts = (uint64_t)sqlite3_column_int64(row, 14),
        .device_count = (uint64_t)sqlite3_column_int64(row, 15),
        .fail_count = (uint64_t)sqlite3_column_int64(row, 16),
    };
}

static enum err
full_arena(struct sqlite *sqlite, const struct arena *arena, enum err err)
{
    if (err == OK && arena->full) {
        note_set(&sqlite->store.note, "the store's answer is larger than memory allows");
        return ERR_MEMORY;
    }
    return err;
}

enum err
sqlite_runs(struct store *store, const char *site, struct arena *arena,
    const struct store_run **ret_runs, size_t *ret_count)
{
    struct sqlite *sqlite = sqlite_of(store);
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    struct room room = {.row_size = sizeof(struct store_run)};
    size_t count = 0;
    enum err err = make_room(
        sqlite, arena, "SELECT count(*) FROM run WHERE ?1 IS NULL OR site = ?1", site, &room);
    struct store_run *runs = room.rows;
    if (err == OK) {
        err = sqlite_prepare(sqlite, &query,
            "SELECT " RUN_COLUMNS " FROM (SELECT * FROM run WHERE ?1 IS NULL OR site = ?1"
            " ORDER BY started DESC, id DESC LIMIT ?2) ORDER BY started, id",
            "ti", site, (int64_t)room.max);
    }
    while (err == OK && count < room.max && sqlite_row(sqlite, query, &err)) {
        read_run(query, arena, &runs[count++]);
    }
    err = full_arena(sqlite, arena, err);
    if (err == OK) {
        *ret_runs = runs;
        *ret_count = count;
    }
    return err;
}

static enum err
load_facts(struct sqlite *sqlite, const char *row, struct arena *arena, struct store_device *device)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    struct room room = {.row_size = sizeof(struct store_fact)};
    enum err err =
        make_room(sqlite, arena, "SELECT count(*) FROM fact WHERE device = ?", row, &room);
    struct store_fact *facts = room.rows;
    if (err == OK) {
        err = sqlite_prepare(sqlite, &query,
            "SELECT name, value, witness, confidence FROM fact WHERE device = ? ORDER BY rowid",
            "t", row);
    }
    while (err == OK && device->fact_count < room.max && sqlite_row(sqlite, query, &err)) {
        facts[device->fact_count++] = (struct store_fact){
            .name = sqlite_text(query, 0, arena),
            .value = sqlite_text(query, 1, arena),
            .witness = (enum witness)sqlite3_column_int(query, 2),
            .confidence = (uint8_t)sqlite3_column_int(query, 3),
        };
    }
    device->facts = facts;
    return err;
}

static enum err
load_devices(struct sqlite *sqlite, const char *id, struct arena *arena, struct store_run *run)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    struct room room = {.row_size = sizeof(struct store_device)};
    size_t count = 0;
    enum err err = make_room(sqlite, arena, "SELECT count(*) FROM device WHERE run = ?", id, &room);
    struct store_device *devices = room.rows;
    if (err == OK) {
        err = sqlite_prepare(sqlite, &query,
            "SELECT id, key, title, addresses, kind, vendor, model, version, confidence"
            " FROM device WHERE run = ? ORDER BY id",
            "t", id);
    }
    while (err == OK && count < room.max && sqlite_row(sqlite, query, &err)) {
        struct store_device *device = &devices[count++];
        *device = (struct store_device){
            .key = sqlite_text(query, 1, arena),
            .title = sqlite_text(query, 2, arena),
            .addresses = sqlite_text(query, 3, arena),
            .kind = sqlite_text(query, 4, arena),
            .vendor = sqlite_text(query, 5, arena),
            .model = sqlite_text(query, 6, arena),
            .version = sqlite_text(query, 7, arena),
            .confidence = (uint8_t)sqlite3_column_int(query, 8),
        };
        err = load_facts(sqlite, (const char *)sqlite3_column_text(query, 0), arena, device);
    }
    run->devices = devices;
    run->device_count = count;
    return err;
}

static enum err
load_findings(struct sqlite *sqlite, const char *id, struct arena *arena, struct store_run *run)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    struct room room = {.row_size = sizeof(struct store_finding)};
    enum err err =
        make_room(sqlite, arena, "SELECT count(*) FROM finding WHERE run = ?", id, &room);
    struct store_finding *findings = room.rows;
    if (err == OK) {
        err = sqlite_prepare(sqlite, &query,
            "SELECT id, verdict, device, title, sentence, waived FROM finding WHERE run = ?"
            " ORDER BY rowid",
            "t", id);
    }
    while (err == OK && run->finding_count < room.max && sqlite_row(sqlite, query, &err)) {
        findings[run->finding_count++] = (struct store_finding){
            .id = sqlite_text(query, 0, arena),
            .verdict = sqlite_text(query, 1, arena),
            .device = sqlite_text(query, 2, arena),
            .title = sqlite_text(query, 3, arena),
            .sentence = sqlite_text(query, 4, arena),
            .waived = sqlite3_column_int(query, 5) != 0,
        };
    }
    run->findings = findings;
    return err;
}

enum err
sqlite_load_run(struct store *store, const char *id, struct arena *arena, struct store_run *ret_run)
{
    struct sqlite *sqlite = sqlite_of(store);
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    struct store_run run = {0};
    enum err err =
        sqlite_prepare(sqlite, &query, "SELECT " RUN_COLUMNS " FROM run WHERE id = ?", "t", id);
    if (!sqlite_row(sqlite, query, &err)) {
        if (err == OK) {
            note_set(&store->note, "there is no run \"%.40s\"", id);
            err = ERR_MISSING;
        }
        return err;
    }
    read_run(query, arena, &run);
    err = load_devices(sqlite, id, arena, &run);
    if (err == OK) {
        err = load_findings(sqlite, id, arena, &run);
    }
    err = full_arena(sqlite, arena, err);
    if (err == OK) {
        *ret_run = run;
    }
    return err;
}
