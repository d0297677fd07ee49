/* One sorted table of prefixes; three binary searches, longest first. */
#include "catalog/mac.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/reader.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT   ((size_t)32 * 1024 * 1024)
#define NAMES_LIMIT  ((size_t)16 * 1024 * 1024)
#define PREFIX_LIMIT ((size_t)500000)

static const struct {
    const char *name;
    unsigned digits; /* hexadecimal */
} registries[] = {
    {"oui.csv",   6},
    {"mam.csv",   7},
    {"oui36.csv", 9},
};

/* 48 bits, the prefix at their top, then its length: sorts by prefix, finds by both. */
struct prefix {
    uint64_t key;
    const char *vendor;
};

struct mac_db {
    struct arena names;
    struct prefix *prefixes;
    size_t count;
    size_t size;
};

static uint64_t
key_of(uint64_t digits, unsigned digit_count)
{
    return digits << (4 * (12 - digit_count)) << 8 | digit_count;
}

/* One field of a CSV line (RFC 4180, within one line); true when another one follows. */
static bool
csv_field(struct reader *line, struct buf *field)
{
    bool is_quoted = false;
    buf_clear(field);
    while (reader_left(line) != 0) {
        char c = (char)reader_u8(line);
        bool next_is_quote = reader_left(line) != 0 && line->data[line->pos] == '"';
        if (c == '"' && is_quoted && next_is_quote) {
            buf_byte(field, reader_u8(line));
        } else if (c == '"') {
            is_quoted = !is_quoted;
        } else if (c == ',' && !is_quoted) {
            return true;
        } else {
            buf_byte(field, (uint8_t)c);
        }
    }
    return false;
}

static bool
parse_digits(const char *text, unsigned digit_count, uint64_t *ret_digits)
{
    uint64_t digits = 0;
    if (strlen(text) != digit_count) {
        return false;
    }
    for (const char *c = text; *c != '\0'; c++) {
        int value = text_hex_digit(*c);
        if (value < 0) {
            return false;
        }
        digits = digits << 4 | (uint64_t)value;
    }
    *ret_digits = digits;
    return true;
}

static enum err
add_prefix(struct mac_db *db, uint64_t key, const char *vendor)
{
    if (db->count >= PREFIX_LIMIT) {
        return ERR_LIMIT;
    }
    if (db->count == db->size) {
        size_t size = db->size == 0 ? 4096 : db->size * 2;
        struct prefix *prefixes = realloc(db->prefixes, size * sizeof(*prefixes));
        if (prefixes == NULL) {
            return ERR_MEMORY;
        }
        db->prefixes = prefixes;
        db->size = size;
    }
    char clean[128];
    text_clean(clean, sizeof(clean), vendor, strlen(vendor));
    const char *kept = arena_copy(&db->names, text_trim(clean));
    db->prefixes[db->count++] = (struct prefix){.key = key, .vendor = kept};
    return kept == NULL ? ERR_LIMIT : OK;
}

/* A line is Registry,Assignment,Organization Name,…; what is not such a line is passed over. */
static enum err
read_registry(struct mac_db *db, const struct buf *bytes, unsigned digit_count)
{
    struct reader file;
    reader_init(&file, bytes->data, bytes->len);
    CLEANUP(buf_release) struct buf assignment;
    CLEANUP(buf_release) struct buf name;
    buf_init(&assignment, 32);
    buf_init(&name, 1024);
    const char *text = NULL;
    size_t len = 0;
    enum err err = OK;
    while (err == OK && reader_line(&file, &text, &len)) {
        struct reader line;
        uint64_t digits = 0;
        reader_init(&line, text, len);
        bool is_row = csv_field(&line, &name);
        is_row = csv_field(&line, &assignment) && is_row;
        (void)csv_field(&line, &name);
        if (is_row && parse_digits(assignment.data, digit_count, &digits) && name.len != 0) {
            err = add_prefix(db, key_of(digits, digit_count), name.data);
        }
    }
    return err;
}

static enum err
load_registry(struct mac_db *db, const char *folder, size_t registry, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&path, 4096);
    buf_init(&bytes, FILE_LIMIT);
    buf_format(&path, "%s/%s", folder, registries[registry].name);
    enum err err = buf_error(&path);
    err = err == OK ? file_read(path.data, &bytes, NULL) : err;
    if (err != OK) {
        note_set(note, "%s/%s: %s; vendors by MAC address are incomplete (Debian: ieee-data)",
            folder, registries[registry].name, err_words(err));
        return OK;
    }
    return read_registry(db, &bytes, registries[registry].digits);
}

static int
compare(const void *a, const void *b)
{
    uint64_t x = ((const struct prefix *)a)->key;
    uint64_t y = ((const struct prefix *)b)->key;
    return x < y ? -1 : x > y;
}

enum err
mac_db_new(const char *folder, struct mac_db **ret_db, struct note *note)
{
    struct mac_db *db = calloc(1, sizeof(*db));
    if (db == NULL) {
        return ERR_MEMORY;
    }
    note_set(note, "%s", "");
    arena_init(&db->names, NAMES_LIMIT);
    enum err err = OK;
    for (size_t i = 0; i < COUNT(registries) && err == OK; i++) {
        err = load_registry(db, folder, i, note);
    }
    if (err != OK) {
        mac_db_free(db);
        return err;
    }
    if (db->count != 0) {
        qsort(db->prefixes, db->count, sizeof(*db->prefixes), compare);
    }
    *ret_db = db;
    return OK;
}

void
mac_db_free(struct mac_db *db)
{
    if (db != NULL) {
        arena_release(&db->names);
        free(db->prefixes);
        free(db);
    }
}

const char *
mac_vendor(const struct mac_db *db, const struct mac *mac)
{
    if (db->count == 0 || mac_is_local(mac) || (mac->bytes[0] & 1) != 0) {
        return NULL;
    }
    uint64_t whole = 0;
    for (size_t i = 0; i < sizeof(mac->bytes); i++) {
        whole = whole << 8 | mac->bytes[i];
    }
    for (size_t i = COUNT(registries); i > 0; i--) {
        unsigned digits = registries[i - 1].digits;
        const struct prefix wanted = {.key = key_of(whole >> (4 * (12 - digits)), digits)};
        const struct prefix *found =
            bsearch(&wanted, db->prefixes, db->count, sizeof(wanted), compare);
        if (found != NULL) {
            return found->vendor;
        }
    }
    return NULL;
}

size_t
mac_db_count(const struct mac_db *db)
{
    return db->count;
}
