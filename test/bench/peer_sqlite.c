/*
 * SQLite as a peer of the ledger: synchronous=FULL, one row a transaction or many.
 * Usage: peer_sqlite FILE delete|wal WRITERS BATCH SECONDS
 */
#include "peer.h"

#include "base/text.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* SQLite has one writer at a time. Waiting here is kinder to it than its own sleep and retry. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static const char *journal;

struct connection {
    sqlite3 *db;
    sqlite3_stmt *begin, *insert, *commit;
};

static sqlite3 *
connect_file(const char *file)
{
    sqlite3 *db = NULL;
    char words[64];
    snprintf(words, sizeof(words), "PRAGMA journal_mode=%s", journal);
    if (sqlite3_open(file, &db) != SQLITE_OK || sqlite3_busy_timeout(db, 60000) != SQLITE_OK ||
        sqlite3_exec(db, words, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA synchronous=FULL", NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "peer_sqlite: %s: %s\n", file, sqlite3_errmsg(db));
        sqlite3_close(db);
        return NULL;
    }
    return db;
}

static bool
create(const struct peer *peer)
{
    sqlite3 *db = connect_file(peer->where);
    bool good = db != NULL && sqlite3_exec(db,
                                  "CREATE TABLE event(number INTEGER PRIMARY KEY, body TEXT "
                                  "NOT NULL)",
                                  NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_close(db);
    return good;
}

static void
close_connection(void *context)
{
    struct connection *connection = context;
    sqlite3_finalize(connection->begin);
    sqlite3_finalize(connection->insert);
    sqlite3_finalize(connection->commit);
    sqlite3_close(connection->db);
    free(connection);
}

static void *
open_connection(const struct peer *peer)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        return NULL;
    }
    connection->db = connect_file(peer->where);
    if (connection->db == NULL ||
        sqlite3_prepare_v2(connection->db, "BEGIN IMMEDIATE", -1, &connection->begin, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v2(connection->db, "INSERT INTO event(body) VALUES(?)", -1,
            &connection->insert, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(connection->db, "COMMIT", -1, &connection->commit, NULL) != SQLITE_OK) {
        close_connection(connection);
        return NULL;
    }
    return connection;
}

static bool
step(sqlite3_stmt *statement)
{
    bool good = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_reset(statement);
    return good;
}

static bool
store(void *context, const struct peer_event *events, size_t count)
{
    struct connection *connection = context;
    pthread_mutex_lock(&turn);
    bool good = step(connection->begin);
    for (size_t i = 0; i < count && good; i++) {
        good = sqlite3_bind_text(connection->insert, 1, events[i].bytes, (int)events[i].len,
                   SQLITE_STATIC) == SQLITE_OK &&
               step(connection->insert);
    }
    good = good && step(connection->commit);
    pthread_mutex_unlock(&turn);
    if (!good) {
        fprintf(stderr, "peer_sqlite: %s\n", sqlite3_errmsg(connection->db));
    }
    return good;
}

static int64_t
bytes(const struct peer *peer)
{
    struct stat file;
    return stat(peer->where, &file) == 0 ? (int64_t)file.st_blocks * 512 : -1;
}

int
main(int count, char *arguments[])
{
    if (count != 6 || (!text_equal(arguments[2], "delete") && !text_equal(arguments[2], "wal"))) {
        fprintf(stderr, "Usage: peer_sqlite FILE delete|wal WRITERS BATCH SECONDS\n");
        return 2;
    }
    journal = arguments[2];
    const struct peer peer = {
        .name = text_equal(journal, "wal") ? "SQLite, WAL" : "SQLite, rollback journal",
        .where = arguments[1],
        .create = create,
        .open = open_connection,
        .store = store,
        .close = close_connection,
        .bytes = bytes,
    };
    return peer_main(&peer, arguments + 3);
}
