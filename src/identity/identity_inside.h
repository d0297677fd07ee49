/* What the files of this area share: the open database, its statements, its keys. */
#pragma once

#include "identity/user.h"

#include <sqlite3.h>

#define IDENTITY_SHA256 32
#define IDENTITY_BOX    1200 /* room for what is sealed */
#define IDENTITY_PLAIN  1024 /* longest secret that is sealed */

struct identity {
    sqlite3 *db;
    char *path, *key_path;
    struct secret *seal_key, *code_key;
    const char *sync; /* how durable commits are now, as told to SQLite */
    unsigned depth;   /* of transactions */
    enum err failed;  /* the first error in them */
    bool is_quiet;    /* nothing in them concerns the board */
    bool has_changed; /* we changed something ourselves */
    int64_t version;  /* SQLite's data_version as last seen */
    struct note note; /* why the database failed */
    char dummy[USER_HASH];
};

/* Turns SQLite's error into identity->note and an enum err. */
enum err identity_trouble(struct identity *identity, int code);
/* One statement or more without results and values. */
enum err identity_sql(struct identity *identity, const char *sql) MUST_CHECK;
/* As identity_begin(), for what the board need not know. */
enum err identity_begin_quietly(struct identity *identity, struct note *note) MUST_CHECK;
/*
 * The same for what may be forgotten when the power fails: counts of attempts, when a session was
 * seen. Whoever tries a thousand passwords does not keep the disk busy for the ledger.
 */
enum err identity_begin_lightly(struct identity *identity, struct note *note) MUST_CHECK;
/* Several looks at one state, without keeping anybody from writing. */
enum err identity_begin_reading(struct identity *identity, struct note *note) MUST_CHECK;

/*
 * Prepared and bound; `types` has a letter per value: t text (NULL allowed), i int64_t, b a blob
 * (const void *, size_t).
 */
enum err identity_prepare(struct identity *identity, sqlite3_stmt **ret_statement, const char *sql,
    const char *types, ...) MUST_CHECK;
/* Prepares, binds and runs a statement that gives no rows. ERR_VALUE: it breaks a constraint. */
enum err identity_run(
    struct identity *identity, const char *sql, const char *types, ...) MUST_CHECK;
/* The first column of the first row; ERR_MISSING: there is none. */
enum err identity_number(struct identity *identity, int64_t *ret_number, const char *sql,
    const char *types, ...) MUST_CHECK;
/* The next row; false at the end or on an error, which goes to *err. */
bool identity_row(struct identity *identity, sqlite3_stmt *statement, enum err *err);
void identity_finish(sqlite3_stmt *const *statement);
/* Rows that the last statement changed. */
int64_t identity_changes(const struct identity *identity);
/* A column as terminated text, "" for NULL. */
void identity_text(sqlite3_stmt *statement, int column, char *out, size_t size);
/* A column's bytes; false when they are not exactly that many. */
bool identity_bytes(sqlite3_stmt *statement, int column, void *out, size_t len);

/* A random public id, and the hash of a secret text. */
void identity_new_id(char ret_id[IDENTITY_ID]);
/* 32 random bytes as base64url text, for cookies and links. */
void identity_new_token(char ret_token[USER_TOKEN]);
void identity_hash(const char *text, uint8_t ret_hash[IDENTITY_SHA256]);

/* Number of an account; ERR_MISSING with words. */
enum err identity_user(
    struct identity *identity, const char *name, int64_t *ret_user, struct note *note) MUST_CHECK;

/* Authenticated encryption bound to a label ("totp/7"), so that one can't stand for another. */
struct identity_box {
    uint8_t bytes[IDENTITY_BOX];
    size_t len;
};
enum err identity_box_close(const struct identity *identity, const char *label,
    const struct secret *secret, struct identity_box *ret_box) MUST_CHECK;
/* ERR_VALUE: sealed by another key, or altered. */
enum err identity_box_open(const struct identity *identity, const char *label, const void *bytes,
    size_t len, struct secret **ret_secret) MUST_CHECK;

/* The key's file: read, or made when may_make. Fills the keys that come from it. */
enum err identity_key_load(struct identity *identity, bool may_make,
    uint8_t ret_id[IDENTITY_SHA256], struct note *note) MUST_CHECK;

/* A hash that no password opens, with the parameters of all. */
enum err user_dummy_hash(char ret_hash[USER_HASH]) MUST_CHECK;
