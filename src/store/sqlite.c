/* The SQLite back end: opening, schema, and the statements' common parts. */
#include "store/sqlite.h"

#include "base/text.h"
#include "store/schema_001.h"
#include "store/schema_002.h"
#include "store/schema_003.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define APPLICATION_ID  0x47415445 /* "GATE" in the file's header */
#define BUSY_TIMEOUT_MS 10000
#define WAL_TRIES       200
#define WAL_PAUSE_MS    20

static const char *const schemas[] = {schema_001, schema_002, schema_003};

static void
sqlite_close(struct store *store)
{
    struct sqlite *sqlite = sqlite_of(store);
    (void)sqlite3_close(sqlite->db);
    free(sqlite->path);
    free(sqlite);
}

static const struct store_functions functions = {
    .name = "sqlite",
    .close = sqlite_close,
    .save_run = sqlite_save_run,
    .runs = sqlite_runs,
    .load_run = sqlite_load_run,
    .sightings = sqlite_sightings,
    .had_fact = sqlite_had_fact,
    .budget_take = sqlite_budget_take,
    .budget_result = sqlite_budget_result,
    .budget_refused = sqlite_budget_refused,
    .budget_policy = sqlite_budget_policy,
};

struct sqlite *
sqlite_of(struct store *store)
{
    assert(store->functions == &functions);
    return (struct sqlite *)store;
}

enum err
sqlite_trouble(struct sqlite *sqlite, int code)
{
    /* clang-format off */
    static const struct {
        int code;
        enum err err;
        const char *words;
    } rows[] = {
        {SQLITE_NOTADB, ERR_SYNTAX,
         "is no database; move it away or choose another with --store PATH"},
        {SQLITE_CORRUPT, ERR_SYNTAX,
         "is damaged; move it away or choose another with --store PATH"},
        {SQLITE_BUSY, ERR_STORE, "is held by another gatehouse; try again when it has ended"},
        {SQLITE_READONLY, ERR_IO,
         "can't be written; change its owner or choose another with --store PATH"},
        {SQLITE_CANTOPEN, ERR_IO, "can't be opened; choose another with --store PATH"},
        {SQLITE_PERM, ERR_IO, "can't be opened; choose another with --store PATH"},
        {SQLITE_FULL, ERR_IO,
         "can't grow: the disk is full; make room or choose another with --store PATH"},
        {SQLITE_IOERR, ERR_IO, "can't be read or written; choose another with --store PATH"},
        {SQLITE_NOMEM, ERR_MEMORY, "needs more memory than there is"},
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].code == (code & 0xff)) {
            note_set(&sqlite->store.note, "the store %s %s", sqlite->path, rows[i].words);
            return rows[i].err;
        }
    }
    note_set(&sqlite->store.note, "the store %s: %s", sqlite->path,
        sqlite->db != NULL ? sqlite3_errmsg(sqlite->db) : sqlite3_errstr(code));
    return ERR_STORE;
}

enum err
sqlite_run_sql(struct sqlite *sqlite, const char *sql)
{
    int code = sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : sqlite_trouble(sqlite, code);
}

enum err
sqlite_begin(struct sqlite *sqlite)
{
    return sqlite_run_sql(sqlite, "BEGIN IMMEDIATE");
}

