/*
 * The manifest of an evidence package (doc/schema/evidence-1.json): what was taken, by whom, why,
 * from which camera, and the SHA-256 of every file. Canonical JSON (RFC 8785) with a line end.
 */
#pragma once

#include "base/buf.h"

#include <jansson.h>

#define MANIFEST_SCHEMA  "https://gatehouse.example/schema/evidence/1"
#define MANIFEST_EVENTS  256 /* events of one package */
#define MANIFEST_REMARKS 64
#define MANIFEST_TEXT    4096 /* longest text, with its end */

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

/* A clock minus the clock of the machine that looked, ms. */
struct manifest_clock {
    bool is_known;
    int64_t offset_ms;
    const char *seen; /* when, RFC 3339; NULL: the maker said so */
};

struct manifest {
    const char *made;   /* RFC 3339, UTC, ms */
    const char *maker;  /* account that made it */
    const char *reason; /* case number and why; never blank */
    const char *site;
    const char *origin;    /* of the log */
    const char *tool;      /* "gatehouse 0.1.0" */
    const char *camera;    /* NULL: not said */
    const char *vms;       /* NULL: not said */
    const char *from, *to; /* recording range, RFC 3339; NULL: not said */
    struct manifest_clock camera_clock, vms_clock;
    const char *clip;      /* name it had; NULL: no clip */
    const char *clip_file; /* "clip/…", a file of the package; NULL: only its hash is here */
    uint64_t clip_bytes;
    uint8_t clip_sha256[32];
    const char *signed_video; /* words of clip_signing_text(); NULL: no clip */
    const char **remarks;     /* what did not fit and was packed anyway, in words */
    size_t remark_count;
    struct manifest_event *events;
    size_t event_count;
    struct manifest_file *files; /* all that package_is_listed() says */
    size_t file_count;
    size_t unknown_count; /* of a manifest that was read: members that nobody here knows */
    const char *unknown;  /* the first of them */
};

/*
 * Events in the order of their index, files in that of strcmp. ERR_VALUE: a text that is missing or
 * not UTF-8, a wrong name or order; ERR_LIMIT; the note names the member.
 */
enum err manifest_write(
    const struct manifest *manifest, struct buf *ret_json, struct note *note) MUST_CHECK;
/*
 * Texts live in ret_tree, which the caller frees with json_decref() last. Unknown members are kept
 * apart, never trusted; names and hashes are well-formed, each name once and one that a package may
 * have. ERR_SYNTAX: no canonical JSON; ERR_LIMIT, ERR_VALUE, ERR_MISSING; the note names the
 * member.
 */
enum err manifest_read(const void *bytes, size_t len, struct manifest *ret_manifest,
    json_t **ret_tree, struct note *note) MUST_CHECK;
/* Frees the lists, not their texts. */
void manifest_release(struct manifest *manifest);
/* The row of a file; NULL: it is not listed. */
const struct manifest_file *manifest_find(const struct manifest *manifest, const char *name);
