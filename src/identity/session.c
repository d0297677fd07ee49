/* Sessions: a cookie's hash, whose it is, and how long it holds. */
#include "identity/session.h"

#include "base/clock.h"
#include "base/text.h"
#include "identity/identity_inside.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SESSIONS_MOST 8192 /* of all accounts: what the board has room for */

static_assert(SESSION_COOKIE == USER_TOKEN, "cookies and links are made alike");
static_assert(SESSION_HASH == IDENTITY_SHA256, "SHA-256");

#define SELECT_SESSION                                                                             \
    "SELECT session.id, hash, user.name, factor, ip, agent, session.created, expires, seen,"       \
    " elevated, reason, is_break_glass FROM session JOIN user ON user.id = session.user "

static void
read_session(sqlite3_stmt *query, struct session *out)
{
    *out = (struct session){
        .created = sqlite3_column_int64(query, 6),
        .expires = sqlite3_column_int64(query, 7),
        .seen = sqlite3_column_int64(query, 8),
        .elevated = sqlite3_column_int64(query, 9),
    };
    identity_text(query, 0, out->id, sizeof(out->id));
    (void)identity_bytes(query, 1, out->hash, sizeof(out->hash));
    identity_text(query, 2, out->user, sizeof(out->user));
    identity_text(query, 3, out->factor, sizeof(out->factor));
    identity_text(query, 4, out->ip, sizeof(out->ip));
    identity_text(query, 5, out->agent, sizeof(out->agent));
    identity_text(query, 10, out->reason, sizeof(out->reason));
    out->is_break_glass = sqlite3_column_int(query, 11) != 0 && out->elevated > clock_wall();
}

/* A cookie that nobody has yet, and its hash. */
static void
new_cookie(char cookie[SESSION_COOKIE], uint8_t hash[SESSION_HASH])
{
    identity_new_token(cookie);
    identity_hash(cookie, hash);
}

/* The oldest go, so that a new log-in always succeeds and a forgotten one doesn't stay. */
static enum err
make_room(struct identity *identity, int64_t user)
{
    enum err err = identity_run(identity,
        "DELETE FROM session WHERE user = ?1 AND id NOT IN (SELECT id FROM session WHERE user = ?1"
        " ORDER BY created DESC, rowid DESC LIMIT ?2)",
        "ii", user, (int64_t)SESSION_MOST - 1);
    int64_t count = 0;
    if (err == OK) {
        err = identity_number(identity, &count, "SELECT count(*) FROM session", "");
    }
    return err == OK && count >= SESSIONS_MOST ? ERR_LIMIT : err;
}

static enum err
add_session(struct identity *identity, const struct session *session, struct note *note)
{
    int64_t user = 0;
    enum err err = identity_number(identity, &user,
        "SELECT id FROM user WHERE name = ? AND is_disabled = 0", "t", session->user);
    if (err == ERR_MISSING) {
        note_set(note, "there is no user %s who may log in", session->user);
    }
    if (err == OK) {
        err = make_room(identity, user);
    }
    if (err == OK) {
        err = identity_run(identity,
            "INSERT INTO session (id, hash, user, factor, ip, agent, created, expires, seen,"
            " elevated, reason, is_break_glass) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            "tbitttiiiiti", session->id, session->hash, sizeof(session->hash), user,
            session->factor, session->ip, session->agent, session->created, session->expires,
            session->seen, session->elevated, session->reason, (int64_t)session->is_break_glass);
    }
    if (err == OK) {
        err = identity_run(
            identity, "UPDATE user SET last_login = ? WHERE id = ?", "ii", session->created, user);
    }
    return err;
}