enum err
sqlite_end(struct sqlite *sqlite, enum err err)
{
    if (err == OK) {
        err = sqlite_run_sql(sqlite, "COMMIT");
    }
    if (err != OK && sqlite3_get_autocommit(sqlite->db) == 0) {
        (void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return err;
}

static enum err
bind_all(struct sqlite *sqlite, sqlite3_stmt *statement, const char *types, va_list args)
{
    for (int i = 0; types[i] != '\0'; i++) {
        int code = SQLITE_OK;
        if (types[i] == 't') {
            code = sqlite3_bind_text(
                statement, i + 1, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
        } else {
            assert(types[i] == 'i');
            code = sqlite3_bind_int64(statement, i + 1, va_arg(args, int64_t));
        }
        if (code != SQLITE_OK) {
            return sqlite_trouble(sqlite, code);
        }
    }
    return OK;
}

enum err
sqlite_prepare(
    struct sqlite *sqlite, sqlite3_stmt **ret_statement, const char *sql, const char *types, ...)
{
    int code = sqlite3_prepare_v2(sqlite->db, sql, -1, ret_statement, NULL);
    if (code != SQLITE_OK) {
        return sqlite_trouble(sqlite, code);
    }
    va_list args;
    va_start(args, types);
    enum err err = bind_all(sqlite, *ret_statement, types, args);
    va_end(args);
    return err;
}

enum err
sqlite_bind(struct sqlite *sqlite, sqlite3_stmt *statement, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    enum err err = bind_all(sqlite, statement, types, args);
    va_end(args);
    return err;
}

enum err
sqlite_execute(struct sqlite *sqlite, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    enum err err = code == SQLITE_DONE ? OK : sqlite_trouble(sqlite, code);
    (void)sqlite3_reset(statement);
    return err;
}

bool
sqlite_row(struct sqlite *sqlite, sqlite3_stmt *statement, enum err *err)
{
    int code = *err == OK ? sqlite3_step(statement) : SQLITE_DONE;
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        *err = sqlite_trouble(sqlite, code);
    }
    return code == SQLITE_ROW;
}

void
sqlite_finish(sqlite3_stmt *const *statement)
{
    (void)sqlite3_finalize(*statement);
}

const char *
sqlite_text(sqlite3_stmt *statement, int column, struct arena *arena)
{
    return arena_copy(arena, (const char *)sqlite3_column_text(statement, column));
}

static enum err
read_number(struct sqlite *sqlite, const char *sql, int64_t *ret_number)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *statement = NULL;
    enum err err = sqlite_prepare(sqlite, &statement, sql, "");
    if (sqlite_row(sqlite, statement, &err)) {
        *ret_number = sqlite3_column_int64(statement, 0);
    }
    return err;
}

static enum err
add_schemas(struct sqlite *sqlite, int64_t version)
{
    enum err err = OK;
    for (size_t i = (size_t)version; i < COUNT(schemas) && err == OK; i++) {
        char mark[96];
        (void)snprintf(mark, sizeof(mark), "PRAGMA application_id = %d; PRAGMA user_version = %zu;",
            APPLICATION_ID, i + 1);
        err = sqlite_run_sql(sqlite, schemas[i]);
        if (err == OK) {
            err = sqlite_run_sql(sqlite, mark);
        }
    }
    return err;
}

/* Brings the schema up to date; inside a transaction, so that two processes do it once. */
static enum err
migrate(struct sqlite *sqlite)
{
    int64_t version = 0;
    int64_t application = 0;
    int64_t tables = 0;
    enum err err = read_number(sqlite, "PRAGMA user_version", &version);
    if (err == OK) {
        err = read_number(sqlite, "PRAGMA application_id", &application);
    }
    if (err == OK) {
        err = read_number(sqlite, "SELECT count(*) FROM sqlite_schema", &tables);
    }
    if (err != OK) {
        return err;
    }
    if (tables != 0 && application != APPLICATION_ID) {
        note_set(&sqlite->store.note,
            "%s is a database of another program; choose another with --store PATH", sqlite->path);
        return ERR_SYNTAX;
    }
    if (version < 0 || version > (int64_t)COUNT(schemas)) {
        note_set(&sqlite->store.note,
            "the store %s was written by a newer gatehouse; update, or choose another with --store "
            "PATH",
            sqlite->path);
        return ERR_UNSUPPORTED;
    }
    return add_schemas(sqlite, version);
}

static enum err
check_pages(struct sqlite *sqlite)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *statement = NULL;
    enum err err = sqlite_prepare(sqlite, &statement, "PRAGMA quick_check(1)", "");
    if (sqlite_row(sqlite, statement, &err) &&
        !text_equal((const char *)sqlite3_column_text(statement, 0), "ok")) {
        err = sqlite_trouble(sqlite, SQLITE_CORRUPT);
    }
    return err;
}

/*
 * SQLite refuses at once, without its busy timeout, when two processes make the same new file a WAL
 * one: each would wait for the other's read lock. Whoever loses waits for its turn to write, by
 * when the winner is mostly done, and looks again.
 */
static enum err
switch_to_wal(struct sqlite *sqlite)
{
    int code = SQLITE_BUSY;
    for (int i = 0; i < WAL_TRIES && code == SQLITE_BUSY; i++) {
        enum err err = i == 0 ? OK : sqlite_begin(sqlite);
        if (i != 0 && err == OK) {
            err = sqlite_end(sqlite, err);
            (void)sqlite3_sleep(WAL_PAUSE_MS);
        }
        if (err != OK) {
            return err;
        }
        code = sqlite3_exec(sqlite->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    }
    return code == SQLITE_OK ? OK : sqlite_trouble(sqlite, code);
}

static enum err
prepare_store(struct sqlite *sqlite)
{
    int code = sqlite3_open_v2(
        sqlite->path, &sqlite->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
        return sqlite_trouble(sqlite, code);
    }
    (void)sqlite3_busy_timeout(sqlite->db, BUSY_TIMEOUT_MS);
    /* FULL: a commit is on the disk before a password leaves the machine. */
    enum err err = sqlite_run_sql(sqlite, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                                          "PRAGMA synchronous = FULL;");
    if (err == OK) {
        err = switch_to_wal(sqlite);
    }
    if (err == OK) {
        err = check_pages(sqlite);
    }
    if (err == OK) {
        err = sqlite_begin(sqlite);
    }
    if (err != OK) {
        return err;
    }
    return sqlite_end(sqlite, migrate(sqlite));
}

/* Runs name a site's weak points: the file is the owner's alone. */
static enum err
make_file(struct sqlite *sqlite)
{
    int fd = open(sqlite->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return sqlite_trouble(
            sqlite, errno == EACCES || errno == EROFS ? SQLITE_READONLY : SQLITE_CANTOPEN);
    }
    (void)close(fd);
    return OK;
}

enum err
sqlite_open(const char *path, struct store **ret_store, struct note *note)
{
    struct sqlite *sqlite = calloc(1, sizeof(*sqlite));
    char *copy = NULL;
    /* A path in front: SQLite takes ":memory:" for no file at all. */
    if (sqlite == NULL || asprintf(&copy, "%s%s", path[0] == ':' ? "./" : "", path) < 0) {
        free(sqlite);
        note_set(note, "%s", err_words(ERR_MEMORY));
        return ERR_MEMORY;
    }
    sqlite->store.functions = &functions;
    sqlite->path = copy;
    enum err err = make_file(sqlite);
    if (err == OK) {
        err = prepare_store(sqlite);
    }
    if (err != OK) {
        note_set(note, "%s", sqlite->store.note.text);
        sqlite_close(&sqlite->store);
        return err;
    }
    *ret_store = &sqlite->store;
    return OK;
}
