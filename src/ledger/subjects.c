/*
 * One line a key, all of one length: what is erased is overwritten where it stands, so that a power
 * cut leaves the key or not, never the file without its other keys.
 */
#include "ledger/subjects.h"

#include "base/clock.h"
#include "base/text.h"
#include "ledger/base64.h"
#include "ledger/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD     "gatehouse-subjects 1 "
#define KEY_TEXT 44 /* base64 of 32 bytes */
#define HEAD_LEN (sizeof(HEAD) - 1 + KEY_TEXT + 1)
#define HASH     8
#define HASH_AT  5                        /* "2026 " */
#define KEY_AT   (HASH_AT + 2 * HASH + 1) /* "2026 0123456789abcdef " */
#define LINE_LEN (KEY_AT + KEY_TEXT + 1)
#define FIRST    64u /* keys that there is room for at first */
#define FRESH_S  2   /* a change so young may not be the last of its time */
#define FREE     UINT32_MAX

struct line {
    struct subjects_id subject;
    uint8_t hash[HASH]; /* of name and year */
    bool is_live;
};

struct subjects {
    int fd;
    uint8_t *pepper; /* guarded; the keys follow it */
    uint8_t *keys;   /* inside the same memory, one a line */
    struct line *all;
    uint32_t *by_mark, *by_hash; /* open addressing, of live lines */
    uint32_t slots;              /* of each; a power of two */
    uint32_t lines, room;
    size_t live;
    unsigned first, last; /* years */
    struct timespec changed;
};

static uint32_t
slot_of(const struct subjects *subjects, const uint8_t *hash)
{
    uint32_t slot = 0;
    memcpy(&slot, hash, sizeof(slot));
    return slot & (subjects->slots - 1);
}

static bool
is_same(const struct subjects_id *a, const struct subjects_id *b)
{
    return a->year == b->year && memcmp(a->mark, b->mark, SUBJECTS_MARK) == 0;
}

/* The slot of the mark or hash in that year, or the free one where it would stand. */
static uint32_t *
find_mark(const struct subjects *subjects, const struct subjects_id *wanted)
{
    uint32_t at = slot_of(subjects, wanted->mark);
    for (;; at = (at + 1) & (subjects->slots - 1)) {
        uint32_t line = subjects->by_mark[at];
        if (line == FREE || is_same(&subjects->all[line].subject, wanted)) {
            return &subjects->by_mark[at];
        }
    }
}

static uint32_t *
find_hash(const struct subjects *subjects, unsigned year, const uint8_t *hash)
{
    uint32_t at = slot_of(subjects, hash);
    for (;; at = (at + 1) & (subjects->slots - 1)) {
        uint32_t line = subjects->by_hash[at];
        if (line == FREE || (subjects->all[line].subject.year == year &&
                                memcmp(subjects->all[line].hash, hash, HASH) == 0)) {
            return &subjects->by_hash[at];
        }
    }
}

static void
fill_tables(struct subjects *subjects)
{
    for (uint32_t i = 0; i < subjects->slots; i++) {
        subjects->by_mark[i] = FREE;
        subjects->by_hash[i] = FREE;
    }
    for (uint32_t i = 0; i < subjects->lines; i++) {
        const struct line *line = &subjects->all[i];
        if (line->is_live) {
            *find_mark(subjects, &line->subject) = i;
            *find_hash(subjects, line->subject.year, line->hash) = i;
        }
    }
}

bool
subjects_year(const char *text, unsigned *ret_year)
{
    *ret_year = 0;
    for (size_t i = 0; i < 4; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        *ret_year = *ret_year * 10 + (unsigned)(text[i] - '0');
    }
    return true;
}

/* Room for keys in guarded memory, which can't be made longer where it is. */
static enum err
make_keys(struct subjects *subjects, uint32_t room)
{
    uint8_t *bytes = sodium_malloc(((size_t)room + 1) * SUBJECTS_KEY);
    if (bytes == NULL) {
        return ERR_MEMORY;
    }
    if (subjects->pepper != NULL) {
        memcpy(bytes, subjects->pepper, ((size_t)subjects->lines + 1) * SUBJECTS_KEY);
        sodium_free(subjects->pepper);
    }
    subjects->pepper = bytes;
    subjects->keys = bytes + SUBJECTS_KEY;
    return OK;
}

