/* Fingerprints in the Recog format that the owner imports: proved by their examples, then kept. */
#include "cli/catalog_recog.h"

#include "base/file.h"
#include "base/text.h"
#include "catalog/fingerprint_verify.h"

#include <string.h>

#define FILE_LIMIT   ((size_t)16 * 1024 * 1024)
#define REPORT_LIMIT ((size_t)1024 * 1024)
#define PATH_LIMIT   4096

void
catalog_recog_folder(const char *folder, struct buf *ret_path)
{
    buf_format(ret_path, "%s/fingerprints", folder);
}

static enum err
keep(const char *folder, const char *path, const struct buf *bytes, struct note *note)
{
    CLEANUP(buf_release) struct buf place;
    buf_init(&place, PATH_LIMIT);
    const char *slash = strrchr(path, '/');
    enum err err = file_make_folder(folder, note);
    catalog_recog_folder(folder, &place);
    if (err == OK) {
        err = buf_error(&place) != OK ? buf_error(&place) : file_make_folder(place.data, note);
    }
    buf_format(&place, "/%s", slash == NULL ? path : slash + 1);
    if (err != OK || buf_error(&place) != OK) {
        return err != OK ? err : buf_error(&place);
    }
    return file_write(place.data, bytes->data, bytes->len, 0600, note);
}

enum err
catalog_recog_take(const char *folder, const char *path, size_t *examples, struct note *note)
{
    struct fingerprint_counts counts = {0};
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf report;
    buf_init(&bytes, FILE_LIMIT);
    buf_init(&report, REPORT_LIMIT);
    enum err err = file_read(path, &bytes, note);
    if (err == OK) {
        err = fingerprint_verify(path, false, &report, &counts, note);
    }
    if (err != OK) {
        return err;
    }
    if (counts.failed != 0) {
        note_set(note, "%zu of its %zu examples fail; `gatehouse catalog verify` names them",
            counts.failed, counts.failed + counts.passed);
        return ERR_VALUE;
    }
    if (counts.passed == 0) {
        note_set(note, "no <example> in it proves that its patterns match anything");
        return ERR_MISSING;
    }
    err = keep(folder, path, &bytes, note);
    *examples += err == OK ? counts.passed : 0;
    return err;
}
