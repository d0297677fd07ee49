/* Opens identity.db and identity.key, and keeps what is sealed by name. */
#include "identity/identity_inside.h"

#include "base/file.h"
#include "base/text.h"
#include "identity/identity_001.h"
#include "identity/role.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION_ID 0x47484944 /* "GHID" in the file's header */
#define BUSY_TRIES     4000       /* of 1 to 4 ms: about ten seconds */
#define WAL_TRIES      200
#define WAL_PAUSE_MS   20

static const char *const schemas[] = {identity_001};

static enum err
add_schemas(struct identity *identity, int64_t version)
{
    enum err err = OK;
    for (size_t i = (size_t)version; i < COUNT(schemas) && err == OK; i++) {
        char mark[96];
        (void)snprintf(mark, sizeof(mark), "PRAGMA application_id = %d; PRAGMA user_version = %zu;",
            APPLICATION_ID, i + 1);
        err = identity_sql(identity, schemas[i]);
        if (err == OK) {
            err = identity_sql(identity, mark);
        }
    }
    return err;
}

static enum err
migrate(struct identity *identity, bool *ret_is_new, struct note *note)
{
    int64_t version = 0;
    int64_t application = 0;
    int64_t tables = 0;
    enum err err = identity_number(identity, &version, "PRAGMA user_version", "");
    if (err == OK) {
        err = identity_number(identity, &application, "PRAGMA application_id", "");
    }
    if (err == OK) {
        err = identity_number(identity, &tables, "SELECT count(*) FROM sqlite_schema", "");
    }
    if (err != OK) {
        return err;
    }
    if (tables != 0 && application != APPLICATION_ID) {
        note_set(note, "%.120s is a database of another program", identity->path);
        return ERR_SYNTAX;
    }
    if (version < 0 || version > (int64_t)COUNT(schemas)) {
        note_set(note, "%.120s was written by a newer gatehouse; update", identity->path);
        return ERR_UNSUPPORTED;
    }
    *ret_is_new = tables == 0;
    return add_schemas(identity, version);
}

/* Inside the transaction that made the tables, so that two programs make one key. */
static enum err
make_home(struct identity *identity, struct note *note)
{
    uint8_t id[IDENTITY_SHA256];
    if (access(identity->key_path, F_OK) == 0) {
        note_set(note,
            "%.120s is missing or empty, but its key is there; restore both from a backup",
            identity->path);
        return ERR_MISSING;
    }
    enum err err = identity_key_load(identity, true, id, note);
    if (err == OK) {
        err = user_dummy_hash(identity->dummy);
    }
    if (err == OK) {
        err = identity_run(identity, "INSERT INTO home (one, key_id, dummy) VALUES (1, ?, ?)", "bt",
            id, sizeof(id), identity->dummy);
    }
    return err == OK ? role_defaults(identity) : err;
}

static enum err
read_home(struct identity *identity, struct note *note)
{
    uint8_t id[IDENTITY_SHA256];
    uint8_t known[IDENTITY_SHA256];
    enum err err = identity_key_load(identity, false, id, note);
    if (err != OK) {
        return err;
    }
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    err = identity_prepare(identity, &query, "SELECT key_id, dummy FROM home", "");
    if (!identity_row(identity, query, &err) || !identity_bytes(query, 0, known, sizeof(known))) {
        return err == OK ? identity_trouble(identity, SQLITE_CORRUPT) : err;
    }
    identity_text(query, 1, identity->dummy, sizeof(identity->dummy));
    if (memcmp(id, known, sizeof(id)) != 0) {
        note_set(note, "%.120s is not the key of its database; restore both from the same backup",
            identity->key_path);
        return ERR_VALUE;
    }
    return OK;
}

/*
 * SQLite refuses at once, without its busy timeout, when two processes make the same new file a WAL
 * one. Whoever loses waits for its turn to write and looks again.
 */
