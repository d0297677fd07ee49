/*
 * The manifest of an evidence package (doc/schema/evidence-1.json): what was taken, by whom, why,
 * from which camera, and the SHA-256 of every file. Canonical JSON (RFC 8785) with a line end.
 */
#pragma once

#include "base/buf.h"

#include <jansson.h>

#define MANIFEST_VERSION 1

struct manifest_file {
    const char *name;
    uint64_t bytes;
    uint8_t sha256[32];
};

struct manifest_event {
    uint64_t index;
    const char *id;
    uint8_t leaf[32]; /* RFC 6962 leaf hash */
};

struct manifest {
    const char *made;   /* RFC 3339, UTC, ms */
    const char *maker;  /* account that made it */
    const char *reason; /* case number and why; never blank */
    const char *site;
    const char *origin;     /* of the log */
    const char *tool;       /* "gatehouse 0.1.0" */
    const char *camera;     /* NULL: not said */
    const char *from, *to;  /* recording range, RFC 3339; NULL: not said */
    bool has_camera_offset; /* camera's clock minus this machine's, ms */
    int64_t camera_offset_ms;
    bool has_vms_offset;
    int64_t vms_offset_ms;
    const char *clip;    /* name it had; NULL: no clip */
    bool is_clip_inside; /* else only its hash */
    uint64_t clip_bytes;
    uint8_t clip_sha256[32];
    const char *signed_video; /* present, absent, stripped, unread: words of clip.h */
    struct manifest_event *events;
    size_t event_count;
    struct manifest_file *files; /* all of the package but the manifest, its signature and time/ */
    size_t file_count;
};

enum err manifest_write(const struct manifest *manifest, struct buf *ret_json) MUST_CHECK;
/*
 * Texts live in ret_json's tree, which the caller frees with json_decref() last. Unknown members
 * are kept apart, never trusted. ERR_SYNTAX, ERR_LIMIT, ERR_VALUE; the note names the member.
 */
enum err manifest_read(const void *bytes, size_t len, struct manifest *ret_manifest,
    json_t **ret_tree, struct note *note) MUST_CHECK;
void manifest_release(struct manifest *manifest);
