/* Personal fields of an event, sealed on its way into the ledger and opened for who may. */
#include "ledger/seal.h"

#include "base/text.h"
#include "ledger/base64.h"
#include "ledger/event.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define NONCE    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG      crypto_aead_xchacha20poly1305_ietf_ABYTES
#define PAD      64 /* lengths of texts that differ within it are the same */
#define YEAR_LEN 4
#define MARK_LEN ((size_t)2 * SUBJECTS_MARK)
#define HEAD_LEN (sizeof(SEAL_PREFIX) - 1 + YEAR_LEN + 1 + MARK_LEN + 1)

static_assert(SEAL_SHOWN == HEAD_LEN - 1, "without the colon");
static_assert(OPENING_SALT <= crypto_generichash_BYTES_MAX, "one hash gives the salt");
static_assert(NONCE == 24 && TAG == 16, "as doc/ledger-format.md has it");

enum whose {
    NOBODYS,
    ACTORS,
    NAMED, /* the account that the text itself names */
};

/* What is personal: a text, or an array of texts. */
struct personal {
    const char *action;   /* NULL: of every one */
    const char *parts[2]; /* objects on the way to it */
    const char *member, *path;
    enum whose whose;
};
static const struct personal rows[] = {
    {NULL,          {"actor"},           "ip",         "actor.ip",             ACTORS },
    {NULL,          {"actor"},           "session",    "actor.session",        ACTORS },
    {NULL,          {"actor"},           "user",       "actor.user",           ACTORS },
    {"auth.ban",    {"detail"},          "net",        "detail.net",           NOBODYS},
    {"auth.logout", {"detail"},          "by_session", "detail.by_session",    ACTORS },
    {"ledger.read", {"detail", "query"}, "ip",         "detail.query.ip",      NOBODYS},
    {"ledger.read", {"detail", "query"}, "object",     "detail.query.object",  NAMED  },
    {"ledger.read", {"detail", "query"}, "session",    "detail.query.session", NOBODYS},
    {"ledger.read", {"detail", "query"}, "text",       "detail.query.text",    NOBODYS},
    {"ledger.read", {"detail", "query"}, "user",       "detail.query.user",    NAMED  },
    {"user.change", {"target"},          "object",     "target.object",        NAMED  },
};

/* How objects name an account; what begins as the others is about none. */
static const struct {
    const char *words;
    bool is_account;
} objects[] = {
    {"user ",        true },
    {"sessions of ", true },
    {"session ",     false},
    {"address ",     false},
    {"role ",        false},
    {"group ",       false},
};

static json_t *
object_of(const json_t *event, const struct personal *row)
{
    json_t *object = json_object_get(event, row->parts[0]);
    return row->parts[1] == NULL ? object : json_object_get(object, row->parts[1]);
}

static void
derive(const uint8_t *subject_key, const uint8_t *nonce, const char *path, uint8_t *ret_key)
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, subject_key, SUBJECTS_KEY, SUBJECTS_KEY);
    (void)crypto_generichash_update(&state, nonce, NONCE);
    (void)crypto_generichash_update(&state, (const uint8_t *)path, strlen(path));
    (void)crypto_generichash_final(&state, ret_key, SUBJECTS_KEY);
}

/* Appends the opening of a text whose key that is. From the salt nobody comes to the key. */
static void
put_opening(struct buf *out, const char *path, const uint8_t *key, const struct event_text *text)
{
    static const char what[] = "gatehouse salt of an opening";
    uint8_t salt[OPENING_SALT];
    const struct opening opening = {.text = text->bytes, .len = text->len};
    (void)crypto_generichash(
        salt, sizeof(salt), (const uint8_t *)what, sizeof(what) - 1, key, SUBJECTS_KEY);
    opening_put(out, path, salt, &opening);
    sodium_memzero(salt, sizeof(salt));
}

