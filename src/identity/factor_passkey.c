/* Passkeys in the database: what a browser is asked, and what of its answers is kept. */
#include "base/clock.h"
#include "base/text.h"
#include "identity/identity_inside.h"
#include "identity/webauthn.h"

#include <sodium.h>
#include <string.h>

#define TIMEOUT_MS 120000
#define BASE64_ID  ((size_t)1400)
#define HANDLE     32

const char *
factor_fault_words(enum factor_fault fault)
{
    static const char *const words[] = {
        [FAULT_FINE] = "",
#define FAULT(name, text) [FAULT_##name] = text,
#include "identity/faults.def"
#undef FAULT
    };
    return (size_t)fault < COUNT(words) ? words[fault] : "unknown";
}

static json_t *
base64(const void *bytes, size_t len)
{
    char text[BASE64_ID];
    assert(len <= WEBAUTHN_ID);
    (void)sodium_bin2base64(
        text, sizeof(text), bytes, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return json_string(text);
}

/* PublicKeyCredentialDescriptors of the account's passkeys; NULL when out of memory. */
static json_t *
descriptors(struct identity *identity, const char *user)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    json_t *list = json_array();
    enum err err = identity_prepare(identity, &query,
        "SELECT credential FROM passkey WHERE user = (SELECT id FROM user WHERE name = ?)"
        " ORDER BY created, id LIMIT ?",
        "ti", user, (int64_t)FACTOR_PASSKEYS);
    while (list != NULL && identity_row(identity, query, &err)) {
        size_t len = (size_t)sqlite3_column_bytes(query, 0);
        json_t *row = len <= WEBAUTHN_ID ? json_pack("{s:s, s:o}", "type", "public-key", "id",
                                               base64(sqlite3_column_blob(query, 0), len))
                                         : NULL;
        err = json_array_append_new(list, row) == 0 ? OK : ERR_MEMORY;
    }
    if (err != OK) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *
parameters(void)
{
    json_t *list = json_array();
    for (size_t i = 0; i < webauthn_algorithm_count; i++) {
        (void)json_array_append_new(
            list, json_pack("{s:s, s:i}", "type", "public-key", "alg", webauthn_algorithms[i]));
    }
    return list;
}

json_t *
factor_passkey_create_options(struct identity *identity, const struct factor_party *party,
    const char *user, const uint8_t challenge[FACTOR_CHALLENGE])
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    uint8_t handle[HANDLE];
    enum err err =
        identity_prepare(identity, &query, "SELECT handle FROM user WHERE name = ?", "t", user);
    if (!identity_row(identity, query, &err) || !identity_bytes(query, 0, handle, sizeof(handle))) {
        return NULL;
    }
    json_t *known = descriptors(identity, user);
    if (known == NULL) {
        return NULL;
    }
    return json_pack("{s:{s:s, s:s}, s:{s:o, s:s, s:s}, s:o, s:o, s:i, s:s, s:{s:s, s:b, s:s},"
                     " s:o}",
        "rp", "id", party->id, "name", "Gatehouse", "user", "id", base64(handle, sizeof(handle)),
        "name", user, "displayName", user, "challenge", base64(challenge, FACTOR_CHALLENGE),
        "pubKeyCredParams", parameters(), "timeout", TIMEOUT_MS, "attestation", "none",
        "authenticatorSelection", "residentKey", "preferred", "requireResidentKey", 0,
        "userVerification", "preferred", "excludeCredentials", known);
}

json_t *
factor_passkey_get_options(struct identity *identity, const struct factor_party *party,
    const char *user, const uint8_t challenge[FACTOR_CHALLENGE])
{
    json_t *allowed = user == NULL ? json_array() : descriptors(identity, user);
    if (allowed == NULL) {
        return NULL;
    }
    return json_pack("{s:s, s:o, s:i, s:s, s:o}", "rpId", party->id, "challenge",
        base64(challenge, FACTOR_CHALLENGE), "timeout", TIMEOUT_MS, "userVerification",
        user == NULL ? "required" : "preferred", "allowCredentials", allowed);
}

/* Whether it fits beside those that are there. */
static enum err
check_room(struct identity *identity, int64_t user, const struct webauthn_credential *credential,
    enum factor_fault *ret_fault)
{
    int64_t same = 0;
    int64_t count = 0;
    enum err err =
        identity_number(identity, &same, "SELECT count(*) FROM passkey WHERE credential = ?", "b",
            credential->id, credential->id_len);
    if (err == OK) {
        err = identity_number(
            identity, &count, "SELECT count(*) FROM passkey WHERE user = ?", "i", user);
    }
    if (err != OK) {
        return err;
    }
    if (same != 0 || count >= FACTOR_PASSKEYS) {
        *ret_fault = same != 0 ? FAULT_TAKEN : FAULT_LIMIT;
        return ERR_VALUE;
    }
    return OK;
}

