/*
 * Firmware files that the owner puts into a folder, with firmware.yaml beside them that says what
 * each is. Nothing is ever downloaded; a file that is not named there, or whose SHA-256 is another,
 * is not used.
 */
#pragma once

#include "assess/site.h"
#include "fact/subject.h"
#include "remedy/remedy.h"

#define FIRMWARE_BYTES  ((uint64_t)512 * 1024 * 1024)
#define FIRMWARE_FILES  256
#define FIRMWARE_MODELS 64
#define FIRMWARE_HEX    65

struct firmware_file {
    const char *file;                    /* name in the folder */
    const char *maker;                   /* NULL: by the model alone */
    const char *models[FIRMWARE_MODELS]; /* as the device writes them, or with a '*' at the end */
    size_t model_count;
    const char *version;
    const char *released; /* YYYY-MM-DD; NULL: not given */
    const char *sha256;   /* hex, lower case */
    unsigned minutes;     /* until the device answers again; 0: as its driver says */
    unsigned line;        /* in firmware.yaml */
};

struct firmware_list {
    struct arena arena;
    struct firmware_file *files;
    size_t count;
};

/* Reads firmware.yaml of the folder; a mistake is told with file, line and key. */
enum err firmware_read(
    const char *folder, struct firmware_list **ret_list, struct note *note) MUST_CHECK;
/* The same from memory. */
enum err firmware_parse(const char *bytes, size_t len, const char *name,
    struct firmware_list **ret_list, struct note *note) MUST_CHECK;
void firmware_free(struct firmware_list *list);

/* The file for that device, by its model and maker; NULL when there is none. Of several the first.
 */
const struct firmware_file *firmware_for(
    const struct firmware_list *list, const struct facts *facts);

/*
 * Opens it and reads it to its end. ERR_VALUE: its SHA-256 is not the one that is named, or a list
 * of digests beside it (SHA256SUMS, FILE.sha256, FILE.md5) names another; ERR_LIMIT: empty or
 * larger than FIRMWARE_BYTES; ERR_IO: no ordinary file. The descriptor is the caller's.
 */
enum err firmware_open(const char *folder, const char *file, const char *sha256, int *ret_fd,
    uint64_t *ret_size, struct note *note) MUST_CHECK;

/*
 * Whether it may be updated at this time (wall ms), by the site file's maintenance; why not is
 * said. what: "firmware" or "vms".
 */
bool firmware_may(const struct site *site, const char *what, const struct subject *subject,
    int64_t now, struct note *note);

/* Whether what a device says is that version, whatever it adds behind it ("V5.4.5 build 170123").
 */
bool firmware_is(const char *said, const char *wanted);

/* The steps of kind "firmware" (remedy.h). */
enum err firmware_propose(struct plan *plan, const struct plan_from *from) MUST_CHECK;
