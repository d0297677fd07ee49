/*
 * One line a key, all of one length: what is erased is overwritten where it stands, so that a power
 * cut leaves the key or not, never the file without its other keys.
 */
#include "ledger/subjects.h"

#include "base/text.h"
#include "ledger/base64.h"
#include "ledger/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD     "gatehouse-subjects 1 "
#define KEY_TEXT 44 /* base64 of 32 bytes */
#define HEAD_LEN (sizeof(HEAD) - 1 + KEY_TEXT + 1)
#define KEY_AT   (4 + 1 + 2 * SUBJECT_MARK + 1) /* "2026 0123456789abcdef " */
#define LINE_LEN (KEY_AT + KEY_TEXT + 1)
#define FIRST    64u /* keys that there is room for at first */

static_assert(crypto_generichash_BYTES_MIN <= 16, "a mark is the beginning of a hash");

struct row {
    struct subject subject;
    uint32_t line; /* its place in the file and in `keys` */
};

struct subjects {
    int fd;
    bool is_writable;
    uint8_t *pepper;    /* guarded; the keys follow it */
    uint8_t *keys;      /* inside the same memory */
    struct row *rows;   /* open addressing by mark; line UINT32_MAX: free */
    uint32_t row_count; /* a power of two */
    uint32_t lines, room;
    size_t live;
};

static uint32_t
slot_of(const struct subjects *subjects, const struct subject *subject)
{
    uint32_t hash = 0;
    memcpy(&hash, subject->mark, sizeof(hash));
    return (hash ^ subject->year) & (subjects->row_count - 1);
}

static bool
is_same(const struct subject *a, const struct subject *b)
{
    return a->year == b->year && memcmp(a->mark, b->mark, SUBJECT_MARK) == 0;
}

/* The row of the subject, or the free one where it would stand. */
static struct row *
find(const struct subjects *subjects, const struct subject *subject)
{
    uint32_t at = slot_of(subjects, subject);
    while (
        subjects->rows[at].line != UINT32_MAX && !is_same(&subjects->rows[at].subject, subject)) {
        at = (at + 1) & (subjects->row_count - 1);
    }
    return &subjects->rows[at];
}

/* A table of twice the room for rows, all free. */
static enum err
make_rows(struct subjects *subjects, uint32_t room)
{
    struct row *rows = calloc((size_t)room * 2, sizeof(*rows));
    if (rows == NULL) {
        return ERR_MEMORY;
    }
    struct row *old = subjects->rows;
    uint32_t old_count = subjects->row_count;
    subjects->rows = rows;
    subjects->row_count = room * 2;
    for (uint32_t i = 0; i < subjects->row_count; i++) {
        rows[i].line = UINT32_MAX;
    }
    for (uint32_t i = 0; i < old_count; i++) {
        if (old[i].line != UINT32_MAX) {
            *find(subjects, &old[i].subject) = old[i];
        }
    }
    free(old);
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
    uint8_t *bytes = sodium_malloc(((size_t)room + 1) * SUBJECT_KEY);
    if (bytes == NULL) {
        return ERR_MEMORY;
    }
    if (subjects->pepper != NULL) {
        memcpy(bytes, subjects->pepper, ((size_t)subjects->lines + 1) * SUBJECT_KEY);
        sodium_free(subjects->pepper);
    }
    subjects->pepper = bytes;
    subjects->keys = bytes + SUBJECT_KEY;
    subjects->room = room;
    return make_rows(subjects, room);
}

static bool
take_key(const char *text, uint8_t *out)
{
    size_t len = 0;
    return base64_decode(text, KEY_TEXT, out, SUBJECT_KEY, &len) == OK && len == SUBJECT_KEY;
}

