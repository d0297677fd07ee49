/* The fingerprint database: files by key, first match wins. */
#include "catalog/fingerprint.h"

#include "base/buf.h"
#include "base/text.h"
#include "catalog/fingerprint_index.h"
#include "catalog/fingerprint_rule.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_LIMIT ((size_t)64 * 1024 * 1024)
#define KEY_LIMIT  1024
#define RULE_LIMIT ((size_t)65536)

/* One text may push this many patterns to their limit before it is given up. */
#define LIMITED_PER_TEXT 8

/* All fingerprints of one key, in the order in which they are tried. */
struct key_rules {
    const char *key;
    struct fingerprint_rule *rules;
    size_t count;
    struct fingerprint_index *index; /* made at the first match after a load */
};

struct fingerprint_db {
    struct arena rows;
    struct fingerprint_matcher matcher;
    struct key_rules *keys;
    size_t key_count;
    struct fingerprint_stats stats;
};

enum err
fingerprint_db_new(struct fingerprint_db **ret_db)
{
    struct fingerprint_db *db = calloc(1, sizeof(*db));
    if (db == NULL) {
        return ERR_MEMORY;
    }
    arena_init(&db->rows, ROWS_LIMIT);
    enum err err = fingerprint_rule_matcher_init(&db->matcher);
    if (err != OK) {
        fingerprint_db_free(db);
        return err;
    }
    *ret_db = db;
    return OK;
}

static void
release_rules(struct fingerprint_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fingerprint_rule_release(&rules[i]);
    }
    free(rules);
}

void
fingerprint_db_free(struct fingerprint_db *db)
{
    if (db == NULL) {
        return;
    }
    for (size_t i = 0; i < db->key_count; i++) {
        release_rules(db->keys[i].rules, db->keys[i].count);
        fingerprint_index_free(db->keys[i].index);
    }
    free(db->keys);
    fingerprint_rule_matcher_release(&db->matcher);
    arena_release(&db->rows);
    free(db);
}

static struct key_rules *
find_key(const struct fingerprint_db *db, const char *key)
{
    for (size_t i = 0; i < db->key_count; i++) {
        if (text_equal(db->keys[i].key, key)) {
            return &db->keys[i];
        }
    }
    return NULL;
}

static struct key_rules *
find_or_add_key(struct fingerprint_db *db, const char *key)
{
    struct key_rules *found = find_key(db, key);
    if (found != NULL || db->key_count >= KEY_LIMIT) {
        return found;
    }
    struct key_rules *keys = realloc(db->keys, (db->key_count + 1) * sizeof(*keys));
    if (keys == NULL) {
        return NULL;
    }
    db->keys = keys;
    keys[db->key_count] = (struct key_rules){.key = key};
    return &keys[db->key_count++];
}

/* Takes the new rules over: behind those of files that are preferred at least as much. */
static enum err
insert_rules(struct key_rules *key, const struct fingerprint_file *file,
    const struct fingerprint_rule *rules)
{
    size_t count = file->row_count;
    if (count == 0) {
        return OK;
    }
    if (key->count + count > RULE_LIMIT) {
        return ERR_LIMIT;
    }
    struct fingerprint_rule *all = realloc(key->rules, (key->count + count) * sizeof(*all));
    if (all == NULL) {
        return ERR_MEMORY;
    }
    key->rules = all;
    size_t at = 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): all below count are initialised */
    while (at < key->count && all[at].file->preference >= file->preference) {
        at++;
    }
    memmove(&all[at + count], &all[at], (key->count - at) * sizeof(*all));
    memcpy(&all[at], rules, count * sizeof(*all));
    key->count += count;
    fingerprint_index_free(key->index);
    key->index = NULL;
    return OK;
}

static enum err
compile_rules(
    const struct fingerprint_file *file, struct note *note, struct fingerprint_rule **ret_rules)
{
    struct fingerprint_rule *rules = calloc(file->row_count + 1, sizeof(*rules));
    if (rules == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < file->row_count; i++) {
        enum err err = fingerprint_rule_init(&rules[i], file, &file->rows[i], note);
        if (err != OK) {
            release_rules(rules, i);
            return err;
        }
    }
    *ret_rules = rules;
    return OK;
}

