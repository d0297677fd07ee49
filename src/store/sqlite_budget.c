/* The lock-out budget's memory: read, judge and write in one transaction. */
#include "store/sqlite.h"

#define TRIES_LIMIT 256 /* of one device in one period; more than this is refused anyway */

/*
 * All names of the device: those of the request and those that shared a try with one of them, so
 * that a device that changes one name at a time keeps its budget.
 */
static enum err
collect_names(struct sqlite *sqlite, const struct budget_request *request, int64_t since)
{
    enum err err = sqlite_run_sql(sqlite,
        "CREATE TEMP TABLE IF NOT EXISTS named (key TEXT PRIMARY KEY) WITHOUT ROWID;"
        "DELETE FROM named;");
    if (err != OK) {
        return err;
    }
    CLEANUP(sqlite_finish) sqlite3_stmt *add = NULL;
    err = sqlite_prepare(sqlite, &add, "INSERT OR IGNORE INTO named VALUES (?)", "");
    for (size_t i = 0; i < request->key_count && err == OK; i++) {
        err = sqlite_bind(sqlite, add, "t", request->keys[i]);
        if (err == OK) {
            err = sqlite_execute(sqlite, add);
        }
    }
    if (err != OK) {
        return err;
    }
    CLEANUP(sqlite_finish) sqlite3_stmt *spread = NULL;
    err = sqlite_prepare(sqlite, &spread,
        "WITH RECURSIVE known (key) AS ("
        " SELECT key FROM named"
        " UNION"
        " SELECT other.key FROM known"
        " JOIN login_key AS mine ON mine.key = known.key"
        " JOIN login_try ON login_try.id = mine.try AND login_try.at > ?"
        " JOIN login_key AS other ON other.try = mine.try)"
        "INSERT OR IGNORE INTO named SELECT key FROM known",
        "i", since);
    return err == OK ? sqlite_execute(sqlite, spread) : err;
}

/* Those that count: an owner's right password, however often it is used, may push none out. */
static enum err
read_tries(struct sqlite *sqlite, int64_t since, struct budget_try *tries, size_t *ret_count)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    size_t count = 0;
    enum err err = sqlite_prepare(sqlite, &query,
        "SELECT at, outcome, credential = '" BUDGET_OWNER "' AS owner FROM login_try"
        " WHERE at > ? AND NOT (owner AND outcome = ?)"
        " AND id IN (SELECT try FROM login_key WHERE key IN (SELECT key FROM named))"
        " ORDER BY at DESC, id DESC LIMIT ?",
        "iii", since, (int64_t)BUDGET_OPEN, (int64_t)TRIES_LIMIT);
    while (sqlite_row(sqlite, query, &err)) {
        tries[count++] = (struct budget_try){
            .at = sqlite3_column_int64(query, 0),
            .outcome = (enum budget_outcome)sqlite3_column_int(query, 1),
            .owner = sqlite3_column_int(query, 2) != 0,
        };
    }
    for (size_t i = 0; i < count / 2; i++) {
        struct budget_try swap = tries[i];
        tries[i] = tries[count - 1 - i];
        tries[count - 1 - i] = swap;
    }
    *ret_count = count;
    return err;
}

/*
 * Never older than the newest try: what is written while the clock is behind must not look old
 * when the clock is right again.
 */
static enum err
time_of_try(struct sqlite *sqlite, int64_t now, int64_t *ret_at)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    enum err err = sqlite_prepare(
        sqlite, &query, "SELECT max(?, coalesce(max(at), 0)) FROM login_try", "i", now);
    if (sqlite_row(sqlite, query, &err)) {
        *ret_at = sqlite3_column_int64(query, 0);
    }
    return err;
}

static enum err
write_try(struct sqlite *sqlite, const struct budget_request *request, int64_t *ret_ticket)
{
    int64_t at = request->now;
    enum err err = time_of_try(sqlite, request->now, &at);
    CLEANUP(sqlite_finish) sqlite3_stmt *add = NULL;
    CLEANUP(sqlite_finish) sqlite3_stmt *name = NULL;
    if (err == OK) {
        err = sqlite_prepare(sqlite, &add,
            "INSERT INTO login_try (account, credential, protocol, at, outcome)"
            " VALUES (?, ?, ?, ?, ?)",
            "tttii", request->account, request->owner ? BUDGET_OWNER : request->credential,
            request->protocol, at, (int64_t)BUDGET_PENDING);
    }
    if (err == OK) {
        err = sqlite_execute(sqlite, add);
    }
    int64_t ticket = sqlite3_last_insert_rowid(sqlite->db);
    if (err == OK) {
        err = sqlite_prepare(
            sqlite, &name, "INSERT OR IGNORE INTO login_key (try, key) VALUES (?, ?)", "");
    }
    for (size_t i = 0; i < request->key_count && err == OK; i++) {
        err = sqlite_bind(sqlite, name, "it", ticket, request->keys[i]);
        if (err == OK) {
            err = sqlite_execute(sqlite, name);
        }
    }
    *ret_ticket = ticket;
    return err;
}

enum err
sqlite_budget_take(
    struct store *store, const struct budget_request *request, struct budget_answer *ret_answer)
{
    struct sqlite *sqlite = sqlite_of(store);
    struct budget_try tries[TRIES_LIMIT];
    struct budget_answer answer = {0};
    size_t count = 0;
    enum err err = sqlite_begin(sqlite);
    if (err != OK) {
        return err;
    }
    int64_t since = budget_since(request);
    err = collect_names(sqlite, request, since);
    if (err == OK) {
        err = read_tries(sqlite, since, tries, &count);
    }
    if (err == OK) {
        budget_judge(request, tries, count, &answer);
    }
    if (err == OK && answer.granted) {
        err = write_try(sqlite, request, &answer.ticket);
    }
    err = sqlite_end(sqlite, err);
    if (err == OK) {
        *ret_answer = answer;
    }
    return err;
}

enum err
sqlite_budget_result(struct store *store, int64_t ticket, int outcome)
{
    struct sqlite *sqlite = sqlite_of(store);
    CLEANUP(sqlite_finish) sqlite3_stmt *update = NULL;
    enum err err = sqlite_prepare(sqlite, &update, "UPDATE login_try SET outcome = ? WHERE id = ?",
        "ii", (int64_t)outcome, ticket);
    if (err == OK) {
        err = sqlite_execute(sqlite, update);
    }
    if (err == OK && sqlite3_changes(sqlite->db) == 0) {
        note_set(&store->note, "log-in %lld is not on record", (long long)ticket);
        err = ERR_MISSING;
    }
    return err;
}