/* Room for an opening, at once: a buffer that grows leaves the salt behind where it was. */
static void
make_room(struct buf *opening, size_t text_len)
{
    size_t before = opening->len;
    if (buf_extend(opening, OPENING_HEAD + text_len) != NULL) {
        opening->len = before;
        opening->data[before] = '\0';
    }
}

static void
wipe(struct buf *buf)
{
    if (buf->size != 0) {
        sodium_memzero(buf->data, buf->size);
    }
}

/* The SHA-256 of that. ERR_MEMORY, ERR_LIMIT. */
static enum err
commit(const char *path, const uint8_t *key, const struct event_text *text,
    char ret_digest[OPENING_HEX + 1])
{
    CLEANUP(buf_release) struct buf opening;
    buf_init(&opening, OPENING_LIMIT);
    make_room(&opening, text->len);
    put_opening(&opening, path, key, text);
    enum err err = buf_error(&opening);
    if (err == OK) {
        (void)opening_digest(opening.data, opening.len, ret_digest);
    }
    wipe(&opening);
    return err;
}

const char *
seal_mark_text(const struct subjects_id *subject, char out[SEAL_SHOWN + 1])
{
    char mark[MARK_LEN + 1];
    text_hex(mark, subject->mark, SUBJECTS_MARK);
    (void)snprintf(out, SEAL_SHOWN + 1, SEAL_PREFIX "%04u-%s", subject->year % 10000, mark);
    return out;
}

enum err
seal_marks(const struct subjects *subjects, const void *name, size_t len, json_t *marks)
{
    unsigned year = 0;
    unsigned last = 0;
    enum err err = OK;
    subjects_years(subjects, &year, &last);
    for (; year <= last && err == OK; year++) {
        char text[SEAL_SHOWN + 1];
        struct subjects_id subject;
        if (subjects_find(subjects, name, len, year, &subject) == OK) {
            json_t *mark = json_string(seal_mark_text(&subject, text));
            err = json_array_append_new(marks, mark) == 0 ? OK : ERR_MEMORY;
        }
    }
    return err;
}

/* The sealed form of a text; NULL: memory is out, or it is far too long. */
static json_t *
seal_text(const struct subjects_id *subject, const uint8_t *subject_key, const char *path,
    const json_t *text)
{
    CLEANUP(buf_release) struct buf blob;
    CLEANUP(buf_release) struct buf out;
    char mark[SEAL_SHOWN + 1];
    char digest[OPENING_HEX + 1];
    uint8_t key[SUBJECTS_KEY];
    size_t len = json_string_length(text);
    size_t padded = len - len % PAD + PAD;
    buf_init(&blob, NONCE + EVENT_LIMIT + PAD + TAG);
    buf_init(&out, HEAD_LEN + OPENING_HEX + 1 + BASE64_SIZE(BASE64_PUT));
    uint8_t *bytes = buf_extend(&blob, NONCE + padded + TAG);
    if (bytes == NULL || blob.len > BASE64_PUT) {
        return NULL;
    }
    memcpy(bytes + NONCE, json_string_value(text), len);
    if (sodium_pad(&padded, bytes + NONCE, len, PAD, padded) != 0) {
        return NULL;
    }
    randombytes_buf(bytes, NONCE);
    derive(subject_key, bytes, path, key);
    enum err err = commit(path, key, &(struct event_text){json_string_value(text), len}, digest);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        bytes + NONCE, NULL, bytes + NONCE, padded, NULL, 0, NULL, bytes, key);
    sodium_memzero(key, sizeof(key));
    if (err != OK) {
        return NULL;
    }
    buf_format(&out, "%s:%s:", seal_mark_text(subject, mark), digest);
    base64_put(&out, bytes, blob.len);
    return buf_error(&out) == OK ? json_stringn(out.data, out.len) : NULL;
}

/* The account that a text names; empty: none. */
static struct event_text
named(const json_t *text)
{
    const char *bytes = json_string_value(text);
    for (size_t i = 0; i < COUNT(objects); i++) {
        if (text_starts(bytes, objects[i].words)) {
            size_t skip = objects[i].is_account ? strlen(objects[i].words) : 0;
            return (struct event_text){
                bytes + skip, objects[i].is_account ? json_string_length(text) - skip : 0};
        }
    }
    return (struct event_text){bytes, json_string_length(text)};
}

