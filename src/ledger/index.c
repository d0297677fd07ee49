/* The search index's file. */
#include "ledger/index.h"

#include "base/reader.h"
#include "ledger/schema_index.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APPLICATION_ID  0x47415449 /* "GATI" in the file's header */
#define SCHEMA_VERSION  1
#define BUSY_TIMEOUT_MS 30000

enum statement {
    READ_STATE,
    WRITE_STATE,
    READ_CHUNK,
    WRITE_CHUNK,
    READ_PLACES,
    READ_KIND,
    WRITE_PLACES,
    STATEMENTS,
};

static const char *const statements[STATEMENTS] = {
    [READ_STATE] = "SELECT size, frontier, secret FROM state",
    [WRITE_STATE] =
        "INSERT OR REPLACE INTO state (one, size, frontier, secret) VALUES (1, ?, ?, ?)",
    [READ_CHUNK] = "SELECT first, last, strange FROM chunk WHERE number = ?",
    [WRITE_CHUNK] = "INSERT INTO chunk (number, first, last, strange) VALUES (?, ?, ?, ?)",
    [READ_PLACES] = "SELECT places FROM posting WHERE chunk = ? AND kind = ? AND value = ?",
    [READ_KIND] = "SELECT value, places FROM posting WHERE chunk = ? AND kind = ?",
    [WRITE_PLACES] = "INSERT INTO posting (chunk, kind, value, places) VALUES (?, ?, ?, ?)",
};

struct index {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    char *path;
    struct note note;
};

static enum err
trouble(struct index *index, int code)
{
    /* clang-format off */
    static const struct {
        int code;
        enum err err;
        const char *words;
    } rows[] = {
        {SQLITE_NOTADB,   ERR_SYNTAX, "is no database"},
        {SQLITE_CORRUPT,  ERR_SYNTAX, "is damaged"},
        {SQLITE_BUSY,     ERR_STORE,  "is held by another gatehouse; try again when it has ended"},
        {SQLITE_READONLY, ERR_IO,     "can't be written"},
        {SQLITE_CANTOPEN, ERR_IO,     "can't be opened"},
        {SQLITE_PERM,     ERR_IO,     "can't be opened"},
        {SQLITE_FULL,     ERR_FULL,   "can't grow: the disk is full"},
        {SQLITE_IOERR,    ERR_IO,     "can't be read or written"},
        {SQLITE_NOMEM,    ERR_MEMORY, "needs more memory than there is"},
        {SQLITE_ERROR,    ERR_SYNTAX, "is damaged"},
        {SQLITE_SCHEMA,   ERR_SYNTAX, "is damaged"},
        {SQLITE_CONSTRAINT, ERR_SYNTAX, "is damaged"},
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].code == (code & 0xff)) {
            note_set(&index->note, "the index %s %s", index->path, rows[i].words);
            return rows[i].err;
        }
    }
    note_set(&index->note, "the index %s: %s", index->path, sqlite3_errstr(code));
    return ERR_STORE;
}

static enum err
damaged(struct index *index)
{
    return trouble(index, SQLITE_CORRUPT);
}

const struct note *
index_trouble(const struct index *index)
{
    return &index->note;
}

void
index_close(struct index *index)
{
    if (index != NULL) {
        for (size_t i = 0; i < STATEMENTS; i++) {
            (void)sqlite3_finalize(index->statements[i]);
        }
        (void)sqlite3_close(index->db);
        free(index->path);
        free(index);
    }
}

/* The head of an SQLite file has the program's number at byte 68 (sqlite.org/fileformat2.html). */
bool
index_is_one(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    uint8_t head[72];
    struct reader reader;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT;
    }
    ssize_t got = read(fd, head, sizeof(head));
    (void)close(fd);
    reader_init(&reader, head, got < 0 ? 0 : (size_t)got);
    const uint8_t *start = reader_bytes(&reader, sizeof(magic));
    reader_skip(&reader, 68 - sizeof(magic));
    return got == 0 || (start != NULL && memcmp(start, magic, sizeof(magic)) == 0 &&
                           reader_u32be(&reader) == APPLICATION_ID);
}

