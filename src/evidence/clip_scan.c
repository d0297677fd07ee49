/* NAL units of a clip: pictures, groups of them, and the messages that sign them. */
#include "evidence/clip_inside.h"

/* NAL unit types: ITU-T H.264 table 7-1, H.265 table 7-1. */
#define H264_SLICE     1
#define H264_PARTITION 2
#define H264_IDR       5
#define H264_SEI       6
#define H265_SLICES    32 /* below: slices */
#define H265_IRAP      16 /* to 23 */
#define H265_IRAP_LAST 23
#define H265_SEI       39 /* and the suffix after it */
#define H265_SEI_LAST  40

void
clip_scan_tear(struct clip_scan *scan, const char *why)
{
    if (!scan->is_torn) {
        scan->is_torn = true;
        note_set(&scan->why, "%s", why);
    }
}

static void
count_picture(struct clip_scan *scan, bool begins_group)
{
    scan->pictures++;
    scan->groups += begins_group ? 1 : 0;
}

void
clip_scan_message(struct clip_scan *scan, enum clip_scheme scheme, bool is_signed)
{
    scan->traces[scheme]++;
    if (!is_signed) {
        return;
    }
    bool is_first = scan->signatures[CLIP_ONVIF] + scan->signatures[CLIP_AXIS] == 0;
    uint64_t gap = scan->pictures - scan->last_picture;
    uint64_t groups = scan->groups - scan->last_group;
    if (is_first) {
        scan->first_group = scan->groups;
    } else {
        scan->usual[groups < CLIP_USUAL ? groups : CLIP_USUAL - 1]++;
        scan->longest_groups = groups > scan->longest_groups ? groups : scan->longest_groups;
    }
    if (gap > scan->longest_gap) {
        scan->longest_gap = gap;
        scan->gap_at = scan->last_picture;
    }
    scan->signatures[scheme]++;
    scan->last_picture = scan->pictures;
    scan->last_group = scan->groups;
}

static void
read_h264(struct clip_scan *scan, const uint8_t *head, uint64_t at, uint64_t end)
{
    unsigned type = head[0] & 0x1fU;
    /* first_mb_in_slice is 0, one bit: the first slice of a picture */
    bool is_first = end - at >= 2 && (head[1] & 0x80U) != 0;
    if ((type == H264_SLICE || type == H264_PARTITION || type == H264_IDR) && is_first) {
        count_picture(scan, type == H264_IDR);
    } else if (type == H264_SEI) {
        clip_sei_read(scan, at + 1, end);
    }
}

static void
read_h265(struct clip_scan *scan, const uint8_t *head, uint64_t at, uint64_t end)
{
    unsigned type = head[0] >> 1 & 0x3fU;
    if (end - at < 3) {
        return;
    }
    if (type < H265_SLICES && (head[2] & 0x80U) != 0) {
        count_picture(scan, type >= H265_IRAP && type <= H265_IRAP_LAST);
    } else if (type >= H265_SEI && type <= H265_SEI_LAST) {
        clip_sei_read(scan, at + 2, end);
    }
}

void
clip_scan_nal(struct clip_scan *scan, uint64_t at, uint64_t end)
{
    uint8_t head[3] = {0};
    uint64_t have = end > at ? end - at : 0;
    have = have > sizeof(head) ? sizeof(head) : have;
    const uint8_t *bytes = have == 0 ? NULL : clip_source_at(&scan->bytes, at, (size_t)have);
    if (bytes == NULL) {
        return;
    }
    for (size_t i = 0; i < have; i++) {
        head[i] = bytes[i];
    }
    if (scan->codec == CLIP_H264) {
        read_h264(scan, head, at, end);
    } else {
        read_h265(scan, head, at, end);
    }
}

bool
clip_scan_sample(struct clip_scan *scan, uint64_t at, uint64_t size)
{
    uint64_t cost = size == 0 ? 1 : size;
    if (cost > scan->budget) {
        clip_scan_tear(scan, "its index has more pictures than the file has bytes");
        return false;
    }
    scan->budget -= cost;
    if (at > scan->bytes.size || size > scan->bytes.size - at) {
        clip_scan_tear(scan, "pictures are missing at its end: the file was cut");
        return false;
    }
    uint64_t end = at + size;
    while (end - at > scan->length_size) {
        uint64_t len = 0;
        if (!clip_source_number(&scan->bytes, at, scan->length_size, &len)) {
            return false;
        }
        at += scan->length_size;
        if (len > end - at) {
            clip_scan_tear(scan, "a picture is not what its container says");
            return true;
        }
        clip_scan_nal(scan, at, at + len);
        at += len;
    }
    return true;
}

bool
clip_scan_record(struct clip_scan *scan, uint64_t at, uint64_t size)
{
    /* ISO/IEC 14496-15: lengthSizeMinusOne in byte 4 of avcC, in byte 21 of hvcC */
    uint64_t place = scan->codec == CLIP_H264 ? 4 : 21;
    uint64_t byte = 0;
    if (size <= place || !clip_source_number(&scan->bytes, at + place, 1, &byte)) {
        return false;
    }
    scan->length_size = (unsigned)(byte & 3U) + 1;
    return true;
}