static enum err
make_room(struct subjects *subjects)
{
    if (subjects->lines < subjects->room) {
        return OK;
    }
    if (subjects->lines >= SUBJECTS_MAX) {
        return ERR_LIMIT;
    }
    uint32_t room = subjects->room == 0 ? FIRST : subjects->room * 2;
    struct line *all = reallocarray(subjects->all, room, sizeof(*all));
    subjects->all = all != NULL ? all : subjects->all;
    uint32_t *by_mark = reallocarray(subjects->by_mark, (size_t)room * 2, sizeof(*by_mark));
    subjects->by_mark = by_mark != NULL ? by_mark : subjects->by_mark;
    uint32_t *by_hash = reallocarray(subjects->by_hash, (size_t)room * 2, sizeof(*by_hash));
    subjects->by_hash = by_hash != NULL ? by_hash : subjects->by_hash;
    if (all == NULL || by_mark == NULL || by_hash == NULL || make_keys(subjects, room) != OK) {
        return ERR_MEMORY;
    }
    subjects->room = room;
    subjects->slots = room * 2;
    fill_tables(subjects);
    return OK;
}

static void
hash_name(const struct subjects *subjects, const void *name, size_t len, unsigned year,
    uint8_t ret_hash[HASH])
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    crypto_generichash_state state;
    const uint8_t of_year[2] = {(uint8_t)(year >> 8), (uint8_t)year};
    (void)crypto_generichash_init(&state, subjects->pepper, SUBJECTS_KEY, sizeof(hash));
    (void)crypto_generichash_update(&state, of_year, sizeof(of_year));
    (void)crypto_generichash_update(&state, name, len);
    (void)crypto_generichash_final(&state, hash, sizeof(hash));
    memcpy(ret_hash, hash, HASH);
}

/* From the key, so that it tells nothing when that is gone. */
static void
mark_of(const uint8_t *key, uint8_t ret_mark[SUBJECTS_MARK])
{
    static const char what[] = "gatehouse mark of a subject";
    uint8_t hash[crypto_generichash_BYTES_MIN];
    (void)crypto_generichash(
        hash, sizeof(hash), (const uint8_t *)what, sizeof(what) - 1, key, SUBJECTS_KEY);
    memcpy(ret_mark, hash, SUBJECTS_MARK);
}

static bool
take_key(const char *text, uint8_t *out)
{
    size_t len = 0;
    return base64_decode(text, KEY_TEXT, out, SUBJECTS_KEY, &len) == OK && len == SUBJECTS_KEY;
}

/* The line whose key is in its place already. */
static void
enter(struct subjects *subjects, unsigned year, const uint8_t hash[HASH], bool is_live)
{
    struct line *line = &subjects->all[subjects->lines];
    *line = (struct line){.subject.year = year, .is_live = is_live};
    memcpy(line->hash, hash, HASH);
    if (is_live) {
        mark_of(subjects->keys + (size_t)subjects->lines * SUBJECTS_KEY, line->subject.mark);
        *find_mark(subjects, &line->subject) = subjects->lines;
        *find_hash(subjects, year, hash) = subjects->lines;
        subjects->first = year < subjects->first ? year : subjects->first;
        subjects->last = year > subjects->last ? year : subjects->last;
        subjects->live++;
    }
    subjects->lines++;
}

static enum err
take_line(struct subjects *subjects, const char *line)
{
    uint8_t hash[HASH] = {0};
    unsigned year = 0;
    enum err err = make_room(subjects);
    if (err != OK) {
        return err;
    }
    uint8_t *key = subjects->keys + (size_t)subjects->lines * SUBJECTS_KEY;
    bool is_erased = memchr(line + HASH_AT, '-', LINE_LEN - HASH_AT) != NULL;
    memset(key, 0, SUBJECTS_KEY);
    if (!subjects_year(line, &year) || line[HASH_AT - 1] != ' ' || line[KEY_AT - 1] != ' ' ||
        line[LINE_LEN - 1] != '\n' ||
        (!is_erased &&
            (!text_unhex(line + HASH_AT, hash, HASH) || !take_key(line + KEY_AT, key)))) {
        return ERR_SYNTAX;
    }
    enter(subjects, year, hash, !is_erased);
    return OK;
}