/*
 * Whose key a row of this event is sealed under; one that is new is durable then. Where there can
 * be no more keys, it is nobody's: of a full disk only for what may use the reserve, such as
 * repairs.
 */
static enum err
subject_of(struct subjects *subjects, unsigned year, const json_t *event,
    const struct personal *row, struct subjects_id *ret_subject)
{
    const json_t *text = json_object_get(object_of(event, row), row->member);
    const json_t *user = json_object_get(json_object_get(event, "actor"), "user");
    const char *action = json_string_value(json_object_get(event, "action"));
    struct event_text name = {"", 0};
    enum event_action which = EVENT_ACTIONS;
    if (row->whose == ACTORS && json_is_string(user)) {
        name = (struct event_text){json_string_value(user), json_string_length(user)};
    } else if (row->whose == NAMED && json_is_string(text)) {
        name = named(text);
    }
    enum err err = subjects_need(subjects, name.bytes, name.len, year, ret_subject);
    bool is_reserved = event_action_parse(action, strlen(action), &which) == OK &&
                       event_action(which)->voice == EVENT_RESERVED;
    if (err == ERR_LIMIT || (err == ERR_FULL && is_reserved)) {
        enum err nobodys = subjects_need(subjects, "", 0, year, ret_subject);
        return nobodys == OK ? OK : err;
    }
    return err;
}

