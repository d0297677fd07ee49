/* The statements' common parts: transactions, binding, rows, errors in words. */
#include "identity/identity_inside.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

enum err
identity_trouble(struct identity *identity, int code)
{
    // clang-format off
    static const struct {
        int code;
        enum err err;
        const char *words;
    } rows[] = {
        {SQLITE_NOTADB,   ERR_SYNTAX, "is no database; restore it from a backup"},
        {SQLITE_CORRUPT,  ERR_SYNTAX, "is damaged; restore it from a backup"},
        {SQLITE_BUSY,     ERR_STORE,  "is held by another gatehouse; try again when it has ended"},
        {SQLITE_READONLY, ERR_IO,     "can't be written; run this as its owner"},
        {SQLITE_CANTOPEN, ERR_IO,     "can't be opened; run this as its owner"},
        {SQLITE_PERM,     ERR_IO,     "can't be opened; run this as its owner"},
        {SQLITE_FULL,     ERR_FULL,   "can't grow: the disk is full; make room"},
        {SQLITE_IOERR,    ERR_IO,     "can't be read or written; look at its disk"},
        {SQLITE_NOMEM,    ERR_MEMORY, "needs more memory than there is"},
        {SQLITE_CONSTRAINT, ERR_VALUE, "has it already, or lacks what it belongs to"},
    };
    // clang-format on
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].code == (code & 0xff)) {
            note_set(&identity->note, "%.120s %s", identity->path, rows[i].words);
            return rows[i].err;
        }
    }
    note_set(&identity->note, "%.120s: %s", identity->path, sqlite3_errstr(code));
    return ERR_STORE;
}

