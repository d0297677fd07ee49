/* The lock-out budget's memory: read, judge and write in one transaction. */
#include "store/sqlite.h"

#include "base/text.h"

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

static const char *
credential_of(const struct budget_request *request)
{
    return request->rotation ? BUDGET_ROTATION
           : request->owner  ? BUDGET_OWNER
                             : request->credential;
}

/* Those that count: a right password of the owner or of a rotation, however often it is used, may
 * push none out. */
static enum err
read_tries(struct sqlite *sqlite, const struct budget_request *request, struct budget_try *tries,
    size_t *ret_count)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    size_t count = 0;
    enum err err = sqlite_prepare(sqlite, &query,
        "SELECT at, outcome, credential = '" BUDGET_OWNER "' AS owner,"
        " credential = '" BUDGET_ROTATION "' AS rotation, coalesce(remaining, -1),"
        " coalesce(locked_until, 0), account = ? AND credential = ?, state,"
        " credential = '" BUDGET_CONTROL "' FROM login_try"
        " WHERE (at > ? OR locked_until > ?) AND NOT ((owner OR rotation) AND outcome = ?)"
        " AND id IN (SELECT try FROM login_key WHERE key IN (SELECT key FROM named))"
        " ORDER BY at DESC, id DESC LIMIT ?",
        "ttiiii", request->account, credential_of(request), budget_since(request), request->now,
        (int64_t)BUDGET_OPEN, (int64_t)TRIES_LIMIT);
    while (sqlite_row(sqlite, query, &err)) {
        tries[count++] = (struct budget_try){
            .at = sqlite3_column_int64(query, 0),
            .outcome = (enum budget_outcome)sqlite3_column_int(query, 1),
            .owner = sqlite3_column_int(query, 2) != 0,
            .rotation = sqlite3_column_int(query, 3) != 0,
            .left = sqlite3_column_int(query, 4),
            .until = sqlite3_column_int64(query, 5),
            .same = sqlite3_column_int(query, 6) != 0 &&
                    budget_same_state((const char *)sqlite3_column_text(query, 7), request->state),
            .control = sqlite3_column_int(query, 8) != 0,
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
            "INSERT INTO login_try (account, credential, protocol, at, outcome, state)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            "tttiit", request->account, credential_of(request), request->protocol, at,
            (int64_t)BUDGET_PENDING, request->state);
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

/* The policy that the device told some day joins what the request knows. */
static enum err
read_policy(struct sqlite *sqlite, struct budget_request *request)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    enum err err = sqlite_prepare(sqlite, &query,
        "SELECT tries, seconds FROM lock_policy WHERE key IN (SELECT key FROM named)", "");
    while (sqlite_row(sqlite, query, &err)) {
        budget_limit(request, (unsigned)sqlite3_column_int64(query, 0),
            (unsigned)sqlite3_column_int64(query, 1));
    }
    return err;
}

enum err
sqlite_budget_take(
    struct store *store, const struct budget_request *request, struct budget_answer *ret_answer)
{
    struct sqlite *sqlite = sqlite_of(store);
    struct budget_request known = *request;
    struct budget_try tries[TRIES_LIMIT];
    struct budget_answer answer = {0};
    size_t count = 0;
    enum err err = sqlite_begin(sqlite);
    if (err != OK) {
        return err;
    }
    err = collect_names(sqlite, request, budget_since(request));
    if (err == OK) {
        err = read_policy(sqlite, &known);
    }
    if (err == OK && known.limit_seconds != request->limit_seconds) {
        err = collect_names(sqlite, request, budget_since(&known));
    }
    if (err == OK) {
        err = read_tries(sqlite, &known, tries, &count);
    }
    if (err == OK) {
        budget_judge(&known, tries, count, &answer);
    }
    if (err == OK && answer.granted && !request->looks) {
        err = write_try(sqlite, request, &answer.ticket);
    }
    err = sqlite_end(sqlite, err);
    if (err == OK) {
        *ret_answer = answer;
    }
    return err;
}

enum err
sqlite_budget_result(struct store *store, int64_t ticket, const struct budget_report *report)
{
    struct sqlite *sqlite = sqlite_of(store);
    CLEANUP(sqlite_finish) sqlite3_stmt *update = NULL;
    int64_t most = 365 * CLOCK_DAY / 1000;
    int64_t seconds = (int64_t)report->seconds > most ? most : (int64_t)report->seconds;
    enum err err = sqlite_prepare(sqlite, &update,
        "UPDATE login_try SET outcome = ?, remaining = CASE WHEN ?2 < 0 THEN NULL ELSE ?2 END,"
        " locked_until = CASE WHEN ?3 = 0 THEN NULL ELSE at + ?3 * 1000 END WHERE id = ?4",
        "iiii", (int64_t)report->outcome, (int64_t)report->left,
        report->outcome == BUDGET_LOCKED ? seconds : INT64_C(0), ticket);
    if (err == OK) {
        err = sqlite_execute(sqlite, update);
    }
    if (err == OK && sqlite3_changes(sqlite->db) == 0) {
        note_set(&store->note, "log-in %lld is not on record", (long long)ticket);
        err = ERR_MISSING;
    }
    return err;
}