enum err
fingerprint_db_load(struct fingerprint_db *db, const char *path, struct note *note)
{
    struct fingerprint_file *file = arena_alloc(&db->rows, sizeof(*file));
    struct fingerprint_rule *rules = NULL;
    enum err err =
        file == NULL ? ERR_MEMORY : fingerprint_xml_read(path, false, &db->rows, file, note);
    if (err == OK) {
        err = compile_rules(file, note, &rules);
    }
    if (err != OK) {
        return err;
    }
    struct key_rules *key = find_or_add_key(db, file->key);
    err = key == NULL ? ERR_MEMORY : insert_rules(key, file, rules);
    if (err != OK) {
        release_rules(rules, file->row_count);
        return err;
    }
    free(rules); /* what they own moved */
    db->stats.files++;
    db->stats.fingerprints += file->row_count;
    return OK;
}

static int
is_fingerprint_file(const struct dirent *entry)
{
    return text_ends(entry->d_name, ".xml") ? 1 : 0;
}

static enum err
load_below(struct fingerprint_db *db, const char *folder, const char *name, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, 4096);
    buf_format(&path, "%s/%s", folder, name);
    enum err err = buf_error(&path);
    return err == OK ? fingerprint_db_load(db, path.data, note) : err;
}

enum err
fingerprint_db_load_folder(struct fingerprint_db *db, const char *path, struct note *note)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_fingerprint_file, alphasort);
    enum err err = count > 0 ? OK : ERR_MISSING;
    if (err != OK) {
        note_set(note, "%s: no fingerprint files (*.xml)", path);
    }
    for (int i = 0; i < count; i++) {
        if (err == OK) {
            err = load_below(db, path, entries[i]->d_name, note);
        }
        free(entries[i]);
    }
    free(entries);
    return err;
}

bool
fingerprint_db_has(const struct fingerprint_db *db, const char *key)
{
    return find_key(db, key) != NULL;
}

static enum err
make_index(struct key_rules *key)
{
    const char **patterns = calloc(key->count + 1, sizeof(*patterns));
    if (patterns == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < key->count; i++) {
        patterns[i] = key->rules[i].row->pattern;
    }
    enum err err = fingerprint_index_new(patterns, key->count, &key->index);
    free(patterns);
    return err;
}

enum err
fingerprint_db_match(struct fingerprint_db *db, const char *key, struct fingerprint_text text,
    struct arena *arena, struct fingerprint_match *ret_match)
{
    struct key_rules *set = find_key(db, key);
    if (set == NULL) {
        return ERR_MISSING;
    }
    enum err err = set->index == NULL ? make_index(set) : OK;
    if (err != OK) {
        return err;
    }
    db->stats.texts_cut += text.len > FINGERPRINT_TEXT_LIMIT ? 1 : 0;
    fingerprint_rule_matcher_begin(&db->matcher, text);
    size_t give_up = db->matcher.limited + LIMITED_PER_TEXT;
    fingerprint_index_scan(set->index, db->matcher.text.bytes, db->matcher.text.len);
    for (size_t i = fingerprint_index_next(set->index, 0); i < set->count;
         i = fingerprint_index_next(set->index, i + 1)) {
        err = fingerprint_rule_run(&set->rules[i], &db->matcher);
        if (err == OK) {
            return fingerprint_rule_values(&set->rules[i], &db->matcher, arena, ret_match);
        }
        if (db->matcher.limited >= give_up) {
            db->stats.texts_ended++;
            break;
        }
    }
    return ERR_MISSING;
}

struct fingerprint_stats
fingerprint_db_stats(const struct fingerprint_db *db)
{
    struct fingerprint_stats stats = db->stats;
    stats.limited = db->matcher.limited;
    stats.bytes = db->rows.used;
    for (size_t i = 0; i < db->key_count; i++) {
        for (size_t j = 0; j < db->keys[i].count; j++) {
            stats.bytes += fingerprint_rule_size(&db->keys[i].rules[j]);
        }
    }
    return stats;
}

const char *
fingerprint_match_value(const struct fingerprint_match *match, const char *name)
{
    for (size_t i = 0; i < match->count; i++) {
        if (text_equal(match->values[i].name, name)) {
            return match->values[i].value;
        }
    }
    return NULL;
}