static enum err
take_head(struct subjects *subjects)
{
    char line[HEAD_LEN];
    if (pread(subjects->fd, line, HEAD_LEN, 0) != (ssize_t)HEAD_LEN ||
        memcmp(line, HEAD, sizeof(HEAD) - 1) != 0 || line[HEAD_LEN - 1] != '\n') {
        return ERR_SYNTAX;
    }
    enum err err = make_room(subjects);
    err = err == OK && !take_key(line + sizeof(HEAD) - 1, subjects->pepper) ? ERR_SYNTAX : err;
    sodium_memzero(line, sizeof(line));
    return err;
}

static off_t
place_of(uint32_t line)
{
    return (off_t)(HEAD_LEN + (size_t)line * LINE_LEN);
}

/* All whole lines; what is behind the last one was never said to be there. */
static enum err
take_lines(struct subjects *subjects)
{
    struct stat about;
    if (fstat(subjects->fd, &about) != 0) {
        return ERR_IO;
    }
    bool is_fresh = clock_wall() / 1000 - about.st_mtim.tv_sec < FRESH_S;
    subjects->changed = is_fresh ? (struct timespec){0} : about.st_mtim;
    subjects->lines = 0;
    subjects->live = 0;
    subjects->first = UINT_MAX;
    subjects->last = 0;
    fill_tables(subjects);
    char line[LINE_LEN];
    enum err err = OK;
    while (err == OK && place_of(subjects->lines + 1) <= about.st_size) {
        err = pread(subjects->fd, line, LINE_LEN, place_of(subjects->lines)) == (ssize_t)LINE_LEN
                  ? take_line(subjects, line)
                  : ERR_IO;
    }
    sodium_memzero(line, sizeof(line));
    return err;
}

/* A file that root makes for the keeper of another user. */
static bool
give_to_owner(int fd, int folder)
{
    struct stat above;
    return geteuid() != 0 ||
           (fstat(folder, &above) == 0 && fchown(fd, above.st_uid, above.st_gid) == 0);
}

enum err
subjects_create(int folder, const char *name, struct note *note)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        note_set(note, "%s: %s", name, strerror(errno));
        return errno == EEXIST ? ERR_VALUE : ERR_IO;
    }
    if (!give_to_owner(fd, folder)) {
        note_set(note, "%s: %s", name, strerror(errno));
        (void)close(fd);
        (void)unlinkat(folder, name, 0);
        return ERR_IO;
    }
    uint8_t pepper[SUBJECTS_KEY];
    char line[HEAD_LEN + 1] = HEAD;
    randombytes_buf(pepper, sizeof(pepper));
    (void)base64_encode(pepper, sizeof(pepper), line + sizeof(HEAD) - 1, KEY_TEXT + 1);
    line[HEAD_LEN - 1] = '\n';
    enum err err = disk_write(fd, line, HEAD_LEN, 0);
    err = err == OK ? disk_sync(fd) : err;
    err = err == OK ? disk_sync(folder) : err;
    (void)close(fd);
    sodium_memzero(pepper, sizeof(pepper));
    sodium_memzero(line, sizeof(line));
    if (err != OK) {
        note_set(note, "%s: %s", name, disk_trouble());
        (void)unlinkat(folder, name, 0); /* half of it would stop every keeper */
    }
    return err;
}