enum err
session_begin(struct identity *identity, const struct session *wanted, struct session *ret_session,
    char ret_cookie[SESSION_COOKIE], struct note *note)
{
    struct session session = *wanted;
    char cookie[SESSION_COOKIE];
    enum err err = identity_begin(identity, note);
    if (err != OK) {
        return err;
    }
    identity_new_id(session.id);
    new_cookie(cookie, session.hash);
    session.created = session.created == 0 ? clock_wall() : session.created;
    session.seen = session.seen == 0 ? session.created : session.seen;
    err = identity_end(identity, add_session(identity, &session, note), note);
    if (err == OK) {
        err = session_find(identity, session.hash, ret_session);
    }
    if (err == OK) {
        memcpy(ret_cookie, cookie, sizeof(cookie));
    }
    sodium_memzero(cookie, sizeof(cookie));
    return err;
}

enum err
session_elevate(struct identity *identity, const uint8_t hash[SESSION_HASH], int64_t until,
    const char *reason, struct session *ret_session, char ret_cookie[SESSION_COOKIE])
{
    uint8_t fresh[SESSION_HASH];
    char cookie[SESSION_COOKIE];
    new_cookie(cookie, fresh);
    enum err err = identity_begin(identity, NULL);
    if (err != OK) {
        return err;
    }
    err = identity_run(identity,
        "UPDATE session SET hash = ?, elevated = ?, reason = ?, is_break_glass = 0 WHERE hash = ?"
        " AND expires > ?",
        "bitbi", fresh, sizeof(fresh), until, reason, hash, (size_t)SESSION_HASH, clock_wall());
    if (err == OK && identity_changes(identity) != 1) {
        err = ERR_MISSING;
    }
    if (err == OK) {
        err = session_find(identity, fresh, ret_session);
    }
    err = identity_end(identity, err, NULL);
    if (err == OK) {
        memcpy(ret_cookie, cookie, sizeof(cookie));
    }
    sodium_memzero(cookie, sizeof(cookie));
    return err;
}

enum err
session_break_glass(
    struct identity *identity, const uint8_t hash[SESSION_HASH], bool is_break_glass)
{
    enum err err = identity_begin(identity, NULL);
    if (err != OK) {
        return err;
    }
    err = identity_run(identity,
        "UPDATE session SET is_break_glass = ? WHERE hash = ? AND elevated > ? AND reason <> ''"
        " AND user IN (SELECT id FROM user WHERE is_administrator = 1 AND is_disabled = 0)",
        "ibi", (int64_t)is_break_glass, hash, (size_t)SESSION_HASH, clock_wall());
    if (err == OK && identity_changes(identity) != 1) {
        err = ERR_REFUSED;
    }
    return identity_end(identity, err, NULL);
}

enum err
session_find(
    struct identity *identity, const uint8_t hash[SESSION_HASH], struct session *ret_session)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    enum err err = identity_prepare(identity, &query,
        SELECT_SESSION "WHERE hash = ? AND expires > ? AND is_disabled = 0", "bi", hash,
        (size_t)SESSION_HASH, clock_wall());
    if (identity_row(identity, query, &err)) {
        read_session(query, ret_session);
        return OK;
    }
    return err == OK ? ERR_MISSING : err;
}

static enum err
list_rows(struct identity *identity, sqlite3_stmt *query, struct session *rows, size_t *count)
{
    enum err err = OK;
    size_t most = *count;
    *count = 0;
    while (*count < most && identity_row(identity, query, &err)) {
        read_session(query, &rows[(*count)++]);
    }
    return err;
}

enum err
session_list(struct identity *identity, const char *user, struct arena *arena,
    struct session **ret_rows, size_t *ret_count)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    int64_t most = 0;
    enum err err = identity_number(identity, &most,
        "SELECT count(*) FROM session WHERE ?1 IS NULL"
        " OR user = (SELECT id FROM user WHERE name = ?1)",
        "t", user);
    size_t count = (size_t)most;
    struct session *rows = arena_alloc(arena, (count + 1) * sizeof(*rows));
    if (err == OK && rows == NULL) {
        err = ERR_LIMIT;
    }
    if (err == OK) {
        err = identity_prepare(identity, &query,
            SELECT_SESSION "WHERE ?1 IS NULL OR user.name = ?1 ORDER BY session.created DESC,"
                           " session.rowid DESC",
            "t", user);
    }
    if (err == OK) {
        err = list_rows(identity, query, rows, &count);
    }
    if (err == OK) {
        *ret_rows = rows;
        *ret_count = count;
    }
    return err;
}

