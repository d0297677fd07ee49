/* The folder of imported rows: read, verified, replaced. */
#include "catalog/imported.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/reader.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_LIMIT 4096
#define ROWS       "imported.jsonl"
#define BUNDLE     "bundle.jsonl"
#define KEY        "local.key"

enum err
imported_folder(const char *store, struct buf *ret_folder)
{
    const char *slash = store == NULL ? NULL : strrchr(store, '/');
    if (store == NULL) {
        enum err err = file_xdg("STATE", ret_folder);
        if (err != OK) {
            return err;
        }
    } else if (slash == NULL) {
        buf_text(ret_folder, ".");
    } else {
        buf_add(ret_folder, store, (size_t)(slash - store));
    }
    buf_text(ret_folder, "/catalog");
    return buf_error(ret_folder);
}

struct path {
    char text[PATH_LIMIT];
};

static struct path
place(const char *folder, const char *name)
{
    struct path path;
    (void)snprintf(path.text, sizeof(path.text), "%.4000s/%s", folder, name);
    return path;
}

/* A file whose first line is the seal of the rest. */
static enum err
read_sealed(
    const struct path *path, const struct seal_ring *ring, struct buf *ret_rest, struct note *note)
{
    char seal[SEAL_LIMIT];
    const char *signer = NULL;
    CLEANUP(buf_release) struct buf whole;
    buf_init(&whole, CATALOG_LIMIT);
    enum err err = file_read(path->text, &whole, note);
    if (err != OK) {
        return err;
    }
    const char *end = whole.len == 0 ? NULL : memchr(whole.data, '\n', whole.len);
    size_t len = end == NULL ? 0 : (size_t)(end - whole.data);
    if (len == 0 || len >= sizeof(seal)) {
        note_set(note, "%s: begins with no signature", path->text);
        return ERR_VALUE;
    }
    memcpy(seal, whole.data, len);
    seal[len] = '\0';
    buf_add(ret_rest, end + 1, whole.len - len - 1);
    struct note why = {""};
    err = buf_error(ret_rest);
    if (err == OK && seal_verify(ret_rest, seal, ring, &signer, &why) != OK) {
        note_set(note,
            "%.140s: changed since it was written, so it is not used; remove it and import again",
            path->text);
        err = ERR_VALUE;
    }
    return err;
}

/* The rows with their header; ERR_MISSING when nothing was imported yet. */
static enum err
read_rows(const char *folder, struct buf *ret_rows, struct note *note)
{
    struct seal_identity identity;
    struct path path = place(folder, ROWS);
    struct path key = place(folder, KEY);
    if (access(path.text, F_OK) != 0) {
        return ERR_MISSING;
    }
    enum err err = seal_identify(key.text, &identity, note);
    if (err != OK) {
        return ERR_VALUE;
    }
    const struct seal_key row = {identity.name, identity.public_key};
    const struct seal_ring ring = {&row, 1};
    err = read_sealed(&path, &ring, ret_rows, note);
    return err == ERR_MISSING ? ERR_VALUE : err;
}

static void
header_date(const struct buf *text, char out[16])
{
    size_t len = strcspn(text->len == 0 ? "" : text->data, "\n");
    json_t *row = json_loadb(text->data, len, 0, NULL);
    (void)text_copy(out, 16, import_text(row, "date"));
    json_decref(row);
}

/* The newer of the embedded catalogue and the bundle. */
static enum err
read_base(const char *folder, struct buf *ret_text, const char **ret_signer,
    struct imported_state *state, struct note *note)
{
    const struct seal_ring ring = {seal_keys, seal_key_count};
    struct path path = place(folder, BUNDLE);
    char embedded[16], bundled[16];
    CLEANUP(buf_release) struct buf bundle;
    buf_init(&bundle, CATALOG_LIMIT);
    enum err err = catalog_embedded_text(ret_text, ret_signer, note);
    if (access(path.text, F_OK) != 0) {
        return err;
    }
    if (read_sealed(&path, &ring, &bundle, &state->trouble) != OK) {
        return err;
    }
    header_date(ret_text, embedded);
    header_date(&bundle, bundled);
    if (err != OK || strcmp(bundled, embedded) > 0) {
        buf_clear(ret_text);
        buf_add(ret_text, bundle.data, bundle.len);
        (void)text_copy(state->bundle_date, sizeof(state->bundle_date), bundled);
        err = buf_error(ret_text);
    }
    return err;
}

static void
add_rows(struct buf *text, const struct buf *rows)
{
    const char *first = rows->len == 0 ? NULL : memchr(rows->data, '\n', rows->len);
    if (first != NULL) {
        buf_add(text, first + 1, rows->len - (size_t)(first + 1 - rows->data));
    }
}

static size_t
count_imported(const struct catalog *catalog)
{
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        count += catalog->rows[i].part[0] == '\0' ? 0 : 1;
    }
    return count;
}

enum err
imported_open(const char *folder, struct catalog **ret_catalog, struct imported_state *ret_state,
    struct note *note)
{
    const char *signer = "";
    CLEANUP(buf_release) struct buf text;
    CLEANUP(buf_release) struct buf rows;
    buf_init(&text, 2 * CATALOG_LIMIT);
    buf_init(&rows, CATALOG_LIMIT);
    memset(ret_state, 0, sizeof(*ret_state));
    enum err err = read_base(folder, &text, &signer, ret_state, note);
    if (err != OK) {
        return err;
    }
    if (read_rows(folder, &rows, &ret_state->trouble) == OK) {
        header_date(&rows, ret_state->date);
        add_rows(&text, &rows);
    }
    err = buf_error(&text);
    if (err == OK) {
        err = catalog_parse(text.data, text.len, ret_catalog, note);
    }
    if (err == OK) {
        (*ret_catalog)->signer = signer;
        ret_state->rows = count_imported(*ret_catalog);
    }
    return err;
}