enum err
index_remove(const char *path, struct note *note)
{
    char *journal = NULL;
    if (asprintf(&journal, "%s-journal", path) < 0) {
        return ERR_MEMORY;
    }
    /* A journal of a file that is gone would be played into the next one. */
    bool removed =
        (unlink(path) == 0 || errno == ENOENT) && (unlink(journal) == 0 || errno == ENOENT);
    free(journal);
    if (!removed) {
        note_set(note, "can't remove the index: %s", strerror(errno));
        return ERR_IO;
    }
    return OK;
}

static enum err
run_sql(struct index *index, const char *sql)
{
    int code = sqlite3_exec(index->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : trouble(index, code);
}

static enum err
read_pragma(struct index *index, const char *sql, int64_t *ret_value)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(index->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW) {
        *ret_value = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return code == SQLITE_ROW ? OK : trouble(index, code);
}

static enum err
make_schema(struct index *index)
{
    char marks[128];
    (void)snprintf(marks, sizeof(marks), "PRAGMA application_id = %d; PRAGMA user_version = %d;",
        APPLICATION_ID, SCHEMA_VERSION);
    enum err err = run_sql(index, "PRAGMA page_size = 16384; BEGIN IMMEDIATE");
    int64_t tables = 0;
    if (err == OK) { /* another process may have made it while this one waited */
        err = read_pragma(index, "SELECT count(*) FROM sqlite_schema", &tables);
    }
    if (err == OK && tables == 0) {
        err = run_sql(index, schema_index);
    }
    if (err == OK && tables == 0) {
        err = run_sql(index, marks);
    }
    enum err ended = run_sql(index, err == OK ? "COMMIT" : "ROLLBACK");
    return err == OK ? ended : err;
}

static enum err
check_schema(struct index *index, bool write)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t tables = 0;
    enum err err = read_pragma(index, "SELECT count(*) FROM sqlite_schema", &tables);
    if (err == OK && tables == 0 && write) {
        err = make_schema(index);
    }
    if (err == OK) {
        err = read_pragma(index, "PRAGMA application_id", &application);
    }
    if (err == OK) {
        err = read_pragma(index, "PRAGMA user_version", &version);
    }
    if (err != OK) {
        return err;
    }
    if (application != APPLICATION_ID) {
        note_set(&index->note, "%s is a file of another program", index->path);
        return ERR_VALUE;
    }
    if (version != SCHEMA_VERSION) {
        note_set(&index->note, "the index %s is of another version of gatehouse", index->path);
        return ERR_SYNTAX;
    }
    return OK;
}