enum err
subjects_open(int folder, const char *name, bool is_writable, struct subjects **ret_subjects,
    struct note *note)
{
    int fd = openat(folder, name, (is_writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        note_set(note, "%s: %s", name, strerror(errno));
        return errno == ENOENT ? ERR_MISSING : ERR_IO;
    }
    struct subjects *subjects = calloc(1, sizeof(*subjects));
    if (subjects == NULL) {
        (void)close(fd);
        return ERR_MEMORY;
    }
    subjects->fd = fd;
    enum err err = take_head(subjects);
    err = err == OK ? take_lines(subjects) : err;
    if (err != OK) {
        note_set(note, "%s: line %u is no key of a subject", name, (unsigned)subjects->lines + 2);
        subjects_close(subjects);
        return err;
    }
    *ret_subjects = subjects;
    return OK;
}

enum err
subjects_folder(const char *ledger, struct buf *ret_path)
{
    char real[PATH_MAX];
    const char *slash = strrchr(ledger, '/');
    const char *last = slash == NULL ? ledger : slash + 1;
    if ((text_equal(last, ".") || text_equal(last, "..")) && realpath(ledger, real) != NULL) {
        ledger = real; /* what lies beside it has no name otherwise */
    }
    size_t len = strlen(ledger);
    while (len > 1 && ledger[len - 1] == '/') {
        len--;
    }
    buf_add(ret_path, ledger, len);
    buf_text(ret_path, "-keys");
    return buf_error(ret_path);
}

enum err
subjects_beside(const char *ledger, struct subjects **ret_subjects, struct note *note)
{
    CLEANUP(buf_release) struct buf keys;
    buf_init(&keys, PATH_MAX);
    *ret_subjects = NULL;
    return subjects_folder(ledger, &keys) == OK ? subjects_in(keys.data, ret_subjects, note) : OK;
}

enum err
subjects_in(const char *keys, struct subjects **ret_subjects, struct note *note)
{
    int folder = open(keys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *ret_subjects = NULL;
    if (folder < 0) {
        return OK;
    }
    enum err err = faccessat(folder, SUBJECTS_FILE, R_OK, AT_EACCESS) != 0
                       ? OK
                       : subjects_open(folder, SUBJECTS_FILE, false, ret_subjects, note);
    (void)close(folder);
    return err;
}

void
subjects_close(struct subjects *subjects)
{
    if (subjects != NULL) {
        (void)close(subjects->fd);
        sodium_free(subjects->pepper);
        free(subjects->all);
        free(subjects->by_mark);
        free(subjects->by_hash);
        free(subjects);
    }
}

enum err
subjects_find(const struct subjects *subjects, const void *name, size_t len, unsigned year,
    struct subjects_id *ret_subject)
{
    uint8_t hash[HASH];
    hash_name(subjects, name, len, year, hash);
    uint32_t line = *find_hash(subjects, year, hash);
    if (line == FREE) {
        return ERR_MISSING;
    }
    *ret_subject = subjects->all[line].subject;
    return OK;
}

const uint8_t *
subjects_key(const struct subjects *subjects, const struct subjects_id *subject)
{
    uint32_t line = *find_mark(subjects, subject);
    return line == FREE ? NULL : subjects->keys + (size_t)line * SUBJECTS_KEY;
}

enum err
subjects_need(struct subjects *subjects, const void *name, size_t len, unsigned year,
    struct subjects_id *ret_subject)
{
    if (subjects_find(subjects, name, len, year, ret_subject) == OK) {
        return OK;
    }
    bool is_over = len != 0 && subjects->lines >= SUBJECTS_MAX; /* nobody's is one a year */
    enum err err = year > 9999 ? ERR_VALUE : is_over ? ERR_LIMIT : make_room(subjects);
    if (err != OK) {
        return err;
    }
    char line[LINE_LEN + 1];
    char text[2 * HASH + 1];
    uint8_t hash[HASH];
    uint8_t *key = subjects->keys + (size_t)subjects->lines * SUBJECTS_KEY;
    randombytes_buf(key, SUBJECTS_KEY);
    hash_name(subjects, name, len, year, hash);
    text_hex(text, hash, HASH);
    (void)snprintf(line, sizeof(line), "%04u %s ", year, text);
    (void)base64_encode(key, SUBJECTS_KEY, line + KEY_AT, KEY_TEXT + 1);
    line[LINE_LEN - 1] = '\n';
    err = disk_write(subjects->fd, line, LINE_LEN, place_of(subjects->lines));
    err = err == OK ? disk_sync(subjects->fd) : err;
    sodium_memzero(line, sizeof(line));
    if (err == OK) {
        enter(subjects, year, hash, true);
        *ret_subject = subjects->all[subjects->lines - 1].subject;
    }
    return err;
}

/* What is erased, behind its year. */
static void
put_nothing(char line[LINE_LEN])
{
    memset(line + HASH_AT, '-', LINE_LEN - 1 - HASH_AT);
    line[KEY_AT - 1] = ' ';
}

static enum err
write_nothing(struct subjects *subjects, uint32_t at)
{
    char nothing[LINE_LEN];
    put_nothing(nothing);
    return disk_write(
        subjects->fd, nothing + HASH_AT, LINE_LEN - 1 - HASH_AT, place_of(at) + (off_t)HASH_AT);
}

enum err
subjects_finish(struct subjects *subjects)
{
    bool is_changed = false;
    enum err err = OK;
    for (uint32_t i = 0; i < subjects->lines && err == OK; i++) {
        char line[LINE_LEN];
        char nothing[LINE_LEN];
        if (subjects->all[i].is_live) {
            continue;
        }
        if (pread(subjects->fd, line, LINE_LEN, place_of(i)) != (ssize_t)LINE_LEN) {
            return ERR_IO;
        }
        put_nothing(nothing);
        if (memcmp(line + HASH_AT, nothing + HASH_AT, LINE_LEN - 1 - HASH_AT) != 0) {
            is_changed = true;
            err = write_nothing(subjects, i);
        }
        sodium_memzero(line, sizeof(line));
    }
    return err == OK && is_changed ? disk_sync(subjects->fd) : err;
}

static enum err
overwrite(struct subjects *subjects, uint32_t at)
{
    struct line *line = &subjects->all[at];
    enum err err = write_nothing(subjects, at);
    if (err == OK) {
        sodium_memzero(subjects->keys + (size_t)at * SUBJECTS_KEY, SUBJECTS_KEY);
        *line = (struct line){.subject.year = line->subject.year};
        subjects->live--;
    }
    return err;
}

/* Overwrites every line of the years before and, when it is given, of the name. */
static enum err
erase(struct subjects *subjects, unsigned before, const void *name, size_t len, size_t *ret_count)
{
    enum err err = OK;
    *ret_count = 0;
    for (uint32_t i = 0; i < subjects->lines && err == OK; i++) {
        const struct line *line = &subjects->all[i];
        uint8_t hash[HASH];
        memcpy(hash, line->hash, HASH);
        if (name != NULL) {
            hash_name(subjects, name, len, line->subject.year, hash);
        }
        if (line->is_live && line->subject.year < before && memcmp(hash, line->hash, HASH) == 0) {
            err = overwrite(subjects, i);
            *ret_count += err == OK;
        }
    }
    fill_tables(subjects);
    return err == OK ? disk_sync(subjects->fd) : err;
}

enum err
subjects_erase(struct subjects *subjects, const void *name, size_t len, size_t *ret_count)
{
    return erase(subjects, UINT_MAX, name, len, ret_count);
}

enum err
subjects_erase_before(struct subjects *subjects, unsigned year, size_t *ret_count)
{
    return erase(subjects, year, NULL, 0, ret_count);
}

size_t
subjects_count(const struct subjects *subjects)
{
    return subjects->live;
}

void
subjects_years(const struct subjects *subjects, unsigned *ret_first, unsigned *ret_last)
{
    *ret_first = subjects->first;
    *ret_last = subjects->last;
}

enum err
subjects_refresh(struct subjects *subjects)
{
    struct stat about;
    if (fstat(subjects->fd, &about) != 0) {
        return ERR_IO;
    }
    bool is_same_time = about.st_mtim.tv_sec == subjects->changed.tv_sec &&
                        about.st_mtim.tv_nsec == subjects->changed.tv_nsec;
    if (is_same_time &&
        about.st_size / (off_t)LINE_LEN == place_of(subjects->lines) / (off_t)LINE_LEN) {
        return OK;
    }
    return take_lines(subjects);
}