static enum err
switch_to_wal(struct identity *identity)
{
    int code = SQLITE_BUSY;
    for (int i = 0; i < WAL_TRIES && code == SQLITE_BUSY; i++) {
        (void)sqlite3_sleep(i == 0 ? 0 : WAL_PAUSE_MS);
        code = sqlite3_exec(identity->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    }
    return code == SQLITE_OK ? OK : identity_trouble(identity, code);
}

/* Transactions here take a millisecond or two: SQLite's own pauses of up to 100 are too long. */
static int
wait_for_turn(void *context, int tries)
{
    (void)context;
    (void)sqlite3_sleep(1 + (int)randombytes_uniform(4));
    return tries < BUSY_TRIES;
}

static enum err
prepare_database(struct identity *identity, struct note *note)
{
    int code = sqlite3_open_v2(
        identity->path, &identity->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
        return identity_trouble(identity, code);
    }
    (void)sqlite3_busy_handler(identity->db, wait_for_turn, NULL);
    /* FULL: a code that was taken stays taken when the power fails. */
    /* A large sort goes to memory: where the doorman is shut in there is no folder for its file. */
    enum err err = identity_sql(identity, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                                          "PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;"
                                          "PRAGMA temp_store = MEMORY;");
    if (err == OK) {
        err = switch_to_wal(identity);
    }
    if (err == OK) {
        err = identity_begin(identity, note);
    }
    if (err != OK) {
        return err;
    }
    bool is_new = false;
    err = migrate(identity, &is_new, note);
    if (err == OK) {
        err = is_new ? make_home(identity, note) : read_home(identity, note);
    }
    return identity_end(identity, err, note);
}

/* Everything about who may see what is in it: the file is its owner's alone. */
static enum err
make_file(struct identity *identity, struct note *note)
{
    struct stat status;
    int fd = open(identity->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        note_set(note, "%.120s: %s", identity->path, strerrordesc_np(errno));
        return ERR_IO;
    }
    bool is_known = fstat(fd, &status) == 0;
    (void)close(fd);
    if (!is_known || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        note_set(note, "%.120s has mode %04o, so others may use it; chmod 600 it", identity->path,
            is_known ? (unsigned)(status.st_mode & 07777) : 0U);
        return ERR_VALUE;
    }
    if (status.st_uid != geteuid()) {
        note_set(note, "%.120s belongs to user number %u; run this as that user", identity->path,
            (unsigned)status.st_uid);
        return ERR_VALUE;
    }
    return OK;
}

enum err
identity_open(const char *folder, struct identity **ret_identity, struct note *note)
{
    struct note own = {""};
    struct identity *identity = calloc(1, sizeof(*identity));
    if (identity == NULL || asprintf(&identity->path, "%s/identity.db", folder) < 0 ||
        asprintf(&identity->key_path, "%s/identity.key", folder) < 0) {
        identity_close(identity);
        note_set(note, "%s", err_words(ERR_MEMORY));
        return ERR_MEMORY;
    }
    enum err err = file_make_folder(folder, &own);
    if (err == OK) {
        err = make_file(identity, &own);
    }
    if (err == OK) {
        err = prepare_database(identity, &own);
    }
    if (err != OK) {
        note_set(note, "%s", own.text[0] != '\0' ? own.text : identity->note.text);
        identity_close(identity);
        return err;
    }
    identity->has_changed = true;
    *ret_identity = identity;
    return OK;
}

/*
 * Free pages in the file, and a write-ahead log that is long already: as it is overwritten from its
 * start after every few pages, it does not grow any more.
 */
enum err
identity_reserve(struct identity *identity, struct note *note)
{
    static const char *const statements[] = {
        "PRAGMA wal_autocheckpoint = 64",
        "INSERT OR REPLACE INTO sealed (name, bytes) VALUES ('reserve', zeroblob(524288))",
        "DELETE FROM sealed WHERE name = 'reserve'",
        "PRAGMA wal_checkpoint(RESTART)",
    };
    enum err err = OK;
    for (size_t i = 0; i < COUNT(statements) && err == OK; i++) {
        err = identity_sql(identity, statements[i]);
    }
    if (err != OK) {
        note_set(note, "%s", identity->note.text);
    }
    return err;
}

void
identity_close(struct identity *identity)
{
    if (identity == NULL) {
        return;
    }
    (void)sqlite3_close(identity->db);
    secret_free(identity->seal_key);
    secret_free(identity->code_key);
    free(identity->path);
    free(identity->key_path);
    free(identity);
}

bool
identity_has_changed(struct identity *identity)
{
    int64_t version = identity->version;
    bool is_told = identity_number(identity, &version, "PRAGMA data_version", "") == OK;
    /* A database that can't be read may have changed: whoever looks finds out. */
    bool has_changed = identity->has_changed || !is_told || version != identity->version;
    identity->version = version;
    identity->has_changed = false;
    return has_changed;
}

static bool
is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

enum err
identity_check_name(const char *name, struct note *note)
{
    size_t len = 0;
    bool is_good = name != NULL && is_alphanumeric(name[0]);
    while (is_good && name[len] != '\0') {
        is_good = (is_alphanumeric(name[len]) || strchr("._-@", name[len]) != NULL) &&
                  ++len < IDENTITY_NAME;
    }
    if (!is_good) {
        char clean[IDENTITY_NAME];
        text_clean(clean, sizeof(clean), name == NULL ? "" : name,
            name == NULL ? 0 : strnlen(name, IDENTITY_NAME));
        note_set(note,
            "\"%s\" is no name: 1 to 63 letters, digits and . _ - @, a letter or digit first",
            clean);
        return ERR_VALUE;
    }
    return OK;
}

enum err
identity_seal(
    struct identity *identity, const char *name, const struct secret *secret, struct note *note)
{
    struct identity_box box;
    char label[128];
    (void)snprintf(label, sizeof(label), "sealed/%s", name);
    enum err err =
        strlen(name) > 100 ? ERR_LIMIT : identity_box_close(identity, label, secret, &box);
    if (err != OK) {
        note_set(note, "%.100s can't be sealed: %s", name, err_words(err));
        return err;
    }
    err = identity_begin(identity, note);
    if (err != OK) {
        return err;
    }
    err = identity_run(identity, "INSERT OR REPLACE INTO sealed (name, bytes) VALUES (?, ?)", "tb",
        name, box.bytes, box.len);
    return identity_end(identity, err, note);
}

enum err
identity_unseal(
    struct identity *identity, const char *name, struct secret **ret_secret, struct note *note)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    char label[128];
    (void)snprintf(label, sizeof(label), "sealed/%.100s", name);
    enum err err =
        identity_prepare(identity, &query, "SELECT bytes FROM sealed WHERE name = ?", "t", name);
    if (identity_row(identity, query, &err)) {
        err = identity_box_open(identity, label, sqlite3_column_blob(query, 0),
            (size_t)sqlite3_column_bytes(query, 0), ret_secret);
        if (err != OK) {
            note_set(note, "%.100s can't be opened with %.120s", name, identity->key_path);
        }
        return err;
    }
    if (err == OK) {
        note_set(note, "no %.100s is sealed in %.120s", name, identity->path);
        return ERR_MISSING;
    }
    note_set(note, "%s", identity->note.text);
    return err;
}
