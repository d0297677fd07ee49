/*
 * What a clip says about itself: whether its video carries signatures of the camera (ONVIF Media
 * Signing, Axis Signed Video) in SEI messages. We read that they are there, we do not verify the
 * camera's certificate, and we never sign video.
 */
#pragma once

#include "base/err.h"

enum clip_signing {
    CLIP_SIGNED,     /* messages in the form of signatures through all that was read */
    CLIP_STRIPPED,   /* traces of signing, but parts or the signatures are missing */
    CLIP_UNSIGNED,   /* read, and there is none */
    CLIP_UNREADABLE, /* no known container or codec: nothing can be said */
};

struct clip_signs {
    enum clip_signing signing;
    const char *scheme;    /* "ONVIF Media Signing", "Axis Signed Video", NULL */
    const char *container; /* "mp4", "matroska", "annexb", NULL */
    const char *codec;     /* "h264", "h265", NULL */
    uint64_t pictures;     /* coded pictures that were seen */
    uint64_t signatures;   /* SEI messages of the scheme */
    uint64_t tracks;       /* of video, of which the first is read; 0: the container has none */
    uint64_t longest_gap;  /* pictures without one: at the begin, between two, or at the end */
    struct note why;       /* in words */
};

/* Reads the file once, in constant memory. ERR_IO; hostile bytes are CLIP_UNREADABLE, not errors.
 */
enum err clip_read(int fd, struct clip_signs *ret_signs, struct note *note) MUST_CHECK;
const char *clip_signing_text(enum clip_signing signing);
