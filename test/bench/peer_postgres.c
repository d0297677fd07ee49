/*
 * PostgreSQL as a peer of the ledger: a prepared INSERT, one row a transaction or many.
 * Usage: peer_postgres CONNECTION WRITERS BATCH SECONDS
 */
#include "peer.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

static bool
done(PGconn *connection, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fprintf(stderr, "peer_postgres: %s", PQerrorMessage(connection));
        return false;
    }
    return true;
}

static PGconn *
connect_to(const struct peer *peer)
{
    PGconn *connection = PQconnectdb(peer->where);
    if (PQstatus(connection) != CONNECTION_OK) {
        fprintf(stderr, "peer_postgres: %s", PQerrorMessage(connection));
        PQfinish(connection);
        return NULL;
    }
    return connection;
}

static bool
create(const struct peer *peer)
{
    PGconn *connection = connect_to(peer);
    if (connection == NULL) {
        return false;
    }
    bool good = done(connection,
        PQexec(connection, "SET client_min_messages = warning; DROP TABLE IF EXISTS event; "
                           "CREATE TABLE event(number bigserial PRIMARY KEY, body text NOT NULL)"));
    PQfinish(connection);
    return good;
}

static void *
open_connection(const struct peer *peer)
{
    PGconn *connection = connect_to(peer);
    if (connection != NULL &&
        !done(connection,
            PQprepare(connection, "add", "INSERT INTO event(body) VALUES($1)", 1, NULL))) {
        PQfinish(connection);
        return NULL;
    }
    return connection;
}

static bool
store(void *context, const struct peer_event *events, size_t count)
{
    PGconn *connection = context;
    bool good = count == 1 || done(connection, PQexec(connection, "BEGIN"));
    for (size_t i = 0; i < count && good; i++) {
        const char *const values[] = {events[i].bytes};
        const int lengths[] = {(int)events[i].len};
        const int formats[] = {1};
        good = done(connection, PQexecPrepared(connection, "add", 1, values, lengths, formats, 0));
    }
    return good && (count == 1 || done(connection, PQexec(connection, "COMMIT")));
}

static void
close_connection(void *context)
{
    PQfinish(context);
}

static int64_t
bytes(const struct peer *peer)
{
    PGconn *connection = connect_to(peer);
    if (connection == NULL) {
        return -1;
    }
    PGresult *result = PQexec(connection, "SELECT pg_total_relation_size('event')");
    int64_t size = PQresultStatus(result) == PGRES_TUPLES_OK
                       ? strtoll(PQgetvalue(result, 0, 0), NULL, 10)
                       : -1;
    PQclear(result);
    PQfinish(connection);
    return size;
}

int
main(int count, char *arguments[])
{
    if (count != 5) {
        fprintf(stderr, "Usage: peer_postgres CONNECTION WRITERS BATCH SECONDS\n");
        return 2;
    }
    const struct peer peer = {
        .name = "PostgreSQL",
        .where = arguments[1],
        .create = create,
        .open = open_connection,
        .store = store,
        .close = close_connection,
        .bytes = bytes,
    };
    return peer_main(&peer, arguments + 2);
}