static enum err
add_passkey(struct identity *identity, const char *user, const char *name,
    const struct webauthn_credential *credential, enum factor_fault *ret_fault)
{
    char id[IDENTITY_ID];
    char clean[sizeof(((struct factor_passkey *)NULL)->name)];
    int64_t number = 0;
    enum err err = identity_number(
        identity, &number, "SELECT id FROM user WHERE name = ? AND is_disabled = 0", "t", user);
    if (err == OK) {
        err = check_room(identity, number, credential, ret_fault);
    }
    if (err != OK) {
        return err;
    }
    identity_new_id(id);
    text_clean(clean, sizeof(clean), name == NULL ? "" : name, name == NULL ? 0 : strlen(name));
    err = identity_run(identity,
        "INSERT INTO passkey (id, user, credential, algorithm, public_key, counter, name, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        "tibibiti", id, number, credential->id, credential->id_len, (int64_t)credential->algorithm,
        credential->key, credential->key_len, (int64_t)credential->counter,
        clean[0] == '\0' ? "passkey" : clean, clock_wall());
    if (err == OK) {
        *ret_fault = FAULT_FINE;
    }
    return err;
}

enum err // A ceremony has that many parts. NOLINTNEXTLINE(readability-function-size)
factor_passkey_register(struct identity *identity, const struct factor_party *party,
    const char *user, const char *name, const uint8_t challenge[FACTOR_CHALLENGE],
    const json_t *answer, enum factor_fault *ret_fault)
{
    const struct webauthn_wanted wanted = {.party = party, .challenge = challenge};
    struct webauthn_credential credential;
    enum factor_fault fault = webauthn_register(&wanted, answer, &credential);
    *ret_fault = fault == FAULT_FINE ? FAULT_MALFORMED : fault; /* until it is stored */
    if (fault != FAULT_FINE) {
        return ERR_VALUE;
    }
    enum err err = identity_begin(identity, NULL);
    if (err != OK) {
        return err;
    }
    err = identity_end(identity, add_passkey(identity, user, name, &credential, ret_fault), NULL);
    if (err != OK && *ret_fault == FAULT_FINE) {
        *ret_fault = FAULT_MALFORMED;
    }
    return err;
}

struct owned {
    struct webauthn_credential credential;
    char id[IDENTITY_ID], user[IDENTITY_NAME];
    uint8_t handle[HANDLE];
};

static enum err
find_credential(
    struct identity *identity, const struct webauthn_assertion *assertion, struct owned *ret_owned)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    struct webauthn_credential *credential = &ret_owned->credential;
    enum err err = identity_prepare(identity, &query,
        "SELECT passkey.id, user.name, user.handle, algorithm, counter, public_key FROM passkey"
        " JOIN user ON user.id = passkey.user WHERE credential = ? AND is_disabled = 0",
        "b", assertion->id, assertion->id_len);
    if (!identity_row(identity, query, &err)) {
        return err == OK ? ERR_MISSING : err;
    }
    identity_text(query, 0, ret_owned->id, sizeof(ret_owned->id));
    identity_text(query, 1, ret_owned->user, sizeof(ret_owned->user));
    credential->algorithm = sqlite3_column_int(query, 3);
    credential->counter = (uint32_t)sqlite3_column_int64(query, 4);
    credential->key_len = (size_t)sqlite3_column_bytes(query, 5);
    memcpy(credential->id, assertion->id, assertion->id_len);
    credential->id_len = assertion->id_len;
    bool is_whole = identity_bytes(query, 2, ret_owned->handle, HANDLE) &&
                    credential->key_len <= WEBAUTHN_KEY &&
                    identity_bytes(query, 5, credential->key, credential->key_len);
    return is_whole ? OK : ERR_STORE;
}

/* A log-in by passkey alone knows its account from the handle; it must be the credential's. */
static bool
is_of(const struct owned *owned, const char *user, const struct webauthn_assertion *assertion)
{
    bool has_handle =
        assertion->handle_len == HANDLE && memcmp(assertion->handle, owned->handle, HANDLE) == 0;
    if (user == NULL) {
        return has_handle;
    }
    return text_equal_nocase(user, owned->user) && (assertion->handle_len == 0 || has_handle);
}

/* Of two answers with one counter only the first one finds the old value. */
static enum err
count_up(struct identity *identity, const struct owned *owned, uint32_t counter,
    enum factor_fault *ret_fault)
{
    enum err err = identity_run(identity,
        "UPDATE passkey SET counter = ?, used = ? WHERE id = ? AND counter = ?", "iiti",
        (int64_t)counter, clock_wall(), owned->id, (int64_t)owned->credential.counter);
    if (err == OK && identity_changes(identity) != 1) {
        *ret_fault = FAULT_COUNTER;
        return ERR_VALUE;
    }
    return err;
}