static enum err
open_database(struct index *index, bool write)
{
    if (write) { /* who watches whom is for the owner alone */
        int fd = open(index->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) {
            return trouble(index, errno == ENOSPC ? SQLITE_FULL : SQLITE_CANTOPEN);
        }
        (void)close(fd);
    } else if (access(index->path, F_OK) != 0) {
        return ERR_MISSING;
    }
    int flags = write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    int code = sqlite3_open_v2(index->path, &index->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
        return trouble(index, code);
    }
    (void)sqlite3_busy_timeout(index->db, BUSY_TIMEOUT_MS);
    (void)sqlite3_db_config(index->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    enum err err = run_sql(index, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                                  "PRAGMA cache_size = -32768; PRAGMA mmap_size = 0;");
    if (err == OK) {
        err = check_schema(index, write);
    }
    for (size_t i = 0; i < STATEMENTS && err == OK; i++) {
        code = sqlite3_prepare_v3(
            index->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &index->statements[i], NULL);
        err = code == SQLITE_OK ? OK : trouble(index, code);
    }
    return err;
}

enum err
index_open(const char *path, bool write, struct index **ret_index, struct note *note)
{
    struct index *index = calloc(1, sizeof(*index));
    /* A path in front: SQLite takes ":memory:" and "file:…" for something else. */
    bool whole = path[0] == '/' || path[0] == '.';
    if (index == NULL || asprintf(&index->path, "%s%s", whole ? "" : "./", path) < 0) {
        free(index);
        return ERR_MEMORY;
    }
    enum err err = open_database(index, write);
    if (err != OK) {
        note_set(note, "%s", index->note.text);
        index_close(index);
        return err;
    }
    *ret_index = index;
    return OK;
}

/* OK with a row, ERR_MISSING without one. */
static enum err
step(struct index *index, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    return code == SQLITE_ROW ? OK : code == SQLITE_DONE ? ERR_MISSING : trouble(index, code);
}

static enum err
execute(struct index *index, sqlite3_stmt *statement)
{
    enum err err = step(index, statement);
    (void)sqlite3_reset(statement);
    return err == ERR_MISSING ? OK : err == OK ? damaged(index) : err;
}

static size_t
node_count(uint64_t size)
{
    return (size_t)__builtin_popcountll(size);
}

static enum err
take_state(struct index *index, sqlite3_stmt *row, struct index_state *ret_state)
{
    int64_t size = sqlite3_column_int64(row, 0);
    const void *frontier = sqlite3_column_blob(row, 1);
    size_t len = (size_t)sqlite3_column_bytes(row, 1);
    const void *secret = sqlite3_column_blob(row, 2);
    if (size < 0 || size % PLACES_CHUNK != 0 || len != node_count((uint64_t)size) * MERKLE_HASH ||
        (len != 0 && frontier == NULL) || secret == NULL ||
        sqlite3_column_bytes(row, 2) != INDEX_SECRET) {
        return damaged(index);
    }
    ret_state->frontier.size = (uint64_t)size;
    if (len != 0) {
        memcpy(ret_state->frontier.nodes, frontier, len);
    }
    memcpy(ret_state->secret, secret, INDEX_SECRET);
    return OK;
}

enum err
index_state(struct index *index, struct index_state *ret_state)
{
    sqlite3_stmt *statement = index->statements[READ_STATE];
    struct index_state state = {.frontier = {0}};
    enum err err = step(index, statement);
    if (err == OK) {
        err = take_state(index, statement, &state);
    } else if (err == ERR_MISSING) {
        randombytes_buf(state.secret, sizeof(state.secret));
        err = OK;
    }
    (void)sqlite3_reset(statement);
    if (err == OK) {
        *ret_state = state;
    }
    return err;
}

enum err
index_begin(struct index *index, struct index_state *ret_state)
{
    enum err err = run_sql(index, "BEGIN IMMEDIATE");
    if (err != OK) {
        return err;
    }
    err = index_state(index, ret_state);
    if (err != OK) {
        (void)sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return err;
}

enum err
index_end(struct index *index, const struct index_state *state, enum err err)
{
    if (err == OK) {
        sqlite3_stmt *row = index->statements[WRITE_STATE];
        size_t len = node_count(state->frontier.size) * MERKLE_HASH;
        (void)sqlite3_bind_int64(row, 1, (int64_t)state->frontier.size);
        (void)sqlite3_bind_blob64(row, 2, state->frontier.nodes, len, SQLITE_STATIC);
        (void)sqlite3_bind_blob64(row, 3, state->secret, INDEX_SECRET, SQLITE_STATIC);
        err = execute(index, row);
    }
    if (err == OK) {
        err = run_sql(index, "COMMIT");
    }
    if (err != OK && sqlite3_get_autocommit(index->db) == 0) {
        (void)sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return err;
}

enum err
index_reset(struct index *index, const struct index_state *state)
{
    struct index_state now;
    enum err err = index_begin(index, &now);
    if (err != OK) {
        return err;
    }
    size_t len = node_count(state->frontier.size) * MERKLE_HASH;
    bool same = now.frontier.size == state->frontier.size &&
                memcmp(now.frontier.nodes, state->frontier.nodes, len) == 0;
    if (same) {
        err = run_sql(index, "DELETE FROM posting; DELETE FROM chunk; DELETE FROM state");
        now.frontier.size = 0;
    }
    return index_end(index, &now, err);
}

enum err
index_add_chunk(struct index *index, const struct index_chunk *chunk)
{
    sqlite3_stmt *row = index->statements[WRITE_CHUNK];
    (void)sqlite3_bind_int64(row, 1, (int64_t)chunk->number);
    (void)sqlite3_bind_int64(row, 2, chunk->first);
    (void)sqlite3_bind_int64(row, 3, chunk->last);
    (void)sqlite3_bind_int64(row, 4, (int64_t)chunk->strange);
    return execute(index, row);
}

/* Texts are blobs, because they may hold NUL. */
static void
bind_posting(sqlite3_stmt *row, const struct index_posting *posting)
{
    (void)sqlite3_bind_int64(row, 1, (int64_t)posting->chunk);
    (void)sqlite3_bind_int64(row, 2, posting->kind);
    if (posting->kind == INDEX_WORD) {
        (void)sqlite3_bind_int64(row, 3, posting->bucket);
    } else {
        const char *text = posting->len == 0 ? "" : posting->text;
        (void)sqlite3_bind_blob64(row, 3, text, posting->len, SQLITE_STATIC);
    }
}

enum err
index_add(struct index *index, const struct index_posting *posting)
{
    sqlite3_stmt *row = index->statements[WRITE_PLACES];
    bind_posting(row, posting);
    (void)sqlite3_bind_blob64(row, 4, posting->places->data, posting->places->len, SQLITE_STATIC);
    return execute(index, row);
}

enum err
index_chunk(struct index *index, uint64_t number, struct index_chunk *ret_chunk)
{
    sqlite3_stmt *row = index->statements[READ_CHUNK];
    (void)sqlite3_bind_int64(row, 1, (int64_t)number);
    enum err err = step(index, row);
    if (err == OK) {
        *ret_chunk = (struct index_chunk){
            .number = number,
            .first = sqlite3_column_int64(row, 0),
            .last = sqlite3_column_int64(row, 1),
            .strange = (uint64_t)sqlite3_column_int64(row, 2),
        };
    }
    (void)sqlite3_reset(row);
    return err;
}

static enum err
take_places(struct index *index, sqlite3_stmt *row, int column, struct places *places)
{
    const void *bytes = sqlite3_column_blob(row, column);
    size_t len = (size_t)sqlite3_column_bytes(row, column);
    return places_take(places, bytes, bytes == NULL ? 0 : len) == OK ? OK : damaged(index);
}

enum err
index_find(struct index *index, const struct index_posting *posting, struct places *places)
{
    sqlite3_stmt *row = index->statements[READ_PLACES];
    bind_posting(row, posting);
    enum err err = step(index, row);
    if (err == OK) {
        err = take_places(index, row, 0, places);
    }
    (void)sqlite3_reset(row);
    return err == ERR_MISSING ? OK : err;
}

enum err
index_find_all(struct index *index, const struct index_posting *posting,
    const struct index_filter *filter, struct places *places)
{
    sqlite3_stmt *row = index->statements[READ_KIND];
    (void)sqlite3_bind_int64(row, 1, (int64_t)posting->chunk);
    (void)sqlite3_bind_int64(row, 2, posting->kind);
    enum err err = OK;
    while (err == OK && (err = step(index, row)) == OK) {
        const char *text = sqlite3_column_blob(row, 0);
        size_t len = (size_t)sqlite3_column_bytes(row, 0);
        if (filter->takes(filter->context, text == NULL ? "" : text, len)) {
            err = take_places(index, row, 1, places);
        }
    }
    (void)sqlite3_reset(row);
    return err == ERR_MISSING ? OK : err;
}

unsigned
index_bucket(const uint8_t secret[INDEX_SECRET], const char *word, size_t len)
{
    uint8_t lower[64];
    uint8_t hash[crypto_shorthash_BYTES];
    static_assert(crypto_shorthash_KEYBYTES == INDEX_SECRET, "the hash takes that key");
    size_t used = len < sizeof(lower) ? len : sizeof(lower); /* longer ones share by their start */
    for (size_t i = 0; i < used; i++) {
        bool capital = word[i] >= 'A' && word[i] <= 'Z';
        lower[i] = (uint8_t)(capital ? word[i] + ('a' - 'A') : word[i]);
    }
    (void)crypto_shorthash(hash, lower, used, secret);
    return ((unsigned)hash[0] << 8 | hash[1]) % INDEX_BUCKETS;
}
