/*
 * Keys that personal fields of events are sealed under: one for each subject and year, so that one
 * person's data, or all of a year, can be erased while every entry stays as it was hashed. The file
 * is the keeper's alone to change; who may read it can open names (doc/ledger-format.md, "Sealed
 * fields"). It has no names, only keyed hashes to find a key by. The mark that entries have comes
 * from the key: when that is erased, nobody can tell whose mark it was.
 */
#pragma once

#include "base/buf.h"

#define SUBJECTS_FILE "subjects" /* beside the ledger's key */
#define SUBJECTS_MAX  1000000u   /* keys of a file */

#define SUBJECTS_MARK 8
#define SUBJECTS_KEY  32

struct subjects_id {
    unsigned year;
    uint8_t mark[SUBJECTS_MARK];
};

struct subjects;

/* Of four digits; false: one is none. */
bool subjects_year(const char *digits, unsigned *ret_year);

/*
 * Makes the file, 0600, durable; ERR_VALUE when there is one. Made by root it belongs to the
 * folder's owner, as the keeper's user. The program has run secret_start().
 */
enum err subjects_create(int folder, const char *name, struct note *note) MUST_CHECK;
/*
 * Reads it, and leaves a torn last line to the next key to cover. One that is writable is the
 * keeper's. ERR_MISSING: none; ERR_SYNTAX; ERR_IO, also when it is not for this user; the note says
 * which.
 */
enum err subjects_open(int folder, const char *name, bool is_writable,
    struct subjects **ret_subjects, struct note *note) MUST_CHECK;
/* Appends where the keys of a ledger lie unless told: its path plus "-keys". */
enum err subjects_folder(const char *ledger, struct buf *ret_path) MUST_CHECK;
/*
 * For who reads a ledger, from there. OK and NULL:
 * there are none, or they are not for this user.
 */
enum err subjects_beside(
    const char *ledger, struct subjects **ret_subjects, struct note *note) MUST_CHECK;
/* The same from that folder of keys. */
enum err subjects_in(
    const char *keys, struct subjects **ret_subjects, struct note *note) MUST_CHECK;
/* NULL is allowed. */
void subjects_close(struct subjects *subjects);

/* Who that is in a year, the name being any bytes; ERR_MISSING: erased, or never there. */
enum err subjects_find(const struct subjects *subjects, const void *name, size_t len, unsigned year,
    struct subjects_id *ret_subject) MUST_CHECK;
/*
 * The same, with a new key where there is none; durable on return. ERR_FULL, ERR_IO, ERR_LIMIT.
 * Nobody's (no name) is made over the limit too.
 */
enum err subjects_need(struct subjects *subjects, const void *name, size_t len, unsigned year,
    struct subjects_id *ret_subject) MUST_CHECK;
/* The key, NULL: erased, or never there. Valid until the next call that may add one. */
const uint8_t *subjects_key(const struct subjects *subjects, const struct subjects_id *subject);

/* Overwrites the subject's keys of all years, durably; how many there were. */
enum err subjects_erase(
    struct subjects *subjects, const void *name, size_t len, size_t *ret_count) MUST_CHECK;
/* The same for everybody's keys of the years before. */
enum err subjects_erase_before(
    struct subjects *subjects, unsigned year, size_t *ret_count) MUST_CHECK;
/*
 * Overwrites to the end what a power cut left half erased; durable on return. For the keeper alone,
 * when it has the ledger.
 */
enum err subjects_finish(struct subjects *subjects) MUST_CHECK;
size_t subjects_count(const struct subjects *subjects); /* keys that are there */
/* Years that there are subjects of; first > last: none. */
void subjects_years(const struct subjects *subjects, unsigned *ret_first, unsigned *ret_last);
/* Takes up what was added and erased since: for who reads, and for a keeper that was not alone. */
enum err subjects_refresh(struct subjects *subjects) MUST_CHECK;
