/*
 * Lists of digests that the owner puts beside firmware files: SHA256SUMS, and what makers publish
 * with a file (FILE.sha256, FILE.md5). One that names another digest speaks against the file.
 */
#pragma once

#include "base/base.h"
#include "base/err.h"

#include <stdint.h>

#define FIRMWARE_SUMS_HEX 129 /* SHA-512 */

/* What is looked for in a list. */
struct firmware_sums_ask {
    const char *file;  /* the name that a line must have */
    size_t digits;     /* of the digest: 32, 64 or 128 */
    bool is_file_only; /* the list is about this file alone: a bare digest or any name counts */
};

/*
 * The digest, lower case, in a list in the formats of sha256sum(1) ("digest  name", "digest *name",
 * "SHA256 (name) = digest"). ERR_MISSING: no line is about the file; ERR_VALUE: two lines differ.
 */
enum err firmware_sums_find(const char *bytes, size_t len, const struct firmware_sums_ask *ask,
    char ret_hex[FIRMWARE_SUMS_HEX]) MUST_CHECK;

/* The digest of all that an open file gives, lower case; `name` as OpenSSL calls it. */
enum err firmware_sums_digest(int fd, const char *name, char ret_hex[FIRMWARE_SUMS_HEX]) MUST_CHECK;

/*
 * Compares an open file with every list beside it in its folder. ERR_VALUE: one names another
 * digest, or is about this file alone and holds none; the note says which.
 */
enum err firmware_sums_check(
    const char *folder, const char *file, int fd, struct note *note) MUST_CHECK;
