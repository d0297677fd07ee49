/* Adds answers of time-stamp authorities to a package that is there. */
#include "base/file.h"
#include "base/text.h"
#include "evidence/package_inside.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct adding {
    const struct package_addition *rows;
    size_t count;
};

static bool
is_added(const struct adding *adding, const char *name)
{
    for (size_t i = 0; i < adding->count; i++) {
        if (text_equal_nocase(adding->rows[i].name, name)) {
            return true;
        }
    }
    return false;
}

static enum err
check_names(const struct adding *adding, struct note *note)
{
    for (size_t i = 0; i < adding->count; i++) {
        const char *name = adding->rows[i].name;
        if (!package_is_name(name) || !text_starts(name, PACKAGE_TIME)) {
            note_set(note, "\"%.100s\" can't be added to a package", name);
            return ERR_VALUE;
        }
    }
    return OK;
}

/* One file of a folder, beside and renamed. */
static enum err
add_to_folder(const char *path, const struct package_addition *row, struct note *note)
{
    CLEANUP(buf_release) struct buf place;
    struct stat status;
    buf_init(&place, PATH_MAX);
    buf_format(&place, "%s/%s", path, PACKAGE_TIME);
    place.data[place.len == 0 ? 0 : place.len - 1] = '\0';
    if (buf_error(&place) != OK) {
        return ERR_LIMIT;
    }
    bool is_there = lstat(place.data, &status) == 0;
    if (is_there ? !S_ISDIR(status.st_mode) : mkdir(place.data, 0700) != 0) {
        note_set(note, "%.160s: no folder can be there", place.data);
        return ERR_IO;
    }
    buf_clear(&place);
    buf_format(&place, "%s/%s", path, row->name);
    enum err err = buf_error(&place);
    if (err == OK) {
        err = file_write(place.data, row->bytes, row->len, 0600, note);
    }
    if (err == OK && !(file_sync_name(place.data) && file_sync_folder(path))) {
        err = ERR_IO;
    }
    return err;
}

static enum err
copy_into(
    struct package *from, struct package_writer *to, const struct adding *adding, struct note *note)
{
    enum err err = OK;
    for (size_t i = 0; i < package_count(from) && err == OK; i++) {
        const char *name = package_name(from, i);
        err = is_added(adding, name) ? OK : package_put_from(to, name, from, note);
    }
    for (size_t i = 0; i < adding->count && err == OK; i++) {
        const struct package_addition *row = &adding->rows[i];
        err = package_put(to, row->name, row->bytes, row->len, note);
    }
    return err;
}

/* The whole zip again, beside; what would get lost on the way is a reason not to. */
static enum err
add_to_zip(const char *path, struct package *from, const struct adding *adding, struct note *note)
{
    CLEANUP(buf_release) struct buf beside;
    struct package_writer *to = NULL;
    buf_init(&beside, PATH_MAX);
    buf_format(&beside, "%s.gatehouse-new", path);
    if (package_strange_count(from) != 0) {
        note_set(note, "%.80s: it has more than a package has (%.120s); unpack it and see", path,
            package_strange(from, 0));
        return ERR_VALUE;
    }
    enum err err = buf_error(&beside);
    if (err == OK) {
        (void)unlink(beside.data);
        err = package_begin(beside.data, true, &to, note);
    }
    if (err != OK) {
        return err;
    }
    err = copy_into(from, to, adding, note);
    if (err != OK) {
        package_drop(to);
        return err;
    }
    err = package_finish(to, note);
    if (err == OK && (rename(beside.data, path) != 0 || !file_sync_name(path))) {
        note_set(note, "%.160s can't be replaced", path);
        err = ERR_IO;
    }
    if (err != OK) {
        (void)unlink(beside.data);
    }
    return err;
}

enum err
package_add(
    const char *path, const struct package_addition *additions, size_t count, struct note *note)
{
    const struct adding adding = {additions, count};
    struct package *package = NULL;
    enum err err = check_names(&adding, note);
    if (err == OK) {
        err = package_open(path, &package, note);
    }
    if (err == OK && package->is_zip) {
        err = add_to_zip(path, package, &adding, note);
    } else {
        for (size_t i = 0; i < count && err == OK; i++) {
            err = add_to_folder(path, &additions[i], note);
        }
    }
    package_close(package);
    return err;
}
