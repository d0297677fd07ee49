/*
 * Keys that personal fields of events are sealed under: one for each subject and year, so that one
 * person's data, or all of a year, can be erased while every entry stays as it was hashed. The file
 * is the keeper's alone to change; who may read it can open names (doc/ledger-format.md, "Sealed
 * fields"). It has no names: a subject's mark is a keyed hash of the name and the year.
 */
#pragma once

#include "base/err.h"

#define SUBJECTS_FILE "subjects" /* beside the ledger's key */
#define SUBJECTS_MAX  1000000u   /* keys of a file */

#define SUBJECT_MARK 8
#define SUBJECT_KEY  32

struct subject {
    unsigned year;
    uint8_t mark[SUBJECT_MARK];
};

struct subjects;

/* Makes the file, 0600, durable; ERR_VALUE when there is one. The program has run secret_start().
 */
enum err subjects_create(int folder, const char *name, struct note *note) MUST_CHECK;
/*
 * Reads it. One that is writable is the keeper's, and loses a torn last line. ERR_MISSING: none;
 * ERR_SYNTAX; ERR_IO, also when it is not for this user; the note says which.
 */
enum err subjects_open(int folder, const char *name, bool is_writable,
    struct subjects **ret_subjects, struct note *note) MUST_CHECK;
/* NULL is allowed. */
void subjects_close(struct subjects *subjects);

/* Who that is in a year; the name may be any bytes. */
void subjects_mark(const struct subjects *subjects, const void *name, size_t len, unsigned year,
    struct subject *ret_subject);
/* The key, NULL: erased, or never there. Valid until the next call that may add one. */
const uint8_t *subjects_key(const struct subjects *subjects, const struct subject *subject);
/* Makes one where there is none; durable on return. ERR_FULL, ERR_IO, ERR_LIMIT. */
enum err subjects_need(struct subjects *subjects, const struct subject *subject) MUST_CHECK;

/* Overwrites the subject's keys of all years, durably; how many there were. */
enum err subjects_erase(
    struct subjects *subjects, const void *name, size_t len, size_t *ret_count) MUST_CHECK;
/* The same for everybody's keys of the years before. */
enum err subjects_erase_before(
    struct subjects *subjects, unsigned year, size_t *ret_count) MUST_CHECK;
size_t subjects_count(const struct subjects *subjects); /* keys that are there */