void
imported_use(const char *store, struct note *ret_trouble)
{
    struct imported_state state;
    struct catalog *catalog = NULL;
    CLEANUP(buf_release) struct buf folder;
    buf_init(&folder, PATH_LIMIT);
    ret_trouble->text[0] = '\0';
    if (imported_folder(store, &folder) != OK) {
        return;
    }
    if (imported_open(folder.data, &catalog, &state, ret_trouble) == OK) {
        *ret_trouble = state.trouble;
        catalog_use(catalog);
    }
}

/* Whether a row came from a record that is imported anew. */
static bool
is_replaced(const struct import *import, const json_t *row)
{
    char key[128];
    const char *flag = import_text(row, "kev");
    if (flag[0] != '\0') {
        (void)snprintf(key, sizeof(key), "KEV %.60s", flag);
    } else {
        (void)snprintf(
            key, sizeof(key), "%.40s %.60s", import_text(row, "source"), import_text(row, "id"));
    }
    return json_object_get(import->records, key) != NULL;
}

/* Old lines whose records did not come again. */
static void
keep_old(const struct import *import, const struct buf *old, struct buf *out, size_t *total)
{
    struct reader reader;
    const char *line = NULL;
    size_t len = 0;
    reader_init(&reader, old->data, old->len);
    (void)reader_line(&reader, &line, &len);
    while (reader_line(&reader, &line, &len)) {
        json_t *row = json_loadb(line, len, 0, NULL);
        if (row != NULL && !is_replaced(import, row)) {
            buf_add(out, line, len);
            buf_byte(out, '\n');
            (*total)++;
        }
        json_decref(row);
    }
}

static enum err
write_sealed(const struct path *path, const struct buf *rest, const char *seal, struct note *note)
{
    CLEANUP(buf_release) struct buf whole;
    buf_init(&whole, CATALOG_LIMIT + SEAL_LIMIT);
    buf_add(&whole, seal, strcspn(seal, "\n"));
    buf_byte(&whole, '\n');
    buf_add(&whole, rest->data, rest->len);
    enum err err = buf_error(&whole);
    return err != OK ? err : file_write(path->text, whole.data, whole.len, 0600, note);
}

static enum err
sign_rows(const char *folder, const struct buf *rows, struct note *note)
{
    struct path path = place(folder, ROWS);
    struct path key = place(folder, KEY);
    CLEANUP(buf_release) struct buf seal;
    buf_init(&seal, SEAL_LIMIT);
    enum err err = OK;
    if (access(key.text, F_OK) != 0) {
        err = seal_generate(key.text, "this-machine", note);
    }
    if (err == OK) {
        err = seal_sign(key.text, rows->data, rows->len, &seal, note);
    }
    return err != OK ? err : write_sealed(&path, rows, seal.data, note);
}

enum err
imported_add(const char *folder, const struct import *import, size_t *ret_total, struct note *note)
{
    char day[CLOCK_TEXT];
    size_t total = import->rows;
    struct catalog *check = NULL;
    CLEANUP(buf_release) struct buf old;
    CLEANUP(buf_release) struct buf rows;
    buf_init(&old, CATALOG_LIMIT);
    buf_init(&rows, CATALOG_LIMIT);
    enum err err = file_make_folder(folder, note);
    if (err != OK) {
        return err;
    }
    err = read_rows(folder, &old, note);
    if (err != OK && err != ERR_MISSING) {
        return err;
    }
    buf_format(&rows, "{\"catalog\": 1, \"name\": \"imported\", \"date\": \"%s\"}\n",
        clock_date(clock_wall(), day));
    keep_old(import, &old, &rows, &total);
    buf_add(&rows, import->lines.len == 0 ? "" : import->lines.data, import->lines.len);
    err = buf_error(&rows);
    if (err == OK) {
        err = catalog_parse(rows.data, rows.len, &check, note);
    }
    if (err == OK) {
        catalog_free(check);
        err = sign_rows(folder, &rows, note);
    }
    if (err == OK) {
        *ret_total = total;
    }
    return err;
}

enum err
imported_take_bundle(
    const char *folder, const struct buf *bytes, const char *seal, struct note *note)
{
    const struct seal_ring ring = {seal_keys, seal_key_count};
    const char *signer = NULL;
    const char *ignored = NULL;
    struct path path = place(folder, BUNDLE);
    struct catalog *catalog = NULL;
    char date[16], now[16];
    CLEANUP(buf_release) struct buf embedded;
    buf_init(&embedded, CATALOG_LIMIT);
    enum err err = seal_verify(bytes, seal, &ring, &signer, note);
    if (err == OK) {
        err = catalog_parse(bytes->data, bytes->len, &catalog, note);
    }
    if (err != OK) {
        return err;
    }
    catalog_free(catalog);
    header_date(bytes, date);
    now[0] = '\0';
    if (catalog_embedded_text(&embedded, &ignored, note) == OK) {
        header_date(&embedded, now);
    }
    if (strcmp(date, now) <= 0) {
        note_set(
            note, "it is of %s and no newer than the catalogue of %s in this program", date, now);
        return ERR_VALUE;
    }
    err = file_make_folder(folder, note);
    return err != OK ? err : write_sealed(&path, bytes, seal, note);
}

bool
imported_is_bundle(const char *bytes, size_t len)
{
    const char *end = memchr(bytes, '\n', len);
    json_t *row = end == NULL ? NULL : json_loadb(bytes, (size_t)(end - bytes), 0, NULL);
    bool is_bundle = json_is_integer(json_object_get(row, "catalog"));
    json_decref(row);
    return is_bundle;
}
