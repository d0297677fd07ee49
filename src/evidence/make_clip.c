/* The clip of a package: copied or hashed, looked at, and compared with what the events say left.
 */
#include "base/text.h"
#include "evidence/clip.h"
#include "evidence/make_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
close_descriptor(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static void
name_clip(struct make *make, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    text_clean(make->clip_name, sizeof(make->clip_name), name, strlen(name));
    make->manifest.clip = make->clip_name[0] == '\0' ? "clip" : make->clip_name;
}

/* What the video says about itself; a clip that can't be read is only said to be one. */
static void
look(struct make *make, int fd)
{
    struct clip_signs signs;
    struct note note = {""};
    enum err err = clip_read(fd, &signs, &note);
    if (err != OK) {
        (void)snprintf(make->signed_video, sizeof(make->signed_video), "not looked at: %s",
            note.text[0] == '\0' ? err_words(err) : note.text);
        return;
    }
    (void)snprintf(make->signed_video, sizeof(make->signed_video), "%s%s%s%s%s",
        clip_signing_text(signs.signing), signs.scheme == NULL ? "" : ": ",
        signs.scheme == NULL ? "" : signs.scheme, signs.why.text[0] == '\0' ? "" : "; ",
        signs.why.text);
    make->manifest.signed_video = clip_signing_text(signs.signing);
}

static enum err
read_file(struct make *make, struct note *note)
{
    const struct make_settings *settings = make->settings;
    char reason[128];
    CLEANUP(close_descriptor)
    int fd = open(settings->clip, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        int number = errno;
        note_set(note, "%.120s: %s", settings->clip, strerror_r(number, reason, sizeof(reason)));
        return number == ENOENT ? ERR_MISSING : ERR_IO;
    }
    struct package_source source = {
        .fd = fd, .words = settings->clip, .turn = settings->turn, .context = settings->context};
    name_clip(make, settings->clip);
    enum err err = OK;
    if (settings->is_hash_only) {
        err = package_hash_file(&source, note);
    } else {
        (void)package_clip_name(make->clip_name, make->clip_file);
        make->manifest.clip_file = make->clip_file;
        err = package_put_file(make->writer, make->clip_file, &source, note);
        if (err == OK) {
            err = make_list(make, make->clip_file, source.bytes, source.sha256, note);
        }
    }
    if (err != OK) {
        return err;
    }
    memcpy(make->manifest.clip_sha256, source.sha256, 32);
    make->manifest.clip_bytes = source.bytes;
    look(make, fd);
    return OK;
}

/* The one export whose digest is meant: the last of those found. */
static const struct events_row *
find_export(const struct make *make)
{
    for (size_t i = make->events.count; i-- != 0;) {
        if (events_export_digest(make->events.rows[i].json) != NULL) {
            return &make->events.rows[i];
        }
    }
    return NULL;
}

static enum err
take_from_event(struct make *make, struct note *note)
{
    const struct events_row *row = find_export(make);
    const char *hex = row == NULL ? NULL : events_export_digest(row->json);
    if (hex == NULL || strlen(hex) != 64 || !text_unhex(hex, make->manifest.clip_sha256, 32)) {
        note_set(note, "give --clip FILE: none of the events says the SHA-256 of an export");
        return ERR_MISSING;
    }
    int64_t bytes = events_number(row->json, "bytes");
    make->manifest.clip_bytes = bytes < 0 ? 0 : (uint64_t)bytes;
    const char *object = events_text(row->json, "target.object");
    name_clip(make, object == NULL ? "export" : object);
    (void)text_copy(
        make->signed_video, sizeof(make->signed_video), "not looked at: the clip was not at hand");
    make_remark(make, "The clip was not at hand. Its size and SHA-256 are those that the gateway "
                      "counted while the export left.");
    return OK;
}

static enum err
refuse(const struct make *make, const struct events_row *row, const char *hex, struct note *note)
{
    note_set(note,
        "%.80s is not what left: its SHA-256 is %.16s…, entry %" PRIu64
        " says %.16s…; --anyway packs it and says so",
        make->manifest.clip, hex, row->index, events_export_digest(row->json));
    return ERR_VALUE;
}

/* What the maker says of the clip against its export: other words are refused. */
static enum err
compare_said(struct make *make, const struct events_row *row, struct note *note)
{
    const struct make_settings *settings = make->settings;
    const struct {
        const char *option, *word, *said, *name;
    } rows[] = {
        {"camera", "camera", settings->camera, "cameras"},
        {"from",   "begin",  settings->from,   "from"   },
        {"to",     "end",    settings->to,     "to"     },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const json_t *target = json_object_get(row->json, "target");
        bool is_there = json_object_get(target, rows[i].name) != NULL;
        if (rows[i].said == NULL || !is_there ||
            events_target_says(row->json, rows[i].name, rows[i].said)) {
            continue;
        }
        if (!settings->is_anyway) {
            note_set(note,
                "--%s %.100s: entry %" PRIu64 ", the export of this clip, says something else; "
                "leave it out, or --anyway packs it and says so",
                rows[i].option, rows[i].said, row->index);
            return ERR_VALUE;
        }
        make_remark(make,
            "Entry %" PRIu64 ", the export of this clip, says another %s than %.200s.", row->index,
            rows[i].name, rows[i].said);
    }
    return OK;
}

/* What the other events say besides is not of the clip: its export knows camera and time. */
static void
take_target(struct make *make, const struct events_row *row)
{
    const struct make_settings *settings = make->settings;
    struct manifest *manifest = &make->manifest;
    const char *from = events_text(row->json, "target.from");
    const char *to = events_text(row->json, "target.to");
    const json_t *cameras = json_object_get(json_object_get(row->json, "target"), "cameras");
    const char *camera =
        json_array_size(cameras) == 1 ? json_string_value(json_array_get(cameras, 0)) : NULL;
    manifest->from = settings->from == NULL && from != NULL ? from : manifest->from;
    manifest->to = settings->to == NULL && to != NULL ? to : manifest->to;
    manifest->camera = settings->camera == NULL && camera != NULL ? camera : manifest->camera;
}

/* Whether an export of the events is this very file; refused when one is another. */
static enum err
compare(struct make *make, struct note *note)
{
    char hex[65];
    const struct events_row *other = NULL;
    text_hex(hex, make->manifest.clip_sha256, 32);
    for (size_t i = 0; i < make->events.count; i++) {
        const struct events_row *row = &make->events.rows[i];
        const char *digest = events_export_digest(row->json);
        if (digest != NULL && text_equal(digest, hex)) {
            make->has_export = true;
            make->result->is_matched = make->settings->clip != NULL;
            if (!events_is_whole(row->json)) {
                make_remark(make,
                    "What entry %" PRIu64 " says was exported was a part of the file, or is not "
                    "said to be the whole.",
                    row->index);
            }
            take_target(make, row);
            return compare_said(make, row, note);
        }
        other = digest == NULL ? other : row;
    }
    if (other == NULL) {
        make_remark(make, "None of the events says the SHA-256 of an export. They show who did "
                          "what; that this clip is what left then is not shown by them.");
        return OK;
    }
    if (!make->settings->is_anyway) {
        return refuse(make, other, hex, note);
    }
    make_remark(make,
        "The clip is NOT the file that entry %" PRIu64 " says was exported: that had the SHA-256 "
        "%s. It was packed anyway.",
        other->index, events_export_digest(other->json));
    return OK;
}

enum err
make_clip(struct make *make, struct note *note)
{
    enum err err =
        make->settings->clip == NULL ? take_from_event(make, note) : read_file(make, note);
    return err == OK ? compare(make, note) : err;
}