struct ceremony {
    const struct webauthn_wanted *wanted;
    const char *user;
    const struct webauthn_assertion *assertion;
};

static enum err
judge(struct identity *identity, const struct ceremony *ceremony, char ret_user[IDENTITY_NAME],
    enum factor_fault *ret_fault)
{
    struct owned owned;
    uint32_t counter = 0;
    enum err err = find_credential(identity, ceremony->assertion, &owned);
    if (err == ERR_MISSING) {
        *ret_fault = FAULT_UNKNOWN;
        return ERR_VALUE;
    }
    if (err != OK) {
        return err;
    }
    if (!is_of(&owned, ceremony->user, ceremony->assertion)) {
        *ret_fault = FAULT_OTHER;
        return ERR_VALUE;
    }
    enum factor_fault fault =
        webauthn_verify(ceremony->wanted, &owned.credential, ceremony->assertion, &counter);
    if (fault != FAULT_FINE) {
        *ret_fault = fault;
        return ERR_VALUE;
    }
    err = count_up(identity, &owned, counter, ret_fault);
    if (err == OK) {
        memcpy(ret_user, owned.user, sizeof(owned.user));
        *ret_fault = FAULT_FINE;
    }
    return err;
}

enum err // NOLINTNEXTLINE(readability-function-size)
factor_passkey_verify(struct identity *identity, const struct factor_party *party, const char *user,
    const uint8_t challenge[FACTOR_CHALLENGE], const json_t *answer, char ret_user[IDENTITY_NAME],
    enum factor_fault *ret_fault)
{
    const struct webauthn_wanted wanted = {
        .party = party, .challenge = challenge, .needs_verified = user == NULL};
    struct webauthn_assertion assertion;
    char found[IDENTITY_NAME] = "";
    enum factor_fault fault = webauthn_read(answer, &assertion);
    *ret_fault = fault == FAULT_FINE ? FAULT_MALFORMED : fault; /* until all is done */
    if (fault != FAULT_FINE) {
        return ERR_VALUE;
    }
    const struct ceremony ceremony = {&wanted, user, &assertion};
    enum err err = identity_begin_quietly(identity, NULL);
    if (err != OK) {
        return err;
    }
    err = identity_end(identity, judge(identity, &ceremony, found, ret_fault), NULL);
    if (err != OK && *ret_fault == FAULT_FINE) {
        *ret_fault = FAULT_MALFORMED;
    }
    if (err == OK) {
        memcpy(ret_user, found, sizeof(found));
    }
    return err;
}

enum err
factor_passkeys(struct identity *identity, const char *user, struct arena *arena,
    struct factor_passkey **ret_rows, size_t *ret_count)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    struct factor_passkey *rows = arena_alloc(arena, FACTOR_PASSKEYS * sizeof(*rows));
    size_t count = 0;
    if (rows == NULL) {
        return ERR_LIMIT;
    }
    enum err err = identity_prepare(identity, &query,
        "SELECT id, name, created, used FROM passkey"
        " WHERE user = (SELECT id FROM user WHERE name = ?) ORDER BY created, id LIMIT ?",
        "ti", user, (int64_t)FACTOR_PASSKEYS);
    while (identity_row(identity, query, &err)) {
        struct factor_passkey *row = &rows[count++];
        identity_text(query, 0, row->id, sizeof(row->id));
        identity_text(query, 1, row->name, sizeof(row->name));
        row->created = sqlite3_column_int64(query, 2);
        row->used = sqlite3_column_int64(query, 3);
    }
    if (err == OK) {
        *ret_rows = rows;
        *ret_count = count;
    }
    return err;
}

static enum err
remove_row(struct identity *identity, const char *user, const char *id, struct note *note)
{
    struct user known;
    enum err err = user_find(identity, user, &known);
    if (err == ERR_MISSING) {
        note_set(note, "there is no user %.63s", user);
    }
    if (err == OK) {
        err = identity_run(identity,
            "DELETE FROM passkey WHERE id = ? AND user = (SELECT id FROM user WHERE name = ?)",
            "tt", id, user);
    }
    if (err == OK && identity_changes(identity) != 1) {
        note_set(note, "%.63s has no passkey %.23s", user, id);
        return ERR_MISSING;
    }
    if (err == OK && !known.has_totp && known.passkeys == 1) {
        note_set(note, "it is the last second factor; set up another one first");
        return ERR_REFUSED;
    }
    return err;
}

enum err
factor_passkey_remove(
    struct identity *identity, const char *user, const char *id, struct note *note)
{
    enum err err = identity_begin(identity, note);
    return err == OK ? identity_end(identity, remove_row(identity, user, id, note), note) : err;
}
