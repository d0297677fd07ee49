/* Raw streams of NAL units with start codes (ITU-T H.264 and H.265, annex B). */
#include "evidence/clip_inside.h"

#define WINDOW  ((size_t)128 * 1024)
#define LOOK_AT 4096 /* NAL units in which a parameter set has to be */

/* What only one of the two codecs has there: parameter sets as encoders write them. */
static bool
recognise(struct clip_scan *scan, uint64_t at)
{
    const uint8_t *head = clip_source_at(&scan->bytes, at, 2);
    if (head == NULL || (head[0] & 0x80U) != 0) {
        return false;
    }
    unsigned h265 = head[0] >> 1 & 0x3fU;
    bool is_layer_0 = (head[0] & 1U) == 0 && head[1] == 1;
    if (is_layer_0 && h265 >= 32 && h265 <= 34) {
        scan->codec = CLIP_H265;
        scan->has_codec = true;
    } else if ((head[0] & 0x1fU) == 7 && (head[0] & 0x60U) != 0) {
        scan->codec = CLIP_H264;
        scan->has_codec = true;
    }
    return scan->has_codec;
}

/* The place behind the next start code; UINT64_MAX: none. */
static uint64_t
next_unit(struct clip_source *source, uint64_t at)
{
    size_t len = 0;
    const uint8_t *run;
    while ((run = clip_source_run(source, at, &len)) != NULL) {
        if (len < 3 && at + len < source->size) {
            source->len = 0;
            continue;
        }
        size_t i = 2;
        while (i < len) {
            if (run[i] > 1) {
                i += 3;
            } else if (run[i] == 1 && run[i - 1] == 0 && run[i - 2] == 0) {
                return at + i + 1;
            } else {
                i++;
            }
        }
        if (at + len >= source->size) {
            break;
        }
        /* What is left at the window's end is looked at again at the next one's beginning. */
        at += len - 2;
        source->len = 0;
    }
    return UINT64_MAX;
}

static void
walk(struct clip_scan *scan, struct clip_source *source)
{
    uint64_t first = next_unit(source, 0), at = first;
    for (unsigned i = 0; i < LOOK_AT && at != UINT64_MAX && !recognise(scan, at); i++) {
        at = next_unit(source, at);
    }
    if (!scan->has_codec) {
        clip_scan_tear(scan, "it has no parameter sets of H.264 or H.265");
        return;
    }
    source->len = 0;
    for (at = first; at != UINT64_MAX; at = next_unit(source, at)) {
        clip_scan_nal(scan, at, scan->bytes.size);
    }
}

void
clip_annexb_read(struct clip_scan *scan)
{
    struct clip_source source;
    scan->container = "annexb";
    if (clip_source_open(scan->bytes.fd, WINDOW, &source) != OK) {
        clip_scan_tear(scan, "out of memory");
        return;
    }
    walk(scan, &source);
    scan->bytes.failed = scan->bytes.failed || source.failed;
    clip_source_close(&source);
}