static bool
take_mark(const char *text, uint8_t *out)
{
    for (size_t i = 0; i < SUBJECT_MARK; i++) {
        int high = text_hex_digit(text[2 * i]);
        int low = text_hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static bool
take_year(const char *text, unsigned *ret_year)
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

/* A later line of the same subject takes the place of an earlier one, which was erased. */
static void
enter(struct subjects *subjects, const struct subject *subject, bool is_live)
{
    struct row *row = find(subjects, subject);
    *row = (struct row){*subject, subjects->lines};
    subjects->lines++;
    subjects->live += is_live;
}

static enum err
take_line(struct subjects *subjects, const char *line)
{
    static const uint8_t nothing[SUBJECT_KEY];
    struct subject subject;
    enum err err = make_room(subjects);
    if (err != OK) {
        return err;
    }
    uint8_t *key = subjects->keys + (size_t)subjects->lines * SUBJECT_KEY;
    bool is_erased = memchr(line + KEY_AT, '-', KEY_TEXT) != NULL;
    memcpy(key, nothing, SUBJECT_KEY);
    if (!take_year(line, &subject.year) || line[4] != ' ' || !take_mark(line + 5, subject.mark) ||
        line[KEY_AT - 1] != ' ' || line[LINE_LEN - 1] != '\n' ||
        (!is_erased && !take_key(line + KEY_AT, key))) {
        return ERR_SYNTAX;
    }
    enter(subjects, &subject, !is_erased);
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
    char line[LINE_LEN];
    enum err err = OK;
    while (err == OK && place_of(subjects->lines + 1) <= about.st_size) {
        err = pread(subjects->fd, line, LINE_LEN, place_of(subjects->lines)) == (ssize_t)LINE_LEN
                  ? take_line(subjects, line)
                  : ERR_IO;
    }
    sodium_memzero(line, sizeof(line));
    bool is_torn = about.st_size != place_of(subjects->lines);
    if (err == OK && is_torn && subjects->is_writable) {
        err = disk_truncate(subjects->fd, place_of(subjects->lines));
    }
    return err;
}

enum err
subjects_create(int folder, const char *name, struct note *note)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        note_set(note, "%s: %s", name, strerror(errno));
        return errno == EEXIST ? ERR_VALUE : ERR_IO;
    }
    uint8_t pepper[SUBJECT_KEY];
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
    subjects->is_writable = is_writable;
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

void
subjects_close(struct subjects *subjects)
{
    if (subjects != NULL) {
        (void)close(subjects->fd);
        sodium_free(subjects->pepper);
        free(subjects->rows);
        free(subjects);
    }
}

void
subjects_mark(const struct subjects *subjects, const void *name, size_t len, unsigned year,
    struct subject *ret_subject)
{
    uint8_t hash[16];
    crypto_generichash_state state;
    const uint8_t of_year[2] = {(uint8_t)(year >> 8), (uint8_t)year};
    (void)crypto_generichash_init(&state, subjects->pepper, SUBJECT_KEY, sizeof(hash));
    (void)crypto_generichash_update(&state, of_year, sizeof(of_year));
    (void)crypto_generichash_update(&state, name, len);
    (void)crypto_generichash_final(&state, hash, sizeof(hash));
    ret_subject->year = year;
    memcpy(ret_subject->mark, hash, SUBJECT_MARK);
}

const uint8_t *
subjects_key(const struct subjects *subjects, const struct subject *subject)
{
    const struct row *row = find(subjects, subject);
    if (row->line == UINT32_MAX) {
        return NULL;
    }
    const uint8_t *key = subjects->keys + (size_t)row->line * SUBJECT_KEY;
    return sodium_is_zero(key, SUBJECT_KEY) ? NULL : key;
}

enum err
subjects_need(struct subjects *subjects, const struct subject *subject)
{
    if (subjects_key(subjects, subject) != NULL) {
        return OK;
    }
    enum err err = subject->year > 9999 ? ERR_VALUE : make_room(subjects);
    if (err != OK) {
        return err;
    }
    char line[LINE_LEN + 1];
    char mark[2 * SUBJECT_MARK + 1];
    uint8_t *key = subjects->keys + (size_t)subjects->lines * SUBJECT_KEY;
    randombytes_buf(key, SUBJECT_KEY);
    text_hex(mark, subject->mark, SUBJECT_MARK);
    (void)snprintf(line, sizeof(line), "%04u %s ", subject->year, mark);
    (void)base64_encode(key, SUBJECT_KEY, line + KEY_AT, KEY_TEXT + 1);
    line[LINE_LEN - 1] = '\n';
    err = disk_write(subjects->fd, line, LINE_LEN, place_of(subjects->lines));
    err = err == OK ? disk_sync(subjects->fd) : err;
    sodium_memzero(line, sizeof(line));
    if (err == OK) {
        enter(subjects, subject, true);
    }
    return err;
}

static enum err
overwrite(struct subjects *subjects, uint32_t line, size_t *ret_count)
{
    char nothing[KEY_TEXT];
    uint8_t *key = subjects->keys + (size_t)line * SUBJECT_KEY;
    memset(nothing, '-', sizeof(nothing));
    if (sodium_is_zero(key, SUBJECT_KEY)) {
        return OK;
    }
    enum err err = disk_write(subjects->fd, nothing, KEY_TEXT, place_of(line) + (off_t)KEY_AT);
    if (err == OK) {
        sodium_memzero(key, SUBJECT_KEY);
        subjects->live--;
        (*ret_count)++;
    }
    return err;
}

/* Overwrites the key of every row that `year` and the name (NULL: any) fit. */
static enum err
erase(struct subjects *subjects, unsigned before, const void *name, size_t len, size_t *ret_count)
{
    enum err err = OK;
    *ret_count = 0;
    for (uint32_t i = 0; i < subjects->row_count && err == OK; i++) {
        const struct row *row = &subjects->rows[i];
        struct subject wanted = row->subject;
        if (row->line == UINT32_MAX || row->subject.year >= before) {
            continue;
        }
        if (name != NULL) {
            subjects_mark(subjects, name, len, row->subject.year, &wanted);
        }
        if (is_same(&wanted, &row->subject)) {
            err = overwrite(subjects, row->line, ret_count);
        }
    }
    return err == OK ? disk_sync(subjects->fd) : err;
}

enum err
subjects_erase(struct subjects *subjects, const void *name, size_t len, size_t *ret_count)
{
    return erase(subjects, UINT32_MAX, name, len, ret_count);
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
