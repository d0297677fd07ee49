/* What the parts of clip share: bytes of the file, NAL units, what was counted. */
#pragma once

#include "base/buf.h"
#include "evidence/clip.h"

enum clip_codec {
    CLIP_H264,
    CLIP_H265,
    CLIP_CODECS,
};

enum clip_scheme {
    CLIP_ONVIF,
    CLIP_AXIS,
    CLIP_SCHEMES,
};

/* A file that is read at any place through a window of a size of its own; never past its end. */
struct clip_source {
    int fd;
    uint64_t size;
    uint8_t *window;
    size_t room;
    uint64_t start; /* of what the window holds */
    size_t len;
    bool failed; /* the disk said no; sticky */
};

/* A place that is asked for is inside one window: at most this long. */
#define CLIP_REACH 64

enum err clip_source_open(int fd, size_t room, struct clip_source *ret_source) MUST_CHECK;
void clip_source_close(struct clip_source *source);
/* len ≤ CLIP_REACH bytes at a place; NULL when the file has them not. Valid until the next call. */
const uint8_t *clip_source_at(struct clip_source *source, uint64_t at, size_t len);
/* As many as the window has from a place on, at least one; NULL at the end. */
const uint8_t *clip_source_run(struct clip_source *source, uint64_t at, size_t *ret_len);
/* Big-endian number of 1, 2, 4 or 8 bytes; false when the file has them not. */
bool clip_source_number(
    struct clip_source *source, uint64_t at, size_t len, uint64_t *ret_number) MUST_CHECK;

#define CLIP_USUAL 64 /* gaps between signatures that are told apart, in groups of pictures */

/* One walk over a clip. */
struct clip_scan {
    struct clip_source bytes; /* of NAL units */
    enum clip_codec codec;
    unsigned length_size; /* bytes of a NAL unit's length, 1 to 4 */
    uint64_t budget;      /* bytes of samples that may still be read: a file has each only once */
    uint64_t pictures;
    uint64_t tracks;                   /* of video */
    uint64_t groups;                   /* pictures that others begin with: IDR, IRAP */
    uint64_t traces[CLIP_SCHEMES];     /* SEI messages of the scheme */
    uint64_t signatures[CLIP_SCHEMES]; /* of them, those with a signature in it */
    uint64_t first_group;              /* groups before the first signature */
    uint64_t last_group, last_picture; /* at the last one */
    uint64_t longest_gap, gap_at;      /* pictures */
    uint64_t longest_groups;           /* groups between two signatures */
    uint64_t usual[CLIP_USUAL];        /* how often signatures were so many groups apart */
    const char *container;
    bool has_codec;
    bool is_torn; /* the structure ended early or contradicts itself */
    struct note why;
};

/* Says once why the rest can't be read. */
void clip_scan_tear(struct clip_scan *scan, const char *why);
/* A NAL unit without its length or start code; `end` may be the end of the file: it finds its own.
 */
void clip_scan_nal(struct clip_scan *scan, uint64_t at, uint64_t end);
/* A picture's NAL units, each behind its length; false: stop, said why. */
bool clip_scan_sample(struct clip_scan *scan, uint64_t at, uint64_t size);
/* Reads the length's size from an avcC or hvcC record (ISO/IEC 14496-15). */
bool clip_scan_record(struct clip_scan *scan, uint64_t at, uint64_t size);
/* An SEI message of user_data_unregistered begins; what its payload is, byte for byte. */
void clip_scan_message(struct clip_scan *scan, enum clip_scheme scheme, bool is_signed);

/* SEI messages of one NAL unit, from behind its header. */
void clip_sei_read(struct clip_scan *scan, uint64_t at, uint64_t end);

void clip_mp4_read(struct clip_scan *scan);
void clip_matroska_read(struct clip_scan *scan);
void clip_annexb_read(struct clip_scan *scan);