/*
 * An address may have been another device's within these months, so it names a device only where
 * nothing better does: what another one refused must not stand for a PASS of this one.
 */
static bool
names_it(const struct budget_request *request, size_t i)
{
    bool has_better = false;
    for (size_t k = 0; k < request->key_count; k++) {
        has_better = has_better || !text_starts(request->keys[k], "ip:");
    }
    return !has_better || !text_starts(request->keys[i], "ip:");
}

static void
add_refusal(struct budget_refusals *out, const char *credential, int64_t at)
{
    struct budget_refusal *row = NULL;
    for (size_t i = 0; i < out->count && row == NULL; i++) {
        row = text_equal(out->rows[i].credential, credential) ? &out->rows[i] : NULL;
    }
    if (row == NULL && out->count < BUDGET_REFUSALS) {
        row = &out->rows[out->count++];
        (void)text_copy(row->credential, sizeof(row->credential), credential);
    }
    if (row != NULL && at > row->at) {
        row->at = at;
    }
}

static bool
has_key(const struct budget_request *request, const char *key)
{
    bool has = false;
    for (size_t i = 0; i < request->key_count; i++) {
        has = has || text_equal(request->keys[i], key);
    }
    return has;
}

static bool
has_kind(const struct budget_request *request, const char *kind)
{
    bool has = false;
    for (size_t i = 0; i < request->key_count; i++) {
        has = has || text_starts(request->keys[i], kind);
    }
    return has;
}

/*
 * Makers give whole series one serial number, and an impostor can claim any: without the same MAC
 * a try was this device's only if no MAC says otherwise and an address is the same too.
 */
static enum err
is_of_it(
    struct sqlite *sqlite, const struct budget_request *request, int64_t ticket, bool *ret_is_of_it)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    bool same_mac = false;
    bool other_mac = false;
    bool same_address = false;
    enum err err =
        sqlite_prepare(sqlite, &query, "SELECT key FROM login_key WHERE try = ?", "i", ticket);
    while (sqlite_row(sqlite, query, &err)) {
        const char *key = (const char *)sqlite3_column_text(query, 0);
        bool is_shared = has_key(request, key);
        if (text_starts(key, "mac:")) {
            same_mac = same_mac || is_shared;
            other_mac = other_mac || (!is_shared && has_kind(request, "mac:"));
        }
        same_address = same_address || (is_shared && text_starts(key, "ip:"));
    }
    *ret_is_of_it = same_mac || (!other_mac && same_address);
    return err;
}

/* What one name's newest tries with each credential came to. */
static enum err
read_refusals(struct sqlite *sqlite, const struct budget_request *request, const char *key,
    struct budget_refusals *out)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *query = NULL;
    enum err err = sqlite_prepare(sqlite, &query,
        "SELECT credential, max(at), state, id FROM login_try"
        " WHERE at > ? AND outcome = ? AND id IN (SELECT try FROM login_key WHERE key = ?)"
        " AND credential <> '" BUDGET_ROTATION "'"
        " GROUP BY credential ORDER BY credential",
        "iit", request->now - BUDGET_MEMORY, (int64_t)BUDGET_REFUSED, key);
    while (err == OK && sqlite_row(sqlite, query, &err)) {
        bool is_its = false;
        const char *credential = (const char *)sqlite3_column_text(query, 0);
        const char *state = (const char *)sqlite3_column_text(query, 2);
        err = is_of_it(sqlite, request, sqlite3_column_int64(query, 3), &is_its);
        if (err == OK && is_its && credential != NULL && budget_same_state(state, request->state)) {
            add_refusal(out, credential, sqlite3_column_int64(query, 1));
        }
    }
    return err;
}

enum err
sqlite_budget_refused(
    struct store *store, const struct budget_request *request, struct budget_refusals *ret_refusals)
{
    struct sqlite *sqlite = sqlite_of(store);
    struct budget_refusals refusals = {.count = 0};
    enum err err = OK;
    for (size_t i = 0; i < request->key_count && err == OK; i++) {
        if (names_it(request, i)) {
            err = read_refusals(sqlite, request, request->keys[i], &refusals);
        }
    }
    if (err == OK) {
        *ret_refusals = refusals;
    }
    return err;
}

enum err
sqlite_budget_policy(struct store *store, const struct budget_request *request)
{
    struct sqlite *sqlite = sqlite_of(store);
    CLEANUP(sqlite_finish) sqlite3_stmt *put = NULL;
    enum err err = sqlite_begin(sqlite);
    if (err != OK) {
        return err;
    }
    err = sqlite_prepare(sqlite, &put, "INSERT OR REPLACE INTO lock_policy VALUES (?, ?, ?)", "");
    for (size_t i = 0; i < request->key_count && err == OK; i++) {
        err = sqlite_bind(sqlite, put, "tii", request->keys[i], (int64_t)request->limit_tries,
            (int64_t)request->limit_seconds);
        if (err == OK) {
            err = sqlite_execute(sqlite, put);
        }
    }
    return sqlite_end(sqlite, err);
}