enum err
session_seen(struct identity *identity, const uint8_t hash[SESSION_HASH], int64_t seen)
{
    enum err err = identity_begin_lightly(identity, NULL);
    if (err != OK) {
        return err;
    }
    err = identity_run(identity, "UPDATE session SET seen = max(seen, ?) WHERE hash = ?", "ib",
        seen, hash, (size_t)SESSION_HASH);
    if (err == OK && identity_changes(identity) != 1) {
        err = ERR_MISSING;
    }
    return identity_end(identity, err, NULL);
}

enum err
session_end(struct identity *identity, const char *user, const char *id)
{
    enum err err = identity_begin(identity, NULL);
    if (err != OK) {
        return err;
    }
    err = identity_run(identity,
        "DELETE FROM session WHERE id = ?1 AND (?2 IS NULL"
        " OR user = (SELECT id FROM user WHERE name = ?2))",
        "tt", id, user);
    if (err == OK && identity_changes(identity) != 1) {
        err = ERR_MISSING;
    }
    return identity_end(identity, err, NULL);
}

enum err
session_end_all(struct identity *identity, const char *user, const char *but_id, size_t *ret_count)
{
    enum err err = identity_begin(identity, NULL);
    if (err != OK) {
        return err;
    }
    err = identity_run(identity,
        "DELETE FROM session WHERE (?1 IS NULL OR user = (SELECT id FROM user WHERE name = ?1))"
        " AND (?2 IS NULL OR id <> ?2)",
        "tt", user, but_id);
    int64_t ended = identity_changes(identity);
    err = identity_end(identity, err, NULL);
    if (err == OK) {
        *ret_count = (size_t)ended;
    }
    return err;
}

#define WHERE_OVER     " (expires <= ?1 OR seen + ?2 <= ?1) "
#define EXPIRE_AT_ONCE 64

/* The next few that are over; they are told only when their end is durable. */
static enum err
expire_some(struct identity *identity, int64_t now, int64_t idle_ms, struct session *rows,
    size_t *ret_count)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    size_t count = EXPIRE_AT_ONCE;
    enum err err = identity_begin(identity, NULL);
    *ret_count = 0;
    if (err != OK) {
        return err;
    }
    err = identity_prepare(identity, &query,
        SELECT_SESSION "WHERE" WHERE_OVER "ORDER BY session.rowid LIMIT ?3", "iii", now, idle_ms,
        (int64_t)EXPIRE_AT_ONCE);
    if (err == OK) {
        err = list_rows(identity, query, rows, &count);
    }
    (void)sqlite3_reset(query);
    for (size_t i = 0; i < count && err == OK; i++) {
        err = identity_run(identity, "DELETE FROM session WHERE id = ?", "t", rows[i].id);
    }
    err = identity_end(identity, err, NULL);
    *ret_count = err == OK ? count : 0;
    return err;
}

enum err
session_expire(
    struct identity *identity, int64_t now, int64_t idle_ms, session_ended_fn *ended, void *context)
{
    struct session rows[EXPIRE_AT_ONCE] = {0};
    int64_t over = 0;
    /* Called every second: a look costs no lock and no write. */
    enum err err = identity_number(identity, &over,
        "SELECT EXISTS (SELECT 1 FROM session WHERE" WHERE_OVER ")", "ii", now, idle_ms);
    size_t count = EXPIRE_AT_ONCE;
    while (err == OK && over != 0 && count == EXPIRE_AT_ONCE) {
        err = expire_some(identity, now, idle_ms, rows, &count);
        for (size_t i = 0; i < count; i++) {
            char why[64] = "over its absolute limit";
            if (rows[i].expires > now) {
                (void)snprintf(
                    why, sizeof(why), "idle for %lld minutes", (long long)(idle_ms / 60000));
            }
            ended(context, &rows[i], why);
        }
    }
    return err;
}