/* The sealed form of a text or of an array, of which what is no text stays. */
static json_t *
seal_value(const struct subjects *subjects, const struct subjects_id *subject, const char *path,
    const json_t *value)
{
    const uint8_t *key = subjects_key(subjects, subject);
    if (!json_is_array(value)) {
        return seal_text(subject, key, path, value);
    }
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < json_array_size(value); i++) {
        json_t *one = json_array_get(value, i);
        one = json_is_string(one) ? seal_text(subject, key, path, one) : json_incref(one);
        if (one == NULL || json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* All texts are made before any takes its place: the user names the key of the others. */
static enum err
seal_members(struct subjects *subjects, unsigned year, json_t *event, struct note *note)
{
    const char *action = json_string_value(json_object_get(event, "action"));
    json_t *sealed[COUNT(rows)] = {NULL};
    enum err err = OK;
    for (size_t i = 0; i < COUNT(rows) && err == OK; i++) {
        const json_t *value = json_object_get(object_of(event, &rows[i]), rows[i].member);
        struct subjects_id subject;
        if ((!json_is_string(value) && !json_is_array(value)) ||
            (rows[i].action != NULL && strcmp(rows[i].action, action) != 0)) {
            continue;
        }
        err = subject_of(subjects, year, event, &rows[i], &subject);
        if (err != OK) {
            note_set(note, "the key of a subject: %s", err_words(err));
            break;
        }
        sealed[i] = seal_value(subjects, &subject, rows[i].path, value);
        if (sealed[i] == NULL) {
            note_set(note, "%s is too long to be sealed", rows[i].path);
            err = ERR_LIMIT;
        }
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *object = object_of(event, &rows[i]);
        if (sealed[i] != NULL && err == OK) {
            err = json_object_set(object, rows[i].member, sealed[i]) == 0 ? OK : ERR_MEMORY;
        }
        json_decref(sealed[i]);
    }
    return err;
}

enum err
seal_event(struct subjects *subjects, unsigned year, const void *event, size_t len,
    struct buf *ret_event, struct note *note)
{
    size_t before = ret_event->len;
    json_t *tree = json_loadb(event, len, JSON_REJECT_DUPLICATES, NULL);
    if (tree == NULL) {
        note_set(note, "the event can't be read again");
        return ERR_SYNTAX;
    }
    enum err err = seal_members(subjects, year, tree, note);
    err = err == OK ? event_canonical(tree, ret_event) : err;
    json_decref(tree);
    if (err == OK &&
        (buf_error(ret_event) != OK || ret_event->len - before > EVENT_LIMIT - EVENT_STAMP)) {
        note_set(note, "longer than %d bytes once its personal fields are sealed",
            EVENT_LIMIT - EVENT_STAMP);
        err = ERR_LIMIT;
    }
    if (err != OK) {
        ret_event->len = before;
    }
    return err;
}

enum err
seal_parse(const char *text, size_t len, struct sealed *ret_sealed)
{
    static const char prefix[] = SEAL_PREFIX;
    if (text == NULL || len < sizeof(prefix) - 1 || memcmp(text, prefix, sizeof(prefix) - 1) != 0) {
        return ERR_MISSING;
    }
    const char *year = text + sizeof(prefix) - 1;
    const char *mark = year + YEAR_LEN + 1;
    if (len < HEAD_LEN || year[YEAR_LEN] != '-' || mark[MARK_LEN] != ':') {
        return ERR_SYNTAX;
    }
    struct sealed sealed = {.base64 = text + HEAD_LEN, .base64_len = len - HEAD_LEN};
    if (!subjects_year(year, &sealed.subject.year) ||
        !text_unhex(mark, sealed.subject.mark, SUBJECTS_MARK)) {
        return ERR_SYNTAX;
    }
    if (sealed.base64_len > OPENING_HEX && sealed.base64[OPENING_HEX] == ':') {
        if (strspn(sealed.base64, "0123456789abcdef") != OPENING_HEX) {
            return ERR_SYNTAX;
        }
        sealed.digest = sealed.base64;
        sealed.base64 += OPENING_HEX + 1;
        sealed.base64_len -= OPENING_HEX + 1;
    }
    *ret_sealed = sealed;
    return OK;
}

/* The blob of a sealed text; ERR_SYNTAX. */
static enum err
blob_of(const struct sealed *sealed, struct buf *ret_blob)
{
    size_t len = 0;
    buf_init(ret_blob, SEAL_OPENED + PAD + NONCE + TAG);
    uint8_t *bytes = buf_extend(ret_blob, sealed->base64_len / 4 * 3 + 3);
    if (bytes == NULL ||
        base64_decode(sealed->base64, sealed->base64_len, bytes, ret_blob->len, &len) != OK ||
        len < NONCE + TAG) {
        return ERR_SYNTAX;
    }
    ret_blob->len = len;
    return OK;
}

enum err
seal_key(const struct subjects *subjects, const struct sealed *sealed, const char *path,
    uint8_t ret_key[SUBJECTS_KEY])
{
    CLEANUP(buf_release) struct buf blob;
    const uint8_t *key = subjects_key(subjects, &sealed->subject);
    enum err err = blob_of(sealed, &blob);
    if (err != OK || key == NULL) {
        return err != OK ? err : ERR_MISSING;
    }
    derive(key, (const uint8_t *)blob.data, path, ret_key);
    return OK;
}

/* The text and its padding, decrypted behind what is in the buffer. */
static enum err
decrypt(const struct sealed *sealed, const uint8_t *key, struct buf *ret_text)
{
    CLEANUP(buf_release) struct buf blob;
    enum err err = blob_of(sealed, &blob);
    if (err != OK) {
        return err;
    }
    const uint8_t *bytes = (const uint8_t *)blob.data;
    size_t before = ret_text->len;
    size_t padded = blob.len - NONCE - TAG;
    size_t len = 0;
    uint8_t *out = buf_extend(ret_text, padded);
    if (out == NULL) {
        return ERR_LIMIT;
    }
    if (padded % PAD != 0 ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, NULL, NULL, bytes + NONCE, blob.len - NONCE, NULL, 0, bytes, key) != 0 ||
        sodium_unpad(&len, out, padded, PAD) != 0) {
        len = 0;
        err = ERR_VALUE;
    }
    ret_text->len = before + len;
    ret_text->data[ret_text->len] = '\0';
    return err;
}

enum err
seal_open(const struct sealed *sealed, const char *path, const uint8_t key[SUBJECTS_KEY],
    struct buf *ret_text)
{
    char digest[OPENING_HEX + 1];
    size_t before = ret_text->len;
    enum err err = decrypt(sealed, key, ret_text);
    if (err == OK && sealed->digest != NULL) {
        const struct event_text text = {ret_text->data + before, ret_text->len - before};
        err = commit(path, key, &text, digest);
        err = err == OK && memcmp(digest, sealed->digest, OPENING_HEX) != 0 ? ERR_VALUE : err;
    }
    if (err != OK && ret_text->len != before) {
        ret_text->len = before;
        ret_text->data[before] = '\0';
    }
    return err;
}

enum err
seal_read(const struct subjects *subjects, const struct sealed *sealed, const char *path,
    struct buf *ret_text)
{
    uint8_t key[SUBJECTS_KEY];
    enum err err = subjects == NULL ? ERR_MISSING : seal_key(subjects, sealed, path, key);
    err = err == OK ? seal_open(sealed, path, key, ret_text) : err;
    sodium_memzero(key, sizeof(key));
    return err;
}

enum err
seal_opening(const struct subjects *subjects, const struct sealed *sealed, const char *path,
    struct buf *ret_opening)
{
    CLEANUP(buf_release) struct buf text;
    uint8_t key[SUBJECTS_KEY];
    buf_init(&text, SEAL_OPENED);
    if (sealed->digest == NULL) {
        return ERR_UNSUPPORTED;
    }
    enum err err = subjects == NULL ? ERR_MISSING : seal_key(subjects, sealed, path, key);
    err = err == OK ? seal_open(sealed, path, key, &text) : err;
    if (err == OK) {
        make_room(ret_opening, text.len);
        put_opening(ret_opening, path, key, &(struct event_text){text.data, text.len});
        err = buf_error(ret_opening);
    }
    sodium_memzero(key, sizeof(key));
    wipe(&text);
    return err;
}

bool
seal_is_opening(const struct sealed *sealed, const char *path, const struct buf *opening,
    struct opening *ret_opening)
{
    char digest[OPENING_HEX + 1];
    return sealed->digest != NULL &&
           opening_parse(opening->data, opening->len, ret_opening) == OK &&
           strcmp(ret_opening->path, path) == 0 &&
           memcmp(opening_digest(opening->data, opening->len, digest), sealed->digest,
               OPENING_HEX) == 0;
}

enum err
seal_show(const struct subjects *subjects, const char *path, const char *text, size_t len,
    struct buf *ret_text)
{
    struct sealed sealed;
    enum err err = seal_parse(text, len, &sealed);
    if (err != OK) {
        buf_add(ret_text, text, len);
        return buf_error(ret_text);
    }
    if (seal_read(subjects, &sealed, path, ret_text) == OK) {
        return OK;
    }
    buf_add(ret_text, text, SEAL_SHOWN);
    return buf_error(ret_text);
}

/* The text of a member, or the next of its list; NULL: no more. */
static json_t *
text_at(json_t *value, size_t item)
{
    if (json_is_array(value)) {
        return json_array_get(value, item);
    }
    return item == 0 ? value : NULL;
}

bool
seal_next(const json_t *event, struct seal_place *place)
{
    const char *action = json_string_value(json_object_get(event, "action"));
    for (; place->row < COUNT(rows); place->row++, place->item = 0) {
        const struct personal *row = &rows[place->row];
        json_t *value = json_object_get(object_of(event, row), row->member);
        if (row->action != NULL && (action == NULL || strcmp(row->action, action) != 0)) {
            continue;
        }
        json_t *text;
        while ((text = text_at(value, place->item)) != NULL) {
            place->item++;
            place->path = row->path;
            place->is_listed = json_is_array(value);
            place->value = text;
            place->text = json_string_value(text);
            place->len = json_string_length(text);
            if (seal_parse(place->text, place->len, &place->sealed) == OK) {
                return true;
            }
        }
    }
    return false;
}
