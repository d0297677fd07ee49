/* What the files of the SQLite back end share. */
#pragma once

#include "store/budget.h"

#include <sqlite3.h>

struct sqlite {
    struct store store; /* first, so that a struct store is one */
    sqlite3 *db;
    char *path;
};

struct sqlite *sqlite_of(struct store *store);

/* Turns SQLite's last error into the store's note and an enum err. */
enum err sqlite_trouble(struct sqlite *sqlite, int code);

/* One statement or more without results. */
enum err sqlite_run_sql(struct sqlite *sqlite, const char *sql) MUST_CHECK;
/* Begins a transaction that writes: a second process waits here. */
enum err sqlite_begin(struct sqlite *sqlite) MUST_CHECK;
/* Commits when err is OK (and makes it durable), else rolls back; returns the first error. */
enum err sqlite_end(struct sqlite *sqlite, enum err err) MUST_CHECK;

/* Prepared and bound: `types` has a letter per value: t text (NULL allowed), i int64_t. */
enum err sqlite_prepare(struct sqlite *sqlite, sqlite3_stmt **ret_statement, const char *sql,
    const char *types, ...) MUST_CHECK;
/* Binds other values, so that one statement adds many rows. */
enum err sqlite_bind(
    struct sqlite *sqlite, sqlite3_stmt *statement, const char *types, ...) MUST_CHECK;
/* Runs a statement that gives no rows. */
enum err sqlite_execute(struct sqlite *sqlite, sqlite3_stmt *statement) MUST_CHECK;
/* The next row; false at the end or on an error, which goes to *err. */
bool sqlite_row(struct sqlite *sqlite, sqlite3_stmt *statement, enum err *err);
void sqlite_finish(sqlite3_stmt *const *statement);
/* The column's text in the arena; NULL stays NULL. */
const char *sqlite_text(sqlite3_stmt *statement, int column, struct arena *arena);

enum err sqlite_save_run(struct store *store, const struct store_run *run);
enum err sqlite_runs(struct store *store, const char *site, struct arena *arena,
    const struct store_run **ret_runs, size_t *ret_count);
enum err sqlite_load_run(
    struct store *store, const char *id, struct arena *arena, struct store_run *ret_run);
enum err sqlite_sightings(struct store *store, const struct store_device_name *device,
    struct arena *arena, struct store_sightings *ret_sightings);
enum err sqlite_had_fact(struct store *store, const struct store_device_name *device,
    const char *name, const char *value, bool *ret_had);
enum err sqlite_budget_take(
    struct store *store, const struct budget_request *request, struct budget_answer *ret_answer);
enum err sqlite_budget_result(
    struct store *store, int64_t ticket, const struct budget_report *report);
enum err sqlite_budget_refused(struct store *store, const struct budget_request *request,
    struct budget_refusals *ret_refusals);
enum err sqlite_budget_policy(struct store *store, const struct budget_request *request);
