/* What the files of make share; nobody else includes it. */
#pragma once

#include "evidence/make.h"
#include "evidence/package.h"

struct make {
    const struct make_settings *settings;
    struct package_writer *writer;
    struct events events;
    struct manifest manifest;
    struct manifest_file files[PACKAGE_FILES];
    char names[PACKAGE_FILES][PACKAGE_NAME]; /* of the files */
    struct manifest_event rows[MANIFEST_EVENTS];
    const char *remarks[MANIFEST_REMARKS];
    char remark_texts[MANIFEST_REMARKS][512];
    char clip_file[PACKAGE_NAME];
    char clip_name[256];
    char signed_video[400]; /* in words, for people */
    char made[EVENT_TIME];
    char log_key[VKEY_TEXT], evidence_key[VKEY_TEXT];
    bool has_export;   /* an event says that what has the clip's SHA-256 left */
    struct buf json;   /* manifest.json */
    json_t *disclosed; /* index and path of each text that is opened; or NULL */
    struct make_result *result;
};

/* Puts a small file and, when the manifest lists such, remembers it. */
enum err make_put(struct make *make, const char *name, const void *bytes, size_t len,
    struct note *note) MUST_CHECK;
/* make_opened.c: openings of what is to be disclosed. ERR_MISSING: there is no such text. */
enum err make_opened(struct make *make, struct note *note) MUST_CHECK;
/* Puts each entry and its proof into that folder. */
enum err make_put_events(struct make *make, const char *folder, const struct events *events,
    struct note *note) MUST_CHECK;
/* Remembers a file that was put. */
enum err make_list(struct make *make, const char *name, uint64_t bytes, const uint8_t sha256[32],
    struct note *note) MUST_CHECK;
void make_remark(struct make *make, const char *format, ...) PRINTF(2, 3);

/* make_clip.c: copies or hashes the clip and compares it with the events. */
enum err make_clip(struct make *make, struct note *note) MUST_CHECK;
/* make_stamps.c: requests of time-stamps over the manifest, and the answers that came. */
enum err make_stamps(struct make *make, struct note *note) MUST_CHECK;
/* make_event.c: the log's event about the package, with its proof. */
enum err make_event(struct make *make, struct note *note) MUST_CHECK;
/* The same said of a package that could not be finished after that; best effort. */
void make_event_failed(struct make *make, const struct note *why);