enum err
identity_sql(struct identity *identity, const char *sql)
{
    int code = sqlite3_exec(identity->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : identity_trouble(identity, code);
}

/* How a transaction begins. */
struct way {
    const char *sync, *sql;
    bool is_quiet;
};

static const struct way writing = {"PRAGMA synchronous = FULL", "BEGIN IMMEDIATE", false};
static const struct way quietly = {"PRAGMA synchronous = FULL", "BEGIN IMMEDIATE", true};
static const struct way lightly = {"PRAGMA synchronous = NORMAL", "BEGIN IMMEDIATE", true};
static const struct way reading = {"PRAGMA synchronous = FULL", "BEGIN", true};

static enum err
begin(struct identity *identity, const struct way *way, struct note *note)
{
    if (note != NULL) {
        note->text[0] = '\0'; /* identity_end() has words where nobody else had */
    }
    if (identity->depth != 0) {
        identity->depth++;
        identity->is_quiet = identity->is_quiet && way->is_quiet;
        return OK;
    }
    identity->note.text[0] = '\0';
    enum err err = OK;
    if (!text_equal(identity->sync, way->sync)) {
        err = identity_sql(identity, way->sync);
        identity->sync = err == OK ? way->sync : NULL;
    }
    if (err == OK) {
        err = identity_sql(identity, way->sql);
    }
    if (err != OK) {
        note_set(note, "%s", identity->note.text);
        return err;
    }
    identity->depth = 1;
    identity->failed = OK;
    identity->is_quiet = way->is_quiet;
    return OK;
}

enum err
identity_begin(struct identity *identity, struct note *note)
{
    return begin(identity, &writing, note);
}

enum err
identity_begin_quietly(struct identity *identity, struct note *note)
{
    return begin(identity, &quietly, note);
}

enum err
identity_begin_lightly(struct identity *identity, struct note *note)
{
    return begin(identity, &lightly, note);
}

enum err
identity_begin_reading(struct identity *identity, struct note *note)
{
    return begin(identity, &reading, note);
}

enum err
identity_end(struct identity *identity, enum err err, struct note *note)
{
    assert(identity->depth != 0);
    identity->failed = identity->failed == OK ? err : identity->failed;
    if (--identity->depth != 0) {
        return err;
    }
    err = identity->failed;
    if (err == OK) {
        err = identity_sql(identity, "COMMIT");
    }
    if (err != OK && sqlite3_get_autocommit(identity->db) == 0) {
        (void)sqlite3_exec(identity->db, "ROLLBACK", NULL, NULL, NULL);
    }
    if (err != OK && note != NULL && note->text[0] == '\0') {
        note_set(note, "%s", identity->note.text[0] != '\0' ? identity->note.text : err_words(err));
    }
    identity->has_changed = identity->has_changed || (err == OK && !identity->is_quiet);
    return err;
}

static enum err
bind_all(struct identity *identity, sqlite3_stmt *statement, const char *types, va_list args)
{
    for (int i = 0; types[i] != '\0'; i++) {
        int code = SQLITE_OK;
        if (types[i] == 't') {
            code = sqlite3_bind_text(
                statement, i + 1, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
        } else if (types[i] == 'b') {
            const void *bytes = va_arg(args, const void *);
            size_t len = va_arg(args, size_t);
            code = sqlite3_bind_blob64(statement, i + 1, bytes, len, SQLITE_TRANSIENT);
        } else {
            assert(types[i] == 'i');
            code = sqlite3_bind_int64(statement, i + 1, va_arg(args, int64_t));
        }
        if (code != SQLITE_OK) {
            return identity_trouble(identity, code);
        }
    }
    return OK;
}

static enum err
prepare(struct identity *identity, sqlite3_stmt **ret_statement, const char *sql, const char *types,
    va_list args)
{
    int code = sqlite3_prepare_v2(identity->db, sql, -1, ret_statement, NULL);
    if (code != SQLITE_OK) {
        return identity_trouble(identity, code);
    }
    return bind_all(identity, *ret_statement, types, args);
}

enum err
identity_prepare(struct identity *identity, sqlite3_stmt **ret_statement, const char *sql,
    const char *types, ...)
{
    va_list args;
    va_start(args, types);
    enum err err = prepare(identity, ret_statement, sql, types, args);
    va_end(args);
    return err;
}

enum err
identity_run(struct identity *identity, const char *sql, const char *types, ...)
{
    CLEANUP(identity_finish) sqlite3_stmt *statement = NULL;
    va_list args;
    va_start(args, types);
    enum err err = prepare(identity, &statement, sql, types, args);
    va_end(args);
    if (err != OK) {
        return err;
    }
    int code = sqlite3_step(statement);
    return code == SQLITE_DONE ? OK : identity_trouble(identity, code);
}

enum err
identity_number(
    struct identity *identity, int64_t *ret_number, const char *sql, const char *types, ...)
{
    CLEANUP(identity_finish) sqlite3_stmt *statement = NULL;
    va_list args;
    va_start(args, types);
    enum err err = prepare(identity, &statement, sql, types, args);
    va_end(args);
    if (identity_row(identity, statement, &err)) {
        *ret_number = sqlite3_column_int64(statement, 0);
        return OK;
    }
    return err == OK ? ERR_MISSING : err;
}

bool
identity_row(struct identity *identity, sqlite3_stmt *statement, enum err *err)
{
    int code = *err == OK ? sqlite3_step(statement) : SQLITE_DONE;
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        *err = identity_trouble(identity, code);
    }
    return code == SQLITE_ROW;
}

void
identity_finish(sqlite3_stmt *const *statement)
{
    (void)sqlite3_finalize(*statement);
}

int64_t
identity_changes(const struct identity *identity)
{
    return sqlite3_changes64(identity->db);
}

void
identity_text(sqlite3_stmt *statement, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    (void)text_copy(out, size, text == NULL ? "" : text);
}

bool
identity_bytes(sqlite3_stmt *statement, int column, void *out, size_t len)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    if (bytes == NULL || (size_t)sqlite3_column_bytes(statement, column) != len) {
        return false;
    }
    memcpy(out, bytes, len);
    return true;
}

enum err
identity_user(struct identity *identity, const char *name, int64_t *ret_user, struct note *note)
{
    enum err err =
        identity_number(identity, ret_user, "SELECT id FROM user WHERE name = ?", "t", name);
    if (err == ERR_MISSING) {
        note_set(note, "there is no user %.63s", name);
    }
    return err;
}
