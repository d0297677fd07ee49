/*
 * The configuration files of VMSes and of what stands around them, read from disk: no network at
 * all. Each file says what it says about a VMS or about the site, as facts with the witness
 * "config" and the file's line as evidence. No secret of a file ever becomes part of a fact.
 */
#pragma once

#include "fact/subject.h"

struct audit;

#define AUDIT_FILES 256
#define AUDIT_PORTS 16

/* NULL when memory is out. */
struct audit *audit_new(void);
void audit_free(struct audit *audit);

/*
 * Reads "FILE", "FORMAT:FILE" or a folder (its files with known names). What is wrong with a file
 * becomes a mistake and the others go on; ERR_MEMORY and ERR_LIMIT (too many files) end it. A path
 * without "/" in front starts at the folder of `beside`, a file; NULL: at the working directory.
 */
enum err audit_add(
    struct audit *audit, const char *argument, const char *beside, struct note *note) MUST_CHECK;
/* The same from memory; name stands for the file. */
enum err audit_add_bytes(
    struct audit *audit, const char *name, const char *bytes, size_t len) MUST_CHECK;

/* The name of the format that these bytes have, as audit_add_bytes() would take them; NULL: none.
 */
const char *audit_kind(const char *name, const char *bytes, size_t len);

/* After the last file: makes the facts. */
void audit_judge(struct audit *audit);

/* Files that were read, and what is wrong with the others: "FILE:LINE: what, expected what". */
size_t audit_file_count(const struct audit *audit);
size_t audit_mistake_count(const struct audit *audit);
const char *audit_mistake(const struct audit *audit, size_t index);

/* TCP ports at which the files say that a VMS answers: hints of what a network run should ask. */
size_t audit_ports(const struct audit *audit, const uint16_t **ret_ports);

/* Takes the next VMS out of the audit; the caller owns it. NULL: no more. */
struct subject *audit_take(struct audit *audit);
/* What the files say about the site itself: VPN, gateway. Owned by the audit. */
const struct subject *audit_site(const struct audit *audit);

/* One row of files.def, for the manual. */
struct audit_row {
    const char *name, *title, *reads;
};
extern const struct audit_row audit_rows[];
extern const size_t audit_row_count;
